/* What check finds in the inputs that actions list: files that are missing though no action makes them. */
#include "check_inner.h"

#include "intern.h"
#include "text.h"
#include "vec.h"

#include <stdlib.h>

enum {
    MOST_NAMES = 3,  /* of further directories in one message */
    MOST_INPUTS = 5, /* that are missing, of one action */
};

/* An input as the Rowfile lists it: of how many tasks it is missing though nobody makes it. */
struct listed_input {
    bool is_matched; /* some task has a file for it */
    uint32_t task;   /* the last that was counted */
    size_t count;
    struct buf path; /* of the first */
    struct buf names;
    VEC(uint32_t) directories;
};

static void note_missing(const struct check *check, struct task_id task, struct file_id file,
                         struct listed_input *input)
{
    uint32_t directory = check->graph->tasks[task.at].directory;
    if (input->count > 0 && input->task == task.at) {
        return;
    }
    input->task = task.at;
    if (directory != GRAPH_NONE) {
        vec_push(&input->directories, directory);
    }
    if (input->count++ == 0) {
        text_add_name(&input->path, slice_of(plan_path(check->plan, file)));
    } else if (input->count <= 1 + MOST_NAMES && directory != GRAPH_NONE) {
        text_add_listed(&input->names, check->graph->workspace->names[directory], input->count - 2);
    }
}

/* All inputs of all elements, those of an element from starts[element] on, in one walk over the
 * files that tasks depend on. */
static void look_at_inputs(const struct check *check, struct listed_input *inputs,
                           const size_t *starts)
{
    const struct graph *graph = check->graph;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        const struct action *action = &check->graph->rowfile->actions[graph->tasks[n].action];
        for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
            struct file_id file = graph->dependencies.at[d].file;
            size_t number = graph->dependencies.at[d].input;
            if (number >= action->input_count) {
                continue; /* a product of a task before, not listed as an input */
            }
            struct listed_input *input = &inputs[starts[graph->tasks[n].action] + number];
            input->is_matched = true;
            if (!action->inputs[number].is_glob && graph_origin_count(graph, file) == 0 &&
                plan_status(check->plan, file) == FILE_GONE) {
                note_missing(check, (struct task_id){n}, file, input);
            }
        }
    }
}

static void warn_of_missing_input(const struct check *check, const struct action *action,
                                  size_t number, const struct listed_input *input,
                                  struct diag *diag)
{
    const struct path_spec *spec = &action->inputs[number];
    struct buf same = BUF_EMPTY;
    if (input->names.len > 0) {
        text_add_same_in(&same, input->count - 1);
    }
    diag_warning_at(diag, FINDING_MISSING_INPUT, &check->graph->rowfile->source, spec->offset,
                    spec->length,
                    "action `%.*s`: the input `%s` is missing, and no action makes it%s%s%s",
                    SLICE_ARGS(action->name), buf_string(&input->path), buf_string(&same),
                    buf_string(&input->names),
                    input->names.len > 0 && input->count > 1 + MOST_NAMES ? ", …" : "");
    vec_each (const uint32_t, directory, &input->directories) {
        diag_add_directory(diag, check->graph->workspace->names[*directory]);
    }
    buf_release(&same);
}

static void warn_of_action_inputs(const struct check *check, const struct action *action,
                                  const struct listed_input *inputs, struct diag *diag)
{
    size_t missing = 0;
    for (size_t i = 0; i < action->input_count; i++) {
        const struct path_spec *spec = &action->inputs[i];
        if (inputs[i].count > 0 && missing++ < MOST_INPUTS) {
            warn_of_missing_input(check, action, i, &inputs[i], diag);
        }
        if (spec->is_glob && !spec->is_excluded && !inputs[i].is_matched) {
            diag_warning_at(diag, FINDING_INPUT_MATCHES_NOTHING, &check->graph->rowfile->source,
                            spec->offset, spec->length, "action `%.*s`: this input matches no file",
                            SLICE_ARGS(action->name));
        }
    }
    if (missing > MOST_INPUTS) {
        diag_warning(diag, FINDING_MISSING_INPUT,
                     "action `%.*s`: %zu more inputs are missing, and no action makes them",
                     SLICE_ARGS(action->name), missing - MOST_INPUTS);
    }
}

/* What nobody reads is never deleted: told once for each product of an element. */
static void warn_of_unread_temporaries(const struct check *check, struct diag *diag)
{
    const struct graph *graph = check->graph;
    struct intern told;
    intern_init(&told);
    vec_each (const struct temporary_product, temporary, &graph->temporaries) {
        const struct path_spec *spec = temporary->spec;
        uint32_t known = told.count;
        if (temporary->count > 0 ||
            intern_add(&told, slice_make((const char *)&spec, sizeof spec)) != known) {
            continue;
        }
        diag_warning_at(
            diag, FINDING_TEMPORARY_UNREAD, &graph->rowfile->source, spec->offset, spec->length,
            "action `%.*s`: no action reads the temporary product `%.*s`, so it is "
            "never deleted; list it in the `inputs` of the action that reads it",
            SLICE_ARGS(graph_action(graph, temporary->maker)->name), SLICE_ARGS(spec->text));
    }
    intern_release(&told);
}

void check_inputs(const struct check *check, struct diag *diag)
{
    warn_of_unread_temporaries(check, diag);
    const struct rowfile *rowfile = check->graph->rowfile;
    size_t *starts = mem_alloc((rowfile->action_count + 1) * sizeof *starts);
    for (size_t a = 0; a < rowfile->action_count; a++) {
        starts[a + 1] = starts[a] + rowfile->actions[a].input_count;
    }
    size_t count = starts[rowfile->action_count];
    struct listed_input *inputs = mem_alloc((count + 1) * sizeof *inputs);
    look_at_inputs(check, inputs, starts);
    for (size_t a = 0; a < rowfile->action_count; a++) {
        warn_of_action_inputs(check, &rowfile->actions[a], inputs + starts[a], diag);
    }
    for (size_t i = 0; i < count; i++) {
        buf_release(&inputs[i].path);
        buf_release(&inputs[i].names);
        vec_release(&inputs[i].directories);
    }
    free(inputs);
    free(starts);
}
