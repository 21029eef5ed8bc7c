/* check: all that can be found without running. */
#include "study.h"

#include "cluster_check.h"

/* A previous action that excludes a directory makes the directory wait indefinitely. */
static void warn_of_excluded(struct rowbuild *study, struct diag *diag)
{
    const struct graph *graph = study->graph;
    bool *told = mem_alloc(study->rowfile->action_count * sizeof *told);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task) || graph->blocked_by[n] == GRAPH_NONE ||
            told[graph->tasks[n].action]) {
            continue;
        }
        const struct action *action = graph_action(graph, task);
        struct buf label = BUF_EMPTY;
        told[graph->tasks[n].action] = true;
        graph_add_label(graph, task, &label);
        diag_warning_at(
            diag, &study->rowfile->source, action->name_offset, action->name.len + 2,
            "`%s` can never run: the previous action `%.*s` doesn't include its directory",
            buf_string(&label), SLICE_ARGS(study->rowfile->names[graph->blocked_by[n]]));
        buf_release(&label);
    }
    free(told);
}

static bool input_matches(const struct graph *graph, uint32_t element, size_t input)
{
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (graph->tasks[n].action != element) {
            continue;
        }
        for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
            if (graph->dependencies.at[d].input == input) {
                return true;
            }
        }
    }
    return false;
}

static void warn_of_idle_globs(struct rowbuild *study, struct diag *diag)
{
    for (uint32_t a = 0; a < study->rowfile->action_count; a++) {
        const struct action *action = &study->rowfile->actions[a];
        for (size_t i = 0; i < action->input_count; i++) {
            const struct path_spec *spec = &action->inputs[i];
            if (spec->is_glob && !spec->is_excluded && !input_matches(study->graph, a, i)) {
                diag_warning_at(diag, &study->rowfile->source, spec->offset, spec->length,
                                "action `%.*s`: this input matches no file",
                                SLICE_ARGS(action->name));
            }
        }
    }
}

int rowbuild_check(struct rowbuild *study, struct rowbuild_messages *messages)
{
    struct rowbuild_selection everything = {0};
    int status = study_look(study, &everything, STATE_READ, messages);
    messages_take(messages, &study->own, NULL);
    if (status == ROWBUILD_OK) {
        study_check_values(study, true, &messages->diag);
        warn_of_excluded(study, &messages->diag);
        warn_of_idle_globs(study, &messages->diag);
        cluster_check(&study->clusters, study->cluster, study->graph, &messages->diag);
    }
    if (status == ROWBUILD_OK) {
        status = rowbuild_messages_status(messages);
    }
    messages_settle(messages, status);
    study_drop(study, messages);
    return status;
}
