/* Whether records must have been made in a folder whose journal is missing or holds none.
 *
 * A writer puts the journal in place before anything else, and takes it away last. A run syncs the
 * records of all that it is to start before it makes `logs`. So no crash leaves `logs` or a
 * snapshot without it: somebody else removed it. Earlier versions made the journal together with
 * the first record. They could leave the first snapshot without a journal, an empty `logs` beside
 * the table of the run that had just made it, and the logs of jobs whose registration, which had no
 * checksum then, was all there was. The inbox doesn't count: jobs that were forgotten may still
 * write there. */
#include "file.h"
#include "journal.h"
#include "state_inner.h"

#define SLOT_PREFIX ".slot-"

struct traces {
    bool has_logs;     /* the folder is there… */
    bool has_slots;    /* …with output of tasks that a run had begun (names of jobs differ)… */
    bool has_outputs;  /* …with output of tasks that ended… */
    bool has_entries;  /* …with anything */
    bool has_running;  /* the table of a run that still runs or was killed */
    bool has_inbox;    /* jobs have been here */
    size_t checked;    /* registrations with a checksum */
    size_t registered; /* all of them */
};

static bool exists(const struct state *state, const char *name)
{
    struct file_stat stat;
    return file_lstat(state->folder, name, &stat) == 0 && stat.kind != FILE_MISSING;
}

static bool is_slot(struct slice name)
{
    size_t prefix = strlen(SLOT_PREFIX);
    return name.len > prefix && slice_starts_with(name, SLOT_PREFIX) &&
           strspn(name.at + prefix, "0123456789") == name.len - prefix;
}

static int take_log(void *context, const char *name, size_t len, bool is_directory)
{
    struct traces *traces = context;
    (void)is_directory;
    traces->has_entries = true;
    traces->has_outputs = traces->has_outputs || name[0] != '.';
    traces->has_slots = traces->has_slots || is_slot(slice_make(name, len));
    return 0;
}

static struct traces find_traces(const struct state *state)
{
    struct traces traces = {
        .has_logs = exists(state, STATE_LOGS),
        .has_running = exists(state, STATE_RUNNING),
        .has_inbox = exists(state, STATE_INBOX),
    };
    if (traces.has_logs) {
        (void)file_list(state->folder, STATE_LOGS, take_log, &traces);
    }
    if (state->registry != NULL) {
        state->registry->count(state->folder, &traces.registered, &traces.checked);
    }
    return traces;
}

const char *state_why_journal_is_missed(const struct state *state,
                                        const struct snapshot_identity *identity)
{
    struct traces traces = find_traces(state);
    if (state_has_rows(state, false) && identity->contained_bytes > 0) {
        return "it is missing, although `" STATE_SNAPSHOT "` beside it shows that it was written";
    }
    bool has_run = traces.has_logs && (traces.has_entries || !traces.has_running);
    if ((has_run && traces.checked == traces.registered) ||
        (traces.has_running && traces.has_slots)) {
        return "it is missing, although `" STATE_LOGS "` beside it shows that tasks have run";
    }
    return NULL;
}

const char *state_why_records_are_missed(const struct state *state)
{
    if (state_has_rows(state, true)) {
        return NULL;
    }
    struct traces traces = find_traces(state);
    if (traces.has_running && traces.has_slots) {
        return "it has lost the records of the tasks that were running when rowbuild was killed";
    }
    bool is_new = state->snapshot_id == 0 && state->journal_bytes == JOURNAL_HEADER_BYTES;
    if (is_new && traces.has_outputs && !traces.has_inbox && traces.registered == 0) {
        return "it holds no records, although `" STATE_LOGS "` beside it shows that tasks have run";
    }
    return NULL;
}

static int find_other(void *context, const char *name, size_t len, bool is_directory)
{
    struct slice entry = slice_make(name, len);
    (void)context;
    (void)is_directory;
    return !slice_is(entry, STATE_LOCK) && !slice_is(entry, STATE_JOURNAL) &&
           !slice_is(entry, STATE_SNAPSHOT) && !slice_starts_with(entry, FILE_TEMPORARY_PREFIX);
}

bool state_is_alone(const struct state *state)
{
    return file_list(state->folder, ".", find_other, NULL) == 0;
}
