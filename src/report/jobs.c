/* show jobs: the jobs that are queued or running. */
#include "report.h"

#include "grown.h"
#include "report_json.h"
#include "table.h"
#include "text.h"

static void add_optional(struct buf *cell, struct slice text)
{
    if (text.at != NULL) {
        text_add_name(cell, text);
    }
}

/* What the job asks for, where earlier jobs made it grow: "12 GiB, 2h 00m". */
static void add_growth(struct buf *cell, const struct job_line *job)
{
    if (job->grown_memory_mb > 0) {
        grown_add_memory(cell, job->grown_memory_mb);
    }
    if (job->grown_minutes > 0) {
        buf_add_string(cell, job->grown_memory_mb > 0 ? ", " : "");
        text_add_duration(cell, (double)job->grown_minutes * 60);
    }
}

static void add_json_growth(struct buf *out, const struct job_line *job)
{
    if (job->grown_memory_mb + job->grown_minutes == 0) {
        return;
    }
    report_json_key(out, "grown");
    report_json_begin(out, '{');
    if (job->grown_memory_mb > 0) {
        report_json_count(out, "memory_bytes", (size_t)(job->grown_memory_mb << 20));
    }
    if (job->grown_minutes > 0) {
        report_json_count(out, "minutes", (size_t)job->grown_minutes);
    }
    report_json_end(out, '}');
}

static void add_line(struct table *table, const struct job_line *job)
{
    table_begin_row(table);
    struct buf *id = table_cell(table, TABLE_BOLD);
    if (job->job.id != 0 && job->is_elsewhere) {
        job_ref_add(&job->job, id);
    } else if (job->job.id != 0) {
        job_ref_add_id(&job->job, id);
    } else {
        buf_add_char(id, '?');
    }
    text_add_name(table_cell(table, TABLE_PLAIN), job->action);
    buf_addf(table_cell(table, TABLE_PLAIN), "%zu", job->directories);
    add_optional(table_cell(table, TABLE_PLAIN), job->state);
    add_optional(table_cell(table, TABLE_FAINT), job->reason);
    add_growth(table_cell(table, TABLE_PLAIN), job);
}

static void add_json(struct buf *out, const struct job_line *job)
{
    struct buf id = BUF_EMPTY;
    job_ref_add_id(&job->job, &id);
    report_json_begin_record(out);
    report_json_optional(out, "id", buf_slice(&id));
    report_json_string(out, "cluster", job->job.cluster);
    report_json_string(out, "action", job->action);
    if (job->action_count > 0) {
        report_json_key(out, "actions");
        report_json_begin(out, '[');
        for (size_t i = 0; i < job->action_count; i++) {
            report_json_item(out, job->actions[i]);
        }
        report_json_end(out, ']');
    }
    report_json_count(out, "directories", job->directories);
    report_json_optional(out, "state", job->state);
    report_json_optional(out, "reason", job->reason);
    add_json_growth(out, job);
    report_json_key(out, "tasks");
    report_json_begin(out, '[');
    for (size_t i = 0; i < job->task_count; i++) {
        report_json_item(out, job->tasks[i]);
    }
    report_json_end(out, ']');
    report_json_end(out, '}');
    buf_release(&id);
}

static void add_all_as_json(const struct job_line *jobs, size_t count, struct buf *out)
{
    report_json_begin(out, '[');
    for (size_t i = 0; i < count; i++) {
        add_json(out, &jobs[i]);
    }
    report_json_end_records(out);
    buf_add_char(out, '\n');
}

static void add_ids(const struct job_line *jobs, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].job.id != 0 && !jobs[i].is_elsewhere) { /* scancel takes them for its own */
            job_ref_add_id(&jobs[i].job, out);
            buf_add_char(out, '\n');
        }
    }
}

static void add_table(const struct job_line *jobs, size_t count,
                      const struct rowbuild_show_options *options, struct buf *out)
{
    struct table table;
    table_init(&table);
    table_add_column(&table, "ID", TABLE_VALUE);
    table_add_column(&table, "Action", TABLE_LEFT);
    table_add_column(&table, "Directories", TABLE_VALUE);
    table_add_column(&table, "State", TABLE_OPTIONAL);
    table_add_column(&table, "Reason", TABLE_OPTIONAL);
    table_add_column(&table, "Asks for", TABLE_OPTIONAL);
    for (size_t i = 0; i < count; i++) {
        add_line(&table, &jobs[i]);
    }
    table_format_within(&table, options->width, options->colour, options->no_header, out);
    table_release(&table);
}

void report_jobs(const struct job_line *jobs, size_t count,
                 const struct rowbuild_show_options *options, struct buf *out)
{
    if (options->json) {
        add_all_as_json(jobs, count, out);
    } else if (options->short_output) {
        add_ids(jobs, count, out);
    } else if (count == 0) {
        buf_add_string(out, "No matches.\n");
    } else {
        add_table(jobs, count, options, out);
    }
}
