/* rowbuild_run: a look, what the run may use, and the run. */
#include "study.h"

#include "allocation.h"
#include "clock.h"
#include "file.h"
#include "find_facts.h"
#include "inside.h"
#include "job_variables.h"
#include "jobserver.h"
#include "means.h"
#include "notify.h"
#include "relay.h"
#include "report.h"
#include "round.h"
#include "run.h"
#include "run_mark.h"
#include "text.h"
#include "time_limit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static const double GRACE_S = 5;
enum { TICK_MS = 100 };

/* Whether a job runs a description that isn't the project's any more. */
static bool was_edited(const struct rowbuild *study)
{
    struct buf text = BUF_EMPTY;
    size_t most = study->rowfile->source.text.len + 1;
    bool is_same =
        !study->is_carried || (file_read(study->project, study->file_name, most, &text) == 0 &&
                               slice_equal(buf_slice(&text), study->rowfile->source.text));
    buf_release(&text);
    return !is_same;
}

struct facts_search *study_begin_facts(const struct rowbuild *study,
                                       const struct allocation *allocation)
{
    struct run_place place = {.version = rowbuild_version(),
                              .project_path = study->project_path,
                              .cluster = study->cluster->name,
                              .allocation = allocation,
                              .is_edited = was_edited(study)};
    return facts_begin(&place);
}

static void tell_what_is_known(struct relay *relay, unsigned jobs, const struct machine *machine)
{
    struct buf text = BUF_EMPTY;
    if (report_add_adopted(relay->study->plan, false, &text)) {
        relay_notice(relay, buf_string(&text));
    }
    if (relay->estimate.submitted > 0) {
        buf_clear(&text);
        text_add_count(&text, relay->estimate.submitted);
        buf_addf(&text, "%s: see `rowbuild show jobs`",
                 relay->estimate.submitted == 1 ? " task is in a job" : " tasks are in jobs");
        relay_notice(relay, buf_string(&text));
    }
    if (machine->is_real && machine->host_count == 0 && jobs > machine->core_count &&
        relay->estimate.will_run > 0) {
        buf_clear(&text);
        buf_addf(&text, "-j %u is more than the %zu cores of this machine: nothing is bound", jobs,
                 machine->core_count);
        relay_notice(relay, buf_string(&text));
    }
    buf_release(&text);
}

static bool may_go_on(struct relay *relay, const struct rowbuild_run_options *options)
{
    return options->yes || relay->study->job != NULL ||
           !study_must_ask(relay->study, &relay->estimate) ||
           relay_tell(relay, (struct rowbuild_event){.kind = ROWBUILD_EVENT_CONFIRM});
}

static bool uses_launchers(const struct rowfile *rowfile)
{
    for (size_t i = 0; i < rowfile->action_count; i++) {
        if (rowfile->actions[i].launcher_count > 0) {
            return true;
        }
    }
    return false;
}

static void notice(void *context, const char *text)
{
    relay_notice(context, text);
}

static int find_means(struct relay *relay, const struct rowbuild_run_options *options,
                      struct run_means *means, struct rowbuild_messages *messages)
{
    struct rowbuild *study = relay->study;
    int found = run_means_find(means, study->rowfile, run_has_work(study->plan), options, notice,
                               relay, &messages->diag);
    return found == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
}

/* Half a GiB, on a small machine a sixteenth of its memory. */
static uint64_t default_keep_free(const struct machine *machine)
{
    static const uint64_t most = (uint64_t)512 << 20U;
    uint64_t part = machine->memory_bytes / 16; /* 0: not known */
    return part > 0 && part < most ? part : most;
}

