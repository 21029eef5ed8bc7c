#include "spawn.h"

#include "buf.h"
#include "file.h"
#include "unreaped.h"
#include "vec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_PROC_FILE = 64 << 20 };

struct pid_list {
    VEC(pid_t) pids;
};

struct task_reader {
    struct pid_list *into;
    const char *process;
};

static int read_task(void *context, const char *name, size_t len, bool is_directory)
{
    (void)len;
    (void)is_directory;
    const struct task_reader *reader = context;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    buf_addf(&path, "/proc/%s/task/%s/children", reader->process, name);
    if (file_read(AT_FDCWD, path.at, LONGEST_PROC_FILE, &text) == 0) {
        const char *at = buf_string(&text);
        char *end;
        for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end) {
            vec_push(&reader->into->pids, (pid_t)pid);
        }
    }
    buf_release(&text);
    buf_release(&path);
    return 0;
}

/* Appends the children of all threads of a process; 0 is this one. */
static void add_children(pid_t of, struct pid_list *list)
{
    char process[16] = "self";
    char tasks[40];
    if (of != 0) {
        snprintf(process, sizeof process, "%d", (int)of);
    }
    snprintf(tasks, sizeof tasks, "/proc/%s/task", process);
    struct task_reader reader = {.into = list, .process = process};
    (void)file_list(AT_FDCWD, tasks, read_task, &reader);
}

/* The list grows while it is walked: whoever is in it gets its children behind it. */
static void add_all_children(struct pid_list *list)
{
    for (size_t i = 0; i < list->pids.count; i++) {
        add_children(list->pids.at[i], list);
    }
}

static void add_descendants(pid_t of, struct pid_list *list)
{
    add_children(of, list);
    add_all_children(list);
}

size_t spawn_list_descendants(const pid_t *of, size_t count, pid_t **pids)
{
    struct pid_list list = {0};
    for (size_t i = 0; i < count; i++) {
        vec_push(&list.pids, of[i]);
    }
    add_all_children(&list);
    *pids = list.pids.at;
    return list.pids.count;
}

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
    add_descendants(0, &list);
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
    add_descendants(child->pid, &list);
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
    add_all_children(&list);
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
    add_children(0, &list);
    for (size_t i = 0; i < list.pids.count; i++) {
        if (!spawn_is_unreaped(list.pids.at[i])) {
            (void)spawn_reap_one(P_PID, list.pids.at[i]);
        }
    }
    vec_release(&list.pids);
}

static bool environment_holds(pid_t pid, const char *mark)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    bool found = false;
    buf_addf(&path, "/proc/%d/environ", (int)pid);
    if (file_read(AT_FDCWD, path.at, LONGEST_PROC_FILE, &text) == 0) {
        const char *at = buf_string(&text);
        const char *end = at + text.len;
        while (at < end && !found) {
            size_t len = strnlen(at, (size_t)(end - at));
            found = len == strlen(mark) && memcmp(at, mark, len) == 0;
            at += len + 1;
        }
    }
    buf_release(&text);
    buf_release(&path);
    return found;
}

struct hunt {
    const char *mark;
    const char *gently; /* processes of this name get SIGTERM; NULL: none */
    unsigned found;
};

static int kill_if_marked(void *context, const char *name, size_t len, bool is_directory)
{
    struct hunt *hunt = context;
    (void)len;
    pid_t pid = is_directory ? (pid_t)strtol(name, NULL, 10) : 0;
    if (pid > 0 && pid != getpid() && environment_holds(pid, hunt->mark)) {
        pid_t parent;
        hunt->found++;
        (void)kill(pid, hunt->gently != NULL && is_named(pid, hunt->gently, &parent) ? SIGTERM
                                                                                     : SIGKILL);
    }
    return 0;
}

unsigned spawn_kill_marked(const char *mark, const char *gently)
{
    enum { MOST_ROUNDS = 400, GENTLE_ROUNDS = 300 };
    static const struct timespec pause = {.tv_nsec = 5000000};
    struct hunt first = {.mark = mark, .gently = gently};
    (void)file_list(AT_FDCWD, "/proc", kill_if_marked, &first);
    struct hunt again = first;
    for (int round = 0; again.found > 0 && round < MOST_ROUNDS; round++) {
        nanosleep(&pause, NULL);
        again.found = 0;
        again.gently = round < GENTLE_ROUNDS ? gently : NULL;
        (void)file_list(AT_FDCWD, "/proc", kill_if_marked, &again);
    }
    return first.found;
}

unsigned spawn_kill_orphans(const char *mark)
{
    struct pid_list own = {0};
    unsigned count = 0;
    add_children(0, &own);
    for (size_t i = 0; i < own.pids.count; i++) {
        pid_t pid = own.pids.at[i];
        if (spawn_is_unreaped(pid)) {
            continue;
        }
        if (has_ended(pid)) {
            (void)spawn_reap_one(P_PID, pid);
        } else if (environment_holds(pid, mark)) {
            struct pid_list list = {0};
            add_descendants(pid, &list);
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
