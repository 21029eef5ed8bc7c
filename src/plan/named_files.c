#include "named_files.h"

#include "names.h"
#include "stamps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NO_NUMBER = -1 };

static struct named_files *files_of(struct plan *plan)
{
    if (plan->named == NULL) {
        plan->named = mem_alloc(sizeof *plan->named);
        arena_init(&plan->named->memory);
        intern_init(&plan->named->paths);
        intern_init(&plan->named->shapes);
    }
    return plan->named;
}

void named_free(struct named_files *named)
{
    if (named == NULL) {
        return;
    }
    vec_release(&named->all);
    vec_release(&named->noted);
    vec_release(&named->by_shape);
    intern_release(&named->paths);
    intern_release(&named->shapes);
    arena_release(&named->memory);
    free(named);
}

/* ---- Numbers ---- */

uint32_t named_number(struct plan *plan, struct slice path)
{
    struct named_files *named = files_of(plan);
    uint32_t known = named->paths.count;
    uint32_t number = intern_add(&named->paths, path);
    if (number == known) {
        struct named_file file = {.file = graph_find_file(plan->graph, path),
                                  .product = graph_product_around(plan->graph, path)};
        file.status = FILE_UNSEEN;
        if (file.file.at == GRAPH_NONE) {
            file.place = state_add_unlisted(plan->state, path);
        }
        vec_push(&named->all, file);
    }
    return number;
}

bool named_find(const struct plan *plan, struct slice path, uint32_t *number)
{
    *number = plan->named != NULL ? intern_find(&plan->named->paths, path) : INTERN_NONE;
    return *number != INTERN_NONE;
}

static void add_component_path(const struct plan *plan, struct task_id task,
                               const struct component *component, struct buf *out)
{
    if (component->in_directory) {
        plan_add_directory(plan->graph, plan->graph->tasks[task.at].directory, out);
    }
    buf_add_slice(out, component->name);
}

uint32_t named_number_of(struct plan *plan, struct task_id task, const struct component *component)
{
    if (!component->in_directory) {
        return named_number(plan, component->name);
    }
    struct buf path = BUF_EMPTY;
    add_component_path(plan, task, component, &path);
    uint32_t number = named_number(plan, buf_slice(&path));
    buf_release(&path);
    return number;
}

/* What a record names; thousands of tasks share one shape. */
static const struct shape_numbers *numbers_of_shape(struct plan *plan,
                                                    const struct components *good)
{
    struct named_files *named = files_of(plan);
    uint32_t known = named->shapes.count;
    uint32_t at = intern_add(&named->shapes,
                             slice_make((const char *)&good->shape, sizeof(const struct shape *)));
    if (at == known) {
        struct shape_numbers numbers = {.is_known = false};
        numbers.numbers = arena_array(&named->memory, good->count, sizeof *numbers.numbers);
        for (size_t i = 0; i < good->count; i++) {
            struct component component = components_at(good, i);
            numbers.numbers[i] = component.kind == COMPONENT_NAMED && !component.in_directory
                                     ? (int64_t)named_number(plan, component.name)
                                     : NO_NUMBER;
            numbers.is_known |= component.kind == COMPONENT_DEPFILE;
        }
        vec_push(&named->by_shape, numbers);
    }
    return &named->by_shape.at[at];
}

/* Calls `each` for what the record of the task names. False: no record says. */
bool named_each_recorded(struct plan *plan, struct task_id task, named_number_fn *each,
                         void *context)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    if (graph_action(plan->graph, task)->depfile == NULL || good->count == 0) {
        return false;
    }
    struct shape_numbers shape = *numbers_of_shape(plan, good);
    for (size_t i = 0; i < good->count && shape.is_known; i++) {
        struct component then = components_at(good, i);
        if (then.kind == COMPONENT_NAMED) {
            uint32_t number = shape.numbers[i] != NO_NUMBER ? (uint32_t)shape.numbers[i]
                                                            : named_number_of(plan, task, &then);
            each(plan, task, number, &then, context);
        }
    }
    return shape.is_known;
}

/* ---- Looking ---- */

struct named_file *named_file_at(const struct plan *plan, uint32_t number)
{
    return &plan->named->all.at[number];
}

const struct file_row *named_row_at(const struct plan *plan, uint32_t number)
{
    const struct named_file *file = named_file_at(plan, number);
    return file->file.at != GRAPH_NONE ? state_file(plan->state, file->file.at)
                                       : state_unlisted(plan->state, file->place);
}

const char *named_path_at(const struct plan *plan, uint32_t number)
{
    return intern_name(&plan->named->paths, number).at;
}

enum file_status named_look_at(struct plan *plan, uint32_t number, struct diag *diag)
{
    struct named_file *file = named_file_at(plan, number);
    struct file_row row = *named_row_at(plan, number);
    if (plan->options.recorded) {
        file->status = (row.flags & FILE_ROW_KNOWN) != 0 ? FILE_CURRENT : FILE_GONE;
    } else if (file->file.at != GRAPH_NONE) {
        file->status = (uint8_t)plan_refresh(plan, file->file, diag);
        file->error = (uint16_t)plan_trouble(plan, file->file);
        row = *named_row_at(plan, number);
    } else {
        file->status =
            (uint8_t)observe_view(plan->observer, named_path_at(plan, number), file->view, &row);
        file->error = file->status == FILE_TROUBLE ? (uint16_t)errno : 0;
        if (file->error ==
            ENAMETOOLONG) { /* no file is called that; earlier versions recorded it */
            file->status = FILE_GONE;
            file->error = 0;
        }
        if (file->status == FILE_READ) {
            state_put_unlisted(plan->state, file->place, &row);
            file->status = FILE_CURRENT;
        }
    }
    plan->named->has_folders |= (row.flags & FILE_ROW_DIRECTORY) != 0;
    return (enum file_status)file->status;
}

