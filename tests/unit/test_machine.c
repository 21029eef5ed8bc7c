#include "machine.h"

#include "cgroup.h"

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void read_synthetic(const char *description, struct machine *machine)
{
    struct diag diag;
    diag_init(&diag);
    setenv("HWLOC_SYNTHETIC", description, 1);
    int result = machine_read(machine, &diag);
    unsetenv("HWLOC_SYNTHETIC");
    assert_int_equal(result, 0);
    assert_int_equal(diag.errors, 0);
    diag_release(&diag);
}

static void test_real(void **state)
{
    (void)state;
    struct machine machine;
    struct diag diag;
    cpu_set_t allowed;
    diag_init(&diag);
    assert_int_equal(machine_read(&machine, &diag), 0);
    assert_true(machine.is_real);
    assert_true(machine.core_count >= 1);
    assert_true(machine.numa_count >= 1);
    assert_true(machine.package_count >= 1);
    assert_true(machine.memory_bytes > 0);
    assert_null(getenv("HWLOC_PLUGINS_PATH"));
    assert_null(getenv("HWLOC_HIDE_ERRORS"));

    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    unsigned pus = 0;
    for (size_t i = 0; i < machine.core_count; i++) {
        pus += cpumask_count(&machine.cores[i].pus);
        assert_int_equal(machine.cores[i].number, i);
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            assert_true(!cpumask_has(&machine.cores[i].pus, cpu) || CPU_ISSET(cpu, &allowed));
        }
    }
    assert_int_equal(pus, CPU_COUNT(&allowed));

    unsigned budget = (unsigned)machine.core_count;
    if (machine.cpu_quota > 0 && ceil(machine.cpu_quota) < budget) {
        budget = (unsigned)ceil(machine.cpu_quota);
    }
    assert_int_equal(machine_default_budget(), budget);
    machine_release(&machine);
    diag_release(&diag);
}

static void test_affinity_counts(void **state)
{
    (void)state;
    struct machine machine;
    struct diag diag;
    cpu_set_t before;
    cpu_set_t one;
    diag_init(&diag);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET((size_t)last, &before)) {
        last--;
    }
    CPU_ZERO(&one);
    CPU_SET((size_t)last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(machine_read(&machine, &diag), 0);
    unsigned budget = machine_default_budget();
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(machine.core_count, 1);
    assert_int_equal(cpumask_count(&machine.cores[0].pus), 1);
    assert_true(cpumask_has(&machine.cores[0].pus, (unsigned)last));
    assert_int_equal(budget, 1);
    machine_release(&machine);
    diag_release(&diag);
}

static void test_synthetic(void **state)
{
    (void)state;
    struct machine machine;
    read_synthetic("pack:2 numa:2 core:4 pu:2", &machine);
    assert_false(machine.is_real);
    assert_int_equal(machine.core_count, 16);
    assert_int_equal(machine.numa_count, 4);
    assert_int_equal(machine.package_count, 2);
    assert_true(machine.cpu_quota == 0);
    assert_int_equal(machine.cores[0].numa, 0);
    assert_int_equal(machine.cores[4].numa, 1);
    assert_int_equal(machine.cores[15].numa, 3);
    assert_int_equal(machine.cores[7].package, 0);
    assert_int_equal(machine.cores[8].package, 1);
    assert_int_equal(cpumask_count(&machine.cores[3].pus), 2);
    assert_true(cpumask_has(&machine.cores[3].pus, 6));
    machine_release(&machine);

    read_synthetic("pu:3", &machine);
    assert_int_equal(machine.core_count, 3);
    assert_int_equal(machine.numa_count, 1);
    assert_int_equal(machine.package_count, 1);
    machine_release(&machine);

    read_synthetic("numa:8 core:128 pu:1", &machine);
    assert_int_equal(machine.core_count, 1024);
    machine_release(&machine);

    read_synthetic("numa:2 core:1024 pu:1", &machine);
    assert_int_equal(machine.core_count, CPUMASK_LIMIT);
    machine_release(&machine);
}

static void test_errors(void **state)
{
    (void)state;
    struct machine machine;
    struct diag diag;
    diag_init(&diag);
    setenv("HWLOC_XMLFILE", "/nonexistent/machine.xml", 1);
    assert_int_equal(machine_read(&machine, &diag), -1);
    unsetenv("HWLOC_XMLFILE");
    assert_string_equal(diag.entries.at[0].message,
                        "HWLOC_XMLFILE: /nonexistent/machine.xml: No such file or directory");
    diag_release(&diag);
}

static char root[64];

static void put(const char *path, const char *content)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *c = full + strlen(root) + 1; *c != '\0'; c++) {
        if (*c == '/') {
            *c = '\0';
            mkdir(full, 0700);
            *c = '/';
        }
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/test_machine_XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void test_cgroup_v2(void **state)
{
    (void)state;
    put("proc/self/mountinfo", "1 1 0:1 / / rw - ext4 /dev/sda rw\n"
                               "31 23 0:28 / /sys/fs/cg\\040roup rw,relatime shared:4 - cgroup2 "
                               "cgroup2 rw,nsdelegate\n");
    put("proc/self/cgroup", "0::/a/b/c\n");
    put("sys/fs/cg roup/a/b/c/cpu.max", "max 100000\n");
    put("sys/fs/cg roup/a/b/c/memory.max", "4294967296\n");
    put("sys/fs/cg roup/a/b/cpu.max", "250000 100000\n");
    put("sys/fs/cg roup/a/cpu.max", "800000 100000\n");
    put("sys/fs/cg roup/a/memory.max", "1073741824\n");
    put("sys/fs/cg roup/memory.max", "max\n");
    struct cgroup_limits limits = cgroup_read(root);
    assert_true(limits.cpus == 2.5);
    assert_int_equal(limits.memory_bytes, 1073741824);
    put("sys/fs/cg roup/a/cpu.max", "150000 100000\n");
    assert_true(cgroup_read(root).cpus == 1.5);
}

static void test_cgroup_v1(void **state)
{
    (void)state;
    put("proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "32 23 0:29 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "33 23 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
    put("proc/self/cgroup", "5:cpuset:/other\n4:memory:/docker/x/job\n3:cpu,cpuacct:/slurm/gone\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "300000\n");
    put("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2000000\n");
    struct cgroup_limits limits = cgroup_read(root);
    assert_true(limits.cpus == 3);
    assert_int_equal(limits.memory_bytes, 2000000);
}

static void test_cgroup_absent(void **state)
{
    (void)state;
    struct cgroup_limits limits = cgroup_read(root);
    assert_true(limits.cpus == 0);
    assert_int_equal(limits.memory_bytes, 0);
    put("proc/self/mountinfo",
        "31 23\n - \n\n31 23 0:28 / /x rw - cgroup2\na b c d e - cgroup2 x\n");
    put("proc/self/cgroup", "\n0:\n::\n0::\n");
    limits = cgroup_read(root);
    assert_true(limits.cpus == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_affinity_counts),
        cmocka_unit_test(test_synthetic),
        cmocka_unit_test(test_errors),
        cmocka_unit_test_setup_teardown(test_cgroup_v2, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_cgroup_v1, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_cgroup_absent, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
