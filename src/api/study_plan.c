/* A look at the study, which every command begins with; and the plan as the library shows it. */
#include "report.h"
#include "study.h"

#include "awaited.h"
#include "counting.h"
#include "logs.h"
#include "state_folder.h"
#include "text.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plan_selection study_selection(const struct rowbuild *study,
                                      const struct rowbuild_selection *selection)
{
    return (struct plan_selection){.asked = *selection,
                                   .from_project = study->from_project,
                                   .project_path = study->project_path};
}

static void select_job(const struct rowbuild *study, struct diag *diag)
{
    const struct job_element *element = study->job->element;
    size_t gone = plan_select_keys(study->plan, element->tasks, element->task_count);
    if (gone > 0) {
        diag_warning(diag, FINDING_TASKS_GONE, "%zu of the job's tasks %s no longer in the study",
                     gone, gone == 1 ? "is" : "are");
    }
}

static int load_jobs(struct rowbuild *study, bool writes, struct diag *diag)
{
    struct jobs_place place = {.state_path = study->state_path,
                               .project = study->project,
                               .clusters = &study->clusters,
                               .cluster = study->cluster,
                               .forget_logs = logs_forget_jobs};
    struct jobs_look look = {.writes = writes,
                             .is_strict = writes || study->will_write,
                             .asks_anew = study->asks_anew,
                             .forgives = study->forgets_jobs};
    jobs_free(study->jobs);
    study->jobs = NULL;
    return jobs_load(&study->jobs, &place, &look, diag);
}

/* What is known to have ended has recorded all it ever will. */
static int take_jobs(struct rowbuild *study, struct diag *diag)
{
    if (load_jobs(study, true, diag) != 0) {
        return -1;
    }
    return study->jobs != NULL ? state_take_inbox(study->state, diag) : 0;
}

static void add_source(struct slice token, uint64_t element, struct intern *sources)
{
    struct buf name = BUF_EMPTY;
    inbox_add_element(token, element, &name);
    intern_add(sources, buf_slice(&name));
    buf_release(&name);
}

/* Whose records matter to the job: its own, from before it was requeued, and those of earlier jobs. */
static int find_sources(const struct rowbuild *study, struct intern *sources, struct diag *diag)
{
    const struct inbox_attempt *attempt = &study->job->element->attempt;
    const struct part *part = study->job->part;
    if (part == NULL) {
        return jobs_find_sources(study->state_path, study->plan, sources, diag);
    }
    add_source(slice_of(attempt->token), attempt->element, sources);
    for (size_t i = 0; i < part->source_count; i++) {
        add_source(part->sources[i].token, part->sources[i].element, sources);
    }
    return 0;
}

static struct state *open_for_job(const struct rowbuild *study, struct diag *diag)
{
    struct intern sources;
    struct state *state = NULL;
    intern_init(&sources);
    if (find_sources(study, &sources, diag) == 0) {
        struct inbox_registry only = counting_only(&sources);
        state =
            state_open_job(AT_FDCWD, study->state_path, &study->job->element->attempt, &only, diag);
        if (state != NULL) {
            state_guard_job(state, element_stands, study->job->element);
        }
    }
    intern_release(&sources);
    return state;
}

/* What a job is about; NULL: the whole study may matter. */
static const struct part *part_of(const struct rowbuild *study)
{
    return study->job != NULL ? study->job->part : NULL;
}

/* The graph of the study's workspace, and a plan in which is marked what is wanted. */
static int make_plan(struct rowbuild *study, const struct rowbuild_selection *selection,
                     enum state_mode mode, struct diag *diag)
{
    struct plan_selection wanted = study_selection(study, selection);
    struct plan_options options = {.no_adopt = selection->no_adopt,
                                   .recorded = selection->recorded,
                                   .rerun = selection->rerun,
                                   .looks_only = mode == STATE_READ && !study->will_write,
                                   .scan = study->scans,
                                   .on_cluster = study->cluster->scheduler == SCHEDULER_SLURM,
                                   .threads = study->io_threads};
    const struct part *part = part_of(study);
    study->graph = graph_build_given(study->rowfile, &study->workspace,
                                     part != NULL ? &part->given : NULL, study->project, diag);
    if (study->graph == NULL) {
        return -1;
    }
    study->plan = plan_new(study->graph, study->project, &options);
    study->keeps_failed = false;
    if (study->job != NULL) {
        select_job(study, diag);
        return 0;
    }
    study->keeps_failed = selection->failed; /* once there are records */
    study->keeps_only = selection->only;
    uint8_t *affected = NULL;
    if (selection->since != NULL &&
        study_select_since(study, selection->since, &affected, diag) != 0) {
        return -1;
    }
    wanted.among = affected;
    int result = plan_select(study->plan, &wanted, diag);
    free(affected);
    return result;
}

