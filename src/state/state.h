/* What is remembered between runs: a snapshot, a journal, and the texts that explanations need.
 *
 * Knows: rows of files and tasks, by the names of directories, columns and actions; the formats on
 * disk; locks. Doesn't know: the graph, or when something is stale. Rows are laid out in the
 * numbering that the caller binds: files directory × columns + column, then the other files; tasks
 * directory × actions + action, then the other tasks. Rows of what is no longer bound are kept and
 * written back until state_forget_unbound.
 *
 * On disk, below the state folder: `state` (the snapshot, read in one pass), `journal`
 * (append-only, checksums; a torn tail is cut off by the next writer), `lock`, and `inbox/`, in
 * which jobs leave their records (inbox.h): readers add those to what they read, and a writer moves
 * them into the journal. No mapped files. All carry a version and a checksum, and the journal names
 * the snapshot it continues. */
#ifndef ROWBUILD_STATE_H
#define ROWBUILD_STATE_H

#include "diag.h"
#include "digest.h"
#include "observe.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One component of a fingerprint, or a product, as it was recorded. */
enum component_kind {
    COMPONENT_RECIPE = 'r',  /* name "" */
    COMPONENT_VALUE = 'v',   /* name: the directory; what counts of its value (value_inputs) */
    COMPONENT_MEMBER = 'm',  /* name: a directory of the group; digest is unused */
    COMPONENT_SKIPPED = 'x', /* name: a directory of the group that was left out, since a task
                                failed for it; digest is unused */
    COMPONENT_FILE = 'f',    /* name: a path; an input or an upstream product */
    COMPONENT_TASK = 'n',    /* name: key of an upstream task without products; its fingerprint */
    COMPONENT_PRODUCT = 'p', /* name: a path; not part of the fingerprint */
    COMPONENT_PATTERN = 'g', /* name: an input as it was listed; not part of the fingerprint */
    COMPONENT_BEFORE = 'b',  /* name: key of a task before by `previous_actions`, where which tasks
                                these are isn't plain; not part of the fingerprint */
    COMPONENT_STAMP = 's',   /* name: an empty product; the fingerprint of the success that made it;
                                not part of the fingerprint */
    COMPONENT_RULES = 'd',  /* name: what doesn't count of folders and `**`, by which the digests of
                                this record were made; none: earlier ones. Not part of the
                                fingerprint */
    COMPONENT_LINK = 'l',   /* name: a product that is a link to be written through; not part of the
                                fingerprint; COMPONENT_TARGET follows */
    COMPONENT_TARGET = 't', /* name: the absolute path that the link led to */
    COMPONENT_STAYS = 'k',  /* name: an entry of a folder product that the task didn't make; digest
                               of its stat when the task was last started. Not part of the
                               fingerprint */
    COMPONENT_OLD = 'o', /* name: a folder product of which a backup is to be deleted; its digest.
                               Not part of the fingerprint */
    COMPONENT_ENTRIES =
        'e', /* name: a folder product; key of a text that has the names of what it had.
                                A large folder has several. Not part of the fingerprint */
    COMPONENT_NAMED = 'i',   /* name: a path that the task's depfile named; an input */
    COMPONENT_DEPFILE = 'c', /* name "": what the depfile named is known. Not part of the
                                fingerprint */
    COMPONENT_ATTEMPT = 'a', /* name "": key of a text that says where and when the last attempt was
                                made, which is no success. Not part of the fingerprint */
    COMPONENT_TEMPORARY = 'u', /* name: a product or an input that was declared temporary when the
                                  task succeeded. Not part of the fingerprint */
    COMPONENT_FORMER =
        'h', /* name: a product that isn't one of the task any more, and its digest when
                                  it was made. Not part of the fingerprint */
    COMPONENT_WHOLE = 'w', /* name: the directory; digest of its whole value: a hint only */
};

/* Names that lie inside the task's own directory are written relative to it (`in_directory`; "" is
 * the directory itself), so that ten thousand directories share one shape. All others are written
 * from the project. Who makes the list decides; the state compares and stores what it is given. */
struct component {
    enum component_kind kind;
    bool in_directory;
    struct slice name;
    struct digest digest; /* DIGEST_UNKNOWN: not known (yet) */
};

/* The kinds and names of a list of components, without digests. Each distinct one exists once in a
 * state: equal lists have the same pointer. Owned by the state, valid until state_close. */
struct shape;

/* A list of components. What state_task hands out is owned by the state: the digests stay valid
 * until state_close. In what is put, `digests` is the caller's (copied) and `shape` is from
 * state_shape. An empty list may be all zero. */
struct components {
    const struct shape *shape;
    const struct digest *digests;
    size_t count;
};

