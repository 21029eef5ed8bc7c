#include "options.h"

#include "slice.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool matches(const struct option_spec *spec, char letter, struct slice name)
{
    return letter != '\0' ? spec->letter == letter
                          : spec->name != NULL && slice_is(name, spec->name);
}

/* Finds an option by its letter, or by its name if `letter` is 0; NULL: the taker has no such
 * option. */
static option_table find(const struct option_parser *parser, char letter, struct slice name)
{
    for (option_table spec = parser->table; spec->takers != 0; spec++) {
        if ((spec->takers & parser->taker) != 0 && matches(spec, letter, name)) {
            return spec;
        }
    }
    return NULL;
}

bool option_is_taken(option_table table, const struct option_spec *spec, unsigned taker)
{
    for (; table->takers != 0; table++) {
        if ((table->takers & taker) != 0 && table->place == spec->place) {
            return true;
        }
    }
    return false;
}

void option_add_name(struct buf *out, const struct option_spec *spec)
{
    if (spec->name != NULL) {
        buf_addf(out, "`--%s`", spec->name);
    } else {
        buf_addf(out, "`-%c`", spec->letter);
    }
}

static enum option_result unknown_name(const struct option_parser *parser, struct slice name,
                                       struct buf *problem)
{
    VEC(struct slice) names = {0};
    for (option_table spec = parser->table; spec->takers != 0; spec++) {
        if ((spec->takers & parser->taker) != 0 && spec->name != NULL) {
            vec_push(&names, slice_of(spec->name));
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

/* `attached` is the rest of the option's word; NULL: nothing. */
static enum option_result take_argument(struct option_parser *parser, struct option_match *match,
                                        const char *attached, struct buf *problem)
{
    match->value = attached;
    if (attached == NULL && parser->at < parser->count) {
        match->value = parser->arguments[parser->at];
        parser->at++;
    }
    if (match->value != NULL) {
        return OPTION_FOUND;
    }
    option_add_name(problem, match->spec);
    buf_addf(problem, " needs an argument %s", match->spec->argument);
    return OPTION_WRONG;
}

static enum option_result take_long(struct option_parser *parser, const char *word,
                                    struct option_match *match, struct buf *problem)
{
    struct slice name = slice_make(word, strcspn(word, "="));
    const char *attached = word[name.len] == '=' ? word + name.len + 1 : NULL;
    match->spec = find(parser, '\0', name);
    if (match->spec == NULL) {
        return unknown_name(parser, name, problem);
    }
    if (match->spec->otherwise != NULL && attached == NULL) {
        match->value = match->spec->otherwise;
        return OPTION_FOUND;
    }
    if (match->spec->argument != NULL) {
        return take_argument(parser, match, attached, problem);
    }
    if (attached != NULL) {
        option_add_name(problem, match->spec);
        buf_add_string(problem, " takes no argument");
        return OPTION_WRONG;
    }
    return OPTION_FOUND;
}

static enum option_result take_letter(struct option_parser *parser, const char *at,
                                      struct option_match *match, struct buf *problem)
{
    const char *rest = at[1] != '\0' ? at + 1 : NULL;
    match->spec = find(parser, *at, SLICE_LITERAL(""));
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
    parser->cluster = match->spec->argument == NULL ? rest : NULL;
    if (match->spec->argument == NULL) {
        return OPTION_FOUND;
    }
    bool equals = rest != NULL && rest[0] == '='; /* "-a=NAME", as in row */
    return take_argument(parser, match, equals ? rest + 1 : rest, problem);
}

enum option_result option_next(struct option_parser *parser, struct option_match *match,
                               struct buf *problem)
{
    *match = (struct option_match){.literal = parser->dashes};
    if (parser->cluster != NULL) {
        return take_letter(parser, parser->cluster, match, problem);
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
    return take_letter(parser, word + 1, match, problem);
}

static int wrong_value(const struct option_match *match, const char *wanted, struct buf *problem)
{
    option_add_name(problem, match->spec);
    buf_addf(problem, " takes %s, not `", wanted);
    text_add_name(problem, slice_of(match->value));
    buf_add_string(problem, "`");
    return -1;
}

static int read_number(const struct option_match *match, double *number, struct buf *problem)
{
    const struct option_spec *spec = match->spec;
    char *end;
    if (spec->kind == OPTION_SECONDS) {
        *number = strtod(match->value, &end);
        bool right = end != match->value && *end == '\0' && isfinite(*number) && *number >= 0;
        bool is_time = spec->argument == NULL || strcmp(spec->argument, "LOAD") != 0;
        return right
                   ? 0
                   : wrong_value(match, is_time ? "a number of seconds" : "a number of at least 0",
                                 problem);
    }
    errno = 0;
    unsigned long value = strtoul(match->value, &end, 10);
    *number = (double)value;
    bool digits = match->value[0] >= '0' && match->value[0] <= '9'; /* no sign, no space */
    bool right = digits && *end == '\0' && errno == 0 && value >= spec->least && value <= INT_MAX;
    const char *wanted = spec->least > 0 ? "a number of at least 1" : "a number of at least 0";
    return right ? 0 : wrong_value(match, wanted, problem);
}

static void add_words(struct buf *out, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        buf_addf(out, "%s%s", i == 0 ? "" : words[i + 1] != NULL ? ", " : " or ", words[i]);
    }
}

static int find_word(const char *const *words, const char *text)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static int set_word(const struct option_match *match, unsigned *place, struct buf *problem)
{
    int index = find_word(match->spec->words, match->value);
    if (index >= 0) {
        *place = (unsigned)index;
        return 0;
    }
    struct buf wanted = BUF_EMPTY;
    add_words(&wanted, match->spec->words);
    wrong_value(match, buf_string(&wanted), problem);
    buf_release(&wanted);
    return -1;
}

/* Stores the value in the type given by enum option_kind. */
static int set(void *place, const struct option_match *match, struct buf *problem)
{
    const struct option_spec *spec = match->spec;
    double number = 0;
    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return 0;
    case OPTION_COUNT:
        ++*(unsigned *)place;
        return 0;
    case OPTION_STRING:
        *(const char **)place = match->value;
        return 0;
    case OPTION_LIST:
        vec_push((string_list *)place, match->value);
        return 0;
    case OPTION_WORD:
        return set_word(match, place, problem);
    case OPTION_UNSIGNED:
    case OPTION_SIZE:
    case OPTION_SECONDS:
        break;
    }
    if (read_number(match, &number, problem) != 0) {
        return -1;
    }
    number = number > 0 ? number : spec->zero;
    if (spec->kind == OPTION_SECONDS) {
        *(double *)place = number;
    } else if (spec->kind == OPTION_SIZE) {
        *(size_t *)place = (size_t)number;
    } else {
        *(unsigned *)place = (unsigned)number;
    }
    return 0;
}

int option_set(void *object, const struct option_match *match, struct buf *problem)
{
    const struct option_spec *spec = match->spec;
    if (spec->argument != NULL && match->value[0] == '\0') {
        option_add_name(problem, spec);
        buf_addf(problem, " needs an argument %s, but it is empty", spec->argument);
        return -1;
    }
    if (spec->given != 0) {
        *(bool *)((char *)object + spec->given) = true;
    }
    return set((char *)object + spec->place, match, problem);
}

/* ---- The environment ---- */

const char *option_variable(const char *name, struct buf *variable)
{
    static const char *const prefixes[] = {"ROWBUILD_", "ROW_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        buf_clear(variable);
        buf_addf(variable, "%s%s", prefixes[i], name);
        const char *value = getenv(buf_string(variable));
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return NULL;
}

int option_set_from_environment(void *object, const struct option_spec *spec, struct buf *problem)
{
    static const char *const booleans[] = {"1",   "0", "true", "false", "yes", "no", "on",
                                           "off", "y", "n",    "t",     "f",   NULL};
    bool flag = spec->kind == OPTION_FLAG;
    struct buf variable = BUF_EMPTY;
    const char *value = option_variable(spec->variable, &variable);
    int index = value == NULL ? 0 : find_word(flag ? booleans : spec->words, value);
    if (index < 0) {
        buf_addf(problem, "the environment variable %s is `", buf_string(&variable));
        text_add_name(problem, slice_of(value));
        buf_add_string(problem, "`; it must be ");
        if (flag) {
            buf_add_string(problem, "true or false");
        } else {
            add_words(problem, spec->words);
        }
    } else if (value != NULL && flag) {
        *(bool *)((char *)object + spec->place) = index % 2 == 0;
    } else if (value != NULL) {
        *(unsigned *)(void *)((char *)object + spec->place) = (unsigned)index;
    }
    buf_release(&variable);
    return index < 0 ? -1 : 0;
}
