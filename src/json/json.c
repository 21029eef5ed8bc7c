#include "json_inside.h"

#include "json_syntax.h"
#include "memory.h"

#include "intern.h"

#include <json-c/json_tokener.h>
#include <limits.h>
#include <math.h>

enum { TOKENER_DEPTH = 210 };

const char json_null_document = 'n';

struct json_parser {
    struct json_tokener *tokener;
    struct buf rewritten;
};

struct json_parser *json_parser_new(void)
{
    struct json_parser *parser = mem_alloc(sizeof *parser);
    parser->tokener = json_tokener_new_ex(TOKENER_DEPTH);
    return parser;
}

void json_parser_free(struct json_parser *parser)
{
    if (parser != NULL) {
        json_tokener_free(parser->tokener);
        buf_release(&parser->rewritten);
        free(parser);
    }
}

static int fail_at(struct slice text, struct slice name, size_t offset, const char *message,
                   struct diag *diag)
{
    struct source source = {"", text};
    size_t line;
    size_t column;
    source_place(&source, offset, &line, &column);
    return diag_error(diag, FINDING_WRONG_JSON, "%.*s:%zu:%zu: %s", SLICE_ARGS(name), line, column,
                      message);
}

/* json-c would truncate these integers to 64 bits. With an exponent they become floats that keep
 * their spelling. */
static struct slice rewrite_long_integers(struct json_parser *parser, struct slice text,
                                          const struct syntax *syntax)
{
    if (syntax->long_integers.count == 0) {
        return text;
    }
    size_t done = 0;
    buf_clear(&parser->rewritten);
    vec_each (size_t, end, &syntax->long_integers) {
        buf_add(&parser->rewritten, text.at + done, *end - done);
        buf_add_string(&parser->rewritten, "e0");
        done = *end;
    }
    buf_add(&parser->rewritten, text.at + done, text.len - done);
    return buf_slice(&parser->rewritten);
}

/* `text` has passed syntax_check. */
static enum json_tokener_error read_tree(struct json_tokener *tokener, struct slice text,
                                         struct json_object **tree)
{
    json_tokener_reset(tokener);
    *tree = json_tokener_parse_ex(tokener, text.at, (int)text.len);
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        /* A number at the end might have more digits; white space ends it. */
        *tree = json_tokener_parse_ex(tokener, "\n", 1);
    }
    return json_tokener_get_error(tokener);
}

/* Counts the members of all objects. False if a number is too large for a float. */
static bool survey(struct json_object *value, size_t *members)
{
    if (json_object_is_type(value, json_type_double)) {
        return isfinite(json_object_get_double(value));
    }
    if (json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        for (size_t i = 0; i < count; i++) {
            if (!survey(json_object_array_get_idx(value, i), members)) {
                return false;
            }
        }
    }
    if (json_object_is_type(value, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(value);
        struct json_object_iterator end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
            *members += 1;
            if (!survey(json_object_iter_peek_value(&at), members)) {
                return false;
            }
        }
    }
    return true;
}

struct fault_finder {
    struct json_tokener *tokener;
    struct intern seen;
};

