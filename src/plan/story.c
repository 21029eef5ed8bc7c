#include "story.h"

#include "named.h"
#include "names.h"
#include "plan_inner.h"
#include "stamps.h"

#include <stdlib.h>
#include <string.h>

struct teller {
    struct plan *plan;
    struct story *story;
    bool *is_met; /* by task */
    VEC(struct task_id) open;
    struct buf path;
};

static bool has_story(const struct plan *plan, struct task_id task)
{
    return task.at != GRAPH_NONE && state_task(plan->state, task.at)->success != SUCCESS_NONE;
}

static void meet(struct teller *teller, struct task_id task)
{
    if (has_story(teller->plan, task) && !teller->is_met[task.at]) {
        teller->is_met[task.at] = true;
        vec_push(&teller->open, task);
    }
}

/* The path of what a component names. The name of a part of a folder has what counts of it after a
 * NUL. */
static struct slice path_of(struct teller *teller, struct task_id task,
                            const struct component *component)
{
    const struct graph *graph = teller->plan->graph;
    const char *end =
        component->name.len > 0 ? memchr(component->name.at, '\0', component->name.len) : NULL;
    size_t len = end != NULL ? (size_t)(end - component->name.at) : component->name.len;
    buf_clear(&teller->path);
    if (component->in_directory) {
        plan_add_directory(graph, graph->tasks[task.at].directory, &teller->path);
    }
    buf_add(&teller->path, component->name.at, len);
    return arena_slice(&teller->story->names, buf_slice(&teller->path));
}

/* The file of the task that a component names, by its whole name; GRAPH_NONE: today's Rowfile
 * doesn't list it. */
static struct file_id input_of(struct teller *teller, struct task_id task,
                               const struct component *component, bool *is_listed)
{
    const struct graph *graph = teller->plan->graph;
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        struct file_id file = graph->dependencies.at[d].file;
        bool in_directory;
        struct slice name = plan_component_name(teller->plan, task, file, &in_directory);
        if (in_directory == component->in_directory && slice_equal(name, component->name)) {
            *is_listed = graph->dependencies.at[d].input != DEPENDENCY_UPSTREAM;
            return file;
        }
    }
    return (struct file_id){GRAPH_NONE};
}

/* What the record of the maker says of a product now. */
static struct digest recorded_product(struct teller *teller, struct origin origin)
{
    return plan_recorded_digest(teller->plan, origin.task, COMPONENT_PRODUCT, origin.product);
}

/* What became of a file that was recorded with this digest, by how it was last seen. `is_fresh`: the
 * task is up to date. What doesn't count of a folder by today's rules may have counted: who decides
 * knows. */
static enum story_state state_now(struct digest recorded, enum file_status status,
                                  const struct file_row *row, bool is_fresh)
{
    if (!digest_is_content(recorded)) {
        return STORY_UNKNOWN;
    }
    switch (status) {
    case FILE_GONE:
        return STORY_MISSING;
    case FILE_TROUBLE:
    case FILE_MOVING:
        return STORY_UNREADABLE;
    default:
        break;
    }
    bool stands = plan_is_stamp(recorded) ? observed_is_empty(row) : observed_equal(recorded, row);
    return is_fresh || stands ? STORY_AS_RECORDED : STORY_CHANGED;
}

static void note_state(struct teller *teller, struct task_id task, struct file_id file,
                       struct story_file *found)
{
    struct plan *plan = teller->plan;
    if (file.at != GRAPH_NONE) {
        const struct file_row *row = state_file(plan->state, file.at);
        found->now = state_now(found->digest, (enum file_status)plan->files[file.at], row,
                               plan->verdicts[task.at] == VERDICT_FRESH);
        found->now = plan_is_deleted(plan, file) ? STORY_DELETED : found->now;
        found->is_folder = (row->flags & FILE_ROW_DIRECTORY) != 0;
        found->view = plan_view(plan, file);
        if (found->view != NULL && found->view->globs != NULL) {
            found->place = arena_slice(&teller->story->names, slice_of(plan_path(plan, file)));
        }
    }
}

