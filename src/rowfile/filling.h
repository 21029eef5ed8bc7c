/* Replaces the templates of a text by values, quoted so that the shell passes on exactly these
 * bytes.
 *
 * Knows: quoting for a template's place, and which values can't be put there: values that might end
 * a here-document, and values that the shell would interpret however they are quoted. Doesn't know:
 * where the values come from, nor messages. */
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
    FILLING_NOT_PLAIN,  /* it can't be quoted at this place */
    FILLING_NOT_NUMBER, /* the shell would evaluate it and might run commands in it */
};

struct filling {
    const struct template *template;
    struct buf *out;
    bool is_for_shell;        /* a Bourne shell reads the text */
    bool is_for_bash;         /* bash, or a shell that reads bash's syntax */
    size_t words;             /* of the current part */
    VEC(size_t) begins;       /* of the parts in `out` */
    enum filling_fault fault; /* the first one */
    size_t fault_part;
};

/* Whether the interpreter is a Bourne shell, by its name or path. */
bool filling_is_for_shell(struct slice shell);

/* Prepares to append the template's text, for the interpreter `shell`, to `out`. */
void filling_init(struct filling *filling, const struct template *template, struct slice shell,
                  struct buf *out);
void filling_release(struct filling *filling);

/* Begins the next part. Literal text is appended immediately. */
void filling_next(struct filling *filling);

/* Appends a quoted word to the current part, after a space unless it is the part's first. `word`
 * contains no NUL. */
void filling_add(struct filling *filling, struct slice word);

/* Ends the last part. -1: a value can't be put at its place (`fault`, `fault_part`). */
int filling_end(struct filling *filling);

/* Appends one word, quoted for a place outside of any quotes. */
void filling_add_word(struct buf *out, struct slice word);

#endif
