/* Reads durations and sizes as written in a Rowfile.
 *
 * Knows: row's walltime strings and units of memory. Doesn't know: keys, places. */
#ifndef ROWBUILD_QUANTITY_H
#define ROWBUILD_QUANTITY_H

#include "slice.h"

#include <stdint.h>

/* "HH:MM:SS" and "HH:MM" (any number of hours, up to ten digits), "D days", "D days, HH:MM:SS"
 * (less than 24 hours), ISO 8601 ("P1DT2H", "PT90M"; a month is 30 days, a year 365); fractions are
 * allowed of a second, and of the last number of an ISO duration. Returns 0, or -1 with *why set to
 * the end of a sentence that begins with the text. */
int duration_parse(struct slice text, double *seconds, const char **why);

/* "1.5 GiB", "500 MB", "300 B", "300". The result is at least 1 and less than 2^63; fractions of a
 * byte are truncated. Returns 0, or -1 with *why set likewise. */
int size_parse(struct slice text, uint64_t *bytes, const char **why);

#endif
