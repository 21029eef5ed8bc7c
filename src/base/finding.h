/* What each finding is about: its code, a title and an explanation, from grammar/findings.
 *
 * Knows: the table. Doesn't know: who finds what. A code is stable; scripts and CI systems refer to
 * it. */
#ifndef ROWBUILD_FINDING_H
#define ROWBUILD_FINDING_H

#include "finding_codes.h"

struct finding_text {
    const char *code;        /* "unknown-key" */
    const char *group;       /* "The text of a description" */
    const char *title;       /* one line without a full stop */
    const char *explanation; /* whole sentences */
};

extern const struct finding_text finding_table[FINDING_COUNT];

/* NULL if there is no such code. */
const struct finding_text *finding_text_of(const char *code);
/* The most similar code, or NULL. */
const char *finding_nearest(const char *code);

#endif
