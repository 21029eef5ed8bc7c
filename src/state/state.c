#include "state.h"

#include "journal.h"
#include "state_inner.h"

/* ---- all rows ---- */

void state_init_rows(struct state *state)
{
    rowtable_init(&state->table);
    shapes_init(&state->shapes);
    textstore_init(&state->texts);
}

void state_release_rows(struct state *state)
{
    textstore_release(&state->texts);
    rowtable_release(&state->table);
    shapes_release(&state->shapes);
    buf_release(&state->snapshot);
}

/* ---- binding ---- */

void state_unbind(struct binding *binding)
{
    free(binding->directories);
    free(binding->columns);
    free(binding->actions);
    free(binding->other_files);
    free(binding->other_tasks);
    *binding = (struct binding){0};
}

static void bind_directories(struct binding *binding, const struct rowtable *table,
                             const struct state_layout *layout)
{
    binding->directory_count = layout->directory_count;
    binding->directories = mem_alloc(layout->directory_count * sizeof(size_t));
    size_t place = 0;
    for (size_t i = 0; i < layout->directory_count; i++) {
        while (!slice_equal(table->directories.at[place], layout->directories[i])) {
            place++;
        }
        binding->directories[i] = place;
    }
}

static size_t *bind_names(struct rowtable *table,
                          size_t (*find)(struct rowtable *table, struct slice name),
                          const struct slice *wanted, size_t count)
{
    size_t *places = mem_alloc(count * sizeof *places);
    for (size_t i = 0; i < count; i++) {
        places[i] = find(table, wanted[i]);
    }
    return places;
}

static bool is_identity(const size_t *places, size_t count, size_t whole)
{
    for (size_t i = 0; i < count; i++) {
        if (places[i] != i) {
            return false;
        }
    }
    return count == whole;
}

void state_bind(struct state *state, const struct state_layout *layout)
{
    struct rowtable *table = &state->table;
    struct binding *binding = &state->binding;
    state_spell_changes(state);
    rowtable_widen(table, layout->directories, layout->directory_count, layout->columns,
                   layout->column_count, layout->actions, layout->action_count);
    state_unbind(binding);
    bind_directories(binding, table, layout);
    binding->column_count = layout->column_count;
    binding->columns = bind_names(table, rowtable_column, layout->columns, layout->column_count);
    binding->action_count = layout->action_count;
    binding->actions = bind_names(table, rowtable_action, layout->actions, layout->action_count);
    binding->is_direct =
        is_identity(binding->directories, binding->directory_count, table->directories.count) &&
        is_identity(binding->columns, binding->column_count, table->columns.count) &&
        is_identity(binding->actions, binding->action_count, table->actions.count);
    binding->other_file_count = layout->other_file_count;
    binding->other_files =
        bind_names(table, rowtable_other_file, layout->other_files, layout->other_file_count);
    binding->other_task_count = layout->other_task_count;
    binding->other_tasks =
        bind_names(table, rowtable_other_task, layout->other_tasks, layout->other_task_count);
}

/* ---- rows ---- */

static struct change place_of_file(const struct state *state, size_t number)
{
    const struct binding *binding = &state->binding;
    size_t dense = binding->directory_count * binding->column_count;
    if (number >= dense) {
        return (struct change){CHANGE_OTHER_FILE, binding->other_files[number - dense]};
    }
    if (binding->is_direct) {
        return (struct change){CHANGE_FILE, number};
    }
    size_t directory = binding->directories[number / binding->column_count];
    size_t column = binding->columns[number % binding->column_count];
    return (struct change){CHANGE_FILE, directory * state->table.columns.count + column};
}

static struct change place_of_task(const struct state *state, size_t number)
{
    const struct binding *binding = &state->binding;
    size_t dense = binding->directory_count * binding->action_count;
    if (number >= dense) {
        return (struct change){CHANGE_OTHER_TASK, binding->other_tasks[number - dense]};
    }
    if (binding->is_direct) {
        return (struct change){CHANGE_TASK, number};
    }
    size_t directory = binding->directories[number / binding->action_count];
    size_t action = binding->actions[number % binding->action_count];
    return (struct change){CHANGE_TASK, directory * state->table.actions.count + action};
}

