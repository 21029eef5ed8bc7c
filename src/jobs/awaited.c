#include "awaited.h"

#include "inside.h"
#include "memory.h"
#include "submissions.h"
#include "vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { NOT_AWAITED = -1 };

struct awaiting {
    struct plan *plan;
    const struct graph *graph;
    int64_t *since_s; /* by task: when the job was submitted that it is in, or NOT_AWAITED */
    bool *is_behind;  /* by task: awaited, and not known to be done */
    bool *is_out;     /* by task of the job: it needs such a one */
    struct arena arena;
};

/* ---- What other jobs have ---- */

static int load(struct submissions *submissions, const struct job_element *element,
                const struct part *part, struct diag *diag)
{
    if (part == NULL) {
        return submissions_load(submissions, element->state_path, diag);
    }
    struct slice *tokens = mem_alloc((part->source_count + 1) * sizeof *tokens);
    int folder = inside_root(AT_FDCWD, element->state_path, false);
    for (size_t i = 0; i < part->source_count; i++) {
        tokens[i] = part->sources[i].token;
    }
    size_t count = 0; /* sources are sorted by token */
    for (size_t i = 0; i < part->source_count; i++) {
        if (i == 0 || !slice_equal(tokens[i], tokens[count - 1])) {
            tokens[count++] = tokens[i];
        }
    }
    int result = submissions_load_some(submissions, folder, element->state_path, tokens,
                                       folder >= 0 ? count : 0, diag);
    if (folder >= 0) {
        close(folder);
    }
    free(tokens);
    return result;
}

/* The later registration counts. */
static void mark_awaited(struct awaiting *awaiting, const struct submissions *submissions,
                         const struct job_element *element)
{
    for (size_t i = 0; i < submissions->count; i++) {
        const struct submission *submission = &submissions->items[i];
        bool is_own = slice_is(submission->token, element->attempt.token);
        for (size_t e = 0; e < submission->element_count && !is_own; e++) {
            const struct submission_element *other = &submission->elements[e];
            for (size_t t = 0; t < other->task_count && other->state != ELEMENT_RELEASED; t++) {
                struct task_id task = graph_find_task(awaiting->graph, other->tasks[t]);
                if (task.at != GRAPH_NONE) {
                    awaiting->since_s[task.at] = submission->submitted_at_s;
                }
            }
        }
    }
}

/* ---- What isn't done ---- */

static bool is_own(const struct awaiting *awaiting, struct task_id task)
{
    return plan_wanted(awaiting->plan, task) != 0;
}

/* Whether its files never say that it is up to date. */
static bool is_always_due(const struct awaiting *awaiting, struct task_id task)
{
    const struct action *action = graph_action(awaiting->graph, task);
    return action->always ||
           (awaiting->graph->rowfile->contract == CONTRACT_ROW && action->product_count == 0);
}

/* By the clocks of the host that submitted and of the file system. Within a second the files decide. */
static bool has_succeeded(const struct awaiting *awaiting, struct task_id task)
{
    const struct task_row *row = state_task(plan_state(awaiting->plan), task.at);
    int64_t since_s = awaiting->since_s[task.at] + (is_always_due(awaiting, task) ? 0 : 1);
    return row->success != SUCCESS_NONE && row->finished_at_ns / 1000000000 >= since_s;
}

/* Marks what a task of the job, or such a task, waits for. Whether there is any. */
static bool mark_behind(struct awaiting *awaiting)
{
    const struct graph *graph = awaiting->graph;
    bool any = false;
    for (size_t i = graph->order_count; i-- > 0;) {
        struct task_id task = {graph->order[i]};
        bool asks = awaiting->is_behind[task.at] ||
                    (is_own(awaiting, task) && plan_verdict(awaiting->plan, task) != VERDICT_FRESH);
        for (uint32_t e = graph->before_start[task.at];
             asks && e < graph->before_start[task.at + 1]; e++) {
            struct task_id before = graph->before.at[e].task;
            if (awaiting->since_s[before.at] != NOT_AWAITED && !is_own(awaiting, before) &&
                !has_succeeded(awaiting, before) && !plan_may_skip(awaiting->plan, task, before)) {
                awaiting->is_behind[before.at] = true;
                any = true;
            }
        }
    }
    return any;
}

