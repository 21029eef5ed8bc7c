#include "endings.h"

#include "claims.h"
#include "sbatch.h"

/* Clocks of login hosts differ a little: an answer says nothing about what isn't older than it by
 * that much. */
enum { CLOCK_MARGIN_S = 15 };

#define GONE "gone from the queue"
#define KILLED "killed"

static struct inbox_attempt attempt_of(const struct submission *submission, size_t e)
{
    return (struct inbox_attempt){.token = submission->token.at, .element = (uint32_t)e};
}

static bool is_over(const struct endings_facts *facts, const struct submission *submission,
                    size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    return claims_ended(facts->inbox, &attempt);
}

static bool has_failed(const struct endings_facts *facts, const struct submission *submission,
                       size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    return claims_failed(facts->inbox, &attempt);
}

/* The element's entry in the queue, by the id of a job; NULL: the queue doesn't answer, or has none. */
static const struct queue_entry *
entry_with(const struct queue *queue, const struct submission *submission, uint64_t id, size_t e)
{
    if (!queue->answered || id == 0) {
        return NULL;
    }
    uint32_t index = submission->is_array ? (uint32_t)e : JOB_NO_INDEX;
    const struct queue_entry *entry = queue_find(queue, id, index);
    /* An array that was cancelled before one of its jobs began is one entry. */
    return entry == NULL && submission->is_array ? queue_find(queue, id, JOB_NO_INDEX) : entry;
}

static const struct queue_entry *entry_of(const struct queue *queue,
                                          const struct submission *submission, size_t e)
{
    return entry_with(queue, submission, submission->job_id, e);
}

/* Whether a job that says it failed waits in the queue: it was requeued, and its commands were
 * ended as if they had failed. */
static bool waits_again(const struct endings_facts *facts, const struct submission *submission,
                        uint64_t id, size_t e)
{
    const struct queue_entry *entry = entry_with(facts->queue, submission, id, e);
    return entry != NULL && entry->phase == QUEUE_PENDING && has_failed(facts, submission, e);
}

/* Words that are true of single elements of an array only: those that ran. */
static bool is_of_one_element(struct slice ending)
{
    return slice_is(ending, "TIMEOUT") || slice_is(ending, "OUT_OF_MEMORY");
}

/* Whether the element has ended as far as the queue knows; then it says how. */
static bool has_left_queue(const struct queue *queue, const struct submission *submission, size_t e,
                           struct slice *ending)
{
    if (!queue->answered || submission->job_id == 0) {
        return false;
    }
    const struct queue_entry *entry = entry_of(queue, submission, e);
    if (entry != NULL) {
        bool is_of_another =
            submission->is_array && entry->index == JOB_NO_INDEX && is_of_one_element(entry->state);
        *ending = is_of_another ? SLICE_LITERAL(GONE) : entry->state;
        return entry->phase == QUEUE_ENDED;
    }
    *ending = SLICE_LITERAL(GONE);
    return queue->asked_at_s > submission->submitted_at_s + CLOCK_MARGIN_S;
}

/* Where a job has ended by itself, its tasks' records tell of success and failure. */
static bool says_no_more(struct slice ending)
{
    return slice_is(ending, "COMPLETED") || slice_is(ending, "FAILED") || slice_is(ending, GONE);
}

bool endings_has_left(const struct submission *submission, const struct endings_facts *facts,
                      size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    struct slice ending;
    return submission->elements[e].state == ELEMENT_QUEUED && facts->witness == ENDINGS_QUEUE &&
           claims_made(facts->inbox, &attempt) &&
           (!is_over(facts, submission, e) || has_failed(facts, submission, e)) &&
           has_left_queue(facts->queue, submission, e, &ending);
}

/* Whether the element waits or runs in the job with that id. The claim of a job may be newer than an answer that
 * was remembered. */
static bool lives_in(const struct endings_facts *facts, const struct submission *submission,
                     uint64_t id, size_t e)
{
    const struct queue_entry *entry = entry_with(facts->queue, submission, id, e);
    return id != 0 && (entry != NULL ? entry->phase != QUEUE_ENDED : facts->queue->is_remembered);
}

/* The id of another job of the submission, which has claimed an element and hasn't ended; 0: there is none. */
static uint64_t find_other(const struct endings_facts *facts, const struct submission *submission)
{
    for (size_t e = 0; e < submission->element_count && facts->holders != NULL; e++) {
        uint64_t id = facts->holders[e].id;
        if (id != submission->job_id && lives_in(facts, submission, id, e)) {
            return id;
        }
    }
    return 0;
}

