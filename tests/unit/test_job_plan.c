#include "job_plan.h"

#include "file.h"
#include "observe.h"

#include <fcntl.h>
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

/* ---- A study, and what is planned for it ---- */

struct world {
    char path[64];
    int project;
    struct diag diag;
    struct rowfile *rowfile;
    struct workspace workspace;
    struct graph *graph;
    struct state *state;
    struct observer *observer;
    struct plan *plan;
    const struct job_ref **in_jobs; /* by task */
    struct launchers launchers;
    struct cluster cluster;
    struct job_plan_options options;
    struct job_plan made;
    struct buf text;
};

static void fail_with(const struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    vec_each (const struct diag_entry, entry, &diag->entries) {
        diag_render(entry, false, &text);
    }
    fail_msg("%s", buf_string(&text));
}

static int open_world(void **state)
{
    struct world *world = mem_alloc(sizeof *world);
    (void)snprintf(world->path, sizeof world->path, "/tmp/test_job_plan.XXXXXX");
    assert_non_null(mkdtemp(world->path));
    world->project = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    diag_init(&world->diag);
    arena_init(&world->made.arena);
    world->cluster = (struct cluster){.name = SLICE_LITERAL("lab"),
                                      .scheduler = SCHEDULER_SLURM,
                                      .maximum_jobs = CLUSTER_NO_LIMIT,
                                      .signal_s = 120};
    world->options = (struct job_plan_options){
        .cluster = &world->cluster, .launchers = &world->launchers, .max_array_size = 1001};
    assert_int_equal(mkdirat(world->project, "workspace", 0777), 0);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    job_plan_release(&world->made);
    plan_free(world->plan);
    free(world->in_jobs);
    if (world->observer != NULL) {
        observer_free(world->observer);
    }
    if (world->state != NULL) {
        state_close(world->state, &world->diag);
    }
    graph_free(world->graph);
    workspace_release(&world->workspace);
    rowfile_free(world->rowfile);
    launchers_release(&world->launchers);
    diag_release(&world->diag);
    buf_release(&world->text);
    close(world->project);
    file_remove_tree(AT_FDCWD, world->path);
    free(world);
    return 0;
}

/* Directories are named by words; "a/x" makes the file x in a. */
static void fill(const struct world *world, const char *words)
{
    char path[256];
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        (void)snprintf(path, sizeof path, "workspace/%.*s/", (int)len, words);
        if (memchr(words, '/', len) != NULL) {
            path[strlen(path) - 1] = '\0';
            assert_int_equal(file_make_parents(world->project, path), 0);
            assert_int_equal(file_replace(world->project, path, SLICE_LITERAL("x")), 0);
        } else {
            (void)snprintf(path, sizeof path, "workspace/%.*s", (int)len, words);
            (void)mkdirat(world->project, path, 0777);
        }
        words += len + (words[len] == ' ');
    }
}

static void load(struct world *world, const char *rowfile)
{
    struct plan_options options = {.threads = 1};
    struct plan_selection all = {.project_path = world->path, .from_project = ""};
    world->rowfile = rowfile_load(slice_of(rowfile), "workflow.toml", &world->diag);
    if (world->rowfile == NULL || launchers_load(&world->launchers, &world->diag) != 0 ||
        workspace_open(&world->workspace, world->project, world->rowfile, &world->diag) != 0) {
        fail_with(&world->diag);
    }
    world->graph = graph_build(world->rowfile, &world->workspace, world->project, &world->diag);
    if (world->graph == NULL) {
        fail_with(&world->diag);
    }
    world->state = state_open(world->project, ".rowbuild", STATE_READ, false, NULL, &world->diag);
    world->observer = observer_new(world->project, world->rowfile->digest_limit, false);
    world->plan = plan_new(world->graph, world->project, &options);
    world->in_jobs = mem_alloc(world->graph->task_count * sizeof *world->in_jobs + 1);
    plan_attach(world->plan, world->state, world->observer);
    if (plan_select(world->plan, &all, &world->diag) != 0) {
        fail_with(&world->diag);
    }
}

