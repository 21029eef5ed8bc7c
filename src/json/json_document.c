/* Copies json-c's tree into one piece of memory: first all nodes, members and their order, then texts. */
#include "json_document.h"

#include "json_inside.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

struct extent {
    size_t members;
    size_t nodes_bytes; /* besides the root */
    size_t text_bytes;
};

struct space { /* where the next ones go */
    char *nodes;
    char *texts;
};

/* Bytes of an object's members and of their order, so that what follows is aligned. */
static size_t members_bytes(size_t count)
{
    return count * sizeof(struct json_member) + (count + 1) / 2 * (2 * sizeof(uint32_t));
}

/* False if a number is too large for a float. */
static bool measure(struct json_object *value, struct extent *extent)
{
    switch (json_object_get_type(value)) {
    case json_type_double: {
        const char *spelling = json_object_get_userdata(value);
        extent->text_bytes += spelling != NULL ? strlen(spelling) + 1 : 0;
        return isfinite(json_object_get_double(value));
    }
    case json_type_string:
        extent->text_bytes += (size_t)json_object_get_string_len(value) + 1;
        return true;
    case json_type_array: {
        size_t count = json_object_array_length(value);
        extent->nodes_bytes += count * sizeof(struct json);
        for (size_t i = 0; i < count; i++) {
            if (!measure(json_object_array_get_idx(value, i), extent)) {
                return false;
            }
        }
        return true;
    }
    case json_type_object: {
        size_t count = (size_t)json_object_object_length(value);
        struct json_object_iterator at = json_object_iter_begin(value);
        extent->members += count;
        extent->nodes_bytes += members_bytes(count);
        for (size_t i = 0; i < count; i++, json_object_iter_next(&at)) {
            extent->text_bytes += strlen(json_object_iter_peek_name(&at)) + 1;
            if (!measure(json_object_iter_peek_value(&at), extent)) {
                return false;
            }
        }
        return true;
    }
    default:
        return true;
    }
}

static const char *put_text(struct space *space, const char *text, size_t len)
{
    char *copy = space->texts;
    memcpy(copy, text, len);
    space->texts += len + 1;
    return copy;
}

static void *put_nodes(struct space *space, size_t bytes)
{
    void *nodes = space->nodes;
    space->nodes += bytes;
    return nodes;
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct json_member *members = context;
    return strcmp(members[*(const uint32_t *)a].name, members[*(const uint32_t *)b].name);
}

static struct json copy_value(struct json_object *value, struct space *space);

static struct json copy_number(struct json_object *value, struct space *space)
{
    struct json number = {.type = JSON_NUMBER, .kind = JSON_SIGNED};
    if (json_object_is_type(value, json_type_double)) {
        const char *spelling = json_object_get_userdata(value);
        number.kind = JSON_FLOAT;
        number.number = json_object_get_double(value);
        number.text = spelling != NULL ? put_text(space, spelling, strlen(spelling)) : NULL;
        return number;
    }
    uint64_t large = json_object_get_uint64(value);
    if (large > INT64_MAX) {
        number.kind = JSON_UNSIGNED;
        number.unsigned_integer = large;
    } else {
        number.signed_integer = json_object_get_int64(value);
    }
    return number;
}

static struct json copy_array(struct json_object *value, struct space *space)
{
    size_t count = json_object_array_length(value);
    struct json *items = put_nodes(space, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i] = copy_value(json_object_array_get_idx(value, i), space);
    }
    return (struct json){.type = JSON_ARRAY, .count = (uint32_t)count, .items = items};
}

static struct json copy_object(struct json_object *value, struct space *space)
{
    size_t count = (size_t)json_object_object_length(value);
    struct json_member *members = put_nodes(space, members_bytes(count));
    uint32_t *sorted = (uint32_t *)(void *)(members + count);
    struct json_object_iterator at = json_object_iter_begin(value);
    for (size_t i = 0; i < count; i++, json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        members[i].name = put_text(space, name, strlen(name));
        members[i].value = copy_value(json_object_iter_peek_value(&at), space);
        sorted[i] = (uint32_t)i;
    }
    qsort_r(sorted, count, sizeof *sorted, compare_names, members);
    return (struct json){.type = JSON_OBJECT, .count = (uint32_t)count, .members = members};
}

static struct json copy_value(struct json_object *value, struct space *space)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return (struct json){.type = JSON_BOOLEAN, .boolean = json_object_get_boolean(value) != 0};
    case json_type_double:
    case json_type_int:
        return copy_number(value, space);
    case json_type_string: {
        size_t len = (size_t)json_object_get_string_len(value);
        return (struct json){.type = JSON_STRING,
                             .count = (uint32_t)len,
                             .text = put_text(space, json_object_get_string(value), len)};
    }
    case json_type_array:
        return copy_array(value, space);
    case json_type_object:
        return copy_object(value, space);
    case json_type_null:
    default:
        return (struct json){.type = JSON_NULL};
    }
}

struct json *json_document_of(struct json_object *tree, size_t *members)
{
    struct extent extent = {0};
    bool is_finite = measure(tree, &extent);
    *members = extent.members;
    if (!is_finite) {
        return NULL;
    }
    struct json_document *document = json_document_new(extent.nodes_bytes + extent.text_bytes);
    char *nodes = (char *)(document + 1);
    struct space space = {.nodes = nodes, .texts = nodes + extent.nodes_bytes};
    document->root = copy_value(tree, &space);
    return &document->root;
}
