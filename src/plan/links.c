/* Products that are symbolic links, and what is written through them. */
#include "links.h"

#include "disk.h"
#include "file.h"
#include "names.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINKS = 40 }; /* in a chain, as for the kernel */

/* ---- Where a link leads ---- */

static void cut(struct buf *path, size_t len)
{
    path->len = len;
    path->at[len] = '\0';
}

static bool read_link(const char *path, struct buf *text)
{
    char target[PATH_MAX];
    ssize_t len = disk->read_link(AT_FDCWD, path, target, sizeof target);
    if (len <= 0 || (size_t)len >= sizeof target) {
        return false;
    }
    buf_clear(text);
    buf_add(text, target, (size_t)len);
    return true;
}

/* Replaces the last part of a path, or all of it if the text is absolute. */
static void follow(struct buf *path, const struct buf *text)
{
    const char *slash = strrchr(buf_string(path), '/');
    size_t keep = text->at[0] == '/' || slash == NULL ? 0 : (size_t)(slash - path->at) + 1;
    cut(path, keep);
    buf_add_slice(path, buf_slice(text));
}

/* Folders without links, and the last part as it is; false where the folder is missing. */
static bool make_plain(struct buf *path)
{
    char *slash = strrchr(buf_string(path), '/');
    struct buf name = BUF_EMPTY;
    char *folder = NULL;
    if (slash != NULL && slash[1] != '\0' && strcmp(slash, "/.") != 0 &&
        strcmp(slash, "/..") != 0) {
        buf_add_string(&name, slash);
        cut(path, (size_t)(slash - path->at));
        folder = disk->real_path(path->len > 0 ? buf_string(path) : "/");
    } else {
        folder = disk->real_path(buf_string(path));
    }
    buf_clear(path);
    if (folder != NULL) {
        buf_add_string(path, strcmp(folder, "/") == 0 && name.len > 0 ? "" : folder);
        buf_add_slice(path, buf_slice(&name));
    }
    bool found = folder != NULL;
    free(folder);
    buf_release(&name);
    return found;
}

bool plan_find_target(struct plan *plan, struct file_id file, struct buf *target)
{
    char first; /* one call tells that most products are not links */
    buf_clear(target);
    if (disk->read_link(plan->project, plan_path(plan, file), &first, sizeof first) < 0) {
        return false;
    }
    struct buf text = BUF_EMPTY;
    char *project = disk->path_of(plan->project);
    bool is_link = false;
    int links = 0;
    if (project == NULL) {
        return false;
    }
    buf_addf(target, "%s/%s", project, plan_path(plan, file));
    while (links <= MOST_LINKS && read_link(buf_string(target), &text)) {
        is_link = true;
        links++;
        follow(target, &text);
    }
    free(project);
    buf_release(&text);
    return is_link && links <= MOST_LINKS && make_plain(target);
}

/* ---- What is on record ---- */

bool plan_recorded_target(struct plan *plan, struct task_id task, struct file_id file,
                          struct slice *target)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    size_t place = plan_recorded_place(plan, task, COMPONENT_LINK, file);
    bool is_recorded = place + 1 < good->count;
    if (is_recorded) {
        *target = components_at(good, place + 1).name;
    }
    return is_recorded;
}

/* Before that, links are somebody's who wants the command to write through them. */
static bool was_never_attempted(const struct task_row *row)
{
    return (row->success == SUCCESS_NONE || row->success == SUCCESS_ADOPTED) &&
           row->attempt == ATTEMPT_NONE;
}

bool plan_writes_through(struct plan *plan, struct task_id task, struct file_id file,
                         struct buf *target)
{
    const struct task_row *row = state_task(plan->state, task.at);
    struct slice recorded;
    return (was_never_attempted(row) || plan_recorded_target(plan, task, file, &recorded)) &&
           plan_find_target(plan, file, target);
}

void plan_add_place(struct plan *plan, struct task_id task, struct file_id file, struct buf *place)
{
    struct buf target = BUF_EMPTY;
    if (plan_writes_through(plan, task, file, &target)) {
        buf_add_slice(place, buf_slice(&target));
    } else {
        buf_add_string(place, plan_path(plan, file));
    }
    buf_release(&target);
}

