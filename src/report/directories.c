/* show directories: one action's directories, group by group. */
#include "report.h"

#include "memory.h"
#include "report_json.h"
#include "report_reasons.h"
#include "table.h"
#include "text.h"

#include <stdlib.h>

struct listing {
    struct plan *plan;
    const struct rowbuild_show_options *options;
    struct table table;
    struct buf *out;   /* for short output and JSON */
    struct buf reason; /* of the current task */
    struct buf job;    /* of the current task; empty if it is in none */
    bool has_jobs;     /* whether to show a column for jobs, as in row */
    struct diag *diag;
};

static bool is_shown(const struct rowbuild_show_options *options, enum rowbuild_status word)
{
    const bool filters[REPORT_STATUS_WORDS] = {options->completed, options->submitted,
                                               options->eligible, options->waiting};
    return filters[word] || !(filters[0] || filters[1] || filters[2] || filters[3]);
}

/* Appends the JSON text of the directory's value at a pointer. -1 after an error. */
static int add_value(const struct listing *listing, uint32_t directory, struct slice pointer,
                     struct buf *out)
{
    struct workspace *workspace = plan_graph(listing->plan)->workspace;
    const struct json *value;
    const struct json *found;
    if (workspace_value(workspace, directory, &value, listing->diag) != 0) {
        return -1;
    }
    if (!json_at(value, pointer, &found)) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, workspace->names[directory]);
        diag_error(listing->diag, FINDING_MISSING_POINTER,
                   "the value of directory `%s` has nothing at `%.*s`", buf_string(&name),
                   SLICE_ARGS(pointer));
        buf_release(&name);
        return -1;
    }
    json_add_text(found, out);
    return 0;
}

/* `directory` is GRAPH_NONE for a project's task. */
static int add_line(struct listing *listing, uint32_t directory, enum rowbuild_status word)
{
    static const enum table_style styles[REPORT_STATUS_WORDS] = {TABLE_GREEN, TABLE_YELLOW,
                                                                 TABLE_BLUE, TABLE_CYAN};
    struct table *table = &listing->table;
    table_begin_row(table);
    struct buf *name = table_cell(table, TABLE_BOLD);
    if (directory == GRAPH_NONE) {
        buf_add_string(name, "(project)");
    } else {
        text_add_name(name, plan_graph(listing->plan)->workspace->names[directory]);
    }
    buf_add_string(table_cell(table, styles[word]), report_status_name(word));
    if (listing->has_jobs) {
        struct buf *cell = table_cell(table, TABLE_PLAIN);
        if (listing->job.len > 0) {
            text_add_name(cell, buf_slice(&listing->job));
        }
    }
    for (size_t i = 0; i < listing->options->value_count; i++) {
        struct buf *cell = table_cell(table, TABLE_PLAIN);
        if (directory != GRAPH_NONE &&
            add_value(listing, directory, slice_of(listing->options->values[i]), cell) != 0) {
            return -1;
        }
    }
    buf_add_slice(table_cell(table, TABLE_FAINT), buf_slice(&listing->reason));
    return 0;
}

static int add_json(struct listing *listing, uint32_t directory, enum rowbuild_status word,
                    size_t group)
{
    struct buf *out = listing->out;
    int result = 0;
    report_json_begin_record(out);
    if (directory == GRAPH_NONE) {
        report_json_null(out, "directory");
    } else {
        report_json_string(out, "directory",
                           plan_graph(listing->plan)->workspace->names[directory]);
    }
    report_json_string(out, "status", slice_of(report_status_name(word)));
    report_json_optional(out, "job", buf_slice(&listing->job));
    report_json_count(out, "group", group);
    report_json_key(out, "values");
    report_json_begin(out, '{');
    for (size_t i = 0; i < listing->options->value_count && directory != GRAPH_NONE; i++) {
        report_json_key(out, listing->options->values[i]);
        result |= add_value(listing, directory, slice_of(listing->options->values[i]), out);
    }
    report_json_end(out, '}');
    report_json_optional(out, "reason", buf_slice(&listing->reason));
    report_json_end(out, '}');
    return result;
}

