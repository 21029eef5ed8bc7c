/* Writes JUnit's XML: each task of a run is a test, and so is each finding.
 *
 * Knows: the format, and which outcomes of a task are a success, a failure, or neither. Doesn't
 * know: who ran or found what. */
#ifndef ROWBUILD_JUNIT_H
#define ROWBUILD_JUNIT_H

#include "buf.h"
#include "rowbuild.h"

/* Appends a document with one suite. A task that failed or is unfinished is a failed test with the
 * end of its output, one that was cancelled or not started is skipped. A finding is a failed test if
 * it is an error. */
void junit_write(const struct rowbuild_result *results, size_t count,
                 const struct rowbuild_finding *findings, size_t finding_count,
                 const struct rowbuild_format_options *options, struct buf *out);

#endif
