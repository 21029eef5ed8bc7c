#include "sight.h"

#include "deleted.h"
#include "names.h"
#include "records.h"
#include "stays.h"
#include "survey.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_WORTH_THREADS = 64, MOST_TRIES = 3 };

static bool is_value_file(const struct graph *graph, struct file_id file)
{
    uint32_t column;
    return graph->value_column != GRAPH_NONE &&
           graph_file_directory(graph, file, &column) != GRAPH_NONE &&
           column == graph->value_column;
}

/* ---- One file ---- */

/* The row of a value file holds the digest of its canonical text. */
static void put_value_row(struct plan *plan, struct file_id file, struct digest digest,
                          const struct file_stat *stat)
{
    struct file_row row;
    observer_make_row(plan->observer, stat, digest, &row);
    state_put_file(plan->state, file.at, &row);
    plan->files[file.at] = FILE_CURRENT;
}

/* Whether it is the value file of a declared point whose value isn't there yet. */
static bool is_declared(const struct graph *graph, struct file_id file)
{
    uint32_t column;
    return graph->workspace->points.standings != NULL && is_value_file(graph, file) &&
           workspace_value_is_declared(graph->workspace,
                                       graph_file_directory(graph, file, &column));
}

/* What will be written counts as if it were there. */
static enum file_status take_declared(struct plan *plan, struct file_id file, uint32_t directory)
{
    const struct workspace *workspace = plan->graph->workspace;
    struct file_stat none = {.kind = FILE_MISSING};
    put_value_row(plan, file, workspace_declared_digest(workspace, directory), &none);
    return FILE_CURRENT;
}

/* Stat before and after the reading must agree. Whatever is wrong with a value is an error. */
static enum file_status refresh_value(struct plan *plan, struct file_id file, struct diag *diag)
{
    uint32_t column;
    uint32_t directory = graph_file_directory(plan->graph, file, &column);
    const char *trouble = NULL;
    if (is_declared(plan->graph, file)) {
        return take_declared(plan, file, directory);
    }
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
        if (workspace_reread_value(plan->graph->workspace, directory, &value, diag) != 0) {
            return FILE_TROUBLE;
        }
        if (file_stat(plan->project, plan_path(plan, file), &after) == 0 &&
            file_stat_equal(&before, &after)) {
            struct buf text = BUF_EMPTY;
            json_add_canonical(value, &text);
            put_value_row(plan, file, digest_of(buf_slice(&text)), &after);
            buf_release(&text);
            return FILE_CURRENT;
        }
        trouble = "it changes each time it is read";
    }
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(plan_path(plan, file)));
    diag_state_error(diag, FINDING_VALUE_FILE_UNREADABLE, "the value file `%s` can't be read: %s",
                     buf_string(&shown), trouble);
    buf_release(&shown);
    return FILE_TROUBLE;
}

/* A large product that was adopted by stat alone is digested when it first moves: if its size
 * stands, what is there is what was adopted. */
static void follow_first_digest(struct plan *plan, struct file_id file,
                                const struct file_row *before, const struct file_row *after)
{
    uint32_t maker = plan->graph->producers[file.at];
    bool first = (before->flags & FILE_ROW_BY_STAT) != 0 &&
                 (after->flags & FILE_ROW_BY_STAT) == 0 && before->size == after->size;
    if (first && maker != GRAPH_NONE &&
        state_task(plan->state, maker)->success == SUCCESS_ADOPTED) {
        plan_replace_digest(plan, (struct task_id){maker}, file, before->digest, after->digest);
    }
}

static void put_file(struct plan *plan, struct file_id file, const struct file_row *row)
{
    struct file_row before = *state_file(plan->state, file.at);
    state_put_file(plan->state, file.at, row);
    follow_first_digest(plan, file, &before, row);
}

/* Takes what a look at a file found. */
static void note_found(struct plan *plan, struct file_id file, const struct surveyed *found)
{
    enum file_status status = found->status;
    if (status == FILE_READ) {
        put_file(plan, file, &found->row);
        status = FILE_CURRENT;
    } else if (status == FILE_TROUBLE) {
        if (plan->troubles == NULL) {
            plan->troubles = mem_alloc(plan->graph->file_count * sizeof *plan->troubles);
        }
        plan->troubles[file.at] = (uint16_t)found->error;
    }
    plan->files[file.at] = (uint8_t)status;
    deleted_count(plan, file);
}

int plan_trouble(const struct plan *plan, struct file_id file)
{
    return plan->troubles != NULL ? plan->troubles[file.at] : 0;
}

enum file_status plan_refresh_whole(struct plan *plan, struct file_id file, struct diag *diag)
{
    if (plan->options.recorded) {
        bool is_known = (state_file(plan->state, file.at)->flags & FILE_ROW_KNOWN) != 0;
        plan->files[file.at] = is_known ? FILE_CURRENT : FILE_GONE;
    } else if (is_value_file(plan->graph, file)) {
        plan->files[file.at] = (uint8_t)refresh_value(plan, file, diag);
    } else {
        struct surveyed found = {.row = *state_file(plan->state, file.at)};
        found.status =
            observe_view(plan->observer, plan_path(plan, file), plan_view(plan, file), &found.row);
        found.error = errno;
        note_found(plan, file, &found);
    }
    return (enum file_status)plan->files[file.at];
}

