#include "submit_tell.h"

#include "script.h"
#include "submit_script.h"
#include "text.h"

static const char DRY_TOKEN[] = "0000000000000000";

bool submit_tell(const struct submitting *submitting, struct rowbuild_submit_event event)
{
    const struct rowbuild_submit_observer *observer = submitting->observer;
    event.total = submitting->jobs.submissions.count;
    return observer == NULL || observer->event == NULL ||
           observer->event(observer->context, &event);
}

struct rowbuild_submit_event submit_event(const struct submitting *submitting, size_t number,
                                          enum rowbuild_submit_event_kind kind)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    const struct action *action = submit_action(submitting, planned);
    struct job_cost cost = job_plan_cost(&planned->request, action);
    struct rowbuild_submit_event event = {
        .kind = kind,
        .action = action->name.at,
        .jobs = planned->job_count,
        .directory = jobs[0].directory_count > 0 ? jobs[0].directories[0].at : NULL,
        .cpu_hours = cost.cpu_hours * (double)planned->job_count,
        .gpu_hours = cost.gpu_hours * (double)planned->job_count,
        .number = number + 1,
    };
    for (size_t i = 0; i < planned->job_count; i++) {
        event.tasks += jobs[i].task_count;
        event.directory_count += jobs[i].directory_count;
    }
    return event;
}

void submit_tell_actions(const struct submitting *submitting, struct rowbuild_submit_event *whole)
{
    const struct rowfile *rowfile = plan_graph(submitting->plan)->rowfile;
    *whole = (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_CONFIRM};
    for (size_t a = 0; a < rowfile->action_count; a++) {
        struct rowbuild_submit_event sum = {.kind = ROWBUILD_SUBMIT_ACTION,
                                            .action = rowfile->actions[a].name.at};
        for (size_t s = 0; s < submitting->jobs.submissions.count; s++) {
            struct rowbuild_submit_event one = submit_event(submitting, s, ROWBUILD_SUBMIT_ACTION);
            if (submitting->jobs.submissions.at[s].element == a) {
                sum.jobs += one.jobs;
                sum.tasks += one.tasks;
                sum.directory_count += one.directory_count;
                sum.cpu_hours += one.cpu_hours;
                sum.gpu_hours += one.gpu_hours;
            }
        }
        if (sum.jobs > 0) {
            submit_tell(submitting, sum);
        }
        whole->jobs += sum.jobs;
        whole->tasks += sum.tasks;
        whole->directory_count += sum.directory_count;
        whole->cpu_hours += sum.cpu_hours;
        whole->gpu_hours += sum.gpu_hours;
    }
}

/* Of each action once. */
static void tell_throttles(const struct submitting *submitting)
{
    const struct job_plan *jobs = &submitting->jobs;
    uint32_t told = UINT32_MAX;
    vec_each (const struct planned_submission, planned, &jobs->submissions) {
        if (planned->request.throttle == 0 || planned->element == told) {
            continue;
        }
        struct buf text = BUF_EMPTY;
        struct buf name = BUF_EMPTY;
        told = planned->element;
        text_add_name(&name, submit_action(submitting, planned)->name);
        buf_addf(
            &text,
            "the cluster counts no licences for the pools of `%s`: at most %llu of its jobs in "
            "each array run at a time",
            buf_string(&name), (unsigned long long)planned->request.throttle);
        submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                               .text = buf_string(&text)});
        buf_release(&name);
        buf_release(&text);
    }
}

void submit_tell_what_waits(const struct submitting *submitting)
{
    const struct job_plan *jobs = &submitting->jobs;
    struct buf text = BUF_EMPTY;
    tell_throttles(submitting);
    if (jobs->partial_groups > 0) {
        buf_addf(&text, "%zu %s until all of %s can run (submit_whole)", jobs->partial_groups,
                 jobs->partial_groups == 1 ? "group waits" : "groups wait",
                 jobs->partial_groups == 1 ? "its directories" : "their directories");
        submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                               .text = buf_string(&text)});
    }
    if (jobs->over_maximum > 0) {
        buf_clear(&text);
        buf_addf(&text,
                 "%zu %s left out: the cluster's maximum_jobs, %llu, is reached; submit again when "
                 "some jobs have ended",
                 jobs->over_maximum, jobs->over_maximum == 1 ? "job is" : "jobs are",
                 (unsigned long long)submitting->place.cluster->maximum_jobs);
        submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                               .text = buf_string(&text)});
    }
    if (jobs->in_circles > 0) {
        buf_clear(&text);
        buf_addf(&text, "%zu %s left out: their groups would depend on each other in a cycle",
                 jobs->in_circles, jobs->in_circles == 1 ? "job is" : "jobs are");
        submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                               .text = buf_string(&text)});
    }
    buf_release(&text);
}

