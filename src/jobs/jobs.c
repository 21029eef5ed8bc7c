#include "jobs.h"

#include "carried.h"
#include "claims.h"
#include "endings.h"
#include "file.h"
#include "lost.h"
#include "memory.h"
#include "world.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_ours(const struct jobs *jobs, struct slice cluster)
{
    return slice_equal(jobs->place.cluster->name, cluster);
}

/* Whether this cluster's scheduler knows about jobs of the cluster with that name. */
static bool has_queue(const struct jobs *jobs, struct slice cluster)
{
    return is_ours(jobs, cluster) && jobs->place.cluster->scheduler == SCHEDULER_SLURM;
}

/* Where there is no scheduler: jobs are children of the program that submits them. */
static bool is_local(const struct jobs *jobs, struct slice cluster)
{
    for (size_t i = 0; i < jobs->place.clusters->count; i++) {
        if (slice_equal(jobs->place.clusters->items[i].name, cluster)) {
            return jobs->place.clusters->items[i].scheduler == SCHEDULER_BASH;
        }
    }
    return false;
}

const struct queue *jobs_queue_of(const struct jobs *jobs, const struct submission *submission)
{
    static const struct queue unasked;
    for (size_t i = 0; i < jobs->sites.count && submission->site.len > 0; i++) {
        if (slice_equal(jobs->sites.at[i].site, submission->site)) {
            return &jobs->sites.at[i].queue;
        }
    }
    return submission->site.len > 0 ? &unasked : &jobs->queue;
}

/* The queue tells of one's own jobs. */
static struct endings_facts facts_of(const struct jobs *jobs, const struct submission *submission)
{
    return (struct endings_facts){
        .inbox = &jobs->inbox,
        .queue = jobs_queue_of(jobs, submission),
        .witness = submission->user == geteuid() && has_queue(jobs, submission->cluster)
                       ? ENDINGS_QUEUE
                   : is_local(jobs, submission->cluster) ? ENDINGS_PROCESS
                                                         : ENDINGS_NOBODY,
    };
}

/* ---- Asking ---- */

typedef bool submission_fn(const struct submission *submission, const struct endings_facts *facts);

/* Of those that this cluster's own queue lists. */
static bool any_submission(const struct jobs *jobs, submission_fn *holds)
{
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        struct endings_facts facts = facts_of(jobs, &jobs->submissions.items[i]);
        if (jobs->submissions.items[i].site.len == 0 &&
            holds(&jobs->submissions.items[i], &facts)) {
            return true;
        }
    }
    return false;
}

/* Whether only the queue knows about something that is registered. */
static bool needs_queue(const struct jobs *jobs)
{
    if (any_submission(jobs, endings_need_queue)) {
        return true;
    }
    for (size_t i = 0; i < jobs->row.all.count; i++) {
        if (has_queue(jobs, jobs->row.all.at[i].cluster)) {
            return true;
        }
    }
    return false;
}

static bool lacks_id(const struct submission *submission, const struct endings_facts *facts)
{
    return submission->job_id == 0 && facts->witness == ENDINGS_QUEUE;
}

/* When something was handed over isn't known for row's jobs, nor for a submission without an id: a
 * remembered answer may be older. */
static bool needs_new_answer(const struct jobs *jobs)
{
    return jobs->row.all.count > 0 || any_submission(jobs, lacks_id);
}

/* Asks each other cluster that has jobs about which only its queue knows, once. */
static void ask_sites(struct jobs *jobs, struct diag *diag)
{
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        struct endings_facts facts = facts_of(jobs, submission);
        bool is_asked = facts.queue->asked_at_s != 0;
        if (submission->site.len > 0 && !is_asked && endings_need_queue(submission, &facts)) {
            struct site_queue asked = {.site = submission->site};
            queue_ask_at(&asked.queue, submission->site, environ, diag);
            vec_push(&jobs->sites, asked);
        }
    }
}

static void ask_queue(struct jobs *jobs, bool anew, struct diag *diag)
{
    queue_release(&jobs->queue);
    queue_ask(&jobs->queue, jobs->place.state_path, anew ? 0 : QUEUE_REMEMBERED_S, environ, diag);
}

static void forget_sites(struct jobs *jobs)
{
    vec_each (struct site_queue, asked, &jobs->sites) {
        queue_release(&asked->queue);
    }
    jobs->sites.count = 0;
}

/* Who is to submit the same again waits until the answer tells of what was cut off just before. */
static void ask_when_settled(struct jobs *jobs, struct diag *diag)
{
    int64_t longest_s = 0;
    int64_t wait_s;
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        struct endings_facts facts = facts_of(jobs, submission);
        if (lost_is_too_new(jobs, submission, &facts, world->wall_s(), &wait_s) &&
            wait_s <= endings_settle_in_s(submission, submission->submitted_at_s) &&
            wait_s > longest_s) {
            longest_s = wait_s;
        }
    }
    if (longest_s > 0) {
        diag_note_now(diag, FINDING_SUBMISSION_UNKNOWN,
                      "a submission was stopped a moment ago: asking the queue again in %lld s, "
                      "when it surely knows whether the job is there",
                      (long long)longest_s);
        world->pause(longest_s * 1000000000);
        forget_sites(jobs);
        ask_sites(jobs, diag);
        ask_queue(jobs, true, diag);
    }
}

