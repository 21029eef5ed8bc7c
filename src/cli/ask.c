#include "ask.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LOOK_AGAIN_MS = 100 };

/* A run reads its signals from a descriptor, so Ctrl-C doesn't interrupt a read here. */
static bool is_interrupted(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
            sigismember(&pending, SIGHUP) == 1 || sigismember(&pending, SIGQUIT) == 1);
}

static void say(int terminal, const char *text)
{
    ssize_t written = write(terminal, text, strlen(text));
    (void)written; /* if the write fails, so will the read */
}

/* Reads a line and returns its first letter; 0 at the end of input, -1 when interrupted. */
static int read_letter(int terminal)
{
    char line[256];
    for (;;) {
        struct pollfd input = {.fd = terminal, .events = POLLIN};
        int ready = poll(&input, 1, LOOK_AGAIN_MS);
        if (is_interrupted()) {
            return -1;
        }
        if (ready <= 0) {
            continue;
        }
        ssize_t got = read(terminal, line, sizeof line);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        return got > 0 ? tolower((unsigned char)line[0]) : 0;
    }
}

enum answer ask(const char *question, enum answer usual)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return ANSWER_NONE;
    }
    enum answer answer = ANSWER_NONE;
    tcflush(terminal, TCIFLUSH); /* input typed before the question isn't an answer to it */
    for (bool asking = true; asking;) {
        say(terminal, question);
        asking = false;
        switch (read_letter(terminal)) {
        case 'y':
            answer = ANSWER_YES;
            break;
        case 'n':
            answer = ANSWER_NO;
            break;
        case 'a':
            answer = ANSWER_ACCEPT;
            break;
        case '\n':
            answer = usual;
            asking = usual == ANSWER_NONE;
            break;
        case -1:
            answer = ANSWER_INTERRUPTED;
            say(terminal, "\n");
            break;
        case 0:
            answer = ANSWER_NO;
            say(terminal, "\n");
            break;
        default:
            asking = true;
            break;
        }
    }
    close(terminal);
    return answer;
}
