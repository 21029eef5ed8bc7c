/* Requests that grow: factors, steps, limits, and the jobs that come of them. */
#include "job_plan.h"
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_walltime(double plain_s, double factor, double wanted_s)
{
    double got = growth_walltime_s(plain_s, factor);
    assert_true(got >= wanted_s && got <= wanted_s);
}

static void test_steps_of_memory(void **state)
{
    (void)state;
    assert_int_equal(growth_memory_mb(1000, 0), 1000); /* what hasn't grown isn't rounded */
    assert_int_equal(growth_memory_mb(1000, 1), 1000);
    assert_int_equal(growth_memory_mb(500, 1.5), 768);
    assert_int_equal(growth_memory_mb(640, 1.5), 960);
    assert_int_equal(growth_memory_mb(641, 1.5), 1024);
    assert_int_equal(growth_memory_mb(1024, 1.1), 1280);
    assert_int_equal(growth_memory_mb(8192, 1.5), 12288);
    assert_int_equal(growth_memory_mb(8192, 1.0001), 9216);
    assert_int_equal(growth_memory_mb(12288, 1.5), 18432);
    assert_int_equal(growth_memory_mb(UINT64_MAX, 2), UINT64_C(1) << 53);
    for (uint64_t plain = 1; plain < 70000; plain += 331) { /* what was asked for once stays so */
        uint64_t asked = growth_memory_mb(plain, 1.3);
        assert_int_equal(growth_memory_mb(plain, (double)asked / (double)plain), asked);
        assert_true(asked > plain);
    }
}

static void test_steps_of_walltime(void **state)
{
    (void)state;
    expect_walltime(90, 0, 90);
    expect_walltime(90, 1.5, 180);
    expect_walltime(600, 1.25, 780);
    expect_walltime(3000, 1.5, 4500);
    expect_walltime(3600, 1.51, 5700);
    expect_walltime(6 * 3600.0, 1.51, 9.25 * 3600);
    expect_walltime(24 * 3600.0, 1.51, 37 * 3600.0);
    expect_walltime(3600, 2, 7200);
}

static void expect_after(struct growth before, enum growth_cause cause, struct growth wanted)
{
    struct grow_spec both = {.memory = 1.5, .walltime = 2};
    assert_true(growths_equal(growth_after(before, cause, &both), wanted));
}

static void test_what_an_ending_makes_grow(void **state)
{
    (void)state;
    struct growth none = {0};
    struct growth grown = {.memory = 1.5, .walltime = 4};
    expect_after(none, GROWTH_NO_CAUSE, none);
    expect_after(none, GROWTH_OUT_OF_MEMORY, (struct growth){.memory = 1.5});
    expect_after(none, GROWTH_OUT_OF_TIME, (struct growth){.walltime = 2});
    expect_after(grown, GROWTH_NO_CAUSE, grown);
    expect_after(grown, GROWTH_OUT_OF_MEMORY, (struct growth){.memory = 2.25, .walltime = 4});
    expect_after(grown, GROWTH_OUT_OF_TIME, (struct growth){.memory = 1.5, .walltime = 8});
    struct grow_spec only_time = {.walltime = 2};
    assert_true(growths_equal(growth_after(grown, GROWTH_OUT_OF_MEMORY, &only_time),
                              (struct growth){.walltime = 4}));
}

/* ---- Jobs ---- */

#define LIMITS "main* 10:00:00 20000\nlong 2-00:00:00 40000\nnamed infinite 900000\n"

struct example {
    const char *keys;   /* of the action */
    const char *growth; /* of the directories: '.', 'm'emory × 1.5, 't'ime × 2, 'T'ime × 30 */
    const char *limits; /* as sinfo prints them; NULL: LIMITS */
    const char *wanted; /* a line for each submission */
};

static struct growth growth_of(char letter)
{
    return (struct growth){.memory = letter == 'm' ? 1.5 : 0,
                           .walltime = letter == 't'   ? 2
                                       : letter == 'T' ? 30
                                                       : 0};
}

