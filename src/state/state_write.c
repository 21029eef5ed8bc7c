/* Writing a state: the journal, and the snapshot that replaces it. */
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "journal.h"
#include "state_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { LARGE_PENDING = 1024 * 1024 }; /* a buffer that isn't kept once it is written */

void state_close_journal(struct state *state)
{
    if (state->journal >= 0) {
        disk->close(state->journal);
        state->journal = -1;
    }
}

/* A copy of the project made of hard links shares its journal: this one gets a file of its own. */
static int separate_journal(const struct state *state)
{
    struct buf content = BUF_EMPTY;
    int result = inside_read(state->folder, STATE_JOURNAL, SIZE_MAX / 4, &content);
    if (result == 0) {
        result = inside_replace(state->folder, STATE_JOURNAL, buf_slice(&content));
    }
    int error = errno;
    buf_release(&content);
    errno = error;
    return result;
}

int state_begin_journal(struct state *state, struct diag *diag)
{
    struct buf header = BUF_EMPTY;
    journal_add_header(&header, state->snapshot_id);
    int result = inside_replace(state->folder, STATE_JOURNAL, buf_slice(&header));
    buf_release(&header);
    if (result != 0) {
        return state_folder_report(state->path, "write", STATE_JOURNAL, diag);
    }
    state_close_journal(state);
    state->journal_id = state->snapshot_id;
    state->journal_bytes = JOURNAL_HEADER_BYTES;
    state->is_older = false;
    state->journal = inside_open(state->folder, STATE_JOURNAL, O_RDWR);
    return state->journal >= 0 ? 0 : state_folder_report(state->path, "open", STATE_JOURNAL, diag);
}

int state_open_journal(struct state *state, struct diag *diag)
{
    state_close_journal(state);
    if (state->journal_bytes == 0) {
        state->is_new = state->snapshot_id == 0;
        return state_begin_journal(state, diag);
    }
    state->is_unsynced = true; /* nobody knows how the one before ended */
    state->journal = inside_open(state->folder, STATE_JOURNAL, O_RDWR);
    if (state->journal < 0 && errno == EMLINK && separate_journal(state) == 0) {
        state->journal = inside_open(state->folder, STATE_JOURNAL, O_RDWR);
    }
    if (state->journal < 0) {
        return state_folder_report(state->path, "open", STATE_JOURNAL, diag);
    }
    struct file_stat stat;
    if (file_stat_fd(state->journal, &stat) != 0 ||
        (stat.size > state->journal_bytes &&
         disk->truncate(state->journal, (off_t)state->journal_bytes) != 0)) {
        return state_folder_report(state->path, "cut off the torn end of", STATE_JOURNAL, diag);
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
        ssize_t part = disk->write_at(state->journal, pending->at + done, pending->len - done,
                                      (off_t)(state->journal_bytes + done));
        if (part > 0) {
            done += (size_t)part;
            continue;
        }
        if (part < 0 && errno == EINTR) {
            continue;
        }
        errno = part == 0 ? ENOSPC : errno;
        state_folder_report(state->path, "write", STATE_JOURNAL, diag);
        /* Should this fail, too, the next write begins at the same place. */
        (void)!disk->truncate(state->journal, (off_t)state->journal_bytes);
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
    if (state->is_older || journal_was_removed(state)) {
        return state_compact(state, diag); /* nothing in memory was lost: write it all again */
    }
    if (state->journal < 0 && state_begin_journal(state, diag) != 0) {
        return -1;
    }
    state_spell_changes(state);
    return write_pending(state, diag);
}

/* Whoever made the folder or put a file into it may have been killed before it synced the name: then all
 * would be gone after a crash, and results would be taken as they stand. */
static int sync_names(struct state *state)
{
    if (state->has_synced_names) {
        return 0;
    }
    if (file_sync_folder(state->folder, ".") != 0) {
        return -1;
    }
    struct buf above = BUF_EMPTY;
    for (const char *at = state->path; at != NULL; at = strchr(at + 1, '/')) {
        buf_add_string(&above, above.len > 0 ? "/.." : "..");
        (void)file_sync_folder(state->folder, above.at); /* it may be somebody else's */
    }
    buf_release(&above);
    state->has_synced_names = true;
    return 0;
}

/* A sync that failed says so once: the kernel may drop what it couldn't write, and the next sync succeeds without
 * it (fsync(2)). So all is written anew, into other files. */
int state_sync(struct state *state, struct diag *diag)
{
    if (state->mode == STATE_JOB) {
        return state_write_job(state, true, diag);
    }
    if (state_flush(state, diag) != 0) {
        return -1;
    }
    if (state->is_unsynced && state->journal >= 0 && disk->sync_data(state->journal) != 0) {
        int error = errno;
        struct diag unseen;
        diag_init(&unseen);
        int result = state_compact(state, &unseen);
        diag_release(&unseen);
        errno = error;
        return result == 0 ? 0 : state_folder_report(state->path, "sync", STATE_JOURNAL, diag);
    }
    state->is_unsynced = false;
    return sync_names(state) == 0 ? 0 : state_folder_report(state->path, "sync", ".", diag);
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
    int result = inside_replace(state->folder, STATE_SNAPSHOT, buf_slice(&content));
    size_t bytes = content.len;
    if (result != 0) {
        result = state_folder_report(state->path, "write", STATE_SNAPSHOT, diag);
    }
    buf_release(&content);
    if (result != 0) {
        return -1;
    }
    state->snapshot_id = identity.id;
    state->snapshot_bytes = bytes;
    state->changes.count = 0;
    state->is_unsynced = false;
    forget_pending(state);
    if (state->journal < 0) {
        state->journal_id = state->snapshot_id;
        state->journal_bytes = 0;
    }
    /* Should this fail, the old journal can still be continued: the snapshot says up to where it
     * contains it. */
    return state_begin_journal(state, diag);
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
