#include "filetree.h"

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum {
    PIECE = 1024 * 1024,
    SMALL = 16 * 1024, /* read at once, without a stream */
    DEEPEST = 200,     /* folders within folders */
};

/* ---- files ---- */

static enum file_status digest_small(int fd, size_t size, struct digest *digest)
{
    char content[SMALL];
    ssize_t got = file_read_fully(fd, content, size);
    if (got < 0) {
        return FILE_TROUBLE;
    }
    *digest = digest_of(slice_make(content, (size_t)got));
    return (size_t)got == size ? FILE_READ : FILE_MOVING;
}

static enum file_status digest_pieces(int fd, uint64_t size, struct digest *digest)
{
    char *piece = mem_grow(NULL, PIECE, 1);
    struct digest_stream *stream = digest_stream_new();
    enum file_status result = FILE_READ;
    for (uint64_t done = 0; done < size && result == FILE_READ;) {
        uint64_t left = size - done;
        ssize_t got = file_read_fully(fd, piece, left < PIECE ? (size_t)left : PIECE);
        if (got > 0) {
            digest_stream_bytes(stream, piece, (size_t)got);
            done += (uint64_t)got;
        } else {
            result = got == 0 ? FILE_MOVING : FILE_TROUBLE;
        }
    }
    int error = errno;
    *digest = digest_stream_end(stream);
    digest_stream_free(stream);
    free(piece);
    errno = error;
    return result;
}

enum file_status file_digest_fd(int fd, struct file_stat *stat, struct digest *digest)
{
    struct file_stat after;
    if (file_stat_fd(fd, stat) != 0) {
        return FILE_TROUBLE;
    }
    enum file_status result = stat->size <= SMALL ? digest_small(fd, (size_t)stat->size, digest)
                                                  : digest_pieces(fd, stat->size, digest);
    if (result == FILE_READ && file_stat_fd(fd, &after) != 0) {
        return FILE_TROUBLE;
    }
    return result != FILE_READ || file_stat_equal(stat, &after) ? result : FILE_MOVING;
}

/* ---- listing ---- */

typedef VEC(const char *) string_list;

struct listing {
    struct arena *memory;
    string_list names;
};

