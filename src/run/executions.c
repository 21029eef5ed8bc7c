#include "running.h"

#include <stdlib.h>

const struct task_id *execution_nodes(const struct run *run, const struct execution *execution)
{
    return vec_from(&run->members, execution->first);
}

bool run_has_work(const struct plan *plan)
{
    for (uint32_t n = 0; n < plan->graph->task_count; n++) {
        if (verdict_is_work(plan->verdicts[n])) {
            return true;
        }
    }
    return false;
}

static void add_execution(struct run *run, size_t *capacity, const struct task_id *tasks,
                          size_t count)
{
    const struct graph *graph = run->plan->graph;
    uint32_t number = (uint32_t)run->execution_count;
    if (run->execution_count == *capacity) {
        *capacity = *capacity * 2 + 64;
        run->executions = mem_grow(run->executions, *capacity, sizeof *run->executions);
    }
    const uint32_t *directories;
    size_t directory_count = count > 1 ? count : graph_directories(graph, tasks[0], &directories);
    run->executions[run->execution_count++] = (struct execution){
        .first = (uint32_t)run->members.count,
        .count = (uint32_t)count,
        .request = run_request_of(run, graph_action(graph, tasks[0]), directory_count),
    };
    for (size_t i = 0; i < count; i++) {
        vec_push(&run->members, tasks[i]);
        run->execution_of[tasks[i].at] = number;
    }
}

/* Batches of an element whose command takes {directories}: groups of what may have to run. */
static int add_batches(struct run *run, size_t *capacity, uint32_t element)
{
    const struct plan *plan = run->plan;
    const struct graph *graph = plan->graph;
    const struct action *action = &graph->rowfile->actions[element];
    VEC(uint32_t) directories = {0};
    VEC(struct task_id) tasks = {0};
    struct groups groups = {0};
    uint32_t column = 0;
    while (!slice_equal(graph->directory_actions[column], action->name)) {
        column++;
    }
    for (uint32_t d = 0; d < graph->workspace->count; d++) {
        struct task_id task = {(uint32_t)(d * graph->directory_action_count + column)};
        if (graph->tasks[task.at].action == element && verdict_is_work(plan->verdicts[task.at])) {
            vec_push(&directories, d);
        }
    }
    int result = groups_form(action, graph->workspace, directories.at, directories.count, &groups,
                             run->diag);
    size_t start = 0;
    for (size_t g = 0; result == 0 && g < groups.ends.count; g++) {
        tasks.count = 0;
        for (size_t i = start; i < groups.ends.at[g]; i++) {
            uint32_t directory = groups.members.at[i];
            vec_push(&tasks, (struct task_id){
                                 (uint32_t)(directory * graph->directory_action_count + column)});
        }
        if (tasks.count > 0) {
            add_execution(run, capacity, tasks.at, tasks.count);
        }
        start = groups.ends.at[g];
    }
    groups_release(&groups);
    vec_release(&directories);
    vec_release(&tasks);
    return result;
}

static double execution_seconds(const struct run *run, const struct execution *execution)
{
    double seconds = 0;
    for (uint32_t i = 0; i < execution->count; i++) {
        double own = plan_seconds(run->plan, run->members.at[execution->first + i]);
        seconds = own > seconds ? own : seconds; /* a batch records the same duration for all */
    }
    return seconds;
}

/* The order that was asked for; each is urgent. */
static void set_places(struct run *run)
{
    static const double ahead_s = 1e9;
    for (size_t x = 0; x < run->execution_count; x++) {
        struct execution *execution = &run->executions[x];
        uint32_t place = run->options->places[run->members.at[execution->first].at];
        execution->seconds = execution_seconds(run, execution);
        execution->priority = ahead_s * (1 + (double)run->plan->graph->task_count - place);
    }
}

