#include "lost_job.h"

#include "buf.h"
#include "slurm_call.h"

#include <string.h>

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

/* All elements of an array have one script, and stand side by side. */
static bool is_candidate(const struct queue *queue, size_t i, int64_t since_s)
{
    const struct queue_entry *entry = &queue->entries[i];
    bool is_known = i + 1 < queue->count && entry[1].job_id == entry->job_id &&
                    slice_equal(entry[1].cluster, entry->cluster);
    return !is_known && entry->token.at == NULL &&
           (entry->submitted_at_s == 0 || entry->submitted_at_s >= since_s - CLOCKS_DIFFER_S);
}

enum lost_job lost_job_find(const struct queue *queue, struct slice token, int64_t since_s,
                            char *const *environment, const struct queue_entry **entry)
{
    size_t looks = 0;
    *entry = queue->answered ? queue_find_token(queue, token) : NULL;
    if (!queue->answered || *entry != NULL) {
        return *entry != NULL ? LOST_JOB_FOUND : LOST_JOB_UNKNOWN;
    }
    enum lost_job all = LOST_JOB_ABSENT;
    for (size_t i = queue->count; i > 0; i--) { /* the newest have the highest numbers */
        if (!is_candidate(queue, i - 1, since_s)) {
            continue;
        }
        if (looks++ == MOST_SCRIPTS) {
            return LOST_JOB_UNKNOWN;
        }
        switch (look_at_script(&queue->entries[i - 1], token, environment)) {
        case LOST_JOB_FOUND:
            *entry = &queue->entries[i - 1];
            return LOST_JOB_FOUND;
        case LOST_JOB_UNKNOWN:
            all = LOST_JOB_UNKNOWN;
            break;
        case LOST_JOB_ABSENT:
            break;
        }
    }
    return all;
}
