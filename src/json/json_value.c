/* Values: what is in them, and those that don't come from a text. */
#include "json_inside.h"

#include "memory.h"

#include <stdlib.h>

struct json_document *json_document_new(size_t bytes)
{
    struct json_document *document = mem_alloc(sizeof *document + bytes);
    document->references = 1;
    return document;
}

static struct json_document *document_of(struct json *root)
{
    return (struct json_document *)(void *)((char *)root - offsetof(struct json_document, root));
}

void json_free(struct json *document)
{
    if (document == NULL || --document_of(document)->references > 0) {
        return;
    }
    struct json_document *whole = document_of(document);
    if (whole->parts != NULL) {
        vec_each (struct json *, part, &whole->parts->all) {
            json_free(*part);
        }
        vec_release(&whole->parts->all);
        vec_release(&whole->parts->items);
        free(whole->parts);
    }
    free(whole);
}

struct json *json_share(struct json *document)
{
    if (document != NULL) {
        document_of(document)->references++;
    }
    return document;
}

static struct json *new_value(struct json value, size_t bytes)
{
    struct json_document *document = json_document_new(bytes);
    document->root = value;
    return &document->root;
}

struct json *json_new_null(void)
{
    return new_value((struct json){.type = JSON_NULL}, 0);
}

struct json *json_new_boolean(bool value)
{
    return new_value((struct json){.type = JSON_BOOLEAN, .boolean = value}, 0);
}

struct json *json_new_integer(int64_t value)
{
    return new_value(
        (struct json){.type = JSON_NUMBER, .kind = JSON_SIGNED, .signed_integer = value}, 0);
}

struct json *json_new_number(double value)
{
    return new_value((struct json){.type = JSON_NUMBER, .kind = JSON_FLOAT, .number = value}, 0);
}

struct json *json_new_string(struct slice text)
{
    struct json *string =
        new_value((struct json){.type = JSON_STRING, .count = (uint32_t)text.len}, text.len + 1);
    char *bytes = (char *)(string + 1);
    if (text.len > 0) {
        memcpy(bytes, text.at, text.len);
    }
    string->text = bytes;
    return string;
}

struct json *json_new_array(void)
{
    struct json *array = new_value((struct json){.type = JSON_ARRAY}, 0);
    document_of(array)->parts = mem_alloc(sizeof(struct json_parts));
    return array;
}

void json_array_add(struct json *array, struct json *item)
{
    struct json_parts *parts = document_of(array)->parts;
    vec_push(&parts->all, item);
    vec_push(&parts->items, *item);
    array->items = parts->items.at;
    array->count++;
}

enum json_type json_type_of(const struct json *value)
{
    return value != NULL ? (enum json_type)value->type : JSON_NULL;
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[type];
}

bool json_boolean(const struct json *value)
{
    return json_type_of(value) == JSON_BOOLEAN && value->boolean;
}

double json_number(const struct json *value)
{
    if (json_type_of(value) != JSON_NUMBER) {
        return 0;
    }
    switch ((enum json_number_kind)value->kind) {
    case JSON_SIGNED:
        return (double)value->signed_integer;
    case JSON_UNSIGNED:
        return (double)value->unsigned_integer;
    case JSON_FLOAT:
    default:
        return value->number;
    }
}

struct slice json_string(const struct json *value)
{
    return json_type_of(value) == JSON_STRING ? slice_make(value->text, value->count)
                                              : SLICE_LITERAL("");
}

size_t json_array_count(const struct json *array)
{
    return json_type_of(array) == JSON_ARRAY ? array->count : 0;
}

const struct json *json_array_item(const struct json *array, size_t index)
{
    return index < json_array_count(array) ? &array->items[index] : NULL;
}

size_t json_object_count(const struct json *object)
{
    return json_type_of(object) == JSON_OBJECT ? object->count : 0;
}

const uint32_t *json_sorted_members(const struct json *object)
{
    return (const uint32_t *)(const void *)(object->members + object->count);
}

const struct json *json_member_value(const struct json *object, struct slice name)
{
    size_t first = 0;
    size_t end = json_object_count(object);
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const struct json_member *member = &object->members[json_sorted_members(object)[middle]];
        int order = slice_compare(name, slice_of(member->name));
        if (order == 0) {
            return &member->value;
        }
        if (order < 0) {
            end = middle;
        } else {
            first = middle + 1;
        }
    }
    return NULL;
}

/* Neither side has leading zeros. */
static bool digits_exceed(struct slice digits, struct slice most)
{
    return digits.len > most.len || (digits.len == most.len && slice_compare(digits, most) > 0);
}

struct slice json_long_integer(const struct json *number)
{
    static const char least[] = "9223372036854775808";
    static const char most[] = "18446744073709551615";
    if (number->kind != JSON_FLOAT || number->text == NULL) {
        return SLICE_LITERAL("");
    }
    size_t sign = number->text[0] == '-';
    struct slice digits =
        slice_make(number->text + sign, strspn(number->text + sign, "0123456789"));
    if (strcmp(digits.at + digits.len, "e0") != 0 ||
        !digits_exceed(digits, slice_of(sign == 1 ? least : most))) {
        return SLICE_LITERAL("");
    }
    return slice_make(number->text, sign + digits.len);
}
