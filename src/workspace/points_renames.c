/* Finds declared points whose directories exist under names that no point has: the name template has
 * changed. */
#include "workspace.h"

#include "file.h"

#include <stdlib.h>

static const size_t LARGEST_VALUE = 64U << 20;

/* A value, and who has it. */
struct holder {
    struct digest digest;
    size_t number; /* of the point, or of the undeclared directory */
};

static int compare_holders(const void *a, const void *b)
{
    const struct holder *left = a;
    const struct holder *right = b;
    if (left->digest.high != right->digest.high) {
        return left->digest.high < right->digest.high ? -1 : 1;
    }
    if (left->digest.low != right->digest.low) {
        return left->digest.low < right->digest.low ? -1 : 1;
    }
    return left->number < right->number ? -1 : left->number > right->number;
}

/* A record of the renaming is a line of text. */
static bool has_control_character(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.at[i] < ' ') {
            return true;
        }
    }
    return false;
}

static bool read_digest(const struct workspace *workspace, struct slice name,
                        struct json_parser *parser, struct digest *digest)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct buf canonical = BUF_EMPTY;
    struct json *value = NULL;
    struct diag unseen;
    bool is_object = false;
    diag_init(&unseen);
    buf_add_slice(&path, name);
    buf_add_char(&path, '/');
    buf_add_slice(&path, workspace->rowfile->value_file);
    if (!has_control_character(name) &&
        file_read(workspace->fd, buf_string(&path), LARGEST_VALUE, &text) == 0) {
        value = json_parse(parser, buf_slice(&text), SLICE_LITERAL(""), &unseen);
    }
    if (value != NULL) {
        is_object = true;
        json_add_canonical(value, &canonical);
        *digest = digest_of(buf_slice(&canonical));
    }
    json_free(value);
    diag_release(&unseen);
    buf_release(&canonical);
    buf_release(&text);
    buf_release(&path);
    return is_object;
}

/* Undeclared directories that have a value, by value. */
static struct holder *find_values(const struct workspace *workspace, size_t *count)
{
    const struct workspace_points *own = &workspace->points;
    struct holder *holders = mem_alloc((own->undeclared_count + 1) * sizeof *holders);
    struct json_parser *parser = json_parser_new();
    *count = 0;
    for (size_t i = 0; i < own->undeclared_count; i++) {
        struct holder holder = {.number = i};
        if (read_digest(workspace, own->undeclared[i], parser, &holder.digest)) {
            holders[(*count)++] = holder;
        }
    }
    json_parser_free(parser);
    if (*count > 1) {
        qsort(holders, *count, sizeof *holders, compare_holders);
    }
    return holders;
}

static struct holder *find_missing(const struct points *points, const bool *is_there, size_t *count)
{
    struct holder *holders = mem_alloc((points_count(points) + 1) * sizeof *holders);
    *count = 0;
    for (size_t p = 0; p < points_count(points); p++) {
        if (!is_there[p]) {
            holders[(*count)++] = (struct holder){points_digest(points, p), p};
        }
    }
    if (*count > 1) {
        qsort(holders, *count, sizeof *holders, compare_holders);
    }
    return holders;
}

/* So many that follow have the same value. */
static size_t run_length(const struct holder *holders, size_t count, size_t at)
{
    size_t length = 1;
    while (at + length < count && digest_equal(holders[at].digest, holders[at + length].digest)) {
        length++;
    }
    return length;
}

/* A directory can't be moved into itself. */
static bool is_above(struct slice from, struct slice to)
{
    return to.len > from.len && to.at[from.len] == '/' && memcmp(to.at, from.at, from.len) == 0;
}

static int compare_renames(const void *a, const void *b)
{
    return slice_compare(((const struct point_rename *)a)->from,
                         ((const struct point_rename *)b)->from);
}

static void match(struct workspace *workspace, const struct holder *missing, size_t missing_count,
                  const struct holder *values, size_t value_count)
{
    struct workspace_points *own = &workspace->points;
    size_t v = 0;
    for (size_t m = 0; m < missing_count;) {
        size_t wanted = run_length(missing, missing_count, m);
        while (v < value_count && compare_holders(&(struct holder){values[v].digest, 0},
                                                  &(struct holder){missing[m].digest, 0}) < 0) {
            v++;
        }
        if (wanted == 1 && v < value_count && digest_equal(values[v].digest, missing[m].digest) &&
            run_length(values, value_count, v) == 1) {
            struct point_rename rename = {.point = (uint32_t)missing[m].number,
                                          .from = own->undeclared[values[v].number]};
            if (!is_above(rename.from, points_name(own->view.points, rename.point))) {
                own->renames[own->rename_count++] = rename;
            }
        }
        m += wanted;
    }
    if (own->rename_count > 1) {
        qsort(own->renames, own->rename_count, sizeof *own->renames, compare_renames);
    }
}

/* What is renamed is declared. */
static void take_out(struct workspace_points *own)
{
    size_t kept = 0;
    for (size_t i = 0; i < own->undeclared_count; i++) {
        struct point_rename key = {.from = own->undeclared[i]};
        if (bsearch(&key, own->renames, own->rename_count, sizeof key, compare_renames) == NULL) {
            own->undeclared[kept++] = own->undeclared[i];
        }
    }
    own->undeclared_count = kept;
}

void workspace_find_renames(struct workspace *workspace, const bool *is_there)
{
    struct workspace_points *own = &workspace->points;
    size_t missing_count;
    size_t value_count;
    if (own->undeclared_count == 0) {
        return;
    }
    struct holder *missing = find_missing(own->view.points, is_there, &missing_count);
    if (missing_count > 0) {
        struct holder *values = find_values(workspace, &value_count);
        size_t most = missing_count < value_count ? missing_count : value_count;
        own->renames = mem_alloc((most + 1) * sizeof *own->renames);
        match(workspace, missing, missing_count, values, value_count);
        free(values);
    }
    free(missing);
    if (own->rename_count > 0) {
        take_out(own);
    }
}

int64_t workspace_renamed_point(const struct workspace *workspace, struct slice from)
{
    const struct workspace_points *own = &workspace->points;
    struct point_rename key = {.from = from};
    const struct point_rename *found =
        own->rename_count > 0
            ? bsearch(&key, own->renames, own->rename_count, sizeof key, compare_renames)
            : NULL;
    return found != NULL ? (int64_t)found->point : -1;
}

struct slice workspace_point_name(const struct workspace *workspace, size_t directory)
{
    return points_name(workspace->points.view.points, workspace->points.numbers[directory]);
}
