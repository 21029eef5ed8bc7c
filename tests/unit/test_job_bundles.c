/* Which tasks are put together into one job where the cluster says how long jobs are to be. */
#include "job_plan.h"
#include "simulated_study.h"
#include "submit_tell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bundling {
    struct study study;
    struct launchers launchers;
    struct cluster cluster;
    struct job_plan_options options;
    struct job_plan made;
    struct buf said; /* notices */
    struct buf text;
};

/* A study of which d00 has run, so that it is known what tasks take. */
static void begin(struct bundling *bundling, const char *rowfile, uint64_t target_minutes)
{
    *bundling = (struct bundling){.cluster = {.name = SLICE_LITERAL("lab"),
                                              .scheduler = SCHEDULER_SLURM,
                                              .maximum_jobs = CLUSTER_NO_LIMIT,
                                              .target_job_minutes = target_minutes,
                                              .signal_s = 120}};
    bundling->options = (struct job_plan_options){
        .cluster = &bundling->cluster, .launchers = &bundling->launchers, .max_array_size = 1001};
    study_begin(&bundling->study, rowfile);
    study_write(&bundling->study, "d00/in", "{\"k\": 2}");
    bundling->study.jobs = 2;
    study_run(&bundling->study);
    assert_int_equal(launchers_load(&bundling->launchers, &bundling->study.diag), 0);
    arena_init(&bundling->made.arena);
}

static void end(struct bundling *bundling)
{
    job_plan_release(&bundling->made);
    launchers_release(&bundling->launchers);
    study_close(&bundling->study);
    study_end(&bundling->study);
    buf_release(&bundling->said);
    buf_release(&bundling->text);
}

/* d01 and so on. */
static void add_directories(struct bundling *bundling, unsigned count)
{
    char path[32];
    for (unsigned d = 1; d <= count; d++) {
        (void)snprintf(path, sizeof path, "d%02u/in", d);
        study_write(&bundling->study, path, "x");
    }
}

static void make(struct bundling *bundling)
{
    job_plan_release(&bundling->made);
    assert_int_equal(job_plan_make(bundling->study.plan, &bundling->options, &bundling->made,
                                   &bundling->study.diag),
                     0);
}

/* A line for each submission: each job's tasks, then what it waits for (ids are numbers of lines), then its
 * time limit in minutes. */
static void expect(struct bundling *bundling, const char *expected)
{
    const struct job_plan *made = &bundling->made;
    uint64_t ids[64];
    make(bundling);
    buf_clear(&bundling->text);
    for (size_t s = 0; s < made->submissions.count; s++) {
        const struct planned_submission *submission = &made->submissions.at[s];
        assert_true(s < 64);
        ids[s] = s + 1;
        for (size_t j = 0; j < submission->job_count; j++) {
            const struct planned_job *job = &made->jobs.at[submission->first_job + j];
            for (size_t n = 0; n < job->task_count; n++) {
                buf_add_string(&bundling->text, n > 0 ? "+" : j > 0 ? " " : "");
                graph_add_key(bundling->study.graph, job->tasks[n], &bundling->text);
            }
        }
        buf_add_char(&bundling->text, ' ');
        job_plan_add_dependencies(submission, ids, &bundling->text);
        buf_addf(&bundling->text, "%s%llu min\n", submission->dependency_count > 0 ? " " : "",
                 (unsigned long long)script_minutes(submission->request.walltime_s));
    }
    assert_string_equal(buf_string(&bundling->text), expected);
}

#define ACTION(name, seconds, from, to)                                                            \
    "[[action]]\nname = '" name "'\ncommand = 'last " seconds "; copy " from " " to                \
    " # {directory}'\ninputs = ['" from "']\nproducts = ['" to "']\n"                              \
    "resources.walltime.per_directory = '00:01:00'\n"
#define A ACTION("a", "20", "in", "one")
#define B ACTION("b", "10", "one", "two")

