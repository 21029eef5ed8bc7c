/* The requests of jobs whose tasks' earlier jobs ended for want of memory or time. */
#include "job_planning.h"

static struct growth growth_of(const struct job_planning *planning, struct task_id task)
{
    const struct task_growth *growth = planning->options->growth;
    return growth != NULL ? growth[task.at].now : (struct growth){0};
}

size_t growing_alike(const struct job_planning *planning, struct task_id *tasks, size_t count)
{
    struct growth first = growth_of(planning, tasks[0]);
    size_t alike = 0;
    VEC(struct task_id) others = {0};
    for (size_t i = 0; i < count; i++) {
        if (growths_equal(growth_of(planning, tasks[i]), first)) {
            tasks[alike++] = tasks[i];
        } else {
            vec_push(&others, tasks[i]);
        }
    }
    for (size_t i = 0; i < others.count; i++) {
        tasks[alike + i] = others.at[i];
    }
    vec_release(&others);
    return alike;
}

struct growth growing_of(const struct job_planning *planning, const struct task_id *tasks,
                         size_t count)
{
    struct growth most = {0};
    for (size_t i = 0; i < count; i++) {
        most = growth_greater(most, growth_of(planning, tasks[i]));
    }
    return most;
}

static struct site_limits limits_of(const struct job_planning *planning,
                                    const struct partition *partition)
{
    const struct site *site = planning->options->site;
    return site != NULL
               ? site_limits_of(site, partition != NULL ? partition->name : (struct slice){0})
               : (struct site_limits){0};
}

/* The most memory of a job on that many hosts; 0: not known. */
static uint64_t most_memory(struct site_limits limits, uint64_t nodes)
{
    uint64_t hosts = nodes > 0 ? nodes : 1;
    return limits.memory_mb <= UINT64_MAX / hosts ? limits.memory_mb * hosts : 0;
}

static bool allows(const struct job_planning *planning, const struct partition *partition,
                   const struct job_request *request)
{
    struct site_limits limits = limits_of(planning, partition);
    uint64_t memory_mb = most_memory(limits, request->nodes);
    return (request->grown.walltime_s <= limits.seconds || limits.seconds <= 0) &&
           (request->grown.memory_mb <= memory_mb || memory_mb == 0);
}

const struct partition *growing_partition(const struct job_planning *planning,
                                          const struct job_request *request,
                                          const struct partition *chosen)
{
    const struct cluster *cluster = planning->options->cluster;
    struct job_size size = job_request_size(request);
    const struct partition *found = allows(planning, chosen, request) ? chosen : NULL;
    for (size_t i = 0; i < cluster->partition_count && found == NULL; i++) {
        const struct partition *other = &cluster->partitions[i];
        struct buf unseen = BUF_EMPTY;
        if (!other->prevent_auto_select && allows(planning, other, request)) {
            found = cluster_choose_partition(cluster, other->name, size, &unseen, &unseen);
        }
        buf_release(&unseen);
    }
    return found != NULL ? found : chosen;
}

void growing_limit(const struct job_planning *planning, const struct partition *partition,
                   uint64_t nodes, struct job_request *request)
{
    struct job_growth *grown = &request->grown;
    struct site_limits limits = limits_of(planning, partition);
    uint64_t memory_mb = most_memory(limits, nodes);
    if (limits.seconds > 0 && grown->walltime_s > limits.seconds) {
        grown->is_most_time = true;
        grown->walltime_s =
            limits.seconds > grown->plain_walltime_s ? limits.seconds : grown->plain_walltime_s;
        request->walltime_s = grown->walltime_s;
    }
    if (memory_mb > 0 && grown->memory_mb > memory_mb) {
        grown->is_most_memory = true;
        grown->memory_mb = memory_mb > grown->plain_memory_mb ? memory_mb : grown->plain_memory_mb;
        request->memory_mb = grown->memory_mb;
    }
}
