/* report: what the records know, for others. */
#include "study.h"

#include "crate.h"
#include "git.h"

#include <stdlib.h>
#include <string.h>

/* Whether the new folder or file would be a member of the workspace, or lie in one. */
static bool is_in_workspace(const struct rowbuild *study, const char *path)
{
    struct buf folder = BUF_EMPTY;
    buf_addf(&folder, "%s/", study->workspace.path.at[0] == '/' ? "" : study->project_path);
    buf_add_slice(&folder, study->workspace.path);
    char *workspace = realpath(buf_string(&folder), NULL);
    const char *slash = strrchr(path, '/');
    buf_clear(&folder);
    buf_add(&folder, path, slash != NULL ? (size_t)(slash - path) : 0);
    if (folder.len == 0) {
        buf_add_string(&folder, slash != NULL ? "/" : ".");
    }
    char *parent = realpath(buf_string(&folder), NULL);
    size_t len = workspace != NULL ? strlen(workspace) : 0;
    bool is_in = workspace != NULL && parent != NULL && strncmp(parent, workspace, len) == 0 &&
                 (parent[len] == '/' || parent[len] == '\0');
    free(parent);
    free(workspace);
    buf_release(&folder);
    return is_in;
}

/* The address that the repository was cloned from; nothing where there is none. */
static void find_repository(const char *project, struct buf *address)
{
    struct repository *repository = NULL;
    struct diag unheard;
    diag_init(&unheard);
    if (repository_open(project, &repository, &unheard) == 0) {
        repository_add_origin(repository, address);
    }
    repository_free(repository);
    diag_release(&unheard);
}

int rowbuild_report_crate(struct rowbuild *study, const struct rowbuild_crate_options *options,
                          struct rowbuild_crate_counts *counts, struct rowbuild_messages *messages)
{
    char *project = realpath(study->project_path, NULL);
    const char *slash = strrchr(study->file_name, '/');
    struct buf address = BUF_EMPTY;
    struct crate_counts counted = {0};
    int result = -1;
    if (project != NULL && is_in_workspace(study, options->path)) {
        diag_error(&messages->diag, FINDING_WRONG_ARGUMENT,
                   "`%s` would lie in the workspace, whose directories are part of the study; use "
                   "another place",
                   options->path);
    } else if (project != NULL) {
        find_repository(project, &address);
        struct crate_options wanted = {
            .path = options->path,
            .without_data = options->without_data,
            .project_path = project,
            .description = slash != NULL ? slash + 1 : study->file_name,
            .repository = address.len > 0 ? buf_string(&address) : NULL,
        };
        result = report_crate(study->plan, &wanted, &counted, &messages->diag);
    } else {
        diag_state_error(&messages->diag, FINDING_FILE_TROUBLE, "the project's path can't be read");
    }
    *counts = (struct rowbuild_crate_counts){.tasks = counted.tasks, .files = counted.files};
    buf_release(&address);
    free(project);
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}
