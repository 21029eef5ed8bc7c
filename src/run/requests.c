/* Refusing what can never fit. */
#include "running.h"

#include "groups.h"
#include "resources.h"
#include "saturating.h"
#include "text.h"

#include <stdlib.h>

struct refusal {
    const struct run *run;
    const struct resource_spec *resources;
    const struct ledger_request *request;
    bool is_batch;   /* of several directories */
    struct buf keys; /* that may be lowered */
    struct buf text; /* what is asked for, and what there is */
};

static void add_key(struct refusal *refusal, bool applies, const char *key)
{
    if (applies) {
        buf_addf(&refusal->keys, "%s`%s`", refusal->keys.len > 0 ? " or " : "", key);
    }
}

static void add_process_keys(struct refusal *refusal)
{
    bool per_directory = refusal->resources->processes_per_directory;
    bool several = refusal->request->processes > 1;
    add_key(refusal, several && per_directory && refusal->resources->processes > 1,
            "resources.processes.per_directory");
    add_key(refusal, several && !per_directory, "resources.processes.per_submission");
    add_key(refusal, per_directory && refusal->is_batch, "group.maximum_size");
}

static void add_cores(struct refusal *refusal, uint64_t cores)
{
    const struct ledger_request *request = refusal->request;
    add_key(refusal, request->threads_per_process > 1, "resources.threads_per_process");
    add_process_keys(refusal);
    buf_addf(&refusal->text, "%llu cores (processes × threads per process = %u × %u)",
             (unsigned long long)cores, request->processes, request->threads_per_process);
}

/* It isn't too much for all hosts together. */
static void add_division(struct refusal *refusal)
{
    const struct ledger_request *request = refusal->request;
    buf_addf(&refusal->text,
             "%s; the largest host of the job has %u, and a process can't span hosts%s; "
             "lower %s",
             request->on_one_host ? " of one host" : "", ledger_widest_host(refusal->run->ledger),
             request->on_one_host && request->processes > 1
                 ? ", nor can processes that neither rowbuild nor srun starts"
                 : "",
             buf_string(&refusal->keys));
}

static void add_gpus(struct refusal *refusal, uint64_t gpus)
{
    const struct ledger_request *request = refusal->request;
    const struct run_options *options = refusal->run->options;
    add_key(refusal, true, "resources.gpus_per_process");
    add_process_keys(refusal);
    buf_addf(&refusal->text,
             "%llu GPUs (processes × GPUs per process = %u × %u), more than the %u that %s; lower "
             "%s",
             (unsigned long long)gpus, request->processes, request->gpus_per_process,
             ledger_gpus(refusal->run->ledger), options->gpus_from, buf_string(&refusal->keys));
    if (options->gpus_can_be_told) {
        buf_addf(&refusal->text, ", or set the number of GPUs with --gpus %llu or ROWBUILD_GPUS",
                 (unsigned long long)gpus);
    }
}

static void add_memory(struct refusal *refusal)
{
    const struct resource_spec *resources = refusal->resources;
    add_key(refusal, resources->memory_per_process > 0, "resources.memory.per_process");
    add_key(refusal, resources->memory_per_directory > 0, "resources.memory.per_directory");
    add_key(refusal, resources->memory_per_submission > 0, "resources.memory.per_submission");
    add_key(refusal, resources->memory_per_cpu_mb > 0, "resources.memory_per_cpu_mb");
    add_key(refusal, resources->memory_per_gpu_mb > 0 && resources->gpus_per_process > 0,
            "resources.memory_per_gpu_mb");
    add_key(refusal, resources->memory_per_directory > 0 && refusal->is_batch,
            "group.maximum_size");
    text_add_bytes(&refusal->text, refusal->request->memory_bytes);
    buf_add_string(&refusal->text, " of memory, more than the ");
    text_add_bytes(&refusal->text, ledger_memory(refusal->run->ledger));
    buf_addf(&refusal->text, " that this machine and its control group grant; lower %s",
             buf_string(&refusal->keys));
}

/* What the action asks for, how much there is, and what to do about it. */
static void describe(const struct run *run, const struct action *action,
                     const struct ledger_request *request, bool is_batch, struct buf *out)
{
    uint64_t cores = saturating_product(request->processes, request->threads_per_process);
    uint64_t gpus = saturating_product(request->processes, request->gpus_per_process);
    struct refusal refusal = {
        .run = run,
        .resources = &action->resources,
        .request = request,
        .is_batch = is_batch,
    };
    if (cores > ledger_budget(run->ledger)) {
        add_cores(&refusal, cores);
        buf_addf(&refusal.text, ", more than the budget of %u; lower %s, or use -j %llu",
                 ledger_budget(run->ledger), buf_string(&refusal.keys), (unsigned long long)cores);
    } else if (gpus > ledger_gpus(run->ledger)) {
        add_gpus(&refusal, gpus);
    } else if (run->machine->host_count > 0) {
        add_cores(&refusal, cores);
        add_division(&refusal);
    } else {
        add_memory(&refusal);
    }
    buf_add_slice(out, buf_slice(&refusal.text));
    buf_release(&refusal.text);
    buf_release(&refusal.keys);
}

