#include "leftovers.h"

#include "additions.h"
#include "backup.h"
#include "backup_place.h"
#include "declaration.h"
#include "disk.h"
#include "file.h"
#include "intern.h"
#include "recorded_products.h"
#include "state_place.h"
#include "text.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 5 };

struct leftover {
    const char *path; /* from the project */
    struct file_row row;
    bool is_changed; /* it isn't what any record says */
};

#define NOT_FOUND SIZE_MAX

struct search {
    struct plan *plan;
    struct arena arena;
    struct intern met;  /* paths */
    VEC(size_t) places; /* by path that was met: in `found`, or NOT_FOUND */
    struct intern read; /* paths of all that tasks depend on, or that somebody put into a folder */
    struct intern holding; /* folders that hold any of these, or a product */
    VEC(struct leftover) found;
    size_t changed;
};

/* ---- What today's tasks read ---- */

static void add_holders(struct search *search, struct slice path)
{
    for (size_t i = path.len; i-- > 1;) {
        if (path.at[i] == '/') {
            uint32_t known = search->holding.count;
            if (intern_add(&search->holding, slice_make(path.at, i)) != known) {
                return; /* so are those above it */
            }
        }
    }
}

static void note_read(struct search *search)
{
    const struct graph *graph = plan_graph(search->plan);
    vec_each (const struct dependency, dependency, &graph->dependencies) {
        struct slice path = slice_of(plan_path(search->plan, dependency->file));
        uint32_t known = search->read.count;
        if (intern_add(&search->read, path) == known) {
            add_holders(search, path);
        }
    }
    vec_each (const struct file_id, product, &graph->products) {
        add_holders(search, slice_of(plan_path(search->plan, *product)));
    }
}

/* Whether a task reads it or a folder that holds it. */
static bool is_read(const struct search *search, struct slice path)
{
    if (intern_find(&search->read, path) != INTERN_NONE) {
        return true;
    }
    for (size_t i = path.len; i-- > 1;) {
        if (path.at[i] == '/' &&
            intern_find(&search->read, slice_make(path.at, i)) != INTERN_NONE) {
            return true;
        }
    }
    return false;
}

/* Whether a task makes it, or a folder that holds it. */
static bool is_made(const struct search *search, struct slice path)
{
    return graph_product_around(plan_graph(search->plan), path).at != GRAPH_NONE;
}

/* Whether it describes the study now, whatever made it once: the Rowfile, a table of points, a member,
 * or a value file. */
static bool is_description(const struct search *search, struct slice path)
{
    const struct graph *graph = plan_graph(search->plan);
    const struct workspace *workspace = graph->workspace;
    const struct declaration *declaration = graph->rowfile->declaration;
    struct slice below = slice_is(workspace->path, ".") ? path : path_below(path, workspace->path);
    bool is_one = slice_equal(path, slice_of(graph->rowfile->source.name)) ||
                  graph_find_file(graph, path).at != GRAPH_NONE;
    for (size_t s = 0; declaration != NULL && s < declaration->set_count; s++) {
        is_one |= slice_equal(path, declaration->sets[s].table);
    }
    return is_one || (below.at != NULL && workspace_find(workspace, below, NULL) >= 0);
}

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Whether it lies in a directory that no point declares any more: nobody touches those but --prune. */
static bool is_undeclared(const struct search *search, struct slice path)
{
    const struct workspace *workspace = plan_graph(search->plan)->workspace;
    const struct workspace_points *points = &workspace->points;
    struct slice below = slice_is(workspace->path, ".") ? path : path_below(path, workspace->path);
    size_t len = points->undeclared_count > 0 && below.at != NULL ? below.len : 0;
    for (size_t i = len; i-- > 1;) {
        struct slice above = slice_make(below.at, i);
        if (below.at[i] == '/' && bsearch(&above, points->undeclared, points->undeclared_count,
                                          sizeof above, compare_slices) != NULL) {
            return true;
        }
    }
    return false;
}

/* ---- What the records know ---- */

