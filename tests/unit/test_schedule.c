#include "schedule.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

static unsigned random_between(uint64_t *seed, unsigned low, unsigned high)
{
    return low + (unsigned)(next_random(seed) % (high - low + 1));
}

/* NUMA nodes of `per_node` cores, two of them in each package. */
static struct machine make_machine(unsigned cores, unsigned per_node)
{
    struct machine machine = {.is_real = true, .core_count = cores, .memory_bytes = 1000};
    machine.cores = mem_alloc(cores * sizeof *machine.cores);
    for (unsigned i = 0; i < cores; i++) {
        machine.cores[i].number = i;
        machine.cores[i].numa = i / per_node;
        machine.cores[i].package = i / per_node / 2;
        cpumask_set(&machine.cores[i].pus, i);
    }
    machine.numa_count = (cores + per_node - 1) / per_node;
    machine.package_count = (machine.numa_count + 1) / 2;
    return machine;
}

static struct ledger_request ask(unsigned cores)
{
    return (struct ledger_request){.processes = 1, .threads_per_process = cores};
}

static void add(struct schedule *schedule, uint32_t number, unsigned cores, double path_s,
                double seconds)
{
    schedule_expect(schedule, cores * seconds);
    schedule_add(schedule, &(struct schedule_item){.number = number,
                                                   .path_s = path_s,
                                                   .seconds = seconds,
                                                   .request = ask(cores)});
}

/* ---- The order ---- */

struct bench {
    struct machine machine;
    struct ledger *ledger;
    struct schedule *schedule;
};

static void begin(struct bench *bench, unsigned cores, unsigned per_node, unsigned gpus)
{
    bench->machine = make_machine(cores, per_node);
    bench->ledger = ledger_new(&bench->machine, cores, gpus);
    bench->schedule = schedule_new(bench->ledger);
}

static void end(struct bench *bench)
{
    schedule_free(bench->schedule);
    ledger_free(bench->ledger);
    machine_release(&bench->machine);
}

static void expect_start(struct bench *bench, uint32_t wanted, struct ledger_grant *grant)
{
    uint32_t number;
    assert_true(schedule_next(bench->schedule, &number, grant));
    assert_int_equal(number, wanted);
}

static void expect_none(struct bench *bench)
{
    uint32_t number;
    struct ledger_grant grant;
    assert_false(schedule_next(bench->schedule, &number, &grant));
}

static void test_urgent_then_wide(void **state)
{
    (void)state;
    struct bench bench;
    struct ledger_grant grants[4];
    begin(&bench, 8, 8, 0);
    add(bench.schedule, 1, 1, 1, 1);
    add(bench.schedule, 2, 3, 1, 1);
    add(bench.schedule, 3, 1, 2, 1);
    add(bench.schedule, 4, 1, 90, 1); /* with 90 s after it, of which 10 s can't be hidden */
    schedule_expect(bench.schedule, 100);
    expect_start(&bench, 4, &grants[0]);
    expect_start(&bench, 2, &grants[1]);
    expect_start(&bench, 3, &grants[2]);
    expect_start(&bench, 1, &grants[3]);
    expect_none(&bench);
    for (int i = 0; i < 4; i++) {
        ledger_return(bench.ledger, &grants[i]);
    }
    end(&bench);
}

static void test_equal_ones_in_order(void **state)
{
    (void)state;
    struct bench bench;
    struct ledger_grant grants[4];
    begin(&bench, 4, 4, 0);
    for (uint32_t i = 4; i-- > 0;) {
        add(bench.schedule, i, 1, 1, 1);
    }
    for (uint32_t i = 0; i < 4; i++) {
        expect_start(&bench, i, &grants[i]);
    }
    for (int i = 0; i < 4; i++) {
        ledger_return(bench.ledger, &grants[i]);
    }
    end(&bench);
}

/* ---- Pools ---- */

static const unsigned of_pool[] = {1, 2};

