#include "additions.h"

#include "disk.h"
#include "filetree.h"
#include "observer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* How many entries all tries together may go through, and how many moments are tried. */
enum { MOST_WORK = 4 * 1000 * 1000, MOST_MOMENTS = 64, MOST_SINGLE = 256 };

/* Which entries of a young age are taken for added ones. The content can't be mistaken, but a folder
 * is as young as what was last put into it, or taken out of it. */
enum guess {
    GUESS_NEW,   /* files, and folders in which everything is young */
    GUESS_WHOLE, /* folders with all in them: they were moved here */
    GUESS_FILES, /* files alone: folders were empty before */
    GUESSES,
};

struct search {
    struct filetree tree;
    const struct observer *observer;
    const struct folder_then *then;
    int root;
    size_t *ends;        /* by entry: where what is in it ends */
    int64_t *times_ns;   /* by entry: its ctime or mtime */
    int64_t *oldest_ns;  /* by entry: the oldest time of all in it, itself included */
    int64_t *moments_ns; /* different times of entries younger than the record, youngest first */
    size_t moment_count;
    size_t work;
};

/* ---- What is where ---- */

static bool lies_in(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static void measure(struct search *search, bool by_mtime)
{
    const struct tree_entry *entries = search->tree.entries.at;
    size_t count = search->tree.entries.count;
    for (size_t i = count; i-- > 0;) {
        search->ends[i] = i + 1;
        search->times_ns[i] = by_mtime ? entries[i].stat.mtime_ns : entries[i].stat.ctime_ns;
        search->oldest_ns[i] = search->times_ns[i];
        while (search->ends[i] < count && lies_in(entries[search->ends[i]].path, entries[i].path)) {
            size_t inner = search->ends[i];
            if (search->oldest_ns[inner] < search->oldest_ns[i]) {
                search->oldest_ns[i] = search->oldest_ns[inner];
            }
            search->ends[i] = search->ends[inner];
        }
    }
}

static int compare_youngest_first(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;
    return (one < other) - (one > other);
}

static void list_moments(struct search *search)
{
    size_t count = 0;
    search->moment_count = 0;
    for (size_t i = 0; i < search->tree.entries.count; i++) {
        if (search->times_ns[i] > search->then->at_ns) {
            search->moments_ns[count++] = search->times_ns[i];
        }
    }
    if (count > 1) {
        qsort(search->moments_ns, count, sizeof *search->moments_ns, compare_youngest_first);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || search->moments_ns[i] != search->moments_ns[i - 1]) {
            search->moments_ns[search->moment_count++] = search->moments_ns[i];
        }
    }
}

/* ---- Guesses ---- */

static void leave_out(struct search *search, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        search->tree.entries.at[i].is_left_out = true;
    }
}

static void leave_out_all_since(struct search *search, int64_t moment_ns, enum guess guess)
{
    for (size_t i = 0; i < search->tree.entries.count; i++) {
        const struct tree_entry *entry = &search->tree.entries.at[i];
        bool is_young = search->times_ns[i] >= moment_ns;
        if (is_young && entry->stat.kind == FILE_DIRECTORY) {
            is_young =
                guess == GUESS_WHOLE || (guess == GUESS_NEW && search->oldest_ns[i] >= moment_ns);
        }
        if (is_young) {
            leave_out(search, i, search->ends[i]);
            i = search->ends[i] - 1;
        }
    }
}

static void leave_out_none(struct search *search)
{
    vec_each (struct tree_entry, entry, &search->tree.entries) {
        entry->is_left_out = false;
    }
}

/* Whether the folder without what is left out is what it was. Nothing of it is left out afterwards
 * unless so. */
static bool is_then(struct search *search)
{
    struct filetree *tree = &search->tree;
    struct file_row row = {.flags = FILE_ROW_KNOWN | FILE_ROW_DIRECTORY};
    enum file_status status = FILE_READ;
    row.digest = DIGEST_UNREAD;
    search->work += tree->entries.count;
    filetree_summarise(tree);
    row.size = tree->seen.low;
    if (tree->bytes <= search->observer->digest_limit) {
        status = filetree_digest(tree, search->root, &row.digest);
    }
    bool is_same = status == FILE_READ && observed_equal(search->then->digest, &row);
    if (!is_same) {
        leave_out_none(search);
    }
    return is_same;
}

static bool has_time(const struct search *search)
{
    return search->work < MOST_WORK;
}

static bool try_since(struct search *search, int64_t moment_ns)
{
    bool found = false;
    for (enum guess guess = 0; guess < GUESSES && !found; guess++) {
        leave_out_all_since(search, moment_ns, guess);
        found = is_then(search);
    }
    return found;
}

/* A hard link makes the file that it is one of as young as itself. */
static bool try_single(struct search *search)
{
    size_t tried = 0;
    bool found = false;
    for (size_t i = 0; i < search->tree.entries.count && !found && tried < MOST_SINGLE; i++) {
        if (search->times_ns[i] > search->then->at_ns && has_time(search)) {
            leave_out(search, i, search->ends[i]);
            found = is_then(search);
            tried++;
        }
    }
    return found;
}

/* All that is young first, then what came last, and more and more with it: the others may have been
 * given to somebody else since the record. */
static bool guess_by_time(struct search *search, bool by_mtime)
{
    measure(search, by_mtime);
    list_moments(search);
    if (search->moment_count == 0) {
        return false;
    }
    bool found = try_since(search, search->moments_ns[search->moment_count - 1]);
    for (size_t i = 0; i + 1 < search->moment_count && i < MOST_MOMENTS && !found; i++) {
        found = has_time(search) && try_since(search, search->moments_ns[i]);
    }
    return found || try_single(search);
}

/* A copied or an unpacked folder is as young as the copy, but its mtimes may be those that it had. */
static bool guess_additions(struct search *search)
{
    return guess_by_time(search, false) || guess_by_time(search, true);
}

bool additions_find(const struct observer *observer, const char *path, const struct tree_view *view,
                    const struct folder_then *then, struct arena *memory,
                    struct additions *additions)
{
    struct search search = {.observer = observer, .then = then};
    search.root = disk->open(observer->directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (search.root < 0) {
        return false;
    }
    bool found = false;
    if (filetree_scan(&search.tree, search.root, view, &observer->rules) == FILE_READ) {
        size_t count = search.tree.entries.count;
        search.ends = mem_alloc(count * sizeof *search.ends);
        search.times_ns = mem_alloc(count * sizeof *search.times_ns);
        search.oldest_ns = mem_alloc(count * sizeof *search.oldest_ns);
        search.moments_ns = mem_alloc(count * sizeof *search.moments_ns);
        found = guess_additions(&search);
        for (size_t i = 0; i < count && found; i = search.ends[i]) {
            const struct tree_entry *entry = &search.tree.entries.at[i];
            if (entry->is_left_out) {
                vec_push(additions, arena_slice(memory, slice_of(entry->path)));
            } else {
                search.ends[i] = i + 1;
            }
        }
    }
    free(search.ends);
    free(search.times_ns);
    free(search.oldest_ns);
    free(search.moments_ns);
    filetree_release(&search.tree);
    disk->close(search.root);
    return found;
}
