#include "hex.h"

void hex_add(struct buf *out, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++) {
        buf_add_char(out, digits[at[i] >> 4U]);
        buf_add_char(out, digits[at[i] & 15U]);
    }
}

int hex_value(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}
