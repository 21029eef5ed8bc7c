/* The names of rowbuild's own files among those of a study.
 *
 * Knows: which file names are reserved: backups of products (`.a.out.rowbuild-good`,
 * `.a.out.rowbuild-kept`, `.a.out~.rowbuild-kept`) and temporary files (`.rowbuild-tmp-…`,
 * `.rowbuild-now-…`). Doesn't know: who makes the files, or where. */
#ifndef ROWBUILD_RESERVED_H
#define ROWBUILD_RESERVED_H

#include "slice.h"

#include <stdbool.h>

#define RESERVED_GOOD ".rowbuild-good"
#define RESERVED_KEPT ".rowbuild-kept"
#define RESERVED_LEFT "~" RESERVED_KEPT
#define RESERVED_PREFIX ".rowbuild-" /* of temporary files */

/* Whether the name is that of a backup. */
bool reserved_is_backup(struct slice file_name);

/* Whether rowbuild may give the name to a file of its own. No product or input may have such a
 * name. */
bool reserved_is_name(struct slice file_name);

#endif
