/* The table of what runs, in `rowbuild top`: sorted, scrolled, with as many columns as fit. */
#ifndef ROWBUILD_TOP_TASKS_H
#define ROWBUILD_TOP_TASKS_H

#include "top_view.h"

/* A heading and up to `rows` - 1 lines; all, where `room` has any number of rows. Corrects
 * view->first and sets view->page. */
void top_add_tasks(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                   const struct top_room *room, size_t rows, struct screen_lines *lines);

#endif
