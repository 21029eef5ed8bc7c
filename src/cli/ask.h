/* A question on the terminal.
 *
 * Knows: the controlling terminal. Doesn't know: what is asked. */
#ifndef ROWBUILD_ASK_H
#define ROWBUILD_ASK_H

enum answer {
    ANSWER_NONE, /* there is no terminal, or it was closed */
    ANSWER_YES,
    ANSWER_NO,
    ANSWER_ACCEPT,
    ANSWER_INTERRUPTED, /* Ctrl-C, if the caller's loop blocks signals */
};

/* Writes `question` and waits for a line that begins with y, n or a; asks again after others. An
 * empty line means `usual`, or isn't an answer if that is ANSWER_NONE. */
enum answer ask(const char *question, enum answer usual);

#endif
