#include "simulated_study.h"

#include "study_command.h"

#include "backups.h"
#include "disk.h"
#include "file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t WHILE_NS = 60 * 1000000L; /* more than what counts as a tick */

static void pass(const struct study *study)
{
    if (!study->is_hasty) {
        simulated_pass(WHILE_NS);
    }
}

static void fail_with(const struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    vec_each (const struct diag_entry, entry, &diag->entries) {
        diag_render(entry, false, &text);
    }
    fail_msg("%s", buf_string(&text));
}

/* ---- Opening and closing ---- */

void study_begin(struct study *study, const char *rowfile)
{
    *study = (struct study){.rowfile = rowfile, .workspace = {.fd = -1}};
    diag_init(&study->diag);
    simulated_begin();
    simulated_make_folder("/project/workspace");
    study->project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    assert_true(study->project >= 0);
}

static void forget_notes(struct study *study)
{
    diag_release(&study->diag);
    diag_init(&study->diag);
}

void study_close(struct study *study)
{
    plan_free(study->plan);
    observer_free(study->observer);
    if (study->state != NULL && state_close(study->state, &study->diag) != 0) {
        fail_with(&study->diag);
    }
    graph_free(study->graph);
    workspace_release(&study->workspace);
    rowfile_free(study->parsed);
    study->plan = NULL;
    study->observer = NULL;
    study->state = NULL;
    study->graph = NULL;
    study->parsed = NULL;
    forget_notes(study);
}

void study_end(struct study *study)
{
    disk->close(study->project);
    simulated_end();
    diag_release(&study->diag);
    buf_release(&study->text);
    buf_release(&study->ran);
}

static void open_study(struct study *study, enum state_mode mode)
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
    study->parsed = rowfile_load(slice_of(study->rowfile),
                                 study->is_rows ? "workflow.toml" : "Rowfile", &study->diag);
    if (study->parsed == NULL ||
        workspace_open(&study->workspace, study->project, study->parsed, &study->diag) != 0) {
        fail_with(&study->diag);
    }
    study->graph = graph_build(study->parsed, &study->workspace, study->project, &study->diag);
    if (study->graph == NULL) {
        fail_with(&study->diag);
    }
    study->state = state_open(study->project, ".rowbuild", mode, false, NULL, &study->diag);
    if (study->state == NULL) {
        fail_with(&study->diag);
    }
    study->observer =
        observer_new(study->project, study->parsed->digest_limit, mode == STATE_WRITE);
    study->plan = plan_new(study->graph, study->project, &options);
    plan_attach(study->plan, study->state, study->observer);
    if (plan_select(study->plan, &selection, &study->diag) != 0 ||
        plan_look(study->plan, &study->diag) != 0) {
        fail_with(&study->diag);
    }
    study->adopted = plan_adopted(study->plan);
}

void study_look(struct study *study)
{
    open_study(study, STATE_READ);
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

/* ---- One task ---- */

struct starting {
    struct study *study;
    struct task_id task;
    struct component_list seen;
    struct digest fingerprint;
};

/* Whether the run is killed now; afterwards it does nothing more. */
static bool dies(struct study *study, enum death now)
{
    study->is_dead = study->is_dead || study->death == now;
    return study->is_dead;
}

/* False: something that it needs is missing by now. */
static bool start_task(struct starting *starting)
{
    struct study *study = starting->study;
    struct plan *plan = study->plan;
    const struct graph *graph = plan_graph(plan);
    uint32_t n = starting->task.at;
    plan_refresh_inputs(plan, starting->task, &study->diag);
    for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
        plan_refresh(plan, graph->products.at[p], &study->diag);
    }
    if (plan_lacks(plan, starting->task, NULL, NULL, &study->diag)) {
        return false;
    }
    if (plan_components(plan, starting->task, false, &starting->seen, &study->diag) != 0) {
        fail_with(&study->diag);
    }
    starting->fingerprint = plan_fingerprint(&starting->seen);
    plan_keep_texts(plan, starting->task, &study->diag);
    struct arena arena;
    arena_init(&arena);
    struct moves moves = {.arena = &arena};
    if (state_task(plan_state(plan), n)->attempt == ATTEMPT_STARTED &&
        backups_stay(graph, starting->task)) {
        plan_mark_left(plan, starting->task, true);
    }
    bool is_backed_up = backups_plan(plan, starting->task, starting->fingerprint, &moves);
    struct task_row row = *state_task(plan_state(plan), n);
    row.is_known = true;
    row.success = row.attempt == ATTEMPT_CHANGED ? SUCCESS_NONE : row.success;
    row.attempt = ATTEMPT_STARTED;
    row.attempt_status = 0;
    row.attempt_fingerprint = starting->fingerprint;
    row.is_backed_up = row.is_backed_up || is_backed_up;
    state_put_task(plan_state(plan), n, &row);
    if (state_sync(plan_state(plan), &study->diag) != 0 ||
        (!dies(study, DEATH_RECORDED) && backups_move(plan, &moves, &study->diag) != 0)) {
        fail_with(&study->diag);
    }
    moves_release(&moves);
    arena_release(&arena);
    return !dies(study, DEATH_MOVED);
}

