/* A growing buffer of bytes.
 *
 * Knows: appending. Doesn't know: what the bytes mean. Once anything has been added, a NUL follows
 * the content, so that `at` can be passed to C functions. An unused buffer has at == NULL. */
#ifndef ROWBUILD_BUF_H
#define ROWBUILD_BUF_H

#include "slice.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *at;
    size_t len;
    size_t capacity;
};

#define BUF_EMPTY ((struct buf){0})

void buf_release(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_reserve(struct buf *buf, size_t more);
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_slice(struct buf *buf, struct slice bytes);
void buf_add_string(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The content as a C string, "" when empty; owned by the buffer. */
const char *buf_string(const struct buf *buf);
struct slice buf_slice(const struct buf *buf);

/* Little-endian, for formats on disk. */
void buf_add_u64(struct buf *buf, uint64_t number);

#endif
