/* What has ended, and in which word: from a registration, names in the inbox and the queue's
 * answer. */
#include "endings.h"

#include "diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "00000000000000aa"
#define JOB "rowbuild|12|N/A|"
#define ELEMENT(index) "rowbuild|12|" index "|"
#define REST "|rowbuild:" TOKEN "|None\n"

enum { SUBMITTED_AT_S = 1000, ELEMENTS = 3 };

/* One registration, what is known, and what is to come of it. */
struct example {
    const char *what;
    const char *answer;  /* squeue's; NULL: it doesn't answer */
    int64_t asked_after; /* seconds after the submission; 0: a minute */
    const char *inbox;   /* names after the token, separated by blanks */
    enum endings_witness witness;
    bool is_array;
    bool lacks_id;
    bool knows_processes;
    bool may_hide;              /* the scripts of the jobs in the queue can't be read */
    bool is_remembered;         /* the queue's answer */
    const char *killed;         /* by element: 'k' */
    uint64_t holders[ELEMENTS]; /* by element: the job that claimed it */
    uint64_t id_after;          /* 0: the one before */
    const char *before;         /* by element: q(ueued), e(nded), r(eleased) */
    const char *after;          /* the same; capital E: ended with `word` */
    const char *word;
};

static const char *const WORDS[] = {
    [ELEMENT_QUEUED] = "q", [ELEMENT_ENDED] = "e", [ELEMENT_RELEASED] = "r"};

static enum element_state state_of(char letter)
{
    return letter == 'q' ? ELEMENT_QUEUED : letter == 'r' ? ELEMENT_RELEASED : ELEMENT_ENDED;
}

/* All that the functions are given for an example. */
struct world {
    struct submission submission;
    struct submission_element elements[ELEMENTS];
    bool killed[ELEMENTS];
    struct job_ref holders[ELEMENTS];
    struct inbox_names names;
    struct queue queue;
    struct diag diag;
    struct endings_facts facts;
};

static void make(struct world *world, const struct example *example)
{
    size_t count = strlen(example->before);
    *world = (struct world){0};
    arena_init(&world->queue.arena);
    diag_init(&world->diag);
    intern_init(&world->names.all);
    assert_in_range(count, 1, ELEMENTS);
    for (size_t e = 0; e < count; e++) {
        world->elements[e].state = state_of(example->before[e]);
        world->holders[e] = (struct job_ref){
            .id = example->holders[e], .index = example->is_array ? (uint32_t)e : JOB_NO_INDEX};
        world->killed[e] = example->killed != NULL && example->killed[e] == 'k';
    }
    world->submission = (struct submission){.token = SLICE_LITERAL(TOKEN),
                                            .cluster = SLICE_LITERAL("lab"),
                                            .job_id = example->lacks_id ? 0 : 12,
                                            .is_array = example->is_array,
                                            .submitted_at_s = SUBMITTED_AT_S,
                                            .elements = world->elements,
                                            .element_count = count};
    for (const char *name = example->inbox; name != NULL && *name != '\0';) {
        struct buf text = BUF_EMPTY;
        size_t len = strcspn(name, " ");
        buf_addf(&text, TOKEN ".%.*s", (int)len, name);
        intern_add(&world->names.all, buf_slice(&text));
        buf_release(&text);
        name += len + (name[len] == ' ');
    }
    world->queue.asked_at_s =
        SUBMITTED_AT_S + (example->asked_after != 0 ? example->asked_after : 60);
    world->queue.answered = example->answer != NULL &&
                            queue_parse(&world->queue, slice_of(example->answer), &world->diag);
    assert_int_equal(world->queue.answered, example->answer != NULL);
    world->queue.is_remembered = example->is_remembered;
    world->facts = (struct endings_facts){
        .inbox = &world->names,
        .queue = &world->queue,
        .witness = example->witness,
        .holders = world->holders,
        .killed = example->knows_processes ? world->killed : NULL,
        .is_absent = !example->may_hide,
    };
}

static void release(struct world *world)
{
    queue_release(&world->queue);
    inbox_names_release(&world->names);
    diag_release(&world->diag);
}

