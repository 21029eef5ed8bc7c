#include "width.h"

#include <utf8proc.h>

static size_t take_one(struct slice text, size_t at, size_t *len)
{
    utf8proc_int32_t point;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.at + at;
    utf8proc_ssize_t taken = utf8proc_iterate(bytes, (utf8proc_ssize_t)(text.len - at), &point);
    if (taken > 0) {
        *len = (size_t)taken;
        return (size_t)utf8proc_charwidth(point);
    }
    *len = 1;
    while (at + *len < text.len && (bytes[*len] & 0xc0U) == 0x80) {
        ++*len;
    }
    return 1;
}

size_t width_next(struct slice text, size_t at, size_t *len)
{
    size_t more;
    size_t columns = take_one(text, at, len);
    while (at + *len < text.len && take_one(text, at + *len, &more) == 0) {
        *len += more;
    }
    return columns;
}

size_t width_of_text(struct slice text)
{
    size_t columns = 0;
    size_t len;
    for (size_t at = 0; at < text.len; at += len) {
        columns += take_one(text, at, &len);
    }
    return columns;
}
