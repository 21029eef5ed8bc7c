#include "time_limit.h"
#include "world.h"

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
