/* Looks at what running executions use, and tells what is worth knowing about their actions
 * (advice.h). */
#ifndef ROWBUILD_ADVISE_H
#define ROWBUILD_ADVISE_H

#include "advice.h"

struct run;
struct slot;

/* The looks at one execution. */
struct sampling {
    unsigned count;
    double wait_share; /* seconds without a CPU for each on one, at the last look */
    struct advice_usage seen;
};

/* What is known of one action. */
struct action_usage {
    struct advice_usage seen; /* of all executions of this run */
    bool told[ADVICE_KINDS];
};

void advise_sample(struct run *run);               /* the executions that it is time for */
int64_t advise_next_sample(const struct run *run); /* 0: never */
/* Takes what the execution of a slot used in the end. */
void advise_learn(struct run *run, struct slot *slot, double seconds, bool succeeded);
/* Tells what is worth knowing of the slot's action and wasn't told yet; nothing of its memory while
 * that is growing. */
void advise_tell(struct run *run, const struct slot *slot, bool is_growing);

#endif
