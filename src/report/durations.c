/* show durations: how long the tasks of each action took, and what they used. */
#include "report.h"

#include "report_json.h"
#include "table.h"
#include "text.h"

#include <stdlib.h>

/* One execution on record. All tasks of a batch have the record of the same one. */
struct timed {
    int64_t started_at_ns;
    double seconds;
    double cpu_s;
    unsigned cores;
    uint64_t memory_bytes; /* 0: not known */
    struct task_id task;
};

struct timings {
    VEC(struct timed) all; /* shortest first */
    size_t tasks;          /* that were selected */
    size_t recorded;       /* of these */
    double seconds;        /* together */
    double core_seconds;
    double cpu_s;
    uint64_t memory_bytes; /* the highest; 0: not known */
};

static int by_start(const void *left, const void *right)
{
    const struct timed *a = left;
    const struct timed *b = right;
    if (a->started_at_ns != b->started_at_ns) {
        return a->started_at_ns < b->started_at_ns ? -1 : 1;
    }
    return a->seconds < b->seconds ? -1 : a->seconds > b->seconds;
}

static int by_length(const void *left, const void *right)
{
    const struct timed *a = left;
    const struct timed *b = right;
    if (a->seconds < b->seconds || a->seconds > b->seconds) {
        return a->seconds < b->seconds ? -1 : 1;
    }
    return a->task.at < b->task.at ? -1 : a->task.at > b->task.at;
}

static void keep_executions(struct timings *timings)
{
    size_t kept = 0;
    qsort(timings->all.at, timings->all.count, sizeof *timings->all.at, by_start);
    for (size_t i = 0; i < timings->all.count; i++) {
        if (kept == 0 || by_start(&timings->all.at[kept - 1], &timings->all.at[i]) != 0) {
            timings->all.at[kept++] = timings->all.at[i];
        }
    }
    timings->all.count = kept;
}

static void gather(const struct plan *plan, const struct action *action,
                   const struct task_id *tasks, size_t count, struct timings *timings)
{
    for (size_t i = 0; i < count; i++) {
        const struct task_row *row = state_task(plan_state(plan), tasks[i].at);
        if (plan_recorded_seconds(plan, tasks[i]) >= 0) {
            unsigned cores = row->cores > 0 ? row->cores : plan_cores(plan, tasks[i]);
            vec_push(&timings->all, (struct timed){.started_at_ns = row->started_at_ns,
                                                   .seconds = row->duration_s,
                                                   .cpu_s = row->cpu_s,
                                                   .cores = cores,
                                                   .memory_bytes = row->peak_rss_bytes,
                                                   .task = tasks[i]});
        }
    }
    timings->tasks = count;
    timings->recorded = timings->all.count;
    if (timings->all.count == 0) {
        return;
    }
    if (action->scope == SCOPE_DIRECTORY && action->command.uses_directories) {
        keep_executions(timings);
    }
    qsort(timings->all.at, timings->all.count, sizeof *timings->all.at, by_length);
    vec_each (struct timed, timed, &timings->all) {
        timings->seconds += timed->seconds;
        timings->core_seconds += timed->seconds * timed->cores;
        timings->cpu_s += timed->cpu_s;
        timings->memory_bytes = timed->memory_bytes > timings->memory_bytes ? timed->memory_bytes
                                                                            : timings->memory_bytes;
    }
}

static double median_of(const struct timings *timings)
{
    size_t count = timings->all.count;
    const struct timed *all = timings->all.at;
    return count % 2 == 1 ? all[count / 2].seconds
                          : (all[count / 2 - 1].seconds + all[count / 2].seconds) / 2;
}

