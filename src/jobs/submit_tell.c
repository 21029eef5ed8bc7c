#include "submit_tell.h"

#include "memory.h"
#include "script.h"
#include "submit_script.h"
#include "text.h"

#include <stdlib.h>

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

static void add_event(struct rowbuild_submit_event *sum, const struct rowbuild_submit_event *one)
{
    sum->jobs += one->jobs;
    sum->tasks += one->tasks;
    sum->directory_count += one->directory_count;
    sum->cpu_hours += one->cpu_hours;
    sum->gpu_hours += one->gpu_hours;
}

void submit_tell_actions(const struct submitting *submitting, struct rowbuild_submit_event *whole)
{
    const struct rowfile *rowfile = plan_graph(submitting->plan)->rowfile;
    struct rowbuild_submit_event *sums = mem_alloc((rowfile->action_count + 1) * sizeof *sums);
    *whole = (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_CONFIRM};
    for (size_t s = 0; s < submitting->jobs.submissions.count; s++) {
        struct rowbuild_submit_event one = submit_event(submitting, s, ROWBUILD_SUBMIT_ACTION);
        add_event(&sums[submitting->jobs.submissions.at[s].element], &one);
    }
    for (size_t a = 0; a < rowfile->action_count; a++) {
        sums[a].kind = ROWBUILD_SUBMIT_ACTION;
        sums[a].action = rowfile->actions[a].name.at;
        if (sums[a].jobs > 0) {
            submit_tell(submitting, sums[a]);
        }
        add_event(whole, &sums[a]);
    }
    free(sums);
}

static void notice(const struct submitting *submitting, const struct buf *text)
{
    submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                           .text = buf_string(text)});
}

/* ---- Bundles ---- */

struct bundled { /* the bundles that begin with one action */
    size_t tasks;
    size_t jobs;
    double seconds;
    bool *actions; /* by element: it has tasks in them; NULL: no bundles */
};

static void count_bundle(const struct submitting *submitting, const struct planned_job *job,
                         struct bundled *found)
{
    const struct graph *graph = plan_graph(submitting->plan);
    if (found->actions == NULL) {
        found->actions = mem_alloc(graph->rowfile->action_count * sizeof *found->actions);
    }
    found->jobs++;
    found->tasks += job->task_count;
    found->seconds += job->bundle_s;
    for (size_t n = 0; n < job->task_count; n++) {
        found->actions[graph->tasks[job->tasks[n].at].action] = true;
    }
}

/* "about 15 minutes each by recorded times" */
static void add_typical(struct buf *out, double seconds)
{
    double minutes = seconds / 60;
    if (minutes < 1) {
        buf_add_string(out, " (less than a minute each by recorded times)");
    } else {
        buf_addf(out,
                 minutes < 1.5 ? " (about a minute each by recorded times)"
                               : " (about %.0f minutes each by recorded times)",
                 minutes);
    }
}

static void tell_bundled(const struct submitting *submitting, const struct bundled *found)
{
    const struct rowfile *rowfile = plan_graph(submitting->plan)->rowfile;
    struct buf text = BUF_EMPTY;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        if (found->actions[a]) {
            buf_add_string(&text, text.len > 0 ? ", `" : "`");
            text_add_name(&text, rowfile->actions[a].name);
            buf_add_char(&text, '`');
        }
    }
    buf_add_string(&text, ": ");
    text_add_count(&text, found->tasks);
    buf_add_string(&text, " tasks in ");
    text_add_count(&text, found->jobs);
    buf_add_string(&text, found->jobs == 1 ? " job" : " jobs");
    add_typical(&text, found->seconds / (double)found->jobs);
    notice(submitting, &text);
    buf_release(&text);
}

