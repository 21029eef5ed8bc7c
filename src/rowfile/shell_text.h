/* Where one stands while reading a shell command from left to right.
 *
 * Knows: quotes, comments, substitutions and here-documents of sh and bash, which words a second
 * shell will read, and where the shells don't agree. Doesn't know: templates. Never fails:
 * unbalanced text just ends where it ends. The state owns no memory; the text must outlive it. */
#ifndef ROWBUILD_SHELL_TEXT_H
#define ROWBUILD_SHELL_TEXT_H

#include "shell_here.h"
#include "shell_words.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

enum shell_place {
    SHELL_BARE,
    SHELL_SINGLE,       /* '…' */
    SHELL_ANSI,         /* $'…' */
    SHELL_DOUBLE,       /* "…" */
    SHELL_COMMENT,      /* # … */
    SHELL_HERE,         /* the body of a here-document */
    SHELL_HERE_LITERAL, /* of one with a quoted delimiter */
};

/* What follows the name in ${…}. */
enum shell_parameter {
    PARAMETER_WORD,    /* :- := :+ :? and the same without the colon */
    PARAMETER_PATTERN, /* # % / ^ , */
    PARAMETER_OTHER,   /* an offset, a subscript */
};

enum { SHELL_DEEPEST = 32, SHELL_MOST_HERE = 8 };

struct shell_frame {
    enum shell_place place;
    char closing;       /* of a substitution: ')', '`' or '}'; 0 for others */
    bool in_word;       /* it is part of a word, as $(…) is and ((…)) isn't */
    bool is_arithmetic; /* ((…)) */
    bool is_unclear;    /* shells don't agree on what stands in it from here on */
    enum shell_parameter parameter;
    size_t parentheses; /* open ones in a substitution */
    struct shell_command command;
};

struct shell_text {
    struct shell_frame frames[SHELL_DEEPEST];
    size_t depth; /* of the frame in use */
    struct shell_here here[SHELL_MOST_HERE];
    size_t here_count; /* announced, their bodies not read yet */
    bool at_line_start;
    char last;          /* byte before, 0 at the start; after a backslash: '\\' */
    bool closes_word;   /* the last step closed a substitution */
    bool has_announced; /* the last step read a `<<`: `announced` */
    struct shell_here announced;
    bool is_unclear;       /* shells don't agree on the text from here on */
    bool is_unclear_in_sh; /* shells other than bash don't */
};

void shell_text_init(struct shell_text *state);

/* Takes what stands at `at` as one unit (a quote, `\x`, `${`, a here-document's delimiter, or just
 * one byte) and returns its length, at least 1; at < text.len. */
size_t shell_text_step(struct shell_text *state, struct slice text, size_t at);

/* Takes note of something that is put here as (part of) a word. */
void shell_text_put(struct shell_text *state);

enum shell_place shell_text_place(const struct shell_text *state);

/* Whether a `$` has its meaning here. */
bool shell_text_expands(const struct shell_text *state);

/* Whether a here-document is being read, at any depth of what stands in it. */
bool shell_text_in_here(const struct shell_text *state);

#endif