static const char *find_fault(void *context, struct slice token, size_t object)
{
    struct fault_finder *finder = context;
    struct json_object *value;
    const char *message = NULL;
    if (read_tree(finder->tokener, token, &value) != json_tokener_success) {
        return "not valid JSON";
    }
    if (object == 0) {
        if (!isfinite(json_object_get_double(value))) {
            message = "the number is too large for a 64-bit float";
        }
    } else {
        struct buf name = BUF_EMPTY;
        buf_add_u64(&name, object);
        buf_add(&name, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        uint32_t before = finder->seen.count;
        if (intern_add(&finder->seen, buf_slice(&name)) < before) {
            message = "duplicate key";
        }
        buf_release(&name);
    }
    json_object_put(value);
    return message;
}

/* json-c lost part of the text: find out where, for the message. */
static void explain_loss(struct json_parser *parser, struct slice text, struct slice name,
                         struct diag *diag)
{
    struct fault_finder finder = {.tokener = parser->tokener};
    struct syntax syntax = {0};
    intern_init(&finder.seen);
    if (syntax_check(text, &syntax, find_fault, &finder) == 0) {
        syntax.error = "not valid JSON";
    }
    fail_at(text, name, syntax.error_offset, syntax.error, diag);
    syntax_release(&syntax);
    intern_release(&finder.seen);
}

struct json *json_parse(struct json_parser *parser, struct slice text, struct slice name,
                        struct diag *diag)
{
    struct json_object *tree = NULL;
    struct json *document = NULL;
    struct syntax syntax = {0};
    if (text.len > INT_MAX / 2) {
        diag_error(diag, FINDING_WRONG_JSON, "%.*s: the JSON document is larger than 1 GiB",
                   SLICE_ARGS(name));
        return NULL;
    }
    if (syntax_check(text, &syntax, NULL, NULL) != 0) {
        fail_at(text, name, syntax.error_offset, syntax.error, diag);
        goto out;
    }
    struct slice readable = rewrite_long_integers(parser, text, &syntax);
    size_t members = 0;
    if (read_tree(parser->tokener, readable, &tree) != json_tokener_success ||
        !survey(tree, &members) || members != syntax.members) {
        json_object_put(tree);
        explain_loss(parser, text, name, diag);
        goto out;
    }
    document = tree != NULL ? (struct json *)tree : json_new_null();
out:
    syntax_release(&syntax);
    return document;
}

void json_free(struct json *document)
{
    json_object_put(json_inside(document));
}

struct json *json_share(struct json *document)
{
    (void)json_object_get(json_inside(document));
    return document;
}

struct json *json_new_null(void)
{
    return (struct json *)JSON_NULL_DOCUMENT;
}

struct json *json_new_boolean(bool value)
{
    return (struct json *)json_object_new_boolean(value);
}

struct json *json_new_integer(int64_t value)
{
    return (struct json *)json_object_new_int64(value);
}

struct json *json_new_number(double value)
{
    return (struct json *)json_object_new_double(value);
}

struct json *json_new_string(struct slice text)
{
    return (struct json *)json_object_new_string_len(text.at != NULL ? text.at : "", (int)text.len);
}

struct json *json_new_array(void)
{
    return (struct json *)json_object_new_array();
}

void json_array_add(struct json *array, struct json *item)
{
    json_object_array_add(json_inside(array), json_inside(item));
}

enum json_type json_type_of(const struct json *value)
{
    switch (json_object_get_type(json_inside(value))) {
    case json_type_boolean:
        return JSON_BOOLEAN;
    case json_type_double:
    case json_type_int:
        return JSON_NUMBER;
    case json_type_string:
        return JSON_STRING;
    case json_type_array:
        return JSON_ARRAY;
    case json_type_object:
        return JSON_OBJECT;
    case json_type_null:
    default:
        return JSON_NULL;
    }
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[type];
}

bool json_boolean(const struct json *value)
{
    return json_object_get_boolean(json_inside(value)) != 0;
}

double json_number(const struct json *value)
{
    return json_object_get_double(json_inside(value));
}

struct slice json_string(const struct json *value)
{
    struct json_object *string = json_inside(value);
    if (!json_object_is_type(string, json_type_string)) {
        return SLICE_LITERAL("");
    }
    return slice_make(json_object_get_string(string), (size_t)json_object_get_string_len(string));
}

size_t json_array_count(const struct json *array)
{
    struct json_object *inside = json_inside(array);
    return json_object_is_type(inside, json_type_array) ? json_object_array_length(inside) : 0;
}

const struct json *json_array_item(const struct json *array, size_t index)
{
    return index < json_array_count(array)
               ? json_outside(json_object_array_get_idx(json_inside(array), index))
               : NULL;
}

size_t json_object_count(const struct json *object)
{
    struct json_object *inside = json_inside(object);
    return json_object_is_type(inside, json_type_object) ? (size_t)json_object_object_length(inside)
                                                         : 0;
}

struct json_any_number json_any_number(const struct json *value)
{
    struct json_object *inside = json_inside(value);
    if (json_object_is_type(inside, json_type_double)) {
        return (struct json_any_number){.kind = JSON_FLOAT,
                                        .number = json_object_get_double(inside),
                                        .spelling = json_object_get_userdata(inside)};
    }
    uint64_t large = json_object_get_uint64(inside);
    if (large > INT64_MAX) {
        return (struct json_any_number){.kind = JSON_UNSIGNED, .unsigned_integer = large};
    }
    return (struct json_any_number){.kind = JSON_SIGNED,
                                    .signed_integer = json_object_get_int64(inside)};
}

/* Neither side has leading zeros. */
static bool digits_exceed(struct slice digits, struct slice most)
{
    return digits.len > most.len || (digits.len == most.len && slice_compare(digits, most) > 0);
}

struct slice json_long_integer(struct json_any_number number)
{
    static const char least[] = "9223372036854775808";
    static const char most[] = "18446744073709551615";
    if (number.kind != JSON_FLOAT || number.spelling == NULL) {
        return SLICE_LITERAL("");
    }
    size_t sign = number.spelling[0] == '-';
    struct slice digits =
        slice_make(number.spelling + sign, strspn(number.spelling + sign, "0123456789"));
    if (strcmp(digits.at + digits.len, "e0") != 0 ||
        !digits_exceed(digits, slice_of(sign == 1 ? least : most))) {
        return SLICE_LITERAL("");
    }
    return slice_make(number.spelling, sign + digits.len);
}