static void add_of_pool(struct schedule *schedule, uint32_t number, unsigned amount)
{
    struct ledger_request request = ask(1);
    request.pools = &of_pool[amount - 1];
    request.pool_count = 1;
    schedule_expect(schedule, 1);
    schedule_add(schedule, &(struct schedule_item){
                               .number = number, .path_s = 1, .seconds = 1, .request = request});
}

/* However urgent it is: it waits for the pool, and cores are of no use to it. */
static void test_a_pool_holds_up_only_its_own(void **state)
{
    (void)state;
    struct bench bench;
    struct ledger_grant first;
    struct ledger_grant second;
    struct ledger_grant others[3];
    begin(&bench, 4, 4, 0);
    ledger_set_pools(bench.ledger, of_pool, 1);
    add_of_pool(bench.schedule, 1, 1);
    add_of_pool(bench.schedule, 2, 1);
    expect_start(&bench, 1, &first);
    for (uint32_t i = 10; i < 10 + 3 * SCHEDULE_MOST_OVERTAKEN; i++) {
        add(bench.schedule, i, 1, 0.5, 0.5);
    }
    for (uint32_t i = 0; i < SCHEDULE_MOST_OVERTAKEN; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            expect_start(&bench, 10 + i * 3 + k, &others[k]);
        }
        expect_none(&bench);
        for (int k = 0; k < 3; k++) {
            ledger_return(bench.ledger, &others[k]);
        }
    }
    expect_none(&bench);
    ledger_return(bench.ledger, &first);
    expect_start(&bench, 2, &second);
    ledger_return(bench.ledger, &second);
    end(&bench);
}

/* Those that take less of the pool come without end. */
static void test_what_takes_all_of_a_pool_comes_too(void **state)
{
    (void)state;
    struct bench bench;
    struct ledger_grant grants[2];
    uint32_t number = 1;
    unsigned before = 0;
    begin(&bench, 8, 8, 0);
    ledger_set_pools(bench.ledger, &of_pool[1], 1);
    schedule_expect(bench.schedule, 1e6);
    for (uint32_t i = 1; i <= 2; i++) {
        add_of_pool(bench.schedule, i, 1);
        expect_start(&bench, i, &grants[i - 1]);
    }
    add_of_pool(bench.schedule, 0, 2);
    while (number != 0) {
        unsigned one = before % 2;
        struct ledger_grant *grant = &grants[one];
        assert_true(before <= SCHEDULE_KEEPS_FROM + 2);
        ledger_return(bench.ledger, grant);
        add_of_pool(bench.schedule, 100 + before++, 1);
        while (!schedule_next(bench.schedule, &number, grant)) { /* kept for it */
            ledger_return(bench.ledger, &grants[1 - one]);
        }
    }
    ledger_return(bench.ledger, &grants[(before - 1) % 2]);
    end(&bench);
}

/* While resources are kept for one, others get what it can't use: cores of the other NUMA node. */
static void test_keeps_what_it_can_use(void **state)
{
    (void)state;
    struct bench bench;
    struct ledger_grant running[2];
    struct ledger_grant grant;
    begin(&bench, 8, 4, 0);
    struct ledger_request two = ask(2);
    struct ledger_request four = ask(4);
    struct ledger_request one = ask(1);
    assert_true(ledger_take(bench.ledger, &two, &running[0]));
    assert_true(ledger_take(bench.ledger, &four, &running[1]));
    unsigned waited_for = bench.machine.cores[running[0].core_numbers[0]].numa;
    ledger_keep(bench.ledger, &four); /* in the task where two are free already */
    assert_false(ledger_take(bench.ledger, &one, &grant));
    ledger_return(bench.ledger, &running[1]);
    assert_true(ledger_take_kept(bench.ledger, &grant)); /* the other task is free sooner */
    assert_int_not_equal(bench.machine.cores[grant.core_numbers[0]].numa, waited_for);
    struct ledger_grant more;
    assert_true(ledger_take(bench.ledger, &one, &more)); /* nothing is kept any more */
    ledger_return(bench.ledger, &more);
    ledger_return(bench.ledger, &grant);

    struct ledger_grant third;
    assert_true(ledger_take(bench.ledger, &one, &third));
    assert_int_equal(bench.machine.cores[third.core_numbers[0]].numa, waited_for);
    struct ledger_request all = {.processes = 2, .threads_per_process = 4};
    ledger_keep(bench.ledger, &all);
    assert_false(ledger_take(bench.ledger, &one, &grant));
    ledger_keep(bench.ledger, &four); /* instead; it waits for one of the tasks only */
    assert_true(ledger_take_kept(bench.ledger, &grant));
    ledger_return(bench.ledger, &grant);
    assert_true(ledger_take(bench.ledger, &two, &grant));
    ledger_return(bench.ledger, &grant);
    ledger_return(bench.ledger, &third);
    ledger_return(bench.ledger, &running[0]);
    end(&bench);
}