static void put_in_job(struct world *world, const char *key, const struct job_ref *job)
{
    struct task_id task = graph_find_task(world->graph, slice_of(key));
    assert_int_not_equal(task.at, GRAPH_NONE);
    world->in_jobs[task.at] = job;
    plan_set_jobs(world->plan, world->in_jobs, NULL);
}

static int make(struct world *world)
{
    job_plan_release(&world->made);
    if (plan_look(world->plan, &world->diag) != 0) {
        fail_with(&world->diag);
    }
    return job_plan_make(world->plan, &world->options, &world->made, &world->diag);
}

/* A line for each submission: its action, each job's index and directories, what it waits for (ids
 * are numbers of lines). */
static void expect(struct world *world, const char *expected)
{
    struct job_plan *made = &world->made;
    uint64_t ids[64];
    if (make(world) != 0) {
        fail_with(&world->diag);
    }
    buf_clear(&world->text);
    assert_true(made->submissions.count < 64);
    for (size_t s = 0; s < made->submissions.count; s++) {
        const struct planned_submission *submission = &made->submissions.at[s];
        struct slice action = world->rowfile->actions[submission->element].name;
        buf_addf(&world->text, "%.*s", SLICE_ARGS(action));
        for (size_t j = 0; j < submission->job_count; j++) {
            const struct planned_job *job = &made->jobs.at[submission->first_job + j];
            buf_addf(&world->text, submission->is_array ? " %u=" : " ", job->index);
            for (size_t d = 0; d < job->directory_count; d++) {
                buf_addf(&world->text, "%s%.*s", d > 0 ? "+" : "", SLICE_ARGS(job->directories[d]));
            }
        }
        buf_add_char(&world->text, submission->dependency_count > 0 ? ' ' : '\n');
        if (submission->dependency_count > 0) {
            job_plan_add_dependencies(submission, ids, &world->text);
            buf_add_char(&world->text, '\n');
        }
        ids[s] = s + 1;
    }
    assert_string_equal(buf_string(&world->text), expected);
}

/* Actions that many studies begin with; what follows belongs to the last one. */
#define FIRST                                                                                      \
    "[[action]]\n"                                                                                 \
    "name = 'first'\n"                                                                             \
    "command = 'c {directory}'\n"                                                                  \
    "products = ['one']\n"
#define SECOND                                                                                     \
    "[[action]]\n"                                                                                 \
    "name = 'second'\n"                                                                            \
    "command = 'c {directory}'\n"                                                                  \
    "products = ['two']\n"                                                                         \
    "previous_actions = ['first']\n"
#define ONE_EACH "group.maximum_size = 1\n"
static const char chain[] = "[default.action]\n"
                            "group.maximum_size = 1\n" FIRST SECOND;

/* ---- Groups ---- */

static void test_what_can_run_goes_group_by_group(void **state)
{
    struct world *world = *state;
    fill(world, "a b c d/one");
    load(world, FIRST "group.maximum_size = 2\n"
                      "[[action]]\n"
                      "name = 'second'\n"
                      "command = 'c {directories}'\n"
                      "products = ['two']\n"
                      "previous_actions = ['first']\n");
    expect(world, "first a+b\nfirst c\nsecond d\n"); /* other directories: another walltime */
}

static void test_equal_requests_become_an_array(void **state)
{
    struct world *world = *state;
    fill(world, "a b c d e");
    load(world, FIRST "group.maximum_size = 2\n"
                      "resources.walltime.per_submission = '01:00:00'\n");
    expect(world, "first 0=a+b 1=c+d 2=e\n");
    world->options.no_arrays = true;
    expect(world, "first a+b\nfirst c+d\nfirst e\n");
}

static void test_arrays_are_cut_where_the_site_says(void **state)
{
    struct world *world = *state;
    fill(world, "a b c d e");
    load(world, chain);
    world->options.max_array_size = 2;
    expect(world, "first 0=a 1=b\nfirst 0=c 1=d\nfirst e\n");
}

