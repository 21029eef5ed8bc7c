/* What row itself has in the queue: `.row/submitted.postcard` in a project that row worked on, too.
 *
 * Knows: row's format of that file: postcard's encoding of a map from the name of an action to a
 * map from a directory to the cluster's name and the job's id. Doesn't know: schedulers, the graph.
 * Nothing is ever written there. */
#ifndef ROWBUILD_ROW_JOBS_H
#define ROWBUILD_ROW_JOBS_H

#include "arena.h"
#include "slice.h"
#include "vec.h"

#include <stdint.h>

#define ROW_JOBS_PATH ".row/submitted.postcard"

struct row_job {
    struct slice action;
    struct slice directory;
    struct slice cluster;
    uint32_t job_id;
};

struct row_jobs {
    struct arena arena;
    VEC(struct row_job) all;
};

/* Reads the file of the project that is open as `project`. NULL, also where there is none; else, in
 * a few words, why it can't be read. The caller releases it in any case. */
const char *row_jobs_read(struct row_jobs *jobs, int project);
void row_jobs_release(struct row_jobs *jobs);

/* Reads the content of such a file; the words or NULL. */
const char *row_jobs_parse(struct row_jobs *jobs, struct slice content);

#endif
