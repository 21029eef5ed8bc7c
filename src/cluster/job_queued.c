/* Finds the jobs of earlier submissions that can be waited for, and what is in them. */
#include "job_planning.h"

#include "site_names.h"

#include <stdlib.h>
#include <string.h>

bool job_find_queued(const struct job_planning *planning, struct task_id task,
                     struct job_need *need)
{
    const struct job_ref *job = plan_job(planning->plan, task);
    *need = (struct job_need){.job = JOB_NONE, .job_id = job->id, .index = job->index};
    struct slice target = planning->options->target;
    return job->id != 0 && site_is_one(target) &&
           slice_equal(job->cluster, target.at != NULL ? target : planning->options->cluster->name);
}

struct member {
    uint64_t id;
    uint32_t index;
    struct task_id task;
};

static bool is_same(const struct member *a, const struct member *b)
{
    return a->id == b->id && a->index == b->index;
}

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    if (a->id != b->id) {
        return a->id < b->id ? -1 : 1;
    }
    if (a->index != b->index) {
        return a->index < b->index ? -1 : 1;
    }
    return a->task.at < b->task.at ? -1 : a->task.at > b->task.at;
}

void job_queued_find(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    VEC(struct member) members = {0};
    memset(planning->queued_of, 0xff, graph->task_count * sizeof *planning->queued_of);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        struct job_need need;
        if (plan_job(planning->plan, task) != NULL && job_find_queued(planning, task, &need)) {
            vec_push(&members, ((struct member){need.job_id, need.index, task}));
        }
    }
    if (members.count > 1) {
        qsort(members.at, members.count, sizeof *members.at, compare_members);
    }
    for (size_t i = 0; i < members.count; i++) {
        const struct member *member = &members.at[i];
        uint32_t element = graph->tasks[member->task.at].action;
        if (i == 0 || !is_same(&members.at[i - 1], member)) {
            vec_push(&planning->queued,
                     ((struct job_queued){
                         .job_id = member->id, .index = member->index, .element = element}));
        }
        struct job_queued *job = &planning->queued.at[planning->queued.count - 1];
        job->task_count++;
        job->is_mixed = job->is_mixed || element != job->element;
        planning->queued_of[member->task.at] = (uint32_t)planning->queued.count - 1;
    }
    vec_release(&members);
}
