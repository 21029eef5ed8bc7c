#include "report_changes.h"

#include "report_reasons.h"
#include "run_facts.h"
#include "text.h"

enum { SHORT_ID = 7 };

/* Appends the path of the file that a reason is about, from the project; nothing: of none. */
static void add_path(struct plan *plan, struct task_id task, const struct reason *reason,
                     struct buf *out)
{
    const struct graph *graph = plan_graph(plan);
    uint32_t directory = graph->tasks[task.at].directory;
    switch (reason->kind) {
    case REASON_INPUT:
    case REASON_INPUT_NEW:
    case REASON_INPUT_GONE:
        if (reason->in_directory) {
            buf_add_slice(out, graph->workspace->path);
            buf_add_char(out, '/');
            buf_add_slice(out, graph->workspace->names[directory]);
            buf_add_char(out, '/');
        }
        buf_add_slice(out, reason->name);
        break;
    case REASON_VALUE: {
        int64_t place = reason->in_directory ? (int64_t)directory
                                             : workspace_find(graph->workspace, reason->name, NULL);
        if (place >= 0 && graph->value_column != GRAPH_NONE) {
            graph_add_path(graph, graph_value_file(graph, (uint32_t)place), out);
        }
        break;
    }
    default:
        break;
    }
}

/* The commit of the task's last success, and the path; false: one of them isn't known. */
static bool make_key(struct plan *plan, struct task_id task, const struct reason *reason,
                     const struct report_changes *changes, struct buf *key)
{
    struct slice since = slice_of(changes->since != NULL ? changes->since : "");
    if (since.len == 0) {
        const struct task_row *row = state_task(plan_state(plan), task.at);
        since = run_facts_of(state_text(plan_state(plan), row->origin)).commit;
    }
    buf_add_slice(key, since);
    buf_add_char(key, '\0');
    size_t start = key->len;
    add_path(plan, task, reason, key);
    return since.len > 0 && key->len > start;
}

void report_changes_find(struct plan *plan, const struct task_id *tasks, size_t count,
                         const struct report_commits *commits, struct report_changes *found,
                         struct diag *diag)
{
    struct buf key = BUF_EMPTY;
    *found = (struct report_changes){.since = commits != NULL ? commits->since : NULL};
    intern_init(&found->keys);
    for (size_t i = 0; i < count && commits != NULL; i++) {
        struct reason_list list;
        if (plan_verdict(plan, tasks[i]) == VERDICT_FRESH ||
            plan_verdict(plan, tasks[i]) == VERDICT_NONE) {
            continue;
        }
        reasons_gather(plan, tasks[i], 0, &list, diag);
        vec_each (const struct reason, reason, &list.reasons) {
            buf_clear(&key);
            if (!make_key(plan, tasks[i], reason, found, &key) ||
                intern_add(&found->keys, buf_slice(&key)) < found->changes.count) {
                continue;
            }
            struct slice name = intern_name(&found->keys, (uint32_t)found->changes.count);
            size_t len = strlen(name.at);
            vec_push(&found->changes, (struct report_change){
                                          .since = slice_make(name.at, len),
                                          .path = slice_make(name.at + len + 1, name.len - len - 1),
                                      });
        }
        reasons_release(&list);
    }
    if (commits != NULL && found->changes.count > 0) {
        commits->find(commits->context, found->changes.at, found->changes.count);
    }
    buf_release(&key);
}

void report_changes_release(struct report_changes *changes)
{
    vec_release(&changes->changes);
    intern_release(&changes->keys);
}

const struct report_change *report_change_of(struct plan *plan, struct task_id task,
                                             const struct reason *reason,
                                             const struct report_changes *changes)
{
    const struct report_change *change = NULL;
    struct buf key = BUF_EMPTY;
    if (changes != NULL && make_key(plan, task, reason, changes, &key)) {
        uint32_t number = intern_find(&changes->keys, buf_slice(&key));
        if (number != INTERN_NONE && changes->changes.at[number].is_known) {
            change = &changes->changes.at[number];
        }
    }
    buf_release(&key);
    return change;
}

void report_add_change(const struct report_change *change, struct buf *out)
{
    if (change->commit.len == 0) {
        buf_add_string(out, ", not committed");
        return;
    }
    buf_add_string(out, " in ");
    buf_add(out, change->commit.at, change->commit.len < SHORT_ID ? change->commit.len : SHORT_ID);
    if (change->subject.len > 0) {
        buf_add_string(out, " \"");
        text_add_visible(out, change->subject);
        buf_add_char(out, '"');
    }
}

void report_changes_tell(struct plan *plan, struct task_id task,
                         const struct report_changes *changes, report_reason_fn *each,
                         void *context, struct diag *diag)
{
    struct reason_list list;
    struct buf words = BUF_EMPTY;
    reasons_gather(plan, task, 0, &list, diag);
    vec_each (const struct reason, reason, &list.reasons) {
        buf_clear(&words);
        plan_add_reason(plan, task, reason, &words);
        const struct report_change *change = report_change_of(plan, task, reason, changes);
        if (change != NULL) {
            report_add_change(change, &words);
        }
        each(context, buf_slice(&words));
    }
    buf_release(&words);
    reasons_release(&list);
}
