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

struct listing {
    struct workspace *workspace;
    const struct glob_set *globs;
    struct buf prefix; /* "a/b/" while "a/b" is listed, "" at the top */
    VEC(struct slice) names;
    VEC(struct slice) links; /* to directories, which would be members */
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

int workspace_open(struct workspace *workspace, int project, const struct rowfile *rowfile,
                   struct diag *diag)
{
    return workspace_open_beside(workspace, project, rowfile, NULL, diag);
}

int workspace_open_beside(struct workspace *workspace, int project, const struct rowfile *rowfile,
                          const char *state, struct diag *diag)
{
    *workspace = (struct workspace){.fd = -1, .rowfile = rowfile};
    arena_init(&workspace->arena);
    workspace->path = arena_slice(&workspace->arena, rowfile->workspace_path);
    workspace->fd = disk->open(project, workspace->path.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (workspace->fd < 0) {
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
    struct glob_set *globs =
        glob_set_new(rowfile->directories, rowfile->directories_count,
                     rowfile->contract == CONTRACT_ROW, "workspace.directories", diag);
    if (globs == NULL) {
        return -1;
    }
    struct listing listing = {.workspace = workspace, .globs = globs, .diag = diag};
    int result = list_below(&listing);
    if (listing.names.count > 0) {
        qsort(listing.names.at, listing.names.count, sizeof *listing.names.at, compare_names);
    }
    workspace->names = listing.names.at;
    workspace->count = listing.names.count;
    workspace->values = mem_alloc(workspace->count * sizeof(struct json *));
    workspace->value_read = mem_alloc(workspace->count * sizeof(bool));
    if (listing.links.count > 1) {
        qsort(listing.links.at, listing.links.count, sizeof *listing.links.at, compare_names);
    }
    tell_links(&listing);
    vec_release(&listing.links);
    buf_release(&listing.prefix);
    glob_set_free(globs);
    return result != 0 ? -1 : 0;
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
    if (nearest != NULL) {
        int index = text_nearest(name, workspace->names, workspace->count);
        *nearest = index >= 0 ? workspace->names[index] : (struct slice){0};
    }
    return -1;
}
