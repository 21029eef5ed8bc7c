/* Stamps: empty products, which say only that their maker ran.
 *
 * The bytes of an empty file are always the same, so the fingerprint of the success that made it
 * counts for its readers instead: it is frozen on the maker's record (COMPONENT_STAMP), and kept
 * when that record is written in other terms. Records of earlier versions have none, nor have
 * results that were adopted or accepted as they stood: their empty products are equal to any. Of an
 * `always` action only the order counts. */
#ifndef ROWBUILD_STAMPS_H
#define ROWBUILD_STAMPS_H

#include "plan_inner.h"

/* What counts for readers of the file, by its `content` as it was last seen: the content itself, or
 * the stamp of an empty product. */
struct digest plan_stamped(struct plan *plan, struct file_id file, struct digest content);

/* Whether a digest is that of a stamp. */
bool plan_is_stamp(struct digest digest);

/* Whether a digest is the content of something empty. */
bool plan_is_empty_content(struct digest digest);

/* Whether what a reader recorded of a file that is empty now, on the record `success`, still
 * stands; `now` is from plan_stamped. */
bool plan_stamp_stands(struct plan *plan, struct file_id file, struct digest then,
                       struct digest now, const struct task_row *success);

/* Adds the stamps that are on the task's record, after its products. */
void plan_keep_stamps(struct plan *plan, struct task_id task, struct component_list *list);

/* Adds the stamps of a success with these components. */
void plan_freeze_stamps(struct plan *plan, struct task_id task, struct component_list *list);

#endif
