/* Chooses the item to start next. Pure policy, no I/O and no clock.
 *
 * Knows: the waiting items, how long they and their dependents may take, and, from the ledger,
 * which of them fit. Doesn't know: when an item ends; the caller then returns its grant to the
 * ledger and asks for the next item.
 *
 * An item is urgent if the path that begins with it takes about as long as all remaining work would
 * on all cores. Urgent items go first, longest path first, and resources are kept for one
 * (ledger_keep) as soon as it doesn't fit. The other items go widest first, so that narrow ones are
 * left to fill the gaps. An item that doesn't fit is overtaken several times before resources are
 * kept for it, since keeping leaves cores idle. From time to time the item that has waited longest
 * goes first, so that none waits indefinitely, however many are added after it. */
#ifndef ROWBUILD_SCHEDULE_H
#define ROWBUILD_SCHEDULE_H

#include "ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An item may be overtaken by SCHEDULE_MOST_OVERTAKEN items that would go after it. Once
 * SCHEDULE_KEEPS_FROM have overtaken it, resources are kept for it, unless they are already kept
 * for another. (Among items with equal requests this applies to the first.) */
#define SCHEDULE_KEEPS_FROM 16U
#define SCHEDULE_MOST_OVERTAKEN 64U

/* One start in this many goes to the item that has waited longest. */
#define SCHEDULE_OLDEST_EVERY 1024U

struct schedule_item {
    uint32_t number; /* the caller's; among equal paths the lowest goes first */
    double path_s;   /* the longest path that begins with it, its own seconds included */
    double seconds;  /* its own */
    struct ledger_request request;
};

struct schedule;

/* The ledger must outlive the schedule. The caller frees the schedule, with any items still in
 * it. */
struct schedule *schedule_new(struct ledger *ledger);
void schedule_free(struct schedule *schedule);

/* Announces work that will be added, or, if negative, that won't be after all. The amount of
 * expected work decides which paths are urgent. */
void schedule_expect(struct schedule *schedule, double core_seconds);

/* The request must be able to fit (ledger_can_ever_fit). */
void schedule_add(struct schedule *schedule, const struct schedule_item *item);

bool schedule_waits(const struct schedule *schedule); /* items that were added are left */

/* Chooses the item to start now and takes its grant; false if none fits now. */
bool schedule_next(struct schedule *schedule, uint32_t *number, struct ledger_grant *grant);

#endif
