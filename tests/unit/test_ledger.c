#include "ledger.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_GRANTS = 64, MOST_NODES = 64, GPUS = 6, POOLS = 2 };

static const unsigned pool_sizes[POOLS] = {2, 5};
/* What requests ask of them, in rows: nothing at all, some of one, all of the other, too much. */
static const unsigned pool_rows[][POOLS] = {{0, 0}, {1, 0}, {2, 1}, {0, 3}, {1, 5}, {0, 6}};

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

static unsigned random_between(uint64_t *seed, unsigned low, unsigned high)
{
    uint32_t width = high - low;
    return low + (unsigned)(next_random(seed) % ((uint64_t)width + 1));
}

/* Nodes of `sizes` cores, `nodes_per_package` of them in each package, two PUs a core. */
static struct machine make_machine(const unsigned *sizes, unsigned count,
                                   unsigned nodes_per_package)
{
    struct machine machine = {.is_real = true, .memory_bytes = 1000, .numa_count = count};
    for (unsigned n = 0; n < count; n++) {
        machine.core_count += sizes[n];
    }
    machine.cores = mem_alloc(machine.core_count * sizeof *machine.cores);
    unsigned number = 0;
    for (unsigned n = 0; n < count; n++) {
        for (unsigned i = 0; i < sizes[n]; i++, number++) {
            struct machine_core *core = &machine.cores[number];
            core->number = number;
            core->numa = n;
            core->package = n / nodes_per_package;
            cpumask_set(&core->pus, number);
            cpumask_set(&core->pus, number + 512);
        }
    }
    machine.package_count = (count + nodes_per_package - 1) / nodes_per_package;
    return machine;
}

/* The machine as an uneven affinity mask leaves it: some CPUs of cores are missing, some cores, and
 * with them the numbers have gaps. */
static void thin_out(struct machine *machine, uint64_t *seed)
{
    size_t kept = 0;
    for (size_t i = 0; i < machine->core_count; i++) {
        struct machine_core core = machine->cores[i];
        struct cpumask pus = {0};
        unsigned which = (unsigned)next_random(seed) % 3; /* the first CPU, the second, both */
        if (which != 1) {
            cpumask_set(&pus, (unsigned)i);
        }
        if (which != 0) {
            cpumask_set(&pus, (unsigned)i + 512);
        }
        bool is_last_of_node =
            i + 1 == machine->core_count || machine->cores[i + 1].numa != core.numa;
        bool node_is_empty = kept == 0 || machine->cores[kept - 1].numa != core.numa;
        if (next_random(seed) % 4 == 0 && !(is_last_of_node && node_is_empty)) {
            continue;
        }
        core.pus = pus;
        core.number = (unsigned)kept;
        machine->cores[kept++] = core;
    }
    machine->core_count = kept;
}

static void turn_smt_off(struct machine *machine)
{
    for (size_t i = 0; i < machine->core_count; i++) {
        machine->cores[i].pus = (struct cpumask){0};
        cpumask_set(&machine->cores[i].pus, (unsigned)i);
    }
}

static struct ledger_request ask(unsigned processes, unsigned threads)
{
    return (struct ledger_request){.processes = processes, .threads_per_process = threads};
}

static struct ledger_grant take(struct ledger *ledger, unsigned processes, unsigned threads)
{
    struct ledger_grant grant;
    struct ledger_request request = ask(processes, threads);
    assert_true(ledger_take(ledger, &request, &grant));
    return grant;
}

/* The CPUs of all cores of a grant. */
static struct cpumask cpus_of(const struct machine *machine, const struct ledger_grant *grant)
{
    struct cpumask mask = {0};
    for (unsigned i = 0; i < grant->cores; i++) {
        cpumask_add(&mask, &machine->cores[grant->core_numbers[i]].pus);
    }
    return mask;
}

static bool refused(struct ledger *ledger, unsigned processes, unsigned threads)
{
    struct ledger_grant grant;
    struct ledger_request request = ask(processes, threads);
    unsigned before = ledger_cores_free(ledger);
    bool taken = ledger_take(ledger, &request, &grant);
    assert_true(taken || ledger_cores_free(ledger) == before);
    return !taken;
}

/* Whether exactly so much is free beside a core: so many GPUs and no more, and so much memory; 0 bytes:
 * whatever memory. */
