#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clusters.h"
#include "user_home.h"

#include <stdio.h>
#include <stdlib.h>

static char home[] = "/tmp/test_clusters.XXXXXX";

static void write_file(const char *program, const char *text)
{
    home_write(home, program, "clusters.toml", text);
}

struct world {
    struct clusters clusters;
    struct diag diag;
};

static int set_up(void **state)
{
    static struct world world;
    home_empty(home);
    world = (struct world){0};
    diag_init(&world.diag);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    clusters_release(&world->clusters);
    diag_release(&world->diag);
    return 0;
}

static const struct cluster *find(const struct world *world, const char *name)
{
    struct slice nearest;
    const struct cluster *cluster = clusters_find(&world->clusters, slice_of(name), &nearest);
    assert_non_null(cluster);
    return cluster;
}

/* ---- Identification ---- */

static void expect_identified(struct world *world, const char *name, char *const *environment,
                              const char *wanted)
{
    const struct cluster *cluster =
        clusters_identify(&world->clusters, name, environment, &world->diag);
    assert_non_null(cluster);
    assert_string_equal(cluster->name.at, wanted); /* which ends with NUL */
}

static void test_built_in(void **state)
{
    struct world *world = *state;
    char *nowhere[] = {"PATH=/bin", NULL};
    char *delta[] = {"LMOD_SYSTEM_NAME_X=andes", "LMOD_SYSTEM_NAME=Delta", NULL};
    char *other[] = {"LMOD_SYSTEM_NAME=Delta2", NULL};
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    assert_int_equal(world->clusters.count, 6);
    expect_identified(world, NULL, nowhere, "none");
    expect_identified(world, NULL, delta, "delta");
    expect_identified(world, NULL, other, "none");
    expect_identified(world, "anvil", delta, "anvil");
    assert_int_equal(find(world, "none")->scheduler, SCHEDULER_BASH);
    assert_int_equal(find(world, "delta")->scheduler, SCHEDULER_SLURM);
    assert_string_equal(find(world, "delta")->origin, CLUSTER_BUILT_IN);
    assert_string_equal(find(world, "delta")->submit_options[0].at, "--constraint=\"scratch\"");
    assert_string_equal(find(world, "frontier")->submit_options[0].at, "--constraint=\"nvme\"");
    assert_string_equal(find(world, "anvil")->gpus_per_task.at, "--gpus-per-task=");
    for (size_t i = 0; i < world->clusters.count; i++) {
        assert_int_equal(world->clusters.items[i].signal_s, 120);
        assert_true(world->clusters.items[i].maximum_jobs == CLUSTER_NO_LIMIT);
    }
}

static void test_unknown_name(void **state)
{
    struct world *world = *state;
    char *nowhere[] = {NULL};
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    assert_null(clusters_identify(&world->clusters, "anvli", nowhere, &world->diag));
    assert_int_equal(world->diag.errors, 1);
    assert_string_equal(world->diag.entries.at[0].message,
                        "there is no cluster `anvli`; did you mean `anvil`?");
    assert_int_equal(world->diag.entries.at[0].blame, DIAG_DESCRIPTION);
}

static void test_order_of_files(void **state)
{
    struct world *world = *state;
    char *here[] = {"SITE=", NULL};
    write_file("row", "[[cluster]]\nname = \"r\"\nidentify.by_environment = [\"SITE\", \"\"]\n"
                      "scheduler = \"slurm\"\npartition = []\n");
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    expect_identified(world, NULL, here, "r");
    clusters_release(&world->clusters);
    write_file("rowbuild", "[[cluster]]\nname = \"never\"\nidentify.always = false\n"
                           "scheduler = \"slurm\"\npartition = []\n"
                           "[[cluster]]\nname = \"b\"\nidentify.always = true\n"
                           "scheduler = \"bash\"\npartition = []\n"
                           "[[cluster]]\nname = \"none\"\nidentify.always = true\n"
                           "scheduler = \"slurm\"\npartition = []\n");
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    assert_int_equal(world->clusters.count, 10);
    expect_identified(world, NULL, here, "b");
    expect_identified(world, "never", here, "never");
    assert_int_equal(find(world, "none")->scheduler, SCHEDULER_SLURM);
    assert_int_equal(world->diag.entries.count, 0);
}

