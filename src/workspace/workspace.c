#include "workspace.h"

#include "disk.h"
#include "file.h"
#include "match.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_NAMES = 3 }; /* of links in one message */

typedef VEC(struct slice) name_list;

struct listing {
    struct workspace *workspace;
    const struct glob_set *globs;
    struct buf prefix; /* "a/b/" while "a/b" is listed, "" at the top */
    name_list names;
    name_list links; /* to directories, which would be members */
    struct diag *diag;
};

static int list_below(struct listing *listing);

/* rowbuild and row keep their state in the project, which may itself be the workspace. */
static bool is_state(const char *name)
{
    return strcmp(name, ".rowbuild") == 0 || strcmp(name, ".row") == 0;
}

/* A link to a directory isn't a member, but whoever made it may think so. */
static void take_link(struct listing *listing, int folder, const char *name, struct slice path)
{
    struct file_stat found;
    if (glob_set_matches(listing->globs, path) && file_stat(folder, name, &found) == 0 &&
        found.kind == FILE_DIRECTORY) {
        vec_push(&listing->links, arena_slice(&listing->workspace->arena, path));
    }
}

static int take_entry(void *context, int folder, const char *name, unsigned char type)
{
    struct listing *listing = context;
    size_t len = strlen(name);
    bool is_directory = type == DT_DIR;
    bool is_link = type == DT_LNK;
    if (type == DT_UNKNOWN) {
        struct stat found;
        bool is_there = disk->stat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0;
        is_directory = is_there && S_ISDIR(found.st_mode);
        is_link = is_there && S_ISLNK(found.st_mode);
    }
    if ((!is_directory && !is_link) || is_state(name)) {
        return 0;
    }
    size_t prefix_len = listing->prefix.len;
    int result = 0;
    buf_add(&listing->prefix, name, len);
    struct slice path = buf_slice(&listing->prefix);
    if (state_place_is_in_workspace(&listing->workspace->place, path)) {
        listing->prefix.len = prefix_len;
        return 0;
    }
    if (is_link) {
        take_link(listing, folder, name, path);
        listing->prefix.len = prefix_len;
        return 0;
    }
    if (glob_set_matches(listing->globs, path)) {
        vec_push(&listing->names, arena_slice(&listing->workspace->arena, path));
    }
    if (glob_set_may_match_below(listing->globs, path)) {
        buf_add_char(&listing->prefix, '/');
        result = list_below(listing);
    }
    listing->prefix.len = prefix_len;
    return result;
}

static int list_below(struct listing *listing)
{
    struct buf path = BUF_EMPTY;
    buf_add_string(&path, "./");
    buf_add_slice(&path, buf_slice(&listing->prefix));
    int result = disk->list(listing->workspace->fd, buf_string(&path), 0, take_entry, listing);
    if (result < 0 && listing->diag->errors == 0) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, listing->workspace->path);
        if (listing->prefix.len > 0) {
            buf_add_char(&shown, '/');
            text_add_name(&shown, buf_slice(&listing->prefix));
        }
        diag_state_error(listing->diag, FINDING_WORKSPACE_UNUSABLE,
                         "the workspace `%s` can't be listed: %s", buf_string(&shown),
                         strerror(errno));
        buf_release(&shown);
    }
    buf_release(&path);
    return result;
}

static void tell_links(const struct listing *listing)
{
    size_t count = listing->links.count;
    struct buf names = BUF_EMPTY;
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        buf_add_string(&names, i > 0 ? ", `" : "`");
        text_add_name(&names, listing->links.at[i]);
        buf_add_char(&names, '`');
    }
    buf_add_string(&names, count > MOST_NAMES ? ", …" : "");
    if (count > 0) {
        diag_note(
            listing->diag, FINDING_LINK_IN_WORKSPACE,
            "%zu symbolic %s in the workspace %s not counted as %s: %s; use real directories, "
            "or exclude %s in `workspace.directories`",
            count, count == 1 ? "link" : "links", count == 1 ? "is" : "are",
            count == 1 ? "a directory" : "directories", buf_string(&names),
            count == 1 ? "it" : "them");
    }
    buf_release(&names);
}

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static bool are_sorted(const struct slice *names, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (slice_compare(names[i - 1], names[i]) > 0) {
            return false;
        }
    }
    return true;
}

