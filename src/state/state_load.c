/* Reading a state: the snapshot, the journal, and what is done where one of them is unreadable. */
#include "file.h"
#include "inside.h"
#include "journal.h"
#include "state_inner.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

enum {
    READ_TRIES = 50, /* a reader meets a writer that compacts */
    READ_TRY_MS = 10,
    HUGE_PAGE = 2 * 1024 * 1024,
};

#define MEND                                                                                       \
    "use `rowbuild --adopt` to adopt the existing products as they are (the unreadable files are " \
    "kept), or restore it from a backup"

enum load_result { LOAD_DONE, LOAD_UNREADABLE, LOAD_AGAIN };

/* What went wrong while loading. */
struct load_trouble {
    const char *file;
    const char *what;
    size_t lost_from; /* a damaged part of the journal, not just a torn tail */
    size_t lost_bytes;
};

static void start_anew(struct state *state)
{
    state_release_rows(state);
    state_init_rows(state);
    state->snapshot_id = 0;
    state->snapshot_bytes = 0;
    state->journal_id = 0;
    state->journal_bytes = 0;
    state->is_older = false;
}

/* Large reads go three times faster into huge pages. */
static void reserve_huge(struct buf *buf, size_t bytes)
{
    buf_reserve(buf, bytes);
    uintptr_t first = ((uintptr_t)buf->at + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = ((uintptr_t)buf->at + buf->capacity) / HUGE_PAGE * HUGE_PAGE;
    if (end > first) {
        (void)madvise(buf->at + (first - (uintptr_t)buf->at), end - first, MADV_HUGEPAGE);
    }
}

/* 1: read; 0: there is none; -1 with errno. */
static int read_whole(const struct state *state, const char *name, struct buf *out)
{
    struct file_stat stat;
    if (file_lstat(state->folder, name, &stat) != 0) {
        return -1;
    }
    if (stat.kind == FILE_MISSING) {
        return 0;
    }
    if (stat.kind == FILE_DIRECTORY) {
        errno = EISDIR;
        return -1;
    }
    reserve_huge(out, stat.size);
    if (inside_read(state->folder, name, SIZE_MAX / 4, out) == 0) {
        return 1;
    }
    return errno == ENOENT ? 0 : -1;
}

/* Adds the names that records mention, all at once: widening the table for each would be slow. */
static void widen_for_records(struct state *state, struct slice journal,
                              const struct offset_list *offsets)
{
    struct intern directories;
    struct intern columns;
    struct intern actions;
    intern_init(&directories);
    intern_init(&columns);
    intern_init(&actions);
    vec_each (size_t, offset, &offsets->all) {
        struct journal_record record;
        journal_again(journal, *offset, &record);
        if (record.type == JOURNAL_TEXT || record.directory.len == 0) {
            continue;
        }
        intern_add(&directories, record.directory);
        intern_add(record.type == JOURNAL_FILE ? &columns : &actions, record.name);
    }
    if (directories.count > 0) {
        struct slice *sorted = mem_grow(NULL, directories.count, sizeof *sorted);
        memcpy(sorted, directories.names, directories.count * sizeof *sorted);
        qsort(sorted, directories.count, sizeof *sorted, rowtable_name_order);
        rowtable_widen(&state->table, sorted, directories.count, columns.names, columns.count,
                       actions.names, actions.count);
        free(sorted);
    }
    intern_release(&directories);
    intern_release(&columns);
    intern_release(&actions);
}

static void replay_task(struct state *state, const struct journal_record *record,
                        struct task_row *place)
{
    task_record_read(&record->task, place);
    place->origin = record->origin;
    if (record->task.shape == TASK_RECORD_NO_SHAPE) {
        return;
    }
    const struct shape *shape = shapes_add_key(&state->shapes, record->shape_key);
    struct digest *digests = arena_array(&state->table.memory, shape->count, sizeof *digests);
    memcpy(digests, record->digests, shape->count * sizeof *digests);
    place->good = (struct components){shape, digests, shape->count};
}

/* Puts the row in its place: *change, which is false for a text that is known. */
static bool replay_record(struct state *state, const struct journal_record *record,
                          size_t *last_directory, struct change *change)
{
    struct rowtable *table = &state->table;
    if (record->type == JOURNAL_TEXT) {
        int64_t number = textstore_put(&state->texts, record->text_digest, record->text);
        *change = (struct change){CHANGE_TEXT, (size_t)number};
        return number >= 0;
    }
    if (record->directory.len == 0) {
        if (record->type == JOURNAL_FILE) {
            size_t number = rowtable_other_file(table, record->name); /* may move the rows */
            table->other_files.at[number] = record->file;
            *change = (struct change){CHANGE_OTHER_FILE, number};
        } else {
            size_t number = rowtable_other_task(table, record->name);
            replay_task(state, record, &table->other_tasks.at[number]);
            *change = (struct change){CHANGE_OTHER_TASK, number};
        }
        return true;
    }
    size_t directory = *last_directory;
    if (!slice_equal(table->directories.at[directory], record->directory)) {
        directory = rowtable_directory(table, record->directory);
        *last_directory = directory;
    }
    if (record->type == JOURNAL_FILE) {
        size_t column = rowtable_column(table, record->name);
        size_t place = directory * table->columns.count + column;
        table->files[place] = record->file;
        *change = (struct change){CHANGE_FILE, place};
    } else {
        size_t action = rowtable_action(table, record->name);
        size_t place = directory * table->actions.count + action;
        replay_task(state, record, &table->tasks[place]);
        *change = (struct change){CHANGE_TASK, place};
    }
    return true;
}

void state_replay(struct state *state, struct slice records, const struct offset_list *offsets,
                  bool notes_changes)
{
    struct journal_record record;
    struct change change;
    size_t last_directory = 0;
    widen_for_records(state, records, offsets);
    vec_each (size_t, at, &offsets->all) {
        journal_again(records, *at, &record);
        if (replay_record(state, &record, &last_directory, &change) && notes_changes) {
            vec_push(&state->changes, change);
        }
    }
}

bool state_can_replay(struct state *state, const struct journal_record *record)
{
    if (record->type != JOURNAL_TASK || record->task.shape == TASK_RECORD_NO_SHAPE) {
        return true;
    }
    const struct shape *shape = shapes_add_key(&state->shapes, record->shape_key);
    return shape != NULL && shape->count == record->digest_count;
}

static void replay(struct state *state, struct slice journal, size_t offset,
                   struct load_trouble *trouble)
{
    struct offset_list offsets = {0};
    struct journal_record record;
    size_t next = offset;
    while (journal_next(journal, state->journal_id, &next, &record) &&
           state_can_replay(state, &record)) {
        vec_push(&offsets.all, offset);
        offset = next;
    }
    state->journal_bytes = offset;
    if (offset < journal.len && journal_goes_on(journal, state->journal_id, offset)) {
        trouble->lost_from = offset;
        trouble->lost_bytes = journal.len - offset;
    }
    state_replay(state, journal, &offsets, false);
    vec_release(&offsets.all);
}

static enum load_result fail(enum load_result result, struct load_trouble *trouble,
                             const char *file, const char *what)
{
    trouble->file = file;
    trouble->what = what;
    return result;
}

static enum load_result load_journal(struct state *state, struct slice journal,
                                     const struct snapshot_identity *identity,
                                     struct load_trouble *trouble)
{
    bool is_torn;
    uint64_t id;
    const char *wrong = journal_read_header(journal, &id, &is_torn);
    if (wrong != NULL) {
        return fail(LOAD_UNREADABLE, trouble, STATE_JOURNAL, wrong);
    }
    if (is_torn) { /* it is put in place whole */
        return fail(LOAD_UNREADABLE, trouble, STATE_JOURNAL,
                    journal.len == 0 ? "it is empty" : "it ends within its header");
    }
    size_t from = JOURNAL_HEADER_BYTES;
    if (id != identity->id) {
        if (identity->id == 0 || id != identity->contained_journal) {
            return fail(LOAD_AGAIN, trouble, STATE_JOURNAL,
                        "it doesn't belong to the snapshot beside it");
        }
        /* A compaction was cut off before the new journal was there: the old one is continued
         * after what the snapshot contains, even where that part was lost with the machine's
         * power. */
        if (identity->contained_bytes > from) {
            from = identity->contained_bytes;
        }
    }
    state->journal_id = id;
    state->is_older = journal_is_older(journal);
    replay(state, journal, from, trouble);
    wrong = trouble->lost_bytes == 0 ? state_why_records_are_missed(state) : NULL;
    /* or a run has begun its first tasks since the journal was read */
    return wrong != NULL ? fail(LOAD_AGAIN, trouble, STATE_JOURNAL, wrong) : LOAD_DONE;
}

/* A folder that was never used has no journal, and one that was has lost it, unless (AGAIN) a
 * writer is about to remove all. */
static enum load_result miss_journal(const struct state *state,
                                     const struct snapshot_identity *identity,
                                     struct load_trouble *trouble)
{
    const char *wrong = state_why_journal_is_missed(state, identity);
    return wrong != NULL ? fail(LOAD_AGAIN, trouble, STATE_JOURNAL, wrong) : LOAD_DONE;
}

static enum load_result load_once(struct state *state, struct load_trouble *trouble)
{
    struct snapshot_identity identity = {0};
    struct buf journal = BUF_EMPTY;
    enum load_result result = LOAD_DONE;
    *trouble = (struct load_trouble){0};
    errno = 0;
    start_anew(state);
    int found = read_whole(state, STATE_SNAPSHOT, &state->snapshot);
    if (found < 0) {
        result = fail(LOAD_UNREADABLE, trouble, STATE_SNAPSHOT, inside_error(errno));
        goto out;
    }
    if (found > 0) {
        const char *wrong = snapshot_read(&state->snapshot, &state->table, &state->shapes,
                                          &state->texts, &identity);
        if (wrong != NULL) {
            result = fail(LOAD_UNREADABLE, trouble, STATE_SNAPSHOT, wrong);
            goto out;
        }
        state->snapshot_id = identity.id;
        state->snapshot_bytes = state->snapshot.len;
        state->journal_id = identity.id;
    }
    found = read_whole(state, STATE_JOURNAL, &journal);
    if (found < 0) {
        result = fail(LOAD_UNREADABLE, trouble, STATE_JOURNAL, inside_error(errno));
    } else if (found > 0) {
        result = load_journal(state, buf_slice(&journal), &identity, trouble);
    } else {
        result = miss_journal(state, &identity, trouble);
    }
out:
    if (result == LOAD_UNREADABLE && errno == ESTALE) {
        result = LOAD_AGAIN;
    }
    buf_release(&journal);
    return result;
}

/* Renames to the first free of "NAME.unreadable", "NAME.unreadable-2", … A missing file is fine. */
static int rename_unreadable(const struct state *state, const char *name, struct diag *diag)
{
    for (int number = 1;; number++) {
        char to[64];
        if (number == 1) {
            snprintf(to, sizeof to, "%s.unreadable", name);
        } else {
            snprintf(to, sizeof to, "%s.unreadable-%d", name, number);
        }
        if (file_rename_new(state->folder, name, to) == 0) {
            struct buf old = BUF_EMPTY;
            state_folder_add_path(state->path, name, &old);
            diag_warning(diag, FINDING_STATE_UNUSABLE, "%s couldn't be read and was renamed to %s",
                         buf_string(&old), to);
            buf_release(&old);
            return 0;
        }
        if (errno == ENOENT) {
            return 0;
        }
        if (errno != EEXIST) {
            return state_folder_report(state->path, "rename", name, diag);
        }
    }
}

static int discard(struct state *state, struct diag *diag)
{
    start_anew(state);
    if (state->mode != STATE_WRITE) {
        return 0;
    }
    return rename_unreadable(state, STATE_SNAPSHOT, diag) == 0 &&
                   rename_unreadable(state, STATE_JOURNAL, diag) == 0
               ? 0
               : -1;
}

/* Keeps the bytes that the writer is about to cut off. */
static int keep_lost_part(const struct state *state, const struct load_trouble *trouble,
                          struct diag *diag)
{
    struct buf journal = BUF_EMPTY;
    int result = -1;
    if (read_whole(state, STATE_JOURNAL, &journal) != 1 || journal.len < trouble->lost_from) {
        state_folder_report(state->path, "read", STATE_JOURNAL, diag);
        goto out;
    }
    struct slice lost =
        slice_make(journal.at + trouble->lost_from, journal.len - trouble->lost_from);
    for (int number = 1;; number++) {
        char name[64];
        struct file_stat stat;
        snprintf(name, sizeof name, "%s.damaged-%d", STATE_JOURNAL, number);
        if (file_lstat(state->folder, name, &stat) == 0 && stat.kind != FILE_MISSING) {
            continue;
        }
        result = inside_replace(state->folder, name, lost);
        if (result != 0) {
            state_folder_report(state->path, "write", name, diag);
        }
        break;
    }
out:
    buf_release(&journal);
    return result;
}

/* Records in the middle that can't be read are work that would be done again, or worse: products
 * that would be taken for what they aren't. */
static int tell_loss(const struct state *state, const struct load_trouble *trouble, bool forgets,
                     struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    state_folder_add_path(state->path, STATE_JOURNAL, &path);
    buf_addf(&path, " is damaged: %zu bytes from byte %zu on can't be read", trouble->lost_bytes,
             trouble->lost_from);
    if (forgets) {
        diag_warning(diag, FINDING_STATE_UNUSABLE, "%s; the records in them are lost",
                     buf_string(&path));
    } else {
        diag_state_error(diag, FINDING_STATE_UNUSABLE, "%s; " MEND, buf_string(&path));
    }
    buf_release(&path);
    if (!forgets) {
        return -1;
    }
    return state->mode == STATE_WRITE ? keep_lost_part(state, trouble, diag) : 0;
}

int state_load(struct state *state, bool discard_unreadable, struct diag *diag)
{
    struct load_trouble trouble;
    enum load_result result = load_once(state, &trouble);
    for (int i = 0; result == LOAD_AGAIN && state->mode != STATE_WRITE && i < READ_TRIES; i++) {
        world->pause(READ_TRY_MS * INT64_C(1000000));
        result = load_once(state, &trouble);
    }
    if (result != LOAD_DONE && discard_unreadable) {
        return discard(state, diag);
    }
    if (result != LOAD_DONE) {
        struct buf path = BUF_EMPTY;
        state_folder_add_path(state->path, trouble.file, &path);
        diag_state_error(diag, FINDING_STATE_UNUSABLE, "%s can't be used: %s; " MEND,
                         buf_string(&path), trouble.what);
        buf_release(&path);
        return -1;
    }
    return trouble.lost_bytes > 0 ? tell_loss(state, &trouble, discard_unreadable, diag) : 0;
}
