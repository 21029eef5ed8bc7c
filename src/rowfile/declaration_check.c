/* Checks what the keys of a declaration need of each other. */
#include "declaring.h"

#include "text.h"

#include <string.h>

size_t declared_line(const struct loader *loader, size_t offset)
{
    size_t line;
    size_t column;
    source_place(loader->source, offset, &line, &column);
    return line;
}

/* `name = "temperature{/temperature}-seed{/seed}"`, from the keys that have several values. */
static void suggest_name(const struct declaration *declaration, struct buf *out)
{
    const char *between = "";
    for (size_t s = 0; s < 1 && s < declaration->set_count; s++) {
        const struct point_set *set = &declaration->sets[s];
        for (size_t a = 0; a < set->axis_count; a++) {
            if (set->axes[a].count > 1) {
                const struct point_column *column = &set->axes[a].columns[0];
                buf_add_string(out, between);
                text_add_name(out, column->parts[column->part_count - 1]);
                buf_add_string(out, "{");
                text_add_name(out, column->pointer);
                buf_add_string(out, "}");
                between = "-";
            }
        }
    }
    if (*between == '\0') {
        buf_add_string(out, "{signac_id}");
    }
}

static void require_keys(struct loader *loader, const struct declaration *declaration,
                         const struct toml_value *points, const struct toml_value *name)
{
    const struct toml_value *place = points->array.count > 0 ? points->array.items[0] : points;
    if (name == NULL) {
        struct buf suggestion = BUF_EMPTY;
        suggest_name(declaration, &suggestion);
        error_at(loader, FINDING_WRONG_POINTS, place,
                 "`workspace.points` needs `workspace.name`, the name of each point's directory; "
                 "add name = \"%s\" to [workspace]",
                 buf_string(&suggestion));
        buf_release(&suggestion);
    }
    if (loader->rowfile->value_file.at == NULL) {
        error_at(loader, FINDING_WRONG_POINTS, place,
                 "`workspace.points` needs `workspace.value_file`, into which values are written; "
                 "add value_file = \"value.json\" to [workspace]");
    }
}

static bool has_key(const struct point_set *set, struct slice pointer)
{
    for (size_t a = 0; a < set->axis_count; a++) {
        for (size_t c = 0; c < set->axes[a].column_count; c++) {
            struct slice column = set->axes[a].columns[c].pointer;
            if (slice_equal(column, pointer) ||
                (pointer.len > column.len && pointer.at[column.len] == '/' &&
                 memcmp(pointer.at, column.at, column.len) == 0)) {
                return true;
            }
        }
    }
    return set->table.at != NULL; /* its columns are known when it is read */
}

static void check_name_keys(struct loader *loader, const struct declaration *declaration)
{
    for (size_t n = 0; n < declaration->name_count; n++) {
        const struct point_name_part *part = &declaration->name[n];
        for (size_t s = 0; s < declaration->set_count && part->kind == POINT_NAME_POINTER; s++) {
            if (!has_key(&declaration->sets[s], part->text)) {
                diag_error_at(
                    loader->diag, FINDING_WRONG_POINTS, loader->source, part->offset, part->length,
                    "the points of line %zu have no `%.*s`, which `workspace.name` names",
                    declared_line(loader, declaration->sets[s].offset), SLICE_ARGS(part->text));
            }
        }
    }
}

void check_declaration(struct loader *loader, const struct declaration *declaration,
                       const struct toml_value *points, const struct toml_value *name)
{
    require_keys(loader, declaration, points, name);
    check_name_keys(loader, declaration);
}