static struct file_row *file_at(const struct state *state, struct change place)
{
    return place.kind == CHANGE_FILE ? &state->table.files[place.place]
                                     : &state->table.other_files.at[place.place];
}

static struct task_row *task_at(const struct state *state, struct change place)
{
    return place.kind == CHANGE_TASK ? &state->table.tasks[place.place]
                                     : &state->table.other_tasks.at[place.place];
}

const struct file_row *state_file(const struct state *state, size_t number)
{
    return file_at(state, place_of_file(state, number));
}

const struct task_row *state_task(const struct state *state, size_t number)
{
    return task_at(state, place_of_task(state, number));
}

size_t state_recorded_directories(const struct state *state, const struct slice **names)
{
    *names = state->table.directories.at;
    return state->table.directories.count;
}

size_t state_recorded_actions(const struct state *state, const struct slice **names)
{
    *names = state->table.actions.at;
    return state->table.actions.count;
}

size_t state_recorded_others(const struct state *state, const struct slice **keys)
{
    *keys = state->table.other_task_names.names;
    return state->table.other_task_names.count;
}

static const struct task_row *if_known(const struct task_row *row)
{
    return row->is_known ? row : NULL;
}

const struct task_row *state_recorded_task(const struct state *state, struct slice directory,
                                           struct slice action)
{
    const struct rowtable *table = &state->table;
    size_t row = rowtable_directory(table, directory);
    size_t column = 0;
    while (column < table->actions.count && !slice_equal(table->actions.at[column], action)) {
        column++;
    }
    if (row == ROWTABLE_NONE || column == table->actions.count) {
        return NULL;
    }
    return if_known(&table->tasks[row * table->actions.count + column]);
}

const struct file_row *state_recorded_file(const struct state *state, size_t guess,
                                           struct slice directory, struct slice column)
{
    const struct rowtable *table = &state->table;
    bool is_there =
        guess < table->directories.count && slice_equal(table->directories.at[guess], directory);
    size_t row = is_there ? guess : rowtable_directory(table, directory);
    size_t number = 0;
    while (number < table->columns.count && !slice_equal(table->columns.at[number], column)) {
        number++;
    }
    if (row == ROWTABLE_NONE || number == table->columns.count) {
        return NULL;
    }
    const struct file_row *file = &table->files[row * table->columns.count + number];
    return (file->flags & FILE_ROW_KNOWN) != 0 ? file : NULL;
}

const struct task_row *state_recorded_other(const struct state *state, struct slice key)
{
    uint32_t number = intern_find(&state->table.other_task_names, key);
    return number == INTERN_NONE ? NULL : if_known(&state->table.other_tasks.at[number]);
}

static void note_change(struct state *state, struct change change)
{
    if (state->mode == STATE_READ) {
        return;
    }
    if (state->changes.count > 0) {
        const struct change *last = &state->changes.at[state->changes.count - 1];
        if (last->kind == change.kind && last->place == change.place) {
            return;
        }
    }
    vec_push(&state->changes, change);
}

void state_put_file(struct state *state, size_t number, const struct file_row *row)
{
    struct change place = place_of_file(state, number);
    *file_at(state, place) = *row;
    note_change(state, place);
}

void state_put_task(struct state *state, size_t number, const struct task_row *row)
{
    struct change place = place_of_task(state, number);
    rowtable_set_task(&state->table, task_at(state, place), row);
    note_change(state, place);
    if (row->attempt == ATTEMPT_STARTED) { /* what follows changes what is on disk */
        state->inbox.is_urgent = true;
    }
}

size_t state_add_unlisted(struct state *state, struct slice path)
{
    return rowtable_other_file(&state->table, path);
}

const struct file_row *state_unlisted(const struct state *state, size_t place)
{
    return &state->table.other_files.at[place];
}

void state_put_unlisted(struct state *state, size_t place, const struct file_row *row)
{
    state->table.other_files.at[place] = *row;
    note_change(state, (struct change){CHANGE_OTHER_FILE, place});
}

