#include "named.h"

#include "names.h"
#include "stamps.h"
#include "survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NO_NUMBER = -1 };

struct named_file {
    struct file_id file;    /* in the graph, or GRAPH_NONE: then all but `product` is used */
    struct file_id product; /* that it is or lies in, or GRAPH_NONE */
    size_t place;           /* of its row */
    const struct tree_view *view;
    uint16_t error; /* errno of the last look that failed */
    uint8_t status; /* enum file_status */
    bool is_noted;  /* for named_stat */
};

/* Numbers of what a shape names, by place in it; NO_NUMBER where it names nothing, or something in
 * the directory of whichever task it is. */
struct shape_numbers {
    int64_t *numbers;
    bool is_known; /* there is a COMPONENT_DEPFILE */
};

struct named_files {
    struct arena memory;
    struct intern
        paths; /* of a view: the folder's, NUL, and what doesn't count, a NUL before each */
    VEC(struct named_file) all;
    VEC(uint32_t) noted;
    struct intern shapes; /* the bytes of their pointers */
    VEC(struct shape_numbers) by_shape;
    bool has_folders; /* one of them is a folder */
};

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

static uint32_t number_of_component(struct plan *plan, struct task_id task,
                                    const struct component *component)
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

typedef void number_fn(struct plan *plan, struct task_id task, uint32_t number,
                       const struct component *then, void *context);

/* Calls `each` for what the record of the task names. False: no record says. */
static bool each_recorded(struct plan *plan, struct task_id task, number_fn *each, void *context)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    if (graph_action(plan->graph, task)->depfile == NULL || good->count == 0) {
        return false;
    }
    struct shape_numbers shape = *numbers_of_shape(plan, good);
    for (size_t i = 0; i < good->count && shape.is_known; i++) {
        struct component then = components_at(good, i);
        if (then.kind == COMPONENT_NAMED) {
            uint32_t number = shape.numbers[i] != NO_NUMBER
                                  ? (uint32_t)shape.numbers[i]
                                  : number_of_component(plan, task, &then);
            each(plan, task, number, &then, context);
        }
    }
    return shape.is_known;
}

/* ---- Looking ---- */

static struct named_file *file_at(const struct plan *plan, uint32_t number)
{
    return &plan->named->all.at[number];
}

static const struct file_row *row_at(const struct plan *plan, uint32_t number)
{
    const struct named_file *file = file_at(plan, number);
    return file->file.at != GRAPH_NONE ? state_file(plan->state, file->file.at)
                                       : state_unlisted(plan->state, file->place);
}

static const char *path_at(const struct plan *plan, uint32_t number)
{
    return intern_name(&plan->named->paths, number).at;
}

static enum file_status look(struct plan *plan, uint32_t number, struct diag *diag)
{
    struct named_file *file = file_at(plan, number);
    struct file_row row = *row_at(plan, number);
    if (plan->options.recorded) {
        file->status = (row.flags & FILE_ROW_KNOWN) != 0 ? FILE_CURRENT : FILE_GONE;
    } else if (file->file.at != GRAPH_NONE) {
        file->status = (uint8_t)plan_refresh(plan, file->file, diag);
        file->error = (uint16_t)plan_trouble(plan, file->file);
        row = *row_at(plan, number);
    } else {
        file->status =
            (uint8_t)observe_view(plan->observer, path_at(plan, number), file->view, &row);
        file->error = file->status == FILE_TROUBLE ? (uint16_t)errno : 0;
        if (file->status == FILE_READ) {
            state_put_unlisted(plan->state, file->place, &row);
            file->status = FILE_CURRENT;
        }
    }
    plan->named->has_folders |= (row.flags & FILE_ROW_DIRECTORY) != 0;
    return (enum file_status)file->status;
}

static enum file_status status_at(const struct plan *plan, uint32_t number)
{
    const struct named_file *file = file_at(plan, number);
    return file->file.at != GRAPH_NONE ? (enum file_status)plan->files[file->file.at]
                                       : (enum file_status)file->status;
}

