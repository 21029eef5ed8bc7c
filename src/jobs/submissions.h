/* What was handed to a scheduler and isn't forgotten yet: `jobs/` below the state folder, a file
 * `TOKEN.json` for each call of sbatch.
 *
 * Knows: which tasks are in which job, and the format of these files. Doesn't know: schedulers, the
 * graph (tasks are keys). A file is written, by rename and synced, before the job is submitted
 * (without a job id), and again when its id is known; only who holds the state's lock writes. A job
 * looks its own tasks up here, and its records count (inbox.h) while its element is registered:
 * neither removed nor released.
 *
 *     {"version": 3, "token": "9f3c…", "cluster": "lab", "job_id": 123, "array": true,
 *      "user": 1000, "submitted_at": 1790000000, "minutes": 60, "action": "simulate",
 *      "workspace": "workspace", "program": "c41a…", "description": "5be1…",
 *      "elements": [{"tasks": ["simulate/a"], "products": ["workspace/a/out"], "state": "queued"},
 *                   {"tasks": ["simulate/c"], "state": "ended", "ending": "TIMEOUT"}],
 *      "checksum": "0f4e…"}
 *
 * Before "elements" may stand "output" and "errors", the files that the jobs write to: names with
 * sbatch's patterns ("sim-%j.out"). "site" is there where another cluster than that of "cluster" has
 * the job, by Slurm's name for it, and "accepted" where sbatch ended well without an id.
 *
 * "basis" is a digest of the recipe and the resources that the jobs have, and "grown" is there where they ask
 * for more than these say (growth.h): {"memory": 1.5, "walltime": 2}, factors, and
 * "memory_mb", the memory of one job.
 *
 * A key that isn't UTF-8 is written as {"hex": "…"}. Without "user" it is whoever reads it.
 * "program" names the program that the jobs execute (kept_program.h), "description" what they carry
 * (carried.h). Products are claimed: while the element is queued, nobody else makes them, whatever
 * their action or the workspace is called by then. The checksum (32 hexadecimal digits) is that of
 * all bytes up to the closing bracket of "elements"; what stands after them is always the same, up to
 * the newline that ends the file. Earlier versions wrote none: without it, a file counts if it has no
 * other keys than theirs. Version 2, which carries nothing, and version 1, which calls the tasks
 * "nodes", are read; they become version 3 when they are written again. */
#ifndef ROWBUILD_SUBMISSIONS_H
#define ROWBUILD_SUBMISSIONS_H

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "growth.h"
#include "job_ref.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum element_state {
    ELEMENT_QUEUED,   /* queued or running, as far as is known */
    ELEMENT_ENDED,    /* the job is over; late records of it still count */
    ELEMENT_RELEASED, /* its tasks were started again elsewhere: its records don't count */
};

struct submission_element { /* one job, or one element of an array */
    struct slice *tasks;    /* keys */
    size_t task_count;
    enum element_state state;
    struct slice ending;    /* the scheduler's word, "CANCELLED"; at == NULL: not known */
    struct slice *products; /* paths that it claims, from the project */
    size_t product_count;
};

struct submission {
    struct slice token; /* 16 hexadecimal digits; names the file */
    struct slice cluster;
    struct slice
        site; /* Slurm's name of the cluster that has the job, or "a,b" or "all" while it isn't known
                 which of them has it; at == NULL: that of `cluster` */
    uint64_t job_id;  /* 0: not known yet */
    bool is_accepted; /* without an id: the scheduler has the job, whether or not it shows it */
    bool is_array;
    uint64_t user;          /* who handed it over, by number */
    int64_t submitted_at_s; /* CLOCK_REALTIME */
    uint64_t minutes;       /* time limit */
    struct slice action;
    struct slice
        basis; /* of what was asked for: a digest of recipe and resources; at == NULL: not known */
    struct growth grown;      /* how many times as much as these say the jobs asked for */
    uint64_t grown_memory_mb; /* that they asked for, if it has grown */
    struct slice workspace; /* its path, as configured; at == NULL: not known, nothing is claimed */
    struct slice program;   /* kept_program.h; at == NULL: it isn't kept */
    struct slice description; /* carried.h; at == NULL: the jobs read the project's description */
    struct slice
        output; /* the jobs' file, from the project or absolute, with sbatch's patterns that
                            only a job fills in; at == NULL: not known */
    struct slice errors; /* likewise of standard error, where it has a file of its own */
    struct submission_element *elements; /* by index in the array; one where it is none */
    size_t element_count;
};

struct submissions {
    struct arena arena;
    struct submission *items; /* by submitted_at_s, then token */
    size_t count;
};

/* Reads all. A file that can't be read, is damaged or isn't understood is a state error that names
 * it: -1. No folder: none. */
int submissions_load(struct submissions *submissions, const char *state_path, struct diag *diag);
/* The same for a state folder that is open; `shown` stands for it in messages. */
int submissions_load_at(struct submissions *submissions, int folder, const char *shown,
                        struct diag *diag);

/* Only those with these tokens, as far as they are there. */
int submissions_load_some(struct submissions *submissions, int folder, const char *shown,
                          const struct slice *tokens, size_t count, struct diag *diag);

/* Counts the registrations below a state folder that is open, and those among them with the right
 * checksum. */
void submissions_count_at(int folder, size_t *registered, size_t *checked);
void submissions_release(struct submissions *submissions);

struct submission *submissions_find(const struct submissions *submissions, struct slice token);

/* Reads one; NULL with an error, or without one (and *missing) when it isn't there. In `arena`. */
struct submission *submission_read(const char *state_path, struct slice token, struct arena *arena,
                                   bool *missing, struct diag *diag);

int submission_write(const char *state_path, const struct submission *submission,
                     struct diag *diag);
int submission_remove(const char *state_path, struct slice token, struct diag *diag);

/* Removes all, also those that can't be read, and what the inbox has of them. */
int submissions_remove_all(const char *state_path, struct diag *diag);

/* A new token (random), as text in `arena`. */
struct slice submission_new_token(struct arena *arena);

/* The job of an element: that of the site, where there is one. */
struct job_ref submission_job(const struct submission *submission, size_t element);

#endif
