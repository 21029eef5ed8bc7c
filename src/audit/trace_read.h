/* Reads what rowbuild-trace wrote (trace_log.h).
 *
 * Knows: the log's format. Doesn't know: which task it is of, what is declared. */
#ifndef ROWBUILD_TRACE_READ_H
#define ROWBUILD_TRACE_READ_H

#include "arena.h"
#include "slice.h"
#include "trace_log.h"
#include "vec.h"

#include <stdbool.h>
#include <stdint.h>

/* One thing that was done to a file, the first time. */
struct deed {
    enum trace_kind kind;
    bool is_new;        /* it didn't exist before */
    bool is_outside;    /* it isn't below any of the roots */
    bool is_foreseen;   /* it was written down before it was done */
    struct slice path;  /* absolute as it was read; NUL-terminated, as below */
    struct slice other; /* TRACE_RENAME: the new path */
    struct slice program;
    uint64_t device;
    uint64_t inode;
    int64_t mtime_ns;
};

struct deeds {
    struct arena bytes;
    VEC(struct deed) all;
    uint64_t lost;    /* that could not be written */
    uint64_t unknown; /* calls whose path could not be read */
};

/* Fills in `deeds`, which the caller releases in any case. -1: the file can't be read, or it isn't a
 * log. */
int deeds_read(struct deeds *deeds, const char *path);
void deeds_release(struct deeds *deeds);

#endif
