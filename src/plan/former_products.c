#include "former_products.h"

#include "backup.h"
#include "backup_place.h"
#include "file.h"
#include "names.h"

static bool is_there(const struct plan *plan, const char *path)
{
    struct file_stat found;
    return file_lstat(plan->project, path, &found) != 0 || found.kind != FILE_MISSING;
}

/* In its place, or as a backup. */
static bool is_left(const struct plan *plan, struct task_id task, const struct component *component)
{
    static const enum backup_place places[] = {BACKUP_GOOD, BACKUP_KEPT, BACKUP_LEFT};
    struct buf path = BUF_EMPTY;
    struct buf sibling = BUF_EMPTY;
    if (component->in_directory) {
        plan_add_directory(plan->graph, plan->graph->tasks[task.at].directory, &path);
    }
    buf_add_slice(&path, component->name);
    bool found = is_there(plan, buf_string(&path));
    for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++) {
        buf_clear(&sibling);
        backup_add_sibling(buf_string(&path), places[i], &sibling);
        found = is_there(plan, buf_string(&sibling));
    }
    buf_release(&path);
    buf_release(&sibling);
    return found;
}

/* Most records have the same products in the same order: the search begins at `next`. */
static bool is_product(const struct component_list *list, const struct component *wanted,
                       size_t *next)
{
    for (size_t tried = 0; tried < list->count; tried++) {
        size_t i = (*next + tried) % list->count;
        const struct component *one = &list->at[i];
        if (one->kind == COMPONENT_PRODUCT && one->in_directory == wanted->in_directory &&
            slice_equal(one->name, wanted->name)) {
            *next = i + 1;
            return true;
        }
    }
    return false;
}

static bool was_made(const struct task_row *row)
{
    return row->success == SUCCESS_RAN || (row->success == SUCCESS_ACCEPTED && row->duration_s > 0);
}

void plan_push_former(const struct plan *plan, struct task_id task,
                      const struct component_list *list, struct component_list *all)
{
    const struct task_row *row = state_task(plan->state, task.at);
    size_t next = 0;
    for (size_t i = 0; i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        bool is_candidate = component.kind == COMPONENT_FORMER ||
                            (component.kind == COMPONENT_PRODUCT && was_made(row) &&
                             digest_is_content(component.digest));
        if (is_candidate && !is_product(list, &component, &next) &&
            is_left(plan, task, &component)) {
            component.kind = COMPONENT_FORMER;
            vec_push(all, component);
        }
    }
}
