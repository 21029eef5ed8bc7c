#include "submit_grown.h"

#include "grown.h"
#include "submit_tell.h"
#include "text.h"

/* Tasks of an element whose jobs ask for the same. */
struct grown_tasks {
    const struct planned_submission *example;
    const struct task_growth *growth; /* of the first of them that has grown */
    size_t tasks;
    size_t caused;    /* of them, those whose last job ended as that of the first */
    bool is_same_job; /* all of these were in the same job, or in the same array */
    bool is_same_element;
};

typedef VEC(struct grown_tasks) grown_list;

static bool is_grown(const struct job_growth *grown)
{
    return grown->memory_mb > 0 || grown->walltime_s > 0;
}

static struct grown_tasks *find(grown_list *list, const struct planned_submission *planned)
{
    vec_each (struct grown_tasks, one, list) {
        if (one->example->element == planned->element &&
            job_growths_equal(&one->example->request.grown, &planned->request.grown)) {
            return one;
        }
    }
    vec_push(list, (struct grown_tasks){
                       .example = planned, .is_same_job = true, .is_same_element = true});
    return &list->at[list->count - 1];
}

static void note_task(const struct submitting *submitting, struct task_id task,
                      struct grown_tasks *one)
{
    const struct task_growth *growth = &submitting->growth[task.at];
    one->tasks++;
    if (!growth_is_any(growth->now)) {
        return; /* in a group with others */
    }
    if (one->growth == NULL) {
        one->growth = growth;
    }
    one->caused += growth->cause == one->growth->cause;
    bool is_same = growth->job.id == one->growth->job.id &&
                   slice_equal(growth->job.cluster, one->growth->job.cluster);
    one->is_same_job = one->is_same_job && is_same;
    one->is_same_element =
        one->is_same_element && is_same && growth->job.index == one->growth->job.index;
}

/* "out of memory in job lab/123" */
static void add_cause(const struct grown_tasks *one, struct buf *out)
{
    static const char *const words[] = {[GROWTH_NO_CAUSE] = "as ",
                                        [GROWTH_OUT_OF_MEMORY] = "out of memory in ",
                                        [GROWTH_OUT_OF_TIME] = "out of time in "};
    struct job_ref job = one->growth->job;
    if (!one->is_same_element && one->is_same_job) {
        job.index = JOB_NO_INDEX; /* the array */
    }
    buf_addf(out, "%sjob ", words[one->growth->cause]);
    job_ref_add(&job, out);
    if (!one->is_same_job) {
        buf_add_string(out, " and others");
    }
    buf_add_string(out, one->growth->cause == GROWTH_NO_CAUSE ? " did" : "");
}

/* Whether the last job asked for as much and ended for want of it. */
static bool is_at_most(const struct grown_tasks *one)
{
    const struct job_growth *grown = &one->example->request.grown;
    struct growth reached = job_growth_factors(grown);
    struct growth before =
        growth_greater(one->growth->before, (struct growth){.memory = 1, .walltime = 1});
    return (one->growth->cause == GROWTH_OUT_OF_MEMORY && grown->is_most_memory &&
            !(reached.memory > before.memory)) ||
           (one->growth->cause == GROWTH_OUT_OF_TIME && grown->is_most_time &&
            !(reached.walltime > before.walltime));
}

static void add_partition(const struct grown_tasks *one, struct buf *out)
{
    const struct partition *partition = one->example->request.partition;
    buf_add_string(out, partition != NULL ? "partition `" : "the default partition");
    if (partition != NULL) {
        text_add_name(out, partition->name);
        buf_add_char(out, '`');
    }
}

static void warn(const struct submitting *submitting, const struct grown_tasks *one,
                 const char *action)
{
    bool is_time = one->growth->cause == GROWTH_OUT_OF_TIME;
    struct buf cause = BUF_EMPTY;
    struct buf partition = BUF_EMPTY;
    add_cause(one, &cause);
    add_partition(one, &partition);
    diag_warning(submitting->diag, FINDING_REQUEST_AT_LIMIT,
                 "%zu %s of `%s` can't ask for more %s (%s): %s allows no more; use another "
                 "partition, or make %s %s",
                 one->tasks, one->tasks == 1 ? "task" : "tasks", action,
                 is_time ? "time" : "memory", buf_string(&cause), buf_string(&partition),
                 one->tasks == 1 ? "the task" : "the tasks",
                 is_time ? "shorter or `resumable`" : "need less memory");
    buf_release(&cause);
    buf_release(&partition);
}

static void tell(const struct submitting *submitting, const struct grown_tasks *one)
{
    const struct job_growth *grown = &one->example->request.grown;
    struct buf name = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    text_add_name(&name, submit_action(submitting, one->example)->name);
    if (is_at_most(one)) {
        warn(submitting, one, buf_string(&name));
    } else {
        buf_addf(&text, "%zu %s of `%s` %s for ", one->tasks, one->tasks == 1 ? "task" : "tasks",
                 buf_string(&name), one->tasks == 1 ? "asks" : "ask");
        grown_add_amounts(grown, one->growth, &text);
        buf_add_string(&text, " (");
        add_cause(one, &text);
        buf_add_char(&text, ')');
        if (grown->is_most_memory || grown->is_most_time) {
            buf_add_string(&text, "; ");
            add_partition(one, &text);
            buf_add_string(&text, " allows no more");
        }
        submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                               .text = buf_string(&text)});
    }
    buf_release(&name);
    buf_release(&text);
}

void submit_tell_grown(const struct submitting *submitting)
{
    grown_list list = {0};
    vec_each (const struct planned_submission, planned, &submitting->jobs.submissions) {
        if (!is_grown(&planned->request.grown)) {
            continue;
        }
        struct grown_tasks *one = find(&list, planned);
        const struct planned_job *jobs = submit_jobs(submitting, planned);
        for (size_t j = 0; j < planned->job_count; j++) {
            for (size_t n = 0; n < jobs[j].task_count; n++) {
                note_task(submitting, jobs[j].tasks[n], one);
            }
        }
    }
    vec_each (const struct grown_tasks, one, &list) {
        tell(submitting, one);
    }
    vec_release(&list);
}
