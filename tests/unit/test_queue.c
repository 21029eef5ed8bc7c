/* What squeue's answer means, and how long it is remembered. */
#include "queue.h"

#include "clock.h"
#include "file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct queue queue;
static struct diag diag;

static void begin(void)
{
    queue = (struct queue){0};
    arena_init(&queue.arena);
    diag_init(&diag);
}

static void end(void)
{
    queue_release(&queue);
    diag_release(&diag);
}

static bool parse(const char *answer)
{
    begin();
    return queue_parse(&queue, slice_of(answer), &diag);
}

static void assert_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.at, text, slice.len);
}

static enum queue_phase phase_of(const char *state)
{
    char line[128];
    snprintf(line, sizeof line, "rowbuild|1|N/A|%s|(null)|None\n", state);
    assert_true(parse(line));
    assert_int_equal(queue.count, 1);
    enum queue_phase phase = queue.entries[0].phase;
    end();
    return phase;
}

static void test_jobs_and_elements(void **state)
{
    (void)state;
    assert_true(parse("rowbuild|12|3|RUNNING|rowbuild:0123456789abcdef|None\n"
                      "rowbuild|7|N/A|PENDING|(null)|Dependency\n"
                      "rowbuild|12|0|PENDING|rowbuild:0123456789abcdef|Resources\n"));
    assert_int_equal(queue.count, 3);
    assert_int_equal(queue.entries[0].job_id, 7);
    assert_int_equal(queue.entries[0].index, JOB_NO_INDEX);
    assert_int_equal(queue.entries[0].phase, QUEUE_PENDING);
    assert_slice(queue.entries[0].state, "PENDING");
    assert_slice(queue.entries[0].reason, "Dependency");
    assert_null(queue.entries[0].token.at);
    assert_ptr_equal(queue_find(&queue, 12, 3), &queue.entries[2]);
    assert_ptr_equal(queue_find(&queue, 7, JOB_NO_INDEX), &queue.entries[0]);
    assert_null(queue_find(&queue, 12, 1));
    assert_null(queue_find(&queue, 13, JOB_NO_INDEX));
    assert_slice(queue.entries[2].token, "0123456789abcdef");
    assert_ptr_equal(queue_find_token(&queue, slice_of("0123456789abcdef")), &queue.entries[1]);
    assert_null(queue_find_token(&queue, slice_of("0123456789abcdee")));
    assert_int_equal(diag.entries.count, 0);
    end();
}

static void test_no_jobs(void **state)
{
    (void)state;
    assert_true(parse(""));
    assert_int_equal(queue.count, 0);
    assert_null(queue_find(&queue, 1, JOB_NO_INDEX));
    assert_null(queue_find_token(&queue, slice_of("0123456789abcdef")));
    end();
    assert_true(parse("CLUSTER: lab\n \n")); /* what is said where SQUEUE_CLUSTERS is set */
    assert_int_equal(diag.entries.count, 0);
    end();
}

static void test_words_of_another_program_are_no_empty_queue(void **state)
{
    (void)state;
    assert_false(parse("\nslurm is down for maintenance\n"));
    assert_int_equal(diag.entries.count, 1);
    assert_non_null(strstr(diag.entries.at[0].message, "slurm is down for maintenance"));
    end();
    assert_true(parse("Good morning!\nrowbuild|5|N/A|PENDING||\n"));
    assert_int_equal(queue.count, 1);
    end();
}

static void test_states(void **state)
{
    (void)state;
    assert_int_equal(phase_of("PENDING"), QUEUE_PENDING);
    assert_int_equal(phase_of("REQUEUE_HOLD"), QUEUE_PENDING);
    assert_int_equal(phase_of("RUNNING"), QUEUE_RUNNING);
    assert_int_equal(phase_of("COMPLETING"), QUEUE_RUNNING);
    assert_int_equal(phase_of("SUSPENDED"), QUEUE_RUNNING);
    assert_int_equal(phase_of("COMPLETED"), QUEUE_ENDED);
    assert_int_equal(phase_of("NODE_FAIL"), QUEUE_ENDED);
    assert_int_equal(phase_of("TIMEOUT"), QUEUE_ENDED);
    assert_int_equal(phase_of("PREEMPTED"), QUEUE_ENDED);
}

