#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spawn.h"
#include "usage.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A shell that writes a byte when it is ready, and waits. */
struct family {
    struct child child;
    int output;
};

static void start(struct family *family, const char *script)
{
    static char *const envp[] = {(char *)"PATH=/usr/bin:/bin", NULL};
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    int ends[2];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct spawn_request request = {.argv = argv, .envp = envp, .directory = -1, .output = ends[1]};
    assert_int_equal(spawn_child(&request, &family->child), 0);
    close(ends[1]);
    family->output = ends[0];
    assert_int_equal(read(family->output, &byte, 1), 1);
}

static void stop(struct family *family)
{
    struct child_end end;
    spawn_signal_child(&family->child, SIGKILL);
    while (child_reap(&family->child, &end) == 1) {
        usleep(1000);
    }
    close(family->output);
}

static void idle_processes_are_counted(void **state)
{
    (void)state;
    struct family family;
    struct usage usage;
    struct usage_process process;
    start(&family, "sleep 100 & sleep 100 & echo; wait");
    while (usage_sample(&family.child.pid, 1, &usage) && usage.running > 0) {
        usleep(1000); /* until all of them sleep */
    }
    assert_int_equal(usage.processes, 3);
    assert_int_equal(usage.threads, 3);
    assert_true(usage.memory_bytes > 1 << 16 && usage.memory_bytes < 1 << 26);
    assert_true(usage_find_process(family.child.pid, &process));
    assert_int_equal(process.group, family.child.pid);
    stop(&family);
    assert_false(usage_sample(&family.child.pid, 1, &usage));
    assert_false(usage_find_process(family.child.pid, &process));
}

static void busy_threads_are_counted(void **state)
{
    (void)state;
    struct family families[2];
    pid_t roots[2];
    struct usage usage;
    for (int i = 0; i < 2; i++) {
        start(&families[i], "for i in 1 2 3; do while :; do :; done & done; echo; wait");
        roots[i] = families[i].child.pid;
    }
    do {
        assert_true(usage_sample(roots, 2, &usage));
    } while (!(usage.cpu_s > 0.05) || usage.running > 6); /* the shells wait by then */
    assert_int_equal(usage.running, 6);
    assert_int_equal(usage.processes, 8);
    stop(&families[0]);
    stop(&families[1]);
}

static void a_zombie_does_not_live(void **state)
{
    (void)state;
    struct family family;
    struct usage_process process;
    char byte;
    start(&family, "echo");
    while (read(family.output, &byte, 1) > 0) { /* to its end */
    }
    while (usage_find_process(family.child.pid, &process)) {
        usleep(1000);
    }
    assert_int_equal(kill(family.child.pid, 0), 0);
    stop(&family);
    assert_false(usage_find_process(1 << 30, &process));
}

/* VmHWM of one process: with a sanitizer that is more than what it allocated. */
static size_t peak_bytes(pid_t pid)
{
    char path[64];
    char line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoull(line + 6, NULL, 10);
        }
    }
    fclose(status);
    return (size_t)kib << 10;
}

static void shared_memory_counts_once(void **state)
{
    (void)state;
    struct usage usage;
    int ends[2];
    int hold[2];
    char byte = 0;
    size_t size = (size_t)64 << 20;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(hold), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *memory = malloc(size);
        memset(memory, 1, size);
        for (int i = 0; i < 3; i++) {
            if (fork() == 0) {
                break;
            }
        }
        close(hold[1]);
        byte = memory[size / 2];
        _exit(write(ends[1], &byte, 1) == 1 && read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(hold[0]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(read(ends[0], &byte, 1), 1);
    }
    assert_true(usage_sample(&pid, 1, &usage));
    assert_int_equal(usage.processes, 4);
    assert_true(usage.memory_bytes >= size);
    assert_true(usage.memory_bytes < 2 * peak_bytes(pid)); /* and not four times */
    close(hold[1]);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_processes_are_counted),
        cmocka_unit_test(busy_threads_are_counted),
        cmocka_unit_test(a_zombie_does_not_live),
        cmocka_unit_test(shared_memory_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
