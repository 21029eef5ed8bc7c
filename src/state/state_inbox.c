/* Records of jobs, taken in from the inbox. */
#include "disk.h"
#include "file.h"
#include "inbox_files.h"
#include "inside.h"
#include "journal.h"
#include "state_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const size_t LARGEST_FILE = (size_t)1 << 32;

/* A file of records that counts, or doesn't. */
struct inbox_item {
    struct inbox_file file;
    size_t submission; /* its place; SIZE_MAX: it doesn't count */
    bool is_damaged;
};

/* What is found in the inbox. */
struct harvest {
    struct state *state;
    int folder;
    const struct inbox_names *names;
    void *registered;
    VEC(struct inbox_item) items;
    struct buf records; /* of all files that count, one after the other */
    struct offset_list offsets;
    struct diag *diag;
    bool lenient;
};

struct inbox_names state_list_inbox(const struct state *state)
{
    struct inbox_names names;
    int folder = inside_folder(state->folder, STATE_INBOX, false);
    inbox_list_at(&names, folder);
    if (folder >= 0) {
        disk->close(folder);
    }
    return names;
}

static size_t place_of(const struct harvest *harvest, const struct inbox_file *file)
{
    size_t place;
    bool counts =
        harvest->state->registry->counts(harvest->registered, file->token, file->element, &place) &&
        !inbox_is_past(harvest->names, file);
    return counts ? place : SIZE_MAX;
}

static int order_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int order(const void *a, const void *b)
{
    const struct inbox_item *left = a;
    const struct inbox_item *right = b;
    int result = order_numbers(left->submission, right->submission);
    result = result != 0 ? result : order_numbers(left->file.element, right->file.element);
    result = result != 0 ? result : order_numbers(left->file.attempt, right->file.attempt);
    return result != 0 ? result : order_numbers(left->file.number, right->file.number);
}

static void list_items(struct harvest *harvest)
{
    for (uint32_t i = 0; i < harvest->names->all.count; i++) {
        struct inbox_item item = {.submission = SIZE_MAX};
        if (inbox_parse_name(intern_name(&harvest->names->all, i), &item.file)) {
            item.submission = place_of(harvest, &item.file);
            vec_push(&harvest->items, item);
        }
    }
    if (harvest->items.count > 0) {
        qsort(harvest->items.at, harvest->items.count, sizeof *harvest->items.at, order);
    }
}

static void warn(const struct harvest *harvest, const struct inbox_file *file, const char *what)
{
    struct buf name = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    buf_addf(&name, STATE_INBOX "/%s", file->name.at);
    state_folder_add_path(harvest->state->path, buf_string(&name), &path);
    diag_warning(harvest->diag, FINDING_RECORDS_UNREADABLE, "%s, the records of a job: %s",
                 buf_string(&path), what);
    buf_release(&name);
    buf_release(&path);
}

static void take_record(struct harvest *harvest, struct slice journal, size_t offset, size_t end)
{
    vec_push(&harvest->offsets.all, harvest->records.len);
    buf_add(&harvest->records, journal.at + offset, end - offset);
}

/* Takes every good record, also after damaged ones. Says how many bytes aren't records. */
static size_t take_records(struct harvest *harvest, struct slice journal, uint64_t id)
{
    size_t offset = JOURNAL_HEADER_BYTES;
    size_t lost = 0;
    while (offset < journal.len) {
        struct journal_record record;
        size_t next = offset;
        if (journal_next(journal, id, &next, &record) &&
            state_can_replay(harvest->state, &record)) {
            take_record(harvest, journal, offset, next);
        } else {
            next = offset;
            next = journal_find(journal, id, &next) ? next : journal.len;
            lost += next - offset;
        }
        offset = next;
    }
    return lost;
}

static void take_journal(struct harvest *harvest, struct inbox_item *item, struct slice journal)
{
    uint64_t id;
    bool is_torn;
    const char *wrong = journal_read_header(journal, &id, &is_torn);
    if (wrong == NULL && !is_torn && id != inbox_journal_id(item->file.token)) {
        wrong = "it belongs to another submission";
    }
    if (wrong == NULL && (is_torn || journal.len == JOURNAL_HEADER_BYTES)) {
        wrong = "it was cut off"; /* nobody writes a file without records */
    }
    if (wrong == NULL && take_records(harvest, journal, id) > 0) {
        wrong = "a part of it can't be read; the rest counts";
    }
    if (wrong != NULL) {
        item->is_damaged = true;
        warn(harvest, &item->file, wrong);
    }
}

/* No job makes anything but regular files: what else has such a name was planted. */
static int refuse(const struct harvest *harvest, const struct inbox_item *item)
{
    struct buf name = BUF_EMPTY;
    int error = errno;
    buf_addf(&name, STATE_INBOX "/%s", item->file.name.at);
    errno = error;
    int result =
        state_folder_report(harvest->state->path, "read", buf_string(&name), harvest->diag);
    buf_release(&name);
    return result;
}

