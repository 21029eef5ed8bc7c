#include "script.h"
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    } /* for static data */

static struct action plain_action(void)
{
    return (struct action){.name = TEXT("simulate"),
                           .resources = {.processes = 1,
                                         .threads_per_process = 1,
                                         .walltime_s = 3600,
                                         .walltime_per_directory = true}};
}

static const struct cluster lab = {.name = TEXT("lab"),
                                   .scheduler = SCHEDULER_SLURM,
                                   .gpus_per_task = TEXT("--gpus-per-task="),
                                   .maximum_jobs = CLUSTER_NO_LIMIT,
                                   .signal_s = 120};
static const struct partition shared = {.name = TEXT("shared")};
static const struct slice two[] = {TEXT("a"), TEXT("b")};

static struct script_facts facts_of(const struct action *action, const struct cluster *cluster)
{
    struct script_facts facts = {.action = action,
                                 .cluster = cluster,
                                 .request = job_request_of(action, 2),
                                 .workspace_path = TEXT("workspace"),
                                 .directories = two,
                                 .directory_count = 2,
                                 .program = TEXT("/usr/bin/rowbuild"),
                                 .project = TEXT("/home/me/study"),
                                 .token = TEXT("0123456789abcdef")};
    job_request_place(&facts.request, action, &shared, true, 0);
    return facts;
}