/* A bundle of one task is nothing that is worth saying. */
static void tell_bundles(const struct submitting *submitting)
{
    const struct rowfile *rowfile = plan_graph(submitting->plan)->rowfile;
    struct bundled *found = mem_alloc((rowfile->action_count + 1) * sizeof *found);
    vec_each (const struct planned_submission, planned, &submitting->jobs.submissions) {
        const struct planned_job *jobs = submit_jobs(submitting, planned);
        for (size_t j = 0; j < planned->job_count; j++) {
            if (jobs[j].is_bundle) {
                count_bundle(submitting, &jobs[j], &found[planned->element]);
            }
        }
    }
    for (size_t a = 0; a < rowfile->action_count; a++) {
        if (found[a].tasks > found[a].jobs) {
            tell_bundled(submitting, &found[a]);
        }
        free(found[a].actions);
    }
    free(found);
}

/* ---- What waits ---- */

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
        notice(submitting, &text);
        buf_release(&name);
        buf_release(&text);
    }
}

static void tell_pool_waits(const struct submitting *submitting)
{
    size_t waits = submitting->jobs.pool_waits;
    struct buf text = BUF_EMPTY;
    if (waits > 0) {
        buf_addf(&text, "%zu %s until other jobs that take from the same pools have ended", waits,
                 waits == 1 ? "submission waits" : "submissions wait");
        notice(submitting, &text);
    }
    buf_release(&text);
}

void submit_tell_what_waits(const struct submitting *submitting)
{
    const struct job_plan *jobs = &submitting->jobs;
    struct buf text = BUF_EMPTY;
    tell_bundles(submitting);
    tell_throttles(submitting);
    tell_pool_waits(submitting);
    if (jobs->partial_groups > 0) {
        buf_addf(&text, "%zu %s until all of %s can run (submit_whole)", jobs->partial_groups,
                 jobs->partial_groups == 1 ? "group waits" : "groups wait",
                 jobs->partial_groups == 1 ? "its directories" : "their directories");
        notice(submitting, &text);
    }
    if (jobs->over_maximum > 0) {
        buf_clear(&text);
        buf_addf(&text,
                 "%zu %s left out: the cluster's maximum_jobs, %llu, is reached; submit again when "
                 "some jobs have ended",
                 jobs->over_maximum, jobs->over_maximum == 1 ? "job is" : "jobs are",
                 (unsigned long long)submitting->place.cluster->maximum_jobs);
        notice(submitting, &text);
    }
    if (jobs->in_circles > 0) {
        buf_clear(&text);
        buf_addf(&text, "%zu %s left out: their groups would depend on each other in a cycle",
                 jobs->in_circles, jobs->in_circles == 1 ? "job is" : "jobs are");
        notice(submitting, &text);
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

/* `found` is by element. */
static void find_too_long(const struct submitting *submitting,
                          const struct planned_submission *planned, struct too_long *found)
{
    const struct graph *graph = plan_graph(submitting->plan);
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    double walltime_s = (double)script_minutes(planned->request.walltime_s) * 60;
    for (size_t j = 0; j < planned->job_count; j++) {
        for (size_t n = 0; n < jobs[j].task_count; n++) {
            uint32_t element = graph->tasks[jobs[j].tasks[n].at].action;
            struct too_long *own = &found[element];
            double seconds = plan_recorded_seconds(submitting->plan, jobs[j].tasks[n]);
            seconds = seconds < 0 ? plan_typical_seconds(submitting->plan, element) : seconds;
            if (seconds <= walltime_s) {
                continue;
            }
            if (own->tasks++ == 0 || seconds > own->seconds) {
                own->longest = jobs[j].tasks[n];
                own->seconds = seconds;
                own->walltime_s = walltime_s;
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
    struct too_long *found = mem_alloc((rowfile->action_count + 1) * sizeof *found);
    vec_each (const struct planned_submission, planned, &submitting->jobs.submissions) {
        find_too_long(submitting, planned, found);
    }
    for (uint32_t a = 0; a < rowfile->action_count; a++) {
        if (found[a].tasks > 0) {
            warn_of_too_long(submitting, &rowfile->actions[a], &found[a]);
        }
    }
    free(found);
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
