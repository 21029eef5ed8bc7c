/* The hint that a new key of the values need not make everything out of date. */
#include "report_reasons.h"

#include "json.h"
#include "text.h"

/* So many tasks are looked at: a new key mostly concerns all of them. */
enum { MOST_TASKS = 100 };

/* How a value differs from the one on record. */
struct growth {
    struct buf first; /* pointer of the first key that is new */
    bool has_other;   /* something else than new keys */
};

static void note_difference(void *context, struct slice pointer, const struct json *before,
                            bool before_there, const struct json *after, bool after_there)
{
    struct growth *growth = context;
    (void)before;
    (void)after;
    if (before_there || !after_there) {
        growth->has_other = true;
    } else if (growth->first.len == 0) {
        buf_add_slice(&growth->first, pointer);
    }
}

/* Whether the value of a directory task has only gained keys: the first of them in `key`. */
static bool has_grown(struct plan *plan, struct task_id task, const struct reason *reason,
                      struct buf *key)
{
    const struct graph *graph = plan_graph(plan);
    struct slice then = state_text(plan_state(plan), reason->before);
    const struct json *now;
    struct growth growth = {.first = BUF_EMPTY};
    struct diag unseen;
    bool is_grown = false;
    if (then.at == NULL || graph->tasks[task.at].directory == GRAPH_NONE) {
        return false;
    }
    diag_init(&unseen);
    struct json_parser *parser = json_parser_new();
    struct json *before = json_parse(parser, then, SLICE_LITERAL("recorded"), &unseen);
    if (before != NULL &&
        workspace_value(graph->workspace, graph->tasks[task.at].directory, &now, &unseen) == 0) {
        (void)json_differences(before, now, SIZE_MAX, note_difference, &growth);
        is_grown = growth.first.len > 0 && !growth.has_other;
    }
    if (is_grown) {
        buf_add_slice(key, buf_slice(&growth.first));
    }
    json_free(before);
    json_parser_free(parser);
    diag_release(&unseen);
    buf_release(&growth.first);
    return is_grown;
}

/* Whether a new key is the only reason for which a task runs that has a success. */
static bool runs_for_new_key(struct plan *plan, struct task_id task, struct buf *key,
                             struct diag *diag)
{
    struct reason_list list;
    reasons_gather(plan, task, 0, &list, diag);
    bool runs = list.reasons.count == 1 && list.reasons.at[0].kind == REASON_VALUE &&
                has_grown(plan, task, &list.reasons.at[0], key);
    reasons_release(&list);
    return runs;
}

void report_add_value_hint(struct plan *plan, const struct task_id *tasks, size_t count,
                           struct buf *out, struct diag *diag)
{
    size_t looked_at = 0;
    for (size_t i = 0; i < count && looked_at < MOST_TASKS; i++) {
        const struct action *action = graph_action(plan_graph(plan), tasks[i]);
        struct buf key = BUF_EMPTY;
        if (plan_verdict(plan, tasks[i]) != VERDICT_STALE || action->value_inputs_given) {
            continue;
        }
        looked_at++;
        if (runs_for_new_key(plan, tasks[i], &key, diag)) {
            buf_add_string(out, "hint: ");
            text_add_name(out, buf_slice(&key));
            buf_addf(out,
                     " is new in the values, and all keys count for the action `%.*s`; list those "
                     "that matter in its `value_inputs`, and only these and the pointers in the "
                     "command need to count\n",
                     SLICE_ARGS(action->name));
            looked_at = MOST_TASKS;
        }
        buf_release(&key);
    }
}