static void expect(const struct script_facts *facts, const char *expected)
{
    struct buf out = BUF_EMPTY;
    script_add(facts, &out);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void expect_has(const struct script_facts *facts, const char *line, bool has)
{
    struct buf out = BUF_EMPTY;
    struct buf whole = BUF_EMPTY;
    script_add(facts, &out);
    buf_addf(&whole, "\n%s\n", line);
    if ((strstr(buf_string(&out), buf_string(&whole)) != NULL) != has) {
        fail_msg("%s this line: %s\n%s", has ? "lacks" : "has", line, buf_string(&out));
    }
    buf_release(&out);
    buf_release(&whole);
}

static void test_lines_stand_in_rows_order(void **state)
{
    (void)state;
    static const struct slice of_cluster[] = {TEXT("--constraint=\"scratch\"")};
    static struct slice custom[] = {TEXT("--mail-user=me@example.org"), TEXT("--qos=low")};
    static const struct partition suffixed = {.name = TEXT("gpu"),
                                              .gpus_per_node = 4,
                                              .memory_per_gpu = TEXT("62000M"),
                                              .account_suffix = TEXT("-gpu")};
    struct submit_options options = {
        .cluster = TEXT("lab"), .account = TEXT("abc123"), .custom = custom, .custom_count = 2};
    struct cluster cluster = lab;
    struct action action = plain_action();
    cluster.submit_options = of_cluster;
    cluster.submit_option_count = 1;
    action.submit_options = &options;
    action.submit_option_count = 1;
    action.resources.processes = 3;
    action.resources.processes_per_directory = true;
    action.resources.threads_per_process = 5;
    action.resources.threads_given = true;
    action.resources.gpus_per_process = 2;
    action.resources.gpus_given = true;
    action.resources.walltime_s = 61;
    struct script_facts facts = facts_of(&action, &cluster);
    job_request_place(&facts.request, &action, &suffixed, false, 0);
    expect(&facts, "#!/bin/bash\n"
                   "#SBATCH --job-name=simulate-a+1\n"
                   "#SBATCH --output=simulate-%j.out\n"
                   "#SBATCH --partition=gpu\n"
                   "#SBATCH --ntasks=6\n"
                   "#SBATCH --cpus-per-task=5\n"
                   "#SBATCH --gpus-per-task=2\n"
                   "#SBATCH --nodes=3\n"
                   "#SBATCH --mem-per-gpu=62000M\n"
                   "#SBATCH --time=3\n"
                   "#SBATCH --signal=B:TERM@90\n"
                   "#SBATCH --constraint=\"scratch\"\n"
                   "#SBATCH --account=abc123-gpu\n"
                   "#SBATCH --mail-user=me@example.org\n"
                   "#SBATCH --qos=low\n"
                   "\n"
                   "# shellcheck disable=SC1112,SC2016,SC2034,SC2088\n"
                   "directories=(\n"
                   "a\n"
                   "b\n"
                   ")\n"
                   "\n"
                   "export ACTION_CLUSTER=lab\n"
                   "export ACTION_NAME=simulate\n"
                   "export ACTION_PROCESSES=6\n"
                   "export ACTION_WALLTIME_IN_MINUTES=2\n"
                   "export ACTION_WORKSPACE_PATH=workspace\n"
                   "export ACTION_PROCESSES_PER_DIRECTORY=3\n"
                   "export ACTION_THREADS_PER_PROCESS=5\n"
                   "export ACTION_GPUS_PER_PROCESS=2\n"
                   "\n"
                   "exec /usr/bin/rowbuild -C /home/me/study --cluster lab job 0123456789abcdef\n");
}

static void test_nothing_is_asked_of_bash(void **state)
{
    (void)state;
    static const struct cluster none = {.name = TEXT("none"), .scheduler = SCHEDULER_BASH};
    struct action action = plain_action();
    struct script_facts facts = facts_of(&action, &none);
    facts.file = SLICE_LITERAL("other.toml");
    facts.state = SLICE_LITERAL("/scratch/my state");
    static const struct script_variable variables[] = {{TEXT("ROWBUILD_HOME"), TEXT("/my home")}};
    facts.environment = variables;
    facts.variable_count = 1;
    expect(&facts, "#!/bin/bash\n"
                   "\n"
                   "# shellcheck disable=SC1112,SC2016,SC2034,SC2088\n"
                   "directories=(\n"
                   "a\n"
                   "b\n"
                   ")\n"
                   "\n"
                   "export ACTION_CLUSTER=none\n"
                   "export ACTION_NAME=simulate\n"
                   "export ACTION_PROCESSES=1\n"
                   "export ACTION_WALLTIME_IN_MINUTES=120\n"
                   "export ACTION_WORKSPACE_PATH=workspace\n"
                   "export ROWBUILD_HOME='/my home'\n"
                   "export ROWBUILD_STATE='/scratch/my state'\n"
                   "\n"
                   "exec /usr/bin/rowbuild -C /home/me/study --file other.toml --cluster none job "
                   "--plain -j 1 "
                   "0123456789abcdef\n");
}

static void test_an_array_names_its_indices(void **state)
{
    (void)state;
    static const uint32_t indices[] = {0, 1, 2, 5, 7, 8};
    struct action action = plain_action();
    struct script_facts facts = facts_of(&action, &lab);
    facts.indices = indices;
    facts.index_count = 6;
    expect_has(&facts, "#SBATCH --array=0-2,5,7-8", true);
    expect_has(&facts, "#SBATCH --output=simulate-%A_%a.out", true);
    expect_has(&facts, "directories=(", false);
    facts.throttle = 4;
    expect_has(&facts, "#SBATCH --array=0-2,5,7-8%4", true);
}

static void test_output_goes_where_it_shall(void **state)
{
    (void)state;
    struct submit_options options = {.cluster = TEXT("lab"),
                                     .output_file_path = TEXT("out put"),
                                     .output_file_name = TEXT("{action_name}\"%x.%j")};
    struct action action = plain_action();
    struct script_facts facts = facts_of(&action, &lab);
    action.submit_options = &options;
    action.submit_option_count = 1;
    expect_has(&facts, "#SBATCH --output=\"out put/simulate\\\"%x.%j\"", true);
    options.output_file_name = (struct slice){0};
    expect_has(&facts, "#SBATCH --output=\"out put/simulate-%j.out\"", true);
    options.output_file_path = SLICE_LITERAL("logs/");
    expect_has(&facts, "#SBATCH --output=logs/simulate-%j.out", true);
}

static void test_odd_names_stay_on_their_lines(void **state)
{
    (void)state;
    static const struct slice odd[] = {TEXT("x\n#SBATCH --qos=evil\n'\"$(rm) \377")};
    static struct slice custom[] = {TEXT("--comment=one\ntwo")};
    struct submit_options options = {
        .cluster = TEXT("lab"), .account = TEXT("a b"), .custom = custom, .custom_count = 1};
    struct action action = plain_action();
    action.name = SLICE_LITERAL("50%j/../b \xc3\xa9");
    action.submit_options = &options;
    action.submit_option_count = 1;
    struct script_facts facts = facts_of(&action, &lab);
    facts.directories = odd;
    facts.directory_count = 1;
    expect_has(&facts, "#SBATCH --job-name=50_j_.._b___-x__SBATCH_--qos=evil_____rm___", true);
    expect_has(&facts, "#SBATCH --output=50_j_.._b_\xc3\xa9-%j.out", true);
    expect_has(&facts, "#SBATCH --account=\"a b\"", true);
    expect_has(&facts, "#SBATCH --comment=one two", true);
    expect_has(&facts, "$'x\\n#SBATCH --qos=evil\\n\\'\"$(rm) \\377'", true);
    expect_has(&facts, "#SBATCH --qos=evil", false);
}

/* ---- Requests ---- */

static void place(struct job_request *request, const struct action *action, size_t directories,
                  const struct partition *partition, bool starts_itself)
{
    *request = job_request_of(action, directories);
    job_request_place(request, action, partition, starts_itself, 0);
}

static void test_nodes_are_as_many_as_needed(void **state)
{
    (void)state;
    static const struct partition sized = {.cpus_per_node = 8};
    struct job_request request;
    struct action action = plain_action();
    action.resources.processes_per_directory = true;
    place(&request, &action, 20, &sized, false);
    assert_int_equal(request.nodes, 3);
    place(&request, &action, 20, &shared, false);
    assert_int_equal(request.nodes, 0);
    place(&request, &action, 20, &shared, true);
    assert_int_equal(request.nodes, 1);
    action.resources.gpus_per_process = 1;
    place(&request, &action, 20, &sized, false); /* its nodes' GPUs aren't known */
    assert_int_equal(request.nodes, 0);
}

static void test_what_starts_itself_takes_no_more_nodes_than_it_needs(void **state)
{
    (void)state;
    static const struct partition sized = {.cpus_per_node = 4};
    struct job_request request;
    struct action action = plain_action();
    action.resources.processes_per_directory = true;
    action.resources.threads_per_process = 3;
    request = job_request_of(&action, 5);
    job_request_place(&request, &action, &shared, true, 8); /* two processes on each */
    assert_int_equal(request.nodes, 3);
    job_request_place(&request, &action, &shared, true, 2); /* not even one fits: sbatch will say */
    assert_int_equal(request.nodes, 1);
    job_request_place(&request, &action, &shared, false, 8);
    assert_int_equal(request.nodes, 0);
    job_request_place(&request, &action, &sized, true, 8);
    assert_int_equal(request.nodes, 4);
}

static void test_sites_are_as_sinfo_says(void **state)
{
    (void)state;
    struct site site = {0};
    arena_init(&site.arena);
    site_parse(&site,
               SLICE_LITERAL("main* 8\ngpu 16\ngpu 64\nodd\nhuge 99999999999999999999\nx 4"));
    assert_int_equal(site.count, 3);
    assert_int_equal(site_cpus_per_node(&site, (struct slice){0}), 8);
    assert_int_equal(site_cpus_per_node(&site, SLICE_LITERAL("gpu")), 64);
    assert_int_equal(site_cpus_per_node(&site, SLICE_LITERAL("gpu,main")), 8);
    assert_int_equal(site_cpus_per_node(&site, SLICE_LITERAL("gpu,other")), 64);
    assert_int_equal(site_cpus_per_node(&site, SLICE_LITERAL("other")), 0);
    site_release(&site);
}

static void test_memory_is_asked_for_as_the_action_does(void **state)
{
    (void)state;
    struct job_request request;
    struct action action = plain_action();
    action.resources.processes = 4;
    place(&request, &action, 1, &shared, true);
    assert_int_equal(request.memory, JOB_MEMORY_DEFAULT);
    action.resources.memory_per_cpu_mb = 2000;
    place(&request, &action, 1, &shared, true);
    assert_int_equal(request.memory, JOB_MEMORY_PER_CPU);
    assert_int_equal(request.memory_mb, 2000);
    action.resources.memory_per_submission = UINT64_C(1) << 30;
    place(&request, &action, 1, &shared, true);
    assert_int_equal(request.memory, JOB_MEMORY_PER_NODE);
    assert_int_equal(request.memory_mb, 4 * 2000 + 1024);
    place(&request, &action, 1, &shared, false); /* who knows on how many nodes */
    assert_int_equal(request.memory, JOB_MEMORY_PER_CPU);
    assert_int_equal(request.memory_mb, (4 * 2000 + 1024) / 4);
    action.resources = (struct resource_spec){.processes = 2,
                                              .threads_per_process = 1,
                                              .gpus_per_process = 2,
                                              .walltime_s = 1,
                                              .memory_per_gpu_mb = 9000};
    place(&request, &action, 1, &shared, true);
    assert_int_equal(request.memory, JOB_MEMORY_PER_GPU);
    assert_int_equal(request.memory_mb, 9000);
}

static void test_numbers_that_no_machine_has_are_the_largest(void **state)
{
    (void)state;
    struct action action = plain_action();
    action.resources.processes = UINT64_MAX;
    action.resources.processes_per_directory = true;
    struct job_request request = job_request_of(&action, 3);
    assert_true(job_request_size(&request).cpus == UINT64_MAX);
}

static void test_minutes_are_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(script_minutes(1), 1);
    assert_int_equal(script_minutes(60), 1);
    assert_int_equal(script_minutes(60.5), 2);
    assert_int_equal(script_minutes(0), 1);
}

