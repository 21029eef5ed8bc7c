/* Refusing what can never fit. */
#include "running.h"

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

static int refuse(const struct run *run, const struct execution *execution)
{
    const struct ledger_request *request = &execution->request;
    const struct action *action = execution_action(&run->executions, execution);
    uint64_t cores = saturating_product(request->processes, request->threads_per_process);
    uint64_t gpus = saturating_product(request->processes, request->gpus_per_process);
    struct refusal refusal = {
        .run = run,
        .resources = &action->resources,
        .request = request,
        .is_batch = execution_directories(&run->executions, execution) > 1,
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
    diag_error_at(run->diag, FINDING_IMPOSSIBLE_RESOURCES, &plan_graph(run->plan)->rowfile->source,
                  action->name_offset, action->name.len + 2, "action `%.*s` asks for %s",
                  SLICE_ARGS(action->name), buf_string(&refusal.text));
    buf_release(&refusal.text);
    buf_release(&refusal.keys);
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
