#include "program.h"

#include "clock.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CHUNK = 16 << 10,
    SLICE_MS = 100, /* so that it is known to that degree when something was said */
};

/* ---- Starting ---- */

/* A descriptor from which the program reads its input: a nameless file, so that nobody has to feed
 * a pipe. 0: it reads nothing. */
static int open_input(struct slice input)
{
    if (input.len == 0) {
        return 0;
    }
    int fd = memfd_create("input", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < input.len;) {
        ssize_t written = write(fd, input.at + at, input.len - at);
        if (written < 0 && errno != EINTR) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
        at += written > 0 ? (size_t)written : 0;
    }
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

struct streams {
    int input;
    int output[2]; /* to read from, and the program's */
    int errors[2];
};

static void close_one(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void close_streams(struct streams *streams)
{
    int error = errno;
    if (streams->input > 0) {
        close_one(&streams->input);
    }
    for (int i = 0; i < 2; i++) {
        close_one(&streams->output[i]);
        close_one(&streams->errors[i]);
    }
    errno = error;
}

static int open_streams(struct streams *streams, struct slice input)
{
    *streams = (struct streams){open_input(input), {-1, -1}, {-1, -1}};
    if (streams->input < 0 || pipe2(streams->output, O_CLOEXEC) != 0 ||
        pipe2(streams->errors, O_CLOEXEC) != 0) {
        close_streams(streams);
        return -1;
    }
    /* What a grandchild leaves open must not be waited for. */
    (void)fcntl(streams->output[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(streams->errors[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static int start(const struct program_request *request, const struct streams *streams,
                 struct child *child)
{
    struct spawn_request spawn = {
        .argv = request->argv,
        .envp = request->environment,
        .directory = -1,
        .input = streams->input,
        .output = streams->output[1],
        .errors = streams->errors[1],
        .dies_with_us = true, /* nobody would read the answer */
    };
    if (request->directory != NULL) {
        spawn.directory = open(request->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (spawn.directory < 0) {
            return -1;
        }
    }
    int result = spawn_child(&spawn, child);
    int error = errno;
    close_one(&spawn.directory);
    errno = error;
    return result;
}

/* ---- Listening ---- */

/* Reads what is there; closes the descriptor at its end. */
static void take(int *fd, struct buf *into)
{
    char chunk[CHUNK];
    while (*fd >= 0) {
        ssize_t got = read(*fd, chunk, sizeof chunk);
        if (got > 0) {
            buf_add(into, chunk, (size_t)got);
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else {
            close_one(fd);
        }
    }
}

static int64_t now_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

/* Until it has ended, or must be ended. */
static void listen_to(const struct program_request *request, int pidfd, struct streams *streams,
                      struct program_answer *answer)
{
    int64_t started_ms = now_ms();
    for (;;) {
        int64_t turn_ms = now_ms();
        struct pollfd polled[] = {{.fd = pidfd, .events = POLLIN},
                                  {.fd = streams->output[0], .events = POLLIN},
                                  {.fd = streams->errors[0], .events = POLLIN}};
        if (poll(polled, 3, SLICE_MS) < 0 && errno != EINTR) {
            return;
        }
        bool ended = polled[0].revents != 0; /* looked at first: what it said is there by now */
        take(&streams->output[0], &answer->output);
        take(&streams->errors[0], &answer->errors);
        if (ended) {
            return;
        }
        if (request->enough != NULL && strstr(buf_string(&answer->errors), request->enough)) {
            answer->cut_short = true;
            answer->said_within_ms = (unsigned)(now_ms() - turn_ms);
            return;
        }
        if (request->limit_ms > 0 && now_ms() - started_ms >= request->limit_ms) {
            answer->timed_out = true;
            return;
        }
    }
}

/* 0, or -1 with errno when how it ended can't be known. */
static int reap(struct child *child, struct program_answer *answer)
{
    struct child_end end;
    int result;
    while ((result = child_reap(child, &end)) > 0) {
        struct pollfd polled = {.fd = child->pidfd, .events = POLLIN};
        (void)poll(&polled, 1, -1);
    }
    if (result == 0) {
        answer->signalled = end.signalled;
        answer->status = end.status;
    }
    return result;
}

int program_run(const struct program_request *request, struct program_answer *answer)
{
    struct streams streams;
    struct child child;
    if (open_streams(&streams, request->input) != 0) {
        return -1;
    }
    int result = start(request, &streams, &child);
    int error = errno;
    close_one(&streams.output[1]);
    close_one(&streams.errors[1]);
    if (result == 0) {
        listen_to(request, child.pidfd, &streams, answer);
        if (answer->timed_out || answer->cut_short) {
            (void)kill(-child.pid, SIGKILL);
        }
        result = reap(&child, answer);
        error = errno;
        take(&streams.output[0], &answer->output);
        take(&streams.errors[0], &answer->errors);
    }
    close_streams(&streams);
    errno = error;
    return result;
}

void program_release(struct program_answer *answer)
{
    buf_release(&answer->output);
    buf_release(&answer->errors);
}
