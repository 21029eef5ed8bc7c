#include "job_variables.h"
#include "machine.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Compressed lists ---- */

static void expect_hosts(const char *list, const char *wanted)
{
    struct arena arena;
    struct slice *names;
    size_t count;
    struct buf found = BUF_EMPTY;
    arena_init(&arena);
    assert_true(job_variables_expand_hosts(slice_of(list), &arena, &names, &count));
    for (size_t i = 0; i < count; i++) {
        buf_addf(&found, "%s%s", i > 0 ? " " : "", names[i].at);
    }
    assert_string_equal(buf_string(&found), wanted);
    buf_release(&found);
    arena_release(&arena);
}

static void test_lists_of_hosts(void **state)
{
    (void)state;
    expect_hosts("node1", "node1");
    expect_hosts("node[1-3,7]", "node1 node2 node3 node7");
    expect_hosts("node[08-11]", "node08 node09 node10 node11");
    expect_hosts("a,b[1-2],c-3", "a b1 b2 c-3");
    expect_hosts("rack[1-2]n[01,03]x", "rack1n01x rack1n03x rack2n01x rack2n03x");
    expect_hosts("gpu-[9-10].site", "gpu-9.site gpu-10.site");
}

static void test_lists_of_hosts_not_understood(void **state)
{
    static const char *const lists[] = {"",           "node[",     "node[1-",          "node[1-]",
                                        "node[]",     "node[3-1]", "node[a]",          "node[1-2",
                                        "node[1-2x]", "a,,b",      "node[1-99999999]", "node[-1]"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct arena arena;
        struct slice *names;
        size_t count;
        arena_init(&arena);
        assert_false(job_variables_expand_hosts(slice_of(lists[i]), &arena, &names, &count));
        assert_int_equal(count, 0);
        arena_release(&arena);
    }
}

static void test_counts_of_hosts(void **state)
{
    unsigned counts[4];
    (void)state;
    assert_true(job_variables_expand_counts(slice_of("8(x3),4"), counts, 4));
    assert_int_equal(counts[0], 8);
    assert_int_equal(counts[2], 8);
    assert_int_equal(counts[3], 4);
    assert_true(job_variables_expand_counts(slice_of("2"), counts, 1));
    assert_int_equal(counts[0], 2);
    assert_false(job_variables_expand_counts(slice_of("8(x3)"), counts, 4));
    assert_false(job_variables_expand_counts(slice_of("8(x5)"), counts, 4));
    assert_false(job_variables_expand_counts(slice_of("8,"), counts, 1));
    assert_false(job_variables_expand_counts(slice_of("8(x"), counts, 1));
    assert_false(job_variables_expand_counts(slice_of("8(x3)8"), counts, 4));
    assert_false(job_variables_expand_counts(slice_of("99999999999999999999"), counts, 1));
    assert_false(job_variables_expand_counts(slice_of(""), counts, 1));
}

/* ---- Environments ---- */

#define BATCH                                                                                      \
    "SLURM_JOB_ID=17", "SLURM_JOB_NODELIST=node[1-3]", "SLURM_JOB_CPUS_PER_NODE=8,2(x2)",          \
        "SLURM_CPUS_ON_NODE=8", "SLURMD_NODENAME=node1"

static const char WITHIN_16[] = ALLOCATION_MARK "=16";
static const char WITHIN_17[] = ALLOCATION_MARK "=17";

static struct allocation read_environment(const char *const *environment, const char *host_name)
{
    struct allocation allocation;
    job_variables_read(&allocation, (char *const *)environment, host_name);
    return allocation;
}

static void test_outside_of_a_job(void **state)
{
    (void)state;
    struct allocation none = read_environment(
        (const char *const[]){"SLURM_JOB_ID=", "SLURM_CPUS_ON_NODE=8", "PATH=/bin", NULL}, "node1");
    assert_false(none.exists);
    assert_int_equal(none.cpus, 0);
    allocation_release(&none);
}

static void test_batch_script(void **state)
{
    (void)state;
    struct allocation job =
        read_environment((const char *const[]){BATCH, "SLURM_MEM_PER_NODE=100", "SLURM_PROCID=0",
                                               "SLURM_JOB_END_TIME=1790000000", NULL},
                         "elsewhere");
    assert_true(job.exists);
    assert_false(job.is_step);
    assert_string_equal(job.job.at, "17");
    assert_int_equal(job.host_count, 3);
    assert_int_equal(job.here, 0);
    assert_int_equal(job.cpus, 8);
    assert_string_equal(job.cpus_from, "SLURM_CPUS_ON_NODE");
    assert_string_equal(job.hosts[2].name.at, "node3");
    assert_int_equal(job.hosts[2].cpus, 2);
    assert_int_equal(job.memory_bytes, UINT64_C(100) << 20);
    assert_int_equal(allocation_memory_of(&job, 2), UINT64_C(100) << 20);
    assert_int_equal(job.end_at_s, 1790000000);
    allocation_release(&job);
}

