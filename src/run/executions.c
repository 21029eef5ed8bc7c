#include "executions.h"

#include "resources.h"

#include <stdlib.h>

/* ---- Questions ---- */

struct task_id *execution_tasks(const struct executions *executions,
                                const struct execution *execution)
{
    return vec_from(&executions->members, execution->first);
}

static uint32_t element_of(const struct executions *executions, const struct execution *execution)
{
    return plan_graph(executions->plan)->tasks[execution_tasks(executions, execution)->at].action;
}

const struct action *execution_action(const struct executions *executions,
                                      const struct execution *execution)
{
    return graph_action(plan_graph(executions->plan), *execution_tasks(executions, execution));
}

struct action_progress *execution_progress(const struct executions *executions,
                                           const struct execution *execution)
{
    return &executions->actions[element_of(executions, execution)];
}

double executions_typical_seconds(const struct executions *executions, uint32_t element,
                                  const struct durations *durations)
{
    return durations->count > 0 ? durations->seconds / (double)durations->count
                                : plan_typical_seconds(executions->plan, element);
}

size_t execution_directories(const struct executions *executions, const struct execution *execution)
{
    const uint32_t *directories;
    return execution->count > 1
               ? execution->count
               : plan_directories(executions->plan, *execution_tasks(executions, execution),
                                  &directories);
}

/* ---- What an execution asks for ---- */

static unsigned to_unsigned(uint64_t number)
{
    return number < UINT32_MAX ? (unsigned)number : UINT32_MAX;
}

struct ledger *executions_new_ledger(const struct executions *executions, unsigned jobs,
                                     unsigned gpus)
{
    const struct rowfile *rowfile = plan_graph(executions->plan)->rowfile;
    struct ledger *ledger = ledger_new(executions->machine, jobs, gpus);
    unsigned *sizes = mem_alloc((rowfile->pool_count + 1) * sizeof *sizes);
    for (size_t i = 0; i < rowfile->pool_count; i++) {
        sizes[i] = rowfile->pools[i].count;
    }
    ledger_set_pools(ledger, sizes, (unsigned)rowfile->pool_count);
    free(sizes);
    return ledger;
}

struct ledger_request executions_request(const struct executions *executions,
                                         const struct action *action, size_t directories)
{
    const struct resource_spec *resources = &action->resources;
    return (struct ledger_request){
        .processes = to_unsigned(resources_processes(resources, directories)),
        .threads_per_process = to_unsigned(resources->threads_per_process),
        .gpus_per_process = to_unsigned(resources->gpus_per_process),
        .memory_bytes = resources_memory(resources, directories),
        .pools = resources->pools,
        .pool_count = resources->pool_count,
        .on_one_host =
            executions->machine->host_count > 0 && !launch_spans_hosts(executions->launch, action),
    };
}

void executions_renew_request(const struct executions *executions, struct execution *execution)
{
    const struct action *action = execution_action(executions, execution);
    if (action->group.skip_failed && action->scope == SCOPE_GROUP) {
        execution->request =
            executions_request(executions, action, execution_directories(executions, execution));
    }
}

void execution_keep(const struct executions *executions, struct execution *execution, uint32_t kept)
{
    if (kept < execution->count) {
        execution->count = kept;
        execution->request =
            executions_request(executions, execution_action(executions, execution), kept);
    }
}

void execution_end(const struct executions *executions, struct execution *execution)
{
    struct action_progress *progress = execution_progress(executions, execution);
    execution->state = EXECUTION_DONE;
    progress->left--;
    progress->unrecorded -= execution->recorded < 0;
    progress->recorded_seconds -= execution->recorded >= 0 ? execution->recorded : 0;
}

/* ---- Building ---- */

bool executions_are_batches(const struct action *action)
{
    return action->scope == SCOPE_DIRECTORY && action->command.uses_directories;
}

static void add_execution(struct executions *executions, const struct task_id *tasks, size_t count)
{
    struct execution execution = {.first = (uint32_t)executions->members.count,
                                  .count = (uint32_t)count};
    for (size_t i = 0; i < count; i++) {
        vec_push(&executions->members, tasks[i]);
        executions->of[tasks[i].at] = (uint32_t)executions->all.count;
    }
    execution.request = executions_request(executions, execution_action(executions, &execution),
                                           execution_directories(executions, &execution));
    vec_push(&executions->all, execution);
}

/* Batches of an element whose command takes {directories}: groups of what may have to run. What has
 * failed is attempted alone: in a batch one bad member costs the others. */
static int add_batches(struct executions *executions, uint32_t element, struct diag *diag)
{
    const struct plan *plan = executions->plan;
    const struct graph *graph = plan_graph(plan);
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
        if (graph->tasks[task.at].action != element || !verdict_is_work(plan_verdict(plan, task))) {
            continue;
        }
        if (state_task(plan_state(plan), task.at)->attempt == ATTEMPT_FAILED) {
            add_execution(executions, &task, 1);
        } else {
            vec_push(&directories, d);
        }
    }
    int result =
        groups_form(action, graph->workspace, directories.at, directories.count, &groups, diag);
    size_t start = 0;
    for (size_t g = 0; result == 0 && g < groups.ends.count; g++) {
        tasks.count = 0;
        for (size_t i = start; i < groups.ends.at[g]; i++) {
            uint32_t directory = groups.members.at[i];
            vec_push(&tasks, (struct task_id){
                                 (uint32_t)(directory * graph->directory_action_count + column)});
        }
        if (tasks.count > 0) {
            add_execution(executions, tasks.at, tasks.count);
        }
        start = groups.ends.at[g];
    }
    groups_release(&groups);
    vec_release(&directories);
    vec_release(&tasks);
    return result;
}

