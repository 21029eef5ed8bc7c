#include "pressure.h"

#include "buf.h"
#include "file.h"
#include "text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_FILE = 1 << 16 };

/* The names of one version of control groups. */
struct version {
    const char *marks; /* the line of /proc/self/cgroup: what stands between its colons */
    const char *mount;
    const char *limit;
    const char *usage;
};
static const struct version versions[] = {
    {"", "/sys/fs/cgroup", "memory.max", "memory.current"},
    {"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"},
};

double pressure_load_average(void)
{
    double load = -1;
    return getloadavg(&load, 1) == 1 ? load : -1;
}

/* ---- The machine ---- */

/* The number after a name that begins a line. */
static bool number_after(struct slice text, const char *name, uint64_t *number)
{
    size_t len = strlen(name);
    for (size_t at = 0; at + len < text.len;) {
        const char *newline = memchr(text.at + at, '\n', text.len - at);
        size_t end = newline != NULL ? (size_t)(newline - text.at) : text.len;
        if (end - at > len && memcmp(text.at + at, name, len) == 0) {
            size_t begin = at + len;
            while (begin < end && text.at[begin] == ' ') {
                begin++;
            }
            size_t stop = begin;
            while (stop < end && text.at[stop] >= '0' && text.at[stop] <= '9') {
                stop++;
            }
            return text_read_number(slice_make(text.at + begin, stop - begin), UINT64_MAX >> 1U,
                                    number);
        }
        at = end + 1;
    }
    return false;
}

uint64_t pressure_parse_meminfo(struct slice text)
{
    uint64_t kib;
    return number_after(text, "MemAvailable:", &kib) ? kib << 10U : UINT64_MAX;
}

/* ---- Control groups ---- */

uint64_t pressure_group_left(struct slice limit, struct slice usage, struct slice stat)
{
    static const uint64_t none = UINT64_C(1)
                                 << 62; /* version 1 writes "no limit" as a huge number */
    uint64_t most;
    uint64_t used;
    if (!number_after(limit, "", &most) || most >= none || !number_after(usage, "", &used)) {
        return UINT64_MAX;
    }
    static const char *const cached[][2] = {{"inactive_file", "total_inactive_file"},
                                            {"active_file", "total_active_file"}};
    for (size_t i = 0; i < 2; i++) {
        uint64_t bytes = 0;
        if (!number_after(stat, cached[i][1], &bytes)) { /* version 1: with the groups below */
            (void)number_after(stat, cached[i][0], &bytes);
        }
        used = bytes < used ? used - bytes : 0;
    }
    return used < most ? most - used : 0;
}

static void read_file(const char *folder, const char *name, struct buf *text)
{
    struct buf path = BUF_EMPTY;
    buf_clear(text);
    buf_addf(&path, "%s/%s", folder, name);
    (void)file_read(AT_FDCWD, buf_string(&path), LONGEST_FILE, text);
    buf_release(&path);
}

static uint64_t left_in(const struct version *version, const char *folder)
{
    struct buf limit = BUF_EMPTY;
    struct buf usage = BUF_EMPTY;
    struct buf stat = BUF_EMPTY;
    read_file(folder, version->limit, &limit);
    uint64_t left = UINT64_MAX;
    if (limit.len > 0 && limit.at[0] >= '0' && limit.at[0] <= '9') { /* not "max" */
        read_file(folder, version->usage, &usage);
        read_file(folder, "memory.stat", &stat);
        left = pressure_group_left(buf_slice(&limit), buf_slice(&usage), buf_slice(&stat));
    }
    buf_release(&limit);
    buf_release(&usage);
    buf_release(&stat);
    return left;
}

/* Of the group and all groups above it. */
static uint64_t left_above(const struct version *version, struct slice group)
{
    struct buf folder = BUF_EMPTY;
    uint64_t least = UINT64_MAX;
    size_t top = strlen(version->mount);
    buf_addf(&folder, "%s%.*s", version->mount, SLICE_ARGS(group));
    for (bool is_top = false; !is_top;) {
        is_top = folder.len <= top;
        uint64_t left = left_in(version, buf_string(&folder));
        least = left < least ? left : least;
        while (folder.len > top && folder.at[folder.len - 1] != '/') {
            folder.len--;
        }
        folder.len -= folder.len > top;
        folder.at[folder.len] = '\0';
    }
    buf_release(&folder);
    return least;
}

/* A line "4:cpu,memory:/group"; whether it is of that version. */
static bool is_of(struct slice line, const struct version *version, struct slice *group)
{
    const char *first = memchr(line.at, ':', line.len);
    const char *second =
        first != NULL ? memchr(first + 1, ':', line.len - (size_t)(first + 1 - line.at)) : NULL;
    if (second == NULL) {
        return false;
    }
    struct slice marks = slice_make(first + 1, (size_t)(second - first - 1));
    *group = slice_make(second + 1, line.len - (size_t)(second + 1 - line.at));
    size_t len = strlen(version->marks);
    return len == 0 ? marks.len == 0 : memmem(marks.at, marks.len, version->marks, len) != NULL;
}

static uint64_t left_in_groups(void)
{
    struct buf text = BUF_EMPTY;
    uint64_t least = UINT64_MAX;
    (void)file_read(AT_FDCWD, "/proc/self/cgroup", LONGEST_FILE, &text);
    for (size_t at = 0; at < text.len;) {
        const char *newline = memchr(text.at + at, '\n', text.len - at);
        size_t end = newline != NULL ? (size_t)(newline - text.at) : text.len;
        for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
            struct slice group;
            if (is_of(slice_make(text.at + at, end - at), &versions[i], &group)) {
                uint64_t left = left_above(&versions[i], group);
                least = left < least ? left : least;
            }
        }
        at = end + 1;
    }
    buf_release(&text);
    return least;
}

uint64_t pressure_memory_left(void)
{
    struct buf text = BUF_EMPTY;
    (void)file_read(AT_FDCWD, "/proc/meminfo", LONGEST_FILE, &text);
    uint64_t left = pressure_parse_meminfo(buf_slice(&text));
    buf_release(&text);
    uint64_t in_groups = left_in_groups();
    return in_groups < left ? in_groups : left;
}
