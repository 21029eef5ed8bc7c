/* Files that depfiles name.
 *
 * They aren't part of the graph, which is built before anything has run: each success records what
 * its depfile named (COMPONENT_NAMED), and the next decision looks at those. A file has a number
 * here, once for the whole plan, and its row in the state goes by its path; a file that the graph has
 * as well is that one. named_files.c holds numbers, rows and looks (named_files.h), named.c the rest.
 *
 * Knows: what counts as an input of what a depfile names. Doesn't know: what a difference means. */
#ifndef ROWBUILD_NAMED_H
#define ROWBUILD_NAMED_H

#include "file.h"
#include "plan_inner.h"

struct named_files; /* of a plan */
void named_free(struct named_files *named);

/* The number of the file at a path from the project, or an absolute one. */
uint32_t named_number(struct plan *plan, struct slice path);
/* False: no file at this path has a number yet. */
bool named_find(const struct plan *plan, struct slice path, uint32_t *number);
/* The product that the file is or lies in, or GRAPH_NONE; looked up once. */
struct file_id named_product_of(const struct plan *plan, uint32_t number);
/* Looks at it on disk. plan_add_named then takes what was seen. */
enum file_kind named_look(struct plan *plan, uint32_t number);

/* What lies at a path. FILE_MISSING also where no file can be called that; FILE_REGULAR where it can't
 * be told: a later look finds the reason. */
enum file_kind named_kind(const struct plan *plan, const char *path);

/* ways.c. Whether a symbolic link on the way to a path, which leads to what it names, was made or
 * renamed at that time or later. `folders`: those that were seen to be no links, which aren't looked
 * at again; it grows. */
bool named_way_is_younger(const struct plan *plan, const char *name, int64_t time_ns,
                          struct intern *folders);

/* Whether one of the components is a folder that a depfile names. */
bool named_has_folder(struct plan *plan, struct task_id task, const struct component_list *list);

/* Adds what the record of the task says that its depfile named, as it is now. False: no record says
 * so. */
bool named_push_recorded(struct plan *plan, struct task_id task, struct component_list *list,
                         struct diag *diag);

/* depfiles.c. The same, and where no record says so, what it names now. */
void named_push(struct plan *plan, struct task_id task, struct component_list *list,
                struct diag *diag);

/* Marks the files of the graph among them in `files`, and notes the others for named_stat, which
 * looks at them on all cores. */
void named_mark(struct plan *plan, struct task_id task, uint8_t *files);
void named_stat(struct plan *plan);

/* Looks again at those that the record of a task names; with `made`, only at those that other tasks
 * make. */
void named_refresh(struct plan *plan, struct task_id task, bool made, struct diag *diag);

/* The first of them that can't be read; its errno, or 0. */
int named_trouble(struct plan *plan, struct task_id task, struct slice *name, struct diag *diag);

/* The product that a component is or lies in, or GRAPH_NONE; the file in the graph that it is. */
struct file_id named_product(struct plan *plan, struct task_id task,
                             const struct component *component);
struct file_id named_in_graph(struct plan *plan, struct task_id task,
                              const struct component *component);
/* What counts of it if it is a folder. */
const struct tree_view *named_view(struct plan *plan, struct task_id task,
                                   const struct component *component);

#endif
