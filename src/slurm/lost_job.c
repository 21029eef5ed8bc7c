#include "lost_job.h"

#include "buf.h"
#include "sbatch.h"
#include "slurm_call.h"
#include "vec.h"

#include <stdlib.h>
#include <string.h>

typedef VEC(const struct queue_entry *) candidate_list;

enum {
    CLOCKS_DIFFER_S = 600,
    MOST_SCRIPTS = 200, /* each is a question to the controller */
};

/* What scontrol says of jobs that have no script, such as those of salloc; it ends with 0 then, as it does
 * where it can't say. */
static const char NO_SCRIPT[] = "Job script not specified";

static enum lost_job look_at_script(const struct queue_entry *entry, struct slice token,
                                    char *const *environment)
{
    struct buf id = BUF_EMPTY;
    struct buf cluster = BUF_EMPTY;
    struct buf script = BUF_EMPTY;
    struct buf words = BUF_EMPTY;
    char *argv[7];
    size_t count = 0;
    argv[count++] = (char *)"scontrol";
    if (entry->cluster.at != NULL) {
        buf_addf(&cluster, "--clusters=%.*s", SLICE_ARGS(entry->cluster));
        argv[count++] = cluster.at;
    }
    buf_addf(&id, "%llu", (unsigned long long)entry->job_id);
    argv[count++] = (char *)"write";
    argv[count++] = (char *)"batch_script";
    argv[count++] = id.at;
    argv[count++] = (char *)"-";
    argv[count] = NULL;
    enum lost_job found = LOST_JOB_UNKNOWN;
    bool answered = slurm_call(argv, environment, &script, &words);
    if (answered && script.len > 0) {
        found = memmem(script.at, script.len, token.at, token.len) != NULL ? LOST_JOB_FOUND
                                                                           : LOST_JOB_ABSENT;
    } else if (strstr(buf_string(&words), NO_SCRIPT) != NULL) {
        found = LOST_JOB_ABSENT;
    }
    buf_release(&id);
    buf_release(&cluster);
    buf_release(&script);
    buf_release(&words);
    return found;
}

/* Whether it may be the job of a call that was registered at `since_s`, at most that much later. */
static bool is_candidate(const struct queue_entry *entry, int64_t since_s)
{
    return entry->token.at == NULL &&
           (entry->submitted_at_s == 0 ||
            (entry->submitted_at_s >= since_s - CLOCKS_DIFFER_S &&
             entry->submitted_at_s <= since_s + SBATCH_LIMIT_S + CLOCKS_DIFFER_S));
}

/* The newest first, which have the highest numbers; a job's elements side by side. */
static int compare_candidates(const void *a, const void *b)
{
    const struct queue_entry *left = *(const struct queue_entry *const *)a;
    const struct queue_entry *right = *(const struct queue_entry *const *)b;
    if (left->job_id != right->job_id) {
        return left->job_id > right->job_id ? -1 : 1;
    }
    return slice_compare(left->cluster, right->cluster);
}

static bool is_same_job(const struct queue_entry *a, const struct queue_entry *b)
{
    return a->job_id == b->job_id && slice_equal(a->cluster, b->cluster);
}

/* Those whose scripts are to be read: all elements of an array have one. */
static void find_candidates(const struct queue *queue, int64_t since_s, candidate_list *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < queue->count; i++) {
        if (is_candidate(&queue->entries[i], since_s)) {
            vec_push(found, &queue->entries[i]);
        }
    }
    if (found->count > 0) {
        qsort(found->at, found->count, sizeof *found->at, compare_candidates);
    }
    for (size_t i = 0; i < found->count; i++) {
        if (kept == 0 || !is_same_job(found->at[kept - 1], found->at[i])) {
            found->at[kept++] = found->at[i];
        }
    }
    found->count = kept;
}

enum lost_job lost_job_find(const struct queue *queue, struct slice token, int64_t since_s,
                            char *const *environment, const struct queue_entry **entry)
{
    *entry = queue->answered ? queue_find_token(queue, token) : NULL;
    if (!queue->answered || *entry != NULL) {
        return *entry != NULL ? LOST_JOB_FOUND : LOST_JOB_UNKNOWN;
    }
    candidate_list candidates = {0};
    find_candidates(queue, since_s, &candidates);
    enum lost_job all = queue->lacks_clusters || candidates.count > MOST_SCRIPTS ? LOST_JOB_UNKNOWN
                                                                                 : LOST_JOB_ABSENT;
    for (size_t i = 0; i < candidates.count && i < MOST_SCRIPTS; i++) {
        enum lost_job found = look_at_script(candidates.at[i], token, environment);
        if (found == LOST_JOB_FOUND) {
            *entry = candidates.at[i];
            all = found;
            break;
        }
        all = found == LOST_JOB_UNKNOWN ? found : all;
    }
    vec_release(&candidates);
    return all;
}
