/* Writes what became of the tasks of a run, for CI systems.
 *
 * Knows: outcomes, and how they count. Doesn't know: how tasks are run. The results are an array of
 * the library's own structures. results.c writes Markdown, junit.c XML. */
#ifndef ROWBUILD_RESULTS_H
#define ROWBUILD_RESULTS_H

#include "buf.h"
#include "rowbuild.h"

#include <stdbool.h>

/* Appends the results in `format`; nothing in a format that has no place for them. */
void results_write(const struct rowbuild_result *results, size_t count,
                   const struct rowbuild_finding *findings, size_t finding_count,
                   enum rowbuild_format format, const struct rowbuild_format_options *options,
                   struct buf *out);

/* results_words.c */
bool results_are_good(enum rowbuild_outcome outcome);
/* Neither: it was cancelled or not started. */
bool results_are_failures(enum rowbuild_outcome outcome);

#endif
