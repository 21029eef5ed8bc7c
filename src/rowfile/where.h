/* Parses and evaluates `group.where`, the expression that selects a group's directories.
 *
 *     /temperature > 1.0 and (/seed in [1, 2] or /name =~ "^poly") and not exists(/skip)
 *
 * comparison  operand  < <= == != >= >  operand, where one side at least is a pointer
 * membership  operand  in, not in  [literal, …]
 * search      operand  =~, !~  "expression of PCRE2", found anywhere unless anchored
 * presence    exists(/pointer)
 * joined by   not, and, or (in this order of precedence), parentheses
 * operand     a JSON pointer, bare (/a/b~1c) or as pointer("/with space"), or a literal
 * literal     a JSON number, string ("…" with JSON's escapes, '…' without any), array, true, false
 *             or null
 *
 * Operands compare as json_compare says: same types only, 1 equals 1.0, arrays of one length. In
 * addition, `==`, `!=` and `in` accept null with any type, so that null may be tested for. `in`
 * fails only if the list isn't empty and no item has the operand's type. `and` and `or` stop as
 * soon as the answer is known, so that later operands may name missing pointers.
 *
 * Knows: the expression and JSON values. Doesn't know: directories, groups. */
#ifndef ROWBUILD_WHERE_H
#define ROWBUILD_WHERE_H

#include "buf.h"
#include "diag.h"
#include "json.h"
#include "slice.h"

#include <stddef.h>

struct where; /* frozen once parsed; may be used by several threads */

/* `text` is copied. Errors point to `source` at `offset` + the offset in `text`, which is exact if
 * the source contains the text unchanged (a literal string of TOML). `source` may be NULL. NULL
 * after an error; otherwise the caller frees the result with where_free. */
struct where *where_parse(struct slice text, const struct source *source, size_t offset,
                          struct diag *diag);
void where_free(struct where *where); /* NULL is allowed */

enum where_trouble {
    WHERE_MISSING,      /* the value lacks the pointer `left` */
    WHERE_INCOMPARABLE, /* `left` and `right` can't be compared */
    WHERE_NO_MEMBER,    /* `left` differs in type from every item of `right` */
    WHERE_NO_STRING,    /* `left` is searched, but isn't a string */
    WHERE_ENDLESS,      /* the search of `left` was given up: too much backtracking */
};

/* Why an expression has no answer for a value. */
struct where_problem {
    enum where_trouble trouble;
    struct slice
        left; /* as written in the expression, which owns it; pointers without pointer("") */
    struct slice right; /* likewise; empty where there is none */
    enum json_type left_type;
    enum json_type right_type;
    size_t offset; /* of the comparison in the expression */
    size_t length;
};

/* 1 or 0; -1 if there is no answer, with the cause in *problem. */
int where_matches(const struct where *where, const struct json *value,
                  struct where_problem *problem);

/* Appends a sentence without full stop: "the value has no /temperature", "/name (a string) and 3 (a
 * number) can't be compared". */
void where_problem_describe(const struct where_problem *problem, struct buf *out);

#endif
