#include "submit_sbatch.h"

#include "endings.h"
#include "inbox.h"
#include "lost_job.h"
#include "queue.h"
#include "sbatch.h"
#include "site_names.h"
#include "submit_output.h"
#include "submit_script.h"
#include "submit_tell.h"
#include "world.h"

#include <string.h>
#include <unistd.h>

enum { LONGEST_PAUSE_S = 30 };

/* ---- Waiting ---- */

struct attempts {
    struct submitting *submitting;
    struct submission *registered;
    size_t number;
    double pause_s;
    bool was_unclear;        /* an earlier attempt, or the last one: there may be a job of it */
    struct buf words;        /* sbatch's, of the last attempt */
    struct buf site;         /* the cluster that it named */
    struct diag queue_words; /* of the last look at the queue */
};

/* sbatch's words as one line. */
static const char *in_one_line(struct attempts *attempts)
{
    struct buf *words = &attempts->words;
    while (words->len > 0 && (words->at[words->len - 1] == '\n')) {
        words->at[--words->len] = '\0';
    }
    for (size_t i = 0; i < words->len; i++) {
        if (words->at[i] == '\n') {
            words->at[i] = ' ';
        }
    }
    return words->len > 0 ? words->at : "sbatch said nothing";
}

/* Waits until the next attempt, each time longer; false: no more patience, or interrupted. */
static bool pause_before_next(struct attempts *attempts)
{
    struct submitting *submitting = attempts->submitting;
    double pause_s =
        attempts->pause_s < submitting->patience_s ? attempts->pause_s : submitting->patience_s;
    if (!(pause_s > 0)) {
        return false;
    }
    submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_WAITS,
                                                           .number = attempts->number + 1,
                                                           .text = in_one_line(attempts),
                                                           .seconds = pause_s});
    int64_t before_ns = world->monotonic_ns();
    state_beat(plan_state(submitting->plan));
    bool interrupted = submit_wait(submitting, pause_s);
    submitting->patience_s -= (double)(world->monotonic_ns() - before_ns) / 1e9;
    attempts->pause_s =
        attempts->pause_s * 2 < LONGEST_PAUSE_S ? attempts->pause_s * 2 : LONGEST_PAUSE_S;
    return !interrupted;
}

/* ---- Outcomes ---- */

/* Where the job is, or may be. */
static void ask_queue(const struct attempts *attempts, struct queue *queue, struct diag *diag)
{
    if (attempts->registered->site.len > 0) {
        queue_ask_at(queue, attempts->registered->site, environ, diag);
    } else {
        queue_ask(queue, attempts->submitting->place.state_path, 0, environ, diag);
    }
}

/* *wait_s is how long it takes until an answer of the queue tells that there is no such job. Why the queue
 * can't tell is kept for leave_unclear and keep_accepted. */
static enum lost_job look_once(struct attempts *attempts, uint64_t *id, int64_t *wait_s)
{
    const struct queue_entry *entry;
    struct queue queue;
    diag_release(&attempts->queue_words);
    diag_init(&attempts->queue_words);
    ask_queue(attempts, &queue, &attempts->queue_words);
    enum lost_job found = lost_job_find(&queue, attempts->registered->token,
                                        attempts->registered->submitted_at_s, environ, &entry);
    *id = entry != NULL ? entry->job_id : 0;
    *wait_s = endings_arrives_in_s(attempts->registered->submitted_at_s, queue.asked_at_s);
    if (entry != NULL && entry->cluster.at != NULL) {
        buf_clear(&attempts->site);
        buf_add_slice(&attempts->site, entry->cluster);
    }
    queue_release(&queue);
    return found;
}

/* An sbatch that came to no good end may have been heard all the same, and its request may still be under
 * way: the queue is asked until it must know. */
static enum lost_job look_for_job(struct attempts *attempts, uint64_t *id)
{
    for (;;) {
        int64_t wait_s;
        enum lost_job found = look_once(attempts, id, &wait_s);
        if (found == LOST_JOB_FOUND || (found == LOST_JOB_ABSENT && wait_s <= 0)) {
            return found;
        }
        if (wait_s > 0 && attempts->pause_s > (double)wait_s) {
            attempts->pause_s = (double)wait_s;
        }
        if (!pause_before_next(attempts)) {
            return LOST_JOB_UNKNOWN;
        }
    }
}