static int add_directory(struct listing *listing, uint32_t directory, enum rowbuild_status word,
                         size_t group)
{
    if (listing->options->json) {
        return add_json(listing, directory, word, group);
    }
    if (!listing->options->short_output) {
        return add_line(listing, directory, word);
    }
    if (directory != GRAPH_NONE) {
        text_add_name(listing->out, plan_graph(listing->plan)->workspace->names[directory]);
        buf_add_char(listing->out, '\n');
    }
    return 0;
}

static void explain_task(struct listing *listing, struct task_id task)
{
    buf_clear(&listing->reason);
    buf_clear(&listing->job);
    report_add_job(listing->plan, task, &listing->job);
    if (plan_verdict(listing->plan, task) != VERDICT_FRESH && !listing->options->short_output) {
        reasons_add_first(listing->plan, task, &listing->reason, listing->diag);
        const struct job_traces *traces = plan_job_traces(listing->plan, task);
        if (traces != NULL && traces->growth != NULL) {
            buf_addf(&listing->reason, "%s%s", listing->reason.len > 0 ? "; " : "", traces->growth);
        }
    }
}

static void separate_groups(struct listing *listing)
{
    if (!listing->options->no_separate_groups) {
        table_separate(&listing->table);
    }
}

static bool is_beyond_limit(const struct listing *listing, size_t group)
{
    return listing->options->group_limit > 0 && group >= listing->options->group_limit;
}

/* Adds the groups of the tasks' directories; `task_of` maps a directory to its task. */
static int add_groups(struct listing *listing, const struct groups *groups, const uint32_t *task_of)
{
    size_t at = 0;
    for (size_t group = 0; group < groups->ends.count; group++) {
        if (is_beyond_limit(listing, group)) {
            break;
        }
        for (; at < groups->ends.at[group]; at++) {
            uint32_t directory = groups->members.at[at];
            struct task_id task = {task_of[directory]};
            explain_task(listing, task);
            if (add_directory(listing, directory, report_task_status(listing->plan, task), group) !=
                0) {
                return -1;
            }
        }
        separate_groups(listing);
    }
    return 0;
}

static int add_directory_tasks(struct listing *listing, const struct action *action,
                               const struct task_id *tasks, size_t count)
{
    const struct graph *graph = plan_graph(listing->plan);
    uint32_t *task_of = mem_alloc((graph->workspace->count + 1) * sizeof *task_of);
    uint32_t *shown = mem_alloc((count + 1) * sizeof *shown);
    size_t shown_count = 0;
    struct groups groups = {0};
    for (size_t i = 0; i < count; i++) {
        if (is_shown(listing->options, report_task_status(listing->plan, tasks[i]))) {
            uint32_t directory = graph->tasks[tasks[i].at].directory;
            task_of[directory] = tasks[i].at;
            shown[shown_count++] = directory;
        }
    }
    int result = groups_form(action, graph->workspace, shown, shown_count, &groups, listing->diag);
    if (result == 0) {
        result = add_groups(listing, &groups, task_of);
    }
    groups_release(&groups);
    free(shown);
    free(task_of);
    return result;
}

/* Each task is a group of its own. */
static int add_wide_tasks(struct listing *listing, const struct action *action,
                          const struct task_id *tasks, size_t count)
{
    static const uint32_t project = GRAPH_NONE;
    size_t group = 0;
    for (size_t i = 0; i < count && !is_beyond_limit(listing, group); i++) {
        enum rowbuild_status word = report_task_status(listing->plan, tasks[i]);
        const uint32_t *directories;
        size_t members = graph_directories(plan_graph(listing->plan), tasks[i], &directories);
        if (!is_shown(listing->options, word)) {
            continue;
        }
        if (action->scope == SCOPE_PROJECT) {
            directories = &project;
            members = 1;
        }
        explain_task(listing, tasks[i]);
        for (size_t j = 0; j < members; j++) {
            if (report_is_member(listing->plan, directories[j]) &&
                add_directory(listing, directories[j], word, group) != 0) {
                return -1;
            }
        }
        separate_groups(listing);
        group++;
    }
    return 0;
}

