/* show why, and the dry run: the tasks, their verdicts, and the reasons. */
#include "report.h"

#include "facts_json.h"
#include "report_changes.h"
#include "report_json.h"
#include "report_reasons.h"
#include "skipped_text.h"
#include "table.h"
#include "task_command.h"

#include "disk.h"
#include "intern.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_LACKING = 10, /* reasons for which tasks can't run, one by one */
    MOST_NAMES = 3,    /* of further directories in one line */
};

/* The words for a verdict: in `show why` with reasons below it, in a dry run, and in JSON. */
struct intent {
    const char *why;
    const char *plan;
    const char *key;
    enum table_style style;
};

static struct intent intent_of(const struct plan *plan, struct task_id task)
{
    switch ((enum verdict)plan_verdict(plan, task)) {
    case VERDICT_STALE:
        return (struct intent){
            "is out of date:", report_is_redone(plan, task) ? "will run again" : "will run",
            "will_run", TABLE_BLUE};
    case VERDICT_MAYBE:
        return (struct intent){"may be out of date:", "may run", "may_run", TABLE_CYAN};
    case VERDICT_RESTORE:
        return (struct intent){"gets its earlier products back:", "gets its earlier products back",
                               "restores", TABLE_GREEN};
    case VERDICT_BLOCKED:
        return (struct intent){"can't run:", "can't run", "blocked", TABLE_YELLOW};
    case VERDICT_WAITS:
        return (struct intent){"waits:", "waits", "waits", TABLE_CYAN};
    case VERDICT_HELD:
        return (struct intent){"is up to date for now:", "is up to date for now", "held",
                               TABLE_CYAN};
    case VERDICT_SUBMITTED:
        return (struct intent){"is submitted:", "is submitted", "submitted", TABLE_YELLOW};
    case VERDICT_NONE:
    case VERDICT_FRESH:
        break;
    }
    return (struct intent){"is up to date", "is up to date", "fresh", TABLE_GREEN};
}

/* "LABEL: words"; the line isn't ended. */
static void add_heading(const struct plan *plan, struct task_id task, const char *words,
                        enum table_style style, bool colour, struct buf *out)
{
    struct buf label = BUF_EMPTY;
    graph_add_label(plan_graph(plan), task, &label);
    table_add_styled(out, buf_slice(&label), TABLE_BOLD, colour);
    buf_add_string(out, ": ");
    table_add_styled(out, slice_of(words), style, colour);
    buf_release(&label);
}

static void add_reason_line(void *context, struct slice words)
{
    struct buf *out = context;
    buf_add_string(out, "  ");
    buf_add_slice(out, words);
    buf_add_char(out, '\n');
}

static void add_reason_item(void *context, struct slice words)
{
    report_json_item(context, words);
}

/* The commits that the reasons speak of, for programs. */
static void add_json_changes(struct plan *plan, struct task_id task,
                             const struct report_changes *changes, struct buf *out,
                             struct diag *diag)
{
    struct reason_list list;
    reasons_gather(plan, task, 0, &list, diag);
    vec_each (const struct reason, reason, &list.reasons) {
        const struct report_change *change = report_change_of(plan, task, reason, changes);
        if (change != NULL) {
            report_json_begin(out, '{');
            report_json_string(out, "path", change->path);
            report_json_optional(out, "commit", change->commit);
            report_json_optional(out, "subject", change->subject);
            report_json_end(out, '}');
        }
    }
    reasons_release(&list);
}

static void add_json_reasons(struct plan *plan, struct task_id task,
                             const struct report_changes *changes, struct buf *out,
                             struct diag *diag)
{
    bool has_reasons = plan_verdict(plan, task) != VERDICT_FRESH;
    report_json_key(out, "reasons");
    report_json_begin(out, '[');
    if (has_reasons) {
        report_changes_tell(plan, task, changes, add_reason_item, out, diag);
    }
    report_json_end(out, ']');
    report_json_key(out, "changes");
    report_json_begin(out, '[');
    if (has_reasons && changes != NULL && changes->changes.count > 0) {
        add_json_changes(plan, task, changes, out, diag);
    }
    report_json_end(out, ']');
}

/* The keys that name a task. */
static void add_json_task(const struct plan *plan, struct task_id task, struct buf *out)
{
    const struct graph *graph = plan_graph(plan);
    uint32_t directory = graph->tasks[task.at].directory;
    struct buf key = BUF_EMPTY;
    graph_add_key(graph, task, &key);
    report_json_string(out, "task", buf_slice(&key));
    report_json_string(out, "action", graph_action(graph, task)->name);
    report_json_string(out, "name", graph_task_name(graph, task));
    if (directory != GRAPH_NONE) {
        report_json_string(out, "directory", graph->workspace->names[directory]);
    } else {
        report_json_null(out, "directory");
    }
    buf_release(&key);
}

