/* What a state holds, and what its files share:
 *
 * state_open.c    opening and closing: the folder and its lock
 * state_inbox.c   records of jobs, taken in
 * state_load.c    reading snapshot and journal
 * state_write.c   writing snapshot and journal
 * state_job.c     records of a job, written
 * state_used.c    whether a folder was used
 * state_rename.c  rows of directories that were renamed
 * state.c         rows in memory, laid out in the caller's numbering
 * snapshot_write.c, snapshot.c, journal.c, inbox.c    formats and names of files
 * task_record.c   a task's row, as it stands in these files
 * rowtable.c, shape.c, textstore.c    what rows, components and texts are kept in
 * state_folder.c  the names in the state folder
 *
 * Each uses only files that stand after it here. */
#ifndef ROWBUILD_STATE_INNER_H
#define ROWBUILD_STATE_INNER_H

#include "inbox.h"
#include "lock.h"
#include "rowtable.h"
#include "shape.h"
#include "snapshot.h"
#include "state.h"
#include "state_folder.h"
#include "textstore.h"

enum change_kind { CHANGE_FILE, CHANGE_OTHER_FILE, CHANGE_TASK, CHANGE_OTHER_TASK, CHANGE_TEXT };

/* A row that was put and isn't in `pending` yet. */
struct change {
    enum change_kind kind;
    size_t place;
};

/* From the numbering of the layout to places in the table. */
struct binding {
    size_t directory_count;
    size_t column_count;
    size_t action_count;
    size_t other_file_count;
    size_t other_task_count;
    size_t *directories;
    size_t *columns;
    size_t *actions;
    size_t *other_files;
    size_t *other_tasks;
    bool is_direct; /* directories, columns and actions have the same places in both */
};

/* What a job writes instead of a journal. */
struct inbox_writer {
    bool (*stands)(const void *context); /* state_guard_job; NULL: nobody asks */
    const void *context;
    bool is_superseded;
    int folder; /* -1: not a job */
    uint64_t attempt;
    uint64_t files;         /* written so far */
    uint64_t gathered_from; /* files after this… */
    uint64_t gathered_to;   /* …and up to here are in a later one as well */
    uint64_t begun_at;      /* files after this aren't */
    struct buf ungathered;  /* records of the files behind `begun_at` */
    bool is_urgent;         /* what was put must be on record before anything else happens */
    int64_t free_at_ns;     /* monotonic: until then, what isn't urgent waits for more */
};

struct state {
    enum state_mode mode;
    const struct inbox_attempt *attempt;   /* STATE_JOB: whose records are written; borrowed */
    const struct inbox_registry *registry; /* which records count; borrowed; NULL: nobody says */
    int folder;                            /* -1: reading, and there is none */
    char *path;                            /* as given, for messages */
    struct lock lock;
    bool was_empty;
    bool is_new;       /* this writer has put the first journal in place */
    bool is_forgotten; /* all of it: snapshot and journal are empty */

    struct buf snapshot; /* as it was read; table, shapes and texts borrow from it */
    struct rowtable table;
    struct shapes shapes;
    struct textstore texts;
    struct binding binding;

    uint64_t snapshot_id; /* 0: none was ever written */
    size_t snapshot_bytes;
    uint64_t journal_id;  /* the snapshot that the journal at hand continues */
    int journal;          /* descriptor; -1: to be made anew at the first flush */
    size_t journal_bytes; /* up to the last good record */
    bool is_older;        /* the journal at hand is of an earlier version: it is replaced, together
                             with the snapshot, before anything is written */
    bool is_unsynced;     /* something was written to the journal since it was synced */
    bool has_synced_names;

    VEC(struct change) changes;
    struct buf pending; /* records that aren't in the journal yet */

    struct inbox_writer inbox; /* STATE_JOB */
};


/* state.c */
/* Empties table, shapes and texts, or frees them together with the snapshot they borrow from. */
void state_init_rows(struct state *state);
void state_release_rows(struct state *state);
/* Whether a file or task is on record, or a task. */
bool state_has_rows(const struct state *state, bool of_tasks);
/* Whether there is more on record than what clean leaves of failed attempts. */
bool state_has_memories(const struct state *state);
/* Queues all that is on record. */
void state_queue_all(struct state *state);
/* Writes the changes as records into `pending`: before the table's places change. */
void state_spell_changes(struct state *state);
/* Which names of the table are bound; to be released. */
struct bound_names state_bound(const struct state *state);
void state_bound_release(struct bound_names *bound);
void state_unbind(struct binding *binding);
/* A row was copied to another place: both are queued, and the former holds nothing. */
void state_note_moved(struct state *state, enum change_kind kind, size_t from, size_t to);

/* state_used.c, for the folder that is open, after the snapshot was read */
/* What is wrong with a folder that has no journal; NULL: nothing was recorded there yet. */
const char *state_why_journal_is_missed(const struct state *state,
                                        const struct snapshot_identity *identity);
/* After the journal was read: which records it must have lost at its end; NULL: none, as far as can
 * be told. */
const char *state_why_records_are_missed(const struct state *state);
/* Whether the folder holds nothing but snapshot, journal and lock. */
bool state_is_alone(const struct state *state);

/* state_job.c */
/* Begins the attempt of a job. */
int state_begin_job(struct state *state, struct diag *diag);
/* Writes what is queued as one file of records; unless `at_once`, it may wait for more. */
int state_write_job(struct state *state, bool at_once, struct diag *diag);

/* state_write.c */
/* Replaces the journal by an empty one that continues the present snapshot. */
int state_begin_journal(struct state *state, struct diag *diag);
/* Opens the journal that was read and cuts off its torn tail. Where there is none, one is put in
 * place before this writer leaves anything else: what a folder holds without a journal would look
 * as if the journal had been lost (state_used.c). */
int state_open_journal(struct state *state, struct diag *diag);
void state_close_journal(struct state *state);

/* state_load.c */
/* Reads snapshot and journal from the folder. -1 with an error. */
int state_load(struct state *state, bool discard_unreadable, struct diag *diag);
/* Offsets of records, one after the other, that are known to be good. */
struct journal_record;
struct offset_list {
    VEC(size_t) all;
};
/* Puts their rows into the table; `notes_changes`: to be written with the next flush. Nothing may
 * be waiting to be spelled. */
void state_replay(struct state *state, struct slice records, const struct offset_list *offsets,
                  bool notes_changes);
/* Whether the components fit together; what journal_next can't see. */
bool state_can_replay(struct state *state, const struct journal_record *record);

/* state_inbox.c */
/* What is in the inbox now; to be released. Listed before the snapshot and the journal are read, so
 * that nothing is missed that a writer moves into the journal meanwhile. */
struct inbox_names state_list_inbox(const struct state *state);
/* Puts the records of these files into the table; who writes also journals them, synced, and
 * deletes the files. 0; 1: a file was taken by a writer meanwhile, so read again; -1 after an
 * error. */
int state_merge_inbox(struct state *state, const struct inbox_names *names, bool lenient,
                      struct diag *diag);

#endif
