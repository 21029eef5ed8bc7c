/* MD5 (RFC 1321), as signac's job ids need it.
 *
 * Knows: one digest of bytes in memory, by nettle. Doesn't know: what they say. Changes are detected
 * with digest.h. */
#ifndef ROWBUILD_MD5_H
#define ROWBUILD_MD5_H

#include "buf.h"
#include "slice.h"

/* Appends 32 lower-case hexadecimal digits. */
void md5_add(struct slice bytes, struct buf *out);

#endif