static void record_attempt(struct plan *plan, struct task_id task, enum task_attempt attempt,
                           int status)
{
    struct task_row row = *state_task(plan_state(plan), task.at);
    row.is_known = true;
    row.attempt = (uint8_t)attempt;
    row.attempt_status = status;
    state_put_task(plan_state(plan), task.at, &row);
}

/* Whether all products are there. */
static bool find_products(struct study *study, struct task_id task)
{
    struct plan *plan = study->plan;
    const struct graph *graph = plan_graph(plan);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        enum file_status status = plan_refresh(plan, graph->products.at[p], &study->diag);
        if (status != FILE_CURRENT && status != FILE_READ) {
            return false;
        }
    }
    return true;
}

/* Products of all that comes before which the task changed are recorded anew (rule 4). */
static void look_at_ancestors(struct study *study, struct task_id task)
{
    struct plan *plan = study->plan;
    const struct graph *graph = plan_graph(plan);
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        struct task_id maker = graph->before.at[e].task;
        for (uint32_t p = graph->product_start[maker.at]; p < graph->product_start[maker.at + 1];
             p++) {
            struct file_id file = graph->products.at[p];
            struct digest before = state_file(plan_state(plan), file.at)->digest;
            if (plan_status(plan, file) == FILE_CURRENT &&
                plan_refresh(plan, file, &study->diag) == FILE_CURRENT &&
                !digest_equal(before, state_file(plan_state(plan), file.at)->digest)) {
                plan_replace_digest(plan, maker, file, before,
                                    state_file(plan_state(plan), file.at)->digest);
            }
        }
        look_at_ancestors(study, maker);
    }
}

/* Whether what the task read is another by now; made inputs count as they are now. */
static bool compare_inputs(struct starting *starting)
{
    struct study *study = starting->study;
    struct plan *plan = study->plan;
    const struct graph *graph = plan_graph(plan);
    struct component_list now = {0};
    uint32_t d = graph->dependency_start[starting->task.at];
    bool changed = false;
    plan_refresh_inputs(plan, starting->task, &study->diag);
    if (plan_components(plan, starting->task, false, &now, &study->diag) != 0 ||
        now.count != starting->seen.count) {
        changed = true;
    }
    for (size_t i = 0; i < starting->seen.count && !changed; i++) {
        struct component *then = &starting->seen.at[i];
        struct digest digest = now.at[i].digest;
        bool is_made = then->kind == COMPONENT_FILE &&
                       graph_maker(graph, graph->dependencies.at[d++].file).task.at != GRAPH_NONE;
        if (is_made && digest_is_content(then->digest)) {
            then->digest = digest_is_content(digest) ? digest : then->digest;
        } else if (then->kind != COMPONENT_WHOLE && then->kind != COMPONENT_TASK) {
            changed = !digest_equal(then->digest, digest);
        }
    }
    vec_release(&now);
    return changed;
}

static void record_success(struct starting *starting, bool changed)
{
    struct study *study = starting->study;
    struct plan *plan = study->plan;
    struct component_list whole = {0};
    struct task_row row = *state_task(plan_state(plan), starting->task.at);
    bool was_backed_up = row.is_backed_up;
    if (plan_components(plan, starting->task, true, &whole, &study->diag) == 0) {
        for (size_t i = 0; i < whole.count; i++) {
            if (whole.at[i].kind == COMPONENT_PRODUCT) {
                vec_push(&starting->seen, whole.at[i]);
            }
        }
    }
    row.success = SUCCESS_RAN;
    row.attempt = changed ? ATTEMPT_CHANGED : ATTEMPT_NONE;
    row.attempt_status = 0;
    row.is_backed_up = false;
    row.has_old_backup = row.has_old_backup || was_backed_up;
    row.finished_at_ns = observer_now(plan_observer(plan));
    row.duration_s = 1;
    plan_put_success(plan, starting->task, &starting->seen, &row);
    if (was_backed_up) {
        if (state_flush(plan_state(plan), &study->diag) != 0) {
            fail_with(&study->diag);
        }
        if (!dies(study, DEATH_SUCCEEDED)) {
            backups_discard(plan, starting->task, &study->diag);
        }
    }
    vec_release(&whole);
}

