/* A machine of several hosts: what they say of themselves, and who gets which of their cores. */
#include "hosts.h"
#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct allocation_host hosts[] = {{.name = {"n1", 2}, .cpus = 4},
                                         {.name = {"n2", 2}, .cpus = 4},
                                         {.name = {"n10", 3}, .cpus = 2}};

static struct allocation job_of(size_t count, size_t here)
{
    return (struct allocation){.exists = true,
                               .job = {"7", 1},
                               .hosts = hosts,
                               .host_count = count,
                               .here = here,
                               .cpus = here < count ? hosts[here].cpus : 0,
                               .memory_bytes = 1000};
}

/* This host: so many cores of one CPU each. */
static struct machine machine_of(unsigned cores, bool is_real)
{
    struct machine machine = {.cores = calloc(cores, sizeof *machine.cores),
                              .core_count = cores,
                              .numa_count = 1,
                              .package_count = 1,
                              .is_real = is_real,
                              .memory_bytes = 1000};
    for (unsigned i = 0; i < cores; i++) {
        machine.cores[i].number = i;
        cpumask_set(&machine.cores[i].pus, i);
    }
    return machine;
}

/* n2: CPUs 8-11 of two NUMA nodes; n10: one core of two hardware threads, which count as CPUs. */
static const char ANSWERS[] = "0: host n2\n"
                              "1: host n10\n"
                              "0: allowed 8-11\n"
                              "0: core 8\n0: core 9\n"
                              "1: allowed 0,64\n"
                              "0: core 10\n0: core 11\n"
                              "1: core 0,64\n1: core 0,64\n"
                              "0: numa 0-9\n0: numa 10-19\n0: package 0-19\n"
                              "1: numa 0-127\n"
                              "1: end\n"
                              "0: end\n";

static void test_hosts_of_a_job(void **state)
{
    (void)state;
    struct allocation job = job_of(3, 0);
    struct machine machine = machine_of(4, true);
    assert_int_equal(machine_add_hosts(&machine, &job, slice_of(ANSWERS), 2), 10);
    assert_true(machine.is_real);
    assert_int_equal(machine.host_count, 3);
    assert_true(machine.hosts[0].is_here);
    assert_false(machine.hosts[1].is_here);
    assert_int_equal(machine.core_count, 10);
    assert_int_equal(machine.hosts[1].first_core, 4);
    assert_int_equal(machine.hosts[1].core_count, 4);
    assert_int_equal(machine.hosts[1].numa_count, 2);
    assert_int_equal(machine.hosts[1].gpus, 2);
    assert_true(cpumask_has(&machine.cores[4].pus, 8));
    assert_int_equal(machine.cores[5].numa, 0);
    assert_int_equal(machine.cores[6].numa, 1);
    assert_int_equal(machine.hosts[2].core_count, 2);
    assert_true(cpumask_has(&machine.cores[9].pus, 64));
    assert_false(cpumask_has(&machine.cores[9].pus, 0));
    machine_release(&machine);
}

static void test_hosts_that_are_only_counted(void **state)
{
    static const char *const answers[] = {
        "",
        "0: host n2\n0: allowed 8-11\n", /* it broke off */
        "0: host n2\n0: allowed 0-63\n0: end\n",
        "host n2\nallowed 8-11\nend\n",
        "0: host n20\n0: allowed 8-11\n0: end\n",
        "0:\n:\n\n0: core\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct allocation job = job_of(2, 0);
        struct machine machine = machine_of(4, true);
        assert_int_equal(machine_add_hosts(&machine, &job, slice_of(answers[i]), 0), 8);
        assert_false(machine.is_real);
        assert_int_equal(machine.hosts[1].budget, 4);
        machine_release(&machine);
    }
}