static void test_limits_count_jobs(void **state)
{
    struct world *world = *state;
    fill(world, "a b c d e/one");
    load(world, chain);
    world->options.limit = 3;
    expect(world, "first 0=a 1=b 2=c\n");
    assert_int_equal(world->made.over_limit, 2);
    world->options.limit = 0;
    world->cluster.maximum_jobs = 6;
    world->options.queued = 4;
    expect(world, "first 0=a 1=b\n");
    assert_int_equal(world->made.over_maximum, 3);
    world->options.queued = 9;
    expect(world, "");
    assert_int_equal(world->made.over_maximum, 5);
}

static void test_a_group_that_goes_whole_waits_for_its_last(void **state)
{
    struct world *world = *state;
    fill(world, "a/one b/one c/one d");
    load(world, "[[action]]\n"
                "name = 'first'\n"
                "command = 'false {directory}'\n"
                "products = ['one']\n" SECOND "group.maximum_size = 2\n"
                "group.submit_whole = true\n");
    expect(world, "first d\nsecond a+b\n");
    world->options.follow = true;
    expect(world, "first d\nsecond a+b\nsecond c+d afterok:1\n");
}

static void test_a_group_without_all_its_members_is_counted(void **state)
{
    struct world *world = *state;
    fill(world, "a/one b/one c/one d");
    load(world, "[[action]]\n"
                "name = 'first'\n"
                "command = 'false {directory}'\n"
                "products = ['one']\n"
                "[[action]]\n"
                "name = 'second'\n"
                "command = 'c {directory}'\n"
                "scope = 'directory'\n"
                "products = ['two']\n"
                "previous_actions = ['first']\n"
                "group.maximum_size = 2\n"
                "group.submit_whole = true\n");
    expect(world, "first d\nsecond a+b\n");
    assert_int_equal(world->made.partial_groups, 1);
}

/* ---- Dependencies ---- */

static void test_what_matches_index_by_index_corresponds(void **state)
{
    struct world *world = *state;
    fill(world, "a b c");
    load(world, chain);
    expect(world, "first 0=a 1=b 2=c\n");
    world->options.follow = true;
    expect(world, "first 0=a 1=b 2=c\nsecond 0=a 1=b 2=c aftercorr:1\n");
}

/* Not on their success: who is left out is decided in the group's own job. */
static void test_a_group_that_may_skip_members_waits_for_their_end(void **state)
{
    struct world *world = *state;
    fill(world, "a/one b c d");
    load(world, FIRST ONE_EACH "[[action]]\n"
                               "name = 'style'\n"
                               "scope = 'project'\n"
                               "command = 'c'\n"
                               "products = ['style']\n"
                               "[[action]]\n"
                               "name = 'sum'\n"
                               "scope = 'group'\n"
                               "command = 'c {directories}'\n"
                               "products = ['//sum']\n"
                               "previous_actions = ['first', 'style']\n"
                               "group.skip_failed = true\n");
    world->options.follow = true;
    expect(world, "first 0=b 1=c 2=d\nstyle \nsum a+b+c+d afterany:1,afterok:2\n");
}

static void test_what_is_free_of_the_array_goes_by_itself(void **state)
{
    struct world *world = *state;
    fill(world, "a/one b c/one d");
    load(world, chain);
    world->options.follow = true;
    expect(world, "first 0=b 1=d\nsecond 0=a 1=c\nsecond 0=b 1=d aftercorr:1\n");
}

static void test_some_of_an_array_keep_their_indices(void **state)
{
    struct world *world = *state;
    fill(world, "a b/two c d");
    load(world, "[default.action]\n" ONE_EACH FIRST "[[action]]\n"
                "name = 'second'\n"
                "command = 'c {directory}'\n"
                "products = ['other']\n"
                "previous_actions = ['first']\n"
                "[[action]]\n"
                "name = 'third'\n"
                "command = 'c {directories}'\n"
                "products = ['three']\n"
                "previous_actions = ['second']\n"
                "group.maximum_size = 3\n");
    world->options.follow = true;
    expect(world, "first 0=a 1=b 2=c 3=d\n"
                  "second 0=a 1=b 2=c 3=d aftercorr:1\n"
                  "third a+b+c afterok:2_0:2_1:2_2\n"
                  "third d afterok:2_3\n");
}

