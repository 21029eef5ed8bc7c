#include "trace_read.h"

#include "buf.h"
#include "file.h"

#include <fcntl.h>
#include <string.h>

static struct slice take_string(struct deeds *deeds, const char *at, uint32_t length)
{
    return arena_slice(&deeds->bytes, slice_make(at, length));
}

static bool take_record(struct deeds *deeds, struct slice rest, size_t *length)
{
    struct trace_record record;
    if (rest.len < sizeof record) {
        return false;
    }
    memcpy(&record, rest.at, sizeof record);
    uint64_t wanted = sizeof record + (uint64_t)record.path_length + record.other_length + 2;
    if (record.length > rest.len || record.length < wanted || record.kind >= TRACE_KINDS) {
        return false;
    }
    const char *path = rest.at + sizeof record;
    struct deed deed = {
        .kind = (enum trace_kind)record.kind,
        .is_new = (record.flags & TRACE_NEW) != 0,
        .is_outside = (record.flags & TRACE_OUTSIDE) != 0,
        .is_foreseen = (record.flags & TRACE_FORESEEN) != 0,
        .path = take_string(deeds, path, record.path_length),
        .other = take_string(deeds, path + record.path_length + 1, record.other_length),
        .program = take_string(deeds, record.program,
                               (uint32_t)strnlen(record.program, sizeof record.program)),
        .device = record.device,
        .inode = record.inode,
        .mtime_ns = record.mtime_ns,
    };
    vec_push(&deeds->all, deed);
    *length = record.length;
    return true;
}

int deeds_read(struct deeds *deeds, const char *path)
{
    struct buf text = BUF_EMPTY;
    struct trace_header header;
    *deeds = (struct deeds){.lost = 0};
    arena_init(&deeds->bytes);
    int result = file_read(AT_FDCWD, path, SIZE_MAX, &text);
    if (result != 0 || text.len < sizeof header) {
        buf_release(&text);
        return -1;
    }
    memcpy(&header, text.at, sizeof header);
    struct slice rest = slice_make(text.at + sizeof header, text.len - sizeof header);
    result = memcmp(header.magic, TRACE_MAGIC, sizeof header.magic) == 0 && header.used <= rest.len
                 ? 0
                 : -1;
    rest.len = result == 0 ? (size_t)header.used : 0;
    while (rest.len > 0 && result == 0) {
        size_t length = 0;
        result = take_record(deeds, rest, &length) ? 0 : -1;
        rest = slice_make(rest.at + length, rest.len - length);
    }
    deeds->lost = header.lost;
    deeds->unknown = header.unknown;
    buf_release(&text);
    return result;
}

void deeds_release(struct deeds *deeds)
{
    vec_release(&deeds->all);
    arena_release(&deeds->bytes);
}
