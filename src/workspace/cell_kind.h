/* What the text of a table's cell is: a number, nearly one, other JSON, or text.
 *
 * Knows: how JSON, people and programs write numbers. Doesn't know: tables. */
#ifndef ROWBUILD_CELL_KIND_H
#define ROWBUILD_CELL_KIND_H

#include "buf.h"
#include "slice.h"

enum cell_kind {
    CELL_EMPTY,
    CELL_NUMBER, /* as JSON writes it */
    CELL_NEAR,   /* a number that JSON writes otherwise: .5, 007, 1_000, 0x1f */
    CELL_WORD,   /* nan, inf */
    CELL_JSON,   /* begins like an array, an object or a string, or is true, false or null */
    CELL_TEXT,
};

/* Of a text without white space around it. */
enum cell_kind cell_kind_of(struct slice text);

/* Appends a number as JSON would write it: 0.5 for .5, 7 for 007. Nothing where that isn't plain. */
void cell_add_as_json(struct slice text, struct buf *out);

#endif
