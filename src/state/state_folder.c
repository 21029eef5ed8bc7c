#include "state_folder.h"

#include "disk.h"
#include "file.h"
#include "inside.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    bool is_folder;
} KNOWN[] = {
    {STATE_LOCK, false},   {STATE_SNAPSHOT, false}, {STATE_JOURNAL, false}, {STATE_RUNNING, false},
    {STATE_QUEUE, false},  {STATE_LOGS, true},      {STATE_INBOX, true},    {STATE_JOBS, true},
    {STATE_POINTS, false}, {STATE_PROGRESS, false},
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

void state_folder_add_path(const char *state_path, const char *name, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s%s%s", state_path, name[0] != '\0' ? "/" : "", name);
    text_add_name(out, buf_slice(&path));
    buf_release(&path);
}

int state_folder_report(const char *state_path, const char *what, const char *name,
                        struct diag *diag)
{
    int error = errno;
    struct buf path = BUF_EMPTY;
    state_folder_add_path(state_path, name, &path);
    diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what, buf_string(&path),
                     inside_error(error));
    buf_release(&path);
    return -1;
}

int state_folder_refuse(const char *state_path, const char *name, const char *wrong,
                        struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    state_folder_add_path(state_path, name, &path);
    diag_state_error(diag, FINDING_STATE_UNUSABLE, "%s can't be used: %s", buf_string(&path),
                     wrong);
    buf_release(&path);
    return -1;
}

int state_folder_open(const char *state_path, const char *name, bool make)
{
    int root = inside_root(AT_FDCWD, state_path, make);
    int folder = root < 0 ? -1 : inside_folder(root, name, make);
    int error = errno;
    if (root >= 0) {
        disk->close(root);
    }
    errno = error;
    return folder;
}

int state_folder_check(const char *state_path, struct diag *diag)
{
    int root = inside_root(AT_FDCWD, state_path, false);
    if (root < 0) {
        return errno == EXDEV ? state_folder_refuse(state_path, "", inside_error(EXDEV), diag) : 0;
    }
    int result = 0;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        struct stat found;
        bool is_there = disk->stat(root, KNOWN[i].name, &found, AT_SYMLINK_NOFOLLOW) == 0;
        if (is_there && !(KNOWN[i].is_folder ? S_ISDIR(found.st_mode) : S_ISREG(found.st_mode))) {
            struct buf wrong = BUF_EMPTY;
            buf_addf(&wrong, "it is %s where %s belongs; remove it", kind_in_words(found.st_mode),
                     KNOWN[i].is_folder ? "a folder" : "a regular file");
            result = state_folder_refuse(state_path, KNOWN[i].name, buf_string(&wrong), diag);
            buf_release(&wrong);
        }
    }
    disk->close(root);
    return result;
}

void state_folder_remove_unused(const char *state_path)
{
    int root = inside_root(AT_FDCWD, state_path, false);
    if (root < 0) {
        return;
    }
    if (faccessat(root, STATE_SNAPSHOT, F_OK, 0) != 0 &&
        faccessat(root, STATE_JOURNAL, F_OK, 0) != 0) {
        (void)inside_remove(root, STATE_LOCK);
        (void)rmdir(state_path);
    }
    close(root);
}

int state_folder_remove_rest(const char *state_path, bool keeps_inbox, struct diag *diag)
{
    static const char *const names[] = {STATE_LOGS, STATE_RUNNING, STATE_PROGRESS, STATE_QUEUE,
                                        STATE_POINTS};
    int root = inside_root(AT_FDCWD, state_path, false);
    int result = 0;
    if (root < 0) {
        return errno == ENOENT
                   ? 0
                   : diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be opened: %s",
                                      state_path, inside_error(errno));
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0] && result == 0; i++) {
        if (file_remove_tree(root, names[i]) != 0) {
            result = diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s/%s` can't be removed",
                                      state_path, names[i]);
        }
    }
    (void)unlinkat(root, STATE_JOBS, AT_REMOVEDIR);
    if (!keeps_inbox) {
        (void)unlinkat(root, STATE_INBOX, AT_REMOVEDIR);
    }
    close(root);
    return result;
}
