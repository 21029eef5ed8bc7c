#include "texts.h"

#include "digest.h"

/* Shell, command and environment, each ended by NUL: one text that both the digest and the
 * explanation are made from. */
struct slice plan_recipe_text(const struct action *action, struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    buf_add_slice(&text, action->interpreter.text);
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

/* Appends {"/pointer":value,…} with the pointers that count and are there. */
static void add_counting_pointers(const struct action *action, const struct json *value,
                                  plan_spell_fn *spell, struct buf *out)
{
    const char *separator = "";
    buf_add_char(out, '{');
    for (size_t i = 0; i < action->value_input_count; i++) {
        const struct json *found;
        if (json_at(value, action->value_inputs[i], &found)) {
            struct json *pointer = json_new_string(action->value_inputs[i]);
            buf_add_string(out, separator);
            json_add_canonical(pointer, out);
            buf_add_char(out, ':');
            spell(found, out);
            separator = ",";
            json_free(pointer);
        }
    }
    buf_add_char(out, '}');
}

void plan_add_counting(const struct action *action, const struct json *value, plan_spell_fn *spell,
                       struct buf *out)
{
    if (action->value_inputs_given) {
        add_counting_pointers(action, value, spell, out);
    } else {
        spell(value, out);
    }
}

void plan_keep_texts(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    const struct graph_task *entry = &graph->tasks[task.at];
    const struct action *action = graph_action(graph, task);
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct buf text = BUF_EMPTY;
    state_put_text(plan->state, plan->recipes[entry->action], plan->recipe_texts[entry->action]);
    for (size_t i = 0; i < count && graph->value_column != GRAPH_NONE; i++) {
        const struct json *value;
        struct json *made;
        if (workspace_peek_value(graph->workspace, directories[i], &value, &made)) {
            struct digest digest;
            buf_clear(&text);
            plan_add_counting(action, value, json_add_canonical, &text);
            digest = digest_of(buf_slice(&text));
            buf_clear(&text);
            plan_add_counting(action, value, json_add_text, &text); /* 1.0 stays 1.0 */
            state_put_text(plan->state, digest, buf_slice(&text));
            json_free(made);
        }
    }
    buf_release(&text);
}
