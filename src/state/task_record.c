#include "task_record.h"

_Static_assert(sizeof(struct task_record) == 104, "the format on disk has no padding");
_Static_assert(offsetof(struct task_record, started_at_ns) == TASK_RECORD_BYTES_1,
               "what version 1 has comes first");
_Static_assert(sizeof(struct file_row) == 56, "the format on disk has no padding");

struct task_record task_record_of(const struct task_row *row)
{
    return (struct task_record){
        .is_known = row->is_known,
        .success = row->success,
        .attempt = row->attempt,
        .bits = (uint8_t)((row->is_backed_up ? TASK_RECORD_BACKED_UP : 0) |
                          (row->has_old_backup ? TASK_RECORD_OLD_BACKUP : 0) |
                          (row->is_forgotten ? TASK_RECORD_FORGOTTEN : 0)),
        .attempt_status = row->attempt_status,
        .shape = TASK_RECORD_NO_SHAPE,
        .cores = row->cores,
        .demand = row->demand,
        .fingerprint = row->fingerprint,
        .attempt_fingerprint = row->attempt_fingerprint,
        .finished_at_ns = row->finished_at_ns,
        .duration_s = row->duration_s,
        .cpu_s = row->cpu_s,
        .peak_rss_bytes = row->peak_rss_bytes,
        .started_at_ns = row->started_at_ns,
    };
}

bool task_record_read(const struct task_record *record, struct task_row *row)
{
    if (record->is_known > 1 || record->bits > TASK_RECORD_BITS ||
        record->success > SUCCESS_ACCEPTED || record->attempt > ATTEMPT_CHANGED) {
        return false;
    }
    *row = (struct task_row){
        .is_known = record->is_known != 0,
        .success = record->success,
        .attempt = record->attempt,
        .is_backed_up = (record->bits & TASK_RECORD_BACKED_UP) != 0,
        .has_old_backup = (record->bits & TASK_RECORD_OLD_BACKUP) != 0,
        .is_forgotten = (record->bits & TASK_RECORD_FORGOTTEN) != 0,
        .attempt_status = record->attempt_status,
        .fingerprint = record->fingerprint,
        .attempt_fingerprint = record->attempt_fingerprint,
        .finished_at_ns = record->finished_at_ns,
        .duration_s = record->duration_s,
        .cpu_s = record->cpu_s,
        .peak_rss_bytes = record->peak_rss_bytes,
        .started_at_ns = record->started_at_ns,
        .cores = record->cores,
        .demand = record->demand,
    };
    return true;
}
