/* What is common to all ways of watching: which paths count, and writing down what was done to them.
 *
 * Knows: the roots, the log. Doesn't know: how calls are seen, what they mean. */
#ifndef ROWBUILD_WATCHER_H
#define ROWBUILD_WATCHER_H

#include "trace_writer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct watch_options {
    char *const *roots; /* absolute, without links: what lies below them is written down */
    size_t root_count;
    bool outside; /* also what lies elsewhere */
};

struct watcher {
    struct trace_writer *writer;
    const struct watch_options *options;
    bool has_other_view; /* a process may see other files below a path than this one */
    bool foresees;       /* deeds are written down before they are done: TRACE_FORESEEN */
    /* Whether the process is still at the call of which its memory and /proc were read; NULL: it
     * can't have left it. What is read of one that has left may be another process's. */
    bool (*is_at_call)(void *context);
    void *context;
};

/* Whether `path` is `folder` or lies below it. */
bool path_is_below(const char *path, const char *folder);

/* Whether a path lies below a root. */
bool watcher_is_inside(const struct watcher *watcher, const char *path);

/* Whether a path can't lead into a root, by its text alone: folders of the system, in which nobody
 * links to a project. */
bool watcher_is_surely_outside(const struct watcher *watcher, const char *path);

/* Whether what happens to a path is to be written down; adds TRACE_OUTSIDE to `flags` if it is outside of
 * the roots. */
bool watcher_wants(const struct watcher *watcher, const char *path, uint32_t *flags);

/* Writes down that the thread does `kind` to `path`, once. `status`: of the file, NULL where it isn't
 * known. `other`: TRACE_RENAME's new path, else NULL. */
void watcher_add(struct watcher *watcher, pid_t tid, enum trace_kind kind, uint32_t flags,
                 const struct stat *status, const char *path, const char *other);

/* The same, if the path is wanted; what the file is, is looked up. */
void watcher_note(struct watcher *watcher, pid_t tid, enum trace_kind kind, uint32_t flags,
                  const char *path);

/* Counts a call whose path could not be read. */
void watcher_note_unknown(struct watcher *watcher);

#endif
