/* Where paths lead after symbolic links and `..` in them were resolved. */
#include "building.h"

#include "disk.h"
#include "parallel.h"
#include "path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MOST_LINKS = 40 }; /* as the kernel */

/* ---- One path ---- */

struct resolving {
    struct buf out;  /* absolute, resolved up to here; "" is "/" */
    struct buf rest; /* what is to be resolved, from `at` on */
    size_t at;
    int links;
};

/* Puts the text of a link before what is left. */
static void put_text(struct resolving *resolving, struct slice text)
{
    struct buf rest = BUF_EMPTY;
    buf_add_slice(&rest, text);
    buf_add_char(&rest, '/');
    if (resolving->rest.len > resolving->at) {
        buf_add_slice(&rest, slice_make(resolving->rest.at + resolving->at,
                                        resolving->rest.len - resolving->at));
    }
    buf_release(&resolving->rest);
    resolving->rest = rest;
    resolving->at = 0;
    if (slice_starts_with(text, "/")) {
        resolving->out.len = 0;
    } else {
        path_drop_part(&resolving->out);
    }
}

/* Whether the path resolved so far is a link, which takes its place then. */
static bool follow(struct resolving *resolving)
{
    struct stat found;
    char text[PATH_MAX];
    const char *path = buf_string(&resolving->out);
    if (disk->stat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(found.st_mode) ||
        resolving->links++ >= MOST_LINKS) {
        return false;
    }
    ssize_t len = disk->read_link(AT_FDCWD, path, text, sizeof text);
    if (len <= 0) {
        return false;
    }
    put_text(resolving, slice_make(text, (size_t)len));
    return true;
}

/* Resolves `path` from the folder `base` on, an absolute path without links. What doesn't exist is
 * appended. *link_len: length of the beginning of the path that is the first link; 0: none. */
static void resolve(struct slice base, struct slice path, struct buf *out, size_t *link_len)
{
    struct resolving resolving = {.out = BUF_EMPTY, .rest = BUF_EMPTY};
    buf_add_slice(&resolving.out, slice_is(base, "/") ? SLICE_LITERAL("") : base);
    buf_add_slice(&resolving.rest, path);
    *link_len = 0;
    while (resolving.at < resolving.rest.len) {
        const char *from = resolving.rest.at + resolving.at;
        size_t left = resolving.rest.len - resolving.at;
        const char *slash = memchr(from, '/', left);
        size_t len = slash != NULL ? (size_t)(slash - from) : left;
        struct slice part = slice_make(from, len);
        resolving.at += len + (slash != NULL);
        if (len == 0 || slice_is(part, ".")) {
            continue;
        }
        if (slice_is(part, "..")) {
            path_drop_part(&resolving.out);
            continue;
        }
        bool is_as_named = resolving.links == 0;
        size_t end = resolving.at - (slash != NULL);
        buf_add_char(&resolving.out, '/');
        buf_add_slice(&resolving.out, part);
        if (follow(&resolving) && is_as_named) {
            *link_len = end;
        }
    }
    buf_add_slice(out, resolving.out.len > 0 ? buf_slice(&resolving.out) : SLICE_LITERAL("/"));
    buf_release(&resolving.out);
    buf_release(&resolving.rest);
}

void path_add_from_project(const struct workspace *workspace, struct slice absolute,
                           struct buf *out)
{
    const struct state_place *place = &workspace->place;
    struct slice below = path_below(absolute, place->workspace);
    struct slice inside = path_below(absolute, place->project);
    if (slice_equal(absolute, place->workspace)) {
        buf_add_slice(out, workspace->path);
    } else if (below.at != NULL) {
        if (!slice_is(workspace->path, ".")) {
            buf_add_slice(out, workspace->path);
            buf_add_char(out, '/');
        }
        buf_add_slice(out, below);
    } else if (inside.at != NULL) {
        buf_add_slice(out, inside);
    } else {
        bool is_project = slice_equal(absolute, place->project);
        buf_add_slice(out, is_project ? SLICE_LITERAL(".") : absolute);
    }
}

