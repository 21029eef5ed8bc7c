/* From the events of a run to those of the library: with names, paths as they are shown, and the
 * command that tries again. Knows nothing of what the run may use. */
#ifndef ROWBUILD_RELAY_H
#define ROWBUILD_RELAY_H

#include "find_facts.h"
#include "published.h"
#include "run.h"
#include "study.h"

struct relay {
    struct rowbuild *study;
    const struct rowbuild_observer *observer;
    struct rowbuild_estimate estimate;
    struct rowbuild_progress last;
    struct rowbuild_progress before; /* of earlier rounds: counts and seconds */
    struct facts_search *facts;      /* of the run, once something is to be started */
    struct publisher *publisher;     /* of the run, for other processes; NULL: a job's */
    struct buf again;
    struct buf log;
    struct buf failures; /* "ACTION NAME" of each task that failed, one per line */
    size_t failure_count;
    struct arena names; /* of the current event */
    size_t *lines;      /* by action element: where it begins; 0: not looked up; NULL: none is */
};

/* Calls the observer, if there is one, with estimate and progress. False: it answered no. */
bool relay_tell(struct relay *relay, struct rowbuild_event event);
void relay_notice(struct relay *relay, const char *text);

/* The observer that the run gets; its context is the relay. */
void relay_event(void *context, const struct run_event *from);

void relay_release(struct relay *relay);

#endif
