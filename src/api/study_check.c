/* check: all that can be found without running. */
#include "study.h"

#include "check_commands.h"
#include "cluster_check.h"
#include "filling.h"
#include "shell_failures.h"
#include "text.h"

enum {
    MOST_NAMES = 3,  /* of further directories in one message */
    MOST_INPUTS = 5, /* that are missing, of one action */
};

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
            diag, FINDING_UNREACHABLE_ACTION, &study->rowfile->source, action->name_offset,
            action->name.len + 2,
            "`%s` can never run: the previous action `%.*s` doesn't include its directory",
            buf_string(&label), SLICE_ARGS(study->rowfile->names[graph->blocked_by[n]]));
        buf_release(&label);
    }
    free(told);
}

/* An element that nothing is to be done for, though there are directories. */
static void warn_of_idle_actions(struct rowbuild *study, struct diag *diag)
{
    const struct graph *graph = study->graph;
    const struct rowfile *rowfile = study->rowfile;
    size_t directories = study->workspace.count;
    size_t *tasks = mem_alloc((rowfile->action_count + 1) * sizeof *tasks);
    size_t idle = 0;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (graph_is_present(graph, (struct task_id){n})) {
            tasks[graph->tasks[n].action]++;
        }
    }
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        const struct group_spec *group = &action->group;
        idle += tasks[a] == 0;
        if (tasks[a] > 0 || directories == 0) {
            continue;
        }
        size_t offset = group->where != NULL ? group->where_offset : action->name_offset;
        size_t length = group->where != NULL ? 1 : action->name.len + 2;
        diag_warning_at(diag, FINDING_IDLE_ACTION, &rowfile->source, offset, length,
                        "action `%.*s`: `group.%s` includes none of the %zu %s; nothing will run",
                        SLICE_ARGS(action->name), group->where != NULL ? "where" : "include",
                        directories, directories == 1 ? "directory" : "directories");
    }
    if (directories == 0 && idle > 0) {
        struct buf path = BUF_EMPTY;
        text_add_name(&path, study->workspace.path);
        diag_warning(diag, FINDING_NO_DIRECTORIES,
                     "the workspace `%s` has no directory that `workspace.directories` matches: "
                     "%zu %s nothing to work on",
                     buf_string(&path), idle, idle == 1 ? "action has" : "actions have");
        buf_release(&path);
    }
    free(tasks);
}

/* An input as the Rowfile lists it: of how many tasks it is missing though nobody makes it. */
struct listed_input {
    bool is_matched; /* some task has a file for it */
    uint32_t task;   /* the last that was counted */
    size_t count;
    struct buf path; /* of the first */
    struct buf names;
    VEC(uint32_t) directories;
};

static void note_missing(struct rowbuild *study, struct task_id task, struct file_id file,
                         struct listed_input *input)
{
    uint32_t directory = study->graph->tasks[task.at].directory;
    if (input->count > 0 && input->task == task.at) {
        return;
    }
    input->task = task.at;
    if (directory != GRAPH_NONE) {
        vec_push(&input->directories, directory);
    }
    if (input->count++ == 0) {
        text_add_name(&input->path, slice_of(plan_path(study->plan, file)));
    } else if (input->count <= 1 + MOST_NAMES && directory != GRAPH_NONE) {
        text_add_listed(&input->names, study->workspace.names[directory], input->count - 2);
    }
}

/* All inputs of all elements, those of an element from starts[element] on, in one walk over the
 * files that tasks depend on. */
static void look_at_inputs(struct rowbuild *study, struct listed_input *inputs,
                           const size_t *starts)
{
    const struct graph *graph = study->graph;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        const struct action *action = &study->rowfile->actions[graph->tasks[n].action];
        for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
            struct file_id file = graph->dependencies.at[d].file;
            size_t number = graph->dependencies.at[d].input;
            if (number >= action->input_count) {
                continue; /* a product of a task before, not listed as an input */
            }
            struct listed_input *input = &inputs[starts[graph->tasks[n].action] + number];
            input->is_matched = true;
            if (!action->inputs[number].is_glob && graph->producers[file.at] == GRAPH_NONE &&
                plan_status(study->plan, file) == FILE_GONE) {
                note_missing(study, (struct task_id){n}, file, input);
            }
        }
    }
}