static void check(const struct example *example)
{
    struct world world;
    struct buf found = BUF_EMPTY;
    make(&world, example);
    bool changed = endings_mark(&world.submission, &world.facts);
    for (size_t e = 0; e < world.submission.element_count; e++) {
        const struct submission_element *element = &world.elements[e];
        bool has_word = element->ending.len > 0;
        buf_add_string(&found, has_word ? "E" : WORDS[element->state]);
        if (has_word) {
            assert_int_equal(element->state, ELEMENT_ENDED);
            assert_non_null(example->word);
            assert_int_equal(element->ending.len, strlen(example->word));
            assert_memory_equal(element->ending.at, example->word, element->ending.len);
        }
    }
    if (strcmp(buf_string(&found), example->after) != 0) {
        fail_msg("%s: %s instead of %s", example->what, buf_string(&found), example->after);
    }
    bool differs = false;
    for (size_t e = 0; example->before[e] != '\0'; e++) {
        differs = differs || state_of(example->before[e]) != state_of(example->after[e]);
    }
    assert_int_equal(world.submission.job_id, example->id_after != 0 ? example->id_after
                                              : example->lacks_id    ? 0
                                                                     : 12);
    if (changed != (differs || example->id_after != 0)) {
        fail_msg("%s: says that something changed where nothing did, or not", example->what);
    }
    assert_false(endings_mark(&world.submission, &world.facts)); /* a second look finds no more */
    buf_release(&found);
    release(&world);
}

#define CHECK(examples)                                                                            \
    for (size_t i = 0; i < sizeof(examples) / sizeof *(examples); i++) {                           \
        check(&(examples)[i]);                                                                     \
    }

/* ---- The queue ---- */

static void test_one_job_in_the_queue(void **state)
{
    (void)state;
#define QUEUED .witness = ENDINGS_QUEUE, .before = "q", .after = "q"
#define ENDED .witness = ENDINGS_QUEUE, .before = "q", .after = "e"
#define ENDED_AS(text) .witness = ENDINGS_QUEUE, .before = "q", .after = "E", .word = (text)
    static const struct example examples[] = {
        {"waiting", JOB "PENDING" REST, QUEUED},
        {"running", JOB "RUNNING" REST, QUEUED, .inbox = "0.claim 0.attempt-1 0.1-1"},
        {"suspended", JOB "SUSPENDED" REST, QUEUED},
        {"still writing", JOB "COMPLETING" REST, QUEUED},
        {"a state of a newer Slurm", JOB "HIBERNATING" REST, QUEUED},
        {"requeued", JOB "REQUEUED" REST, QUEUED},
        {"held after a requeue", JOB "REQUEUE_HOLD" REST, QUEUED, .inbox = "0.claim"},
        {"completed, its end isn't seen yet", JOB "COMPLETED" REST, ENDED_AS("COMPLETED")},
        {"failed before it began", JOB "FAILED" REST, ENDED_AS("FAILED")},
        {"timed out", JOB "TIMEOUT" REST, ENDED_AS("TIMEOUT"), .inbox = "0.claim 0.1-1"},
        {"its host broke", JOB "NODE_FAIL" REST, ENDED_AS("NODE_FAIL"), .inbox = "0.claim"},
        {"preempted for good", JOB "PREEMPTED" REST, ENDED_AS("PREEMPTED")},
        {"cancelled", JOB "CANCELLED" REST, ENDED_AS("CANCELLED")},
        {"out of memory", JOB "OUT_OF_MEMORY" REST, ENDED_AS("OUT_OF_MEMORY")},
        {"never started", JOB "BOOT_FAIL" REST, ENDED_AS("BOOT_FAIL")},
        {"past its deadline", JOB "DEADLINE" REST, ENDED_AS("DEADLINE")},
        {"forgotten by Slurm", "", ENDED_AS("gone from the queue")},
        {"only others are there", "rowbuild|13|N/A|RUNNING||None\n",
         ENDED_AS("gone from the queue")},
        {"an array has that id", ELEMENT("0") "RUNNING" REST, ENDED_AS("gone from the queue")},
        {"its token is another job's", "rowbuild|13|N/A|RUNNING" REST,
         ENDED_AS("gone from the queue")},
        {"the queue doesn't answer", NULL, QUEUED},
    };
    CHECK(examples);
}

