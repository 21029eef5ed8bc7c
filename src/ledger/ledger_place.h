/* Places processes on a machine's free cores.
 *
 * Knows: which cores are free, and their NUMA nodes and packages. Doesn't know: budgets, memory,
 * masks. ledger.h describes the policy. */
#ifndef ROWBUILD_LEDGER_PLACE_H
#define ROWBUILD_LEDGER_PLACE_H

#include "machine.h"

#include <stdbool.h>

struct place;

struct place *place_new(const struct machine *machine); /* all free; doesn't keep `machine` */
void place_free(struct place *place);                   /* NULL is allowed */

/* Takes processes × threads cores and writes their numbers, `threads` for each process in turn.
 * Returns false, and takes nothing, when the policy refuses or too few cores are free. With
 * `spares_kept`, cores that are kept for another request don't count as free. */
bool place_take(struct place *place, unsigned processes, unsigned threads, bool spares_kept,
                unsigned *core_numbers);
void place_return(struct place *place, const unsigned *core_numbers, unsigned count);

/* Chooses the nodes for a request that the empty machine can hold, and keeps as many of their cores
 * for it as it needs, both those that are free and those that become free. */
void place_keep(struct place *place, unsigned processes, unsigned threads);

/* How many cores have to stay free now: those kept in chosen nodes, and those that may be
 * anywhere. */
unsigned place_kept(const struct place *place);

#endif