static int refuse(const struct run *run, const struct execution *execution)
{
    const struct action *action = execution_action(&run->executions, execution);
    struct buf text = BUF_EMPTY;
    describe(run, action, &execution->request,
             execution_directories(&run->executions, execution) > 1, &text);
    diag_error_at(run->diag, FINDING_IMPOSSIBLE_RESOURCES, &plan_graph(run->plan)->rowfile->source,
                  action->name_offset, action->name.len + 2, "action `%.*s` asks for %s",
                  SLICE_ARGS(action->name), buf_string(&text));
    buf_release(&text);
    return -1;
}

int run_check_requests(const struct run *run)
{
    const struct graph *graph = plan_graph(run->plan);
    bool *told = mem_alloc(graph->rowfile->action_count * sizeof *told);
    int result = 0;
    vec_each (const struct execution, execution, &run->executions.all) {
        uint32_t element = graph->tasks[execution_tasks(&run->executions, execution)->at].action;
        if (!told[element] && !ledger_can_ever_fit(run->ledger, &execution->request)) {
            told[element] = true;
            result = refuse(run, execution);
        }
    }
    free(told);
    return result;
}

/* ---- All actions, for check ---- */

/* Of the directories that one command of a batched action works on. */
static size_t largest_batch(const struct graph *graph, uint32_t element)
{
    const struct action *action = &graph->rowfile->actions[element];
    VEC(uint32_t) directories = {0};
    struct groups groups = {0};
    struct diag unseen; /* values that can't be read are told elsewhere */
    size_t largest = 0;
    size_t begin = 0;
    diag_init(&unseen);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (graph->tasks[n].action == element && graph_is_present(graph, (struct task_id){n})) {
            vec_push(&directories, graph->tasks[n].directory);
        }
    }
    if (groups_form(action, graph->workspace, directories.at, directories.count, &groups,
                    &unseen) == 0) {
        vec_each (const size_t, end, &groups.ends) {
            largest = *end - begin > largest ? *end - begin : largest;
            begin = *end;
        }
    }
    groups_release(&groups);
    vec_release(&directories);
    diag_release(&unseen);
    return largest;
}

static size_t largest_task(const struct graph *graph, uint32_t element)
{
    size_t largest = 0;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        const uint32_t *directories;
        struct task_id task = {n};
        if (graph->tasks[n].action == element && graph_is_present(graph, task)) {
            size_t count = graph_directories(graph, task, &directories);
            largest = count > largest ? count : largest;
        }
    }
    return largest;
}

static size_t largest_execution(const struct graph *graph, uint32_t element)
{
    const struct action *action = &graph->rowfile->actions[element];
    const struct resource_spec *resources = &action->resources;
    bool depends = resources->processes_per_directory || resources->memory_per_directory > 0;
    size_t largest = !depends || graph->workspace->count == 0 ? 1
                     : executions_are_batches(action)         ? largest_batch(graph, element)
                     : action->scope == SCOPE_DIRECTORY       ? 1
                                                              : largest_task(graph, element);
    return largest > 0 ? largest : 1;
}

void run_warn_of_requests(struct plan *plan, const struct launch_context *launch,
                          const struct machine *machine, const struct run_options *options,
                          struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct run run = {
        .plan = plan,
        .options = options,
        .diag = diag,
        .machine = machine,
        .executions = {.plan = plan, .launch = launch, .machine = machine},
    };
    run.ledger = executions_new_ledger(&run.executions, options->jobs, options->gpus);
    for (uint32_t a = 0; a < graph->rowfile->action_count; a++) {
        const struct action *action = &graph->rowfile->actions[a];
        size_t directories = largest_execution(graph, a);
        struct ledger_request request = executions_request(&run.executions, action, directories);
        if (action->submit_option_count > 0 || ledger_can_ever_fit(run.ledger, &request)) {
            continue; /* what has options of a cluster is meant for its hosts */
        }
        struct buf text = BUF_EMPTY;
        describe(&run, action, &request, directories > 1, &text);
        diag_warning_at(diag, FINDING_IMPOSSIBLE_RESOURCES, &graph->rowfile->source,
                        action->name_offset, action->name.len + 2,
                        "action `%.*s` can't run on this machine: it asks for %s",
                        SLICE_ARGS(action->name), buf_string(&text));
        buf_release(&text);
    }
    ledger_free(run.ledger);
}