static void test_memory_per_cpu(void **state)
{
    (void)state;
    struct allocation job =
        read_environment((const char *const[]){BATCH, "SLURM_MEM_PER_CPU=50", NULL}, "elsewhere");
    assert_int_equal(job.memory_bytes, UINT64_C(400) << 20);
    assert_int_equal(allocation_memory_of(&job, 1), UINT64_C(100) << 20);
    allocation_release(&job);
}

/* salloc: a shell on a login host, or on a host that Slurm doesn't name. */
static void test_shell_of_an_allocation(void **state)
{
    static const char *const environment[] = {"SLURM_JOB_ID=17", "SLURM_JOB_NODELIST=node[1-2]",
                                              "SLURM_JOB_CPUS_PER_NODE=4(x2)", NULL};
    (void)state;
    struct allocation job = read_environment(environment, "login1");
    assert_int_equal(job.host_count, 2);
    assert_true(job.here == ALLOCATION_ELSEWHERE);
    assert_int_equal(job.cpus, 0);
    allocation_release(&job);
    job = read_environment(environment, "node2.cluster");
    assert_int_equal(job.here, 1);
    assert_int_equal(job.cpus, 4);
    assert_string_equal(job.cpus_from, "SLURM_JOB_CPUS_PER_NODE");
    allocation_release(&job);
}

static void test_interactive_step_has_all_hosts(void **state)
{
    (void)state;
    struct allocation job = read_environment(
        (const char *const[]){BATCH, "SLURM_STEP_ID=4294967290", NULL}, "elsewhere");
    assert_false(job.is_step);
    assert_int_equal(job.host_count, 3);
    allocation_release(&job);
}

static void test_inside_a_step(void **state)
{
    (void)state;
    struct allocation one =
        read_environment((const char *const[]){"SLURM_JOB_ID=17", "SLURM_JOB_NODELIST=node[1-3]",
                                               "SLURM_JOB_CPUS_PER_NODE=8(x3)",
                                               "SLURM_CPUS_ON_NODE=3", "SLURMD_NODENAME=node2",
                                               "SLURM_STEP_ID=0", "SLURM_STEP_NUM_TASKS=1", NULL},
                         "elsewhere");
    assert_true(one.is_step);
    assert_int_equal(one.host_count, 1);
    assert_int_equal(one.here, 0);
    assert_string_equal(one.hosts[0].name.at, "node2");
    assert_int_equal(one.cpus, 3);
    allocation_release(&one);
    struct allocation many =
        read_environment((const char *const[]){BATCH, "SLURM_STEP_ID=1", "SLURM_STEP_NUM_TASKS=4",
                                               "SLURM_STEP_NUM_NODES=1", NULL},
                         "elsewhere");
    assert_int_equal(many.cpus, 1);
    allocation_release(&many);
    struct allocation wide =
        read_environment((const char *const[]){BATCH, "SLURM_STEP_ID=1", "SLURM_STEP_NUM_TASKS=4",
                                               "SLURM_CPUS_PER_TASK=2", NULL},
                         "elsewhere");
    assert_int_equal(wide.cpus, 2);
    allocation_release(&wide);
}

static void test_rank_of_another_launcher(void **state)
{
    (void)state;
    struct allocation rank =
        read_environment((const char *const[]){BATCH, "OMPI_COMM_WORLD_SIZE=4", NULL}, "elsewhere");
    assert_true(rank.is_step);
    assert_int_equal(rank.host_count, 1);
    allocation_release(&rank);
}

/* A node's command that calls rowbuild has the node's cores; another job that it submitted has not.
 */
static void test_within_a_run(void **state)
{
    (void)state;
    struct allocation bound = read_environment(
        (const char *const[]){BATCH, WITHIN_17, "ACTION_CORES=0-3", "ACTION_PROCESSES=1",
                              "ACTION_THREADS_PER_PROCESS=4", NULL},
        "elsewhere");
    assert_true(bound.is_within);
    assert_int_equal(bound.cpus, 0); /* the affinity decides */
    assert_int_equal(bound.host_count, 1);
    allocation_release(&bound);
    struct allocation counted = read_environment(
        (const char *const[]){BATCH, WITHIN_17, "ACTION_CORES=", "ACTION_PROCESSES=2",
                              "ACTION_THREADS_PER_PROCESS=3", NULL},
        "elsewhere");
    assert_int_equal(counted.cpus, 6);
    allocation_release(&counted);
    struct allocation other = read_environment(
        (const char *const[]){BATCH, WITHIN_16, "ACTION_PROCESSES=2", NULL}, "elsewhere");
    assert_false(other.is_within);
    assert_int_equal(other.cpus, 8);
    assert_int_equal(other.host_count, 3);
    allocation_release(&other);
}

