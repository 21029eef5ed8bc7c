#include "cached_trees.h"

#include "file.h"

#include <fcntl.h>
#include <string.h>

/* An index: a header, entries in the order of their paths, extensions, and a checksum of all that. */
enum {
    HEADER_BYTES = 12,
    STAT_BYTES = 40, /* of an entry, before its id */
    FLAG_BYTES = 2,
    EXTENSION_BYTES = 8, /* its name, and its length */
    ENTRY_ALIGNMENT = 8,
    SHORT_NAME = 0xfff, /* longer names have this length in their flags */
    HAS_MORE_FLAGS = 0x4000,
    FIRST_VERSION = 2,
    VERSION_OF_PREFIXES = 4,
    DEEPEST = 4096,
};
static const size_t LARGEST_INDEX = (size_t)4 << 30;

static uint32_t number_at(struct slice bytes, size_t at)
{
    const unsigned char *b = (const unsigned char *)bytes.at + at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Where the entry after the one at `at` begins; 0: it isn't understood. */
static size_t after_entry(struct slice index, size_t at, uint32_t version)
{
    size_t name = at + STAT_BYTES + GIT_ID_BYTES + FLAG_BYTES;
    if (name > index.len) {
        return 0;
    }
    unsigned flags = (unsigned char)index.at[name - 2] * 256U + (unsigned char)index.at[name - 1];
    name += (flags & HAS_MORE_FLAGS) != 0 ? FLAG_BYTES : 0;
    if (version >= VERSION_OF_PREFIXES) { /* how much of the path before it is dropped */
        while (name < index.len && ((unsigned char)index.at[name] & 0x80U) != 0) {
            name++;
        }
        name++;
    }
    const char *end = name < index.len ? memchr(index.at + name, '\0', index.len - name) : NULL;
    if (end == NULL) {
        return 0;
    }
    size_t length = (size_t)(end - index.at) - at;
    return version >= VERSION_OF_PREFIXES
               ? at + length + 1
               : at + length + ENTRY_ALIGNMENT - length % ENTRY_ALIGNMENT;
}

/* The content of the extension with this name; at == NULL: there is none. */
static struct slice find_extension(struct slice index, const char *name)
{
    struct slice none = {0};
    if (index.len < HEADER_BYTES + GIT_ID_BYTES || memcmp(index.at, "DIRC", 4) != 0) {
        return none;
    }
    uint32_t version = number_at(index, 4);
    uint32_t count = number_at(index, 8);
    size_t at = HEADER_BYTES;
    if (version < FIRST_VERSION || version > VERSION_OF_PREFIXES) {
        return none;
    }
    for (uint32_t i = 0; i < count; i++) {
        at = after_entry(index, at, version);
        if (at == 0) {
            return none;
        }
    }
    size_t end = index.len - GIT_ID_BYTES;
    while (at + EXTENSION_BYTES <= end) {
        size_t len = number_at(index, at + 4);
        size_t content = at + EXTENSION_BYTES;
        if (len > end - content) {
            return none;
        }
        if (memcmp(index.at + at, name, 4) == 0) {
            return slice_make(index.at + content, len);
        }
        at = content + len;
    }
    return none;
}

/* Takes a decimal number and the byte that ends it. */
static bool take_number(struct slice *rest, char end, long *number)
{
    bool is_negative = rest->len > 0 && rest->at[0] == '-';
    size_t i = is_negative ? 1 : 0;
    *number = 0;
    while (i < rest->len && rest->at[i] >= '0' && rest->at[i] <= '9' && *number < INT32_MAX) {
        *number = *number * 10 + (rest->at[i++] - '0');
    }
    if (i == (is_negative ? 1U : 0U) || i >= rest->len || rest->at[i] != end) {
        return false;
    }
    *number = is_negative ? -*number : *number;
    *rest = slice_make(rest->at + i + 1, rest->len - i - 1);
    return true;
}

/* A folder: its name in the folder above, how many entries it has (-1: the note was taken back), how
 * many folders follow that lie in it, and its id. */
static bool take_folder(struct cached_trees *trees, const struct git_library *git,
                        struct slice *rest, struct buf *path, unsigned depth)
{
    const char *end = rest->len > 0 ? memchr(rest->at, '\0', rest->len) : NULL;
    size_t before = path->len;
    long entries;
    long folders;
    if (end == NULL || depth > DEEPEST) {
        return false;
    }
    size_t len = (size_t)(end - rest->at);
    buf_add_string(path, before > 0 ? "/" : "");
    buf_add(path, rest->at, len);
    *rest = slice_make(rest->at + len + 1, rest->len - len - 1);
    if (!take_number(rest, ' ', &entries) || !take_number(rest, '\n', &folders)) {
        return false;
    }
    if (entries >= 0) {
        git_oid id;
        if (rest->len < GIT_ID_BYTES) {
            return false;
        }
        git->git_oid_fromraw(&id, (const unsigned char *)rest->at);
        *rest = slice_make(rest->at + GIT_ID_BYTES, rest->len - GIT_ID_BYTES);
        if (intern_add(&trees->folders, buf_slice(path)) == trees->ids.count) {
            vec_push(&trees->ids, id);
        }
    }
    for (long i = 0; i < folders; i++) {
        if (!take_folder(trees, git, rest, path, depth + 1)) {
            return false;
        }
    }
    path->len = before;
    path->at[before] = '\0';
    return true;
}

void cached_trees_read(struct cached_trees *trees, const struct git_library *git, git_index *index)
{
    struct buf file = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    const git_oid *sum = git->git_index_checksum(index);
    *trees = (struct cached_trees){0};
    intern_init(&trees->folders);
    if (sum != NULL && file_read(AT_FDCWD, git->git_index_path(index), LARGEST_INDEX, &file) == 0 &&
        file.len > GIT_ID_BYTES &&
        memcmp(file.at + file.len - GIT_ID_BYTES, sum->id, GIT_ID_BYTES) == 0 &&
        number_at(buf_slice(&file), 8) == git->git_index_entrycount(index)) {
        struct slice notes = find_extension(buf_slice(&file), "TREE");
        buf_add_string(&path, "");
        if (notes.len > 0 && !take_folder(trees, git, &notes, &path, 0)) {
            cached_trees_release(trees);
            intern_init(&trees->folders);
        }
    }
    buf_release(&path);
    buf_release(&file);
}

void cached_trees_release(struct cached_trees *trees)
{
    intern_release(&trees->folders);
    vec_release(&trees->ids);
}

bool cached_trees_has(const struct cached_trees *trees, struct slice folder, const git_oid *id)
{
    uint32_t number = intern_find(&trees->folders, folder);
    return number != INTERN_NONE && memcmp(trees->ids.at[number].id, id->id, GIT_ID_BYTES) == 0;
}
