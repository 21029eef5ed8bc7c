/* The run's own time, which stands still while the run is stopped. */
#include "running.h"

#include "world.h"

int64_t run_now(const struct run *run)
{
    return world->monotonic_ns() - run->pauses.lost_ns;
}

int64_t run_end_ns(const struct run *run)
{
    return run->granted.end_ns == 0 ? 0 : run->granted.end_ns + run->pauses.lost_ns;
}
