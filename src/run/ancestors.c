#include "running.h"

#include "text.h"

/* Up to here a task's ancestors are looked at when it ends. Above it, a thousand tasks that come
 * after one which gathers a thousand others would look at a million. */
enum { MOST_NEAR = 64 };

struct walk {
    struct run *run;
    VEC(struct task_id) tasks;
};

static void begin_walk(struct walk *walk, struct run *run)
{
    struct ancestors *ancestors = &run->ancestors;
    size_t count = plan_graph(run->plan)->task_count;
    if (ancestors->met == NULL) {
        ancestors->met = mem_alloc(count * sizeof *ancestors->met);
    }
    if (++ancestors->walks == 0) { /* the numbers of walks begin again */
        memset(ancestors->met, 0, count * sizeof *ancestors->met);
        ancestors->walks = 1;
    }
    *walk = (struct walk){.run = run};
}

/* Adds the tasks before `task` that weren't met; false when there are more than `limit` then. */
static bool walk_back(struct walk *walk, struct task_id task, size_t limit)
{
    const struct graph *graph = plan_graph(walk->run->plan);
    const struct ancestors *ancestors = &walk->run->ancestors;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        struct task_id before = graph->before.at[e].task;
        if (ancestors->met[before.at] == ancestors->walks) {
            continue;
        }
        ancestors->met[before.at] = ancestors->walks;
        vec_push(&walk->tasks, before);
        if (walk->tasks.count > limit) {
            return false;
        }
    }
    return true;
}

static bool walk_on(struct walk *walk, size_t limit)
{
    for (size_t i = 0; i < walk->tasks.count; i++) {
        if (!walk_back(walk, walk->tasks.at[i], limit)) {
            return false;
        }
    }
    return true;
}

static void rerecord_product(struct run *run, struct task_id maker, struct file_id file,
                             struct digest before, const char *label)
{
    struct plan *plan = run->plan;
    const struct graph *graph = plan_graph(plan);
    struct digest after = state_file(plan_state(plan), file.at)->digest;
    struct buf path = BUF_EMPTY;
    text_add_name(&path, slice_of(plan_path(plan, file)));
    plan_replace_digest(plan, maker, file, before, after);
    run_notice(run, "warning: %s changed `%s`, a product of `%.*s`; it is recorded again", label,
               buf_string(&path), SLICE_ARGS(graph_action(graph, maker)->name));
    buf_release(&path);
}

/* What a command put into another one's folder was added by nobody: it is recorded with the folder. */
static void check_product(struct run *run, struct task_id maker, struct file_id file,
                          const char *label)
{
    struct plan *plan = run->plan;
    struct digest before = state_file(plan_state(plan), file.at)->digest;
    if (plan_status(plan, file) == FILE_CURRENT &&
        plan_refresh_whole(plan, file, run->diag) == FILE_CURRENT &&
        !digest_equal(before, state_file(plan_state(plan), file.at)->digest)) {
        rerecord_product(run, maker, file, before, label);
    }
}

static void check_met(struct walk *walk, const char *label)
{
    const struct graph *graph = plan_graph(walk->run->plan);
    vec_each (struct task_id, maker, &walk->tasks) {
        uint32_t end = graph->product_start[maker->at + 1];
        for (uint32_t p = graph->product_start[maker->at]; p < end; p++) {
            check_product(walk->run, *maker, graph->products.at[p], label);
        }
    }
}

/* What the task reads itself can't wait: its row is about to be taken as it is now. */
static void check_dependencies(struct run *run, struct task_id task, const char *label)
{
    const struct graph *graph = plan_graph(run->plan);
    uint32_t end = graph->dependency_start[task.at + 1];
    for (uint32_t d = graph->dependency_start[task.at]; d < end; d++) {
        struct file_id file = graph->dependencies.at[d].file;
        size_t origins = graph_origin_count(graph, file);
        for (size_t i = 0; i < origins; i++) {
            struct origin origin = graph_origin(graph, file, i);
            check_product(run, origin.task, origin.product, label);
        }
    }
}

void ancestors_check_far(struct run *run)
{
    struct ancestors *ancestors = &run->ancestors;
    size_t count = ancestors->far.count;
    struct walk walk;
    struct buf label = BUF_EMPTY;
    if (count == 0) {
        return;
    }
    if (count > 1) {
        buf_addf(&label, "one of %zu tasks, the last of them ", count);
    }
    buf_add_char(&label, '`');
    graph_add_label(plan_graph(run->plan), ancestors->far.at[count - 1], &label);
    buf_add_char(&label, '`');
    begin_walk(&walk, run);
    vec_each (struct task_id, task, &ancestors->far) {
        (void)walk_back(&walk, *task, SIZE_MAX);
    }
    (void)walk_on(&walk, SIZE_MAX);
    check_met(&walk, buf_string(&label));
    ancestors->far_cost = walk.tasks.count;
    ancestors->far.count = 0;
    buf_release(&label);
    vec_release(&walk.tasks);
}

void ancestors_check(struct run *run, struct task_id task, const char *label)
{
    struct walk walk;
    struct buf quoted = BUF_EMPTY;
    buf_addf(&quoted, "`%s`", label);
    begin_walk(&walk, run);
    if (walk_back(&walk, task, MOST_NEAR) && walk_on(&walk, MOST_NEAR)) {
        check_met(&walk, buf_string(&quoted));
    } else {
        check_dependencies(run, task, buf_string(&quoted));
        vec_push(&run->ancestors.far, task);
        if (run->ancestors.far.count >= run->ancestors.far_cost) {
            ancestors_check_far(run);
        }
    }
    buf_release(&quoted);
    vec_release(&walk.tasks);
}