/* What depends on something that an earlier job hasn't finished. */
static int leave_out(struct rowbuild *study, struct diag *diag)
{
    const struct study_job *job = study->job;
    int left_out = awaited_leave_out(study->plan, job->element, job->part, diag);
    *job->is_partial = left_out > 0;
    return left_out > 0 ? plan_look(study->plan, diag) : left_out;
}

/* Files, records and jobs of a plan that was made. */
static int look_at_plan(struct rowbuild *study, enum state_mode mode, struct diag *diag)
{
    study->observer = observer_new(study->project, study->rowfile->digest_limit,
                                   mode != STATE_READ || study->will_write);
    study_follow_renames(study);
    plan_attach(study->plan, study->state, study->observer);
    jobs_tell_plan(study->jobs, study->plan);
    if (study->keeps_failed) {
        plan_keep_failed(study->plan, study->keeps_only);
    }
    study_hold_points(study, diag);
    if (plan_look(study->plan, diag) != 0) {
        return -1;
    }
    if (study->job != NULL) {
        return leave_out(study, diag);
    }
    return mode == STATE_WRITE ? jobs_settle(study->jobs, study->plan, diag) : 0;
}

static int open_workspace(struct rowbuild *study, enum state_mode mode, struct diag *diag)
{
    const char *path = study->rowfile->workspace_path.at;
    const struct part *part = part_of(study);
    if (part != NULL) {
        return workspace_open_given(&study->workspace, study->project, study->rowfile,
                                    study->state_path, part->given.names, part->given.name_count,
                                    diag);
    }
    if (study->points != NULL) {
        return study_open_workspace(study, mode, diag);
    }
    if (!study->tolerates_absent || faccessat(study->project, path, F_OK, 0) == 0 ||
        errno != ENOENT) {
        return workspace_open_beside(&study->workspace, study->project, study->rowfile,
                                     study->state_path, diag);
    }
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, study->rowfile->workspace_path);
    diag_note(diag, FINDING_WORKSPACE_ABSENT,
              "the workspace `%s` doesn't exist; only the description is checked",
              buf_string(&shown));
    buf_release(&shown);
    workspace_open_absent(&study->workspace, study->project, study->rowfile, study->state_path);
    return 0;
}

/* What is remembered: records, and jobs. */
static int open_state(struct rowbuild *study, const struct rowbuild_selection *selection,
                      enum state_mode mode, struct diag *diag)
{
    if (state_folder_check(study->state_path, diag) != 0) {
        return -1;
    }
    study->made_state = access(study->state_path, F_OK) != 0;
    if (mode == STATE_READ && load_jobs(study, false, diag) != 0) {
        return -1;
    }
    study->state = mode == STATE_JOB ? open_for_job(study, diag)
                                     : state_open(AT_FDCWD, study->state_path, mode,
                                                  selection->adopt, &counting_all, diag);
    if (study->state != NULL && mode == STATE_WRITE &&
        logs_end_left_behind(study->state_path, diag) != 0) {
        return -1;
    }
    if (study->state != NULL && mode == STATE_WRITE && take_jobs(study, diag) != 0) {
        return -1;
    }
    return study->state != NULL ? 0 : -1;
}

static int look(struct rowbuild *study, const struct rowbuild_selection *selection,
                enum state_mode mode, struct diag *diag)
{
    if (selection->since != NULL && study->job == NULL) {
        study_begin_since(study, selection->since);
    }
    /* What is on record spares reading the values of declared points. A job finds its records by the
     * graph. */
    bool is_early = study->points != NULL && mode != STATE_JOB;
    if ((is_early && open_state(study, selection, mode, diag) != 0) ||
        open_workspace(study, mode, diag) != 0 || make_plan(study, selection, mode, diag) != 0 ||
        (!is_early && open_state(study, selection, mode, diag) != 0)) {
        return -1;
    }
    if (!study->tolerates_empty &&
        plan_refuse_empty_workspace(&study->workspace, study->state, diag) != 0) {
        return -1;
    }
    return look_at_plan(study, mode, diag);
}

/* Takes away the error that another process writes, and waits a moment for its end, if somebody is to
 * wait. What was planned meanwhile is old then. */
static bool waits_for_writer(struct rowbuild *study, struct diag *found, struct diag *diag)
{
    static const double pause_s = 0.5;
    const struct diag_entry *last =
        found->entries.count > 0 ? &found->entries.at[found->entries.count - 1] : NULL;
    if (last == NULL || found->errors != 1 || last->code != FINDING_STATE_IN_USE ||
        !(study->wait_s > 0)) {
        return false;
    }
    const char *mend = diag_mend(last->message);
    size_t len = mend != NULL ? (size_t)(mend - last->message) : strlen(last->message);
    while (len > 0 && strchr("; ", last->message[len - 1]) != NULL) {
        len--;
    }
    if (study->told_writer == NULL || strcmp(study->told_writer, last->message) != 0) {
        free(study->told_writer);
        study->told_writer = mem_copy(last->message, strlen(last->message));
        diag_note_now(diag, FINDING_STATE_IN_USE, "%.*s; waiting for it to end", (int)len,
                      last->message);
    }
    found->entries.count--;
    found->errors--;
    double pause = study->wait_s < pause_s ? study->wait_s : pause_s;
    world->pause((int64_t)(pause * 1e9));
    study->wait_s -= pause;
    return true;
}

