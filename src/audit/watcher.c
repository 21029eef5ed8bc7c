#include "watcher.h"

#include "tracee.h"

#include <string.h>

static const int64_t NS_PER_S = 1000000000;

bool path_is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool watcher_is_inside(const struct watcher *watcher, const char *path)
{
    for (size_t i = 0; i < watcher->options->root_count; i++) {
        if (path_is_below(path, watcher->options->roots[i])) {
            return true;
        }
    }
    return false;
}

bool watcher_is_surely_outside(const struct watcher *watcher, const char *path)
{
    static const char *const folders[] = {"/usr", "/lib",  "/lib64", "/lib32", "/libx32",
                                          "/bin", "/sbin", "/etc",   NULL};
    if (watcher->options->outside || watcher->has_other_view || strstr(path, "/..") != NULL ||
        watcher_is_inside(watcher, path)) {
        return false;
    }
    for (const char *const *folder = folders; *folder != NULL; folder++) {
        if (path_is_below(path, *folder)) {
            return true;
        }
    }
    return false;
}

bool watcher_wants(const struct watcher *watcher, const char *path, uint32_t *flags)
{
    if (watcher_is_inside(watcher, path)) {
        return true;
    }
    *flags |= TRACE_OUTSIDE;
    return path[0] == '/' && (watcher->options->outside || watcher->has_other_view);
}

static bool is_at_call(const struct watcher *watcher)
{
    return watcher->is_at_call == NULL || watcher->is_at_call(watcher->context);
}

void watcher_add(struct watcher *watcher, pid_t tid, enum trace_kind kind, uint32_t flags,
                 const struct stat *status, const char *path, const char *other)
{
    struct trace_record record = {.kind = (uint32_t)kind, .flags = flags};
    const char *second = other != NULL ? other : "";
    if (trace_writer_has(watcher->writer, kind, path, second)) {
        return;
    }
    if (status != NULL) {
        record.device = (uint64_t)status->st_dev;
        record.inode = (uint64_t)status->st_ino;
        record.mtime_ns =
            (int64_t)status->st_mtim.tv_sec * NS_PER_S + (int64_t)status->st_mtim.tv_nsec;
    }
    record.flags |= watcher->foresees ? TRACE_FORESEEN : 0;
    tracee_program(tid, record.program, sizeof record.program);
    if (is_at_call(watcher) && trace_writer_is_new(watcher->writer, kind, path, second)) {
        trace_writer_add(watcher->writer, record, path, other);
    }
}

void watcher_note(struct watcher *watcher, pid_t tid, enum trace_kind kind, uint32_t flags,
                  const char *path)
{
    struct stat status;
    if (watcher_wants(watcher, path, &flags) &&
        !trace_writer_has(watcher->writer, kind, path, "")) {
        watcher_add(watcher, tid, kind, flags, stat(path, &status) == 0 ? &status : NULL, path,
                    NULL);
    }
}

void watcher_note_unknown(struct watcher *watcher)
{
    if (is_at_call(watcher)) {
        watcher->writer->header->unknown++;
    }
}
