/* Which commit changed a file last. */
#include "git_library.h"

#include "vec.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_COMMITS = 5000 }; /* that are looked at: further back, nothing is known */

typedef VEC(struct git_last *) asked_list;

/* What waits at a commit: these paths are there as they are in HEAD. */
struct stop {
    git_oid commit;
    asked_list asked;
};

struct history {
    struct repository *repository;
    struct arena *names;
    VEC(struct stop) stops;
};

/* ---- Trees ---- */

struct entry {
    git_oid id; /* zero: there is none */
    uint32_t mode;
};

static struct entry find_entry(const struct git_library *git, git_tree *tree, const char *path)
{
    struct entry found = {0};
    git_tree_entry *entry = NULL;
    if (tree != NULL && git->git_tree_entry_bypath(&entry, tree, path) == 0) {
        found.id = *git->git_tree_entry_id(entry);
        found.mode = (uint32_t)git->git_tree_entry_filemode(entry);
        git->git_tree_entry_free(entry);
    }
    return found;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return a->mode == b->mode && memcmp(a->id.id, b->id.id, GIT_ID_BYTES) == 0;
}

static bool same_id(const git_oid *a, const git_oid *b)
{
    return memcmp(a->id, b->id, GIT_ID_BYTES) == 0;
}

static git_tree *tree_of(struct repository *repository, git_commit *commit)
{
    git_tree *tree = NULL;
    const struct git_library *git = repository->git;
    return git->git_tree_lookup(&tree, repository->handle, git->git_commit_tree_id(commit)) == 0
               ? tree
               : NULL;
}

/* ---- The working tree ---- */

/* Whether the entry of the index with that number, and what lies in its place, are what the commit has. */
static bool is_committed(const struct worktree *worktree, size_t number, git_tree *head)
{
    const struct git_library *git = worktree->repository->git;
    const git_index_entry *entry = git->git_index_get_byindex(worktree->index, number);
    git_oid id;
    uint32_t mode;
    struct entry there = find_entry(git, head, entry->path);
    return worktree_look(worktree, number, &id, &mode) && same_id(&id, &there.id) &&
           mode == there.mode;
}

/* The same for all below a folder; *count: how many there are. */
static bool is_folder_committed(const struct worktree *worktree, const char *path, git_tree *head,
                                size_t *count)
{
    const struct git_library *git = worktree->repository->git;
    git_index *index = worktree->index;
    struct buf folder = BUF_EMPTY;
    bool is_same = true;
    *count = 0;
    buf_addf(&folder, "%s/", path);
    for (size_t i = repository_first_entry(worktree->repository, index, buf_slice(&folder));
         i < git->git_index_entrycount(index); i++) {
        const git_index_entry *entry = git->git_index_get_byindex(index, i);
        if (!slice_starts_with(slice_of(entry->path), buf_string(&folder))) {
            break;
        }
        ++*count;
        is_same =
            is_same && (entry->mode == GIT_FILEMODE_COMMIT || is_committed(worktree, i, head));
    }
    buf_release(&folder);
    return is_same;
}

/* What is known without the history. GIT_LAST_COMMIT: it has to be looked for. */
static enum git_last_kind look(const struct worktree *worktree, git_tree *head,
                               const struct git_last *asked)
{
    const struct git_library *git = worktree->repository->git;
    const char *path = asked->path.at; /* ends with NUL */
    struct entry there = find_entry(git, head, path);
    size_t number = repository_first_entry(worktree->repository, worktree->index, slice_of(path));
    const git_index_entry *entry = number < git->git_index_entrycount(worktree->index)
                                       ? git->git_index_get_byindex(worktree->index, number)
                                       : NULL;
    size_t below = 0;
    git_oid id;
    bool is_file = entry != NULL && strcmp(entry->path, path) == 0;
    bool is_same = is_file ? is_committed(worktree, number, head)
                           : is_folder_committed(worktree, path, head, &below);
    bool is_tracked = is_file || below > 0;
    if (!is_same || (!is_tracked && there.mode != 0)) {
        return GIT_LAST_UNCOMMITTED; /* edited, deleted, or no longer tracked */
    }
    if (!is_tracked && worktree_hash(worktree, path, &id)) {
        return GIT_LAST_UNKNOWN;
    }
    git_commit *commit = NULL;
    enum git_last_kind kind = GIT_LAST_UNKNOWN;
    git->git_oid_fromraw(&id, asked->since.bytes);
    if (git->git_commit_lookup(&commit, worktree->repository->handle, &id) == 0) {
        git_tree *tree = tree_of(worktree->repository, commit);
        struct entry then = find_entry(git, tree, path);
        if (tree != NULL && !same_entry(&then, &there)) {
            kind = GIT_LAST_COMMIT;
        }
        git->git_tree_free(tree);
    }
    git->git_commit_free(commit);
    return kind;
}

