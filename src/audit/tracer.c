#include "tracer.h"

#include "trace_filter.h"
#include "tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

enum { BUCKETS = 1024, SYSCALL_STOP = SIGTRAP | 0x80 };
static const int64_t NS_PER_S = 1000000000;

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
    pid_t tid;
    enum trace_call call;
    int folder;
    int other_folder;
    uint64_t flags;
    bool existed; /* CALL_OPEN… with O_CREAT */
    char path[PATH_MAX];
    char other[PATH_MAX];
};

struct tracer {
    struct trace_writer *writer;
    const struct tracer_options *options;
    struct pending *pending[BUCKETS];
    struct pending *free;
    bool has_other_view; /* a process may see other files below a path than this one */
};

/* ---- Paths ---- */

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_inside(const struct tracer *tracer, const char *path)
{
    for (size_t i = 0; i < tracer->options->root_count; i++) {
        if (is_below(path, tracer->options->roots[i])) {
            return true;
        }
    }
    return false;
}

/* Whether a path can't lead into a root, by its text alone: folders of the system, in which nobody
 * links to a project. */
static bool is_surely_outside(const struct tracer *tracer, const char *path)
{
    static const char *const folders[] = {"/usr", "/lib",  "/lib64", "/lib32", "/libx32",
                                          "/bin", "/sbin", "/etc",   NULL};
    if (tracer->options->outside || tracer->has_other_view || strstr(path, "/..") != NULL ||
        is_inside(tracer, path)) {
        return false;
    }
    for (const char *const *folder = folders; *folder != NULL; folder++) {
        if (is_below(path, *folder)) {
            return true;
        }
    }
    return false;
}

/* ---- Writing down ---- */

/* A path of which nothing but its place counts. */
static bool is_wanted(const struct tracer *tracer, const char *path, uint32_t *flags)
{
    if (is_inside(tracer, path)) {
        return true;
    }
    *flags |= TRACE_OUTSIDE;
    return path[0] == '/' && (tracer->options->outside || tracer->has_other_view);
}

static void add(struct tracer *tracer, pid_t tid, enum trace_kind kind, uint32_t flags,
                const struct stat *status, const char *path, const char *other)
{
    struct trace_record record = {.kind = (uint32_t)kind, .flags = flags};
    if (status != NULL) {
        record.device = (uint64_t)status->st_dev;
        record.inode = (uint64_t)status->st_ino;
        record.mtime_ns =
            (int64_t)status->st_mtim.tv_sec * NS_PER_S + (int64_t)status->st_mtim.tv_nsec;
    }
    tracee_program(tid, record.program, sizeof record.program);
    trace_writer_add(tracer->writer, record, path, other);
}

/* What happened to one path, known by name. */
static void note(struct tracer *tracer, pid_t tid, enum trace_kind kind, uint32_t flags,
                 const char *path)
{
    struct stat status;
    if (!is_wanted(tracer, path, &flags) || !trace_writer_is_new(tracer->writer, kind, path, "")) {
        return;
    }
    add(tracer, tid, kind, flags, stat(path, &status) == 0 ? &status : NULL, path, NULL);
}

static void note_unknown(struct tracer *tracer)
{
    tracer->writer->header->unknown++;
}

/* ---- Ends of calls ---- */

static void note_opened(struct tracer *tracer, const struct pending *pending, enum trace_kind kind,
                        uint32_t flags, const struct stat *status, const char *path)
{
    if (trace_writer_is_new(tracer->writer, kind, path, "")) {
        add(tracer, pending->tid, kind, flags, status, path, NULL);
    }
}

static void end_open(struct tracer *tracer, const struct pending *pending, int descriptor)
{
    char path[PATH_MAX];
    char asked[PATH_MAX];
    struct stat status;
    uint32_t flags = 0;
    bool writes = (pending->flags & O_ACCMODE) != O_RDONLY;
    bool cuts = writes && (pending->flags & O_TRUNC) != 0;
    if ((pending->flags & O_PATH) != 0 || (pending->flags & O_TMPFILE) == O_TMPFILE) {
        return;
    }
    if (!tracee_descriptor_path(pending->tid, descriptor, path)) {
        note_unknown(tracer);
        return;
    }
    /* A link in the project to what lies elsewhere: known by the name that was asked for. */
    const char *name = path;
    if (!is_inside(tracer, path) && pending->path[0] != '\0' &&
        tracee_asked_path(pending->tid, pending->folder, pending->path, asked) &&
        is_inside(tracer, asked)) {
        name = asked;
    }
    if (!is_wanted(tracer, name, &flags) ||
        !tracee_descriptor_stat(pending->tid, descriptor, &status) || !S_ISREG(status.st_mode)) {
        return;
    }
    bool is_new = (pending->flags & O_CREAT) != 0 && !pending->existed;
    if (cuts || (is_new && writes)) {
        note_opened(tracer, pending, TRACE_WRITE, flags | (is_new ? TRACE_NEW : 0), &status, name);
        return;
    }
    if ((pending->flags & O_ACCMODE) != O_WRONLY) {
        note_opened(tracer, pending, TRACE_READ, flags, &status, name);
    }
    if (writes) {
        note_opened(tracer, pending, TRACE_SUSPECT, flags, &status, name);
    }
}