static void test_many_that_wait_for_different_ones_wait_for_all(void **state)
{
    struct world *world = *state;
    char name[16];
    for (int i = 0; i < 40; i++) {
        (void)snprintf(name, sizeof name, "d%02d", i);
        fill(world, name);
    }
    load(world, FIRST "group.maximum_size = 1\n" SECOND "group.maximum_size = 2\n");
    world->options.follow = true;
    assert_int_equal(make(world), 0);
    assert_int_equal(world->made.submissions.count, 2);
    assert_true(world->made.submissions.at[1].dependencies[0].any_end); /* of what others need */
    assert_int_equal(world->made.submissions.at[1].job_count, 20);
    assert_int_equal(world->made.submissions.at[1].dependency_count, 1);
    assert_false(world->made.submissions.at[1].dependencies[0].corresponding);
    assert_int_equal(world->made.submissions.at[1].dependencies[0].index_count, 0);
}

static void test_several_that_wait_for_one_take_several_arrays(void **state)
{
    struct world *world = *state;
    fill(world, "a b c d");
    load(world, FIRST "group.maximum_size = 2\n" SECOND "group.maximum_size = 1\n");
    world->options.follow = true;
    expect(world, "first 0=a+b 1=c+d\n"
                  "second 0=a 1=c aftercorr:1\n"
                  "second 0=b 1=d aftercorr:1\n");
}

static void test_the_order_of_the_file_gives_way(void **state)
{
    struct world *world = *state;
    fill(world, "a b");
    load(world, "[default.action]\n" ONE_EACH SECOND FIRST);
    world->options.follow = true;
    expect(world, "first 0=a 1=b\nsecond 0=a 1=b aftercorr:1\n");
}

static void test_what_is_in_the_queue_can_be_waited_for(void **state)
{
    struct world *world = *state;
    fill(world, "a b c d");
    load(world, chain);
    put_in_job(world, "first/a", &(struct job_ref){SLICE_LITERAL("lab"), 12, 3});
    put_in_job(world, "first/b", &(struct job_ref){SLICE_LITERAL("lab"), 12, 5});
    put_in_job(world, "first/c", &(struct job_ref){SLICE_LITERAL("lab"), 13, JOB_NO_INDEX});
    expect(world, "first d\n");
    world->options.follow = true;
    expect(world, "first d\n"
                  "second 3=a 5=b aftercorr:12\n"
                  "second c afterok:13\n"
                  "second d afterok:1\n");
}

/* Of a job of several actions, which is a bundle, and of others. */
static void test_who_needs_a_part_of_a_queued_job_waits_for_its_end(void **state)
{
    struct world *world = *state;
    const struct job_ref bundle = {SLICE_LITERAL("lab"), 12, JOB_NO_INDEX};
    const struct job_ref group = {SLICE_LITERAL("lab"), 13, JOB_NO_INDEX};
    const struct job_ref whole = {SLICE_LITERAL("lab"), 14, JOB_NO_INDEX};
    fill(world, "a b c d e");
    load(world, "[default.action]\n" ONE_EACH FIRST SECOND "[[action]]\n"
                "name = 'third'\n"
                "command = 'c {directory}'\n"
                "products = ['three']\n"
                "previous_actions = ['second']\n");
    put_in_job(world, "first/a", &bundle);
    put_in_job(world, "second/a", &bundle);
    put_in_job(world, "first/b", &bundle);
    put_in_job(world, "second/c", &group);
    put_in_job(world, "second/d", &group);
    put_in_job(world, "first/e", &whole);
    put_in_job(world, "second/e", &whole);
    world->options.follow = true;
    expect(world, "first 0=c 1=d\n"
                  "second b afterany:12\n"
                  "third a afterany:12\n"
                  "third b afterok:2\n"
                  "third 0=c 1=d afterok:13\n"
                  "third e afterok:14\n");
    world->cluster.target_job_minutes = 5; /* where any job may be a bundle */
    expect(world, "first 0=c 1=d\n"
                  "second b afterany:12\n"
                  "third a afterany:12\n"
                  "third b afterok:2\n"
                  "third 0=c 1=d afterany:13\n"
                  "third e afterok:14\n");
}

