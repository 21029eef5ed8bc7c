#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "advice.h"

#include <string.h>

#define MIB ((uint64_t)1 << 20)

static struct action action_of(unsigned processes, unsigned threads)
{
    return (struct action){
        .name = slice_of("invert"),
        .resources = {.processes = processes, .threads_per_process = threads},
    };
}

static void assert_advice(enum advice_kind kind, const struct advice_request *request,
                          const struct advice_usage *usage, const char *expected)
{
    struct buf out = BUF_EMPTY;
    bool said = advice_add(kind, request, usage, &out);
    assert_string_equal(buf_string(&out), expected);
    assert_int_equal(said, expected[0] != '\0');
    buf_release(&out);
}

static struct advice_usage crowd(unsigned cores, unsigned samples, unsigned running)
{
    struct advice_usage usage = {0};
    for (unsigned i = 0; i < samples; i++) {
        advice_add_sample(&usage, cores, running, 0);
    }
    return usage;
}

static void too_many_threads(void **state)
{
    (void)state;
    struct action action = action_of(1, 1);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = crowd(1, 3, 6);
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 6 threads on 1 core; set threads_per_process = 6");
    request.budget = 6;
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 6 threads on 1 core; set threads_per_process = 6");
    request.budget = 2;
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 6 threads on 1 core; make it run at most $ACTION_THREADS_PER_PROCESS "
                  "threads, and set threads_per_process = 2");
    request.budget = 1;
    assert_advice(
        ADVICE_THREADS, &request, &usage,
        "invert ran 6 threads on 1 core; make it run at most $ACTION_THREADS_PER_PROCESS threads");
    action = action_of(2, 2);
    request = advice_request_of(&action, 1);
    usage = crowd(4, 3, 16);
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 16 threads on 4 cores; set threads_per_process = 8");
}

static void too_many_threads_want_evidence(void **state)
{
    (void)state;
    struct action action = action_of(1, 1);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = crowd(1, ADVICE_SAMPLES - 1, 6);
    assert_advice(ADVICE_THREADS, &request, &usage, "");
    advice_add_sample(&usage, 1, 9, 0); /* seen once only: the second most counts */
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 6 threads on 1 core; set threads_per_process = 6");
    assert_int_equal(advice_demand(&usage, 1), 60);
    for (int i = 0; i < 4; i++) { /* mostly it was well */
        advice_add_sample(&usage, 1, 1, 0);
    }
    assert_advice(ADVICE_THREADS, &request, &usage, "");
    assert_int_equal(advice_demand(&usage, 1), 0);
    /* a helper thread beside eight */
    action = action_of(1, 8);
    request = advice_request_of(&action, 1);
    usage = crowd(8, 9, 10);
    assert_advice(ADVICE_THREADS, &request, &usage, "");
    usage = crowd(8, 9, 11);
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 11 threads on 8 cores; set threads_per_process = 11");
}

static void too_many_cores(void **state)
{
    (void)state;
    struct action action = action_of(1, 8);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = {0};
    assert_advice(ADVICE_CORES, &request, &usage, "");
    advice_add_end(&usage, 0.9, 0.9, 0, 0); /* too short */
    assert_advice(ADVICE_CORES, &request, &usage, "");
    advice_add_end(&usage, 10, 11, 0, 0);
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 8 cores and used 1.1; set threads_per_process = 1");
    advice_add_end(&usage, 10, 16, 0, 0);
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 8 cores and used 1.4; set threads_per_process = 2");
    advice_add_end(&usage, 10, 72, 0, 0); /* some used more */
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 8 cores and used 3.3; set threads_per_process = 4");
    advice_add_end(&usage, 40, 320, 0, 0);
    assert_advice(ADVICE_CORES, &request, &usage, "");
}

static void others_that_had_the_cores_are_no_reason(void **state)
{
    (void)state;
    struct action action = action_of(1, 2);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = {0};
    advice_add_end(&usage, 10, 10, 1, 0);
    assert_advice(ADVICE_CORES, &request, &usage, "");
    usage = (struct advice_usage){0};
    advice_add_end(&usage, 10, 10, 0, 0);
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 2 cores and used 1.0; set threads_per_process = 1");
    action = action_of(1, 1); /* one core can't be less */
    request = advice_request_of(&action, 1);
    usage = (struct advice_usage){0};
    advice_add_end(&usage, 10, 0, 0, 0);
    assert_advice(ADVICE_CORES, &request, &usage, "");
}

static void too_many_processes(void **state)
{
    (void)state;
    struct action action = action_of(4, 1);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = {0};
    advice_add_end(&usage, 10, 11, 0, 0);
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 4 cores and used 1.1; set processes.per_submission = 1");
    action.resources.processes_per_directory = true;
    action.resources.processes = 1;
    request = advice_request_of(&action, 4);
    assert_int_equal(request.processes, 4);
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 4 cores and used 1.1; let fewer directories share an "
                  "execution");
    assert_int_equal(advice_request_of(&action, 0).processes, 1);
}

