#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "launching.h"
#include "mpi_kind.h"
#include "variables.h"

#include <stdlib.h>

static struct cpumask core(unsigned first, unsigned second)
{
    struct cpumask mask = {0};
    cpumask_set(&mask, first);
    cpumask_set(&mask, second);
    return mask;
}

static char *const inherited[] = {"CUDA_VISIBLE_DEVICES=7,8,9,GPU-5", NULL};

struct fixture {
    struct arena arena;
    struct variables variables;
    struct cpumask places[4];
    struct launch_context context;
    struct launch_request request;
};

/* Two ranks of two threads on a machine of 64 cores with two hardware threads each. */
static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    arena_init(&fixture->arena);
    fixture->variables.arena = &fixture->arena;
    fixture->context.environment = inherited;
    fixture->places[0] = core(0, 64);
    fixture->places[1] = core(1, 65);
    fixture->places[2] = core(62, 126);
    fixture->places[3] = core(63, 127);
    fixture->request =
        (struct launch_request){.processes = 2, .threads = 2, .places = fixture->places};
}

static void end(struct fixture *fixture)
{
    vec_release(&fixture->variables.entries);
    arena_release(&fixture->arena);
}

static void test_places(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    mpi_set_ranks(&fixture.variables, &fixture.context, &fixture.request, false);
    assert_string_equal(value_of(&fixture.variables, "ROWBUILD_RANK_PLACES"),
                        "{0,64},{1,65};{62,126},{63,127}");
    assert_null(value_of(&fixture.variables, "ROWBUILD_RANK_OPENMP"));
    assert_null(value_of(&fixture.variables, "ROWBUILD_RANK_CUDA"));
    assert_null(value_of(&fixture.variables, "ROWBUILD_RANK_ROCR"));
    mpi_set_ranks(&fixture.variables, &fixture.context, &fixture.request, true);
    assert_string_equal(value_of(&fixture.variables, "ROWBUILD_RANK_OPENMP"), "1");
    end(&fixture);
}

static void test_unbound(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.request.places = NULL;
    mpi_set_ranks(&fixture.variables, &fixture.context, &fixture.request, true);
    assert_int_equal(fixture.variables.entries.count, 0);
    end(&fixture);
}

static void test_gpus(void **state)
{
    (void)state;
    static const unsigned gpus[] = {0, 1, 2, 3};
    struct fixture fixture;
    begin(&fixture);
    fixture.request.gpus = gpus;
    fixture.request.gpus_per_process = 2;
    fixture.context.sets_cuda = true;
    mpi_set_ranks(&fixture.variables, &fixture.context, &fixture.request, false);
    assert_string_equal(value_of(&fixture.variables, "ROWBUILD_RANK_CUDA"), "7,8;9,GPU-5");
    assert_null(value_of(&fixture.variables, "ROWBUILD_RANK_ROCR"));
    fixture.context.sets_rocr = true;
    mpi_set_ranks(&fixture.variables, &fixture.context, &fixture.request, false);
    assert_string_equal(value_of(&fixture.variables, "ROWBUILD_RANK_ROCR"), "0,1;2,3");
    fixture.request.gpus = NULL;
    fixture.request.gpus_per_process = 0;
    mpi_set_ranks(&fixture.variables, &fixture.context, &fixture.request, false);
    assert_string_equal(value_of(&fixture.variables, "ROWBUILD_RANK_CUDA"), ";");
    end(&fixture);
}

static void test_settings(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    mpi_set_variables(&fixture.variables, &fixture.request, false);
    assert_string_equal(value_of(&fixture.variables, "OMPI_MCA_hwloc_base_binding_policy"), "none");
    assert_string_equal(value_of(&fixture.variables, "PRTE_MCA_hwloc_default_binding_policy"),
                        "none");
    assert_int_equal(fixture.variables.entries.count, 2);
    fixture.request.temporary = "/dev/shm/x/0";
    mpi_set_variables(&fixture.variables, &fixture.request, true);
    assert_string_equal(value_of(&fixture.variables, "OMPI_MCA_rmaps_base_oversubscribe"), "1");
    assert_string_equal(value_of(&fixture.variables, "PRTE_MCA_rmaps_default_mapping_policy"),
                        ":oversubscribe");
    assert_string_equal(value_of(&fixture.variables, "OMPI_MCA_orte_tmpdir_base"), "/dev/shm/x/0");
    assert_string_equal(value_of(&fixture.variables, "OMPI_MCA_btl_vader_backing_directory"),
                        "/dev/shm/x/0");
    end(&fixture);
}

/* On a disk shared memory would be slow: only the rest goes there. */
static void test_folder_on_disk(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.request.temporary = "/tmp/x/0";
    mpi_set_variables(&fixture.variables, &fixture.request, true);
    assert_string_equal(value_of(&fixture.variables, "PRTE_MCA_prte_tmpdir_base"), "/tmp/x/0");
    assert_null(value_of(&fixture.variables, "OMPI_MCA_btl_vader_backing_directory"));
    end(&fixture);
}

