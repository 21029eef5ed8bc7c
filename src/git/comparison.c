/* What differs between a commit and the working tree: the walk that finds it. */
#include "comparison.h"

#include "cached_trees.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NO_SUBMODULE = 0 }; /* the repository itself; submodules count from 1 on */

/* A submodule as the commit and the index have it. */
struct link_to_submodule {
    struct slice path;
    bool was_there;
    bool is_there;
    struct git_id before;
    struct git_id after;
};

struct walk {
    struct git_comparison *comparison;
    struct repository *repository; /* the one that is compared, a submodule's perhaps */
    uint32_t submodule;
    struct worktree worktree;
    struct cached_trees cached;
    git_index *index;
    size_t at; /* the entry of the index that comes next */
    size_t count;
    struct slice above; /* the submodule's path with a trailing '/', or "" */
    struct slice below; /* the folder that is looked at, in this repository */
    struct buf path;    /* in this repository */
    VEC(struct link_to_submodule) links;
    struct diag *diag;
};

static int compare_repository(struct git_comparison *comparison, struct repository *repository,
                              uint32_t submodule, const struct git_id *commit, struct slice above,
                              struct slice below, struct diag *diag);

/* ---- Differences ---- */

static struct slice whole_path(struct walk *walk, struct slice path)
{
    struct buf whole = BUF_EMPTY;
    buf_add_slice(&whole, walk->above);
    buf_add_slice(&whole, path);
    struct slice kept = arena_slice(&walk->comparison->arena, buf_slice(&whole));
    buf_release(&whole);
    return kept;
}

static void add(struct walk *walk, const char *path, enum git_change change, const git_oid *before)
{
    struct git_difference difference = {
        .path = whole_path(walk, slice_of(path)), .change = change, .submodule = walk->submodule};
    if (before != NULL) {
        memcpy(difference.before.bytes, before->id, GIT_ID_BYTES);
    }
    vec_push(&walk->comparison->differences, difference);
}

static bool same_id(const git_oid *a, const git_oid *b)
{
    return memcmp(a->id, b->id, GIT_ID_BYTES) == 0;
}

static struct link_to_submodule *find_link(struct walk *walk, const char *path)
{
    vec_each (struct link_to_submodule, link, &walk->links) {
        if (slice_is(link->path, path)) {
            return link;
        }
    }
    vec_push(&walk->links, (struct link_to_submodule){
                               .path = arena_slice(&walk->comparison->arena, slice_of(path))});
    return &walk->links.at[walk->links.count - 1];
}

static bool is_below(const struct walk *walk, const char *path)
{
    return slice_starts_with(slice_of(path), walk->below.at);
}

/* The entry that comes next, one of several that a merge left in conflict. */
static const git_index_entry *next_entry(const struct walk *walk)
{
    if (walk->at >= walk->count) {
        return NULL;
    }
    const git_index_entry *entry =
        walk->repository->git->git_index_get_byindex(walk->index, walk->at);
    return is_below(walk, entry->path) ? entry : NULL;
}

static void pass_entry(struct walk *walk, const char *path)
{
    const git_index_entry *entry;
    do {
        walk->at++;
        entry = next_entry(walk);
    } while (entry != NULL && strcmp(entry->path, path) == 0);
}

/* The index has it, and the commit doesn't. */
static void take_added(struct walk *walk, const git_index_entry *entry)
{
    git_oid id;
    uint32_t mode;
    if (entry->mode == GIT_FILEMODE_COMMIT) {
        struct link_to_submodule *link = find_link(walk, entry->path);
        link->is_there = true;
        memcpy(link->after.bytes, entry->id.id, GIT_ID_BYTES);
    } else if (worktree_look(&walk->worktree, walk->at, &id, &mode)) {
        add(walk, entry->path, GIT_ADDED, NULL);
    }
    char *path = mem_copy(entry->path, strlen(entry->path));
    pass_entry(walk, path);
    free(path);
}