struct component components_at(const struct components *components, size_t index);

enum task_success { SUCCESS_NONE, SUCCESS_RAN, SUCCESS_ADOPTED, SUCCESS_ACCEPTED };
enum task_attempt {
    ATTEMPT_NONE,       /* nothing since the success; or never ran */
    ATTEMPT_STARTED,    /* and no end was recorded: interrupted or still running */
    ATTEMPT_FAILED,     /* `attempt_status` says how */
    ATTEMPT_UNFINISHED, /* exit 0 without all products, row's contract or resumable */
    ATTEMPT_INTERRUPTED,
    ATTEMPT_CHANGED, /* the success stands on an input that changed while it ran */
};

/* A task's record. All zero: rowbuild has no record of the task at all; `is_known` says
 * otherwise. */
struct task_row {
    bool is_known;
    uint8_t success;           /* enum task_success */
    uint8_t attempt;           /* enum task_attempt: what came after the success */
    bool is_backed_up;         /* the good products may lie in their hidden siblings */
    bool is_forgotten;         /* by clean, all but that its last attempt failed or was killed */
    bool has_old_backup;       /* what lies there belongs to an earlier success: to be deleted */
    int32_t attempt_status;    /* exit status, or 256 + signal */
    struct components good;    /* components and products of the last success */
    struct digest fingerprint; /* of the last success */
    struct digest attempt_fingerprint;
    struct digest origin;   /* of the last success: key of the text (state_text) that says in which
                               run it was recorded; DIGEST_UNKNOWN: nobody knows */
    int64_t started_at_ns;  /* of the last success, by the same clock as its end; 0: not known */
    int64_t finished_at_ns; /* the file system's time when the success was recorded */
    double duration_s;      /* of the last success; 0 if adopted */
    double cpu_s;
    uint64_t peak_rss_bytes; /* 0: not known */
    uint16_t cores;          /* asked for */
    uint16_t demand;         /* cores that it could have used, in tenths (advice.h); 0: not known */
};

struct state_layout {
    const struct slice *directories; /* sorted by bytes */
    size_t directory_count;
    const struct slice *columns; /* file names inside a directory */
    size_t column_count;
    const struct slice *actions; /* names of directory-scope actions */
    size_t action_count;
    const struct slice *other_files; /* paths from the project */
    size_t other_file_count;
    const struct slice *other_tasks; /* keys */
    size_t other_task_count;
};

enum state_mode {
    STATE_READ,  /* never locks, never writes; a torn tail is ignored */
    STATE_WRITE, /* takes the lock; makes the folder */
    STATE_JOB,   /* inside a job: never locks; what is put goes to the inbox (inbox.h) */
};

struct state;

/* The shape of a list; digests are ignored. Not thread-safe. Cache it where many tasks share
 * one. */
const struct shape *state_shape(struct state *state, const struct component *list, size_t count);

/* Opens the state folder `path` below `directory`, and takes the records in the inbox that count;
 * without a registry, which must outlive the state, the inbox isn't looked at. A missing folder, or
 * one that was never used, is an empty state: a writer puts the journal in place, whole and synced,
 * before anything else that it leaves there, and closing takes it away again where nothing is on
 * record and nothing else lies beside. NULL with a state error: another writer (who), an
 * unreadable, damaged or unknown version, a journal that continues another snapshot, or is missing,
 * empty or cut off within its header where the folder was used, or is damaged amid good records;
 * with `discard_unreadable` such a state is renamed to `state.unreadable…` and
 * `journal.unreadable…` and counts as empty, but damage amid good records is a warning: the journal
 * counts up to there, and a writer moves the rest to `journal.damaged-N`. */
struct inbox_registry;
struct state *state_open(int directory, const char *path, enum state_mode mode,
                         bool discard_unreadable, const struct inbox_registry *registry,
                         struct diag *diag);

/* The same for a job (STATE_JOB): what is put is written as the records of `attempt`, one new file
 * of the inbox at each state_flush and state_sync, synced. `attempt` must outlive the state; not so
 * `registry`. */
struct inbox_attempt;
struct state *state_open_job(int directory, const char *path, const struct inbox_attempt *attempt,
                             const struct inbox_registry *registry, struct diag *diag);

/* Takes over what came into the inbox since the state was opened for writing; before it is bound,
 * or bound again. Nothing in other modes. -1 after an error. */
int state_take_inbox(struct state *state, struct diag *diag);

/* Of a job: before anything is recorded, `stands` is asked whether the work is still this attempt's. Once
 * it isn't, nothing is recorded any more, and all that would write returns -1 with an error. */