/* A task before that has to be done first, and that can't be, or wasn't when it was tried. */
static bool holds_up(const struct plan *plan, struct task_id task)
{
    uint8_t verdict = plan_verdict(plan, task);
    uint8_t attempt = state_task(plan_state(plan), task.at)->attempt;
    return verdict == VERDICT_BLOCKED ||
           (verdict_is_work(verdict) && attempt != ATTEMPT_NONE && attempt != ATTEMPT_CHANGED);
}

/* Whether a task waits for the one before it. */
static bool is_open(const struct plan *plan, struct task_id task)
{
    uint8_t verdict = plan_verdict(plan, task);
    return plan_wanted(plan, task) != 0 && (verdict_is_work(verdict) || verdict == VERDICT_BLOCKED);
}

/* The furthest task before this one, over tasks that wait, that holds it up; GRAPH_NONE: none. Each
 * is entered once. */
static struct task_id find_holdup(const struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan_graph(plan);
    struct task_id found = {GRAPH_NONE};
    struct intern met;
    VEC(struct task_id) open = {0};
    if (!is_open(plan, task)) {
        return found;
    }
    intern_init(&met);
    vec_push(&open, task);
    for (size_t i = 0; i < open.count; i++) {
        uint32_t n = open.at[i].at;
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            struct task_id before = graph->before.at[e].task;
            uint32_t known = met.count;
            if (is_open(plan, before) &&
                intern_add(&met, slice_make((const char *)&before, sizeof before)) == known) {
                vec_push(&open, before);
                found = holds_up(plan, before) ? before : found;
            }
        }
    }
    vec_release(&open);
    intern_release(&met);
    return found;
}

/* "waits for first d1: last run failed (exit 3)" */
static void add_holdup(struct plan *plan, struct task_id task, struct buf *out, struct diag *diag)
{
    struct task_id holdup = find_holdup(plan, task);
    if (holdup.at == GRAPH_NONE) {
        return;
    }
    buf_add_string(out, "waits for ");
    graph_add_label(plan_graph(plan), holdup, out);
    buf_add_string(out, ": ");
    reasons_add_first(plan, holdup, out, diag);
}

static void add_why_json(struct plan *plan, struct task_id task,
                         const struct report_changes *changes, struct buf *out, struct diag *diag)
{
    enum rowbuild_status status = report_task_status(plan, task);
    struct buf job = BUF_EMPTY;
    report_json_begin_record(out);
    add_json_task(plan, task, out);
    report_json_string(out, "status", slice_of(report_status_name(status)));
    report_json_string(out, "intent", slice_of(intent_of(plan, task).key));
    report_add_job(plan, task, &job);
    report_json_optional(out, "job", buf_slice(&job));
    buf_release(&job);
    struct task_id holdup = find_holdup(plan, task);
    struct buf key = BUF_EMPTY;
    if (holdup.at != GRAPH_NONE) {
        graph_add_key(plan_graph(plan), holdup, &key);
    }
    report_json_optional(out, "waits_for", buf_slice(&key));
    buf_release(&key);
    const char *ending = plan_ending(plan, task);
    report_json_optional(out, "ending", slice_of(ending != NULL ? ending : ""));
    const struct job_traces *traces = plan_job_traces(plan, task);
    report_json_optional(out, "job_output",
                         slice_of(traces != NULL && traces->output != NULL ? traces->output : ""));
    if (traces != NULL && traces->growth != NULL && plan_verdict(plan, task) != VERDICT_FRESH) {
        report_json_string(out, "growth", slice_of(traces->growth));
    }
    add_json_reasons(plan, task, changes, out, diag);
    skipped_add_json(plan, task, out);
    facts_add_attempt(out, plan, task);
    report_json_end(out, '}');
}

static bool is_there(const struct plan *plan, const char *path)
{
    return path != NULL && disk->may(plan_project(plan), path, F_OK) == 0;
}

static void add_file_line(const char *what, const char *path, struct buf *out)
{
    struct buf line = BUF_EMPTY;
    buf_addf(&line, "%s ", what);
    text_add_name(&line, slice_of(path));
    add_reason_line(out, buf_slice(&line));
    buf_release(&line);
}