static void add_submission(const struct job_plan *made, const struct planned_submission *one,
                           struct buf *out)
{
    const struct job_request *request = &one->request;
    static const char *const units[] = {"", " a node", " a CPU", " a GPU"};
    for (size_t j = 0; j < one->job_count; j++) {
        const struct planned_job *job = &made->jobs.at[one->first_job + j];
        buf_add_string(out, j > 0 ? " " : "");
        for (size_t d = 0; d < job->directory_count; d++) {
            buf_addf(out, "%s%.*s", d > 0 ? "+" : "", SLICE_ARGS(job->directories[d]));
        }
    }
    buf_addf(out, ": %.*s %llu MiB%s %.0f min%s%s\n", SLICE_ARGS(request->partition->name),
             (unsigned long long)request->memory_mb, units[request->memory],
             request->walltime_s / 60, request->grown.is_most_memory ? " most memory" : "",
             request->grown.is_most_time ? " most time" : "");
}

static void expect_jobs(const struct example *example)
{
    struct study study;
    struct launchers launchers;
    struct site site = {0};
    struct job_plan made = {0};
    struct buf rowfile = BUF_EMPTY;
    struct buf got = BUF_EMPTY;
    char path[] = "d1/in";
    struct partition partitions[] = {
        {.name = SLICE_LITERAL("main")},
        {.name = SLICE_LITERAL("named"), .prevent_auto_select = true},
        {.name = SLICE_LITERAL("long")},
    };
    for (size_t i = 0; i < sizeof partitions / sizeof partitions[0]; i++) {
        partitions[i].maximum_cpus_per_job = CLUSTER_NO_LIMIT;
        partitions[i].maximum_gpus_per_job = CLUSTER_NO_LIMIT;
    }
    struct cluster cluster = {.name = SLICE_LITERAL("lab"),
                              .scheduler = SCHEDULER_SLURM,
                              .partitions = partitions,
                              .partition_count = sizeof partitions / sizeof partitions[0],
                              .maximum_jobs = CLUSTER_NO_LIMIT};
    buf_addf(&rowfile,
             "[[action]]\nname = 'a'\ncommand = 'x # {directory}'\nproducts = ['out']\n%s\n",
             example->keys);
    study_begin(&study, buf_string(&rowfile));
    for (size_t d = 0; d < strlen(example->growth); d++) {
        path[1] = (char)('1' + d);
        study_write(&study, path, "x");
    }
    arena_init(&site.arena);
    site_parse_limits(&site, slice_of(example->limits != NULL ? example->limits : LIMITS));
    assert_int_equal(launchers_load(&launchers, &study.diag), 0);
    study_look(&study);
    const struct graph *graph = plan_graph(study.plan);
    struct task_growth growth[16] = {0};
    for (size_t d = 0; d < strlen(example->growth); d++) {
        char key[] = "a/d1";
        key[3] = (char)('1' + d);
        growth[graph_find_task(graph, slice_of(key)).at].now = growth_of(example->growth[d]);
    }
    struct job_plan_options options = {.cluster = &cluster,
                                       .launchers = &launchers,
                                       .site = &site,
                                       .growth = growth,
                                       .max_array_size = 1001};
    assert_int_equal(job_plan_make(study.plan, &options, &made, &study.diag), 0);
    vec_each (const struct planned_submission, one, &made.submissions) {
        add_submission(&made, one, &got);
    }
    assert_string_equal(buf_string(&got), example->wanted);
    job_plan_release(&made);
    site_release(&site);
    launchers_release(&launchers);
    study_close(&study);
    study_end(&study);
    buf_release(&rowfile);
    buf_release(&got);
}

#define EACH "group.maximum_size = 1\n"
#define NEEDS                                                                                      \
    "resources.memory.per_submission = '8 GiB'\nresources.walltime.per_submission = '01:00:00'\n"

static void test_grown_tasks_are_submitted_by_themselves(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {EACH NEEDS, "...", NULL, "d1 d2 d3: main 8192 MiB a node 60 min\n"},
        {EACH NEEDS, "m.mt", NULL,
         "d1 d3: main 12288 MiB a node 60 min\nd2: main 8192 MiB a node 60 min\n"
         "d4: main 8192 MiB a node 120 min\n"},
        {NEEDS, ".m.m", NULL,
         "d1+d3: main 8192 MiB a node 60 min\nd2+d4: main 12288 MiB a node 60 min\n"},
        {NEEDS "scope = 'directory'\ngroup.submit_whole = true\n", ".mt", NULL,
         "d1+d2+d3: main 12288 MiB a node 120 min\n"},
        {"resources.walltime.per_directory = '00:10:00'\n", "tt.", NULL,
         "d1+d2: main 0 MiB 40 min\nd3: main 0 MiB 10 min\n"},
        {"resources.memory_per_cpu_mb = 1000\nresources.processes.per_submission = 4\n", "m", NULL,
         "d1: main 1536 MiB a CPU 60 min\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        expect_jobs(&examples[i]);
    }
}