/* After the inbox was listed: what it says is then older than a new answer. */
static void ask(struct jobs *jobs, const struct jobs_look *look, struct diag *diag)
{
    ask_sites(jobs, diag);
    if (needs_queue(jobs)) {
        ask_queue(jobs, look->asks_anew || (look->writes && needs_new_answer(jobs)), diag);
        if (jobs->queue.is_remembered && any_submission(jobs, endings_are_behind)) {
            ask_queue(jobs, true, diag);
        }
    }
    if (look->writes && look->asks_anew) {
        ask_when_settled(jobs, diag);
    }
}

/* ---- What has ended ---- */

static struct inbox_attempt attempt_of(const struct submission *submission, size_t e)
{
    return (struct inbox_attempt){.token = submission->token.at, .element = (uint32_t)e};
}

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
static bool was_killed(const struct jobs *jobs, const struct submission *submission, size_t e)
{
    struct inbox_attempt attempt = attempt_of(submission, e);
    struct buf holder = BUF_EMPTY;
    bool gone = !claim_holder(jobs->place.state_path, &attempt, &holder) ||
                process_is_gone(buf_slice(&holder), submission->token);
    buf_release(&holder);
    return gone;
}

/* By element, of those that haven't said that they ended; to be freed. */
static bool *find_killed(const struct jobs *jobs, const struct submission *submission)
{
    bool *killed = mem_alloc(submission->element_count * sizeof *killed + 1);
    for (size_t e = 0; e < submission->element_count; e++) {
        struct inbox_attempt attempt = attempt_of(submission, e);
        killed[e] = submission->elements[e].state == ELEMENT_QUEUED &&
                    !claims_ended(&jobs->inbox, &attempt) && was_killed(jobs, submission, e);
    }
    return killed;
}

/* By element, which job has claimed it, where the registered one isn't in the queue any more; to be freed. NULL:
 * there are none. */
static struct job_ref *find_holders(const struct jobs *jobs, const struct submission *submission,
                                    const struct endings_facts *facts)
{
    struct job_ref *holders = NULL;
    for (size_t e = 0; e < submission->element_count; e++) {
        struct inbox_attempt attempt = attempt_of(submission, e);
        struct buf holder = BUF_EMPTY;
        if (endings_has_left(submission, facts, e) &&
            claim_holder(jobs->place.state_path, &attempt, &holder)) {
            if (holders == NULL) {
                holders = mem_alloc(submission->element_count * sizeof *holders);
            }
            (void)job_ref_read_id(&holders[e], buf_slice(&holder));
        }
        buf_release(&holder);
    }
    return holders;
}

/* Marks what has ended, in memory; whether something has. */
static bool mark_ended(const struct jobs *jobs, struct submission *submission, bool writes)
{
    struct endings_facts facts = facts_of(jobs, submission);
    bool *killed =
        writes && facts.witness == ENDINGS_PROCESS ? find_killed(jobs, submission) : NULL;
    struct job_ref *holders = find_holders(jobs, submission, &facts);
    facts.killed = killed;
    facts.holders = holders;
    bool changed = endings_mark(submission, &facts);
    free(killed);
    free(holders);
    return changed;
}

/* ---- Loading ---- */

int jobs_forget(const struct jobs_place *place, const struct slice *tokens, size_t count,
                struct diag *diag)
{
    int result = 0;
    /* First what nobody would look for once the registration is gone. */
    inbox_forget(place->state_path, tokens, count);
    place->forget_logs(place->state_path, tokens, count);
    for (size_t i = 0; i < count; i++) {
        result |= submission_remove(place->state_path, tokens[i], diag);
    }
    return result;
}

/* Brings one registration up to date; a writer also on disk. *gone: it is none any more; *lost: its number
 * isn't known. */
static int update(struct jobs *jobs, struct submission *submission, const struct jobs_look *look,
                  bool *gone, bool *lost, struct diag *diag)
{
    bool writes = look->writes;
    bool changed = false;
    *gone = false;
    *lost = false;
    if (submission->job_id == 0 && has_queue(jobs, submission->cluster)) {
        struct endings_facts facts = facts_of(jobs, submission);
        changed = lost_find(jobs, submission, writes || look->asks_anew, &facts);
        if (!changed && writes && endings_never_was(submission, &facts)) {
            *gone = true;
            return jobs_forget(&jobs->place, &submission->token, 1, diag);
        }
        *lost = !changed && endings_need_queue(submission, &facts);
    }
    changed = mark_ended(jobs, submission, writes) || changed;
    return changed && writes ? submission_write(jobs->place.state_path, submission, diag) : 0;
}

