#include "trace_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FIRST_SIZE = 64 << 10, FIRST_SEEN = 1024 };

int trace_writer_open(struct trace_writer *writer, int file)
{
    *writer = (struct trace_writer){.file = file, .size = FIRST_SIZE, .seen_size = FIRST_SEEN};
    int error = posix_fallocate(file, 0, FIRST_SIZE);
    if (error != 0) {
        return error;
    }
    void *mapped = mmap(NULL, FIRST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        return errno;
    }
    writer->header = mapped;
    *writer->header = (struct trace_header){.used = 0};
    memcpy(writer->header->magic, TRACE_MAGIC, sizeof writer->header->magic);
    writer->seen = calloc(FIRST_SEEN, sizeof *writer->seen);
    return writer->seen != NULL ? 0 : ENOMEM;
}

static uint64_t add_hash(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) { /* FNV-1a */
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
    }
    return (hash ^ 0xff) * 0x100000001b3U;
}

/* Where the hash is, or where it has its place. */
static uint64_t *find_seen(uint64_t *seen, size_t size, uint64_t hash)
{
    size_t at = (hash ^ hash >> 29) & (size - 1);
    while (seen[at] != 0 && seen[at] != hash) {
        at = (at + 1) & (size - 1);
    }
    return &seen[at];
}

static bool put_seen(uint64_t *seen, size_t size, uint64_t hash)
{
    uint64_t *place = find_seen(seen, size, hash);
    bool is_new = *place == 0;
    *place = hash;
    return is_new;
}

/* Without memory for a larger table, things are written more than once. */
static void grow_seen(struct trace_writer *writer)
{
    size_t size = writer->seen_size * 2;
    uint64_t *larger = calloc(size, sizeof *larger);
    if (larger == NULL) {
        memset(writer->seen, 0, writer->seen_size * sizeof *writer->seen);
        writer->seen_count = 0;
        return;
    }
    for (size_t i = 0; i < writer->seen_size; i++) {
        if (writer->seen[i] != 0) {
            put_seen(larger, size, writer->seen[i]);
        }
    }
    free(writer->seen);
    writer->seen = larger;
    writer->seen_size = size;
}

static uint64_t hash_of(enum trace_kind kind, const char *path, const char *other)
{
    uint64_t hash = add_hash(add_hash(0xcbf29ce484222325U + (uint64_t)kind, path), other);
    return hash != 0 ? hash : 1;
}

bool trace_writer_has(const struct trace_writer *writer, enum trace_kind kind, const char *path,
                      const char *other)
{
    return *find_seen(writer->seen, writer->seen_size, hash_of(kind, path, other)) != 0;
}

bool trace_writer_is_new(struct trace_writer *writer, enum trace_kind kind, const char *path,
                         const char *other)
{
    if (!put_seen(writer->seen, writer->seen_size, hash_of(kind, path, other))) {
        return false;
    }
    if (++writer->seen_count * 2 > writer->seen_size) {
        grow_seen(writer);
    }
    return true;
}

static bool make_room(struct trace_writer *writer, size_t wanted)
{
    size_t size = writer->size;
    while (size < wanted) {
        size *= 2;
    }
    if (size == writer->size) {
        return true;
    }
    /* Allocated, not only lengthened: writing to it can't fail then. */
    if (posix_fallocate(writer->file, 0, (off_t)size) != 0) {
        return false;
    }
    void *mapped = mremap(writer->header, writer->size, size, MREMAP_MAYMOVE);
    if (mapped == MAP_FAILED) {
        return false;
    }
    writer->header = mapped;
    writer->size = size;
    return true;
}

void trace_writer_add(struct trace_writer *writer, struct trace_record record, const char *path,
                      const char *other)
{
    size_t path_length = strlen(path);
    size_t other_length = other != NULL ? strlen(other) : 0;
    size_t length = sizeof record + path_length + 1 + other_length + 1;
    length = (length + TRACE_ALIGNMENT - 1) / TRACE_ALIGNMENT * TRACE_ALIGNMENT;
    size_t at = sizeof *writer->header + writer->header->used;
    if (!make_room(writer, at + length)) {
        writer->header->lost++;
        return;
    }
    record.length = (uint32_t)length;
    record.path_length = (uint32_t)path_length;
    record.other_length = (uint32_t)other_length;
    char *out = (char *)writer->header + at;
    memset(out, 0, length);
    memcpy(out, &record, sizeof record);
    /* NOLINTBEGIN(bugprone-not-null-terminated-result): `out` is zeroed */
    memcpy(out + sizeof record, path, path_length);
    if (other != NULL) {
        memcpy(out + sizeof record + path_length + 1, other, other_length);
    }
    /* NOLINTEND(bugprone-not-null-terminated-result) */
    __atomic_store_n(&writer->header->used, writer->header->used + length, __ATOMIC_RELEASE);
}