void plan_add_links(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    struct buf target = BUF_EMPTY;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        if (!plan_writes_through(plan, task, file, &target)) {
            continue;
        }
        struct component link = {.kind = COMPONENT_LINK};
        struct component leads = {.kind = COMPONENT_TARGET,
                                  .name = arena_slice(&plan->arena, buf_slice(&target))};
        link.name = plan_component_name(plan, task, file, &link.in_directory);
        vec_push(list, link);
        vec_push(list, leads);
    }
    buf_release(&target);
}

/* ---- Whether a target is the product's alone ---- */

static bool same_file(const struct file_stat *a, const struct file_stat *b)
{
    return a->kind != FILE_MISSING && b->kind != FILE_MISSING && a->device == b->device &&
           a->inode == b->inode;
}

/* Of folders: `outer` is `inner` or holds it. Absolute paths. */
static bool holds(struct slice outer, struct slice inner)
{
    return inner.len >= outer.len && memcmp(inner.at, outer.at, outer.len) == 0 &&
           (inner.len == outer.len || inner.at[outer.len] == '/');
}

/* A target, and the folders that it lies in. */
struct reach {
    struct slice path;
    VEC(struct file_stat) stats; /* the target's own first */
};

static void look_up(struct reach *reach)
{
    struct buf path = BUF_EMPTY;
    buf_add_slice(&path, reach->path);
    for (;;) {
        struct file_stat found;
        if (file_stat(AT_FDCWD, buf_string(&path), &found) != 0) {
            found = (struct file_stat){.kind = FILE_MISSING};
        }
        vec_push(&reach->stats, found);
        const char *slash = strrchr(buf_string(&path), '/');
        if (slash == NULL || slash == path.at) {
            break;
        }
        cut(&path, (size_t)(slash - path.at));
    }
    buf_release(&path);
}

/* Whether another file of the study is the target, lies in it, or holds it. `inside`: the target's
 * path from the project where it lies there. */
static bool reaches(struct plan *plan, const struct reach *reach, struct slice inside,
                    struct file_id other, struct buf *scratch)
{
    struct file_stat found;
    const char *path = plan_path(plan, other);
    if (inside.len > 0 && holds(inside, slice_of(path))) {
        return true;
    }
    if (file_stat(plan->project, path, &found) != 0 || found.kind == FILE_MISSING) {
        return plan_find_target(plan, other, scratch) && holds(reach->path, buf_slice(scratch));
    }
    if (same_file(&found, &reach->stats.at[0])) {
        return true;
    }
    for (size_t i = 1; i < reach->stats.count && found.kind == FILE_DIRECTORY; i++) {
        if (same_file(&found, &reach->stats.at[i])) {
            return true;
        }
    }
    return false;
}

static int refuse(struct plan *plan, struct file_id file, struct slice target, struct slice why,
                  struct diag *diag)
{
    struct buf shown = BUF_EMPTY;
    struct buf leads = BUF_EMPTY;
    text_add_name(&shown, slice_of(plan_path(plan, file)));
    text_add_name(&leads, target);
    diag_state_error(
        diag,
        "the product %s is a symbolic link to %s, which %.*s; let it lead to a file or "
        "folder of its own, or remove the link",
        buf_string(&shown), buf_string(&leads), SLICE_ARGS(why));
    buf_release(&shown);
    buf_release(&leads);
    return -1;
}

int plan_check_target(struct plan *plan, struct file_id file, struct slice target,
                      struct diag *diag)
{
    struct reach reach = {.path = target};
    struct buf scratch = BUF_EMPTY;
    struct buf why = BUF_EMPTY;
    char *project = disk->path_of(plan->project);
    struct slice root = slice_of(project != NULL ? project : "/");
    struct slice inside = {0};
    look_up(&reach);
    if (holds(target, root)) {
        buf_add_string(&why, "holds the project");
    } else if (holds(root, target)) {
        inside = slice_make(target.at + root.len + 1, target.len - root.len - 1);
    }
    for (uint32_t f = 0; f < plan->graph->file_count && why.len == 0; f++) {
        if (f != file.at && reaches(plan, &reach, inside, (struct file_id){f}, &scratch)) {
            buf_add_string(&why, "is, holds or belongs to ");
            text_add_name(&why, slice_of(plan_path(plan, (struct file_id){f})));
        }
    }
    int result = why.len > 0 ? refuse(plan, file, target, buf_slice(&why), diag) : 0;
    free(project);
    vec_release(&reach.stats);
    buf_release(&scratch);
    buf_release(&why);
    return result;
}
