/* Reads JSON texts, with json-c behind a check of the exact grammar. */
#include "json.h"

#include "intern.h"
#include "json_document.h"
#include "json_syntax.h"
#include "memory.h"

#include <json-c/json_tokener.h>
#include <limits.h>
#include <math.h>

enum { TOKENER_DEPTH = 210 };

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
    if (read_tree(parser->tokener, readable, &tree) == json_tokener_success) {
        document = json_document_of(tree, &members);
    }
    json_object_put(tree);
    if (members != syntax.members) {
        json_free(document);
        document = NULL;
    }
    if (document == NULL) {
        explain_loss(parser, text, name, diag);
    }
out:
    syntax_release(&syntax);
    return document;
}
