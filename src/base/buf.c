#include "buf.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *buf)
{
    free(buf->at);
    *buf = BUF_EMPTY;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->at != NULL) {
        buf->at[0] = '\0';
    }
}

void buf_reserve(struct buf *buf, size_t more)
{
    size_t needed = buf->len + more + 1;
    if (needed <= buf->capacity) {
        return;
    }
    size_t capacity = buf->capacity * 2;
    if (capacity < needed) {
        capacity = needed < 64 ? 64 : needed;
    }
    buf->at = mem_grow(buf->at, capacity, 1);
    buf->capacity = capacity;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    buf_reserve(buf, len);
    if (len > 0) {
        memcpy(buf->at + buf->len, bytes, len);
    }
    buf->len += len;
    buf->at[buf->len] = '\0';
}

void buf_add_slice(struct buf *buf, struct slice bytes)
{
    buf_add(buf, bytes.at, bytes.len);
}

void buf_add_string(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_vaddf(struct buf *buf, const char *format, va_list args)
{
    va_list measured;
    va_copy(measured, args);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (length > 0) {
        buf_reserve(buf, (size_t)length);
        vsnprintf(buf->at + buf->len, (size_t)length + 1, format, args);
        buf->len += (size_t)length;
    }
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vaddf(buf, format, args);
    va_end(args);
}

const char *buf_string(const struct buf *buf)
{
    return buf->at != NULL ? buf->at : "";
}

struct slice buf_slice(const struct buf *buf)
{
    return slice_make(buf_string(buf), buf->len);
}

void buf_add_u64(struct buf *buf, uint64_t number)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(number >> (8 * i));
    }
    buf_add(buf, bytes, sizeof bytes);
}
