/* Inputs of globs by another name: products behind symbolic links. */
#include "walk.h"

void walk_match_aliases(struct walk *walk)
{
    for (size_t i = 0; i < building_alias_count(walk->building); i++) {
        struct file_id product;
        struct slice path = building_alias(walk->building, i, &product);
        bool is_named = walk->inside != NULL && glob_set_matches(walk->inside, path);
        bool matches = glob_set_matches(walk->globs, path);
        if ((!matches && !is_named) || walk_leaves_out(walk, product, is_named)) {
            continue;
        }
        if (matches) {
            walk_find_file(walk, path);
        } else {
            walk_find_view(walk, path, product);
        }
    }
}

/* Products below the folder at `real`, as files below `prefix`. */
static void match_renamed(struct walk *walk, struct slice prefix, struct slice real)
{
    const struct graph *graph = walk->building->graph;
    struct buf path = BUF_EMPTY;
    struct buf renamed = BUF_EMPTY;
    for (size_t f = 0; f < graph->file_count; f++) {
        if (graph->producers[f] == GRAPH_NONE) {
            continue;
        }
        buf_clear(&path);
        buf_clear(&renamed);
        graph_add_path(graph, (struct file_id){(uint32_t)f}, &path);
        struct slice below = path_below(buf_slice(&path), real);
        if (below.at == NULL) {
            continue;
        }
        buf_add_slice(&renamed, prefix);
        buf_add_char(&renamed, '/');
        buf_add_slice(&renamed, below);
        struct file_id product = {(uint32_t)f};
        bool is_named = walk->inside != NULL && glob_set_matches(walk->inside, buf_slice(&renamed));
        bool matches = glob_set_matches(walk->globs, buf_slice(&renamed));
        if ((!matches && !is_named) || walk_leaves_out(walk, product, is_named)) {
            continue;
        }
        if (matches) {
            walk_find_file(walk, buf_slice(&renamed));
        } else {
            walk_find_view_below(walk, buf_slice(&renamed), product);
        }
    }
    buf_release(&path);
    buf_release(&renamed);
}

/* Of the task, or of one that shares what the globs match. */
static bool is_own_product(const struct walk *walk, struct file_id product)
{
    const struct graph *graph = walk->building->graph;
    uint32_t producer = graph->producers[product.at];
    return producer == walk->task.at ||
           (walk->is_shared && graph->tasks[producer].action == graph->tasks[walk->task.at].action);
}

/* The loader has told it where no link is in between. */
static void refuse_own(struct walk *walk, struct slice folder)
{
    const struct action *action = graph_action(walk->building->graph, walk->task);
    building_refuse(walk->building, action, &action->inputs[walk->input], GRAPH_INPUT,
                    walk->directory, folder, PROBLEM_IN_OWN_PRODUCT);
}

bool walk_match_through_link(struct walk *walk, struct slice prefix)
{
    struct building *building = walk->building;
    struct buf folder = BUF_EMPTY;
    struct buf real = BUF_EMPTY;
    bool is_done = false;
    if (walk->root[0] == '/') {
        return false;
    }
    walk_add_root(walk, &folder);
    buf_add_slice(&folder, prefix);
    (void)path_resolve(building->workspace, buf_slice(&folder), &real);
    if (!slice_equal(buf_slice(&folder), buf_slice(&real))) {
        struct file_id product = building_product_at(building, buf_slice(&real));
        if (product.at == GRAPH_NONE) {
            product = building_product_above(building, buf_slice(&real));
        }
        if (product.at == GRAPH_NONE) {
            match_renamed(walk, prefix, buf_slice(&real));
        } else {
            is_done = true;
            if (is_own_product(walk, product)) {
                refuse_own(walk, buf_slice(&folder));
            } else if (!walk_leaves_out(walk, product, true)) {
                walk_find_view(walk, buf_slice(&folder), product);
            }
        }
    }
    buf_release(&folder);
    buf_release(&real);
    return is_done;
}
