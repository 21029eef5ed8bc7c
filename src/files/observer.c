#include "observer.h"

#include "disk.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t FINE_TICK_NS =
    20 * 1000000L; /* ext4, xfs …: the kernel's timer tick and some */
static const int64_t COARSE_TICK_NS = 2000 * 1000000L; /* whole seconds; FAT: two of them */
static const int64_t FAR_FUTURE_NS = 3600 * 1000000000L;
static const long POLL_NS = 2 * 1000000L;

/* How long all waits between two ticks may take together: a broken disk must not hold up everything
 * else. */
static const long long PATIENCE_NS = 1000 * 1000000LL;

/* A nameless file; where there are none (network file systems), a hidden one that is unlinked at
 * once. */
static int open_probe(int directory, bool *is_remote)
{
    int fd = disk->open(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    *is_remote = fd < 0;
    for (unsigned attempt = 0; fd < 0 && attempt < 100; attempt++) {
        char name[64];
        snprintf(name, sizeof name, ".rowbuild-now-%ld-%u", (long)getpid(), attempt);
        fd = disk->open(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0) {
            disk->unlink(directory, name, 0);
        } else if (errno != EEXIST) {
            break;
        }
    }
    return fd;
}

/* Times with a part below the millisecond can only come from a fine clock. */
static void learn_tick(struct observer *observer, int64_t time_ns)
{
    if (time_ns % 1000000 != 0) {
        atomic_store_explicit(&observer->tick_ns, FINE_TICK_NS, memory_order_relaxed);
    }
}

void observer_tick(struct observer *observer)
{
    struct file_stat stat;
    atomic_store_explicit(&observer->patience_ns, PATIENCE_NS, memory_order_relaxed);
    if (observer->probe < 0) {
        return;
    }
    int64_t now = 0;
    if (disk->write_at(observer->probe, "\n", 1, 0) == 1 &&
        (!observer->probe_is_remote || disk->sync(observer->probe) == 0) &&
        file_stat_fd(observer->probe, &stat) == 0) {
        now = stat.mtime_ns;
        learn_tick(observer, now);
    }
    atomic_store_explicit(&observer->now_ns, now, memory_order_relaxed);
}

int64_t observer_now(const struct observer *observer)
{
    return atomic_load_explicit(&observer->now_ns, memory_order_relaxed);
}

struct observer *observer_new(int directory, uint64_t digest_limit, bool write_probe)
{
    struct observer *observer = mem_alloc(sizeof *observer);
    observer->directory = directory;
    observer->digest_limit = digest_limit;
    observer->probe = write_probe ? open_probe(directory, &observer->probe_is_remote) : -1;
    atomic_init(&observer->now_ns, 0);
    atomic_init(&observer->newest_ns, 0);
    atomic_init(&observer->tick_ns, COARSE_TICK_NS);
    atomic_init(&observer->patience_ns, PATIENCE_NS);
    observer_tick(observer);
    return observer;
}

void observer_set_rules(struct observer *observer, const struct tree_rules *rules)
{
    observer->rules = *rules;
}

void observer_free(struct observer *observer)
{
    if (observer == NULL) {
        return;
    }
    if (observer->probe >= 0) {
        disk->close(observer->probe);
    }
    free(observer);
}

static void note_newest(struct observer *observer, int64_t time_ns)
{
    long long newest = atomic_load_explicit(&observer->newest_ns, memory_order_relaxed);
    while (time_ns > newest &&
           !atomic_compare_exchange_weak_explicit(&observer->newest_ns, &newest, time_ns,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* Where "now" isn't known (no probe, a full disk) the newest times seen stand for it, which are
 * never later than the truth. */
static int64_t latest_known(struct observer *observer, const struct file_row *row)
{
    int64_t now = observer_now(observer);
    if (now != 0) {
        return now;
    }
    learn_tick(observer, row->mtime_ns);
    note_newest(observer, row->mtime_ns);
    note_newest(observer, row->ctime_ns);
    return atomic_load_explicit(&observer->newest_ns, memory_order_relaxed);
}

static bool is_within(int64_t time_ns, int64_t now, int64_t tick)
{
    return time_ns > now - tick && time_ns < now + FAR_FUTURE_NS;
}

bool observer_is_racy(struct observer *observer, const struct file_row *row)
{
    int64_t now = latest_known(observer, row);
    int64_t tick = atomic_load_explicit(&observer->tick_ns, memory_order_relaxed);
    return is_within(row->mtime_ns, now, tick) || is_within(row->ctime_ns, now, tick);
}

void observer_wait_past(struct observer *observer, int64_t mtime_ns)
{
    int64_t waited = 0;
    observer_tick(observer);
    while (observer_now(observer) != 0 && waited <= COARSE_TICK_NS) {
        int64_t tick = atomic_load_explicit(&observer->tick_ns, memory_order_relaxed);
        if (!is_within(mtime_ns, observer_now(observer), tick)) {
            return;
        }
        world->pause(POLL_NS);
        waited += POLL_NS;
        observer_tick(observer);
    }
}
