/* Sets the variables of MPI ranks: an MPI must not bind, must stay on this host and must clean up. */
#include "launching.h"

#include <unistd.h>

static bool starts_with(const char *entry, const char *prefix)
{
    return strncmp(entry, prefix, strlen(prefix)) == 0;
}

static bool starts_with_any(const char *entry, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++) {
        if (starts_with(entry, *prefixes)) {
            return true;
        }
    }
    return false;
}

/* Users' settings such as OMPI_MCA_… and OMPI_CC… are kept. The variables of this form that mpirun
 * sets for its processes are not. */
bool mpi_tells_parent(const char *entry)
{
    static const char *const own_settings[] = {"OMPI_MCA_ess",
                                               "OMPI_MCA_initial_wdir=",
                                               "OMPI_MCA_mpi_oversubscribe=",
                                               "OMPI_MCA_orte_app_num=",
                                               "OMPI_MCA_orte_bound_at_launch=",
                                               "OMPI_MCA_orte_ess_",
                                               "OMPI_MCA_orte_hnp_uri=",
                                               "OMPI_MCA_orte_jobfam_session_dir=",
                                               "OMPI_MCA_orte_launch=",
                                               "OMPI_MCA_orte_local_daemon_uri=",
                                               "OMPI_MCA_orte_num_nodes=",
                                               "OMPI_MCA_orte_precondition_transports=",
                                               "OMPI_MCA_orte_top_session_dir=",
                                               "OMPI_MCA_pmix=",
                                               "OMPI_MCA_shmem_RUNTIME_QUERY_hint=",
                                               "PRTE_MCA_ess",
                                               "PRTE_MCA_prte_ess",
                                               "PRTE_MCA_prte_hnp_uri=",
                                               NULL};
    static const char *const user_settings[] = {"OMPI_MCA_",
                                                "PMIX_MCA_",
                                                "OMPI_ALLOW_RUN_AS_ROOT",
                                                "OMPI_CC=",
                                                "OMPI_CXX=",
                                                "OMPI_FC=",
                                                "OMPI_F77=",
                                                "OMPI_CFLAGS=",
                                                "OMPI_CXXFLAGS=",
                                                "OMPI_FCFLAGS=",
                                                "OMPI_FFLAGS=",
                                                "OMPI_CPPFLAGS=",
                                                "OMPI_LDFLAGS=",
                                                "OMPI_LIBS=",
                                                "OMPI_HOME=",
                                                "OMPI_DIR=",
                                                "PMIX_INSTALL_PREFIX=",
                                                NULL};
    static const char *const told[] = {"OMPI_", "PMIX_", "PMI_", "PMI2_", "MPI_LOCAL", NULL};
    if (entry[0] != 'O' && entry[0] != 'P' && entry[0] != 'M') {
        return false;
    }
    return starts_with_any(entry, own_settings) ||
           (starts_with_any(entry, told) && !starts_with_any(entry, user_settings));
}

static void set(struct variables *variables, const char *name, const char *value)
{
    variables_set(variables, slice_of(name), slice_of(value));
}

/* OpenMPI 4 binds to cores as if it were alone on the machine. OpenMPI 5 ignores the variables of
 * 4. */
static void forbid_binding(struct variables *variables)
{
    set(variables, "OMPI_MCA_hwloc_base_binding_policy", "none");
    set(variables, "PRTE_MCA_hwloc_default_binding_policy", "none");
}

static void place_files(struct variables *variables, const char *folder)
{
    set(variables, "OMPI_MCA_orte_tmpdir_base", folder);
    set(variables, "PRTE_MCA_prte_tmpdir_base", folder);
    if (starts_with(folder, "/dev/shm/")) {
        set(variables, "OMPI_MCA_btl_vader_backing_directory", folder);
        set(variables, "OMPI_MCA_btl_sm_backing_directory", folder);
        set(variables, "OMPI_MCA_osc_sm_backing_directory", folder);
        set(variables, "OMPI_MCA_osc_rdma_backing_directory", folder);
    }
}

