#include "logs.h"

#include "digest.h"
#include "disk.h"
#include "inside.h"
#include "memory.h"
#include "run_mark.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LONGEST_SHOWN = 16 * 1024, /* bytes of output that are told with an ending */
    MOST_LINES_SHOWN = 50,
    LONGEST_FILE_NAME = 200, /* leaves room for ".log" and for what file systems add */
};

struct slot_log {
    int fd;
    size_t head; /* bytes before the command's output */
};

struct logs {
    char *state;
    char *name; /* "" or "-NAME" */
    /* `running` is the table of the run that holds the lock; each run of a job has another one. */
    char *table_path;
    int root;   /* the state folder */
    int folder; /* logs/ */
    int table;  /* running */
    bool refused;
    VEC(struct slot_log) slots;
};

/* Entry 0 holds the run's mark; slot N has entry N + 1. A table that can't be written is only not
 * shown. */
static void write_entry(const struct logs *logs, unsigned number, const struct running_entry *entry)
{
    ssize_t written =
        disk->write_at(logs->table, entry, sizeof *entry, (off_t)number * (off_t)sizeof *entry);
    (void)written;
}

static void close_open(int fd)
{
    if (fd >= 0) {
        disk->close(fd);
    }
}

/* Makes and opens logs/; also anew, where somebody removed it during the run. */
static int open_folder(struct logs *logs, struct diag *diag)
{
    close_open(logs->folder);
    close_open(logs->root);
    logs->root = inside_root(AT_FDCWD, logs->state, true);
    logs->folder = logs->root >= 0 ? inside_folder(logs->root, STATE_LOGS, true) : -1;
    return logs->folder >= 0
               ? 0
               : state_folder_report(logs->state, "make the folder", STATE_LOGS, diag);
}

static int open_table(struct logs *logs, struct diag *diag)
{
    logs->table = inside_create(logs->root, logs->table_path, 0);
    return logs->table < 0 && inside_is_refusal(errno)
               ? state_folder_report(logs->state, "write", logs->table_path, diag)
               : 0;
}

/* In place of entry 0, which stands for no slot. */
static void write_mark(const struct logs *logs)
{
    struct run_mark mark;
    struct buf text = BUF_EMPTY;
    struct running_entry head = {0};
    run_mark_of_this(&mark, logs->root);
    run_mark_spell(&mark, &text);
    memcpy(&head, buf_string(&text), text.len < sizeof head ? text.len : sizeof head);
    write_entry(logs, 0, &head);
    buf_release(&text);
}

struct logs *logs_new(const char *state, const char *name, struct diag *diag)
{
    struct logs *logs = mem_alloc(sizeof *logs);
    struct buf ending = BUF_EMPTY;
    logs->state = mem_copy(state, strlen(state));
    buf_addf(&ending, "%s%s", name[0] != '\0' ? "-" : "", name);
    logs->name = mem_copy(buf_string(&ending), ending.len);
    buf_clear(&ending);
    buf_addf(&ending, "%s%s", name[0] != '\0' ? STATE_LOGS "/.running" : STATE_RUNNING, logs->name);
    logs->table_path = mem_copy(ending.at, ending.len);
    buf_release(&ending);
    logs->table = -1;
    logs->folder = -1;
    logs->root = -1;
    if (open_folder(logs, diag) != 0 || open_table(logs, diag) != 0) {
        logs_free(logs);
        return NULL;
    }
    write_mark(logs);
    return logs;
}

static void slot_name(const struct logs *logs, unsigned slot, char name[LOGS_SLOT_NAME])
{
    snprintf(name, LOGS_SLOT_NAME, ".slot%s-%u", logs->name, slot);
}

void logs_free(struct logs *logs)
{
    if (logs == NULL) {
        return;
    }
    for (unsigned slot = 0; slot < logs->slots.count; slot++) {
        char name[LOGS_SLOT_NAME];
        slot_name(logs, slot, name);
        if (logs->slots.at[slot].fd >= 0) {
            disk->close(logs->slots.at[slot].fd);
            disk->unlink(logs->folder, name, 0);
        }
    }
    if (logs->table >= 0) {
        (void)inside_remove(logs->root, logs->table_path);
        disk->close(logs->table);
    }
    close_open(logs->folder);
    close_open(logs->root);
    vec_release(&logs->slots);
    free(logs->state);
    free(logs->name);
    free(logs->table_path);
    free(logs);
}

