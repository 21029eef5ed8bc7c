/* rowbuild points: how the declared points stand. */
#include "report.h"

#include "report_json.h"
#include "table.h"
#include "text.h"

enum { STANDINGS = POINT_REFUSED + 1 };

static const char *const words[STANDINGS] = {
    [POINT_NONE] = "listed",     [POINT_MADE] = "made",       [POINT_NEW] = "new",
    [POINT_UNWRITTEN] = "new",   [POINT_CHANGED] = "changed", [POINT_HELD] = "held",
    [POINT_RENAMED] = "renamed", [POINT_EDITED] = "edited",   [POINT_REFUSED] = "unusable",
};

struct tally {
    size_t declared;
    size_t counts[STANDINGS];
};

static struct tally tally_of(const struct workspace *workspace)
{
    struct tally tally = {.declared = points_count(workspace->points.view.points)};
    for (size_t i = 0; i < workspace->count; i++) {
        tally.counts[workspace_standing(workspace, i)]++;
    }
    return tally;
}

static void add_json_points(const struct workspace *workspace, struct buf *out)
{
    const struct workspace_points *points = &workspace->points;
    report_json_key(out, "points");
    report_json_begin(out, '[');
    for (size_t i = 0; i < workspace->count; i++) {
        enum point_standing standing = workspace_standing(workspace, i);
        struct buf problem = BUF_EMPTY;
        if (standing == POINT_NONE) {
            continue;
        }
        report_json_begin_record(out);
        report_json_string(out, "directory", workspace_point_name(workspace, i));
        report_json_string(out, "status", slice_of(words[standing]));
        if (workspace_renamed_point(workspace, workspace->names[i]) >= 0) {
            report_json_string(out, "former_name", workspace->names[i]);
        }
        report_json_key(out, "value");
        points_add_value(points->view.points, points->numbers[i], out);
        workspace_describe_point(workspace, i, &problem);
        report_json_optional(out, "problem", buf_slice(&problem));
        report_json_end(out, '}');
        buf_release(&problem);
    }
    report_json_end_records(out);
}

static double hours_of(const struct recorded_work *works, size_t count)
{
    double core_seconds = 0;
    for (size_t i = 0; i < count; i++) {
        core_seconds += works[i].core_seconds;
    }
    return core_seconds / 3600;
}

static void add_json(const struct workspace *workspace, const struct recorded_work *works,
                     struct buf *out)
{
    const struct workspace_points *points = &workspace->points;
    struct tally tally = tally_of(workspace);
    report_json_begin(out, '{');
    report_json_count(out, "declared", tally.declared);
    report_json_count(out, "made", tally.counts[POINT_MADE]);
    report_json_count(out, "new", tally.counts[POINT_NEW] + tally.counts[POINT_UNWRITTEN]);
    report_json_count(out, "changed", tally.counts[POINT_CHANGED]);
    report_json_count(out, "renamed", tally.counts[POINT_RENAMED]);
    report_json_count(out, "held", tally.counts[POINT_HELD]);
    report_json_count(out, "edited", tally.counts[POINT_EDITED]);
    report_json_count(out, "unusable", tally.counts[POINT_REFUSED]);
    report_json_count(out, "undeclared", points->undeclared_count);
    report_json_number(out, "undeclared_core_hours", hours_of(works, points->undeclared_count));
    add_json_points(workspace, out);
    report_json_key(out, "undeclared_directories");
    report_json_begin(out, '[');
    for (size_t i = 0; i < points->undeclared_count; i++) {
        report_json_item(out, points->undeclared[i]);
    }
    report_json_end(out, ']');
    report_json_end(out, '}');
    buf_add_char(out, '\n');
}

static void add_count(size_t count, const char *word, struct buf *out)
{
    if (count > 0) {
        buf_add_string(out, ", ");
        text_add_count(out, count);
        buf_addf(out, " %s", word);
    }
}

static void add_work(const struct recorded_work *work, struct buf *out)
{
    if (work->has_results) {
        buf_add_string(out, "has results");
    }
    if (work->core_seconds > 0) {
        buf_add_string(out, " of ");
        text_add_cpu_time(out, work->core_seconds / 3600);
    }
}

/* "300 points: 290 made, 8 new, 2 edited by hand; 1 directory undeclared" */
static void add_summary(const struct workspace *workspace, struct buf *out)
{
    struct tally tally = tally_of(workspace);
    struct buf parts = BUF_EMPTY;
    size_t undeclared = workspace->points.undeclared_count;
    add_count(tally.counts[POINT_MADE], "made", &parts);
    add_count(tally.counts[POINT_NEW] + tally.counts[POINT_UNWRITTEN], "new", &parts);
    add_count(tally.counts[POINT_CHANGED], "changed", &parts);
    add_count(tally.counts[POINT_RENAMED], "renamed", &parts);
    add_count(tally.counts[POINT_HELD], "held", &parts);
    add_count(tally.counts[POINT_EDITED], "edited by hand", &parts);
    add_count(tally.counts[POINT_REFUSED], "unusable", &parts);
    text_add_count(out, tally.declared);
    buf_addf(out, " %s", tally.declared == 1 ? "point" : "points");
    if (parts.len > 0) {
        buf_addf(out, ": %s", parts.at + 2);
    }
    if (undeclared > 0) {
        buf_add_string(out, "; ");
        text_add_count(out, undeclared);
        buf_addf(out, " undeclared %s", undeclared == 1 ? "directory" : "directories");
    }
    buf_add_char(out, '\n');
    buf_release(&parts);
}

void report_points(const struct workspace *workspace, const struct recorded_work *works,
                   const struct rowbuild_show_options *options, struct buf *out)
{
    struct table table;
    if (options->json) {
        add_json(workspace, works, out);
        return;
    }
    table_init(&table);
    table_add_column(&table, "Directory", TABLE_LEFT);
    table_add_column(&table, "Status", TABLE_LEFT);
    table_add_column(&table, "Note", TABLE_OPTIONAL);
    for (size_t i = 0; i < workspace->count; i++) {
        enum point_standing standing = workspace_standing(workspace, i);
        if (standing == POINT_NONE || standing == POINT_MADE) {
            continue;
        }
        table_begin_row(&table);
        text_add_name(table_cell(&table, TABLE_BOLD), workspace->names[i]);
        bool is_bad = standing == POINT_EDITED || standing == POINT_REFUSED;
        buf_add_string(table_cell(&table, is_bad ? TABLE_YELLOW : TABLE_PLAIN), words[standing]);
        workspace_describe_point(workspace, i, table_cell(&table, TABLE_PLAIN));
    }
    for (size_t i = 0; i < workspace->points.undeclared_count; i++) {
        table_begin_row(&table);
        text_add_name(table_cell(&table, TABLE_BOLD), workspace->points.undeclared[i]);
        buf_add_string(table_cell(&table, TABLE_FAINT), "undeclared");
        add_work(&works[i], table_cell(&table, TABLE_PLAIN));
    }
    add_summary(workspace, out);
    if (table.rows.count > 0) {
        table_format_within(&table, options->width, options->colour, options->no_header, out);
    }
    table_release(&table);
}
