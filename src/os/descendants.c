/* Signals to descendants, and the end of orphans and of what bears a mark in its environment. */
#include "spawn.h"

#include "buf.h"
#include "file.h"
#include "process_tree.h"
#include "unreaped.h"
#include "usage.h"
#include "vec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_PROC_FILE = 64 << 20 };

/* Whether it is a child of this process that has ended and waits to be reaped. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* One walk; `found` is how many were met, ended ones included. Returns how many got the signal. */
static unsigned signal_descendants_once(int signal, size_t *found)
{
    struct pid_list list = {0};
    unsigned count = 0;
    pid_list_add_descendants(&list, 0);
    for (size_t i = 0; i < list.pids.count; i++) {
        if (!has_ended(list.pids.at[i]) && kill(list.pids.at[i], signal) == 0) {
            count++;
        }
    }
    *found = list.pids.count;
    vec_release(&list.pids);
    return count;
}

unsigned spawn_signal_descendants(int signal)
{
    size_t found_before = 0;
    for (;;) {
        size_t found;
        unsigned count = signal_descendants_once(signal, &found);
        /* Who ended during the walk left its children to this process, whose list had been read by
         * then. Nobody is left only when all had ended before the walk began. */
        if (count > 0 || found == found_before) {
            return count;
        }
        found_before = found;
    }
}

void spawn_signal_child(const struct child *child, int signal)
{
    struct pid_list list = {0};
    /* Before the group gets the signal: what its members leave behind is no longer below them. */
    pid_list_add_descendants(&list, child->pid);
    (void)kill(-child->pid, signal);
    for (size_t i = 0; i < list.pids.count; i++) {
        if (getpgid(list.pids.at[i]) != child->pid) {
            (void)kill(list.pids.at[i], signal);
        }
    }
    vec_release(&list.pids);
}

/* The name and the parent of a process; false: it is gone. */
static bool read_name(pid_t pid, char name[32], pid_t *parent)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    buf_addf(&path, "/proc/%d/stat", (int)pid); /* "PID (NAME) STATE PARENT …" */
    bool found = file_read(AT_FDCWD, path.at, LONGEST_PROC_FILE, &text) == 0;
    const char *open = found ? strchr(buf_string(&text), '(') : NULL;
    const char *close = open != NULL ? strrchr(open, ')') : NULL;
    found = close != NULL && close - open - 1 < 32;
    if (found) {
        memcpy(name, open + 1, (size_t)(close - open - 1));
        name[close - open - 1] = '\0';
        *parent = (pid_t)strtol(close + 1 + strcspn(close + 1, "0123456789"), NULL, 10);
    }
    buf_release(&path);
    buf_release(&text);
    return found;
}

static bool is_named(pid_t pid, const char *wanted, pid_t *parent)
{
    char name[32];
    return read_name(pid, name, parent) && strcmp(name, wanted) == 0;
}

bool spawn_signal_named(const struct child *child, const char *name, int signal)
{
    struct pid_list list = {0};
    bool found = false;
    vec_push(&list.pids, child->pid);
    pid_list_add_all_children(&list);
    for (size_t i = 0; i < list.pids.count; i++) {
        pid_t parent;
        pid_t above;
        if (is_named(list.pids.at[i], name, &parent) && !is_named(parent, name, &above)) {
            found = true;
            if (signal != 0) {
                (void)kill(list.pids.at[i], signal);
            }
        }
    }
    vec_release(&list.pids);
    return found;
}

void spawn_reap_orphans(void)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
            return;
        }
        if (spawn_is_unreaped(info.si_pid)) {
            break;
        }
        (void)spawn_reap_one(P_PID, info.si_pid);
    }
    /* The kernel names only the first one that ended, and that must stay. */
    struct pid_list list = {0};
    pid_list_add_children(&list, 0);
    for (size_t i = 0; i < list.pids.count; i++) {
        if (!spawn_is_unreaped(list.pids.at[i])) {
            (void)spawn_reap_one(P_PID, list.pids.at[i]);
        }
    }
    vec_release(&list.pids);
}

/* Reads a process's environment; the bytes of `text` are strings, each ended by NUL. */
static bool read_environment(pid_t pid, struct buf *text)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "/proc/%d/environ", (int)pid);
    bool found = file_read(AT_FDCWD, path.at, LONGEST_PROC_FILE, text) == 0;
    buf_release(&path);
    return found;
}

/* The string that begins so; NULL: there is none. */
static const char *find_string(const struct buf *text, const char *beginning, size_t *len)
{
    const char *at = buf_string(text);
    const char *end = at + text->len;
    size_t wanted = strlen(beginning);
    while (at < end) {
        *len = strnlen(at, (size_t)(end - at));
        if (*len >= wanted && memcmp(at, beginning, wanted) == 0) {
            return at;
        }
        at += *len + 1;
    }
    return NULL;
}

