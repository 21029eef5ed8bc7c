/* The log that rowbuild-trace writes and that an audit reads: what the processes of one command did
 * to files, in the order in which each was done first.
 *
 * A struct trace_header, then records of different lengths, `used` bytes of them. The writer maps
 * the file, so a record can be read as soon as the process that caused it has ended. Byte order and
 * sizes are those of the machine that wrote it: a log doesn't outlive its run. */
#ifndef ROWBUILD_TRACE_LOG_H
#define ROWBUILD_TRACE_LOG_H

#include <stdint.h>

#define TRACE_MAGIC "rowtrac1"

enum {
    TRACE_PROGRAM = 16, /* bytes of a program's name, NUL included */
    TRACE_ALIGNMENT = 8,
};

enum trace_kind {
    TRACE_READ,    /* opened for reading, executed, or linked to */
    TRACE_LIST,    /* a folder's entries were read */
    TRACE_WRITE,   /* made, or its contents were cut off */
    TRACE_SUSPECT, /* opened for writing: written if its mtime isn't `mtime_ns` any more */
    TRACE_FOLDER,  /* the folder was made */
    TRACE_RENAME,  /* `path` was renamed to `other` */
    TRACE_DELETE,  /* the file or folder was deleted */
    TRACE_PTRACE,  /* the program called ptrace; no path */
    TRACE_KINDS,
};

enum {
    TRACE_NEW = 1,     /* it didn't exist before */
    TRACE_OUTSIDE = 2, /* it isn't below any of the roots */
    /* Written down just before it was done. What the file is may not be known, and if the call failed
     * for a reason that could not be foreseen, it wasn't done. */
    TRACE_FORESEEN = 4,
};

struct trace_header {
    char magic[8];
    uint64_t used;    /* bytes of records */
    uint64_t lost;    /* records that could not be written */
    uint64_t unknown; /* calls whose path could not be read */
};

/* Followed by `path` and `other`, each with a NUL, and padding. */
struct trace_record {
    uint32_t length; /* of all of it */
    uint32_t kind;   /* enum trace_kind */
    uint32_t flags;
    uint32_t path_length; /* without the NUL */
    uint32_t other_length;
    uint32_t reserved;
    uint64_t device; /* of the file, 0 where it isn't known; likewise below */
    uint64_t inode;
    int64_t mtime_ns;
    char program[TRACE_PROGRAM]; /* that did it first, as the kernel calls it */
};

#endif