static void test_inherited(void **state)
{
    (void)state;
    assert_true(mpi_tells_parent("OMPI_COMM_WORLD_RANK=0"));
    assert_true(mpi_tells_parent("OMPI_UNIVERSE_SIZE=1"));
    assert_true(mpi_tells_parent("OMPI_MCA_ess=^singleton"));
    assert_true(mpi_tells_parent("OMPI_MCA_orte_hnp_uri=1.0;tcp://"));
    assert_true(mpi_tells_parent("PMIX_NAMESPACE=x"));
    assert_true(mpi_tells_parent("PMI_RANK=0"));
    assert_true(mpi_tells_parent("PMI2_RANK=0"));
    assert_true(mpi_tells_parent("MPI_LOCALRANKID=0"));
    assert_false(mpi_tells_parent("OMPI_MCA_pml=ob1"));
    assert_false(mpi_tells_parent("OMPI_MCA_orte_base_help_aggregate=0"));
    assert_false(mpi_tells_parent("OMPI_CC=gcc"));
    assert_false(mpi_tells_parent("OMPI_ALLOW_RUN_AS_ROOT=1"));
    assert_false(mpi_tells_parent("PMIX_MCA_gds=hash"));
    assert_false(mpi_tells_parent("OMP_NUM_THREADS=1"));
    assert_false(mpi_tells_parent("PATH=/bin"));
    assert_false(mpi_tells_parent("MPICH_ASYNC_PROGRESS=1"));
}

static void expect_version(const char *output, enum mpi_kind kind, const char *name)
{
    struct buf found = BUF_EMPTY;
    assert_int_equal(mpi_kind_of_version(slice_of(output), &found), kind);
    assert_string_equal(buf_string(&found), name);
    buf_release(&found);
}

static void test_kinds_of_launchers(void **state)
{
    (void)state;
    expect_version("mpirun (Open MPI) 4.1.4\n\nReport bugs to …\n", MPI_OPENMPI, "Open MPI 4.1.4");
    expect_version("mpirun (Open MPI) 5.0.7", MPI_OPENMPI, "Open MPI 5.0.7");
    expect_version("mpiexec (OpenRTE) 4.1.4\n", MPI_OPENMPI, "Open MPI 4.1.4");
    expect_version("HYDRA build details:\n    Version:                                 4.0.2\n",
                   MPI_MPICH, "MPICH 4.0.2");
    expect_version("Intel(R) MPI Library for Linux* OS, Version 2021.5 Build 20211102\n", MPI_MPICH,
                   "Intel MPI 2021.5");
    expect_version("slurm 22.05.8\n", MPI_UNKNOWN, "");
    expect_version("", MPI_UNKNOWN, "");
    expect_version("HYDRA", MPI_MPICH, "MPICH");
}

static void expect_library(const char *output, enum mpi_kind kind, const char *library)
{
    struct buf found = BUF_EMPTY;
    assert_int_equal(mpi_kind_of_libraries(slice_of(output), &found), kind);
    assert_string_equal(buf_string(&found), library);
    buf_release(&found);
}

static void test_kinds_of_programs(void **state)
{
    (void)state;
    expect_library("\tlinux-vdso.so.1 (0x00007ffe)\n\tlibmpi.so.40 => /lib/libmpi.so.40 (0x1)\n"
                   "\tlibc.so.6 => /lib/libc.so.6 (0x2)\n",
                   MPI_OPENMPI, "libmpi.so.40");
    expect_library("\tlibmpich.so.12 => /lib/libmpich.so.12 (0x1)\n", MPI_MPICH, "libmpich.so.12");
    expect_library("\tlibmpi.so.12 => not found", MPI_MPICH, "libmpi.so.12");
    expect_library("\tlibc.so.6 => /lib/libc.so.6 (0x2)\n", MPI_UNKNOWN, "");
    expect_library("\tlibmpi.so.40 => /a (0x1)\n\tlibmpi.so.12 => /b (0x2)\n", MPI_UNKNOWN, "");
    expect_library("\tnot a dynamic executable\n", MPI_UNKNOWN, "");
    expect_library("", MPI_UNKNOWN, "");
}

static void test_stays_here(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct variables variables = {.arena = &arena};
    variables_set(&variables, SLICE_LITERAL("HYDRA_LAUNCHER"), SLICE_LITERAL("ssh"));
    mpi_stay_here(&variables);
    assert_string_equal(value_of(&variables, "HYDRA_LAUNCHER"), "ssh"); /* the user's own */
    assert_string_equal(value_of(&variables, "HYDRA_RMK"), "user");
    assert_string_equal(value_of(&variables, "I_MPI_HYDRA_BOOTSTRAP"), "fork");
    assert_string_equal(value_of(&variables, "OMPI_MCA_plm"), "^slurm");
    vec_release(&variables.entries);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_unbound),
        cmocka_unit_test(test_gpus),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_inherited),
        cmocka_unit_test(test_folder_on_disk),
        cmocka_unit_test(test_kinds_of_launchers),
        cmocka_unit_test(test_kinds_of_programs),
        cmocka_unit_test(test_stays_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
