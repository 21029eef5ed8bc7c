/* rowbuild job: one element of a submission, carried out inside its job. */
#include "study.h"

#include "allocation.h"
#include "claims.h"
#include "loop.h"
#include "submissions.h"
#include "text.h"
#include "time_limit.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double GRACE_S = 20; /* Slurm's default between its TERM and its KILL is 30 s */

static const char *variable(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The index in the array; 0 outside of one. */
static int find_element(uint32_t *element, struct diag *diag)
{
    const char *text = variable("SLURM_ARRAY_TASK_ID");
    uint64_t number = 0;
    if (text != NULL && !text_read_number(slice_of(text), UINT32_MAX - 1, &number)) {
        return diag_error(diag, "SLURM_ARRAY_TASK_ID is `%s`, which is no index of an array", text);
    }
    *element = (uint32_t)number;
    return 0;
}

/* The scheduler's name for this job, "123_4"; without a scheduler that of this process. */
static void add_job_name(struct buf *name)
{
    const char *array = variable("SLURM_ARRAY_JOB_ID");
    const char *index = variable("SLURM_ARRAY_TASK_ID");
    const char *job = variable("SLURM_JOB_ID");
    if (array != NULL && index != NULL) {
        buf_addf(name, "%s_%s", array, index);
    } else if (job != NULL) {
        buf_add_string(name, job);
    } else {
        char host[HOST_NAME_MAX + 1] = "";
        (void)gethostname(host, sizeof host - 1);
        buf_addf(name, "process %d of %s", (int)getpid(), host);
    }
}

/* 1: there is something to do; 0: there isn't, which was told; -1 after an error. */
static int claim(const struct rowbuild *study, const struct submission *submission,
                 const struct inbox_attempt *attempt, struct diag *diag)
{
    struct buf job = BUF_EMPTY;
    struct buf holder = BUF_EMPTY;
    int result = 0;
    if (submission->elements[attempt->element].state == ELEMENT_RELEASED) {
        diag_note(diag,
                  "nothing to do: the nodes of this job were released, and started elsewhere");
    } else {
        add_job_name(&job);
        int claimed = claim_make(study->state_path, attempt, buf_slice(&job), &holder, diag);
        if (claimed > 0) {
            diag_note(diag, "nothing to do: the job %s carries this out", buf_string(&holder));
        }
        result = claimed < 0 ? -1 : claimed == 0;
    }
    buf_release(&job);
    buf_release(&holder);
    return result;
}

/* A job that was interrupted before its time is up may be one that was preempted, and will begin
 * again: then the queue says what becomes of it. */
static bool may_begin_again(const struct study_job *job, int status)
{
    return status == ROWBUILD_INTERRUPTED && !time_limit_is_near(job->end_ns, job->notice_s);
}

static int carry_out(struct rowbuild *study, const struct submission *submission,
                     const struct inbox_attempt *attempt,
                     const struct rowbuild_run_options *options,
                     const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    const struct submission_element *element = &submission->elements[attempt->element];
    struct rowbuild_run_options unlimited = *options;
    struct rowbuild_selection whole = {0};
    struct buf name = BUF_EMPTY;
    struct allocation allocation;
    study_read_allocation(&allocation);
    buf_addf(&name, "%s.%u", attempt->token, (unsigned)attempt->element);
    double half_s = (double)submission->minutes * 60 / 2; /* as the script asks for it */
    double signal_s = (double)study->cluster->signal_s;
    struct study_job job = {
        .attempt = *attempt,
        .nodes = element->nodes,
        .node_count = element->node_count,
        .in_order = !allocation.exists,
        .name = buf_string(&name),
        .end_ns = time_limit_end_ns(&allocation, allocation.exists ? submission->minutes : 0),
        .notice_s = signal_s < half_s ? signal_s : half_s,
    };
    unlimited.keep_going = UINT_MAX; /* a failing node doesn't end its siblings */
    if (!(unlimited.grace_s > 0)) {
        unlimited.grace_s = GRACE_S;
    }
    int status = study_run(study, &whole, &job, &unlimited, observer, messages);
    if (!may_begin_again(&job, status) &&
        claim_end(study->state_path, attempt, status != ROWBUILD_OK, &messages->diag) != 0) {
        status = ROWBUILD_STATE;
    }
    allocation_release(&allocation);
    buf_release(&name);
    return status;
}

static int run_element(struct rowbuild *study, const struct submission *submission,
                       uint32_t element, const struct rowbuild_run_options *options,
                       const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    struct inbox_attempt attempt = {.token = submission->token.at, .element = element};
    if (element >= submission->element_count) {
        diag_error(&messages->diag, "the submission %s has no element %u: they go up to %zu",
                   submission->token.at, (unsigned)element, submission->element_count - 1);
        return ROWBUILD_USAGE;
    }
    int claimed = claim(study, submission, &attempt, &messages->diag);
    if (claimed <= 0) {
        return claimed == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
    }
    return carry_out(study, submission, &attempt, options, observer, messages);
}

int rowbuild_job(struct rowbuild *study, const char *token,
                 const struct rowbuild_run_options *options,
                 const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    struct arena arena;
    sigset_t before;
    bool missing = false;
    uint32_t element = 0;
    int status = ROWBUILD_OK;
    arena_init(&arena);
    loop_block_signals(&before); /* what the scheduler sends while the job is prepared can wait */
    struct submission *submission =
        find_element(&element, &messages->diag) == 0
            ? submission_read(study->state_path, slice_of(token), &arena, &missing, &messages->diag)
            : NULL;
    if (submission != NULL) {
        status = run_element(study, submission, element, options, observer, messages);
    } else if (missing) {
        diag_note(&messages->diag, "nothing to do: no submission %s is registered here", token);
    } else {
        status = rowbuild_messages_status(messages);
    }
    loop_restore_signals(&before);
    arena_release(&arena);
    return messages_settle(messages, status);
}