static int add_elements(struct listing *listing, struct slice name)
{
    const struct graph *graph = plan_graph(listing->plan);
    struct task_id *tasks;
    size_t count = report_list_tasks(listing->plan, WANTED_SELECTED, &tasks);
    int result = 0;
    for (size_t at = 0; at < count && result == 0;) {
        size_t first = at;
        const struct action *action = graph_action(graph, tasks[first]);
        while (at < count && graph_action(graph, tasks[at]) == action) {
            at++;
        }
        if (!slice_equal(action->name, name)) {
            continue;
        }
        result = action->scope == SCOPE_DIRECTORY
                     ? add_directory_tasks(listing, action, tasks + first, at - first)
                     : add_wide_tasks(listing, action, tasks + first, at - first);
        table_separate(&listing->table);
    }
    free(tasks);
    return result;
}

static int check_pointers(const struct rowbuild_show_options *options, struct diag *diag)
{
    int result = 0;
    for (size_t i = 0; i < options->value_count; i++) {
        const char *pointer = options->values[i];
        if (!json_pointer_is_valid(slice_of(pointer))) {
            result = diag_error(diag, FINDING_WRONG_ARGUMENT, "`%s` is not a JSON pointer%s%s%s",
                                pointer, pointer[0] == '/' ? "" : "; did you mean `/",
                                pointer[0] == '/' ? "" : pointer, pointer[0] == '/' ? "" : "`?");
        }
    }
    return result;
}

static void add_columns(struct listing *listing)
{
    table_add_column(&listing->table, "Directory", TABLE_LEFT);
    table_add_column(&listing->table, "Status", TABLE_LEFT);
    if (listing->has_jobs) {
        table_add_column(&listing->table, "Job ID", TABLE_LEFT);
    }
    for (size_t i = 0; i < listing->options->value_count; i++) {
        table_add_column(&listing->table, listing->options->values[i], TABLE_VALUE);
    }
    table_add_column(&listing->table, "Why", TABLE_OPTIONAL);
}

int report_directories(struct plan *plan, struct slice action,
                       const struct rowbuild_show_options *options, struct buf *out,
                       struct diag *diag)
{
    struct listing listing = {
        .plan = plan,
        .options = options,
        .out = out,
        .has_jobs = is_shown(options, ROWBUILD_COMPLETED) || is_shown(options, ROWBUILD_SUBMITTED),
        .diag = diag,
    };
    if (check_pointers(options, diag) != 0) {
        return -1;
    }
    table_init(&listing.table);
    add_columns(&listing);
    if (options->json) {
        buf_add_char(out, '[');
    }
    int result = add_elements(&listing, action);
    if (options->json) {
        report_json_end_records(out);
        buf_add_char(out, '\n');
    } else if (!options->short_output && listing.table.rows.count == 0) {
        buf_add_string(out, "No matches.\n");
    } else if (!options->short_output) {
        table_format_within(&listing.table, options->width, options->colour, options->no_header,
                            out);
    }
    table_release(&listing.table);
    buf_release(&listing.reason);
    buf_release(&listing.job);
    return result;
}

/* By directory, for the caller to free: whether a target names it or one of its tasks is selected. */
static bool *find_named(const struct plan *plan, const struct rowbuild_selection *selection)
{
    const struct graph *graph = plan_graph(plan);
    bool *named = mem_alloc((graph->workspace->count + 1) * sizeof *named);
    for (size_t i = 0; i < selection->target_count && !selection->failed;
         i++) { /* it may belong to no action */
        int64_t found = workspace_find(graph->workspace, slice_of(selection->targets[i]), NULL);
        if (found >= 0) {
            named[found] = true;
        }
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        uint32_t directory = graph->tasks[n].directory;
        if (directory != GRAPH_NONE &&
            (plan_wanted(plan, (struct task_id){n}) & WANTED_SELECTED) != 0) {
            named[directory] = true;
        }
    }
    return named;
}

void report_directory_names(const struct plan *plan, const struct rowbuild_selection *selection,
                            const struct rowbuild_show_options *options, struct buf *out)
{
    const struct workspace *workspace = plan_graph(plan)->workspace;
    bool *named =
        selection->target_count > 0 || selection->failed ? find_named(plan, selection) : NULL;
    if (options->json) {
        buf_add_char(out, '[');
    }
    for (size_t d = 0; d < workspace->count; d++) {
        if (named != NULL && !named[d]) {
            continue;
        }
        if (options->json) {
            report_json_item(out, workspace->names[d]);
        } else {
            text_add_name(out, workspace->names[d]);
            buf_add_char(out, '\n');
        }
    }
    if (options->json) {
        buf_add_string(out, "]\n");
    }
    free(named);
}
