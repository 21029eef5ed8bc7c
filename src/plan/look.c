#include "looking.h"

#include "parallel.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STAT_GRAIN = 256,
    READ_GRAIN = 16,
    VALUES_WORTH_THREADS = 64,
    MOST_TRIES = 3,
};

static bool is_value_file(const struct graph *graph, struct file_id file)
{
    uint32_t column;
    return graph->value_column != GRAPH_NONE &&
           graph_file_directory(graph, file, &column) != GRAPH_NONE &&
           column == graph->value_column;
}

/* ---- One file ---- */

static bool same_stat(const struct file_stat *a, const struct file_stat *b)
{
    return a->kind == b->kind && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->inode == b->inode;
}

/* The row of a value file holds the digest of its canonical text: white space and order of keys
 * don't matter. */
static void put_value_row(struct plan *plan, struct file_id file, const struct json *value,
                          const struct file_stat *stat)
{
    struct buf text = BUF_EMPTY;
    struct file_row row;
    json_add_canonical(value, &text);
    observer_make_row(plan->observer, stat, digest_of(buf_slice(&text)), &row);
    state_put_file(plan->state, file.at, &row);
    plan->files[file.at] = FILE_CURRENT;
    buf_release(&text);
}

/* Stat before and after the reading must agree. Whatever is wrong with a value is an error. */
static enum file_status refresh_value(struct plan *plan, struct file_id file)
{
    uint32_t column;
    uint32_t directory = graph_file_directory(plan->graph, file, &column);
    const char *trouble = NULL;
    for (int attempt = 0; attempt < MOST_TRIES; attempt++) {
        struct file_stat before;
        struct file_stat after;
        const struct json *value;
        enum file_status seen = observe_stat(plan->observer, plan_path(plan, file),
                                             state_file(plan->state, file.at), &before);
        if (seen == FILE_CURRENT) {
            return FILE_CURRENT;
        }
        if (seen == FILE_TROUBLE) {
            trouble = strerror(errno);
            continue;
        }
        if (workspace_reread_value(plan->graph->workspace, directory, &value, plan->diag) != 0) {
            return FILE_TROUBLE;
        }
        if (file_stat(plan->project, plan_path(plan, file), &after) == 0 &&
            same_stat(&before, &after)) {
            put_value_row(plan, file, value, &after);
            return FILE_CURRENT;
        }
        trouble = "it changes each time it is read";
    }
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(plan_path(plan, file)));
    diag_state_error(plan->diag, "the value file `%s` can't be read: %s", buf_string(&shown),
                     trouble);
    buf_release(&shown);
    return FILE_TROUBLE;
}

static void put_file(struct plan *plan, struct file_id file, const struct file_row *row)
{
    struct file_row before = *state_file(plan->state, file.at);
    state_put_file(plan->state, file.at, row);
    plan_follow_first_digest(plan, file, &before, row);
}

static void note_trouble(struct plan *plan, struct file_id file, int error)
{
    if (plan->troubles == NULL) {
        plan->troubles = mem_alloc(plan->graph->file_count * sizeof *plan->troubles);
    }
    plan->troubles[file.at] = (uint16_t)error;
}

int plan_trouble(const struct plan *plan, struct file_id file)
{
    return plan->troubles != NULL ? plan->troubles[file.at] : 0;
}

enum file_status plan_refresh(struct plan *plan, struct file_id file)
{
    enum file_status status = FILE_TROUBLE;
    if (plan->options.recorded) {
        status = (state_file(plan->state, file.at)->flags & FILE_ROW_KNOWN) != 0 ? FILE_CURRENT
                                                                                 : FILE_GONE;
    } else if (is_value_file(plan->graph, file)) {
        status = refresh_value(plan, file);
    } else {
        struct file_row row = *state_file(plan->state, file.at);
        status = observe_file(plan->observer, plan_path(plan, file), &row);
        if (status == FILE_READ) {
            put_file(plan, file, &row);
            status = FILE_CURRENT;
        } else if (status == FILE_TROUBLE) {
            note_trouble(plan, file, errno);
        }
    }
    plan->files[file.at] = (uint8_t)status;
    return status;
}

void plan_refresh_inputs(struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan->graph;
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    for (size_t i = 0; graph->value_column != GRAPH_NONE && i < count; i++) {
        size_t file = directories[i] * graph->column_count + graph->value_column;
        plan_refresh(plan, (struct file_id){(uint32_t)file});
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        plan_refresh(plan, graph->dependencies.at[d].file);
    }
}

/* ---- All files ---- */

struct file_list {
    VEC(struct file_id) files;
};

bool plan_looks_at(const struct plan *plan, struct task_id task)
{
    bool adopts_all = state_was_empty(plan->state) && !plan->options.no_adopt;
    return plan->wanted[task.at] != 0 || (adopts_all && graph_is_present(plan->graph, task));
}