static void test_an_answer_says_nothing_of_what_came_later(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"before it was submitted", "", -30, QUEUED},
        {"at once", "", 1, QUEUED},
        {"clocks may differ by that much", "", 15, QUEUED},
        {"not by more", "", 16, ENDED_AS("gone from the queue")},
        {"an entry counts in any case", JOB "TIMEOUT" REST, -30, ENDED_AS("TIMEOUT")},
        {"so does what the job said", "", 1, ENDED, .inbox = "0.claim 0.over"},
        {"its id isn't known yet", "", 0, QUEUED, .lacks_id = true},
        {"nor is it, whatever its token says", JOB "TIMEOUT" REST, 0, QUEUED, .lacks_id = true},
        {"but what the job said counts", NULL, 0, ENDED, .lacks_id = true, .inbox = "0.over"},
    };
    CHECK(examples);
}

/* ---- The inbox ---- */

static void test_what_the_job_said(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"over, the queue lags behind", JOB "RUNNING" REST, ENDED, .inbox = "0.claim 0.over"},
        {"over, and completing", JOB "COMPLETING" REST, ENDED, .inbox = "0.claim 0.over"},
        {"over, completed", JOB "COMPLETED" REST, ENDED, .inbox = "0.claim 0.over"},
        {"over, forgotten by Slurm", "", ENDED, .inbox = "0.claim 0.over"},
        {"over, the queue doesn't answer", NULL, ENDED, .inbox = "0.claim 0.over"},
        {"over in the queue's old answer", JOB "PENDING" REST, ENDED, .inbox = "0.claim 0.over"},
        {"failed, still running", JOB "RUNNING" REST, ENDED, .inbox = "0.claim 0.failed"},
        {"failed, and so Slurm has it", JOB "FAILED" REST, ENDED, .inbox = "0.claim 0.failed"},
        {"failed, forgotten by Slurm", "", ENDED, .inbox = "0.claim 0.failed"},
        {"failed, the queue doesn't answer", NULL, ENDED, .inbox = "0.claim 0.failed"},
        {"Slurm's word says more", JOB "TIMEOUT" REST, ENDED_AS("TIMEOUT"),
         .inbox = "0.claim 0.failed"},
        {"also after a good end", JOB "CANCELLED" REST, ENDED_AS("CANCELLED"),
         .inbox = "0.claim 0.over"},
        {"its host broke after it failed", JOB "NODE_FAIL" REST, ENDED_AS("NODE_FAIL"),
         .inbox = "0.failed"},
        {"another element's end", JOB "RUNNING" REST, QUEUED, .inbox = "1.over 10.over 00.over"},
        {"a file that is being written", JOB "RUNNING" REST, QUEUED, .inbox = "0.over.12-ab.new"},
        {"records are no end", JOB "RUNNING" REST, QUEUED, .inbox = "0.1-1 0.1-2 0.past-1"},
    };
    CHECK(examples);
}

static void test_a_job_that_begins_again(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"requeued: its commands were ended", JOB "PENDING" REST, QUEUED,
         .inbox = "0.claim 0.failed"},
        {"requeued and held", JOB "REQUEUE_HOLD" REST, QUEUED, .inbox = "0.claim 0.failed"},
        {"it has said both", JOB "PENDING" REST, QUEUED, .inbox = "0.over 0.failed"},
        {"it runs again: its claim takes the end back", JOB "RUNNING" REST, QUEUED,
         .inbox = "0.claim 0.attempt-1 0.attempt-2"},
        {"its second run has ended well", JOB "COMPLETED" REST, ENDED,
         .inbox = "0.claim 0.attempt-1 0.attempt-2 0.over"},
        {"its second run has timed out", JOB "TIMEOUT" REST, ENDED_AS("TIMEOUT"),
         .inbox = "0.claim 0.attempt-1 0.attempt-2 0.failed"},
    };
    CHECK(examples);
}

/* ---- Arrays ---- */