static void test_a_group_is_cut_into_jobs_of_that_length(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A, 1);
    add_directories(&bundling, 7);
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d02+a/d03 a/d04+a/d05+a/d06 a/d07 2 min\n");
    bundling.cluster.target_job_minutes = 0;
    expect(&bundling, "a/d01+a/d02+a/d03+a/d04+a/d05+a/d06+a/d07 7 min\n");
    bundling.cluster.target_job_minutes = 1;
    bundling.options.limit = 2;
    expect(&bundling, "a/d01+a/d02+a/d03 a/d04+a/d05+a/d06 2 min\n");
    end(&bundling);
}

/* In turn, so that four of them need no more than one. */
static void test_members_take_turns_on_what_one_requests(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          A "resources.processes.per_directory = 2\nresources.memory.per_directory = '1 GiB'\n", 1);
    add_directories(&bundling, 4);
    study_look(&bundling.study);
    make(&bundling);
    assert_int_equal(bundling.made.submissions.count, 1);
    assert_int_equal(bundling.made.submissions.at[0].job_count, 2);
    assert_int_equal(bundling.made.submissions.at[0].request.processes, 2);
    assert_int_equal(bundling.made.submissions.at[0].request.memory_mb, 1024);
    end(&bundling);
}

static void test_what_was_never_timed_is_a_job_for_each_group(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, ACTION("a", "20", "in", "one"), 1);
    bundling.study.rowfile = ACTION("new", "20", "in", "new");
    add_directories(&bundling, 4);
    study_look(&bundling.study);
    expect(&bundling, "new/d00+new/d01+new/d02+new/d03+new/d04 5 min\n");
    end(&bundling);
}

static void test_the_largest_size_as_it_was_written_wins(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A "[action.group]\nmaximum_size = 2\n" B "[action.group]\nmaximum_size = 1\n",
          30);
    add_directories(&bundling, 4);
    study_look(&bundling.study);
    bundling.options.follow = true;
    expect(&bundling, "a/d01+a/d02+b/d01 a/d03+a/d04+b/d03 2 min\n"
                      "b/d02 afterany:1_0 1 min\n"
                      "b/d04 afterany:1_1 1 min\n");
    end(&bundling);
}

static void test_jobs_keep_the_order_and_the_keys_of_groups(void **state)
{
#define SORTED                                                                                     \
    "[workspace]\nvalue_file = 'in'\n" A                                                           \
    "[action.group]\nsort_by = ['/k']\nsplit_by_sort_key = true\n"
    struct bundling bundling;
    char path[] = "d00/in";
    (void)state;
    begin(&bundling, SORTED, 1);
    for (unsigned d = 1; d <= 8; d++) {
        path[2] = (char)('0' + d);
        study_write(&bundling.study, path, d % 2 == 0 ? "{\"k\": 2}" : "{\"k\": 1}");
    }
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d03+a/d05 a/d07 a/d02+a/d04+a/d06 a/d08 2 min\n");
    end(&bundling);
}

static void test_a_group_that_goes_whole_goes_alone(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          A "scope = 'directory'\n" B "scope = 'directory'\n[action.group]\nsubmit_whole = true\n",
          1);
    add_directories(&bundling, 3);
    study_write(&bundling.study, "d00/in", "y");
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d00+a/d01+a/d02 a/d03 2 min\n"
                      "b/d00+b/d01+b/d02+b/d03 afterok:1 4 min\n");
    end(&bundling);
}

static void test_a_chain_goes_into_one_job(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A B ACTION("c", "31", "two", "three"), 1);
    add_directories(&bundling, 4);
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d02+a/d03 a/d04 2 min\n");
    bundling.options.follow = true;
    /* c would make them longer; what is left of a failure runs, so that it waits for any end */
    expect(&bundling, "a/d01+b/d01+a/d02+b/d02 a/d03+b/d03+a/d04+b/d04 2 min\n"
                      "c/d01 c/d02 afterany:1_0 1 min\n"
                      "c/d03 c/d04 afterany:1_1 1 min\n");
    end(&bundling);
}

