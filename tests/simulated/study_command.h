/* The commands of a simulated study (simulated_study.h says how they are written). */
#ifndef ROWBUILD_STUDY_COMMAND_H
#define ROWBUILD_STUDY_COMMAND_H

#include "simulated_study.h"

enum { STUDY_COMMAND_NS = 120 * 1000000 }; /* what a command takes that doesn't say so */

/* Of a process that a run of the study (the context) started: reads what it is like, and does what
 * it does. */
void study_start(void *context, struct simulated_process *process);
void study_act(void *context, struct simulated_process *process);

#endif