static int unregister(struct attempts *attempts, int status)
{
    const char *state_path = attempts->submitting->place.state_path;
    struct submission *registered = attempts->registered;
    inbox_forget(state_path, &registered->token, 1);
    if (submission_remove(state_path, registered->token, attempts->submitting->diag) != 0) {
        return ROWBUILD_STATE;
    }
    return status;
}

static const char *label_of(struct attempts *attempts)
{
    return arena_string(&attempts->submitting->arena, attempts->registered->action);
}

static int write_registration(struct attempts *attempts)
{
    return submission_write(attempts->submitting->place.state_path, attempts->registered,
                            attempts->submitting->diag);
}

static int record(struct attempts *attempts, uint64_t id)
{
    struct submitting *submitting = attempts->submitting;
    attempts->registered->job_id = id;
    if (attempts->site.len > 0) {
        attempts->registered->site = arena_slice(&submitting->arena, buf_slice(&attempts->site));
    }
    submitting->sites[attempts->number] = attempts->registered->site;
    attempts->registered->submitted_at_s = world->wall_s(); /* older answers don't know of it */
    submitting->ids[attempts->number] = id;
    attempts->registered->is_accepted = false; /* its id says more */
    queue_forget(submitting->place.state_path);
    return write_registration(attempts) == 0 ? ROWBUILD_OK : ROWBUILD_STATE;
}

static void tell_queue_words(struct attempts *attempts)
{
    vec_each (const struct diag_entry, entry, &attempts->queue_words.entries) {
        diag_take(attempts->submitting->diag, entry);
    }
}

static int leave_unclear(struct attempts *attempts)
{
    struct submitting *submitting = attempts->submitting;
    tell_queue_words(attempts);
    diag_warning(submitting->diag, FINDING_SUBMISSION_UNKNOWN,
                 "it is unknown whether the job of `%s` was submitted: %s; it counts as submitted "
                 "until the queue answers",
                 label_of(attempts), in_one_line(attempts));
    return submitting->interrupted ? ROWBUILD_INTERRUPTED : ROWBUILD_FAILED;
}

/* The scheduler has the job, though nobody knows its id: it is never submitted again. */
static int keep_accepted(struct attempts *attempts)
{
    struct submitting *submitting = attempts->submitting;
    tell_queue_words(attempts);
    diag_warning(submitting->diag, FINDING_SUBMISSION_UNKNOWN,
                 "the job of `%s` was submitted, but its number isn't known: %s; it counts as "
                 "submitted until it has begun or the queue shows it",
                 label_of(attempts), in_one_line(attempts));
    return submitting->interrupted ? ROWBUILD_INTERRUPTED : ROWBUILD_FAILED;
}

/* Before a registration is removed: whether the queue has no job of an attempt that was unclear, or that was
 * refused in words that may mean something else. Otherwise *status is what becomes of the submission. */
static bool is_surely_absent(struct attempts *attempts, int *status)
{
    uint64_t id = 0;
    int64_t wait_s;
    switch (look_once(attempts, &id, &wait_s)) {
    case LOST_JOB_FOUND:
        *status = record(attempts, id);
        return false;
    case LOST_JOB_UNKNOWN:
        *status = attempts->was_unclear ? leave_unclear(attempts) : ROWBUILD_OK;
        return !attempts->was_unclear;
    case LOST_JOB_ABSENT:
        break;
    }
    return true;
}

