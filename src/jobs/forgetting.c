/* When jobs may be forgotten, and what that means. */
#include "jobs.h"

#include "match.h"

bool jobs_may_be_queued(const struct jobs *jobs)
{
    return jobs_count_all_queued(jobs) > 0 || (jobs != NULL && jobs->is_unread);
}

int jobs_refuse_to_forget(const struct jobs *jobs, struct diag *diag)
{
    uint64_t queued = jobs_count_all_queued(jobs);
    if (jobs != NULL && jobs->is_unread) {
        return diag_error(
            diag, FINDING_JOBS_RUNNING,
            "it is unknown which jobs are queued or running; use --force to forget them anyway");
    }
    if (queued == 0) {
        return 0;
    }
    return diag_error(
        diag, FINDING_JOBS_RUNNING,
        "%llu %s queued or running, as far as is known; wait, or use --force to forget anyway",
        (unsigned long long)queued, queued == 1 ? "job is" : "jobs are");
}

void jobs_tell_forgotten(const struct jobs *jobs, bool dry_run, struct diag *diag)
{
    uint64_t queued = jobs_count_all_queued(jobs);
    if (queued > 0) {
        diag_note(diag, FINDING_FORGOTTEN,
                  "%s %llu %s queued or running: what they record later is lost",
                  dry_run ? "would forget" : "forgot", (unsigned long long)queued,
                  queued == 1 ? "job that is" : "jobs that are");
    }
    if (jobs != NULL && jobs->row.all.count > 0) {
        diag_note(diag, FINDING_FORGOTTEN,
                  "jobs that row submitted are not forgotten; use `row clean --submitted`");
    }
}

/* ---- Those without a number ---- */

static bool is_meant(const struct submission *submission, const struct jobs_forgetting *forgetting)
{
    bool is = false;
    for (size_t i = 0; i < forgetting->action_count && submission->job_id == 0; i++) {
        is = is || match_wildcard(slice_of(forgetting->actions[i]), submission->action);
    }
    return is;
}

int jobs_forget_lost(const struct jobs *jobs, const struct jobs_forgetting *forgetting,
                     struct diag *diag)
{
    VEC(struct slice) tokens = {0};
    size_t queued = 0;
    int result = 0;
    for (size_t i = 0; jobs != NULL && i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        if (is_meant(submission, forgetting)) {
            vec_push(&tokens, submission->token);
        }
        for (size_t e = 0; e < submission->element_count && is_meant(submission, forgetting); e++) {
            queued += submission->elements[e].state == ELEMENT_QUEUED;
        }
    }
    if (tokens.count == 0) {
        diag_note(diag, FINDING_NOTHING_TO_DO, "no job of these actions has an unknown number");
    } else if (queued > 0 && !forgetting->force && !forgetting->dry_run) {
        result = diag_error(diag, FINDING_JOBS_RUNNING,
                            "%zu %s without a known number may be queued or running; use --force "
                            "to forget %s anyway",
                            queued, queued == 1 ? "job" : "jobs", queued == 1 ? "it" : "them");
    } else {
        diag_note(diag, FINDING_FORGOTTEN,
                  "%s %zu %s without a known number: what %s later is lost",
                  forgetting->dry_run ? "would forget" : "forgot", tokens.count,
                  tokens.count == 1 ? "submission" : "submissions",
                  tokens.count == 1 ? "its jobs record" : "their jobs record");
        result = forgetting->dry_run ? 0 : jobs_forget(&jobs->place, tokens.at, tokens.count, diag);
    }
    vec_release(&tokens);
    return result;
}
