#include "loop.h"

#include "memory.h"
#include "vec.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { BATCH = 64 };

struct loop {
    int epoll;
    int signals;
    int timer;
    sigset_t before;
    VEC(uint64_t) tokens; /* by descriptor; meaningful for those that are watched */
};

/* Whoever started this process wants it to go on in spite of the signal: nohup, a shell's
 * background job. (A blocked signal is queued although it is ignored.) */
static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
           action.sa_handler == SIG_IGN;
}

static void watched_signals(sigset_t *set, bool takes_stops)
{
    static const int numbers[] = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP,  SIGUSR1,
                                  SIGUSR2, SIGXCPU, SIGCHLD, SIGTSTP, SIGCONT};
    enum { STOPS = 2 };
    size_t count = sizeof numbers / sizeof numbers[0] - (takes_stops ? 0 : STOPS);
    sigemptyset(set);
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == SIGCHLD || !is_ignored(numbers[i])) {
            sigaddset(set, numbers[i]);
        }
    }
}

void loop_block_signals(sigset_t *before, bool takes_stops)
{
    sigset_t set;
    watched_signals(&set, takes_stops);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

void loop_restore_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static int add_descriptor(struct loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

struct loop *loop_new(bool takes_stops)
{
    struct loop *loop = mem_alloc(sizeof *loop);
    sigset_t set;
    watched_signals(&set, takes_stops);
    loop_block_signals(&loop->before, takes_stops);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->epoll < 0 || loop->signals < 0 || loop->timer < 0 ||
        add_descriptor(loop, loop->signals) != 0 || add_descriptor(loop, loop->timer) != 0) {
        int error = errno;
        loop_free(loop);
        errno = error;
        return NULL;
    }
    return loop;
}

static void close_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    close_open(loop->timer);
    close_open(loop->signals);
    close_open(loop->epoll);
    loop_restore_signals(&loop->before);
    vec_release(&loop->tokens);
    free(loop);
}

int loop_watch(struct loop *loop, int fd, uint64_t token)
{
    if (fd < 0) {
        errno = EBADF;
        return -1;
    }
    while (loop->tokens.count <= (size_t)fd) {
        vec_push(&loop->tokens, 0);
    }
    if (add_descriptor(loop, fd) != 0) {
        return -1;
    }
    loop->tokens.at[fd] = token;
    return 0;
}

void loop_unwatch(struct loop *loop, int fd)
{
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

void loop_set_timer(struct loop *loop, int64_t monotonic_ns)
{
    struct itimerspec when = {0};
    if (monotonic_ns > 0) {
        when.it_value.tv_sec = (time_t)(monotonic_ns / 1000000000);
        when.it_value.tv_nsec = (long)(monotonic_ns % 1000000000);
    }
    (void)timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* One signal; what else is pending makes the next wait return at once. */
static bool take_signal(const struct loop *loop, struct loop_event *event)
{
    struct signalfd_siginfo info;
    if (read(loop->signals, &info, sizeof info) != (ssize_t)sizeof info) {
        return false;
    }
    bool is_stop = info.ssi_signo == SIGCHLD &&
                   (info.ssi_code == CLD_STOPPED || info.ssi_code == CLD_CONTINUED);
    *event =
        (struct loop_event){.kind = LOOP_SIGNAL, .token = info.ssi_signo, .tells_stop = is_stop};
    return true;
}

static bool take_timer(const struct loop *loop, struct loop_event *event)
{
    uint64_t expirations;
    if (read(loop->timer, &expirations, sizeof expirations) != (ssize_t)sizeof expirations) {
        return false; /* it was set anew meanwhile */
    }
    *event = (struct loop_event){.kind = LOOP_TIMER};
    return true;
}

static bool translate(const struct loop *loop, int fd, struct loop_event *event)
{
    if (fd == loop->signals) {
        return take_signal(loop, event);
    }
    if (fd == loop->timer) {
        return take_timer(loop, event);
    }
    *event = (struct loop_event){.kind = LOOP_CHILD, .token = loop->tokens.at[fd]};
    return true;
}

int loop_wait(struct loop *loop, struct loop_event *events, size_t limit, int timeout_ms)
{
    struct epoll_event ready[BATCH];
    int count = epoll_wait(loop->epoll, ready, limit < BATCH ? (int)limit : BATCH, timeout_ms);
    if (count < 0) {
        return errno == EINTR ? 0 : -1;
    }
    int filled = 0;
    for (int i = 0; i < count; i++) {
        filled += translate(loop, ready[i].data.fd, &events[filled]);
    }
    return filled;
}