/* Of a folder that is known: what was added to it since its maker's success doesn't count. */
static void leave_out_additions(struct plan *plan, struct file_id file)
{
    if (plan->files[file.at] != FILE_CURRENT || !plan_take_additions(plan, file)) {
        return;
    }
    struct surveyed found = {.row = *state_file(plan->state, file.at)};
    found.status =
        observe_view(plan->observer, plan_path(plan, file), plan_view(plan, file), &found.row);
    found.error = errno;
    note_found(plan, file, &found);
}

enum file_status plan_refresh(struct plan *plan, struct file_id file, struct diag *diag)
{
    (void)plan_refresh_whole(plan, file, diag);
    leave_out_additions(plan, file);
    return (enum file_status)plan->files[file.at];
}

void plan_leave_out_additions(struct plan *plan, const struct file_list *list)
{
    for (size_t i = 0; i < list->count && !plan->options.recorded; i++) {
        leave_out_additions(plan, (struct file_id){list->at[i]});
    }
}

void plan_mark_left(struct plan *plan, struct task_id task, bool has_failed)
{
    const struct graph *graph = plan->graph;
    uint32_t flags = FILE_ROW_LEFT | (has_failed ? FILE_ROW_FAILED : 0);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        struct file_row row = *state_file(plan->state, file.at);
        if (observe_left(plan->observer, plan_path(plan, file), plan_view(plan, file), flags,
                         &row)) {
            state_put_file(plan->state, file.at, &row);
        }
    }
}

void plan_refresh_inputs(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    for (size_t i = 0; graph->value_column != GRAPH_NONE && i < count; i++) {
        plan_refresh(plan, graph_value_file(graph, directories[i]), diag);
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        plan_refresh(plan, graph->dependencies.at[d].file, diag);
    }
}

/* ---- Many files ---- */

static void add_path(const void *context, uint32_t file, struct buf *out)
{
    const struct plan *plan = context;
    graph_add_path(plan->graph, (struct file_id){file}, out);
}

static const struct file_row *row_of(const void *context, uint32_t file)
{
    const struct plan *plan = context;
    return state_file(plan->state, file);
}

static const struct tree_view *view_of(const void *context, uint32_t file)
{
    const struct plan *plan = context;
    return plan_view(plan, (struct file_id){file});
}

static struct survey survey_of(const struct plan *plan)
{
    return (struct survey){.observer = plan->observer,
                           .threads = plan->options.threads,
                           .context = plan,
                           .add_path = add_path,
                           .row = row_of,
                           .view = view_of};
}

void plan_mark_files(const struct graph *graph, struct task_id task, uint8_t *files,
                     uint8_t *products)
{
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    for (size_t i = 0; graph->value_column != GRAPH_NONE && i < count; i++) {
        files[graph_value_file(graph, directories[i]).at] = 1;
    }
    for (uint32_t d = graph->dependency_start[task.at]; d < graph->dependency_start[task.at + 1];
         d++) {
        files[graph->dependencies.at[d].file.at] = 1;
    }
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        files[graph->products.at[p].at] = 1;
        if (products != NULL) {
            products[graph->products.at[p].at] = 1;
        }
    }
}

/* Reads the files of the list (no value files) on all cores and puts their rows. */
static void read_files(struct plan *plan, const struct file_list *list, const uint8_t *adopted)
{
    struct survey survey = survey_of(plan);
    struct surveyed *found = mem_grow(NULL, list->count, sizeof *found);
    survey_read(&survey, list->at, list->count, adopted, found);
    for (size_t i = 0; i < list->count; i++) {
        note_found(plan, (struct file_id){list->at[i]}, &found[i]);
    }
    free(found);
}

void plan_settle(struct plan *plan, const struct file_id *files, size_t count)
{
    struct file_list list = {0};
    for (size_t i = 0; i < count; i++) {
        if ((state_file(plan->state, files[i].at)->flags & FILE_ROW_RACY) != 0 &&
            !is_value_file(plan->graph, files[i])) {
            vec_push(&list, files[i].at);
        }
    }
    read_files(plan, &list, NULL);
    vec_release(&list);
}

/* Reads many values on all cores; those whose file moved meanwhile are left for plan_refresh. */
static int read_values_ahead(struct plan *plan, const struct file_list *list, struct diag *diag)
{
    struct workspace *workspace = plan->graph->workspace;
    struct workspace_value_seen *seen = mem_alloc((workspace->count + 1) * sizeof *seen);
    uint32_t column;
    for (size_t i = 0; i < list->count; i++) {
        struct file_id file = {list->at[i]};
        uint32_t directory = graph_file_directory(plan->graph, file, &column);
        workspace_forget_value(workspace, directory);
        seen[directory].is_asked = true;
    }
    int result = workspace_see_values(workspace, seen, diag);
    for (size_t i = 0; i < list->count && result == 0; i++) {
        struct file_id file = {list->at[i]};
        const struct workspace_value_seen *one =
            &seen[graph_file_directory(plan->graph, file, &column)];
        if (one->is_whole) {
            put_value_row(plan, file, one->digest, &one->stat);
        }
    }
    free(seen);
    return result;
}

