/* Opening, writing and closing a state: the folder, its lock, the journal. */
#include "file.h"
#include "inbox_files.h"
#include "inside.h"
#include "journal.h"
#include "state_inner.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
    SMALLEST_COMPACTED = 256 * 1024, /* a journal below this is never worth a new snapshot */
    MOST_LOADS = 100,                /* while others take files away */
    LOAD_PAUSE_MS = 10,
    LARGE_PENDING = 1024 * 1024, /* a buffer that isn't kept once it is written */
};

/* ---- messages ---- */

void state_add_path(const struct state *state, const char *name, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", state->path, name);
    text_add_name(out, buf_slice(&path));
    buf_release(&path);
}

int state_report_errno(const struct state *state, const char *what, const char *name,
                       struct diag *diag)
{
    int error = errno;
    struct buf path = BUF_EMPTY;
    state_add_path(state, name, &path);
    diag_state_error(diag, "can't %s %s: %s", what, buf_string(&path), inside_error(error));
    buf_release(&path);
    return -1;
}

/* ---- the journal, writing ---- */

static void close_journal(struct state *state)
{
    if (state->journal >= 0) {
        close(state->journal);
        state->journal = -1;
    }
}

/* A copy of the project made of hard links shares its journal: this one gets a file of its own. */
static int separate_journal(const struct state *state)
{
    struct buf content = BUF_EMPTY;
    int result = inside_read(state->folder, JOURNAL_NAME, SIZE_MAX / 4, &content);
    if (result == 0) {
        result = inside_replace(state->folder, JOURNAL_NAME, buf_slice(&content));
    }
    int error = errno;
    buf_release(&content);
    errno = error;
    return result;
}

/* Replaces the journal by an empty one that continues the present snapshot. */
static int begin_journal(struct state *state, struct diag *diag)
{
    struct buf header = BUF_EMPTY;
    journal_add_header(&header, state->snapshot_id);
    int result = inside_replace(state->folder, JOURNAL_NAME, buf_slice(&header));
    buf_release(&header);
    if (result != 0) {
        return state_report_errno(state, "write", JOURNAL_NAME, diag);
    }
    close_journal(state);
    state->journal_id = state->snapshot_id;
    state->journal_bytes = JOURNAL_HEADER_BYTES;
    state->journal = inside_open(state->folder, JOURNAL_NAME, O_RDWR);
    return state->journal >= 0 ? 0 : state_report_errno(state, "open", JOURNAL_NAME, diag);
}

/* Opens the journal that was read and cuts off its torn tail. Where there is none, one is put in
 * place before this writer leaves anything else: what a folder holds without a journal would look
 * as if the journal had been lost (state_used.c). */
static int open_journal(struct state *state, struct diag *diag)
{
    close_journal(state);
    if (state->journal_bytes == 0) {
        state->is_new = state->snapshot_id == 0;
        return begin_journal(state, diag);
    }
    state->journal = inside_open(state->folder, JOURNAL_NAME, O_RDWR);
    if (state->journal < 0 && errno == EMLINK && separate_journal(state) == 0) {
        state->journal = inside_open(state->folder, JOURNAL_NAME, O_RDWR);
    }
    if (state->journal < 0) {
        return state_report_errno(state, "open", JOURNAL_NAME, diag);
    }
    struct file_stat stat;
    if (file_stat_fd(state->journal, &stat) != 0 ||
        (stat.size > state->journal_bytes &&
         ftruncate(state->journal, (off_t)state->journal_bytes) != 0)) {
        return state_report_errno(state, "cut off the torn end of", JOURNAL_NAME, diag);
    }
    return 0;
}

static void forget_pending(struct state *state)
{
    if (state->pending.capacity > LARGE_PENDING) {
        buf_release(&state->pending);
    } else {
        buf_clear(&state->pending);
    }
}