/* Jobs record nothing where nothing was to be done: the files say whether it is so. */
static int forget_fresh(struct awaiting *awaiting, struct diag *diag)
{
    const struct plan_options options = {.no_adopt = true, .threads = 1};
    const struct graph *graph = awaiting->graph;
    struct plan *plan =
        plan_new(plan_graph(awaiting->plan), plan_project(awaiting->plan), &options);
    VEC(struct slice) keys = {0};
    struct buf key = BUF_EMPTY;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (awaiting->is_behind[n]) {
            buf_clear(&key);
            graph_add_key(graph, (struct task_id){n}, &key);
            vec_push(&keys, arena_slice(&awaiting->arena, buf_slice(&key)));
        }
    }
    plan_attach(plan, plan_state(awaiting->plan), plan_observer(awaiting->plan));
    (void)plan_select_keys(plan, keys.at, keys.count);
    int result = plan_look(plan, diag);
    for (uint32_t n = 0; n < graph->task_count && result == 0; n++) {
        awaiting->is_behind[n] =
            awaiting->is_behind[n] && plan_verdict(plan, (struct task_id){n}) != VERDICT_FRESH;
    }
    plan_free(plan);
    vec_release(&keys);
    buf_release(&key);
    return result;
}

/* ---- What can't be done for that ---- */

/* The task that it needs and that isn't done; GRAPH_NONE: there is none. */
static struct task_id needed_one(const struct awaiting *awaiting, struct task_id task)
{
    const struct graph *graph = awaiting->graph;
    struct task_id found = {GRAPH_NONE};
    for (uint32_t e = graph->before_start[task.at];
         e < graph->before_start[task.at + 1] && found.at == GRAPH_NONE; e++) {
        struct task_id before = graph->before.at[e].task;
        if ((awaiting->is_behind[before.at] || awaiting->is_out[before.at]) &&
            !plan_may_skip(awaiting->plan, task, before)) {
            found = before;
        }
    }
    return found;
}

static void tell(const struct awaiting *awaiting, size_t count, struct task_id first,
                 struct diag *diag)
{
    struct buf task = BUF_EMPTY;
    struct buf before = BUF_EMPTY;
    graph_add_label(awaiting->graph, first, &task);
    graph_add_label(awaiting->graph, needed_one(awaiting, first), &before);
    diag_warning(diag, FINDING_DEPENDENCY_NOT_DONE,
                 "%zu %s not started: %s depends on %s, which isn't up to date, because its job "
                 "hasn't finished it; to retry: `rowbuild submit --follow`",
                 count, count == 1 ? "task is" : "tasks are", buf_string(&task),
                 buf_string(&before));
    buf_release(&task);
    buf_release(&before);
}

static int leave_out(struct awaiting *awaiting, const struct job_element *element,
                     struct diag *diag)
{
    const struct graph *graph = awaiting->graph;
    struct slice *kept = mem_alloc((element->task_count + 1) * sizeof *kept);
    struct task_id first = {GRAPH_NONE};
    int count = 0;
    for (size_t i = 0; i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        bool is_due = is_own(awaiting, task) && plan_verdict(awaiting->plan, task) != VERDICT_FRESH;
        if (is_due && needed_one(awaiting, task).at != GRAPH_NONE) {
            awaiting->is_out[task.at] = true;
            first = first.at == GRAPH_NONE ? task : first;
            count++;
        }
    }
    size_t left = 0;
    for (size_t i = 0; i < element->task_count; i++) {
        struct task_id task = graph_find_task(graph, element->tasks[i]);
        if (task.at != GRAPH_NONE && !awaiting->is_out[task.at]) {
            kept[left++] = element->tasks[i];
        }
    }
    if (count > 0) {
        tell(awaiting, (size_t)count, first, diag);
        (void)plan_select_keys(awaiting->plan, kept, left);
    }
    free(kept);
    return count;
}

int awaited_leave_out(struct plan *plan, const struct job_element *element, const struct part *part,
                      struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct submissions submissions;
    struct awaiting awaiting = {
        .plan = plan,
        .graph = graph,
        .since_s = mem_alloc((graph->task_count + 1) * sizeof *awaiting.since_s),
        .is_behind = mem_alloc(graph->task_count + 1),
        .is_out = mem_alloc(graph->task_count + 1),
    };
    arena_init(&awaiting.arena);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        awaiting.since_s[n] = NOT_AWAITED;
    }
    int result = load(&submissions, element, part, diag);
    if (result == 0) {
        mark_awaited(&awaiting, &submissions, element);
        if (mark_behind(&awaiting)) {
            result = forget_fresh(&awaiting, diag);
            result = result == 0 ? leave_out(&awaiting, element, diag) : result;
        }
    }
    submissions_release(&submissions);
    free(awaiting.since_s);
    free(awaiting.is_behind);
    free(awaiting.is_out);
    arena_release(&awaiting.arena);
    return result;
}
