#include "launching.h"

#include "filling.h"
#include "setup.h"
#include "text.h"
#include "vec.h"

#include <stdlib.h>
#include <unistd.h>

/* MAX_ARG_STRLEN of execve(2): the greatest length of an argument, including its NUL. */
static const size_t LONGEST_ARGUMENT = (size_t)128 << 10;

struct directory_list {
    VEC(uint32_t) at;
};

/* The directories that an execution works on: its task's, or those of the batch's members. */
static struct expansion begin_all(const struct launch_context *context,
                                  const struct launch_request *request, struct directory_list *list)
{
    struct expansion expansion = {.context = context,
                                  .task = request->tasks[0],
                                  .tasks = request->tasks,
                                  .task_count = request->task_count};
    expansion.kind = launch_kind_of(context, graph_action(context->graph, request->tasks[0]));
    if (request->task_count == 1) {
        expansion.count = request->directory_count;
        expansion.directories = request->directories;
        if (request->directories == NULL) {
            expansion.count =
                graph_directories(context->graph, request->tasks[0], &expansion.directories);
        }
        expansion.skipped = request->skipped;
        expansion.skipped_count = request->skipped_count;
        return expansion;
    }
    for (size_t i = 0; i < request->task_count; i++) {
        vec_push(&list->at, context->graph->tasks[request->tasks[i].at].directory);
    }
    expansion.directories = list->at.at;
    expansion.count = list->at.count;
    return expansion;
}

/* With `processes.per_directory` each process that rowbuild starts has its own directory. */
static struct expansion begin(const struct launch_context *context,
                              const struct launch_request *request, unsigned process,
                              struct directory_list *list)
{
    struct expansion expansion = begin_all(context, request, list);
    const struct resource_spec *resources =
        &graph_action(context->graph, request->tasks[0])->resources;
    expansion.process = process;
    if (expansion.kind == LAUNCH_PROCESSES && resources->processes_per_directory) {
        size_t own = process / resources->processes;
        if (own < expansion.count) {
            expansion.directories += own;
            expansion.count = 1;
        }
        if (own < expansion.task_count) {
            expansion.task = expansion.tasks[own];
            expansion.tasks += own;
            expansion.task_count = 1;
        }
    }
    return expansion;
}

static bool is_mpi(const struct launcher *launcher, struct slice cluster)
{
    return slice_is(launcher->name, "mpi") && launcher_starts_processes(launcher, cluster);
}

enum launch_kind launch_kind_of(const struct launch_context *context, const struct action *action)
{
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher = launchers_find(context->launchers, action->launchers[i]);
        if (launcher != NULL && launcher_starts_processes(launcher, context->cluster)) {
            return launcher->built_in && slice_is(launcher->name, "process") ? LAUNCH_PROCESSES
                                                                             : LAUNCH_RANKS;
        }
    }
    return LAUNCH_ONE;
}

bool launch_spans_hosts(const struct launch_context *context, const struct action *action)
{
    return launch_kind_of(context, action) == LAUNCH_PROCESSES || steps_hold_ranks(context, action);
}

static void add_prefix(const struct expansion *expansion, const struct launch_request *request,
                       struct buf *out)
{
    const struct launch_context *context = expansion->context;
    const struct action *action = graph_action(context->graph, expansion->task);
    const struct resource_spec *resources = &action->resources;
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher = launchers_find(context->launchers, action->launchers[i]);
        if (launcher != NULL) {
            bool in_step = steps_start_ranks(context, launcher);
            /* A step that reserves none of the job's CPUs may use all of them; its ranks move to
             * their own. */
            bool is_placed = in_step && is_mpi(launcher, context->cluster) &&
                             steps_place_ranks(context, request);
            launcher_add_prefix(
                launcher, context->cluster, request->processes,
                resources->threads_given && !is_placed ? resources->threads_per_process : 0,
                resources->gpus_given ? resources->gpus_per_process : 0, out);
            if (in_step) {
                steps_add_options(context, request, is_placed, out);
            }
            if (is_mpi(launcher, context->cluster) && context->rank_helper != NULL) {
                filling_add_word(out, slice_of(context->rank_helper));
                buf_add_char(out, ' ');
            }
        }
    }
}

/* What the setup left is taken over first, by the shell that reads the command. */
static void add_state(const struct launch_context *context, struct buf *out)
{
    if (context->setup != NULL) {
        buf_add_string(out, ". ");
        text_add_shell_word(out, slice_of(context->setup->state));
        buf_add_string(out, " || exit\n");
    }
}

static int add_command(const struct expansion *expansion, const struct launch_request *request,
                       struct buf *out, struct diag *diag)
{
    const struct action *action = graph_action(expansion->context->graph, expansion->task);
    if (!action->command.uses_directory || expansion->count <= 1) {
        add_prefix(expansion, request, out);
        return launch_expand(expansion, &action->command,
                             expansion->count > 0 ? expansion->directories[0] : 0, out, diag);
    }
    for (size_t i = 0; i < expansion->count; i++) { /* a group, one directory after the other */
        buf_add_string(out, "{ ");
        add_prefix(expansion, request, out);
        if (launch_expand(expansion, &action->command, expansion->directories[i], out, diag) != 0) {
            return -1;
        }
        /* Before `||` the shell would ignore -e inside the braces. */
        buf_add_string(out, "\n}\ncase $? in 0) ;; *) exit $? ;; esac\n");
    }
    return 0;
}

