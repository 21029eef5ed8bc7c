#include "state_place.h"

#include "buf.h"
#include "disk.h"
#include "path.h"

#include <fcntl.h>
#include <stdlib.h>

/* Appends the parts of a relative path to an absolute one; `..` removes a part. */
static void add_parts(struct buf *whole, struct slice rest)
{
    struct slice part;
    while (path_next_part(&rest, &part)) {
        if (slice_is(part, "..")) {
            path_drop_part(whole);
        } else {
            buf_add_char(whole, '/');
            buf_add_slice(whole, part);
        }
    }
}

/* Resolves as much of a path as exists, and appends the rest. */
static struct slice resolve(const char *path, struct arena *arena)
{
    struct buf begin = BUF_EMPTY;
    struct buf whole = BUF_EMPTY;
    buf_add_string(&begin, path);
    char *real = disk->real_path(path);
    size_t end = begin.len;
    while (real == NULL && end > 1) {
        while (end > 1 && begin.at[end - 1] == '/') {
            end--;
        }
        while (end > 0 && begin.at[end - 1] != '/') {
            end--;
        }
        char behind = begin.at[end];
        begin.at[end] = '\0';
        real = disk->real_path(end > 0 ? begin.at : ".");
        begin.at[end] = behind;
    }
    buf_add_string(&whole, real != NULL && strcmp(real, "/") != 0 ? real : "");
    add_parts(&whole, slice_make(buf_string(&begin) + end, begin.len - end));
    free(real);
    struct slice result =
        arena_slice(arena, whole.len > 0 ? buf_slice(&whole) : SLICE_LITERAL("/"));
    buf_release(&begin);
    buf_release(&whole);
    return result;
}

/* The folder's path under its given name: links are resolved only in its parent. */
static struct slice resolve_parent(const char *path, struct arena *arena)
{
    struct buf parent = BUF_EMPTY;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    size_t last = len;
    while (last > 0 && path[last - 1] != '/') {
        last--;
    }
    struct slice name = slice_make(path + last, len - last);
    if (slice_is(name, ".") || slice_is(name, "..") || name.len == 0) {
        return resolve(path, arena);
    }
    buf_add(&parent, path, last);
    struct slice folder = resolve(last > 0 ? parent.at : ".", arena);
    buf_clear(&parent);
    buf_add_slice(&parent, folder);
    if (!slice_is(folder, "/")) {
        buf_add_char(&parent, '/');
    }
    buf_add_slice(&parent, name);
    struct slice result = arena_slice(arena, buf_slice(&parent));
    buf_release(&parent);
    return result;
}

struct slice real_path_of(int folder, struct arena *arena)
{
    char *real = disk->path_of(folder);
    struct slice result = real != NULL ? arena_slice(arena, slice_of(real)) : (struct slice){0};
    free(real);
    return result;
}

struct slice real_path_of_name(int directory, struct slice path, struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    struct slice result = {0};
    buf_add_slice(&text, path);
    int folder = disk->open(directory, buf_string(&text), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (folder >= 0) {
        result = real_path_of(folder, arena);
        disk->close(folder);
    }
    buf_release(&text);
    return result;
}

struct slice path_below(struct slice path, struct slice outer)
{
    if (slice_is(outer, "/") && path.len > 1) {
        return slice_make(path.at + 1, path.len - 1);
    }
    if (outer.len == 0 || path.len <= outer.len + 1 || path.at[outer.len] != '/' ||
        memcmp(path.at, outer.at, outer.len) != 0) {
        return (struct slice){0};
    }
    return slice_make(path.at + outer.len + 1, path.len - outer.len - 1);
}

void state_place_find(struct state_place *place, int project, int workspace, const char *state,
                      struct arena *arena)
{
    *place = (struct state_place){0};
    place->project = real_path_of(project, arena);
    place->workspace = real_path_of(workspace, arena);
    if (state == NULL) {
        return;
    }
    place->state[0] = resolve_parent(state, arena);
    place->state[1] = resolve(state, arena);
    for (size_t i = 0; i < STATE_NAMES; i++) {
        place->in_project[i] = path_below(place->state[i], place->project);
        place->in_workspace[i] = path_below(place->state[i], place->workspace);
    }
}

static bool is_one_of(const struct slice *names, struct slice path)
{
    for (size_t i = 0; i < STATE_NAMES; i++) {
        if (names[i].at != NULL && slice_equal(names[i], path)) {
            return true;
        }
    }
    return false;
}

bool state_place_is_in_workspace(const struct state_place *place, struct slice path)
{
    return is_one_of(place->in_workspace, path);
}

bool state_place_is_in_project(const struct state_place *place, struct slice path)
{
    return slice_is(path, ".rowbuild") || is_one_of(place->in_project, path);
}
