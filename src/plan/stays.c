#include "stays.h"

#include "additions.h"
#include "convert.h"
#include "file.h"
#include "names.h"
#include "own_names.h"
#include "reserved.h"

#include <stdlib.h>
#include <string.h>

typedef VEC(char *) name_list;

/* ---- Listing ---- */

static int add_name(void *context, const char *name, size_t len, bool is_directory)
{
    name_list *names = context;
    (void)is_directory;
    vec_push(names, mem_copy(name, len));
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(const struct plan *plan, const char *folder, name_list *names)
{
    int result = file_list(plan->project, folder, add_name, names);
    if (names->count > 1) {
        qsort(names->at, names->count, sizeof names->at[0], compare_names);
    }
    return result;
}

static void release_names(name_list *names)
{
    vec_each (char *, name, names) {
        free(*name);
    }
    vec_release(names);
}

/* ---- Whether an entry is still the same one ---- */

/* Names, kinds, sizes, times and inodes of an entry and of all in it; false: it is missing, or can't
 * be looked at. Links aren't followed. */
static bool add_identity(const struct plan *plan, struct buf *path, struct digest_stream *stream)
{
    struct file_stat found;
    if (file_lstat(plan->project, buf_string(path), &found) != 0 || found.kind == FILE_MISSING) {
        return false;
    }
    digest_stream_u64(stream, (uint64_t)found.kind);
    digest_stream_u64(stream, found.inode);
    if (found.kind != FILE_DIRECTORY) {
        digest_stream_u64(stream, found.size);
        digest_stream_u64(stream, (uint64_t)found.mtime_ns);
        return true;
    }
    name_list names = {0};
    bool is_seen = list_names(plan, buf_string(path), &names) == 0;
    size_t len = path->len;
    for (size_t i = 0; i < names.count && is_seen; i++) {
        buf_add_char(path, '/');
        buf_add_string(path, names.at[i]);
        digest_stream_field(stream, slice_of(names.at[i]));
        is_seen = add_identity(plan, path, stream);
        path->len = len;
        path->at[len] = '\0';
    }
    release_names(&names);
    return is_seen;
}

/* DIGEST_ABSENT: it is missing. */
static struct digest identity_of(const struct plan *plan, struct slice place, struct slice entry)
{
    struct buf path = BUF_EMPTY;
    struct digest_stream *stream = digest_stream_new();
    buf_add_slice(&path, place);
    buf_add_char(&path, '/');
    buf_add_slice(&path, entry);
    struct digest digest =
        add_identity(plan, &path, stream) ? digest_stream_end(stream) : DIGEST_ABSENT;
    digest_stream_free(stream);
    buf_release(&path);
    return digest;
}

/* ---- Views ---- */

/* What a component says of a product by that name: an entry below it, or at == NULL. */
static struct slice entry_of(const struct component *component, struct slice product,
                             bool in_directory)
{
    if (component->kind != COMPONENT_STAYS || component->in_directory != in_directory) {
        return (struct slice){0};
    }
    return path_below(component->name, product);
}

static void put_view(struct plan *plan, struct file_id file, const struct tree_view *view)
{
    if (plan->stays == NULL && view != NULL) {
        plan->stays = mem_alloc(plan->graph->file_count * sizeof *plan->stays);
    }
    if (plan->stays != NULL) {
        plan->stays[file.at] = view;
    }
}

static void load_task(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    const struct components *good = &state_task(plan->state, task.at)->good;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        bool in_directory;
        struct slice product = plan_component_name(plan, task, file, &in_directory);
        VEC(struct slice) entries = {0};
        for (size_t i = 0; i < good->count; i++) {
            struct component component = components_at(good, i);
            struct slice entry = entry_of(&component, product, in_directory);
            if (entry.at != NULL) {
                vec_push(&entries, arena_slice(&plan->arena, entry));
            }
        }
        struct tree_view *view = NULL;
        if (entries.count > 0) {
            struct slice *without = arena_array(&plan->arena, entries.count, sizeof(struct slice));
            memcpy(without, entries.at, entries.count * sizeof *without);
            view = arena_alloc(&plan->arena, sizeof *view);
            *view = (struct tree_view){.without = without, .without_count = entries.count};
        }
        put_view(plan, file, view);
        vec_release(&entries);
    }
}

