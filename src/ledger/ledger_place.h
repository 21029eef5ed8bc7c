/* Which cores: the placement of processes on a machine's free cores.
 *
 * Knows: which cores are free, and their NUMA nodes and packages. Doesn't know: budgets, memory,
 * masks. The policy is told in ledger.h. */
#ifndef ROWBUILD_LEDGER_PLACE_H
#define ROWBUILD_LEDGER_PLACE_H

#include "machine.h"

#include <stdbool.h>

struct place;

struct place *place_new(const struct machine *machine); /* all free; only reads the machine now */
void place_free(struct place *place);                   /* NULL is allowed */

/* Takes processes × threads cores and writes their numbers, `threads` for each process in turn.
 * false (and nothing taken) when the policy refuses, or when so many aren't free; with
 * `spares_kept` also when they are kept for another. */
bool place_take(struct place *place, unsigned processes, unsigned threads, bool spares_kept,
                unsigned *core_numbers);
void place_return(struct place *place, const unsigned *core_numbers, unsigned count);

/* Chooses nodes where such a request, which the empty machine can hold, shall run, and keeps their
 * free cores for it, now and later, as many as it needs. */
void place_keep(struct place *place, unsigned processes, unsigned threads);

/* How many cores have to stay free now: kept ones, and those that may lie anywhere. */
unsigned place_kept(const struct place *place);

#endif
