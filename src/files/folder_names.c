#include "folder_names.h"

#include "disk.h"
#include "filetree.h"
#include "observer.h"

#include <fcntl.h>
#include <stdlib.h>

static int compare_hashes(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* `name` is scratch. */
static uint64_t hash_of(const char *path, bool is_folder, struct buf *name)
{
    buf_clear(name);
    buf_add_string(name, path);
    if (is_folder) {
        buf_add_char(name, '/');
    }
    return digest_of(buf_slice(name)).low;
}

/* The tree is to be released in any case. */
static bool scan(const struct observer *observer, const char *path, const struct tree_view *view,
                 struct filetree *tree)
{
    int root = disk->open(observer->directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (root < 0) {
        return false;
    }
    bool is_read = filetree_scan(tree, root, view, &observer->rules) == FILE_READ;
    disk->close(root);
    return is_read;
}

bool folder_names_take(const struct observer *observer, const char *path,
                       const struct tree_view *view, const struct file_row *row,
                       struct folder_names *names)
{
    struct filetree tree = {0};
    struct buf name = BUF_EMPTY;
    bool is_same = scan(observer, path, view, &tree) && tree.seen.low == row->size &&
                   tree.moved.low == row->inode;
    names->count = 0;
    for (size_t i = 0; i < tree.entries.count && is_same; i++) {
        const struct tree_entry *entry = &tree.entries.at[i];
        uint64_t hash = hash_of(entry->path, entry->stat.kind == FILE_DIRECTORY, &name);
        vec_push(names, hash);
    }
    if (names->count > 1) {
        qsort(names->at, names->count, sizeof *names->at, compare_hashes);
    }
    buf_release(&name);
    filetree_release(&tree);
    return is_same;
}

static bool has_name(const struct folder_names *names, uint64_t hash)
{
    return names->count > 0 &&
           bsearch(&hash, names->at, names->count, sizeof *names->at, compare_hashes) != NULL;
}

/* Where what lies in an entry ends. */
static size_t end_of(const struct filetree *tree, size_t number)
{
    const char *folder = tree->entries.at[number].path;
    size_t len = strlen(folder);
    size_t end = number + 1;
    while (end < tree->entries.count && strncmp(tree->entries.at[end].path, folder, len) == 0 &&
           tree->entries.at[end].path[len] == '/') {
        end++;
    }
    return end;
}

bool folder_names_find_others(const struct observer *observer, const char *path,
                              const struct tree_view *view, const struct folder_names *names,
                              struct arena *memory, struct additions *additions)
{
    struct filetree tree = {0};
    struct buf name = BUF_EMPTY;
    bool is_read = scan(observer, path, view, &tree);
    for (size_t i = 0; i < tree.entries.count && is_read;) {
        const struct tree_entry *entry = &tree.entries.at[i];
        bool is_folder = entry->stat.kind == FILE_DIRECTORY;
        if (has_name(names, hash_of(entry->path, is_folder, &name))) {
            i++;
            continue;
        }
        if (!has_name(names, hash_of(entry->path, !is_folder, &name))) {
            vec_push(additions, arena_slice(memory, slice_of(entry->path)));
        }
        i = end_of(&tree, i);
    }
    buf_release(&name);
    filetree_release(&tree);
    return additions->count > 0;
}
