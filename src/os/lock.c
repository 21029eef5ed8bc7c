#include "lock.h"

#include "buf.h"
#include "clock.h"
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "text.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The file, empty while nobody holds the lock:
 *
 *     host NAME
 *     boot ID          (of the kernel: tells a rebooted host, and two hosts of one name)
 *     pid NUMBER
 *     since SECONDS    (since 1970) */
struct holder {
    char host[256];
    char boot[64];
    long pid; /* 0: nobody */
    long long since;
};

enum kernel_lock { KERNEL_FREE, KERNEL_BUSY, KERNEL_WITHOUT, KERNEL_ERROR };

static const int64_t NS_PER_S = 1000000000;

enum {
    LONGEST_RECORD = 1024,
    ATTEMPTS = 50, /* at a holder who has locked but not yet written who it is */
    ATTEMPT_MS = 10,
    WATCH_MS = 500,
    SETTLE_MS = 100,
};

static void sleep_ms(long ms)
{
    world->pause(ms * INT64_C(1000000));
}

static void fill_self(struct holder *self)
{
    *self = (struct holder){.pid = getpid(), .since = world->wall_s()};
    if (gethostname(self->host, sizeof self->host - 1) != 0 || self->host[0] == '\0') {
        snprintf(self->host, sizeof self->host, "unknown");
    }
    struct buf boot = BUF_EMPTY;
    if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", sizeof self->boot - 1, &boot) == 0) {
        snprintf(self->boot, sizeof self->boot, "%.*s", (int)strcspn(buf_string(&boot), "\n"),
                 buf_string(&boot));
    }
    buf_release(&boot);
}

static void read_field(const char *text, const char *key, char *into, size_t size)
{
    into[0] = '\0';
    size_t key_len = strlen(key);
    for (const char *line = text; line != NULL;) {
        if (strncmp(line, key, key_len) == 0 && line[key_len] == ' ') {
            const char *value = line + key_len + 1;
            size_t len = strcspn(value, "\n");
            snprintf(into, size, "%.*s", (int)(len < size ? len : size - 1), value);
            return;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
}

/* -1 with errno. */
static int read_holder(int fd, struct holder *holder)
{
    char text[LONGEST_RECORD];
    char number[32];
    *holder = (struct holder){0};
    ssize_t len = disk->read_at(fd, text, sizeof text - 1, 0);
    if (len <= 0) {
        return len < 0 ? -1 : 0;
    }
    text[len] = '\0';
    read_field(text, "host", holder->host, sizeof holder->host);
    read_field(text, "boot", holder->boot, sizeof holder->boot);
    read_field(text, "since", number, sizeof number);
    holder->since = strtoll(number, NULL, 10);
    read_field(text, "pid", number, sizeof number);
    holder->pid = strtol(number, NULL, 10);
    return 0;
}

/* Reads it through a new descriptor, which makes a network file system's client ask its server. -1
 * with errno. */
static int read_holder_again(int dir, const char *path, struct holder *holder, int64_t *mtime_ns)
{
    *holder = (struct holder){0};
    *mtime_ns = 0;
    int fd = disk->open(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    struct file_stat stat;
    int result = file_stat_fd(fd, &stat);
    if (result == 0) {
        *mtime_ns = stat.mtime_ns;
        result = read_holder(fd, holder);
    }
    int error = errno;
    disk->close(fd);
    errno = error;
    return result;
}

static bool same_holder(const struct holder *a, const struct holder *b)
{
    return a->pid == b->pid && strcmp(a->host, b->host) == 0 && strcmp(a->boot, b->boot) == 0;
}

static int write_holder(int fd, const struct holder *holder)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "host %s\nboot %s\npid %ld\nsince %lld\n", holder->host, holder->boot,
             holder->pid, holder->since);
    ssize_t written = disk->write_at(fd, text.at, text.len, 0);
    int result = -1;
    if (written >= 0 && (size_t)written < text.len) {
        errno = ENOSPC;
    } else if (written >= 0) {
        result = disk->truncate(fd, written) == 0 && disk->sync_data(fd) == 0 ? 0 : -1;
    }
    int error = errno;
    buf_release(&text);
    errno = error;
    return result;
}

static enum kernel_lock ask_kernel(int fd)
{
    if (disk->lock(fd) == 0) {
        return KERNEL_FREE;
    }
    enum { KERNELS_OWN_ENOTSUPP = 524 }; /* has no name here; some network file systems say it */
    switch (errno) {
    case EAGAIN:
    case EACCES:
        return KERNEL_BUSY;
    case EINVAL:
    case ENOLCK:
    case ENOSYS:
    case ENOTSUP:
    case KERNELS_OWN_ENOTSUPP:
        return KERNEL_WITHOUT; /* the file system has no locks: only the record tells */
    default:
        return KERNEL_ERROR;
    }
}

/* Whether the holder can be known, without waiting, to be gone. */
static bool is_gone(const struct holder *holder, const struct holder *self, bool kernel_granted)
{
    if (holder->pid <= 0) {
        return true;
    }
    if (self->boot[0] == '\0' || strcmp(holder->boot, self->boot) != 0) {
        return false;
    }
    if (kernel_granted) {
        return true; /* under this kernel a living holder would still have its lock */
    }
    return strcmp(holder->host, self->host) == 0 && kill((pid_t)holder->pid, 0) != 0 &&
           errno == ESRCH;
}

static bool wants_to_end(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
            sigismember(&pending, SIGHUP) == 1);
}

