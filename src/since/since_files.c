#include "since_inner.h"

#include "digest.h"
#include "file.h"
#include "memory.h"
#include "path.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Times in this state: the successes of the commit, and what was edited after them. */
enum { BEFORE_SUCCESS_NS = 0, AFTER_SUCCESS_NS = 2 };

/* ---- Paths ---- */

/* An absolute path without links as one from the top. */
static bool add_absolute(const struct since *since, struct slice path, struct buf *out)
{
    struct slice top = slice_of(repository_top(since->git.repository));
    bool is_below = path.len >= top.len && memcmp(path.at, top.at, top.len) == 0 &&
                    (path.len == top.len || path.at[top.len] == '/');
    return is_below && path_add_parts(slice_make(path.at + top.len, path.len - top.len), out);
}

void since_place_workspace(struct since *since, struct since_study *study,
                           const struct workspace *workspace)
{
    struct buf path = BUF_EMPTY;
    struct slice real = workspace->place.workspace;
    if (real.len > 0) {
        study->workspace_is_tracked = add_absolute(since, real, &path);
    } else {
        struct buf whole = BUF_EMPTY; /* it doesn't exist today */
        buf_add_slice(&whole, repository_prefix(since->git.repository));
        buf_add_slice(&whole, workspace->path);
        study->workspace_is_tracked = path_add_parts(buf_slice(&whole), &path);
        buf_release(&whole);
    }
    study->workspace_path = arena_slice(&since->arena, buf_slice(&path));
    buf_release(&path);
}

bool since_add_path(const struct since *since, const struct since_study *study, struct slice path,
                    struct buf *out)
{
    struct slice workspace = study->graph->workspace->path;
    struct slice below = slice_is(workspace, ".") ? (struct slice){0} : path_below(path, workspace);
    struct buf whole = BUF_EMPTY;
    bool is_inside;
    if (below.at != NULL || slice_equal(path, workspace)) {
        buf_add_slice(&whole, study->workspace_path);
        buf_add_char(&whole, '/');
        buf_add_slice(&whole, below);
        is_inside = study->workspace_is_tracked && path_add_parts(buf_slice(&whole), out);
    } else if (path.len > 0 && path.at[0] == '/') {
        is_inside = add_absolute(since, path, out);
    } else {
        buf_add_slice(&whole, repository_prefix(since->git.repository));
        buf_add_slice(&whole, path);
        is_inside = path_add_parts(buf_slice(&whole), out);
    }
    buf_release(&whole);
    return is_inside;
}

/* ---- What became of a path ---- */

static bool is_on_disk(const struct since *since, struct slice path, struct file_stat *found)
{
    struct buf whole = BUF_EMPTY;
    buf_addf(&whole, "%s/%.*s", repository_top(since->git.repository), SLICE_ARGS(path));
    bool is_there =
        file_stat(AT_FDCWD, buf_string(&whole), found) == 0 && found->kind != FILE_MISSING;
    buf_release(&whole);
    return is_there;
}

static bool counts(const struct tree_view *view, struct slice folder, struct slice path)
{
    struct slice below =
        folder.len > 0 ? slice_make(path.at + folder.len + 1, path.len - folder.len - 1) : path;
    return view == NULL || tree_view_counts(view, below, false);
}

struct search {
    const struct since *since;
    const struct tree_view *view;
    struct slice folder;
    struct buf path; /* from the top */
    bool found;
};

static void search_new(struct search *search);

static int search_entry(void *context, const char *name, size_t len, bool is_directory)
{
    struct search *search = context;
    size_t before = search->path.len;
    buf_add_string(&search->path, before > 0 ? "/" : "");
    buf_add(&search->path, name, len);
    struct slice path = buf_slice(&search->path);
    struct slice below =
        slice_make(path.at + (search->folder.len > 0 ? search->folder.len + 1 : 0),
                   path.len - (search->folder.len > 0 ? search->folder.len + 1 : 0));
    bool may_count = search->view == NULL || tree_view_counts(search->view, below, is_directory);
    if (may_count && is_directory) {
        search_new(search);
    } else if (may_count) {
        search->found = !git_comparison_tracks(search->since->git.comparison, path) &&
                        git_comparison_find(search->since->git.comparison, path) == NULL &&
                        !git_comparison_ignores(search->since->git.comparison, path);
    }
    search->path.len = before;
    search->path.at[before] = '\0';
    return search->found;
}

