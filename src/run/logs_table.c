/* The tables of what runs: what is believed of them, and what killed runs and jobs left behind. */
#include "logs.h"

#include "disk.h"
#include "inbox.h"
#include "inside.h"
#include "memory.h"
#include "run_mark.h"
#include "spawn.h"
#include "state_folder.h"
#include "text.h"
#include "usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_TABLE = 64 << 20 };

/* ---- What of a table is believed ---- */

/* A text that ends in its array and can be shown. */
static bool is_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return len < size;
}

static bool is_sound(const struct running_entry *entry)
{
    static const char slot[] = ".slot-";
    return entry->pid > 0 && is_text(entry->label, sizeof entry->label) &&
           memchr(entry->key, '\0', sizeof entry->key) != NULL &&
           is_text(entry->cores, sizeof entry->cores) &&
           entry->cores[strspn(entry->cores, "0123456789,-")] == '\0' &&
           is_text(entry->log, sizeof entry->log) && strchr(entry->log, '/') == NULL &&
           strncmp(entry->log, slot, sizeof slot - 1) == 0;
}

/* The state folder of a table and what its first entry says; false: it isn't a run's. */
static bool read_head(struct slice table, struct run_mark *mark)
{
    return table.len >= sizeof(struct running_entry) &&
           run_mark_parse(slice_make(table.at, sizeof(struct running_entry)), mark);
}

/* ---- What a killed run left behind ---- */

static void warn(const char *state, const char *what, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    state_folder_add_path(state, STATE_RUNNING, &path);
    diag_warning(diag, FINDING_LOG_UNREADABLE, "%s %s", buf_string(&path), what);
    buf_release(&path);
}

