/* Names the types of values and makes new values. */
#include "toml_parser.h"

const char *toml_type_name(enum toml_type type)
{
    static const char *const names[] = {
        [TOML_STRING] = "string",
        [TOML_INTEGER] = "integer",
        [TOML_FLOAT] = "float",
        [TOML_BOOLEAN] = "boolean",
        [TOML_OFFSET_DATE_TIME] = "offset date-time",
        [TOML_LOCAL_DATE_TIME] = "local date-time",
        [TOML_LOCAL_DATE] = "local date",
        [TOML_LOCAL_TIME] = "local time",
        [TOML_ARRAY] = "array",
        [TOML_TABLE] = "table",
    };
    return names[type];
}

struct toml_value *toml_new_value(struct toml_parser *parser, enum toml_type type,
                                  struct toml_span span)
{
    struct toml_value *value = arena_alloc(parser->arena, sizeof *value);
    value->type = type;
    value->offset = span.offset;
    value->length = span.length;
    return value;
}