/* d02 has the first one. */
static void test_each_chain_is_as_long_as_its_own_tasks(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A B ACTION("c", "35", "two", "three"), 1);
    add_directories(&bundling, 2);
    bundling.study.action = "a";
    bundling.study.target = "d02";
    study_run(&bundling.study);
    bundling.study.action = NULL;
    bundling.study.target = NULL;
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+b/d01 1 min\n"
                      "b/d02+c/d02 2 min\n"
                      "c/d01 afterok:1 1 min\n");
    end(&bundling);
}

static void test_a_task_keeps_its_own_walltime(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          "[[action]]\nname = 'a'\ncommand = 'last 20; write x one # {directory}'\n"
          "products = ['one']\nresources.walltime.per_directory = '00:10:00'\n",
          1);
    add_directories(&bundling, 5);
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d02+a/d03 a/d04+a/d05 10 min\n");
    end(&bundling);
}

/* Neither is before it alone. */
static void test_what_waits_for_two_chains_is_in_neither(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          A ACTION("b", "10", "in", "two") "[[action]]\nname = 'c'\n"
                                           "command = 'last 5; copy one three # {directory}'\n"
                                           "inputs = ['one', 'two']\nproducts = ['three']\n"
                                           "resources.walltime.per_directory = '00:01:00'\n",
          1);
    add_directories(&bundling, 2);
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d02 2 min\n"
                      "b/d01+b/d02 1 min\n"
                      "c/d01+c/d02 afterany:1:2 1 min\n");
    end(&bundling);
}

/* In the order of what the chains begin with, which isn't that of what joins them. */
static void test_no_job_has_two_groups_of_an_action(void **state)
{
    struct bundling bundling;
    char path[] = "d00/in";
    (void)state;
    begin(&bundling,
          "[workspace]\nvalue_file = 'in'\n" A B
          "[action.group]\nsort_by = ['/k']\nsplit_by_sort_key = true\n",
          2);
    for (unsigned d = 1; d <= 5; d++) {
        path[2] = (char)('0' + d);
        study_write(&bundling.study, path, d < 4 ? "{\"k\": 2}" : "{\"k\": 1}");
    }
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+b/d01+a/d02+b/d02+a/d03+b/d03 a/d04+b/d04+a/d05+b/d05 3 min\n");
    end(&bundling);
}

static void test_what_requests_more_is_no_part_of_a_chain(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A B "resources.threads_per_process = 2\n", 1);
    add_directories(&bundling, 3);
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d02+a/d03 2 min\n"
                      "b/d01+b/d02+b/d03 afterany:1 1 min\n");
    end(&bundling);
}

/* A job of the first has one host. */
static void test_what_another_launcher_starts_is_no_part_of_a_chain(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A B, 1);
    bundling.study.rowfile = A B "launchers = ['mpi']\n";
    add_directories(&bundling, 3);
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+a/d02+a/d03 2 min\n"
                      "b/d01+b/d02+b/d03 afterany:1 1 min\n");
    end(&bundling);
}

/* One that needs all of a bundle waits for its success. */
static void test_who_needs_all_of_a_bundle_needs_its_success(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          A B "[[action]]\nname = 'sum'\nscope = 'group'\ncommand = 'gather two //sum # "
              "{directories}'\nproducts = ['//sum']\nprevious_actions = ['b']\n",
          1);
    add_directories(&bundling, 2);
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+b/d01+a/d02+b/d02 2 min\n"
                      "sum///sum afterok:1 180 min\n");
    end(&bundling);
}

/* Otherwise there would be more calls of sbatch than directories. */
static void test_without_arrays_whole_chains_are_jobs(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          "[default.action.group]\nmaximum_size = 1\n" A ACTION("b", "50", "one", "two")
              ACTION("c", "50", "two", "three"),
          1);
    add_directories(&bundling, 6);
    bundling.options.follow = true;
    bundling.options.no_arrays = true;
    study_look(&bundling.study);
    expect(&bundling, "a/d01+b/d01+c/d01 3 min\na/d02+b/d02+c/d02 3 min\n"
                      "a/d03+b/d03+c/d03 3 min\na/d04+b/d04+c/d04 3 min\n"
                      "a/d05+b/d05+c/d05 3 min\na/d06+b/d06+c/d06 3 min\n");
    bundling.options.no_arrays = false;
    make(&bundling);
    assert_int_equal(bundling.made.submissions.count, 3); /* arrays need few calls */
    end(&bundling);
}

