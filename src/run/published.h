/* What a run tells of itself to other processes of its user on its host: how far it is, what it
 * executes now, and what has failed.
 *
 * While it works, that is in a file in its memory (memory_file.h), so that no disk is written to, and
 * the file `progress` in the state folder says by which descriptor it is reached. When it ends, its
 * last counts and its failures are in `progress` itself. Neither takes a lock or is synced. Whoever
 * reads disturbs nobody, and no later run needs it.
 *
 * Both are lists of texts, each ended by NUL: first "rowbuild progress 1" and the run's mark
 * (run_mark.h), last "end"; in between a word, a blank, and what it stands for. Texts that the reader
 * doesn't know are skipped.
 *
 * Knows: these files. Doesn't know: when it is written (publish.c), and what processes use. */
#ifndef ROWBUILD_PUBLISHED_H
#define ROWBUILD_PUBLISHED_H

#include "arena.h"
#include "buf.h"
#include "rowbuild.h"
#include "vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Writing ---- */

/* Of one rowbuild_run, whatever the number of its rounds. */
struct publisher {
    const char *state_path;          /* borrowed */
    struct rowbuild_progress before; /* of earlier rounds: counts and seconds, set by the caller */
    struct buf text;
    struct buf failures; /* texts of what has failed */
    size_t failed;       /* executions in it and beyond */
    int root;            /* the state folder; -1: not opened yet */
    int shown;           /* the descriptor of what is told now; -1: nothing was told yet */
    bool is_changed;     /* since it was told */
    int64_t due_ns;      /* when it is told anew, if something changed; of the run's time */
    int64_t renewal_ns;  /* the same if nothing changed */
};

void publisher_init(struct publisher *publisher, const char *state_path);
void publisher_release(struct publisher *publisher);

/* Texts of a file in the making: begin, tasks, end. `at_ns`: the host's monotonic clock. */
void publisher_begin(struct publisher *publisher, const struct rowbuild_progress *progress,
                     int64_t at_ns);
void publisher_add_number(struct publisher *publisher, const char *word, int64_t number);
void publisher_add_text(struct publisher *publisher, const char *word, struct slice text);
/* Shows them. What goes wrong isn't told: the run doesn't depend on it. */
void publisher_end(struct publisher *publisher);

/* Keeps a failure for all that follows; of very many only the first. `log` may be NULL. */
void publisher_note_failure(struct publisher *publisher, const char *label, const char *how,
                            const char *log);

/* Leaves the result of a run that told something: with its exit status. */
void publisher_write_ending(struct publisher *publisher, const struct rowbuild_progress *progress,
                            int status);

/* ---- Reading ---- */

struct published_pool {
    const char *name;
    unsigned taken;
};

struct published_task {
    const char *label; /* no control characters, as in all texts here but keys and paths */
    const char *key;   /* of its first task */
    const char *cpus;  /* "0-1,4"; "" when not bound */
    uint32_t cores;
    const char *gpus;                 /* "0,1", as its processes know them; "": none */
    VEC(pid_t) pids;                  /* of its processes that rowbuild started */
    VEC(const char *) members;        /* keys of the tasks, if there are several */
    VEC(struct published_pool) pools; /* what it holds of them */
    double seconds;                   /* so far, when it was told */
    double expected_s;                /* in all; negative: not known */
    bool is_paused;
};

struct published_failure {
    const char *label;
    const char *how;
    const char *log; /* path from the project, or absolute; "" if there is none */
};

struct published {
    pid_t pid;            /* of the run */
    uint64_t start_ticks; /* of its process: tells it from a later one with the same number */
    int descriptor;       /* of what it tells, in its process; -1: none */
    bool has_ended;
    int status;                        /* exit status, if it has ended */
    int64_t at_ns;                     /* monotonic time of this host when it was told */
    struct rowbuild_progress progress; /* without `longest` */
    VEC(struct published_task) tasks;
    VEC(struct published_failure) failures;
    size_t more_failures; /* that aren't named */
    struct arena arena;
};

/* The task that has this process; NULL: nobody said so. */
const struct published_task *published_find(const struct published *published, pid_t pid);

/* What a run on this host that has this state folder tells: it works, or has ended by itself. False:
 * there is none, or it was killed; `published` is to be released in any case. */
bool published_read(const char *state_path, struct published *published);
void published_release(struct published *published);

#endif