/* 0; 1: a file is gone, so somebody has taken it into the journal. */
static int read_items(struct harvest *harvest)
{
    struct buf content = BUF_EMPTY;
    int result = 0;
    vec_each (struct inbox_item, item, &harvest->items) {
        if (item->submission == SIZE_MAX) {
            continue;
        }
        buf_clear(&content);
        if (inside_read(harvest->folder, item->file.name.at, LARGEST_FILE, &content) == 0) {
            take_journal(harvest, item, buf_slice(&content));
            continue;
        }
        int error = errno;
        struct file_stat stat;
        bool is_gone = (error == ENOENT || error == ESTALE) &&
                       file_lstat(harvest->folder, item->file.name.at, &stat) == 0 &&
                       stat.kind == FILE_MISSING;
        if (is_gone || error == ESTALE) {
            result = 1;
            break;
        }
        if (inside_is_refusal(error) && !harvest->lenient) {
            errno = error;
            result = refuse(harvest, item);
            break;
        }
        warn(harvest, &item->file, inside_error(error));
        item->submission = SIZE_MAX; /* neither counted nor deleted */
        item->is_damaged = true;
    }
    buf_release(&content);
    return result;
}

/* ---- Moving into the journal ---- */

static void keep_damaged(const struct harvest *harvest, const struct inbox_item *item)
{
    struct buf name = BUF_EMPTY;
    buf_addf(&name, "%s.damaged", item->file.name.at);
    if (disk->rename(harvest->folder, item->file.name.at, harvest->folder, buf_string(&name), 0) !=
        0) {
        warn(harvest, &item->file, strerror(errno));
    }
    buf_release(&name);
}

/* Where an element was begun more than once, later records than these can't be older ones. */
static void end_past_attempts(const struct harvest *harvest)
{
    for (size_t i = 0; i < harvest->items.count; i++) {
        const struct inbox_item *item = &harvest->items.at[i];
        if (item->submission != SIZE_MAX && item->file.attempt > 1) {
            (void)inbox_make_past(harvest->folder, &item->file);
        }
    }
}

static void delete_items(const struct harvest *harvest)
{
    end_past_attempts(harvest);
    vec_each (const struct inbox_item, item, &harvest->items) {
        if (item->is_damaged && item->submission != SIZE_MAX) {
            keep_damaged(harvest, item);
        } else if (!item->is_damaged) {
            (void)disk->unlink(harvest->folder, item->file.name.at, 0);
        }
    }
    (void)disk->sync(harvest->folder); /* else they could come back after newer records */
}

static int take_over(struct harvest *harvest)
{
    struct state *state = harvest->state;
    bool writes = state->mode == STATE_WRITE;
    int result = 0;
    state_spell_changes(state);
    state_replay(state, buf_slice(&harvest->records), &harvest->offsets, writes);
    if (writes) {
        result = state_sync(state, harvest->diag);
        if (result == 0) {
            delete_items(harvest);
        }
    }
    return result;
}

/* A registry that can't be read is the caller's to complain about where it matters. */
static void *read_registry(const struct state *state, bool lenient, struct diag *diag)
{
    const struct inbox_registry *registry = state->registry;
    struct diag unseen;
    diag_init(&unseen);
    void *read =
        registry->read(registry->context, state->folder, state->path, lenient ? &unseen : diag);
    diag_release(&unseen);
    return read;
}

static bool has_records(const struct inbox_names *names)
{
    struct inbox_file file;
    for (uint32_t i = 0; i < names->all.count; i++) {
        if (inbox_parse_name(intern_name(&names->all, i), &file)) {
            return true;
        }
    }
    return false;
}

int state_merge_inbox(struct state *state, const struct inbox_names *names, bool lenient,
                      struct diag *diag)
{
    if (state->registry == NULL || !has_records(names)) {
        return 0;
    }
    struct harvest harvest = {.state = state, .names = names, .diag = diag, .lenient = lenient};
    harvest.folder = inside_folder(state->folder, STATE_INBOX, false);
    if (harvest.folder < 0) {
        return 1;
    }
    int result = lenient ? 0 : -1; /* where nobody knows what counts, all stays where it is */
    harvest.registered = read_registry(state, lenient, diag);
    if (harvest.registered != NULL) {
        list_items(&harvest);
        result = read_items(&harvest);
    }
    if (result == 0) {
        result = take_over(&harvest);
    }
    disk->close(harvest.folder);
    if (harvest.registered != NULL) {
        state->registry->release(harvest.registered);
    }
    vec_release(&harvest.items);
    vec_release(&harvest.offsets.all);
    buf_release(&harvest.records);
    return result;
}