static size_t argument_bytes(char *const *argv)
{
    size_t bytes = 0;
    for (; *argv != NULL; argv++) {
        bytes += strlen(*argv) + 1 + sizeof(char *);
    }
    return bytes;
}

/* Refuses a command for which execve(2) would fail with E2BIG, before anything is started. */
static int check_size(const struct action *action, char *const *argv, char *const *environment,
                      struct diag *diag)
{
    long limit = sysconf(_SC_ARG_MAX);
    size_t bytes = argument_bytes(argv) + argument_bytes(environment);
    if (limit > 0 && bytes > (size_t)limit) {
        return diag_error(diag, FINDING_NOT_STARTED,
                          "action `%.*s`: the command takes %zu bytes of arguments, more than the "
                          "kernel's %ld; set `group.maximum_size` so that fewer directories share "
                          "one command",
                          SLICE_ARGS(action->name), bytes, limit);
    }
    return 0;
}

/* The command's text is an argument, or a script where it is too long for one. */
static void add_interpreter(const struct interpreter *interpreter, struct launch_process *process,
                            struct arena *arena)
{
    size_t count = interpreter->count;
    process->argv = arena_array(arena, count + 3, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        process->argv[i] = arena_string(arena, interpreter->words[i]);
    }
    process->script_word = count;
    process->needs_script = process->text.len + 1 >= LONGEST_ARGUMENT;
    if (!process->needs_script) {
        process->argv[count] = arena_string(arena, SLICE_LITERAL("-c"));
        process->argv[count + 1] = arena_string(arena, process->text);
    }
}

/* What reads the command is no shell: one takes over what the setup left, and becomes it. */
static void put_behind_shell(const struct launch_context *context, struct launch_process *process,
                             struct arena *arena)
{
    static const char *const before[] = {"sh", "-c", NULL, "sh"};
    enum { BEFORE = sizeof before / sizeof before[0], TEXT = 2 };
    struct buf text = BUF_EMPTY;
    size_t count = 0;
    add_state(context, &text);
    buf_add_string(&text, "exec \"$@\"");
    while (process->argv[count] != NULL) {
        count++;
    }
    char **argv = arena_array(arena, BEFORE + count + 2, sizeof *argv);
    for (size_t i = 0; i < BEFORE; i++) {
        argv[i] = arena_string(arena, i == TEXT ? buf_slice(&text) : slice_of(before[i]));
    }
    /* a script's place at the end is still free */
    memcpy(argv + BEFORE, process->argv, (count + 1) * sizeof *argv);
    process->argv = argv;
    process->script_word += BEFORE;
    buf_release(&text);
}

static int prepare_process(const struct launch_context *context,
                           const struct launch_request *request, unsigned number,
                           struct arena *arena, struct launch_process *process, struct diag *diag)
{
    struct directory_list list = {0};
    struct buf text = BUF_EMPTY;
    struct expansion expansion = begin(context, request, number, &list);
    const struct action *action = graph_action(context->graph, expansion.task);
    process->is_step = expansion.kind != LAUNCH_RANKS && steps_are_needed(context, request, number);
    bool binds_itself = process->is_step || steps_hold_ranks(context, action);
    process->cores = binds_itself ? NULL : launch_cores(&expansion, request, false, arena);
    int result = launch_environment(&expansion, request, arena, &process->environment, diag);
    bool is_shell = filling_is_for_shell(action->shell);
    if (is_shell) {
        add_state(context, &text);
    }
    size_t setup = text.len;
    if (result == 0) {
        result = add_command(&expansion, request, &text, diag);
    }
    if (result == 0) {
        process->text = arena_slice(arena, buf_slice(&text));
        process->command = slice_make(process->text.at + setup, process->text.len - setup);
        process->argv =
            action->interpreter.may_be_left_out ? launch_split_plain(process->text, arena) : NULL;
        if (process->argv != NULL) {
            process->text = (struct slice){0};
            result = check_size(action, process->argv, process->environment, diag);
        } else {
            add_interpreter(&action->interpreter, process, arena);
        }
    }
    if (result == 0 && context->setup != NULL && !is_shell) {
        put_behind_shell(context, process, arena);
    }
    if (result == 0 && process->is_step) {
        char **words = steps_add_prefix(context, request, number, process->argv, arena);
        size_t before = 0;
        while (words[before] != process->argv[0]) {
            before++;
        }
        process->script_word += before;
        process->argv = words;
    }
    vec_release(&list.at);
    buf_release(&text);
    return result;
}

