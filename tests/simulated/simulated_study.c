#include "simulated_study.h"

#include "study_command.h"

#include "disk.h"
#include "file.h"
#include "launchers.h"
#include "run_facts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void pass(const struct study *study)
{
    if (!study->is_hasty) {
        simulated_pass(STUDY_WHILE_NS);
    }
}

/* In `text`, until the next call. */
static void keep_errors(struct study *study)
{
    buf_clear(&study->text);
    vec_each (const struct diag_entry, entry, &study->diag.entries) {
        diag_render(entry, false, &study->text);
    }
}

/* ---- Opening and closing ---- */

void study_begin(struct study *study, const char *rowfile)
{
    *study = (struct study){.rowfile = rowfile, .workspace = {.fd = -1}};
    diag_init(&study->diag);
    simulated_begin();
    simulated_world_begin(
        &(struct simulated_programs){.start = study_start, .act = study_act, .context = study});
    simulated_make_folder("/project/workspace");
    study->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    assert_true(study->project >= 0);
}

static void forget_notes(struct study *study)
{
    diag_release(&study->diag);
    diag_init(&study->diag);
}

static int close_study(struct study *study)
{
    plan_free(study->plan);
    observer_free(study->observer);
    int result = study->state != NULL ? state_close(study->state, &study->diag) : 0;
    keep_errors(study); /* they show lines of the Rowfile */
    graph_free(study->graph);
    workspace_release(&study->workspace);
    rowfile_free(study->parsed);
    study->plan = NULL;
    study->observer = NULL;
    study->state = NULL;
    study->graph = NULL;
    study->parsed = NULL;
    forget_notes(study);
    return result;
}

void study_close(struct study *study)
{
    if (close_study(study) != 0) {
        fail_msg("%s", buf_string(&study->text));
    }
}

void study_end(struct study *study)
{
    disk->close(study->project);
    simulated_world_end();
    simulated_end();
    diag_release(&study->diag);
    buf_release(&study->text);
    buf_release(&study->ran);
    buf_release(&study->failed);
    buf_release(&study->log);
    vec_release(&study->told);
}

static int open_study(struct study *study, enum state_mode mode)
{
    struct plan_options options = {
        .threads = 1, .no_adopt = study->no_adopt, .rerun = study->rerun};
    struct plan_selection selection = {
        .project_path = "/project",
        .from_project = "",
        .asked = {.actions = &study->action,
                  .action_count = study->action != NULL,
                  .targets = &study->target,
                  .target_count = study->target != NULL,
                  .only = study->only},
    };
    const char *name = study->is_workflow ? "workflow.toml" : "Rowfile";
    study->parsed = rowfile_load(slice_of(study->rowfile), name, &study->diag);
    if (study->parsed == NULL ||
        workspace_open(&study->workspace, study->project, study->parsed, &study->diag) != 0) {
        return -1;
    }
    study->graph = graph_build(study->parsed, &study->workspace, study->project, &study->diag);
    if (study->graph == NULL) {
        return -1;
    }
    study->state = state_open(study->project, ".rowbuild", mode, false, NULL, &study->diag);
    if (study->state == NULL) {
        return -1;
    }
    study->observer =
        observer_new(study->project, study->parsed->digest_limit, mode == STATE_WRITE);
    study->plan = plan_new(study->graph, study->project, &options);
    plan_attach(study->plan, study->state, study->observer);
    if (plan_select(study->plan, &selection, &study->diag) != 0 ||
        plan_look(study->plan, &study->diag) != 0) {
        return -1;
    }
    study->adopted = plan_adopted(study->plan);
    return 0;
}

void study_look(struct study *study)
{
    if (open_study(study, STATE_READ) != 0) {
        keep_errors(study);
        fail_msg("%s", buf_string(&study->text));
    }
}

/* ---- Files of the workspace ---- */

static const char *path_in_workspace(struct study *study, const char *path)
{
    buf_clear(&study->text);
    buf_addf(&study->text, "/project/workspace/%s", path);
    return study->text.at;
}

void study_write(struct study *study, const char *path, const char *text)
{
    pass(study);
    simulated_write(path_in_workspace(study, path), text);
    pass(study);
}