/* d01 lacks the last action and d02 has the first two, so that `n` is nearer to its first task than `b`. */
static void test_no_task_is_lost_where_directories_begin_at_different_actions(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling,
          "[workspace]\nvalue_file = 'in'\n" ACTION("x", "5", "in", "1") ACTION("y", "5", "1", "2")
              ACTION("a", "5", "2", "3") ACTION("b", "5", "3", "4")
                  ACTION("n", "5", "4", "5") "[action.group]\nwhere = '/k == 2'\n" ACTION("m", "5",
                                                                                          "4", "6"),
          1);
    study_write(&bundling.study, "d01/in", "{\"k\": 1}");
    study_write(&bundling.study, "d02/in", "{\"k\": 2}");
    bundling.study.target = "d02";
    bundling.study.action = "y";
    study_run(&bundling.study);
    bundling.study.target = NULL;
    bundling.study.action = NULL;
    bundling.options.follow = true;
    study_look(&bundling.study);
    expect(&bundling, "x/d01+y/d01+a/d01+b/d01+m/d01 1 min\n"
                      "a/d02+b/d02+n/d02+m/d02 1 min\n");
    end(&bundling);
}

/* ---- What is said ---- */

static bool hear(void *context, const struct rowbuild_submit_event *event)
{
    struct bundling *bundling = context;
    if (event->kind == ROWBUILD_SUBMIT_NOTICE) {
        buf_addf(&bundling->said, "%s\n", event->text);
    }
    return true;
}

static void expect_said(struct bundling *bundling, const char *expected)
{
    const struct rowbuild_submit_observer observer = {hear, bundling};
    const struct submitting submitting = {.place = {.cluster = &bundling->cluster},
                                          .observer = &observer,
                                          .diag = &bundling->study.diag,
                                          .plan = bundling->study.plan,
                                          .jobs = bundling->made};
    buf_clear(&bundling->said);
    submit_tell_what_waits(&submitting);
    assert_string_equal(buf_string(&bundling->said), expected);
}

static void test_ten_thousand_tasks_of_ten_seconds(void **state)
{
    struct bundling bundling;
    char path[32];
    (void)state;
    begin(&bundling, ACTION("short", "10", "in", "out"), 15);
    for (unsigned d = 1; d <= 10000; d++) {
        (void)snprintf(path, sizeof path, "e%05u/in", d);
        study_write(&bundling.study, path, "x");
    }
    study_look(&bundling.study);
    make(&bundling);
    assert_int_equal(bundling.made.jobs.count, 112);
    assert_int_equal(bundling.made.submissions.count, 1); /* an array */
    assert_int_equal(script_minutes(bundling.made.submissions.at[0].request.walltime_s), 30);
    expect_said(&bundling,
                "`short`: 10,000 tasks in 112 jobs (about 15 minutes each by recorded times)\n");
    end(&bundling);
}

static void test_what_is_no_bundle_is_not_mentioned(void **state)
{
    struct bundling bundling;
    (void)state;
    begin(&bundling, A B, 1);
    add_directories(&bundling, 1);
    study_look(&bundling.study);
    make(&bundling);
    expect_said(&bundling, "");
    bundling.options.follow = true;
    make(&bundling);
    expect_said(&bundling,
                "`a`, `b`: 2 tasks in 1 job (less than a minute each by recorded times)\n");
    end(&bundling);
}

/* ---- Any plan ---- */

static uint64_t dice(uint64_t *seed, uint64_t sides)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % sides;
}

