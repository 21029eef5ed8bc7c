/* What may be wrong with one path: its words, and the place that they name. */
#include "building.h"

#include "reserved.h"

/* ---- The words of a path ---- */

/* How much of a filled-in path the Rowfile itself says: `{workspace_path}`, which may lie anywhere,
 * or the `..` that an input may begin with. */
static size_t trusted_length(const struct building *building, const struct path_spec *spec,
                             enum graph_path_role role, struct slice path)
{
    const struct template_part *first = &spec->template.parts[0];
    if (first->kind == TEMPLATE_WORKSPACE) {
        struct slice top = building->workspace->path;
        size_t end = top.len;
        if (path.len > end && path.at[end] != '/') { /* the template ends amid a name */
            while (end > 0 && top.at[end - 1] != '/') {
                end--;
            }
        }
        return end;
    }
    size_t trusted = 0;
    while (role == GRAPH_INPUT && first->kind == TEMPLATE_TEXT &&
           first->text.len >= trusted + strlen("../") &&
           memcmp(first->text.at + trusted, "../", strlen("../")) == 0) {
        trusted += strlen("../");
    }
    return trusted;
}

static enum path_problem judge_part(struct slice part)
{
    if (slice_is(part, "..")) {
        return PROBLEM_UP;
    }
    if (part.len == 0 || slice_is(part, ".")) {
        return PROBLEM_PART;
    }
    return reserved_is_name(part) ? PROBLEM_RESERVED : PROBLEM_NONE;
}

enum path_problem path_judge_words(const struct building *building, const struct path_spec *spec,
                                   enum graph_path_role role, struct slice path)
{
    size_t trusted = trusted_length(building, spec, role, path);
    if (path.len == 0) {
        return PROBLEM_EMPTY;
    }
    if (memchr(path.at, '\0', path.len) != NULL) {
        return PROBLEM_NUL;
    }
    if (trusted == 0 && path.at[0] == '/') {
        return PROBLEM_ABSOLUTE;
    }
    size_t at = trusted;
    if (trusted > 0 && at < path.len && path.at[at] == '/') {
        at++;
    }
    enum path_problem problem = PROBLEM_NONE;
    while (at <= path.len && problem == PROBLEM_NONE && trusted < path.len) {
        const char *slash = at < path.len ? memchr(path.at + at, '/', path.len - at) : NULL;
        size_t end = slash != NULL ? (size_t)(slash - path.at) : path.len;
        problem = judge_part(slice_make(path.at + at, end - at));
        at = end + 1;
    }
    return problem;
}

/* ---- The place of a path ---- */

static bool is_or_lies_in(struct slice path, struct slice outer)
{
    return outer.len > 0 && (slice_equal(path, outer) || path_below(path, outer).at != NULL);
}

void path_add_absolute(const struct building *building, struct slice path, struct buf *out)
{
    const struct workspace *workspace = building->workspace;
    bool is_project = slice_is(workspace->path, ".");
    struct slice below = path_below(path, workspace->path);
    if (slice_equal(path, workspace->path)) {
        buf_add_slice(out, workspace->place.workspace);
        return;
    }
    if (below.at != NULL || (is_project && path.len > 0 && path.at[0] != '/')) {
        buf_add_slice(out, workspace->place.workspace);
        path = below.at != NULL ? below : path;
    } else if (path.len > 0 && path.at[0] == '/') {
        buf_add_slice(out, path);
        return;
    } else {
        buf_add_slice(out, workspace->place.project);
    }
    while (slice_starts_with(path, "../") || slice_is(path, "..")) {
        while (out->len > 0 && out->at[out->len - 1] != '/') {
            out->len--;
        }
        out->len -= out->len > 0;
        path = slice_make(path.at + (path.len > 2 ? 3 : 2), path.len - (path.len > 2 ? 3 : 2));
    }
    buf_add_char(out, '/');
    buf_add_slice(out, path);
}

enum path_problem path_judge_state(const struct building *building, struct slice path, bool is_made)
{
    const struct state_place *place = &building->workspace->place;
    struct slice inside = path_below(path, place->project);
    if (inside.at != NULL && is_or_lies_in(inside, SLICE_LITERAL(".rowbuild"))) {
        return PROBLEM_STATE;
    }
    for (size_t i = 0; i < STATE_NAMES; i++) {
        if (place->state[i].at != NULL && is_or_lies_in(path, place->state[i])) {
            return PROBLEM_STATE;
        }
        if (is_made && place->state[i].at != NULL && path_below(place->state[i], path).at != NULL) {
            return PROBLEM_HOLDS_STATE;
        }
    }
    return PROBLEM_NONE;
}

/* Whether a member lies below a path that is relative to the workspace. */
static bool holds_member(const struct workspace *workspace, struct slice path)
{
    size_t low = 0;
    size_t high = workspace->count;
    while (low < high) { /* the first name that isn't before "path/" */
        size_t middle = low + (high - low) / 2;
        struct slice name = workspace->names[middle];
        size_t shorter = name.len < path.len ? name.len : path.len;
        int order = memcmp(name.at, path.at, shorter);
        if (order == 0) {
            order = name.len <= path.len ? -1 : (unsigned char)name.at[path.len] - '/';
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < workspace->count && path_below(workspace->names[low], path).at != NULL;
}

/* A path of a product that is relative to the workspace. */
static enum path_problem judge_in_workspace(const struct building *building, struct slice path)
{
    const struct workspace *workspace = building->workspace;
    struct slice value_file = building->rowfile->value_file;
    if (workspace_find(workspace, path, NULL) >= 0 || holds_member(workspace, path)) {
        return PROBLEM_MEMBER;
    }
    for (size_t i = 1; i + 1 < path.len && value_file.at != NULL; i++) {
        if (path.at[i] != '/' || workspace_find(workspace, slice_make(path.at, i), NULL) < 0) {
            continue;
        }
        if (is_or_lies_in(value_file, slice_make(path.at + i + 1, path.len - i - 1))) {
            return PROBLEM_VALUE_FILE;
        }
    }
    return PROBLEM_NONE;
}

static bool is_description(const struct building *building, struct slice path)
{
    const char *name = building->rowfile->source.name;
    const char *slash = strrchr(name, '/');
    struct slice inside = path_below(path, building->workspace->place.project);
    return inside.at != NULL && slice_is(inside, slash != NULL ? slash + 1 : name);
}

bool path_is_outside(const struct building *building, struct slice path)
{
    const struct state_place *place = &building->workspace->place;
    return place->project.len > 0 && !is_or_lies_in(path, place->project) &&
           !is_or_lies_in(path, place->workspace);
}

enum path_problem path_judge_place(const struct building *building, struct slice path,
                                   enum graph_path_role role)
{
    const struct state_place *place = &building->workspace->place;
    bool is_made = role != GRAPH_INPUT;
    enum path_problem problem = path_judge_state(building, path, is_made);
    if (problem != PROBLEM_NONE || !is_made) {
        return problem;
    }
    if (is_description(building, path)) {
        return PROBLEM_ROWFILE;
    }
    if (is_or_lies_in(place->workspace, path) || is_or_lies_in(place->project, path)) {
        return PROBLEM_WORKSPACE;
    }
    struct slice inside = path_below(path, place->workspace);
    return inside.at != NULL ? judge_in_workspace(building, inside) : PROBLEM_NONE;
}
