#include "sbatch.h"

#include "program.h"
#include "scheduler_environment.h"
#include "text.h"
#include "vec.h"
#include "world.h"

#include <errno.h>
#include <string.h>

enum {
    /* sbatch sleeps for a second between announcing a retry and retrying. */
    SURELY_ASLEEP_MS = 500,
};

/* ---- Its words ---- */

struct meaning {
    const char *words;
    enum sbatch_outcome outcome;
};

/* From Slurm's table of errors and from sbatch's source; the first match decides. */
static const struct meaning meanings[] = {
    /* Limits on waiting jobs. Of the limits that Slurm names, only these are temporary. */
    {"SubmitJob", SBATCH_LATER}, /* AssocMaxSubmitJobLimit, QOSMaxSubmitJobPerUserLimit, … */
    {"Max jobs submit", SBATCH_LATER},
    {"error: Assoc", SBATCH_REFUSED},
    {"error: QOS", SBATCH_REFUSED},
    {"Job violates accounting/QOS policy", SBATCH_LATER},
    {"MaxJobCount limit reached", SBATCH_LATER},
    {"Unable to create job record, try again", SBATCH_LATER},
    {"Resource temporarily unavailable", SBATCH_LATER},
    {"Slurm job queue full", SBATCH_LATER},
    {"Requested nodes are busy", SBATCH_LATER},
    {"Required ports are in use", SBATCH_LATER},
    {"System submissions disabled", SBATCH_LATER},
    {"Rate limit exceeded", SBATCH_LATER},
    /* The controller is absent or not active yet. It has received nothing. */
    {"(connect failure)", SBATCH_LATER},
    {"Communication connection failure", SBATCH_LATER},
    {"Connection timed out establishing", SBATCH_LATER},
    {"standby mode", SBATCH_LATER},
    {"shutting down", SBATCH_LATER},
    {"Munge encode failed", SBATCH_LATER},
    {"Unable to connect to database", SBATCH_LATER},
    {"I/O error writing script/environment to file", SBATCH_LATER},
    /* The answer was lost, but the request may have arrived. */
    {"Unable to contact slurm controller", SBATCH_UNCLEAR},
    {"Socket timed out", SBATCH_UNCLEAR},
    {"Zero Bytes were transmitted", SBATCH_UNCLEAR},
    {"Connection timed out", SBATCH_UNCLEAR},
    {"Message send failure", SBATCH_UNCLEAR},
    {"Message receive failure", SBATCH_UNCLEAR},
    {"Communication shutdown failure", SBATCH_UNCLEAR},
    {"Unexpected message received", SBATCH_UNCLEAR},
    {"Header lengths are longer", SBATCH_UNCLEAR},
    {"Insane message length", SBATCH_UNCLEAR},
    {"delayed socket error", SBATCH_UNCLEAR},
    {"Protocol authentication error",
     SBATCH_UNCLEAR}, /* also of an answer that can't be verified */
    {"Unexpected missing socket error", SBATCH_UNCLEAR},
    {"failed: No error", SBATCH_UNCLEAR},
    {"would block", SBATCH_UNCLEAR},
    {"Connection rejected by handler", SBATCH_UNCLEAR},
    {"Connection forced closed", SBATCH_UNCLEAR},
    {"Unable to process incoming", SBATCH_UNCLEAR},
    {"Unable to process outgoing", SBATCH_UNCLEAR},
    /* The system's own words, where a read or a write of the connection fails. */
    {"Connection reset by peer", SBATCH_UNCLEAR},
    {"Broken pipe", SBATCH_UNCLEAR},
    {"Transport endpoint is not connected", SBATCH_UNCLEAR},
    {"Software caused connection abort", SBATCH_UNCLEAR},
    {"Connection refused", SBATCH_UNCLEAR},
    {"No route to host", SBATCH_UNCLEAR},
    {"Network is unreachable", SBATCH_UNCLEAR},
    {"Network is down", SBATCH_UNCLEAR},
    {"Network dropped connection", SBATCH_UNCLEAR},
    {"Host is down", SBATCH_UNCLEAR},
    {"Protocol error", SBATCH_UNCLEAR},
    {"Interrupted system call", SBATCH_UNCLEAR},
    {"Bad file descriptor", SBATCH_UNCLEAR},
    {"Input/output error", SBATCH_UNCLEAR},
    {"Operation now in progress", SBATCH_UNCLEAR},
};

enum sbatch_outcome sbatch_classify(const char *errors)
{
    /* A site's plug-in, or a wrapper, may say anything before. */
    const char *reason = strstr(errors, "submission failed:");
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        bool is_of_answer = meanings[i].outcome == SBATCH_UNCLEAR && reason != NULL;
        if (strstr(is_of_answer ? reason : errors, meanings[i].words) != NULL) {
            return meanings[i].outcome;
        }
    }
    return SBATCH_REFUSED;
}