/* A look that failed is tried again. */
static enum file_status seen(struct plan *plan, uint32_t number, struct diag *diag)
{
    enum file_status status = status_at(plan, number);
    bool looks = status == FILE_UNSEEN || status == FILE_MOVED || status == FILE_TROUBLE;
    return looks ? look(plan, number, diag) : status;
}

struct file_id named_product_of(const struct plan *plan, uint32_t number)
{
    return file_at(plan, number)->product;
}

enum file_kind named_look(struct plan *plan, uint32_t number)
{
    struct diag unseen; /* what can't be read is looked at again, and told then */
    diag_init(&unseen);
    enum file_status status = look(plan, number, &unseen);
    diag_release(&unseen);
    if (status == FILE_CURRENT) {
        return (row_at(plan, number)->flags & FILE_ROW_DIRECTORY) != 0 ? FILE_DIRECTORY
                                                                       : FILE_REGULAR;
    }
    struct file_stat found;
    return file_stat(plan->project, path_at(plan, number), &found) == 0 ? found.kind : FILE_REGULAR;
}

/* The number of a folder without what the task itself makes in it; its own number where that is
 * nothing. */
static uint32_t without_own(struct plan *plan, struct task_id task, uint32_t number)
{
    const struct graph *graph = plan->graph;
    struct named_files *named = plan->named;
    struct slice folder = slice_of(path_at(plan, number));
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
static uint32_t counting(struct plan *plan, struct task_id task, uint32_t number, bool anew,
                         struct diag *diag)
{
    if (anew) {
        (void)look(plan, number, diag);
    } else {
        (void)seen(plan, number, diag);
    }
    if ((row_at(plan, number)->flags & FILE_ROW_DIRECTORY) == 0) {
        return number;
    }
    uint32_t own = without_own(plan, task, number);
    if (own != number && anew) {
        (void)look(plan, own, diag);
    }
    return own;
}

static struct digest digest_at(struct plan *plan, struct task_id task, uint32_t number, bool anew,
                               struct diag *diag)
{
    uint32_t counts = counting(plan, task, number, anew, diag);
    enum file_status status = seen(plan, counts, diag);
    if (status == FILE_CURRENT) {
        const struct named_file *file = file_at(plan, counts);
        struct digest content = row_at(plan, counts)->digest;
        return file->file.at != GRAPH_NONE ? plan_stamped(plan, file->file, content) : content;
    }
    return status == FILE_GONE ? DIGEST_ABSENT : DIGEST_UNREAD;
}

/* ---- All of them, on all cores ---- */

static void mark(struct plan *plan, struct task_id task, uint32_t number,
                 const struct component *then, void *context)
{
    uint8_t *files = context;
    struct named_file *file = file_at(plan, number);
    (void)task;
    (void)then;
    if (file->file.at != GRAPH_NONE) {
        files[file->file.at] = 1;
    } else if (!file->is_noted) {
        file->is_noted = true;
        vec_push(&plan->named->noted, number);
    }
}

void named_mark(struct plan *plan, struct task_id task, uint8_t *files)
{
    (void)each_recorded(plan, task, mark, files);
}

static void add_path(const void *context, uint32_t number, struct buf *out)
{
    buf_add_string(out, path_at(context, number));
}

static const struct file_row *row_of(const void *context, uint32_t number)
{
    return row_at(context, number);
}

static const struct tree_view *view_of(const void *context, uint32_t number)
{
    const struct plan *plan = context;
    return file_at(plan, number)->view;
}

void named_stat(struct plan *plan)
{
    struct named_files *named = plan->named;
    VEC(uint32_t) moved = {0};
    if (named == NULL || named->noted.count == 0 || plan->options.recorded) {
        return;
    }
    struct survey survey = {.observer = plan->observer,
                            .threads = plan->options.threads,
                            .context = plan,
                            .add_path = add_path,
                            .row = row_of,
                            .view = view_of};
    uint8_t *statuses = mem_alloc(named->all.count);
    survey_stat(&survey, named->noted.at, named->noted.count, statuses);
    vec_each (uint32_t, number, &named->noted) {
        struct named_file *file = file_at(plan, *number);
        file->status = statuses[*number];
        file->is_noted = false;
        named->has_folders |= (row_at(plan, *number)->flags & FILE_ROW_DIRECTORY) != 0;
        if (file->status == FILE_MOVED) {
            vec_push(&moved, *number);
        }
    }
    struct surveyed *found = mem_grow(NULL, moved.count, sizeof *found);
    survey_read(&survey, moved.at, moved.count, NULL, found);
    for (size_t i = 0; i < moved.count; i++) {
        struct named_file *file = file_at(plan, moved.at[i]);
        file->status = (uint8_t)found[i].status;
        file->error = (uint16_t)found[i].error;
        if (found[i].status == FILE_READ) {
            state_put_unlisted(plan->state, file->place, &found[i].row);
            named->has_folders |= (found[i].row.flags & FILE_ROW_DIRECTORY) != 0;
            file->status = FILE_CURRENT;
        }
    }
    named->noted.count = 0;
    free(found);
    free(statuses);
    vec_release(&moved);
}

struct refreshing {
    bool made;
    struct diag *diag;
};

static void refresh(struct plan *plan, struct task_id task, uint32_t number,
                    const struct component *then, void *context)
{
    struct refreshing *refreshing = context;
    const struct named_file *file = file_at(plan, number);
    bool is_product = file->file.at != GRAPH_NONE && file->file.at == file->product.at;
    (void)then;
    if (!refreshing->made || (file->product.at != GRAPH_NONE && !is_product) ||
        (row_at(plan, number)->flags & FILE_ROW_DIRECTORY) != 0) {
        (void)counting(plan, task, number, true, refreshing->diag);
    }
}

void named_refresh(struct plan *plan, struct task_id task, bool made, struct diag *diag)
{
    struct refreshing refreshing = {made, diag};
    (void)each_recorded(plan, task, refresh, &refreshing);
}

void plan_refresh_named(struct plan *plan, struct task_id task, struct diag *diag)
{
    named_refresh(plan, task, false, diag);
}

/* ---- Components ---- */

struct pushing {
    struct component_list *list;
    struct diag *diag;
};

static void push(struct plan *plan, struct task_id task, uint32_t number,
                 const struct component *then, void *context)
{
    struct pushing *pushing = context;
    struct component now = *then;
    bool is_unknown = plan->options.recorded && (row_at(plan, number)->flags & FILE_ROW_KNOWN) == 0;
    if (!is_unknown) {
        now.digest = digest_at(plan, task, number, false, pushing->diag);
    }
    vec_push(pushing->list, now);
}

static void push_known(struct component_list *list)
{
    vec_push(list, (struct component){.kind = COMPONENT_DEPFILE, .name = SLICE_LITERAL("")});
}

bool named_push_recorded(struct plan *plan, struct task_id task, struct component_list *list,
                         struct diag *diag)
{
    struct pushing pushing = {list, diag};
    bool is_known = each_recorded(plan, task, push, &pushing);
    if (is_known) {
        push_known(list);
    }
    return is_known;
}

size_t plan_count_plain(const struct component *list, size_t count)
{
    size_t plain = 0;
    while (plain < count && list[plain].kind != COMPONENT_NAMED &&
           list[plain].kind != COMPONENT_DEPFILE && list[plain].kind != COMPONENT_PRODUCT &&
           list[plain].kind != COMPONENT_RULES) {
        plain++;
    }
    return plain;
}

void plan_add_named(struct plan *plan, struct task_id task, const struct named_list *named,
                    struct component_list *list, struct diag *diag)
{
    struct component_list all = {0};
    bool has_folder = false;
    bool has_rules = false;
    size_t plain = plan_count_plain(list->at, list->count);
    for (size_t i = 0; i < plain; i++) {
        vec_push(&all, list->at[i]);
    }
    vec_each (const uint32_t, number, &named->numbers) {
        struct component component = {.kind = COMPONENT_NAMED};
        bool is_folder = (row_at(plan, *number)->flags & FILE_ROW_DIRECTORY) != 0;
        component.digest = digest_at(plan, task, *number, is_folder, diag);
        component.name =
            plan_name_below(plan, plan->graph->tasks[task.at].directory,
                            intern_name(&plan->named->paths, *number), &component.in_directory);
        has_folder |= is_folder;
        vec_push(&all, component);
    }
    push_known(&all);
    for (size_t i = plain; i < list->count; i++) {
        if (list->at[i].kind != COMPONENT_NAMED && list->at[i].kind != COMPONENT_DEPFILE) {
            has_rules |= list->at[i].kind == COMPONENT_RULES;
            vec_push(&all, list->at[i]);
        }
    }
    if (has_folder && !has_rules) {
        vec_push(&all,
                 (struct component){.kind = COMPONENT_RULES, .name = plan->graph->rules_name});
    }
    vec_release(list);
    *list = all;
}

const struct file_row *plan_named_row(struct plan *plan, struct task_id task,
                                      const struct component *component, enum file_status *status,
                                      int *trouble)
{
    struct diag unseen;
    diag_init(&unseen);
    uint32_t number = number_of_component(plan, task, component);
    number = counting(plan, task, number, false, &unseen);
    *status = seen(plan, number, &unseen);
    *trouble = file_at(plan, number)->error;
    diag_release(&unseen);
    return row_at(plan, number);
}

bool plan_named_is_younger(struct plan *plan, struct task_id task,
                           const struct component *component, int64_t time_ns)
{
    enum file_status status;
    int error;
    const struct file_row *row = plan_named_row(plan, task, component, &status, &error);
    if (status != FILE_CURRENT || row->ctime_ns < time_ns) {
        return false;
    }
    if ((row->flags & FILE_ROW_DIRECTORY) == 0) {
        return true;
    }
    const struct tree_view *view = named_view(plan, task, component);
    uint32_t number = number_of_component(plan, task, component);
    return observe_newest(plan->observer, path_at(plan, number), view) >= time_ns;
}

bool plan_named_is_made(struct plan *plan, struct task_id task, const struct component *component)
{
    return named_product(plan, task, component).at != GRAPH_NONE;
}

struct file_id named_product(struct plan *plan, struct task_id task,
                             const struct component *component)
{
    return file_at(plan, number_of_component(plan, task, component))->product;
}

struct file_id named_in_graph(struct plan *plan, struct task_id task,
                              const struct component *component)
{
    return file_at(plan, number_of_component(plan, task, component))->file;
}

const struct tree_view *named_view(struct plan *plan, struct task_id task,
                                   const struct component *component)
{
    struct diag unseen;
    diag_init(&unseen);
    uint32_t number = number_of_component(plan, task, component);
    number = counting(plan, task, number, false, &unseen);
    const struct named_file *file = file_at(plan, number);
    diag_release(&unseen);
    return file->file.at != GRAPH_NONE ? plan_view(plan, file->file) : file->view;
}

bool named_has_folder(struct plan *plan, struct task_id task, const struct component_list *list)
{
    bool has_folder = false;
    for (size_t i = 0;
         plan->named != NULL && plan->named->has_folders && i < list->count && !has_folder; i++) {
        if (list->at[i].kind == COMPONENT_NAMED) {
            uint32_t number = number_of_component(plan, task, &list->at[i]);
            has_folder = (row_at(plan, number)->flags & FILE_ROW_DIRECTORY) != 0;
        }
    }
    return has_folder;
}

/* ---- What can't be read ---- */

struct troubled {
    struct slice name;
    int error;
    struct diag *diag;
};

static void find_trouble(struct plan *plan, struct task_id task, uint32_t number,
                         const struct component *then, void *context)
{
    struct troubled *troubled = context;
    (void)task;
    (void)then;
    if (troubled->error == 0 && status_at(plan, number) == FILE_TROUBLE &&
        look(plan, number, troubled->diag) == FILE_TROUBLE) {
        troubled->error = file_at(plan, number)->error;
        troubled->name = slice_of(path_at(plan, number));
    }
}

int named_trouble(struct plan *plan, struct task_id task, struct slice *name, struct diag *diag)
{
    struct troubled troubled = {.diag = diag};
    (void)each_recorded(plan, task, find_trouble, &troubled);
    *name = troubled.name;
    return troubled.error;
}