static void add_key(struct study *study, struct task_id task, struct buf *out)
{
    buf_add_string(out, out->len > 0 ? " " : "");
    graph_add_key(study->graph, task, out);
}

/* True: it succeeded. */
static bool run_task(struct study *study, struct task_id task)
{
    struct starting starting = {.study = study, .task = task};
    struct plan *plan = study->plan;
    bool succeeded = false;
    observer_tick(study->observer);
    if (start_task(&starting)) {
        add_key(study, task, &study->ran);
        pass(study);
        int status = study_command(study, task);
        pass(study);
        observer_tick(study->observer);
        succeeded = !dies(study, DEATH_COMMANDED) && status == 0 && find_products(study, task);
        if (succeeded) {
            look_at_ancestors(study, task);
            record_success(&starting, compare_inputs(&starting));
        } else if (!study->is_dead) {
            bool is_unfinished = status == 0 && backups_stay(plan_graph(plan), task);
            plan_mark_left(plan, task, !is_unfinished);
            record_attempt(plan, task, is_unfinished ? ATTEMPT_UNFINISHED : ATTEMPT_FAILED, status);
        }
    }
    vec_release(&starting.seen);
    return succeeded;
}

static void restore_task(struct study *study, struct task_id task)
{
    struct plan *plan = study->plan;
    if (backups_restore(plan, task, &study->diag) != 0) {
        fail_with(&study->diag);
    }
    assert_true(find_products(study, task));
    buf_add_string(&study->ran, study->ran.len > 0 ? " back:" : "back:");
    graph_add_key(study->graph, task, &study->ran);
}

/* ---- All of them ---- */

enum outcome { OUTCOME_NONE, OUTCOME_GOOD, OUTCOME_BAD };

static bool something_before_failed(const struct graph *graph, struct task_id task,
                                    const enum outcome *outcomes)
{
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        if (outcomes[graph->before.at[e].task.at] == OUTCOME_BAD) {
            return true;
        }
    }
    return false;
}

static bool take_up(struct study *study, struct task_id task)
{
    struct plan *plan = study->plan;
    enum verdict verdict = (enum verdict)plan_verdict(plan, task);
    if (verdict != VERDICT_STALE) {
        verdict = plan_decide(plan, task, &study->diag);
    }
    switch (verdict) {
    case VERDICT_STALE:
    case VERDICT_MAYBE:
        return run_task(study, task);
    case VERDICT_RESTORE:
        restore_task(study, task);
        return true;
    case VERDICT_BLOCKED:
        return false;
    default:
        return !plan_fills_in(plan, task) || plan_fill_in(plan, task, &study->diag) == 0;
    }
}

static void settle(struct study *study)
{
    VEC(struct file_id) files = {0};
    pass(study);
    observer_tick(study->observer);
    for (uint32_t f = 0; f < study->graph->file_count; f++) {
        vec_push(&files, (struct file_id){f});
    }
    plan_settle(study->plan, files.at, files.count);
    vec_release(&files);
}

void study_run(struct study *study)
{
    pass(study);
    open_study(study, STATE_WRITE);
    const struct graph *graph = study->graph;
    enum outcome *outcomes = mem_alloc((graph->task_count + 1) * sizeof *outcomes);
    study->is_dead = false;
    for (size_t i = 0; i < graph->order_count && !study->is_dead; i++) {
        struct task_id task = {graph->order[i]};
        if (plan_wanted(study->plan, task) == 0) {
            continue;
        }
        bool good = !something_before_failed(graph, task, outcomes) && take_up(study, task);
        outcomes[task.at] = good ? OUTCOME_GOOD : OUTCOME_BAD;
        plan_resolve(study->plan, task);
    }
    free(outcomes);
    study->death = DEATH_NONE;
    if (!study->is_hasty && !study->is_dead) {
        settle(study);
    }
    if (!study->is_dead && state_sync(study->state, &study->diag) != 0) {
        fail_with(&study->diag);
    }
    study_close(study);
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
    buf_clear(&study->ran);
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
                                        [DEATH_SUCCEEDED] = "succeeded"};
    study->death = DEATH_RECORDED;
    while (strcmp(names[study->death], when) != 0) {
        study->death++;
        assert_true(study->death <= DEATH_SUCCEEDED);
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
        study->is_rows = true;
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
