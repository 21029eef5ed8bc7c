/* Opening and closing a state: the folder and its lock. */
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "journal.h"
#include "state_inner.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    SMALLEST_COMPACTED = 256 * 1024, /* a journal below this is never worth a new snapshot */
    MOST_LOADS = 100,                /* while others take files away */
    LOAD_PAUSE_MS = 10,
};

static int open_folder(struct state *state, int directory, const char *path, struct diag *diag)
{
    bool makes = state->mode == STATE_WRITE;
    state->folder = inside_root(directory, path, makes);
    if (state->folder < 0 && (makes || errno != ENOENT)) {
        return state_folder_report(state->path, makes ? "make the folder of" : "open the folder of",
                                   STATE_SNAPSHOT, diag);
    }
    return 0;
}

static int take_lock(struct state *state, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", state->path, STATE_LOCK);
    int result = lock_acquire(&state->lock, state->folder, STATE_LOCK, buf_string(&path), diag);
    buf_release(&path);
    return result;
}

/* What a killed writer left of a file that file_replace was to put in place. The lock is held:
 * nobody is writing one now. */
static int remove_leftover(void *context, const char *name, size_t len, bool is_directory)
{
    const struct state *state = context;
    if (!is_directory && slice_starts_with(slice_make(name, len), FILE_TEMPORARY_PREFIX)) {
        (void)disk->unlink(state->folder, name, 0);
    }
    return 0;
}

static void free_state(struct state *state)
{
    state_close_journal(state);
    lock_release(&state->lock);
    if (state->folder >= 0) {
        disk->close(state->folder);
    }
    if (state->inbox.folder >= 0) {
        disk->close(state->inbox.folder);
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
    return state_open_journal(state, diag);
}

/* Snapshot and journal, if `all`, and the inbox. A writer may empty the inbox while it is read, or
 * a job gather its files: then all is read again. */
static int load(struct state *state, bool all, bool lenient, struct diag *diag)
{
    int result = 1;
    for (int looks = 0; result == 1 && looks < MOST_LOADS; looks++) {
        if (looks > 0) {
            world->pause(LOAD_PAUSE_MS * INT64_C(1000000));
        }
        struct inbox_names names = state_list_inbox(state);
        result = all ? state_load(state, lenient, diag) : 0;
        if (result == 0 && all) {
            result = begin_appending(state, diag);
        }
        if (result == 0) {
            result = state_merge_inbox(state, &names, lenient, diag);
        }
        inbox_names_release(&names);
    }
    if (result == 1) {
        errno = EAGAIN;
        result = state_folder_report(state->path, "read", STATE_INBOX, diag);
    }
    return result;
}

int state_take_inbox(struct state *state, struct diag *diag)
{
    return state->mode == STATE_WRITE && state->folder >= 0 ? load(state, false, false, diag) : 0;
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
    if (state->folder >= 0 && load(state, true, discard_unreadable, diag) != 0) {
        goto failed;
    }
    state->was_empty = !state_has_memories(state);
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

int state_begin_writing(struct state *state, int directory, struct diag *diag)
{
    state->mode = STATE_WRITE;
    if (state->folder >= 0) {
        return 1;
    }
    if (open_folder(state, directory, state->path, diag) != 0 || take_lock(state, diag) != 0) {
        return -1;
    }
    if (disk->may(state->folder, STATE_SNAPSHOT, F_OK) == 0 ||
        disk->may(state->folder, STATE_JOURNAL, F_OK) == 0 || !state_is_alone(state)) {
        return 1;
    }
    state_queue_all(state);
    state->is_new = true;
    return state_begin_journal(state, diag);
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
    if (disk->unlink(state->folder, STATE_JOURNAL, 0) != 0 && errno != ENOENT) {
        return state_folder_report(state->path, "remove", STATE_JOURNAL, diag);
    }
    (void)disk->sync(
        state->folder); /* the snapshot goes last: a journal without it would be refused */
    if (disk->unlink(state->folder, STATE_SNAPSHOT, 0) != 0 && errno != ENOENT) {
        return state_folder_report(state->path, "remove", STATE_SNAPSHOT, diag);
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