const char *study_text(struct study *study, const char *path)
{
    return simulated_text(path_in_workspace(study, path));
}

/* ---- What the run is told, and tells ---- */

static void add_keys(struct study *study, const char *before, const struct task_id *tasks,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf key = BUF_EMPTY;
        buf_add_string(&key, before);
        graph_add_key(study->graph, tasks[i], &key);
        vec_push(&study->told, (struct told){.task = tasks[i], .key = key.at});
    }
}

static void note_failed(struct study *study, const struct task_id *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add_string(&study->failed, study->failed.len > 0 ? " " : "");
        graph_add_key(study->graph, tasks[i], &study->failed);
    }
}

static const char *const outcome_names[] = {
    [ROWBUILD_SUCCEEDED] = "succeeded",     [ROWBUILD_TASK_FAILED] = "failed",
    [ROWBUILD_RETRYING] = "retrying",       [ROWBUILD_TIMED_OUT] = "timed out",
    [ROWBUILD_CANCELLED] = "cancelled",     [ROWBUILD_UNFINISHED] = "unfinished",
    [ROWBUILD_RESTORED] = "restored",       [ROWBUILD_UP_TO_DATE] = "up to date",
    [ROWBUILD_NOT_STARTED] = "not started",
};

static void hear_progress(struct study *study, const struct run_event *event)
{
    const struct rowbuild_progress *progress = event->progress;
    bool is_told = event->kind == ROWBUILD_EVENT_STARTED || event->kind == ROWBUILD_EVENT_ENDED;
    study->bare_events += progress->running > 0 && progress->longest_count == 0;
    if (is_told && progress->seconds_left >= 0) {
        buf_addf(&study->log, "%.1f s left", progress->seconds_left);
        buf_addf(&study->log, progress->unknown > 0 ? ", %zu unknown\n" : "\n", progress->unknown);
    } else if (is_told) {
        buf_addf(&study->log, "%zu unknown\n", progress->unknown);
    }
}

/* The log has a line for each event: milliseconds since the run began, and what it was. */
static void hear(void *context, const struct run_event *event)
{
    struct study *study = context;
    struct buf *log = &study->log;
    long long at_ms = (long long)(simulated_now() - study->began_ns) / 1000000;
    switch (event->kind) {
    case ROWBUILD_EVENT_STARTED:
        buf_addf(log, "%lld start %s\n", at_ms, event->label);
        add_keys(study, "", event->tasks, event->task_count);
        break;
    case ROWBUILD_EVENT_ENDED:
        buf_addf(log, "%lld %s %s%s%s%s", at_ms, outcome_names[event->outcome], event->label,
                 event->how != NULL ? ": " : "", event->how != NULL ? event->how : "",
                 event->blocked ? " (blocked)" : "");
        if (study->tells_seconds && event->how == NULL) {
            buf_addf(log, " (%.1f s)", event->seconds);
        }
        buf_add_char(log, '\n');
        if (event->outcome == ROWBUILD_RESTORED) {
            add_keys(study, "back:", event->tasks, event->task_count);
        }
        if (event->outcome == ROWBUILD_TASK_FAILED) {
            note_failed(study, event->tasks, event->task_count);
        }
        if (event->output != NULL) {
            buf_addf(log, "output %.*s\n", (int)event->output_bytes, event->output);
        }
        break;
    case ROWBUILD_EVENT_LEFT:
        buf_addf(log, "left %s: %s", event->label, outcome_names[event->outcome]);
        buf_addf(log, "%s%s\n", event->how != NULL ? ": " : "",
                 event->how != NULL ? event->how : "");
        break;
    case ROWBUILD_EVENT_NOTICE:
        buf_addf(log, "%lld notice %s\n", at_ms, event->text);
        break;
    case ROWBUILD_EVENT_SUSPENDED:
        buf_addf(log, "%lld suspended\n", at_ms);
        break;
    case ROWBUILD_EVENT_STOPPING:
        buf_addf(log, "%lld stopping\n", at_ms);
        break;
    default:
        break;
    }
    if (study->tells_left) {
        hear_progress(study, event);
    }
}

