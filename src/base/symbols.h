/* Finds functions of libraries that are opened at first use.
 *
 * Knows: dlopen(3). Doesn't know: what the functions are for, or what to say where one is missing. */
#ifndef ROWBUILD_SYMBOLS_H
#define ROWBUILD_SYMBOLS_H

#include <stddef.h>

struct symbol {
    const char *name;
    void **place; /* of the pointer to be set */
};

/* Opens the library, which stays open, and sets the pointers. Returns what couldn't be opened or found,
 * owned by the caller; NULL: nothing. */
const char *symbols_find(const char *soname, const struct symbol *symbols, size_t count);

#endif
