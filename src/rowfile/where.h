/* The expression of `group.where`: which directories belong to a group.
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
 * Operands compare as json_compare says: same types only, 1 equals 1.0, arrays of one length.
 * Beyond that, null may be tested for: `==`, `!=` and `in` take null beside any type. `in` fails
 * only if no item of a list that isn't empty has the operand's type. `and` and `or` stop as soon as
 * the answer is known, so that what follows may name pointers that aren't there.
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

/* `text` is copied. Errors point to `source` at `offset` + the offset in `text`: exact where the
 * text stands in the source as it is (a literal string of TOML). `source` may be NULL. NULL after
 * an error; otherwise the caller frees the result with where_free. */
struct where *where_parse(struct slice text, const struct source *source, size_t offset,
                          struct diag *diag);
void where_free(struct where *where); /* NULL is allowed */

enum where_trouble {
    WHERE_MISSING,      /* the value lacks the pointer `left` */
    WHERE_INCOMPARABLE, /* `left` and `right` can't be compared */
    WHERE_NO_MEMBER,    /* `left` is of another type than all of `right` */
    WHERE_NO_STRING,    /* `left` is searched, but isn't a string */
    WHERE_ENDLESS,      /* the search of `left` was given up: too much backtracking */
};

/* Why an expression has no answer for a value. */
struct where_problem {
    enum where_trouble trouble;
    struct slice
        left; /* as written in the expression, which owns it; a pointer without pointer("") */
    struct slice right; /* likewise; empty where there is none */
    enum json_type left_type;
    enum json_type right_type;
    size_t offset; /* of the comparison in the expression */
    size_t length;
};

/* 1 or 0; -1 when there isn't an answer, and why is in *problem. */
int where_matches(const struct where *where, const struct json *value,
                  struct where_problem *problem);

/* Appends a sentence without full stop: "the value has no /temperature", "/name (a string) and 3 (a
 * number) can't be compared". */
void where_problem_describe(const struct where_problem *problem, struct buf *out);

#endif
