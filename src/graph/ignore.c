/* What `workspace.ignore` leaves out: of folders always, of globs where they have `**` and don't spell
 * the name out. */
#include "building.h"

#include "memory.h"
#include "path.h"

#include <stdlib.h>

static const char VERSION[] =
    "1"; /* of the other rules: own products and rowbuild's files don't count */

static struct glob_set *compile(const struct slice *names, size_t count)
{
    struct diag unseen; /* the loader has told what is wrong */
    diag_init(&unseen);
    struct glob_set *set =
        count > 0 ? glob_set_new(names, count, true, "workspace.ignore", &unseen) : NULL;
    diag_release(&unseen);
    return set;
}

void graph_begin_ignoring(struct graph *graph)
{
    const struct rowfile *rowfile = graph->rowfile;
    struct buf name = BUF_EMPTY;
    graph->ignored = compile(rowfile->ignore, rowfile->ignore_count);
    graph->rules = (struct tree_rules){.ignored = graph->ignored};
    buf_add_string(&name, VERSION);
    for (size_t i = 0; i < rowfile->ignore_count; i++) {
        buf_add_char(&name, '/');
        buf_add_slice(&name, rowfile->ignore[i]);
    }
    graph->rules_name = arena_slice(&graph->arena, buf_slice(&name));
    buf_release(&name);
}

void graph_end_ignoring(struct graph *graph)
{
    for (size_t i = 0; i < graph->glob_rules.count; i++) {
        glob_set_free((struct glob_set *)graph->glob_rules.at[i]->ignored);
        free(graph->glob_rules.at[i]);
    }
    vec_release(&graph->glob_rules);
    glob_set_free(graph->ignored);
}

/* Whether a segment of the pattern is what an ignored name says, or is one of those names. */
static bool spells_out(struct slice pattern, struct slice ignored)
{
    struct glob_set *set = compile(&ignored, 1);
    bool found = false;
    struct slice segment;
    while (!found && path_next_part(&pattern, &segment)) {
        found = slice_equal(segment, ignored) ||
                (!match_is_glob(segment) && set != NULL && glob_set_matches(set, segment));
    }
    glob_set_free(set);
    return found;
}

/* The names that a glob leaves out; the caller frees. NULL: none. */
static struct glob_set *ignored_by(const struct graph *graph, struct slice pattern)
{
    const struct rowfile *rowfile = graph->rowfile;
    if (memmem(pattern.at, pattern.len, "**", 2) == NULL) {
        return NULL;
    }
    struct slice *names = mem_alloc((rowfile->ignore_count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < rowfile->ignore_count; i++) {
        if (!spells_out(pattern, rowfile->ignore[i])) {
            names[count++] = rowfile->ignore[i];
        }
    }
    struct glob_set *set = compile(names, count);
    free(names);
    return set;
}

bool graph_glob_ignores(const struct graph *graph, struct slice pattern, struct slice path)
{
    struct glob_set *ignored = ignored_by(graph, pattern);
    bool ignores = ignored != NULL && glob_set_matches_part(ignored, path);
    glob_set_free(ignored);
    return ignores;
}

const struct tree_rules *building_glob_rules(struct building *building, struct slice pattern)
{
    struct graph *graph = building->graph;
    struct tree_rules *rules = mem_alloc(sizeof *rules);
    *rules = (struct tree_rules){.ignored = ignored_by(graph, pattern)};
    vec_push(&graph->glob_rules, rules);
    return rules;
}

bool path_has_ignored_part(const struct tree_rules *rules, struct slice path)
{
    return rules->ignored != NULL && glob_set_matches_part(rules->ignored, path);
}
