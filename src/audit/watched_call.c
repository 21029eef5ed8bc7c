#include "watched_call.h"

#include "tracee.h"

#include <fcntl.h>
#include <string.h>

/* ---- Opening ---- */

bool call_opens_file(const struct watched_call *call)
{
    return (call->flags & O_PATH) == 0 && (call->flags & O_TMPFILE) != O_TMPFILE;
}

const char *call_opened_name(const struct watcher *watcher, const struct watched_call *call,
                             const char *path, char asked[PATH_MAX], uint32_t *flags)
{
    /* A link in the project to what lies elsewhere: known by the name that was asked for. */
    const char *name = path;
    if (!watcher_is_inside(watcher, path) && call->path[0] != '\0' &&
        tracee_asked_path(call->tid, call->folder, call->path, asked) &&
        watcher_is_inside(watcher, asked)) {
        name = asked;
    }
    return watcher_wants(watcher, name, flags) ? name : NULL;
}

void call_note_opened(struct watcher *watcher, const struct watched_call *call, uint32_t flags,
                      bool is_new, const struct stat *status, const char *name)
{
    bool writes = (call->flags & O_ACCMODE) != O_RDONLY;
    bool cuts = writes && (call->flags & O_TRUNC) != 0;
    if (cuts || (is_new && writes)) {
        watcher_add(watcher, call->tid, TRACE_WRITE, flags | (is_new ? TRACE_NEW : 0), status, name,
                    NULL);
        return;
    }
    if ((call->flags & O_ACCMODE) != O_WRONLY) {
        watcher_add(watcher, call->tid, TRACE_READ, flags, status, name, NULL);
    }
    if (writes) {
        watcher_add(watcher, call->tid, TRACE_SUSPECT, flags, status, name, NULL);
    }
}

static void end_open(struct watcher *watcher, const struct watched_call *call, int descriptor)
{
    char path[PATH_MAX];
    char asked[PATH_MAX];
    struct stat status;
    uint32_t flags = 0;
    if (!call_opens_file(call)) {
        return;
    }
    if (!tracee_descriptor_path(call->tid, descriptor, path)) {
        watcher_note_unknown(watcher);
        return;
    }
    const char *name = call_opened_name(watcher, call, path, asked, &flags);
    if (name != NULL && tracee_descriptor_stat(call->tid, descriptor, &status) &&
        S_ISREG(status.st_mode)) {
        bool is_new = (call->flags & O_CREAT) != 0 && !call->existed;
        call_note_opened(watcher, call, flags, is_new, &status, name);
    }
}

/* ---- Ends of other calls ---- */

static void end_rename(struct watcher *watcher, const struct watched_call *call)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct stat status;
    uint32_t from_flags = 0;
    uint32_t to_flags = 0;
    if (!tracee_resolve(call->tid, call->folder, call->path, false, from) ||
        !tracee_resolve(call->tid, call->other_folder, call->other, false, to)) {
        watcher_note_unknown(watcher);
        return;
    }
    bool from_wanted = watcher_wants(watcher, from, &from_flags);
    bool to_wanted = watcher_wants(watcher, to, &to_flags);
    if (from_wanted || to_wanted) {
        watcher_add(watcher, call->tid, TRACE_RENAME, from_flags & to_flags,
                    stat(to, &status) == 0 ? &status : NULL, from, to);
    }
}

static void end_path(struct watcher *watcher, const struct watched_call *call, enum trace_kind kind,
                     uint32_t flags, bool follows, int folder, const char *name)
{
    char path[PATH_MAX];
    if (!tracee_resolve(call->tid, folder, name, follows, path)) {
        watcher_note_unknown(watcher);
        return;
    }
    watcher_note(watcher, call->tid, kind, flags, path);
}

void call_end(struct watcher *watcher, const struct watched_call *call, int64_t result)
{
    switch (call->call) {
    case CALL_OPEN:
    case CALL_OPENAT:
    case CALL_OPENAT2:
    case CALL_CREAT:
        end_open(watcher, call, (int)result);
        break;
    case CALL_RENAME:
    case CALL_RENAMEAT:
        end_rename(watcher, call);
        break;
    case CALL_LINK:
    case CALL_LINKAT:
        end_path(watcher, call, TRACE_READ, 0, false, call->folder, call->path);
        end_path(watcher, call, TRACE_WRITE, TRACE_NEW, false, call->other_folder, call->other);
        break;
    case CALL_SYMLINK:
    case CALL_SYMLINKAT:
    case CALL_MKNOD:
    case CALL_MKNODAT:
        end_path(watcher, call, TRACE_WRITE, TRACE_NEW, false, call->folder, call->path);
        break;
    case CALL_MKDIR:
    case CALL_MKDIRAT:
        end_path(watcher, call, TRACE_FOLDER, TRACE_NEW, false, call->folder, call->path);
        break;
    case CALL_UNLINK:
    case CALL_UNLINKAT:
    case CALL_RMDIR:
        end_path(watcher, call, TRACE_DELETE, 0, false, call->folder, call->path);
        break;
    case CALL_TRUNCATE:
        end_path(watcher, call, TRACE_WRITE, 0, true, call->folder, call->path);
        break;
    case CALL_EXECVE:
    case CALL_EXECVEAT:
    case CALL_LIST:
    case CALL_PTRACE:
    case CALL_OTHER_VIEW:
        break;
    }
}

/* ---- Beginnings ---- */