static void test_empty_file(void **state)
{
    struct world *world = *state;
    write_file("rowbuild", "");
    write_file("row", "# nothing\n");
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    assert_int_equal(world->clusters.count, 6);
}

static void test_unreadable_file(void **state)
{
    struct world *world = *state;
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/.config/row/clusters.toml/x", home);
    assert_int_equal(file_make_parents(AT_FDCWD, buf_string(&path)), 0); /* a folder */
    buf_release(&path);
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    assert_int_equal(world->clusters.count, 6);
    assert_int_equal(world->diag.entries.at[0].severity, DIAG_WARNING);
    assert_non_null(strstr(world->diag.entries.at[0].message, "clusters.toml can't be read"));
}

/* ---- Keys ---- */

static void test_every_key(void **state)
{
    struct world *world = *state;
    write_file("rowbuild",
               "[[cluster]]\nname = \"lab\"\nidentify.by_environment = [\"A\", \"b\"]\n"
               "scheduler = \"slurm\"\nsubmit_options = [\"-x\", \"-y z\"]\n"
               "slurm_gpus_per_task = \"--gres=gpu:\"\nmaximum_jobs = 500\narray_throttle = 20\n"
               "target_job_minutes = 15\n"
               "no_arrays = true\nsignal_s = 0\n"
               "[[cluster.partition]]\nname = \"p\"\nmaximum_cpus_per_job = 1\n"
               "require_cpus_multiple_of = 2\nwarn_cpus_not_multiple_of = 3\n"
               "memory_per_cpu = \"5G\"\ncpus_per_node = 4\nminimum_gpus_per_job = 5\n"
               "maximum_gpus_per_job = 0\nrequire_gpus_multiple_of = 7\n"
               "warn_gpus_not_multiple_of = 8\nmemory_per_gpu_mb = 9000\ngpus_per_node = 10\n"
               "prevent_auto_select = true\naccount_suffix = \"-gpu\"\n"
               "[[cluster.partition]]\nname = \"q\"\nmemory_per_cpu_mb = 1970\n");
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    const struct cluster *lab = find(world, "lab");
    assert_string_equal(lab->identify_variable.at, "A");
    assert_string_equal(lab->identify_value.at, "b");
    assert_int_equal(lab->submit_option_count, 2);
    assert_string_equal(lab->submit_options[1].at, "-y z");
    assert_string_equal(lab->gpus_per_task.at, "--gres=gpu:");
    assert_int_equal(lab->maximum_jobs, 500);
    assert_int_equal(lab->array_throttle, 20);
    assert_int_equal(lab->target_job_minutes, 15);
    assert_true(lab->no_arrays);
    assert_int_equal(lab->signal_s, 0);
    assert_non_null(strstr(lab->origin, "/.config/rowbuild/clusters.toml"));
    assert_int_equal(lab->partition_count, 2);
    const struct partition *p = &lab->partitions[0];
    assert_string_equal(p->name.at, "p");
    assert_int_equal(p->maximum_cpus_per_job, 1);
    assert_int_equal(p->require_cpus_multiple_of, 2);
    assert_int_equal(p->warn_cpus_not_multiple_of, 3);
    assert_string_equal(p->memory_per_cpu.at, "5G");
    assert_int_equal(p->cpus_per_node, 4);
    assert_int_equal(p->minimum_gpus_per_job, 5);
    assert_int_equal(p->maximum_gpus_per_job, 0);
    assert_int_equal(p->require_gpus_multiple_of, 7);
    assert_int_equal(p->warn_gpus_not_multiple_of, 8);
    assert_string_equal(p->memory_per_gpu.at, "9000M");
    assert_int_equal(p->gpus_per_node, 10);
    assert_true(p->prevent_auto_select);
    assert_string_equal(p->account_suffix.at, "-gpu");
    const struct partition *q = &lab->partitions[1];
    assert_true(q->maximum_cpus_per_job == CLUSTER_NO_LIMIT);
    assert_true(q->maximum_gpus_per_job == CLUSTER_NO_LIMIT);
    assert_string_equal(q->memory_per_cpu.at, "1970M");
    assert_null(q->memory_per_gpu.at);
    assert_null(q->account_suffix.at);
    assert_false(q->prevent_auto_select);
}