static void test_a_short_job_is_told_in_its_middle(void **state)
{
    (void)state;
    struct action action = plain_action();
    action.resources.walltime_s = 30;
    struct script_facts facts = facts_of(&action, &lab);
    expect_has(&facts, "#SBATCH --time=1", true);
    expect_has(&facts, "#SBATCH --signal=B:TERM@30", true);
    struct cluster silent = lab;
    silent.signal_s = 0;
    facts.cluster = &silent;
    expect_has(&facts, "#SBATCH --signal=B:TERM@0", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_stand_in_rows_order),
        cmocka_unit_test(test_nothing_is_asked_of_bash),
        cmocka_unit_test(test_an_array_names_its_indices),
        cmocka_unit_test(test_output_goes_where_it_shall),
        cmocka_unit_test(test_odd_names_stay_on_their_lines),
        cmocka_unit_test(test_nodes_are_as_many_as_needed),
        cmocka_unit_test(test_what_starts_itself_takes_no_more_nodes_than_it_needs),
        cmocka_unit_test(test_sites_are_as_sinfo_says),
        cmocka_unit_test(test_memory_is_asked_for_as_the_action_does),
        cmocka_unit_test(test_numbers_that_no_machine_has_are_the_largest),
        cmocka_unit_test(test_minutes_are_rounded_up),
        cmocka_unit_test(test_a_short_job_is_told_in_its_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