static void test_jobs_of_which_nothing_is_known_are_waited_for_in_patience(void **state)
{
    struct world *world = *state;
    fill(world, "a b");
    load(world, chain);
    put_in_job(world, "first/a", &(struct job_ref){SLICE_LITERAL("lab"), 0, JOB_NO_INDEX});
    put_in_job(world, "first/b", &(struct job_ref){SLICE_LITERAL("elsewhere"), 12, JOB_NO_INDEX});
    world->options.follow = true;
    expect(world, "");
}

/* ---- Partitions ---- */

static void test_a_job_that_fits_nowhere_is_refused_with_reasons(void **state)
{
    struct world *world = *state;
    static const struct partition partitions[] = {
        {.name = {"small", 5}, .maximum_cpus_per_job = 1, .maximum_gpus_per_job = 0},
        {.name = {"odd", 3},
         .maximum_cpus_per_job = 64,
         .require_cpus_multiple_of = 2,
         .maximum_gpus_per_job = 0},
    };
    world->cluster.partitions = partitions;
    world->cluster.partition_count = 2;
    fill(world, "a b c");
    load(world, FIRST "launchers = ['mpi']\n"
                      "resources.processes.per_directory = 1\n");
    assert_int_equal(make(world), -1);
    assert_int_equal(world->diag.errors, 1);
    const char *message = world->diag.entries.at[0].message;
    assert_non_null(strstr(message, "small"));
    assert_non_null(strstr(message, "odd"));
}

static void test_each_size_gets_its_partition(void **state)
{
    struct world *world = *state;
    static const struct partition partitions[] = {
        {.name = {"small", 5}, .maximum_cpus_per_job = 1, .maximum_gpus_per_job = 0},
        {.name = {"large", 5}, .maximum_cpus_per_job = 64, .maximum_gpus_per_job = 0},
    };
    world->cluster.partitions = partitions;
    world->cluster.partition_count = 2;
    fill(world, "a b c");
    load(world, FIRST "resources.processes.per_directory = 1\n"
                      "group.maximum_size = 2\n");
    expect(world, "first a+b\nfirst c\n");
    assert_ptr_equal(world->made.submissions.at[0].request.partition, &partitions[1]);
    assert_ptr_equal(world->made.submissions.at[1].request.partition, &partitions[0]);
    assert_int_equal(world->made.submissions.at[0].request.nodes, 1);
}

/* A licence where the cluster counts one of that name, else a limit of the array. */
static void test_pools_become_licences_or_a_throttle(void **state)
{
    struct world *world = *state;
    struct site site = {0};
    arena_init(&site.arena);
    site_parse_licences(&site, SLICE_LITERAL("LicenseName=disk Total=9 Used=0 Free=9 Remote=no\n"
                                             "LicenseName=seat@server Total=1 Used=0\n"));
    assert_true(site_has_licence(&site, SLICE_LITERAL("disk")));
    assert_false(site_has_licence(&site, SLICE_LITERAL("seat")));
    world->options.site = &site;
    fill(world, "a b c d");
    load(world,
         "[pools]\nseat = 5\ndisk = 3\n" FIRST ONE_EACH "resources.pools = {seat = 2, disk = 1}\n"
         "[[action]]\n"
         "name = 'many'\n"
         "command = 'c {directory}'\n"
         "products = ['many']\n"
         "resources.processes.per_directory = 1\n"
         "resources.pools = {disk = 1}\n");
    assert_int_equal(make(world), 0);
    const struct job_request *one = &world->made.submissions.at[0].request;
    const struct job_request *many = &world->made.submissions.at[1].request;
    assert_true(slice_is(one->licences, "disk:1"));
    assert_int_equal(one->throttle, 2);
    assert_true(slice_is(many->licences, "disk:3")); /* four at a time, of three */
    assert_int_equal(many->throttle, 0);
    world->options.site = NULL;
    site_release(&site);
}

