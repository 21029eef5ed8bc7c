#include "recorded_products.h"

static bool was_made(const struct task_row *row, const struct component *component)
{
    bool has_run =
        row->success == SUCCESS_RAN || (row->success == SUCCESS_ACCEPTED && row->duration_s > 0);
    return component->kind == COMPONENT_FORMER || (component->kind == COMPONENT_PRODUCT && has_run);
}

static void take_row(const struct workspace *workspace, const struct task_row *row,
                     struct slice directory, recorded_product_fn *take, void *context)
{
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; row != NULL && row->success != SUCCESS_NONE && i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        if (!was_made(row, &component)) {
            continue;
        }
        buf_clear(&path);
        if (component.in_directory && !slice_is(workspace->path, ".")) {
            buf_add_slice(&path, workspace->path);
            buf_add_char(&path, '/');
        }
        if (component.in_directory) {
            buf_add_slice(&path, directory);
            buf_add_char(&path, '/');
        }
        buf_add_slice(&path, component.name);
        take(context, buf_slice(&path), component.digest, row->finished_at_ns);
    }
    buf_release(&path);
}

void run_each_recorded_product(struct plan *plan, recorded_product_fn *take, void *context)
{
    const struct workspace *workspace = plan_graph(plan)->workspace;
    const struct state *state = plan_state(plan);
    const struct slice *directories;
    const struct slice *actions;
    const struct slice *keys;
    size_t directory_count = state_recorded_directories(state, &directories);
    size_t action_count = state_recorded_actions(state, &actions);
    size_t key_count = state_recorded_others(state, &keys);
    for (size_t d = 0; d < directory_count; d++) {
        for (size_t a = 0; a < action_count; a++) {
            take_row(workspace, state_recorded_task(state, directories[d], actions[a]),
                     directories[d], take, context);
        }
    }
    for (size_t k = 0; k < key_count; k++) {
        take_row(workspace, state_recorded_other(state, keys[k]), SLICE_LITERAL(""), take, context);
    }
}