static int write_pending(struct state *state, struct diag *diag)
{
    const struct buf *pending = &state->pending;
    state->is_unsynced = true;
    for (size_t done = 0; done < pending->len;) {
        ssize_t part = pwrite(state->journal, pending->at + done, pending->len - done,
                              (off_t)(state->journal_bytes + done));
        if (part > 0) {
            done += (size_t)part;
            continue;
        }
        if (part < 0 && errno == EINTR) {
            continue;
        }
        errno = part == 0 ? ENOSPC : errno;
        state_report_errno(state, "write", JOURNAL_NAME, diag);
        /* Should this fail, too, the next write begins at the same place. */
        (void)!ftruncate(state->journal, (off_t)state->journal_bytes);
        return -1;
    }
    state->journal_bytes += pending->len;
    forget_pending(state);
    return 0;
}

static bool journal_was_removed(const struct state *state)
{
    struct file_stat stat;
    return state->journal >= 0 && file_stat_fd(state->journal, &stat) == 0 && stat.links == 0;
}

int state_flush(struct state *state, struct diag *diag)
{
    if (state->mode == STATE_JOB) {
        return state_write_job(state, false, diag);
    }
    if (state->mode != STATE_WRITE || (state->changes.count == 0 && state->pending.len == 0)) {
        return 0;
    }
    if (journal_was_removed(state)) {
        return state_compact(state, diag); /* nothing in memory was lost: write it all again */
    }
    if (state->journal < 0 && begin_journal(state, diag) != 0) {
        return -1;
    }
    state_spell_changes(state);
    return write_pending(state, diag);
}

int state_sync(struct state *state, struct diag *diag)
{
    if (state->mode == STATE_JOB) {
        return state_write_job(state, true, diag);
    }
    if (state_flush(state, diag) != 0) {
        return -1;
    }
    if (state->is_unsynced && state->journal >= 0 && fdatasync(state->journal) != 0) {
        return state_report_errno(state, "sync", JOURNAL_NAME, diag);
    }
    state->is_unsynced = false;
    return 0;
}

static uint64_t new_id(void)
{
    uint64_t id = 0;
    while (id == 0) {
        if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            id = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
        }
    }
    return id;
}

int state_compact(struct state *state, struct diag *diag)
{
    if (state->mode != STATE_WRITE) {
        return state_sync(state, diag); /* a job has no snapshot */
    }
    struct snapshot_identity identity = {
        .id = new_id(),
        .contained_journal = state->journal_id,
        .contained_bytes = state->journal_bytes,
    };
    struct bound_names bound = state_bound(state);
    struct buf content = BUF_EMPTY;
    snapshot_write(&state->table, &state->shapes, &state->texts, &bound, &identity, &content);
    state_bound_release(&bound);
    int result = inside_replace(state->folder, SNAPSHOT_NAME, buf_slice(&content));
    size_t bytes = content.len;
    if (result != 0) {
        result = state_report_errno(state, "write", SNAPSHOT_NAME, diag);
    }
    buf_release(&content);
    if (result != 0) {
        return -1;
    }
    state->snapshot_id = identity.id;
    state->snapshot_bytes = bytes;
    state->changes.count = 0;
    forget_pending(state);
    if (state->journal < 0) {
        state->journal_id = state->snapshot_id;
        state->journal_bytes = 0;
    }
    /* Should this fail, the old journal can still be continued: the snapshot says up to where it
     * contains it. */
    return begin_journal(state, diag);
}

int state_forget_all(struct state *state, struct diag *diag)
{
    state_unbind(&state->binding);
    state_release_rows(state);
    state_init_rows(state);
    state->changes.count = 0;
    forget_pending(state);
    state->is_forgotten = state_compact(state, diag) == 0;
    return state->is_forgotten ? 0 : -1;
}

/* ---- opening and closing ---- */

bool state_has_rows(const struct state *state)
{
    const struct rowtable *table = &state->table;
    for (size_t i = 0; i < table->directories.count; i++) {
        if (rowtable_directory_has_rows(table, i)) {
            return true;
        }
    }
    vec_each (const struct task_row, task, &table->other_tasks) {
        if (task->is_known) {
            return true;
        }
    }
    vec_each (const struct file_row, file, &table->other_files) {
        if ((file->flags & FILE_ROW_KNOWN) != 0) {
            return true;
        }
    }
    return false;
}

static int open_folder(struct state *state, int directory, const char *path, struct diag *diag)
{
    bool makes = state->mode == STATE_WRITE;
    state->folder = inside_root(directory, path, makes);
    if (state->folder < 0 && (makes || errno != ENOENT)) {
        return state_report_errno(state, makes ? "make the folder of" : "open the folder of",
                                  SNAPSHOT_NAME, diag);
    }
    return 0;
}

