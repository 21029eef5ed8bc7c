#include "running.h"

#include "text.h"
#include "world.h"

static const int64_t LOOK_NS = 100000000; /* a look takes some hundred microseconds */
static const int64_t RETRY_NS = 1000000000;

static void tell_load(struct run *run, double load)
{
    if (!run->holdback.tells_load) {
        run->holdback.tells_load = true;
        run_notice(run,
                   "the load average is %.1f: while something runs, nothing new is started until "
                   "it is below %g",
                   load, run->options->max_load);
    }
}

static void tell_memory(struct run *run, uint64_t left)
{
    if (!run->holdback.tells_memory) {
        struct buf free_now = BUF_EMPTY;
        struct buf wanted = BUF_EMPTY;
        run->holdback.tells_memory = true;
        text_add_bytes(&free_now, left);
        text_add_bytes(&wanted, run->options->keep_free_bytes);
        run_notice(run,
                   "only %s of memory is free: while something runs, nothing new is started until "
                   "there is %s",
                   buf_string(&free_now), buf_string(&wanted));
        buf_release(&free_now);
        buf_release(&wanted);
    }
}

static bool is_busy(struct run *run)
{
    const struct run_options *options = run->options;
    double load = options->max_load > 0 ? world->load_average() : -1;
    if (options->max_load > 0 && load >= options->max_load) {
        tell_load(run, load);
        return true;
    }
    uint64_t left = options->keep_free_bytes > 0 ? world->memory_left() : UINT64_MAX;
    if (left < options->keep_free_bytes) {
        tell_memory(run, left);
        return true;
    }
    return false;
}

bool holdback_allows(struct run *run)
{
    struct holdback *holdback = &run->holdback;
    const struct run_options *options = run->options;
    holdback->is_holding = false;
    if (run->slots.running == 0 || (!(options->max_load > 0) && options->keep_free_bytes == 0) ||
        !schedule_waits(run->ready.schedule) || ledger_cores_free(run->ledger) == 0) {
        return true;
    }
    int64_t now = run_now(run);
    if (holdback->looked_ns == 0 ||
        now - holdback->looked_ns >= (holdback->is_busy ? RETRY_NS : LOOK_NS)) {
        holdback->looked_ns = now;
        holdback->is_busy = is_busy(run);
    }
    holdback->is_holding = holdback->is_busy;
    return !holdback->is_busy;
}

int64_t holdback_next(const struct run *run)
{
    return run->holdback.is_holding ? run->holdback.looked_ns + RETRY_NS : 0;
}
