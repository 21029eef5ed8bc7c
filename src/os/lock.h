/* One writer at a time: a lock file that names its holder.
 *
 * An OFD lock (fcntl(2) F_OFD_SETLK) on the file excludes processes of one host and vanishes with
 * its holder. Host, pid and since-when are written into the file, and its mtime is a heartbeat, for
 * network file systems on which other hosts don't see the lock: a lock of another host is valid as
 * long as its heartbeat moves. A lock that is a link, has a second name or isn't a regular file is
 * refused (inside.h). */
#ifndef ROWBUILD_LOCK_H
#define ROWBUILD_LOCK_H

#include "buf.h"
#include "diag.h"

#include <stdbool.h>
#include <stdint.h>

struct lock {
    int fd; /* -1: not held */
};

#define LOCK_HEARTBEAT_S 10
#define LOCK_STALE_S 60 /* a lock of another host is stale after this long without a heartbeat */
#define LOCK_TELL_S 1   /* a longer wait is reported */

/* Takes the lock. -1 with a state error that says who holds it: host, pid and since when, or that
 * the lock can't be read. Where only the heartbeat tells whether the holder still runs (on another
 * host, or where the kernel's boot id can't be read), waits up to LOCK_STALE_S unless it moves
 * before; after LOCK_TELL_S, diag_note_now says what is waited for and how long at most. Messages
 * call the file `shown`. */
int lock_acquire(struct lock *lock, int dir, const char *path, const char *shown,
                 struct diag *diag);
/* Appends the name of another host whose process holds the lock, as far as its last heartbeat and this
 * host's clock tell. False: there is none. Waits for nothing. */
bool lock_find_other_host(int dir, const char *path, struct buf *host);
void lock_beat(struct lock *lock); /* moves the heartbeat; call each LOCK_HEARTBEAT_S */
void lock_release(struct lock *lock);

#endif
