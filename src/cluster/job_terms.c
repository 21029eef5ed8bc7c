/* What jobs of an action ask for, and whether those of two actions ask for the same. */
#include "job_planning.h"

static bool starts_itself(const struct job_planning *planning, const struct action *action)
{
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher =
            launchers_find(planning->options->launchers, action->launchers[i]);
        if (launcher != NULL && !slice_is(action->launchers[i], "process") &&
            launcher_starts_processes(launcher, planning->options->cluster->name)) {
            return false;
        }
    }
    return true;
}

struct job_terms job_terms_of(const struct job_planning *planning, uint32_t element)
{
    const struct action *action = &plan_graph(planning->plan)->rowfile->actions[element];
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, planning->options->cluster->name);
    struct job_terms terms = {
        .action = action,
        .options = action_submit_options(action, buf_string(&name)),
        .request = job_request_of(action, 1),
        .starts_itself = starts_itself(planning, action),
    };
    buf_release(&name);
    return terms;
}

static bool same_options(const struct submit_options *a, const struct submit_options *b)
{
    if (a == b || a == NULL || b == NULL) {
        return a == b;
    }
    bool same = slice_equal(a->account, b->account) && slice_equal(a->partition, b->partition) &&
                slice_equal(a->output_file_path, b->output_file_path) &&
                slice_equal(a->output_file_name, b->output_file_name) &&
                a->custom_count == b->custom_count;
    for (size_t i = 0; i < a->custom_count && same; i++) {
        same = slice_equal(a->custom[i], b->custom[i]);
    }
    return same;
}

bool job_terms_equal(const struct job_terms *a, const struct job_terms *b)
{
    const struct resource_spec *one = &a->action->resources;
    const struct resource_spec *other = &b->action->resources;
    bool same = a->request.processes == b->request.processes &&
                a->request.threads_per_process == b->request.threads_per_process &&
                a->request.gpus_per_process == b->request.gpus_per_process &&
                a->request.memory_mb == b->request.memory_mb &&
                one->memory_per_cpu_mb == other->memory_per_cpu_mb &&
                one->memory_per_gpu_mb == other->memory_per_gpu_mb &&
                one->pool_count == other->pool_count && a->starts_itself == b->starts_itself &&
                same_options(a->options, b->options);
    for (unsigned i = 0; i < one->pool_count && same; i++) {
        same = one->pools[i] == other->pools[i];
    }
    return same;
}