int plan_read_moved(struct plan *plan, const uint8_t *wanted_files, const uint8_t *adopted,
                    struct diag *diag)
{
    const struct graph *graph = plan->graph;
    struct file_list plain = {0};
    struct file_list values = {0};
    int result = 0;
    for (uint32_t f = 0; f < graph->file_count; f++) {
        struct file_id file = {f};
        if (wanted_files[f] == 0 || plan->files[f] != FILE_MOVED) {
            continue;
        }
        if (is_declared(graph, file)) {
            uint32_t column;
            (void)take_declared(plan, file, graph_file_directory(graph, file, &column));
        } else if (is_value_file(graph, file)) {
            vec_push(&values, f);
        } else {
            vec_push(&plain, f);
        }
    }
    read_files(plan, &plain, adopted);
    if (values.count >= VALUES_WORTH_THREADS) {
        result = read_values_ahead(plan, &values, diag);
    }
    for (size_t i = 0; i < values.count && result == 0; i++) {
        size_t errors = diag->errors;
        if (plan->files[values.at[i]] == FILE_MOVED) {
            plan_refresh(plan, (struct file_id){values.at[i]}, diag);
        }
        result = diag->errors > errors ? -1 : 0;
    }
    vec_release(&plain);
    vec_release(&values);
    return result;
}

/* All but value files that the look at the points has found unchanged just now. */
static void leave_out_seen(struct plan *plan, const struct file_list *list, struct file_list *open)
{
    const struct graph *graph = plan->graph;
    const uint64_t *marks = graph->workspace->points.marks;
    for (size_t i = 0; i < list->count; i++) {
        struct file_id file = {list->at[i]};
        uint32_t column;
        uint64_t mark = marks != NULL && is_value_file(graph, file)
                            ? marks[graph_file_directory(graph, file, &column)]
                            : 0;
        if (mark != 0 && mark == observed_mark(state_file(plan->state, file.at))) {
            plan->files[file.at] = FILE_CURRENT;
        } else {
            vec_push(open, file.at);
        }
    }
}

/* A look that failed may succeed at once. A product that couldn't be looked at isn't adopted, and finished work
 * would be done again. */
static void stat_again(struct plan *plan, const struct survey *survey, const struct file_list *list)
{
    struct file_list troubled = {0};
    vec_each (const uint32_t, file, list) {
        if (plan->files[*file] == FILE_TROUBLE) {
            vec_push(&troubled, *file);
        }
    }
    survey_stat(survey, troubled.at, troubled.count, plan->files);
    vec_release(&troubled);
}

void plan_stat_files(struct plan *plan, const struct file_list *list, struct diag *diag)
{
    if (plan->options.recorded) {
        for (size_t i = 0; i < list->count; i++) {
            plan_refresh(plan, (struct file_id){list->at[i]}, diag);
        }
        return;
    }
    struct survey survey = survey_of(plan);
    struct file_list open = {0};
    leave_out_seen(plan, list, &open);
    survey_stat(&survey, open.at, open.count, plan->files);
    stat_again(plan, &survey, &open);
    vec_release(&open);
    for (size_t i = 0; i < list->count && plan->graph->workspace->points.standings != NULL; i++) {
        if (is_declared(plan->graph, (struct file_id){list->at[i]})) {
            plan->files[list->at[i]] = FILE_MOVED;
        }
    }
    deleted_count_all(plan, list->at, list->count);
}

/* What was known before and moved is read now, on all cores, and so are new values; other files
 * that were never known, or that an attempt left, wait until they are asked for. */
int plan_read_known(struct plan *plan, const struct file_list *list, struct diag *diag)
{
    uint8_t *known = mem_alloc(plan->graph->file_count);
    bool any = false;
    for (size_t i = 0; i < list->count; i++) {
        uint32_t f = list->at[i];
        uint32_t flags = state_file(plan->state, f)->flags;
        bool is_known = (flags & (FILE_ROW_KNOWN | FILE_ROW_LEFT)) == FILE_ROW_KNOWN;
        if (plan->files[f] == FILE_MOVED &&
            (is_known || is_value_file(plan->graph, (struct file_id){f}))) {
            known[f] = 1;
            any = true;
        }
    }
    int result = any ? plan_read_moved(plan, known, NULL, diag) : 0;
    free(known);
    return result;
}

/* A configured value file must be there for every directory that is worked on; where one is
 * missing, all that is wrong with values is told. */
int plan_require_values(struct plan *plan, const struct file_list *list, struct diag *diag)
{
    for (size_t i = 0; i < list->count && !plan->options.recorded; i++) {
        struct file_id file = {list->at[i]};
        if (is_value_file(plan->graph, file) && plan->files[file.at] == FILE_GONE) {
            return workspace_read_values(plan->graph->workspace, diag);
        }
    }
    return 0;
}