static bool exists(const struct watched_call *call)
{
    char reached[PATH_MAX];
    struct stat status;
    return tracee_reach(call->tid, call->folder, call->path, reached) &&
           stat(reached, &status) == 0;
}

static bool begin_open(struct watcher *watcher, struct watched_call *call, int folder,
                       uint64_t path, uint64_t flags)
{
    call->folder = folder;
    call->flags = flags;
    if (!tracee_read_string(call->tid, path, call->path)) {
        call->path[0] = '\0'; /* the result says where it is */
        call->is_hidden = true;
        return true;
    }
    if ((flags & O_PATH) != 0 || watcher_is_surely_outside(watcher, call->path)) {
        return false;
    }
    if ((flags & O_CREAT) != 0 && (flags & O_EXCL) == 0) {
        call->existed = exists(call);
    }
    return true;
}

/* Folder and path of a call that has one of each, or two of each. */
static bool begin_paths(struct watcher *watcher, struct watched_call *call, int folder,
                        uint64_t path, int other_folder, uint64_t other)
{
    call->folder = folder;
    call->other_folder = other_folder;
    if (!tracee_read_string(call->tid, path, call->path) ||
        (other != 0 && !tracee_read_string(call->tid, other, call->other))) {
        watcher_note_unknown(watcher);
        return false;
    }
    return true;
}

static void note_executed(struct watcher *watcher, pid_t tid, int folder, uint64_t at,
                          uint64_t flags)
{
    char name[PATH_MAX];
    char path[PATH_MAX];
    struct stat status;
    if (!tracee_read_string(tid, at, name) || watcher_is_surely_outside(watcher, name)) {
        return;
    }
    bool found = name[0] == '\0' && (flags & AT_EMPTY_PATH) != 0
                     ? tracee_descriptor_path(tid, folder, path)
                     : tracee_resolve(tid, folder, name, true, path);
    if (found && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0) {
        watcher_note(watcher, tid, TRACE_READ, 0, path);
    }
}

static void note_listed(struct watcher *watcher, pid_t tid, int descriptor)
{
    char path[PATH_MAX];
    if (tracee_descriptor_path(tid, descriptor, path)) {
        watcher_note(watcher, tid, TRACE_LIST, 0, path);
    }
}

static void note_ptrace(struct watcher *watcher, pid_t tid)
{
    char name[TRACE_PROGRAM];
    tracee_program(tid, name, sizeof name);
    if (trace_writer_is_new(watcher->writer, TRACE_PTRACE, name, "")) {
        struct trace_record record = {.kind = TRACE_PTRACE};
        memcpy(record.program, name, sizeof record.program);
        trace_writer_add(watcher->writer, record, "", NULL);
    }
}

bool call_begin(struct watcher *watcher, struct watched_call *call, pid_t tid,
                enum trace_call which, const uint64_t args[6])
{
    uint64_t flags = 0;
    call->tid = tid;
    call->call = which;
    call->folder = AT_FDCWD;
    call->other_folder = AT_FDCWD;
    call->flags = 0;
    call->is_hidden = false;
    call->existed = false;
    call->path[0] = '\0';
    call->other[0] = '\0';
    switch (which) {
    case CALL_EXECVE: /* from here on, calls whose end doesn't matter */
        note_executed(watcher, tid, AT_FDCWD, args[0], 0);
        return false;
    case CALL_EXECVEAT:
        note_executed(watcher, tid, (int)args[0], args[1], args[4]);
        return false;
    case CALL_LIST:
        note_listed(watcher, tid, (int)args[0]);
        return false;
    case CALL_PTRACE:
        note_ptrace(watcher, tid);
        return false;
    case CALL_OTHER_VIEW:
        watcher->has_other_view = true;
        return false;
    case CALL_OPEN: /* and from here on, calls whose end matters */
        return begin_open(watcher, call, AT_FDCWD, args[0], args[1]);
    case CALL_OPENAT:
        return begin_open(watcher, call, (int)args[0], args[1], args[2]);
    case CALL_OPENAT2:
        return tracee_read_number(tid, args[2], &flags) &&
               begin_open(watcher, call, (int)args[0], args[1], flags);
    case CALL_CREAT:
        return begin_open(watcher, call, AT_FDCWD, args[0], O_CREAT | O_WRONLY | O_TRUNC);
    case CALL_RENAME:
    case CALL_LINK:
        return begin_paths(watcher, call, AT_FDCWD, args[0], AT_FDCWD, args[1]);
    case CALL_RENAMEAT:
    case CALL_LINKAT:
        call->flags = args[4];
        return begin_paths(watcher, call, (int)args[0], args[1], (int)args[2], args[3]);
    case CALL_SYMLINK:
        return begin_paths(watcher, call, AT_FDCWD, args[1], AT_FDCWD, 0);
    case CALL_SYMLINKAT:
        return begin_paths(watcher, call, (int)args[1], args[2], AT_FDCWD, 0);
    case CALL_UNLINK:
    case CALL_RMDIR:
    case CALL_MKDIR:
    case CALL_MKNOD:
    case CALL_TRUNCATE:
        return begin_paths(watcher, call, AT_FDCWD, args[0], AT_FDCWD, 0);
    case CALL_UNLINKAT:
        call->flags = args[2];
        return begin_paths(watcher, call, (int)args[0], args[1], AT_FDCWD, 0);
    case CALL_MKDIRAT:
    case CALL_MKNODAT:
        return begin_paths(watcher, call, (int)args[0], args[1], AT_FDCWD, 0);
    }
    return false;
}
