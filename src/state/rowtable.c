#include "rowtable.h"

enum { SHORT_LIST = 16 }; /* names that are found without an index */

static void index_release(struct name_index *index)
{
    intern_release(&index->names);
    vec_release(&index->places);
}

void rowtable_init(struct rowtable *table)
{
    *table = (struct rowtable){0};
    arena_init(&table->memory);
    intern_init(&table->column_index.names);
    intern_init(&table->action_index.names);
    intern_init(&table->other_file_names);
    intern_init(&table->other_task_names);
}

void rowtable_release(struct rowtable *table)
{
    if (!table->files_are_borrowed) {
        free(table->files);
    }
    free(table->tasks);
    vec_release(&table->directories);
    vec_release(&table->columns);
    vec_release(&table->actions);
    index_release(&table->column_index);
    index_release(&table->action_index);
    vec_release(&table->other_files);
    vec_release(&table->other_tasks);
    intern_release(&table->other_file_names);
    intern_release(&table->other_task_names);
    arena_release(&table->memory);
}

int rowtable_name_order(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t find_name(struct name_index *index, const name_list *names, struct slice name)
{
    if (names->count <= SHORT_LIST) {
        for (size_t i = 0; i < names->count; i++) {
            if (slice_equal(names->at[i], name)) {
                return i;
            }
        }
        return ROWTABLE_NONE;
    }
    for (; index->indexed < names->count; index->indexed++) {
        uint32_t known = index->names.count;
        if (intern_add(&index->names, names->at[index->indexed]) == known) {
            vec_push(&index->places, index->indexed);
        }
    }
    uint32_t number = intern_find(&index->names, name);
    return number == INTERN_NONE ? ROWTABLE_NONE : index->places.at[number];
}

size_t rowtable_column(struct rowtable *table, struct slice name)
{
    return find_name(&table->column_index, &table->columns, name);
}

size_t rowtable_action(struct rowtable *table, struct slice name)
{
    return find_name(&table->action_index, &table->actions, name);
}

size_t rowtable_directory(const struct rowtable *table, struct slice name)
{
    size_t first = 0;
    size_t end = table->directories.count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = slice_compare(table->directories.at[middle], name);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return ROWTABLE_NONE;
}

static bool add_names(struct rowtable *table, struct name_index *index, name_list *names,
                      const struct slice *added, size_t count)
{
    bool grown = false;
    for (size_t i = 0; i < count; i++) {
        if (find_name(index, names, added[i]) == ROWTABLE_NONE) {
            vec_push(names, arena_slice(&table->memory, added[i]));
            grown = true;
        }
    }
    return grown;
}

/* How many of the sorted `added` aren't in the table. */
static size_t count_new_directories(const struct rowtable *table, const struct slice *added,
                                    size_t count)
{
    size_t old = 0;
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        int order = 1;
        while (old < table->directories.count &&
               (order = slice_compare(table->directories.at[old], added[i])) < 0) {
            old++;
        }
        missing += old == table->directories.count || order != 0;
    }
    return missing;
}

/* Merges `added` into the sorted names; places[i] becomes the new place of the old directory i. */
static void merge_directories(struct rowtable *table, const struct slice *added, size_t count,
                              size_t missing, size_t *places)
{
    name_list merged = {0};
    vec_reserve(&merged, table->directories.count + missing);
    size_t old = 0;
    size_t next = 0;
    while (old < table->directories.count || next < count) {
        int order = 0;
        if (old == table->directories.count) {
            order = 1;
        } else if (next == count) {
            order = -1;
        } else {
            order = slice_compare(table->directories.at[old], added[next]);
        }
        if (order <= 0) {
            places[old] = merged.count;
            vec_push(&merged, table->directories.at[old]);
            old++;
            next += order == 0;
        } else {
            vec_push(&merged, arena_slice(&table->memory, added[next]));
            next++;
        }
    }
    vec_release(&table->directories);
    table->directories = merged;
}

static void *move_rows(const void *old, const size_t *places, size_t old_directories,
                       size_t old_width, size_t new_directories, size_t new_width, size_t row_size)
{
    char *rows = mem_alloc(new_directories * new_width * row_size);
    for (size_t i = 0; i < old_directories && old_width > 0; i++) {
        memcpy(rows + places[i] * new_width * row_size,
               (const char *)old + i * old_width * row_size, old_width * row_size);
    }
    return rows;
}

void rowtable_widen(struct rowtable *table, const struct slice *directories, size_t directory_count,
                    const struct slice *columns, size_t column_count, const struct slice *actions,
                    size_t action_count)
{
    size_t old_directories = table->directories.count;
    size_t old_columns = table->columns.count;
    size_t old_actions = table->actions.count;
    bool grown = add_names(table, &table->column_index, &table->columns, columns, column_count);
    grown = add_names(table, &table->action_index, &table->actions, actions, action_count) || grown;
    size_t missing = count_new_directories(table, directories, directory_count);
    if (!grown && missing == 0) {
        return;
    }
    size_t *places = mem_grow(NULL, old_directories + 1, sizeof *places);
    merge_directories(table, directories, directory_count, missing, places);
    struct file_row *files =
        move_rows(table->files, places, old_directories, old_columns, table->directories.count,
                  table->columns.count, sizeof *files);
    struct task_row *tasks =
        move_rows(table->tasks, places, old_directories, old_actions, table->directories.count,
                  table->actions.count, sizeof *tasks);
    if (!table->files_are_borrowed) {
        free(table->files);
    }
    free(table->tasks);
    free(places);
    table->files = files;
    table->files_are_borrowed = false;
    table->tasks = tasks;
}

size_t rowtable_other_file(struct rowtable *table, struct slice path)
{
    uint32_t number = intern_add(&table->other_file_names, path);
    if (number == table->other_files.count) {
        vec_push(&table->other_files, (struct file_row){0});
    }
    return number;
}

size_t rowtable_other_task(struct rowtable *table, struct slice key)
{
    uint32_t number = intern_add(&table->other_task_names, key);
    if (number == table->other_tasks.count) {
        vec_push(&table->other_tasks, (struct task_row){0});
    }
    return number;
}

void rowtable_set_task(struct rowtable *table, struct task_row *place, const struct task_row *row)
{
    struct components good = row->good;
    if (good.shape == NULL || good.count == 0) {
        good.digests = NULL;
        good.count = 0;
    } else if (good.digests != place->good.digests || good.count != place->good.count) {
        struct digest *copy = arena_array(&table->memory, good.count, sizeof *copy);
        memcpy(copy, good.digests, good.count * sizeof *copy);
        good.digests = copy;
    }
    *place = *row;
    place->good = good;
}

bool rowtable_directory_has_rows(const struct rowtable *table, size_t directory)
{
    const struct file_row *files = table->files + directory * table->columns.count;
    for (size_t i = 0; i < table->columns.count; i++) {
        if ((files[i].flags & FILE_ROW_KNOWN) != 0) {
            return true;
        }
    }
    const struct task_row *tasks = table->tasks + directory * table->actions.count;
    for (size_t i = 0; i < table->actions.count; i++) {
        if (tasks[i].is_known) {
            return true;
        }
    }
    return false;
}
