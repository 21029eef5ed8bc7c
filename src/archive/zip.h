/* A zip file that is being written, entry by entry. The only place that includes libarchive's
 * header.
 *
 * Knows: entries and their names. Doesn't know: where the bytes of the zip file go; they are handed
 * to the caller's `write`. Paths are bytes with '/' between their parts. Names that are UTF-8 are
 * marked as such.
 *
 * libarchive is opened with dlopen when the first zip file is begun, since linking it would add a
 * dozen libraries to each start of the program. Functions that return int give 0, or -1 after a state
 * error. After an error only zip_free is allowed. */
#ifndef ROWBUILD_ZIP_H
#define ROWBUILD_ZIP_H

#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zip; /* opaque */

/* Takes a part of the zip file. 0, or an errno. */
typedef int zip_write_fn(void *context, const void *bytes, size_t len);

/* `name` is that of the zip file, for messages; it must outlive the zip, as `context` must. NULL after
 * an error: libarchive isn't installed. The caller frees it with zip_free (NULL is allowed). */
struct zip *zip_begin(zip_write_fn *write, void *context, const char *name, struct diag *diag);
void zip_free(struct zip *zip);

/* Begins a file of `size` bytes, which zip_add must then add up to exactly. */
int zip_begin_file(struct zip *zip, const char *path, uint64_t size, int64_t mtime_s,
                   bool is_executable, struct diag *diag);
int zip_add(struct zip *zip, const void *bytes, size_t len, struct diag *diag);

/* Adds an empty folder. */
int zip_add_folder(struct zip *zip, const char *path, struct diag *diag);

/* Writes the table of contents. */
int zip_end(struct zip *zip, struct diag *diag);

#endif