static int give_up(struct attempts *attempts)
{
    struct submitting *submitting = attempts->submitting;
    int status;
    if (attempts->was_unclear && !is_surely_absent(attempts, &status)) {
        return status;
    }
    if (submitting->interrupted) {
        return unregister(attempts, ROWBUILD_INTERRUPTED);
    }
    size_t left = submitting->jobs.submissions.count - attempts->number;
    const char *words = in_one_line(attempts);
    const struct planned_submission *planned = &submitting->jobs.submissions.at[attempts->number];
    bool is_limit = (strstr(words, "Limit") != NULL || strstr(words, "limit") != NULL) &&
                    strstr(words, "Rate limit") == NULL; /* of calls, not of jobs */
    if (is_limit && planned->is_array && planned->job_count > 1) {
        return unregister(attempts, SUBMIT_ARRAY_TOO_LARGE); /* Slurm refuses arrays whole */
    }
    diag_error(submitting->diag, FINDING_SCHEDULER_BUSY,
               "the scheduler accepts no more jobs now: %s; %zu of %zu submissions remain; submit "
               "again later%s",
               words, left, submitting->jobs.submissions.count,
               strstr(words, "Limit") != NULL
                   ? " (set the cluster's `maximum_jobs` to stay below a limit)"
                   : "");
    return unregister(attempts, ROWBUILD_FAILED);
}

static int refuse(struct attempts *attempts)
{
    int status;
    if (!is_surely_absent(attempts, &status)) {
        return status;
    }
    diag_error(attempts->submitting->diag, FINDING_SUBMISSION_REJECTED,
               "the scheduler rejected the job of `%s`: %s", label_of(attempts),
               in_one_line(attempts));
    return unregister(attempts, ROWBUILD_FAILED);
}

/* A scheduler that is away may keep sbatch waiting much longer than the pauses between attempts. */
static enum sbatch_outcome attempt_once(struct attempts *attempts,
                                        const struct sbatch_request *request, uint64_t *id)
{
    int64_t before_ns = world->monotonic_ns();
    buf_clear(&attempts->words);
    buf_clear(&attempts->site);
    enum sbatch_outcome outcome = sbatch_submit(request, id, &attempts->words);
    if (outcome == SBATCH_ACCEPTED && attempts->site.len == 0 &&
        !site_is_one(attempts->registered->site)) {
        buf_clear(&attempts->words);
        buf_addf(&attempts->words, "sbatch didn't say which of the clusters has job %llu",
                 (unsigned long long)*id);
        outcome = SBATCH_UNREAD;
    }
    if (outcome == SBATCH_LATER || outcome == SBATCH_UNCLEAR) {
        attempts->submitting->patience_s -= (double)(world->monotonic_ns() - before_ns) / 1e9;
    }
    return outcome;
}

/* Who finds the registration, if this process is killed, counts from now: before sbatch is called again, and
 * after a call that may have been heard. */
static int note_attempt(struct attempts *attempts)
{
    attempts->registered->submitted_at_s = world->wall_s();
    return write_registration(attempts);
}

/* ---- Predecessors that have left the queue ---- */

/* Whether it is another user's, of which one's own queue says nothing. */
static bool is_of_another_user(const struct submitting *submitting, uint64_t id)
{
    const struct submissions *registered = submitting->registered;
    for (size_t i = 0; registered != NULL && i < registered->count; i++) {
        if (registered->items[i].job_id == id && registered->items[i].user != geteuid()) {
            return true;
        }
    }
    return false;
}

/* What is left of a dependency; false: nothing. */
static bool keep_listed(struct attempts *attempts, const struct queue *queue,
                        struct planned_dependency *dependency)
{
    struct submitting *submitting = attempts->submitting;
    uint64_t id = dependency->submission == JOB_PLAN_EARLIER
                      ? dependency->job_id
                      : submitting->ids[dependency->submission];
    if (dependency->submission == JOB_PLAN_EARLIER && is_of_another_user(submitting, id)) {
        return true;
    }
    if (dependency->index_count == 0) {
        return queue_lists(queue, id, JOB_NO_INDEX);
    }
    uint32_t *kept = arena_array(&submitting->arena, dependency->index_count, sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < dependency->index_count; i++) {
        if (queue_lists(queue, id, dependency->indices[i])) {
            kept[count++] = dependency->indices[i];
        }
    }
    dependency->indices = kept;
    dependency->index_count = count;
    return count > 0;
}

/* Slurm 24.11 refuses a dependency on a job that it has forgotten, 22.05 counts it as fulfilled. Whether there
 * is less to wait for now. */
