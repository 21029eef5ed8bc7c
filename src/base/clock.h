/* The clocks of this host.
 *
 * Durations come from the monotonic clock. Wall-clock times are used for display, and where another
 * program gives one: the end of a Slurm job, the age of the scheduler's last answer. They never
 * decide whether a task is up to date: times of files are compared only with times of the same file
 * system (os/file.h). */
#ifndef ROWBUILD_CLOCK_H
#define ROWBUILD_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_wall_s(void); /* seconds since 1970 */

#endif
