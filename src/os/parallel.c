#include "parallel.h"

#include "memory.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* The thread sanitizer believes that equal descriptor numbers are one file: no tables apart
 * then. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_DESCRIPTOR_TABLE
#endif
#elif defined(__SANITIZE_THREAD__)
#define ONE_DESCRIPTOR_TABLE
#endif

struct shared_work {
    parallel_fn *fn;
    void *context;
    size_t count;
    size_t grain;
    atomic_size_t next;
};

struct worker {
    struct shared_work *work;
    pthread_t thread;
    unsigned number;
};

unsigned parallel_threads(unsigned threads)
{
    if (threads > 0) {
        return threads;
    }
    cpu_set_t usable;
    CPU_ZERO(&usable);
    if (sched_getaffinity(0, sizeof usable, &usable) == 0 && CPU_COUNT(&usable) > 0) {
        return (unsigned)CPU_COUNT(&usable);
    }
    /* More CPUs than a cpu_set_t holds. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

static void take_slices(struct shared_work *work, unsigned number)
{
    for (;;) {
        size_t first = atomic_fetch_add(&work->next, work->grain);
        if (first >= work->count) {
            return;
        }
        size_t left = work->count - first;
        work->fn(work->context, number, first, first + (left < work->grain ? left : work->grain));
    }
}

static void *work_on(void *argument)
{
    const struct worker *worker = argument;
#ifndef ONE_DESCRIPTOR_TABLE
    (void)unshare(CLONE_FILES);
#endif
    take_slices(worker->work, worker->number);
    return NULL;
}

/* How many of the workers could be started. They take no signals: those are for other threads. */
static unsigned start_workers(struct worker *workers, unsigned wanted, struct shared_work *work)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    unsigned started = 0;
    while (started < wanted) {
        workers[started] = (struct worker){.work = work, .number = started};
        if (pthread_create(&workers[started].thread, NULL, work_on, &workers[started]) != 0) {
            break;
        }
        started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void parallel_for(unsigned threads, size_t count, size_t grain, parallel_fn *fn, void *context)
{
    if (count == 0) {
        return;
    }
    size_t step = grain > 0 ? grain : 1;
    unsigned wanted = parallel_threads(threads);
    if (wanted == 1 || count / step < 2) {
        fn(context, 0, 0, count);
        return;
    }
    size_t slices = count / step + (count % step != 0);
    if (wanted > slices) {
        wanted = (unsigned)slices;
    }
    struct shared_work work = {.fn = fn, .context = context, .count = count, .grain = step};
    struct worker *workers = mem_alloc(wanted * sizeof *workers);
    unsigned started = start_workers(workers, wanted, &work);
    if (started == 0) {
        take_slices(&work, 0);
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    free(workers);
}
