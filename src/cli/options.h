/* Options and operands of a command line.
 *
 * Knows: `-j4`, `-j=4`, `-j 4`, `-qv`, `--jobs=4`, `--jobs 4`, `--`, `-` as an operand, options
 * between and behind operands. Doesn't know: what an option means, nor which commands there are:
 * its user switches the tables when an operand turns out to be a command.
 *
 *     struct option_parser parser = {.arguments = argv + 1, .count = (size_t)argc - 1};
 *     parser.tables[0] = my_options;
 *     struct option_match match;
 *     while ((kind = option_next(&parser, &match, &problem)) != OPTION_END) { … }
 *
 * Long names aren't abbreviated: a script would break when a new option arrives. */
#ifndef ROWBUILD_OPTIONS_H
#define ROWBUILD_OPTIONS_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

struct option_spec {
    int id;               /* greater than 0; the user's own number */
    char letter;          /* 0: only the long form */
    const char *name;     /* without dashes; NULL: only the letter */
    const char *argument; /* how help calls it, "N"; NULL: the option takes none */
    const char *help;     /* may hold several lines */
};

/* Ended by an element whose id is 0. */
typedef const struct option_spec *option_table;

enum { OPTION_TABLES = 2 };

struct option_parser {
    char *const *arguments; /* borrowed; what is matched points into it */
    size_t count;
    option_table tables[OPTION_TABLES]; /* looked at in this order; NULL: none */
    size_t at;
    const char *cluster; /* what is left of "-qv" */
    bool dashes;         /* "--" was seen: all that follows are operands */
};

enum option_kind {
    OPTION_FOUND,
    OPTION_OPERAND,
    OPTION_END,
    OPTION_WRONG, /* `problem` says why, in one line without a newline */
};

struct option_match {
    const struct option_spec *spec; /* OPTION_FOUND */
    const char *value;              /* of the option, NULL if it takes none; or the operand */
    bool literal;                   /* an operand behind "--" */
};

enum option_kind option_next(struct option_parser *parser, struct option_match *match,
                             struct buf *problem);

const struct option_spec *option_by_id(option_table table, int id); /* NULL: not there */

/* Whole numbers from `least` on, and seconds; -1 with a problem that names the option. */
int option_unsigned(const struct option_match *match, unsigned least, unsigned *number,
                    struct buf *problem);
int option_seconds(const struct option_match *match, double *seconds, struct buf *problem);

/* "`--jobs`", or "`-j`" where there is no long name. */
void option_add_name(struct buf *out, const struct option_spec *spec);

/* The table for people: "  -j, --jobs N        how many …", lines aligned at a common column. */
void option_add_help(struct buf *out, option_table table);

#endif