static bool has_stays(const struct components *good)
{
    for (size_t i = 0; i < good->count; i++) {
        if (components_at(good, i).kind == COMPONENT_STAYS) {
            return true;
        }
    }
    return false;
}

void plan_load_stays(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    const struct shape *plain = NULL; /* the last one without, which thousands share */
    if (plan->stays != NULL) {
        memset(plan->stays, 0, graph->file_count * sizeof *plan->stays);
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        const struct components *good = &state_task(plan->state, n)->good;
        if (!graph_is_present(graph, (struct task_id){n}) || good->count == 0 ||
            good->shape == plain) {
            continue;
        }
        if (has_stays(good)) {
            load_task(plan, (struct task_id){n});
        } else {
            plain = good->shape;
        }
    }
}

/* ---- Records ---- */

static void push_stay(struct plan *plan, struct component_list *list, struct slice product,
                      bool in_directory, struct slice entry, struct digest identity)
{
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, product);
    buf_add_char(&name, '/');
    buf_add_slice(&name, entry);
    struct component component = {.kind = COMPONENT_STAYS,
                                  .in_directory = in_directory,
                                  .name = arena_slice(&plan->arena, buf_slice(&name)),
                                  .digest = identity};
    vec_push(list, component);
    buf_release(&name);
}

/* All that lies in the folder before the first attempt, but what rowbuild itself has there. */
static void add_found(struct plan *plan, struct slice place, struct slice product,
                      bool in_directory, struct component_list *list)
{
    struct file_stat found;
    name_list names = {0};
    if (file_lstat(plan->project, place.at, &found) == 0 && found.kind == FILE_DIRECTORY) {
        (void)list_names(plan, place.at, &names);
    }
    for (size_t i = 0; i < names.count; i++) {
        struct slice entry = slice_of(names.at[i]);
        if (!reserved_is_name(entry)) {
            push_stay(plan, list, product, in_directory, entry, identity_of(plan, place, entry));
        }
    }
    release_names(&names);
}

void plan_add_stays(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    const struct task_row *row = state_task(plan->state, task.at);
    bool is_first = row->success == SUCCESS_NONE && row->attempt == ATTEMPT_NONE;
    struct buf place = BUF_EMPTY;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        const struct slice *entries;
        size_t count = plan_stays(plan, file, &entries);
        bool in_directory;
        if (!is_first && count == 0) {
            continue;
        }
        struct slice product = plan_component_name(plan, task, file, &in_directory);
        buf_clear(&place);
        plan_add_place(plan, task, file, &place);
        if (is_first) {
            add_found(plan, buf_slice(&place), product, in_directory, list);
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            struct digest identity = identity_of(plan, buf_slice(&place), entries[i]);
            push_stay(plan, list, product, in_directory, entries[i], identity);
        }
    }
    buf_release(&place);
}

void plan_reload_stays(struct plan *plan, struct task_id task)
{
    if (plan->stays != NULL || has_stays(&state_task(plan->state, task.at)->good)) {
        load_task(plan, task);
    }
}

void plan_review_stays(struct plan *plan, struct task_id task)
{
    struct task_row row = *state_task(plan->state, task.at);
    struct component_list now = {0};
    struct component_list kept = {0};
    bool differs = false;
    if (!has_stays(&row.good)) {
        return;
    }
    plan_add_stays(plan, task, &now);
    for (size_t i = 0; i < row.good.count; i++) {
        struct component then = components_at(&row.good, i);
        bool stays = then.kind != COMPONENT_STAYS;
        for (size_t n = 0; n < now.count && !stays; n++) {
            stays = now.at[n].in_directory == then.in_directory &&
                    slice_equal(now.at[n].name, then.name) &&
                    digest_equal(now.at[n].digest, then.digest) && digest_is_content(then.digest);
        }
        differs |= !stays;
        if (stays) {
            vec_push(&kept, then);
        }
    }
    if (differs) {
        plan_put_list(plan, task, &kept, &row);
        load_task(plan, task);
    }
    vec_release(&now);
    vec_release(&kept);
}

/* ---- What was added ---- */