/* ---- Tasks that take longer than their job may ---- */

struct too_long { /* tasks of an action */
    size_t tasks;
    struct task_id longest;
    double seconds;
    double walltime_s;
};

static void find_too_long(const struct submitting *submitting,
                          const struct planned_submission *planned, struct too_long *found)
{
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    double typical_s = plan_typical_seconds(submitting->plan, planned->element);
    double walltime_s = (double)script_minutes(planned->request.walltime_s) * 60;
    for (size_t j = 0; j < planned->job_count; j++) {
        for (size_t n = 0; n < jobs[j].task_count; n++) {
            double seconds = plan_recorded_seconds(submitting->plan, jobs[j].tasks[n]);
            seconds = seconds < 0 ? typical_s : seconds;
            if (seconds <= walltime_s) {
                continue;
            }
            if (found->tasks++ == 0 || seconds > found->seconds) {
                found->longest = jobs[j].tasks[n];
                found->seconds = seconds;
                found->walltime_s = walltime_s;
            }
        }
    }
}

static void warn_of_too_long(const struct submitting *submitting, const struct action *action,
                             const struct too_long *found)
{
    struct buf name = BUF_EMPTY;
    struct buf label = BUF_EMPTY;
    struct buf seconds = BUF_EMPTY;
    struct buf walltime = BUF_EMPTY;
    text_add_name(&name, action->name);
    graph_add_label(plan_graph(submitting->plan), found->longest, &label);
    text_add_duration(&seconds, found->seconds);
    text_add_duration(&walltime, found->walltime_s);
    bool is_recorded = plan_recorded_seconds(submitting->plan, found->longest) >= 0;
    if (found->tasks == 1) {
        diag_warning(submitting->diag, FINDING_WALLTIME_TOO_SHORT,
                     "`%s` %s %s, longer than the time limit of its job, %s; raise "
                     "`resources.walltime` of `%s`",
                     buf_string(&label), is_recorded ? "took" : "is likely to take",
                     buf_string(&seconds), buf_string(&walltime), buf_string(&name));
    } else {
        diag_warning(submitting->diag, FINDING_WALLTIME_TOO_SHORT,
                     "%zu tasks of `%s` are likely to take longer than the time limit of their "
                     "jobs, %s (`%s`: %s); raise `resources.walltime`",
                     found->tasks, buf_string(&name), buf_string(&walltime), buf_string(&label),
                     buf_string(&seconds));
    }
    buf_release(&name);
    buf_release(&label);
    buf_release(&seconds);
    buf_release(&walltime);
}

void submit_warn_of_walltimes(const struct submitting *submitting)
{
    const struct rowfile *rowfile = plan_graph(submitting->plan)->rowfile;
    for (uint32_t a = 0; a < rowfile->action_count; a++) {
        struct too_long found = {0};
        vec_each (const struct planned_submission, planned, &submitting->jobs.submissions) {
            if (planned->element == a) {
                find_too_long(submitting, planned, &found);
            }
        }
        if (found.tasks > 0) {
            warn_of_too_long(submitting, &rowfile->actions[a], &found);
        }
    }
}

void submit_tell_scripts(struct submitting *submitting)
{
    for (size_t s = 0; s < submitting->jobs.submissions.count; s++) {
        struct rowbuild_submit_event event = submit_event(submitting, s, ROWBUILD_SUBMIT_SCRIPT);
        struct slice token = SLICE_LITERAL(DRY_TOKEN);
        struct buf script = BUF_EMPTY;
        struct buf words = BUF_EMPTY;
        submit_add_script(submitting, s, token, &script);
        if (submitting->place.cluster->scheduler == SCHEDULER_SLURM) {
            const char *const *options = submit_sbatch_options(submitting, s, token);
            for (size_t i = 0; options[i] != NULL; i++) {
                buf_add_string(&words, i > 0 ? " " : "");
                text_add_shell_word(&words, slice_of(options[i]));
            }
        }
        event.script = buf_string(&script);
        event.options = buf_string(&words);
        submit_tell(submitting, event);
        submitting->ids[s] = s + 1; /* in a dry run the numbers of submissions stand for ids */
        buf_release(&script);
        buf_release(&words);
    }
}