/* Both have it. */
static void compare_entry(struct walk *walk, const git_index_entry *entry, const git_oid *before,
                          uint32_t mode)
{
    git_oid id;
    uint32_t mode_now;
    if (!worktree_look(&walk->worktree, walk->at, &id, &mode_now)) {
        add(walk, entry->path, GIT_DELETED, before);
        return;
    }
    if (!same_id(&id, &entry->id) && worktree_is_filtered(&walk->worktree, entry->path)) {
        vec_push(&walk->comparison->filtered, whole_path(walk, slice_of(entry->path)));
    }
    if (!same_id(&id, before) || (mode == GIT_FILEMODE_LINK) != (mode_now == GIT_FILEMODE_LINK)) {
        add(walk, entry->path, GIT_CHANGED, before);
    } else if (mode != mode_now) {
        add(walk, entry->path, GIT_MODE, before);
    } else if (!same_id(&entry->id, before)) {
        add(walk, entry->path, GIT_STAGED, before);
    }
}

/* The commit has it, and the index doesn't: the file may have stayed all the same. */
static void take_removed(struct walk *walk, const git_oid *before)
{
    git_oid id;
    const char *path = buf_string(&walk->path);
    if (!worktree_hash(&walk->worktree, path, &id)) {
        add(walk, path, GIT_DELETED, before);
    } else if (!same_id(&id, before)) {
        add(walk, path, GIT_CHANGED, before);
    } else {
        add(walk, path, GIT_STAGED, before);
    }
}

static void take_entry(struct walk *walk, const git_oid *before, uint32_t mode)
{
    const git_index_entry *entry;
    const char *path = buf_string(&walk->path);
    while ((entry = next_entry(walk)) != NULL && strcmp(entry->path, path) < 0) {
        take_added(walk, entry);
    }
    bool is_staged = entry != NULL && strcmp(entry->path, path) == 0;
    bool is_submodule = mode == GIT_FILEMODE_COMMIT;
    if (is_submodule) {
        struct link_to_submodule *link = find_link(walk, path);
        link->was_there = true;
        memcpy(link->before.bytes, before->id, GIT_ID_BYTES);
        if (is_staged) {
            take_added(walk, entry);
        }
    } else if (is_staged && entry->mode != GIT_FILEMODE_COMMIT) {
        compare_entry(walk, entry, before, mode);
        pass_entry(walk, path);
    } else {
        take_removed(walk, before);
    }
}

/* ---- Trees ---- */

/* Whether the walk has to do with an entry: it lies in the folder, or (a tree) holds it. */
static bool leads_to_folder(const struct walk *walk)
{
    struct slice path = buf_slice(&walk->path);
    return is_below(walk, path.at) ||
           (path.len < walk->below.len && walk->below.at[path.len] == '/' &&
            memcmp(walk->below.at, path.at, path.len) == 0);
}

static int tell_missing_tree(struct walk *walk)
{
    const struct repository *repository = walk->repository;
    return diag_state_error(
        walk->diag, FINDING_GIT_OBJECT_MISSING,
        "the folder `%s%s` of the commit can't be read: %s; in a partial clone, "
        "`git -C %s fetch --refetch --filter=blob:none` fetches all folders",
        walk->above.at, buf_string(&walk->path), git_library_error(repository->git),
        repository->top);
}

/* The folders on the way to an entry, below the one that is looked at. */
static void add_folders(struct walk *walk, struct slice path)
{
    for (size_t end = walk->path.len; end < path.len; end++) {
        if (path.at[end] == '/') {
            intern_add(&walk->comparison->folders, whole_path(walk, slice_make(path.at, end)));
        }
    }
}

static size_t folder_length(struct slice path)
{
    const char *slash = memrchr(path.at, '/', path.len);
    return slash != NULL ? (size_t)(slash - path.at) : 0;
}

/* A folder that the index has as the commit has it: only the working tree can differ. The path ends with
 * a '/', or is "". */
static void walk_same(struct walk *walk)
{
    struct slice folder = buf_slice(&walk->path);
    struct slice before = {0};
    const git_index_entry *entry;
    while ((entry = next_entry(walk)) != NULL && strcmp(entry->path, folder.at) < 0) {
        take_added(walk, entry);
    }
    while ((entry = next_entry(walk)) != NULL &&
           slice_starts_with(slice_of(entry->path), folder.at)) {
        struct slice path = slice_of(entry->path);
        struct slice parent = slice_make(path.at, folder_length(path));
        if (!slice_equal(parent, before)) {
            add_folders(walk, path);
            before = parent;
        }
        if (entry->mode == GIT_FILEMODE_COMMIT) {
            struct link_to_submodule *link = find_link(walk, entry->path);
            link->was_there = true;
            memcpy(link->before.bytes, entry->id.id, GIT_ID_BYTES);
            take_added(walk, entry);
        } else {
            compare_entry(walk, entry, &entry->id, entry->mode);
            pass_entry(walk, entry->path);
        }
    }
}

