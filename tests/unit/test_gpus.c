#include "arena.h"
#include "launch.h"
#include "machine.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned listed(char *first, char *second, const char **variable)
{
    char *environment[] = {"HOME=/", first, second, NULL};
    return launch_listed_gpus(environment, variable);
}

static void test_listed(void **state)
{
    (void)state;
    const char *variable;
    assert_int_equal(listed("A=1", "CUDA_VISIBLE_DEVICES_NOT=1", &variable), UINT_MAX);
    assert_null(variable);
    assert_int_equal(listed("CUDA_VISIBLE_DEVICES=0,1,5", NULL, &variable), 3);
    assert_string_equal(variable, "CUDA_VISIBLE_DEVICES");
    assert_int_equal(listed("CUDA_VISIBLE_DEVICES=0,1,5", "ROCR_VISIBLE_DEVICES=2", &variable), 1);
    assert_string_equal(variable, "ROCR_VISIBLE_DEVICES");
    assert_int_equal(listed("CUDA_VISIBLE_DEVICES=", NULL, &variable), 0);
    assert_int_equal(listed("CUDA_VISIBLE_DEVICES=NoDevFiles", NULL, &variable), 0);
    assert_int_equal(listed("CUDA_VISIBLE_DEVICES=1,-1,2", NULL, &variable), 1);
    assert_int_equal(listed("CUDA_VISIBLE_DEVICES=GPU-8a,MIG-GPU-8a/1/0", NULL, &variable), 2);
}

static void test_named(void **state)
{
    (void)state;
    char *environment[] = {"CUDA_VISIBLE_DEVICES=GPU-8a, MIG-8b/1/0,7", NULL};
    struct arena arena;
    const unsigned gpus[] = {2, 1};
    arena_init(&arena);
    struct launch_context context = {.environment = environment};
    struct launch_gpus named = launch_name_gpus(&context, gpus, 2, &arena);
    assert_null(named.cuda); /* none are handed out */
    assert_null(named.rocr);
    context.sets_cuda = true;
    named = launch_name_gpus(&context, gpus, 2, &arena);
    assert_string_equal(named.cuda, "7,MIG-8b/1/0");
    assert_null(named.rocr);
    context.sets_rocr = true;
    named = launch_name_gpus(&context, gpus, 2, &arena);
    assert_string_equal(named.rocr, "2,1");
    named = launch_name_gpus(&context, NULL, 0, &arena);
    assert_string_equal(named.cuda, "");
    assert_string_equal(named.rocr, "");
    arena_release(&arena);
}

