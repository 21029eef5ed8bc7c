#include "process_table.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void finds_this_process_and_a_session(void **state)
{
    (void)state;
    struct process_table table = {0};
    int gate[2];
    char byte;
    assert_int_equal(pipe(gate), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setsid();
        (void)!write(gate[1], "x", 1);
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(gate[0], &byte, 1), 1);
    process_table_read(&table);
    const struct process *self = process_table_find(&table, getpid());
    const struct process *found = process_table_find(&table, child);
    assert_non_null(self);
    assert_non_null(found);
    assert_int_equal(self->parent, getppid());
    assert_int_equal(self->session, getsid(0));
    assert_true(self->memory_bytes > 0 && self->start_ticks > 0);
    assert_int_equal(found->parent, getpid());
    assert_int_equal(found->session, child);
    assert_null(process_table_find(&table, 0));
    process_table_release(&table);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(gate[0]);
    close(gate[1]);
}

/* 10 is a command with a child of its own session and an orphan that stayed in the session; 20 is
 * another; 30 is of neither; 40 and 41 are each other's parents, as a table that was read while it
 * changed may have it. */
static void adds_up_descendants_and_sessions(void **state)
{
    (void)state;
    static const struct process all[] = {
        {.pid = 1, .parent = 0, .session = 1, .cpu_s = 1000, .memory_bytes = 1000},
        {.pid = 10, .parent = 1, .session = 10, .cpu_s = 1, .memory_bytes = 100},
        {.pid = 11, .parent = 10, .session = 11, .cpu_s = 2, .memory_bytes = 200},
        {.pid = 12, .parent = 1, .session = 10, .cpu_s = 4, .memory_bytes = 400},
        {.pid = 13, .parent = 12, .session = 13, .cpu_s = 0.5, .memory_bytes = 50},
        {.pid = 20, .parent = 1, .session = 20, .cpu_s = 8, .memory_bytes = 800},
        {.pid = 30, .parent = 1, .session = 1, .cpu_s = 16, .memory_bytes = 1600},
        {.pid = 40, .parent = 41, .session = 1, .cpu_s = 16, .memory_bytes = 1600},
        {.pid = 41, .parent = 40, .session = 1, .cpu_s = 16, .memory_bytes = 1600},
    };
    struct process_table table = {0};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        vec_push(&table.all, all[i]);
    }
    const pid_t leaders[] = {20, 99, 10};
    double cpu_s[3];
    uint64_t memory[3];
    process_table_add_up(&table, leaders, 3, cpu_s, memory);
    assert_true(cpu_s[0] == 8 && cpu_s[1] == 0 && cpu_s[2] == 7.5);
    assert_int_equal(memory[0], 800);
    assert_int_equal(memory[1], 0);
    assert_int_equal(memory[2], 750);
    process_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_this_process_and_a_session),
        cmocka_unit_test(adds_up_descendants_and_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
