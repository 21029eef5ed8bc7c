/* Records of a job, written to the inbox. */
#include "inbox_files.h"
#include "inside.h"
#include "journal.h"
#include "state_inner.h"
#include "world.h"

enum { MOST_FILES = 256 }; /* of an attempt, before they become one */

static const int64_t COST_SHARE = 10; /* of its time, a job spends no more than this part writing */

int state_begin_job(struct state *state, struct diag *diag)
{
    struct inbox_writer *writer = &state->inbox;
    if (state->folder < 0) {
        return diag_state_error(diag, FINDING_NOTHING_SUBMITTED,
                                "there is no `%s` here: nothing was submitted from this project",
                                state->path);
    }
    writer->folder = inside_folder(state->folder, STATE_INBOX, true);
    if (writer->folder < 0) {
        return state_folder_report(state->path, "open", STATE_INBOX, diag);
    }
    writer->attempt = inbox_begin_attempt(writer->folder, state->attempt);
    if (writer->attempt == 0) {
        return state_folder_report(state->path, "write to", STATE_INBOX, diag);
    }
    state->journal_id = inbox_journal_id(slice_of(state->attempt->token));
    return 0;
}

static int write_file(struct state *state, struct slice records, struct diag *diag)
{
    struct inbox_writer *writer = &state->inbox;
    struct buf content = BUF_EMPTY;
    journal_add_header(&content, state->journal_id);
    buf_add_slice(&content, records);
    int result = inbox_write(writer->folder, state->attempt, writer->attempt, writer->files + 1,
                             buf_slice(&content));
    writer->files += result == 0;
    if (result != 0) {
        state_folder_report(state->path, "write to", STATE_INBOX, diag);
    }
    buf_release(&content);
    return result;
}

/* Users may have but so many files. Those that were gathered stay until the next time: whoever
 * lists them just now may not see the one that has their records. A writer who has taken them
 * already finds these once more, which changes nothing: whatever came later is in a later file. */
static int gather_files(struct state *state, struct diag *diag)
{
    struct inbox_writer *writer = &state->inbox;
    uint64_t last = writer->files;
    if (last - writer->begun_at < MOST_FILES) {
        return 0;
    }
    if (write_file(state, buf_slice(&writer->ungathered), diag) != 0) {
        return -1;
    }
    for (uint64_t file = writer->gathered_from + 1; file <= writer->gathered_to; file++) {
        inbox_remove(writer->folder, state->attempt, writer->attempt, file);
    }
    writer->gathered_from = writer->begun_at;
    writer->gathered_to = last;
    writer->begun_at = writer->files;
    buf_clear(&writer->ungathered);
    return 0;
}

void state_guard_job(struct state *state, bool (*stands)(const void *context), const void *context)
{
    state->inbox.stands = stands;
    state->inbox.context = context;
}

bool state_is_superseded(const struct state *state)
{
    return state->inbox.is_superseded;
}

/* Said once; afterwards there is nothing to record. */
static int end_records(struct state *state, struct diag *diag)
{
    state->changes.count = 0;
    buf_clear(&state->pending);
    if (state->inbox.is_superseded) {
        return -1;
    }
    state->inbox.is_superseded = true;
    return diag_state_error(diag, FINDING_NOTHING_TO_DO,
                            "the scheduler has started this job again elsewhere: what ran here is "
                            "ended, and not recorded");
}

int state_check_job(struct state *state, struct diag *diag)
{
    const struct inbox_writer *writer = &state->inbox;
    bool stands =
        !writer->is_superseded && (writer->stands == NULL || writer->stands(writer->context));
    return stands ? 0 : end_records(state, diag);
}

int state_write_job(struct state *state, bool at_once, struct diag *diag)
{
    struct inbox_writer *writer = &state->inbox;
    int64_t begun = world->monotonic_ns();
    if ((state->changes.count == 0 && state->pending.len == 0) ||
        (!at_once && !writer->is_urgent && begun < writer->free_at_ns)) {
        return 0;
    }
    if (state_check_job(state, diag) != 0) {
        return -1;
    }
    state_spell_changes(state);
    int result = write_file(state, buf_slice(&state->pending), diag);
    if (result == 0) {
        writer->is_urgent = false;
        buf_add_slice(&writer->ungathered, buf_slice(&state->pending));
        buf_clear(&state->pending);
        result = gather_files(state, diag);
    }
    int64_t ended = world->monotonic_ns();
    writer->free_at_ns = ended + COST_SHARE * (ended - begun);
    return result;
}
