/* What is started next: pure policy, no I/O and no clock.
 *
 * Knows: the items that wait, how long they and what follows them may take, and by the ledger what
 * fits. Doesn't know: when anything ends; the caller returns grants to the ledger and asks again.
 *
 * An item is urgent if the path that begins with it is about as long as the rest of the work takes
 * on all cores: urgent ones go first, the longest path before the others, and resources are kept
 * for them (ledger_keep) as soon as they don't fit. The others go widest first, so that narrow ones
 * are left to fill the gaps; who doesn't fit is overtaken a number of times before resources are
 * kept, which costs idle cores. Now and then the one that waits longest goes first, so that none
 * waits indefinitely, however many are added after it. */
#ifndef ROWBUILD_SCHEDULE_H
#define ROWBUILD_SCHEDULE_H

#include "ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many others that go after an item may start before it; from the smaller number on resources
 * are kept for it, unless they are for another. (Of items that ask for the same this is about the
 * first.) */
#define SCHEDULE_KEEPS_FROM 16U
#define SCHEDULE_MOST_OVERTAKEN 64U

/* Of so many starts one is that of the item which waits longest. */
#define SCHEDULE_OLDEST_EVERY 1024U

struct schedule_item {
    uint32_t number; /* the caller's; of those with equal paths the lowest goes first */
    double path_s;   /* of the longest path that begins with it, its own seconds included */
    double seconds;  /* its own */
    struct ledger_request request;
};

struct schedule;

/* The ledger must outlive the schedule. The caller frees it, with whatever still waits. */
struct schedule *schedule_new(struct ledger *ledger);
void schedule_free(struct schedule *schedule);

/* So much more work will be added; negative: it won't after all. Says which paths are long. */
void schedule_expect(struct schedule *schedule, double core_seconds);

/* The request must be able to fit (ledger_can_ever_fit). */
void schedule_add(struct schedule *schedule, const struct schedule_item *item);

/* Takes the grant of the item that is to be started now; false if none fits now. */
bool schedule_next(struct schedule *schedule, uint32_t *number, struct ledger_grant *grant);

size_t schedule_waiting(const struct schedule *schedule);

#endif