/* The first entry of the table: 1; 0: there is no table, or it is empty; -1 with errno. */
static int read_first(int root, struct buf *head)
{
    int fd = inside_open(root, STATE_RUNNING, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    buf_reserve(head, sizeof(struct running_entry));
    ssize_t got = file_read_fully(fd, head->at, sizeof(struct running_entry));
    int error = errno;
    head->len = got > 0 ? (size_t)got : 0;
    disk->close(fd);
    errno = error;
    return got > 0 ? 1 : (int)got;
}

static enum run_mark_standing end_marked(const char *state, int root, struct slice head,
                                         unsigned *ended, struct diag *diag)
{
    struct run_mark own;
    struct run_mark found;
    if (!read_head(head, &found)) {
        warn(state, "was not written by a run of this version; it is ignored", diag);
        return RUN_MARK_ELSEWHERE;
    }
    run_mark_of_this(&own, root);
    enum run_mark_standing standing = run_mark_compare(&found, &own);
    if (standing == RUN_MARK_DEAD) {
        struct buf variable = BUF_EMPTY;
        run_mark_add_variable(&found, &variable);
        *ended = spawn_kill_marked(buf_string(&variable), "srun");
        buf_release(&variable);
    }
    return standing;
}

struct sweep {
    const char *state;
    int folder;
    int result;
    struct diag *diag;
};

static const char *const PREFIXES[] = {".slot-", ".script-", ".running-"};

enum { KINDS_OF_A_RUN = 2, KINDS_OF_A_JOB = 3 };

/* What a name has after the prefix of one of the first `kinds`; empty: it isn't such a name. */
static struct slice rest_of(struct slice name, size_t kinds)
{
    for (size_t i = 0; i < kinds; i++) {
        size_t len = strlen(PREFIXES[i]);
        if (slice_starts_with(name, PREFIXES[i])) {
            return slice_make(name.at + len, name.len - len);
        }
    }
    return (struct slice){0};
}

/* Jobs' files have a token and a dot in their names, and jobs may run elsewhere. */
static bool is_own_file(struct slice name)
{
    struct slice rest = rest_of(name, KINDS_OF_A_RUN);
    return rest.len > 0 && strspn(rest.at, "0123456789-") == rest.len;
}

/* The folder of a setup (setups.c). */
static bool is_setup_of_a_run(struct slice name)
{
    static const char start[] = ".setup-";
    size_t len = sizeof start - 1;
    return slice_starts_with(name, start) && name.len > len &&
           strspn(name.at + len, "0123456789") == name.len - len;
}

/* Removes what no run that lives writes to, and refuses what never was a run's. */
static int sweep_entry(void *context, const char *name, size_t len, bool is_directory)
{
    struct sweep *sweep = context;
    bool is_own = is_own_file(slice_make(name, len));
    if (is_directory && is_setup_of_a_run(slice_make(name, len))) {
        (void)file_remove_tree(sweep->folder, name);
        return 0;
    }
    struct stat found;
    if ((is_directory && !is_own) || (name[0] == '.' && !is_own) ||
        disk->stat(sweep->folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return 0;
    }
    if (is_own && S_ISREG(found.st_mode)) {
        (void)disk->unlink(sweep->folder, name, 0);
    } else if (is_own || S_ISLNK(found.st_mode)) {
        struct buf below = BUF_EMPTY;
        buf_addf(&below, STATE_LOGS "/%.*s", (int)len, name);
        sweep->result =
            state_folder_refuse(sweep->state, buf_string(&below),
                                inside_error(S_ISLNK(found.st_mode) ? ELOOP : ENXIO), sweep->diag);
        buf_release(&below);
    }
    return 0;
}

static int sweep_logs(const char *state, int root, struct diag *diag)
{
    struct sweep sweep = {.state = state, .diag = diag};
    sweep.folder = inside_folder(root, STATE_LOGS, false);
    if (sweep.folder < 0) {
        return inside_is_refusal(errno)
                   ? state_folder_refuse(state, STATE_LOGS, inside_error(errno), diag)
                   : 0;
    }
    (void)file_list(sweep.folder, ".", sweep_entry, &sweep);
    disk->close(sweep.folder);
    return sweep.result;
}

int logs_end_left_behind(const char *state, struct diag *diag)
{
    struct buf head = BUF_EMPTY;
    enum run_mark_standing standing = RUN_MARK_ELSEWHERE;
    int result = 0;
    unsigned ended = 0;
    int root = inside_root(AT_FDCWD, state, false);
    if (root < 0) {
        return inside_is_refusal(errno) ? state_folder_refuse(state, "", inside_error(errno), diag)
                                        : 0;
    }
    int found = read_first(root, &head);
    if (found < 0) {
        result = state_folder_refuse(state, STATE_RUNNING, inside_error(errno), diag);
    } else if (found > 0) {
        standing = end_marked(state, root, buf_slice(&head), &ended, diag);
    }
    /* Where the file system has no locks, another writer may be at work. */
    if (result == 0 && standing != RUN_MARK_LIVES) {
        (void)inside_remove(root, STATE_RUNNING);
        result = sweep_logs(state, root, diag);
    }
    if (ended > 0) {
        diag_note(diag, FINDING_PROCESSES_LEFT,
                  "an earlier run was killed; %u of its processes still ran and %s ended", ended,
                  ended == 1 ? "was" : "were");
    }
    disk->close(root);
    buf_release(&head);
    return result;
}

/* ---- What runs now ---- */

/* Whether the process was started by that run, and leads a group as all of them do. */
static bool is_of_run(pid_t pid, const struct run_mark *mark)
{
    struct usage_process process;
    return usage_find_process(pid, &process) && process.group == pid &&
           (uint64_t)process.parent == mark->pid;
}

size_t logs_read_running(const char *state, struct running_entry **entries)
{
    struct buf table = BUF_EMPTY;
    struct run_mark own;
    struct run_mark mark;
    size_t count = 0;
    *entries = NULL;
    int root = inside_root(AT_FDCWD, state, false);
    if (root < 0) {
        return 0;
    }
    run_mark_of_this(&own, root);
    /* A table that a killed run left behind names processes that have ended, or numbers that
     * other processes have now. */
    if (inside_read(root, STATE_RUNNING, LARGEST_TABLE, &table) == 0 &&
        read_head(buf_slice(&table), &mark) && run_mark_compare(&mark, &own) == RUN_MARK_LIVES) {
        size_t slots = table.len / sizeof **entries;
        *entries = mem_alloc(slots * sizeof **entries + 1);
        for (size_t i = 1; i < slots; i++) {
            struct running_entry *entry = &(*entries)[count];
            memcpy(entry, table.at + i * sizeof *entry, sizeof *entry);
            count += is_sound(entry) && is_of_run(entry->pid, &mark);
        }
    }
    disk->close(root);
    buf_release(&table);
    return count;
}

/* ---- Tables of jobs ---- */

struct table_search {
    const char *state;
    const char *key;
    struct buf *path;
    int folder;
    bool found;
};

/* Jobs run on other hosts: whether they live isn't known here. */
static int look_into_table(void *context, const char *name, size_t len, bool is_directory)
{
    struct table_search *search = context;
    struct buf table = BUF_EMPTY;
    bool is_table = !is_directory && slice_starts_with(slice_make(name, len), ".running-");
    if (is_table && inside_read(search->folder, name, LARGEST_TABLE, &table) == 0) {
        for (size_t i = 1; i < table.len / sizeof(struct running_entry) && !search->found; i++) {
            struct running_entry entry;
            memcpy(&entry, table.at + i * sizeof entry, sizeof entry);
            search->found = is_sound(&entry) && strcmp(entry.key, search->key) == 0;
            if (search->found && search->path != NULL) {
                buf_clear(search->path);
                buf_addf(search->path, "%s/" STATE_LOGS "/%s", search->state, entry.log);
            }
        }
    }
    buf_release(&table);
    return search->found ? 1 : 0;
}

bool logs_find_in_jobs(const char *state, const char *key, struct buf *path)
{
    struct table_search search = {.state = state, .key = key, .path = path};
    search.folder = state_folder_open(state, STATE_LOGS, false);
    if (search.folder >= 0) {
        (void)file_list(search.folder, ".", look_into_table, &search);
        disk->close(search.folder);
    }
    return search.found;
}

void logs_forget_jobs(const char *state, const struct slice *tokens, size_t count)
{
    inbox_forget_in(state_folder_open(state, STATE_LOGS, false), PREFIXES, KINDS_OF_A_JOB, tokens,
                    count);
}