static bool is_free(struct ledger *ledger, unsigned gpus, uint64_t memory_bytes)
{
    struct ledger_request all = {.processes = 1,
                                 .threads_per_process = 1,
                                 .gpus_per_process = gpus,
                                 .memory_bytes = memory_bytes};
    struct ledger_request more[] = {all, all};
    struct ledger_grant grant;
    bool is_so = ledger_take(ledger, &all, &grant);
    if (is_so) {
        ledger_return(ledger, &grant);
    }
    more[0].gpus_per_process++;
    more[1].memory_bytes++;
    for (int i = 0; i < (memory_bytes > 0 ? 2 : 1) && is_so; i++) {
        if (ledger_take(ledger, &more[i], &grant)) {
            ledger_return(ledger, &grant);
            is_so = false;
        }
    }
    return is_so;
}

static void test_one_node_each(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){4, 4}, 2, 1);
    struct ledger *ledger = ledger_new(&machine, 8, 0);
    struct ledger_grant a = take(ledger, 1, 3);
    assert_non_null(a.core_numbers);
    struct ledger_grant b = take(ledger, 1, 3);
    assert_int_equal(machine.cores[a.core_numbers[0]].numa, 0);
    assert_int_equal(machine.cores[b.core_numbers[0]].numa, 1);
    assert_int_equal(ledger_cores_free(ledger), 2);
    assert_true(refused(ledger, 1, 2)); /* one core is free in each node */
    struct ledger_grant c = take(ledger, 2, 1);
    assert_int_equal(cpumask_count(&machine.cores[c.core_numbers[0]].pus), 2);
    assert_true(refused(ledger, 1, 1));
    ledger_return(ledger, &a);
    assert_null(a.core_numbers);
    struct ledger_grant d = take(ledger, 1, 2);
    ledger_return(ledger, &b);
    ledger_return(ledger, &c);
    ledger_return(ledger, &d);
    assert_int_equal(ledger_cores_free(ledger), 8);
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_best_fit(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){8, 4, 8}, 3, 1);
    struct ledger *ledger = ledger_new(&machine, 20, 0);
    struct ledger_grant a = take(ledger, 1, 2); /* the smallest node, not the first */
    assert_int_equal(a.core_numbers[0], 8);
    struct ledger_grant b = take(ledger, 2, 1);
    assert_int_equal(b.core_numbers[0], 10);
    struct ledger_grant c = take(ledger, 1, 8);
    struct ledger_grant d = take(ledger, 1, 8);
    assert_true(refused(ledger, 1, 1));
    ledger_return(ledger, &a);
    ledger_return(ledger, &b);
    ledger_return(ledger, &c);
    ledger_return(ledger, &d);
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_tightest_run(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){12}, 1, 1);
    struct ledger *ledger = ledger_new(&machine, 12, 0);
    struct ledger_grant parts[4];
    const unsigned widths[4] = {5, 1, 2, 1}; /* cores 0-4, 5, 6-7, 8; 9-11 stay free */
    for (int i = 0; i < 4; i++) {
        parts[i] = take(ledger, 1, widths[i]);
    }
    ledger_return(ledger, &parts[0]);
    ledger_return(ledger, &parts[2]);
    struct ledger_grant two = take(ledger, 1, 2);
    assert_int_equal(two.core_numbers[0], 6);
    struct ledger_grant three = take(ledger, 1, 3);
    assert_int_equal(three.core_numbers[0], 9);
    struct ledger_grant five = take(ledger, 1, 5);
    assert_int_equal(five.core_numbers[0], 0);
    assert_int_equal(five.core_numbers[4], 4);
    ledger_return(ledger, &parts[1]);
    ledger_return(ledger, &parts[3]);
    ledger_return(ledger, &two);
    ledger_return(ledger, &three);
    ledger_return(ledger, &five);
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_stays_in_a_package(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){4, 4, 4, 4}, 4, 2);
    struct ledger *ledger = ledger_new(&machine, 16, 0);
    struct ledger_grant small = take(ledger, 1, 1);
    struct ledger_grant wide = take(ledger, 8, 1);
    for (unsigned i = 0; i < wide.cores; i++) {
        assert_int_equal(machine.cores[wide.core_numbers[i]].package, 1);
    }
    ledger_return(ledger, &small);
    ledger_return(ledger, &wide);
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_wider_than_a_node(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){3, 3}, 2, 2);
    struct ledger *ledger = ledger_new(&machine, 6, 0);
    struct ledger_grant five = take(ledger, 1, 5);
    struct cpumask mask = cpus_of(&machine, &five);
    assert_int_equal(cpumask_count(&mask), 10);
    ledger_return(ledger, &five);
    struct ledger_grant pairs = take(ledger, 3, 2); /* two stay whole, the third can't */
    assert_int_equal(pairs.cores, 6);
    ledger_return(ledger, &pairs);
    ledger_free(ledger);
    machine_release(&machine);

    machine = make_machine((unsigned[]){4, 1, 3, 3}, 4, 2);
    ledger = ledger_new(&machine, 11, 0);
    five = take(ledger, 1, 5); /* within the first package, though the third node has more room */
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(machine.cores[five.core_numbers[i]].package, 0);
    }
    ledger_return(ledger, &five);
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_budget(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){4, 4}, 2, 1);
    struct ledger *ledger = ledger_new(&machine, 3, 0);
    assert_int_equal(ledger_budget(ledger), 3);
    struct ledger_request four = ask(1, 4);
    assert_false(ledger_can_ever_fit(ledger, &four));
    struct ledger_request huge = ask(UINT32_MAX, UINT32_MAX);
    assert_false(ledger_can_ever_fit(ledger, &huge));
    struct ledger_request nothing = ask(0, 1);
    assert_false(ledger_can_ever_fit(ledger, &nothing));
    struct ledger_grant a = take(ledger, 1, 2);
    assert_true(refused(ledger, 1, 2));
    struct ledger_grant b = take(ledger, 1, 1);
    ledger_return(ledger, &a);
    ledger_return(ledger, &b);
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_counting_only(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){2}, 1, 1);
    struct ledger *more = ledger_new(&machine, 5, 0);
    struct ledger_grant a = take(more, 1, 5);
    assert_null(a.core_numbers);
    assert_true(refused(more, 1, 1));
    ledger_return(more, &a);
    assert_int_equal(ledger_cores_free(more), 5);
    ledger_free(more);

    machine.is_real = false;
    struct ledger *fake = ledger_new(&machine, 2, 0);
    a = take(fake, 1, 1);
    assert_null(a.core_numbers);
    ledger_return(fake, &a);
    ledger_free(fake);
    machine_release(&machine);
}

