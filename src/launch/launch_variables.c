#include "launch_variables.h"

#include <string.h>

static bool is_named(const char *entry, struct slice name)
{
    return strncmp(entry, name.at, name.len) == 0 && entry[name.len] == '=';
}

void variables_set(struct variables *variables, struct slice name, struct slice value)
{
    char *entry = arena_alloc(variables->arena, name.len + value.len + 2);
    memcpy(entry, name.at, name.len);
    entry[name.len] = '=';
    if (value.len > 0) {
        memcpy(entry + name.len + 1, value.at, value.len);
    }
    for (size_t i = 0; i < variables->entries.count; i++) {
        if (is_named(variables->entries.at[i], name)) {
            variables->entries.at[i] = entry;
            return;
        }
    }
    vec_push(&variables->entries, entry);
}

void variables_unset(struct variables *variables, struct slice name)
{
    size_t kept = 0;
    for (size_t i = 0; i < variables->entries.count; i++) {
        if (!is_named(variables->entries.at[i], name)) {
            variables->entries.at[kept++] = variables->entries.at[i];
        }
    }
    variables->entries.count = kept;
}
