/* Files inside a folder that other users may write to: nothing in it is reached through a symbolic
 * link, and only regular files are opened.
 *
 * Paths are relative to the open folder `root`, have no `..`, and each part is opened by itself
 * with O_NOFOLLOW, which all kernels and file systems know. Whoever plants a link, a FIFO, a device
 * or a socket gets an error, never a write elsewhere and never a wait. A file that is written to in
 * place must have one name only: a second one would be a file outside. Another user's regular file
 * is used as far as its mode permits, since projects may be shared.
 *
 * Doesn't know: what the files mean. All functions return -1 with errno. These values say what was
 * refused, and inside_error has words for them: ELOOP (a symbolic link), ENXIO (not a regular
 * file), EISDIR, ENOTDIR, EMLINK (a hard link), EXDEV (the folder's own link is another user's). */
#ifndef ROWBUILD_INSIDE_H
#define ROWBUILD_INSIDE_H

#include "buf.h"
#include "file.h"

#include <stdbool.h>
#include <stddef.h>

/* Opens the folder itself. Its path may lead through links, which its user chose; the last part may
 * be a link (to a scratch file system, say) if it belongs to this user, to root, or to the owner of
 * the folder that it lies in. `make`: makes the folder, and what is missing above it. */
int inside_root(int dir, const char *path, bool make);

/* Opens a folder below the root; `make`: makes what is missing. */
int inside_folder(int root, const char *path, bool make);

/* Opens a regular file: O_RDONLY or O_RDWR, with O_CREAT if it may be missing. */
int inside_open(int root, const char *path, int flags);

/* Makes a file anew, O_RDWR | `flags`: a regular file of that name is removed first, so that its
 * other names keep their content. */
int inside_create(int root, const char *path, int flags);

/* As file_read, file_replace, file_list, unlink(2). What inside_replace replaces must be a regular
 * file; inside_remove removes whatever has the name, a link itself included, but no folder. */
int inside_read(int root, const char *path, size_t limit, struct buf *out);
int inside_replace(int root, const char *path, struct slice content);
int inside_list(int root, const char *path, file_entry_fn *entry, void *context);
int inside_remove(int root, const char *path);

/* Whether an open descriptor is what inside_open accepts; closes it otherwise. */
int inside_accept(int fd, bool writes);

/* Whether errno says that something of the wrong kind stood in the way. */
bool inside_is_refusal(int error);

/* What is wrong, in words: strerror(3) for what isn't a refusal. */
const char *inside_error(int error);

#endif
