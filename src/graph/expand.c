/* Fills in the templates of a `//` path for a directory, or a group whose members agree. */
#include "building.h"

#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_NAMES = 3 }; /* of further directories in one message */

static int add_pointer(struct building *building, const struct action *action,
                       const struct path_spec *spec, const struct template_part *part,
                       uint32_t directory, struct buf *out)
{
    const struct json *value;
    const struct json *found;
    if (workspace_value(building->workspace, directory, &value, building->diag) != 0) {
        return -1;
    }
    if (!json_at(value, part->text, &found)) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, building->workspace->names[directory]);
        diag_error_at(building->diag, FINDING_MISSING_POINTER, &building->rowfile->source,
                      spec->offset, spec->length,
                      "action `%.*s`: the value of directory `%s` has nothing at `%.*s`",
                      SLICE_ARGS(action->name), buf_string(&name), SLICE_ARGS(part->text));
        diag_add_directory(building->diag, building->workspace->names[directory]);
        buf_release(&name);
        return -1;
    }
    if (json_type_of(found) == JSON_STRING) {
        buf_add_slice(out, json_string(found));
    } else {
        json_add_text(found, out);
    }
    return 0;
}

static int check_pointer(struct building *building, const struct action *action,
                         const struct path_spec *spec, struct slice pointer,
                         const uint32_t *directories, size_t count)
{
    const struct slice *names = building->workspace->names;
    struct buf first = BUF_EMPTY;
    struct buf others = BUF_EMPTY;
    struct buf same = BUF_EMPTY;
    VEC(uint32_t) without = {0}; /* the pointer */
    size_t lacking = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json *value;
        const struct json *found;
        if (workspace_value(building->workspace, directories[i], &value, building->diag) != 0) {
            lacking = 0;
            break; /* reported as that */
        }
        if (json_at(value, pointer, &found)) {
            continue;
        }
        if (lacking == 0) {
            text_add_name(&first, names[directories[i]]);
        } else if (lacking <= MOST_NAMES) {
            text_add_listed(&others, names[directories[i]], lacking - 1);
        }
        vec_push(&without, directories[i]);
        lacking++;
    }
    if (lacking > 0) {
        text_add_same_in(&same, lacking - 1);
        diag_error_at(
            building->diag, FINDING_MISSING_POINTER, &building->rowfile->source, spec->offset,
            spec->length, "action `%.*s`: the value of directory `%s` has nothing at `%.*s`%s%s%s",
            SLICE_ARGS(action->name), buf_string(&first), SLICE_ARGS(pointer), buf_string(&same),
            buf_string(&others), lacking > 1 + MOST_NAMES ? ", …" : "");
        vec_each (const uint32_t, directory, &without) {
            diag_add_directory(building->diag, names[*directory]);
        }
    }
    buf_release(&first);
    buf_release(&others);
    buf_release(&same);
    vec_release(&without);
    return lacking > 0 ? -1 : 0;
}

static int check_path(struct building *building, const struct action *action,
                      const struct path_spec *spec, const uint32_t *directories, size_t count)
{
    int result = 0;
    for (size_t i = 0; spec->has_template && i < spec->template.part_count; i++) {
        const struct template_part *part = &spec->template.parts[i];
        if (part->kind == TEMPLATE_POINTER &&
            check_pointer(building, action, spec, part->text, directories, count) != 0) {
            result = -1;
        }
    }
    return result;
}

int building_check_pointers(struct building *building, const struct action *action,
                            const uint32_t *directories, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < action->product_count; i++) {
        result |= check_path(building, action, &action->products[i], directories, count);
    }
    if (action->depfile != NULL) {
        result |= check_path(building, action, action->depfile, directories, count);
    }
    for (size_t i = 0; i < action->input_count; i++) {
        result |= check_path(building, action, &action->inputs[i], directories, count);
    }
    return result;
}

static int expand_for(struct building *building, const struct action *action,
                      const struct path_spec *spec, uint32_t directory, struct buf *out)
{
    for (size_t i = 0; i < spec->template.part_count; i++) {
        const struct template_part *part = &spec->template.parts[i];
        switch (part->kind) {
        case TEMPLATE_TEXT:
            buf_add_slice(out, part->text);
            break;
        case TEMPLATE_DIRECTORY:
            buf_add_slice(out, building->workspace->names[directory]);
            break;
        case TEMPLATE_WORKSPACE:
            buf_add_slice(out, building->workspace->path);
            break;
        case TEMPLATE_POINTER:
            if (add_pointer(building, action, spec, part, directory, out) != 0) {
                return -1;
            }
            break;
        case TEMPLATE_DIRECTORIES:
        case TEMPLATE_PROJECT:
        case TEMPLATE_VALUE:
        case TEMPLATE_PRODUCTS:
        case TEMPLATE_INPUTS:
            return diag_error_at(building->diag, FINDING_WRONG_TEMPLATE, &building->rowfile->source,
                                 spec->offset, spec->length,
                                 "action `%.*s`: a path can contain only {directory}, "
                                 "{workspace_path} and {/json/pointer}",
                                 SLICE_ARGS(action->name));
        }
    }
    return 0;
}

int building_expand(struct building *building, const struct action *action,
                    const struct path_spec *spec, const uint32_t *directories, size_t count,
                    struct buf *out)
{
    if (!spec->has_template) {
        buf_add_slice(out, spec->path);
        return 0;
    }
    if (count == 0) {
        return diag_error_at(
            building->diag, FINDING_WRONG_TEMPLATE, &building->rowfile->source, spec->offset,
            spec->length,
            "action `%.*s` has no directory from which to fill in the templates of this path",
            SLICE_ARGS(action->name));
    }
    size_t start = out->len;
    if (expand_for(building, action, spec, directories[0], out) != 0) {
        return -1;
    }
    int result = 0;
    struct buf other = BUF_EMPTY;
    for (size_t i = 1; i < count && result == 0; i++) {
        buf_clear(&other);
        result = expand_for(building, action, spec, directories[i], &other);
        if (result == 0 &&
            !slice_equal(buf_slice(&other), slice_make(out->at + start, out->len - start))) {
            struct buf names = BUF_EMPTY;
            text_add_name(&names, building->workspace->names[directories[0]]);
            buf_add_string(&names, "` and `");
            text_add_name(&names, building->workspace->names[directories[i]]);
            result = diag_error_at(
                building->diag, FINDING_PATHS_DIFFER, &building->rowfile->source, spec->offset,
                spec->length,
                "action `%.*s`: the path differs between `%s`, which are in one group; sort by the "
                "pointers in the path and set `group.split_by_sort_key = true`",
                SLICE_ARGS(action->name), buf_string(&names));
            buf_release(&names);
        }
    }
    buf_release(&other);
    return result;
}
