/* Names a job of a scheduler: a single job, or one element of an array.
 *
 * Plain data. The text form is for messages, and for the files that a job writes about itself.
 * Doesn't know: whether the job exists. */
#ifndef ROWBUILD_JOB_REF_H
#define ROWBUILD_JOB_REF_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

#define JOB_NO_INDEX UINT32_MAX

struct job_ref {
    struct slice cluster;
    uint64_t id;    /* of the array, for its elements; 0: the scheduler hasn't said yet */
    uint32_t index; /* in the array, or JOB_NO_INDEX */
};

/* Appends "lab/123_4", "lab/123", or "lab/?" while the id isn't known. */
void job_ref_add(const struct job_ref *job, struct buf *out);

/* Appends the scheduler's name of the job, "123_4" or "123"; nothing while the id isn't known. */
void job_ref_add_id(const struct job_ref *job, struct buf *out);

/* Reads such an id into a job and keeps the job's cluster. False, and nothing is changed, if the
 * text isn't an id. */
bool job_ref_read_id(struct job_ref *job, struct slice text);

#endif
