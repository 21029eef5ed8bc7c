#include "state_folder.h"

#include "inside.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    bool is_folder;
} KNOWN[] = {
    {"lock", false},  {"state", false}, {"journal", false}, {"running", false},
    {"queue", false}, {"logs", true},   {"inbox", true},    {"jobs", true},
};

static const char *kind_in_words(mode_t mode)
{
    return S_ISLNK(mode)    ? "a symbolic link"
           : S_ISDIR(mode)  ? "a folder"
           : S_ISREG(mode)  ? "a regular file"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

static int report(const char *state_path, const char *name, const char *wrong, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    buf_addf(&path, "%s%s%s", state_path, name[0] != '\0' ? "/" : "", name);
    text_add_name(&shown, buf_slice(&path));
    int result = diag_state_error(diag, "%s can't be used: %s", buf_string(&shown), wrong);
    buf_release(&path);
    buf_release(&shown);
    return result;
}

int state_folder_check(const char *state_path, struct diag *diag)
{
    int root = inside_root(AT_FDCWD, state_path, false);
    if (root < 0) {
        return errno == EXDEV ? report(state_path, "", inside_error(EXDEV), diag) : 0;
    }
    int result = 0;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        struct stat found;
        bool is_there = fstatat(root, KNOWN[i].name, &found, AT_SYMLINK_NOFOLLOW) == 0;
        if (is_there && !(KNOWN[i].is_folder ? S_ISDIR(found.st_mode) : S_ISREG(found.st_mode))) {
            struct buf wrong = BUF_EMPTY;
            buf_addf(&wrong, "it is %s where %s belongs; remove it", kind_in_words(found.st_mode),
                     KNOWN[i].is_folder ? "a folder" : "a regular file");
            result = report(state_path, KNOWN[i].name, buf_string(&wrong), diag);
            buf_release(&wrong);
        }
    }
    close(root);
    return result;
}
