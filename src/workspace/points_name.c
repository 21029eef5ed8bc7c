/* Makes the names of points' directories, and refuses what can't be one. */
#include "points_inner.h"

#include "md5.h"
#include "text.h"

#include <string.h>

enum { LONGEST_NAME = 255 };

static bool find_source(const struct expanded_set *set, struct slice pointer,
                        struct name_source *source)
{
    for (size_t a = 0; a < set->axis_count; a++) {
        for (size_t c = 0; c < set->axes[a].column_count; c++) {
            struct slice key = set->axes[a].columns[c].pointer;
            bool is_inside = pointer.len > key.len && pointer.at[key.len] == '/' &&
                             memcmp(pointer.at, key.at, key.len) == 0;
            if (is_inside || slice_equal(key, pointer)) {
                *source = (struct name_source){
                    .axis = a,
                    .column = c,
                    .rest = slice_make(pointer.at + key.len, pointer.len - key.len)};
                return true;
            }
        }
    }
    return false;
}

int points_find_sources(struct points *points, struct expanded_set *set, struct diag *diag)
{
    const struct declaration *declaration = points->declaration;
    int result = 0;
    set->sources = arena_array(&points->arena, declaration->name_count, sizeof *set->sources);
    for (size_t n = 0; n < declaration->name_count; n++) {
        const struct point_name_part *part = &declaration->name[n];
        if (part->kind != POINT_NAME_POINTER || find_source(set, part->text, &set->sources[n])) {
            continue;
        }
        struct buf table = BUF_EMPTY;
        text_add_name(&table, set->declared->table);
        result = diag_error_at(
            diag, FINDING_WRONG_POINT_NAME, &points->rowfile->source, part->offset, part->length,
            "the points of line %zu have no `%.*s`, which `workspace.name` "
            "names, and the table `%s` has no such column",
            points_line(points, set->declared->offset), SLICE_ARGS(part->text), buf_string(&table));
        buf_release(&table);
    }
    return result;
}

static int refuse_part(struct making *making, const struct point_name_part *part, const char *why)
{
    struct buf shown = BUF_EMPTY;
    points_add_shown(buf_slice(&making->text), &shown);
    int result =
        diag_error_at(making->diag, FINDING_WRONG_POINT_NAME, &making->points->rowfile->source,
                      part->offset, part->length, "the point %s of line %zu %s", buf_string(&shown),
                      points_line(making->points, making->set->declared->offset), why);
    buf_release(&shown);
    return result;
}

static int add_text(struct making *making, const struct point_name_part *part, struct slice text)
{
    if (memchr(text.at, '/', text.len) != NULL) {
        return refuse_part(making, part, "has a `/` in what its name takes from it");
    }
    buf_add_slice(&making->name, text);
    return 0;
}

/* A part of a value that is an array or an object. */
static int add_inside(struct making *making, const struct point_name_part *part, struct slice text,
                      struct slice rest)
{
    struct diag unseen;
    const struct json *found = NULL;
    diag_init(&unseen);
    struct json *json = json_parse(making->parser, text, SLICE_LITERAL(""), &unseen);
    bool is_there = json != NULL && json_at(json, rest, &found);
    enum json_type type = is_there ? json_type_of(found) : JSON_NULL;
    int result = 0;
    if (is_there && type == JSON_STRING) {
        result = add_text(making, part, json_string(found));
    } else if (is_there && (type == JSON_NUMBER || type == JSON_BOOLEAN)) {
        json_add_text(found, &making->name);
    } else {
        result = refuse_part(making, part,
                             is_there ? "has null, an array or an object where its name needs "
                                        "text or a number"
                                      : "lacks a key that `workspace.name` names");
    }
    json_free(json);
    diag_release(&unseen);
    return result;
}

static int add_pointer(struct making *making, size_t n)
{
    const struct point_name_part *part = &making->points->declaration->name[n];
    const struct name_source *source = &making->set->sources[n];
    const struct point_axis *axis = &making->set->axes[source->axis];
    const struct point_value *value =
        &axis->values[making->rows[source->axis] * axis->column_count + source->column];
    if (value->text.at == NULL) {
        return refuse_part(making, part, "lacks a key that `workspace.name` names");
    }
    if (source->rest.len > 0) {
        return add_inside(making, part, value->text, source->rest);
    }
    if (value->in_name.at == NULL) {
        return refuse_part(making, part,
                           "has null, an array or an object where its name needs text or a number");
    }
    return add_text(making, part, value->in_name);
}

static void add_signac_id(struct making *making)
{
    struct buf python = BUF_EMPTY;
    points_shape_add(making->set->shape, making->rows, POINTS_PYTHON, &python);
    md5_add(buf_slice(&python), &making->name);
    buf_release(&python);
}

/* What a file system, or the listing of the workspace, wouldn't take. */
static const char *name_trouble(struct slice name)
{
    size_t start = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && ((unsigned char)name.at[i] < ' ' || name.at[i] == 0x7f)) {
            return "would have a control character in its name";
        }
        if (i < name.len && name.at[i] != '/') {
            continue;
        }
        if (i == start) {
            return "would have an empty name";
        }
        if (name.at[start] == '.') {
            return "would have a name that begins with a dot, as hidden directories do";
        }
        if (i - start > LONGEST_NAME) {
            return "would have a name of more than 255 bytes";
        }
        start = i + 1;
    }
    return NULL;
}

int points_make_name(struct making *making)
{
    const struct declaration *declaration = making->points->declaration;
    buf_clear(&making->name);
    for (size_t n = 0; n < declaration->name_count; n++) {
        const struct point_name_part *part = &declaration->name[n];
        if (part->kind == POINT_NAME_TEXT) {
            buf_add_slice(&making->name, part->text);
        } else if (part->kind == POINT_NAME_SIGNAC_ID) {
            add_signac_id(making);
        } else if (add_pointer(making, n) != 0) {
            return -1;
        }
    }
    const char *trouble = name_trouble(buf_slice(&making->name));
    struct point_name_part whole = {.offset = declaration->name_offset,
                                    .length = declaration->name_length};
    return trouble != NULL ? refuse_part(making, &whole, trouble) : 0;
}