static void memory_that_was_asked_for(void **state)
{
    (void)state;
    struct action action = action_of(2, 1);
    action.resources.memory_per_process = 100 * MIB;
    struct advice_request request = advice_request_of(&action, 3);
    struct advice_usage usage = {0};
    assert_int_equal(request.memory_bytes, 200 * MIB);
    assert_advice(ADVICE_MEMORY, &request, &usage, "");
    advice_add_sample(&usage, 2, 1, 179 * MIB);
    assert_advice(ADVICE_MEMORY, &request, &usage, "");
    advice_add_sample(&usage, 2, 1, 190 * MIB);
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 190.0 MiB of the 200.0 MiB of memory that it asked for; "
                  "set memory.per_process = \"119 MiB\"");
    advice_add_end(&usage, 0.1, 0, 0, 400 * MIB);
    advice_add_end(&usage, 0.1, 0, 0, 300 * MIB);
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 400.0 MiB of memory and asked for 200.0 MiB; "
                  "set memory.per_process = \"250 MiB\"");
    action.resources.memory_per_process = 0;
    action.resources.memory_per_directory = 10 * MIB;
    request = advice_request_of(&action, 5);
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 400.0 MiB of memory and asked for 50.0 MiB; "
                  "set memory.per_directory = \"100 MiB\"");
    action.resources.memory_per_directory = 0;
    action.resources.memory_per_submission = 10 * MIB;
    request = advice_request_of(&action, 5);
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 400.0 MiB of memory and asked for 10.0 MiB; "
                  "set memory.per_submission = \"500 MiB\"");
    action.resources.memory_per_submission = 0;
    action.resources.memory_per_cpu_mb = 5;
    request = advice_request_of(&action, 5);
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 400.0 MiB of memory and asked for 10.0 MiB; "
                  "set memory_per_cpu_mb = 250");
}

static void memory_of_the_machine(void **state)
{
    (void)state;
    struct action action = action_of(1, 1);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = {0};
    advice_add_end(&usage, 1, 1, 0, 2048 * MIB);
    assert_advice(ADVICE_MEMORY, &request, &usage, "");
    request.machine_memory = 8192 * MIB;
    request.at_once = 3;
    assert_advice(ADVICE_MEMORY, &request, &usage, "");
    request.at_once = 4;
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 2.0 GiB of memory, and 4 may run at once; the machine has 8.0 GiB; "
                  "set memory.per_process = \"2560 MiB\"");
    request.at_once = 1;
    request.machine_memory = 2100 * MIB;
    assert_advice(ADVICE_MEMORY, &request, &usage,
                  "invert used 2.0 GiB of memory; the machine has 2.1 GiB");
}

static void records_say_the_same(void **state)
{
    (void)state;
    struct action action = action_of(1, 1);
    struct advice_request request = advice_request_of(&action, 1);
    struct advice_usage usage = {0};
    advice_add_record(&usage, 1, 60, 2, 2, 0);
    assert_advice(ADVICE_THREADS, &request, &usage,
                  "invert ran 6 threads on 1 core; set threads_per_process = 6");
    advice_add_record(&usage, 1, 10, 2, 2, 0);
    advice_add_record(&usage, 1, 10, 2, 2, 0);
    assert_advice(ADVICE_THREADS, &request, &usage, "");
    action = action_of(1, 4);
    request = advice_request_of(&action, 1);
    usage = (struct advice_usage){0};
    advice_add_record(&usage, 4, 0, 9, 9, 0); /* nobody looked */
    assert_advice(ADVICE_CORES, &request, &usage, "");
    advice_add_record(&usage, 4, 10, 2, 2, 0);
    assert_advice(ADVICE_CORES, &request, &usage,
                  "invert asked for 4 cores and used 1.0; set threads_per_process = 1");
    advice_add_record(&usage, 4, 40, 2, 1, 0); /* others had its cores */
    assert_advice(ADVICE_CORES, &request, &usage, "");
}

static void what_is_recorded(void **state)
{
    (void)state;
    struct advice_usage usage = {0};
    assert_int_equal(advice_demand(&usage, 4), 0);
    advice_add_end(&usage, 10, 15, 1, 0);
    assert_int_equal(advice_demand(&usage, 4), 30);
    assert_int_equal(advice_demand(&usage, 2), 20); /* looks at waiting are rough */
    usage = crowd(1, 5, 7000);
    assert_int_equal(advice_demand(&usage, 1), UINT16_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_threads),
        cmocka_unit_test(too_many_threads_want_evidence),
        cmocka_unit_test(too_many_cores),
        cmocka_unit_test(others_that_had_the_cores_are_no_reason),
        cmocka_unit_test(too_many_processes),
        cmocka_unit_test(memory_that_was_asked_for),
        cmocka_unit_test(memory_of_the_machine),
        cmocka_unit_test(records_say_the_same),
        cmocka_unit_test(what_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
