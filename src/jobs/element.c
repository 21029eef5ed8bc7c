#include "element.h"

#include "claims.h"
#include "submissions.h"
#include "text.h"
#include "time_limit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The index in the array; 0 outside of one. */
static int find_element(bool is_scheduled, uint32_t *element, struct diag *diag)
{
    const char *text = is_scheduled ? variable("SLURM_ARRAY_TASK_ID") : NULL;
    uint64_t number = 0;
    if (text != NULL && !text_read_number(slice_of(text), UINT32_MAX - 1, &number)) {
        return diag_error(diag, FINDING_WRONG_ENVIRONMENT,
                          "SLURM_ARRAY_TASK_ID is `%s`, which is not a valid array index", text);
    }
    *element = (uint32_t)number;
    return 0;
}

/* The scheduler's name for this job, "123_4"; without a scheduler that of this process. */
static void add_job_name(bool is_scheduled, struct buf *name)
{
    const char *array = variable("SLURM_ARRAY_JOB_ID");
    const char *index = variable("SLURM_ARRAY_TASK_ID");
    const char *job = variable("SLURM_JOB_ID");
    if (is_scheduled && array != NULL && index != NULL) {
        buf_addf(name, "%s_%s", array, index);
    } else if (is_scheduled && job != NULL) {
        buf_add_string(name, job);
    } else {
        char host[HOST_NAME_MAX + 1] = "";
        (void)gethostname(host, sizeof host - 1);
        buf_addf(name, "process %d of %s", (int)getpid(), host);
    }
}

/* Which start of the job this is: how often it was started before, and the host. */
static void add_start(struct buf *out)
{
    const char *restarts = variable("SLURM_RESTART_COUNT");
    const char *node = variable("SLURMD_NODENAME");
    uint64_t count = 0;
    char host[HOST_NAME_MAX + 1] = "";
    if (restarts != NULL && !text_read_number(slice_of(restarts), UINT32_MAX, &count)) {
        count = 0;
    }
    (void)gethostname(host, sizeof host - 1);
    buf_addf(out, "\n%llu %s", (unsigned long long)count, node != NULL ? node : host);
}

static struct slice host_of(struct slice claim)
{
    const char *space = claim.len > 0 ? memrchr(claim.at, ' ', claim.len) : NULL;
    size_t before = space != NULL ? (size_t)(space - claim.at) + 1 : claim.len;
    return slice_make(claim.at + before, claim.len - before);
}

/* An earlier start elsewhere, whose host Slurm has lost or taken away. */
static void tell_earlier_start(struct slice earlier, struct slice claim, struct diag *diag)
{
    struct slice host = host_of(earlier);
    if (memchr(earlier.at, '\n', earlier.len) != NULL && host.len > 0 &&
        !slice_equal(host, host_of(claim))) {
        diag_note(diag, FINDING_NOTHING_TO_DO,
                  "this job ran on the host %.*s before, and the scheduler has started it again "
                  "here: what had not finished there runs again, and nothing more from that host "
                  "is recorded",
                  SLICE_ARGS(host));
    }
}

/* 0; 1: somebody else has it, which was told; -1 after an error. */
static int claim(struct job_element *made, struct arena *arena, struct diag *diag)
{
    struct buf job = BUF_EMPTY;
    struct buf holder = BUF_EMPTY;
    add_job_name(made->is_scheduled, &job);
    if (made->is_scheduled && variable("SLURM_JOB_ID") != NULL) {
        add_start(&job);
    }
    int claimed = claim_make(made->state_path, &made->attempt, buf_slice(&job), &holder, diag);
    made->claim = arena_slice(arena, buf_slice(&job));
    if (claimed == 0 && holder.len > 0) {
        tell_earlier_start(buf_slice(&holder), made->claim, diag);
    }
    if (claimed > 0) {
        diag_note(diag, FINDING_NOTHING_TO_DO,
                  "nothing to do: job %s has already started this work", buf_string(&holder));
    }
    buf_release(&job);
    buf_release(&holder);
    return claimed;
}

static int claim_element(struct job_element *made, const char *state_path,
                         const struct submission *submission, uint32_t element, bool is_scheduled,
                         struct arena *arena, struct diag *diag)
{
    if (element >= submission->element_count) {
        return diag_error(diag, FINDING_WRONG_ENVIRONMENT,
                          "the submission %s has no element %u; its last element is %zu",
                          submission->token.at, (unsigned)element, submission->element_count - 1);
    }
    const struct submission_element *registered = &submission->elements[element];
    *made = (struct job_element){
        .attempt = {.token = submission->token.at, .element = element},
        .tasks = registered->tasks,
        .task_count = registered->task_count,
        .products = registered->products,
        .product_count = registered->product_count,
        .minutes = submission->minutes,
        .state_path = state_path,
        .is_scheduled = is_scheduled,
    };
    if (registered->state == ELEMENT_RELEASED) {
        diag_note(diag, FINDING_NOTHING_TO_DO,
                  "nothing to do: the tasks of this job were released and started elsewhere");
        return 1;
    }
    return claim(made, arena, diag);
}

bool element_stands(const void *element)
{
    const struct job_element *own = element;
    return claim_stands(own->state_path, &own->attempt, own->claim);
}

int element_begin(struct job_element *element, const char *state_path, const char *token,
                  struct arena *arena, struct diag *diag)
{
    bool missing = false;
    uint32_t index = 0;
    const char *unscheduled = variable(ELEMENT_UNSCHEDULED);
    bool is_scheduled = unscheduled == NULL || strcmp(unscheduled, token) != 0;
    if (find_element(is_scheduled, &index, diag) != 0) {
        return -1;
    }
    const struct submission *submission =
        submission_read(state_path, slice_of(token), arena, &missing, diag);
    if (submission != NULL) {
        return claim_element(element, state_path, submission, index, is_scheduled, arena, diag);
    }
    if (missing) {
        diag_note(diag, FINDING_NOTHING_TO_DO, "nothing to do: no submission %s is registered here",
                  token);
    }
    return missing ? 1 : -1;
}

struct element_time element_time(const struct job_element *element, const struct cluster *cluster,
                                 const struct allocation *allocation)
{
    double half_s = (double)element->minutes * 60 / 2; /* as the script asks for it */
    double signal_s = (double)cluster->signal_s;
    return (struct element_time){
        .end_ns = time_limit_end_ns(
            allocation, allocation->exists && element->is_scheduled ? element->minutes : 0),
        .notice_s = signal_s < half_s ? signal_s : half_s,
    };
}

int element_end(const struct job_element *element, const char *state_path,
                const struct element_time *time, bool has_failed, bool is_interrupted,
                struct diag *diag)
{
    if (!element_stands(element)) {
        return 0; /* what becomes of it is the later start's to say */
    }
    bool is_near = is_interrupted && time_limit_is_near(time->end_ns, time->notice_s);
    if (is_interrupted && !is_near) {
        return 0;
    }
    if ((is_near || time->is_short) && claim_is_late(state_path, &element->attempt, diag) != 0) {
        return -1;
    }
    return claim_end(state_path, &element->attempt, has_failed, diag);
}
