#include "options.h"

#include "slice.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 26 };

static const struct option_spec *find_letter(const struct option_parser *parser, char letter)
{
    for (size_t i = 0; i < OPTION_TABLES; i++) {
        for (option_table spec = parser->tables[i]; spec != NULL && spec->id != 0; spec++) {
            if (spec->letter == letter) {
                return spec;
            }
        }
    }
    return NULL;
}

static const struct option_spec *find_name(const struct option_parser *parser, struct slice name)
{
    for (size_t i = 0; i < OPTION_TABLES; i++) {
        for (option_table spec = parser->tables[i]; spec != NULL && spec->id != 0; spec++) {
            if (spec->name != NULL && slice_is(name, spec->name)) {
                return spec;
            }
        }
    }
    return NULL;
}

const struct option_spec *option_by_id(option_table table, int id)
{
    for (; table != NULL && table->id != 0; table++) {
        if (table->id == id) {
            return table;
        }
    }
    return NULL;
}

void option_add_name(struct buf *out, const struct option_spec *spec)
{
    if (spec->name != NULL) {
        buf_addf(out, "`--%s`", spec->name);
    } else {
        buf_addf(out, "`-%c`", spec->letter);
    }
}

static enum option_kind unknown_name(const struct option_parser *parser, struct slice name,
                                     struct buf *problem)
{
    VEC(struct slice) names = {0};
    for (size_t i = 0; i < OPTION_TABLES; i++) {
        for (option_table spec = parser->tables[i]; spec != NULL && spec->id != 0; spec++) {
            if (spec->name != NULL) {
                vec_push(&names, slice_of(spec->name));
            }
        }
    }
    buf_add_string(problem, "unknown option `--");
    text_add_name(problem, name);
    buf_add_string(problem, "`");
    int nearest = text_nearest(name, names.at, names.count);
    if (nearest >= 0 && names.at != NULL) {
        buf_addf(problem, "; did you mean `--%.*s`?", SLICE_ARGS(names.at[nearest]));
    }
    vec_release(&names);
    return OPTION_WRONG;
}

/* The option's argument stands in the next word. */
static enum option_kind take_next_word(struct option_parser *parser, struct option_match *match,
                                       struct buf *problem)
{
    if (parser->at == parser->count) {
        option_add_name(problem, match->spec);
        buf_addf(problem, " needs its argument %s", match->spec->argument);
        return OPTION_WRONG;
    }
    match->value = parser->arguments[parser->at];
    parser->at++;
    return OPTION_FOUND;
}

static enum option_kind take_long(struct option_parser *parser, const char *word,
                                  struct option_match *match, struct buf *problem)
{
    const char *equals = strchr(word, '=');
    struct slice name = slice_make(word, equals != NULL ? (size_t)(equals - word) : strlen(word));
    match->spec = find_name(parser, name);
    if (match->spec == NULL) {
        return unknown_name(parser, name, problem);
    }
    if (match->spec->argument == NULL) {
        if (equals != NULL) {
            option_add_name(problem, match->spec);
            buf_add_string(problem, " takes no argument");
            return OPTION_WRONG;
        }
        return OPTION_FOUND;
    }
    if (equals != NULL) {
        match->value = equals + 1;
        return OPTION_FOUND;
    }
    return take_next_word(parser, match, problem);
}

static enum option_kind take_letter(struct option_parser *parser, struct option_match *match,
                                    struct buf *problem)
{
    const char *at = parser->cluster;
    match->spec = find_letter(parser, *at);
    if (match->spec == NULL) {
        size_t len = 1; /* a letter may be several bytes of UTF-8 */
        while (((unsigned char)at[len] & 0xc0) == 0x80) {
            len++;
        }
        buf_add_string(problem, "unknown option `-");
        text_add_name(problem, slice_make(at, len));
        buf_add_string(problem, "`");
        return OPTION_WRONG;
    }
    parser->cluster = at[1] != '\0' ? at + 1 : NULL;
    if (match->spec->argument == NULL) {
        return OPTION_FOUND;
    }
    if (parser->cluster != NULL) {
        match->value = parser->cluster + (parser->cluster[0] == '='); /* "-a=NAME", as in row */
        parser->cluster = NULL;
        return OPTION_FOUND;
    }
    return take_next_word(parser, match, problem);
}

enum option_kind option_next(struct option_parser *parser, struct option_match *match,
                             struct buf *problem)
{
    *match = (struct option_match){.literal = parser->dashes};
    if (parser->cluster != NULL) {
        return take_letter(parser, match, problem);
    }
    if (parser->at == parser->count) {
        return OPTION_END;
    }
    const char *word = parser->arguments[parser->at];
    parser->at++;
    if (parser->dashes || word[0] != '-' || word[1] == '\0') {
        match->value = word;
        return OPTION_OPERAND;
    }
    if (strcmp(word, "--") == 0) {
        parser->dashes = true;
        return option_next(parser, match, problem);
    }
    if (word[1] == '-') {
        return take_long(parser, word + 2, match, problem);
    }
    parser->cluster = word + 1;
    return take_letter(parser, match, problem);
}

static int wrong_value(const struct option_match *match, const char *wanted, struct buf *problem)
{
    option_add_name(problem, match->spec);
    buf_addf(problem, " takes %s, not `", wanted);
    text_add_name(problem, slice_of(match->value));
    buf_add_string(problem, "`");
    return -1;
}

int option_unsigned(const struct option_match *match, unsigned least, unsigned *number,
                    struct buf *problem)
{
    const char *wanted = least > 0 ? "a number from 1 on" : "a number from 0 on";
    if (match->value[0] < '0' || match->value[0] > '9') { /* strtoul takes signs and spaces */
        return wrong_value(match, wanted, problem);
    }
    char *end;
    errno = 0;
    unsigned long value = strtoul(match->value, &end, 10);
    if (*end != '\0' || errno != 0 || value < least || value > INT_MAX) {
        return wrong_value(match, wanted, problem);
    }
    *number = (unsigned)value;
    return 0;
}

int option_seconds(const struct option_match *match, double *seconds, struct buf *problem)
{
    char *end;
    *seconds = strtod(match->value, &end);
    if (end == match->value || *end != '\0' || !isfinite(*seconds) || *seconds < 0) {
        return wrong_value(match, "a number of seconds", problem);
    }
    return 0;
}

static void add_help_text(struct buf *out, const char *help)
{
    for (const char *line = help; line != NULL;) {
        const char *newline = strchr(line, '\n');
        size_t len = newline != NULL ? (size_t)(newline - line) : strlen(line);
        buf_addf(out, "%.*s\n", (int)len, line);
        line = newline != NULL ? newline + 1 : NULL;
        if (line != NULL) {
            buf_addf(out, "%*s", HELP_COLUMN, "");
        }
    }
}

void option_add_help(struct buf *out, option_table table)
{
    for (; table != NULL && table->id != 0; table++) {
        size_t start = out->len;
        if (table->letter != '\0' && table->name != NULL) {
            buf_addf(out, "  -%c, --%s", table->letter, table->name);
        } else if (table->letter != '\0') {
            buf_addf(out, "  -%c", table->letter);
        } else {
            buf_addf(out, "      --%s", table->name);
        }
        if (table->argument != NULL) {
            buf_addf(out, " %s", table->argument);
        }
        size_t width = out->len - start;
        if (width + 2 > HELP_COLUMN) {
            buf_add_char(out, '\n');
            width = 0;
        }
        buf_addf(out, "%*s", (int)(HELP_COLUMN - width), "");
        add_help_text(out, table->help);
    }
}
