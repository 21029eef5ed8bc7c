/* When all jobs may be forgotten, and what that means. */
#include "jobs.h"

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