static void add_random_action(uint64_t *seed, unsigned number, bool is_chain, struct buf *out)
{
    bool is_group = number > 1 && dice(seed, is_chain ? 12 : 6) == 0;
    buf_addf(out, "[[action]]\nname = 'a%u'\nproducts = ['%sp%u']\n", number, is_group ? "//" : "",
             number);
    buf_addf(out,
             is_group ? "scope = 'group'\ncommand = 'last %u; write x //p%u # {directories}'\n"
                      : "command = 'last %u; write x p%u # {directory}'\n",
             (unsigned)(1 + dice(seed, is_chain ? 20 : 40)), number);
    buf_add_string(out, "previous_actions = [");
    unsigned one = number > 2 ? number - 1 - (unsigned)dice(seed, 2) : 1;
    for (unsigned before = 1; before < number; before++) {
        if (is_chain ? before == one : dice(seed, 3) > 0) {
            buf_addf(out, "'a%u', ", before);
        }
    }
    buf_add_string(out, "]\n");
    if (dice(seed, is_chain ? 9 : 3) == 0) {
        buf_addf(out, "resources.threads_per_process = %u\n", (unsigned)(1 + dice(seed, 2)));
    }
    if (dice(seed, 3) == 0) {
        buf_add_string(out, "resources.walltime.per_submission = '00:05:00'\n");
    }
    if (!is_group) {
        buf_add_string(out, "scope = 'directory'\n[action.group]\n");
        if (dice(seed, is_chain ? 4 : 2) == 0) {
            buf_addf(out, "maximum_size = %u\n", (unsigned)(1 + dice(seed, 3)));
        }
        buf_add_string(out, dice(seed, 8) == 0 ? "submit_whole = true\n" : "");
        if (dice(seed, is_chain ? 4 : 2) == 0) {
            buf_addf(out, "where = '/k != %u'\n", (unsigned)dice(seed, 2)); /* d00 has 2 */
        }
    }
}

/* Some directories, so that they begin in the middle of the graph. */
static void run_in_part(struct bundling *bundling, uint64_t *seed, unsigned actions, unsigned count)
{
    char action[16];
    char target[16];
    for (unsigned d = 1; d <= count; d++) {
        if (dice(seed, 2) == 0) {
            (void)snprintf(action, sizeof action, "a%u", (unsigned)(1 + dice(seed, actions)));
            (void)snprintf(target, sizeof target, "d%02u", d);
            bundling->study.action = action;
            bundling->study.target = target;
            study_run(&bundling->study);
        }
    }
    bundling->study.action = NULL;
    bundling->study.target = NULL;
}

struct place { /* of a task */
    size_t submission;
    size_t job; /* in the plan's jobs */
    size_t at;
    bool is_known;
};

static bool names_index(const struct planned_dependency *dependency, uint32_t index)
{
    bool found = dependency->index_count == 0;
    for (size_t i = 0; i < dependency->index_count && !found; i++) {
        found = dependency->indices[i] == index;
    }
    return found;
}

static bool waits_for(const struct job_plan *made, const struct place *own,
                      const struct place *before)
{
    const struct planned_submission *submission = &made->submissions.at[own->submission];
    bool found = own->job == before->job && before->at < own->at;
    for (size_t i = 0; i < submission->dependency_count && !found; i++) {
        const struct planned_dependency *dependency = &submission->dependencies[i];
        uint32_t index = made->jobs.at[before->job].index;
        found = dependency->submission == before->submission &&
                before->submission < own->submission &&
                (dependency->corresponding ? made->jobs.at[own->job].index == index
                                           : names_index(dependency, index));
    }
    return found;
}

/* Each task is in one job, after all that it waits for. Those that are in one are marked. */
static void check_plan(const struct bundling *bundling, bool *in_jobs)
{
    const struct job_plan *made = &bundling->made;
    const struct graph *graph = bundling->study.graph;
    struct place *places = mem_alloc((graph->task_count + 1) * sizeof *places);
    for (size_t s = 0; s < made->submissions.count; s++) {
        const struct planned_submission *submission = &made->submissions.at[s];
        for (size_t j = 0; j < submission->job_count; j++) {
            const struct planned_job *job = &made->jobs.at[submission->first_job + j];
            for (size_t n = 0; n < job->task_count; n++) {
                struct place *place = &places[job->tasks[n].at];
                assert_false(place->is_known);
                *place = (struct place){s, submission->first_job + j, n, true};
            }
        }
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        in_jobs[n] = places[n].is_known;
        for (uint32_t e = graph->before_start[n];
             e < graph->before_start[n + 1] && places[n].is_known; e++) {
            const struct place *before = &places[graph->before.at[e].task.at];
            if (before->is_known && !waits_for(made, &places[n], before)) {
                fail_msg("task %u doesn't wait for task %u", n, graph->before.at[e].task.at);
            }
        }
    }
    free(places);
}

