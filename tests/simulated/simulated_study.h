/* A study on the simulated disk, and a run that brings it up to date without processes.
 *
 * Knows: how a run looks at the disk, decides and records; what it does here is a short copy of
 * src/run's start and finish, task after task in the graph's order. Backups are those of src/run. Doesn't know:
 * cores, batches, jobs, logs. All errors end the test.
 *
 * The project is the folder "/project", its workspace "/project/workspace". The state lies on the
 * simulated disk as well and is opened anew for each run. Commands are statements, separated by
 * ';', whose paths are relative to the task's directory ("//x": to the project):
 *
 *     copy FROM TO        sort FROM TO (its bytes)     upper FROM TO       count FROM TO (bytes)
 *     write TEXT TO       append TEXT TO               gather NAME TO (of all the task's directories)
 *     remove PATH         fail                         fail_if WORD FROM   stop_if PATH (it exists)
 *     set PATH TEXT       empty PATH                   read FROM (it must be there)
 *
 * A statement that can't read what it names fails. What comes after '#' is ignored. */
#ifndef ROWBUILD_SIMULATED_STUDY_H
#define ROWBUILD_SIMULATED_STUDY_H

#include "plan.h"
#include "simulated_disk.h"

/* Where a run is killed (kill -9) with the first task that it starts. */
enum death {
    DEATH_NONE,
    DEATH_RECORDED,  /* its start is on record */
    DEATH_MOVED,     /* old products were moved */
    DEATH_COMMANDED, /* its command has ended */
    DEATH_SUCCEEDED, /* its success is on record, and the backups of what it replaces are there */
};

struct study {
    const char *rowfile; /* its text; may be replaced between runs */
    bool is_rows;        /* it is a workflow.toml */
    struct diag diag;
    struct buf text; /* scratch */
    struct buf ran;  /* keys of what ran in the last run; "back:…": put back */
    size_t adopted;  /* in the last run or look */
    bool no_adopt;
    bool rerun;
    bool only;
    bool is_hasty;      /* no time passes by itself, and nothing is settled at the end */
    enum death death;   /* of the next run */
    bool is_dead;       /* the last run was killed */
    const char *action; /* selected; NULL: all */
    const char *target; /* likewise */
    int project;
    size_t step; /* of a story, from 1 on: for messages */

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

/* Runs; afterwards nothing is open. */
void study_run(struct study *study);

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
/* Runs, and is killed: "recorded", "moved", "commanded" or "succeeded", as enum death. */
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
