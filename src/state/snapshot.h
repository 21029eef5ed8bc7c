/* The snapshot: all rows in one file that is read in one pass.
 *
 * Knows: its format. Doesn't know: file names, locks, the journal's records.
 *
 * In the machine's own byte order, which the header names, without padding:
 *     header              struct snapshot_header
 *     file rows           directory × columns + column, then the other files   (56 bytes each)
 *     task rows           directory × actions + action, then the other tasks   (104 bytes each)
 *     digests             of all components, in the order of the task rows     (16 bytes each)
 *     digests of texts    sorted                                               (16 bytes each)
 *     ends of strings     8 bytes each: directories (sorted), columns, actions, other files, other
 *                         tasks, keys of shapes (shape.h), texts
 *     strings
 *     checksum            digest of everything before it                       (16 bytes)
 *
 * Version 1, whose task rows have 88 bytes, is read as well. */
#ifndef ROWBUILD_SNAPSHOT_H
#define ROWBUILD_SNAPSHOT_H

#include "buf.h"
#include "rowtable.h"
#include "shape.h"
#include "textstore.h"

enum { STATE_VERSION = 2, STATE_VERSION_1 = 1 }; /* what is written; what is read, too */

/* Which names of the table have to be written although they hold no rows. NULL pointers: none. */
struct bound_names {
    bool *directories;
    bool *columns;
    bool *actions;
    bool *other_files;
    bool *other_tasks;
};

/* A snapshot contains everything up to `contained_bytes` of the journal that names the snapshot
 * `contained_journal`: that journal may still be there after a crash. */
struct snapshot_identity {
    uint64_t id; /* never 0: that stands for "no snapshot" */
    uint64_t contained_journal;
    uint64_t contained_bytes;
};

/* Appends a whole snapshot. */
void snapshot_write(const struct rowtable *table, const struct shapes *shapes,
                    const struct textstore *texts, const struct bound_names *bound,
                    const struct snapshot_identity *identity, struct buf *out);

/* Fills an empty table, shapes and texts, which then borrow from `content` (rows of files are
 * changed in it). NULL, or in a few words what is wrong; then the three are to be released. */
const char *snapshot_read(struct buf *content, struct rowtable *table, struct shapes *shapes,
                          struct textstore *texts, struct snapshot_identity *identity);

#endif
