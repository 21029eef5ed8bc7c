/* Lets submissions that take of the same pools wait for each other, where the cluster counts no licences: a
 * limit of how many jobs run at a time holds for one array only.
 *
 * Each unit of a pool is handed from one submission to the next. Who takes it waits until the one that had
 * it before has ended, well or not. What is in the queue already comes first.
 *
 * A holder that is cancelled before it starts has never had its units: those before it may still have them.
 * Slurm cancels it when a job fails on whose success it depends, so who comes after it waits for those before
 * it, too. Without such a dependency only the user cancels it, and then it is enough to wait for some of them,
 * so that the waits of many single jobs stay few. */
#include "job_planning.h"
#include "saturating.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BEFORE = 16 }; /* of a holder that only the user cancels */

struct waits {
    VEC(struct planned_dependency) all;
};

struct holding {       /* units of a pool, and who has them */
    size_t submission; /* of this plan, or JOB_PLAN_EARLIER */
    uint64_t job_id;   /* with JOB_PLAN_EARLIER; 0: nobody */
    uint64_t units;
    bool may_be_cancelled; /* by Slurm, before it starts */
    struct waits before;   /* from whom these have their units, the last ones first */
};

struct pool_line {
    VEC(struct holding) all;
    size_t first; /* earlier ones have given theirs away */
};

static bool is_waited_for(const struct waits *waits, const struct planned_dependency *wait)
{
    for (size_t i = 0; i < waits->all.count; i++) {
        const struct planned_dependency *known = &waits->all.at[i];
        if (known->submission == wait->submission && known->job_id == wait->job_id &&
            !known->corresponding && known->index_count == 0) {
            return true;
        }
    }
    return false;
}

static void add_wait(struct waits *waits, const struct planned_dependency *wait)
{
    if (!is_waited_for(waits, wait)) {
        vec_push(&waits->all, *wait);
    }
}

/* Takes the units that were handed on longest ago. */
static void take_units(struct pool_line *line, struct holding taker)
{
    size_t from = line->first;
    size_t end = from;
    for (uint64_t left = taker.units; left > 0 && line->first < line->all.count;) {
        struct holding *holding = &line->all.at[line->first];
        uint64_t units = holding->units < left ? holding->units : left;
        end = line->first + 1;
        left -= units;
        holding->units -= units;
        line->first += holding->units == 0;
    }
    for (size_t h = from; h < end; h++) {
        const struct holding *holding = &line->all.at[h];
        struct planned_dependency wait = {
            .submission = holding->submission, .job_id = holding->job_id, .any_end = true};
        if (holding->submission != JOB_PLAN_EARLIER || holding->job_id != 0) {
            add_wait(&taker.before, &wait);
        }
    }
    for (size_t h = from; h < end; h++) {
        const struct holding *holding = &line->all.at[h];
        size_t count = holding->before.all.count;
        size_t most = holding->may_be_cancelled || count < MOST_BEFORE ? count : MOST_BEFORE;
        for (size_t i = 0; i < most; i++) {
            add_wait(&taker.before, &holding->before.all.at[i]);
        }
    }
    vec_push(&line->all, taker);
}

/* The units that jobs have at a time, at most. `throttle`: of an array; 0: none. */
static uint64_t units_of(const struct pool *pool, uint64_t each, uint64_t commands, uint64_t jobs,
                         uint64_t throttle)
{
    uint64_t taken = saturating_product(each, commands);
    taken = taken < pool->count ? taken : pool->count;
    uint64_t most = taken > 0 ? pool->count / taken : 0;
    most = throttle > 0 && throttle < most ? throttle : most;
    return taken * (jobs < most ? jobs : most);
}

/* What a job in the queue has at a time. A bundle's tasks take turns. */
static uint64_t units_of_queued(const struct job_planning *planning, const struct job_queued *job,
                                unsigned number)
{
    const struct rowfile *rowfile = plan_graph(planning->plan)->rowfile;
    const struct action *action = &rowfile->actions[job->element];
    const struct resource_spec *resources = &action->resources;
    uint64_t each = number < resources->pool_count ? resources->pools[number] : 0;
    struct job_request request = job_request_of(action, job->is_mixed ? 1 : job->task_count);
    return units_of(&rowfile->pools[number], each, request.commands, 1, 0);
}

/* What is in the queue, selected or not, in the order in which it was submitted. How each of them waits isn't
 * known, so all may be cancelled. */
static void add_queued(const struct job_planning *planning, unsigned number, struct pool_line *line)
{
    const struct pool *pool = &plan_graph(planning->plan)->rowfile->pools[number];
    for (size_t i = 0; i < planning->queued.count;) {
        struct holding whole = {.submission = JOB_PLAN_EARLIER,
                                .job_id = planning->queued.at[i].job_id,
                                .may_be_cancelled = true};
        while (i < planning->queued.count && planning->queued.at[i].job_id == whole.job_id) {
            whole.units += units_of_queued(planning, &planning->queued.at[i++], number);
        }
        whole.units = whole.units < pool->count ? whole.units : pool->count;
        if (whole.units > 0) {
            take_units(line, whole);
        }
    }
}

static bool may_be_cancelled(const struct planned_submission *submission)
{
    bool may = false;
    for (size_t i = 0; i < submission->dependency_count && !may; i++) {
        may = !submission->dependencies[i].any_end;
    }
    return may;
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
            vec_push(&line.all,
                     ((struct holding){.submission = JOB_PLAN_EARLIER, .units = pool->count}));
            add_queued(planning, number, &line);
        }
        const struct job_request *request = &submission->request;
        struct holding taker = {
            .submission = s,
            .units = units_of(pool, each, request->commands, submission->job_count,
                              job_request_throttle(request, planning->options->throttle)),
            .may_be_cancelled = may_be_cancelled(submission)};
        take_units(&line, taker);
        const struct holding *taken = &line.all.at[line.all.count - 1];
        for (size_t i = 0; i < taken->before.all.count; i++) {
            add_wait(&waits[s], &taken->before.all.at[i]);
        }
    }
    vec_each (struct holding, holding, &line.all) {
        vec_release(&holding->before.all);
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
