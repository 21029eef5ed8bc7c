#include "growth.h"

#include <math.h>
#include <stddef.h>

struct step { /* the first whose limit is greater than the amount counts */
    double below;
    double size;
};

static const struct step MEMORY_MB[] = {{1024, 64}, {8192, 256}, {INFINITY, 1024}};
static const struct step WALLTIME_S[] = {
    {3600, 60}, {6 * 3600.0, 300}, {24 * 3600.0, 900}, {INFINITY, 3600}};

static const double LARGEST = 9007199254740992.0; /* 2^53 */
static const double ROUNDING = 1e-9; /* what a product of two rounded numbers may be off by */

static double round_up(double amount, const struct step *steps)
{
    size_t i = 0;
    if (!(amount < LARGEST)) {
        return LARGEST;
    }
    amount -= amount * ROUNDING;
    while (!(amount < steps[i].below)) {
        i++;
    }
    return ceil(amount / steps[i].size) * steps[i].size;
}

static double factor_of(double growth)
{
    return growth > 1 ? growth : 1;
}

static bool differ(double a, double b)
{
    return a < b || a > b;
}

bool growth_is_any(struct growth growth)
{
    return growth.memory > 1 || growth.walltime > 1;
}

bool growths_equal(struct growth a, struct growth b)
{
    return !differ(a.memory, b.memory) && !differ(a.walltime, b.walltime);
}

struct growth growth_greater(struct growth a, struct growth b)
{
    return (struct growth){.memory = a.memory > b.memory ? a.memory : b.memory,
                           .walltime = a.walltime > b.walltime ? a.walltime : b.walltime};
}

static double grow_one(double before, bool grows, double factor)
{
    if (!(factor > 1)) {
        return 0;
    }
    return grows ? factor_of(before) * factor : before;
}

struct growth growth_after(struct growth before, enum growth_cause cause,
                           const struct grow_spec *grow)
{
    return (struct growth){
        .memory = grow_one(before.memory, cause == GROWTH_OUT_OF_MEMORY, grow->memory),
        .walltime = grow_one(before.walltime, cause == GROWTH_OUT_OF_TIME, grow->walltime)};
}

uint64_t growth_memory_mb(uint64_t plain_mb, double factor)
{
    return factor > 1 ? (uint64_t)round_up((double)plain_mb * factor, MEMORY_MB) : plain_mb;
}

double growth_walltime_s(double plain_s, double factor)
{
    return factor > 1 ? round_up(plain_s * factor, WALLTIME_S) : plain_s;
}

struct growth growth_asked(const struct task_growth *growth)
{
    return growth->is_in_job ? growth->before : growth->now;
}

struct growth job_growth_factors(const struct job_growth *grown)
{
    struct growth growth = {0};
    if (grown->memory_mb > 0) {
        growth.memory = (double)grown->memory_mb / (double)grown->plain_memory_mb;
    }
    if (grown->walltime_s > 0) {
        growth.walltime = grown->walltime_s / grown->plain_walltime_s;
    }
    return growth;
}

bool job_growths_equal(const struct job_growth *a, const struct job_growth *b)
{
    return a->memory_mb == b->memory_mb && a->plain_memory_mb == b->plain_memory_mb &&
           !differ(a->walltime_s, b->walltime_s) &&
           !differ(a->plain_walltime_s, b->plain_walltime_s);
}