/* Whether it is, byte by byte, what a record says. */
static bool is_as_recorded(const struct search *search, const char *path, struct digest digest,
                           struct file_row *row)
{
    enum file_status status = observe_file(plan_observer(search->plan), path, row);
    return digest_is_content(digest) && (status == FILE_READ || status == FILE_CURRENT) &&
           observed_equal(digest, row);
}

/* False if the path was met before. */
static bool meet(struct search *search, struct slice path)
{
    uint32_t known = search->met.count;
    if (intern_add(&search->met, path) < known) {
        return false;
    }
    vec_push(&search->places, NOT_FOUND);
    return true;
}

static void push_leftover(struct search *search, const struct leftover *leftover)
{
    search->changed += leftover->is_changed;
    search->places.at[search->places.count - 1] = search->found.count;
    vec_push(&search->found, *leftover);
}

typedef VEC(struct slice) name_list;

struct naming {
    struct search *search;
    name_list names;
};

static int take_name(void *context, int folder, const char *name, unsigned char type)
{
    struct naming *naming = context;
    (void)folder;
    (void)type;
    if (tree_rules_count(&plan_graph(naming->search->plan)->rules, slice_of(name))) {
        vec_push(&naming->names, arena_slice(&naming->search->arena, slice_of(name)));
    }
    return 0;
}

/* What is left of a folder that was a product: all but what tasks make or read in there now. Of a single
 * entry nothing is on record: it is as it was if the whole folder is. */
static void consider_rest(struct search *search, struct slice folder, bool is_same)
{
    struct naming naming = {.search = search};
    struct buf path = BUF_EMPTY;
    (void)disk->list(plan_project(search->plan), arena_string(&search->arena, folder), O_NOFOLLOW,
                     take_name, &naming);
    if (naming.names.count > 1) {
        qsort(naming.names.at, naming.names.count, sizeof *naming.names.at, compare_slices);
    }
    vec_each (const struct slice, name, &naming.names) {
        buf_clear(&path);
        buf_add_slice(&path, folder);
        buf_add_char(&path, '/');
        buf_add_slice(&path, *name);
        struct slice own = arena_slice(&search->arena, buf_slice(&path));
        if (intern_find(&search->read, own) != INTERN_NONE || is_made(search, own) ||
            is_description(search, own)) {
            continue;
        }
        if (intern_find(&search->holding, own) != INTERN_NONE) {
            consider_rest(search, own, is_same);
        } else if (meet(search, own)) {
            push_leftover(search, &(struct leftover){.path = own.at, .is_changed = !is_same});
        }
    }
    vec_release(&naming.names);
    buf_release(&path);
}

/* What somebody added to a folder stays; the rest is as it was recorded then. */
static bool leave_out_added(struct search *search, struct slice path, struct digest digest,
                            int64_t at_ns)
{
    struct additions added = {0};
    struct folder_then then = {digest, at_ns};
    struct buf own = BUF_EMPTY;
    const char *folder = arena_string(&search->arena, path);
    bool found = digest_is_content(digest) && additions_find(plan_observer(search->plan), folder,
                                                             NULL, &then, &search->arena, &added);
    for (size_t i = 0; found && i < added.count; i++) {
        buf_clear(&own);
        buf_add_slice(&own, path);
        buf_add_char(&own, '/');
        buf_add_slice(&own, added.at[i]);
        intern_add(&search->read, buf_slice(&own));
        add_holders(search, buf_slice(&own));
    }
    vec_release(&added);
    buf_release(&own);
    return found;
}