static bool forget_predecessors(struct attempts *attempts)
{
    struct submitting *submitting = attempts->submitting;
    struct planned_submission *planned = &submitting->jobs.submissions.at[attempts->number];
    size_t count = planned->dependency_count;
    if (count == 0 || strstr(in_one_line(attempts), "dependency problem") == NULL) {
        return false;
    }
    struct queue queue;
    struct diag unseen;
    diag_init(&unseen);
    ask_queue(attempts, &queue, &unseen);
    bool is_less = false;
    struct planned_dependency *kept = arena_array(&submitting->arena, count, sizeof *kept);
    size_t left = 0;
    for (size_t i = 0; i < count && queue.answered; i++) {
        kept[left] = planned->dependencies[i];
        bool stays = keep_listed(attempts, &queue, &kept[left]);
        is_less =
            is_less || !stays || kept[left].index_count < planned->dependencies[i].index_count;
        left += stays;
    }
    if (is_less) {
        planned->dependencies = kept;
        planned->dependency_count = left;
    }
    queue_release(&queue);
    diag_release(&unseen);
    return is_less;
}

static int attempt(struct attempts *attempts, struct sbatch_request *request)
{
    for (;;) {
        uint64_t id = 0;
        switch (attempt_once(attempts, request, &id)) {
        case SBATCH_ACCEPTED:
            return record(attempts, id);
        case SBATCH_REFUSED:
            if (!forget_predecessors(attempts)) {
                return refuse(attempts);
            }
            request->options = submit_sbatch_options(attempts->submitting, attempts->number,
                                                     attempts->registered->token);
            if (note_attempt(attempts) != 0) {
                return ROWBUILD_STATE;
            }
            break;
        case SBATCH_LATER:
            if (!pause_before_next(attempts)) {
                return give_up(attempts);
            }
            if (note_attempt(attempts) != 0) {
                return ROWBUILD_STATE;
            }
            break;
        case SBATCH_UNREAD:
            attempts->registered->is_accepted = true; /* whatever becomes of this process */
            if (note_attempt(attempts) != 0) {
                return ROWBUILD_STATE;
            }
            return look_for_job(attempts, &id) == LOST_JOB_FOUND ? record(attempts, id)
                                                                 : keep_accepted(attempts);
        case SBATCH_UNCLEAR:
            attempts->was_unclear = true;
            if (note_attempt(attempts) != 0) {
                return ROWBUILD_STATE;
            }
            switch (look_for_job(attempts, &id)) {
            case LOST_JOB_FOUND:
                return record(attempts, id);
            case LOST_JOB_UNKNOWN:
                return leave_unclear(attempts);
            case LOST_JOB_ABSENT:
                break;
            }
            if (submit_wait(attempts->submitting, 0)) {
                return give_up(attempts);
            }
            if (note_attempt(attempts) != 0) {
                return ROWBUILD_STATE;
            }
            break;
        }
    }
}

int submit_sbatch_prepare(struct submitting *submitting, size_t number, bool only_looks,
                          struct submission *registered)
{
    struct buf script = BUF_EMPTY;
    submit_add_script(submitting, number, registered->token, &script);
    int result = submit_prepare_output(submitting, number, buf_slice(&script),
                                       submit_sbatch_options(submitting, number, registered->token),
                                       only_looks, registered);
    buf_release(&script);
    return result;
}

int submit_sbatch(struct submitting *submitting, size_t number, struct submission *registered)
{
    struct attempts attempts = {
        .submitting = submitting, .registered = registered, .number = number, .pause_s = 1};
    struct buf script = BUF_EMPTY;
    submit_add_script(submitting, number, registered->token, &script);
    struct sbatch_request request = {
        .directory = submitting->place.project_path,
        .script = buf_slice(&script),
        .options = submit_sbatch_options(submitting, number, registered->token),
        .environment = environ,
        .cluster = &attempts.site,
    };
    diag_init(&attempts.queue_words);
    int status = attempt(&attempts, &request);
    diag_release(&attempts.queue_words);
    buf_release(&script);
    buf_release(&attempts.words);
    buf_release(&attempts.site);
    return status;
}
