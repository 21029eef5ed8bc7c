/* Bytes as hexadecimal digits. */
#ifndef ROWBUILD_HEX_H
#define ROWBUILD_HEX_H

#include "buf.h"

#include <stddef.h>

/* Appends two lower-case digits for each byte. */
void hex_add(struct buf *out, const void *bytes, size_t count);

/* Of a lower-case digit; -1: it is none. */
int hex_value(char digit);

#endif