/* One that waits for a GPU keeps the core that it needs, and leaves the others. */
static void test_keeps_across_resources(void **state)
{
    (void)state;
    struct bench bench;
    struct ledger_grant running;
    struct ledger_grant grant;
    struct ledger_grant other;
    begin(&bench, 4, 4, 1);
    struct ledger_request gpu = {.processes = 1, .threads_per_process = 1, .gpus_per_process = 1};
    struct ledger_request three = ask(3);
    struct ledger_request two = ask(2);
    assert_true(ledger_take(bench.ledger, &gpu, &running));
    ledger_keep(bench.ledger, &gpu);
    assert_false(ledger_take(bench.ledger, &three, &grant));
    assert_true(ledger_take(bench.ledger, &two, &grant));
    assert_false(ledger_take_kept(bench.ledger, &other));
    ledger_return(bench.ledger, &running);
    assert_false(ledger_take(bench.ledger, &gpu, &other)); /* kept */
    assert_true(ledger_take_kept(bench.ledger, &other));
    ledger_return(bench.ledger, &other);
    ledger_return(bench.ledger, &grant);
    end(&bench);
}

/* ---- Nobody waits for ever ---- */

enum { MOST_RUNNING = 1024 };

struct running {
    uint32_t number;
    double until;
    struct ledger_grant grant;
};

struct crowd {
    struct running at[MOST_RUNNING];
    size_t count;
};

static struct running end_first(struct crowd *crowd, struct ledger *ledger)
{
    size_t first = 0;
    assert_true(crowd->count > 0);
    for (size_t i = 1; i < crowd->count; i++) {
        first = crowd->at[i].until < crowd->at[first].until ? i : first;
    }
    struct running ended = crowd->at[first];
    crowd->at[first] = crowd->at[--crowd->count];
    ledger_return(ledger, &ended.grant);
    return ended;
}

/* A wide one that nothing is urgent before, and narrow ones without end: so many of them start
 * before it. */
static void test_overtaking_is_bounded(void **state)
{
    (void)state;
    struct bench bench;
    struct crowd crowd = {.count = 0};
    double now;
    uint64_t seed = 3;
    unsigned before = 0;
    begin(&bench, 8, 8, 0);
    schedule_expect(bench.schedule, 1e6);
    for (uint32_t i = 1; i <= 16; i++) {
        add(bench.schedule, i, 1, 10, 10);
    }
    uint32_t number = 1;
    struct ledger_grant grant;
    while (schedule_next(bench.schedule, &number, &grant)) {
        crowd.at[crowd.count++] = (struct running){number, (double)next_random(&seed), grant};
    }
    add(bench.schedule, 0, 8, 1, 1);
    while (number != 0) {
        assert_true(before <= SCHEDULE_MOST_OVERTAKEN);
        now = end_first(&crowd, bench.ledger).until;
        add(bench.schedule, 1000 + before, 1, 10, 10);
        while (number != 0 && schedule_next(bench.schedule, &number, &grant)) {
            crowd.at[crowd.count++] =
                (struct running){number, now + (double)next_random(&seed), grant};
            before += number != 0;
        }
    }
    assert_in_range(before, SCHEDULE_KEEPS_FROM, SCHEDULE_KEEPS_FROM + 1);
    while (crowd.count > 0) {
        (void)end_first(&crowd, bench.ledger);
    }
    assert_true(schedule_next(bench.schedule, &number, &grant)); /* others still wait */
    ledger_return(bench.ledger, &grant);
    end(&bench);
}