static void test_login_node(void **state)
{
    (void)state;
    struct allocation job = job_of(3, ALLOCATION_ELSEWHERE);
    struct machine machine = machine_of(64, true);
    assert_int_equal(machine_add_hosts(&machine, &job, slice_of(ANSWERS), 0), 10);
    assert_int_equal(machine.host_count, 3);
    assert_false(machine.is_real); /* n1 said nothing */
    for (size_t i = 0; i < 3; i++) {
        assert_false(machine.hosts[i].is_here);
    }
    machine_release(&machine);
}

/* The question is one that a shell understands. */
static void test_a_shell_answers_for_its_host(void **state)
{
    (void)state;
    struct buf command = BUF_EMPTY;
    struct buf answers = BUF_EMPTY;
    char text[1024];
    setenv("SLURMD_NODENAME", "n2", 1);
    buf_addf(&command, "{ %s\n} | sed 's/^/0: /'", hosts_question);
    FILE *pipe = popen(buf_string(&command), "re"); /* NOLINT(cert-env33-c) */
    assert_non_null(pipe);
    while (fgets(text, sizeof text, pipe) != NULL) {
        buf_add_string(&answers, text);
    }
    assert_int_equal(pclose(pipe), 0);
    struct machine self = machine_of(1, true);
    struct allocation job = job_of(2, 0);
    unsigned cpus = hosts[1].cpus;
    struct machine read;
    struct diag diag;
    diag_init(&diag);
    assert_int_equal(machine_read(&read, &diag), 0);
    hosts[1].cpus = (unsigned)read.core_count;
    machine_add_hosts(&self, &job, buf_slice(&answers), 0);
    hosts[1].cpus = cpus;
    assert_true(self.is_real);
    assert_int_equal(self.hosts[1].core_count, read.core_count);
    assert_int_equal(self.hosts[1].numa_count, read.numa_count);
    machine_release(&read);
    machine_release(&self);
    diag_release(&diag);
    buf_release(&answers);
    buf_release(&command);
    unsetenv("SLURMD_NODENAME");
}

/* ---- The ledger ---- */

struct world {
    struct machine machine;
    struct ledger *ledger;
};

static struct world world_of(bool is_real, unsigned gpus)
{
    struct allocation job = job_of(3, 0);
    struct world world = {.machine = machine_of(4, is_real)};
    unsigned budget = machine_add_hosts(&world.machine, &job, slice_of(ANSWERS), gpus);
    world.ledger = ledger_new(&world.machine, budget, gpus);
    return world;
}

static void end_world(struct world *world)
{
    assert_int_equal(ledger_cores_free(world->ledger), ledger_budget(world->ledger));
    ledger_free(world->ledger);
    machine_release(&world->machine);
}

static struct ledger_grant take(struct world *world, struct ledger_request request)
{
    struct ledger_grant grant;
    assert_true(ledger_can_ever_fit(world->ledger, &request));
    assert_true(ledger_take(world->ledger, &request, &grant));
    return grant;
}

static bool refused(struct world *world, struct ledger_request request)
{
    struct ledger_grant grant;
    return !ledger_take(world->ledger, &request, &grant);
}

static void test_processes_lie_on_one_host(void **state)
{
    (void)state;
    for (int is_real = 0; is_real < 2; is_real++) {
        struct world world = world_of(is_real != 0, 0);
        struct ledger_request three = {.processes = 1, .threads_per_process = 3};
        assert_int_equal(ledger_budget(world.ledger), 10);
        assert_int_equal(ledger_widest_host(world.ledger), 4);
        struct ledger_grant a = take(&world, three);
        assert_true((a.core_numbers != NULL) == (is_real != 0));
        assert_int_equal(a.hosts[0], 0);
        ledger_return(world.ledger, &a);
        assert_null(a.hosts);
        end_world(&world);
    }
}