/* However they are bundled, jobs have the same tasks. */
static void check_bundles(struct bundling *bundling)
{
    size_t count = bundling->study.graph->task_count;
    bool *expected = mem_alloc(count + 1);
    bool *found = mem_alloc(count + 1);
    make(bundling);
    check_plan(bundling, expected);
    size_t circles = bundling->made.in_circles;
    for (uint64_t target = 1; target <= 2; target++) {
        bundling->cluster.target_job_minutes = target;
        make(bundling);
        check_plan(bundling, found);
        assert_memory_equal(found, expected, count);
        assert_int_equal(bundling->made.in_circles, circles);
    }
    free(expected);
    free(found);
}

static void test_any_plan(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 2000; round++) {
        struct bundling bundling;
        struct buf rowfile = BUF_EMPTY;
        char path[16];
        uint64_t seed = round;
        bool is_chain = dice(&seed, 2) == 0;
        bool is_small = dice(&seed, 2) == 0;
        unsigned actions = (unsigned)(is_chain ? 4 + dice(&seed, 4) : 2 + dice(&seed, 4));
        unsigned directories = (unsigned)(is_small ? 2 : 1 + dice(&seed, 9));
        buf_add_string(&rowfile, "[workspace]\nvalue_file = 'in'\n");
        for (unsigned a = 1; a <= actions; a++) {
            add_random_action(&seed, a, is_chain, &rowfile);
        }
        begin(&bundling, buf_string(&rowfile), 0);
        for (unsigned d = 1; d <= directories; d++) {
            (void)snprintf(path, sizeof path, "d%02u/in", d);
            study_write(&bundling.study, path, dice(&seed, 2) == 0 ? "{\"k\": 0}" : "{\"k\": 1}");
        }
        run_in_part(&bundling, &seed, actions, directories);
        study_look(&bundling.study);
        bundling.options.follow = dice(&seed, 4) > 0;
        bundling.options.no_arrays = dice(&seed, 3) == 0;
        bundling.options.max_array_size = dice(&seed, 2) == 0 ? 2 : 1001;
        check_bundles(&bundling);
        end(&bundling);
        buf_release(&rowfile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_group_is_cut_into_jobs_of_that_length),
        cmocka_unit_test(test_members_take_turns_on_what_one_requests),
        cmocka_unit_test(test_what_was_never_timed_is_a_job_for_each_group),
        cmocka_unit_test(test_the_largest_size_as_it_was_written_wins),
        cmocka_unit_test(test_jobs_keep_the_order_and_the_keys_of_groups),
        cmocka_unit_test(test_a_group_that_goes_whole_goes_alone),
        cmocka_unit_test(test_a_chain_goes_into_one_job),
        cmocka_unit_test(test_each_chain_is_as_long_as_its_own_tasks),
        cmocka_unit_test(test_a_task_keeps_its_own_walltime),
        cmocka_unit_test(test_what_waits_for_two_chains_is_in_neither),
        cmocka_unit_test(test_no_job_has_two_groups_of_an_action),
        cmocka_unit_test(test_what_requests_more_is_no_part_of_a_chain),
        cmocka_unit_test(test_what_another_launcher_starts_is_no_part_of_a_chain),
        cmocka_unit_test(test_who_needs_all_of_a_bundle_needs_its_success),
        cmocka_unit_test(test_without_arrays_whole_chains_are_jobs),
        cmocka_unit_test(test_no_task_is_lost_where_directories_begin_at_different_actions),
        cmocka_unit_test(test_ten_thousand_tasks_of_ten_seconds),
        cmocka_unit_test(test_what_is_no_bundle_is_not_mentioned),
        cmocka_unit_test(test_any_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