static void test_states_never_heard_of_count_as_running(void **state)
{
    (void)state;
    assert_true(parse("rowbuild|1|N/A|LEVITATING|(null)|None\n"
                      "rowbuild|2|N/A|LEVITATING|(null)|None\n"
                      "rowbuild|3|N/A|A\033[31mB|(null)|None\n"));
    assert_int_equal(queue.entries[0].phase, QUEUE_RUNNING);
    assert_int_equal(diag.entries.count, 2); /* each state is told of once */
    assert_int_equal(diag.errors, 0);
    assert_non_null(strstr(diag.entries.at[0].message, "LEVITATING"));
    assert_null(strchr(diag.entries.at[1].message, '\033'));
    end();
}

static void test_several_clusters(void **state)
{
    (void)state;
    assert_true(parse("\nCLUSTER: a\n"
                      "rowbuild|ARRAY_JOB_ID|ARRAY_TASK_ID|STATE|COMMENT|REASON|SUBMIT_TIME\n"
                      "rowbuild|12|N/A|COMPLETED|x|None|1796077748\n"
                      "rowbuild|67108870|N/A|REVOKED|x|None|1796077748\n"
                      "\nCLUSTER: b\n"
                      "rowbuild|12|N/A|RUNNING|rowbuild:0123456789abcdef|None|1796077750\n"
                      "rowbuild|67108870|N/A|COMPLETED|x|None|1796077748\n"));
    assert_int_equal(queue.count, 4);
    assert_slice(queue_find_token(&queue, slice_of("0123456789abcdef"))->cluster, "b");
    /* What hasn't ended counts: a federation lists a job twice, and two clusters have the same numbers. */
    assert_slice(queue_find(&queue, 12, JOB_NO_INDEX)->state, "RUNNING");
    assert_slice(queue_find(&queue, 67108870, JOB_NO_INDEX)->state, "REVOKED");
    assert_int_equal(queue_find(&queue, 67108870, JOB_NO_INDEX)->phase, QUEUE_RUNNING);
    assert_int_equal(queue_find(&queue, 12, JOB_NO_INDEX)->submitted_at_s, 1796077750);
    assert_slice(queue_find(&queue, 12, JOB_NO_INDEX)->reason, "None");
    end();
}

static void test_odd_comments(void **state)
{
    (void)state;
    assert_true(parse("rowbuild|1|N/A|PENDING|a|b|rowbuild:0123456789abcdef,site=x|None\n"
                      "rowbuild|2|N/A|PENDING|two\nlines|1|N/A|RUNNING||None\n"
                      "rowbuild|3|N/A|PENDING|rowbuild:0123456789abcde|None\n"
                      "rowbuild|4|N/A|PENDING|rowbuild:0123456789abcdef0|None\n"
                      "rowbuild|5|N/A|PENDING||\n"
                      "CLUSTER: lab\n"));
    assert_int_equal(queue.count, 5);
    assert_slice(queue.entries[0].token, "0123456789abcdef");
    assert_slice(queue.entries[0].reason, "None");
    for (size_t i = 1; i < 5; i++) {
        assert_null(queue.entries[i].token.at);
    }
    assert_int_equal(diag.entries.count, 0);
    end();
}

static void test_answers_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "rowbuild|\n",
        "rowbuild|x|N/A|PENDING|(null)|None\n",
        "rowbuild||N/A|PENDING|(null)|None\n",
        "rowbuild|1|?|PENDING|(null)|None\n",
        "rowbuild|1|N/A||(null)|None\n",
        "rowbuild|99999999999999999999|N/A|PENDING|(null)|None\n",
        "rowbuild|1|4294967295|PENDING|(null)|None\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        assert_false(parse(answers[i]));
        assert_int_equal(queue.count, 0);
        assert_int_equal(diag.entries.count, 1);
        assert_int_equal(diag.errors, 0);
        end();
    }
}

/* ---- Asking, with a squeue that counts how often it is called ---- */

struct place {
    char folder[64];
    char path[128];
    char *environment[4];
};

static void in_folder(const struct place *place, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", place->folder, name);
}

