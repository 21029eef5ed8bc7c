/* Writes the log of rowbuild-trace (trace_log.h): each deed with each path once.
 *
 * Doesn't know: processes, what a path means. A deed that can't be written, for want of space, is
 * counted. */
#ifndef ROWBUILD_TRACE_WRITER_H
#define ROWBUILD_TRACE_WRITER_H

#include "trace_log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace_writer {
    int file;
    struct trace_header *header; /* the file, mapped */
    size_t size;                 /* mapped bytes */
    uint64_t *seen;              /* hashes of what was written; 0: free */
    size_t seen_size;            /* a power of 2 */
    size_t seen_count;
};

/* Begins the log in an empty file. 0, or an error number. */
int trace_writer_open(struct trace_writer *writer, int file);

/* Whether the deed was written already. */
bool trace_writer_has(const struct trace_writer *writer, enum trace_kind kind, const char *path,
                      const char *other);

/* Whether the deed is new; it counts as written from now on. */
bool trace_writer_is_new(struct trace_writer *writer, enum trace_kind kind, const char *path,
                         const char *other);

/* Appends a record; `record` has everything except lengths. `other` may be NULL. */
void trace_writer_add(struct trace_writer *writer, struct trace_record record, const char *path,
                      const char *other);

#endif
