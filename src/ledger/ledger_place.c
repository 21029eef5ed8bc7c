#include "ledger_place.h"

#include "memory.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

static const unsigned NO_NODE = UINT_MAX;

struct numa_node {
    unsigned *cores; /* in the machine's order; points into place->by_node */
    unsigned size;
    unsigned free;
    unsigned available; /* free, and not kept for a request other than the current one */
    unsigned keeps;     /* cores to be kept here for the waiting request */
    unsigned package;
    unsigned processes; /* undivided ones that the current or the waiting request places here */
};

struct place {
    struct numa_node *nodes;
    unsigned node_count;
    unsigned package_count;
    unsigned core_count;
    unsigned *by_node;       /* all cores, those of one NUMA node together */
    unsigned *node_of;       /* core → NUMA node */
    bool *busy;              /* core → taken? */
    unsigned keeps_anywhere; /* cores for processes of the waiting request that fit into no node */
};

/* Consecutive free cores of a NUMA node. */
struct run {
    unsigned start;
    unsigned length;
};

struct place *place_new(const struct machine *machine)
{
    struct place *place = mem_alloc(sizeof *place);
    place->core_count = (unsigned)machine->core_count;
    place->node_count = machine->numa_count;
    place->package_count = machine->package_count;
    place->nodes = mem_alloc(place->node_count * sizeof *place->nodes);
    place->by_node = mem_alloc(place->core_count * sizeof *place->by_node);
    place->node_of = mem_alloc(place->core_count * sizeof *place->node_of);
    place->busy = mem_alloc(place->core_count * sizeof *place->busy);
    unsigned placed = 0;
    for (unsigned n = 0; n < place->node_count; n++) {
        struct numa_node *node = &place->nodes[n];
        node->cores = place->by_node + placed;
        for (unsigned core = 0; core < place->core_count; core++) {
            if (machine->cores[core].numa == n) {
                node->package = node->size == 0 ? machine->cores[core].package : node->package;
                node->cores[node->size++] = core;
                place->node_of[core] = n;
            }
        }
        node->free = node->size;
        placed += node->size;
    }
    assert(placed == place->core_count);
    return place;
}

void place_free(struct place *place)
{
    if (place != NULL) {
        free(place->nodes);
        free(place->by_node);
        free(place->node_of);
        free(place->busy);
        free(place);
    }
}

static bool within(const struct place *place, unsigned node, unsigned package)
{
    return package == UINT_MAX || place->nodes[node].package == package;
}

/* The node with the fewest free cores that holds all the processes undivided. */
static unsigned tightest_node(const struct place *place, unsigned package, unsigned processes,
                              unsigned threads)
{
    unsigned best = NO_NODE;
    for (unsigned n = 0; n < place->node_count; n++) {
        const struct numa_node *node = &place->nodes[n];
        if (within(place, n, package) && node->processes == 0 &&
            node->available / threads >= processes &&
            (best == NO_NODE || node->available < place->nodes[best].available)) {
            best = n;
        }
    }
    return best;
}

/* The node that holds most of the processes; among equals the one with the fewest free cores. */
static unsigned roomiest_node(const struct place *place, unsigned package, unsigned threads)
{
    unsigned best = NO_NODE;
    for (unsigned n = 0; n < place->node_count; n++) {
        const struct numa_node *node = &place->nodes[n];
        unsigned room = node->available / threads;
        if (!within(place, n, package) || node->processes > 0 || room == 0) {
            continue;
        }
        unsigned best_room = best != NO_NODE ? place->nodes[best].available / threads : 0;
        if (room > best_room ||
            (room == best_room && node->available < place->nodes[best].available)) {
            best = n;
        }
    }
    return best;
}

/* The package with the fewest free cores whose nodes together hold the processes undivided.
 * UINT_MAX, which stands for all packages, if none does. */
static unsigned tightest_package(const struct place *place, unsigned processes, unsigned threads)
{
    unsigned best = UINT_MAX;
    unsigned best_free = UINT_MAX;
    for (unsigned package = 0; package < place->package_count; package++) {
        unsigned room = 0;
        unsigned free_cores = 0;
        for (unsigned n = 0; n < place->node_count; n++) {
            if (place->nodes[n].package == package) {
                room += place->nodes[n].available / threads;
                free_cores += place->nodes[n].available;
            }
        }
        if (room >= processes && free_cores < best_free) {
            best = package;
            best_free = free_cores;
        }
    }
    return best;
}

/* Spreads processes over as few nodes as hold them, close together. The caller knows that they
 * fit. */
static void choose_nodes(struct place *place, unsigned processes, unsigned threads)
{
    unsigned package = UINT_MAX;
    if (processes > 0 && tightest_node(place, UINT_MAX, processes, threads) == NO_NODE) {
        package = tightest_package(place, processes, threads);
    }
    while (processes > 0) {
        unsigned node = tightest_node(place, package, processes, threads);
        unsigned here = processes;
        if (node == NO_NODE) {
            node = roomiest_node(place, package, threads);
            here = place->nodes[node].available / threads;
        }
        place->nodes[node].processes = here;
        processes -= here;
    }
}