static void end_rename(struct tracer *tracer, const struct pending *pending)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct stat status;
    uint32_t flags = 0;
    if (!tracee_resolve(pending->tid, pending->folder, pending->path, false, from) ||
        !tracee_resolve(pending->tid, pending->other_folder, pending->other, false, to)) {
        note_unknown(tracer);
        return;
    }
    bool from_wanted = is_wanted(tracer, from, &flags);
    uint32_t to_flags = 0;
    bool to_wanted = is_wanted(tracer, to, &to_flags);
    if ((from_wanted || to_wanted) && trace_writer_is_new(tracer->writer, TRACE_RENAME, from, to)) {
        add(tracer, pending->tid, TRACE_RENAME, flags & to_flags,
            stat(to, &status) == 0 ? &status : NULL, from, to);
    }
}

static void end_path(struct tracer *tracer, const struct pending *pending, enum trace_kind kind,
                     uint32_t flags, bool follows, int folder, const char *name)
{
    char path[PATH_MAX];
    if (!tracee_resolve(pending->tid, folder, name, follows, path)) {
        note_unknown(tracer);
        return;
    }
    note(tracer, pending->tid, kind, flags, path);
}

static void end_call(struct tracer *tracer, const struct pending *pending, int64_t result)
{
    switch (pending->call) {
    case CALL_OPEN:
    case CALL_OPENAT:
    case CALL_OPENAT2:
    case CALL_CREAT:
        end_open(tracer, pending, (int)result);
        break;
    case CALL_RENAME:
    case CALL_RENAMEAT:
        end_rename(tracer, pending);
        break;
    case CALL_LINK:
    case CALL_LINKAT:
        end_path(tracer, pending, TRACE_READ, 0, false, pending->folder, pending->path);
        end_path(tracer, pending, TRACE_WRITE, TRACE_NEW, false, pending->other_folder,
                 pending->other);
        break;
    case CALL_SYMLINK:
    case CALL_SYMLINKAT:
    case CALL_MKNOD:
    case CALL_MKNODAT:
        end_path(tracer, pending, TRACE_WRITE, TRACE_NEW, false, pending->folder, pending->path);
        break;
    case CALL_MKDIR:
    case CALL_MKDIRAT:
        end_path(tracer, pending, TRACE_FOLDER, TRACE_NEW, false, pending->folder, pending->path);
        break;
    case CALL_UNLINK:
    case CALL_UNLINKAT:
        end_path(tracer, pending, TRACE_DELETE, 0, false, pending->folder, pending->path);
        break;
    case CALL_TRUNCATE:
        end_path(tracer, pending, TRACE_WRITE, 0, true, pending->folder, pending->path);
        break;
    case CALL_EXECVE:
    case CALL_EXECVEAT:
    case CALL_LIST:
    case CALL_PTRACE:
    case CALL_OTHER_VIEW:
        break;
    }
}

/* ---- Beginnings of calls ---- */

