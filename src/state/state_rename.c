/* Moves what is on record of directories to their new names. */
#include "state_inner.h"

#include "memory.h"

#include <stdlib.h>

static bool has_rows(const struct state *state, struct slice name)
{
    size_t place = rowtable_directory(&state->table, name);
    return place != ROWTABLE_NONE && rowtable_directory_has_rows(&state->table, place);
}

static void move(struct state *state, size_t from, size_t to)
{
    struct rowtable *table = &state->table;
    for (size_t c = 0; c < table->columns.count; c++) {
        table->files[to * table->columns.count + c] = table->files[from * table->columns.count + c];
        state_note_moved(state, CHANGE_FILE, from * table->columns.count + c,
                         to * table->columns.count + c);
    }
    for (size_t a = 0; a < table->actions.count; a++) {
        table->tasks[to * table->actions.count + a] = table->tasks[from * table->actions.count + a];
        state_note_moved(state, CHANGE_TASK, from * table->actions.count + a,
                         to * table->actions.count + a);
    }
}

size_t state_rename_directories(struct state *state, const struct state_rename *renames,
                                size_t count)
{
    struct slice *names = mem_alloc((count + 1) * sizeof *names);
    const struct state_rename **chosen = mem_alloc((count + 1) * sizeof *chosen);
    size_t moved = 0;
    for (size_t i = 0; i < count; i++) {
        if (has_rows(state, renames[i].from)) {
            chosen[moved] = &renames[i];
            names[moved++] = renames[i].to;
        }
    }
    if (moved > 0) {
        state_spell_changes(state);
        state_unbind(&state->binding);
        qsort(names, moved, sizeof *names, rowtable_name_order);
        rowtable_widen(&state->table, names, moved, NULL, 0, NULL, 0);
        for (size_t i = 0; i < moved; i++) {
            move(state, rowtable_directory(&state->table, chosen[i]->from),
                 rowtable_directory(&state->table, chosen[i]->to));
        }
    }
    free(names);
    free(chosen);
    return moved;
}