static void consider(void *context, struct slice path, struct digest digest, int64_t at_ns)
{
    struct search *search = context;
    struct file_stat found;
    struct leftover leftover = {0};
    if (!meet(search, path)) {
        size_t place = search->places.at[intern_find(&search->met, path)];
        struct leftover *met = place != NOT_FOUND ? &search->found.at[place] : NULL;
        if (met != NULL && met->is_changed &&
            is_as_recorded(search, met->path, digest, &met->row)) {
            met->is_changed = false; /* another task made it since */
            search->changed--;
        }
        return;
    }
    leftover.path = arena_string(&search->arena, path);
    if (is_made(search, path) || is_read(search, path) || is_description(search, path) ||
        is_undeclared(search, path) ||
        file_lstat(plan_project(search->plan), leftover.path, &found) != 0 ||
        found.kind == FILE_MISSING) {
        return;
    }
    leftover.is_changed =
        found.kind == FILE_OTHER || !is_as_recorded(search, leftover.path, digest, &leftover.row);
    if (intern_find(&search->holding, path) == INTERN_NONE) {
        push_leftover(search, &leftover);
    } else if (found.kind == FILE_DIRECTORY) {
        bool is_same = !leftover.is_changed || leave_out_added(search, path, digest, at_ns);
        consider_rest(search, path, is_same);
    }
}

static void begin_search(struct search *search, struct plan *plan)
{
    *search = (struct search){.plan = plan};
    arena_init(&search->arena);
    intern_init(&search->met);
    intern_init(&search->read);
    intern_init(&search->holding);
    note_read(search);
    run_each_recorded_product(plan, consider, search);
}

static void end_search(struct search *search)
{
    vec_release(&search->found);
    vec_release(&search->places);
    intern_release(&search->met);
    intern_release(&search->read);
    intern_release(&search->holding);
    arena_release(&search->arena);
}

/* ---- clean ---- */

static void tell_each(const struct search *search, bool dry_run, struct diag *diag)
{
    vec_each (const struct leftover, leftover, &search->found) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, slice_of(leftover->path));
        if (leftover->is_changed) {
            diag_note(diag, FINDING_FORGOTTEN,
                      "%s stays: nothing makes it any more, but it isn't what was recorded",
                      buf_string(&shown));
        } else {
            diag_note(diag, FINDING_FORGOTTEN, "%s %s",
                      dry_run ? "would make a backup of" : "made a backup of", buf_string(&shown));
        }
        buf_release(&shown);
    }
}

/* A backup of what rowbuild didn't make isn't displaced by what it made. */
static enum backup_place place_for(const struct plan *plan, const char *path)
{
    struct buf kept = BUF_EMPTY;
    struct file_stat found;
    backup_add_sibling(path, BACKUP_KEPT, &kept);
    bool is_free = file_lstat(plan_project(plan), buf_string(&kept), &found) == 0 &&
                   found.kind == FILE_MISSING;
    buf_release(&kept);
    return is_free ? BACKUP_KEPT : BACKUP_LEFT;
}

int run_move_leftovers(struct plan *plan, bool dry_run, size_t *found, struct diag *diag)
{
    struct search search;
    int result = 0;
    begin_search(&search, plan);
    *found = search.found.count - search.changed;
    if (!dry_run && *found > 0) {
        VEC(struct backup_item) items = {0};
        vec_each (const struct leftover, leftover, &search.found) {
            if (!leftover->is_changed) {
                enum backup_place place = place_for(plan, leftover->path);
                vec_push(&items, ((struct backup_item){leftover->path, place, false}));
            }
        }
        result = backup_move(&plan_graph(plan)->folders, items.at, items.count, diag);
        vec_release(&items);
    }
    if (result == 0) {
        tell_each(&search, dry_run, diag);
        diag_note(diag, FINDING_FORGOTTEN, "%s %zu %s that nothing makes any more",
                  dry_run ? "would make backups of" : "made backups of", *found,
                  *found == 1 ? "product" : "products");
    }
    end_search(&search);
    return result;
}

void run_tell_leftovers(struct plan *plan, struct diag *diag)
{
    struct search search;
    struct buf names = BUF_EMPTY;
    begin_search(&search, plan);
    size_t count = search.found.count;
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        text_add_listed(&names, slice_of(search.found.at[i].path), i);
    }
    if (count > 0) {
        diag_note(diag, FINDING_FORGOTTEN,
                  "nothing makes %s%s any more, and only the records know; to make %s, use "
                  "`rowbuild clean --leftovers` before they are forgotten",
                  buf_string(&names), count > MOST_NAMES ? ", …" : "",
                  count == 1 ? "it a backup" : "them backups");
    }
    buf_release(&names);
    end_search(&search);
}