/* Whether an element that is registered as queued has ended; then in which word. */
static bool find_ending(const struct endings_facts *facts, const struct submission *submission,
                        uint64_t other, size_t e, struct slice *ending)
{
    bool ended = is_over(facts, submission, e);
    *ending = (struct slice){0};
    if (facts->witness == ENDINGS_QUEUE) {
        bool left = has_left_queue(facts->queue, submission, e, ending) &&
                    !lives_in(facts, submission, other, e);
        *ending = ended && (!left || says_no_more(*ending)) ? (struct slice){0} : *ending;
        ended = (ended && !waits_again(facts, submission, submission->job_id, e) &&
                 !waits_again(facts, submission, other, e)) ||
                left;
    } else if (facts->witness == ENDINGS_PROCESS && !ended && facts->killed != NULL) {
        ended = facts->killed[e];
        *ending = SLICE_LITERAL(KILLED);
    }
    return ended;
}

bool endings_mark(struct submission *submission, const struct endings_facts *facts)
{
    uint64_t other = find_other(facts, submission);
    bool lives = false; /* the registered job */
    bool stays = false; /* an element, as queued */
    bool changed = false;
    for (size_t e = 0; e < submission->element_count; e++) {
        struct submission_element *element = &submission->elements[e];
        struct slice ending;
        if (element->state == ELEMENT_QUEUED && find_ending(facts, submission, other, e, &ending)) {
            element->state = ELEMENT_ENDED;
            element->ending = ending;
            changed = true;
        } else if (element->state == ELEMENT_QUEUED) {
            stays = true;
            lives = lives || !has_left_queue(facts->queue, submission, e, &ending);
        }
    }
    if (other != 0 && stays && !lives && !facts->queue->is_remembered) {
        submission->job_id = other;
        changed = true;
    }
    return changed;
}

typedef bool element_fn(const struct endings_facts *facts, const struct submission *submission,
                        size_t e);

/* Whether it holds for any element that isn't known to have ended, if the queue tells of it. */
static bool any_queued(const struct submission *submission, const struct endings_facts *facts,
                       element_fn *holds)
{
    for (size_t e = 0; e < submission->element_count && facts->witness == ENDINGS_QUEUE; e++) {
        if (submission->elements[e].state == ELEMENT_QUEUED && holds(facts, submission, e)) {
            return true;
        }
    }
    return false;
}

static bool is_doubtful(const struct endings_facts *facts, const struct submission *submission,
                        size_t e)
{
    return !is_over(facts, submission, e) || has_failed(facts, submission, e);
}

bool endings_need_queue(const struct submission *submission, const struct endings_facts *facts)
{
    return any_queued(submission, facts, is_doubtful);
}

static bool is_behind(const struct endings_facts *facts, const struct submission *submission,
                      size_t e)
{
    const struct queue_entry *entry = entry_of(facts->queue, submission, e);
    return entry != NULL && entry->phase != QUEUE_ENDED && has_failed(facts, submission, e);
}

bool endings_are_behind(const struct submission *submission, const struct endings_facts *facts)
{
    return any_queued(submission, facts, is_behind);
}

bool endings_find_job(struct submission *submission, const struct queue *queue)
{
    const struct queue_entry *entry =
        queue->answered ? queue_find_token(queue, submission->token) : NULL;
    return endings_take_job(submission, entry);
}

bool endings_take_job(struct submission *submission, const struct queue_entry *entry)
{
    if (entry != NULL) {
        submission->job_id = entry->job_id;
        submission->is_array = entry->index != JOB_NO_INDEX;
        submission->site = entry->cluster.at != NULL ? entry->cluster : submission->site;
    }
    return entry != NULL;
}

int64_t endings_arrives_in_s(int64_t ended_at_s, int64_t now_s)
{
    return ended_at_s + CLOCK_MARGIN_S + 1 - now_s;
}

int64_t endings_settle_in_s(const struct submission *submission, int64_t now_s)
{
    return endings_arrives_in_s(submission->submitted_at_s + SBATCH_LIMIT_S, now_s);
}

bool endings_never_was(const struct submission *submission, const struct endings_facts *facts)
{
    return submission->job_id == 0 && !submission->is_accepted && facts->witness == ENDINGS_QUEUE &&
           facts->queue->answered && facts->is_absent &&
           endings_settle_in_s(submission, facts->queue->asked_at_s) <= 0;
}
