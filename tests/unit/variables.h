/* Finds variables in what tests of launching have set. */
#ifndef TEST_VARIABLES_H
#define TEST_VARIABLES_H

#include "launching.h"

#include <string.h>

/* NULL: it isn't set. */
static inline const char *value_of(const struct variables *variables, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < variables->entries.count; i++) {
        const char *entry = variables->entries.at[i];
        if (strncmp(entry, name, len) == 0 && entry[len] == '=') {
            return entry + len + 1;
        }
    }
    return NULL;
}

#endif