static int take_lock(struct state *state, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", state->path, LOCK_NAME);
    int result = lock_acquire_in(&state->lock, state->folder, LOCK_NAME, buf_string(&path), diag);
    buf_release(&path);
    return result;
}

/* What a killed writer left of a file that file_replace was to put in place. The lock is held:
 * nobody is writing one now. */
static int remove_leftover(void *context, const char *name, size_t len, bool is_directory)
{
    const struct state *state = context;
    if (!is_directory && slice_starts_with(slice_make(name, len), TEMPORARY_PREFIX)) {
        (void)unlinkat(state->folder, name, 0);
    }
    return 0;
}

static void free_state(struct state *state)
{
    close_journal(state);
    lock_release(&state->lock);
    if (state->folder >= 0) {
        close(state->folder);
    }
    if (state->inbox.folder >= 0) {
        close(state->inbox.folder);
    }
    buf_release(&state->inbox.ungathered);
    state_unbind(&state->binding);
    vec_release(&state->changes);
    buf_release(&state->pending);
    state_release_rows(state);
    free(state->path);
    free(state);
}

/* Opens what was read for writing. */
static int begin_appending(struct state *state, struct diag *diag)
{
    if (state->mode != STATE_WRITE) {
        return 0;
    }
    (void)file_list(state->folder, ".", remove_leftover, state);
    return open_journal(state, diag);
}

/* Whether to look again at what others change just now; in the end, an error. */
static bool look_again(const struct state *state, int *result, int *looks, struct diag *diag)
{
    if (*result != 1) {
        return false;
    }
    if (++*looks < MOST_LOADS) {
        nanosleep(&(struct timespec){.tv_nsec = LOAD_PAUSE_MS * 1000000L}, NULL);
        return true;
    }
    errno = EAGAIN;
    *result = state_report_errno(state, "read", INBOX_NAME, diag);
    return false;
}

/* Snapshot, journal and inbox. A writer may empty the inbox while it is read, or a job gather its
 * files: then all is read again. */
static int load_all(struct state *state, bool lenient, struct diag *diag)
{
    int result;
    int looks = 0;
    do {
        struct inbox_names names = state_list_inbox(state);
        result = state_load(state, lenient, diag);
        if (result == 0) {
            result = begin_appending(state, diag);
        }
        if (result == 0) {
            result = state_merge_inbox(state, &names, lenient, diag);
        }
        inbox_names_release(&names);
    } while (look_again(state, &result, &looks, diag));
    return result;
}

int state_take_inbox(struct state *state, struct diag *diag)
{
    if (state->mode != STATE_WRITE || state->folder < 0) {
        return 0;
    }
    int result;
    int looks = 0;
    do {
        struct inbox_names names = state_list_inbox(state);
        result = state_merge_inbox(state, &names, false, diag);
        inbox_names_release(&names);
    } while (look_again(state, &result, &looks, diag));
    return result;
}

static struct state *open_state(int directory, const char *path, enum state_mode mode,
                                bool discard_unreadable, const struct inbox_attempt *attempt,
                                const struct inbox_registry *registry, struct diag *diag)
{
    struct state *state = mem_alloc(sizeof *state);
    *state = (struct state){.mode = mode,
                            .folder = -1,
                            .journal = -1,
                            .lock = {.fd = -1},
                            .attempt = attempt,
                            .registry = registry,
                            .inbox = {.folder = -1}};
    state->path = mem_copy(path, strlen(path));
    state_init_rows(state);
    if (open_folder(state, directory, path, diag) != 0 ||
        (mode == STATE_WRITE && take_lock(state, diag) != 0)) {
        goto failed;
    }
    if (state->folder >= 0 && load_all(state, discard_unreadable, diag) != 0) {
        goto failed;
    }
    state->was_empty = !state_has_rows(state);
    if (mode == STATE_JOB) {
        state->registry = NULL;
        if (state_begin_job(state, diag) != 0) {
            goto failed;
        }
    }
    return state;
failed:
    free_state(state);
    return NULL;
}

