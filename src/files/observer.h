/* The observer as the files of this folder see it; nobody else includes this. observer.c has the clock
 * of the file system, observe.c what is looked at. */
#ifndef ROWBUILD_OBSERVER_H
#define ROWBUILD_OBSERVER_H

#include "observe.h"

#include <stdatomic.h>

struct observer {
    int directory;
    uint64_t digest_limit;
    struct tree_rules rules; /* of folders */
    int probe;               /* the file whose mtime is "now"; -1: none */
    bool probe_is_remote;    /* its server sets the time only when the write arrives there */
    atomic_llong now_ns;     /* 0: not known */
    atomic_llong newest_ns;  /* seen of any file while "now" isn't known */
    atomic_llong tick_ns;
    atomic_llong patience_ns; /* left for waiting before failed looks are tried again */
};

/* Whether the file could change once more without a change in its times. A time far ahead (clocks
 * of other hosts) will not come again by itself. */
bool observer_is_racy(struct observer *observer, const struct file_row *row);

#endif