static int update_all(struct jobs *jobs, const struct jobs_look *look, struct diag *diag)
{
    struct submissions *submissions = &jobs->submissions;
    size_t kept = 0;
    size_t lost_count = 0;
    size_t first_lost = 0;
    int result = 0;
    for (size_t i = 0; i < submissions->count; i++) {
        bool gone;
        bool lost;
        result |= update(jobs, &submissions->items[i], look, &gone, &lost, diag);
        first_lost = lost && lost_count == 0 ? kept : first_lost;
        lost_count += lost;
        if (!gone) {
            submissions->items[kept++] = submissions->items[i];
        }
    }
    submissions->count = kept;
    if (lost_count > 0 && look->writes && !look->forgives) {
        lost_tell(&submissions->items[first_lost], lost_count, diag);
    }
    return result;
}

/* row's jobs stop whoever would start something; others are only warned. */
static int read_row_jobs(struct jobs *jobs, const struct jobs_look *look, struct diag *diag)
{
    static const char mend[] =
        "use `row clean --submitted` to forget row's jobs, or remove the file";
    const char *wrong = row_jobs_read(&jobs->row, jobs->place.project);
    if (wrong != NULL && look->is_strict && !look->forgives) {
        return diag_state_error(diag, FINDING_STATE_UNUSABLE,
                                "%s, row's record of its jobs, can't be used: %s; %s",
                                ROW_JOBS_PATH, wrong, mend);
    }
    if (wrong != NULL) {
        diag_warning(diag, FINDING_STATE_UNUSABLE,
                     "%s, row's record of its jobs, can't be used: %s; %s", ROW_JOBS_PATH, wrong,
                     mend);
    }
    return 0;
}

static int load_submissions(struct jobs *jobs, bool forgives, struct diag *diag)
{
    struct diag unseen;
    diag_init(&unseen);
    int result =
        submissions_load(&jobs->submissions, jobs->place.state_path, forgives ? &unseen : diag);
    diag_release(&unseen);
    jobs->is_unread = result != 0;
    return forgives ? 0 : result;
}

int jobs_load(struct jobs **loaded, const struct jobs_place *place, const struct jobs_look *look,
              struct diag *diag)
{
    struct jobs *jobs = mem_alloc(sizeof *jobs);
    *loaded = jobs;
    jobs->place = *place;
    arena_init(&jobs->texts);
    arena_init(&jobs->row.arena);
    arena_init(&jobs->queue.arena);
    arena_init(&jobs->submissions.arena);
    intern_init(&jobs->inbox.all);
    int result = read_row_jobs(jobs, look, diag);
    if (result == 0) {
        result = load_submissions(jobs, look->forgives, diag);
    }
    if (result == 0 && !jobs->is_unread && jobs->submissions.count + jobs->row.all.count == 0) {
        if (look->writes) {
            carried_sweep(place->state_path, &jobs->submissions);
        }
        jobs_free(jobs);
        *loaded = NULL;
        return 0;
    }
    if (result == 0) {
        inbox_list(&jobs->inbox, place->state_path);
        ask(jobs, look, diag);
        result = update_all(jobs, look, diag);
    }
    if (result == 0 && look->writes && !jobs->is_unread) {
        carried_sweep(place->state_path, &jobs->submissions);
    }
    return result;
}

void jobs_free(struct jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    submissions_release(&jobs->submissions);
    row_jobs_release(&jobs->row);
    inbox_names_release(&jobs->inbox);
    queue_release(&jobs->queue);
    forget_sites(jobs);
    vec_release(&jobs->sites);
    free(jobs->jobs);
    free(jobs->endings);
    free(jobs->traces);
    arena_release(&jobs->texts);
    free(jobs);
}

bool jobs_row_job_is_queued(const struct jobs *jobs, const struct row_job *job)
{
    const struct queue *queue = &jobs->queue;
    if (!has_queue(jobs, job->cluster) || !queue->answered) {
        return true;
    }
    const struct queue_entry *entry = queue_find(queue, job->job_id, JOB_NO_INDEX);
    return entry != NULL && entry->phase != QUEUE_ENDED;
}

/* ---- Counting ---- */

static uint64_t count(const struct jobs *jobs, bool all_clusters)
{
    uint64_t queued = 0;
    for (size_t i = 0; jobs != NULL && i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        if (!all_clusters && !is_ours(jobs, submission->cluster)) {
            continue;
        }
        for (size_t e = 0; e < submission->element_count; e++) {
            queued += submission->elements[e].state == ELEMENT_QUEUED;
        }
    }
    return queued;
}

uint64_t jobs_count_queued(const struct jobs *jobs)
{
    return count(jobs, false);
}

uint64_t jobs_count_all_queued(const struct jobs *jobs)
{
    return count(jobs, true);
}
