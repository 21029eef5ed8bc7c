/* Lets submissions that take of the same pools wait for each other, where the cluster counts no licences: a
 * limit of how many jobs run at a time holds for one array only.
 *
 * Each unit of a pool is handed from one submission to the next. Who takes it waits until the one that had
 * it before has ended, well or not. What is in the queue already comes first. */
#include "job_planning.h"
#include "saturating.h"

#include <stdlib.h>
#include <string.h>

struct holding {       /* units of a pool, and who has them */
    size_t submission; /* of this plan, or JOB_PLAN_EARLIER */
    uint64_t job_id;   /* with JOB_PLAN_EARLIER; 0: nobody */
    uint64_t units;
};

struct pool_line {
    VEC(struct holding) all;
    size_t first; /* earlier ones have given theirs away */
};

struct waits {
    VEC(struct planned_dependency) all;
};

static bool is_waited_for(const struct waits *waits, const struct holding *holding)
{
    for (size_t i = 0; i < waits->all.count; i++) {
        const struct planned_dependency *known = &waits->all.at[i];
        if (known->submission == holding->submission && known->job_id == holding->job_id &&
            !known->corresponding && known->index_count == 0) {
            return true;
        }
    }
    return false;
}

/* Takes the units that were handed on longest ago. Dependencies are added to `waits`, unless it is NULL. */
static void take_units(struct pool_line *line, struct holding taker, struct waits *waits)
{
    for (uint64_t left = taker.units; left > 0 && line->first < line->all.count;) {
        struct holding *holding = &line->all.at[line->first];
        uint64_t units = holding->units < left ? holding->units : left;
        bool is_held = holding->submission != JOB_PLAN_EARLIER || holding->job_id != 0;
        if (waits != NULL && is_held && !is_waited_for(waits, holding)) {
            struct planned_dependency dependency = {
                .submission = holding->submission, .job_id = holding->job_id, .any_end = true};
            vec_push(&waits->all, dependency);
        }
        left -= units;
        holding->units -= units;
        line->first += holding->units == 0;
    }
    vec_push(&line->all, taker);
}

/* The units that jobs of an action have at a time, at most. */
static uint64_t units_of(const struct pool *pool, uint64_t each, uint64_t commands, uint64_t jobs)
{
    uint64_t taken = saturating_product(each, commands);
    taken = taken < pool->count ? taken : pool->count;
    uint64_t most = taken > 0 ? pool->count / taken : 0;
    return taken * (jobs < most ? jobs : most);
}

static int compare_ids(const void *left, const void *right)
{
    const struct holding *a = left;
    const struct holding *b = right;
    return a->job_id < b->job_id ? -1 : a->job_id > b->job_id;
}

/* What is in the queue, selected or not, in the order in which it was submitted. */
static void add_queued(const struct job_planning *planning, unsigned number, struct pool_line *line)
{
    const struct graph *graph = plan_graph(planning->plan);
    const struct pool *pool = &graph->rowfile->pools[number];
    VEC(struct holding) queued = {0};
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        struct job_need need;
        if (plan_job(planning->plan, task) == NULL || !job_find_queued(planning, task, &need)) {
            continue;
        }
        const struct resource_spec *resources = &graph_action(graph, task)->resources;
        uint64_t each = number < resources->pool_count ? resources->pools[number] : 0;
        if (each > 0) {
            vec_push(&queued, ((struct holding){JOB_PLAN_EARLIER, need.job_id, each}));
        }
    }
    if (queued.count > 1) {
        qsort(queued.at, queued.count, sizeof *queued.at, compare_ids);
    }
    for (size_t i = 0; i < queued.count;) {
        struct holding whole = {JOB_PLAN_EARLIER, queued.at[i].job_id, 0};
        while (i < queued.count && queued.at[i].job_id == whole.job_id) {
            whole.units += queued.at[i++].units;
        }
        whole.units = whole.units < pool->count ? whole.units : pool->count;
        take_units(line, whole, NULL);
    }
    vec_release(&queued);
}

/* Those of a plan that take of the pool. */
static void hand_on(struct job_planning *planning, unsigned number, struct waits *waits)
{
    struct job_plan *made = planning->made;
    const struct rowfile *rowfile = plan_graph(planning->plan)->rowfile;
    const struct pool *pool = &rowfile->pools[number];
    struct pool_line line = {.first = 0};
    bool begun = false;
    for (size_t s = 0; s < made->submissions.count; s++) {
        const struct planned_submission *submission = &made->submissions.at[s];
        const struct resource_spec *resources = &rowfile->actions[submission->element].resources;
        uint64_t each = number < resources->pool_count ? resources->pools[number] : 0;
        if (each == 0) {
            continue;
        }
        if (!begun) {
            begun = true;
            vec_push(&line.all, ((struct holding){JOB_PLAN_EARLIER, 0, pool->count}));
            add_queued(planning, number, &line);
        }
        struct holding taker = {
            s, 0, units_of(pool, each, submission->request.commands, submission->job_count)};
        take_units(&line, taker, &waits[s]);
    }
    vec_release(&line.all);
}

void job_pools_queue(struct job_planning *planning)
{
    struct job_plan *made = planning->made;
    const struct rowfile *rowfile = plan_graph(planning->plan)->rowfile;
    const struct site *site = planning->options->site;
    struct waits *waits = mem_alloc((made->submissions.count + 1) * sizeof *waits);
    for (size_t s = 0; s < made->submissions.count; s++) {
        const struct planned_submission *submission = &made->submissions.at[s];
        for (size_t i = 0; i < submission->dependency_count; i++) {
            vec_push(&waits[s].all, submission->dependencies[i]);
        }
    }
    for (unsigned number = 0; number < rowfile->pool_count && site != NULL; number++) {
        if (!site_has_licence(site, rowfile->pools[number].name)) {
            hand_on(planning, number, waits);
        }
    }
    made->pool_waits = 0;
    for (size_t s = 0; s < made->submissions.count; s++) {
        struct planned_submission *submission = &made->submissions.at[s];
        if (waits[s].all.count > submission->dependency_count) {
            struct planned_dependency *kept =
                arena_array(&made->arena, waits[s].all.count, sizeof *kept);
            memcpy(kept, waits[s].all.at, waits[s].all.count * sizeof *kept);
            submission->dependencies = kept;
            submission->dependency_count = waits[s].all.count;
            made->pool_waits++;
        }
        vec_release(&waits[s].all);
    }
    free(waits);
}