void state_guard_job(struct state *state, bool (*stands)(const void *context), const void *context);
bool state_is_superseded(const struct state *state);
/* The same question, before something is done that no record precedes. -1 with an error: it isn't. */
int state_check_job(struct state *state, struct diag *diag);

/* Makes a state that was opened for reading, where there was no folder yet, one for writing: makes
 * the folder and takes the lock; all its rows are queued. 0; 1 when another writer came first: then
 * it is of no more use; -1 after an error. */
int state_begin_writing(struct state *state, int directory, struct diag *diag);

/* Ends writing: flushes, compacts when the journal has outgrown the snapshot. -1 if records
 * could not be written (the error says so); the state is closed in any case. */
int state_close(struct state *state, struct diag *diag);

bool state_was_empty(const struct state *state); /* nothing was on record, or all of it was
                                                              forgotten */
size_t state_known_directories(const struct state *state); /* with records, bound or not */
bool state_writes(const struct state *state);              /* the snapshot and the journal */

/* Lays out the rows. May be called again after the graph was loaded anew. The slices are copied. */
void state_bind(struct state *state, const struct state_layout *layout);

/* Moves the rows of directories to other names, in place of what was on record there. What has none is
 * passed over. Returns how many were moved; then the state must be bound anew. */
struct state_rename {
    struct slice from;
    struct slice to;
};
size_t state_rename_directories(struct state *state, const struct state_rename *renames,
                                size_t count);

/* Rows by number; owned by the state, valid until the next state_bind. Threads may read rows
 * together while nothing is put or bound. Rows of files may be changed in place through
 * state_put_file only. */
const struct file_row *state_file(const struct state *state, size_t number);
const struct task_row *state_task(const struct state *state, size_t number);

/* What is on record whether bound or not, for actions that were renamed and products that nothing
 * makes any more: directories, names of directory-scope actions, keys of other tasks, and their rows; NULL where there is none. Owned by the state, valid
 * until the next put or bind. */
size_t state_recorded_directories(const struct state *state, const struct slice **names);
size_t state_recorded_actions(const struct state *state, const struct slice **names);
size_t state_recorded_others(const struct state *state, const struct slice **keys);
const struct task_row *state_recorded_task(const struct state *state, struct slice directory,
                                           struct slice action);
/* The row of a file in a directory. `guess`: where in the list of directories it may be; any other
 * place is found as well. Threads may read rows together. */
const struct file_row *state_recorded_file(const struct state *state, size_t guess,
                                           struct slice directory, struct slice column);
const struct task_row *state_recorded_other(const struct state *state, struct slice key);

/* Change a row in memory and remember it for the next state_flush. Digests are copied. A put in
 * STATE_READ mode changes memory only. Not thread-safe. */
void state_put_file(struct state *state, size_t number, const struct file_row *row);
void state_put_task(struct state *state, size_t number, const struct task_row *row);

/* Rows of files that the layout doesn't have, by path (from the project, or absolute): their place,
 * which is valid until the state is read anew; a row there, valid until the next path is added. */
size_t state_add_unlisted(struct state *state, struct slice path);
const struct file_row *state_unlisted(const struct state *state, size_t place);
void state_put_unlisted(struct state *state, size_t place, const struct file_row *row);

/* Texts that explain digests (recipes, canonical values): stored once by content; longer than 64
 * KiB are not kept, nor, over two compactions, those that neither a RECIPE, VALUE, WHOLE, ENTRIES or ATTEMPT
 * component of a task's `good` nor its `origin` refers to. state_text returns at == NULL when the text isn't known. */
void state_put_text(struct state *state, struct digest digest, struct slice text);
struct slice state_text(const struct state *state, struct digest digest);

/* Writes what was put since the last flush, in one write(2). -1 (disk full …) with a state error;
 * what was not written stays queued. state_sync also waits until it is on the disk. */
int state_flush(struct state *state, struct diag *diag);
int state_sync(struct state *state, struct diag *diag);

/* Rewrites the snapshot from memory, synced and renamed, and starts an empty journal. For many
 * records at once, e.g. when a study is first seen. */
int state_compact(struct state *state, struct diag *diag);

/* Forgets rows of directories and tasks that are not bound (clean). */
void state_forget_unbound(struct state *state);
/* Forgets one task's row. */
void state_forget_task(struct state *state, size_t number);
/* Forgets all rows of files but those of what an attempt left. */
void state_forget_files(struct state *state);
/* Forgets all, at once and for good: no row may be asked for afterwards, the state is only closed.
 * -1 after an error; then all is still on disk. */
int state_forget_all(struct state *state, struct diag *diag);

void state_beat(struct state *state); /* moves the lock's heartbeat */

#endif
