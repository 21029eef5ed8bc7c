#include "stamps.h"

#include "names.h"

/* The high half of a stamp's digest, so that it is known as one. */
static const uint64_t STAMP = 0x7374616d70206f66;

bool plan_is_stamp(struct digest digest)
{
    return digest.high == STAMP;
}

bool plan_is_empty_content(struct digest digest)
{
    return digest_equal(digest, digest_of(SLICE_LITERAL("")));
}

static bool is_empty(const struct plan *plan, struct file_id file)
{
    return plan->files[file.at] == FILE_CURRENT &&
           observed_is_empty(state_file(plan->state, file.at));
}

static bool has_stamps(const struct plan *plan, struct task_id task)
{
    return !graph_action(plan->graph, task)->always;
}

/* Stamps are the last components but for those of links, of what stays, of backups and of names,
 * which are put into a record by themselves. Where the stamps end; 0: there are none. */
static size_t end_of_stamps(const struct components *good)
{
    size_t end = good->count;
    while (end > 0) {
        enum component_kind kind = components_at(good, end - 1).kind;
        if (kind == COMPONENT_STAMP) {
            return end;
        }
        if (kind != COMPONENT_LINK && kind != COMPONENT_TARGET && kind != COMPONENT_STAYS &&
            kind != COMPONENT_OLD && kind != COMPONENT_ENTRIES && kind != COMPONENT_ATTEMPT &&
            kind != COMPONENT_TEMPORARY && kind != COMPONENT_FORMER) {
            return 0;
        }
        end--;
    }
    return 0;
}

/* The stamp of a product on its maker's record, or DIGEST_UNKNOWN. */
static struct digest recorded_stamp(struct plan *plan, struct task_id maker, struct file_id file)
{
    const struct components *good = &state_task(plan->state, maker.at)->good;
    struct slice name = {0};
    bool in_directory = false;
    for (size_t i = end_of_stamps(good); i-- > 0;) {
        struct component component = components_at(good, i);
        if (component.kind != COMPONENT_STAMP) {
            break;
        }
        if (name.at == NULL) {
            name = plan_component_name(plan, maker, file, &in_directory);
        }
        if (component.in_directory == in_directory && slice_equal(component.name, name)) {
            return component.digest;
        }
    }
    return DIGEST_UNKNOWN;
}

struct digest plan_stamped(struct plan *plan, struct file_id file, struct digest content)
{
    struct task_id maker = {plan->graph->producers[file.at]};
    if (maker.at == GRAPH_NONE || !is_empty(plan, file) || !has_stamps(plan, maker)) {
        return content;
    }
    struct digest stamp = recorded_stamp(plan, maker, file);
    return digest_is_unknown(stamp) ? content : stamp;
}

bool plan_stamp_stands(struct plan *plan, struct file_id file, struct digest then,
                       struct digest now, const struct task_row *success)
{
    const struct file_row *row = state_file(plan->state, file.at);
    if (!is_empty(plan, file)) {
        return false;
    }
    if (!plan_is_stamp(now)) { /* its maker's record doesn't say on what it ran */
        return plan_is_stamp(then);
    }
    uint32_t maker = plan->graph->producers[file.at];
    /* Within one tick of the clock nobody knows which of the two was first. */
    return digest_equal(then, row->digest) &&
           state_task(plan->state, maker)->finished_at_ns < success->finished_at_ns;
}

static void push_stamp(struct plan *plan, struct task_id task, struct file_id file,
                       struct digest digest, struct component_list *list)
{
    bool in_directory;
    struct slice name = plan_component_name(plan, task, file, &in_directory);
    vec_push(list, (struct component){.kind = COMPONENT_STAMP,
                                      .in_directory = in_directory,
                                      .name = name,
                                      .digest = digest});
}

void plan_keep_stamps(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    const struct components *good = &state_task(plan->state, task.at)->good;
    if (end_of_stamps(good) == 0) {
        return;
    }
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        struct digest stamp =
            is_empty(plan, file) ? recorded_stamp(plan, task, file) : DIGEST_UNKNOWN;
        if (!digest_is_unknown(stamp)) {
            push_stamp(plan, task, file, stamp, list);
        }
    }
}

void plan_freeze_stamps(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    struct digest stamp = {.high = 0};
    for (uint32_t p = graph->product_start[task.at];
         has_stamps(plan, task) && p < graph->product_start[task.at + 1]; p++) {
        if (is_empty(plan, graph->products.at[p])) {
            if (stamp.high == 0) {
                stamp = (struct digest){.low = plan_fingerprint(list).low, .high = STAMP};
            }
            push_stamp(plan, task, graph->products.at[p], stamp, list);
        }
    }
}
