/* Reads `workspace.name`, the template of the names of points' directories. */
#include "declaring.h"

#include "text.h"

struct reading {
    struct loader *loader;
    const struct toml_value *value;
    struct slice text;
    size_t begin; /* of the text in the source */
    struct buf plain;
    size_t plain_at;
    VEC(struct point_name_part) parts;
};

static int complain(struct reading *reading, size_t at, size_t length, const char *message)
{
    return diag_error_at(reading->loader->diag, FINDING_WRONG_POINT_NAME, reading->loader->source,
                         reading->begin + at, length > 0 ? length : 1, "%s", message);
}

static void end_plain(struct reading *reading)
{
    if (reading->plain.len > 0) {
        struct point_name_part part = {
            .kind = POINT_NAME_TEXT,
            .text = arena_slice(reading->loader->arena, buf_slice(&reading->plain)),
            .offset = reading->begin + reading->plain_at,
            .length = reading->plain.len,
        };
        vec_push(&reading->parts, part);
        buf_clear(&reading->plain);
    }
}

/* What stands between braces from `at` on; the length with both. 0 after an error. */
static size_t take_template(struct reading *reading, size_t at)
{
    struct slice text = reading->text;
    const char *end = memchr(text.at + at, '}', text.len - at);
    if (end == NULL) {
        complain(reading, at, 1, "this brace isn't closed; a literal one is written {{");
        return 0;
    }
    size_t length = (size_t)(end - (text.at + at)) + 1;
    struct slice inner = slice_make(text.at + at + 1, length - 2);
    struct point_name_part part = {.offset = reading->begin + at, .length = length};
    if (slice_is(inner, "signac_id")) {
        part.kind = POINT_NAME_SIGNAC_ID;
    } else if (inner.len > 1 && inner.at[0] == '/' && json_pointer_is_valid(inner)) {
        part.kind = POINT_NAME_POINTER;
        part.text = arena_slice(reading->loader->arena, inner);
    } else {
        struct buf message = BUF_EMPTY;
        static const struct slice known[] = {{"signac_id", 9}};
        buf_add_string(&message, "`{");
        text_add_name(&message, inner);
        buf_add_string(&message, "}` has no meaning in a name");
        if (text_nearest(inner, known, 1) == 0) {
            buf_add_string(&message, "; did you mean `{signac_id}`?");
        } else if (inner.len > 0 && inner.at[0] != '/') {
            buf_add_string(&message, "; did you mean `{/");
            text_add_name(&message, inner);
            buf_add_string(&message, "}`?");
        } else {
            buf_add_string(&message, "; use a JSON pointer such as {/temperature}, or {signac_id}");
        }
        complain(reading, at, length, buf_string(&message));
        buf_release(&message);
        return 0;
    }
    end_plain(reading);
    vec_push(&reading->parts, part);
    return length;
}

static int read_parts(struct reading *reading)
{
    struct slice text = reading->text;
    for (size_t at = 0; at < text.len;) {
        char c = text.at[at];
        bool is_doubled = at + 1 < text.len && text.at[at + 1] == c;
        if (c == '{' && !is_doubled) {
            size_t length = take_template(reading, at);
            if (length == 0) {
                return -1;
            }
            at += length;
            continue;
        }
        if (c == '}' && !is_doubled) {
            return complain(reading, at, 1,
                            "this brace closes nothing; a literal one is written }}");
        }
        if (reading->plain.len == 0) {
            reading->plain_at = at;
        }
        buf_add_char(&reading->plain, c);
        at += c == '{' || c == '}' ? 2 : 1;
    }
    end_plain(reading);
    return 0;
}

/* What no name of a directory below the workspace can be, whatever the values are. */
static int check_text(struct reading *reading, struct declaration *declaration)
{
    struct slice text = reading->text;
    bool at_start = true;
    declaration->depth = 1;
    for (size_t i = 0; i < text.len; i++) {
        if ((text.at[i] == '/' || text.at[i] == '.') && at_start) {
            return complain(reading, i, 1,
                            text.at[i] == '.'
                                ? "a point's directory can't be hidden: its name begins with a dot"
                                : "a name can't be empty or begin with `/`");
        }
        if (text.at[i] == '{' && i + 1 < text.len && text.at[i + 1] != '{') {
            const char *end = memchr(text.at + i, '}', text.len - i);
            i = (size_t)(end - text.at);
            at_start = false;
            continue;
        }
        at_start = text.at[i] == '/';
        declaration->depth += at_start;
    }
    return at_start ? complain(reading, text.len - 1, 1, "a name can't end with `/`") : 0;
}

int build_point_name(struct loader *loader, struct declaration *declaration,
                     const struct toml_value *value)
{
    struct reading reading = {.loader = loader,
                              .value = value,
                              .text = value->string,
                              .begin = string_begin(loader->source, value)};
    if (value->string.len == 0) {
        return -1; /* told already */
    }
    int result = read_parts(&reading);
    if (result == 0) {
        result = check_text(&reading, declaration);
    }
    declaration->name_count = reading.parts.count;
    declaration->name = arena_array(loader->arena, reading.parts.count, sizeof *declaration->name);
    for (size_t i = 0; i < reading.parts.count; i++) {
        declaration->name[i] = reading.parts.at[i];
        declaration->uses_signac_id |= reading.parts.at[i].kind == POINT_NAME_SIGNAC_ID;
    }
    declaration->name_offset = value->offset;
    declaration->name_length = value->length;
    buf_release(&reading.plain);
    vec_release(&reading.parts);
    return result;
}
