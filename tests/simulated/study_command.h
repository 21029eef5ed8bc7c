/* The commands of a simulated study (simulated_study.h says how they are written). */
#ifndef ROWBUILD_STUDY_COMMAND_H
#define ROWBUILD_STUDY_COMMAND_H

#include "simulated_study.h"

/* Does what the command of the task says; its exit status. */
int study_command(struct study *study, struct task_id task);

#endif