/* The least one, and ones without end that all go before it. */
static void test_the_last_comes_too(void **state)
{
    (void)state;
    static const unsigned widths[] = {1, 4};
    for (size_t w = 0; w < 2; w++) {
        struct bench bench;
        struct crowd crowd = {.count = 0};
        uint32_t number = 1;
        uint32_t added = 1;
        unsigned before = 0;
        begin(&bench, 4, 4, 0);
        add(bench.schedule, 0, widths[w], 0.001, 0.001);
        for (; added <= 8; added++) {
            add(bench.schedule, added, 5 - widths[w], 1000, 1);
        }
        while (number != 0) {
            assert_true(before <= 2 * SCHEDULE_OLDEST_EVERY);
            struct ledger_grant grant;
            while (number != 0 && schedule_next(bench.schedule, &number, &grant)) {
                crowd.at[crowd.count++] = (struct running){number, added, grant};
                before++;
            }
            if (number != 0) {
                (void)end_first(&crowd, bench.ledger);
                add(bench.schedule, added++, 5 - widths[w], 1000, 1);
            }
        }
        assert_in_range(before, SCHEDULE_OLDEST_EVERY, SCHEDULE_OLDEST_EVERY + 16);
        while (crowd.count > 0) {
            (void)end_first(&crowd, bench.ledger);
        }
        end(&bench);
    }
}

static struct ledger_request random_request(const struct ledger *ledger, uint64_t *seed)
{
    unsigned budget = ledger_budget(ledger);
    unsigned most = next_random(seed) % 4 == 0 ? budget : budget / 4 + 1;
    unsigned cores = random_between(seed, 1, most);
    struct ledger_request request = {.threads_per_process = random_between(seed, 1, cores)};
    request.processes = cores / request.threads_per_process;
    request.gpus_per_process =
        next_random(seed) % 3 == 0 ? random_between(seed, 0, ledger_gpus(ledger)) : 0;
    request.gpus_per_process /= request.processes;
    request.memory_bytes = next_random(seed) % 3 == 0 ? next_random(seed) % 1001 : 0;
    return request;
}

/* Cores, GPUs and memory mixed, on machines of all kinds, always with as much waiting: whatever
 * fits the empty machine is started after so many others at the latest. */
static void test_no_starvation(void **state)
{
    (void)state;
    enum { WAITING = 12, ITEMS = 6000, ROUNDS = 12 };
    uint64_t seed = 11;
    static uint32_t added_at[ITEMS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct bench bench;
        struct crowd crowd = {.count = 0};
        unsigned cores = random_between(&seed, 1, round % 3 == 0 ? 512 : 24);
        uint32_t added = 0;
        uint32_t started = 0;
        uint32_t longest = 0;
        double now = 0;
        begin(&bench, cores, random_between(&seed, 1, cores), random_between(&seed, 0, 8));
        while (started < ITEMS) {
            uint32_t number;
            struct ledger_grant grant;
            while (added < ITEMS && added - started < WAITING) {
                struct schedule_item item = {.number = added,
                                             .path_s = random_between(&seed, 1, 1000),
                                             .seconds = 1,
                                             .request = random_request(bench.ledger, &seed)};
                added_at[added++] = started;
                schedule_expect(bench.schedule,
                                item.request.processes * item.request.threads_per_process);
                schedule_add(bench.schedule, &item);
            }
            while (schedule_next(bench.schedule, &number, &grant)) {
                double until = now + random_between(&seed, 1, 1000);
                crowd.at[crowd.count++] = (struct running){number, until, grant};
                uint32_t waited = started++ - added_at[number];
                longest = waited > longest ? waited : longest;
            }
            if (crowd.count > 0) {
                now = end_first(&crowd, bench.ledger).until;
            } else { /* the empty machine starts whatever waits */
                assert_int_equal(added, started);
            }
        }
        assert_true(longest <= WAITING * (SCHEDULE_OLDEST_EVERY + SCHEDULE_MOST_OVERTAKEN));
        while (crowd.count > 0) {
            (void)end_first(&crowd, bench.ledger);
        }
        assert_int_equal(ledger_cores_free(bench.ledger), cores);
        struct ledger_request all = {.processes = 1,
                                     .threads_per_process = 1,
                                     .gpus_per_process = ledger_gpus(bench.ledger),
                                     .memory_bytes = 1000};
        struct ledger_grant everything;
        assert_true(ledger_take(bench.ledger, &all, &everything));
        ledger_return(bench.ledger, &everything);
        end(&bench);
    }
}

