#include "study.h"

#include "claims.h"
#include "file.h"
#include "inbox.h"
#include "intern.h"
#include "logs.h"
#include "queue.h"
#include "row_jobs.h"
#include "study_jobs.h"
#include "submissions.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Clocks of login nodes differ a little: an answer says nothing about what isn't older than it by
 * that much. */
enum { CLOCK_MARGIN_S = 15 };

#define GONE "gone from the queue"

static bool is_ours(const struct rowbuild *study, struct slice cluster)
{
    return slice_equal(study->cluster->name, cluster);
}

bool study_has_queue(const struct rowbuild *study, struct slice cluster)
{
    return is_ours(study, cluster) && study->cluster->scheduler == SCHEDULER_SLURM;
}

/* Whether the queue that is asked from here tells of the submission: it tells of one's own jobs. */
static bool queue_tells_of(const struct rowbuild *study, const struct submission *submission)
{
    return submission->user == geteuid() && study_has_queue(study, submission->cluster);
}

/* Where there is no scheduler: jobs are children of the program that submits them. */
static bool is_local(const struct rowbuild *study, struct slice cluster)
{
    for (size_t i = 0; i < study->clusters.count; i++) {
        if (slice_equal(study->clusters.items[i].name, cluster)) {
            return study->clusters.items[i].scheduler == SCHEDULER_BASH;
        }
    }
    return false;
}

static struct inbox_attempt attempt_of(const struct submission *submission, size_t e)
{
    return (struct inbox_attempt){.token = submission->token.at, .element = (uint32_t)e};
}

static bool is_over(const struct study_jobs *jobs, const struct submission *submission, size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    return claims_ended(&jobs->inbox, &attempt);
}

static bool has_failed(const struct study_jobs *jobs, const struct submission *submission, size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    return claims_failed(&jobs->inbox, &attempt);
}

/* ---- Asking ---- */

typedef bool element_fn(const struct study_jobs *jobs, const struct submission *submission,
                        size_t e);

/* Whether it holds for any element that isn't known to have ended, of those that the queue tells
 * of. */