static void test_text(void **state)
{
    struct world *world = *state;
    static const char text[] =
        "[[cluster]]\nname = \"l\\\"ab\"\n"
        "identify.by_environment = [\"A\", \"b c\"]\nscheduler = \"slurm\"\n"
        "submit_options = [\"-x\", \"-y \\\"z\\\"\"]\n"
        "slurm_gpus_per_task = \"-G\"\nmaximum_jobs = 5\n"
        "array_throttle = 2\ntarget_job_minutes = 7\nno_arrays = true\nsignal_s = 9\n\n"
        "[[cluster.partition]]\nname = \"p\"\nmemory_per_cpu = \"5G\"\n"
        "maximum_gpus_per_job = 0\nmemory_per_gpu_mb = 7\n"
        "prevent_auto_select = true\n\n"
        "[[cluster.partition]]\nname = \"q\"\n";
    struct buf out = BUF_EMPTY;
    write_file("rowbuild", text);
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    cluster_add_text(&world->clusters.items[0], &out);
    assert_string_equal(buf_string(&out), text);
    buf_release(&out);
}

struct mistake {
    const char *lines; /* of a cluster that lacks nothing */
    const char *message;
};

static void test_mistakes(void **state)
{
    struct world *world = *state;
    static const struct mistake mistakes[] = {
        {"array_throtle = 1\n", "unknown key `array_throtle`; did you mean `array_throttle`?"},
        {"zzz = 1\n", "unknown key `zzz`; a cluster has the keys name, identify, scheduler, "
                      "partition and submit_options"},
        {"maximum_jobs = 0\n", "`maximum_jobs` must be an integer of at least 1"},
        {"maximum_jobs = 1.0\n", "`maximum_jobs` must be an integer of at least 1"},
        {"signal_s = -1\n", "`signal_s` must be an integer of at least 0: seconds"},
        {"target_job_minutes = 0.5\n",
         "`target_job_minutes` must be an integer of at least 0: minutes"},
        {"no_arrays = 1\n", "`no_arrays` must be true or false"},
        {"submit_options = \"-x\"\n",
         "`submit_options` must be an array of strings of one line each"},
        {"submit_options = [\"-x\\nrm\"]\n",
         "`submit_options` must be an array of strings of one line each"},
        {"slurm_gpus_per_task = true\n",
         "`slurm_gpus_per_task` must be a string of one line, and not empty: the option that the "
         "number is appended to"},
        {"[[cluster.partition]]\n", "`name` is missing; write `name = \"…\"`"},
        {"[[cluster.partition]]\nname = \"a\\nb\"\n",
         "`name` must be a string of one line, and not empty"},
        {"[[cluster.partition]]\nname = \"p\"\nmemory_per_cpu = \"5 GB\"\n",
         "`memory_per_cpu` must be a string with a number and K, M, G or T, such as \"1970M\""},
        {"[[cluster.partition]]\nname = \"p\"\nmemory_per_cpu = \"\"\n",
         "`memory_per_cpu` must be a string with a number and K, M, G or T, such as \"1970M\""},
        {"[[cluster.partition]]\nname = \"p\"\nmemory_per_gpu_mb = \"5\"\n",
         "`memory_per_gpu_mb` must be an integer of at least 1: megabytes"},
        {"[[cluster.partition]]\nname = \"p\"\nmemory_per_gpu = \"5G\"\nmemory_per_gpu_mb = 5\n",
         "`memory_per_gpu_mb` sets the same memory a second time; keep one of the two"},
        {"[[cluster.partition]]\nname = \"p\"\nwarn_cpus_multiple_of = 5\n",
         "unknown key `warn_cpus_multiple_of`; did you mean `warn_cpus_not_multiple_of`?"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct buf text = BUF_EMPTY;
        bool lacks_partitions = strstr(mistakes[i].lines, "partition]]") == NULL;
        buf_addf(&text, "[[cluster]]\nname = \"lab\"\nidentify.always = true\n%s%s%s",
                 "scheduler = \"slurm\"\n", lacks_partitions ? "partition = []\n" : "",
                 mistakes[i].lines);
        write_file("row", buf_string(&text));
        diag_release(&world->diag);
        diag_init(&world->diag);
        assert_int_equal(clusters_load(&world->clusters, &world->diag), -1);
        assert_int_equal(world->diag.errors, 1);
        assert_string_equal(world->diag.entries.at[0].message, mistakes[i].message);
        clusters_release(&world->clusters);
        buf_release(&text);
    }
}

static void test_missing_keys(void **state)
{
    struct world *world = *state;
    struct buf shown = BUF_EMPTY;
    write_file("row", "[[cluster]]\n");
    assert_int_equal(clusters_load(&world->clusters, &world->diag), -1);
    assert_int_equal(world->diag.errors, 4);
    for (size_t i = 0; i < world->diag.entries.count; i++) {
        diag_render(&world->diag.entries.at[i], false, &shown);
    }
    assert_non_null(strstr(buf_string(&shown), "clusters.toml:1:1: error: `name` is missing"));
    assert_non_null(strstr(buf_string(&shown), "`identify` is missing"));
    assert_non_null(strstr(buf_string(&shown), "`scheduler` is missing"));
    assert_non_null(strstr(buf_string(&shown), "`partition` is missing"));
    buf_release(&shown);
}

static void test_wrong_shapes(void **state)
{
    struct world *world = *state;
    static const char *const texts[] = {"cluster = 1", "[cluster]", "cluster = [1]", "[clustr]",
                                        "[[cluster"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("row", texts[i]);
        diag_release(&world->diag);
        diag_init(&world->diag);
        assert_int_equal(clusters_load(&world->clusters, &world->diag), -1);
        assert_int_equal(world->diag.errors, 1);
        assert_non_null(world->diag.entries.at[0].source);
        clusters_release(&world->clusters);
    }
}

/* ---- Partitions ---- */

static const struct partition *choose(const struct cluster *cluster, const char *named,
                                      uint64_t cpus, uint64_t gpus, const char *reasons,
                                      const char *warnings)
{
    struct buf why = BUF_EMPTY;
    struct buf wishes = BUF_EMPTY;
    struct slice name = named != NULL ? slice_of(named) : (struct slice){0};
    const struct partition *chosen = cluster_choose_partition(
        cluster, name, (struct job_size){.cpus = cpus, .gpus = gpus}, &why, &wishes);
    assert_string_equal(buf_string(&why), reasons);
    assert_string_equal(buf_string(&wishes), warnings);
    buf_release(&why);
    buf_release(&wishes);
    return chosen;
}

static void expect_chosen(const struct cluster *cluster, const char *named, uint64_t cpus,
                          uint64_t gpus, const char *wanted)
{
    struct buf why = BUF_EMPTY;
    struct buf wishes = BUF_EMPTY;
    struct slice name = named != NULL ? slice_of(named) : (struct slice){0};
    const struct partition *chosen = cluster_choose_partition(
        cluster, name, (struct job_size){.cpus = cpus, .gpus = gpus}, &why, &wishes);
    assert_non_null(chosen);
    assert_string_equal(chosen->name.at, wanted);
    buf_release(&why);
    buf_release(&wishes);
}

static void test_partitions_of_anvil(void **state)
{
    struct world *world = *state;
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    const struct cluster *anvil = find(world, "anvil");
    expect_chosen(anvil, NULL, 1, 0, "shared");
    expect_chosen(anvil, NULL, 127, 0, "shared");
    expect_chosen(anvil, NULL, 128, 0, "wholenode");
    expect_chosen(anvil, NULL, 256, 0, "wholenode");
    expect_chosen(anvil, NULL, 1, 1, "gpu");
    expect_chosen(anvil, "debug", 130, 0, "debug");
    assert_null(choose(anvil, NULL, 129, 0,
                       "shared: too many CPUs (129 > 127)\n"
                       "wholenode: 129 CPUs, but it accepts only multiples of 128\n"
                       "gpu: too few GPUs (0 < 1)\n"
                       "wide: is used only when it is named\n"
                       "highmem: is used only when it is named\n"
                       "debug: is used only when it is named\n"
                       "gpu-debug: is used only when it is named\n",
                       ""));
    assert_null(choose(anvil, "wide", 129, 0,
                       "wide: 129 CPUs, but it accepts only multiples of 128\n", ""));
    assert_null(choose(anvil, "debug", 1, 1, "debug: too many GPUs (1 > 0)\n", ""));
    assert_null(choose(anvil, "shraed", 1, 0,
                       "shraed: the cluster `anvil` doesn't have this partition; did you mean "
                       "`shared`?\n",
                       ""));
}

static void test_wishes(void **state)
{
    struct world *world = *state;
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    const struct cluster *andes = find(world, "andes");
    const struct cluster *frontier = find(world, "frontier");
    assert_non_null(choose(andes, NULL, 64, 0, "", ""));
    assert_non_null(choose(andes, NULL, 30, 0, "",
                           "batch: 30 CPUs, but only multiples of 32 use its nodes fully\n"));
    assert_null(choose(andes, NULL, 30, 1, "batch: too many GPUs (1 > 0)\n", ""));
    assert_non_null(choose(frontier, NULL, 8, 8, "", ""));
    assert_non_null(choose(frontier, NULL, 8, 0, "",
                           "batch: 0 GPUs, but only multiples of 8 use its nodes fully\n"));
}

static void test_gpus_required(void **state)
{
    struct world *world = *state;
    write_file("row", "[[cluster]]\nname = \"lab\"\nidentify.always = true\n"
                      "scheduler = \"slurm\"\n"
                      "[[cluster.partition]]\nname = \"four\"\nrequire_gpus_multiple_of = 4\n"
                      "[[cluster]]\nname = \"bare\"\nidentify.always = true\n"
                      "scheduler = \"slurm\"\npartition = []\n");
    assert_int_equal(clusters_load(&world->clusters, &world->diag), 0);
    const struct cluster *lab = find(world, "lab");
    expect_chosen(lab, NULL, 1, 8, "four");
    assert_null(choose(lab, NULL, 1, 0, "four: 0 GPUs, but it accepts only multiples of 4\n", ""));
    assert_null(choose(lab, NULL, 1, 6, "four: 6 GPUs, but it accepts only multiples of 4\n", ""));
    assert_null(
        choose(find(world, "bare"), NULL, 1, 0, "the cluster `bare` has no partitions\n", ""));
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_built_in),
        WITH_WORLD(test_unknown_name),
        WITH_WORLD(test_order_of_files),
        WITH_WORLD(test_empty_file),
        WITH_WORLD(test_unreadable_file),
        WITH_WORLD(test_every_key),
        WITH_WORLD(test_text),
        WITH_WORLD(test_mistakes),
        WITH_WORLD(test_missing_keys),
        WITH_WORLD(test_wrong_shapes),
        WITH_WORLD(test_partitions_of_anvil),
        WITH_WORLD(test_wishes),
        WITH_WORLD(test_gpus_required),
    };
    if (mkdtemp(home) == NULL || setenv("HOME", home, 1) != 0 || unsetenv("ROW_HOME") != 0 ||
        unsetenv("ROWBUILD_HOME") != 0) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    file_remove_tree(AT_FDCWD, home);
    return failed;
}
