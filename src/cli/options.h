/* Reads the options and operands of a command line, driven by a table.
 *
 * Knows: `-j4`, `-j=4`, `-j 4`, `-qv`, `--jobs=4`, `--jobs 4`, `--`, `-` as an operand, options
 * between and after operands; how an argument becomes a number, a word, a list. Doesn't know:
 * commands. The caller says which bit of `takers` applies, and changes it when an operand turns out
 * to be a command.
 *
 *     struct option_parser parser = {.arguments = argv + 1, .count = (size_t)argc - 1,
 *                                    .table = my_options, .taker = 1};
 *     struct option_match match;
 *     while ((word = option_next(&parser, &match, &problem)) != OPTION_END) { … }
 *
 * Long names can't be abbreviated, since a script that does so would break when an option is
 * added. */
#ifndef ROWBUILD_OPTIONS_H
#define ROWBUILD_OPTIONS_H

#include "buf.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

typedef VEC(const char *) string_list;

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_COUNT,    /* unsigned: the number of times it was given */
    OPTION_UNSIGNED, /* unsigned */
    OPTION_SIZE,     /* size_t */
    OPTION_SECONDS,  /* double */
    OPTION_STRING,   /* const char * */
    OPTION_LIST,     /* string_list: may be given several times */
    OPTION_WORD,     /* enum: the index in `words` */
};

struct option_spec {
    char letter;           /* 0: no short form */
    const char *name;      /* without dashes; NULL: no long form */
    const char *argument;  /* its name in help, "N"; NULL: the option takes none */
    const char *otherwise; /* the argument where it is left out: only --NAME=ARGUMENT gives one */
    enum option_kind kind;
    unsigned least;           /* smallest valid number */
    double zero;              /* stored instead of the number 0 */
    const char *const *words; /* NULL-terminated */
    size_t place;             /* offset in the object that option_set fills */
    size_t given;             /* offset of a bool that is set if the option was given; 0: none */
    unsigned takers;          /* a bit for each command that takes it */
    unsigned needs_action;    /* the takers for which it requires --action */
    const char *variable;     /* "YES": also read from ROWBUILD_YES, else ROW_YES */
    const char *completes;    /* the kind of argument, for completion: "file", "action" */
    const char *help;         /* "use N cores", without a full stop */
    const char *section;      /* of the manual page, for more; may be NULL */
    const char *more;         /* for the manual page, after `help`; may be NULL */
};

/* The last element has no `takers`. */
typedef const struct option_spec *option_table;

struct option_parser {
    char *const *arguments; /* borrowed; matches point into it */
    size_t count;
    option_table table; /* of two options with the same name, the first is used */
    unsigned taker;
    size_t at;
    const char *cluster; /* the rest of a word such as "-qv" */
    bool dashes;         /* "--" was seen: all further arguments are operands */
};

enum option_result {
    OPTION_FOUND,
    OPTION_OPERAND,
    OPTION_END,
    OPTION_WRONG, /* `problem` says why, in one line without a newline */
};

struct option_match {
    const struct option_spec *spec; /* OPTION_FOUND */
    const char *value;              /* the option's argument, NULL if it takes none; or the
                                       operand */
    bool literal;                   /* an operand after "--" */
};

enum option_result option_next(struct option_parser *parser, struct option_match *match,
                               struct buf *problem);

/* Writes the option's value to its place in `object`; -1 with a problem that names the option. */
int option_set(void *object, const struct option_match *match, struct buf *problem);

/* The same for the value of its environment variable, which may only be a flag or a word. */
int option_set_from_environment(void *object, const struct option_spec *spec, struct buf *problem);

/* The value of ROWBUILD_<name>, else of ROW_<name>; empty variables count as unset. `variable`
 * becomes the name of the variable that was used. */
const char *option_variable(const char *name, struct buf *variable);

/* Whether the taker has an option that fills the same place, under any name. */
bool option_is_taken(option_table table, const struct option_spec *spec, unsigned taker);

/* Appends the long name, as in "`--jobs`". An option without one is named as in "`-j`". */
void option_add_name(struct buf *out, const struct option_spec *spec);

#endif
