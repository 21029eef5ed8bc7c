#include "tracer.h"

#include "watched_call.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

enum { BUCKETS = 1024, SYSCALL_STOP = SIGTRAP | 0x80 };

/* As linux/ptrace.h has it, which can't be included beside sys/ptrace.h. */
struct call_info {
    uint8_t kind;
    uint8_t pad[3];
    uint32_t architecture;
    uint64_t instruction;
    uint64_t stack;
    union {
        struct {
            uint64_t number;
            uint64_t arguments[6];
            uint32_t call; /* enum trace_call */
        } filter;
        struct {
            int64_t result;
            uint8_t is_error;
        } exit;
    };
};
enum { INFO_EXIT = 2, INFO_FILTER = 3 };

/* A call between its beginning and its end. */
struct pending {
    struct pending *next;
    struct watched_call call;
};

struct tracer {
    struct watcher watcher;
    struct pending *pending[BUCKETS];
    struct pending *free;
};

/* ---- Calls that haven't ended ---- */

static struct pending **find_pending(struct tracer *tracer, pid_t tid)
{
    struct pending **at = &tracer->pending[(unsigned)tid % BUCKETS];
    while (*at != NULL && (*at)->call.tid != tid) {
        at = &(*at)->next;
    }
    return at;
}

static void drop_pending(struct tracer *tracer, pid_t tid)
{
    struct pending **at = find_pending(tracer, tid);
    struct pending *pending = *at;
    if (pending != NULL) {
        *at = pending->next;
        pending->next = tracer->free;
        tracer->free = pending;
    }
}

static struct pending *add_pending(struct tracer *tracer, pid_t tid)
{
    drop_pending(tracer, tid);
    struct pending *pending = tracer->free;
    if (pending != NULL) {
        tracer->free = pending->next;
    } else {
        pending = malloc(sizeof *pending);
    }
    if (pending == NULL) {
        return NULL;
    }
    pending->next = tracer->pending[(unsigned)tid % BUCKETS];
    tracer->pending[(unsigned)tid % BUCKETS] = pending;
    pending->call.tid = tid;
    return pending;
}

/* ---- Stops ---- */

static void go_on(pid_t tid, enum __ptrace_request how, int signal)
{
    /* One that was killed meanwhile is told of by its end. */
    (void)ptrace(how, tid, NULL, (void *)(uintptr_t)signal); /* NOLINT(performance-no-int-to-ptr) */
}

static bool read_info(pid_t tid, struct call_info *info)
{
    void *size = (void *)sizeof *info; /* NOLINT(performance-no-int-to-ptr) */
    return ptrace(PTRACE_GET_SYSCALL_INFO, tid, size, info) > 0;
}

static void stopped_at_filter(struct tracer *tracer, pid_t tid)
{
    struct call_info info;
    bool waits = false;
    struct pending *pending = add_pending(tracer, tid);
    if (pending != NULL && read_info(tid, &info) && info.kind == INFO_FILTER) {
        waits = call_begin(&tracer->watcher, &pending->call, tid, (enum trace_call)info.filter.call,
                           info.filter.arguments);
    } else {
        watcher_note_unknown(&tracer->watcher);
    }
    if (!waits) {
        drop_pending(tracer, tid);
    }
    go_on(tid, waits ? PTRACE_SYSCALL : PTRACE_CONT, 0);
}

static void stopped_at_end(struct tracer *tracer, pid_t tid)
{
    struct call_info info;
    const struct pending *pending = *find_pending(tracer, tid);
    if (pending != NULL && read_info(tid, &info) && info.kind == INFO_EXIT && !info.exit.is_error) {
        call_end(&tracer->watcher, &pending->call, info.exit.result);
    }
    drop_pending(tracer, tid);
    go_on(tid, PTRACE_CONT, 0);
}

static void stopped(struct tracer *tracer, pid_t tid, int status)
{
    int signal = WSTOPSIG(status);
    int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) {
        stopped_at_filter(tracer, tid);
    } else if (event == PTRACE_EVENT_STOP) {
        bool whole_group =
            signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
        go_on(tid, whole_group ? PTRACE_LISTEN : PTRACE_CONT, 0);
    } else if (event != 0) {
        go_on(tid, PTRACE_CONT, 0);
    } else if (signal == SYSCALL_STOP) {
        stopped_at_end(tracer, tid);
    } else {
        /* A signal may come between the two stops of a call; its end is to be seen all the same. */
        go_on(tid, *find_pending(tracer, tid) != NULL ? PTRACE_SYSCALL : PTRACE_CONT, signal);
    }
}

int tracer_attach(pid_t pid)
{
    /* Not PTRACE_O_TRACEEXEC, a stop for nothing: without it a seized process gets no signal. */
    unsigned long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                            PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    void *data = (void *)options; /* NOLINT(performance-no-int-to-ptr) */
    return ptrace(PTRACE_SEIZE, pid, NULL, data) == 0 ? 0 : errno;
}

static void release(struct tracer *tracer)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (tracer->pending[i] != NULL) {
            drop_pending(tracer, tracer->pending[i]->call.tid);
        }
    }
    while (tracer->free != NULL) {
        struct pending *next = tracer->free->next;
        free(tracer->free);
        tracer->free = next;
    }
}

void tracer_follow(struct trace_writer *writer, const struct watch_options *options)
{
    struct tracer tracer = {.watcher = {.writer = writer, .options = options}};
    for (;;) {
        int status;
        pid_t tid = waitpid(-1, &status, __WALL);
        if (tid > 0 && WIFSTOPPED(status)) {
            stopped(&tracer, tid, status);
        } else if (tid > 0) {
            drop_pending(&tracer, tid);
        } else if (errno != EINTR) {
            break;
        }
    }
    release(&tracer);
}
