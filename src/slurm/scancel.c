#include "scancel.h"

#include "buf.h"
#include "inside.h"
#include "program.h"
#include "scheduler_environment.h"
#include "vec.h"
#include "world.h"

#include <errno.h>
#include <string.h>

enum { JOBS_EACH = 300, LIMIT_MS = 60000 };

/* The last line that isn't empty. */
static struct slice last_line(const struct buf *text)
{
    size_t end = text->len;
    while (end > 0 && (text->at[end - 1] == '\n' || text->at[end - 1] == ' ')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && text->at[start - 1] != '\n') {
        start--;
    }
    return end > start ? slice_make(text->at + start, end - start) : SLICE_LITERAL("");
}

static int call(char *const *argv, char *const *environment, struct diag *diag)
{
    struct scheduler_environment asking;
    struct program_answer answer = {0};
    scheduler_environment_make(&asking, environment);
    struct program_request request = {
        .argv = argv, .environment = asking.variables.at, .limit_ms = LIMIT_MS};
    int result = 0;
    if (world->run_program(&request, &answer) != 0) {
        result = diag_state_error(diag, FINDING_QUEUE_UNKNOWN, "scancel can't be run: %s",
                                  strerror(errno));
    } else if (answer.timed_out) {
        result = diag_state_error(diag, FINDING_QUEUE_UNKNOWN,
                                  "scancel has not answered within %d s", LIMIT_MS / 1000);
    } else if (answer.signalled || answer.status != 0) {
        struct slice words = last_line(&answer.errors);
        result = diag_state_error(diag, FINDING_QUEUE_UNKNOWN, "scancel ended with %s %d%s%.*s",
                                  answer.signalled ? "signal" : "status", answer.status,
                                  words.len > 0 ? ": " : "", SLICE_ARGS(words));
    }
    program_release(&answer);
    scheduler_environment_release(&asking);
    return result;
}

int scancel_jobs(struct slice site, const struct job_ref *jobs, size_t count,
                 char *const *environment, struct diag *diag)
{
    struct arena arena;
    int result = 0;
    arena_init(&arena);
    for (size_t first = 0; first < count; first += JOBS_EACH) {
        VEC(char *) argv = {0};
        struct buf text = BUF_EMPTY;
        vec_push(&argv, (char *)"scancel");
        if (site.len > 0) {
            buf_addf(&text, "--clusters=%.*s", SLICE_ARGS(site));
            vec_push(&argv, arena_string(&arena, buf_slice(&text)));
        }
        for (size_t i = first; i < count && i < first + JOBS_EACH; i++) {
            buf_clear(&text);
            job_ref_add_id(&jobs[i], &text);
            vec_push(&argv, arena_string(&arena, buf_slice(&text)));
        }
        vec_push(&argv, NULL);
        result |= call(argv.at, environment, diag);
        vec_release(&argv);
        buf_release(&text);
    }
    arena_release(&arena);
    return result;
}
