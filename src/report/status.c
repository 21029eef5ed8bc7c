/* show status: counts each element's directories by status. */
#include "report.h"

#include "advice.h"
#include "growth.h"
#include "memory.h"
#include "report_json.h"
#include "table.h"
#include "text.h"

#include <stdlib.h>

/* The kinds of note, most important first. */
enum note {
    NOTE_RUNNING,
    NOTE_FAILED,
    NOTE_UNFINISHED,
    NOTE_INTERRUPTED,
    NOTE_JOB_ENDED,
    NOTE_STALE,
    NOTE_MAY_RUN,
    NOTE_PUT_BACK,
    NOTE_BLOCKED,
    NOTES,
    NOTE_NONE = NOTES,
};

struct tally {
    uint64_t counts[REPORT_STATUS_WORDS];
    uint64_t notes[NOTES];
    double cpu_hours;
    double gpu_hours;
    double likely_hours;              /* core-hours, by the records */
    size_t unknown;                   /* tasks that likely_hours doesn't count */
    size_t left;                      /* tasks that aren't completed */
    bool is_by_walltime;              /* the cost is row's */
    const struct task_growth *growth; /* by task; NULL: no request has grown */
    struct growth *grown;             /* with growth: by directory, for those of `remaining` */
    VEC(uint32_t) remaining;          /* directories that aren't completed */
    struct advice_request request;
    struct advice_usage used; /* by executions with this request, as recorded */
};

static enum note note_of(const struct plan *plan, struct task_id task, const bool *running)
{
    if (running != NULL && running[task.at]) {
        return NOTE_RUNNING;
    }
    switch ((enum verdict)plan_verdict(plan, task)) {
    case VERDICT_MAYBE:
        return NOTE_MAY_RUN;
    case VERDICT_RESTORE:
        return NOTE_PUT_BACK;
    case VERDICT_BLOCKED:
        return NOTE_BLOCKED;
    case VERDICT_STALE:
        break;
    case VERDICT_NONE:
    case VERDICT_FRESH:
    case VERDICT_SUBMITTED:
    case VERDICT_WAITS:
    case VERDICT_HELD:
        return NOTE_NONE;
    }
    bool has_ended = plan_ending(plan, task) != NULL;
    switch ((enum task_attempt)state_task(plan_state(plan), task.at)->attempt) {
    case ATTEMPT_FAILED:
        return NOTE_FAILED;
    case ATTEMPT_UNFINISHED:
        return NOTE_UNFINISHED;
    case ATTEMPT_STARTED:
    case ATTEMPT_INTERRUPTED:
        return has_ended ? NOTE_JOB_ENDED : NOTE_INTERRUPTED;
    case ATTEMPT_CHANGED:
        return NOTE_STALE;
    case ATTEMPT_NONE:
        break;
    }
    if (has_ended) {
        return NOTE_JOB_ENDED;
    }
    return report_is_redone(plan, task) ? NOTE_STALE : NOTE_NONE;
}

/* Adds row's cost of one job on `count` directories, which asks for more by these factors. */
static void add_job_cost(const struct action *action, size_t count, struct growth growth,
                         struct tally *tally)
{
    const struct resource_spec *spec = &action->resources;
    double directories = (double)count;
    double processes = (double)spec->processes;
    double seconds = spec->walltime_s;
    if (spec->processes_per_directory) {
        processes *= directories;
    }
    if (spec->walltime_per_directory) {
        seconds *= directories;
    }
    double hours = growth_walltime_s(seconds, growth.walltime) / 3600;
    if (spec->gpus_given) {
        tally->gpu_hours += processes * hours * (double)spec->gpus_per_process;
    } else {
        tally->cpu_hours += processes * hours * (double)spec->threads_per_process;
    }
}

/* What the task's job asks for beyond the description. */
static struct growth growth_of(const struct tally *tally, struct task_id task)
{
    return tally->growth != NULL ? growth_asked(&tally->growth[task.at]) : (struct growth){0};
}

