#include "time_limit.h"

#include "text.h"
#include "world.h"

#include <string.h>

static const double EARLY_S = 60; /* how much earlier than requested a TERM may come */

int64_t time_limit_at_ns(int64_t end_at_s)
{
    int64_t end_ns = world->monotonic_ns() + (end_at_s - world->wall_s()) * 1000000000;
    return end_ns != 0 ? end_ns : -1; /* 0 would mean no end */
}

int64_t time_limit_end_ns(const struct allocation *allocation, uint64_t minutes)
{
    if (allocation->end_at_s > 0) {
        return time_limit_at_ns(allocation->end_at_s);
    }
    return minutes > 0 && minutes < INT32_MAX
               ? world->monotonic_ns() + (int64_t)minutes * 60 * 1000000000
               : 0;
}

double time_limit_seconds_left(int64_t end_ns)
{
    return (double)(end_ns - world->monotonic_ns()) / 1e9;
}

bool time_limit_is_near(int64_t end_ns, double notice_s)
{
    return end_ns != 0 && time_limit_seconds_left(end_ns) <= notice_s + EARLY_S;
}

bool time_limit_read(struct slice text, int64_t *seconds)
{
    static const uint64_t most = UINT32_MAX;
    uint64_t number;
    uint64_t days = 0;
    uint64_t sum = 0;
    size_t parts = 0;
    const char *dash = text.len > 0 ? memchr(text.at, '-', text.len) : NULL;
    if (dash != NULL) {
        if (!text_take_number(&text, most, &days) || text.at != dash) {
            return false;
        }
        text = slice_make(dash + 1, text.len - 1);
    }
    for (;;) {
        if (parts == 3 || !text_take_number(&text, most, &number)) {
            return false;
        }
        sum = sum * 60 + number;
        parts++;
        if (text.len == 0) {
            break;
        }
        if (text.at[0] != ':') {
            return false;
        }
        text = slice_make(text.at + 1, text.len - 1);
    }
    *seconds = (int64_t)(days * 24 * 3600 + sum);
    return parts > 1;
}