static struct run_options options_of(const struct rowbuild *study, struct run_means *means,
                                     const struct rowbuild_run_options *options, bool has_listener)
{
    const struct study_job *job = study->job;
    const struct allocation *allocation = &means->allocation;
    /* many tasks of a step, or runs in a run's tasks, would ask the scheduler all at once */
    bool asks_itself = allocation->exists && !allocation->is_step && !allocation->is_within;
    return (struct run_options){
        .jobs = means->jobs,
        .gpus = means->gpus.count,
        .gpus_from = means->gpus.from,
        .gpus_can_be_told = means->gpus.can_be_told,
        .keep_going = options->keep_going > 0 ? options->keep_going : 1,
        .explain = options->explain,
        .keep_temporary = options->keep_temporary,
        .tells_rest = options->by_task && has_listener,
        .grace_s = options->grace_s > 0 ? options->grace_s : GRACE_S,
        .max_load = options->max_load,
        .keep_free_bytes = options->keep_free_given ? (uint64_t)options->keep_free_mib << 20U
                                                    : default_keep_free(&means->machine),
        .tick_ms = has_listener ? TICK_MS : 0,
        .state_path = study->state_path,
        .name = job != NULL ? job->name : "",
        .end_ns = job != NULL ? job->time->end_ns : time_limit_end_ns(&means->allocation, 0),
        .notice_s = job != NULL ? job->time->notice_s : 0,
        .job = asks_itself ? means->allocation.listed : (struct slice){0},
        .end_is_assumed = asks_itself && means->allocation.end_at_s == 0,
        .tries_longest = job != NULL && means->allocation.exists,
        .jobclient = means->jobclient.in >= 0 ? &means->jobclient : NULL,
    };
}

/* What tells a run inside of a task that it has the task's cores only; NULL: no job. */
static const char *in_allocation(const struct allocation *allocation, struct arena *arena)
{
    if (!allocation->exists) {
        return NULL;
    }
    struct buf mark = BUF_EMPTY;
    buf_addf(&mark, ALLOCATION_MARK "=%s", allocation->job.at);
    const char *kept = arena_string(arena, buf_slice(&mark));
    buf_release(&mark);
    return kept;
}

/* By task: its place in the job's list; NULL where the order is the run's own matter. */
static const uint32_t *find_places(const struct rowbuild *study, struct arena *arena)
{
    const struct study_job *job = study->job;
    if (job == NULL || !job->in_order) {
        return NULL;
    }
    uint32_t *places = arena_array(arena, study->graph->task_count, sizeof *places);
    for (uint32_t i = 0; i < job->element->task_count; i++) {
        struct task_id task = graph_find_task(study->graph, job->element->tasks[i]);
        if (task.at != GRAPH_NONE) {
            places[task.at] = i;
        }
    }
    return places;
}

/* What all that the run starts carries in its environment. */
static void add_mark(const struct rowbuild *study, struct buf *variable)
{
    struct run_mark mark;
    int folder = inside_root(AT_FDCWD, study->state_path, false);
    run_mark_of_this(&mark, folder);
    run_mark_add_variable(&mark, variable);
    if (folder >= 0) {
        close(folder);
    }
}

static int run_planned(struct relay *relay, struct run_means *means,
                       const struct rowbuild_run_options *asked, bool *stopped, struct diag *diag)
{
    struct rowbuild *study = relay->study;
    const struct machine *machine = means->has_work ? &means->machine : NULL;
    struct run_result result;
    struct arena arena;
    struct buf helper = BUF_EMPTY;
    struct buf mark = BUF_EMPTY;
    arena_init(&arena);
    add_mark(study, &mark);
    bool has_helper = means->has_work &&
                      (uses_launchers(study->rowfile) || means->machine.host_count > 0) &&
                      launch_find_rank_helper(&helper);
    struct launch_context launch = {.graph = study->graph,
                                    .launchers = &study->launchers,
                                    .project_path = study->project_path,
                                    .cluster = study->cluster->name,
                                    .environment = jobserver_strip_environment(environ, &arena),
                                    .mark = buf_string(&mark),
                                    .allocation = in_allocation(&means->allocation, &arena),
                                    .steps = means->allocation.exists ? &means->steps : NULL,
                                    .rank_helper = has_helper ? buf_string(&helper) : NULL,
                                    .sets_cuda = means->gpus.sets_cuda,
                                    .sets_rocr = means->gpus.sets_rocr};
    if (means->gpus.is_amd && means->gpus.count > 0) {
        launch.environment = launch_unify_gpus(launch.environment, &arena);
    }
    struct run_observer observer = {.event = relay_event, .context = relay};
    struct run_options options = options_of(study, means, asked, relay->observer != NULL);
    options.places = find_places(study, &arena);
    options.publisher = relay->publisher;
    if (relay->publisher != NULL) {
        relay->publisher->before = relay->before;
    }
    if (means->has_work) {
        if (relay->facts == NULL) { /* the same in a further round */
            relay->facts = study_begin_facts(study, &means->allocation);
        }
        options.origin = facts_text;
        options.origin_context = relay->facts;
    }
    struct run_wrap wrap = {.starts = audit_start, .ended = audit_end, .context = study->audit};
    options.wrap = study->audit != NULL ? &wrap : NULL;
    relay->last.cores_budget = means->jobs;
    tell_what_is_known(relay, means->jobs, &means->machine);
    int status = ROWBUILD_STATE;
    size_t errors = diag->errors;
    if (run_execute(study->plan, &launch, machine, &options, &observer, &result, diag) == 0) {
        bool all_well = result.failed + result.unfinished + result.not_started == 0;
        status = result.interrupted ? ROWBUILD_INTERRUPTED
                 : all_well         ? ROWBUILD_OK
                                    : ROWBUILD_FAILED;
        relay->last.failed = relay->before.failed + result.failed;
        relay->last.unfinished = relay->before.unfinished + result.unfinished;
        *stopped = result.stopped;
        if (study->job != NULL) {
            study->job->time->end_ns = result.end_ns;
            study->job->time->is_short = result.is_late;
        }
    } else if (diag->errors > errors &&
               diag->entries.at[diag->entries.count - 1].blame == DIAG_DESCRIPTION) {
        status = ROWBUILD_USAGE;
    }
    arena_release(&arena);
    buf_release(&mark);
    buf_release(&helper);
    return status;
}