/* The machine's cores have one CPU each. */
static struct machine_core *make_cores(struct machine *machine, unsigned count)
{
    struct machine_core *cores = mem_alloc(count * sizeof *cores);
    for (unsigned i = 0; i < count; i++) {
        cores[i].number = i;
        cpumask_set(&cores[i].pus, i);
    }
    *machine = (struct machine){
        .cores = cores, .core_count = count, .numa_count = 1, .package_count = 1, .is_real = true};
    return cores;
}

static uint32_t *places_in_order(const struct graph *graph)
{
    uint32_t *places = mem_alloc((graph->task_count + 1) * sizeof *places);
    for (uint32_t i = 0; i < graph->order_count; i++) {
        places[graph->order[i]] = i;
    }
    return places;
}

static void order_told(struct study *study)
{
    uint32_t *places = places_in_order(study->graph);
    for (size_t i = 1; i < study->told.count; i++) { /* keeps the order of equal ones */
        struct told one = study->told.at[i];
        size_t at = i;
        for (; at > 0 && places[study->told.at[at - 1].task.at] > places[one.task.at]; at--) {
            study->told.at[at] = study->told.at[at - 1];
        }
        study->told.at[at] = one;
    }
    free(places);
    vec_each (struct told, told, &study->told) {
        buf_addf(&study->ran, "%s%s", study->ran.len > 0 ? " " : "", told->key);
        free(told->key);
    }
    study->told.count = 0;
}

static struct slice facts_of(void *context)
{
    return buf_slice(context);
}

static int execute(struct study *study)
{
    static char path[] = "PATH=/bin";
    char *environment[] = {path, NULL};
    struct machine machine;
    struct launchers launchers;
    struct run_observer observer = {.event = hear, .context = study};
    struct run_options options = {
        .jobs = study->jobs > 0 ? study->jobs : 1,
        .keep_going = study->keep_going > 0 ? study->keep_going : SIZE_MAX,
        .grace_s = study->grace_s,
        .max_load = study->max_load,
        .keep_free_bytes = study->keep_free_bytes,
        .tick_ms = study->tells_left ? 1000 : 0,
        .tells_rest = study->tells_rest,
        .state_path = "/project/.rowbuild",
        .name = "",
        .end_ns = study->end_ns,
        .job = study->squeue != NULL ? SLICE_LITERAL("7_3") : (struct slice){0},
        .end_is_assumed = study->is_assumed,
        .tries_longest = study->squeue != NULL,
        .gpus_from = "",
    };
    struct buf facts = BUF_EMPTY;
    if (study->host != NULL) {
        run_facts_add(&(struct run_facts){.host = slice_of(study->host)}, &facts);
        options.origin = facts_of;
        options.origin_context = &facts;
    }
    struct launch_context launch = {
        .graph = study->graph,
        .launchers = &launchers,
        .project_path = "/project",
        .cluster = SLICE_LITERAL("none"),
        .environment = environment,
        .mark = "ROWBUILD_RUN=1-2-3-4-5",
    };
    if (launchers_load(&launchers, &study->diag) != 0) {
        launchers_release(&launchers);
        buf_release(&facts);
        return -1;
    }
    uint32_t *places = places_in_order(study->graph);
    options.places = study->by_length ? NULL : places;
    struct machine_core *cores = make_cores(&machine, options.jobs);
    buf_clear(&study->log);
    study->bare_events = 0;
    study->began_ns = simulated_now();
    int result = run_execute(study->plan, &launch, run_has_work(study->plan) ? &machine : NULL,
                             &options, &observer, &study->result, &study->diag);
    order_told(study);
    free(cores);
    free(places);
    launchers_release(&launchers);
    buf_release(&facts);
    return result;
}

void study_die(struct study *study, enum death now)
{
    if (study->death == now) {
        simulated_stop_after(simulated_calls());
        study->is_dead = true;
    }
}

/* The program that was killed is gone, with its processes. */
static void bury(struct study *study)
{
    simulated_world_crash();
    study->is_dead = simulated_kill() || study->is_dead;
    study->death = DEATH_NONE;
    study->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    assert_true(study->project >= 0);
}