static void test_memory(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){4}, 1, 1);
    struct ledger *ledger = ledger_new(&machine, 4, 0);
    struct ledger_request request = {.processes = 1, .threads_per_process = 1, .memory_bytes = 600};
    struct ledger_grant a;
    struct ledger_grant b;
    assert_true(ledger_take(ledger, &request, &a));
    assert_true(is_free(ledger, 0, 400));
    assert_false(ledger_take(ledger, &request, &b));
    assert_int_equal(ledger_cores_free(ledger), 3);
    request.memory_bytes = 1001;
    assert_false(ledger_can_ever_fit(ledger, &request));
    ledger_return(ledger, &a);
    assert_true(is_free(ledger, 0, 1000));
    ledger_free(ledger);

    machine.memory_bytes = 0;
    ledger = ledger_new(&machine, 4, 0);
    assert_true(ledger_can_ever_fit(ledger, &request));
    request.memory_bytes = UINT64_MAX;
    assert_true(ledger_can_ever_fit(ledger, &request));
    ledger_free(ledger);
    machine_release(&machine);
}

static void test_gpus(void **state)
{
    (void)state;
    struct machine machine = make_machine((unsigned[]){4}, 1, 1);
    struct ledger *ledger = ledger_new(&machine, 4, 3);
    struct ledger_request one = {.processes = 1, .threads_per_process = 1, .gpus_per_process = 1};
    struct ledger_request two = {.processes = 2, .threads_per_process = 1, .gpus_per_process = 1};
    struct ledger_request four = {.processes = 1, .threads_per_process = 1, .gpus_per_process = 4};
    struct ledger_request many = {
        .processes = 2, .threads_per_process = 1, .gpus_per_process = UINT32_MAX};
    struct ledger_grant a;
    struct ledger_grant b;
    struct ledger_grant c;
    assert_int_equal(ledger_gpus(ledger), 3);
    assert_false(ledger_can_ever_fit(ledger, &four));
    assert_false(ledger_can_ever_fit(ledger, &many));
    assert_true(ledger_take(ledger, &one, &a));
    assert_int_equal(a.gpu_numbers[0], 0);
    assert_true(ledger_take(ledger, &two, &b));
    assert_int_equal(b.gpus, 2);
    assert_int_equal(b.gpu_numbers[0], 1);
    assert_int_equal(b.gpu_numbers[1], 2);
    assert_true(is_free(ledger, 0, 0));
    assert_int_equal(ledger_cores_free(ledger), 1);
    assert_false(ledger_take(ledger, &one, &c));
    ledger_return(ledger, &a);
    assert_null(a.gpu_numbers);
    assert_true(ledger_take(ledger, &one, &c));
    assert_int_equal(c.gpu_numbers[0], 0);
    ledger_return(ledger, &b);
    ledger_return(ledger, &c);
    c = take(ledger, 1, 1);
    assert_null(c.gpu_numbers);
    ledger_return(ledger, &c);
    assert_true(is_free(ledger, 3, 0));
    ledger_free(ledger);
    machine_release(&machine);
}

