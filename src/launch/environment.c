/* Makes the environment of an execution from inherited variables, rowbuild's own, and the
 * action's. */
#include "launching.h"

#include <math.h>
#include <stdlib.h>

/* The variables from which numeric libraries read their number of threads. */
static const char *const thread_variables[] = {
    "OMP_NUM_THREADS",        "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS",  "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",  "NUMBA_NUM_THREADS", "BLIS_NUM_THREADS",
    "RAYON_NUM_THREADS",      "JULIA_NUM_THREADS",    "TBB_NUM_THREADS",   "POLARS_MAX_THREADS",
};

static const size_t LONGEST_VARIABLE = (size_t)100 << 10;

static void set_number(struct variables *variables, const char *name, uint64_t number)
{
    struct buf value = BUF_EMPTY;
    buf_addf(&value, "%llu", (unsigned long long)number);
    variables_set(variables, slice_of(name), buf_slice(&value));
    buf_release(&value);
}

static bool has_launcher(const struct action *action, const char *name)
{
    for (size_t i = 0; i < action->launcher_count; i++) {
        if (slice_is(action->launchers[i], name)) {
            return true;
        }
    }
    return false;
}

static bool sets_variable(const struct action *action, const char *name)
{
    for (size_t i = 0; i < action->environment_count; i++) {
        if (slice_is(action->environment[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Sets ACTION_CORES, and OMP_PLACES if the action names the launcher for OpenMP. */
static void set_cores(struct variables *variables, const struct expansion *expansion,
                      const struct launch_request *request)
{
    const struct action *action = graph_action(expansion->context->graph, expansion->task);
    bool openmp = has_launcher(action, "openmp") && !sets_variable(action, "OMP_PLACES") &&
                  !sets_variable(action, "OMP_PROC_BIND");
    const struct cpumask *cores = launch_cores(expansion, request, false, variables->arena);
    struct buf text = BUF_EMPTY;
    if (cores != NULL) {
        cpumask_format(cores, &text);
    }
    variables_set(variables, SLICE_LITERAL("ACTION_CORES"), buf_slice(&text));
    if (expansion->kind == LAUNCH_RANKS) {
        mpi_set_ranks(variables, expansion->context, request, openmp);
    } else if (cores != NULL && openmp) {
        buf_clear(&text);
        mpi_add_places(request->places + (size_t)expansion->process * request->threads,
                       request->threads, &text);
        variables_set(variables, SLICE_LITERAL("OMP_PLACES"), buf_slice(&text));
        variables_set(variables, SLICE_LITERAL("OMP_PROC_BIND"), SLICE_LITERAL("close"));
    }
    buf_release(&text);
}

/* Sets the GPUs of the process, or of the whole node if a program starts the processes. */
static void set_gpus(struct variables *variables, const struct expansion *expansion,
                     const struct launch_request *request)
{
    bool whole = expansion->kind == LAUNCH_RANKS;
    unsigned each = request->gpus_per_process;
    struct launch_gpus named = launch_name_gpus(
        expansion->context, whole ? request->gpus : launch_gpus_of(request, expansion->process),
        whole ? each * request->processes : each, variables->arena);
    if (named.cuda != NULL) {
        variables_set(variables, SLICE_LITERAL("CUDA_VISIBLE_DEVICES"), slice_of(named.cuda));
    }
    if (named.rocr != NULL) {
        variables_set(variables, SLICE_LITERAL("ROCR_VISIBLE_DEVICES"), slice_of(named.rocr));
    }
}

/* Whether a variable names CPUs by number. If a login shell exported one, it would send threads to
 * the cores of other tasks. */
static bool names_cpus(const char *entry)
{
    return (strncmp(entry, "OMP_PLACES=", 11) == 0 && strchr(entry, '{') != NULL) ||
           strncmp(entry, "GOMP_CPU_AFFINITY=", 18) == 0 ||
           strncmp(entry, "KMP_AFFINITY=", 13) == 0;
}

/* A line each. */
static void add_names(const struct workspace *workspace, const uint32_t *directories, size_t count,
                      struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_add_char(out, '\n');
        }
        buf_add_slice(out, workspace->names[directories[i]]);
    }
}

static void set_action_variables(struct variables *variables, const struct expansion *expansion,
                                 const struct launch_request *request)
{
    const struct launch_context *context = expansion->context;
    const struct workspace *workspace = context->graph->workspace;
    const struct action *action = graph_action(context->graph, expansion->task);
    const struct resource_spec *resources = &action->resources;
    struct buf directories = BUF_EMPTY;
    struct buf skipped = BUF_EMPTY;
    add_names(workspace, expansion->directories, expansion->count, &directories);
    add_names(workspace, expansion->skipped, expansion->skipped_count, &skipped);
    double walltime = resources->walltime_s;
    if (resources->walltime_per_directory && expansion->count > 0) {
        walltime *= (double)expansion->count;
    }
    variables_set(variables, SLICE_LITERAL("ACTION_CLUSTER"), context->cluster);
    variables_set(variables, SLICE_LITERAL("ACTION_NAME"), action->name);
    variables_set(variables, SLICE_LITERAL("ACTION_WORKSPACE_PATH"), workspace->path);
    if (directories.len < LONGEST_VARIABLE) { /* the kernel accepts no longer variables */
        variables_set(variables, SLICE_LITERAL("ACTION_DIRECTORY"), buf_slice(&directories));
    }
    if (action->group.skip_failed && skipped.len < LONGEST_VARIABLE) {
        variables_set(variables, SLICE_LITERAL("ACTION_SKIPPED"), buf_slice(&skipped));
    }
    set_cores(variables, expansion, request);
    set_number(variables, "ACTION_PROCESSES", request->processes);
    set_number(variables, "ACTION_WALLTIME_IN_MINUTES", (uint64_t)floor(walltime / 60));
    if (expansion->kind == LAUNCH_PROCESSES) {
        set_number(variables, "ACTION_PROCESS_INDEX", expansion->process);
    }
    if (resources->threads_given) {
        set_number(variables, "ACTION_THREADS_PER_PROCESS", request->threads);
    }
    if (resources->processes_per_directory) {
        set_number(variables, "ACTION_PROCESSES_PER_DIRECTORY", resources->processes);
    }
    if (resources->gpus_given) {
        set_number(variables, "ACTION_GPUS_PER_PROCESS", resources->gpus_per_process);
    }
    buf_release(&directories);
    buf_release(&skipped);
}

/* Sets a variable given as NAME=value; NULL: none. */
static void set_mark(struct variables *variables, const char *mark)
{
    if (mark != NULL) {
        struct slice name = slice_make(mark, strcspn(mark, "="));
        variables_set(variables, name, slice_of(mark + name.len + 1));
    }
}

static bool varies(const struct environment_variable *variable)
{
    const struct template *value = &variable->value;
    return value->uses_directory || value->uses_directories || value->uses_value ||
           value->uses_pointers;
}

bool launch_is_varying(const struct action *action, struct slice name)
{
    for (size_t i = 0; i < action->environment_count; i++) {
        if (slice_equal(action->environment[i].name, name)) {
            return varies(&action->environment[i]);
        }
    }
    return false;
}

/* NULL: the action has no setup. */
static void set_as_setup_left(struct variables *variables, const struct launch_setup *setup)
{
    for (size_t i = 0; setup != NULL && i < setup->unset_count; i++) {
        variables_unset(variables, slice_of(setup->unset[i]));
    }
    for (size_t i = 0; setup != NULL && i < setup->set_count; i++) {
        set_mark(variables, setup->set[i]);
    }
}

int launch_environment(const struct expansion *expansion, const struct launch_request *request,
                       struct arena *arena, char ***environment, struct diag *diag)
{
    const struct action *action = graph_action(expansion->context->graph, expansion->task);
    struct variables variables = {.arena = arena};
    struct buf value = BUF_EMPTY;
    int result = 0;
    const struct launch_context *context = expansion->context;
    bool ranks = steps_hold_ranks(context, action);
    bool process =
        expansion->kind != LAUNCH_RANKS && steps_are_needed(context, request, expansion->process);
    bool in_step = ranks || process;
    for (char *const *entry = context->environment; *entry != NULL; entry++) {
        if (!mpi_tells_parent(*entry) && !(in_step && steps_mislead(*entry)) &&
            !(request->places != NULL && names_cpus(*entry))) {
            vec_push(&variables.entries, *entry);
        }
    }
    for (size_t i = 0; i < sizeof thread_variables / sizeof thread_variables[0]; i++) {
        set_number(&variables, thread_variables[i], request->threads);
    }
    mpi_set_variables(&variables, request, expansion->kind == LAUNCH_RANKS);
    if (context->steps != NULL && expansion->kind == LAUNCH_RANKS && !ranks) {
        mpi_stay_here(&variables);
    }
    set_action_variables(&variables, expansion, request);
    set_gpus(&variables, expansion, request);
    set_mark(&variables, expansion->context->mark);
    set_mark(&variables, expansion->context->allocation);
    set_mark(&variables, request->mark);
    if (process) {
        steps_set_process(&variables, context, request, expansion->process);
    } else if (ranks) {
        variables_set(&variables, SLICE_LITERAL("ROWBUILD_RANK_STEP"), SLICE_LITERAL("ranks"));
    }
    for (size_t i = 0; i < action->environment_count && result == 0; i++) {
        const struct environment_variable *variable = &action->environment[i];
        uint32_t directory = expansion->count > 0 ? expansion->directories[0] : 0;
        if (expansion->is_for_a_setup && varies(variable)) {
            continue;
        }
        buf_clear(&value);
        result = launch_expand(expansion, &variable->value, directory, &value, diag);
        variables_set(&variables, variable->name, buf_slice(&value));
    }
    set_as_setup_left(&variables, context->setup);
    *environment = arena_array(arena, variables.entries.count + 1, sizeof(char *));
    for (size_t i = 0; i < variables.entries.count; i++) {
        (*environment)[i] = variables.entries.at[i];
    }
    vec_release(&variables.entries);
    buf_release(&value);
    return result;
}