static int check_rank_helper(const struct launch_context *context, const struct action *action,
                             struct diag *diag)
{
    for (size_t i = 0; i < action->launcher_count && context->rank_helper == NULL; i++) {
        const struct launcher *launcher = launchers_find(context->launchers, action->launchers[i]);
        if (launcher != NULL && is_mpi(launcher, context->cluster)) {
            return diag_error(diag, FINDING_NOT_STARTED,
                              "the program rowbuild-rank, which the launcher `mpi` needs, is "
                              "not where it was installed; set ROWBUILD_RANK to its path");
        }
    }
    return 0;
}

/* What a record says of the command beside the action's own. */
static void describe(const struct launch_context *context, const struct launch_request *request,
                     struct arena *arena, struct launch_command *command)
{
    struct directory_list list = {0};
    struct expansion expansion = begin(context, request, 0, &list);
    struct buf prefix = BUF_EMPTY;
    add_prefix(&expansion, request, &prefix);
    command->launcher = arena_slice(arena, buf_slice(&prefix));
    command->setup = launch_setup_of(context, graph_action(context->graph, request->tasks[0]));
    buf_release(&prefix);
    vec_release(&list.at);
}

struct slice launch_setup_of(const struct launch_context *context, const struct action *action)
{
    const struct submit_options *options = action_submit_options(action, context->cluster.at);
    return options != NULL ? options->setup : (struct slice){0};
}

/* The execution's variables but those of its directories, its place and its group. */
static void leave_out_own(const struct action *action, char **environment)
{
    const struct {
        const char *start;
        bool is_own;
    } variables[] = {{"ACTION_DIRECTORY=", true},
                     {"ACTION_SKIPPED=", true},
                     {"ACTION_CORES=", true},
                     {"ACTION_PROCESS_INDEX=", true},
                     {"ACTION_PROCESSES=", action->resources.processes_per_directory},
                     {"ACTION_WALLTIME_IN_MINUTES=", action->resources.walltime_per_directory}};
    size_t kept = 0;
    for (size_t i = 0; environment[i] != NULL; i++) {
        bool is_own = false;
        for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
            const char *start = variables[k].start;
            is_own = is_own ||
                     (variables[k].is_own && strncmp(environment[i], start, strlen(start)) == 0);
        }
        if (!is_own) {
            environment[kept++] = environment[i];
        }
    }
    environment[kept] = NULL;
}

int launch_prepare_setup(const struct launch_context *context, const struct launch_request *request,
                         const char *folder, struct arena *arena, struct launch_process *process,
                         struct diag *diag)
{
    struct slice sh[] = {SLICE_LITERAL("sh")};
    struct directory_list list = {0};
    struct buf text = BUF_EMPTY;
    struct expansion expansion = begin(context, request, 0, &list);
    const struct action *action = graph_action(context->graph, expansion.task);
    struct interpreter other = {.words = sh, .count = 1};
    *process = (struct launch_process){0};
    expansion.is_for_a_setup = true;
    int result = launch_environment(&expansion, request, arena, &process->environment, diag);
    if (result == 0) {
        leave_out_own(action, process->environment);
        setup_add_script(action, folder, &text);
        process->text = arena_slice(arena, buf_slice(&text));
        add_interpreter(filling_is_for_shell(action->shell) ? &action->interpreter : &other,
                        process, arena);
    }
    vec_release(&list.at);
    buf_release(&text);
    return result;
}

int launch_add_command(const struct launch_context *context, const struct launch_request *request,
                       struct buf *out, struct diag *diag)
{
    struct directory_list list = {0};
    struct expansion expansion = begin(context, request, 0, &list);
    int result = add_command(&expansion, request, out, diag);
    vec_release(&list.at);
    return result;
}

int launch_prepare(const struct launch_context *context, const struct launch_request *request,
                   struct arena *arena, struct launch_command *command, struct diag *diag)
{
    const struct action *action = graph_action(context->graph, request->tasks[0]);
    enum launch_kind kind = launch_kind_of(context, action);
    *command = (struct launch_command){.count = 1, .core_list = ""};
    if (kind == LAUNCH_PROCESSES) {
        command->count = request->processes;
    } else if (kind == LAUNCH_RANKS && check_rank_helper(context, action, diag) != 0) {
        return -1;
    }
    command->processes = arena_array(arena, command->count, sizeof *command->processes);
    for (unsigned i = 0; i < command->count; i++) {
        if (prepare_process(context, request, i, arena, &command->processes[i], diag) != 0) {
            return -1;
        }
    }
    command->has_steps = steps_hold_ranks(context, action);
    describe(context, request, arena, command);
    bool all_here = true;
    for (unsigned i = 0; i < request->processes; i++) {
        all_here = all_here && !steps_are_needed(context, request, i);
    }
    command->has_steps = command->has_steps || !all_here;
    if (request->places != NULL && all_here) {
        struct buf list = BUF_EMPTY;
        cpumask_format(launch_cores(&(struct expansion){0}, request, true, arena), &list);
        command->core_list = arena_string(arena, buf_slice(&list));
        buf_release(&list);
    }
    return 0;
}