static void test_one_core_each_until_all_hosts_are_full(void **state)
{
    unsigned on[3] = {0};
    struct ledger_grant grants[10];
    (void)state;
    struct world world = world_of(true, 0);
    struct ledger_request one = {.processes = 1, .threads_per_process = 1};
    for (int i = 0; i < 10; i++) {
        grants[i] = take(&world, one);
        assert_int_equal(grants[i].part_count, 1);
        on[grants[i].hosts[0]]++;
        const struct machine_host *host = &world.machine.hosts[grants[i].hosts[0]];
        assert_true(grants[i].core_numbers[0] >= host->first_core);
        assert_true(grants[i].core_numbers[0] < host->first_core + host->core_count);
    }
    assert_int_equal(on[0], 4);
    assert_int_equal(on[1], 4);
    assert_int_equal(on[2], 2);
    assert_true(refused(&world, one));
    for (int i = 0; i < 10; i++) {
        ledger_return(world.ledger, &grants[i]);
    }
    end_world(&world);
}

static void test_divided_among_hosts(void **state)
{
    (void)state;
    struct world world = world_of(false, 0);
    struct ledger_request wide = {.processes = 4, .threads_per_process = 2, .memory_bytes = 1000};
    struct ledger_grant grant = take(&world, wide);
    assert_int_equal(grant.process_count, 4);
    assert_int_equal(grant.cores, 8);
    assert_int_equal(grant.part_count, 2);
    for (unsigned p = 1; p < 4; p++) {
        assert_true(grant.hosts[p] >= grant.hosts[p - 1]);
    }
    assert_int_equal(ledger_cores_free(world.ledger), 2);
    ledger_return(world.ledger, &grant);
    wide.on_one_host = true;
    assert_false(ledger_can_ever_fit(world.ledger, &wide));
    wide.processes = 2; /* one host has room */
    wide.on_one_host = false;
    grant = take(&world, wide);
    assert_int_equal(grant.part_count, 1);
    ledger_return(world.ledger, &grant);
    struct ledger_request too_wide = {.processes = 4, .threads_per_process = 3};
    assert_false(ledger_can_ever_fit(world.ledger, &too_wide)); /* 10 cores, but not in threes */
    end_world(&world);
}

static void test_kept_for_who_waits(void **state)
{
    (void)state;
    struct world world = world_of(false, 0);
    struct ledger_request one = {.processes = 1, .threads_per_process = 1};
    struct ledger_request all = {.processes = 10, .threads_per_process = 1};
    struct ledger_request four = {.processes = 1, .threads_per_process = 4};
    struct ledger_grant a = take(&world, one);
    struct ledger_grant b = take(&world, four);
    struct ledger_grant kept;
    assert_int_not_equal(a.hosts[0], b.hosts[0]);
    ledger_keep(world.ledger, &all);
    assert_false(ledger_take_kept(world.ledger, &kept));
    assert_true(refused(&world, one));
    ledger_return(world.ledger, &b);
    assert_true(refused(&world, one));
    assert_false(ledger_take_kept(world.ledger, &kept));
    ledger_return(world.ledger, &a);
    assert_true(ledger_take_kept(world.ledger, &kept));
    assert_int_equal(kept.cores, 10);
    ledger_return(world.ledger, &kept);
    a = take(&world, one);
    ledger_keep(world.ledger, &four); /* on a host that is free: another one serves it as well */
    assert_true(ledger_take_kept(world.ledger, &kept));
    ledger_return(world.ledger, &kept);
    ledger_return(world.ledger, &a);
    end_world(&world);
}

static void test_gpus_of_each_host(void **state)
{
    (void)state;
    struct world world = world_of(true, 1);
    struct ledger_request gpu = {.processes = 1, .threads_per_process = 1, .gpus_per_process = 1};
    struct ledger_grant grants[3];
    for (unsigned i = 0; i < 3; i++) {
        grants[i] = take(&world, gpu);
        assert_int_equal(grants[i].gpu_numbers[0], 0);
    }
    assert_true(refused(&world, gpu));
    gpu.gpus_per_process = 2;
    assert_false(ledger_can_ever_fit(world.ledger, &gpu));
    for (unsigned i = 0; i < 3; i++) {
        ledger_return(world.ledger, &grants[i]);
    }
    end_world(&world);
}