static void test_elements_of_arrays(void **state)
{
    (void)state;
#define ARRAY .witness = ENDINGS_QUEUE, .is_array = true
    static const struct example examples[] = {
        {"each by itself",
         ELEMENT("0") "RUNNING" REST ELEMENT("1") "PENDING" REST ELEMENT("2") "TIMEOUT" REST, ARRAY,
         .before = "qqq", .after = "qqE", .word = "TIMEOUT"},
        {"one is gone", ELEMENT("0") "RUNNING" REST ELEMENT("2") "PENDING" REST, ARRAY,
         .before = "qqq", .after = "qEq", .word = "gone from the queue"},
        {"one is gone, as it said", ELEMENT("0") "RUNNING" REST ELEMENT("2") "PENDING" REST, ARRAY,
         .before = "qqq", .after = "qeq", .inbox = "1.over"},
        {"cancelled before one began: one entry", JOB "CANCELLED" REST, ARRAY, .before = "qqq",
         .after = "EEE", .word = "CANCELLED"},
        {"one entry, and one of its own", JOB "PENDING" REST ELEMENT("1") "CANCELLED" REST, ARRAY,
         .before = "qqq", .after = "qEq", .word = "CANCELLED"},
        {"requeued, one of them", ELEMENT("0") "RUNNING" REST ELEMENT("1") "PENDING" REST, ARRAY,
         .before = "qq", .after = "eq", .inbox = "0.failed 1.failed"},
        {"an index that was left out", ELEMENT("0") "RUNNING" REST ELEMENT("2") "RUNNING" REST,
         ARRAY, .before = "qeq", .after = "qeq"},
        {"all forgotten by Slurm", "", ARRAY, .before = "qqq", .after = "EEE",
         .word = "gone from the queue"},
    };
    CHECK(examples);
}

/* ---- Two jobs of one submission ---- */

#define OTHER(index, phase) "rowbuild|13|" index "|" phase "|rowbuild:" TOKEN "|None\n"

static void test_another_job_of_the_submission_has_the_claim(void **state)
{
    (void)state;
#define CLAIMED .inbox = "0.claim 0.attempt-1", .holders = { 13 }
    static const struct example examples[] = {
        {"the registered one found nothing to do", JOB "COMPLETED" REST OTHER("N/A", "RUNNING"),
         QUEUED, CLAIMED, .id_after = 13},
        {"and is forgotten by Slurm", OTHER("N/A", "RUNNING"), QUEUED, CLAIMED, .id_after = 13},
        {"it runs too", JOB "RUNNING" REST OTHER("N/A", "RUNNING"), QUEUED, CLAIMED},
        {"both have ended", JOB "COMPLETED" REST OTHER("N/A", "TIMEOUT"), ENDED_AS("COMPLETED"),
         CLAIMED},
        {"the other is forgotten", JOB "COMPLETED" REST, ENDED_AS("COMPLETED"), CLAIMED},
        {"the answer is older than the claim", JOB "COMPLETED" REST, QUEUED, CLAIMED,
         .is_remembered = true},
        {"the other said that it ended", JOB "COMPLETED" REST OTHER("N/A", "RUNNING"), ENDED,
         .inbox = "0.claim 0.over", .holders = {13}},
        {"the other is requeued", JOB "COMPLETED" REST OTHER("N/A", "PENDING"), QUEUED,
         .inbox = "0.claim 0.failed", .holders = {13}, .id_after = 13},
        {"the registered one has the claim", JOB "TIMEOUT" REST OTHER("N/A", "RUNNING"),
         ENDED_AS("TIMEOUT"), .inbox = "0.claim", .holders = {12}},
        {"arrays: one element each, and one that nobody has begun",
         ELEMENT("0") "RUNNING" REST ELEMENT("1") "COMPLETED" REST ELEMENT(
             "2") "COMPLETED" REST OTHER("0", "COMPLETED") OTHER("1", "RUNNING")
             OTHER("2", "PENDING"),
         ARRAY, .before = "qqq", .after = "qqq", .inbox = "0.claim 1.claim", .holders = {12, 13}},
        {"arrays: only the other's are left",
         ELEMENT("0") "TIMEOUT" REST ELEMENT("1") "COMPLETED" REST OTHER("0", "COMPLETED")
             OTHER("1", "RUNNING"),
         ARRAY, .before = "qq", .after = "Eq", .word = "TIMEOUT", .inbox = "0.claim 1.claim",
         .holders = {12, 13}, .id_after = 13},
    };
    CHECK(examples);
}

