/* The names of what a folder product had at its maker's success (docs/internals/rules.md, rule 8).
 *
 * Knows: how they are kept, as texts of hashes that equal folders share, each named by a component
 * beside the product's. Doesn't know: what becomes of entries that have other names (stays.h). */
#ifndef ROWBUILD_OWN_NAMES_H
#define ROWBUILD_OWN_NAMES_H

#include "folder_names.h"
#include "plan_inner.h"

/* Adds to the list of a success the names of its folder products: those on record where a product is
 * what it was, or else those of now. Of a folder that can't be looked at there are none. */
void plan_push_own_names(struct plan *plan, struct task_id task, struct component_list *list);

/* Puts the names of now into the list of a success in which the content of a folder product is
 * replaced. False: it isn't a folder. */
bool plan_renew_own_names(struct plan *plan, struct task_id task, struct file_id file,
                          struct component_list *list);

/* False: the record has no names. Release with vec_release. */
bool plan_own_names(struct plan *plan, struct task_id task, struct file_id file,
                    struct folder_names *names);

#endif
