/* Holding back what is ready while the machine is busy with other work: above a load average, or with
 * little memory left.
 *
 * Knows: when to look again. One command always runs: if nothing does, the next one is started
 * whatever the machine is like. */
#ifndef ROWBUILD_HOLDBACK_H
#define ROWBUILD_HOLDBACK_H

#include <stdbool.h>
#include <stdint.h>

struct run;

struct holdback {
    int64_t looked_ns; /* when the machine was last looked at; 0: never */
    bool is_busy;      /* by that look */
    bool is_holding;   /* something may be ready and isn't started */
    bool tells_load;   /* it was told once */
    bool tells_memory;
};

/* Whether another command may be started now. */
bool holdback_allows(struct run *run);
int64_t holdback_next(const struct run *run); /* when to try again; 0: nothing is held back */

#endif