/* The longest path from each execution to the end, from the back of the topological order. */
static void set_priorities(struct run *run)
{
    const struct graph *graph = run->plan->graph;
    for (size_t x = 0; x < run->execution_count; x++) {
        run->executions[x].seconds = execution_seconds(run, &run->executions[x]);
    }
    for (size_t i = graph->order_count; i-- > 0;) {
        uint32_t n = graph->order[i];
        uint32_t x = run->execution_of[n];
        if (x == EXECUTION_NONE) {
            continue;
        }
        struct execution *execution = &run->executions[x];
        double longest = 0;
        for (uint32_t a = graph->after_start[n]; a < graph->after_start[n + 1]; a++) {
            uint32_t after = run->execution_of[graph->after[a].at];
            if (after != EXECUTION_NONE && run->executions[after].priority > longest) {
                longest = run->executions[after].priority;
            }
        }
        double own = longest + execution->seconds;
        execution->priority = own > execution->priority ? own : execution->priority;
    }
}

static void count_pending(struct run *run)
{
    const struct graph *graph = run->plan->graph;
    for (size_t m = 0; m < run->members.count; m++) {
        uint32_t n = run->members.at[m].at;
        struct execution *execution = &run->executions[run->execution_of[n]];
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            if (run->execution_of[graph->before.at[e].task.at] != EXECUTION_NONE) {
                execution->pending++;
            }
        }
    }
}

int run_build_executions(struct run *run)
{
    const struct plan *plan = run->plan;
    const struct graph *graph = plan->graph;
    const struct rowfile *rowfile = graph->rowfile;
    size_t capacity = 0;
    run->execution_of = mem_grow(NULL, graph->task_count, sizeof *run->execution_of);
    memset(run->execution_of, 0xff, graph->task_count * sizeof *run->execution_of);
    run->task_states = mem_alloc(graph->task_count);
    run->actions = mem_alloc(rowfile->action_count * sizeof *run->actions);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task) || !verdict_is_work(plan->verdicts[n])) {
            continue;
        }
        const struct action *action = graph_action(graph, task);
        if (action->scope != SCOPE_DIRECTORY || !action->command.uses_directories) {
            add_execution(run, &capacity, &task, 1);
        }
    }
    for (uint32_t element = 0; element < rowfile->action_count; element++) {
        const struct action *action = &rowfile->actions[element];
        if (action->scope == SCOPE_DIRECTORY && action->command.uses_directories &&
            add_batches(run, &capacity, element) != 0) {
            return -1;
        }
    }
    if (run->options->places != NULL) {
        set_places(run);
    } else {
        set_priorities(run);
    }
    count_pending(run);
    for (size_t x = 0; x < run->execution_count; x++) {
        const struct execution *execution = &run->executions[x];
        uint32_t element = graph->tasks[run->members.at[execution->first].at].action;
        run->actions[element].left++;
        run->actions[element].cores =
            (double)execution->request.processes * execution->request.threads_per_process;
        if (execution->pending == 0) {
            vec_push(&run->looks, (uint32_t)x);
        }
    }
    run->total = run->members.count;
    return 0;
}

/* ---- Ready executions ---- */

static double work_of(const struct execution *execution)
{
    const struct ledger_request *request = &execution->request;
    return execution->seconds * request->processes * request->threads_per_process;
}

void run_expect_all(struct run *run)
{
    for (size_t x = 0; x < run->execution_count; x++) {
        schedule_expect(run->schedule, work_of(&run->executions[x]));
    }
}

static void push_ready(struct run *run, uint32_t number)
{
    struct execution *execution = &run->executions[number];
    execution->state = EXECUTION_READY;
    schedule_add(run->schedule, &(struct schedule_item){.number = number,
                                                        .path_s = execution->priority,
                                                        .seconds = execution->seconds,
                                                        .request = execution->request});
}

void run_push_again(struct run *run, uint32_t number)
{
    schedule_expect(run->schedule, work_of(&run->executions[number]));
    push_ready(run, number);
}

