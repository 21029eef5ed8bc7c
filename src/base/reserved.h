/* Names that rowbuild gives to its own files among those of a study.
 *
 * Knows: which last parts of a path are taken: backups of products (`.a.out.rowbuild-good`,
 * `.a.out.rowbuild-kept-2`) and temporary files (`.rowbuild-tmp-…`, `.rowbuild-now-…`). Doesn't
 * know: who makes them, or where. */
#ifndef ROWBUILD_RESERVED_H
#define ROWBUILD_RESERVED_H

#include "slice.h"

#include <stdbool.h>

#define RESERVED_GOOD ".rowbuild-good"
#define RESERVED_KEPT ".rowbuild-kept"
#define RESERVED_PREFIX ".rowbuild-" /* of temporary files */

/* Whether the name is one that a backup has. */
bool reserved_is_backup(struct slice file_name);

/* Whether rowbuild may give the name to a file of its own: no product and no input can have it. */
bool reserved_is_name(struct slice file_name);

#endif