static int add_name(void *context, const char *name, size_t len, bool is_directory)
{
    struct listing *listing = context;
    (void)is_directory;
    vec_push(&listing->names, arena_string(listing->memory, slice_make(name, len)));
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join(struct arena *memory, const char *folder, const char *name)
{
    if (folder[0] == '\0') {
        return name;
    }
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", folder, name);
    const char *joined = arena_string(memory, buf_slice(&path));
    buf_release(&path);
    return joined;
}

/* NULL: not a symlink, or one that can't be read any more. */
static const char *read_link(struct arena *memory, int folder, const char *name)
{
    char text[PATH_MAX];
    ssize_t len = disk->read_link(folder, name, text, sizeof text);
    return len < 0 ? NULL : arena_string(memory, slice_make(text, (size_t)len));
}

struct scan {
    int root;
    struct filetree *tree;
    const struct tree_view *view;
    const struct tree_rules *rules;
};

typedef VEC(struct tree_entry) entry_list;

static bool chooses_files(const struct scan *scan)
{
    return scan->view != NULL && scan->view->globs != NULL;
}

/* A call on an entry failed: it changed if it is gone by now. */
static enum file_status entry_failed(void)
{
    return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ? FILE_MOVING : FILE_TROUBLE;
}

/* Where globs choose files, a link to a file is as good as that file. */
static void follow_link(struct tree_entry *entry, int folder, const char *name)
{
    struct file_stat found;
    if (file_stat(folder, name, &found) == 0 && found.kind == FILE_REGULAR) {
        entry->stat = found;
        entry->link = NULL;
        entry->is_followed = true;
    }
}

/* What a folder holds that counts, looked at while it is open. */
static enum file_status look_at_entry(struct scan *scan, int folder, const char *path,
                                      const char *name, entry_list *entries)
{
    struct tree_entry entry = {.path = join(&scan->tree->memory, path, name)};
    if (file_lstat(folder, name, &entry.stat) != 0) {
        return FILE_TROUBLE;
    }
    if (entry.stat.kind == FILE_MISSING) {
        return FILE_MOVING;
    }
    if (!tree_view_counts(scan->view, slice_of(entry.path), entry.stat.kind == FILE_DIRECTORY)) {
        return FILE_READ;
    }
    if (entry.stat.kind == FILE_OTHER) {
        entry.link = read_link(&scan->tree->memory, folder, name);
        if (chooses_files(scan)) {
            follow_link(&entry, folder, name);
        }
    }
    vec_push(entries, entry);
    return FILE_READ;
}

static enum file_status look_at_folder(struct scan *scan, int folder, const char *path,
                                       entry_list *entries)
{
    struct listing listing = {.memory = &scan->tree->memory};
    enum file_status result =
        file_list(folder, ".", add_name, &listing) == 0 ? FILE_READ : entry_failed();
    if (result == FILE_READ && listing.names.count > 0) {
        qsort(listing.names.at, listing.names.count, sizeof listing.names.at[0], compare_names);
    }
    for (size_t i = 0; result == FILE_READ && i < listing.names.count; i++) {
        const char *name = listing.names.at[i];
        if (tree_rules_count(scan->rules, slice_of(name))) {
            result = look_at_entry(scan, folder, path, name, entries);
        }
    }
    int error = errno;
    vec_release(&listing.names);
    errno = error;
    return result;
}

/* A folder is closed before those in it are opened, so that depth takes no descriptors. */
static enum file_status scan_folder(struct scan *scan, const char *path, int depth)
{
    entry_list entries = {0};
    if (depth > DEEPEST) {
        errno = ELOOP;
        return FILE_TROUBLE;
    }
    int folder = path[0] == '\0' ? scan->root
                                 : disk->open(scan->root, path,
                                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (folder < 0) {
        return entry_failed();
    }
    enum file_status result = look_at_folder(scan, folder, path, &entries);
    int error = errno;
    if (folder != scan->root) {
        disk->close(folder);
    }
    for (size_t i = 0; result == FILE_READ && i < entries.count; i++) {
        const struct tree_entry *entry = &entries.at[i];
        bool is_folder = entry->stat.kind == FILE_DIRECTORY;
        if (!is_folder || !chooses_files(scan)) {
            vec_push(&scan->tree->entries, *entry);
        }
        if (is_folder) {
            result = scan_folder(scan, entry->path, depth + 1);
            error = errno;
        }
    }
    vec_release(&entries);
    errno = error;
    return result;
}

static void note_times(struct filetree *tree, const struct file_stat *stat)
{
    if (stat->mtime_ns > tree->newest_mtime_ns) {
        tree->newest_mtime_ns = stat->mtime_ns;
    }
    if (stat->ctime_ns > tree->newest_ctime_ns) {
        tree->newest_ctime_ns = stat->ctime_ns;
    }
}

static void add_entry_names(struct digest_stream *stream, const struct tree_entry *entry)
{
    digest_stream_field(stream, slice_of(entry->path));
    digest_stream_u64(stream, (uint64_t)entry->stat.kind);
    if (entry->link != NULL) {
        digest_stream_field(stream, slice_of(entry->link));
    }
}

void filetree_summarise(struct filetree *tree)
{
    struct digest_stream *seen = digest_stream_new();
    struct digest_stream *moved = digest_stream_new();
    tree->bytes = 0;
    tree->holds_files = false;
    tree->newest_mtime_ns = tree->root.mtime_ns;
    tree->newest_ctime_ns = tree->root.ctime_ns;
    vec_each (const struct tree_entry, entry, &tree->entries) {
        if (entry->is_left_out) {
            continue;
        }
        add_entry_names(seen, entry);
        tree->holds_files |= entry->stat.kind != FILE_DIRECTORY;
        if (entry->stat.kind == FILE_REGULAR) {
            digest_stream_u64(seen, entry->stat.size);
            digest_stream_u64(seen, (uint64_t)entry->stat.mtime_ns);
            tree->bytes += entry->stat.size;
        }
        digest_stream_u64(moved, entry->stat.inode);
        digest_stream_u64(moved, (uint64_t)entry->stat.ctime_ns);
        note_times(tree, &entry->stat);
    }
    tree->seen = digest_stream_end(seen);
    tree->moved = digest_stream_end(moved);
    digest_stream_free(seen);
    digest_stream_free(moved);
}

void filetree_begin_empty(struct filetree *tree)
{
    *tree = (struct filetree){0};
    arena_init(&tree->memory);
    filetree_summarise(tree);
}

enum file_status filetree_scan(struct filetree *tree, int root, const struct tree_view *view,
                               const struct tree_rules *rules)
{
    struct scan scan = {.root = root,
                        .tree = tree,
                        .view = view,
                        .rules = view != NULL && view->rules != NULL ? view->rules : rules};
    struct file_stat stat;
    *tree = (struct filetree){0};
    arena_init(&tree->memory);
    if (file_stat_fd(root, &stat) != 0) {
        return FILE_TROUBLE;
    }
    enum file_status result = scan_folder(&scan, "", 0);
    if (result == FILE_READ) {
        tree->root = stat;
        filetree_summarise(tree);
    }
    return result;
}

void filetree_release(struct filetree *tree)
{
    vec_release(&tree->entries);
    arena_release(&tree->memory);
}

/* ---- contents ---- */

/* An entry that is read has a content. */
static enum file_status read_entry(struct tree_entry *entry, int root)
{
    struct file_stat stat;
    struct digest digest = DIGEST_UNKNOWN;
    int links = entry->is_followed ? 0 : O_NOFOLLOW;
    int fd = disk->open(root, entry->path, O_RDONLY | links | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) {
        return entry_failed();
    }
    enum file_status result = file_digest_fd(fd, &stat, &digest);
    if (result == FILE_READ && !file_stat_equal(&stat, &entry->stat)) {
        result = FILE_MOVING;
    }
    int error = errno;
    disk->close(fd);
    errno = error;
    if (result == FILE_READ) {
        entry->content = digest;
    }
    return result;
}

enum file_status filetree_digest(struct filetree *tree, int root, struct digest *digest)
{
    struct digest_stream *stream = digest_stream_new();
    enum file_status result = FILE_READ;
    digest_stream_field(stream, SLICE_LITERAL("rowbuild tree"));
    for (size_t i = 0; result == FILE_READ && i < tree->entries.count; i++) {
        struct tree_entry *entry = &tree->entries.at[i];
        if (entry->is_left_out) {
            continue;
        }
        add_entry_names(stream, entry);
        if (entry->stat.kind == FILE_REGULAR) {
            result = digest_is_unknown(entry->content) ? read_entry(entry, root) : FILE_READ;
            digest_stream_digest(stream, entry->content);
        }
    }
    *digest = digest_stream_end(stream);
    int error = errno;
    digest_stream_free(stream);
    errno = error;
    return result;
}
