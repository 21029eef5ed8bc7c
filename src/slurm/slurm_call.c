#include "slurm_call.h"

#include "program.h"
#include "scheduler_environment.h"
#include "text.h"
#include "world.h"

#include <errno.h>
#include <string.h>

enum { LIMIT_MS = 60000 };

static void add_last_line(struct buf *out, const struct buf *errors)
{
    struct slice words = buf_slice(errors);
    while (words.len > 0 && words.at[words.len - 1] == '\n') {
        words.len--;
    }
    const char *newline = words.len > 0 ? memrchr(words.at, '\n', words.len) : NULL;
    if (newline != NULL) {
        words = slice_make(newline + 1, words.len - (size_t)(newline + 1 - words.at));
    }
    text_add_name(out, words);
}

/* Leaves out where new jobs would go, and the NULL at the end. */
static void adapt(char **variables, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count && variables[i] != NULL; i++) {
        if (!slice_starts_with(slice_of(variables[i]), "SBATCH_CLUSTERS=") &&
            !slice_starts_with(slice_of(variables[i]), "SLURM_CLUSTERS=")) {
            variables[kept++] = variables[i];
        }
    }
    *count = kept;
}

bool slurm_call(char *const *argv, char *const *environment, struct buf *answer, struct buf *words)
{
    struct scheduler_environment own;
    scheduler_environment_make(&own, environment);
    adapt(own.variables.at, &own.variables.count);
    vec_push(&own.variables, (char *)"SLURM_TIME_FORMAT=%s"); /* seconds, in no time zone */
    vec_push(&own.variables, NULL);
    struct program_request request = {
        .argv = argv, .environment = own.variables.at, .limit_ms = LIMIT_MS};
    struct program_answer said = {0};
    bool succeeded = false;
    if (world->run_program(&request, &said) != 0) {
        buf_addf(words, "%s: %s", argv[0], strerror(errno));
    } else if (said.timed_out) {
        buf_addf(words, "%s has not answered within %d s", argv[0], LIMIT_MS / 1000);
    } else if (said.signalled || said.status != 0) {
        add_last_line(words, &said.errors);
        if (words->len == 0) {
            buf_addf(words, "%s %s %d", argv[0],
                     said.signalled ? "got signal" : "ended with status", said.status);
        }
    } else {
        succeeded = true;
        if (answer != NULL) {
            buf_add_slice(answer, buf_slice(&said.output));
        }
        if (said.output.len == 0) {
            add_last_line(words, &said.errors);
        }
    }
    program_release(&said);
    scheduler_environment_release(&own);
    return succeeded;
}
