/* Time of this host.
 *
 * Durations come from the monotonic clock. Wall-clock times are for people's eyes only: nothing is
 * decided by them (file times are compared with times of the same file system, see os/file.h). */
#ifndef ROWBUILD_CLOCK_H
#define ROWBUILD_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_wall_s(void); /* seconds since 1970 */

#endif