static bool environment_holds(pid_t pid, const char *mark)
{
    struct buf text = BUF_EMPTY;
    const char *name_end = strchr(mark, '=');
    size_t len = 0;
    struct buf beginning = BUF_EMPTY;
    buf_add(&beginning, mark, name_end != NULL ? (size_t)(name_end - mark) + 1 : strlen(mark));
    const char *found =
        read_environment(pid, &text) ? find_string(&text, buf_string(&beginning), &len) : NULL;
    bool holds = found != NULL && len == strlen(mark) && memcmp(found, mark, len) == 0;
    buf_release(&beginning);
    buf_release(&text);
    return holds;
}

bool spawn_read_variable(pid_t pid, const char *name, struct buf *value)
{
    struct buf text = BUF_EMPTY;
    struct buf beginning = BUF_EMPTY;
    size_t len = 0;
    buf_addf(&beginning, "%s=", name);
    const char *found =
        read_environment(pid, &text) ? find_string(&text, buf_string(&beginning), &len) : NULL;
    if (found != NULL) {
        buf_add(value, found + beginning.len, len - beginning.len);
    }
    buf_release(&beginning);
    buf_release(&text);
    return found != NULL;
}

struct hunt {
    const char *mark;
    const char *gently; /* processes of this name get SIGTERM; NULL: none */
    const struct pid_list *spared;
    unsigned found;
};

static bool is_listed(const struct pid_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->pids.count; i++) {
        if (list->pids.at[i] == pid) {
            return true;
        }
    }
    return false;
}

/* This process and those it descends from. */
static void add_ancestors(struct pid_list *list)
{
    char name[32];
    pid_t pid = getpid();
    while (pid > 0 && !is_listed(list, pid)) {
        vec_push(&list->pids, pid);
        if (!read_name(pid, name, &pid)) {
            break;
        }
    }
}

static int kill_if_marked(void *context, const char *name, size_t len, bool is_directory)
{
    struct hunt *hunt = context;
    (void)len;
    pid_t pid = is_directory ? (pid_t)strtol(name, NULL, 10) : 0;
    if (pid <= 0 || is_listed(hunt->spared, pid)) {
        return 0;
    }
    /* Held before its environment is read, so that the signal goes to the one that was read. */
    int pidfd = (int)syscall(SYS_pidfd_open, (long)pid, 0L);
    if (pidfd >= 0 && environment_holds(pid, hunt->mark)) {
        pid_t parent;
        int signal =
            hunt->gently != NULL && is_named(pid, hunt->gently, &parent) ? SIGTERM : SIGKILL;
        hunt->found += syscall(SYS_pidfd_send_signal, (long)pidfd, (long)signal, NULL, 0L) == 0;
    }
    if (pidfd >= 0) {
        close(pidfd);
    }
    return 0;
}

unsigned spawn_kill_marked(const char *mark, const char *gently)
{
    enum { MOST_ROUNDS = 400, GENTLE_ROUNDS = 300 };
    static const struct timespec pause = {.tv_nsec = 5000000};
    struct pid_list spared = {0};
    add_ancestors(&spared);
    struct hunt first = {.mark = mark, .gently = gently, .spared = &spared};
    (void)file_list(AT_FDCWD, "/proc", kill_if_marked, &first);
    struct hunt again = first;
    for (int round = 0; again.found > 0 && round < MOST_ROUNDS; round++) {
        nanosleep(&pause, NULL);
        again.found = 0;
        again.gently = round < GENTLE_ROUNDS ? gently : NULL;
        (void)file_list(AT_FDCWD, "/proc", kill_if_marked, &again);
    }
    vec_release(&spared.pids);
    return first.found;
}

unsigned spawn_kill_orphans(const char *mark)
{
    struct pid_list own = {0};
    unsigned count = 0;
    pid_list_add_children(&own, 0);
    for (size_t i = 0; i < own.pids.count; i++) {
        pid_t pid = own.pids.at[i];
        if (spawn_is_unreaped(pid)) {
            continue;
        }
        if (has_ended(pid)) {
            (void)spawn_reap_one(P_PID, pid);
        } else if (environment_holds(pid, mark)) {
            struct pid_list list = {0};
            pid_list_add_descendants(&list, pid);
            (void)kill(pid, SIGKILL);
            for (size_t d = 0; d < list.pids.count; d++) {
                (void)kill(list.pids.at[d], SIGKILL);
            }
            vec_release(&list.pids);
            count++;
        }
    }
    vec_release(&own.pids);
    return count;
}

size_t spawn_list_orphans(pid_t **pids)
{
    struct pid_list own = {0};
    struct pid_list list = {0};
    size_t kept = 0;
    pid_list_add_children(&own, 0);
    for (size_t i = 0; i < own.pids.count; i++) {
        if (!spawn_is_unreaped(own.pids.at[i]) && !has_ended(own.pids.at[i])) {
            vec_push(&list.pids, own.pids.at[i]);
        }
    }
    pid_list_add_all_children(&list);
    for (size_t i = 0; i < list.pids.count; i++) {
        struct usage_process process;
        if (usage_find_process(list.pids.at[i], &process)) {
            list.pids.at[kept++] = list.pids.at[i];
        }
    }
    vec_release(&own.pids);
    *pids = list.pids.at;
    return kept;
}