/* Errors that carry an action are the graph's: kept apart until that action is wanted. */
static void set_apart(struct rowbuild *study, struct diag *found, struct diag *diag)
{
    for (size_t i = 0; i < found->entries.count; i++) {
        const struct diag_entry *entry = &found->entries.at[i];
        diag_take(entry->action != NULL ? &study->own : diag, entry);
    }
}

int study_look(struct rowbuild *study, const struct rowbuild_selection *selection,
               enum state_mode mode, struct rowbuild_messages *messages)
{
    struct diag found;
    diag_init(&found);
    found.listener = messages->diag.listener;
    study_drop(study, messages);
    int result = part_of(study) == NULL ? study_expand_points(study, &messages->diag) : 0;
    if (result == 0) {
        result = look(study, selection, mode, &found);
    }
    while (result != 0 && waits_for_writer(study, &found, &messages->diag)) {
        study_end_since(study);
        study_drop(study, messages);
        diag_release(&found);
        diag_init(&found);
        found.listener = messages->diag.listener;
        result = look(study, selection, mode, &found);
    }
    if (result == 0) {
        study_tell_undeclared(study, &found);
    }
    set_apart(study, &found, &messages->diag);
    diag_release(&found);
    if (result != 0) {
        study_end_since(study);
        study_drop(study, messages);
        int status = rowbuild_messages_status(messages);
        return messages_settle(messages, status != ROWBUILD_OK ? status : ROWBUILD_USAGE);
    }
    return ROWBUILD_OK;
}

/* What was found goes to the messages; the status that it means. */
static int settle_findings(struct rowbuild *study, int result, struct diag *found,
                           struct rowbuild_messages *messages)
{
    set_apart(study, found, &messages->diag);
    diag_release(found);
    if (result == 0) {
        return ROWBUILD_OK;
    }
    int status = rowbuild_messages_status(messages);
    return messages_settle(messages, status != ROWBUILD_OK ? status : ROWBUILD_USAGE);
}

int study_load_anew(struct rowbuild *study, const struct rowbuild_selection *selection,
                    struct workspace *found, struct rowbuild_messages *messages)
{
    struct diag diag;
    diag_init(&diag);
    diag.listener = messages->diag.listener;
    messages_settle(messages, 0); /* places and names of the graph die */
    plan_free(study->plan);
    study->plan = NULL;
    observer_free(study->observer);
    study->observer = NULL;
    graph_free(study->graph);
    study->graph = NULL;
    workspace_release(&study->workspace);
    study->workspace = *found;
    *found = (struct workspace){.fd = -1};
    int result = make_plan(study, selection, STATE_WRITE, &diag);
    if (result == 0) {
        result = take_jobs(study, &diag);
    }
    return settle_findings(study, result, &diag, messages);
}

int study_plan_anew(struct rowbuild *study, struct rowbuild_messages *messages)
{
    struct diag diag;
    diag_init(&diag);
    diag.listener = messages->diag.listener;
    int result = look_at_plan(study, STATE_WRITE, &diag);
    return settle_findings(study, result, &diag, messages);
}

int study_begin_writing(struct rowbuild *study, struct diag *diag)
{
    for (;;) {
        struct diag found;
        diag_init(&found);
        found.listener = diag->listener;
        int begun = state_begin_writing(study->state, AT_FDCWD, &found);
        bool waits = begun < 0 && waits_for_writer(study, &found, diag);
        vec_each (struct diag_entry, entry, &found.entries) {
            diag_take(diag, entry);
        }
        diag_release(&found);
        if (!waits) {
            return begun;
        }
    }
}

int study_drop(struct rowbuild *study, struct rowbuild_messages *messages)
{
    int result = 0;
    free(study->listed);
    study->listed = NULL;
    study->listed_count = 0;
    arena_release(&study->labels);
    plan_free(study->plan);
    study->plan = NULL;
    if (study->cancel != NULL) {
        study->free_cancel(study->cancel);
        study->cancel = NULL;
    }
    jobs_free(study->jobs);
    study->jobs = NULL;
    if (study->observer != NULL) {
        observer_free(study->observer);
        study->observer = NULL;
    }
    if (study->state != NULL) {
        bool writes = state_writes(study->state);
        result = state_close(study->state, &messages->diag);
        study->state = NULL;
        if (writes && study->made_state) {
            state_folder_remove_unused(study->state_path);
        }
    }
    graph_free(study->graph);
    study->graph = NULL;
    workspace_release(&study->workspace);
    return result;
}

