/* Records apart from the state: what a job is handed, so that it reads no state, and what it hands on. */
#include "inbox_files.h"
#include "journal.h"
#include "state_inner.h"

enum { MOST_TEXT = 256 * 1024 }; /* of one job: folders of very many entries have long texts */

/* ---- Making ---- */

static bool add_text(const struct state *state, struct digest key, uint64_t id, size_t limit,
                     struct buf *out)
{
    struct slice text = state_text(state, key);
    if (text.at != NULL) {
        journal_add_text(out, id, key, text);
    }
    return out->len <= limit;
}

static bool has_text(enum component_kind kind)
{
    return kind == COMPONENT_RECIPE || kind == COMPONENT_VALUE || kind == COMPONENT_WHOLE ||
           kind == COMPONENT_ENTRIES || kind == COMPONENT_ATTEMPT;
}

/* Texts that a record refers to. */
static bool add_texts(const struct state *state, const struct task_row *row, uint64_t id,
                      size_t limit, struct buf *out)
{
    bool fits = add_text(state, row->origin, id, limit, out);
    for (size_t i = 0; i < row->good.count && fits; i++) {
        struct component component = components_at(&row->good, i);
        fits = !has_text(component.kind) || add_text(state, component.digest, id, limit, out);
    }
    return fits;
}

bool state_add_handed(const struct state *state, struct slice token,
                      const struct state_numbers *tasks, const struct state_numbers *files,
                      struct buf *out)
{
    uint64_t id = inbox_journal_id(token);
    size_t limit = out->len + MOST_TEXT;
    bool fits = true;
    journal_add_header(out, id);
    for (size_t i = 0; i < tasks->count && fits; i++) {
        fits = add_texts(state, state_task(state, tasks->at[i]), id, limit, out);
    }
    for (size_t i = 0; i < files->count; i++) {
        state_add_row(state, false, files->at[i], id, out);
    }
    for (size_t i = 0; i < tasks->count; i++) {
        state_add_row(state, true, tasks->at[i], id, out);
    }
    return fits;
}

/* ---- Taking ---- */

/* All of its bytes must be good: what is handed is whole, or isn't used. */
static bool take(struct state *state, struct slice journal)
{
    struct offset_list offsets = {0};
    size_t offset = JOURNAL_HEADER_BYTES;
    uint64_t id;
    bool is_torn;
    bool is_good = journal_read_header(journal, &id, &is_torn) == NULL && !is_torn;
    while (is_good && offset < journal.len) {
        struct journal_record record;
        size_t next = offset;
        is_good = journal_next(journal, id, &next, &record) && state_can_replay(state, &record);
        if (is_good) {
            vec_push(&offsets.all, offset);
        }
        offset = next;
    }
    if (is_good) {
        state_replay(state, journal, &offsets, false);
    }
    vec_release(&offsets.all);
    return is_good;
}

bool state_take_handed(struct state *state, const struct slice *handed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!take(state, handed[i])) {
            state_release_rows(state);
            state_init_rows(state);
            return false;
        }
    }
    return true;
}
