#include "exam.h"

bool exam_is_over(const struct exam *exam)
{
    return exam->listener == NULL && exam->told > 0;
}

void exam_tell(struct exam *exam, struct reason reason)
{
    exam->told++;
    if (exam->listener != NULL) {
        exam->listener(exam->context, &reason);
    }
}

/* ---- What comes before ---- */

bool exam_is_pending(const struct plan *plan, struct task_id before)
{
    uint8_t verdict = plan->verdicts[before.at];
    return plan->wanted[before.at] != 0 && !plan->resolved[before.at] &&
           (verdict_is_work(verdict) || verdict_is_jobs(verdict));
}

bool exam_file_is_pending(const struct plan *plan, struct file_id file)
{
    size_t origins = graph_origin_count(plan->graph, file);
    bool is_pending = false;
    for (size_t i = 0; i < origins && !is_pending; i++) {
        is_pending = exam_is_pending(plan, graph_origin(plan->graph, file, i).task);
    }
    return is_pending;
}
