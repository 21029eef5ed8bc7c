/* Follows the syntax of a shell command from left to right, to tell what a byte means at its place.
 *
 * Knows: quotes, comments, substitutions and here-documents of sh and bash, which words a second
 * shell will read, and where shells disagree. Doesn't know: templates. Never fails: unbalanced text
 * is accepted. The state owns no memory; the text must outlive it. */
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
    SHELL_HERE_LITERAL, /* the same with a quoted delimiter */
};

/* The text after the name in ${…}. */
enum shell_parameter {
    PARAMETER_WORD,    /* :- := :+ :? and the same without the colon */
    PARAMETER_PATTERN, /* # % / ^ , */
    PARAMETER_OTHER,   /* an offset, a subscript */
};

enum { SHELL_DEEPEST = 32, SHELL_MOST_HERE = 8 };

struct shell_frame {
    enum shell_place place;
    char closing;       /* of a substitution: ')', '`' or '}'; 0 for other frames */
    bool in_word;       /* part of a word, as $(…) is and ((…)) isn't */
    bool is_arithmetic; /* ((…)) */
    bool is_unclear;    /* shells disagree on its text from here on */
    enum shell_parameter parameter;
    size_t parentheses; /* open ones in a substitution */
    struct shell_command command;
};

struct shell_text {
    struct shell_frame frames[SHELL_DEEPEST];
    size_t depth; /* of the current frame */
    struct shell_here here[SHELL_MOST_HERE];
    size_t here_count; /* here-documents whose bodies haven't been read yet */
    bool at_line_start;
    char last;          /* previous byte, 0 at the start; after a backslash: '\\' */
    bool closes_word;   /* the last step closed a substitution */
    bool has_announced; /* the last step read a `<<`: `announced` */
    struct shell_here announced;
    bool is_unclear;       /* shells disagree on the text from here on */
    bool is_unclear_in_sh; /* shells other than bash disagree */
};

void shell_text_init(struct shell_text *state);

/* Reads one unit at `at` (a quote, `\x`, `${`, a here-document's delimiter, or a single byte) and
 * returns its length, at least 1; at < text.len. */
size_t shell_text_step(struct shell_text *state, struct slice text, size_t at);

/* Notes that a value is put here as a word or part of one. */
void shell_text_put(struct shell_text *state);

enum shell_place shell_text_place(const struct shell_text *state);

/* Whether a `$` is special here. */
bool shell_text_expands(const struct shell_text *state);

/* Whether the place is in a here-document, at any depth of nesting. */
bool shell_text_in_here(const struct shell_text *state);

#endif