/* Whether nothing but walltimes is known, or row's users expect them. */
static bool is_by_walltime(const struct plan *plan, const struct action *action, size_t element)
{
    return plan_graph(plan)->rowfile->contract == CONTRACT_ROW ||
           (plan_is_for_cluster(plan) &&
            (action->resources.gpus_given || plan_typical_seconds(plan, (uint32_t)element) < 0));
}

/* Counts the usage of the task's last success, if it had the cores that its action requests now. */
static void count_usage(const struct plan *plan, struct task_id task, size_t directories,
                        struct tally *tally)
{
    const struct action *action = graph_action(plan_graph(plan), task);
    const struct task_row *row = state_task(plan_state(plan), task.at);
    struct advice_request request = advice_request_of(action, directories);
    unsigned cores = request.processes * request.threads_per_process;
    bool is_shared = action->scope == SCOPE_DIRECTORY && action->command.uses_directories;
    if (row->success != SUCCESS_RAN || (row->cores != cores && !is_shared)) {
        return;
    }
    if (is_shared) { /* by an unrecorded number of tasks */
        request.memory_bytes = 0;
        if (row->cores % request.threads_per_process != 0) {
            return;
        }
        request.processes = row->cores / request.threads_per_process;
    }
    if (tally->request.action == NULL) {
        tally->request = request;
    }
    if (request.processes == tally->request.processes &&
        request.memory_bytes == tally->request.memory_bytes) {
        advice_add_record(&tally->used, row->cores, row->demand, row->duration_s, row->cpu_s,
                          row->peak_rss_bytes);
    }
}

static void count_task(const struct plan *plan, struct task_id task, const bool *running,
                       struct tally *tally)
{
    const struct action *action = graph_action(plan_graph(plan), task);
    const uint32_t *directories;
    size_t count = graph_directories(plan_graph(plan), task, &directories);
    uint64_t weight =
        action->scope == SCOPE_PROJECT ? 1 : report_count_members(plan, directories, count);
    enum rowbuild_status word = report_task_status(plan, task);
    enum note note = note_of(plan, task, running);
    count_usage(plan, task, count, tally);
    tally->counts[word] += weight;
    if (note != NOTE_NONE) {
        tally->notes[note] += weight;
    }
    if (word == ROWBUILD_COMPLETED) {
        return;
    }
    double hours = report_task_hours(plan, task);
    tally->left++;
    tally->unknown += hours < 0;
    tally->likely_hours += hours > 0 ? hours : 0;
    if (action->scope == SCOPE_DIRECTORY) {
        vec_push(&tally->remaining, directories[0]);
        if (tally->grown != NULL) {
            tally->grown[directories[0]] = growth_of(tally, task);
        }
    } else {
        add_job_cost(action, weight, growth_of(tally, task), tally);
    }
}

/* The jobs of a group: one, or one for each request. */
static void add_cost_of_group(const struct action *action, uint32_t *members, size_t count,
                              struct tally *tally)
{
    if (tally->grown == NULL) {
        add_job_cost(action, count, (struct growth){0}, tally);
        return;
    }
    struct growth most = {0};
    for (size_t i = 0; action->group.submit_whole && i < count; i++) {
        most = growth_greater(most, tally->grown[members[i]]);
    }
    if (action->group.submit_whole) {
        add_job_cost(action, count, most, tally);
        return;
    }
    while (count > 0) {
        struct growth first = tally->grown[members[0]];
        size_t others = 0;
        for (size_t i = 0; i < count; i++) {
            if (!growths_equal(tally->grown[members[i]], first)) {
                members[others++] = members[i];
            }
        }
        add_job_cost(action, count - others, first, tally);
        count = others;
    }
}