/* The steps that made an input, and which of them is its maker. */
static void add_makers(struct teller *teller, struct file_id file, struct story_file *input)
{
    const struct graph *graph = teller->plan->graph;
    for (size_t i = 0; file.at != GRAPH_NONE && i < graph_origin_count(graph, file); i++) {
        struct origin origin = graph_origin(graph, file, i);
        meet(teller, origin.task);
        if (input->maker.at == GRAPH_NONE && has_story(teller->plan, origin.task)) {
            struct digest made = recorded_product(teller, origin);
            input->maker = origin.task;
            input->was_remade = origin.product.at == file.at && digest_is_content(made) &&
                                digest_is_content(input->digest) && !plan_is_stamp(input->digest) &&
                                !digest_equal(made, input->digest);
        }
    }
}

static void add_input(struct teller *teller, struct story_step *step,
                      const struct component *component)
{
    struct story_file input = {
        .path = path_of(teller, step->task, component),
        .digest = component->digest,
        .maker = {GRAPH_NONE},
        .now = STORY_UNKNOWN,
    };
    struct file_id file = input_of(teller, step->task, component, &input.is_listed);
    if (file.at == GRAPH_NONE) {
        file = graph_find_file(teller->plan->graph, input.path);
    }
    input.place = input.path;
    note_state(teller, step->task, file, &input);
    add_makers(teller, file, &input);
    vec_push(&step->inputs, input);
}

/* A file that the task's depfile named. */
static void add_named(struct teller *teller, struct story_step *step,
                      const struct component *component)
{
    struct plan *plan = teller->plan;
    enum file_status status;
    int trouble;
    const struct file_row *row = plan_named_row(plan, step->task, component, &status, &trouble);
    struct story_file input = {
        .path = path_of(teller, step->task, component),
        .digest = component->digest,
        .maker = {GRAPH_NONE},
        .is_folder = (row->flags & FILE_ROW_DIRECTORY) != 0,
        .now = state_now(component->digest, status, row,
                         plan->verdicts[step->task.at] == VERDICT_FRESH),
        .view = named_view(plan, step->task, component),
    };
    input.place = input.path;
    struct file_id product = named_product(plan, step->task, component);
    add_makers(teller, product, &input);
    vec_push(&step->inputs, input);
}

static void add_product(struct teller *teller, struct story_step *step,
                        const struct component *component)
{
    struct story_file product = {
        .path = path_of(teller, step->task, component),
        .digest = component->digest,
        .maker = step->task,
        .now = STORY_UNKNOWN,
    };
    product.place = product.path;
    note_state(teller, step->task, graph_find_file(teller->plan->graph, product.path), &product);
    vec_push(&step->products, product);
}

static void add_value(struct teller *teller, struct story_step *step, const struct components *good,
                      size_t place)
{
    const struct plan *plan = teller->plan;
    const struct graph *graph = plan->graph;
    struct component component = components_at(good, place);
    uint32_t own = graph->tasks[step->task.at].directory;
    struct slice text = state_text(plan->state, component.digest);
    bool by_pointer =
        place + 1 < good->count && components_at(good, place + 1).kind == COMPONENT_WHOLE;
    vec_push(&step->values, (struct story_value){
                                .directory = component.in_directory && own != GRAPH_NONE
                                                 ? graph->workspace->names[own]
                                                 : component.name,
                                .text = text,
                                .by_pointer = by_pointer,
                            });
}

static void add_recipe(const struct plan *plan, struct story_step *step, struct digest digest)
{
    struct slice text = state_text(plan->state, digest);
    const char *first = text.at != NULL ? memchr(text.at, '\0', text.len) : NULL;
    if (first == NULL) {
        return;
    }
    size_t len = (size_t)(first - text.at);
    struct slice rest = slice_make(first + 1, text.len - len - 1);
    const char *second = rest.len > 0 ? memchr(rest.at, '\0', rest.len) : NULL;
    if (second != NULL) {
        size_t command = (size_t)(second - rest.at);
        step->interpreter = slice_make(text.at, len);
        step->command = slice_make(rest.at, command);
        step->environment = slice_make(second + 1, rest.len - command - 1);
    }
}