static void add_line(const struct plan *plan, const struct action *action,
                     const struct timings *timings, struct table *table)
{
    const struct timed *longest = &timings->all.at[timings->all.count - 1];
    table_begin_row(table);
    text_add_name(table_cell(table, TABLE_BOLD), action->name);
    text_add_count(table_cell(table, TABLE_PLAIN), timings->all.count);
    text_add_duration(table_cell(table, TABLE_PLAIN), median_of(timings));
    text_add_duration(table_cell(table, TABLE_PLAIN), longest->seconds);
    text_add_duration(table_cell(table, TABLE_PLAIN), timings->seconds);
    buf_addf(table_cell(table, TABLE_PLAIN), "%.0f%%",
             100 * timings->cpu_s / timings->core_seconds);
    struct buf *memory = table_cell(table, TABLE_PLAIN);
    if (timings->memory_bytes > 0) {
        text_add_bytes(memory, timings->memory_bytes);
    }
    struct buf *name = table_cell(table, TABLE_FAINT);
    if (timings->all.count > 1) {
        graph_add_label(plan_graph(plan), longest->task, name);
    }
}

static void add_json(const struct plan *plan, const struct action *action,
                     const struct timings *timings, struct buf *out)
{
    size_t count = timings->all.count;
    report_json_begin_record(out);
    report_json_string(out, "action", action->name);
    report_json_count(out, "tasks", timings->tasks);
    report_json_count(out, "recorded", timings->recorded);
    report_json_count(out, "executions", count);
    if (count == 0) {
        report_json_end(out, '}');
        return;
    }
    struct buf key = BUF_EMPTY;
    graph_add_key(plan_graph(plan), timings->all.at[count - 1].task, &key);
    report_json_number(out, "median_seconds", median_of(timings));
    report_json_number(out, "longest_seconds", timings->all.at[count - 1].seconds);
    report_json_string(out, "longest", buf_slice(&key));
    report_json_number(out, "total_seconds", timings->seconds);
    report_json_number(out, "core_hours", timings->core_seconds / 3600);
    report_json_number(out, "cpu_seconds", timings->cpu_s);
    report_json_number(out, "cpu_use", timings->cpu_s / timings->core_seconds);
    if (timings->memory_bytes > 0) {
        report_json_count(out, "memory_bytes", timings->memory_bytes);
    } else {
        report_json_null(out, "memory_bytes");
    }
    report_json_end(out, '}');
    buf_release(&key);
}

static void begin_table(struct table *table)
{
    table_init(table);
    table_add_column(table, "Action", TABLE_LEFT);
    table_add_column(table, "Runs", TABLE_RIGHT);
    table_add_column(table, "Median", TABLE_RIGHT);
    table_add_column(table, "Longest", TABLE_RIGHT);
    table_add_column(table, "Total", TABLE_RIGHT);
    table_add_column(table, "CPU use", TABLE_RIGHT);
    table_add_column(table, "Memory", TABLE_RIGHT);
    table_add_column(table, "Longest task", TABLE_OPTIONAL);
}

void report_durations(const struct plan *plan, const struct plan_selection *selection,
                      const struct rowbuild_show_options *options, struct buf *out)
{
    const struct graph *graph = plan_graph(plan);
    struct table table;
    struct task_id *tasks;
    size_t count = report_list_tasks(plan, WANTED_SELECTED, &tasks);
    size_t at = 0;
    begin_table(&table);
    if (options->json) {
        buf_add_char(out, '[');
    }
    for (size_t i = 0; i < graph->rowfile->action_count; i++) {
        const struct action *action = &graph->rowfile->actions[i];
        struct timings timings = {0};
        size_t first = at;
        while (at < count && graph->tasks[tasks[at].at].action == i) {
            at++;
        }
        gather(plan, action, tasks + first, at - first, &timings);
        bool is_selected = at > first && plan_selects_action(selection, action->name);
        if (is_selected && options->json) {
            add_json(plan, action, &timings, out);
        } else if (is_selected && timings.all.count > 0) {
            add_line(plan, action, &timings, &table);
        }
        vec_release(&timings.all);
    }
    if (options->json) {
        report_json_end_records(out);
        buf_add_char(out, '\n');
    } else if (table.rows.count == 0) {
        buf_add_string(out, count == 0 ? "No matches.\n" : "No durations on record.\n");
    } else {
        table_format_within(&table, options->width, options->colour, options->no_header, out);
    }
    table_release(&table);
    free(tasks);
}
