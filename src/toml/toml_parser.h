/* Shared by the parts of the TOML parser: this folder and the grammar.
 *
 * The lexer (grammar/toml.re) cuts the text into tokens and itself tracks whether a key or a value
 * comes next. The grammar (grammar/toml.y) checks the order of the tokens. scalar.c reads numbers,
 * dates and escapes; tree.c builds the tables and knows what may be defined twice; value.c makes
 * the values for both; complain.c words syntax errors. From the bottom up: complain.c and value.c;
 * scalar.c and tree.c; the lexer; the grammar; toml.c. The first error stops everything; each
 * function that returns -1 has reported it. */
#ifndef ROWBUILD_TOML_PARSER_H
#define ROWBUILD_TOML_PARSER_H

#include "toml.h"
#include "vec.h"

#include <locale.h>

enum { TOML_DEEPEST = 500 }; /* parts of keys and open brackets at one place */

struct toml_span {
    size_t offset;
    size_t length;
};

struct toml_key {
    struct slice name; /* decoded */
    struct toml_span span;
};

struct toml_bracket {
    char open;     /* '[' of an array or '{' */
    size_t offset; /* where */
};

struct toml_lexer {
    const char *start; /* NUL-terminated copy of the text, so that reads need no bounds check */
    const char *limit;
    const char *cursor;
    int last;          /* the token before this one, 0 at the start */
    bool wants_value;  /* between `=` and the end of the value */
    bool behind_value; /* a whole value was just read, so another can't begin */
    bool behind_comma;
    VEC(struct toml_bracket) brackets;
    struct buf decoded; /* the string being read */
};

struct toml_parser {
    const struct source *source;
    struct arena *arena;
    struct diag *diag;
    locale_t numbers; /* the C locale: the caller's may have decimal commas */
    struct toml_lexer lexer;

    /* The path from the root to the current value: the parts of the [header], of the key, and of
     * the keys in inline tables. */
    VEC(struct toml_key) path;
    size_t open_arrays;
    VEC(struct toml_value *) items;  /* of all open arrays, the innermost at the end */
    VEC(struct toml_table *) tables; /* the section, then the open inline tables */
    struct toml_table *root;
};

/* Reports at `span`; returns -1. */
int toml_complain(struct toml_parser *parser, enum finding_code code, struct toml_span span,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

struct slice toml_text(const struct toml_parser *parser, struct toml_span span);

/* `text` as shown in a message: shortened if it is long or has several lines. In the diag's
 * arena. */
const char *toml_show(struct toml_parser *parser, struct slice text);

/* The first `parts` parts of the path, with dots between them and quotes where needed. */
const char *toml_show_path(struct toml_parser *parser, size_t parts);

/* Line of an offset, from 1. */
size_t toml_line(const struct toml_parser *parser, size_t offset);

/* The end of a message at `offset`: "; the `[` in line 3 is still open" if it began in an earlier
 * line, else "". */
const char *toml_show_open(struct toml_parser *parser, size_t offset);

/* complain.c: reports what the grammar doesn't allow; `expected` and `found` are its tokens. */
void toml_complain_unexpected(struct toml_parser *parser, struct toml_span span,
                              const int *expected, size_t expected_count, int found);

/* complain.c: reports a word that isn't a bare key. */
void toml_complain_key(struct toml_parser *parser, struct toml_span span);

/* complain.c: -1 after reporting a character in `span` that is invisible or looks like a space. */
int toml_forbid_invisible(struct toml_parser *parser, struct toml_span span);

/* value.c: an empty value with the place `span`. In the arena. */
struct toml_value *toml_new_value(struct toml_parser *parser, enum toml_type type,
                                  struct toml_span span);

/* scalar.c. All read `span` of the text. */
struct toml_value *toml_read_integer(struct toml_parser *parser, struct toml_span span);
struct toml_value *toml_read_float(struct toml_parser *parser, struct toml_span span);
struct toml_value *toml_read_time(struct toml_parser *parser, struct toml_span span);
int toml_explain_word(struct toml_parser *parser, struct toml_span span); /* why it isn't a value */
int toml_read_escape(struct toml_parser *parser, struct toml_span span);  /* to lexer.decoded */

/* tree.c */
struct toml_table *toml_open_root(struct toml_parser *parser);
int toml_enter(struct toml_parser *parser, struct toml_key key); /* adds to the path */
int toml_open_section(struct toml_parser *parser, struct toml_span header, bool element);
int toml_add_pair(struct toml_parser *parser, size_t parts, struct toml_value *value);
int toml_open_array(struct toml_parser *parser, struct toml_span bracket);
struct toml_value *toml_close_array(struct toml_parser *parser, size_t count,
                                    struct toml_span span);
void toml_open_inline(struct toml_parser *parser);
struct toml_value *toml_close_inline(struct toml_parser *parser, struct toml_span span);

#endif
