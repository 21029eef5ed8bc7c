/* A run as another process sees it at one moment: what it has published (published.h), what /proc
 * says of its processes, and how busy the cores are.
 *
 * Knows: how these fit together, and what changed since the look before. Doesn't know: records,
 * plans, terminals. */
#ifndef ROWBUILD_WATCHED_H
#define ROWBUILD_WATCHED_H

#include "buf.h"
#include "diag.h"
#include "rowbuild.h"
#include "rowfile.h"

/* How the path of a log is shown: appends it. */
typedef void watched_path_fn(void *context, const char *path, struct buf *out);

struct watched_options {
    const char *state_path;        /* borrowed, as the rest */
    const struct rowfile *rowfile; /* whose pools are counted */
    watched_path_fn *show_path;
    void *context;
};

struct watched;

/* NULL after an error: this machine can't be read. */
struct watched *watched_new(const struct watched_options *options, struct diag *diag);
void watched_free(struct watched *watched);

/* Valid until the next look. */
const struct rowbuild_snapshot *watched_look(struct watched *watched);

/* As one JSON object and a newline. */
void watched_add_json(const struct rowbuild_snapshot *snapshot, struct buf *out);

/* By pool of the Rowfile, what the commands in the table of what runs hold now. */
struct running_entry;
void watched_count_pools(const char *state_path, const struct rowfile *rowfile,
                         const struct running_entry *entries, size_t count, unsigned *taken);

#endif