/* The names of a tree, those of trees taken with a '/' at the end, come in the order of the index. */
static int walk_tree(struct walk *walk, const git_oid *id)
{
    const struct git_library *git = walk->repository->git;
    size_t len = walk->path.len;
    git_tree *tree = NULL;
    int result = 0;
    if (git->git_tree_lookup(&tree, walk->repository->handle, id) != 0) {
        return tell_missing_tree(walk);
    }
    for (size_t i = 0; i < git->git_tree_entrycount(tree) && result == 0; i++) {
        const git_tree_entry *entry = git->git_tree_entry_byindex(tree, i);
        uint32_t mode = (uint32_t)git->git_tree_entry_filemode(entry);
        buf_add_string(&walk->path, git->git_tree_entry_name(entry));
        if (mode != GIT_FILEMODE_TREE) {
            if (is_below(walk, buf_string(&walk->path)) ||
                (mode == GIT_FILEMODE_COMMIT && leads_to_folder(walk))) {
                take_entry(walk, git->git_tree_entry_id(entry), mode);
            }
        } else if (leads_to_folder(walk)) {
            intern_add(&walk->comparison->folders, whole_path(walk, buf_slice(&walk->path)));
            bool is_same = cached_trees_has(&walk->cached, buf_slice(&walk->path),
                                            git->git_tree_entry_id(entry));
            buf_add_char(&walk->path, '/');
            if (is_same && is_below(walk, buf_string(&walk->path))) {
                walk_same(walk);
            } else {
                result = walk_tree(walk, git->git_tree_entry_id(entry));
            }
        }
        walk->path.len = len;
        walk->path.at[len] = '\0';
    }
    git->git_tree_free(tree);
    return result;
}

/* ---- Submodules ---- */

static struct repository *open_submodule(struct walk *walk, struct slice path)
{
    struct diag unseen;
    struct buf folder = BUF_EMPTY;
    struct repository *opened = NULL;
    diag_init(&unseen);
    buf_addf(&folder, "%s/%.*s", walk->repository->top, SLICE_ARGS(path));
    (void)repository_open(buf_string(&folder), &opened, &unseen);
    if (opened != NULL && strcmp(opened->top, buf_string(&folder)) != 0) {
        repository_free(opened); /* an empty folder lies in the repository that holds it */
        opened = NULL;
    }
    buf_release(&folder);
    diag_release(&unseen);
    return opened;
}

static int compare_submodule(struct walk *walk, const struct link_to_submodule *link)
{
    struct git_comparison *comparison = walk->comparison;
    struct repository *opened = open_submodule(walk, link->path);
    struct slice path = whole_path(walk, link->path);
    if (link->was_there) {
        intern_add(&comparison->folders, path);
    }
    if (opened == NULL) {
        git_oid before;
        walk->repository->git->git_oid_fromraw(&before, link->before.bytes);
        vec_push(&comparison->unknown, path);
        if (!link->was_there || !link->is_there || !git_id_equal(&link->before, &link->after)) {
            add(walk, link->path.at, GIT_CHANGED, &before);
        }
        return 0;
    }
    vec_push(&comparison->submodules, (struct submodule){.path = path, .repository = opened});
    struct buf above = BUF_EMPTY;
    buf_addf(&above, "%.*s/", SLICE_ARGS(path));
    int result = compare_repository(comparison, opened, (uint32_t)comparison->submodules.count,
                                    link->was_there ? &link->before : NULL, buf_slice(&above),
                                    SLICE_LITERAL(""), walk->diag);
    buf_release(&above);
    return result;
}

/* ---- The whole ---- */

/* How many entries from the next on lie in the folder. */
static size_t count_entries(struct walk *walk)
{
    struct buf end = BUF_EMPTY;
    size_t first = walk->at;
    if (walk->below.len == 0) {
        return walk->count - first;
    }
    buf_add_slice(&end, slice_make(walk->below.at, walk->below.len - 1));
    buf_add_char(&end, '/' + 1);
    size_t after = repository_first_entry(walk->repository, walk->index, buf_slice(&end));
    buf_release(&end);
    return after - first;
}

