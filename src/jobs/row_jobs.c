#include "row_jobs.h"

#include "file.h"

#include <errno.h>
#include <string.h>

enum { VARINT_BITS = 7, MOST_VARINT_BITS = 63 };

static const size_t LARGEST_FILE = (size_t)1 << 30;
static const char DAMAGED[] = "it isn't in row's format";

/* An unsigned number in groups of seven bits, lowest first; all but the last have the high bit. */
static bool take_number(struct slice *rest, uint64_t most, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; rest->len > 0 && shift < MOST_VARINT_BITS; shift += VARINT_BITS) {
        unsigned char byte = (unsigned char)rest->at[0];
        *rest = slice_make(rest->at + 1, rest->len - 1);
        *number |= (uint64_t)(byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) {
            return *number <= most;
        }
    }
    return false;
}

/* Its length and its bytes. */
static bool take_text(struct slice *rest, struct arena *arena, struct slice *text)
{
    uint64_t len;
    if (!take_number(rest, rest->len, &len) || len > rest->len) {
        return false;
    }
    *text = arena_slice(arena, slice_make(rest->at, (size_t)len));
    *rest = slice_make(rest->at + len, rest->len - (size_t)len);
    return true;
}

static bool take_directories(struct row_jobs *jobs, struct slice *rest, struct slice action)
{
    uint64_t count;
    if (!take_number(rest, rest->len, &count)) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct row_job job = {.action = action};
        uint64_t id;
        if (!take_text(rest, &jobs->arena, &job.directory) ||
            !take_text(rest, &jobs->arena, &job.cluster) || !take_number(rest, UINT32_MAX, &id)) {
            return false;
        }
        job.job_id = (uint32_t)id;
        vec_push(&jobs->all, job);
    }
    return true;
}

const char *row_jobs_parse(struct row_jobs *jobs, struct slice content)
{
    struct slice rest = content;
    uint64_t count;
    *jobs = (struct row_jobs){0};
    arena_init(&jobs->arena);
    bool good = take_number(&rest, content.len, &count);
    for (uint64_t i = 0; good && i < count; i++) {
        struct slice action;
        good = take_text(&rest, &jobs->arena, &action) && take_directories(jobs, &rest, action);
    }
    if (!good || rest.len > 0) {
        jobs->all.count = 0;
        return DAMAGED;
    }
    return NULL;
}

const char *row_jobs_read(struct row_jobs *jobs, int project)
{
    struct buf content = BUF_EMPTY;
    const char *wrong = NULL;
    *jobs = (struct row_jobs){0};
    arena_init(&jobs->arena);
    if (file_read(project, ROW_JOBS_PATH, LARGEST_FILE, &content) == 0) {
        wrong = row_jobs_parse(jobs, buf_slice(&content));
    } else if (errno != ENOENT && errno != ENOTDIR) {
        wrong = strerror(errno);
    }
    buf_release(&content);
    return wrong;
}

void row_jobs_release(struct row_jobs *jobs)
{
    vec_release(&jobs->all);
    arena_release(&jobs->arena);
}