/* What isn't understood is left out. */
static void test_what_cannot_be_read_is_left_out(void **state)
{
    (void)state;
    struct allocation job = read_environment(
        (const char *const[]){"SLURM_JOB_ID=17", "SLURM_JOB_NODELIST=node[1-3]",
                              "SLURM_JOB_CPUS_PER_NODE=8(x2)", "SLURM_CPUS_ON_NODE=many",
                              "SLURM_MEM_PER_NODE=12G", "SLURM_JOB_END_TIME=soon", NULL},
        "node1");
    assert_true(job.exists);
    assert_int_equal(job.host_count, 0);
    assert_int_equal(job.cpus, 0);
    assert_int_equal(job.memory_bytes, 0);
    assert_int_equal(job.end_at_s, 0);
    allocation_release(&job);
}

/* ---- The machine inside a job ---- */

static struct machine_core core_of(unsigned number, unsigned first, unsigned second)
{
    struct machine_core core = {.number = number};
    cpumask_set(&core.pus, first);
    cpumask_set(&core.pus, second);
    return core;
}

/* Four cores of two hardware threads each. */
static struct machine four_cores(void)
{
    struct machine machine = {.cores = calloc(4, sizeof *machine.cores),
                              .core_count = 4,
                              .numa_count = 1,
                              .package_count = 1,
                              .is_real = true,
                              .memory_bytes = UINT64_C(1) << 40};
    for (unsigned i = 0; i < 4; i++) {
        machine.cores[i] = core_of(i, i, i + 4);
    }
    return machine;
}

static void test_confined_cores(void **state)
{
    struct machine machine = four_cores();
    (void)state;
    assert_int_equal(
        machine_confine(&machine,
                        &(struct allocation){.exists = true, .cpus = 4, .memory_bytes = 1000}),
        4);
    assert_true(machine.is_real);
    assert_int_equal(machine.core_count, 4);
    assert_int_equal(machine.memory_bytes, 1000);
    machine_release(&machine);
}

static void test_confined_hardware_threads(void **state)
{
    struct machine machine = four_cores();
    (void)state;
    assert_int_equal(machine_confine(&machine, &(struct allocation){.exists = true, .cpus = 8}), 8);
    assert_true(machine.is_real);
    assert_int_equal(machine.core_count, 8);
    assert_int_equal(cpumask_count(&machine.cores[1].pus), 1);
    assert_true(cpumask_has(&machine.cores[1].pus, 4));
    assert_int_equal(machine.cores[7].number, 7);
    assert_int_equal(machine.memory_bytes, UINT64_C(1) << 40);
    machine_release(&machine);
}

static void test_not_confined(void **state)
{
    struct machine machine = four_cores();
    (void)state;
    assert_int_equal(machine_confine(&machine, &(struct allocation){.exists = true, .cpus = 3}), 3);
    assert_false(machine.is_real);
    machine_release(&machine);
}

static void test_machine_without_a_job(void **state)
{
    struct machine machine = four_cores();
    (void)state;
    assert_int_equal(machine_confine(&machine, &(struct allocation){0}), machine_default_budget());
    assert_true(machine.is_real);
    machine_release(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_of_hosts),
        cmocka_unit_test(test_lists_of_hosts_not_understood),
        cmocka_unit_test(test_counts_of_hosts),
        cmocka_unit_test(test_outside_of_a_job),
        cmocka_unit_test(test_batch_script),
        cmocka_unit_test(test_memory_per_cpu),
        cmocka_unit_test(test_shell_of_an_allocation),
        cmocka_unit_test(test_interactive_step_has_all_hosts),
        cmocka_unit_test(test_inside_a_step),
        cmocka_unit_test(test_rank_of_another_launcher),
        cmocka_unit_test(test_within_a_run),
        cmocka_unit_test(test_what_cannot_be_read_is_left_out),
        cmocka_unit_test(test_confined_cores),
        cmocka_unit_test(test_confined_hardware_threads),
        cmocka_unit_test(test_not_confined),
        cmocka_unit_test(test_machine_without_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
