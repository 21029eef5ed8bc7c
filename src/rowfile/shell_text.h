/* Where one stands while reading a shell command from left to right.
 *
 * Knows: quotes, comments, substitutions and here-documents of sh and bash, and which words a
 * second shell will read. Doesn't know: templates. Never fails: unbalanced text just ends where it
 * ends. The state owns no memory; the text must outlive it. */
#ifndef ROWBUILD_SHELL_TEXT_H
#define ROWBUILD_SHELL_TEXT_H

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

enum { SHELL_DEEPEST = 32, SHELL_MOST_HERE = 8, SHELL_LONGEST_WORD = 64 };

/* The simple command that is being read. */
struct shell_command {
    char word[SHELL_LONGEST_WORD]; /* the current word without its quotes, cut off when longer */
    size_t word_len;
    bool in_word;
    bool has_name;       /* the command's own name has been read */
    bool rereads;        /* eval, ssh: every argument is read again */
    bool is_shell;       /* a shell's name has been read */
    bool script_is_next; /* … and its -c */
    size_t cases;        /* open `case`s, whose patterns end in `)` */
};

struct shell_frame {
    enum shell_place place;
    char closing;       /* of a substitution: ')', '`' or '}'; 0 for others */
    bool is_arithmetic; /* ((…)) */
    size_t parentheses; /* open ones in a substitution */
    struct shell_command command;
};

struct shell_here {
    struct slice delimiter; /* as it is written, quotes included */
    bool is_quoted;
    bool strips_tabs;
};

struct shell_text {
    struct shell_frame frames[SHELL_DEEPEST];
    size_t depth; /* of the frame in use */
    struct shell_here here[SHELL_MOST_HERE];
    size_t here_count; /* announced, their bodies not read yet */
    bool at_line_start;
    char last; /* byte before, 0 at the start; after a backslash: '\\' */
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

/* Whether a word that is put here can't be quoted rightly: a second shell will read it, or shells
 * don't agree on how quotes are read here. */
bool shell_text_is_nested(const struct shell_text *state);

#endif
