/* A file with a piece for each element of a submission, of which a job reads its own piece only: what it
 * costs a job doesn't grow with the array.
 *
 * Knows: `jobs/TOKEN.SUFFIX` below the state folder, and how a piece is found in it. Doesn't know: what the
 * pieces mean. A file is written once, by rename and synced, before the registration is.
 *
 *     the head      "rowbuild WORD VERSION " and the number of pieces, 8 digits, a newline
 *     the index     a line of 64 bytes for each piece: its offset in the file (13 hexadecimal digits), its
 *                   length (16) and its digest (32)
 *     the pieces    one after the other */
#ifndef ROWBUILD_PIECES_H
#define ROWBUILD_PIECES_H

#include "buf.h"
#include "slice.h"
#include "vec.h"

#include <stddef.h>

struct pieces {
    struct buf bytes;
    VEC(size_t) ends; /* of each piece in `bytes` */
};

/* What has been appended to pieces->bytes since the last call is a piece. */
void pieces_end_one(struct pieces *pieces);
void pieces_release(struct pieces *pieces);

/* Appends the name of the file. */
void pieces_add_name(struct slice token, const char *suffix, struct buf *name);

/* `head`: "rowbuild WORD VERSION ". -1 with errno as inside.h says. */
int pieces_write(const char *state_path, struct slice token, const char *suffix, const char *head,
                 const struct pieces *pieces);

enum pieces_found {
    PIECES_FOUND,
    PIECES_MISSING, /* there is no such file */
    PIECES_OTHER,   /* it has another head */
    PIECES_DAMAGED, /* the piece isn't there, or isn't what was written */
    PIECES_FAILED,  /* with errno */
};
enum pieces_found pieces_read(const char *state_path, struct slice token, const char *suffix,
                              const char *head, size_t element, struct buf *piece);

#endif
