#include "points_inner.h"

#include "file.h"
#include "points_table.h"
#include "text.h"
#include "where.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ERRORS = 5, MOST_POINTS = 10000000 };
static const uint64_t MOST_COMBINATIONS = 1000000000;

/* ---- The axes of a set ---- */

static int check_table_keys(struct points *points, const struct point_set *set,
                            const struct point_axis *table, struct diag *diag)
{
    int result = 0;
    for (size_t a = 0; a < set->axis_count; a++) {
        for (size_t c = 0; c < set->axes[a].column_count; c++) {
            const struct point_column *own = &set->axes[a].columns[c];
            for (size_t t = 0; t < table->column_count; t++) {
                if (!point_columns_clash(own, &table->columns[t])) {
                    continue;
                }
                struct buf message = BUF_EMPTY;
                buf_add_string(&message, "the key `");
                point_column_add_name(own, &message);
                buf_addf(&message, "` of `%s` is set by the column `", own->from);
                point_column_add_name(&table->columns[t], &message);
                buf_add_string(&message, "` of the table `");
                text_add_name(&message, set->table);
                buf_add_string(&message, "`, too");
                diag_error_at(diag, FINDING_WRONG_POINTS, &points->rowfile->source, own->offset,
                              own->length, "%s", buf_string(&message));
                buf_release(&message);
                result = -1;
            }
        }
    }
    return result;
}

static int gather_axes(struct points *points, struct expanded_set *set, points_read_fn *read,
                       void *context, struct diag *diag)
{
    const struct point_set *declared = set->declared;
    size_t has_table = declared->table.at != NULL;
    struct point_axis table;
    set->axis_count = declared->axis_count + has_table;
    set->axes = arena_array(&points->arena, set->axis_count, sizeof *set->axes);
    if (has_table != 0 && (points_table_read(&table, read, context, &points->rowfile->source,
                                             declared, &points->arena, diag) != 0 ||
                           check_table_keys(points, declared, &table, diag) != 0)) {
        return -1;
    }
    for (size_t a = 0; a < set->axis_count; a++) {
        bool is_table = has_table != 0 && a == declared->table_axis;
        size_t own = a - (has_table != 0 && a > declared->table_axis);
        set->axes[a] = is_table ? table : declared->axes[own];
    }
    set->combinations = 1;
    for (size_t a = 0; a < set->axis_count; a++) {
        set->combinations *= set->axes[a].count;
        if (set->combinations > MOST_COMBINATIONS) {
            return diag_error_at(diag, FINDING_WRONG_POINTS, &points->rowfile->source,
                                 declared->offset, declared->length,
                                 "these are more than 1,000,000,000 combinations");
        }
    }
    return 0;
}

/* ---- Combinations ---- */

/* 1: it is a point; 0: not; -1 after an error. */
static int is_chosen(struct making *making)
{
    const struct point_set *declared = making->set->declared;
    struct where_problem problem;
    struct diag unseen;
    if (declared->where == NULL) {
        return 1;
    }
    diag_init(&unseen);
    struct json *value =
        json_parse(making->parser, buf_slice(&making->text), SLICE_LITERAL(""), &unseen);
    diag_release(&unseen);
    int matches = value != NULL ? where_matches(declared->where, value, &problem) : 0;
    if (matches < 0) {
        struct buf message = BUF_EMPTY;
        where_problem_describe(&problem, &message);
        buf_add_string(&message, ": the point is ");
        points_add_shown(buf_slice(&making->text), &message);
        diag_error_at(making->diag, FINDING_WRONG_POINTS, &making->points->rowfile->source,
                      declared->where_offset + problem.offset,
                      problem.length > 0 ? problem.length : 1, "%s", buf_string(&message));
        buf_release(&message);
    }
    json_free(value);
    return matches;
}

static int make_point(struct making *making, uint32_t set, uint64_t number)
{
    struct points *points = making->points;
    buf_clear(&making->text);
    points_shape_add(making->set->shape, making->rows, POINTS_TEXT, &making->text);
    int chosen = is_chosen(making);
    if (chosen <= 0) {
        return chosen;
    }
    if (points_make_name(making) != 0) {
        return -1;
    }
    buf_clear(&making->canonical);
    points_shape_add(making->set->shape, making->rows, POINTS_CANONICAL, &making->canonical);
    vec_push(&points->all,
             (struct point){.name = arena_slice(&points->arena, buf_slice(&making->name)),
                            .digest = digest_of(buf_slice(&making->canonical)),
                            .set = set,
                            .number = (uint32_t)number});
    if (points->all.count > MOST_POINTS) {
        return diag_error_at(making->diag, FINDING_WRONG_POINTS, &points->rowfile->source,
                             making->set->declared->offset, making->set->declared->length,
                             "these are more than 10,000,000 points");
    }
    return 0;
}