size_t path_resolve(const struct workspace *workspace, struct slice path, struct buf *out)
{
    const struct state_place *place = &workspace->place;
    struct slice below = path_below(path, workspace->path);
    bool is_top = slice_equal(path, workspace->path);
    struct slice base = place->project;
    struct slice rest = path;
    if (is_top || below.at != NULL) { /* the workspace itself may be a link */
        base = place->workspace;
        rest = is_top ? SLICE_LITERAL("") : below;
    } else if (path.len > 0 && path.at[0] == '/') {
        base = SLICE_LITERAL("/");
    }
    struct buf absolute = BUF_EMPTY;
    size_t link_len;
    resolve(base, rest, &absolute, &link_len);
    path_add_from_project(workspace, buf_slice(&absolute), out);
    buf_release(&absolute);
    return link_len > 0 ? link_len + (path.len - rest.len) : 0;
}

void building_add_way(struct building *building, struct file_id file, struct slice path,
                      size_t link, struct slice end)
{
    struct graph *graph = building->graph;
    if (link > 0) {
        vec_push(&graph->ways,
                 (struct way){.file = file,
                              .link = arena_slice(&graph->arena, slice_make(path.at, link)),
                              .end = arena_slice(&graph->arena, end)});
    }
}

void path_resolve_folder(const struct workspace *workspace, struct slice path, struct buf *out)
{
    size_t end = path.len;
    while (end > 0 && path.at[end - 1] != '/') {
        end--;
    }
    struct buf whole = BUF_EMPTY;
    (void)path_resolve(workspace, slice_make(path.at, end > 1 ? end - 1 : end), &whole);
    if (slice_is(buf_slice(&whole), ".") || whole.len == 0) {
        buf_clear(&whole);
    } else if (whole.at[whole.len - 1] != '/') {
        buf_add_char(&whole, '/');
    }
    buf_add_slice(&whole, slice_make(path.at + end, path.len - end));
    buf_add_slice(out, buf_slice(&whole));
    buf_release(&whole);
}

bool graph_way_has_moved(const struct graph *graph, const struct way *way)
{
    struct buf path = BUF_EMPTY;
    struct buf end = BUF_EMPTY;
    graph_add_path(graph, way->file, &path);
    (void)path_resolve(graph->workspace, buf_slice(&path), &end);
    bool has_moved = !slice_equal(buf_slice(&end), way->end);
    buf_release(&path);
    buf_release(&end);
    return has_moved;
}

/* ---- Many files ---- */

enum { LINK_GRAIN = 256 };

struct link_search {
    const struct building *building;
    const uint32_t *files;
    uint8_t *found; /* by place in the list */
};

/* Members aren't links: what lies in them is looked at from there. */
static bool has_link_below(const struct workspace *workspace, uint32_t directory,
                           struct slice column)
{
    struct buf path = BUF_EMPTY;
    bool found = false;
    buf_add_slice(&path, workspace->names[directory]);
    size_t end = path.len;
    buf_add_char(&path, '/');
    buf_add_slice(&path, column);
    while (end < path.len && !found) {
        struct stat stat;
        const char *slash = memchr(path.at + end + 1, '/', path.len - end - 1);
        end = slash != NULL ? (size_t)(slash - path.at) : path.len;
        char behind = path.at[end];
        path.at[end] = '\0';
        if (disk->stat(workspace->fd, path.at, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
            break;
        }
        found = S_ISLNK(stat.st_mode);
        path.at[end] = behind;
    }
    buf_release(&path);
    return found;
}

static bool may_lead_elsewhere(const struct building *building, struct file_id file)
{
    const struct graph *graph = building->graph;
    const struct workspace *workspace = building->workspace;
    uint32_t column;
    uint32_t directory = graph_file_directory(graph, file, &column);
    if (directory != GRAPH_NONE) {
        return has_link_below(workspace, directory, graph->columns[column]);
    }
    struct buf path = BUF_EMPTY;
    struct buf real = BUF_EMPTY;
    graph_add_path(graph, file, &path);
    (void)path_resolve(workspace, buf_slice(&path), &real);
    bool differs = !slice_equal(buf_slice(&path), buf_slice(&real));
    buf_release(&path);
    buf_release(&real);
    return differs;
}

static void search_range(void *context, unsigned worker, size_t first, size_t end)
{
    const struct link_search *search = context;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        search->found[i] = may_lead_elsewhere(search->building, (struct file_id){search->files[i]});
    }
}

void building_find_links(const struct building *building, const uint32_t *files, size_t count,
                         uint8_t *found)
{
    struct link_search search = {.building = building, .files = files};
    search.found = found;
    parallel_for(0, count, LINK_GRAIN, search_range, &search);
}