/* Where the last job of a task left its output, once it has ended, and what to change. */
static void add_job_traces(const struct plan *plan, struct task_id task, struct buf *out)
{
    const struct job_traces *traces = plan_job_traces(plan, task);
    if (traces == NULL || plan_verdict(plan, task) == VERDICT_FRESH ||
        plan_job(plan, task) != NULL) {
        return;
    }
    if (traces->growth != NULL) {
        add_reason_line(out, slice_of(traces->growth));
    }
    if (plan_ending(plan, task) == NULL) {
        return;
    }
    if (is_there(plan, traces->output)) {
        add_file_line("output of the job:", traces->output, out);
    } else if (traces->output != NULL && !traces->has_begun) {
        add_file_line("the job left no output, which would be", traces->output, out);
    }
    if (is_there(plan, traces->errors)) {
        add_file_line("errors of the job:", traces->errors, out);
    }
    if (traces->advice != NULL && traces->growth == NULL) {
        add_reason_line(out, slice_of(traces->advice));
    }
}

static void add_why(struct plan *plan, struct task_id task, const struct report_changes *changes,
                    bool colour, struct buf *out, struct diag *diag)
{
    struct intent intent = intent_of(plan, task);
    add_heading(plan, task, intent.why, intent.style, colour, out);
    buf_add_char(out, '\n');
    if (plan_verdict(plan, task) != VERDICT_FRESH) {
        struct buf holdup = BUF_EMPTY;
        add_holdup(plan, task, &holdup, diag);
        if (holdup.len > 0) {
            add_reason_line(out, buf_slice(&holdup));
        }
        buf_release(&holdup);
        report_changes_tell(plan, task, changes, add_reason_line, out, diag);
    }
    skipped_add_line(plan, task, out);
    add_job_traces(plan, task, out);
}

/* What became of its temporary products. */
static void add_temporaries(struct plan *plan, struct task_id task, struct buf *out,
                            struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        const struct temporary_product *temporary = graph_temporary(graph, graph->products.at[p]);
        if (temporary != NULL) {
            struct buf words = BUF_EMPTY;
            plan_describe_temporary(plan, temporary, &words, diag);
            add_reason_line(out, buf_slice(&words));
            buf_release(&words);
        }
    }
}

int report_why(struct plan *plan, bool all, const struct report_commits *commits,
               const struct rowbuild_show_options *options, struct buf *out, struct diag *diag)
{
    size_t errors_before = diag->errors;
    struct task_id *tasks;
    struct report_changes changes;
    size_t count = report_list_tasks(plan, WANTED_SELECTED, &tasks);
    size_t start = out->len;
    report_changes_find(plan, tasks, count, commits, &changes, diag);
    if (options->json) {
        buf_add_char(out, '[');
    }
    for (size_t i = 0; i < count; i++) {
        if (options->json) {
            add_why_json(plan, tasks[i], &changes, out, diag);
        } else if (all || plan_verdict(plan, tasks[i]) != VERDICT_FRESH) {
            add_why(plan, tasks[i], &changes, options->colour, out, diag);
            add_temporaries(plan, tasks[i], out, diag);
        }
    }
    if (options->json) {
        report_json_end_records(out);
        buf_add_char(out, '\n');
    } else if (count == 0) {
        buf_add_string(out, "No matches.\n");
    } else if (out->len == start) {
        buf_add_string(out, "everything is up to date\n");
    } else {
        report_add_value_hint(plan, tasks, count, out, diag);
    }
    report_changes_release(&changes);
    free(tasks);
    return diag->errors > errors_before ? -1 : 0;
}

/* An action may leave out many directories on purpose, so tasks that are blocked by that are shown
 * only with --explain. What a run would fail stands after the rest (add_lacking). */
static bool is_planned(const struct plan *plan, struct task_id task, bool explain)
{
    uint8_t verdict = plan_verdict(plan, task);
    return verdict_is_work(verdict) ||
           (explain && (verdict == VERDICT_BLOCKED || verdict == VERDICT_SUBMITTED ||
                        verdict == VERDICT_WAITS));
}

/* What is told of each task of a dry run. */
struct telling {
    const struct report_changes *changes;
    const struct launch_context *launch; /* NULL: not its command */
    bool has_costs;                      /* JSON: what it would redo and take */
    bool explain;
    bool colour;
};