static int make_set(struct making *making, uint32_t number)
{
    struct points *points = making->points;
    struct expanded_set *set = &points->sets[number];
    size_t before = points->all.count;
    int result = 0;
    making->set = set;
    making->rows = arena_array(&points->arena, set->axis_count, sizeof *making->rows);
    for (uint64_t c = 0; c < set->combinations && making->diag->errors < making->most_errors; c++) {
        points_find_rows(set, c, making->rows);
        if (make_point(making, number, c) != 0) {
            result = -1;
            if (points->all.count > MOST_POINTS) {
                break;
            }
        }
    }
    if (result == 0 && points->all.count == before) {
        diag_warning_at(making->diag, FINDING_NO_EFFECT, &points->rowfile->source,
                        set->declared->where_offset, set->declared->where_length,
                        "this chooses none of the %llu points",
                        (unsigned long long)set->combinations);
    }
    return result;
}

/* ---- The whole ---- */

static int make_all(struct points *points, points_read_fn *read, void *context, struct diag *diag)
{
    struct making making = {.points = points,
                            .parser = json_parser_new(),
                            .diag = diag,
                            .most_errors = diag->errors + MOST_ERRORS};
    int result = 0;
    for (uint32_t s = 0; s < points->set_count; s++) {
        struct expanded_set *set = &points->sets[s];
        set->declared = &points->declaration->sets[s];
        if (gather_axes(points, set, read, context, diag) != 0 ||
            points_find_sources(points, set, diag) != 0) {
            result = -1;
            continue;
        }
        set->shape = points_shape_new(set->axes, set->axis_count, &points->arena);
        result |= make_set(&making, s);
    }
    json_parser_free(making.parser);
    buf_release(&making.text);
    buf_release(&making.name);
    buf_release(&making.canonical);
    if (result == 0 && points->all.count > 1) {
        result = points_unite(points, diag);
    }
    if (result == 0) {
        points_warn_of_equal(points, diag);
    }
    return result;
}

struct points *points_new_from(const struct rowfile *rowfile, points_read_fn *read, void *context,
                               struct diag *diag)
{
    struct points *points = mem_alloc(sizeof *points);
    *points = (struct points){.rowfile = rowfile, .declaration = rowfile->declaration};
    arena_init(&points->arena);
    points->set_count = points->declaration->set_count;
    points->sets = arena_array(&points->arena, points->set_count, sizeof *points->sets);
    if (make_all(points, read, context, diag) != 0) {
        points_free(points);
        return NULL;
    }
    return points;
}

static int read_from_project(void *context, const char *path, size_t limit, struct buf *text)
{
    return file_read(*(const int *)context, path, limit, text);
}

struct points *points_new(const struct rowfile *rowfile, int project, struct diag *diag)
{
    return points_new_from(rowfile, read_from_project, &project, diag);
}

void points_free(struct points *points)
{
    if (points != NULL) {
        vec_release(&points->all);
        arena_release(&points->arena);
        free(points);
    }
}

size_t points_count(const struct points *points)
{
    return points->all.count;
}

struct slice points_name(const struct points *points, size_t point)
{
    return points->all.at[point].name;
}

size_t points_depth(const struct points *points)
{
    return points->declaration->depth;
}

struct digest points_digest(const struct points *points, size_t point)
{
    return points->all.at[point].digest;
}

int64_t points_find(const struct points *points, struct slice name)
{
    size_t low = 0;
    size_t high = points->all.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(points->all.at[middle].name, name);
        if (order == 0) {
            return (int64_t)middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

int64_t points_find_next(const struct points *points, struct slice name, size_t *next)
{
    bool is_next = *next < points->all.count && slice_equal(points->all.at[*next].name, name);
    int64_t found = is_next ? (int64_t)*next : points_find(points, name);
    *next = found >= 0 ? (size_t)found + 1 : *next;
    return found;
}

void points_add_value(const struct points *points, size_t point, struct buf *out)
{
    points_add_as(points, &points->all.at[point], POINTS_TEXT, out);
}

struct json *points_value(const struct points *points, size_t point, struct json_parser *parser)
{
    struct buf text = BUF_EMPTY;
    struct diag unseen;
    diag_init(&unseen);
    points_add_value(points, point, &text);
    struct json *value = json_parse(parser, buf_slice(&text), SLICE_LITERAL(""), &unseen);
    diag_release(&unseen);
    buf_release(&text);
    return value;
}
