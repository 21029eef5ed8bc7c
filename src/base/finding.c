/* Finds the text of a finding by its code. */
#include "finding.h"

#include "slice.h"
#include "text.h"

#include <string.h>

const struct finding_text *finding_text_of(const char *code)
{
    for (size_t i = 0; i < FINDING_COUNT; i++) {
        if (strcmp(finding_table[i].code, code) == 0) {
            return &finding_table[i];
        }
    }
    return NULL;
}

const char *finding_nearest(const char *code)
{
    struct slice codes[FINDING_COUNT];
    for (size_t i = 0; i < FINDING_COUNT; i++) {
        codes[i] = slice_of(finding_table[i].code);
    }
    int nearest = text_nearest(slice_of(code), codes, FINDING_COUNT);
    return nearest >= 0 ? finding_table[nearest].code : NULL;
}
