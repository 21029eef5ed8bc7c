#include "launching.h"

#include "text.h"
#include "vec.h"

#include <math.h>
#include <stdlib.h>

/* What numeric libraries read their number of threads from. */
static const char *const thread_variables[] = {
    "OMP_NUM_THREADS",        "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS",  "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",  "NUMBA_NUM_THREADS", "BLIS_NUM_THREADS",
    "RAYON_NUM_THREADS",      "JULIA_NUM_THREADS",    "TBB_NUM_THREADS",   "POLARS_MAX_THREADS",
};

static const size_t LONGEST_VARIABLE = (size_t)100 << 10;

struct variables {
    struct arena *arena;
    VEC(char *) entries;
};

static bool is_named(const char *entry, struct slice name)
{
    return strncmp(entry, name.at, name.len) == 0 && entry[name.len] == '=';
}

/* Sets one variable; what was there under the name is replaced. */
static void set(struct variables *variables, struct slice name, struct slice value)
{
    char *entry = arena_alloc(variables->arena, name.len + value.len + 2);
    memcpy(entry, name.at, name.len);
    entry[name.len] = '=';
    if (value.len > 0) {
        memcpy(entry + name.len + 1, value.at, value.len);
    }
    for (size_t i = 0; i < variables->entries.count; i++) {
        if (is_named(variables->entries.at[i], name)) {
            variables->entries.at[i] = entry;
            return;
        }
    }
    vec_push(&variables->entries, entry);
}

static void set_number(struct variables *variables, const char *name, uint64_t number)
{
    struct buf value = BUF_EMPTY;
    buf_addf(&value, "%llu", (unsigned long long)number);
    set(variables, slice_of(name), buf_slice(&value));
    buf_release(&value);
}

static void set_action_variables(struct variables *variables, const struct expansion *expansion,
                                 const struct launch_request *request)
{
    const struct launch_context *context = expansion->context;
    const struct workspace *workspace = context->graph->workspace;
    const struct action *action = graph_action(context->graph, expansion->node);
    const struct resource_spec *resources = &action->resources;
    struct buf directories = BUF_EMPTY;
    for (size_t i = 0; i < expansion->count; i++) {
        if (i > 0) {
            buf_add_char(&directories, '\n');
        }
        buf_add_slice(&directories, workspace->names[expansion->directories[i]]);
    }
    double walltime = resources->walltime_s;
    if (resources->walltime_per_directory && expansion->count > 0) {
        walltime *= (double)expansion->count;
    }
    set(variables, SLICE_LITERAL("ACTION_CLUSTER"), context->cluster);
    set(variables, SLICE_LITERAL("ACTION_NAME"), action->name);
    set(variables, SLICE_LITERAL("ACTION_WORKSPACE_PATH"), workspace->path);
    if (directories.len < LONGEST_VARIABLE) { /* the kernel takes no longer ones */
        set(variables, SLICE_LITERAL("ACTION_DIRECTORY"), buf_slice(&directories));
    }
    set(variables, SLICE_LITERAL("ACTION_CORES"), slice_of(request->core_list));
    set_number(variables, "ACTION_PROCESSES", request->processes);
    set_number(variables, "ACTION_WALLTIME_IN_MINUTES", (uint64_t)floor(walltime / 60));
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
}

int launch_environment(const struct expansion *expansion, const struct launch_request *request,
                       struct arena *arena, char ***environment, struct diag *diag)
{
    const struct action *action = graph_action(expansion->context->graph, expansion->node);
    struct variables variables = {.arena = arena};
    struct buf value = BUF_EMPTY;
    int result = 0;
    for (char *const *entry = expansion->context->environment; *entry != NULL; entry++) {
        vec_push(&variables.entries, *entry);
    }
    for (size_t i = 0; i < sizeof thread_variables / sizeof thread_variables[0]; i++) {
        set_number(&variables, thread_variables[i], request->threads);
    }
    set_action_variables(&variables, expansion, request);
    for (size_t i = 0; i < action->environment_count && result == 0; i++) {
        const struct environment_variable *variable = &action->environment[i];
        uint32_t directory = expansion->count > 0 ? expansion->directories[0] : 0;
        buf_clear(&value);
        result = launch_expand(expansion, &variable->value, directory, &value, diag);
        set(&variables, variable->name, buf_slice(&value));
    }
    *environment = arena_array(arena, variables.entries.count + 1, sizeof(char *));
    for (size_t i = 0; i < variables.entries.count; i++) {
        (*environment)[i] = variables.entries.at[i];
    }
    vec_release(&variables.entries);
    buf_release(&value);
    return result;
}