static int walk_top(struct walk *walk, const git_oid *id)
{
    if (walk->below.len == 0 && cached_trees_has(&walk->cached, SLICE_LITERAL(""), id)) {
        walk_same(walk);
        return 0;
    }
    return walk_tree(walk, id);
}

/* `commit` NULL: it doesn't have the repository at all. */
static int compare_repository(struct git_comparison *comparison, struct repository *repository,
                              uint32_t submodule, const struct git_id *commit, struct slice above,
                              struct slice below, struct diag *diag)
{
    struct walk walk = {.comparison = comparison,
                        .repository = repository,
                        .submodule = submodule,
                        .above = above,
                        .below = below,
                        .diag = diag};
    git_tree *tree = commit != NULL ? repository_tree(repository, commit, diag) : NULL;
    const git_index_entry *entry;
    if (commit != NULL && tree == NULL) {
        return -1;
    }
    int result = worktree_open(&walk.worktree, repository, diag);
    if (result == 0) {
        walk.index = repository_index(repository, diag);
        walk.count = repository->git->git_index_entrycount(walk.index);
        walk.at = repository_first_entry(repository, walk.index, below);
        worktree_look_ahead(&walk.worktree, walk.at, count_entries(&walk));
        cached_trees_read(&walk.cached, repository->git, walk.index);
        buf_add_string(&walk.path, "");
        result = tree != NULL ? walk_top(&walk, repository->git->git_tree_id(tree)) : 0;
        while (result == 0 && (entry = next_entry(&walk)) != NULL) {
            take_added(&walk, entry);
        }
        for (size_t i = 0; i < walk.links.count && result == 0; i++) {
            result = compare_submodule(&walk, &walk.links.at[i]);
        }
        cached_trees_release(&walk.cached);
        worktree_close(&walk.worktree);
    }
    repository->git->git_tree_free(tree);
    vec_release(&walk.links);
    buf_release(&walk.path);
    return result;
}

static int compare_paths(const void *a, const void *b)
{
    const struct git_difference *left = a;
    const struct git_difference *right = b;
    return slice_compare(left->path, right->path);
}

static int compare_with(struct repository *repository, const struct git_id *commit,
                        struct slice below, struct git_comparison **comparison, struct diag *diag)
{
    struct git_comparison *made = mem_alloc(sizeof *made);
    *made = (struct git_comparison){.repository = repository};
    arena_init(&made->arena);
    intern_init(&made->folders);
    int result =
        compare_repository(made, repository, NO_SUBMODULE, commit, SLICE_LITERAL(""), below, diag);
    if (result != 0) {
        git_comparison_free(made);
        made = NULL;
    } else if (made->differences.count > 1) {
        qsort(made->differences.at, made->differences.count, sizeof *made->differences.at,
              compare_paths);
    }
    *comparison = made;
    return result;
}

int repository_compare(struct repository *repository, const struct git_id *commit,
                       struct slice below, struct git_comparison **comparison, struct diag *diag)
{
    return compare_with(repository, commit, below, comparison, diag);
}

void git_comparison_free(struct git_comparison *comparison)
{
    if (comparison == NULL) {
        return;
    }
    vec_each (struct submodule, submodule, &comparison->submodules) {
        repository_free(submodule->repository);
    }
    vec_release(&comparison->submodules);
    vec_release(&comparison->unknown);
    vec_release(&comparison->filtered);
    vec_release(&comparison->differences);
    intern_release(&comparison->folders);
    arena_release(&comparison->arena);
    free(comparison);
}

int repository_is_dirty(struct repository *repository, bool *is_dirty, struct diag *diag)
{
    struct git_comparison *comparison;
    struct git_id head;
    int found = repository_head(repository, &head, diag);
    *is_dirty = false;
    if (found < 0 || compare_with(repository, found == 0 ? &head : NULL,
                                  repository_prefix(repository), &comparison, diag) != 0) {
        return -1;
    }
    *is_dirty = comparison->differences.count > 0;
    git_comparison_free(comparison);
    return 0;
}