/* What HIP sees is one list, whatever lists it comes from. */
static void test_one_list_for_amd(void **state)
{
    static const struct {
        const char *inherited[4];
        const char *expected; /* "-": none */
    } cases[] = {
        {{NULL}, "-"},
        {{"ROCR_VISIBLE_DEVICES=0,1"}, "0,1"},
        {{"CUDA_VISIBLE_DEVICES=0,1", "ROCR_VISIBLE_DEVICES=0,1"}, "0,1"},
        {{"CUDA_VISIBLE_DEVICES=2,3", "ROCR_VISIBLE_DEVICES=2,3"}, "2,3"},
        {{"CUDA_VISIBLE_DEVICES=4,5", "ROCR_VISIBLE_DEVICES=2,3"}, "2,3"},
        {{"HIP_VISIBLE_DEVICES=1"}, "1"},
        {{"HIP_VISIBLE_DEVICES=1", "ROCR_VISIBLE_DEVICES=4,6"}, "6"},
        {{"HIP_VISIBLE_DEVICES=1,0", "ROCR_VISIBLE_DEVICES=4,6", "CUDA_VISIBLE_DEVICES=0"}, "6,4"},
        {{"HIP_VISIBLE_DEVICES=", "ROCR_VISIBLE_DEVICES=4"}, ""},
        {{"CUDA_VISIBLE_DEVICES=0", "ROCR_VISIBLE_DEVICES=GPU-8a,GPU-9b"}, "GPU-8a"},
        {{"HIP_VISIBLE_DEVICES=GPU-9b"}, "GPU-9b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena;
        const char *found = "-";
        arena_init(&arena);
        char **unified = launch_unify_gpus((char *const *)cases[i].inherited, &arena);
        for (; *unified != NULL; unified++) {
            assert_int_equal(strncmp(*unified, "ROCR_VISIBLE_DEVICES=", 21), 0);
            found = *unified + 21;
        }
        if (strcmp(found, cases[i].expected) != 0) {
            fail_msg("%zu: %s where %s was expected", i, found, cases[i].expected);
        }
        arena_release(&arena);
    }
}

static void add_device(FILE *file, unsigned bus, const char *type)
{
    fprintf(file,
            "<object type=\"PCIDev\" os_index=\"%u\" pci_busid=\"0000:%02x:00.0\" "
            "pci_type=\"%s\" pci_link_speed=\"0.0\"/>\n",
            bus << 12U, bus, type);
}

/* A machine of a file, since the one that runs the tests may have any. */
static void test_counted(void **state)
{
    (void)state;
    char path[] = "/tmp/test_gpus.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_non_null(file);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
          "<topology version=\"2.0\">\n"
          "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" "
          "allowed_cpuset=\"0x1\" nodeset=\"0x1\" complete_nodeset=\"0x1\" "
          "allowed_nodeset=\"0x1\">\n"
          "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" "
          "nodeset=\"0x1\" complete_nodeset=\"0x1\" local_memory=\"1000\"/>\n"
          "<object type=\"Core\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" "
          "nodeset=\"0x1\" complete_nodeset=\"0x1\">\n"
          "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" "
          "nodeset=\"0x1\" complete_nodeset=\"0x1\"/>\n</object>\n"
          "<object type=\"Bridge\" bridge_type=\"0-1\" depth=\"0\" "
          "bridge_pci=\"0000:[00-ff]\">\n",
          file);
    add_device(file, 1, "0302 [10de:20b0] [10de:1463] a1"); /* 3D controller */
    add_device(file, 2, "0300 [10de:2204] [10de:1463] a1"); /* VGA */
    add_device(file, 3, "0403 [10de:1aef] [10de:1463] a1"); /* its sound */
    add_device(file, 4, "1200 [1002:740f] [1002:0c34] 01"); /* accelerator */
    add_device(file, 5, "0300 [1a03:2000] [1a03:2000] 41"); /* the console's */
    add_device(file, 6, "0200 [8086:1533] [8086:1533] 03"); /* network */
    fputs("</object>\n</object>\n</topology>\n", file);
    fclose(file);
    setenv("HWLOC_XMLFILE", path, 1);
    struct machine_gpus gpus = machine_count_gpus();
    struct machine machine;
    struct diag diag;
    diag_init(&diag);
    assert_int_equal(machine_read(&machine, &diag), 0);
    assert_int_equal(machine.core_count, 1);
    machine_release(&machine);
    diag_release(&diag);
    unsetenv("HWLOC_XMLFILE");
    unlink(path);
    assert_int_equal(gpus.nvidia, 2);
    assert_int_equal(gpus.amd, 1);
}

static void test_unreadable(void **state)
{
    (void)state;
    setenv("HWLOC_XMLFILE", "/nowhere/machine.xml", 1);
    struct machine_gpus gpus = machine_count_gpus();
    unsetenv("HWLOC_XMLFILE");
    assert_int_equal(gpus.nvidia, 0);
    assert_int_equal(gpus.amd, 0);
    assert_null(getenv("HWLOC_PLUGINS_PATH"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listed),           cmocka_unit_test(test_named),
        cmocka_unit_test(test_one_list_for_amd), cmocka_unit_test(test_counted),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