static void write_squeue(const struct place *place, const char *text)
{
    char path[256];
    in_folder(place, "squeue", path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\necho >>%s/calls\n%s\n", place->folder, text);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static size_t calls(const struct place *place)
{
    char path[256];
    struct stat stat_of;
    in_folder(place, "calls", path, sizeof path);
    return stat(path, &stat_of) == 0 ? (size_t)stat_of.st_size : 0;
}

static void make_place(struct place *place)
{
    strcpy(place->folder, "/tmp/rowbuild-queue.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "PATH=%s:/bin:/usr/bin", place->folder);
    place->environment[0] = place->path;
    place->environment[1] = (char *)"SLURM_CONF=/one";
    place->environment[2] = NULL;
}

static void remove_place(const struct place *place)
{
    assert_int_equal(file_remove_tree(AT_FDCWD, place->folder), 0);
}

static void ask(const struct place *place, unsigned max_age_s)
{
    diag_init(&diag);
    queue_ask(&queue, place->folder, max_age_s, place->environment, &diag);
}

static void test_an_answer_is_remembered(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    write_squeue(&place, "echo 'rowbuild|5|N/A|RUNNING|(null)|None'");
    int64_t before_s = clock_wall_s();
    ask(&place, QUEUE_REMEMBERED_S);
    assert_true(queue.answered);
    assert_true(queue.asked_at_s >= before_s);
    int64_t asked_at_s = queue.asked_at_s;
    end();
    ask(&place, QUEUE_REMEMBERED_S * 1000);
    assert_true(queue.answered);
    assert_int_equal(queue.asked_at_s, asked_at_s);
    assert_int_equal(queue.count, 1);
    assert_int_equal(queue.entries[0].job_id, 5);
    end();
    assert_int_equal(calls(&place), 1);

    ask(&place, 0);
    end();
    assert_int_equal(calls(&place), 2);

    queue_forget(place.folder);
    ask(&place, QUEUE_REMEMBERED_S * 1000);
    end();
    assert_int_equal(calls(&place), 3);

    place.environment[1] = (char *)"SLURM_CONF=/another";
    ask(&place, QUEUE_REMEMBERED_S * 1000);
    end();
    assert_int_equal(calls(&place), 4);
    remove_place(&place);
}

static void test_what_is_remembered_may_be_spoilt(void **state)
{
    (void)state;
    struct place place;
    char path[256];
    make_place(&place);
    in_folder(&place, "queue", path, sizeof path);
    write_squeue(&place, "echo 'rowbuild|5|N/A|RUNNING|(null)|None'");
    ask(&place, 0);
    end();
    static const char *const spoilt[] = {"", "squeue 1", "squeue 2 at 3\n", "\n\n"};
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        assert_int_equal(file_replace(AT_FDCWD, path, slice_of(spoilt[i])), 0);
        ask(&place, QUEUE_REMEMBERED_S * 1000);
        assert_true(queue.answered);
        assert_int_equal(queue.count, 1);
        assert_int_equal(diag.entries.count, 0);
        end();
        assert_int_equal(calls(&place), i + 2);
    }
    remove_place(&place);
}

static void test_a_queue_that_cannot_be_asked(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    write_squeue(&place, "echo 'slurm_load_jobs error: away' >&2; exit 1");
    ask(&place, QUEUE_REMEMBERED_S);
    assert_false(queue.answered);
    assert_int_equal(diag.errors, 0);
    assert_int_equal(diag.entries.count, 1);
    assert_non_null(strstr(diag.entries.at[0].message, "slurm_load_jobs error: away"));
    end();
    write_squeue(&place, "echo 'rowbuild|what'");
    ask(&place, QUEUE_REMEMBERED_S); /* nothing was remembered */
    assert_false(queue.answered);
    assert_int_equal(diag.entries.count, 1);
    end();
    remove_place(&place);

    place.environment[0] = (char *)"PATH=/nowhere/at/all";
    ask(&place, QUEUE_REMEMBERED_S);
    assert_false(queue.answered);
    assert_int_equal(diag.entries.count, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_and_elements),
        cmocka_unit_test(test_no_jobs),
        cmocka_unit_test(test_words_of_another_program_are_no_empty_queue),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_states_never_heard_of_count_as_running),
        cmocka_unit_test(test_several_clusters),
        cmocka_unit_test(test_odd_comments),
        cmocka_unit_test(test_answers_that_cannot_be_read),
        cmocka_unit_test(test_an_answer_is_remembered),
        cmocka_unit_test(test_what_is_remembered_may_be_spoilt),
        cmocka_unit_test(test_a_queue_that_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