static void warn_of_missing_input(const struct rowbuild *study, const struct action *action,
                                  size_t number, const struct listed_input *input,
                                  struct diag *diag)
{
    const struct path_spec *spec = &action->inputs[number];
    struct buf same = BUF_EMPTY;
    if (input->names.len > 0) {
        text_add_same_in(&same, input->count - 1);
    }
    diag_warning_at(diag, FINDING_MISSING_INPUT, &study->rowfile->source, spec->offset,
                    spec->length,
                    "action `%.*s`: the input `%s` is missing, and no action makes it%s%s%s",
                    SLICE_ARGS(action->name), buf_string(&input->path), buf_string(&same),
                    buf_string(&input->names),
                    input->names.len > 0 && input->count > 1 + MOST_NAMES ? ", …" : "");
    vec_each (const uint32_t, directory, &input->directories) {
        diag_add_directory(diag, study->workspace.names[*directory]);
    }
    buf_release(&same);
}

static void warn_of_action_inputs(const struct rowbuild *study, const struct action *action,
                                  const struct listed_input *inputs, struct diag *diag)
{
    size_t missing = 0;
    for (size_t i = 0; i < action->input_count; i++) {
        const struct path_spec *spec = &action->inputs[i];
        if (inputs[i].count > 0 && missing++ < MOST_INPUTS) {
            warn_of_missing_input(study, action, i, &inputs[i], diag);
        }
        if (spec->is_glob && !spec->is_excluded && !inputs[i].is_matched) {
            diag_warning_at(diag, FINDING_INPUT_MATCHES_NOTHING, &study->rowfile->source,
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

static void warn_of_inputs(struct rowbuild *study, struct diag *diag)
{
    const struct rowfile *rowfile = study->rowfile;
    size_t *starts = mem_alloc((rowfile->action_count + 1) * sizeof *starts);
    for (size_t a = 0; a < rowfile->action_count; a++) {
        starts[a + 1] = starts[a] + rowfile->actions[a].input_count;
    }
    size_t count = starts[rowfile->action_count];
    struct listed_input *inputs = mem_alloc((count + 1) * sizeof *inputs);
    look_at_inputs(study, inputs, starts);
    for (size_t a = 0; a < rowfile->action_count; a++) {
        warn_of_action_inputs(study, &rowfile->actions[a], inputs + starts[a], diag);
    }
    for (size_t i = 0; i < count; i++) {
        buf_release(&inputs[i].path);
        buf_release(&inputs[i].names);
        vec_release(&inputs[i].directories);
    }
    free(inputs);
    free(starts);
}

static const enum finding_code unseen_codes[FAILURE_KINDS] = {
    [FAILURE_BEFORE_PIPE] = FINDING_PIPE_HIDES_FAILURE,
    [FAILURE_BEFORE_NEXT] = FINDING_SEQUENCE_HIDES_FAILURE,
    [FAILURE_BEFORE_AND] = FINDING_AND_HIDES_FAILURE,
    [FAILURE_IN_BACKGROUND] = FINDING_BACKGROUND_HIDES_FAILURE,
};

/* What to write so that the shell sees it. row's own programs don't know the key `shell`. */
static void add_remedy(const struct rowfile *rowfile, enum shell_failure failure, struct buf *out)
{
    bool is_pipe = failure == FAILURE_BEFORE_PIPE;
    const char *options = is_pipe ? "-eo pipefail" : "-e";
    if (rowfile->contract == CONTRACT_ROW) {
        buf_addf(out, "begin the command with `set %s`, or set `shell = \"bash %s\"`", options,
                 options);
    } else {
        buf_addf(out, "set `shell = \"bash %s\"`", options);
    }
}

static void add_unseen(const struct rowfile *rowfile, enum shell_failure failure, struct buf *out)
{
    switch (failure) {
    case FAILURE_BEFORE_PIPE:
        buf_add_string(out,
                       "a failure of this command goes unseen: the status of a pipe is that of "
                       "its last command; ");
        add_remedy(rowfile, failure, out);
        break;
    case FAILURE_BEFORE_NEXT:
        buf_add_string(out, "if this command fails, the next one runs all the same, and only the "
                            "last status counts; join them with `&&`, or ");
        add_remedy(rowfile, failure, out);
        break;
    case FAILURE_BEFORE_AND:
        buf_add_string(out, "if this command fails, the commands after the line run all the same: "
                            "before `&&` a failure doesn't end the shell; write a new line instead "
                            "of `&&`");
        break;
    case FAILURE_IN_BACKGROUND:
        buf_add_string(out, "a failure of this command goes unseen: it runs in the background; end "
                            "with `wait PID`, which returns its status");
        break;
    case FAILURE_KINDS:
        break;
    }
}

/* Failures in the middle of a command that its shell doesn't see. */
static void warn_of_unseen_failures(struct rowbuild *study, struct diag *diag)
{
    const struct rowfile *rowfile = study->rowfile;
    struct shell_failures found;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        if (!filling_is_for_shell(action->shell) || check_is_told(rowfile, a)) {
            continue;
        }
        shell_failures_find(action->command.text, action->interpreter.stops,
                            action->interpreter.sees_pipes, &found);
        for (int i = 0; i < FAILURE_KINDS; i++) {
            struct buf message = BUF_EMPTY;
            if (found.first[i].at != NULL) {
                size_t at = (size_t)(found.first[i].at - action->command.text.at);
                add_unseen(rowfile, (enum shell_failure)i, &message);
                at += action->command_text_offset;
                /* A workflow.toml without `shell` runs as row runs it. */
                bool is_rows = rowfile->contract == CONTRACT_ROW && action->interpreter.count == 1;
                (is_rows ? diag_note_at : diag_warning_at)(diag, unseen_codes[i], &rowfile->source,
                                                           at, found.first[i].len, "%s",
                                                           buf_string(&message));
            }
            buf_release(&message);
        }
    }
}

/* What was asked for beside what is wrong: the tasks that changes since a commit affect. */
struct asked {
    const char *since; /* NULL: nothing */
    bool explain;
    const struct rowbuild_show_options *options;
    struct buf out;
};

static int check(struct rowbuild *study, struct asked *asked, struct rowbuild_messages *messages)
{
    struct rowbuild_selection everything = {0};
    study->tolerates_absent = true;
    int status = study_look(study, &everything, STATE_READ, messages);
    messages_take(messages, &study->own, NULL);
    if (status == ROWBUILD_OK) {
        study_check_values(study, true, &messages->diag);
        plan_warn_of_words(study->plan, true, &messages->diag);
        warn_of_excluded(study, &messages->diag);
        if (study->workspace.fd >= 0) {
            warn_of_idle_actions(study, &messages->diag);
            warn_of_inputs(study, &messages->diag);
        }
        warn_of_unseen_failures(study, &messages->diag);
        check_commands(study, &messages->diag);
        cluster_check(&study->clusters, study->cluster, study->graph, &messages->diag);
    }
    if (status == ROWBUILD_OK) {
        status = rowbuild_messages_status(messages);
    }
    if (status == ROWBUILD_OK && asked->since != NULL &&
        study_report_since(study, asked->since, asked->explain, asked->options, &asked->out,
                           &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
    }
    messages_settle(messages, status);
    study_drop(study, messages);
    return status;
}

int rowbuild_check(struct rowbuild *study, struct rowbuild_messages *messages)
{
    struct asked asked = {0};
    return check(study, &asked, messages);
}

int rowbuild_check_since(struct rowbuild *study, const char *revision, bool explain,
                         const struct rowbuild_show_options *options,
                         const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct asked asked = {.since = revision, .explain = explain, .options = options};
    int status = check(study, &asked, messages);
    if (status == ROWBUILD_OK) {
        writer->write(writer->context, buf_string(&asked.out), asked.out.len);
    }
    buf_release(&asked.out);
    return status;
}
