#include "running.h"

#include "srun.h"

static const int64_t SHORTEST_PAUSE_NS = 500000000;
static const int64_t LONGEST_PAUSE_NS = 10000000000;
static const int64_t PATIENCE_NS = 900000000000;

static void tell(struct run *run, struct slice why)
{
    if (!run->refused_steps.is_told) {
        run->refused_steps.is_told = true;
        run_notice(run,
                   "Slurm couldn't make a step of the job (%.*s): its command is attempted again",
                   SLICE_ARGS(why));
    }
}

bool refused_steps_excuse(struct run *run, const struct slot *slot, struct slice output)
{
    struct refused_steps *refused = &run->refused_steps;
    const struct child_end *end = &slot->children.end;
    struct slice why;
    if (!slot->children.has_steps) {
        return false;
    }
    if (end->signalled || end->status == 0 || slot->timed_out || !srun_made_no_step(output, &why)) {
        refused->since_ns = 0; /* this one was made */
        refused->pause_ns = 0;
        return false;
    }
    int64_t now = run_now(run);
    if (refused->since_ns == 0) {
        refused->since_ns = now;
    } else if (now - refused->since_ns >= PATIENCE_NS) {
        return false;
    }
    int64_t pause = refused->pause_ns == 0 ? SHORTEST_PAUSE_NS : 2 * refused->pause_ns;
    refused->pause_ns = pause < LONGEST_PAUSE_NS ? pause : LONGEST_PAUSE_NS;
    refused->until_ns = now + refused->pause_ns;
    tell(run, why);
    return true;
}

bool refused_steps_allow(const struct run *run)
{
    return run->refused_steps.until_ns == 0;
}

void refused_steps_keep_time(struct run *run)
{
    if (run_now(run) >= run->refused_steps.until_ns) {
        run->refused_steps.until_ns = 0;
    }
}

int64_t refused_steps_next(const struct run *run)
{
    return run->stopping.is_stopping ? 0 : run->refused_steps.until_ns;
}