/* A batch takes as long as the longest of its tasks' records, each of which is that of a batch. */
static void know_seconds(const struct executions *executions, struct execution *execution)
{
    const struct task_id *tasks = execution_tasks(executions, execution);
    bool is_recorded = true;
    double longest = 0;
    for (uint32_t i = 0; i < execution->count; i++) {
        double seconds = plan_seconds(executions->plan, tasks[i]);
        longest = seconds > longest ? seconds : longest;
        is_recorded = is_recorded && plan_recorded_seconds(executions->plan, tasks[i]) >= 0;
    }
    execution->seconds = longest;
    execution->recorded = is_recorded ? longest : -1;
}

static void know_costs(struct executions *executions, struct execution *execution)
{
    struct action_progress *progress = execution_progress(executions, execution);
    know_seconds(executions, execution);
    progress->left++;
    progress->unrecorded += execution->recorded < 0;
    progress->recorded_seconds += execution->recorded >= 0 ? execution->recorded : 0;
    progress->cores = (double)execution->request.processes * execution->request.threads_per_process;
}

uint32_t execution_add_alone(struct executions *executions, uint32_t batch, struct task_id task)
{
    struct execution failed = executions->all.at[batch];
    add_execution(executions, &task, 1);
    struct execution *alone = &executions->all.at[executions->all.count - 1];
    know_costs(executions, alone);
    alone->priority = failed.priority;
    alone->attempts = failed.attempts + 1;
    return (uint32_t)executions->all.count - 1;
}

uint32_t execution_add_needed(struct executions *executions, struct task_id task, double priority)
{
    add_execution(executions, &task, 1);
    struct execution *added = &executions->all.at[executions->all.count - 1];
    know_costs(executions, added);
    added->priority = priority + added->seconds;
    return (uint32_t)executions->all.count - 1;
}

/* The order that was asked for; each is urgent. */
static void set_places(struct executions *executions, const uint32_t *places)
{
    static const double ahead_s = 1e9;
    vec_each (struct execution, execution, &executions->all) {
        uint32_t place = places[execution_tasks(executions, execution)->at];
        execution->priority =
            ahead_s * (1 + (double)plan_graph(executions->plan)->task_count - place);
    }
}

/* The longest path from each execution to the end, from the back of the topological order. */
static void set_priorities(struct executions *executions)
{
    const struct graph *graph = plan_graph(executions->plan);
    for (size_t i = graph->order_count; i-- > 0;) {
        uint32_t n = graph->order[i];
        if (executions->of[n] == EXECUTION_NONE) {
            continue;
        }
        struct execution *execution = &executions->all.at[executions->of[n]];
        double longest = 0;
        for (uint32_t a = graph->after_start[n]; a < graph->after_start[n + 1]; a++) {
            uint32_t after = executions->of[graph->after[a].at];
            if (after != EXECUTION_NONE && executions->all.at[after].priority > longest) {
                longest = executions->all.at[after].priority;
            }
        }
        double own = longest + execution->seconds;
        execution->priority = own > execution->priority ? own : execution->priority;
    }
}

static void count_pending(struct executions *executions)
{
    const struct graph *graph = plan_graph(executions->plan);
    vec_each (struct task_id, task, &executions->members) {
        struct execution *execution = &executions->all.at[executions->of[task->at]];
        uint32_t end = graph->before_start[task->at + 1];
        for (uint32_t e = graph->before_start[task->at]; e < end; e++) {
            execution->pending += executions->of[graph->before.at[e].task.at] != EXECUTION_NONE;
        }
    }
}

int executions_build(struct executions *executions, const uint32_t *places, struct diag *diag)
{
    const struct plan *plan = executions->plan;
    const struct graph *graph = plan_graph(plan);
    const struct rowfile *rowfile = graph->rowfile;
    executions->of = mem_grow(NULL, graph->task_count, sizeof *executions->of);
    memset(executions->of, 0xff, graph->task_count * sizeof *executions->of);
    executions->actions = mem_alloc(rowfile->action_count * sizeof *executions->actions);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (graph_is_present(graph, task) &&
            verdict_is_work(plan_verdict(plan, (struct task_id){n})) &&
            !executions_are_batches(graph_action(graph, task))) {
            add_execution(executions, &task, 1);
        }
    }
    for (uint32_t element = 0; element < rowfile->action_count; element++) {
        if (executions_are_batches(&rowfile->actions[element]) &&
            add_batches(executions, element, diag) != 0) {
            return -1;
        }
    }
    vec_each (struct execution, execution, &executions->all) {
        know_costs(executions, execution);
    }
    if (places != NULL) {
        set_places(executions, places);
    } else {
        set_priorities(executions);
    }
    count_pending(executions);
    return 0;
}

void executions_release(struct executions *executions)
{
    vec_release(&executions->all);
    vec_release(&executions->members);
    free(executions->of);
    free(executions->actions);
}
