#include "symbols.h"

#include <dlfcn.h>

const char *symbols_find(const char *soname, const struct symbol *symbols, size_t count)
{
    void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    const char *missing = handle != NULL ? NULL : soname;
    for (size_t i = 0; i < count && handle != NULL; i++) {
        *symbols[i].place = dlsym(handle, symbols[i].name);
        if (*symbols[i].place == NULL) {
            missing = symbols[i].name;
        }
    }
    return missing;
}