int study_refuse_broken_actions(struct rowbuild *study, struct rowbuild_messages *messages)
{
    const struct graph *graph = study->graph;
    bool *wanted = mem_alloc(study->rowfile->name_count * sizeof *wanted);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (plan_wanted(study->plan, (struct task_id){n}) != 0) {
            wanted[graph_action(graph, (struct task_id){n})->name_id] = true;
        }
    }
    for (size_t id = 0; id < study->rowfile->name_count; id++) {
        if (wanted[id]) {
            messages_take(messages, &study->own, study->rowfile->names[id].at);
        }
    }
    free(wanted);
    return rowbuild_messages_status(messages);
}

/* ---- The public calls ---- */

static void list_tasks(struct rowbuild *study)
{
    study->listed_count =
        report_list_tasks(study->plan, WANTED_SELECTED | WANTED_UPSTREAM, &study->listed);
}

int rowbuild_plan(struct rowbuild *study, const struct rowbuild_selection *selection,
                  struct rowbuild_messages *messages)
{
    int status = study_look(study, selection, STATE_READ, messages);
    if (status == ROWBUILD_OK) {
        list_tasks(study);
    }
    return messages_settle(messages, status);
}

size_t rowbuild_task_count(const struct rowbuild *study)
{
    return study->listed_count;
}

static const char *text_of(const struct rowbuild *study, struct task_id task,
                           void (*add)(const struct graph *, struct task_id, struct buf *))
{
    struct buf text = BUF_EMPTY;
    add(study->graph, task, &text);
    /* labels are made when they are asked for; the arena is the study's own */
    struct arena *labels = (struct arena *)&study->labels;
    const char *kept = arena_string(labels, buf_slice(&text));
    buf_release(&text);
    return kept;
}

static void add_name(const struct graph *graph, struct task_id task, struct buf *out)
{
    buf_add_slice(out, graph_task_name(graph, task));
}

void rowbuild_task_at(const struct rowbuild *study, size_t index, struct rowbuild_task *task)
{
    static const enum rowbuild_intent intents[] = {
        [VERDICT_NONE] = ROWBUILD_FRESH,       [VERDICT_FRESH] = ROWBUILD_FRESH,
        [VERDICT_STALE] = ROWBUILD_WILL_RUN,   [VERDICT_MAYBE] = ROWBUILD_MAY_RUN,
        [VERDICT_RESTORE] = ROWBUILD_RESTORES, [VERDICT_BLOCKED] = ROWBUILD_BLOCKED,
        [VERDICT_SUBMITTED] = ROWBUILD_IN_JOB, [VERDICT_WAITS] = ROWBUILD_WAITS,
        [VERDICT_HELD] = ROWBUILD_HELD,
    };
    struct task_id id = study->listed[index];
    uint32_t directory = study->graph->tasks[id.at].directory;
    *task = (struct rowbuild_task){
        .action = graph_action(study->graph, id)->name.at,
        .directory = directory != GRAPH_NONE ? study->workspace.names[directory].at : NULL,
        .name = text_of(study, id, add_name),
        .label = text_of(study, id, graph_add_label),
        .key = text_of(study, id, graph_add_key),
        .status = (enum rowbuild_status)report_task_status(study->plan, id),
        .intent = intents[plan_verdict(study->plan, id)],
        .selected = (plan_wanted(study->plan, id) & WANTED_SELECTED) != 0,
        .ran_before = state_task(study->state, id.at)->success != SUCCESS_NONE,
        .predicted_core_hours = report_task_hours(study->plan, id),
    };
}

struct reason_taker {
    rowbuild_reason_fn *each;
    void *context;
};

static void take_reason(void *context, struct slice words)
{
    struct reason_taker *taker = context;
    char *copy = mem_copy(words.at, words.len);
    taker->each(taker->context, copy);
    free(copy);
}

void rowbuild_task_reasons(struct rowbuild *study, size_t index, rowbuild_reason_fn *each,
                           void *context)
{
    struct diag unseen;
    struct reason_taker taker = {each, context};
    diag_init(&unseen);
    report_task_reasons(study->plan, study->listed[index], take_reason, &taker, &unseen);
    diag_release(&unseen);
}

void rowbuild_estimate(const struct rowbuild *study, struct rowbuild_estimate *estimate)
{
    struct diag unseen;
    diag_init(&unseen);
    report_estimate(study->plan, estimate, &unseen);
    study_find_undeclared(study, true, &estimate->undeclared);
    diag_release(&unseen);
}
