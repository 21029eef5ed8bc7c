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

bool links_make_plain(struct buf *path)
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
    return is_link && links <= MOST_LINKS && links_make_plain(target);
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