static void test_what_is_settled_stays(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"released, and it runs on", JOB "RUNNING" REST, .witness = ENDINGS_QUEUE, .before = "r",
         .after = "r"},
        {"released, and it ends", JOB "TIMEOUT" REST, .witness = ENDINGS_QUEUE, .before = "r",
         .after = "r", .inbox = "0.failed"},
        {"released, and gone", "", .witness = ENDINGS_QUEUE, .before = "r", .after = "r"},
        {"ended before the queue's old answer", JOB "RUNNING" REST, .witness = ENDINGS_QUEUE,
         .before = "e", .after = "e"},
        {"ended, and Slurm has a word by now", JOB "TIMEOUT" REST, .witness = ENDINGS_QUEUE,
         .before = "e", .after = "e"},
        {"only the queued one", "", ARRAY, .before = "req", .after = "reE",
         .word = "gone from the queue"},
    };
    CHECK(examples);
}

/* ---- Other witnesses ---- */

static void test_nobody_tells_of_it(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"another one's job, gone from the queue", "", .before = "q", .after = "q"},
        {"even as ended", JOB "TIMEOUT" REST, .before = "q", .after = "q"},
        {"its own word counts", "", .before = "q", .after = "e", .inbox = "0.over"},
        {"also of a failure, requeued or not", JOB "PENDING" REST, .before = "q", .after = "e",
         .inbox = "0.failed"},
    };
    CHECK(examples);
}

static void test_processes(void **state)
{
    (void)state;
#define PROCESS .witness = ENDINGS_PROCESS, .is_array = false
    static const struct example examples[] = {
        {"nobody looked", NULL, PROCESS, .before = "q", .after = "q"},
        {"it lives", NULL, PROCESS, .knows_processes = true, .before = "q", .after = "q"},
        {"it was killed", NULL, PROCESS, .knows_processes = true, .killed = "k", .before = "q",
         .after = "E", .word = "killed"},
        {"it had ended before", NULL, PROCESS, .knows_processes = true, .killed = "k",
         .before = "q", .after = "e", .inbox = "0.over"},
        {"released", NULL, PROCESS, .knows_processes = true, .killed = "k", .before = "r",
         .after = "r"},
        {"a queue is not asked", JOB "TIMEOUT" REST, PROCESS, .knows_processes = true,
         .before = "q", .after = "q"},
        {"each element by itself", NULL, PROCESS, .knows_processes = true, .killed = " kk",
         .before = "qqq", .after = "qEe", .word = "killed", .inbox = "2.over"},
    };
    CHECK(examples);
}

/* ---- Whether to ask ---- */

static void check_asking(const struct example *example, bool needs, bool is_behind)
{
    struct world world;
    make(&world, example);
    if (endings_need_queue(&world.submission, &world.facts) != needs ||
        endings_are_behind(&world.submission, &world.facts) != is_behind) {
        fail_msg("%s: the queue is asked, or isn't", example->what);
    }
    release(&world);
}