const struct shape *state_shape(struct state *state, const struct component *list, size_t count)
{
    return shapes_add(&state->shapes, list, count);
}

void state_put_text(struct state *state, struct digest digest, struct slice text)
{
    int64_t number = textstore_put(&state->texts, digest, text);
    if (number >= 0) {
        note_change(state, (struct change){CHANGE_TEXT, (size_t)number});
    }
}

struct slice state_text(const struct state *state, struct digest digest)
{
    return textstore_find(&state->texts, digest);
}

bool state_was_empty(const struct state *state)
{
    return state->was_empty;
}

size_t state_known_directories(const struct state *state)
{
    size_t count = 0;
    for (size_t i = 0; i < state->table.directories.count; i++) {
        count += rowtable_directory_has_rows(&state->table, i);
    }
    return count;
}

bool state_writes(const struct state *state)
{
    return state->mode == STATE_WRITE;
}

void state_beat(struct state *state)
{
    lock_beat(&state->lock);
}

/* ---- row by row ---- */

static size_t row_count(const struct rowtable *table, enum change_kind kind)
{
    return kind == CHANGE_FILE         ? table->directories.count * table->columns.count
           : kind == CHANGE_TASK       ? table->directories.count * table->actions.count
           : kind == CHANGE_OTHER_FILE ? table->other_files.count
                                       : table->other_tasks.count;
}

static bool is_file(struct change place)
{
    return place.kind == CHANGE_FILE || place.kind == CHANGE_OTHER_FILE;
}

static bool is_known(const struct state *state, struct change place)
{
    return is_file(place) ? (file_at(state, place)->flags & FILE_ROW_KNOWN) != 0
                          : task_at(state, place)->is_known;
}

bool state_has_rows(const struct state *state, bool of_tasks)
{
    enum change_kind first = of_tasks ? CHANGE_TASK : CHANGE_FILE;
    for (enum change_kind kind = first; kind <= CHANGE_OTHER_TASK; kind++) {
        for (size_t i = 0; i < row_count(&state->table, kind); i++) {
            if (is_known(state, (struct change){kind, i})) {
                return true;
            }
        }
    }
    return false;
}

static bool is_memory(const struct state *state, struct change place)
{
    return is_known(state, place) &&
           (is_file(place) ? (file_at(state, place)->flags & FILE_ROW_LEFT) == 0
                           : !task_at(state, place)->is_forgotten);
}

bool state_has_memories(const struct state *state)
{
    for (enum change_kind kind = CHANGE_FILE; kind <= CHANGE_OTHER_TASK; kind++) {
        for (size_t i = 0; i < row_count(&state->table, kind); i++) {
            if (is_memory(state, (struct change){kind, i})) {
                return true;
            }
        }
    }
    return false;
}

void state_queue_all(struct state *state)
{
    for (size_t i = 0; i < state->texts.added.count; i++) {
        vec_push(&state->changes, (struct change){CHANGE_TEXT, i});
    }
    for (enum change_kind kind = CHANGE_FILE; kind <= CHANGE_OTHER_TASK; kind++) {
        for (size_t i = 0; i < row_count(&state->table, kind); i++) {
            if (is_known(state, (struct change){kind, i})) {
                vec_push(&state->changes, (struct change){kind, i});
            }
        }
    }
}

/* ---- forgetting ---- */

static bool *mark(const size_t *places, size_t count, size_t whole)
{
    bool *bound = mem_alloc(whole * sizeof *bound);
    for (size_t i = 0; i < count; i++) {
        bound[places[i]] = true;
    }
    return bound;
}

struct bound_names state_bound(const struct state *state)
{
    const struct binding *b = &state->binding;
    const struct rowtable *table = &state->table;
    return (struct bound_names){
        .directories = mark(b->directories, b->directory_count, table->directories.count),
        .columns = mark(b->columns, b->column_count, table->columns.count),
        .actions = mark(b->actions, b->action_count, table->actions.count),
        .other_files = mark(b->other_files, b->other_file_count, table->other_files.count),
        .other_tasks = mark(b->other_tasks, b->other_task_count, table->other_tasks.count),
    };
}

