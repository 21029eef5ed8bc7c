#include "looking.h"

#include <stdlib.h>

void plan_put_success(struct plan *plan, struct node_id node, const struct component_list *list,
                      struct node_row *row)
{
    struct digest *digests = mem_grow(NULL, list->count, sizeof *digests);
    for (size_t i = 0; i < list->count; i++) {
        digests[i] = list->at[i].digest;
    }
    row->is_known = true;
    row->good = (struct components){.shape = state_shape(plan->state, list->at, list->count),
                                    .digests = digests,
                                    .count = list->count};
    row->fingerprint = plan_fingerprint(list);
    if (row->attempt != ATTEMPT_CHANGED) {
        row->attempt = ATTEMPT_NONE;
        row->attempt_status = 0;
    }
    state_put_node(plan->state, node.at, row);
    free(digests);
}

static void replace_in_node(struct plan *plan, struct node_id node, struct file_id file,
                            struct digest before, struct digest after)
{
    const struct node_row *recorded = state_node(plan->state, node.at);
    struct component_list list = {0};
    bool replaced = false;
    bool in_directory;
    struct slice name = plan_component_name(plan, node, file, &in_directory);
    for (size_t i = 0; i < recorded->good.count; i++) {
        struct component component = components_at(&recorded->good, i);
        bool named = (component.kind == COMPONENT_FILE || component.kind == COMPONENT_PRODUCT) &&
                     component.in_directory == in_directory && slice_equal(component.name, name);
        if (named && digest_equal(component.digest, before)) {
            component.digest = after;
            replaced = true;
        }
        vec_push(&list, component);
    }
    if (replaced) {
        struct node_row row = *recorded;
        uint8_t attempt = row.attempt;
        int32_t status = row.attempt_status;
        plan_put_success(plan, node, &list, &row);
        row = *state_node(plan->state, node.at);
        row.attempt = attempt;
        row.attempt_status = status;
        state_put_node(plan->state, node.at, &row);
    }
    vec_release(&list);
}

void plan_replace_digest(struct plan *plan, struct node_id maker, struct file_id file,
                         struct digest before, struct digest after)
{
    const struct graph *graph = plan->graph;
    replace_in_node(plan, maker, file, before, after);
    for (uint32_t a = graph->after_start[maker.at]; a < graph->after_start[maker.at + 1]; a++) {
        replace_in_node(plan, graph->after[a], file, before, after);
    }
}

void plan_follow_first_digest(struct plan *plan, struct file_id file, const struct file_row *before,
                              const struct file_row *after)
{
    uint32_t maker = plan->graph->producers[file.at];
    bool first = (before->flags & FILE_ROW_BY_STAT) != 0 &&
                 (after->flags & FILE_ROW_BY_STAT) == 0 && before->size == after->size;
    if (first && maker != GRAPH_NONE &&
        state_node(plan->state, maker)->success == SUCCESS_ADOPTED) {
        plan_replace_digest(plan, (struct node_id){maker}, file, before->digest, after->digest);
    }
}