/* What the ledger promises, seen from outside: a second book-keeping. */
struct books {
    const struct machine *machine;
    struct ledger *ledger;
    struct cpumask busy;
    struct ledger_grant grants[MOST_GRANTS];
    struct ledger_request requests[MOST_GRANTS];
    unsigned count;
    unsigned cores;
    unsigned gpus;
    bool gpu_is_busy[GPUS];
    bool keeps; /* for a request, so that others don't get all that is free */
    uint64_t memory;
    unsigned pools[POOLS]; /* taken */
};

static unsigned undivided_room(const struct machine *machine, unsigned threads)
{
    unsigned sizes[MOST_NODES] = {0};
    unsigned room = 0;
    for (size_t i = 0; i < machine->core_count; i++) {
        sizes[machine->cores[i].numa]++;
    }
    for (unsigned n = 0; n < machine->numa_count; n++) {
        room += sizes[n] / threads;
    }
    return room;
}

static void check_grant(struct books *books, const struct ledger_request *request,
                        const struct ledger_grant *grant)
{
    unsigned threads = request->threads_per_process;
    unsigned divided = 0;
    assert_int_equal(grant->process_count, request->processes);
    assert_int_equal(grant->cores, request->processes * threads);
    for (unsigned p = 0; p < request->processes; p++) {
        struct cpumask mask = {0};
        const unsigned *cores = grant->core_numbers + (size_t)p * threads;
        bool here_divided = false;
        for (unsigned i = 0; i < threads; i++) {
            const struct machine_core *core = &books->machine->cores[cores[i]];
            assert_false(cpumask_intersects(&mask, &core->pus));
            cpumask_add(&mask, &core->pus);
            here_divided = here_divided || core->numa != books->machine->cores[cores[0]].numa;
        }
        assert_false(cpumask_intersects(&mask, &books->busy));
        cpumask_add(&books->busy, &mask);
        divided += here_divided;
    }
    assert_int_equal(grant->gpus, request->processes * request->gpus_per_process);
    assert_int_equal(grant->memory_bytes, request->memory_bytes);
    for (unsigned i = 0; i < grant->gpus; i++) {
        assert_true(grant->gpu_numbers[i] < GPUS);
        assert_false(books->gpu_is_busy[grant->gpu_numbers[i]]);
        books->gpu_is_busy[grant->gpu_numbers[i]] = true;
    }
    assert_int_equal(grant->pool_count, request->pool_count);
    unsigned room = undivided_room(books->machine, threads);
    assert_true(divided <= (request->processes > room ? request->processes - room : 0));
}

static void check_pools(const struct books *books)
{
    for (unsigned i = 0; i < POOLS; i++) {
        unsigned left[POOLS] = {0};
        struct ledger_request all = {
            .processes = 1, .threads_per_process = 1, .pools = left, .pool_count = POOLS};
        assert_true(books->pools[i] <= pool_sizes[i]);
        left[i] = pool_sizes[i] - books->pools[i];
        assert_true(books->keeps || !ledger_lacks_pool(books->ledger, &all));
        left[i]++;
        assert_true(ledger_lacks_pool(books->ledger, &all));
    }
}