static void test_smaller_budget_begins_here(void **state)
{
    (void)state;
    struct allocation job = job_of(3, 1);
    struct machine machine = machine_of(4, false);
    machine_add_hosts(&machine, &job, slice_of(ANSWERS), 0);
    assert_string_equal(machine.hosts[0].name.at, "n2");
    struct ledger *ledger = ledger_new(&machine, 5, 0);
    struct ledger_request four = {.processes = 1, .threads_per_process = 4};
    struct ledger_request one = {.processes = 1, .threads_per_process = 1};
    struct ledger_grant a;
    struct ledger_grant b;
    struct ledger_grant c;
    assert_true(ledger_take(ledger, &four, &a));
    assert_int_equal(a.hosts[0], 0);
    assert_true(ledger_take(ledger, &one, &b));
    assert_int_equal(b.hosts[0], 1);
    assert_false(ledger_take(ledger, &one, &c));
    ledger_return(ledger, &a);
    ledger_return(ledger, &b);
    ledger_free(ledger);
    machine_release(&machine);
}

/* Whatever is taken and returned, in whatever order: never more than a host has. */
static void test_random_requests_never_share_a_core(void **state)
{
    enum { ROUNDS = 4000, HELD = 16 };
    uint32_t seed = 7;
    (void)state;
    for (int is_real = 0; is_real < 2; is_real++) {
        struct world world = world_of(is_real != 0, 1);
        struct ledger_grant held[HELD];
        memset(held, 0, sizeof held);
        for (int round = 0; round < ROUNDS; round++) {
            seed = seed * 1664525U + 1013904223U;
            struct ledger_grant *grant = &held[seed >> 28U];
            struct ledger_request request = {.processes = 1 + (seed >> 8U) % 5,
                                             .threads_per_process = 1 + (seed >> 12U) % 3,
                                             .on_one_host = (seed >> 16U & 1U) != 0,
                                             .memory_bytes = (seed >> 17U & 1U) != 0 ? 300 : 0};
            if (grant->cores > 0) {
                ledger_return(world.ledger, grant);
            } else if ((seed >> 20U) % 8 == 0 && ledger_can_ever_fit(world.ledger, &request)) {
                ledger_keep(world.ledger, &request);
                if (!ledger_take_kept(world.ledger, grant)) {
                    *grant = (struct ledger_grant){0};
                }
            } else if (!ledger_take(world.ledger, &request, grant)) {
                *grant = (struct ledger_grant){0};
            }
            unsigned used[3] = {0};
            unsigned holders[16] = {0};
            for (int i = 0; i < HELD; i++) {
                const struct ledger_grant *at = &held[i];
                for (unsigned p = 0; p < at->process_count; p++) {
                    used[at->hosts[p]] += at->cores / at->process_count;
                }
                for (unsigned c = 0; at->core_numbers != NULL && c < at->cores; c++) {
                    assert_int_equal(holders[at->core_numbers[c]]++, 0);
                }
            }
            for (int h = 0; h < 3; h++) {
                assert_true(used[h] <= world.machine.hosts[h].budget);
            }
        }
        for (int i = 0; i < HELD; i++) {
            if (held[i].cores > 0) {
                ledger_return(world.ledger, &held[i]);
            }
        }
        end_world(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_of_a_job),
        cmocka_unit_test(test_hosts_that_are_only_counted),
        cmocka_unit_test(test_login_node),
        cmocka_unit_test(test_a_shell_answers_for_its_host),
        cmocka_unit_test(test_processes_lie_on_one_host),
        cmocka_unit_test(test_one_core_each_until_all_hosts_are_full),
        cmocka_unit_test(test_divided_among_hosts),
        cmocka_unit_test(test_kept_for_who_waits),
        cmocka_unit_test(test_gpus_of_each_host),
        cmocka_unit_test(test_smaller_budget_begins_here),
        cmocka_unit_test(test_random_requests_never_share_a_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
