#include "plan_inner.h"

#include "digest.h"
#include "texts.h"

#include <stdlib.h>

struct plan *plan_new(struct graph *graph, struct state *state, struct observer *observer,
                      int project, const struct plan_options *options)
{
    struct plan *plan = mem_alloc(sizeof *plan);
    size_t action_count = graph->rowfile->action_count;
    *plan = (struct plan){.graph = graph,
                          .state = state,
                          .observer = observer,
                          .project = project,
                          .options = *options};
    arena_init(&plan->arena);
    plan->wanted = mem_alloc(graph->task_count);
    plan->verdicts = mem_alloc(graph->task_count);
    plan->fill_in = mem_alloc(graph->task_count * sizeof(bool));
    plan->resolved = mem_alloc(graph->task_count * sizeof(bool));
    plan->files = mem_alloc(graph->file_count);
    plan->recipe_texts = arena_array(&plan->arena, action_count, sizeof(struct slice));
    plan->recipes = arena_array(&plan->arena, action_count, sizeof(struct digest));
    plan->mean_seconds = arena_array(&plan->arena, action_count, sizeof(double));
    for (size_t i = 0; i < action_count; i++) {
        plan->recipe_texts[i] = plan_recipe_text(&graph->rowfile->actions[i], &plan->arena);
        plan->recipes[i] = digest_of(plan->recipe_texts[i]);
    }
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
    free(plan->resolved);
    free(plan->files);
    free(plan->troubles);
    vec_release(&plan->scratch);
    buf_release(&plan->path);
    arena_release(&plan->arena);
    free(plan);
}

void plan_bind(struct graph *graph, struct state *state)
{
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
