#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "launching.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),    cmocka_unit_test(test_unbound),
        cmocka_unit_test(test_gpus),      cmocka_unit_test(test_settings),
        cmocka_unit_test(test_inherited), cmocka_unit_test(test_folder_on_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
