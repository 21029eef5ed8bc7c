/* Actions and tasks in a crate: what was to be done, and what was done. */
#include "crate_inner.h"

#include "command_text.h"

#include <inttypes.h>
#include <stdlib.h>

static struct slice name_of(const struct crate *crate, uint32_t name_id)
{
    return crate->graph->rowfile->names[name_id];
}

static uint32_t name_id_of(const struct crate *crate, struct task_id task)
{
    return graph_action(crate->graph, task)->name_id;
}

/* ---- Actions ---- */

/* The tool that a step ran: an action with the recipe that it had then. */
static struct slice add_tool(struct crate *crate, const struct story_step *step)
{
    uint32_t name_id = name_id_of(crate, step->task);
    struct crate_action *action = &crate->actions[name_id];
    struct buf digest = BUF_EMPTY;
    if (digest_is_content(step->recipe)) {
        digest_format(step->recipe, &digest);
    }
    struct slice id = crate_id(crate, "#action/", name_of(crate, name_id), buf_slice(&digest));
    bool is_known = false;
    vec_each (const struct slice, known, &action->tools) {
        is_known = is_known || slice_equal(*known, id);
    }
    if (!is_known) {
        vec_push(&action->tools, id);
    }
    action->is_used = true;
    buf_release(&digest);
    return id;
}

static void add_description(struct crate *crate, struct slice interpreter, struct slice command)
{
    struct buf text = BUF_EMPTY;
    if (command.at != NULL) {
        buf_add_slice(&text, interpreter);
        buf_add_string(&text, ": ");
        buf_add_slice(&text, command);
        crate_string(crate, "description", buf_slice(&text));
    }
    buf_release(&text);
}

/* The parameter that a product is an example of, by the action's list; empty: the action's list is
 * another one by now. */
static struct slice add_output(struct crate *crate, const struct story_step *step, size_t place)
{
    const struct action *action = graph_action(crate->graph, step->task);
    const struct story_file *product = &step->products.at[place];
    if (step->products.count != action->product_count) {
        return SLICE_LITERAL("");
    }
    struct crate_action *own = &crate->actions[action->name_id];
    struct slice pattern = action->products[place].text;
    struct slice id = crate_id(crate, "#product/", action->name, pattern);
    if (crate_begin(crate, id, "FormalParameter")) {
        crate_string(crate, "name", pattern);
        crate_string(crate, "additionalType",
                     product->is_folder ? SLICE_LITERAL("Dataset") : SLICE_LITERAL("File"));
        crate_end(crate);
        vec_push(&own->outputs, id);
    }
    return id;
}

/* How far from the beginning each action is: after all that come before it. */
static void find_positions(struct crate *crate)
{
    const struct graph *graph = crate->graph;
    bool moved = true;
    for (size_t round = 0; moved && round < graph->rowfile->name_count; round++) {
        moved = false;
        for (size_t i = 0; i < graph->order_count; i++) {
            struct task_id task = {graph->order[i]};
            struct crate_action *action = &crate->actions[name_id_of(crate, task)];
            for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1];
                 e++) {
                const struct crate_action *before =
                    &crate->actions[name_id_of(crate, graph->before.at[e].task)];
                if (before != action && action->position <= before->position) {
                    action->position = before->position + 1;
                    moved = true;
                }
            }
        }
    }
}

static void add_tools(struct crate *crate, uint32_t name_id, id_list *tools)
{
    struct crate_action *action = &crate->actions[name_id];
    vec_each (const struct story_step, step, &crate->story.steps) {
        if (name_id_of(crate, step->task) != name_id) {
            continue;
        }
        struct slice id = add_tool(crate, step);
        if (crate_begin(crate, id, "SoftwareApplication")) {
            crate_string(crate, "name", name_of(crate, name_id));
            add_description(crate, step->interpreter, step->command);
            crate_references(crate, "input", &action->inputs);
            crate_references(crate, "output", &action->outputs);
            crate_end(crate);
            vec_push(tools, id);
        }
    }
}

void crate_add_actions(struct crate *crate, id_list *steps, id_list *tools, id_list *outputs)
{
    find_positions(crate);
    for (uint32_t n = 0; n < crate->graph->rowfile->name_count; n++) {
        struct crate_action *action = &crate->actions[n];
        if (!action->is_used) {
            continue;
        }
        add_tools(crate, n, tools);
        struct slice id = crate_id(crate, "#step/", name_of(crate, n), SLICE_LITERAL(""));
        if (crate_begin(crate, id, "HowToStep")) {
            struct buf position = BUF_EMPTY;
            buf_addf(&position, "%" PRIu64, action->position);
            crate_string(crate, "name", name_of(crate, n));
            crate_string(crate, "position", buf_slice(&position));
            crate_references(crate, "workExample", &action->tools);
            crate_end(crate);
            buf_release(&position);
        }
        vec_push(steps, id);
        vec_each (const struct slice, output, &action->outputs) {
            vec_push(outputs, *output);
        }
    }
}

/* ---- Tasks ---- */

struct used {
    id_list objects;
    id_list results;
    id_list environment;
};

