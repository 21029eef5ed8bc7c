/* Whether the products of a last success lie in their backups, so that it needs no run to have them
 * back. */
#include "plan_inner.h"

#include "backup.h"
#include "convert.h"
#include "names.h"
#include "recorded.h"

/* ---- Backups ---- */

/* A run that is killed while it makes backups or puts them back leaves some products in their places. */
static bool is_kept(struct plan *plan, struct task_id task, struct file_id file,
                    struct recorded *recorded, struct digest then)
{
    struct buf place = BUF_EMPTY;
    struct buf sibling = BUF_EMPTY;
    struct file_row found = {0};
    plan_add_place(plan, task, file, &place);
    backup_good_path(buf_string(&place), &sibling);
    buf_release(&place);
    enum file_status seen =
        observe_view(plan->observer, buf_string(&sibling), plan_view(plan, file), &found);
    bool is_good = seen == FILE_GONE
                       ? plan->files[file.at] == FILE_CURRENT &&
                             observed_equal(then, state_file(plan->state, file.at))
                       : seen == FILE_READ && (observed_equal(then, &found) ||
                                               convert_folder(plan, recorded, buf_string(&sibling),
                                                              plan_view(plan, file), then));
    buf_release(&sibling);
    return is_good;
}

bool plan_good_set_is_backed_up(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    const struct task_row *row = state_task(plan->state, task.at);
    struct recorded recorded = {.good = &row->good};
    bool all = row->is_backed_up && row->success != SUCCESS_NONE && !plan->options.recorded;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1] && all;
         p++) {
        struct file_id file = graph->products.at[p];
        struct component now = {.kind = COMPONENT_PRODUCT};
        struct component then;
        now.name = plan_component_name(plan, task, file, &now.in_directory);
        all = recorded_find(&recorded, &now, SIZE_MAX, &then) &&
              is_kept(plan, task, file, &recorded, then.digest);
    }
    recorded_release(&recorded);
    return all;
}
