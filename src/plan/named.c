#include "named.h"

#include "named_files.h"
#include "names.h"
#include "survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- All of them, on all cores ---- */

static void mark(struct plan *plan, struct task_id task, uint32_t number,
                 const struct component *then, void *context)
{
    uint8_t *files = context;
    struct named_file *file = named_file_at(plan, number);
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
    (void)named_each_recorded(plan, task, mark, files);
}

static void add_path(const void *context, uint32_t number, struct buf *out)
{
    buf_add_string(out, named_path_at(context, number));
}

static const struct file_row *row_of(const void *context, uint32_t number)
{
    return named_row_at(context, number);
}

static const struct tree_view *view_of(const void *context, uint32_t number)
{
    const struct plan *plan = context;
    return named_file_at(plan, number)->view;
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
        struct named_file *file = named_file_at(plan, *number);
        file->status = statuses[*number];
        file->is_noted = false;
        named->has_folders |= (named_row_at(plan, *number)->flags & FILE_ROW_DIRECTORY) != 0;
        if (file->status == FILE_MOVED) {
            vec_push(&moved, *number);
        }
    }
    struct surveyed *found = mem_grow(NULL, moved.count, sizeof *found);
    survey_read(&survey, moved.at, moved.count, NULL, found);
    for (size_t i = 0; i < moved.count; i++) {
        struct named_file *file = named_file_at(plan, moved.at[i]);
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
    const struct named_file *file = named_file_at(plan, number);
    bool is_product = file->file.at != GRAPH_NONE && file->file.at == file->product.at;
    (void)then;
    if (!refreshing->made || (file->product.at != GRAPH_NONE && !is_product) ||
        (named_row_at(plan, number)->flags & FILE_ROW_DIRECTORY) != 0) {
        (void)named_counting(plan, task, number, true, refreshing->diag);
    }
}

void named_refresh(struct plan *plan, struct task_id task, bool made, struct diag *diag)
{
    struct refreshing refreshing = {made, diag};
    (void)named_each_recorded(plan, task, refresh, &refreshing);
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
    bool is_unknown =
        plan->options.recorded && (named_row_at(plan, number)->flags & FILE_ROW_KNOWN) == 0;
    if (!is_unknown) {
        now.digest = named_digest_at(plan, task, number, false, pushing->diag);
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
    bool is_known = named_each_recorded(plan, task, push, &pushing);
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
        bool is_folder = (named_row_at(plan, *number)->flags & FILE_ROW_DIRECTORY) != 0;
        component.digest = named_digest_at(plan, task, *number, is_folder, diag);
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
    uint32_t number = named_number_of(plan, task, component);
    number = named_counting(plan, task, number, false, &unseen);
    *status = named_seen(plan, number, &unseen);
    *trouble = named_file_at(plan, number)->error;
    diag_release(&unseen);
    return named_row_at(plan, number);
}

bool plan_named_is_younger(struct plan *plan, struct task_id task,
                           const struct component *component, int64_t time_ns,
                           struct intern *folders)
{
    enum file_status status;
    int error;
    const struct file_row *row = plan_named_row(plan, task, component, &status, &error);
    const char *path = named_path_at(plan, named_number_of(plan, task, component));
    if (status != FILE_CURRENT) {
        return false;
    }
    if (named_way_is_younger(plan, path, time_ns, folders)) {
        return true;
    }
    if (row->ctime_ns < time_ns) {
        return false;
    }
    if ((row->flags & FILE_ROW_DIRECTORY) == 0) {
        return true;
    }
    const struct tree_view *view = named_view(plan, task, component);
    uint32_t number = named_number_of(plan, task, component);
    return observe_newest(plan->observer, named_path_at(plan, number), view) >= time_ns;
}

bool plan_named_is_made(struct plan *plan, struct task_id task, const struct component *component)
{
    return named_product(plan, task, component).at != GRAPH_NONE;
}

struct file_id named_product(struct plan *plan, struct task_id task,
                             const struct component *component)
{
    return named_file_at(plan, named_number_of(plan, task, component))->product;
}

struct file_id named_in_graph(struct plan *plan, struct task_id task,
                              const struct component *component)
{
    return named_file_at(plan, named_number_of(plan, task, component))->file;
}

const struct tree_view *named_view(struct plan *plan, struct task_id task,
                                   const struct component *component)
{
    struct diag unseen;
    diag_init(&unseen);
    uint32_t number = named_number_of(plan, task, component);
    number = named_counting(plan, task, number, false, &unseen);
    const struct named_file *file = named_file_at(plan, number);
    diag_release(&unseen);
    return file->file.at != GRAPH_NONE ? plan_view(plan, file->file) : file->view;
}

bool named_has_folder(struct plan *plan, struct task_id task, const struct component_list *list)
{
    bool has_folder = false;
    for (size_t i = 0;
         plan->named != NULL && plan->named->has_folders && i < list->count && !has_folder; i++) {
        if (list->at[i].kind == COMPONENT_NAMED) {
            uint32_t number = named_number_of(plan, task, &list->at[i]);
            has_folder = (named_row_at(plan, number)->flags & FILE_ROW_DIRECTORY) != 0;
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
    if (troubled->error == 0 && named_status_at(plan, number) == FILE_TROUBLE &&
        named_look_at(plan, number, troubled->diag) == FILE_TROUBLE) {
        troubled->error = named_file_at(plan, number)->error;
        troubled->name = slice_of(named_path_at(plan, number));
    }
}

int named_trouble(struct plan *plan, struct task_id task, struct slice *name, struct diag *diag)
{
    struct troubled troubled = {.diag = diag};
    (void)named_each_recorded(plan, task, find_trouble, &troubled);
    *name = troubled.name;
    return troubled.error;
}
