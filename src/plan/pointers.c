/* Whether values have what templates of commands and environments name. */
#include "plan_inner.h"

#include "text.h"

enum { MOST_ERRORS_SHOWN = 20 };

/* The first pointer of the template that the value lacks. */
static const struct template_part *lacking_part(const struct template *template,
                                                const struct json *value)
{
    for (size_t i = 0; i < template->part_count; i++) {
        const struct json *found;
        if (template->parts[i].kind == TEMPLATE_POINTER &&
            !json_at(value, template->parts[i].text, &found)) {
            return &template->parts[i];
        }
    }
    return NULL;
}

static const struct template_part *lacking_pointer(const struct action *action,
                                                   const struct json *value)
{
    const struct template_part *part = lacking_part(&action->command, value);
    for (size_t i = 0; i < action->environment_count && part == NULL; i++) {
        part = lacking_part(&action->environment[i].value, value);
    }
    return part;
}

static bool has_pointer(const struct template *template)
{
    for (size_t i = 0; i < template->part_count; i++) {
        if (template->parts[i].kind == TEMPLATE_POINTER) {
            return true;
        }
    }
    return false;
}

static bool names_pointers(const struct action *action)
{
    bool names = has_pointer(&action->command);
    for (size_t i = 0; i < action->environment_count && !names; i++) {
        names = has_pointer(&action->environment[i].value);
    }
    return names;
}

static int check_directory(struct plan *plan, const struct action *action, uint32_t directory,
                           size_t *errors, struct diag *diag)
{
    const struct json *value;
    if (workspace_value(plan->graph->workspace, directory, &value, diag) != 0) {
        return -1;
    }
    const struct template_part *part = lacking_pointer(action, value);
    if (part == NULL) {
        return 0;
    }
    if ((*errors)++ < MOST_ERRORS_SHOWN) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, plan->graph->workspace->names[directory]);
        diag_error_at(diag, &plan->graph->rowfile->source, action->command_offset, 1,
                      "action `%.*s`: the value of directory `%s` has nothing at `%.*s`%s",
                      SLICE_ARGS(action->name), buf_string(&name), SLICE_ARGS(part->text),
                      plan->graph->value_column == GRAPH_NONE
                          ? "; set `workspace.value_file` to read values"
                          : "");
        buf_release(&name);
    }
    return -1;
}

int plan_check_pointers(struct plan *plan, bool all, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    size_t errors = 0;
    int result = 0;
    bool all_read = false;
    for (size_t i = 0; i < graph->order_count && errors < MOST_ERRORS_SHOWN; i++) {
        struct task_id task = {graph->order[i]};
        uint8_t verdict = plan->verdicts[task.at];
        const uint32_t *directories;
        size_t count = graph_directories(graph, task, &directories);
        if ((!all && verdict != VERDICT_STALE && verdict != VERDICT_MAYBE) ||
            !names_pointers(graph_action(graph, task))) {
            continue;
        }
        if (!all_read) {
            all_read = true;
            if (workspace_read_values(graph->workspace, diag) != 0) {
                return -1;
            }
        }
        for (size_t d = 0; d < count && errors < MOST_ERRORS_SHOWN; d++) {
            if (check_directory(plan, graph_action(graph, task), directories[d], &errors, diag) !=
                0) {
                result = -1;
            }
        }
    }
    return result;
}