/* Whether a folder holds a file that git neither tracks nor ignores. */
static void search_new(struct search *search)
{
    struct buf whole = BUF_EMPTY;
    buf_addf(&whole, "%s/%s", repository_top(search->since->git.repository),
             buf_string(&search->path));
    (void)file_list(AT_FDCWD, buf_string(&whole), search_entry, search);
    buf_release(&whole);
}

static bool folder_differs(const struct since *since, struct slice path,
                           const struct tree_view *view)
{
    size_t count;
    const struct git_difference *below = git_comparison_below(since->git.comparison, path, &count);
    for (size_t i = 0; i < count; i++) {
        if (below[i].change != GIT_MODE && below[i].change != GIT_STAGED &&
            counts(view, path, below[i].path)) {
            return true;
        }
    }
    struct search search = {.since = since, .view = view, .folder = path};
    buf_add_slice(&search.path, path);
    search_new(&search);
    buf_release(&search.path);
    return search.found;
}

/* A submodule that isn't checked out, in which the path lies; at == NULL: none. */
static struct slice unknown_submodule(const struct since *since, struct slice path)
{
    const struct slice *unknown;
    size_t count = git_comparison_unknown(since->git.comparison, &unknown);
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(path, unknown[i]) || path_below(path, unknown[i]).at != NULL) {
            return unknown[i];
        }
    }
    return (struct slice){0};
}

static struct since_path look_at_difference(const struct git_difference *difference)
{
    return (struct since_path){.was_there = difference->change != GIT_ADDED,
                               .is_there = difference->change != GIT_DELETED,
                               .differs = difference->change == GIT_CHANGED,
                               .difference = difference};
}

struct since_path since_look(const struct since *since, struct slice path,
                             const struct tree_view *view)
{
    const struct git_comparison *comparison = since->git.comparison;
    const struct git_difference *difference = git_comparison_find(comparison, path);
    struct file_stat found;
    if (difference != NULL) {
        return look_at_difference(difference);
    }
    struct slice submodule = unknown_submodule(since, path);
    if (submodule.at != NULL) {
        return (struct since_path){true, true, git_comparison_find(comparison, submodule) != NULL,
                                   NULL};
    }
    bool had = git_comparison_had_folder(comparison, path);
    bool tracks = git_comparison_tracks(comparison, path);
    size_t below = 0;
    if (tracks && !had && git_comparison_below(comparison, path, &below) == NULL) {
        return (struct since_path){true, true, false, NULL}; /* a file: no look at the disk */
    }
    bool is_there = is_on_disk(since, path, &found);
    if (had || (tracks && is_there && found.kind == FILE_DIRECTORY)) {
        return (struct since_path){had, is_there, folder_differs(since, path, view), NULL};
    }
    if (tracks) {
        return (struct since_path){true, true, false, NULL};
    }
    bool is_ignored = is_there && git_comparison_ignores(comparison, path);
    return (struct since_path){is_ignored, is_there, false, NULL};
}

/* ---- Rows ---- */

static struct digest tagged(const char *tag, struct slice path)
{
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, tag);
    buf_add_slice(&text, path);
    struct digest digest = digest_of(buf_slice(&text));
    buf_release(&text);
    return digest;
}

static bool is_made(const struct graph *graph, struct file_id file)
{
    return graph->producers[file.at] != GRAPH_NONE || graph_origin_count(graph, file) > 0;
}

/* The name by which a product of both studies is the same: renaming the workspace changes nothing. */
static struct slice product_name(const struct graph *graph, struct file_id file)
{
    uint32_t column;
    bool is_inside = graph_file_directory(graph, file, &column) != GRAPH_NONE;
    return is_inside ? graph->columns[column] : graph_other_name(graph, file);
}

/* The digest of a value's canonical text, as the rows of value files have it. */
static struct digest value_digest(const struct since_study *study, uint32_t directory,
                                  struct slice path)
{
    const struct json *value;
    struct diag unseen;
    struct buf text = BUF_EMPTY;
    struct digest digest = tagged(study->is_then ? "then:" : "now:", path);
    diag_init(&unseen);
    if (workspace_value(study->graph->workspace, directory, &value, &unseen) == 0) {
        json_add_canonical(value, &text);
        digest = digest_of(buf_slice(&text));
    }
    buf_release(&text);
    diag_release(&unseen);
    return digest;
}