static void sort_names(struct slice *names, size_t count)
{
    if (count > 1 && !are_sorted(names, count)) {
        qsort(names, count, sizeof *names, compare_names);
    }
}

int workspace_open(struct workspace *workspace, int project, const struct rowfile *rowfile,
                   struct diag *diag)
{
    return workspace_open_beside(workspace, project, rowfile, NULL, diag);
}

int workspace_open_beside(struct workspace *workspace, int project, const struct rowfile *rowfile,
                          const char *state, struct diag *diag)
{
    return workspace_open_declared(workspace, project, rowfile, state, &(struct points_view){0},
                                   diag);
}

/* All names that match; `names` is released by the caller. */
static int list_matching(struct workspace *workspace, const struct slice *patterns, size_t count,
                         bool is_row, bool tells_links, name_list *names, struct diag *diag)
{
    struct glob_set *globs = glob_set_new(patterns, count, is_row, "workspace.directories", diag);
    if (globs == NULL) {
        return -1;
    }
    struct listing listing = {.workspace = workspace, .globs = globs, .diag = diag};
    int result = workspace->fd >= 0 ? list_below(&listing) : 0;
    sort_names(listing.names.at, listing.names.count);
    sort_names(listing.links.at, listing.links.count);
    if (tells_links) {
        tell_links(&listing);
    }
    *names = listing.names;
    vec_release(&listing.links);
    buf_release(&listing.prefix);
    glob_set_free(globs);
    return result != 0 ? -1 : 0;
}

/* Directories on disk at the depth of the points, declared or not. */
static int list_at_depth(struct workspace *workspace, name_list *names, struct diag *diag)
{
    struct buf pattern = BUF_EMPTY;
    for (size_t i = 0; i < points_depth(workspace->points.view.points); i++) {
        buf_add_string(&pattern, i > 0 ? "/*" : "*");
    }
    struct slice patterns[] = {buf_slice(&pattern)};
    int result = list_matching(workspace, patterns, 1, false, false, names, diag);
    buf_release(&pattern);
    return result;
}

static bool holds_name(const struct slice *names, size_t count, struct slice name)
{
    return count > 0 && bsearch(&name, names, count, sizeof *names, compare_names) != NULL;
}

