#include "skips.h"

#include "exam.h"

#include <stdlib.h>

enum standing {
    STANDS_IN,
    STANDS_OUT_SO_FAR, /* as on record; what becomes of it isn't known yet */
    STANDS_OUT,        /* a task that it needs has failed */
};

struct member {
    uint32_t directory;
    uint8_t standing; /* enum standing */
    bool was_out;     /* by the record of the group */
};

struct skipping {           /* one group */
    struct member *members; /* sorted by directory; owned */
    size_t count;
    uint32_t *in; /* in the order of the group; owned, with `out` behind it */
    size_t in_count;
    uint32_t *out;
    size_t out_count;
};

struct skips {
    bool *is_doomed; /* by task: it can't succeed any more */
    size_t first;    /* group and project tasks follow */
    size_t count;
    struct skipping **of; /* by task from `first` on; NULL: it leaves out nobody */
};

/* ---- Lists ---- */

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    return a->directory < b->directory ? -1 : a->directory > b->directory;
}

static struct skipping *skipping_new(const struct graph *graph, struct task_id task)
{
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct skipping *skipping = mem_alloc(sizeof *skipping);
    *skipping = (struct skipping){.members = mem_alloc((count + 1) * sizeof *skipping->members),
                                  .count = count,
                                  .in = mem_alloc((count + 1) * sizeof *skipping->in),
                                  .in_count = count};
    for (size_t i = 0; i < count; i++) {
        skipping->in[i] = directories[i];
        skipping->members[i].directory = directories[i];
    }
    skipping->out = skipping->in + count;
    qsort(skipping->members, count, sizeof *skipping->members, compare_members);
    return skipping;
}

struct skips *skips_new(const struct graph *graph)
{
    bool any = false;
    for (size_t a = 0; a < graph->rowfile->action_count; a++) {
        any = any || graph->rowfile->actions[a].group.skip_failed;
    }
    if (!any) {
        return NULL;
    }
    struct skips *skips = mem_alloc(sizeof *skips);
    skips->first = graph->workspace->count * graph->directory_action_count;
    skips->count = graph->task_count - skips->first;
    skips->is_doomed = mem_alloc((graph->task_count + 1) * sizeof *skips->is_doomed);
    skips->of = mem_alloc((skips->count + 1) * sizeof *skips->of);
    for (size_t i = 0; i < skips->count; i++) {
        struct task_id task = {(uint32_t)(skips->first + i)};
        const struct action *action =
            graph_is_present(graph, task) ? graph_action(graph, task) : NULL;
        if (action != NULL && action->group.skip_failed && action->scope == SCOPE_GROUP) {
            skips->of[i] = skipping_new(graph, task);
        }
    }
    return skips;
}

void skips_free(struct skips *skips)
{
    if (skips == NULL) {
        return;
    }
    for (size_t i = 0; i < skips->count; i++) {
        if (skips->of[i] != NULL) {
            free(skips->of[i]->members);
            free(skips->of[i]->in);
            free(skips->of[i]);
        }
    }
    free(skips->of);
    free(skips->is_doomed);
    free(skips);
}

static struct skipping *skipping_of(const struct plan *plan, struct task_id task)
{
    const struct skips *skips = plan->skips;
    return skips != NULL && task.at >= skips->first ? skips->of[task.at - skips->first] : NULL;
}

static struct member *find_member(const struct skipping *skipping, uint32_t directory)
{
    struct member key = {.directory = directory};
    return directory == GRAPH_NONE || skipping == NULL
               ? NULL
               : bsearch(&key, skipping->members, skipping->count, sizeof key, compare_members);
}

/* ---- What is asked ---- */

size_t plan_directories(const struct plan *plan, struct task_id task, const uint32_t **directories)
{
    const struct skipping *skipping = skipping_of(plan, task);
    if (skipping == NULL) {
        return graph_directories(plan->graph, task, directories);
    }
    *directories = skipping->in;
    return skipping->in_count;
}

size_t plan_skipped(const struct plan *plan, struct task_id task, const uint32_t **directories)
{
    const struct skipping *skipping = skipping_of(plan, task);
    *directories = skipping != NULL ? skipping->out : NULL;
    return skipping != NULL ? skipping->out_count : 0;
}

bool plan_leaves_out(const struct plan *plan, struct task_id task, uint32_t directory)
{
    const struct skipping *skipping = skipping_of(plan, task);
    if (skipping == NULL || skipping->out_count == 0) {
        return false;
    }
    const struct member *member = find_member(skipping, directory);
    return member != NULL && member->standing != STANDS_IN;
}

bool plan_skips_file(const struct plan *plan, struct task_id task, struct file_id file)
{
    const struct skipping *skipping = skipping_of(plan, task);
    return skipping != NULL && skipping->out_count > 0 &&
           plan_leaves_out(plan, task, graph_owner(plan->graph, file));
}

bool plan_skips_task(const struct plan *plan, struct task_id task, struct task_id before)
{
    const struct member *member =
        find_member(skipping_of(plan, task), plan->graph->tasks[before.at].directory);
    return member != NULL && member->standing == STANDS_OUT;
}

bool plan_may_skip(const struct plan *plan, struct task_id task, struct task_id before)
{
    return find_member(skipping_of(plan, task), plan->graph->tasks[before.at].directory) != NULL;
}

bool plan_skips_all(const struct plan *plan, struct task_id task)
{
    const struct skipping *skipping = skipping_of(plan, task);
    bool all = skipping != NULL && skipping->count > 0;
    for (size_t i = 0; all && i < skipping->count; i++) {
        all = skipping->members[i].standing == STANDS_OUT;
    }
    return all;
}