static int add_files(struct crate *crate, const struct story_step *step, struct used *used)
{
    vec_each (const struct story_file, input, &step->inputs) {
        size_t before = used->objects.count;
        if (crate_add_file(crate, input, SLICE_LITERAL(""), &used->objects) != 0) {
            return -1;
        }
        for (size_t i = before; i < used->objects.count && input->maker.at == GRAPH_NONE; i++) {
            crate_add_once(&crate->object_ids, &crate->objects, used->objects.at[i]);
        }
    }
    for (size_t i = 0; i < step->products.count; i++) {
        size_t before = used->results.count;
        struct slice parameter = add_output(crate, step, i);
        if (crate_add_file(crate, &step->products.at[i], parameter, &used->results) != 0) {
            return -1;
        }
        for (size_t r = before; r < used->results.count; r++) {
            crate_add_once(&crate->result_ids, &crate->results, used->results.at[r]);
        }
    }
    return 0;
}

/* "NAME=template" each, as PropertyValues of the action. */
static void add_environment(struct crate *crate, const struct story_step *step, struct slice tool,
                            id_list *ids)
{
    struct slice all = step->environment;
    for (size_t at = 0; at < all.len;) {
        const char *end = memchr(all.at + at, '\0', all.len - at);
        size_t stop = end != NULL ? (size_t)(end - all.at) : all.len;
        const char *equals = memchr(all.at + at, '=', stop - at);
        if (equals != NULL) {
            struct slice name = slice_make(all.at + at, (size_t)(equals - all.at) - at);
            struct slice value = slice_make(equals + 1, stop - (size_t)(equals - all.at) - 1);
            struct buf prefix = BUF_EMPTY;
            buf_addf(&prefix, "%s/variable/", tool.at);
            struct slice id = crate_id(crate, buf_string(&prefix), name, SLICE_LITERAL(""));
            if (crate_begin(crate, id, "PropertyValue")) {
                crate_string(crate, "name", name);
                crate_string(crate, "value", value);
                crate_end(crate);
            }
            vec_push(ids, id);
            buf_release(&prefix);
        }
        at = stop + 1;
    }
}

/* The command as it ran, after the lines of `setup` and with its launcher. */
static void add_command(struct crate *crate, const struct story_step *step)
{
    struct buf text = BUF_EMPTY;
    struct buf command = BUF_EMPTY;
    bool is_known = command_text_add(crate->plan, step, &command);
    if (step->run.setup.len > 0) {
        buf_add_slice(&text, step->run.setup);
        buf_add_char(&text, '\n');
    }
    if (step->run.launcher.len > 0) {
        buf_add_slice(&text, step->run.launcher);
        buf_add_char(&text, ' ');
    }
    buf_add_slice(&text, is_known ? buf_slice(&command) : step->command);
    add_description(crate, command_text_shell(step),
                    step->command.at != NULL ? buf_slice(&text) : (struct slice){0});
    buf_release(&command);
    buf_release(&text);
}

static void add_task(struct crate *crate, const struct story_step *step, struct slice id,
                     struct slice tool, const struct used *used)
{
    static const char nobody_saw[] = "Recorded as it was: nobody saw it being made.";
    struct slice user = crate_user(crate, step);
    struct slice host = crate_host(crate, step);
    struct buf label = BUF_EMPTY;
    graph_add_label(crate->graph, step->task, &label);
    crate_begin(crate, id, "CreateAction");
    crate_string(crate, "name", buf_slice(&label));
    if (step->how == SUCCESS_RAN) {
        add_command(crate, step);
    } else {
        crate_string(crate, "description", slice_of(nobody_saw));
    }
    crate_reference(crate, "instrument", tool);
    crate_references(crate, "object", &used->objects);
    crate_references(crate, "result", &used->results);
    if (step->how == SUCCESS_RAN) {
        crate_references(crate, "environment", &used->environment);
        crate_time(crate, "startTime", step->started_at_ns);
        crate_time(crate, "endTime", step->finished_at_ns);
        crate_reference(crate, "agent", user);
        crate_reference(crate, "location", host);
        crate_reference(crate, "actionStatus",
                        SLICE_LITERAL("http://schema.org/CompletedActionStatus"));
    }
    crate_end(crate);
    buf_release(&label);
}

static int add_step(struct crate *crate, const struct story_step *step)
{
    struct used used = {0};
    struct buf key = BUF_EMPTY;
    uint32_t name_id = name_id_of(crate, step->task);
    graph_add_key(crate->graph, step->task, &key);
    struct slice tool = add_tool(crate, step);
    int result = add_files(crate, step, &used);
    if (result == 0) {
        struct slice id = crate_id(crate, "#task/", buf_slice(&key), SLICE_LITERAL(""));
        struct slice control = crate_id(crate, "#control/", buf_slice(&key), SLICE_LITERAL(""));
        crate_add_values(crate, step, &crate->actions[name_id], &used.objects);
        add_environment(crate, step, tool, &used.environment);
        add_task(crate, step, id, tool, &used);
        if (crate_begin(crate, control, "ControlAction")) {
            struct buf name = BUF_EMPTY;
            buf_addf(&name, "orchestrate %s", buf_string(&key));
            crate_string(crate, "name", buf_slice(&name));
            crate_reference(crate, "instrument",
                            crate_id(crate, "#step/", name_of(crate, name_id), SLICE_LITERAL("")));
            crate_reference(crate, "object", id);
            crate_end(crate);
            buf_release(&name);
        }
        vec_push(&crate->mentions, id);
        crate_add_to_run(crate, step, control);
    }
    vec_release(&used.objects);
    vec_release(&used.results);
    vec_release(&used.environment);
    buf_release(&key);
    return result;
}

int crate_add_steps(struct crate *crate)
{
    /* The makers of an input come first. */
    for (size_t i = crate->story.steps.count; i-- > 0;) {
        if (add_step(crate, &crate->story.steps.at[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
