/* The rows of a state, by name.
 *
 * Knows: a dense table, directory × column and directory × action, and the rows of other files and
 * tasks; how it is widened by names. Doesn't know: files on disk, which rows are bound. Names are
 * only added; what holds nothing is left out when a snapshot is written. */
#ifndef ROWBUILD_ROWTABLE_H
#define ROWBUILD_ROWTABLE_H

#include "arena.h"
#include "intern.h"
#include "state.h"
#include "vec.h"

#define ROWTABLE_NONE SIZE_MAX

typedef VEC(struct slice) name_list;

/* Finds names of a long list, which only grows. */
struct name_index {
    struct intern names;
    VEC(size_t) places; /* in the list, by number of the name */
    size_t indexed;     /* so many names of the list are in here */
};

struct rowtable {
    struct arena memory;   /* names that came after the snapshot, and digests */
    name_list directories; /* sorted by bytes, each once */
    name_list columns;
    name_list actions;
    struct name_index column_index;
    struct name_index action_index;
    struct file_row *files;  /* directory × columns + column */
    struct task_row *tasks;  /* directory × actions + action */
    bool files_are_borrowed; /* they lie in the snapshot as it was read */
    struct intern other_file_names;
    struct intern other_task_names;
    VEC(struct file_row) other_files;
    VEC(struct task_row) other_tasks;
};

void rowtable_init(struct rowtable *table);
void rowtable_release(struct rowtable *table);

/* Adds the names that are new; rows keep their content but change their place. Other names are
 * given their places in rowtable_other_file and rowtable_other_task. */
void rowtable_widen(struct rowtable *table, const struct slice *directories, size_t directory_count,
                    const struct slice *columns, size_t column_count, const struct slice *actions,
                    size_t action_count);

/* Places of names; added when they are new. */
size_t rowtable_other_file(struct rowtable *table, struct slice path);
size_t rowtable_other_task(struct rowtable *table, struct slice key);

/* ROWTABLE_NONE when there is none. */
size_t rowtable_directory(const struct rowtable *table, struct slice name);
int rowtable_name_order(const void *a, const void *b); /* of two slices, for qsort */
size_t rowtable_column(struct rowtable *table, struct slice name);
size_t rowtable_action(struct rowtable *table, struct slice name);

/* Stores a row; its digests are copied unless the row that was there holds the very same. */
void rowtable_set_task(struct rowtable *table, struct task_row *place, const struct task_row *row);

bool rowtable_directory_has_rows(const struct rowtable *table, size_t directory);

#endif