struct state *state_open(int directory, const char *path, enum state_mode mode,
                         bool discard_unreadable, struct diag *diag)
{
    return open_state(directory, path, mode, discard_unreadable, NULL, NULL, diag);
}

struct state *state_open_inbox(int directory, const char *path, enum state_mode mode,
                               bool discard_unreadable, const struct inbox_registry *registry,
                               struct diag *diag)
{
    return open_state(directory, path, mode, discard_unreadable, NULL, registry, diag);
}

struct state *state_open_job(int directory, const char *path, const struct inbox_attempt *attempt,
                             const struct inbox_registry *registry, struct diag *diag)
{
    return open_state(directory, path, STATE_JOB, false, attempt, registry, diag);
}

static void queue_all(struct state *state)
{
    const struct rowtable *table = &state->table;
    size_t files = table->directories.count * table->columns.count;
    size_t tasks = table->directories.count * table->actions.count;
    for (size_t i = 0; i < state->texts.added.count; i++) {
        vec_push(&state->changes, (struct change){CHANGE_TEXT, i});
    }
    for (size_t i = 0; i < files; i++) {
        if ((table->files[i].flags & FILE_ROW_KNOWN) != 0) {
            vec_push(&state->changes, (struct change){CHANGE_FILE, i});
        }
    }
    for (size_t i = 0; i < table->other_files.count; i++) {
        if ((table->other_files.at[i].flags & FILE_ROW_KNOWN) != 0) {
            vec_push(&state->changes, (struct change){CHANGE_OTHER_FILE, i});
        }
    }
    for (size_t i = 0; i < tasks; i++) {
        if (table->tasks[i].is_known) {
            vec_push(&state->changes, (struct change){CHANGE_TASK, i});
        }
    }
    for (size_t i = 0; i < table->other_tasks.count; i++) {
        if (table->other_tasks.at[i].is_known) {
            vec_push(&state->changes, (struct change){CHANGE_OTHER_TASK, i});
        }
    }
}

int state_begin_writing(struct state *state, int directory, struct diag *diag)
{
    state->mode = STATE_WRITE;
    if (state->folder >= 0) {
        return 1;
    }
    if (open_folder(state, directory, state->path, diag) != 0 || take_lock(state, diag) != 0) {
        return -1;
    }
    if (faccessat(state->folder, SNAPSHOT_NAME, F_OK, 0) == 0 ||
        faccessat(state->folder, JOURNAL_NAME, F_OK, 0) == 0 || !state_is_alone(state)) {
        return 1;
    }
    queue_all(state);
    state->is_new = true;
    return begin_journal(state, diag);
}

static bool journal_has_outgrown(const struct state *state)
{
    return state->journal_bytes > SMALLEST_COMPACTED + state->snapshot_bytes / 4;
}

/* A folder in which nothing was recorded, or all was forgotten, becomes as new unless something
 * else lies in it. A crash meanwhile leaves an empty snapshot at most, which needs no journal. */
static int remove_if_empty(struct state *state, struct diag *diag)
{
    bool is_unused =
        state->is_new && state->snapshot_id == 0 && state->journal_bytes == JOURNAL_HEADER_BYTES;
    if ((!is_unused && !state->is_forgotten) || !state_is_alone(state)) {
        return 0;
    }
    if (unlinkat(state->folder, JOURNAL_NAME, 0) != 0 && errno != ENOENT) {
        return state_report_errno(state, "remove", JOURNAL_NAME, diag);
    }
    (void)fsync(state->folder); /* the snapshot goes last: a journal without it would be refused */
    if (unlinkat(state->folder, SNAPSHOT_NAME, 0) != 0 && errno != ENOENT) {
        return state_report_errno(state, "remove", SNAPSHOT_NAME, diag);
    }
    return 0;
}

int state_close(struct state *state, struct diag *diag)
{
    int result = 0;
    if (state->mode == STATE_WRITE) {
        result = state_flush(state, diag);
        if (result == 0 && journal_has_outgrown(state)) {
            result = state_compact(state, diag);
        }
        if (result == 0) {
            result = remove_if_empty(state, diag);
        }
    } else if (state->mode == STATE_JOB) {
        result = state_sync(state, diag);
    }
    free_state(state);
    return result;
}