/* ---- The walk ---- */

static void wait_at(struct history *history, const git_oid *commit, struct git_last *asked)
{
    vec_each (struct stop, stop, &history->stops) {
        if (same_id(&stop->commit, commit)) {
            vec_push(&stop->asked, asked);
            return;
        }
    }
    struct stop stop = {.commit = *commit};
    vec_push(&stop.asked, asked);
    vec_push(&history->stops, stop);
}

static void answer(struct history *history, git_commit *commit, struct git_last *asked)
{
    const struct git_library *git = history->repository->git;
    const char *subject = git->git_commit_summary(commit);
    asked->kind = GIT_LAST_COMMIT;
    memcpy(asked->commit.bytes, git->git_commit_id(commit)->id, GIT_ID_BYTES);
    asked->subject = arena_slice(history->names, slice_of(subject != NULL ? subject : ""));
}

/* Sends each path on to the first parent that has it as the commit does, as `git log` follows it. A
 * path that no parent has so was changed here. */
static void pass(struct history *history, const struct stop *stop, git_commit *commit)
{
    const struct git_library *git = history->repository->git;
    git_tree *tree = tree_of(history->repository, commit);
    asked_list left = {0};
    bool is_cut = tree == NULL;
    vec_each (struct git_last *, asked, &stop->asked) {
        vec_push(&left, *asked);
    }
    for (unsigned p = 0; p < git->git_commit_parentcount(commit) && left.count > 0 && !is_cut;
         p++) {
        const git_oid *id = git->git_commit_parent_id(commit, p);
        git_commit *parent = NULL;
        git_tree *before = git->git_commit_lookup(&parent, history->repository->handle, id) == 0
                               ? tree_of(history->repository, parent)
                               : NULL;
        bool is_same = before != NULL && same_id(git->git_tree_id(tree), git->git_tree_id(before));
        asked_list changed = {0};
        is_cut = before == NULL;
        vec_each (struct git_last *, asked, &left) {
            struct entry now = find_entry(git, is_same ? NULL : tree, (*asked)->path.at);
            struct entry then = find_entry(git, is_same ? NULL : before, (*asked)->path.at);
            if (is_same || same_entry(&now, &then)) {
                wait_at(history, id, *asked);
            } else {
                vec_push(&changed, *asked);
            }
        }
        vec_release(&left);
        left.at = changed.at;
        left.count = changed.count;
        left.capacity = changed.capacity;
        git->git_tree_free(before);
        git->git_commit_free(parent);
    }
    vec_each (struct git_last *, asked, &left) {
        if (!is_cut) {
            answer(history, commit, *asked);
        }
    }
    vec_release(&left);
    git->git_tree_free(tree);
}

static void walk(struct history *history)
{
    const struct git_library *git = history->repository->git;
    for (size_t steps = 0; history->stops.count > 0; steps++) {
        struct stop stop = history->stops.at[0];
        git_commit *commit = NULL;
        history->stops.count--;
        memmove(history->stops.at, history->stops.at + 1,
                history->stops.count * sizeof *history->stops.at);
        if (steps < MOST_COMMITS &&
            git->git_commit_lookup(&commit, history->repository->handle, &stop.commit) == 0) {
            pass(history, &stop, commit);
        }
        git->git_commit_free(commit);
        vec_release(&stop.asked);
    }
}

void repository_find_last(struct repository *repository, struct git_last *asked, size_t count,
                          struct arena *names)
{
    const struct git_library *git = repository->git;
    struct history history = {.repository = repository, .names = names};
    struct worktree worktree;
    struct diag unheard;
    struct git_id head;
    git_tree *tree = NULL;
    git_oid id;
    diag_init(&unheard);
    for (size_t i = 0; i < count; i++) {
        asked[i].kind = GIT_LAST_UNKNOWN;
    }
    if (repository_head(repository, &head, &unheard) == 0) {
        tree = repository_tree(repository, &head, &unheard);
    }
    if (tree != NULL && worktree_open(&worktree, repository, &unheard) == 0) {
        git->git_oid_fromraw(&id, head.bytes);
        for (size_t i = 0; i < count; i++) {
            enum git_last_kind kind = look(&worktree, tree, &asked[i]);
            if (kind == GIT_LAST_COMMIT) {
                wait_at(&history, &id, &asked[i]);
            } else {
                asked[i].kind = kind;
            }
        }
        walk(&history);
        worktree_close(&worktree);
    }
    vec_release(&history.stops);
    git->git_tree_free(tree);
    diag_release(&unheard);
}
