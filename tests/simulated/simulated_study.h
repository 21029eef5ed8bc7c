/* A study on the simulated disk, brought up to date by the run itself (src/run) in a simulated world.
 *
 * Knows: opening a study as the library does, short; what the commands of its tasks mean. Doesn't
 * know: jobs on a cluster. Errors end the test, but for study_try.
 *
 * The project is the folder "/project", its workspace "/project/workspace". The state lies on the
 * simulated disk as well and is opened anew for each run. Commands are statements, separated by
 * ';', whose paths are relative to the task's directory ("//x": to the project); those of a batch
 * are done for each of its directories:
 *
 *     copy FROM TO        sort FROM TO (its bytes)     upper FROM TO       count FROM TO (bytes)
 *     write TEXT TO       append TEXT TO               gather NAME TO (of all the task's directories)
 *     remove PATH         fail                         fail_if WORD FROM   stop_if PATH (it exists)
 *     add FROM TO         gather_also NAME TO (both append)
 *     crowd N (fails while more than N processes live)
 *     set PATH TEXT       empty PATH                   read FROM (it must be there)
 *     print TEXT          exit STATUS                  variable NAME TO (its value)
 *
 * A statement that can't read what it names fails. What comes after '#' is ignored. All of it is done
 * at one moment, shortly before the end of the process, or with `early` at its beginning. What the
 * process is like, wherever it stands:
 *
 *     last SECONDS        early                        deaf (to all but KILL)
 *     heed SECONDS (that it takes to end by TERM)      die SIGNAL          leave COUNT (processes)
 */
#ifndef ROWBUILD_SIMULATED_STUDY_H
#define ROWBUILD_SIMULATED_STUDY_H

#include "plan.h"
#include "run.h"
#include "simulated_disk.h"
#include "simulated_world.h"
#include "vec.h"

/* What passes before a run and around each edit: more than what counts as a tick. */
enum { STUDY_WHILE_NS = 60 * 1000000 };

struct told {
    struct task_id task;
    char *key;
};

/* Where a run is killed (kill -9) with the first task that it starts. */
enum death {
    DEATH_NONE,
    DEATH_RECORDED,  /* its start is on record: before the first backup is made, if there is one */
    DEATH_MOVED,     /* old products were moved: before its process does anything */
    DEATH_COMMANDED, /* its command has done its work */
    DEATH_SUCCEEDED, /* its success is on record: before a good backup is deleted */
    DEATH_DELETED,   /* that a temporary product is deleted is on record: before it is */
};

struct study {
    const char *rowfile; /* its text; may be replaced between runs */
    struct diag diag;
    struct buf text;          /* scratch */
    struct buf ran;           /* keys of what ran in the last run; "back:…": put back */
    struct buf failed;        /* keys of what failed in it */
    struct buf log;           /* events of the last run, a line each: "120 start first/d1" */
    size_t adopted;           /* in the last run or look */
    struct run_result result; /* of the last run */
    bool no_adopt;
    bool rerun;
    bool only;
    bool is_hasty;     /* no time passes by itself, and nothing is settled at the end */
    bool by_length;    /* the longest path first, as in a run; else in the graph's order */
    bool is_workflow;  /* it is a workflow.toml */
    unsigned jobs;     /* 0: one */
    size_t keep_going; /* 0: whatever fails */
    double grace_s;
    double max_load;          /* as in struct run_options */
    uint64_t keep_free_bytes; /* likewise */
    const char *host;         /* of the next run, which its records name; NULL: they name no run */
    bool tells_seconds;       /* in the log, of what succeeds */
    bool tells_left;    /* in the log, of starts and ends: the time left, with a tick each second */
    size_t bare_events; /* likewise: events that didn't name what runs, though something did */
    bool tells_rest;    /* in the log: what became of tasks that weren't executed */
    int64_t end_ns;     /* of the time that the run has; 0: none */
    const char *squeue; /* what it says of the run's job after a second; "": it fails; NULL: the run
                           is in no job */
    bool is_assumed;    /* end_ns isn't the scheduler's word */
    size_t asked;       /* how often squeue was asked */
    enum death death;   /* of the next run */
    bool is_dead;       /* the last run was killed */
    const char *action; /* selected; NULL: all */
    const char *target; /* likewise */
    int project;
    size_t step; /* of a story, from 1 on: for messages */

    int64_t began_ns;
    VEC(struct told) told;

    /* While it is open */
    struct rowfile *parsed;
    struct workspace workspace;
    struct graph *graph;
    struct state *state;
    struct observer *observer;
    struct plan *plan;
};

void study_begin(struct study *study, const char *rowfile);
void study_end(struct study *study);

/* Writes a file of the workspace ("d1/in"), a while after all that was done before. */
void study_write(struct study *study, const char *path, const char *text);
const char *study_text(struct study *study, const char *path); /* NULL: no such file */

