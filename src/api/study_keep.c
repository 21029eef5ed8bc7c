/* audit --keep-records: after the run, tasks that were watched have the records from before it. */
#include "study.h"

#include "memory.h"

#include <stdlib.h>

/* What is put back is what a task had before, so that a run which is killed in between leaves the
 * records of a usual run. A failure stays on record, since what it left must not count as a result. */
struct kept_record {
    char *key;
    struct task_row row; /* its lists are the state's */
};

struct kept_records {
    VEC(struct kept_record) all;
};

struct kept_records *study_keep_records(const struct rowbuild *study)
{
    struct kept_records *kept = mem_alloc(sizeof *kept);
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        struct task_id task = {n};
        if (plan_wanted(study->plan, task) == 0) {
            continue;
        }
        struct buf key = BUF_EMPTY;
        graph_add_key(study->graph, task, &key);
        vec_push(&kept->all, (struct kept_record){key.at, *state_task(study->state, n)});
    }
    return kept;
}

static bool has_failed(const struct task_row *row)
{
    return row->attempt == ATTEMPT_STARTED || row->attempt == ATTEMPT_FAILED ||
           row->attempt == ATTEMPT_UNFINISHED || row->attempt == ATTEMPT_INTERRUPTED;
}

static bool is_another(const struct task_row *before, const struct task_row *now)
{
    return before->success != now->success || before->attempt != now->attempt ||
           before->finished_at_ns != now->finished_at_ns;
}

void study_restore_records(const struct rowbuild *study, struct kept_records *kept)
{
    vec_each (struct kept_record, record, &kept->all) {
        struct task_id task = graph_find_task(study->graph, slice_of(record->key));
        if (task.at != GRAPH_NONE) {
            const struct task_row *now = state_task(study->state, task.at);
            if (is_another(&record->row, now) && !has_failed(now)) {
                struct task_row row = record->row;
                row.is_known = true; /* else its products would be taken over */
                row.has_old_backup = now->has_old_backup;
                state_put_task(study->state, task.at, &row);
            }
        }
        free(record->key);
    }
    vec_release(&kept->all);
    free(kept);
}
