/* The names that a folder had, so that what was added to it later is known whatever else changed.
 *
 * Knows: paths below a folder, each as a hash of 64 bits that tells a folder from anything else. Doesn't
 * know: contents, whose folder it is, or where the names are kept. A name that was there as another
 * kind of entry is still a name of the folder, with all that lies in it now. */
#ifndef ROWBUILD_FOLDER_NAMES_H
#define ROWBUILD_FOLDER_NAMES_H

#include "additions.h"

struct folder_names { /* sorted */
    uint64_t *at;
    size_t count;
    size_t capacity; /* it is a VEC; vec_release */
};

/* Takes the names of what counts of a folder. False: it can't be looked at, or is no longer what the
 * row says by stat. */
bool folder_names_take(const struct observer *observer, const char *path,
                       const struct tree_view *view, const struct file_row *row,
                       struct folder_names *names);

/* Finds the entries that have none of the names. False: there are none, or the folder can't be
 * looked at. */
bool folder_names_find_others(const struct observer *observer, const char *path,
                              const struct tree_view *view, const struct folder_names *names,
                              struct arena *memory, struct additions *additions);

#endif