void run_keep_tasks(struct run *run, uint32_t number, uint32_t kept)
{
    struct execution *execution = &run->executions[number];
    struct task_id first = run->members.at[execution->first];
    bool is_smaller = kept < execution->count;
    execution->count = kept;
    if (kept == 0) {
        execution->state = EXECUTION_DONE;
        run->actions[run->plan->graph->tasks[first.at].action].left--;
        return;
    }
    if (is_smaller) {
        execution->request = run_request_of(run, graph_action(run->plan->graph, first), kept);
    }
    run_push_again(run, number);
}

/* ---- Early cutoff ---- */

void run_resolve(struct run *run, struct task_id task, enum task_state state)
{
    const struct graph *graph = run->plan->graph;
    run->task_states[task.at] = (uint8_t)state;
    run->plan->resolved[task.at] = true;
    if (state == TASK_OK) {
        run->done++;
    } else if (state == TASK_NOT_STARTED) {
        run->result->not_started++;
    }
    for (uint32_t a = graph->after_start[task.at]; a < graph->after_start[task.at + 1]; a++) {
        uint32_t after = run->execution_of[graph->after[a].at];
        if (after != EXECUTION_NONE && --run->executions[after].pending == 0) {
            vec_push(&run->looks, after);
        }
    }
}

static bool something_before_failed(const struct run *run, struct task_id task)
{
    const struct graph *graph = run->plan->graph;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        uint32_t before = graph->before.at[e].task.at;
        if (run->task_states[before] == NODE_FAILED ||
            run->task_states[before] == TASK_NOT_STARTED) {
            return true;
        }
    }
    return false;
}

static void restore_task(struct run *run, struct task_id task)
{
    struct buf label = BUF_EMPTY;
    run_add_label(run, &task, 1, &label);
    if (run_restore(run->plan, task, run->diag) == 0) {
        run->result->restored++;
        run_resolve(run, task, TASK_OK);
        run_tell(run, (struct run_event){.kind = RUN_EVENT_ENDED,
                                         .tasks = &task,
                                         .task_count = 1,
                                         .label = buf_string(&label),
                                         .outcome = RUN_RESTORED});
    } else {
        run_fail_unstarted(run, &task, 1, "its earlier products can't be put back");
    }
    buf_release(&label);
}

/* Decides one task whose predecessors are resolved; true if it has to run. */
static bool has_to_run(struct run *run, struct task_id task)
{
    if (something_before_failed(run, task)) {
        run_resolve(run, task, TASK_NOT_STARTED);
        return false;
    }
    if (run->plan->verdicts[task.at] == VERDICT_STALE) {
        return true; /* in itself, whatever came before it */
    }
    switch (plan_decide(run->plan, task, run->diag)) {
    case VERDICT_STALE:
    case VERDICT_MAYBE:
        return true;
    case VERDICT_RESTORE:
        restore_task(run, task);
        return false;
    case VERDICT_SUBMITTED: /* have no executions */
    case VERDICT_WAITS:
    case VERDICT_BLOCKED:
        run_fail_blocked(run, task);
        return false;
    case VERDICT_NONE:
    case VERDICT_FRESH:
    case VERDICT_HELD:
        if (run->plan->fill_in[task.at]) {
            (void)plan_fill_in(run->plan, task);
        }
        run_resolve(run, task, TASK_OK);
        return false;
    }
    return false;
}

void run_look(struct run *run)
{
    while (run->looks.count > 0) {
        uint32_t number = run->looks.at[--run->looks.count];
        struct execution *execution = &run->executions[number];
        struct task_id *tasks = vec_from(&run->members, execution->first);
        uint32_t kept = 0;
        if (execution->state != EXECUTION_WAITING) {
            continue;
        }
        for (uint32_t i = 0; i < execution->count; i++) {
            if (has_to_run(run, tasks[i])) {
                tasks[kept++] = tasks[i];
            }
        }
        schedule_expect(run->schedule, -work_of(execution));
        run_keep_tasks(run, number, kept);
    }
}
