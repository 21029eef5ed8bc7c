#include "output.h"

#include "rowbuild.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Turns a closed pipe and a file size limit into errors of write(2). A handler, not SIG_IGN,
 * because executed commands would inherit an ignored signal. */
static void let_write_fail(int signal)
{
    (void)signal;
}

void output_prepare(void)
{
    struct sigaction action = {.sa_handler = let_write_fail, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

void output_init(struct output *output, enum colour_when colour)
{
    const char *terminal = getenv("TERM");
    bool able = terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
    *output = (struct output){.results_terminal = isatty(STDOUT_FILENO) == 1,
                              .messages_terminal = isatty(STDERR_FILENO) == 1};
    bool automatic = colour == COLOUR_AUTO && able;
    output->results_colour = colour == COLOUR_ALWAYS || (automatic && output->results_terminal);
    output->messages_colour = colour == COLOUR_ALWAYS || (automatic && output->messages_terminal);
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written >= 0) {
            bytes += written;
            len -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

size_t output_results_width(const struct output *output)
{
    struct winsize size;
    bool is_known = output->results_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return is_known ? size.ws_col : 0;
}

void output_result(struct output *output, const char *bytes, size_t len)
{
    if (output->error == 0 && len > 0) {
        output->error = write_all(STDOUT_FILENO, bytes, len);
    }
}

void output_message(struct output *output, const char *bytes, size_t len)
{
    (void)output;
    write_all(STDERR_FILENO, bytes, len); /* a failure can't be reported anywhere */
}

int output_status(struct output *output, int status)
{
    if (output->error == 0 || output->error == EPIPE) {
        return status;
    }
    struct buf line = BUF_EMPTY;
    buf_addf(&line, "rowbuild: standard output can't be written: %s\n", strerror(output->error));
    output_message(output, line.at, line.len);
    buf_release(&line);
    return status == ROWBUILD_OK ? ROWBUILD_STATE : status;
}
