#include "foresee.h"

#include "tracee.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* The entry of a folder that a call makes, takes away or renames. */
struct entry {
    char path[PATH_MAX];   /* absolute, without links on the way */
    char folder[PATH_MAX]; /* a path by which this process reaches the folder */
    bool names_folder;     /* it is written with a slash at its end */
    bool exists;
    struct stat status; /* if it exists; not of what it links to */
};

static bool ends_with_dots(const char *name, size_t len)
{
    while (len > 0 && name[len - 1] == '/') {
        len--;
    }
    size_t dots = 0;
    while (dots < len && name[len - 1 - dots] == '.') {
        dots++;
    }
    return (dots == 1 || dots == 2) && (dots == len || name[len - 1 - dots] == '/');
}

/* False: the folder doesn't exist, or it has no entry of such a name. */
static bool find_entry(pid_t tid, int folder, const char *name, struct entry *entry)
{
    size_t len = strlen(name);
    entry->names_folder = len > 0 && name[len - 1] == '/';
    if (len == 0 || ends_with_dots(name, len) ||
        !tracee_resolve(tid, folder, name, false, entry->path) ||
        !tracee_reach(tid, folder, name, entry->folder)) {
        return false;
    }
    len = strlen(entry->folder);
    while (len > 1 && entry->folder[len - 1] == '/') {
        entry->folder[--len] = '\0';
    }
    entry->exists = lstat(entry->folder, &entry->status) == 0;
    *strrchr(entry->folder, '/') = '\0';
    return true;
}

static bool is_folder(const struct entry *entry)
{
    return entry->exists && S_ISDIR(entry->status.st_mode);
}

/* Whether the calling process, whose user this thread has taken, may. */
static bool may(const char *reached, int mode)
{
    return faccessat(AT_FDCWD, reached, mode, AT_EACCESS) == 0;
}

/* Whether entries of the folder may be made. */
static bool may_make(const struct entry *entry)
{
    return may(entry->folder, W_OK | X_OK);
}

/* Whether the entry may be taken away. In a sticky folder, such as /tmp, only its owner may do that. */
static bool may_take(const struct entry *entry)
{
    struct stat folder;
    uid_t user = (uid_t)setfsuid((uid_t)-1);
    return may_make(entry) && stat(entry->folder, &folder) == 0 &&
           ((folder.st_mode & S_ISVTX) == 0 || user == 0 || folder.st_uid == user ||
            entry->status.st_uid == user);
}

/* A path by which this process reaches the entry itself. */
static bool entry_reach(const struct entry *entry, char out[PATH_MAX])
{
    const char *name = strrchr(entry->path, '/');
    return snprintf(out, PATH_MAX, "%s%s", entry->folder, name) < PATH_MAX;
}

