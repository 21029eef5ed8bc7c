#include "new_project.h"

#include "file.h"
#include "first_description.h"
#include "project.h"
#include "state_place.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int write_description(const struct new_project *project,
                             const struct first_description *first, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    buf_addf(&path, "%s/%s", project->directory, project->row ? "workflow.toml" : "Rowfile");
    first_description_add(first, &text);
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

/* The path of an existing workspace from the project, both by their real paths. */
static int find_existing(const struct new_project *project, struct buf *workspace,
                         struct diag *diag)
{
    char *inside = realpath(project->existing, NULL);
    char *above = inside != NULL ? realpath(project->directory, NULL) : NULL;
    struct stat found;
    int result = 0;
    if (inside == NULL || stat(inside, &found) != 0) {
        result = diag_error(diag, FINDING_WRONG_ARGUMENT, "the workspace `%s` can't be used: %s",
                            project->existing, strerror(errno));
    } else if (!S_ISDIR(found.st_mode)) {
        result = diag_error(diag, FINDING_WRONG_ARGUMENT, "the workspace `%s` isn't a directory",
                            project->existing);
    } else {
        struct slice below =
            above != NULL ? path_below(slice_of(inside), slice_of(above)) : (struct slice){0};
        if (above != NULL && strcmp(inside, above) == 0) {
            buf_add_char(workspace, '.');
        } else if (below.at != NULL) {
            buf_add_slice(workspace, below);
        } else {
            result = diag_error(diag, FINDING_WRONG_ARGUMENT,
                                "the workspace `%s` must be inside the project `%s`",
                                project->existing, project->directory);
        }
    }
    free(inside);
    free(above);
    return result;
}

static int check_names(const struct new_project *project, const char *workspace, struct diag *diag)
{
    if (workspace[0] == '/' || strstr(workspace, "..") != NULL || workspace[0] == '\0' ||
        !text_is_utf8(slice_of(workspace))) {
        diag_error(diag, FINDING_WRONG_ARGUMENT,
                   "the workspace `%s` must be a relative path inside the project", workspace);
    }
    if (project->directory[0] == '\0') {
        diag_error(diag, FINDING_WRONG_ARGUMENT, "the directory for the project has no name");
    }
    return diag->errors > 0 ? -1 : 0;
}

static void tell_found(const struct found_workspace *found, const char *workspace,
                       struct diag *diag)
{
    struct buf shown = BUF_EMPTY;
    struct buf values = BUF_EMPTY;
    text_add_name(&shown, slice_of(workspace));
    if (found->value_file.at != NULL) {
        text_add_name(&values, found->value_file);
        diag_note(diag, FINDING_WORKSPACE_FOUND,
                  "%zu directories in `%s`; their parameters are in `%s`", found->count,
                  buf_string(&shown), buf_string(&values));
    } else {
        diag_note(diag, FINDING_WORKSPACE_FOUND,
                  "%zu directories in `%s`; no file of parameters (a JSON object in each of them) "
                  "was found",
                  found->count, buf_string(&shown));
    }
    buf_release(&values);
    buf_release(&shown);
}

int project_make(const struct new_project *project, struct diag *diag)
{
    struct found_workspace found = {0};
    struct buf workspace = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    int result = 0;
    if (project->existing != NULL) {
        result = find_existing(project, &workspace, diag);
    } else {
        buf_add_string(&workspace, project->workspace != NULL ? project->workspace : "workspace");
    }
    if (result == 0) {
        result = check_names(project, buf_string(&workspace), diag);
    }
    if (result == 0 && project_is_above(project->directory, &path)) {
        result = diag_error(diag, FINDING_PROJECT_EXISTS, "there is a project already: `%s`",
                            buf_string(&path));
    }
    if (result == 0) {
        buf_clear(&path);
        buf_addf(&path, "%s/%s", project->directory, buf_string(&workspace));
        result = found_workspace_look(&found, AT_FDCWD, buf_string(&path), project->signac, diag);
    }
    if (result == 0 && project->existing != NULL && found.count == 0) {
        result = diag_error(diag, FINDING_WRONG_ARGUMENT,
                            "the workspace `%s` has no directories; leave out --from-workspace to "
                            "begin a new study",
                            project->existing);
    }
    if (result == 0) {
        result = make_folder(project->directory, diag);
    }
    if (result == 0) {
        result = make_folder(buf_string(&path), diag);
    }
    if (result == 0) {
        struct first_description first = {.workspace = buf_slice(&workspace),
                                          .found = &found,
                                          .signac = project->signac,
                                          .row = project->row};
        result = write_description(project, &first, diag);
    }
    if (result == 0 && found.count > 0) {
        tell_found(&found, buf_string(&workspace), diag);
    }
    found_workspace_release(&found);
    buf_release(&workspace);
    buf_release(&path);
    return result;
}