/* Runs; afterwards nothing is open. study_try: -1 after an error, which `text` says. */
void study_run(struct study *study);
int study_try(struct study *study);

/* The run ends here if it is to be killed now: it changes nothing any more. */
void study_die(struct study *study, enum death now);

/* Runs, and compares the tasks that ran: "first/d1 second/d1", "" for none. Those whose earlier
 * products were put back are written "back:first/d1". */
void study_expect(struct study *study, const char *expected);

/* Plans as a dry run does, and opens the study; study_close closes it. */
void study_look(struct study *study);
void study_close(struct study *study);

/* Of a study that is open. */
struct task_id study_task(struct study *study, const char *key);
enum verdict study_verdict(struct study *study, const char *key);

/* Looks, and compares the verdict and the reasons of a task: "stale: INPUT in, RECIPE". */
void study_expect_why(struct study *study, const char *key, const char *expected);

/* ---- Stories: what somebody does, and what is expected, one after another ---- */

enum step_kind {
    STEP_WRITE,
    STEP_REMOVE,
    STEP_RENAME,
    STEP_TOUCH,
    STEP_REPLACE,
    STEP_SNEAK,
    STEP_ROWFILE,
    STEP_FORGET,
    STEP_SELECT,
    STEP_NO_ADOPT,
    STEP_RERUN,
    STEP_ROWS,
    STEP_KILL,
    STEP_RUN,
    STEP_WHY,
    STEP_TEXT,
    STEP_ADOPTED,
};

struct step {
    enum step_kind kind;
    const char *what;
    const char *how;
};

/* Paths are from the workspace. */
#define WRITE(path, text)                                                                          \
    {                                                                                              \
        STEP_WRITE, (path), (text)                                                                 \
    }
#define REMOVE(path)                                                                               \
    {                                                                                              \
        STEP_REMOVE, (path), NULL                                                                  \
    }
#define RENAME(from, to)                                                                           \
    {                                                                                              \
        STEP_RENAME, (from), (to)                                                                  \
    }
/* Another time, the same content; the same content, another inode; another content, the same time.
 */
#define TOUCH(path)                                                                                \
    {                                                                                              \
        STEP_TOUCH, (path), NULL                                                                   \
    }
#define REPLACE(path)                                                                              \
    {                                                                                              \
        STEP_REPLACE, (path), NULL                                                                 \
    }
#define SNEAK(path, text)                                                                          \
    {                                                                                              \
        STEP_SNEAK, (path), (text)                                                                 \
    }
#define ROWFILE(text)                                                                              \
    {                                                                                              \
        STEP_ROWFILE, (text), NULL                                                                 \
    }
/* The state is removed. */
#define FORGET                                                                                     \
    {                                                                                              \
        STEP_FORGET, NULL, NULL                                                                    \
    }
/* For the next run: an action, and with `only` all that comes before it is left out. */
#define SELECT(action, only)                                                                       \
    {                                                                                              \
        STEP_SELECT, (action), (only)                                                              \
    }
#define NO_ADOPT                                                                                   \
    {                                                                                              \
        STEP_NO_ADOPT, NULL, NULL                                                                  \
    }
#define RERUN                                                                                      \
    {                                                                                              \
        STEP_RERUN, NULL, NULL                                                                     \
    }
/* The file is called workflow.toml: row's contract. */
#define ROWS                                                                                       \
    {                                                                                              \
        STEP_ROWS, NULL, NULL                                                                      \
    }
/* Runs, and is killed: "recorded", "moved", "commanded", "succeeded" or "deleted", as enum death. */
#define KILL(when)                                                                                 \
    {                                                                                              \
        STEP_KILL, (when), NULL                                                                    \
    }
/* Expectations: as study_expect and study_expect_why; the content of a file ("-": there is none);
 * how many tasks the last run adopted. */
#define RUN(tasks)                                                                                 \
    {                                                                                              \
        STEP_RUN, (tasks), NULL                                                                    \
    }
#define WHY(key, reasons)                                                                          \
    {                                                                                              \
        STEP_WHY, (key), (reasons)                                                                 \
    }
#define TEXT(path, text)                                                                           \
    {                                                                                              \
        STEP_TEXT, (path), (text)                                                                  \
    }
#define ADOPTED(count)                                                                             \
    {                                                                                              \
        STEP_ADOPTED, (count), NULL                                                                \
    }

void study_play(struct study *study, const struct step *steps, size_t count);

/* A story of its own, from an empty study to its end. */
#define PLAY(rowfile, ...)                                                                         \
    do {                                                                                           \
        static const struct step story[] = {__VA_ARGS__};                                          \
        struct study study_of_story;                                                               \
        study_begin(&study_of_story, (rowfile));                                                   \
        study_play(&study_of_story, story, sizeof story / sizeof *story);                          \
        study_end(&study_of_story);                                                                \
    } while (0)

#endif
