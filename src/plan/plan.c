#include "plan_inner.h"

#include "costs.h"
#include "digest.h"
#include "named.h"
#include "skips.h"
#include "texts.h"

#include <stdlib.h>

struct plan *plan_new(struct graph *graph, int project, const struct plan_options *options)
{
    struct plan *plan = mem_alloc(sizeof *plan);
    size_t action_count = graph->rowfile->action_count;
    *plan = (struct plan){.graph = graph, .project = project, .options = *options};
    arena_init(&plan->arena);
    plan->wanted = mem_alloc(graph->task_count);
    plan->verdicts = mem_alloc(graph->task_count);
    plan->fill_in = mem_alloc(graph->task_count * sizeof(bool));
    plan->resolved = mem_alloc(graph->task_count * sizeof(bool));
    plan->files = mem_alloc(graph->file_count);
    plan->recipe_texts = arena_array(&plan->arena, action_count, sizeof(struct slice));
    plan->recipes = arena_array(&plan->arena, action_count, sizeof(struct digest));
    plan->costs = costs_new();
    for (size_t i = 0; i < action_count; i++) {
        plan->recipe_texts[i] = plan_recipe_text(&graph->rowfile->actions[i], &plan->arena);
        plan->recipes[i] = digest_of(plan->recipe_texts[i]);
    }
    plan->skips = skips_new(graph);
    return plan;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    free(plan->wanted);
    free(plan->members);
    free(plan->verdicts);
    free(plan->fill_in);
    free(plan->needed);
    free(plan->may_be_needed);
    free(plan->resolved);
    free(plan->stays);
    skips_free(plan->skips);
    targets_free(plan->targets);
    free(plan->files);
    free(plan->troubles);
    named_free(plan->named);
    costs_free(plan->costs);
    vec_release(&plan->scratch);
    buf_release(&plan->path);
    arena_release(&plan->arena);
    free(plan);
}

void plan_set_earlier(struct plan *plan, const uint8_t *earlier)
{
    plan->earlier = earlier;
}

bool plan_is_further_round(const struct plan *plan)
{
    return plan->earlier != NULL;
}

void plan_attach(struct plan *plan, struct state *state, struct observer *observer)
{
    const struct graph *graph = plan->graph;
    named_free(plan->named); /* its places are of another state */
    plan->named = NULL;
    plan->state = state;
    plan->observer = observer;
    observer_set_rules(observer, &graph->rules);
    size_t slots = graph->workspace->count * graph->directory_action_count;
    state_bind(state, &(struct state_layout){
                          .directories = graph->workspace->names,
                          .directory_count = graph->workspace->count,
                          .columns = graph->columns,
                          .column_count = graph->column_count,
                          .actions = graph->directory_actions,
                          .action_count = graph->directory_action_count,
                          .other_files = graph->other_files.names,
                          .other_file_count = graph->other_files.count,
                          .other_tasks = graph->other_tasks.names,
                          .other_task_count = graph->task_count - slots,
                      });
}

void plan_set_jobs(struct plan *plan, const struct job_ref *const *jobs, const char *const *endings)
{
    plan->jobs = jobs;
    plan->endings = endings;
}

void plan_set_job_traces(struct plan *plan, const struct job_traces *const *traces)
{
    plan->traces = traces;
}

/* ---- What a plan says ---- */

struct graph *plan_graph(const struct plan *plan)
{
    return plan->graph;
}

struct digest plan_recipe(const struct plan *plan, uint32_t element)
{
    return plan->recipes[element];
}

struct state *plan_state(const struct plan *plan)
{
    return plan->state;
}

struct observer *plan_observer(const struct plan *plan)
{
    return plan->observer;
}

int plan_project(const struct plan *plan)
{
    return plan->project;
}

uint8_t plan_verdict(const struct plan *plan, struct task_id task)
{
    return plan->verdicts[task.at];
}

unsigned plan_wanted(const struct plan *plan, struct task_id task)
{
    return plan->wanted[task.at];
}

const struct job_ref *plan_job(const struct plan *plan, struct task_id task)
{
    return plan->jobs != NULL ? plan->jobs[task.at] : NULL;
}

const char *plan_ending(const struct plan *plan, struct task_id task)
{
    return plan->endings != NULL ? plan->endings[task.at] : NULL;
}

const struct job_traces *plan_job_traces(const struct plan *plan, struct task_id task)
{
    return plan->traces != NULL ? plan->traces[task.at] : NULL;
}

bool plan_is_member(const struct plan *plan, uint32_t directory)
{
    return plan->members == NULL || plan->members[directory] != 0;
}

enum file_status plan_status(const struct plan *plan, struct file_id file)
{
    return (enum file_status)plan->files[file.at];
}

bool plan_fills_in(const struct plan *plan, struct task_id task)
{
    return plan->fill_in[task.at];
}

bool plan_is_for_cluster(const struct plan *plan)
{
    return plan->options.on_cluster;
}

bool plan_reruns(const struct plan *plan)
{
    return plan->options.rerun;
}

size_t plan_completed(const struct plan *plan)
{
    return plan->completed;
}

size_t plan_adopted(const struct plan *plan)
{
    return plan->adopted;
}

void plan_resolve(struct plan *plan, struct task_id task)
{
    plan->resolved[task.at] = true;
}

bool plan_is_resolved(const struct plan *plan, struct task_id task)
{
    return plan->resolved[task.at];
}
