/* Reads durations and sizes as written in a Rowfile.
 *
 * Knows: row's walltime strings and units of memory. Doesn't know: keys, places. */
#ifndef ROWBUILD_QUANTITY_H
#define ROWBUILD_QUANTITY_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

/* "HH:MM:SS" and "HH:MM" (any number of hours, up to ten digits), "D days", "D days, HH:MM:SS"
 * (less than 24 hours), ISO 8601 ("P1DT2H", "PT90M"; a month is 30 days, a year 365); fractions are
 * allowed of a second, and of the last number of an ISO duration. Returns 0, or -1 with *why set to
 * the end of a sentence that begins with the text. */
int duration_parse(struct slice text, double *seconds, const char **why);

/* For a text that isn't one of these: appends HH:MM:SS if it is how people and Slurm write a duration,
 * "90m", "1h 30min", "1.5 hours", "1-12:00:00"; false, and nothing is appended, if it isn't. */
bool duration_suggest(struct slice text, struct buf *out);

/* "1.5 GiB", "500 MB", "300 B", "300". The result is at least 1 and less than 2^63; fractions of a
 * byte are truncated. Returns 0, or -1 with *why set likewise. */
int size_parse(struct slice text, uint64_t *bytes, const char **why);

#endif
