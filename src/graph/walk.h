/* How the globs of one input are matched for one task, as the files of this folder share it: inputs.c
 * walks folders and asks products, inputs_renamed.c follows links, walk.c notes what is found. */
#ifndef ROWBUILD_WALK_H
#define ROWBUILD_WALK_H

#include "building.h"

#include "match.h"

/* A walk below one folder that finds the files that the globs match. */
struct walk {
    struct building *building;
    struct task_id task;
    bool is_shared; /* with all tasks of the element: what they make themselves is found, too */
    struct slice patterns;
    const struct glob_set *globs;
    const struct tree_rules *rules; /* what the globs leave out */
    const struct glob_set *inside;  /* paths of folders that the globs name; NULL: none */
    size_t input;
    const char *root;   /* from the project: "", or with a trailing '/' */
    struct buf prefix;  /* below the root: "a/b/" while a/b is listed */
    uint32_t directory; /* files are inside this one, or GRAPH_NONE: paths from the project */
    VEC(struct file_id) found;
    VEC(uint32_t) files; /* products that were met and aren't folders */
};

enum relation { RELATION_OWN, RELATION_AFTER, RELATION_BEFORE, RELATION_NONE };

/* What a product is to the task: its own, or of what comes later; of what comes before; neither. */
enum relation walk_relation(const struct walk *walk, struct file_id product);

/* Globs leave out what is the task's own, and of what comes later. If they name a folder that comes
 * later, that is a cycle, and told as one. */
bool walk_leaves_out(const struct walk *walk, struct file_id product, bool is_named);

/* Appends what the globs' paths are relative to, from the project. */
void walk_add_root(const struct walk *walk, struct buf *out);

/* Finds a file, by its path as the globs have it. */
void walk_find_file(struct walk *walk, struct slice path);

/* Finds what the globs match in a folder, which is a product or lies in one: by its path from the
 * project; as the globs have it; of the product itself. */
void walk_find_view(struct walk *walk, struct slice folder, struct file_id product);
void walk_find_view_below(struct walk *walk, struct slice path, struct file_id product);
void walk_find_view_of_product(struct walk *walk, struct file_id product);

/* inputs_renamed.c. Products whose folders have links, by where these lead. */
void walk_match_aliases(struct walk *walk);
/* A fixed prefix that leads through a link. True: all that the globs match lies in one product. */
bool walk_match_through_link(struct walk *walk, struct slice prefix);

#endif
