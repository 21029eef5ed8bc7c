/* Puts values where the templates of a text stand, so that the shell hands on exactly these bytes.
 *
 * Knows: quoting for the place where a template stands, and which values can't be put there: those
 * that might end a here-document, and those that no quoting keeps from being read as shell text.
 * Doesn't know: where the values come from, nor messages. */
#ifndef ROWBUILD_FILLING_H
#define ROWBUILD_FILLING_H

#include "buf.h"
#include "slice.h"
#include "template.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

enum filling_fault {
    FILLING_FINE,
    FILLING_NEWLINE,    /* a newline in a here-document */
    FILLING_ENDS_HERE,  /* its line might end a here-document */
    FILLING_LOSES_BYTE, /* dash loses a byte of its line */
    FILLING_LOSES_TAB,  /* `<<-` removes its tab */
    FILLING_NOT_PLAIN,  /* it can't be quoted where it stands */
    FILLING_NOT_NUMBER, /* the shell would evaluate it, and run what it holds */
};

struct filling {
    const struct template *template;
    struct buf *out;
    bool is_for_shell;        /* a Bourne shell reads the text */
    bool is_for_bash;         /* bash, or one that reads its syntax */
    size_t words;             /* of the current part */
    VEC(size_t) begins;       /* of the parts in `out` */
    enum filling_fault fault; /* the first one */
    size_t fault_part;
};

/* Whether the interpreter is a Bourne shell, by its name or path. */
bool filling_is_for_shell(struct slice shell);

/* Begins to append the template's text, for that interpreter, to `out`. */
void filling_init(struct filling *filling, const struct template *template, struct slice shell,
                  struct buf *out);
void filling_release(struct filling *filling);

/* Begins the next part; the bytes of literal text are appended at once. */
void filling_next(struct filling *filling);

/* Appends a word to the current part: quoted, after a space where the part has one already. `word`
 * has no NUL. */
void filling_add(struct filling *filling, struct slice word);

/* Ends the last part. -1: a value can't be put where it should be (`fault`, `fault_part`). */
int filling_end(struct filling *filling);

/* Appends one word as the shell reads it in the open. */
void filling_add_word(struct buf *out, struct slice word);

#endif