/* ---- How long a mixed load takes, on a simulated clock ---- */

struct task {
    unsigned cores;
    double seconds;
    double path_s;
    uint32_t next; /* the one that follows it in its chain; 0: none */
    bool follows;
};

struct load {
    struct task *tasks;
    uint32_t count;
    double core_seconds;
    double longest_s;
};

/* 1–4 cores and 0.05–1 s each, half of them alone, half heads of chains of up to seven more; with
 * `long_part` also chains that take about such a part of the whole time. */
static struct load make_load(unsigned cores, unsigned per_core, double long_part, uint64_t seed)
{
    struct load load = {.count = cores * per_core};
    uint32_t long_tasks = (uint32_t)(long_part * per_core * 2.5);
    uint32_t left = long_tasks;
    load.tasks = mem_alloc(load.count * sizeof *load.tasks);
    for (uint32_t i = 0; i < load.count; i++) {
        struct task *task = &load.tasks[i];
        task->cores = random_between(&seed, 1, 4);
        task->seconds = 0.001 * random_between(&seed, 50, 1000);
        load.core_seconds += task->cores * task->seconds;
        if (left > 0 && i + 1 < load.count) {
            task->next = i + 1;
            load.tasks[i + 1].follows = true;
            left--;
        } else if (long_tasks > 0 && i == load.count / 2) {
            left = long_tasks;
        } else {
            left = next_random(&seed) % 2 == 0 ? 0 : random_between(&seed, 0, 7);
        }
    }
    for (uint32_t i = load.count; i-- > 0;) {
        struct task *task = &load.tasks[i];
        task->path_s = task->seconds + (task->next > 0 ? load.tasks[task->next].path_s : 0);
        load.longest_s = task->path_s > load.longest_s ? task->path_s : load.longest_s;
    }
    return load;
}

static double lower_bound(const struct load *load, unsigned cores)
{
    double work_s = load->core_seconds / cores;
    return load->longest_s > work_s ? load->longest_s : work_s;
}

/* Seconds until all is done. Without a schedule: first come, first served. */
struct simulation {
    const struct load *load;
    struct ledger *ledger;
    struct schedule *schedule; /* NULL: the queue below */
    uint32_t *queue;
    size_t head;
    size_t tail;
};

static void make_ready(struct simulation *simulation, uint32_t number)
{
    const struct task *task = &simulation->load->tasks[number];
    if (simulation->schedule != NULL) {
        schedule_add(simulation->schedule, &(struct schedule_item){.number = number,
                                                                   .path_s = task->path_s,
                                                                   .seconds = task->seconds,
                                                                   .request = ask(task->cores)});
    } else {
        simulation->queue[simulation->tail++] = number;
    }
}

static bool start_next(struct simulation *simulation, uint32_t *number, struct ledger_grant *grant)
{
    if (simulation->schedule != NULL) {
        return schedule_next(simulation->schedule, number, grant);
    }
    if (simulation->head == simulation->tail) {
        return false;
    }
    *number = simulation->queue[simulation->head];
    struct ledger_request request = ask(simulation->load->tasks[*number].cores);
    bool taken = ledger_take(simulation->ledger, &request, grant);
    simulation->head += taken;
    return taken;
}

