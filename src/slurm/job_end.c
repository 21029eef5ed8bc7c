#include "job_end.h"

#include "buf.h"
#include "scheduler_environment.h"
#include "text.h"
#include "time_limit.h"

#include <string.h>

#define LINE_START "rowbuild|"

void job_end_ask(struct job_end_question *question, struct slice job, char *const *environment,
                 struct arena *arena)
{
    static char *const words[] = {(char *)"squeue", (char *)"--noheader",
                                  (char *)"--format=" LINE_START "%e|%L", NULL};
    enum { WORDS = sizeof words / sizeof words[0] };
    struct scheduler_environment asking;
    struct buf option = BUF_EMPTY;
    size_t kept = 0;
    question->argv = arena_array(arena, WORDS + 1, sizeof *question->argv);
    memcpy(question->argv, words, sizeof words);
    buf_addf(&option, "--jobs=%.*s", SLICE_ARGS(job));
    question->argv[WORDS - 1] = arena_string(arena, buf_slice(&option));
    buf_release(&option);
    scheduler_environment_make(&asking, environment);
    question->environment =
        arena_array(arena, asking.variables.count + 2, sizeof *question->environment);
    for (size_t i = 0; asking.variables.at[i] != NULL; i++) {
        /* a job asks the cluster that it runs on, wherever new jobs would go */
        if (!slice_starts_with(slice_of(asking.variables.at[i]), "SLURM_CLUSTERS=")) {
            question->environment[kept++] = asking.variables.at[i];
        }
    }
    question->environment[kept++] = (char *)"SLURM_TIME_FORMAT=%s"; /* seconds, in no time zone */
    scheduler_environment_release(&asking);
}

static bool read_line(struct slice line, int64_t now_s, int64_t *end_at_s)
{
    const char *bar = line.len > 0 ? memchr(line.at, '|', line.len) : NULL;
    uint64_t end;
    int64_t left;
    if (bar == NULL) {
        return false;
    }
    struct slice at = slice_make(line.at, (size_t)(bar - line.at));
    struct slice rest = slice_make(bar + 1, line.len - at.len - 1);
    if (slice_is(rest, "UNLIMITED")) {
        *end_at_s = 0;
        return true;
    }
    if (text_read_number(at, INT64_MAX / 2, &end) && end > 0) {
        *end_at_s = (int64_t)end;
        return true;
    }
    if (time_limit_read(rest, &left)) {
        *end_at_s = now_s + left;
        return true;
    }
    return false;
}

bool job_end_read(struct slice answer, int64_t now_s, int64_t *end_at_s)
{
    bool found = false;
    while (answer.len > 0) {
        const char *newline = memchr(answer.at, '\n', answer.len);
        size_t len = newline != NULL ? (size_t)(newline - answer.at) : answer.len;
        struct slice line = slice_make(answer.at, len);
        size_t skipped = len + (newline != NULL);
        answer = slice_make(answer.at + skipped, answer.len - skipped);
        if (slice_starts_with(line, LINE_START)) {
            size_t start = strlen(LINE_START);
            found =
                read_line(slice_make(line.at + start, line.len - start), now_s, end_at_s) || found;
        }
    }
    return found;
}
