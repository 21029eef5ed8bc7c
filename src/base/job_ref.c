#include "job_ref.h"

#include "text.h"

#include <inttypes.h>

void job_ref_add(const struct job_ref *job, struct buf *out)
{
    buf_add_slice(out, job->cluster);
    buf_add_string(out, job->id == 0 ? "/?" : "/");
    job_ref_add_id(job, out);
}

void job_ref_add_id(const struct job_ref *job, struct buf *out)
{
    if (job->id == 0) {
        return;
    }
    buf_addf(out, "%" PRIu64, job->id);
    if (job->index != JOB_NO_INDEX) {
        buf_addf(out, "_%" PRIu32, job->index);
    }
}

bool job_ref_read_id(struct job_ref *job, struct slice text)
{
    uint64_t id;
    uint64_t index = JOB_NO_INDEX;
    if (!text_take_number(&text, UINT32_MAX, &id) || id == 0) {
        return false;
    }
    if (text.len > 0 &&
        (text.at[0] != '_' ||
         !text_read_number(slice_make(text.at + 1, text.len - 1), JOB_NO_INDEX - 1, &index))) {
        return false;
    }
    job->id = id;
    job->index = (uint32_t)index;
    return true;
}