/* A limit of jobs holds for one array only. */
static void test_arrays_that_share_a_pool_run_one_after_another(void **state)
{
    struct world *world = *state;
    const struct job_ref queued = {SLICE_LITERAL("lab"), 12, 3};
    struct site site = {0};
    arena_init(&site.arena);
    world->options.site = &site;
    fill(world, "a b c d");
    load(world,
         "[pools]\nseat = 2\n[default.action]\n" ONE_EACH "resources.pools = {seat = 1}\n" FIRST
         "[[action]]\nname = 'other'\ncommand = 'c {directory}'\nproducts = ['three']\n"
         "[[action]]\nname = 'free'\ncommand = 'c {directory}'\nproducts = ['four']\n"
         "resources.pools = {seat = 0}\n");
    expect(world, "first 0=a 1=b 2=c 3=d\n"
                  "other 0=a 1=b 2=c 3=d afterany:1\n"
                  "free 0=a 1=b 2=c 3=d\n");
    assert_int_equal(world->made.pool_waits, 1);
    world->options.no_arrays = true;
    world->options.limit = 4;
    expect(world, "first a\nfirst b\nfirst c afterany:1\nfirst d afterany:2\n");
    world->options.no_arrays = false;
    world->options.limit = 0;
    for (size_t i = 0; i < 4; i++) {
        char key[] = "first/a";
        key[6] = (char)('a' + i);
        put_in_job(world, key, &queued);
    }
    expect(world, "other 0=a 1=b 2=c 3=d afterany:12\n"
                  "free 0=a 1=b 2=c 3=d\n");
    world->options.site = NULL;
    site_release(&site);
}

#define TAKES_A_SEAT(name, before)                                                                 \
    "[[action]]\nname = '" name "'\ncommand = 'c {directory}'\nproducts = ['" name "']\n"          \
    "previous_actions = [" before "]\nresources.pools = {seat = 1}\n"

/* One that is cancelled, since what it depends on failed, never had the seat. */
static void test_who_comes_after_a_cancelled_holder_waits_for_those_before_it(void **state)
{
    struct world *world = *state;
    const struct job_ref earlier[] = {{SLICE_LITERAL("lab"), 12, JOB_NO_INDEX},
                                      {SLICE_LITERAL("lab"), 13, JOB_NO_INDEX}};
    struct site site = {0};
    arena_init(&site.arena);
    world->options.site = &site;
    world->options.follow = true;
    fill(world, "a");
    load(world, "[pools]\nseat = 1\n" FIRST TAKES_A_SEAT("one", "") TAKES_A_SEAT("two", "'first'")
                    TAKES_A_SEAT("three", ""));
    expect(world, "first a\n"
                  "one a\n"
                  "two a afterok:1,afterany:2\n"
                  "three a afterany:3:2\n");
    world->options.follow = false;
    put_in_job(world, "one/a", &earlier[0]); /* it isn't known how these wait */
    put_in_job(world, "two/a", &earlier[1]);
    expect(world, "first a\n"
                  "three a afterany:13:12\n");
    world->options.site = NULL;
    site_release(&site);
}

/* A command takes it once, whatever it works on; and who lets few jobs run takes little. */
static void test_a_pool_counts_commands_that_run_at_a_time(void **state)
{
    struct world *world = *state;
    const struct job_ref queued = {SLICE_LITERAL("lab"), 12, JOB_NO_INDEX};
    struct site site = {0};
    arena_init(&site.arena);
    world->options.site = &site;
    fill(world, "a b c d");
    load(world,
         "[pools]\nseat = 4\n" FIRST "resources.pools = {seat = 1}\n[[action]]\nname = 'other'\n"
         "command = 'c {directory}'\nproducts = ['three']\n" ONE_EACH
         "resources.pools = {seat = 1}\n[[action]]\nname = 'last'\n"
         "command = 'c {directory}'\nproducts = ['four']\nresources.pools = {seat = 1}\n");
    for (size_t i = 0; i < 4; i++) {
        char key[] = "first/a";
        key[6] = (char)('a' + i);
        put_in_job(world, key, &queued);
    }
    expect(world, "other 0=a 1=b 2=c 3=d afterany:12\n" /* has four of four */
                  "last a+b+c+d afterany:1:12\n");
    world->options.throttle = 2; /* so that it has two */
    expect(world, "other 0=a 1=b 2=c 3=d\nlast a+b+c+d\n");
    world->options.site = NULL;
    site_release(&site);
}