/* The files of all wanted tasks, each once, in the order of their numbers. */
static void list_wanted_files(const struct plan *plan, struct file_list *list)
{
    const struct graph *graph = plan->graph;
    bool *is_wanted = mem_alloc(graph->file_count * sizeof *is_wanted);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (!plan_looks_at(plan, (struct task_id){n})) {
            continue;
        }
        const uint32_t *directories;
        size_t count = graph_directories(graph, (struct task_id){n}, &directories);
        for (size_t i = 0; graph->value_column != GRAPH_NONE && i < count; i++) {
            is_wanted[directories[i] * graph->column_count + graph->value_column] = true;
        }
        for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
            is_wanted[graph->products.at[p].at] = true;
        }
        for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
            is_wanted[graph->dependencies.at[d].file.at] = true;
        }
    }
    for (uint32_t f = 0; f < graph->file_count; f++) {
        if (is_wanted[f]) {
            vec_push(&list->files, (struct file_id){f});
        }
    }
    free(is_wanted);
}

struct looking {
    struct plan *plan;
    const struct file_list *list;
    const uint8_t *adopted; /* by file: made by stat alone where it is large; NULL: none */
    struct file_row *rows;  /* by index in `list`; NULL: stat only */
    uint8_t *seen;          /* by index in `list`: enum file_status */
};

static void stat_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct looking *looking = context;
    struct plan *plan = looking->plan;
    struct buf path = BUF_EMPTY;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        struct file_id file = looking->list->files.at[i];
        buf_clear(&path);
        graph_add_path(plan->graph, file, &path);
        plan->files[file.at] = (uint8_t)observe_stat(plan->observer, buf_string(&path),
                                                     state_file(plan->state, file.at), NULL);
    }
    buf_release(&path);
}

static void read_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct looking *looking = context;
    struct plan *plan = looking->plan;
    struct buf path = BUF_EMPTY;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        struct file_id file = looking->list->files.at[i];
        bool is_adopted = looking->adopted != NULL && looking->adopted[file.at] != 0;
        buf_clear(&path);
        graph_add_path(plan->graph, file, &path);
        looking->rows[i] = *state_file(plan->state, file.at);
        looking->seen[i] =
            (uint8_t)(is_adopted
                          ? observe_adopted(plan->observer, buf_string(&path), &looking->rows[i])
                          : observe_file(plan->observer, buf_string(&path), &looking->rows[i]));
    }
    buf_release(&path);
}

/* Reads the files of the list (no value files) on all cores and puts their rows. */
static void read_files(struct plan *plan, const struct file_list *list, const uint8_t *adopted)
{
    size_t count = list->files.count;
    struct looking looking = {.plan = plan,
                              .list = list,
                              .adopted = adopted,
                              .rows = mem_grow(NULL, count, sizeof(struct file_row)),
                              .seen = mem_alloc(count)};
    parallel_for(plan->options.threads, count, READ_GRAIN, read_range, &looking);
    for (size_t i = 0; i < count; i++) {
        struct file_id file = list->files.at[i];
        if (looking.seen[i] == FILE_READ) {
            put_file(plan, file, &looking.rows[i]);
            plan->files[file.at] = FILE_CURRENT;
        } else {
            plan->files[file.at] = looking.seen[i];
        }
    }
    free(looking.rows);
    free(looking.seen);
}

void plan_settle(struct plan *plan, const struct file_id *files, size_t count)
{
    struct file_list list = {0};
    for (size_t i = 0; i < count; i++) {
        if ((state_file(plan->state, files[i].at)->flags & FILE_ROW_RACY) != 0 &&
            !is_value_file(plan->graph, files[i])) {
            vec_push(&list.files, files[i]);
        }
    }
    read_files(plan, &list, NULL);
    vec_release(&list.files);
}

/* Reads many values on all cores; those whose file moved meanwhile are left for plan_refresh. */
static int read_values_ahead(struct plan *plan, const struct file_list *list)
{
    struct workspace *workspace = plan->graph->workspace;
    struct file_stat *stats = mem_alloc(list->files.count * sizeof *stats);
    uint32_t column;
    for (size_t i = 0; i < list->files.count; i++) {
        uint32_t directory = graph_file_directory(plan->graph, list->files.at[i], &column);
        file_stat(plan->project, plan_path(plan, list->files.at[i]), &stats[i]);
        workspace_forget_value(workspace, directory);
    }
    int result = workspace_read_values(workspace, plan->diag);
    for (size_t i = 0; i < list->files.count && result == 0; i++) {
        struct file_id file = list->files.at[i];
        uint32_t directory = graph_file_directory(plan->graph, file, &column);
        const struct json *value;
        struct file_stat after;
        if (file_stat(plan->project, plan_path(plan, file), &after) == 0 &&
            same_stat(&stats[i], &after) &&
            workspace_value(workspace, directory, &value, plan->diag) == 0) {
            put_value_row(plan, file, value, &after);
        }
    }
    free(stats);
    return result;
}