static bool is_empty(const struct entry *entry)
{
    char path[PATH_MAX];
    if (!entry_reach(entry, path)) {
        return false;
    }
    uid_t user = (uid_t)setfsuid(geteuid()); /* the caller need not be allowed to list it */
    DIR *listing = opendir(path);
    (void)setfsuid(user);
    const struct dirent *at;
    bool found = false;
    if (listing == NULL) {
        return true; /* most folders that are deleted are */
    }
    while (!found && (at = readdir(listing)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        found = strcmp(at->d_name, ".") != 0 && strcmp(at->d_name, "..") != 0;
    }
    closedir(listing);
    return !found;
}

/* Links and renaming stay within what is mounted at one place, even of one device. */
static bool are_in_one_mount(const struct entry *first, const struct entry *second)
{
    struct statx of_first;
    struct statx of_second;
    if (statx(AT_FDCWD, first->folder, 0, STATX_MNT_ID, &of_first) != 0 ||
        statx(AT_FDCWD, second->folder, 0, STATX_MNT_ID, &of_second) != 0) {
        return false;
    }
    return of_first.stx_dev_major == of_second.stx_dev_major &&
           of_first.stx_dev_minor == of_second.stx_dev_minor &&
           of_first.stx_mnt_id == of_second.stx_mnt_id;
}

/* ---- Calls ---- */

static void note_opened(struct watcher *watcher, const struct watched_call *call, bool is_new,
                        const struct stat *status, const char *path)
{
    char asked[PATH_MAX];
    uint32_t flags = 0;
    const char *name = call_opened_name(watcher, call, path, asked, &flags);
    if (name != NULL) {
        call_note_opened(watcher, call, flags, is_new, status, name);
    }
}

static void foresee_new_file(struct watcher *watcher, const struct watched_call *call)
{
    char path[PATH_MAX];
    char folder[PATH_MAX];
    struct stat status;
    size_t len = strlen(call->path);
    bool exclusive = (call->flags & O_EXCL) != 0;
    if (len == 0 || call->path[len - 1] == '/' || (call->flags & O_DIRECTORY) != 0 ||
        !(exclusive ? tracee_resolve(call->tid, call->folder, call->path, false, path)
                    : tracee_resolve_new(call->tid, call->folder, call->path, path)) ||
        (exclusive && lstat(path, &status) == 0)) {
        return;
    }
    if ((call->flags & O_NOFOLLOW) != 0 && lstat(path, &status) == 0) {
        return; /* a link to nothing */
    }
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (may(folder[0] != '\0' ? folder : "/", W_OK | X_OK)) {
        note_opened(watcher, call, true, NULL, path);
    }
}

static void foresee_open(struct watcher *watcher, const struct watched_call *call)
{
    char path[PATH_MAX];
    char reached[PATH_MAX];
    struct stat status;
    bool makes = (call->flags & O_CREAT) != 0;
    bool exclusive = makes && (call->flags & O_EXCL) != 0;
    bool follows = (call->flags & O_NOFOLLOW) == 0 && !exclusive;
    int access = (int)(call->flags & O_ACCMODE);
    int mode = (access != O_WRONLY ? R_OK : 0) | (access != O_RDONLY ? W_OK : 0);
    if (call->is_hidden) {
        watcher_note_unknown(watcher);
        return;
    }
    if (!call_opens_file(call) || call->path[0] == '\0') {
        return;
    }
    if (!tracee_find(call->tid, call->folder, call->path, follows, path, &status)) {
        if (makes && errno == ENOENT) {
            foresee_new_file(watcher, call);
        }
        return;
    }
    if (!exclusive && S_ISREG(status.st_mode) && (call->flags & O_DIRECTORY) == 0 &&
        tracee_reach(call->tid, call->folder, call->path, reached) && may(reached, mode)) {
        note_opened(watcher, call, false, &status, path);
    }
}

/* Whether `to` may be what `from` is renamed to. */
static bool fits(const struct entry *from, const struct entry *to, uint64_t flags)
{
    if ((from->names_folder || to->names_folder) && !is_folder(from)) {
        return false;
    }
    if ((flags & RENAME_EXCHANGE) != 0) {
        return to->exists && may_take(to);
    }
    if (!to->exists) {
        return may_make(to);
    }
    return (flags & RENAME_NOREPLACE) == 0 && is_folder(from) == is_folder(to) && may_take(to) &&
           (!is_folder(to) || is_empty(to));
}

static void foresee_rename(struct watcher *watcher, const struct watched_call *call)
{
    struct entry from;
    struct entry to;
    uint32_t from_flags = 0;
    uint32_t to_flags = 0;
    uint64_t flags = call->call == CALL_RENAMEAT ? call->flags & UINT32_MAX : 0;
    if (!find_entry(call->tid, call->folder, call->path, &from) ||
        !find_entry(call->tid, call->other_folder, call->other, &to)) {
        return;
    }
    bool from_wanted = watcher_wants(watcher, from.path, &from_flags);
    bool to_wanted = watcher_wants(watcher, to.path, &to_flags);
    bool is_into_itself =
        is_folder(&from) && strcmp(from.path, to.path) != 0 && path_is_below(to.path, from.path);
    if ((from_wanted || to_wanted) && from.exists && !is_into_itself && may_take(&from) &&
        fits(&from, &to, flags) && are_in_one_mount(&from, &to)) {
        watcher_add(watcher, call->tid, TRACE_RENAME, from_flags & to_flags, &from.status,
                    from.path, to.path);
    }
}

static void note_entry(struct watcher *watcher, const struct watched_call *call,
                       enum trace_kind kind, uint32_t flags, const struct stat *status,
                       const struct entry *entry)
{
    if (watcher_wants(watcher, entry->path, &flags)) {
        watcher_add(watcher, call->tid, kind, flags, status, entry->path, NULL);
    }
}

/* Whether the system lets only owners of files, and who may write them, make links to them. */
static bool protects_links(void)
{
    char digit = '0';
    int file = open("/proc/sys/fs/protected_hardlinks", O_RDONLY | O_CLOEXEC);
    bool is_read = file >= 0 && read(file, &digit, 1) == 1;
    if (file >= 0) {
        close(file);
    }
    return is_read && digit == '1';
}

static bool may_link(const struct entry *from)
{
    char path[PATH_MAX];
    uid_t user = (uid_t)setfsuid((uid_t)-1);
    return user == 0 || from->status.st_uid == user || !protects_links() ||
           (S_ISREG(from->status.st_mode) && (from->status.st_mode & S_ISUID) == 0 &&
            entry_reach(from, path) && may(path, R_OK | W_OK));
}

static void foresee_link(struct watcher *watcher, const struct watched_call *call)
{
    struct entry from;
    struct entry to;
    if (find_entry(call->tid, call->folder, call->path, &from) &&
        find_entry(call->tid, call->other_folder, call->other, &to) && from.exists && !to.exists &&
        !is_folder(&from) && !to.names_folder && may_make(&to) && may_link(&from) &&
        are_in_one_mount(&from, &to)) {
        note_entry(watcher, call, TRACE_READ, 0, &from.status, &from);
        note_entry(watcher, call, TRACE_WRITE, TRACE_NEW, &from.status, &to);
    }
}

static void foresee_new_entry(struct watcher *watcher, const struct watched_call *call,
                              enum trace_kind kind)
{
    struct entry entry;
    if (find_entry(call->tid, call->folder, call->path, &entry) && !entry.exists &&
        (kind == TRACE_FOLDER || !entry.names_folder) && may_make(&entry)) {
        note_entry(watcher, call, kind, TRACE_NEW, NULL, &entry);
    }
}

static void foresee_delete(struct watcher *watcher, const struct watched_call *call, bool of_folder)
{
    struct entry entry;
    if (find_entry(call->tid, call->folder, call->path, &entry) && entry.exists &&
        is_folder(&entry) == of_folder && (of_folder || !entry.names_folder) && may_take(&entry) &&
        (!of_folder || is_empty(&entry))) {
        note_entry(watcher, call, TRACE_DELETE, 0, NULL, &entry);
    }
}

static void foresee_truncate(struct watcher *watcher, const struct watched_call *call)
{
    char path[PATH_MAX];
    char reached[PATH_MAX];
    struct stat status;
    uint32_t flags = 0;
    if (tracee_find(call->tid, call->folder, call->path, true, path, &status) &&
        S_ISREG(status.st_mode) && watcher_wants(watcher, path, &flags) &&
        tracee_reach(call->tid, call->folder, call->path, reached) && may(reached, W_OK)) {
        watcher_add(watcher, call->tid, TRACE_WRITE, flags, &status, path, NULL);
    }
}

static void foresee(struct watcher *watcher, const struct watched_call *call)
{
    switch (call->call) {
    case CALL_OPEN:
    case CALL_OPENAT:
    case CALL_OPENAT2:
    case CALL_CREAT:
        foresee_open(watcher, call);
        break;
    case CALL_RENAME:
    case CALL_RENAMEAT:
        foresee_rename(watcher, call);
        break;
    case CALL_LINK:
    case CALL_LINKAT:
        foresee_link(watcher, call);
        break;
    case CALL_SYMLINK:
    case CALL_SYMLINKAT:
    case CALL_MKNOD:
    case CALL_MKNODAT:
        foresee_new_entry(watcher, call, TRACE_WRITE);
        break;
    case CALL_MKDIR:
    case CALL_MKDIRAT:
        foresee_new_entry(watcher, call, TRACE_FOLDER);
        break;
    case CALL_UNLINK:
        foresee_delete(watcher, call, false);
        break;
    case CALL_UNLINKAT:
        foresee_delete(watcher, call, (call->flags & AT_REMOVEDIR) != 0);
        break;
    case CALL_RMDIR:
        foresee_delete(watcher, call, true);
        break;
    case CALL_TRUNCATE:
        foresee_truncate(watcher, call);
        break;
    case CALL_EXECVE:
    case CALL_EXECVEAT:
    case CALL_LIST:
    case CALL_PTRACE:
    case CALL_OTHER_VIEW:
        break;
    }
}

/* The user and the group that the calling process has, who may be another one if this one is root. */
static bool find_caller(pid_t tid, struct stat *caller)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d", (int)tid);
    return geteuid() == 0 && stat(path, caller) == 0 && caller->st_uid != 0;
}

void call_foresee(struct watcher *watcher, const struct watched_call *call)
{
    struct stat caller;
    bool is_other = find_caller(call->tid, &caller);
    if (is_other) {
        (void)setfsgid(caller.st_gid);
        (void)setfsuid(caller.st_uid);
    }
    foresee(watcher, call);
    if (is_other) {
        (void)setfsuid(0);
        (void)setfsgid(getegid());
    }
}