static struct run next_run(const struct place *place, const struct numa_node *node, unsigned from)
{
    while (from < node->size && place->busy[node->cores[from]]) {
        from++;
    }
    struct run run = {from, 0};
    while (from < node->size && !place->busy[node->cores[from]]) {
        from++;
    }
    run.length = from - run.start;
    return run;
}

/* The shortest run that is long enough, or else the longest. */
static struct run best_run(const struct place *place, const struct numa_node *node, unsigned wanted)
{
    struct run best = next_run(place, node, 0);
    struct run run = best;
    while (run.length > 0) {
        bool better = best.length < wanted ? run.length > best.length
                                           : run.length >= wanted && run.length < best.length;
        if (better) {
            best = run;
        }
        run = next_run(place, node, run.start + run.length);
    }
    return best;
}

static int compare_numbers(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a;
    unsigned right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

/* Takes `count` cores of a node that has at least as many free, and writes their numbers in
 * ascending order. */
static void take_from_node(struct place *place, struct numa_node *node, unsigned count,
                           unsigned *core_numbers)
{
    unsigned taken = 0;
    while (taken < count) {
        struct run run = best_run(place, node, count - taken);
        for (unsigned i = 0; i < run.length && taken < count; i++) {
            unsigned core = node->cores[run.start + i];
            place->busy[core] = true;
            core_numbers[taken++] = core;
        }
    }
    node->free -= count;
    node->available -= count;
    qsort(core_numbers, count, sizeof *core_numbers, compare_numbers);
}

/* For processes that fit into no node: the node with the most available cores, in `package` if it
 * has one. */
static unsigned fullest_node(const struct place *place, unsigned package)
{
    unsigned best = NO_NODE;
    for (unsigned n = 0; n < place->node_count; n++) {
        if (within(place, n, package) && place->nodes[n].available > 0 &&
            (best == NO_NODE || place->nodes[n].available > place->nodes[best].available)) {
            best = n;
        }
    }
    return best == NO_NODE && package != UINT_MAX ? fullest_node(place, UINT_MAX) : best;
}

static void take_divided(struct place *place, unsigned count, unsigned *core_numbers)
{
    unsigned package = UINT_MAX;
    unsigned taken = 0;
    while (taken < count) {
        struct numa_node *node = &place->nodes[fullest_node(place, package)];
        unsigned here = node->available < count - taken ? node->available : count - taken;
        take_from_node(place, node, here, core_numbers + taken);
        taken += here;
        package = node->package;
    }
}

static unsigned kept_now(const struct numa_node *node)
{
    return node->free < node->keeps ? node->free : node->keeps;
}

bool place_take(struct place *place, unsigned processes, unsigned threads, bool spares_kept,
                unsigned *core_numbers)
{
    unsigned room_when_empty = 0;
    unsigned room = 0;
    unsigned available = 0;
    for (unsigned n = 0; n < place->node_count; n++) {
        struct numa_node *node = &place->nodes[n];
        node->available = node->free - (spares_kept ? kept_now(node) : 0);
        node->processes = 0;
        room_when_empty += node->size / threads;
        room += node->available / threads;
        available += node->available;
    }
    unsigned undivided = processes < room_when_empty ? processes : room_when_empty;
    if (room < undivided || available / threads < processes) {
        return false;
    }
    choose_nodes(place, undivided, threads);
    unsigned taken = 0;
    for (unsigned n = 0; n < place->node_count; n++) {
        struct numa_node *node = &place->nodes[n];
        unsigned cores = node->processes * threads;
        if (cores > 0) {
            take_from_node(place, node, cores, core_numbers + taken);
            taken += cores;
        }
    }
    take_divided(place, (processes - undivided) * threads, core_numbers + taken);
    return true;
}

void place_return(struct place *place, const unsigned *core_numbers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned core = core_numbers[i];
        assert(place->busy[core]);
        place->busy[core] = false;
        place->nodes[place->node_of[core]].free++;
    }
}

/* The node that can hold most of the processes; among equals the one where the fewest cores have to
 * become free first. */
static struct numa_node *node_to_keep(struct place *place, unsigned processes, unsigned threads)
{
    struct numa_node *best = NULL;
    unsigned best_room = 0;
    for (unsigned n = 0; n < place->node_count; n++) {
        struct numa_node *node = &place->nodes[n];
        unsigned room = node->keeps > 0 ? 0 : node->size / threads;
        room = room < processes ? room : processes;
        if (room > best_room || (room > 0 && room == best_room && node->free > best->free)) {
            best = node;
            best_room = room;
        }
    }
    return best;
}

void place_keep(struct place *place, unsigned processes, unsigned threads)
{
    for (unsigned n = 0; n < place->node_count; n++) {
        place->nodes[n].keeps = 0;
    }
    struct numa_node *node = node_to_keep(place, processes, threads);
    while (node != NULL) {
        unsigned here = node->size / threads;
        here = here < processes ? here : processes;
        node->keeps = here * threads;
        processes -= here;
        node = processes > 0 ? node_to_keep(place, processes, threads) : NULL;
    }
    place->keeps_anywhere = processes * threads;
}

unsigned place_kept(const struct place *place)
{
    unsigned kept = place->keeps_anywhere;
    for (unsigned n = 0; n < place->node_count; n++) {
        kept += kept_now(&place->nodes[n]);
    }
    return kept;
}