enum file_status named_status_at(const struct plan *plan, uint32_t number)
{
    const struct named_file *file = named_file_at(plan, number);
    return file->file.at != GRAPH_NONE ? (enum file_status)plan->files[file->file.at]
                                       : (enum file_status)file->status;
}

/* A look that failed is tried again. */
enum file_status named_seen(struct plan *plan, uint32_t number, struct diag *diag)
{
    enum file_status status = named_status_at(plan, number);
    bool looks = status == FILE_UNSEEN || status == FILE_MOVED || status == FILE_TROUBLE;
    return looks ? named_look_at(plan, number, diag) : status;
}

struct file_id named_product_of(const struct plan *plan, uint32_t number)
{
    return named_file_at(plan, number)->product;
}

enum file_kind named_look(struct plan *plan, uint32_t number)
{
    struct diag unseen; /* what can't be read is looked at again, and told then */
    diag_init(&unseen);
    enum file_status status = named_look_at(plan, number, &unseen);
    diag_release(&unseen);
    if (status == FILE_CURRENT) {
        return (named_row_at(plan, number)->flags & FILE_ROW_DIRECTORY) != 0 ? FILE_DIRECTORY
                                                                             : FILE_REGULAR;
    }
    return named_kind(plan, named_path_at(plan, number));
}

enum file_kind named_kind(const struct plan *plan, const char *path)
{
    struct file_stat found;
    if (file_stat(plan->project, path, &found) == 0) {
        return found.kind;
    }
    return errno == ENAMETOOLONG ? FILE_MISSING : FILE_REGULAR;
}

/* The number of a folder without what the task itself makes in it; its own number where that is
 * nothing. */
static uint32_t without_own(struct plan *plan, struct task_id task, uint32_t number)
{
    const struct graph *graph = plan->graph;
    struct named_files *named = plan->named;
    struct slice folder = slice_of(named_path_at(plan, number));
    struct buf key = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    VEC(struct slice) without = {0};
    buf_add_slice(&key, folder);
    const uint32_t *starts[] = {graph->product_start, graph->depfile_start};
    for (int kind = 0; kind < 2; kind++) {
        for (uint32_t i = starts[kind][task.at]; i < starts[kind][task.at + 1]; i++) {
            buf_clear(&path);
            graph_add_path(graph, kind == 0 ? graph->products.at[i] : graph->depfiles.at[i], &path);
            struct slice below = path_below(buf_slice(&path), folder);
            if (below.at != NULL) {
                buf_add_char(&key, '\0');
                buf_add_slice(&key, below);
                vec_push(&without, arena_slice(&named->memory, below));
            }
        }
    }
    uint32_t known = named->paths.count;
    if (without.count > 0) {
        number = intern_add(&named->paths, buf_slice(&key));
        if (number == known) {
            struct tree_view *view = arena_array(&named->memory, 1, sizeof *view);
            struct slice *list = arena_array(&named->memory, without.count, sizeof *list);
            memcpy(list, without.at, without.count * sizeof *list);
            *view = (struct tree_view){.without = list, .without_count = without.count};
            vec_push(&named->all,
                     (struct named_file){.file = {GRAPH_NONE},
                                         .product = {GRAPH_NONE},
                                         .place = state_add_unlisted(plan->state, buf_slice(&key)),
                                         .view = view,
                                         .status = FILE_UNSEEN});
        }
    }
    vec_release(&without);
    buf_release(&key);
    buf_release(&path);
    return number;
}

/* What counts of it for the task. */
uint32_t named_counting(struct plan *plan, struct task_id task, uint32_t number, bool anew,
                        struct diag *diag)
{
    if (anew) {
        (void)named_look_at(plan, number, diag);
    } else {
        (void)named_seen(plan, number, diag);
    }
    if ((named_row_at(plan, number)->flags & FILE_ROW_DIRECTORY) == 0) {
        return number;
    }
    uint32_t own = without_own(plan, task, number);
    if (own != number && anew) {
        (void)named_look_at(plan, own, diag);
    }
    return own;
}

struct digest named_digest_at(struct plan *plan, struct task_id task, uint32_t number, bool anew,
                              struct diag *diag)
{
    uint32_t counts = named_counting(plan, task, number, anew, diag);
    enum file_status status = named_seen(plan, counts, diag);
    if (status == FILE_CURRENT) {
        const struct named_file *file = named_file_at(plan, counts);
        struct digest content = named_row_at(plan, counts)->digest;
        return file->file.at != GRAPH_NONE ? plan_stamped(plan, file->file, content) : content;
    }
    return status == FILE_GONE ? DIGEST_ABSENT : DIGEST_UNREAD;
}
