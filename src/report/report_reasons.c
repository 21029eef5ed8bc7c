#include "report_reasons.h"

#include "report.h"

static void keep_reason(void *context, const struct reason *reason)
{
    struct reason_list *list = context;
    if (list->limit > 0 && list->reasons.count == list->limit) {
        return;
    }
    struct reason kept = *reason;
    if (reason->name.at != NULL) {
        kept.name = arena_slice(&list->names, reason->name);
    }
    vec_push(&list->reasons, kept);
}

void reasons_gather(struct plan *plan, struct task_id task, size_t limit, struct reason_list *list,
                    struct diag *diag)
{
    *list = (struct reason_list){.limit = limit};
    arena_init(&list->names);
    plan_examine(plan, task, keep_reason, list, diag);
}

void reasons_release(struct reason_list *list)
{
    vec_release(&list->reasons);
    arena_release(&list->names);
}

void reasons_add_first(struct plan *plan, struct task_id task, struct buf *out, struct diag *diag)
{
    struct reason_list list;
    reasons_gather(plan, task, 1, &list, diag);
    if (list.reasons.count > 0) {
        plan_add_reason(plan, task, &list.reasons.at[0], out);
    }
    reasons_release(&list);
}

void report_task_reasons(struct plan *plan, struct task_id task, report_reason_fn *each,
                         void *context, struct diag *diag)
{
    struct reason_list list;
    struct buf words = BUF_EMPTY;
    reasons_gather(plan, task, 0, &list, diag);
    vec_each (struct reason, reason, &list.reasons) {
        buf_clear(&words);
        plan_add_reason(plan, task, reason, &words);
        each(context, buf_slice(&words));
    }
    buf_release(&words);
    reasons_release(&list);
}

const char *reasons_kind_name(enum reason_kind kind)
{
    switch (kind) {
    case REASON_NEVER_RAN:
        return "never ran";
    case REASON_ASKED:
        return "asked for";
    case REASON_ALWAYS:
        return "runs each time";
    case REASON_NO_PRODUCTS:
        return "without products";
    case REASON_INTERRUPTED:
        return "interrupted";
    case REASON_UNFINISHED:
        return "unfinished";
    case REASON_FAILED:
        return "failed";
    case REASON_CHANGED_WHILE:
        return "changed while it ran";
    case REASON_NOT_CHECKED_AFTER:
        return "input could not be checked after it ran";
    case REASON_RECIPE:
        return "command changed";
    case REASON_VALUE:
        return "value changed";
    case REASON_JOINED:
    case REASON_LEFT:
    case REASON_SKIPPED:
    case REASON_RESUMED:
        return "members changed";
    case REASON_INPUT:
    case REASON_INPUT_NEW:
    case REASON_INPUT_GONE:
        return "input changed";
    case REASON_INPUT_MOVING:
        return "input changes all the time";
    case REASON_INPUT_UNREAD:
        return "input could not be read";
    case REASON_UPSTREAM_MADE:
    case REASON_UPSTREAM_JOINED:
    case REASON_UPSTREAM_LEFT:
    case REASON_UPSTREAM_RAN:
        return "upstream changed";
    case REASON_DEPFILE:
        return "depfile missing";
    case REASON_PRODUCT_MISSING:
        return "product missing";
    case REASON_PRODUCT_CHANGED:
        return "product changed";
    case REASON_NEEDED_AGAIN:
        return "needed again";
    case REASON_UPSTREAM_PENDING:
        return "upstream may change";
    case REASON_INPUT_UNREADABLE:
        return "input unreadable";
    case REASON_PRODUCT_UNREADABLE:
    case REASON_PRODUCT_MOVING:
        return "product unreadable";
    case REASON_INPUT_MISSING:
        return "input missing";
    case REASON_VALUE_EDITED:
        return "value edited";
    case REASON_POINT_REFUSED:
        return "value unreadable";
    case REASON_EXCLUDED:
        return "excluded upstream";
    case REASON_UPSTREAM_BLOCKED:
    case REASON_ALL_SKIPPED:
        return "upstream can't run";
    case REASON_SUBMITTED:
        return "submitted";
    case REASON_UPSTREAM_SUBMITTED:
        return "upstream is submitted";
    case REASON_JOB_ENDED:
        return "its job ended";
    }
    return "";
}
