/* A file in memory by which a process shows something to others: it lies on no disk, and is gone with
 * its process.
 *
 * Knows: memfd_create(2), and that other processes of the same user reach a descriptor by
 * /proc/PID/fd. Doesn't know: what is in it. */
#ifndef ROWBUILD_MEMORY_FILE_H
#define ROWBUILD_MEMORY_FILE_H

#include "buf.h"

#include <stdbool.h>
#include <sys/types.h>

/* Shows the content by a descriptor: `*fd`, or, if that is -1, a new one, for the caller to close.
 * Whoever opens it sees one content or the next, whole. `name` tells what it is. -1 with errno. */
int memory_file_show(int *fd, const char *name, struct slice content);

/* Reads what a process shows by its descriptor `fd` under this name, up to `limit` bytes. False: it
 * shows nothing, or may not be read. */
bool memory_file_read(pid_t pid, int fd, const char *name, size_t limit, struct buf *out);

#endif
