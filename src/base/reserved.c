#include "reserved.h"

#include <ctype.h>
#include <stddef.h>

static bool has_suffix(struct slice name, struct slice suffix)
{
    /* At least a dot and one more byte precede the suffix. */
    return name.len > suffix.len + 1 && name.at[0] == '.' &&
           slice_equal(slice_make(name.at + name.len - suffix.len, suffix.len), suffix);
}

bool reserved_is_backup(struct slice file_name)
{
    if (has_suffix(file_name, SLICE_LITERAL(RESERVED_GOOD)) ||
        has_suffix(file_name, SLICE_LITERAL(RESERVED_KEPT))) {
        return true;
    }
    size_t digits = 0;
    while (digits < file_name.len &&
           isdigit((unsigned char)file_name.at[file_name.len - digits - 1])) {
        digits++;
    }
    if (digits == 0 || digits == file_name.len || file_name.at[file_name.len - digits - 1] != '-') {
        return false;
    }
    return has_suffix(slice_make(file_name.at, file_name.len - digits - 1),
                      SLICE_LITERAL(RESERVED_KEPT));
}

bool reserved_is_name(struct slice file_name)
{
    return slice_starts_with(file_name, RESERVED_PREFIX) || reserved_is_backup(file_name);
}