int logs_open_slot(struct logs *logs, unsigned slot, struct diag *diag)
{
    while (logs->slots.count <= slot) {
        vec_push(&logs->slots, ((struct slot_log){.fd = -1}));
    }
    int *fd = &logs->slots.at[slot].fd;
    if (*fd < 0) {
        char name[LOGS_SLOT_NAME];
        slot_name(logs, slot, name);
        *fd = inside_create(logs->folder, name, O_APPEND);
        if (*fd < 0 && errno == ENOENT && open_folder(logs, diag) == 0) {
            *fd = inside_create(logs->folder, name, O_APPEND);
        }
        if (*fd < 0) {
            int error = errno;
            diag_state_error(diag, FINDING_FILE_TROUBLE,
                             "the log `%s/" STATE_LOGS "/%s` can't be opened: %s", logs->state,
                             name, inside_error(error));
            errno = error;
            return -1;
        }
    }
    return *fd;
}

/* Takes the head out of a slot's file to which nothing was added. */
static void clear_slot(struct slot_log *log)
{
    if (log->head > 0 && disk->truncate(log->fd, 0) == 0) {
        log->head = 0;
    }
}

void logs_begin(struct logs *logs, unsigned slot, struct slice command)
{
    struct slot_log *log = &logs->slots.at[slot];
    struct buf head = BUF_EMPTY;
    clear_slot(log); /* of an execution that wasn't started */
    buf_add_string(&head, "$ ");
    text_add_visible(&head, command);
    buf_add_string(&head, command.len > 0 && command.at[command.len - 1] == '\n' ? "" : "\n");
    ssize_t written = disk->write(log->fd, head.at, head.len);
    log->head += written > 0 ? (size_t)written : 0; /* a log without it is as good as none */
    buf_release(&head);
}

void logs_set_running(struct logs *logs, unsigned slot, const char *label, const char *key,
                      pid_t pid, const char *cores, unsigned core_count)
{
    struct running_entry entry = {0};
    if (label != NULL) {
        snprintf(entry.label, sizeof entry.label, "%s", label);
        snprintf(entry.key, sizeof entry.key, "%s", key);
        snprintf(entry.cores, sizeof entry.cores, "%s", cores);
        slot_name(logs, slot, entry.log);
        entry.pid = pid;
        entry.core_count = core_count;
    }
    write_entry(logs, slot + 1, &entry);
}

void logs_set_running_pid(struct logs *logs, unsigned slot, pid_t pid)
{
    off_t place = ((off_t)slot + 1) * (off_t)sizeof(struct running_entry) +
                  (off_t)offsetof(struct running_entry, pid);
    ssize_t written = disk->write_at(logs->table, &pid, sizeof pid, place);
    (void)written;
}

/* A task's own part of its log's name: bytes that can't stand in a file name are escaped; long
 * names end in a digest. */
static void add_file_name(struct slice name, struct buf *out)
{
    size_t start = out->len;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (c == '/' || c == '%' || c == '\0' || (c == '.' && i == 0)) {
            buf_addf(out, "%%%02x", (unsigned char)c);
        } else {
            buf_add_char(out, c);
        }
    }
    if (out->len - start > LONGEST_FILE_NAME) {
        out->len = start + LONGEST_FILE_NAME - 33;
        buf_add_char(out, '-');
        digest_format(digest_of(name), out);
    }
}

/* A task's log below logs/: the name of the action, '/', and the task's part of its key. */
static void add_task_name(const struct graph *graph, struct task_id task, struct buf *path)
{
    struct buf key = BUF_EMPTY;
    graph_add_key(graph, task, &key);
    size_t action = graph_action(graph, task)->name.len;
    add_file_name(slice_make(key.at, action), path);
    buf_add_char(path, '/');
    if (key.len > action + 1) {
        add_file_name(slice_make(key.at + action + 1, key.len - action - 1), path);
    } else {
        buf_add_string(path, "all");
    }
    buf_add_string(path, ".log");
    buf_release(&key);
}

void logs_add_task_path(const char *state, const struct graph *graph, struct task_id task,
                        struct buf *path)
{
    buf_addf(path, "%s/" STATE_LOGS "/", state);
    add_task_name(graph, task, path);
}

/* Notes an error, in errno, of something below logs/ if it was refused. */
static void note_refusal(struct logs *logs, const char *what, const char *name, struct diag *diag)
{
    int error = errno;
    if (inside_is_refusal(error)) {
        struct buf below = BUF_EMPTY;
        buf_addf(&below, STATE_LOGS "/%s", name);
        errno = error;
        (void)state_folder_report(logs->state, what, buf_string(&below), diag);
        buf_release(&below);
        logs->refused = true;
    }
}

/* The folder of an action's logs: -1 where there is none, or it isn't one. */
static int open_action_folder(struct logs *logs, const char *name, bool make, struct diag *diag)
{
    const char *slash = strrchr(name, '/');
    struct buf path = BUF_EMPTY;
    buf_add(&path, name, (size_t)(slash - name));
    int folder = inside_folder(logs->folder, buf_string(&path), make);
    if (folder < 0) {
        note_refusal(logs, "use", buf_string(&path), diag);
    }
    buf_release(&path);
    return folder;
}