static void check_totals(const struct books *books)
{
    check_pools(books);
    assert_true(books->cores <= ledger_budget(books->ledger));
    assert_int_equal(ledger_cores_free(books->ledger), ledger_budget(books->ledger) - books->cores);
    if (!books->keeps && books->cores < ledger_budget(books->ledger)) {
        assert_true(is_free(books->ledger, GPUS - books->gpus,
                            books->machine->memory_bytes - books->memory));
    }
}

static void give_back(struct books *books, unsigned index)
{
    const struct ledger_grant *grant = &books->grants[index];
    struct cpumask mask = cpus_of(books->machine, grant);
    for (unsigned w = 0; w < CPUMASK_LIMIT / 64; w++) {
        books->busy.words[w] &= ~mask.words[w];
    }
    for (unsigned i = 0; i < books->grants[index].gpus; i++) {
        books->gpu_is_busy[books->grants[index].gpu_numbers[i]] = false;
    }
    books->cores -= books->grants[index].cores;
    books->gpus -= books->grants[index].gpus;
    books->memory -= books->grants[index].memory_bytes;
    for (unsigned i = 0; i < books->requests[index].pool_count; i++) {
        books->pools[i] -= books->requests[index].pools[i];
    }
    ledger_return(books->ledger, &books->grants[index]);
    books->count--;
    books->grants[index] = books->grants[books->count];
    books->requests[index] = books->requests[books->count];
    check_totals(books);
}

static void note_grant(struct books *books, const struct ledger_request *request,
                       const struct ledger_grant *grant)
{
    check_grant(books, request, grant);
    books->cores += grant->cores;
    books->gpus += grant->gpus;
    books->memory += grant->memory_bytes;
    for (unsigned i = 0; i < request->pool_count; i++) {
        books->pools[i] += request->pools[i];
    }
    books->grants[books->count] = *grant;
    books->requests[books->count++] = *request;
    check_totals(books);
}

static bool try_request(struct books *books, const struct ledger_request *request)
{
    struct ledger_grant grant;
    bool fits = ledger_can_ever_fit(books->ledger, request);
    bool taken = ledger_take(books->ledger, request, &grant);
    assert_true(fits || !taken);
    assert_true(taken || !fits ||
                books->count > 0); /* the empty machine grants what can ever fit */
    if (taken) {
        note_grant(books, request, &grant);
    }
    check_totals(books);
    return taken;
}

static struct ledger_request random_request(unsigned budget, uint64_t *seed)
{
    unsigned most = next_random(seed) % 4 == 0 ? budget + 1 : budget / 4 + 1;
    unsigned cores = random_between(seed, 1, most);
    unsigned threads = random_between(seed, 1, cores);
    size_t row = next_random(seed) % (sizeof pool_rows / sizeof *pool_rows);
    return (struct ledger_request){
        .pools = pool_rows[row],
        .pool_count = row > 0 ? POOLS : 0,
        .processes = cores / threads,
        .threads_per_process = threads,
        .gpus_per_process = next_random(seed) % 3 == 0 ? random_between(seed, 1, 3) : 0,
        .memory_bytes = next_random(seed) % 3 == 0 ? next_random(seed) % 500 : 0};
}

/* Keeps for a request that doesn't fit now. Others come and go as they find room; when those that
 * run now have ended, it must fit. */
static void wait_for(struct books *books, const struct ledger_request *request, uint64_t *seed)
{
    struct ledger_grant grant;
    unsigned old = books->count; /* the first so many run already */
    ledger_keep(books->ledger, request);
    books->keeps = true;
    while (!ledger_take_kept(books->ledger, &grant)) {
        struct ledger_request other = random_request(ledger_budget(books->ledger), seed);
        assert_true(old > 0);
        if (books->count + 1 < MOST_GRANTS && next_random(seed) % 4 > 0) {
            (void)try_request(books, &other);
        } else {
            unsigned index = random_between(seed, 0, books->count - 1);
            if (index < old) { /* the last old one moves here, the last of all to where that was */
                struct ledger_grant swapped = books->grants[index];
                struct ledger_request asked = books->requests[index];
                old--;
                books->grants[index] = books->grants[old];
                books->requests[index] = books->requests[old];
                books->grants[old] = swapped;
                books->requests[old] = asked;
                index = old;
            }
            give_back(books, index);
        }
    }
    books->keeps = false;
    note_grant(books, request, &grant);
}