/* Adds a line for the task, with its first reason in brackets or all reasons on the lines below. */
static void add_planned(struct plan *plan, struct task_id task, const struct telling *telling,
                        struct buf *out, struct diag *diag)
{
    struct intent intent = intent_of(plan, task);
    add_heading(plan, task, intent.plan, intent.style, telling->colour, out);
    if (telling->explain) {
        buf_add_char(out, '\n');
        report_changes_tell(plan, task, telling->changes, add_reason_line, out, diag);
        task_command_add_planned(telling->launch, plan, task, false, out);
        return;
    }
    struct buf reason = BUF_EMPTY;
    reasons_add_first(plan, task, &reason, diag);
    if (reason.len > 0) {
        buf_addf(out, " (%s)", reason.at);
    }
    buf_add_char(out, '\n');
    task_command_add_planned(telling->launch, plan, task, false, out);
    buf_release(&reason);
}

/* What can't run for the same reason, and of the same action. */
struct lacking {
    struct task_id first;
    uint32_t element;
    char *reason;
    size_t count;
    struct buf names; /* of the others */
};

static void note_lacking(struct plan *plan, struct task_id task, struct lacking *all, size_t *known,
                         size_t *hidden, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    const struct graph_task *entry = &graph->tasks[task.at];
    struct buf reason = BUF_EMPTY;
    size_t i = 0;
    reasons_add_first(plan, task, &reason, diag);
    while (i < *known && (all[i].element != entry->action || entry->directory == GRAPH_NONE ||
                          strcmp(all[i].reason, buf_string(&reason)) != 0)) {
        i++;
    }
    if (i < *known) {
        if (all[i].count <= MOST_NAMES) {
            text_add_listed(&all[i].names, graph->workspace->names[entry->directory],
                            all[i].count - 1);
        }
        all[i].count++;
    } else if (i < MOST_LACKING) {
        all[i] = (struct lacking){.first = task,
                                  .element = entry->action,
                                  .reason = mem_copy(reason.at, reason.len),
                                  .count = 1};
        ++*known;
    } else {
        ++*hidden;
    }
    buf_release(&reason);
}

/* What a run would tell at its end: "sim d1: can't run (input x is missing, …)". What is the same
 * for many directories is told once. */
static void add_lacking(struct plan *plan, const struct task_id *tasks, size_t count, bool colour,
                        struct buf *out, struct diag *diag)
{
    struct lacking all[MOST_LACKING];
    size_t known = 0;
    size_t hidden = 0;
    for (size_t i = 0; i < count; i++) {
        if (report_lacks(plan, tasks[i], diag)) {
            note_lacking(plan, tasks[i], all, &known, &hidden, diag);
        }
    }
    for (size_t i = 0; i < known; i++) {
        struct intent intent = intent_of(plan, all[i].first);
        add_heading(plan, all[i].first, intent.plan, intent.style, colour, out);
        buf_addf(out, " (%s)", all[i].reason);
        text_add_same_in(out, all[i].count - 1);
        buf_add_slice(out, buf_slice(&all[i].names));
        buf_add_string(out, all[i].count > 1 + MOST_NAMES ? ", …\n" : "\n");
        buf_release(&all[i].names);
        free(all[i].reason);
    }
    if (hidden > 0) {
        text_add_count(out, hidden);
        buf_add_string(out, " more can't run; `rowbuild show why` lists them\n");
    }
}

static void add_planned_json(struct plan *plan, struct task_id task, const struct telling *telling,
                             struct buf *out, struct diag *diag)
{
    bool runs =
        plan_verdict(plan, task) == VERDICT_STALE || plan_verdict(plan, task) == VERDICT_MAYBE;
    report_json_begin_record(out);
    add_json_task(plan, task, out);
    report_json_string(out, "intent", slice_of(intent_of(plan, task).key));
    if (telling->has_costs) {
        report_json_bool(out, "again", report_is_redone(plan, task));
        double hours = runs ? report_task_hours(plan, task) : 0;
        if (hours >= 0) {
            report_json_number(out, "core_hours", hours);
        } else {
            report_json_null(out, "core_hours");
        }
    }
    task_command_add_planned(telling->launch, plan, task, true, out);
    add_json_reasons(plan, task, telling->changes, out, diag);
    report_json_end(out, '}');
}