int study_try(struct study *study)
{
    bool is_to_die = study->death != DEATH_NONE;
    pass(study);
    buf_clear(&study->ran);
    buf_clear(&study->failed);
    simulated_set_hasty(study->is_hasty);
    study->is_dead = false;
    if (study->death == DEATH_RECORDED) {
        simulated_stop_at(SIMULATED_RENAME, "/project/workspace/");
    } else if (study->death == DEATH_SUCCEEDED) {
        simulated_stop_at(SIMULATED_UNLINK, ".rowbuild-good");
    } else if (study->death == DEATH_DELETED) {
        simulated_stop_at(SIMULATED_UNLINK, "/project/workspace/");
    }
    int result = open_study(study, STATE_WRITE);
    if (result == 0) {
        result = execute(study);
    }
    result = close_study(study) == 0 ? result : -1;
    if (is_to_die) {
        bury(study);
    }
    return result;
}

void study_run(struct study *study)
{
    if (study_try(study) != 0 && !study->is_dead) {
        fail_msg("the run ended with an error: %s", buf_string(&study->text));
    }
}

/* ---- Expectations ---- */

static void expect(const struct study *study, const char *found, const char *expected)
{
    if (strcmp(found, expected) != 0) {
        fail_msg("step %zu: \"%s\" where \"%s\" was expected", study->step, found, expected);
    }
}

void study_expect(struct study *study, const char *expected)
{
    study_run(study);
    expect(study, buf_string(&study->ran), expected);
}

struct task_id study_task(struct study *study, const char *key)
{
    struct buf own = BUF_EMPTY;
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        buf_clear(&own);
        if (graph_is_present(study->graph, (struct task_id){n})) {
            graph_add_key(study->graph, (struct task_id){n}, &own);
        }
        if (strcmp(buf_string(&own), key) == 0) {
            buf_release(&own);
            return (struct task_id){n};
        }
    }
    buf_release(&own);
    fail_msg("there is no task `%s`", key);
    return (struct task_id){GRAPH_NONE};
}

enum verdict study_verdict(struct study *study, const char *key)
{
    return (enum verdict)plan_verdict(study->plan, study_task(study, key));
}

static const char *const verdict_names[] = {
    [VERDICT_NONE] = "none",           [VERDICT_FRESH] = "fresh",     [VERDICT_STALE] = "stale",
    [VERDICT_MAYBE] = "maybe",         [VERDICT_RESTORE] = "restore", [VERDICT_BLOCKED] = "blocked",
    [VERDICT_SUBMITTED] = "submitted", [VERDICT_WAITS] = "waits",     [VERDICT_HELD] = "held",
};

#define NAME(kind) [REASON_##kind] = #kind
static const char *const reason_names[] = {
    NAME(NEVER_RAN),
    NAME(ASKED),
    NAME(ALWAYS),
    NAME(NO_PRODUCTS),
    NAME(INTERRUPTED),
    NAME(UNFINISHED),
    NAME(FAILED),
    NAME(CHANGED_WHILE),
    NAME(NOT_CHECKED_AFTER),
    NAME(RECIPE),
    NAME(VALUE),
    NAME(JOINED),
    NAME(LEFT),
    NAME(SKIPPED),
    NAME(RESUMED),
    NAME(ALL_SKIPPED),
    NAME(INPUT),
    NAME(INPUT_NEW),
    NAME(INPUT_GONE),
    NAME(INPUT_MOVING),
    NAME(INPUT_UNREAD),
    NAME(UPSTREAM_MADE),
    NAME(UPSTREAM_JOINED),
    NAME(UPSTREAM_LEFT),
    NAME(UPSTREAM_RAN),
    NAME(PRODUCT_MISSING),
    NAME(PRODUCT_CHANGED),
    NAME(NEEDED_AGAIN),
    NAME(UPSTREAM_PENDING),
    NAME(INPUT_MISSING),
    NAME(INPUT_UNREADABLE),
    NAME(PRODUCT_UNREADABLE),
    NAME(PRODUCT_MOVING),
    NAME(EXCLUDED),
    NAME(UPSTREAM_BLOCKED),
    NAME(SUBMITTED),
    NAME(UPSTREAM_SUBMITTED),
    NAME(JOB_ENDED),
};

