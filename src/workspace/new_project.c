#include "new_project.h"

#include "file.h"
#include "project.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char description_head[] =
    "# What is done to each directory of the workspace. `rowbuild check` reads this file,\n"
    "# `rowbuild` brings everything up to date; man 5 rowbuild-rowfile lists all keys.\n";

static const char description_action[] = "\n"
                                         "# [[action]]\n"
                                         "# name = \"simulate\"\n"
                                         "# command = \"./simulate {workspace_path}/{directory}\"\n"
                                         "# products = [\"result.dat\"]\n"
                                         "# [action.resources]\n"
                                         "# walltime.per_directory = \"00:10:00\"\n";

static int make_folder(const char *path, struct diag *diag)
{
    struct buf below = BUF_EMPTY;
    buf_addf(&below, "%s/.", path);
    int result = file_make_parents(AT_FDCWD, buf_string(&below));
    buf_release(&below);
    return result == 0 ? 0
                       : diag_error(diag, FINDING_FILE_TROUBLE,
                                    "the directory `%s` can't be made: %s", path, strerror(errno));
}

/* A TOML string. */
static void add_toml_string(struct buf *out, const char *text)
{
    text_add_json(out, slice_of(text));
}

static int write_description(const char *directory, const char *workspace, bool signac, bool row,
                             struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    bool named = workspace != NULL && strcmp(workspace, "workspace") != 0;
    buf_addf(&path, "%s/%s", directory, row ? "workflow.toml" : "Rowfile");
    buf_add_string(&text, description_head);
    if (named || signac) {
        buf_add_string(&text, "\n[workspace]\n");
    }
    if (named) {
        buf_add_string(&text, "path = ");
        add_toml_string(&text, workspace);
        buf_add_char(&text, '\n');
    }
    if (signac) {
        buf_add_string(&text, "value_file = \"signac_statepoint.json\"\n");
    }
    buf_add_string(&text, description_action);
    int fd = open(buf_string(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int result = 0;
    if (fd < 0 || write(fd, text.at, text.len) != (ssize_t)text.len) {
        result = diag_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be written: %s",
                            buf_string(&path), strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    buf_release(&path);
    buf_release(&text);
    return result;
}

int project_make(const char *directory, const char *workspace, bool signac, bool row,
                 struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    const char *name = workspace != NULL ? workspace : "workspace";
    int result = 0;
    if (name[0] == '/' || strstr(name, "..") != NULL || name[0] == '\0' ||
        !text_is_utf8(slice_of(name))) {
        result = diag_error(diag, FINDING_WRONG_ARGUMENT,
                            "the workspace `%s` must be a relative path inside the project", name);
    }
    if (directory[0] == '\0') {
        result =
            diag_error(diag, FINDING_WRONG_ARGUMENT, "the directory for the project has no name");
    }
    if (result == 0 && project_is_above(directory, &path)) {
        result = diag_error(diag, FINDING_PROJECT_EXISTS, "there is a project already: `%s`",
                            buf_string(&path));
    }
    if (result == 0) {
        result = make_folder(directory, diag);
    }
    if (result == 0) {
        buf_clear(&path);
        buf_addf(&path, "%s/%s", directory, name);
        result = make_folder(buf_string(&path), diag);
    }
    if (result == 0) {
        result = write_description(directory, workspace, signac, row, diag);
    }
    buf_release(&path);
    return result;
}