static double simulate(const struct load *load, const struct machine *machine, bool scheduled)
{
    struct ledger *ledger = ledger_new(machine, (unsigned)machine->core_count, 0);
    struct simulation simulation = {.load = load,
                                    .ledger = ledger,
                                    .schedule = scheduled ? schedule_new(ledger) : NULL,
                                    .queue = mem_alloc(load->count * sizeof(uint32_t))};
    struct crowd crowd = {.count = 0};
    double now = 0;
    if (scheduled) {
        schedule_expect(simulation.schedule, load->core_seconds);
    }
    for (uint32_t i = 0; i < load->count; i++) {
        if (!load->tasks[i].follows) {
            make_ready(&simulation, i);
        }
    }
    for (uint32_t done = 0; done < load->count; done++) {
        uint32_t number;
        struct ledger_grant grant;
        while (start_next(&simulation, &number, &grant)) {
            crowd.at[crowd.count++] =
                (struct running){number, now + load->tasks[number].seconds, grant};
        }
        struct running ended = end_first(&crowd, ledger);
        now = ended.until;
        if (load->tasks[ended.number].next > 0) {
            make_ready(&simulation, load->tasks[ended.number].next);
        }
    }
    schedule_free(simulation.schedule);
    free(simulation.queue);
    ledger_free(ledger);
    return now;
}

static void check_loads(unsigned cores, unsigned per_core, double long_part, unsigned rounds)
{
    struct machine machine = make_machine(cores, 8);
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        struct load load = make_load(cores, per_core, long_part, seed * 1000003 + cores);
        double bound_s = lower_bound(&load, cores);
        double ours_s = simulate(&load, &machine, true);
        double first_come_s = simulate(&load, &machine, false);
        if (ours_s > 1.1 * bound_s || ours_s >= first_come_s) {
            print_error(
                "%u cores, seed %llu: %.3f s, bound %.3f s, first come first served %.3f s\n",
                cores, (unsigned long long)seed, ours_s, bound_s, first_come_s);
        }
        assert_true(ours_s >= bound_s * (1 - 1e-9));
        assert_true(ours_s <= 1.1 * bound_s);
        assert_true(ours_s < first_come_s);
        free(load.tasks);
    }
    machine_release(&machine);
}

/* Within a tenth of what no order can beat. */
static void test_mixed_loads(void **state)
{
    (void)state;
    static const unsigned machines[] = {4, 6, 8, 12, 16, 24, 32, 48, 64};
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        check_loads(machines[i], 40, 0, 12);
    }
}

/* Few items for each core: there the narrow machines' bound is out of reach, since what fits side
 * by side on four cores is too few combinations. */
static void test_short_loads(void **state)
{
    (void)state;
    static const unsigned machines[] = {8, 16, 32, 64};
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        check_loads(machines[i], 15, 0, 12);
    }
}

/* Chains that take some half of the whole time. */
static void test_long_chains(void **state)
{
    (void)state;
    static const unsigned machines[] = {8, 16, 32, 64};
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        check_loads(machines[i], 40, 0.5, 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urgent_then_wide),
        cmocka_unit_test(test_equal_ones_in_order),
        cmocka_unit_test(test_a_pool_holds_up_only_its_own),
        cmocka_unit_test(test_what_takes_all_of_a_pool_comes_too),
        cmocka_unit_test(test_keeps_what_it_can_use),
        cmocka_unit_test(test_keeps_across_resources),
        cmocka_unit_test(test_overtaking_is_bounded),
        cmocka_unit_test(test_the_last_comes_too),
        cmocka_unit_test(test_no_starvation),
        cmocka_unit_test(test_mixed_loads),
        cmocka_unit_test(test_short_loads),
        cmocka_unit_test(test_long_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
