#include "lost.h"

#include "claims.h"
#include "lost_job.h"
#include "site_names.h"
#include "text.h"

#include <unistd.h>

static bool find_by_claim(const struct jobs *jobs, struct submission *submission)
{
    for (size_t e = 0; e < submission->element_count; e++) {
        struct inbox_attempt attempt = {.token = submission->token.at, .element = (uint32_t)e};
        struct buf holder = BUF_EMPTY;
        struct job_ref job = {.id = 0};
        bool found = claims_made(&jobs->inbox, &attempt) &&
                     claim_holder(jobs->place.state_path, &attempt, &holder) &&
                     job_ref_read_id(&job, buf_slice(&holder));
        buf_release(&holder);
        if (found) {
            submission->job_id = job.id;
            submission->is_array = job.index != JOB_NO_INDEX;
            return true;
        }
    }
    return false;
}

static bool is_claimed(const struct jobs *jobs, const struct submission *submission)
{
    bool is = false;
    for (size_t e = 0; e < submission->element_count && !is; e++) {
        struct inbox_attempt attempt = {.token = submission->token.at, .element = (uint32_t)e};
        is = claims_made(&jobs->inbox, &attempt);
    }
    return is;
}

bool lost_find(const struct jobs *jobs, struct submission *submission, bool reads_scripts,
               struct endings_facts *facts)
{
    const struct queue_entry *entry;
    bool is_of_one = site_is_one(submission->site); /* a claim doesn't say which of them */
    if (endings_find_job(submission, facts->queue) ||
        (is_of_one && find_by_claim(jobs, submission))) {
        return true;
    }
    if (!reads_scripts || facts->witness != ENDINGS_QUEUE) {
        return false;
    }
    enum lost_job found =
        lost_job_find(facts->queue, submission->token, submission->submitted_at_s, environ, &entry);
    facts->is_absent = found == LOST_JOB_ABSENT && !is_claimed(jobs, submission);
    return endings_take_job(submission, entry);
}

bool lost_is_too_new(const struct jobs *jobs, const struct submission *submission,
                     const struct endings_facts *facts, int64_t now_s, int64_t *wait_s)
{
    struct submission copy = *submission;
    struct endings_facts seen = *facts;
    *wait_s = endings_settle_in_s(submission, now_s);
    return submission->job_id == 0 && !submission->is_accepted && facts->queue->answered &&
           facts->witness == ENDINGS_QUEUE && *wait_s > 0 && !lost_find(jobs, &copy, true, &seen);
}

void lost_tell(const struct submission *first, size_t count, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    struct buf mend = BUF_EMPTY;
    if (count == 0) {
        return;
    }
    text_add_name(&name, first->action);
    buf_add_string(&mend, "if there is no such job, `rowbuild clean --submitted --force -a ");
    text_add_shell_word(&mend, first->action);
    buf_add_string(&mend, "` forgets those without a number");
    if (count > 1) {
        diag_warning(diag, FINDING_SUBMISSION_UNKNOWN,
                     "the numbers of %zu submissions aren't known, of `%s` among others: they "
                     "count as submitted until they have begun or the queue shows them; %s",
                     count, buf_string(&name), buf_string(&mend));
    } else if (first->is_accepted) {
        diag_warning(diag, FINDING_SUBMISSION_UNKNOWN,
                     "the number of the job of `%s` still isn't known: it counts as submitted "
                     "until it has begun or the queue shows it; %s",
                     buf_string(&name), buf_string(&mend));
    } else {
        diag_warning(diag, FINDING_SUBMISSION_UNKNOWN,
                     "it is still unknown whether the job of `%s` was submitted: it counts as "
                     "submitted until the queue tells; %s",
                     buf_string(&name), buf_string(&mend));
    }
    buf_release(&mend);
    buf_release(&name);
}