static void test_when_the_queue_is_asked(void **state)
{
    (void)state;
    static const struct {
        struct example example;
        bool needs;
        bool is_behind;
    } table[] = {
        {{"nothing is known", NULL, .witness = ENDINGS_QUEUE, .before = "q"}, true, false},
        {{"over", NULL, .witness = ENDINGS_QUEUE, .before = "q", .inbox = "0.over"}, false, false},
        {{"failed: it may be requeued", NULL, .witness = ENDINGS_QUEUE, .before = "q",
          .inbox = "0.failed"},
         true,
         false},
        {{"the answer is older than the failure", JOB "RUNNING" REST, .witness = ENDINGS_QUEUE,
          .before = "q", .inbox = "0.failed"},
         true,
         true},
        {{"it fits", JOB "FAILED" REST, .witness = ENDINGS_QUEUE, .before = "q",
          .inbox = "0.failed"},
         true,
         false},
        {{"it waits, as far as is known", JOB "PENDING" REST, .witness = ENDINGS_QUEUE,
          .before = "q", .inbox = "0.failed"},
         true,
         true},
        {{"running, without a word", JOB "RUNNING" REST, .witness = ENDINGS_QUEUE, .before = "q"},
         true,
         false},
        {{"settled", JOB "RUNNING" REST, .witness = ENDINGS_QUEUE, .before = "er",
          .inbox = "0.failed"},
         false,
         false},
        {{"one of several", NULL, .witness = ENDINGS_QUEUE, .is_array = true, .before = "erq",
          .inbox = "0.over 1.over"},
         true,
         false},
        {{"another one's job", NULL, .witness = ENDINGS_NOBODY, .before = "q"}, false, false},
        {{"a process", NULL, .witness = ENDINGS_PROCESS, .before = "q"}, false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        check_asking(&table[i].example, table[i].needs, table[i].is_behind);
    }
}

/* ---- Without an id ---- */

static void test_a_submission_that_was_cut_off(void **state)
{
    (void)state;
    static const struct {
        struct example example;
        bool is_found;
        bool is_array;
        bool never_was;
    } table[] = {
        {{"a job has its token", JOB "PENDING" REST, .witness = ENDINGS_QUEUE, .before = "q"},
         true,
         false,
         false},
        {{"an array has it", ELEMENT("1") "RUNNING" REST, .witness = ENDINGS_QUEUE, .before = "qq"},
         true,
         true,
         false},
        {{"none has it", "rowbuild|12|N/A|PENDING|rowbuild:00000000000000ab|None\n",
          .asked_after = 90, .witness = ENDINGS_QUEUE, .before = "q"},
         false,
         false,
         true},
        {{"none has it, and sbatch may have run that long", "", 75, .witness = ENDINGS_QUEUE,
          .before = "q"},
         false,
         false,
         false},
        {{"none has it, in an answer that is newer by sbatch's time and the margin", "", 76,
          .witness = ENDINGS_QUEUE, .before = "q"},
         false,
         false,
         true},
        {{"a job of the queue may have its script", "rowbuild|12|N/A|PENDING|x|None\n",
          .asked_after = 90, .may_hide = true, .witness = ENDINGS_QUEUE, .before = "q"},
         false,
         false,
         false},
        {{"none has it, in an answer from before", "", -1, .witness = ENDINGS_QUEUE, .before = "q"},
         false,
         false,
         false},
        {{"the queue doesn't answer", NULL, .witness = ENDINGS_QUEUE, .before = "q"},
         false,
         false,
         false},
        {{"another one's", "", .witness = ENDINGS_NOBODY, .before = "q"}, false, false, false},
        {{"a process", "", .witness = ENDINGS_PROCESS, .before = "q"}, false, false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world world;
        struct example example = table[i].example;
        example.lacks_id = true;
        make(&world, &example);
        bool is_found = endings_find_job(&world.submission, &world.queue);
        if (is_found != table[i].is_found || world.submission.job_id != (is_found ? 12U : 0U) ||
            world.submission.is_array != table[i].is_array ||
            endings_never_was(&world.submission, &world.facts) != table[i].never_was) {
            fail_msg("%s: it is something else", example.what);
        }
        release(&world);
    }
    struct world known;
    make(&known, &(struct example){
                     .answer = "", .asked_after = 76, .witness = ENDINGS_QUEUE, .before = "q"});
    assert_false(endings_never_was(&known.submission, &known.facts));
    known.submission.job_id = 0;
    assert_true(endings_never_was(&known.submission, &known.facts));
    known.submission.is_accepted = true;
    assert_false(endings_never_was(&known.submission, &known.facts));
    release(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_job_in_the_queue),
        cmocka_unit_test(test_an_answer_says_nothing_of_what_came_later),
        cmocka_unit_test(test_what_the_job_said),
        cmocka_unit_test(test_a_job_that_begins_again),
        cmocka_unit_test(test_elements_of_arrays),
        cmocka_unit_test(test_another_job_of_the_submission_has_the_claim),
        cmocka_unit_test(test_what_is_settled_stays),
        cmocka_unit_test(test_nobody_tells_of_it),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_when_the_queue_is_asked),
        cmocka_unit_test(test_a_submission_that_was_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