static void add_reason(void *context, const struct reason *reason)
{
    struct buf *text = context;
    buf_addf(text, "%s%s", text->at[text->len - 1] == ':' ? " " : ", ", reason_names[reason->kind]);
    if (reason->name.len > 0) {
        buf_addf(text, " %.*s", SLICE_ARGS(reason->name));
    }
}

void study_expect_why(struct study *study, const char *key, const char *expected)
{
    struct buf told = BUF_EMPTY;
    study_look(study);
    struct task_id task = study_task(study, key);
    buf_addf(&told, "%s:", verdict_names[plan_verdict(study->plan, task)]);
    (void)plan_examine(study->plan, task, add_reason, &told, &study->diag);
    study_close(study);
    expect(study, told.at, expected);
    buf_release(&told);
}

/* ---- Stories ---- */

/* Its content anew, in the same inode or another, with its old time or now. */
static void rewrite(struct study *study, const char *path, const char *text, bool same_inode,
                    bool same_time)
{
    struct file_stat old;
    struct buf content = BUF_EMPTY;
    const char *whole = path_in_workspace(study, path);
    assert_int_equal(file_stat(AT_FDCWD, whole, &old), 0);
    buf_add_string(&content, text != NULL ? text : simulated_text(whole));
    pass(study);
    if (!same_inode) {
        simulated_remove(whole);
    }
    simulated_write(whole, buf_string(&content));
    if (same_time) {
        simulated_set_time(whole, old.mtime_ns);
    }
    pass(study);
    buf_release(&content);
}

static void expect_text(struct study *study, const struct step *step)
{
    const char *text = study_text(study, step->what);
    expect(study, text != NULL ? text : "-", step->how);
}

static void kill_run(struct study *study, const char *when)
{
    static const char *const names[] = {[DEATH_RECORDED] = "recorded",
                                        [DEATH_MOVED] = "moved",
                                        [DEATH_COMMANDED] = "commanded",
                                        [DEATH_SUCCEEDED] = "succeeded",
                                        [DEATH_DELETED] = "deleted"};
    study->death = DEATH_RECORDED;
    while (strcmp(names[study->death], when) != 0) {
        study->death++;
        assert_true(study->death <= DEATH_DELETED);
    }
    study_run(study);
    assert_true(study->is_dead);
}

static void take(struct study *study, const struct step *step)
{
    struct buf to = BUF_EMPTY;
    switch (step->kind) {
    case STEP_WRITE:
        study_write(study, step->what, step->how);
        break;
    case STEP_REMOVE:
        pass(study);
        simulated_remove(path_in_workspace(study, step->what));
        break;
    case STEP_RENAME:
        pass(study);
        buf_addf(&to, "/project/workspace/%s", step->how);
        simulated_rename(path_in_workspace(study, step->what), to.at);
        break;
    case STEP_TOUCH:
        rewrite(study, step->what, NULL, true, false);
        break;
    case STEP_REPLACE:
        rewrite(study, step->what, NULL, false, false);
        break;
    case STEP_SNEAK:
        rewrite(study, step->what, step->how, true, true);
        break;
    case STEP_ROWFILE:
        study->rowfile = step->what;
        break;
    case STEP_FORGET:
        simulated_remove("/project/.rowbuild");
        break;
    case STEP_SELECT:
        study->action = step->what;
        study->only = step->how != NULL;
        break;
    case STEP_NO_ADOPT:
        study->no_adopt = true;
        break;
    case STEP_RERUN:
        study->rerun = true;
        break;
    case STEP_ROWS:
        study->is_workflow = true;
        break;
    case STEP_KILL:
        kill_run(study, step->what);
        break;
    case STEP_RUN:
        study_expect(study, step->what);
        study->no_adopt = false;
        study->rerun = false;
        study->action = NULL;
        study->only = false;
        break;
    case STEP_WHY:
        study_expect_why(study, step->what, step->how);
        break;
    case STEP_TEXT:
        expect_text(study, step);
        break;
    case STEP_ADOPTED:
        buf_addf(&to, "%zu", study->adopted);
        expect(study, to.at, step->what);
        break;
    }
    buf_release(&to);
}

void study_play(struct study *study, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        study->step = i + 1;
        take(study, &steps[i]);
    }
}
