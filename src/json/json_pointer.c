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

static const struct json *step(const struct json *value, struct slice part, struct buf *key)
{
    size_t index;
    if (json_type_of(value) == JSON_ARRAY) {
        return array_index(part, &index) ? json_array_item(value, index) : NULL;
    }
    buf_clear(key);
    add_decoded(key, part);
    return json_member_value(value, buf_slice(key));
}

bool json_at(const struct json *document, struct slice pointer, const struct json **found)
{
    const struct json *value = document;
    struct buf key = BUF_EMPTY;
    bool there = json_pointer_is_valid(pointer);
    size_t at = 0;
    while (there && at < pointer.len) {
        size_t start = at + 1;
        at = start;
        while (at < pointer.len && pointer.at[at] != '/') {
            at++;
        }
        value = step(value, slice_make(pointer.at + start, at - start), &key);
        there = value != NULL;
    }
    buf_release(&key);
    if (there) {
        *found = json_type_of(value) != JSON_NULL ? value : NULL;
    }
    return there;
}