static int add_cost_of_groups(const struct plan *plan, const struct action *action,
                              struct tally *tally, struct diag *diag)
{
    struct groups groups = {0};
    size_t start = 0;
    int result = groups_form(action, plan_graph(plan)->workspace, tally->remaining.at,
                             tally->remaining.count, &groups, diag);
    if (result == 0) {
        vec_each (size_t, end, &groups.ends) {
            add_cost_of_group(action, groups.members.at + start, *end - start, tally);
            start = *end;
        }
    }
    groups_release(&groups);
    return result;
}

static bool is_shown(const struct tally *tally, const struct rowbuild_show_options *options)
{
    const bool filters[REPORT_STATUS_WORDS] = {options->completed, options->submitted,
                                               options->eligible, options->waiting};
    bool is_filtered = filters[0] || filters[1] || filters[2] || filters[3];
    for (size_t i = 0; i < REPORT_STATUS_WORDS; i++) {
        if (tally->counts[i] > 0 && (filters[i] || !is_filtered)) {
            return true;
        }
    }
    return options->all;
}

static void add_remaining_cost(const struct tally *tally, struct buf *cost)
{
    if (tally->is_by_walltime && tally->gpu_hours > 0) {
        text_add_cost(cost, tally->gpu_hours, "GPU-hours");
    } else if (tally->is_by_walltime) {
        text_add_cost(cost, tally->cpu_hours, "CPU-hours");
    } else if (tally->left > 0 && tally->unknown == tally->left) {
        buf_add_string(cost, "unknown");
    } else if (tally->left > 0) {
        text_add_cpu_time(cost, tally->likely_hours);
        if (tally->unknown > 0) {
            buf_add_string(cost, " + ");
            text_add_count(cost, tally->unknown);
            buf_add_string(cost, " unknown");
        }
    }
}

static void add_line(struct table *table, const struct action *action, const struct tally *tally)
{
    static const enum table_style styles[REPORT_STATUS_WORDS] = {TABLE_GREEN, TABLE_YELLOW,
                                                                 TABLE_BLUE, TABLE_CYAN};
    static const char *const words[NOTES] = {
        "running", "failed",  "unfinished",  "interrupted", "left by ended jobs",
        "stale",   "may run", "to put back", "blocked"};
    table_begin_row(table);
    text_add_name(table_cell(table, TABLE_BOLD), action->name);
    for (size_t i = 0; i < REPORT_STATUS_WORDS; i++) {
        text_add_count(table_cell(table, styles[i]), tally->counts[i]);
    }
    add_remaining_cost(tally, table_cell(table, TABLE_FAINT));
    struct buf *note = table_cell(table, TABLE_PLAIN);
    const char *separator = "";
    for (size_t i = 0; i < NOTES; i++) {
        if (tally->notes[i] > 0) {
            buf_add_string(note, separator);
            text_add_count(note, tally->notes[i]);
            buf_addf(note, " %s", words[i]);
            separator = ", ";
        }
    }
}

/* Adds the advice on an action, one sentence a line, or as JSON strings. */
static void add_advice(const struct tally *tally, bool json, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    for (int kind = 0; kind < ADVICE_KINDS && tally->request.action != NULL; kind++) {
        buf_clear(&text);
        if (!advice_add((enum advice_kind)kind, &tally->request, &tally->used, &text)) {
            continue;
        }
        if (json) {
            report_json_item(out, buf_slice(&text));
        } else {
            buf_add_slice(out, buf_slice(&text));
            buf_add_char(out, '\n');
        }
    }
    buf_release(&text);
}