/* The number of the first name that isn't before `name/`, of `count` in bytewise order. */
static size_t find_first_below(const void *names, size_t count, struct slice name,
                               struct slice (*name_at)(const void *names, size_t number))
{
    struct buf key = BUF_EMPTY;
    size_t first = 0;
    buf_add_slice(&key, name);
    buf_add_char(&key, '/');
    for (size_t end = count; first < end;) {
        size_t middle = first + (end - first) / 2;
        if (slice_compare(name_at(names, middle), buf_slice(&key)) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    buf_release(&key);
    return first;
}

static struct slice point_at(const void *points, size_t number)
{
    return points_name(points, number);
}

static struct slice name_at(const void *names, size_t number)
{
    return ((const struct slice *)names)[number];
}

/* Whether members lie in it. */
static bool holds_members(const struct points *points, const name_list *explicit_names,
                          struct slice name)
{
    size_t point = find_first_below(points, points_count(points), name, point_at);
    size_t other = find_first_below(explicit_names->at, explicit_names->count, name, name_at);
    return (point < points_count(points) &&
            path_below(points_name(points, point), name).at != NULL) ||
           (other < explicit_names->count &&
            path_below(explicit_names->at[other], name).at != NULL);
}

/* Directories on disk that are neither points nor listed explicitly, nor hold any of those: at the depth of
 * the points, and those that rowbuild made for points of another depth. */
static void find_undeclared(struct workspace *workspace, const name_list *explicit_names,
                            const name_list *on_disk)
{
    struct workspace_points *own = &workspace->points;
    const struct points *points = own->view.points;
    size_t most = on_disk->count + own->view.known_count + 1;
    size_t next = 0;
    own->undeclared = mem_alloc(most * sizeof *own->undeclared);
    vec_each (const struct slice, name, on_disk) {
        if (points_find_next(points, *name, &next) < 0 &&
            !holds_name(explicit_names->at, explicit_names->count, *name) &&
            !holds_members(points, explicit_names, *name)) {
            own->undeclared[own->undeclared_count++] = *name;
        }
    }
    next = 0;
    for (size_t i = 0; i < own->view.known_count && workspace->fd >= 0; i++) {
        struct slice name = own->view.known[i];
        struct file_stat found;
        if (points_find_next(points, name, &next) < 0 &&
            !holds_name(on_disk->at, on_disk->count, name) &&
            !holds_name(explicit_names->at, explicit_names->count, name) &&
            !holds_members(points, explicit_names, name) &&
            file_lstat(workspace->fd, name.at, &found) == 0 && found.kind == FILE_DIRECTORY) {
            own->undeclared[own->undeclared_count++] = arena_slice(&workspace->arena, name);
        }
    }
    sort_names(own->undeclared, own->undeclared_count);
}

/* The union of the points (as_declared: all; else those that are on disk) and of what is listed
 * explicitly; the rest of what is on disk is undeclared. */
static void unite_names(struct workspace *workspace, const name_list *explicit_names,
                        const name_list *on_disk)
{
    struct workspace_points *own = &workspace->points;
    const struct points *points = own->view.points;
    bool *is_there = mem_alloc(points_count(points) + 1);
    name_list names = {0};
    size_t next = 0;
    vec_each (const struct slice, name, explicit_names) {
        if (points_find(points, *name) < 0) {
            vec_push(&names, *name);
        }
    }
    own->listed = names.count;
    vec_each (const struct slice, name, on_disk) {
        int64_t point = points_find_next(points, *name, &next);
        if (point >= 0) {
            is_there[point] = true;
            own->listed++;
        }
    }
    find_undeclared(workspace, explicit_names, on_disk);
    own->listed += own->undeclared_count;
    if (own->view.as_declared) {
        workspace_find_renames(workspace, is_there);
    }
    for (size_t i = 0; i < own->rename_count; i++) {
        vec_push(&names, own->renames[i].from);
    }
    bool *is_renamed = mem_alloc(points_count(points) + 1);
    for (size_t i = 0; i < own->rename_count; i++) {
        is_renamed[own->renames[i].point] = true;
    }
    for (size_t p = 0; p < points_count(points); p++) {
        if (is_there[p] || (own->view.as_declared && !is_renamed[p])) {
            vec_push(&names, points_name(points, p));
        }
    }
    free(is_renamed);
    own->is_there = is_there;
    sort_names(names.at, names.count);
    workspace->names = names.at;
    workspace->count = names.count;
}

static int list_declared(struct workspace *workspace, struct diag *diag)
{
    const struct rowfile *rowfile = workspace->rowfile;
    name_list explicit_names = {0};
    name_list on_disk = {0};
    int result = 0;
    if (rowfile->directories_given) {
        result = list_matching(workspace, rowfile->directories, rowfile->directories_count,
                               rowfile->contract == CONTRACT_ROW, true, &explicit_names, diag);
    }
    if (result == 0) {
        result = list_at_depth(workspace, &on_disk, diag);
    }
    unite_names(workspace, &explicit_names, &on_disk);
    vec_release(&explicit_names);
    vec_release(&on_disk);
    return result;
}

/* Opens the folder, and finds where the state lies. -1 after an error, where nothing is left open. */
static int open_folder(struct workspace *workspace, int project, const struct rowfile *rowfile,
                       const char *state, const struct points_view *view, struct diag *diag)
{
    *workspace = (struct workspace){.fd = -1, .rowfile = rowfile, .points = {.view = *view}};
    arena_init(&workspace->arena);
    workspace->path = arena_slice(&workspace->arena, rowfile->workspace_path);
    workspace->fd = disk->open(project, workspace->path.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (workspace->fd < 0 && (view->points == NULL || errno != ENOENT)) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, workspace->path);
        diag_state_error(diag, FINDING_WORKSPACE_UNUSABLE,
                         "the workspace `%s` can't be opened: %s; make it, mount it, or set "
                         "`workspace.path` in %s",
                         buf_string(&shown), strerror(errno), rowfile->source.name);
        buf_release(&shown);
        workspace_release(workspace);
        return -1;
    }
    state_place_find(&workspace->place, project, workspace->fd, state, &workspace->arena);
    return 0;
}

static void make_values(struct workspace *workspace)
{
    workspace->values = mem_alloc(workspace->count * sizeof(struct json *));
    workspace->value_read = mem_alloc(workspace->count * sizeof(bool));
}

int workspace_open_given(struct workspace *workspace, int project, const struct rowfile *rowfile,
                         const char *state, const struct slice *names, size_t count,
                         struct diag *diag)
{
    if (open_folder(workspace, project, rowfile, state, &(struct points_view){0}, diag) != 0) {
        return -1;
    }
    name_list copies = {0};
    for (size_t i = 0; i < count; i++) {
        vec_push(&copies, arena_slice(&workspace->arena, names[i]));
    }
    workspace->names = copies.at;
    workspace->count = copies.count;
    workspace->points.listed = copies.count;
    make_values(workspace);
    return 0;
}

int workspace_open_declared(struct workspace *workspace, int project, const struct rowfile *rowfile,
                            const char *state, const struct points_view *view, struct diag *diag)
{
    if (open_folder(workspace, project, rowfile, state, view, diag) != 0) {
        return -1;
    }
    int result;
    if (view->points != NULL) {
        result = list_declared(workspace, diag);
    } else {
        name_list names = {0};
        result = list_matching(workspace, rowfile->directories, rowfile->directories_count,
                               rowfile->contract == CONTRACT_ROW, true, &names, diag);
        workspace->names = names.at;
        workspace->count = names.count;
        workspace->points.listed = names.count;
    }
    make_values(workspace);
    if (view->points != NULL && result == 0) {
        workspace_look_at_points(workspace);
    }
    return result;
}

void workspace_open_absent(struct workspace *workspace, int project, const struct rowfile *rowfile,
                           const char *state)
{
    *workspace = (struct workspace){.fd = -1, .rowfile = rowfile};
    arena_init(&workspace->arena);
    workspace->path = arena_slice(&workspace->arena, rowfile->workspace_path);
    state_place_find(&workspace->place, project, -1, state, &workspace->arena);
}

void workspace_release(struct workspace *workspace)
{
    for (size_t i = 0; workspace->values != NULL && i < workspace->count; i++) {
        json_free(workspace->values[i]);
    }
    free(workspace->values);
    free(workspace->value_read);
    free(workspace->names);
    workspace_release_points(workspace);
    arena_release(&workspace->arena);
    if (workspace->fd >= 0) {
        disk->close(workspace->fd);
    }
    *workspace = (struct workspace){.fd = -1};
}

void workspace_leave_out(struct workspace *workspace, size_t directory)
{
    size_t after = workspace->count - directory - 1;
    json_free(workspace->values[directory]);
    memmove(&workspace->names[directory], &workspace->names[directory + 1],
            after * sizeof *workspace->names);
    memmove(&workspace->values[directory], &workspace->values[directory + 1],
            after * sizeof *workspace->values);
    memmove(&workspace->value_read[directory], &workspace->value_read[directory + 1],
            after * sizeof *workspace->value_read);
    struct workspace_points *own = &workspace->points;
    if (own->standings != NULL) {
        memmove(&own->numbers[directory], &own->numbers[directory + 1],
                after * sizeof *own->numbers);
        memmove(&own->standings[directory], &own->standings[directory + 1],
                after * sizeof *own->standings);
        memmove(&own->found[directory], &own->found[directory + 1], after * sizeof *own->found);
        memmove(&own->marks[directory], &own->marks[directory + 1], after * sizeof *own->marks);
    }
    workspace->count--;
}

int64_t workspace_find(const struct workspace *workspace, struct slice name, struct slice *nearest)
{
    size_t low = 0;
    size_t high = workspace->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(workspace->names[middle], name);
        if (order == 0) {
            return (int64_t)middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = 0; i < workspace->points.rename_count; i++) {
        const struct point_rename *rename = &workspace->points.renames[i];
        if (slice_equal(points_name(workspace->points.view.points, rename->point), name)) {
            return workspace_find(workspace, rename->from, nearest);
        }
    }
    if (nearest != NULL) {
        int index = text_nearest(name, workspace->names, workspace->count);
        *nearest = index >= 0 ? workspace->names[index] : (struct slice){0};
    }
    return -1;
}