int plan_read_moved(struct plan *plan, const uint8_t *wanted_files, const uint8_t *adopted)
{
    const struct graph *graph = plan->graph;
    struct file_list plain = {0};
    struct file_list values = {0};
    int result = 0;
    for (uint32_t f = 0; f < graph->file_count; f++) {
        struct file_id file = {f};
        if (wanted_files[f] != 0 && plan->files[f] == FILE_MOVED) {
            if (is_value_file(graph, file)) {
                vec_push(&values.files, file);
            } else {
                vec_push(&plain.files, file);
            }
        }
    }
    read_files(plan, &plain, adopted);
    if (values.files.count >= VALUES_WORTH_THREADS) {
        result = read_values_ahead(plan, &values);
    }
    for (size_t i = 0; i < values.files.count && result == 0; i++) {
        size_t errors = plan->diag->errors;
        if (plan->files[values.files.at[i].at] == FILE_MOVED) {
            plan_refresh(plan, values.files.at[i]);
        }
        result = plan->diag->errors > errors ? -1 : 0;
    }
    vec_release(&plain.files);
    vec_release(&values.files);
    return result;
}

static void stat_all(struct plan *plan, const struct file_list *list)
{
    if (plan->options.recorded) {
        for (size_t i = 0; i < list->files.count; i++) {
            plan_refresh(plan, list->files.at[i]);
        }
        return;
    }
    struct looking looking = {.plan = plan, .list = list};
    parallel_for(plan->options.threads, list->files.count, STAT_GRAIN, stat_range, &looking);
}

/* What was known before and moved is read now, on all cores, and so are new values; other files
 * that were never known wait until they are asked for. */
static int read_known(struct plan *plan, const struct file_list *list)
{
    uint8_t *known = mem_alloc(plan->graph->file_count);
    bool any = false;
    for (size_t i = 0; i < list->files.count; i++) {
        uint32_t f = list->files.at[i].at;
        bool is_known = (state_file(plan->state, f)->flags & FILE_ROW_KNOWN) != 0;
        if (plan->files[f] == FILE_MOVED &&
            (is_known || is_value_file(plan->graph, (struct file_id){f}))) {
            known[f] = 1;
            any = true;
        }
    }
    int result = any ? plan_read_moved(plan, known, NULL) : 0;
    free(known);
    return result;
}

/* A configured value file must be there for every directory that is worked on; where one is
 * missing, all that is wrong with values is told. */
static int require_values(struct plan *plan, const struct file_list *list)
{
    for (size_t i = 0; i < list->files.count && !plan->options.recorded; i++) {
        struct file_id file = list->files.at[i];
        if (is_value_file(plan->graph, file) && plan->files[file.at] == FILE_GONE) {
            return workspace_read_values(plan->graph->workspace, plan->diag);
        }
    }
    return 0;
}

static void find_mean_seconds(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    size_t count = graph->rowfile->action_count;
    size_t *recorded = mem_alloc(count * sizeof *recorded);
    for (size_t i = 0; i < count; i++) {
        plan->mean_seconds[i] = 0;
    }
    for (uint32_t n = 0; n < graph->task_count; n++) {
        uint32_t element = graph->tasks[n].action;
        if (element == GRAPH_NONE) {
            continue;
        }
        const struct task_row *row = state_task(plan->state, n);
        if (row->success == SUCCESS_RAN) {
            plan->mean_seconds[element] += row->duration_s;
            recorded[element]++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (recorded[i] > 0) {
            plan->mean_seconds[i] /= (double)recorded[i];
        }
    }
    free(recorded);
}

int plan_look(struct plan *plan, struct diag *diag)
{
    struct file_list list = {0};
    plan->diag = diag;
    memset(plan->resolved, 0, plan->graph->task_count * sizeof *plan->resolved);
    memset(plan->fill_in, 0, plan->graph->task_count * sizeof *plan->fill_in);
    plan_follow_renamed(plan);
    list_wanted_files(plan, &list);
    stat_all(plan, &list);
    int result = require_values(plan, &list);
    if (result == 0) {
        result = read_known(plan, &list);
    }
    if (result == 0 && !plan->options.no_adopt && !plan->options.recorded) {
        result = plan_adopt(plan);
    }
    size_t errors = diag->errors;
    for (size_t i = 0; i < plan->graph->order_count && result == 0; i++) {
        struct task_id task = {plan->graph->order[i]};
        if (plan->wanted[task.at] != 0) {
            plan->verdicts[task.at] = (uint8_t)plan_examine(plan, task, NULL, NULL);
        } else {
            plan->verdicts[task.at] = VERDICT_NONE;
        }
        result = diag->errors > errors ? -1 : 0;
    }
    find_mean_seconds(plan);
    vec_release(&list.files);
    return result;
}

enum verdict plan_decide(struct plan *plan, struct task_id task, struct diag *diag)
{
    plan->diag = diag;
    plan->verdicts[task.at] = (uint8_t)plan_examine(plan, task, NULL, NULL);
    return (enum verdict)plan->verdicts[task.at];
}