/* Moves the slot's file there. */
static void place_log(struct logs *logs, const char *slot_file, int folder, const char *name,
                      struct diag *diag)
{
    const char *own = strrchr(name, '/') + 1;
    if (disk->rename(logs->folder, slot_file, folder, own, 0) != 0) {
        note_refusal(logs, "write", name, diag);
    }
}

size_t logs_end_slot(struct logs *logs, unsigned slot, const struct graph *graph,
                     const struct task_id *tasks, size_t count, bool reuse, struct buf *path,
                     size_t *head, struct diag *diag)
{
    char slot_file[LOGS_SLOT_NAME];
    struct stat written;
    struct buf first = BUF_EMPTY;
    struct buf name = BUF_EMPTY;
    slot_name(logs, slot, slot_file);
    struct slot_log *log = &logs->slots.at[slot];
    size_t all = disk->stat_open(log->fd, &written) == 0 ? (size_t)written.st_size : 0;
    size_t bytes = all > log->head ? all - log->head : 0;
    *head = log->head;
    add_task_name(graph, tasks[0], &first);
    /* All are of one action. */
    int folder = open_action_folder(logs, buf_string(&first), bytes > 0, diag);
    for (size_t i = 0; i < count && folder >= 0; i++) {
        buf_clear(&name);
        add_task_name(graph, tasks[i], &name);
        const char *own = strrchr(buf_string(&name), '/') + 1;
        disk->unlink(folder, own, 0);
        if (bytes > 0 && i == 0) {
            place_log(logs, slot_file, folder, buf_string(&name), diag);
        } else if (bytes > 0) {
            int linked = disk->link(folder, strrchr(buf_string(&first), '/') + 1, folder, own);
            (void)linked; /* where there are no links, only the first of a batch has its log */
        }
    }
    close_open(folder);
    if (bytes > 0) {
        buf_addf(path, "%s/" STATE_LOGS "/%s", logs->state, buf_string(&first));
    } else if (!reuse) {
        disk->unlink(logs->folder, slot_file, 0);
    }
    if (bytes > 0 || !reuse) {
        disk->close(log->fd);
        *log = (struct slot_log){.fd = -1};
    } else {
        clear_slot(log);
    }
    buf_release(&first);
    buf_release(&name);
    return bytes;
}

bool logs_refused(const struct logs *logs)
{
    return logs->refused;
}

int logs_write_script(const struct logs *logs, unsigned slot, unsigned number, struct slice text,
                      struct buf *path, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    buf_addf(&name, ".script%s-%u", logs->name, slot);
    if (number > 0) {
        buf_addf(&name, "-%u", number);
    }
    buf_addf(path, "%s/" STATE_LOGS "/%s", logs->state, buf_string(&name));
    int result = inside_replace(logs->folder, buf_string(&name), text);
    if (result != 0) {
        diag_state_error(diag, FINDING_FILE_TROUBLE, "the script `%s` can't be written: %s",
                         buf_string(path), inside_error(errno));
    }
    buf_release(&name);
    return result;
}

int logs_open(const char *state, const char *path)
{
    size_t len = strlen(state);
    int root = inside_root(AT_FDCWD, state, false);
    int fd = root < 0 ? -1
             : strncmp(path, state, len) == 0 && path[len] == '/'
                 ? inside_open(root, path + len + 1, O_RDONLY)
                 : -1;
    int error = errno;
    close_open(root);
    errno = error;
    return fd;
}

/* Where the last `lines` lines of the bytes begin. */
static size_t last_lines(struct slice bytes, size_t lines)
{
    size_t at = bytes.len;
    if (at > 0 && bytes.at[at - 1] == '\n') {
        at--;
    }
    while (at > 0) {
        if (bytes.at[at - 1] == '\n' && --lines == 0) {
            break;
        }
        at--;
    }
    return at;
}

void logs_read_shortened(const char *state, const char *path, size_t head, struct buf *out)
{
    int fd = logs_open(state, path);
    struct stat found;
    if (fd < 0 || disk->stat_open(fd, &found) != 0) {
        close_open(fd);
        return;
    }
    off_t first = (off_t)head;
    off_t from = found.st_size - first > LONGEST_SHOWN ? found.st_size - LONGEST_SHOWN : first;
    char *bytes = mem_alloc(LONGEST_SHOWN);
    ssize_t got = disk->read_at(fd, bytes, LONGEST_SHOWN, from);
    struct slice end = slice_make(bytes, got > 0 ? (size_t)got : 0);
    size_t start = last_lines(end, MOST_LINES_SHOWN);
    if (from + (off_t)start > first) {
        buf_addf(out, "… %lld bytes are left out here …\n",
                 (long long)(from - first) + (long long)start);
    }
    buf_add(out, end.at + start, end.len - start);
    free(bytes);
    disk->close(fd);
}