static void exercise(const struct machine *machine, unsigned budget, unsigned steps, uint64_t *seed)
{
    struct books books = {.machine = machine, .ledger = ledger_new(machine, budget, GPUS)};
    ledger_set_pools(books.ledger, pool_sizes, POOLS);
    for (unsigned step = 0; step < steps; step++) {
        bool give = books.count == MOST_GRANTS || (books.count > 0 && next_random(seed) % 5 < 2);
        if (give) {
            give_back(&books, random_between(seed, 0, books.count - 1));
        } else {
            struct ledger_request request = random_request(budget, seed);
            if (!try_request(&books, &request) && next_random(seed) % 4 == 0 &&
                ledger_can_ever_fit(books.ledger, &request)) {
                wait_for(&books, &request, seed);
            }
        }
        if (next_random(seed) % 50 == 0) {
            while (books.count > 0) {
                give_back(&books, books.count - 1);
            }
        }
    }
    while (books.count > 0) {
        give_back(&books, 0);
    }
    assert_int_equal(ledger_cores_free(books.ledger), budget);
    struct ledger_request all = {
        .processes = budget, .threads_per_process = 1, .memory_bytes = machine->memory_bytes};
    all.gpus_per_process = GPUS / budget;
    assert_true(try_request(&books, &all));
    give_back(&books, 0);
    ledger_free(books.ledger);
}

static void test_random_machines(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 150; round++) {
        unsigned sizes[MOST_NODES];
        unsigned total = 0;
        unsigned count = random_between(&seed, 1, round % 3 == 0 ? 16 : 4);
        for (unsigned n = 0; n < count; n++) {
            sizes[n] = random_between(&seed, 1, round % 2 == 0 ? 8 : 512 / count);
            total += sizes[n];
        }
        struct machine machine = make_machine(sizes, count, random_between(&seed, 1, 3));
        if (round % 5 == 1) {
            turn_smt_off(&machine);
        } else if (round % 5 > 2) {
            thin_out(&machine, &seed);
            total = (unsigned)machine.core_count;
        }
        unsigned budget = round % 4 == 0 ? random_between(&seed, 1, total) : total;
        exercise(&machine, budget, 150, &seed);
        machine_release(&machine);
    }
}

/* Cores of the NUMA nodes take turns in the numbering. */
static void test_interleaved_nodes(void **state)
{
    (void)state;
    uint64_t seed = 9;
    struct machine machine = make_machine((unsigned[]){24}, 1, 1);
    for (unsigned i = 0; i < 24; i++) {
        machine.cores[i].numa = i % 3;
    }
    machine.numa_count = 3;
    exercise(&machine, 24, 2000, &seed);
    machine_release(&machine);
}

static void test_hwloc_machines(void **state)
{
    (void)state;
    static const char *const descriptions[] = {
        "pu:1",
        "core:4 pu:2",
        "pack:2 core:8 pu:1",
        "pack:2 numa:4 core:16 pu:2",
        "numa:8 core:64 pu:2",
    };
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++) {
        struct machine machine;
        struct diag diag;
        diag_init(&diag);
        setenv("HWLOC_SYNTHETIC", descriptions[i], 1);
        assert_int_equal(machine_read(&machine, &diag), 0);
        unsetenv("HWLOC_SYNTHETIC");
        machine.is_real = true;
        machine.memory_bytes = 1000;
        exercise(&machine, (unsigned)machine.core_count, 300, &seed);
        machine_release(&machine);
        diag_release(&diag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_node_each),
        cmocka_unit_test(test_best_fit),
        cmocka_unit_test(test_tightest_run),
        cmocka_unit_test(test_stays_in_a_package),
        cmocka_unit_test(test_wider_than_a_node),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_counting_only),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_gpus),
        cmocka_unit_test(test_random_machines),
        cmocka_unit_test(test_interleaved_nodes),
        cmocka_unit_test(test_hwloc_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