static bool any_queued(const struct rowbuild *study, element_fn *holds)
{
    const struct study_jobs *jobs = study->jobs;
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        for (size_t e = 0; e < submission->element_count && queue_tells_of(study, submission);
             e++) {
            if (submission->elements[e].state == ELEMENT_QUEUED && holds(jobs, submission, e)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_doubtful(const struct study_jobs *jobs, const struct submission *submission,
                        size_t e)
{
    return !is_over(jobs, submission, e) || has_failed(jobs, submission, e);
}

/* Whether only the queue knows about something that is registered. */
static bool needs_queue(const struct rowbuild *study)
{
    const struct study_jobs *jobs = study->jobs;
    if (any_queued(study, is_doubtful)) {
        return true;
    }
    for (size_t i = 0; i < jobs->row.all.count; i++) {
        if (study_has_queue(study, jobs->row.all.at[i].cluster)) {
            return true;
        }
    }
    return false;
}

/* When something was handed over isn't known for row's jobs, nor for a submission without an id: a
 * remembered answer may be older. */
static bool needs_new_answer(const struct rowbuild *study)
{
    const struct study_jobs *jobs = study->jobs;
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        if (submission->job_id == 0 && queue_tells_of(study, submission)) {
            return true;
        }
    }
    return jobs->row.all.count > 0;
}

/* The element's entry in the queue; NULL: the queue doesn't answer, or has none. */
static const struct queue_entry *entry_of(const struct queue *queue,
                                          const struct submission *submission, size_t e)
{
    if (!queue->answered || submission->job_id == 0) {
        return NULL;
    }
    const struct queue_entry *entry =
        queue_find(queue, submission->job_id, submission->is_array ? (uint32_t)e : JOB_NO_INDEX);
    /* An array that was cancelled before one of its jobs began is one entry. */
    return entry == NULL && submission->is_array
               ? queue_find(queue, submission->job_id, JOB_NO_INDEX)
               : entry;
}

/* Whether a job that says it failed waits in the queue: it was requeued, and its commands were
 * ended as if they had failed. */
static bool waits_again(const struct study_jobs *jobs, const struct submission *submission,
                        size_t e)
{
    const struct queue_entry *entry = entry_of(&jobs->queue, submission, e);
    return entry != NULL && entry->phase == QUEUE_PENDING && has_failed(jobs, submission, e);
}

/* Whether the answer knows less than the inbox: a job that failed hasn't ended there. */
static bool is_behind(const struct study_jobs *jobs, const struct submission *submission, size_t e)
{
    const struct queue_entry *entry = entry_of(&jobs->queue, submission, e);
    return entry != NULL && entry->phase != QUEUE_ENDED && has_failed(jobs, submission, e);
}

/* After the inbox was listed: what it says is then older than a new answer. */
static void ask(struct rowbuild *study, bool writes, struct diag *diag)
{
    if (!needs_queue(study)) {
        return;
    }
    bool anew = study->asks_anew || (writes && needs_new_answer(study));
    queue_release(&study->jobs->queue);
    queue_ask(&study->jobs->queue, study->state_path, anew ? 0 : QUEUE_REMEMBERED_S, environ, diag);
    if (study->jobs->queue.is_remembered && any_queued(study, is_behind)) {
        queue_release(&study->jobs->queue);
        queue_ask(&study->jobs->queue, study->state_path, 0, environ, diag);
    }
}

/* ---- What has ended ---- */

/* Whether the process is there, and is the one that carries out the submission with that token: its
 * number may be somebody else's by now, and what has ended keeps it until its parent cares. */
static bool process_carries_out(int pid, struct slice token)
{
    char path[32];
    struct buf words = BUF_EMPTY;
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    bool found = file_read(AT_FDCWD, path, 1U << 20, &words) == 0 && words.len > 0 &&
                 memmem(words.at, words.len, token.at, token.len) != NULL;
    buf_release(&words);
    return found;
}

/* "process 12 of host": who carries out a job where there is no scheduler. Whether it is known to
 * be gone. */
static bool process_is_gone(struct slice holder, struct slice token)
{
    char host[HOST_NAME_MAX + 1] = "";
    struct buf text = BUF_EMPTY;
    int pid = 0;
    int used = 0;
    buf_add_slice(&text, holder);
    bool gone = gethostname(host, sizeof host - 1) == 0 &&
                sscanf(buf_string(&text), "process %d of %n", &pid, &used) == 1 && used > 0 &&
                strcmp(buf_string(&text) + used, host) == 0 && !process_carries_out(pid, token);
    buf_release(&text);
    return gone;
}

/* Without a scheduler a submission lives as long as the program that made it, which held the lock:
 * who has it now sees only those whose maker was killed. */
static bool was_killed(const struct rowbuild *study, const struct submission *submission, size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    struct buf holder = BUF_EMPTY;
    bool gone = !claim_holder(study->state_path, &attempt, &holder) ||
                process_is_gone(buf_slice(&holder), submission->token);
    buf_release(&holder);
    return gone;
}

static void end(struct submission_element *element, struct slice ending)
{
    element->state = ELEMENT_ENDED;
    element->ending = ending;
}

/* Whether the element of a job of this cluster's queue has ended; then it says how. */
static bool has_left_queue(const struct queue *queue, const struct submission *submission, size_t e,
                           struct slice *ending)
{
    if (!queue->answered || submission->job_id == 0) {
        return false;
    }
    const struct queue_entry *entry = entry_of(queue, submission, e);
    if (entry != NULL) {
        *ending = entry->state;
        return entry->phase == QUEUE_ENDED;
    }
    *ending = SLICE_LITERAL(GONE);
    return queue->asked_at_s > submission->submitted_at_s + CLOCK_MARGIN_S;
}

/* Where a job has come to its end by itself, its nodes' records tell of success and failure. */
static bool says_no_more(struct slice ending)
{
    return slice_is(ending, "COMPLETED") || slice_is(ending, "FAILED") || slice_is(ending, GONE);
}

/* Marks what has ended, in memory; whether something has. */
static bool mark_ended(const struct rowbuild *study, struct submission *submission, bool writes)
{
    const struct study_jobs *jobs = study->jobs;
    bool changed = false;
    for (size_t e = 0; e < submission->element_count; e++) {
        struct submission_element *element = &submission->elements[e];
        struct slice ending = {0};
        if (element->state != ELEMENT_QUEUED) {
            continue;
        }
        bool ended = is_over(jobs, submission, e);
        if (queue_tells_of(study, submission)) {
            bool left = has_left_queue(&jobs->queue, submission, e, &ending);
            ending = ended && (!left || says_no_more(ending)) ? (struct slice){0} : ending;
            ended = (ended && !waits_again(jobs, submission, e)) || left;
        } else if (!ended && writes && is_local(study, submission->cluster)) {
            ended = was_killed(study, submission, e);
            ending = SLICE_LITERAL("killed");
        }
        if (ended) {
            end(element, ending);
            changed = true;
        }
    }
    return changed;
}

/* ---- Submissions that were cut off before their id was known ---- */

static bool find_by_claim(const struct rowbuild *study, struct submission *submission)
{
    for (size_t e = 0; e < submission->element_count; e++) {
        struct inbox_attempt attempt = attempt_of(submission, e);
        struct buf holder = BUF_EMPTY;
        struct job_ref job = {.id = 0};
        bool found = claims_made(&study->jobs->inbox, &attempt) &&
                     claim_holder(study->state_path, &attempt, &holder) &&
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

static bool find_by_token(const struct rowbuild *study, struct submission *submission)
{
    const struct queue *queue = &study->jobs->queue;
    const struct queue_entry *entry =
        queue->answered ? queue_find_token(queue, submission->token) : NULL;
    if (entry != NULL) {
        submission->job_id = entry->job_id;
        submission->is_array = entry->index != JOB_NO_INDEX;
    }
    return entry != NULL || find_by_claim(study, submission);
}

/* Nobody heard of it: whoever made it was stopped before the scheduler took it. */
static bool never_was(const struct rowbuild *study, const struct submission *submission)
{
    const struct queue *queue = &study->jobs->queue;
    return submission->job_id == 0 && queue_tells_of(study, submission) && queue->answered &&
           queue->asked_at_s >= submission->submitted_at_s;
}

/* ---- Loading ---- */

int study_forget_jobs(const struct rowbuild *study, const struct slice *tokens, size_t count,
                      struct diag *diag)
{
    int result = 0;
    /* First what nobody would look for once the registration is gone. */
    inbox_forget(study->state_path, tokens, count);
    logs_forget_jobs(study->state_path, tokens, count);
    for (size_t i = 0; i < count; i++) {
        result |= submission_remove(study->state_path, tokens[i], diag);
    }
    return result;
}

/* Brings one registration up to date; a writer also on disk. *gone: it is none any more. */
static int update(struct rowbuild *study, struct submission *submission, bool writes, bool *gone,
                  struct diag *diag)
{
    bool changed = false;
    *gone = false;
    if (submission->job_id == 0 && study_has_queue(study, submission->cluster)) {
        changed = find_by_token(study, submission);
        if (!changed && writes && never_was(study, submission)) {
            *gone = true;
            return study_forget_jobs(study, &submission->token, 1, diag);
        }
    }
    changed = mark_ended(study, submission, writes) || changed;
    return changed && writes ? submission_write(study->state_path, submission, diag) : 0;
}

static int update_all(struct rowbuild *study, bool writes, struct diag *diag)
{
    struct submissions *submissions = &study->jobs->submissions;
    size_t kept = 0;
    int result = 0;
    for (size_t i = 0; i < submissions->count; i++) {
        bool gone;
        result |= update(study, &submissions->items[i], writes, &gone, diag);
        if (!gone) {
            submissions->items[kept++] = submissions->items[i];
        }
    }
    submissions->count = kept;
    return result;
}

/* row's jobs stop whoever would start something; others are only warned. */
static int read_row_jobs(struct rowbuild *study, bool strict, struct diag *diag)
{
    static const char mend[] = "`row clean --submitted` forgets row's jobs, or remove the file";
    const char *wrong = row_jobs_read(&study->jobs->row, study->project);
    if (wrong != NULL && strict && !study->forgets_jobs) {
        return diag_state_error(diag, "%s, row's record of its jobs, can't be used: %s; %s",
                                ROW_JOBS_PATH, wrong, mend);
    }
    if (wrong != NULL) {
        diag_warning(diag, "%s, row's record of its jobs, can't be used: %s; %s", ROW_JOBS_PATH,
                     wrong, mend);
    }
    return 0;
}

static int load_submissions(struct rowbuild *study, struct diag *diag)
{
    struct diag unseen;
    diag_init(&unseen);
    int result = submissions_load(&study->jobs->submissions, study->state_path,
                                  study->forgets_jobs ? &unseen : diag);
    diag_release(&unseen);
    study->jobs->is_unread = result != 0;
    return study->forgets_jobs ? 0 : result;
}

int study_load_jobs(struct rowbuild *study, bool writes, struct diag *diag)
{
    study_drop_jobs(study);
    study->jobs = mem_alloc(sizeof *study->jobs);
    struct study_jobs *jobs = study->jobs;
    arena_init(&jobs->texts);
    arena_init(&jobs->row.arena);
    arena_init(&jobs->queue.arena);
    arena_init(&jobs->submissions.arena);
    intern_init(&jobs->inbox.all);
    int result = read_row_jobs(study, writes || study->will_write, diag);
    if (result == 0) {
        result = load_submissions(study, diag);
    }
    if (result == 0 && !jobs->is_unread && jobs->submissions.count + jobs->row.all.count == 0) {
        study_drop_jobs(study);
        return 0;
    }
    if (result == 0) {
        inbox_list(&jobs->inbox, study->state_path);
        ask(study, writes, diag);
        result = update_all(study, writes, diag);
    }
    return result;
}

void study_drop_jobs(struct rowbuild *study)
{
    struct study_jobs *jobs = study->jobs;
    if (jobs == NULL) {
        return;
    }
    submissions_release(&jobs->submissions);
    row_jobs_release(&jobs->row);
    inbox_names_release(&jobs->inbox);
    queue_release(&jobs->queue);
    free(jobs->jobs);
    free(jobs->endings);
    arena_release(&jobs->texts);
    free(jobs);
    study->jobs = NULL;
}

/* ---- Counting ---- */

static uint64_t count(const struct rowbuild *study, bool all_clusters)
{
    const struct study_jobs *jobs = study->jobs;
    uint64_t queued = 0;
    for (size_t i = 0; jobs != NULL && i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        if (!all_clusters && !is_ours(study, submission->cluster)) {
            continue;
        }
        for (size_t e = 0; e < submission->element_count; e++) {
            queued += submission->elements[e].state == ELEMENT_QUEUED;
        }
    }
    return queued;
}

uint64_t study_count_queued(const struct rowbuild *study)
{
    return count(study, false);
}

uint64_t study_count_all_queued(const struct rowbuild *study)
{
    return count(study, true);
}

bool study_has_unread_jobs(const struct rowbuild *study)
{
    return study->jobs != NULL && study->jobs->is_unread;
}