/* What makes a run impossible is found before anything is written. */
static int check(struct rowbuild *study, struct rowbuild_messages *messages)
{
    int status = study_refuse_broken_actions(study, messages);
    if (status == ROWBUILD_OK && study_check_values(study, false, &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
    }
    return status;
}

/* What can never fit is refused before even the state's folder is made. */
static int check_means(struct relay *relay, const struct rowbuild_run_options *options,
                       struct rowbuild_messages *messages)
{
    struct run_means means;
    struct relay silent = *relay; /* what is to be told is told when it is found for the run */
    silent.observer = NULL;
    int status = find_means(&silent, options, &means, messages);
    struct launch_context launch = {.graph = relay->study->graph,
                                    .launchers = &relay->study->launchers,
                                    .cluster = relay->study->cluster->name,
                                    .steps = means.allocation.exists ? &means.steps : NULL};
    struct run_options known = options_of(relay->study, &means, options, false);
    if (status == ROWBUILD_OK && means.has_work &&
        run_check(relay->study->plan, &launch, &means.machine, &known, &messages->diag) != 0) {
        status = ROWBUILD_USAGE;
    }
    run_means_release(&means);
    return status;
}

/* Work on a login host disturbs everybody. */
static int check_login_task(const struct rowbuild *study, struct diag *diag)
{
    if (!run_has_work(study->plan)) {
        return ROWBUILD_OK;
    }
    struct buf name = BUF_EMPTY;
    text_add_name(&name, study->cluster->name);
    diag_error(diag, FINDING_LOGIN_HOST,
               "this is the cluster `%s`, outside of any job: `rowbuild submit` hands the work to "
               "Slurm; -j N runs it here, on N cores",
               buf_string(&name));
    buf_release(&name);
    return ROWBUILD_USAGE;
}

/* A job takes no lock, and begins no state. */
static int look_for_job(struct rowbuild *study, const struct rowbuild_selection *selection,
                        struct rowbuild_messages *messages)
{
    int status = study_look(study, selection, STATE_JOB, messages);
    return status == ROWBUILD_OK ? check(study, messages) : status;
}

static int look_and_check(struct relay *relay, const struct rowbuild_selection *selection,
                          const struct rowbuild_run_options *options,
                          struct rowbuild_messages *messages)
{
    struct rowbuild *study = relay->study;
    int status = ROWBUILD_OK;
    bool is_new = access(study->state_path, F_OK) != 0; /* not even the state's folder is made */
    bool needs_budget = run_lacks_budget(study->cluster, options);
    if (is_new || needs_budget) {
        study->will_write = is_new;
        status = study_look(study, selection, STATE_READ, messages);
        study->will_write = false;
        if (status == ROWBUILD_OK) {
            status = check(study, messages);
        }
        if (status == ROWBUILD_OK && needs_budget) {
            status = check_login_task(study, &messages->diag);
        }
        if (status == ROWBUILD_OK) {
            status = check_means(relay, options, messages);
        }
        if (status == ROWBUILD_OK &&
            is_new) { /* the look stands, unless somebody else began meanwhile */
            int begun = study_begin_writing(study, &messages->diag);
            if (begun <= 0) {
                return begun == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
            }
        }
    }
    if (status == ROWBUILD_OK) {
        status = study_look(study, selection, STATE_WRITE, messages);
    }
    return status == ROWBUILD_OK ? check(study, messages) : status;
}

/* ---- The world moves ---- */

static bool is_of_everything(const struct rowbuild *study,
                             const struct rowbuild_selection *selection)
{
    return study->job == NULL && selection->target_count == 0 && !selection->only &&
           selection->since == NULL && !selection->failed;
}

/* Groups that lost or gained a directory may be good results. Nobody is asked in the middle. */
static bool redoes_too_much(struct relay *relay, const struct rowbuild_run_options *options)
{
    return !options->yes && relay->estimate.again > 0 &&
           relay->estimate.again_core_hours > relay->study->rowfile->confirm_above;
}

static struct run_round *find_round(const struct rowbuild *study)
{
    return run_round_find(study->project, study->rowfile, study->state_path, &study->workspace);
}

/* With the directories that were found, and the state that is open. */
static int look_again(struct rowbuild *study, struct run_round *round,
                      const struct rowbuild_selection *selection,
                      struct rowbuild_messages *messages)
{
    struct workspace *found = run_round_begin(round, study->plan);
    int status = study_load_anew(study, selection, found, messages);
    if (status == ROWBUILD_OK) {
        run_round_tell_plan(round, study->plan);
        status = study_plan_anew(study, messages);
    }
    return status;
}

static void tell_unready(struct relay *relay, const struct run_round *round)
{
    const char *text;
    for (size_t at = 0; run_round_next_unready(round, &at, &text);) {
        struct buf notice = BUF_EMPTY;
        buf_addf(&notice, "warning: a new directory is left out for now: %s", text);
        relay_notice(relay, buf_string(&notice));
        buf_release(&notice);
    }
}

static int worse(int a, int b)
{
    return a == ROWBUILD_OK || b == ROWBUILD_INTERRUPTED ? b : b == ROWBUILD_OK ? a : b;
}

static void tell_round(struct relay *relay, const struct run_round *round, bool is_last)
{
    struct buf text = BUF_EMPTY;
    run_round_describe(round, is_last, &text);
    if (text.len > 0) {
        relay_notice(relay, buf_string(&text));
    }
    buf_release(&text);
}

/* Runs once what was changed by directories that appeared or vanished during the run. */
static int run_further_round(struct relay *relay, const struct rowbuild_selection *selection,
                             struct run_means *means, const struct rowbuild_run_options *options,
                             struct rowbuild_messages *messages)
{
    struct rowbuild *study = relay->study;
    struct run_round *round = find_round(study);
    bool stopped = true;
    if (round == NULL) {
        return ROWBUILD_OK;
    }
    int status = look_again(study, round, selection, messages);
    if (status == ROWBUILD_OK) {
        tell_unready(relay, round);
        rowbuild_estimate(study, &relay->estimate);
    }
    if (status == ROWBUILD_OK && run_round_has_work(round, study->plan)) {
        bool is_last = redoes_too_much(relay, options);
        tell_round(relay, round, is_last);
        status = is_last ? ROWBUILD_OK : check(study, messages);
        if (status == ROWBUILD_OK && !is_last) {
            relay->before = relay->last;
            relay->last.total += relay->estimate.will_run + relay->estimate.may_run;
            status = jobs_release(study->jobs, study->plan, NULL, &messages->diag) != 0
                         ? ROWBUILD_STATE
                         : run_planned(relay, means, options, &stopped, &messages->diag);
        }
    }
    struct run_round *next = stopped ? NULL : find_round(study);
    if (next != NULL) {
        run_round_inherit(next, round);
        tell_round(relay, next, true);
    }
    run_round_free(next);
    plan_set_earlier(study->plan, NULL);
    run_round_free(round);
    return status;
}

/* Only when all that is to be asked was asked. */
static int make_points(struct relay *relay, const struct rowbuild_selection *selection,
                       struct rowbuild_messages *messages)
{
    struct buf told = BUF_EMPTY;
    if (relay->study->job == NULL && study_mark_points(relay->study, &messages->diag) != 0) {
        return ROWBUILD_STATE;
    }
    int status = study_make_points(relay->study, selection, &told, messages);
    if (told.len > 0) {
        relay_notice(relay, buf_string(&told));
    }
    buf_release(&told);
    return status;
}

static void tell_end(const struct relay *relay, const char *job, int status, struct diag *diag)
{
    const struct rowbuild *study = relay->study;
    const struct rowbuild_progress *last = &relay->last;
    struct run_ending ending = {.result = status == ROWBUILD_OK            ? "done"
                                          : status == ROWBUILD_INTERRUPTED ? "interrupted"
                                                                           : "failed",
                                .status = status,
                                .total = last->total,
                                .done = last->done,
                                .failed = last->failed,
                                .unfinished = last->unfinished,
                                .seconds = last->seconds,
                                .failures = buf_slice(&relay->failures),
                                .project = study->project_path,
                                .job = job};
    run_notify(study->rowfile->notify_command, study->project, &ending, diag);
}

int rowbuild_run(struct rowbuild *study, const struct rowbuild_selection *selection,
                 const struct rowbuild_run_options *options,
                 const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    return study_run(study, selection, NULL, options, observer, messages);
}

int study_run(struct rowbuild *study, const struct rowbuild_selection *selection,
              const struct study_job *job, const struct rowbuild_run_options *options,
              const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    struct publisher publisher;
    struct relay relay = {
        .study = study, .observer = observer, .publisher = job == NULL ? &publisher : NULL};
    struct run_means means = {.has_work = false, .jobclient = JOBCLIENT_NONE_OPEN};
    struct kept_records *kept = NULL;
    bool declined = false;
    bool has_run = false;
    study->job = job;
    study->makes_points = job == NULL;
    publisher_init(&publisher, study->state_path);
    int status = job != NULL ? look_for_job(study, selection, messages)
                             : look_and_check(&relay, selection, options, messages);
    if (status == ROWBUILD_OK) {
        status = find_means(&relay, options, &means, messages);
    }
    if (status == ROWBUILD_OK) {
        plan_warn_of_words(study->plan, false, &messages->diag);
        rowbuild_estimate(study, &relay.estimate);
        relay.last.total = relay.estimate.will_run + relay.estimate.may_run;
        relay_tell(&relay, (struct rowbuild_event){.kind = ROWBUILD_EVENT_PLANNED});
        declined = !may_go_on(&relay, options);
        if (declined) {
            status = ROWBUILD_USAGE;
        } else if ((status = make_points(&relay, selection, messages)) != ROWBUILD_OK) {
            /* told */
        } else if (jobs_release(study->jobs, study->plan, NULL, &messages->diag) != 0) {
            status = ROWBUILD_STATE;
        } else {
            bool stopped = true;
            has_run = means.has_work;
            kept = study->keeps_records ? study_keep_records(study) : NULL;
            status = run_planned(&relay, &means, options, &stopped, &messages->diag);
            if (!stopped && means.has_work && is_of_everything(study, selection)) {
                status =
                    worse(status, run_further_round(&relay, selection, &means, options, messages));
            }
        }
    }
    if (kept != NULL) {
        study_restore_records(study, kept);
    }
    publisher_write_ending(&publisher, &relay.last, status);
    publisher_release(&publisher);
    int closed = study_drop(study, messages);
    study->job = NULL;
    study->makes_points = false;
    if (closed != 0 && (status == ROWBUILD_OK || status == ROWBUILD_FAILED)) {
        status = ROWBUILD_STATE;
    }
    if (!declined && status != ROWBUILD_USAGE) {
        relay_tell(&relay, (struct rowbuild_event){.kind = ROWBUILD_EVENT_FINISHED});
    }
    if (has_run && study->audit == NULL && study->rowfile->notify_command.at != NULL) {
        tell_end(&relay, job != NULL ? job->name : NULL, status, &messages->diag);
    }
    run_means_release(&means);
    relay_release(&relay);
    return messages_settle(messages, status);
}