static void add_estimate_json(const struct rowbuild_estimate *estimate,
                              const struct rowbuild_undeclared *undeclared, struct buf *out)
{
    report_json_count(out, "will_run", estimate->will_run);
    report_json_count(out, "may_run", estimate->may_run);
    report_json_count(out, "restores", estimate->restores);
    report_json_count(out, "blocked", estimate->blocked);
    report_json_count(out, "submitted", estimate->submitted);
    report_json_count(out, "waits", estimate->waits);
    report_json_count(out, "again", estimate->again);
    report_json_number(out, "again_core_hours", estimate->again_core_hours);
    if (estimate->again_reason != NULL) {
        report_json_string(out, "again_reason", slice_of(estimate->again_reason));
    } else {
        report_json_null(out, "again_reason");
    }
    report_json_count(out, "undeclared", undeclared->directories);
    report_json_number(out, "undeclared_core_hours", undeclared->core_hours);
    report_json_number(out, "least_core_hours", estimate->least_core_hours);
    report_json_number(out, "most_core_hours", estimate->most_core_hours);
    report_json_count(out, "unknown", estimate->unknown);
}

/* What both documents have in common: each task, in JSON as the last member of the object that is
 * open. */
static void add_tasks(struct plan *plan, const struct task_id *tasks, size_t count,
                      struct telling telling, const struct report_commits *commits,
                      const struct rowbuild_show_options *options, struct buf *out,
                      struct diag *diag)
{
    struct report_changes changes;
    report_changes_find(plan, tasks, count, telling.explain ? commits : NULL, &changes, diag);
    telling.changes = &changes;
    telling.colour = options->colour;
    if (options->json) {
        report_json_key(out, "tasks");
        report_json_begin(out, '[');
    }
    for (size_t i = 0; i < count; i++) {
        if (options->json) {
            add_planned_json(plan, tasks[i], &telling, out, diag);
        } else {
            add_planned(plan, tasks[i], &telling, out, diag);
        }
    }
    if (options->json) {
        report_json_end_records(out);
        buf_add_string(out, "}\n");
    } else {
        report_add_value_hint(plan, tasks, count, out, diag);
    }
    report_changes_release(&changes);
}

/* Keeps those that a dry run lists. What a run would fail is told after the rest, but in JSON among
 * it. */
static size_t keep_planned(struct plan *plan, struct task_id *tasks, size_t count, bool explain,
                           bool json, struct diag *diag)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_planned(plan, tasks[i], explain) || (json && report_lacks(plan, tasks[i], diag))) {
            tasks[kept++] = tasks[i];
        }
    }
    return kept;
}

int report_plan(struct plan *plan, bool explain, const struct launch_context *launch,
                const struct report_commits *commits, const struct rowbuild_undeclared *undeclared,
                const struct rowbuild_show_options *options, struct buf *out, struct diag *diag)
{
    size_t errors_before = diag->errors;
    struct rowbuild_estimate estimate;
    struct task_id *tasks;
    size_t count = report_list_tasks(plan, WANTED_SELECTED | WANTED_UPSTREAM, &tasks);
    report_estimate(plan, &estimate, diag);
    struct buf lacking = BUF_EMPTY;
    if (options->json) {
        buf_add_char(out, '{');
        add_estimate_json(&estimate, undeclared, out);
    } else if (!explain) {
        add_lacking(plan, tasks, count, options->colour, &lacking, diag);
    }
    count = keep_planned(plan, tasks, count, explain, options->json, diag);
    add_tasks(plan, tasks, count,
              (struct telling){.launch = launch, .has_costs = true, .explain = explain}, commits,
              options, out, diag);
    buf_add_slice(out, buf_slice(&lacking));
    if (!options->json) {
        report_add_again(&estimate, out);
        report_add_estimate(&estimate, out);
    }
    buf_release(&lacking);
    free(tasks);
    return diag->errors > errors_before ? -1 : 0;
}

int report_since(struct plan *plan, const uint8_t *affected, const char *commit, bool explain,
                 const struct report_commits *commits, const struct rowbuild_show_options *options,
                 struct buf *out, struct diag *diag)
{
    size_t errors_before = diag->errors;
    struct task_id *tasks;
    size_t count = report_list_tasks(plan, WANTED_SELECTED, &tasks);
    size_t told = 0;
    for (size_t i = 0; i < count; i++) {
        if (affected[tasks[i].at] != 0) {
            tasks[told++] = tasks[i];
        }
    }
    if (options->json) {
        buf_add_char(out, '{');
        report_json_string(out, "since", slice_of(commit));
    }
    add_tasks(plan, tasks, told, (struct telling){.explain = explain}, commits, options, out, diag);
    if (!options->json) {
        buf_addf(out, "since %s: ", commit);
        text_add_count(out, told);
        buf_addf(out, " of ");
        text_add_count(out, count);
        buf_add_string(out, count == 1 ? " task is affected\n" : " tasks are affected\n");
    }
    free(tasks);
    return diag->errors > errors_before ? -1 : 0;
}
