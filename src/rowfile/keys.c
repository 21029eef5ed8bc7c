#include "keys.h"

int rowfile_key_child(int parent, struct slice name)
{
    for (size_t i = (size_t)parent + 1; i < rowfile_key_count; i++) {
        const struct rowfile_key *key = &rowfile_keys[i];
        if (key->parent == parent && (slice_is(name, key->name) || strcmp(key->name, "*") == 0)) {
            return (int)i;
        }
    }
    return -1;
}