/* Directories, sort keys and actions may hold slashes and look like each other. */
static void test_every_key_finds_its_task(void **state)
{
    struct world *world = *state;
    struct buf key = BUF_EMPTY;
    size_t found = 0;
    fill(world, "a b ab c#2");
    load(world,
         "[[action]]\nname = \"one\"\ncommand = \"true {directory}\"\nproducts = [\"x\"]\n"
         "[[action]]\nname = \"one/a\"\ncommand = \"true {directory}\"\nproducts = [\"y\"]\n"
         "[[action]]\nname = \"all\"\ncommand = \"true {directories}\"\nproducts = [\"//z\"]\n"
         "[[action]]\nname = \"two\"\ncommand = \"true {directories}\"\nscope = \"group\"\n"
         "group.maximum_size = 2\n"
         "[[action]]\nname = \"pro/ject\"\ncommand = \"true\"\nscope = \"project\"\n");
    for (uint32_t n = 0; n < world->graph->task_count; n++) {
        struct task_id task = {n};
        if (graph_is_present(world->graph, task)) {
            buf_clear(&key);
            graph_add_key(world->graph, task, &key);
            assert_int_equal(graph_find_task(world->graph, buf_slice(&key)).at, n);
            found++;
        }
    }
    assert_int_equal(found, 4 + 4 + 1 + 2 + 1);
    static const char *const unknown[] = {"",       "/",      "one",   "one/", "one/d",  "on/a",
                                          "one/a/", "two/#3", "all/y", "pro",  "project"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_int_equal(graph_find_task(world->graph, slice_of(unknown[i])).at, GRAPH_NONE);
    }
    buf_release(&key);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_what_can_run_goes_group_by_group),
        WITH_WORLD(test_equal_requests_become_an_array),
        WITH_WORLD(test_arrays_are_cut_where_the_site_says),
        WITH_WORLD(test_limits_count_jobs),
        WITH_WORLD(test_a_group_that_goes_whole_waits_for_its_last),
        WITH_WORLD(test_a_group_without_all_its_members_is_counted),
        WITH_WORLD(test_what_matches_index_by_index_corresponds),
        WITH_WORLD(test_a_group_that_may_skip_members_waits_for_their_end),
        WITH_WORLD(test_what_is_free_of_the_array_goes_by_itself),
        WITH_WORLD(test_some_of_an_array_keep_their_indices),
        WITH_WORLD(test_many_that_wait_for_different_ones_wait_for_all),
        WITH_WORLD(test_several_that_wait_for_one_take_several_arrays),
        WITH_WORLD(test_the_order_of_the_file_gives_way),
        WITH_WORLD(test_what_is_in_the_queue_can_be_waited_for),
        WITH_WORLD(test_who_needs_a_part_of_a_queued_job_waits_for_its_end),
        WITH_WORLD(test_jobs_of_which_nothing_is_known_are_waited_for_in_patience),
        WITH_WORLD(test_a_job_that_fits_nowhere_is_refused_with_reasons),
        WITH_WORLD(test_each_size_gets_its_partition),
        WITH_WORLD(test_pools_become_licences_or_a_throttle),
        WITH_WORLD(test_arrays_that_share_a_pool_run_one_after_another),
        WITH_WORLD(test_who_comes_after_a_cancelled_holder_waits_for_those_before_it),
        WITH_WORLD(test_a_pool_counts_commands_that_run_at_a_time),
        WITH_WORLD(test_every_key_finds_its_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