void state_bound_release(struct bound_names *bound)
{
    free(bound->directories);
    free(bound->columns);
    free(bound->actions);
    free(bound->other_files);
    free(bound->other_tasks);
}

static bool is_bound(const struct bound_names *bound, const struct rowtable *table,
                     struct change place)
{
    size_t columns = table->columns.count;
    size_t actions = table->actions.count;
    switch (place.kind) {
    case CHANGE_FILE:
        return bound->directories[place.place / columns] && bound->columns[place.place % columns];
    case CHANGE_TASK:
        return bound->directories[place.place / actions] && bound->actions[place.place % actions];
    case CHANGE_OTHER_FILE:
        return bound->other_files[place.place];
    case CHANGE_OTHER_TASK:
        return bound->other_tasks[place.place];
    case CHANGE_TEXT:
        break;
    }
    return true;
}

static void forget(struct state *state, struct change place)
{
    if (is_known(state, place)) {
        if (is_file(place)) {
            *file_at(state, place) = (struct file_row){0};
        } else {
            *task_at(state, place) = (struct task_row){0};
        }
        note_change(state, place);
    }
}

void state_note_moved(struct state *state, enum change_kind kind, size_t from, size_t to)
{
    note_change(state, (struct change){kind, to});
    forget(state, (struct change){kind, from});
}

void state_forget_task(struct state *state, size_t number)
{
    forget(state, place_of_task(state, number));
}

void state_forget_files(struct state *state)
{
    static const enum change_kind kinds[] = {CHANGE_FILE, CHANGE_OTHER_FILE};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t i = 0; i < row_count(&state->table, kinds[k]); i++) {
            struct change place = {kinds[k], i};
            if ((file_at(state, place)->flags & FILE_ROW_LEFT) == 0) {
                forget(state, place);
            }
        }
    }
}

void state_forget_unbound(struct state *state)
{
    struct bound_names bound = state_bound(state);
    for (enum change_kind kind = CHANGE_FILE; kind <= CHANGE_OTHER_TASK; kind++) {
        for (size_t i = 0; i < row_count(&state->table, kind); i++) {
            struct change place = {kind, i};
            if (!is_bound(&bound, &state->table, place)) {
                forget(state, place);
            }
        }
    }
    state_bound_release(&bound);
}

/* ---- spelling changes ---- */

/* The names of a row: an empty directory where it is another file or task. */
static struct slice name_of(const struct rowtable *table, struct change place,
                            struct slice *directory)
{
    bool is_dense = place.kind == CHANGE_FILE || place.kind == CHANGE_TASK;
    const name_list *names = is_file(place) ? &table->columns : &table->actions;
    *directory = (struct slice){0};
    if (is_dense) {
        *directory = table->directories.at[place.place / names->count];
        return names->at[place.place % names->count];
    }
    return intern_name(is_file(place) ? &table->other_file_names : &table->other_task_names,
                       (uint32_t)place.place);
}

static void spell_task(struct state *state, struct slice directory, struct slice name,
                       const struct task_row *row)
{
    struct slice key = {0};
    if (row->good.shape != NULL) {
        key = shapes_key(&state->shapes, row->good.shape);
    }
    journal_add_task(&state->pending, state->journal_id, directory, name, row, key);
}

void state_spell_changes(struct state *state)
{
    vec_each (struct change, change, &state->changes) {
        struct slice directory;
        if (change->kind == CHANGE_TEXT) {
            journal_add_text(&state->pending, state->journal_id,
                             textstore_added_digest(&state->texts, change->place),
                             state->texts.added.at[change->place]);
            continue;
        }
        struct slice name = name_of(&state->table, *change, &directory);
        if (is_file(*change)) {
            journal_add_file(&state->pending, state->journal_id, directory, name,
                             file_at(state, *change));
        } else {
            spell_task(state, directory, name, task_at(state, *change));
        }
    }
    state->changes.count = 0;
}
