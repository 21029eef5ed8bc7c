/* A call of a watched process that takes paths: what its arguments are, and what it did.
 *
 * Knows: where the arguments of each call stand, what its success means. Doesn't know: how calls are
 * seen. Whoever can't see a call end asks foresee.h what it is about to do. */
#ifndef ROWBUILD_WATCHED_CALL_H
#define ROWBUILD_WATCHED_CALL_H

#include "trace_filter.h"
#include "watcher.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct watched_call {
    pid_t tid;
    enum trace_call call;
    int folder; /* AT_FDCWD or a descriptor, that `path` is relative to; likewise the other */
    int other_folder;
    uint64_t flags;
    bool is_hidden; /* an open, whose path could not be read */
    bool existed;   /* an open with O_CREAT and without O_EXCL: the file was there before */
    char path[PATH_MAX];
    char other[PATH_MAX];
};

/* Begins a call of the thread: reads its arguments, and writes down what it does if that doesn't depend
 * on how it ends. True: what else it does is told by its end. */
bool call_begin(struct watcher *watcher, struct watched_call *call, pid_t tid,
                enum trace_call which, const uint64_t arguments[6]);

/* Writes down what a call did that has succeeded. */
void call_end(struct watcher *watcher, const struct watched_call *call, int64_t result);

/* Whether what is opened by this call can count at all. */
bool call_opens_file(const struct watched_call *call);

/* The name by which the file at `path`, without links, is written down, in `asked` or `path`; NULL:
 * nobody wants to know. */
const char *call_opened_name(const struct watcher *watcher, const struct watched_call *call,
                             const char *path, char asked[PATH_MAX], uint32_t *flags);

/* Writes down that it was opened; `status` may be NULL. */
void call_note_opened(struct watcher *watcher, const struct watched_call *call, uint32_t flags,
                      bool is_new, const struct stat *status, const char *name);

#endif
