/* What srun is told, as it stands on its command line and in its environment. */
#include "launching.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "variables.h"

static const char *const names[] = {"n1", "n2", "n3"};
static char *const nothing[] = {NULL};

struct fixture {
    struct arena arena;
    struct launch_steps steps;
    struct launch_context context;
    struct launch_request request;
    struct cpumask places[4];
};

static void begin(struct fixture *fixture, const unsigned *hosts)
{
    *fixture = (struct fixture){.steps = {.hosts = names, .host_count = 3, .here = 0}};
    arena_init(&fixture->arena);
    for (unsigned i = 0; i < 4; i++) {
        cpumask_set(&fixture->places[i], 10 + i);
    }
    fixture->context.steps = &fixture->steps;
    fixture->context.cluster = slice_of("lab");
    fixture->context.environment = nothing;
    fixture->context.rank_helper = "/lib/rowbuild-rank";
    fixture->request = (struct launch_request){
        .processes = 4, .threads = 1, .places = fixture->places, .hosts = hosts};
}

static void expect_words(struct fixture *fixture, unsigned process, const char *wanted)
{
    char *argv[] = {"sh", "-c", "a b", NULL};
    char **words =
        steps_add_prefix(&fixture->context, &fixture->request, process, argv, &fixture->arena);
    struct buf line = BUF_EMPTY;
    for (; *words != NULL; words++) {
        buf_addf(&line, "%s%s", line.len > 0 ? "|" : "", *words);
    }
    assert_string_equal(buf_string(&line), wanted);
    buf_release(&line);
}

#define STEP                                                                                       \
    "srun|--quiet|--overlap|--nodes=1|--ntasks=1|--mem=0|--input=none|--export=ALL|"               \
    "--kill-on-bad-exit=0|--mpi=none|"

static void test_where_one_process_is_started(void **state)
{
    static const unsigned hosts[] = {0, 1, 1, 2};
    struct fixture fixture;
    (void)state;
    begin(&fixture, hosts);
    assert_false(steps_are_needed(&fixture.context, &fixture.request, 0));
    assert_true(steps_are_needed(&fixture.context, &fixture.request, 3));
    expect_words(&fixture, 3, STEP "--nodelist=n3|/lib/rowbuild-rank|sh|-c|a b");
    fixture.steps.can_bind = true;
    fixture.context.rank_helper = NULL;
    expect_words(&fixture, 1, STEP "--nodelist=n2|--cpu-bind=none|sh|-c|a b");
    fixture.steps.here = UINT_MAX;
    assert_true(steps_are_needed(&fixture.context, &fixture.request, 0));
    fixture.request.hosts = NULL;
    assert_false(steps_are_needed(&fixture.context, &fixture.request, 0));
    arena_release(&fixture.arena);
}

static void test_variables_of_one_process(void **state)
{
    static const unsigned hosts[] = {0, 1, 1, 2};
    static const unsigned gpus[] = {0, 0, 1, 3};
    struct fixture fixture;
    (void)state;
    begin(&fixture, hosts);
    fixture.request.gpus = gpus;
    fixture.request.gpus_per_process = 1;
    fixture.context.sets_cuda = true;
    struct variables variables = {.arena = &fixture.arena};
    steps_set_process(&variables, &fixture.context, &fixture.request, 3);
    assert_string_equal(value_of(&variables, "ROWBUILD_RANK_STEP"), "process");
    assert_string_equal(value_of(&variables, "ROWBUILD_RANK_PLACES"), "{13}");
    assert_string_equal(value_of(&variables, "ROWBUILD_RANK_CUDA"), "3");
    vec_release(&variables.entries);
    arena_release(&fixture.arena);
}

static void expect_options(struct fixture *fixture, const char *wanted)
{
    struct buf text = BUF_EMPTY;
    steps_add_options(&fixture->context, &fixture->request,
                      steps_place_ranks(&fixture->context, &fixture->request), &text);
    assert_string_equal(buf_string(&text), wanted);
    buf_release(&text);
}

static void test_where_ranks_are_started(void **state)
{
    static const unsigned several[] = {0, 1, 1, 2};
    static const unsigned one[] = {1, 1, 1, 1};
    struct fixture fixture;
    (void)state;
    begin(&fixture, several);
    expect_options(&fixture, "--overlap --mem=0 --distribution=arbitrary "
                             "--nodelist=n1,n2,n2,n3 ");
    fixture.request.hosts = one;
    fixture.steps.can_bind = true;
    expect_options(&fixture, "--overlap --mem=0 --cpu-bind=none --nodes=1 --nodelist=n2 ");
    fixture.request.places = NULL; /* only counted: Slurm places them, each step apart */
    expect_options(&fixture, "--quiet --exact --mem=0 --nodes=1 --nodelist=n2 ");
    fixture.request.hosts = NULL;
    fixture.steps.host_count = 1;
    expect_options(&fixture, "--quiet --exact --mem=0 --nodes=1 --nodelist=n1 ");
    fixture.steps.host_count = 0; /* not known */
    expect_options(&fixture, "--quiet --exact --mem=0 ");
    arena_release(&fixture.arena);
}

static struct launcher launcher_of(struct launcher_variant *variant, const char *executable)
{
    *variant = (struct launcher_variant){.cluster = slice_of("default"),
                                         .executable = slice_of(executable),
                                         .processes = slice_of("-n ")};
    return (struct launcher){.name = slice_of("mpi"), .variants = variant, .variant_count = 1};
}

static void test_which_launchers_make_steps(void **state)
{
    static const struct {
        const char *executable;
        bool makes_steps;
    } cases[] = {
        {"srun", true},         {"srun --mpi=pmix", true}, {"/opt/bin/srun -l", true},
        {"mpirun", false},      {"srunner", false},        {"mpirun -launcher srun", false},
        {"/srun/mpirun", false}};
    struct fixture fixture;
    (void)state;
    begin(&fixture, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct launcher_variant variant;
        struct launcher launcher = launcher_of(&variant, cases[i].executable);
        assert_true(steps_start_ranks(&fixture.context, &launcher) == cases[i].makes_steps);
    }
    struct launcher_variant variant;
    struct launcher launcher = launcher_of(&variant, "srun");
    fixture.context.steps = NULL; /* not in a job */
    assert_false(steps_start_ranks(&fixture.context, &launcher));
    arena_release(&fixture.arena);
}

static void test_misleading_variables(void **state)
{
    (void)state;
    assert_true(steps_mislead("SLURM_NTASKS=8"));
    assert_true(steps_mislead("SLURM_NTASKS_PER_NODE=2"));
    assert_true(steps_mislead("NTASKS_PER_NODE=2"));
    assert_true(steps_mislead("SLURM_CPUS_PER_TASK=4"));
    assert_true(steps_mislead("SLURM_MEM_PER_CPU=100"));
    assert_true(steps_mislead("SLURM_EXPORT_ENV=NONE"));
    assert_true(steps_mislead("SLURM_STEP_ID=0"));
    assert_true(steps_mislead("SLURM_CPU_BIND=quiet"));
    assert_false(steps_mislead("SLURM_JOB_ID=7"));
    assert_false(steps_mislead("SLURM_JOB_NODELIST=n[1-3]"));
    assert_false(steps_mislead("SLURM_CONF=/etc/slurm.conf"));
    assert_false(steps_mislead("PATH=/bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_one_process_is_started),
        cmocka_unit_test(test_variables_of_one_process),
        cmocka_unit_test(test_where_ranks_are_started),
        cmocka_unit_test(test_which_launchers_make_steps),
        cmocka_unit_test(test_misleading_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