bool sbatch_parse_answer(struct slice answer, uint64_t *job_id)
{
    uint64_t number;
    if (!text_take_number(&answer, UINT32_MAX, &number) || number == 0) {
        return false;
    }
    /* Only ";cluster" and the end of the line may follow. */
    size_t at = 0;
    if (at < answer.len && answer.at[at] == ';') {
        while (at < answer.len && answer.at[at] != '\n') {
            at++;
        }
    }
    if (at < answer.len && answer.at[at] == '\n') {
        at++;
    }
    if (at != answer.len) {
        return false;
    }
    *job_id = number;
    return true;
}

bool sbatch_find_answer(struct slice answer, uint64_t *job_id, struct slice *cluster)
{
    size_t found = 0;
    while (answer.len > 0) {
        const char *newline = memchr(answer.at, '\n', answer.len);
        size_t len = newline != NULL ? (size_t)(newline - answer.at) : answer.len;
        struct slice line = slice_make(answer.at, len);
        size_t used = len + (newline != NULL);
        answer = slice_make(answer.at + used, answer.len - used);
        line.len -= line.len > 0 && line.at[line.len - 1] == '\r';
        if (sbatch_parse_answer(line, job_id)) {
            const char *semicolon = memchr(line.at, ';', line.len);
            size_t id_len = semicolon != NULL ? (size_t)(semicolon - line.at) + 1 : line.len;
            *cluster = slice_make(line.at + id_len, line.len - id_len);
            found++;
        }
    }
    return found == 1;
}

/* ---- Calling it ---- */

static bool has_text(const struct buf *buf)
{
    return strspn(buf_string(buf), " \n\t") < buf->len;
}

static enum sbatch_outcome judge(const struct program_answer *answer, uint64_t *job_id,
                                 struct buf *cluster, struct buf *words)
{
    struct slice named = {0};
    if (sbatch_find_answer(buf_slice(&answer->output), job_id, &named)) {
        buf_add_slice(words, buf_slice(&answer->errors)); /* warnings, sites' messages */
        if (cluster != NULL && named.len > 0) {
            buf_add_slice(cluster, named);
        }
        return SBATCH_ACCEPTED;
    }
    buf_add_slice(words, buf_slice(has_text(&answer->errors) ? &answer->errors : &answer->output));
    if (answer->timed_out) {
        buf_addf(words, "sbatch has not answered within %d s", SBATCH_LIMIT_S);
        return SBATCH_UNCLEAR;
    }
    if (answer->cut_short) {
        return answer->said_within_ms < SURELY_ASLEEP_MS ? SBATCH_LATER : SBATCH_UNCLEAR;
    }
    if (answer->signalled) {
        buf_addf(words, "sbatch was ended by signal %d", answer->status);
        return SBATCH_UNCLEAR;
    }
    if (answer->status == 0) {
        struct buf said = *words;
        *words = BUF_EMPTY;
        buf_addf(words, "sbatch's answer can't be read: %s", buf_string(&said));
        buf_release(&said);
        return SBATCH_UNREAD;
    }
    if (!has_text(words)) {
        buf_addf(words, "sbatch ended with status %d", answer->status);
    }
    return sbatch_classify(buf_string(&answer->errors));
}

enum sbatch_outcome sbatch_submit(const struct sbatch_request *request, uint64_t *job_id,
                                  struct buf *words)
{
    VEC(char *) argv = {0};
    vec_push(&argv, (char *)"sbatch");
    vec_push(&argv, (char *)"--parsable");
    for (size_t i = 0; request->options != NULL && request->options[i] != NULL; i++) {
        vec_push(&argv, (char *)request->options[i]);
    }
    vec_push(&argv, NULL);
    struct scheduler_environment environment;
    scheduler_environment_make(&environment, request->environment);
    struct program_request run = {
        .argv = argv.at,
        .environment = environment.variables.at,
        .directory = request->directory,
        .input = request->script,
        .limit_ms = SBATCH_LIMIT_S * 1000,
        .enough = "retrying", /* sbatch would retry for two minutes */
    };
    struct program_answer answer = {0};
    enum sbatch_outcome outcome = SBATCH_REFUSED;
    if (world->run_program(&run, &answer) == 0) {
        outcome = judge(&answer, job_id, request->cluster, words);
    } else {
        outcome = errno == EAGAIN || errno == ENOMEM ? SBATCH_LATER : SBATCH_REFUSED;
        buf_addf(words, "sbatch can't be started: %s",
                 errno == ENOENT ? "it is not in PATH" : strerror(errno));
    }
    program_release(&answer);
    scheduler_environment_release(&environment);
    vec_release(&argv);
    return outcome;
}
