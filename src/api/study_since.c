/* What the changes since a commit affect. */
#include "study.h"

#include "report.h"
#include "since.h"

#include <string.h>

static int find(const struct rowbuild *study, const char *revision, struct since **since,
                struct diag *diag)
{
    const char *slash = strrchr(study->file_name, '/');
    struct since_request request = {.revision = revision,
                                    .project_path = study->project_path,
                                    .project = study->project,
                                    .file_name = slash != NULL ? slash + 1 : study->file_name,
                                    .graph = study->graph,
                                    .ahead = study->since_ahead};
    return since_find(&request, since, diag);
}

void study_begin_since(struct rowbuild *study, const char *revision)
{
    study_end_since(study);
    study->since_ahead = since_look_ahead(study->project_path, revision);
}

void study_end_since(struct rowbuild *study)
{
    since_ahead_free(study->since_ahead);
    study->since_ahead = NULL;
}

int study_select_since(struct rowbuild *study, const char *revision, uint8_t **affected,
                       struct diag *diag)
{
    struct since *since = NULL;
    int result = find(study, revision, &since, diag);
    *affected = NULL;
    if (result == 0) {
        size_t count = study->graph->task_count;
        *affected = mem_alloc(count);
        memcpy(*affected, since_affected(since), count);
    }
    since_free(since);
    study_end_since(study);
    return result;
}

int study_report_since(struct rowbuild *study, const char *revision, bool explain,
                       const struct rowbuild_show_options *options, struct buf *out,
                       struct diag *diag)
{
    struct since *since = NULL;
    int result = find(study, revision, &since, diag);
    if (result == 0) {
        struct study_commits commits;
        study_commits_begin(&commits, study, since_commit(since));
        result = report_since(since_plan(since), since_affected(since), since_commit(since),
                              explain, &commits.source, options, out, diag);
        study_commits_end(&commits);
    }
    since_free(since);
    study_end_since(study);
    return result;
}
