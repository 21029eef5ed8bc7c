/* What an audit found: collects the differences of many executions, and puts them into words.
 *
 * Knows: which differences are errors, their words, what to type instead. Doesn't know: how they
 * were found, how they are printed. A finding covers one action and one kind of difference. */
#ifndef ROWBUILD_AUDIT_FINDINGS_H
#define ROWBUILD_AUDIT_FINDINGS_H

#include "audit_compare.h"
#include "diag.h"
#include "intern.h"
#include "rowfile.h"
#include "vec.h"

#include <stdbool.h>
#include <stddef.h>

/* One file of a finding. */
struct audit_item {
    struct slice name; /* as the Rowfile would name it: "x.dat", "//src/table.dat" */
    struct slice maker;
    struct slice program;
    VEC(struct slice) directories; /* names, without duplicates */
};

struct audit_finding {
    const char *code; /* "undeclared-input"; doesn't change between versions */
    enum diag_severity severity;
    uint32_t action; /* index into rowfile->actions */
    enum audit_kind kind;
    const char *message; /* one sentence, no full stop */
    const char *mend;    /* "": there is none to name */
    const char *file;    /* as shown: "Rowfile" */
    size_t line;         /* from 1 */
    VEC(struct audit_item) items;
    VEC(struct slice) directories; /* of all items, without duplicates */
};

struct audit_findings {
    struct arena arena;
    const struct rowfile *rowfile;
    VEC(struct audit_finding) all;
};

void audit_findings_init(struct audit_findings *findings, const struct rowfile *rowfile);
void audit_findings_release(struct audit_findings *findings);

/* Adds one file to the finding of its action and kind. All texts are copied. `directory` empty:
 * none. */
void audit_findings_add(struct audit_findings *findings, uint32_t action, enum audit_kind kind,
                        struct slice name, struct slice maker, struct slice program,
                        struct slice directory);

/* Sorts the findings, and fills in their words and places. */
void audit_findings_finish(struct audit_findings *findings);

size_t audit_findings_count(const struct audit_findings *findings, enum diag_severity severity);

#endif
