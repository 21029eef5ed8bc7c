#include "logs.h"

#include "digest.h"
#include "file.h"
#include "intern.h"
#include "memory.h"
#include "spawn.h"
#include "usage.h"
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

struct logs {
    char *state;
    char *name; /* "" or "-NAME" */
    int folder; /* logs/ */
    int table;  /* running */
    VEC(int) slots;
};

/* Entry 0 holds the run's mark; that of a slot stands behind it. A table that can't be written is
 * only not shown. */
static void write_entry(const struct logs *logs, unsigned number, const struct running_entry *entry)
{
    ssize_t written =
        pwrite(logs->table, entry, sizeof *entry, (off_t)number * (off_t)sizeof *entry);
    (void)written;
}

/* Makes and opens logs/; also anew, where somebody removed it during the run. */
static int open_folder(struct logs *logs, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/logs/.", logs->state);
    if (logs->folder >= 0) {
        close(logs->folder);
    }
    int made = file_make_parents(AT_FDCWD, buf_string(&path));
    logs->folder = made == 0 ? open(buf_string(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (logs->folder < 0) {
        diag_state_error(diag, "the folder for logs, `%s`, can't be made: %s", buf_string(&path),
                         strerror(errno));
    }
    buf_release(&path);
    return logs->folder >= 0 ? 0 : -1;
}

/* Runs of jobs have tables of their own, for `running` is that of the run that holds the lock. */
static void add_table_path(const struct logs *logs, struct buf *path)
{
    buf_addf(path, "%s/%s%s", logs->state, logs->name[0] != '\0' ? "logs/.running" : "running",
             logs->name);
}

struct logs *logs_new(const char *state, const char *name, const char *mark, struct diag *diag)
{
    struct logs *logs = mem_alloc(sizeof *logs);
    struct buf path = BUF_EMPTY;
    logs->state = mem_copy(state, strlen(state));
    buf_addf(&path, "%s%s", name[0] != '\0' ? "-" : "", name);
    logs->name = mem_copy(buf_string(&path), path.len);
    buf_clear(&path);
    logs->table = -1;
    logs->folder = -1;
    if (open_folder(logs, diag) != 0) {
        logs_free(logs);
        return NULL;
    }
    add_table_path(logs, &path);
    logs->table = open(buf_string(&path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    buf_release(&path);
    struct running_entry head = {0}; /* stands for no slot */
    snprintf(head.key, sizeof head.key, "%s", mark);
    write_entry(logs, 0, &head);
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
        if (logs->slots.at[slot] >= 0) {
            close(logs->slots.at[slot]);
            unlinkat(logs->folder, name, 0);
        }
    }
    if (logs->table >= 0) {
        struct buf path = BUF_EMPTY;
        add_table_path(logs, &path);
        unlink(buf_string(&path));
        buf_release(&path);
        close(logs->table);
    }
    if (logs->folder >= 0) {
        close(logs->folder);
    }
    vec_release(&logs->slots);
    free(logs->state);
    free(logs->name);
    free(logs);
}

static int open_slot(const struct logs *logs, const char *name)
{
    return openat(logs->folder, name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

int logs_open_slot(struct logs *logs, unsigned slot, struct diag *diag)
{
    while (logs->slots.count <= slot) {
        vec_push(&logs->slots, -1);
    }
    int *fd = &logs->slots.at[slot];
    if (*fd < 0) {
        char name[LOGS_SLOT_NAME];
        slot_name(logs, slot, name);
        *fd = open_slot(logs, name);
        if (*fd < 0 && errno == ENOENT && open_folder(logs, diag) == 0) {
            *fd = open_slot(logs, name);
        }
        if (*fd < 0) {
            return diag_state_error(diag, "the log `%s/logs/%s` can't be opened: %s", logs->state,
                                    name, strerror(errno));
        }
    }
    return *fd;
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
    ssize_t written = pwrite(logs->table, &pid, sizeof pid, place);
    (void)written;
}

/* A node's own part of its log's name: bytes that can't stand in a file name are escaped; long
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

static void add_node_name(const struct graph *graph, struct node_id node, struct buf *path)
{
    struct buf key = BUF_EMPTY;
    graph_add_key(graph, node, &key);
    size_t action = graph_action(graph, node)->name.len;
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

void logs_add_node_path(const char *state, const struct graph *graph, struct node_id node,
                        struct buf *path)
{
    buf_addf(path, "%s/logs/", state);
    add_node_name(graph, node, path);
}

size_t logs_end_slot(struct logs *logs, unsigned slot, const struct graph *graph,
                     const struct node_id *nodes, size_t count, bool reuse, struct buf *path)
{
    char slot_file[LOGS_SLOT_NAME];
    struct stat written;
    struct buf first = BUF_EMPTY;
    struct buf name = BUF_EMPTY;
    slot_name(logs, slot, slot_file);
    size_t bytes = fstat(logs->slots.at[slot], &written) == 0 ? (size_t)written.st_size : 0;
    add_node_name(graph, nodes[0], &first);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&name);
        add_node_name(graph, nodes[i], &name);
        unlinkat(logs->folder, buf_string(&name), 0);
        if (bytes > 0 && i == 0) {
            if (renameat(logs->folder, slot_file, logs->folder, buf_string(&name)) != 0) {
                file_make_parents(logs->folder, buf_string(&name));
                renameat(logs->folder, slot_file, logs->folder, buf_string(&name));
            }
        } else if (bytes > 0) {
            int linked =
                linkat(logs->folder, buf_string(&first), logs->folder, buf_string(&name), 0);
            (void)linked; /* where there are no links, only the first of a batch has its log */
        }
    }
    if (bytes > 0) {
        buf_addf(path, "%s/logs/%s", logs->state, buf_string(&first));
    } else if (!reuse) {
        unlinkat(logs->folder, slot_file, 0);
    }
    if (bytes > 0 || !reuse) {
        close(logs->slots.at[slot]);
        logs->slots.at[slot] = -1;
    }
    buf_release(&first);
    buf_release(&name);
    return bytes;
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

void logs_read_shortened(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat found;
    if (fd < 0 || fstat(fd, &found) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    off_t from = found.st_size > LONGEST_SHOWN ? found.st_size - LONGEST_SHOWN : 0;
    char *bytes = mem_alloc(LONGEST_SHOWN);
    ssize_t got = pread(fd, bytes, LONGEST_SHOWN, from);
    struct slice end = slice_make(bytes, got > 0 ? (size_t)got : 0);
    size_t start = last_lines(end, MOST_LINES_SHOWN);
    if (from + (off_t)start > 0) {
        buf_addf(out, "… %lld bytes are left out here …\n", (long long)from + (long long)start);
    }
    buf_add(out, end.at + start, end.len - start);
    free(bytes);
    close(fd);
}

unsigned logs_end_left_behind(const char *state)
{
    struct buf path = BUF_EMPTY;
    struct buf table = BUF_EMPTY;
    struct running_entry head = {0};
    unsigned ended = 0;
    buf_addf(&path, "%s/running", state);
    if (file_read(AT_FDCWD, buf_string(&path), 64U << 20, &table) == 0) {
        memcpy(&head, buf_string(&table), table.len < sizeof head ? table.len : sizeof head);
        head.key[sizeof head.key - 1] = '\0';
        ended = head.key[0] != '\0' ? spawn_kill_marked(head.key, "srun") : 0;
        unlink(buf_string(&path));
    }
    buf_release(&path);
    buf_release(&table);
    return ended;
}

size_t logs_read_running(const char *state, struct running_entry **entries)
{
    struct buf path = BUF_EMPTY;
    struct buf table = BUF_EMPTY;
    size_t count = 0;
    *entries = NULL;
    buf_addf(&path, "%s/running", state);
    if (file_read(AT_FDCWD, buf_string(&path), 64U << 20, &table) == 0) {
        size_t slots = table.len / sizeof **entries;
        *entries = mem_alloc(slots * sizeof **entries + 1);
        for (size_t i = 0; i < slots; i++) {
            struct running_entry *entry = &(*entries)[count];
            memcpy(entry, table.at + i * sizeof *entry, sizeof *entry);
            /* A table that a killed run left behind names processes that are gone, or others. */
            if (entry->pid > 0 && usage_leader_lives(entry->pid)) {
                entry->label[sizeof entry->label - 1] = '\0';
                entry->key[sizeof entry->key - 1] = '\0';
                entry->cores[sizeof entry->cores - 1] = '\0';
                entry->log[sizeof entry->log - 1] = '\0';
                count++;
            }
        }
    }
    buf_release(&path);
    buf_release(&table);
    return count;
}

/* ---- Tables of jobs ---- */

struct table_search {
    const char *state;
    const char *key;
    struct buf *path;
    bool found;
};

static int look_into_table(void *context, const char *name, size_t len, bool is_directory)
{
    static const char prefix[] = ".running-";
    struct table_search *search = context;
    struct buf path = BUF_EMPTY;
    struct buf table = BUF_EMPTY;
    bool is_table =
        !is_directory && len > sizeof prefix - 1 && memcmp(name, prefix, sizeof prefix - 1) == 0;
    buf_addf(&path, "%s/logs/%.*s", search->state, (int)len, name);
    if (is_table && file_read(AT_FDCWD, buf_string(&path), 64U << 20, &table) == 0) {
        for (size_t i = 1; i < table.len / sizeof(struct running_entry) && !search->found; i++) {
            struct running_entry entry;
            memcpy(&entry, table.at + i * sizeof entry, sizeof entry);
            entry.key[sizeof entry.key - 1] = '\0';
            entry.log[sizeof entry.log - 1] = '\0';
            search->found = entry.pid > 0 && strcmp(entry.key, search->key) == 0;
            if (search->found && search->path != NULL) {
                buf_clear(search->path);
                buf_addf(search->path, "%s/logs/%s", search->state, entry.log);
            }
        }
    }
    buf_release(&path);
    buf_release(&table);
    return search->found ? 1 : 0;
}

struct job_search {
    const char *state;
    struct intern tokens;
};

static int remove_of_job(void *context, const char *name, size_t len, bool is_directory)
{
    static const char *const prefixes[] = {".running-", ".slot-"};
    const struct job_search *search = context;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && !is_directory; i++) {
        struct slice rest = slice_make(name, len);
        size_t before = strlen(prefixes[i]);
        if (!slice_starts_with(rest, prefixes[i])) {
            continue;
        }
        rest = slice_make(name + before, len - before);
        const char *dot = memchr(rest.at, '.', rest.len);
        if (dot != NULL &&
            intern_find(&search->tokens, slice_make(rest.at, (size_t)(dot - rest.at))) !=
                INTERN_NONE) {
            struct buf path = BUF_EMPTY;
            buf_addf(&path, "%s/logs/%.*s", search->state, (int)len, name);
            (void)unlink(buf_string(&path));
            buf_release(&path);
        }
    }
    return 0;
}

void logs_forget_jobs(const char *state, const struct slice *tokens, size_t count)
{
    struct job_search search = {.state = state};
    struct buf folder = BUF_EMPTY;
    intern_init(&search.tokens);
    for (size_t i = 0; i < count; i++) {
        intern_add(&search.tokens, tokens[i]);
    }
    buf_addf(&folder, "%s/logs", state);
    (void)file_list(AT_FDCWD, buf_string(&folder), remove_of_job, &search);
    intern_release(&search.tokens);
    buf_release(&folder);
}

bool logs_find_in_jobs(const char *state, const char *key, struct buf *path)
{
    struct table_search search = {.state = state, .key = key, .path = path};
    struct buf folder = BUF_EMPTY;
    buf_addf(&folder, "%s/logs", state);
    (void)file_list(AT_FDCWD, buf_string(&folder), look_into_table, &search);
    buf_release(&folder);
    return search.found;
}