/* Whether what lies in its products is what a success left, and whatever came after that. */
static bool stands_since_success(const struct task_row *row)
{
    return row->success != SUCCESS_NONE &&
           (row->attempt == ATTEMPT_NONE || row->attempt == ATTEMPT_CHANGED);
}

/* A view without what it leaves out already, nor the additions. */
static void extend_view(struct plan *plan, struct file_id file, const struct additions *additions)
{
    const struct slice *before;
    size_t count = plan_stays(plan, file, &before);
    struct slice *without =
        arena_array(&plan->arena, count + additions->count, sizeof(struct slice));
    for (size_t i = 0; i < count; i++) {
        without[i] = before[i];
    }
    for (size_t i = 0; i < additions->count; i++) {
        without[count + i] = additions->at[i];
    }
    struct tree_view *view = arena_alloc(&plan->arena, sizeof *view);
    *view = (struct tree_view){.without = without, .without_count = count + additions->count};
    put_view(plan, file, view);
}

/* A job has no record but its own tasks'. */
static void record_additions(struct plan *plan, struct task_id task, struct file_id file,
                             const struct additions *additions)
{
    struct task_row row = *state_task(plan->state, task.at);
    struct component_list list = {0};
    struct buf place = BUF_EMPTY;
    bool in_directory;
    struct slice product = plan_component_name(plan, task, file, &in_directory);
    plan_add_place(plan, task, file, &place);
    for (size_t i = 0; i < row.good.count; i++) {
        vec_push(&list, components_at(&row.good, i));
    }
    for (size_t i = 0; i < additions->count; i++) {
        struct slice entry = additions->at[i];
        push_stay(plan, &list, product, in_directory, entry,
                  identity_of(plan, buf_slice(&place), entry));
    }
    plan_put_list(plan, task, &list, &row);
    buf_release(&place);
    vec_release(&list);
}

/* What didn't count when the names were taken has none, whoever made it. */
static void drop_once_ignored(struct plan *plan, struct task_id task, struct additions *additions)
{
    struct recorded recorded = {.good = &state_task(plan->state, task.at)->good};
    size_t kept = 0;
    if (!convert_has_other_rules(plan, &recorded)) {
        return;
    }
    for (size_t i = 0; i < additions->count; i++) {
        if (!convert_was_ignored(&recorded, additions->at[i])) {
            additions->at[kept++] = additions->at[i];
        }
    }
    additions->count = kept;
}

/* By the names on record, whatever else changed; where there are none, by the digest. */
static bool find_additions(struct plan *plan, struct task_id maker, struct file_id file,
                           const struct folder_then *then, struct additions *additions)
{
    const char *path = plan_path(plan, file);
    const struct tree_view *view = plan_view(plan, file);
    struct folder_names names = {0};
    bool is_found;
    if (plan_own_names(plan, maker, file, &names)) {
        (void)folder_names_find_others(plan->observer, path, view, &names, &plan->arena, additions);
        drop_once_ignored(plan, maker, additions);
        is_found = additions->count > 0;
    } else {
        is_found = additions_find(plan->observer, path, view, then, &plan->arena, additions);
    }
    vec_release(&names);
    return is_found;
}

bool plan_take_additions(struct plan *plan, struct file_id file)
{
    struct task_id maker = {plan->graph->producers[file.at]};
    const struct file_row *found = state_file(plan->state, file.at);
    if (maker.at == GRAPH_NONE || plan->options.recorded ||
        (found->flags & FILE_ROW_DIRECTORY) == 0 ||
        !stands_since_success(state_task(plan->state, maker.at))) {
        return false;
    }
    struct folder_then then = {
        .digest = plan_recorded_digest(plan, maker, COMPONENT_PRODUCT, file),
        .at_ns = state_task(plan->state, maker.at)->finished_at_ns,
    };
    struct additions additions = {0};
    bool is_added = digest_is_content(then.digest) && !observed_equal(then.digest, found) &&
                    find_additions(plan, maker, file, &then, &additions);
    if (is_added) {
        extend_view(plan, file, &additions);
        if (state_writes(plan->state)) {
            record_additions(plan, maker, file, &additions);
        }
    }
    vec_release(&additions);
    return is_added;
}