bool plan_is_skippable(const struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    uint32_t directory = graph->tasks[task.at].directory;
    if (plan->skips == NULL || directory == GRAPH_NONE) {
        return false;
    }
    VEC(struct task_id) open = {0};
    bool found = false;
    vec_push(&open, task);
    for (size_t i = 0; i < open.count && !found; i++) {
        uint32_t n = open.at[i].at;
        for (uint32_t a = graph->after_start[n]; a < graph->after_start[n + 1] && !found; a++) {
            struct task_id after = graph->after[a];
            found = plan->wanted[after.at] != 0 &&
                    find_member(skipping_of(plan, after), directory) != NULL;
            if (graph->tasks[after.at].directory == directory) {
                vec_push(&open, after);
            }
        }
    }
    vec_release(&open);
    return found;
}

/* ---- What can't succeed ---- */

/* Whether a task before keeps all of the task from running, not a member alone. */
static bool dooms(const struct plan *plan, struct task_id task, struct task_id before)
{
    return plan->skips->is_doomed[before.at] && !plan_may_skip(plan, task, before);
}

/* Whether it has failed for this run before it begins. */
static bool has_failed(const struct plan *plan, struct task_id task)
{
    bool is_tried_no_more =
        plan->wanted[task.at] == 0 ||
        (plan->earlier != NULL && plan->earlier[task.at] == PLAN_EARLIER_FAILED);
    return is_tried_no_more && state_task(plan->state, task.at)->attempt == ATTEMPT_FAILED;
}

void plan_doom(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    VEC(struct task_id) open = {0};
    if (plan->skips == NULL || plan->skips->is_doomed[task.at]) {
        return;
    }
    plan->skips->is_doomed[task.at] = true;
    vec_push(&open, task);
    for (size_t i = 0; i < open.count; i++) {
        struct task_id before = open.at[i];
        for (uint32_t a = graph->after_start[before.at]; a < graph->after_start[before.at + 1];
             a++) {
            struct task_id after = graph->after[a];
            if (!plan->skips->is_doomed[after.at] && dooms(plan, after, before)) {
                plan->skips->is_doomed[after.at] = true;
                vec_push(&open, after);
            }
        }
    }
    vec_release(&open);
}

/* ---- Who is left out ---- */

static void recall_members(const struct plan *plan, struct task_id task, struct skipping *skipping)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    for (size_t i = 0; i < skipping->count; i++) {
        skipping->members[i].standing = STANDS_IN;
        skipping->members[i].was_out = false;
    }
    for (size_t i = 0; i < good->count; i++) {
        struct component component = components_at(good, i);
        if (component.kind == COMPONENT_SKIPPED) {
            int64_t directory = workspace_find(plan->graph->workspace, component.name, NULL);
            struct member *member =
                directory >= 0 ? find_member(skipping, (uint32_t)directory) : NULL;
            if (member != NULL) {
                member->was_out = true;
            }
        }
    }
}

/* A group before that ran without a member leaves it without what it needs. */
static void follow_group(struct skipping *skipping, const struct skipping *before)
{
    for (size_t i = 0; i < before->count; i++) {
        struct member *member = before->members[i].standing == STANDS_OUT
                                    ? find_member(skipping, before->members[i].directory)
                                    : NULL;
        if (member != NULL) {
            member->standing = STANDS_OUT;
        }
    }
}

static void weigh_members(struct plan *plan, struct task_id task, struct skipping *skipping)
{
    const struct graph *graph = plan->graph;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        struct task_id before = graph->before.at[e].task;
        const struct skipping *group = skipping_of(plan, before);
        struct member *member = find_member(skipping, graph->tasks[before.at].directory);
        if (group != NULL) {
            follow_group(skipping, group);
        } else if (member != NULL && plan->skips->is_doomed[before.at]) {
            member->standing = STANDS_OUT;
        } else if (member != NULL && member->was_out && member->standing == STANDS_IN &&
                   exam_is_pending(plan, before)) {
            member->standing = STANDS_OUT_SO_FAR;
        }
    }
}

static void list_members(const struct graph *graph, struct task_id task, struct skipping *skipping)
{
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    size_t in_count = 0;
    for (size_t i = 0; i < count; i++) {
        in_count += find_member(skipping, directories[i])->standing == STANDS_IN;
    }
    skipping->out = skipping->in + in_count;
    skipping->in_count = 0;
    skipping->out_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (find_member(skipping, directories[i])->standing == STANDS_IN) {
            skipping->in[skipping->in_count++] = directories[i];
        } else {
            skipping->out[skipping->out_count++] = directories[i];
        }
    }
}

void skips_look(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    struct skipping *skipping = skipping_of(plan, task);
    if (plan->skips == NULL) {
        return;
    }
    bool is_doomed =
        has_failed(plan, task) || (plan->resolved[task.at] && plan->skips->is_doomed[task.at]);
    for (uint32_t e = graph->before_start[task.at];
         e < graph->before_start[task.at + 1] && !is_doomed; e++) {
        is_doomed = dooms(plan, task, graph->before.at[e].task);
    }
    if (skipping != NULL) {
        recall_members(plan, task, skipping);
        weigh_members(plan, task, skipping);
        list_members(graph, task, skipping);
        is_doomed = is_doomed || plan_skips_all(plan, task);
    }
    plan->skips->is_doomed[task.at] = is_doomed;
}