static struct pending **find_pending(struct tracer *tracer, pid_t tid)
{
    struct pending **at = &tracer->pending[(unsigned)tid % BUCKETS];
    while (*at != NULL && (*at)->tid != tid) {
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

static struct pending *add_pending(struct tracer *tracer, pid_t tid, enum trace_call call)
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
    pending->tid = tid;
    pending->call = call;
    pending->folder = AT_FDCWD;
    pending->other_folder = AT_FDCWD;
    pending->flags = 0;
    pending->existed = false;
    pending->path[0] = '\0';
    pending->other[0] = '\0';
    return pending;
}

static bool exists(const struct pending *pending)
{
    char reached[PATH_MAX];
    struct stat status;
    return tracee_reach(pending->tid, pending->folder, pending->path, reached) &&
           stat(reached, &status) == 0;
}

static bool begin_open(struct tracer *tracer, struct pending *pending, int folder, uint64_t path,
                       uint64_t flags)
{
    pending->folder = folder;
    pending->flags = flags;
    if (!tracee_read_string(pending->tid, path, pending->path)) {
        pending->path[0] = '\0'; /* the result says where it is */
        return true;
    }
    if ((flags & O_PATH) != 0 || is_surely_outside(tracer, pending->path)) {
        return false;
    }
    if ((flags & O_CREAT) != 0 && (flags & O_EXCL) == 0) {
        pending->existed = exists(pending);
    }
    return true;
}

/* Folder and path of a call that has one of each, or two of each. */
static bool begin_paths(struct tracer *tracer, struct pending *pending, int folder, uint64_t path,
                        int other_folder, uint64_t other)
{
    pending->folder = folder;
    pending->other_folder = other_folder;
    if (!tracee_read_string(pending->tid, path, pending->path) ||
        (other != 0 && !tracee_read_string(pending->tid, other, pending->other))) {
        note_unknown(tracer);
        return false;
    }
    return true;
}

static void note_executed(struct tracer *tracer, pid_t tid, int folder, uint64_t at, uint64_t flags)
{
    char name[PATH_MAX];
    char path[PATH_MAX];
    struct stat status;
    if (!tracee_read_string(tid, at, name) || is_surely_outside(tracer, name)) {
        return;
    }
    bool found = name[0] == '\0' && (flags & AT_EMPTY_PATH) != 0
                     ? tracee_descriptor_path(tid, folder, path)
                     : tracee_resolve(tid, folder, name, true, path);
    if (found && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0) {
        note(tracer, tid, TRACE_READ, 0, path);
    }
}

static void note_listed(struct tracer *tracer, pid_t tid, int descriptor)
{
    char path[PATH_MAX];
    if (tracee_descriptor_path(tid, descriptor, path)) {
        note(tracer, tid, TRACE_LIST, 0, path);
    }
}

static void note_ptrace(struct tracer *tracer, pid_t tid)
{
    char name[TRACE_PROGRAM];
    tracee_program(tid, name, sizeof name);
    if (trace_writer_is_new(tracer->writer, TRACE_PTRACE, name, "")) {
        add(tracer, tid, TRACE_PTRACE, 0, NULL, "", NULL);
    }
}

/* Whether the end of the call is to be seen, too. */
static bool begin_call(struct tracer *tracer, pid_t tid, enum trace_call call, const uint64_t *args)
{
    struct pending *pending;
    uint64_t flags = 0;
    switch (call) { /* calls whose end doesn't matter */
    case CALL_EXECVE:
        note_executed(tracer, tid, AT_FDCWD, args[0], 0);
        return false;
    case CALL_EXECVEAT:
        note_executed(tracer, tid, (int)args[0], args[1], args[4]);
        return false;
    case CALL_LIST:
        note_listed(tracer, tid, (int)args[0]);
        return false;
    case CALL_PTRACE:
        note_ptrace(tracer, tid);
        return false;
    case CALL_OTHER_VIEW:
        tracer->has_other_view = true;
        return false;
    default:
        break;
    }
    pending = add_pending(tracer, tid, call);
    if (pending == NULL) {
        note_unknown(tracer);
        return false;
    }
    switch (call) {
    case CALL_OPEN:
        return begin_open(tracer, pending, AT_FDCWD, args[0], args[1]);
    case CALL_OPENAT:
        return begin_open(tracer, pending, (int)args[0], args[1], args[2]);
    case CALL_OPENAT2:
        return tracee_read_number(tid, args[2], &flags) &&
               begin_open(tracer, pending, (int)args[0], args[1], flags);
    case CALL_CREAT:
        return begin_open(tracer, pending, AT_FDCWD, args[0], O_CREAT | O_WRONLY | O_TRUNC);
    case CALL_RENAME:
    case CALL_LINK:
        return begin_paths(tracer, pending, AT_FDCWD, args[0], AT_FDCWD, args[1]);
    case CALL_RENAMEAT:
    case CALL_LINKAT:
        return begin_paths(tracer, pending, (int)args[0], args[1], (int)args[2], args[3]);
    case CALL_SYMLINK:
        return begin_paths(tracer, pending, AT_FDCWD, args[1], AT_FDCWD, 0);
    case CALL_SYMLINKAT:
        return begin_paths(tracer, pending, (int)args[1], args[2], AT_FDCWD, 0);
    case CALL_UNLINK:
    case CALL_MKDIR:
    case CALL_MKNOD:
    case CALL_TRUNCATE:
        return begin_paths(tracer, pending, AT_FDCWD, args[0], AT_FDCWD, 0);
    default:
        return begin_paths(tracer, pending, (int)args[0], args[1], AT_FDCWD, 0);
    }
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
    if (read_info(tid, &info) && info.kind == INFO_FILTER) {
        waits = begin_call(tracer, tid, (enum trace_call)info.filter.call, info.filter.arguments);
    } else {
        note_unknown(tracer);
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
        end_call(tracer, pending, info.exit.result);
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
            drop_pending(tracer, tracer->pending[i]->tid);
        }
    }
    while (tracer->free != NULL) {
        struct pending *next = tracer->free->next;
        free(tracer->free);
        tracer->free = next;
    }
}

void tracer_follow(struct trace_writer *writer, const struct tracer_options *options)
{
    struct tracer tracer = {.writer = writer, .options = options};
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