static void add_before(struct teller *teller, struct story_step *step,
                       const struct component *component)
{
    const struct graph *graph = teller->plan->graph;
    struct buf *key = &teller->path;
    buf_clear(key);
    buf_add_slice(key, component->name);
    if (component->in_directory) {
        buf_add_char(key, '/');
        buf_add_slice(key, graph->workspace->names[graph->tasks[step->task.at].directory]);
    }
    struct task_id before = graph_find_task(graph, buf_slice(key));
    if (has_story(teller->plan, before)) {
        meet(teller, before);
        vec_push(&step->after, before);
    }
}

static void tell_step(struct teller *teller, struct task_id task)
{
    const struct plan *plan = teller->plan;
    const struct task_row *row = state_task(plan->state, task.at);
    struct story_step step = {
        .task = task,
        .how = (enum task_success)row->success,
        .run = run_facts_of(state_text(plan->state, row->origin)),
        .started_at_ns = row->started_at_ns,
        .finished_at_ns = row->finished_at_ns,
        .seconds = row->duration_s,
        .cpu_s = row->cpu_s,
        .cores = row->success == SUCCESS_RAN ? row->cores : 0,
    };
    for (size_t i = 0; i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        if (component.kind == COMPONENT_RECIPE) {
            step.recipe = component.digest;
            add_recipe(plan, &step, component.digest);
        } else if (component.kind == COMPONENT_VALUE && plan->graph->value_column != GRAPH_NONE) {
            add_value(teller, &step, &row->good, i);
        } else if (component.kind == COMPONENT_FILE) {
            add_input(teller, &step, &component);
        } else if (component.kind == COMPONENT_MEMBER) {
            vec_push(&step.directories, component.name);
        } else if (component.kind == COMPONENT_NAMED) {
            add_named(teller, &step, &component);
        } else if (component.kind == COMPONENT_TASK) {
            add_before(teller, &step, &component);
        } else if (component.kind == COMPONENT_PRODUCT) {
            add_product(teller, &step, &component);
        }
    }
    uint32_t own = plan->graph->tasks[task.at].directory;
    if (own != GRAPH_NONE) {
        vec_push(&step.directories, plan->graph->workspace->names[own]);
    }
    vec_push(&teller->story->steps, step);
}

/* Puts the steps into the order of the graph, the last first. */
static void put_in_order(struct story *story, const struct graph *graph)
{
    size_t *places = mem_alloc(graph->task_count * sizeof *places);
    struct story_step *sorted = mem_alloc(story->steps.count * sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < story->steps.count; i++) {
        places[story->steps.at[i].task.at] = i + 1;
    }
    for (size_t i = graph->order_count; i-- > 0;) {
        size_t place = places[graph->order[i]];
        if (place > 0) {
            sorted[count++] = story->steps.at[place - 1];
        }
    }
    if (count == story->steps.count && count > 0) {
        memcpy(story->steps.at, sorted, count * sizeof *sorted);
    }
    free(sorted);
    free(places);
}

void story_tell(struct plan *plan, const struct task_id *tasks, size_t count, struct story *story)
{
    struct teller teller = {
        .plan = plan, .story = story, .is_met = mem_alloc(plan->graph->task_count)};
    *story = (struct story){0};
    arena_init(&story->names);
    for (size_t i = 0; i < count; i++) {
        meet(&teller, tasks[i]);
    }
    for (size_t i = 0; i < teller.open.count; i++) {
        tell_step(&teller, teller.open.at[i]);
    }
    put_in_order(story, plan->graph);
    vec_release(&teller.open);
    buf_release(&teller.path);
    free(teller.is_met);
}

void story_release(struct story *story)
{
    vec_each (struct story_step, step, &story->steps) {
        vec_release(&step->directories);
        vec_release(&step->values);
        vec_release(&step->inputs);
        vec_release(&step->after);
        vec_release(&step->products);
    }
    vec_release(&story->steps);
    arena_release(&story->names);
}

const struct story_step *story_step_of(const struct story *story, struct task_id task)
{
    vec_each (const struct story_step, step, &story->steps) {
        if (step->task.at == task.at) {
            return step;
        }
    }
    return NULL;
}
