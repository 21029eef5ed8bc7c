#include "plan.h"

#include "digest.h"
#include "resources.h"
#include "saturating.h"

#include <stdlib.h>

/* Shell, command and environment, each ended by NUL: one text that both the digest and the
 * explanation are made from. */
static struct slice recipe_text(const struct action *action, struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    buf_add_slice(&text, action->shell);
    buf_add_char(&text, '\0');
    buf_add_slice(&text, action->command.text);
    buf_add_char(&text, '\0');
    for (size_t i = 0; i < action->environment_count; i++) {
        buf_add_slice(&text, action->environment[i].name);
        buf_add_char(&text, '=');
        buf_add_slice(&text, action->environment[i].value.text);
        buf_add_char(&text, '\0');
    }
    struct slice kept = arena_slice(arena, buf_slice(&text));
    buf_release(&text);
    return kept;
}

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
        plan->recipe_texts[i] = recipe_text(&graph->rowfile->actions[i], &plan->arena);
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
                          .other_tasks = graph->other_keys,
                          .other_task_count = graph->task_count - slots,
                      });
}

const char *plan_path(struct plan *plan, struct file_id file)
{
    buf_clear(&plan->path);
    graph_add_path(plan->graph, file, &plan->path);
    return buf_string(&plan->path);
}

unsigned plan_cores(const struct plan *plan, struct task_id task)
{
    const struct resource_spec *resources = &graph_action(plan->graph, task)->resources;
    const uint32_t *directories;
    uint64_t processes =
        resources_processes(resources, graph_directories(plan->graph, task, &directories));
    uint64_t cores = saturating_product(processes, resources->threads_per_process);
    return cores > UINT32_MAX ? UINT32_MAX : (unsigned)cores;
}

double plan_seconds(const struct plan *plan, struct task_id task)
{
    const struct task_row *row = state_task(plan->state, task.at);
    if (row->success == SUCCESS_RAN && row->duration_s > 0) {
        return row->duration_s;
    }
    uint32_t element = plan->graph->tasks[task.at].action;
    if (plan->mean_seconds[element] > 0) {
        return plan->mean_seconds[element];
    }
    const struct resource_spec *resources = &plan->graph->rowfile->actions[element].resources;
    const uint32_t *directories;
    size_t count = graph_directories(plan->graph, task, &directories);
    return resources->walltime_per_directory && count > 1 ? resources->walltime_s * (double)count
                                                          : resources->walltime_s;
}
