#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop.h"
#include "tokens.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { TOKEN = 77 };
static const int64_t SECOND = 1000000000;

/* A jobserver with tokens "ab", and a client of it. */
struct fixture {
    int ends[2];
    struct jobclient client;
    struct tokens tokens;
    struct loop *loop;
};

static int begin(void **state)
{
    static struct fixture fixture;
    char flags[64];
    assert_int_equal(pipe2(fixture.ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(write(fixture.ends[1], "ab", 2), 2);
    snprintf(flags, sizeof flags, "--jobserver-auth=%d,%d", fixture.ends[0], fixture.ends[1]);
    assert_int_equal(jobclient_open(&fixture.client, flags), JOBCLIENT_OPEN);
    fixture.tokens = (struct tokens){.client = &fixture.client};
    fixture.loop = loop_new(false);
    assert_non_null(fixture.loop);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    loop_free(fixture->loop);
    jobclient_close(&fixture->client);
    close(fixture->ends[0]);
    close(fixture->ends[1]);
    return 0;
}

/* What another client finds. */
static size_t tokens_left(const struct fixture *fixture)
{
    char bytes[8];
    ssize_t got = read(fixture->ends[0], bytes, sizeof bytes);
    if (got > 0) {
        assert_int_equal(write(fixture->ends[1], bytes, (size_t)got), got);
    }
    return got > 0 ? (size_t)got : 0;
}

static void settle(struct fixture *fixture, unsigned used)
{
    tokens_settle(&fixture->tokens, used, fixture->loop, TOKEN);
}

static void without_a_jobserver_all_is_granted(void **state)
{
    (void)state;
    struct tokens tokens = {0};
    tokens_begin(&tokens);
    assert_true(tokens_take(&tokens, 5, 100, SECOND));
    tokens_settle(&tokens, 105, NULL, TOKEN);
    assert_false(tokens_wait(&tokens));
    assert_int_equal(tokens_next_try(&tokens, SECOND), 0);
}

static void the_first_core_costs_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct tokens *tokens = &fixture->tokens;
    tokens_begin(tokens);
    assert_true(tokens_take(tokens, 0, 1, SECOND));
    assert_int_equal(tokens_left(fixture), 2);
    assert_true(tokens_take(tokens, 1, 1, SECOND));
    assert_int_equal(tokens_left(fixture), 1);
    assert_true(tokens_take(tokens, 2, 1, SECOND));
    assert_int_equal(tokens_left(fixture), 0);
    assert_false(tokens_take(tokens, 3, 1, SECOND));
    settle(fixture, 3);
    assert_true(tokens_wait(tokens));
    assert_int_equal(tokens_left(fixture), 0);
    /* two have ended, and nothing else is to be started */
    tokens_begin(tokens);
    settle(fixture, 1);
    assert_false(tokens_wait(tokens));
    assert_int_equal(tokens_left(fixture), 2);
    settle(fixture, 0);
    assert_int_equal(tokens_left(fixture), 2);
}

static void the_loop_says_when_a_token_is_back(void **state)
{
    struct fixture *fixture = *state;
    struct tokens *tokens = &fixture->tokens;
    struct loop_event event;
    char theirs[2];
    assert_int_equal(read(fixture->ends[0], theirs, 2), 2);
    tokens_begin(tokens);
    assert_true(tokens_take(tokens, 0, 1, SECOND));
    assert_false(tokens_take(tokens, 1, 1, SECOND));
    settle(fixture, 1);
    assert_int_equal(loop_wait(fixture->loop, &event, 1, 0), 0);
    assert_int_equal(tokens_next_try(tokens, SECOND), 0);
    assert_int_equal(write(fixture->ends[1], theirs, 2), 2);
    assert_int_equal(loop_wait(fixture->loop, &event, 1, 0), 1);
    assert_int_equal(event.token, TOKEN);
    tokens_begin(tokens);
    assert_true(tokens_take(tokens, 1, 1, SECOND));
    settle(fixture, 2);
    assert_int_equal(loop_wait(fixture->loop, &event, 1, 0), 0); /* though one is left */
    assert_int_equal(tokens_left(fixture), 1);
}

static void what_is_not_enough_is_left_to_others(void **state)
{
    struct fixture *fixture = *state;
    struct tokens *tokens = &fixture->tokens;
    struct loop_event event;
    tokens_begin(tokens);
    assert_true(tokens_take(tokens, 0, 1, SECOND));
    assert_false(tokens_take(tokens, 1, 3, SECOND));
    settle(fixture, 1);
    assert_int_equal(tokens_left(fixture), 2);
    /* not woken by tokens that don't suffice, but tried again */
    assert_int_equal(loop_wait(fixture->loop, &event, 1, 0), 0);
    assert_true(tokens_next_try(tokens, SECOND) > SECOND);
}

static void an_idle_run_collects_and_then_starts(void **state)
{
    struct fixture *fixture = *state;
    struct tokens *tokens = &fixture->tokens;
    tokens_begin(tokens);
    assert_false(tokens_take(tokens, 0, 4, SECOND));
    settle(fixture, 0);
    assert_true(tokens_wait(tokens));
    assert_int_equal(tokens_left(fixture), 0); /* kept until the third comes */
    assert_true(tokens_next_try(tokens, SECOND) > SECOND);
    tokens_begin(tokens);
    assert_false(tokens_take(tokens, 0, 4, 2 * SECOND));
    settle(fixture, 0);
    tokens_begin(tokens);
    assert_true(tokens_take(tokens, 0, 4, 4 * SECOND));
    settle(fixture, 4);
    assert_false(tokens_wait(tokens));
    tokens_begin(tokens);
    settle(fixture, 0);
    assert_int_equal(tokens_left(fixture), 2);
    /* patience begins anew */
    tokens_begin(tokens);
    assert_false(tokens_take(tokens, 0, 4, 5 * SECOND));
    settle(fixture, 0);
    /* the run is stopped */
    tokens_begin(tokens);
    settle(fixture, 0);
    assert_false(tokens_wait(tokens));
    assert_int_equal(tokens_left(fixture), 2);
}

static void closing_gives_all_back(void **state)
{
    struct fixture *fixture = *state;
    tokens_begin(&fixture->tokens);
    assert_true(tokens_take(&fixture->tokens, 0, 3, SECOND));
    assert_int_equal(tokens_left(fixture), 0);
    jobclient_close(&fixture->client);
    assert_int_equal(tokens_left(fixture), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_jobserver_all_is_granted),
        TEST(the_first_core_costs_nothing),
        TEST(the_loop_says_when_a_token_is_back),
        TEST(what_is_not_enough_is_left_to_others),
        TEST(an_idle_run_collects_and_then_starts),
        TEST(closing_gives_all_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