static int64_t now_beside(int dir, const char *path)
{
    struct buf parent = BUF_EMPTY;
    const char *slash = strrchr(path, '/');
    buf_add_string(&parent, slash == NULL ? "." : "");
    buf_add(&parent, path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
    int folder = disk->open(dir, parent.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    buf_release(&parent);
    if (folder < 0) {
        return -1;
    }
    int64_t now = file_system_now(folder);
    disk->close(folder);
    return now;
}

/* "pid 1 on host elsewhere since 2026-…" */
static void add_holder(const struct holder *holder, struct buf *out)
{
    char since[64] = "an unknown time";
    time_t seconds = (time_t)holder->since;
    struct tm parts;
    if (localtime_r(&seconds, &parts) != NULL) {
        strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", &parts);
    }
    buf_addf(out, "pid %ld on host ", holder->pid);
    text_add_name(out, slice_of(holder->host));
    buf_addf(out, " since %s", since);
}

static int report_holder(const struct holder *holder, struct diag *diag)
{
    if (holder->pid <= 0) {
        return diag_state_error(diag, FINDING_STATE_IN_USE,
                                "the state is in use by another process; wait for it or end it "
                                "(with `--wait`, rowbuild waits for it; jobs that `rowbuild "
                                "submit` starts can run at the same time)");
    }
    struct buf text = BUF_EMPTY;
    add_holder(holder, &text);
    diag_state_error(diag, FINDING_STATE_IN_USE,
                     "the state is in use by %s; wait for it or end it (with `--wait`, rowbuild "
                     "waits for it; jobs that `rowbuild submit` starts can run at the same time)",
                     buf_string(&text));
    buf_release(&text);
    return -1;
}

static void tell_wait(const struct holder *holder, int64_t left_ns, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    add_holder(holder, &text);
    diag_note_now(diag, FINDING_STATE_IN_USE,
                  "the state is locked by %s; waiting up to %lld s to see whether it still runs",
                  buf_string(&text), (long long)((left_ns + NS_PER_S - 1) / NS_PER_S));
    buf_release(&text);
}

static int report_failure(const char *what, const char *path, struct diag *diag)
{
    int error = errno;
    struct buf name = BUF_EMPTY;
    text_add_name(&name, slice_of(path));
    diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what, name.at,
                     inside_error(error));
    buf_release(&name);
    return -1;
}

/* Reads the holder and the beat; a lock that was removed has no holder. -1 with an error. */
static int read_beat(int dir, const char *path, const char *shown, struct holder *holder,
                     int64_t *beat, struct diag *diag)
{
    if (read_holder_again(dir, path, holder, beat) == 0 || errno == ENOENT) {
        return 0;
    }
    return report_failure("read the lock", shown, diag);
}

/* 1 if the heartbeat stands still for LOCK_STALE_S, the time that it already did included, or the
 * holder has released the lock; 0 if it moves; -1 with an error. */
static int watch_heartbeat(int dir, const char *path, const char *shown,
                           const struct holder *holder, struct diag *diag)
{
    struct holder now_holder;
    int64_t first_beat;
    if (read_beat(dir, path, shown, &now_holder, &first_beat, diag) != 0) {
        return -1;
    }
    int64_t now = now_beside(dir, path);
    int64_t age = now > first_beat ? now - first_beat : 0;
    int64_t begun = world->monotonic_ns();
    int64_t deadline = begun + LOCK_STALE_S * NS_PER_S - age;
    bool is_told = false;
    while (same_holder(&now_holder, holder)) {
        int64_t time = world->monotonic_ns();
        if (time >= deadline) {
            return 1;
        }
        if (wants_to_end()) {
            return 0;
        }
        if (!is_told && time >= begun + LOCK_TELL_S * NS_PER_S) {
            tell_wait(holder, deadline - time, diag);
            is_told = true;
        }
        sleep_ms(WATCH_MS);
        int64_t beat;
        if (read_beat(dir, path, shown, &now_holder, &beat, diag) != 0) {
            return -1;
        }
        if (beat != first_beat && now_holder.pid > 0) {
            return 0;
        }
    }
    return now_holder.pid <= 0; /* released, or taken over by a third */
}

/* What is written must not end up in a file of another name. */
static int open_file(int dir, const char *path)
{
    int fd = disk->open(dir, path,
                        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    return fd < 0 ? -1 : inside_accept(fd, true);
}

/* Opens the file and asks for the kernel's lock; gives a holder that is just starting the time to
 * write who it is. The descriptor, or -1 with an error added. */
static int open_locked(int dir, const char *path, const char *shown, const struct holder *self,
                       bool *granted, struct diag *diag)
{
    struct holder holder = {0};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int fd = open_file(dir, path);
        if (fd < 0) {
            return report_failure("open the lock", shown, diag);
        }
        struct file_stat stat;
        enum kernel_lock state = ask_kernel(fd);
        if (state == KERNEL_ERROR) {
            report_failure("lock", shown, diag);
            disk->close(fd);
            return -1;
        }
        if (state != KERNEL_BUSY && file_stat_fd(fd, &stat) == 0 && stat.links > 0) {
            *granted = state == KERNEL_FREE;
            return fd;
        }
        if (read_holder(fd, &holder) != 0) {
            report_failure("read the lock", shown, diag);
            disk->close(fd);
            return -1;
        }
        disk->close(fd);
        if (state == KERNEL_BUSY && !is_gone(&holder, self, false)) {
            break;
        }
        sleep_ms(ATTEMPT_MS);
    }
    return report_holder(&holder, diag);
}

/* Writes this process into the file and makes sure that nobody did the same just now. */
static int claim(int fd, int dir, const char *path, const char *shown, const struct holder *self,
                 bool granted, struct diag *diag)
{
    if (write_holder(fd, self) != 0) {
        report_failure("write the lock", shown, diag);
        (void)!disk->truncate(fd, 0);
        return -1;
    }
    if (!granted) {
        sleep_ms(SETTLE_MS);
    }
    struct holder holder;
    int64_t mtime_ns;
    if (read_holder_again(dir, path, &holder, &mtime_ns) != 0) {
        report_failure("read the lock", shown, diag);
        (void)!disk->truncate(fd, 0);
        return -1;
    }
    return same_holder(&holder, self) ? 0 : report_holder(&holder, diag);
}

int lock_acquire(struct lock *lock, int dir, const char *path, const char *shown, struct diag *diag)
{
    struct holder self;
    struct holder holder;
    bool granted = false;
    lock->fd = -1;
    fill_self(&self);
    int fd = open_locked(dir, path, shown, &self, &granted, diag);
    if (fd < 0) {
        return -1;
    }
    int result = read_holder(fd, &holder);
    if (result != 0) {
        report_failure("read the lock", shown, diag);
    } else if (!is_gone(&holder, &self, granted)) {
        int stands = watch_heartbeat(dir, path, shown, &holder, diag);
        result = stands == 0 ? report_holder(&holder, diag) : stands > 0 ? 0 : -1;
    }
    if (result == 0) {
        result = claim(fd, dir, path, shown, &self, granted, diag);
    }
    if (result == 0) {
        lock->fd = fd;
    } else {
        disk->close(fd);
    }
    return result;
}

bool lock_find_other_host(int dir, const char *path, struct buf *host)
{
    struct holder self;
    struct holder holder;
    int64_t mtime_ns = 0;
    fill_self(&self);
    bool is_held = read_holder_again(dir, path, &holder, &mtime_ns) == 0 &&
                   holder.host[0] != '\0' && strcmp(holder.host, self.host) != 0 &&
                   clock_wall_s() - mtime_ns / NS_PER_S <= LOCK_STALE_S;
    if (is_held) {
        text_add_name(host, slice_of(holder.host));
    }
    return is_held;
}

void lock_beat(struct lock *lock)
{
    if (lock->fd >= 0) {
        (void)disk->touch(lock->fd);
    }
}

void lock_release(struct lock *lock)
{
    if (lock->fd < 0) {
        return;
    }
    struct holder self;
    struct holder holder;
    fill_self(&self);
    /* Another host may have taken over while this process was suspended. */
    if (read_holder(lock->fd, &holder) == 0 && same_holder(&holder, &self)) {
        (void)!disk->truncate(lock->fd, 0);
    }
    disk->close(lock->fd);
    lock->fd = -1;
}
