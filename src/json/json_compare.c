/* Compares JSON values: row's order, the total order for sorting, and the leaves that differ. */
#include "json_inside.h"

#define SIGN(a, b) (((a) > (b)) - ((a) < (b)))

/* Where a long double's significand is wider than a double's, it holds any 64-bit integer, so that
 * an integer and a float are compared exactly. */
static long double widen(const struct json *number)
{
    switch ((enum json_number_kind)number->kind) {
    case JSON_SIGNED:
        return (long double)number->signed_integer;
    case JSON_UNSIGNED:
        return (long double)number->unsigned_integer;
    case JSON_FLOAT:
    default:
        return (long double)number->number;
    }
}

static int compare_numbers(const struct json *a, const struct json *b)
{
    if (a->kind == JSON_SIGNED && b->kind == JSON_SIGNED) {
        return SIGN(a->signed_integer, b->signed_integer);
    }
    if (a->kind == JSON_UNSIGNED && b->kind == JSON_UNSIGNED) {
        return SIGN(a->unsigned_integer, b->unsigned_integer);
    }
    return SIGN(widen(a), widen(b));
}

static bool compare_arrays(const struct json *a, const struct json *b, int *order)
{
    size_t count = json_array_count(a);
    if (count != json_array_count(b)) {
        return false;
    }
    *order = 0;
    for (size_t i = 0; i < count && *order == 0; i++) {
        if (!json_compare(json_array_item(a, i), json_array_item(b, i), order)) {
            return false;
        }
    }
    return true;
}

bool json_compare(const struct json *a, const struct json *b, int *order)
{
    enum json_type type = json_type_of(a);
    if (type != json_type_of(b) || type == JSON_OBJECT) {
        return false;
    }
    switch (type) {
    case JSON_BOOLEAN:
        *order = (int)json_boolean(a) - (int)json_boolean(b);
        return true;
    case JSON_NUMBER:
        *order = compare_numbers(a, b);
        return true;
    case JSON_STRING:
        *order = slice_compare(json_string(a), json_string(b));
        return true;
    case JSON_ARRAY:
        return compare_arrays(a, b, order);
    case JSON_NULL:
    case JSON_OBJECT:
    default:
        *order = 0;
        return true;
    }
}

static int order_by_text(const struct json *a, const struct json *b)
{
    struct buf left = BUF_EMPTY;
    struct buf right = BUF_EMPTY;
    json_add_canonical(a, &left);
    json_add_canonical(b, &right);
    int order = slice_compare(buf_slice(&left), buf_slice(&right));
    buf_release(&left);
    buf_release(&right);
    return order;
}

static int order_arrays(const struct json *a, const struct json *b)
{
    size_t left = json_array_count(a);
    size_t right = json_array_count(b);
    for (size_t i = 0; i < left && i < right; i++) {
        int order = json_order(json_array_item(a, i), json_array_item(b, i));
        if (order != 0) {
            return order;
        }
    }
    return SIGN(left, right);
}

int json_order(const struct json *a, const struct json *b)
{
    enum json_type left = json_type_of(a);
    enum json_type right = json_type_of(b);
    if (left != right) {
        return SIGN(left, right);
    }
    if (left == JSON_ARRAY) {
        return order_arrays(a, b);
    }
    if (left == JSON_OBJECT) {
        return order_by_text(a, b);
    }
    int order = 0;
    json_compare(a, b, &order);
    return order;
}

struct walk {
    struct buf pointer;
    size_t count;
    size_t limit;
    json_difference_fn *found;
    void *context;
};

static void report(struct walk *walk, const struct json *before, bool before_there,
                   const struct json *after, bool after_there)
{
    walk->count++;
    if (walk->count <= walk->limit) {
        walk->found(walk->context, buf_slice(&walk->pointer), before, before_there, after,
                    after_there);
    }
}

static void cut_pointer(struct walk *walk, size_t len)
{
    walk->pointer.len = len;
    if (walk->pointer.at != NULL) {
        walk->pointer.at[len] = '\0';
    }
}

static size_t add_part(struct walk *walk, struct slice key)
{
    size_t before = walk->pointer.len;
    buf_add_char(&walk->pointer, '/');
    for (size_t i = 0; i < key.len; i++) {
        if (key.at[i] == '~') {
            buf_add_string(&walk->pointer, "~0");
        } else if (key.at[i] == '/') {
            buf_add_string(&walk->pointer, "~1");
        } else {
            buf_add_char(&walk->pointer, key.at[i]);
        }
    }
    return before;
}

static void walk_values(struct walk *walk, const struct json *before, const struct json *after);

static void walk_arrays(struct walk *walk, const struct json *before, const struct json *after)
{
    for (size_t i = 0; i < json_array_count(after); i++) {
        size_t len = walk->pointer.len;
        buf_addf(&walk->pointer, "/%zu", i);
        walk_values(walk, json_array_item(before, i), json_array_item(after, i));
        cut_pointer(walk, len);
    }
}

static void walk_objects(struct walk *walk, const struct json *before, const struct json *after)
{
    for (size_t i = 0; i < after->count; i++) {
        const struct json_member *member = &after->members[i];
        const struct json *earlier = json_member_value(before, slice_of(member->name));
        size_t len = add_part(walk, slice_of(member->name));
        if (earlier != NULL) {
            walk_values(walk, earlier, &member->value);
        } else {
            report(walk, NULL, false, &member->value, true);
        }
        cut_pointer(walk, len);
    }
    for (size_t i = 0; i < before->count; i++) {
        const struct json_member *member = &before->members[i];
        if (json_member_value(after, slice_of(member->name)) == NULL) {
            size_t len = add_part(walk, slice_of(member->name));
            report(walk, &member->value, true, NULL, false);
            cut_pointer(walk, len);
        }
    }
}

static void walk_values(struct walk *walk, const struct json *before, const struct json *after)
{
    enum json_type type = json_type_of(after);
    bool same_type = type == json_type_of(before);
    if (same_type && type == JSON_OBJECT) {
        walk_objects(walk, before, after);
    } else if (same_type && type == JSON_ARRAY &&
               json_array_count(before) == json_array_count(after)) {
        walk_arrays(walk, before, after);
    } else if (!same_type || order_by_text(before, after) != 0) {
        report(walk, before, true, after, true);
    }
}

size_t json_differences(const struct json *before, const struct json *after, size_t limit,
                        json_difference_fn *found, void *context)
{
    struct walk walk = {.limit = limit, .found = found, .context = context};
    walk_values(&walk, before, after);
    buf_release(&walk.pointer);
    return walk.count;
}
