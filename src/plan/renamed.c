#include "renamed.h"

#include "intern.h"
#include "names.h"

#include <stdlib.h>

/* An action that was renamed together with its products keeps its records (rules.md, rule 7): rows
 * of a name that the description no longer has are taken over by a name that has none, or only
 * older ones, and whose products are the same. */

static bool is_described(const struct plan *plan, struct slice name)
{
    return rowfile_name_id(plan->graph->rowfile, name, NULL) >= 0;
}

/* Names of products, in their order, as bytes that are equal if and only if all the names are. */
static void add_product(struct buf *products, bool in_directory, struct slice name)
{
    buf_add_char(products, in_directory ? 'd' : 'p');
    buf_add_slice(products, name);
    buf_add_char(products, '\0');
}

static void add_products_now(struct plan *plan, struct task_id task, struct buf *products)
{
    const struct graph *graph = plan->graph;
    uint32_t end = graph->product_start[task.at + 1];
    for (uint32_t i = graph->product_start[task.at]; i < end; i++) {
        bool in_directory;
        struct slice name = plan_component_name(plan, task, graph->products.at[i], &in_directory);
        add_product(products, in_directory, name);
    }
}

static void add_products_then(const struct task_row *row, struct buf *products)
{
    for (size_t i = 0; i < row->good.count; i++) {
        struct component component = components_at(&row->good, i);
        if (component.kind == COMPONENT_PRODUCT) {
            add_product(products, component.in_directory, component.name);
        }
    }
}

/* ---- Records by their products ---- */

/* Records of tasks of groups and of the project whose action isn't described any more. There may be as
 * many as groups, so that a task looks only at those that have its products. */
struct by_products {
    struct intern products;
    VEC(uint32_t) first; /* by number of the products: a record, INTERN_NONE: no more */
    VEC(uint32_t) last;
    VEC(uint32_t) next; /* by record, as state_recorded_others numbers it */
};

/* A name that was taken back keeps the newer record: rows of the other name stay until `clean`. */
static const struct task_row *newer(const struct task_row *a, const struct task_row *b)
{
    return !a->is_known || b->finished_at_ns > a->finished_at_ns ? b : a;
}

static void take_over(struct plan *plan, struct task_id task, const struct task_row *newest)
{
    if (newest != state_task(plan->state, task.at)) {
        struct task_row copy = *newest;
        state_put_task(plan->state, task.at, &copy);
    }
}

/* The columns of a directory are as few as actions. Returns how many records were compared. */
static size_t take_over_directories(struct plan *plan, struct task_id task, struct slice directory)
{
    const struct slice *names;
    size_t count = state_recorded_actions(plan->state, &names);
    const struct task_row *newest = state_task(plan->state, task.at);
    struct buf now = BUF_EMPTY;
    struct buf then = BUF_EMPTY;
    size_t compared = 0;
    add_products_now(plan, task, &now);
    for (size_t i = 0; i < count && now.len > 0; i++) {
        const struct task_row *row = is_described(plan, names[i])
                                         ? NULL
                                         : state_recorded_task(plan->state, directory, names[i]);
        if (row != NULL && newer(newest, row) == row) {
            buf_clear(&then);
            add_products_then(row, &then);
            compared++;
            newest = slice_equal(buf_slice(&now), buf_slice(&then)) ? row : newest;
        }
    }
    take_over(plan, task, newest);
    buf_release(&now);
    buf_release(&then);
    return compared;
}

/* The action's, in the key of a group or project task. */
static struct slice name_in(struct slice key)
{
    const char *end = memchr(key.at, '\0', key.len);
    return slice_make(key.at, end != NULL ? (size_t)(end - key.at) : key.len);
}

static void add_record(struct by_products *found, uint32_t record, struct slice products)
{
    uint32_t number = intern_add(&found->products, products);
    if (number == found->first.count) {
        vec_push(&found->first, record);
        vec_push(&found->last, record);
    } else {
        found->next.at[found->last.at[number]] = record;
        found->last.at[number] = record;
    }
}

static void by_products_init(struct by_products *found, const struct plan *plan)
{
    const struct slice *keys;
    size_t count = state_recorded_others(plan->state, &keys);
    struct buf products = BUF_EMPTY;
    *found = (struct by_products){0};
    intern_init(&found->products);
    for (size_t i = 0; i < count; i++) {
        const struct task_row *row = is_described(plan, name_in(keys[i]))
                                         ? NULL
                                         : state_recorded_other(plan->state, keys[i]);
        vec_push(&found->next, INTERN_NONE);
        buf_clear(&products);
        if (row != NULL) {
            add_products_then(row, &products);
        }
        if (products.len > 0) {
            add_record(found, (uint32_t)i, buf_slice(&products));
        }
    }
    buf_release(&products);
}

static void by_products_release(struct by_products *found)
{
    intern_release(&found->products);
    vec_release(&found->first);
    vec_release(&found->last);
    vec_release(&found->next);
}

/* Returns how many records were compared. */
static size_t take_over_others(struct plan *plan, struct task_id task,
                               const struct by_products *found)
{
    const struct slice *keys;
    size_t compared = 0;
    struct buf products = BUF_EMPTY;
    add_products_now(plan, task, &products);
    (void)state_recorded_others(plan->state, &keys);
    const struct task_row *newest = state_task(plan->state, task.at);
    uint32_t number = intern_find(&found->products, buf_slice(&products));
    uint32_t record = number != INTERN_NONE ? found->first.at[number] : INTERN_NONE;
    for (; record != INTERN_NONE; record = found->next.at[record]) {
        newest = newer(newest, state_recorded_other(plan->state, keys[record]));
        compared++;
    }
    take_over(plan, task, newest);
    buf_release(&products);
    return compared;
}

static bool knows_other_names(const struct plan *plan)
{
    const struct slice *names;
    size_t count = state_recorded_actions(plan->state, &names);
    for (size_t i = 0; i < count; i++) {
        if (!is_described(plan, names[i])) {
            return true;
        }
    }
    return false;
}

size_t plan_follow_renamed(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    size_t slots = graph->workspace->count * graph->directory_action_count;
    bool directories_too = knows_other_names(plan);
    size_t compared = 0;
    struct by_products others;
    by_products_init(&others, plan);
    size_t end = others.first.count > 0 ? graph->task_count : slots; /* few studies were renamed */
    for (uint32_t n = directories_too ? 0 : (uint32_t)slots; n < end; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task)) {
            continue;
        }
        compared +=
            n >= slots
                ? take_over_others(plan, task, &others)
                : take_over_directories(plan, task,
                                        graph->workspace->names[n / graph->directory_action_count]);
    }
    by_products_release(&others);
    return compared;
}
