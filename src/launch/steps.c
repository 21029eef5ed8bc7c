/* Job steps of Slurm: the options and variables for srun when a run inside a job uses it to start
 * processes. */
#include "launching.h"

#include <string.h>

static bool starts_with(const char *entry, const char *prefix)
{
    return strncmp(entry, prefix, strlen(prefix)) == 0;
}

bool steps_mislead(const char *entry)
{
    /* Variables that srun reads as options, and variables that it set for the step that this run is
     * in. */
    static const char *const prefixes[] = {"SLURM_CPU_BIND",
                                           "SLURM_CPUS_PER_GPU=",
                                           "SLURM_CPUS_PER_TASK=",
                                           "SLURM_DEPENDENCY=",
                                           "SLURM_DISTRIBUTION=",
                                           "SLURM_EXACT=",
                                           "SLURM_EXCLUSIVE=",
                                           "SLURM_EXPORT_ENV=",
                                           "SLURM_GPU",
                                           "SLURM_GRES=",
                                           "SLURM_HINT=",
                                           "SLURM_HOSTFILE=",
                                           "SLURM_JOB_NAME=",
                                           "SLURM_KILL_BAD_EXIT=",
                                           "SLURM_LABELIO=",
                                           "SLURM_MEM_",
                                           "SLURM_NNODES=",
                                           "SLURM_NPROCS=",
                                           "SLURM_NTASKS",
                                           "SLURM_NTASKS_PER_",
                                           "SLURM_OPEN_MODE=",
                                           "SLURM_OVERLAP=",
                                           "SLURM_STDERRMODE=",
                                           "SLURM_STDINMODE=",
                                           "SLURM_STDOUTMODE=",
                                           "SLURM_STEP",
                                           "SLURM_TASKS_PER_NODE=",
                                           "SLURM_THREADS_PER_CORE=",
                                           "SLURM_TIMELIMIT=",
                                           "SLURM_TRES_PER_TASK=",
                                           "SLURM_UNBUFFEREDIO=",
                                           "SLURM_WAIT=",
                                           "SLURM_WHOLE=",
                                           "NTASKS_PER_NODE=",
                                           NULL};
    for (const char *const *prefix = prefixes; *prefix != NULL; prefix++) {
        if (starts_with(entry, *prefix)) {
            return true;
        }
    }
    return false;
}

char **launch_step_environment(char *const *environment, struct arena *arena)
{
    size_t count = 0;
    while (environment[count] != NULL) {
        count++;
    }
    char **kept = arena_array(arena, count + 1, sizeof *kept);
    for (size_t i = 0; *environment != NULL; environment++) {
        if (!steps_mislead(*environment)) {
            kept[i++] = *environment;
        }
    }
    return kept;
}

bool steps_are_needed(const struct launch_context *context, const struct launch_request *request,
                      unsigned process)
{
    return context->steps != NULL && request->hosts != NULL &&
           request->hosts[process] != context->steps->here;
}

bool steps_start_ranks(const struct launch_context *context, const struct launcher *launcher)
{
    const struct launcher_variant *variant = launcher_variant_for(launcher, context->cluster);
    if (context->steps == NULL || variant == NULL || variant->executable.at == NULL ||
        variant->processes.at == NULL) {
        return false;
    }
    struct slice word = variant->executable;
    size_t len = 0;
    while (len < word.len && word.at[len] != ' ' && word.at[len] != '\t') {
        len++;
    }
    word.len = len;
    const char *slash = memrchr(word.at, '/', word.len);
    size_t skip = slash != NULL ? (size_t)(slash - word.at) + 1 : 0;
    return slice_is(slice_make(word.at + skip, word.len - skip), "srun");
}

bool steps_hold_ranks(const struct launch_context *context, const struct action *action)
{
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher = launchers_find(context->launchers, action->launchers[i]);
        if (launcher != NULL && steps_start_ranks(context, launcher)) {
            return true;
        }
    }
    return false;
}

/* ---- One process on another host ---- */

char **steps_add_prefix(const struct launch_context *context, const struct launch_request *request,
                        unsigned process, char **argv, struct arena *arena)
{
    static const char *const options[] = {"srun",         "--quiet",      "--overlap",
                                          "--nodes=1",    "--ntasks=1",   "--mem=0",
                                          "--input=none", "--export=ALL", "--kill-on-bad-exit=0",
                                          "--mpi=none"};
    enum { OPTIONS = sizeof options / sizeof options[0], MORE = 4 };
    struct buf host = BUF_EMPTY;
    size_t words = 0;
    size_t count = 0;
    while (argv[count] != NULL) {
        count++;
    }
    char **whole = arena_array(arena, OPTIONS + MORE + count, sizeof *whole);
    while (words < OPTIONS) {
        whole[words] = arena_string(arena, slice_of(options[words]));
        words++;
    }
    buf_addf(&host, "--nodelist=%s", context->steps->hosts[request->hosts[process]]);
    whole[words++] = arena_string(arena, buf_slice(&host));
    if (context->steps->can_bind) { /* the process moves to its own cores by itself */
        whole[words++] = arena_string(arena, SLICE_LITERAL("--cpu-bind=none"));
    }
    if (context->rank_helper != NULL) {
        whole[words++] = arena_string(arena, slice_of(context->rank_helper));
    }
    memcpy(whole + words, argv, count * sizeof *argv);
    buf_release(&host);
    return whole;
}

void steps_set_process(struct variables *variables, const struct launch_context *context,
                       const struct launch_request *request, unsigned process)
{
    struct launch_request own = *request;
    own.processes = 1;
    own.places =
        request->places != NULL ? request->places + (size_t)process * request->threads : NULL;
    own.gpus = launch_gpus_of(request, process);
    mpi_set_ranks(variables, context, &own, false);
    variables_set(variables, SLICE_LITERAL("ROWBUILD_RANK_STEP"), SLICE_LITERAL("process"));
}

/* ---- Ranks ---- */

/* "node1,node1,node2": a name for each rank. */
static void add_hosts_of_ranks(const struct launch_context *context,
                               const struct launch_request *request, struct buf *out)
{
    bool is_one = true;
    for (unsigned i = 1; i < request->processes; i++) {
        is_one = is_one && request->hosts[i] == request->hosts[0];
    }
    if (is_one) {
        buf_addf(out, "--nodes=1 --nodelist=%s ", context->steps->hosts[request->hosts[0]]);
        return;
    }
    /* Without --nodes: newer versions of srun refuse both. */
    buf_add_string(out, "--distribution=arbitrary --nodelist=");
    for (unsigned i = 0; i < request->processes; i++) {
        buf_addf(out, "%s%s", i > 0 ? "," : "", context->steps->hosts[request->hosts[i]]);
    }
    buf_add_char(out, ' ');
}

bool steps_place_ranks(const struct launch_context *context, const struct launch_request *request)
{
    return request->places != NULL && context->rank_helper != NULL;
}

void steps_add_options(const struct launch_context *context, const struct launch_request *request,
                       bool is_placed, struct buf *out)
{
    /* A step that reserves CPUs may have to wait until Slurm notices the end of the previous step.
     * --quiet suppresses the messages about that. */
    buf_addf(out, "%s --mem=0 ", is_placed ? "--overlap" : "--quiet --exact");
    if (is_placed && context->steps->can_bind) {
        buf_add_string(out, "--cpu-bind=none ");
    }
    if (request->hosts != NULL) {
        add_hosts_of_ranks(context, request, out);
    } else if (context->steps->host_count == 1) {
        buf_addf(out, "--nodes=1 --nodelist=%s ", context->steps->hosts[0]);
    }
}