static void test_limits_of_partitions(void **state)
{
    (void)state;
    static const struct example examples[] = {
        /* the next partition allows it; `named` is only taken by its name */
        {EACH NEEDS, "T", NULL, "d1: long 8192 MiB a node 1800 min\n"},
        {EACH "resources.memory.per_submission = '18 GiB'\n", "m", NULL,
         "d1: long 27648 MiB a node 60 min\n"},
        {EACH "resources.walltime.per_submission = '09:00:00'\n"
              "submit_options.lab.partition = 'named'\n",
         "T", NULL, "d1: named 0 MiB 16200 min\n"},
        /* none does */
        {EACH "resources.walltime.per_submission = '05:00:00'\n", "T", NULL,
         "d1: main 0 MiB 600 min most time\n"},
        {EACH "resources.memory.per_submission = '30 GiB'\n", "m", NULL,
         "d1: main 30720 MiB a node 60 min most memory\n"}, /* never less than described */
        {EACH "resources.memory.per_submission = '15 GiB'\n"
              "submit_options.lab.partition = 'main'\n",
         "m", NULL, "d1: main 20000 MiB a node 60 min most memory\n"},
        /* each process may be on a host of its own */
        {EACH "launchers = ['mpi']\nresources.processes.per_submission = 4\n"
              "resources.memory.per_process = '10 GiB'\nsubmit_options.lab.partition = 'main'\n",
         "m", NULL, "d1: main 15360 MiB a CPU 60 min\n"},
        {EACH "launchers = ['mpi']\nresources.processes.per_submission = 4\n"
              "resources.memory.per_process = '15 GiB'\nsubmit_options.lab.partition = 'main'\n",
         "m", NULL, "d1: main 20000 MiB a CPU 60 min most memory\n"},
        /* nobody knows */
        {EACH "resources.walltime.per_submission = '05:00:00'\n", "T", "main* 8\nlong 8\n",
         "d1: main 0 MiB 9000 min\n"},
        {EACH "resources.walltime.per_submission = '05:00:00'\n", "T", "main* infinite 1000\n",
         "d1: main 0 MiB 9000 min\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        expect_jobs(&examples[i]);
    }
}

static void test_limits_of_a_site(void **state)
{
    (void)state;
    struct site site = {0};
    arena_init(&site.arena);
    site_parse(&site, SLICE_LITERAL("main* 8\n"));
    site_parse_limits(&site, SLICE_LITERAL("main* 1-12:00:00 1000\nmain* 1-12:00:00 64000\n"
                                           "long infinite 2000\nodd much 3\nmain*\n\n* 1:00 2\n"));
    assert_int_equal(site.count, 2);
    assert_int_equal(site_cpus_per_node(&site, SLICE_LITERAL("main")), 8);
    struct site_limits limits = site_limits_of(&site, (struct slice){0});
    assert_true(limits.seconds >= 36 * 3600.0 && limits.seconds <= 36 * 3600.0);
    assert_int_equal(limits.memory_mb, 64000);
    limits = site_limits_of(&site, SLICE_LITERAL("long"));
    assert_false(limits.seconds > 0);
    limits = site_limits_of(&site, SLICE_LITERAL("long,main"));
    assert_true(limits.seconds > 0);
    assert_int_equal(limits.memory_mb, 2000);
    assert_int_equal(site_limits_of(&site, SLICE_LITERAL("other")).memory_mb, 0);
    site_release(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_of_memory),
        cmocka_unit_test(test_steps_of_walltime),
        cmocka_unit_test(test_what_an_ending_makes_grow),
        cmocka_unit_test(test_grown_tasks_are_submitted_by_themselves),
        cmocka_unit_test(test_limits_of_partitions),
        cmocka_unit_test(test_limits_of_a_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