static void add_json(struct buf *out, const struct action *action, const struct tally *tally)
{
    static const char *const keys[NOTES] = {"running",     "failed",    "unfinished",
                                            "interrupted", "job_ended", "stale",
                                            "may_run",     "restores",  "blocked"};
    report_json_begin_record(out);
    report_json_string(out, "action", action->name);
    for (size_t i = 0; i < REPORT_STATUS_WORDS; i++) {
        report_json_count(out, report_status_name((enum rowbuild_status)i), tally->counts[i]);
    }
    report_json_number(out, "remaining_core_hours",
                       tally->is_by_walltime ? tally->cpu_hours : tally->likely_hours);
    report_json_number(out, "remaining_gpu_hours", tally->is_by_walltime ? tally->gpu_hours : 0);
    report_json_count(out, "remaining_unknown", tally->is_by_walltime ? 0 : tally->unknown);
    for (size_t i = 0; i < NOTES; i++) {
        report_json_count(out, keys[i], tally->notes[i]);
    }
    report_json_key(out, "advice");
    report_json_begin(out, '[');
    add_advice(tally, true, out);
    report_json_end(out, ']');
    report_json_end(out, '}');
}

/* Counts the tasks of one element, the first `count` of `tasks`. */
static int count_element(const struct plan *plan, const struct action *action,
                         const struct task_id *tasks, size_t count, const bool *running,
                         struct tally *tally, struct diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        count_task(plan, tasks[i], running, tally);
    }
    return add_cost_of_groups(plan, action, tally, diag);
}

/* Adds a line for each element to the table or, with JSON, to `out`, and the advice. -1 after an
 * error. */
static int add_elements(struct plan *plan, const struct plan_selection *selection,
                        const struct report_now *now, const struct rowbuild_show_options *options,
                        struct table *table, struct buf *out, struct buf *advice, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct task_id *tasks;
    size_t count = report_list_tasks(plan, WANTED_SELECTED, &tasks);
    size_t at = 0;
    int result = 0;
    for (size_t i = 0; i < graph->rowfile->action_count && result == 0; i++) {
        const struct action *action = &graph->rowfile->actions[i];
        struct tally tally = {.is_by_walltime = is_by_walltime(plan, action, i),
                              .growth = now->growth};
        if (now->growth != NULL) {
            tally.grown = mem_alloc(graph->workspace->count * sizeof *tally.grown + 1);
        }
        size_t first = at;
        while (at < count && graph->tasks[tasks[at].at].action == i) {
            at++;
        }
        result = count_element(plan, action, tasks + first, at - first, now->running, &tally, diag);
        if (result == 0 && plan_selects_action(selection, action->name) &&
            is_shown(&tally, options)) {
            if (options->json) {
                add_json(out, action, &tally);
            } else {
                add_line(table, action, &tally);
                add_advice(&tally, false, advice);
            }
        }
        vec_release(&tally.remaining);
        free(tally.grown);
    }
    free(tasks);
    return result;
}

int report_status(struct plan *plan, const struct plan_selection *selection,
                  const struct report_now *now, const struct rowbuild_show_options *options,
                  struct buf *out, struct diag *diag)
{
    struct table table;
    struct buf advice = BUF_EMPTY;
    table_init(&table);
    table_add_column(&table, "Action", TABLE_LEFT);
    table_add_column(&table, "Completed", TABLE_RIGHT);
    table_add_column(&table, "Submitted", TABLE_RIGHT);
    table_add_column(&table, "Eligible", TABLE_RIGHT);
    table_add_column(&table, "Waiting", TABLE_RIGHT);
    table_add_column(&table, "Remaining cost", TABLE_RIGHT);
    table_add_column(&table, "Note", TABLE_OPTIONAL);
    if (options->json) {
        buf_add_char(out, '[');
    }
    int result = add_elements(plan, selection, now, options, &table, out, &advice, diag);
    if (options->json) {
        report_json_end_records(out);
        buf_add_char(out, '\n');
    } else if (table.rows.count == 0) {
        buf_add_string(out, "No matches.\n");
    } else {
        table_format_within(&table, options->width, options->colour, options->no_header, out);
        buf_add_string(out, advice.len > 0 ? "\n" : "");
        buf_add_slice(out, buf_slice(&advice));
    }
    buf_release(&advice);
    table_release(&table);
    return result;
}