static bool link_differs(const struct since *since, const struct since_study *study,
                         const struct way *way)
{
    struct buf path = BUF_EMPTY;
    bool differs = false;
    if (way != NULL && since_add_path(since, study, way->link, &path)) {
        const struct git_difference *difference =
            git_comparison_find(since->git.comparison, buf_slice(&path));
        differs = difference != NULL && difference->change == GIT_CHANGED;
    }
    buf_release(&path);
    return differs;
}

/* What lies outside of the repository is as it was. */
static struct since_path look_at_file(const struct since *since, const struct since_study *study,
                                      struct file_id file, struct buf *path)
{
    const struct graph *graph = study->graph;
    const struct way *way = graph_way(graph, file);
    struct buf from_project = BUF_EMPTY;
    struct since_path found;
    buf_clear(path);
    graph_add_path(graph, file, &from_project);
    if (since_add_path(since, study, way != NULL ? way->end : buf_slice(&from_project), path)) {
        found = since_look(since, buf_slice(path), graph_view(graph, file));
        found.differs = found.differs || link_differs(since, study, way);
    } else {
        struct file_stat stat;
        bool is_there = file_stat(since->request.project, buf_string(&from_project), &stat) == 0 &&
                        stat.kind != FILE_MISSING;
        found = (struct since_path){is_there, is_there, false, NULL};
        buf_clear(path);
        buf_add_slice(path, buf_slice(&from_project));
    }
    buf_release(&from_project);
    return found;
}

static void put_row(struct since *since, struct file_id file, struct digest digest, bool is_edited)
{
    struct file_row row = {.size = 1,
                           .mtime_ns = is_edited ? AFTER_SUCCESS_NS : BEFORE_SUCCESS_NS,
                           .digest = digest,
                           .flags = FILE_ROW_KNOWN};
    state_put_file(since->state, file.at, &row);
}

static void put_input(struct since *since, struct since_study *study, struct file_id file,
                      struct buf *path)
{
    const struct graph *graph = study->graph;
    struct since_path found = look_at_file(since, study, file, path);
    bool is_same = found.was_there && found.is_there && !found.differs;
    uint32_t column;
    uint32_t directory = graph_file_directory(graph, file, &column);
    bool is_value = directory != GRAPH_NONE && column == graph->value_column;
    if (is_value && since_look_at_point(since, graph->workspace->names[directory], &found)) {
        is_same = !found.differs;
    }
    if (!(study->is_then ? found.was_there : found.is_there)) {
        state_put_file(since->state, file.at, &(struct file_row){0});
    } else if (is_same) {
        put_row(since, file, tagged("same:", buf_slice(path)), false);
    } else if (is_value) {
        put_row(since, file, value_digest(study, directory, buf_slice(path)), !study->is_then);
    } else {
        put_row(since, file, tagged(study->is_then ? "then:" : "now:", buf_slice(path)),
                !study->is_then);
    }
}

/* Products are as they were built, but one that the commit's tasks didn't make yet is missing. */
static void put_made(struct since *since, struct since_study *study, struct file_id file)
{
    struct slice name = product_name(study->graph, file);
    if (study->is_then) {
        intern_add(&since->products_then, name);
    }
    if (study->graph->producers[file.at] == GRAPH_NONE ||
        intern_find(&since->products_then, name) != INTERN_NONE) {
        put_row(since, file, digest_of(SLICE_LITERAL("made")), false);
    } else {
        state_put_file(since->state, file.at, &(struct file_row){0});
    }
}

void since_put_files(struct since *since, struct since_study *study)
{
    struct buf path = BUF_EMPTY;
    for (uint32_t f = 0; f < study->graph->file_count; f++) {
        struct file_id file = {f};
        if (is_made(study->graph, file)) {
            put_made(since, study, file);
        } else {
            put_input(since, study, file, &path);
        }
    }
    buf_release(&path);
}

/* ---- The plan ---- */

int since_make_plan(struct since *since, struct since_study *study, struct diag *diag)
{
    struct plan_options options = {.no_adopt = true, .recorded = true, .threads = 1};
    struct plan_selection all = {.from_project = "", .project_path = since->request.project_path};
    uint64_t limit = study->graph->rowfile->digest_limit;
    study->observer = observer_new(since->request.project, limit, false);
    study->plan = plan_new(study->graph, since->request.project, &options);
    if (plan_select(study->plan, &all, diag) != 0) {
        return -1;
    }
    plan_attach(study->plan, since->state, study->observer);
    since_put_files(since, study);
    return plan_look(study->plan, diag);
}
