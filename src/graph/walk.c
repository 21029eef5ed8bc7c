#include "walk.h"

enum relation walk_relation(const struct walk *walk, struct file_id product)
{
    const struct graph *graph = walk->building->graph;
    uint32_t producer = graph->producers[product.at];
    size_t names = graph->rowfile->name_count;
    uint32_t own = graph_action(graph, walk->task)->name_id;
    uint32_t other = graph_action(graph, (struct task_id){producer})->name_id;
    const bool *depends = walk->building->depends;
    bool is_before = own != other && depends[own * names + other];
    bool is_after = own != other && depends[other * names + own];
    if (producer == walk->task.at && !walk->is_shared) {
        return RELATION_OWN;
    }
    return is_before ? RELATION_BEFORE : is_after ? RELATION_AFTER : RELATION_NONE;
}

bool walk_leaves_out(const struct walk *walk, struct file_id product, bool is_named)
{
    enum relation relation = walk_relation(walk, product);
    return relation == RELATION_OWN || (relation == RELATION_AFTER && !is_named);
}

void walk_add_root(const struct walk *walk, struct buf *out)
{
    const struct workspace *workspace = walk->building->workspace;
    if (walk->directory == GRAPH_NONE) {
        return;
    }
    if (!slice_is(workspace->path, ".")) {
        buf_addf(out, "%s/", workspace->path.at);
    }
    buf_addf(out, "%s/", workspace->names[walk->directory].at);
}

void walk_find_view(struct walk *walk, struct slice folder, struct file_id product)
{
    struct buf root = BUF_EMPTY;
    walk_add_root(walk, &root);
    vec_push(&walk->found, building_view_of_globs(walk->building, folder, root.len, walk->patterns,
                                                  walk->globs, walk->rules, product));
    buf_release(&root);
}

void walk_find_view_below(struct walk *walk, struct slice path, struct file_id product)
{
    struct buf folder = BUF_EMPTY;
    walk_add_root(walk, &folder);
    buf_add_slice(&folder, path);
    walk_find_view(walk, buf_slice(&folder), product);
    buf_release(&folder);
}

void walk_find_view_of_product(struct walk *walk, struct file_id product)
{
    struct buf path = BUF_EMPTY;
    graph_add_path(walk->building->graph, product, &path);
    walk_find_view(walk, buf_slice(&path), product);
    buf_release(&path);
}

void walk_find_file(struct walk *walk, struct slice path)
{
    struct file_id file;
    if (walk->directory != GRAPH_NONE) {
        file = building_file_below(walk->building, walk->directory, path);
    } else {
        struct buf full = BUF_EMPTY;
        buf_add_string(&full, walk->root);
        buf_add_slice(&full, path);
        file = building_file(walk->building, buf_slice(&full));
        buf_release(&full);
    }
    vec_push(&walk->found, file);
}
