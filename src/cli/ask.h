/* Asks a question on the terminal.
 *
 * Knows: the controlling terminal. Doesn't know: what the question is about. */
#ifndef ROWBUILD_ASK_H
#define ROWBUILD_ASK_H

enum answer {
    ANSWER_NONE, /* no terminal, or it was closed */
    ANSWER_YES,
    ANSWER_NO,
    ANSWER_ACCEPT,
    ANSWER_INTERRUPTED, /* by Ctrl-C, if the caller's loop blocks signals */
};

/* Writes `question` and waits for a line that begins with y, n or a; asks again after any other
 * line. An empty line means `usual`; if that is ANSWER_NONE, it isn't an answer. */
enum answer ask(const char *question, enum answer usual);

#endif
