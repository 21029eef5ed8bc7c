/* Reads the words of one simple command byte by byte.
 *
 * Knows: which words a second shell will read, and `case … esac`. Doesn't know: quotes and where
 * words end (shell_text.h). */
#ifndef ROWBUILD_SHELL_WORDS_H
#define ROWBUILD_SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { SHELL_LONGEST_WORD = 64 };

/* The simple command that is being read. */
struct shell_command {
    char word[SHELL_LONGEST_WORD]; /* the current word without its quotes, truncated if longer */
    size_t word_len;
    bool in_word;
    bool is_quoted;      /* at least in part, so that it isn't a keyword */
    bool has_name;       /* the command's own name has been read */
    bool rereads;        /* eval, ssh: a second shell reads every argument */
    bool is_shell;       /* a shell's name has been read */
    bool script_is_next; /* … and its -c */
    size_t cases;        /* open `case`s, whose patterns end in `)` */
};

/* Adds a byte to the current word; `is_quoted`: it is in quotes or after a backslash. */
void shell_command_add(struct shell_command *command, char c, bool is_quoted);

void shell_command_end_word(struct shell_command *command);

/* Begins the next command. */
void shell_command_end(struct shell_command *command);

#endif
