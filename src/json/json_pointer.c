/* JSON pointers (RFC 6901): whether one is well formed, and the value at one. */
#include "json_inside.h"

bool json_pointer_is_valid(struct slice pointer)
{
    if (pointer.len > 0 && pointer.at[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < pointer.len; i++) {
        bool escape = pointer.at[i] == '~';
        if (escape &&
            (i + 1 == pointer.len || (pointer.at[i + 1] != '0' && pointer.at[i + 1] != '1'))) {
            return false;
        }
    }
    return true;
}

/* Appends one part of a pointer, decoded. */
static void add_decoded(struct buf *out, struct slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.at[i] == '~' && i + 1 < part.len) {
            i++;
            buf_add_char(out, part.at[i] == '1' ? '/' : '~');
        } else {
            buf_add_char(out, part.at[i]);
        }
    }
}

static bool array_index(struct slice part, size_t *index)
{
    if (part.len == 0 || part.len > 9 || (part.len > 1 && part.at[0] == '0')) {
        return false;
    }
    *index = 0;
    for (size_t i = 0; i < part.len; i++) {
        if (part.at[i] < '0' || part.at[i] > '9') {
            return false;
        }
        *index = *index * 10 + (size_t)(part.at[i] - '0');
    }
    return true;
}

static bool step(struct json_object **value, struct slice part, struct buf *key)
{
    if (json_object_is_type(*value, json_type_array)) {
        size_t index;
        if (!array_index(part, &index) || index >= json_object_array_length(*value)) {
            return false;
        }
        *value = json_object_array_get_idx(*value, index);
        return true;
    }
    if (!json_object_is_type(*value, json_type_object)) {
        return false;
    }
    buf_clear(key);
    add_decoded(key, part);
    /* No key in a document contains a NUL. */
    return strlen(buf_string(key)) == key->len &&
           json_object_object_get_ex(*value, buf_string(key), value);
}

bool json_at(const struct json *document, struct slice pointer, const struct json **found)
{
    struct json_object *value = json_inside(document);
    struct buf key = BUF_EMPTY;
    bool there = json_pointer_is_valid(pointer);
    size_t at = 0;
    while (there && at < pointer.len) {
        size_t start = at + 1;
        at = start;
        while (at < pointer.len && pointer.at[at] != '/') {
            at++;
        }
        there = step(&value, slice_make(pointer.at + start, at - start), &key);
    }
    buf_release(&key);
    if (there) {
        *found = json_outside(value);
    }
    return there;
}
