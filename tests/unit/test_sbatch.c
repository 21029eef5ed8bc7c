/* What sbatch's words and answers mean, and in which environment it is called. */
#include "sbatch.h"

#include "scheduler_environment.h"
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

static void test_answers_of_success(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        uint64_t id; /* 0: it can't be read */
    } cases[] = {
        {"123\n", 123},
        {"123", 123},
        {"123;lab\n", 123},
        {"4294967295\n", 4294967295},
        {"", 0},
        {"\n", 0},
        {"0\n", 0},
        {"-1\n", 0},
        {" 12\n", 0},
        {"12 \n", 0},
        {"12\n13\n", 0},
        {"12;lab\n13\n", 0},
        {"Submitted batch job 12\n", 0},
        {"4294967296\n", 0},
        {"99999999999999999999999\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t id = 7;
        bool read = sbatch_parse_answer(slice_of(cases[i].answer), &id);
        assert_int_equal(read, cases[i].id > 0);
        assert_int_equal(id, cases[i].id > 0 ? cases[i].id : 7);
    }
}

static void test_the_only_line_of_that_form_is_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        uint64_t id; /* 0: none */
        const char *cluster;
    } cases[] = {
        {"12\n", 12, ""},
        {"12;b\n", 12, "b"},
        {"Welcome to the site\n\n12;b\r\nSee you in 2 days\n", 12, "b"},
        {"12\n13\n", 0, ""},
        {"12\n12;b\n", 0, ""},
        {"Submitted batch job 12\n", 0, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t id = 0;
        struct slice cluster = {0};
        bool found = sbatch_find_answer(slice_of(cases[i].answer), &id, &cluster);
        assert_int_equal(found, cases[i].id > 0);
        if (found) {
            assert_int_equal(id, cases[i].id);
            assert_true(slice_is(cluster, cases[i].cluster));
        }
    }
}

static void test_which_failures_may_pass(void **state)
{
    (void)state;
#define FAILED "sbatch: error: Batch job submission failed: "
#define POLICY                                                                                     \
    FAILED "Job violates accounting/QOS policy (job submit limit, user's size and/or time "        \
           "limits)\n"
    static const struct {
        const char *words;
        enum sbatch_outcome outcome;
    } cases[] = {
        {"sbatch: error: AssocMaxSubmitJobLimit\n" POLICY, SBATCH_LATER},
        {"sbatch: error: QOSMaxSubmitJobPerUserLimit\n" POLICY, SBATCH_LATER},
        {"sbatch: error: AssocGrpSubmitJobsLimit\n" POLICY, SBATCH_LATER},
        {"sbatch: error: QOSMaxWallDurationPerJobLimit\n" POLICY, SBATCH_REFUSED},
        {"sbatch: error: AssocMaxCpuPerJobLimit\n" POLICY, SBATCH_REFUSED},
        {POLICY, SBATCH_LATER},
        {"sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n" FAILED
         "Resource temporarily unavailable\n",
         SBATCH_LATER},
        {FAILED "Unable to contact slurm controller (connect failure)\n", SBATCH_LATER},
        {FAILED "Unable to contact slurm controller (receive failure)\n", SBATCH_UNCLEAR},
        {FAILED "Socket timed out on send/recv operation\n", SBATCH_UNCLEAR},
        {FAILED "Zero Bytes were transmitted or received\n", SBATCH_UNCLEAR},
        {FAILED "Unexpected missing socket error\n", SBATCH_UNCLEAR},
        {FAILED "Broken pipe\n", SBATCH_UNCLEAR},
        {FAILED "Transport endpoint is not connected\n", SBATCH_UNCLEAR},
        {"sbatch: error: You must give an account\n" FAILED "Unspecified error\n", SBATCH_REFUSED},
        {"sbatch: error: this job would block the queue: Broken pipe\n" FAILED
         "Invalid account or account/partition combination specified\n",
         SBATCH_REFUSED},
        {FAILED "No error\n", SBATCH_UNCLEAR},
        {FAILED "Protocol authentication error\n", SBATCH_UNCLEAR},
        {"sbatch: error: Munge encode failed: Failed to access "
         "\"/run/munge/munge.socket.2\"\n" FAILED "Protocol authentication error\n",
         SBATCH_LATER},
        {FAILED "Invalid partition name specified\n", SBATCH_REFUSED},
        {FAILED "Invalid account or account/partition combination specified\n", SBATCH_REFUSED},
        {FAILED "Requested node configuration is not available\n", SBATCH_REFUSED},
        {FAILED "Invalid job array specification\n", SBATCH_REFUSED},
        {"sbatch: unrecognized option '--frobnicate'\n", SBATCH_REFUSED},
        {"", SBATCH_REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(sbatch_classify(cases[i].words), cases[i].outcome);
    }
}

static void test_max_array_size(void **state)
{
    (void)state;
    uint64_t size = 0;
    assert_true(site_parse_max_array_size(
        slice_of("Configuration data as of x\nMaxArraySizes = 3\nMaxArraySize            = 10001\n"
                 "MaxJobCount = 4\n"),
        &size));
    assert_int_equal(size, 10001);
    assert_true(site_parse_max_array_size(slice_of("MaxArraySize=0"), &size));
    assert_int_equal(size, 0);
    assert_false(site_parse_max_array_size(slice_of(""), &size));
    assert_false(site_parse_max_array_size(slice_of("MaxJobCount = 4\n"), &size));
    assert_false(site_parse_max_array_size(slice_of("MaxArraySize = many\n"), &size));
}

static bool holds(const struct scheduler_environment *made, const char *variable)
{
    for (size_t i = 0; made->variables.at[i] != NULL; i++) {
        if (strcmp(made->variables.at[i], variable) == 0) {
            return true;
        }
    }
    return false;
}

static void test_environment(void **state)
{
    (void)state;
    static const char *const kept[] = {"HOME=/h",          "SLURM_CONF=/c",
                                       "SLURM_JWT=j",      "SLURM_SACK_SOCKET=s",
                                       "SBATCH_ACCOUNT=a", "SLURMISH=x"};
    static const char *const left_out[] = {
        "SLURM_JOB_ID=1",   "SLURM_MEM_PER_CPU=5", "SLURM_CLUSTERS=y",    "SLURMD_NODENAME=n",
        "SQUEUE_FORMAT=%i", "SBATCH_WAIT=1",       "SBATCH_ARRAY_INX=1-3"};
    char *environment[16];
    size_t count = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        environment[count++] = (char *)kept[i];
    }
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        environment[count++] = (char *)left_out[i];
    }
    environment[count] = NULL;
    struct scheduler_environment made;
    scheduler_environment_make(&made, environment);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        assert_true(holds(&made, kept[i]));
    }
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        assert_false(holds(&made, left_out[i]));
    }
    scheduler_environment_release(&made);

    char *elsewhere[] = {(char *)"SLURM_CLUSTERS=y", (char *)"SBATCH_CLUSTERS=x", NULL};
    scheduler_environment_make(&made, elsewhere);
    assert_true(holds(&made, "SLURM_CLUSTERS=x"));
    assert_true(holds(&made, "SBATCH_CLUSTERS=x"));
    assert_false(holds(&made, "SLURM_CLUSTERS=y"));
    scheduler_environment_release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_success),
        cmocka_unit_test(test_the_only_line_of_that_form_is_the_answer),
        cmocka_unit_test(test_which_failures_may_pass),
        cmocka_unit_test(test_max_array_size),
        cmocka_unit_test(test_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
