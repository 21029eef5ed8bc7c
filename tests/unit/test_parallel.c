#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parallel.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

enum { ITEMS = 10007 };

struct tally {
    atomic_int seen[ITEMS];
    atomic_uint highest_worker;
    atomic_uint calls;
    atomic_bool with_signals;
    atomic_size_t longest;
    pthread_t caller;
    atomic_bool in_caller;
};

static void raise_to(atomic_size_t *most, size_t value)
{
    size_t before = atomic_load(most);
    while (before < value && !atomic_compare_exchange_weak(most, &before, value)) {
    }
}

static void count_items(void *context, unsigned worker, size_t first, size_t end)
{
    struct tally *tally = context;
    for (size_t i = first; i < end; i++) {
        atomic_fetch_add(&tally->seen[i], 1);
    }
    unsigned highest = atomic_load(&tally->highest_worker);
    while (highest < worker &&
           !atomic_compare_exchange_weak(&tally->highest_worker, &highest, worker)) {
    }
    atomic_fetch_add(&tally->calls, 1);
    raise_to(&tally->longest, end - first);
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (sigismember(&blocked, SIGINT) != 1) {
        atomic_store(&tally->with_signals, true);
    }
    if (pthread_equal(pthread_self(), tally->caller)) {
        atomic_store(&tally->in_caller, true);
    }
}

static struct tally tally;

static void run(unsigned threads, size_t count, size_t grain)
{
    tally = (struct tally){.caller = pthread_self()};
    parallel_for(threads, count, grain, count_items, &tally);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(atomic_load(&tally.seen[i]), i < count ? 1 : 0);
    }
}

static void each_item_once(void **state)
{
    (void)state;
    run(4, ITEMS, 10);
    assert_true(tally.highest_worker < 4);
    assert_true(tally.longest <= 10);
    assert_false(tally.with_signals);
    assert_false(tally.in_caller);
    run(3, ITEMS, 0);
    run(2, 2, 1);
    run(200, 7, 2);
    assert_true(tally.highest_worker < 4);
    run(0, ITEMS, 100);
    assert_true(tally.highest_worker < parallel_threads(0));
}

static void little_work_stays_here(void **state)
{
    (void)state;
    run(4, 19, 10);
    assert_int_equal(tally.calls, 1);
    assert_true(tally.in_caller);
    run(1, ITEMS, 10);
    assert_int_equal(tally.calls, 1);
    assert_true(tally.in_caller);
    run(4, 0, 10);
    assert_int_equal(tally.calls, 0);
}

static void threads_follow_affinity(void **state)
{
    (void)state;
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(parallel_threads(0), CPU_COUNT(&before));
    assert_int_equal(parallel_threads(7), 7);
    size_t first = 0;
    while (!CPU_ISSET(first, &before)) {
        first++;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(parallel_threads(0), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void open_and_close(void *context, unsigned worker, size_t first, size_t end)
{
    (void)worker;
    atomic_int *failures = context;
    for (size_t i = first; i < end; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || close(fd) != 0) {
            atomic_fetch_add(failures, 1);
        }
    }
}

static void own_descriptors_are_untouched(void **state)
{
    (void)state;
    atomic_int failures = 0;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    parallel_for(2, 1000, 10, open_and_close, &failures);
    assert_int_equal(failures, 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_once),
        cmocka_unit_test(little_work_stays_here),
        cmocka_unit_test(threads_follow_affinity),
        cmocka_unit_test(own_descriptors_are_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
