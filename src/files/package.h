/* A new folder or a new zip file that is filled with copies of files. It appears under its name when
 * it is whole, or not at all.
 *
 * Knows: names, copying, and what was copied (size and SHA-256). Doesn't know: what the files mean.
 * Until it is whole it is a hidden sibling, `.rowbuild-tmp-NAME`, which is deleted when something
 * fails. One that a killed process left is deleted by the next package of that name. An existing file
 * or a folder that isn't empty is never replaced.
 *
 * Names in a package are relative, without `.` and `..`, and may come only once. Functions that return
 * int give 0, or -1 after an error; then only package_free is allowed. */
#ifndef ROWBUILD_PACKAGE_H
#define ROWBUILD_PACKAGE_H

#include "diag.h"
#include "tree_view.h"

#include <stdbool.h>
#include <stdint.h>

enum { PACKAGE_SHA256_DIGITS = 64 };

struct package; /* opaque */

struct package_file {
    uint64_t size;
    char sha256[PACKAGE_SHA256_DIGITS + 1];
};

/* What is copied: a path that is relative to the open folder `directory` (borrowed), or absolute. */
struct package_source {
    int directory;
    const char *path;
};

/* Begins a zip file if the name ends with `.zip`, else a folder, which may exist if it is empty.
 * `without_data`: package_add_file and package_add_folder only say what they would copy. NULL after
 * an error. The caller frees it with package_free. */
struct package *package_begin(const char *path, bool without_data, struct diag *diag);
void package_free(struct package *package); /* NULL is allowed */

/* Copies a regular file, links followed. It is an error if the file changes meanwhile. */
int package_add_file(struct package *package, const struct package_source *source, const char *name,
                     struct package_file *file, struct diag *diag);

/* Adds a text as a file, also without data. */
int package_add_text(struct package *package, const char *name, struct slice text,
                     struct diag *diag);

/* Copies what counts of a folder (`view`, `rules`; both may be NULL), and calls `added` for each of
 * its files with its path below the folder; with NULL for what is in the package already. Links are followed where they lead to a file inside
 * `inside` (absolute, without links); others, devices and the like are skipped. *skipped is increased
 * by their number. */
struct package_folder {
    struct package_source source;
    const char *name;
    const struct tree_view *view;
    const struct tree_rules *rules;
    const char *inside;
};
typedef void package_added_fn(void *context, const char *path, const struct package_file *file);
int package_add_folder(struct package *package, const struct package_folder *folder,
                       package_added_fn *added, void *context, size_t *skipped, struct diag *diag);

/* Makes it whole, and gives it its name. */
int package_finish(struct package *package, struct diag *diag);

#endif