void mpi_set_variables(struct variables *variables, const struct launch_request *request,
                       bool starts_ranks)
{
    forbid_binding(variables); /* also for a command that calls mpirun without a launcher */
    if (!starts_ranks) {
        return;
    }
    set(variables, "I_MPI_PIN",
        "0"); /* Intel MPI and MVAPICH bind when the program calls MPI_Init */
    set(variables, "MV2_ENABLE_AFFINITY", "0");
    set(variables, "MVP_ENABLE_AFFINITY", "0"); /* MVAPICH 3 */
    set(variables, "OMPI_MCA_rmaps_base_oversubscribe", "1");
    set(variables, "PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    if (request->temporary != NULL) {
        place_files(variables, request->temporary);
    }
    if (geteuid() == 0) {
        set(variables, "OMPI_ALLOW_RUN_AS_ROOT", "1");
        set(variables, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        set(variables, "PRTE_ALLOW_RUN_AS_ROOT", "1");
        set(variables, "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    }
}

static void set_unless_given(struct variables *variables, const char *name, const char *value)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < variables->entries.count; i++) {
        if (starts_with(variables->entries.at[i], name) && variables->entries.at[i][len] == '=') {
            return;
        }
    }
    set(variables, name, value);
}

void mpi_stay_here(struct variables *variables)
{
    set_unless_given(variables, "OMPI_MCA_ras", "^slurm");
    set_unless_given(variables, "OMPI_MCA_plm", "^slurm");
    set_unless_given(variables, "PRTE_MCA_ras", "^slurm");
    set_unless_given(variables, "PRTE_MCA_plm", "^slurm");
    /* Hydra (MPICH, MVAPICH) starts its proxies by srun in a Slurm job, which then waits for the cores of
     * the job. Told only to fork, it starts one proxy for each of the job's hosts, all of them here,
     * whose ranks all count from 0. */
    set_unless_given(variables, "HYDRA_LAUNCHER", "fork");
    set_unless_given(variables, "HYDRA_RMK", "user");
    set_unless_given(variables, "I_MPI_HYDRA_BOOTSTRAP", "fork");
    set_unless_given(variables, "I_MPI_HYDRA_RMK", "user");
}

static void add_place(const struct cpumask *place, struct buf *out)
{
    const char *before = "{";
    for (unsigned cpu = 0; cpu < CPUMASK_LIMIT; cpu++) {
        if (cpumask_has(place, cpu)) {
            buf_addf(out, "%s%u", before, cpu);
            before = ",";
        }
    }
    buf_add_char(out, '}');
}

void mpi_add_places(const struct cpumask *places, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_add_char(out, ',');
        }
        add_place(&places[i], out);
    }
}

/* ROWBUILD_RANK_CUDA and ROWBUILD_RANK_ROCR: "0,1;2,3". */
static void set_rank_gpus(struct variables *variables, const struct launch_context *context,
                          const struct launch_request *request)
{
    struct buf cuda = BUF_EMPTY;
    struct buf rocr = BUF_EMPTY;
    for (unsigned i = 0; i < request->processes; i++) {
        struct launch_gpus named = launch_name_gpus(context, launch_gpus_of(request, i),
                                                    request->gpus_per_process, variables->arena);
        const char *separator = i > 0 ? ";" : "";
        buf_addf(&cuda, "%s%s", separator, named.cuda != NULL ? named.cuda : "");
        buf_addf(&rocr, "%s%s", separator, named.rocr != NULL ? named.rocr : "");
    }
    if (context->sets_cuda) {
        set(variables, "ROWBUILD_RANK_CUDA", buf_string(&cuda));
    }
    if (context->sets_rocr) {
        set(variables, "ROWBUILD_RANK_ROCR", buf_string(&rocr));
    }
    buf_release(&cuda);
    buf_release(&rocr);
}

void mpi_set_ranks(struct variables *variables, const struct launch_context *context,
                   const struct launch_request *request, bool openmp)
{
    struct buf list = BUF_EMPTY;
    for (unsigned i = 0; request->places != NULL && i < request->processes; i++) {
        if (i > 0) {
            buf_add_char(&list, ';');
        }
        mpi_add_places(request->places + (size_t)i * request->threads, request->threads, &list);
    }
    if (list.len > 0) {
        set(variables, "ROWBUILD_RANK_PLACES", buf_string(&list));
        if (openmp) {
            set(variables, "ROWBUILD_RANK_OPENMP", "1");
        }
    }
    set_rank_gpus(variables, context, request);
    buf_release(&list);
}
