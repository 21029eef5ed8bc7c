/* Reading the depfiles of a task: which of the names in them are inputs. */
#include "named.h"

#include "depfile.h"
#include "file.h"
#include "names.h"
#include "path.h"
#include "reserved.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const size_t LARGEST_DEPFILE = (size_t)1 << 30;

struct reading {
    struct plan *plan;
    struct task_id task;
    bool checks_makers;
    struct named_list *list;
    const char *depfile;    /* its path */
    struct intern seen;     /* paths */
    struct intern folders;  /* as they are named */
    VEC(struct slice) real; /* what is known of them, by number: their paths */
    struct arena memory;
    uint8_t *before; /* by task: comes before this one; NULL: not asked yet */
};

void named_list_release(struct named_list *list)
{
    vec_release(&list->numbers);
    buf_release(&list->wrong);
}

static int complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(struct reading *reading, const char *format, ...)
{
    va_list args;
    struct buf *out = &reading->list->wrong;
    buf_add_string(out, "its depfile ");
    text_add_name(out, slice_of(reading->depfile));
    va_start(args, format);
    buf_vaddf(out, format, args);
    va_end(args);
    return -1;
}

/* ---- Names ---- */

/* The path by which a name is known. Thousands of names share few folders. */
static void add_path(struct reading *reading, struct slice name, struct buf *out)
{
    const struct graph *graph = reading->plan->graph;
    size_t end = name.len;
    while (end > 0 && name.at[end - 1] != '/') {
        end--;
    }
    struct slice last = slice_make(name.at + end, name.len - end);
    if (last.len == 0 || slice_is(last, ".") || slice_is(last, "..")) {
        graph_add_named(graph, name, out);
        return;
    }
    struct slice folder = end > 1 ? slice_make(name.at, end - 1) : slice_make(name.at, end);
    uint32_t known = reading->folders.count;
    uint32_t number = intern_add(&reading->folders, folder);
    if (number == known) {
        struct buf path = BUF_EMPTY;
        graph_add_named(graph, folder, &path);
        vec_push(&reading->real, arena_slice(&reading->memory, buf_slice(&path)));
        buf_release(&path);
    }
    struct slice real = reading->real.at[number];
    if (!slice_is(real, ".")) {
        buf_add_slice(out, real);
        buf_add_string(out, real.len > 0 && real.at[real.len - 1] == '/' ? "" : "/");
    }
    buf_add_slice(out, last);
}

/* What is no input: rowbuild's own files, and what the kernel makes up when it is read. */
static bool is_ignored(struct slice path)
{
    if (slice_starts_with(path, "/proc/") || slice_starts_with(path, "/sys/") ||
        slice_starts_with(path, "/dev/") || slice_starts_with(path, ".rowbuild/")) {
        return true;
    }
    struct slice part;
    while (path_next_part(&path, &part)) {
        if (reserved_is_name(part)) {
            return true;
        }
    }
    return false;
}

/* Files in which the command keeps the progress of an attempt. */
static bool is_resumable(const struct reading *reading, struct slice path)
{
    const struct plan *plan = reading->plan;
    const struct action *action = graph_action(plan->graph, reading->task);
    const uint32_t *directories;
    size_t count = graph_directories(plan->graph, reading->task, &directories);
    bool found = false;
    for (size_t i = 0; i < action->resumable_count && !found; i++) {
        const struct path_spec *spec = &action->resumable_files[i];
        found = spec->from_project && slice_equal(spec->path, path);
        for (size_t d = 0; d < count && !spec->from_project && !found; d++) {
            bool is_below;
            struct slice below = plan_name_below(plan, directories[d], path, &is_below);
            found = is_below && slice_equal(below, spec->path);
        }
    }
    return found;
}

/* ---- Who makes them ---- */

static bool comes_before(struct reading *reading, uint32_t maker)
{
    const struct graph *graph = reading->plan->graph;
    VEC(uint32_t) tasks = {0};
    if (reading->before == NULL) {
        reading->before = mem_alloc(graph->task_count);
        vec_push(&tasks, reading->task.at);
        for (size_t i = 0; i < tasks.count; i++) {
            uint32_t end = graph->before_start[tasks.at[i] + 1];
            for (uint32_t e = graph->before_start[tasks.at[i]]; e < end; e++) {
                uint32_t task = graph->before.at[e].task.at;
                if (reading->before[task] == 0) {
                    reading->before[task] = 1;
                    vec_push(&tasks, task);
                }
            }
        }
        vec_release(&tasks);
    }
    return reading->before[maker] != 0;
}

static int complain_of_maker(struct reading *reading, struct slice path, struct file_id product)
{
    struct plan *plan = reading->plan;
    const struct graph *graph = plan->graph;
    struct task_id maker = {graph->producers[product.at]};
    struct buf shown = BUF_EMPTY;
    struct buf label = BUF_EMPTY;
    struct buf made = BUF_EMPTY;
    struct buf line = BUF_EMPTY;
    bool is_below;
    graph_add_path(graph, product, &made);
    struct slice below = plan_name_below(plan, graph->tasks[reading->task.at].directory,
                                         buf_slice(&made), &is_below);
    text_add_name(&shown, path);
    graph_add_label(graph, maker, &label);
    buf_add_string(&line, is_below || made.at[0] == '/' ? "" : "//");
    text_add_name(&line, below);
    struct slice own = graph_action(graph, reading->task)->name;
    struct slice makers = graph_action(graph, maker)->name;
    int result =
        slice_equal(own, makers)
            ? complain(reading,
                       " names `%s`, which `%s` makes; tasks of one action can't read each other's "
                       "products: let a further action read them",
                       buf_string(&shown), buf_string(&label))
            : complain(reading,
                       " names `%s`, which `%s` makes, but `%.*s` doesn't run before `%.*s`; add "
                       "\"%s\" to its `inputs`, or \"%.*s\" to its `previous_actions`",
                       buf_string(&shown), buf_string(&label), SLICE_ARGS(makers), SLICE_ARGS(own),
                       buf_string(&line), SLICE_ARGS(makers));
    buf_release(&shown);
    buf_release(&label);
    buf_release(&made);
    buf_release(&line);
    return result;
}

/* 1: it is the task's own; -1: it is made by a task that doesn't come before. */
static int judge_product(struct reading *reading, struct slice path, struct file_id product)
{
    uint32_t maker =
        product.at != GRAPH_NONE ? reading->plan->graph->producers[product.at] : GRAPH_NONE;
    if (maker == reading->task.at) {
        return 1;
    }
    if (maker == GRAPH_NONE || !reading->checks_makers || comes_before(reading, maker)) {
        return 0;
    }
    return complain_of_maker(reading, path, product);
}

static int judge_folder(struct reading *reading, struct slice path)
{
    const struct graph *graph = reading->plan->graph;
    struct slice project = graph->workspace->place.project;
    if (slice_is(path, ".") || path_below(project, path).at != NULL || slice_is(path, "/")) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, path);
        int result = complain(reading,
                              " names the folder `%s`, which is or contains the project; "
                              "let the command name the files in it",
                              buf_string(&shown));
        buf_release(&shown);
        return result;
    }
    if (!reading->checks_makers) {
        return 0;
    }
    struct file_id product = graph_product_inside(graph, path, reading->task, false);
    return judge_product(reading, path, product) < 0 ? -1 : 0;
}

/* ---- One depfile ---- */

static int take_name(struct reading *reading, struct slice name)
{
    struct plan *plan = reading->plan;
    struct buf path = BUF_EMPTY;
    int result = 0;
    add_path(reading, name, &path);
    uint32_t known = reading->seen.count;
    if (intern_add(&reading->seen, buf_slice(&path)) < known || is_ignored(buf_slice(&path)) ||
        is_resumable(reading, buf_slice(&path))) {
        goto out;
    }
    uint32_t number;
    bool is_numbered = named_find(plan, buf_slice(&path), &number);
    result = judge_product(reading, buf_slice(&path),
                           is_numbered ? named_product_of(plan, number)
                                       : graph_product_around(plan->graph, buf_slice(&path)));
    if (result != 0) {
        result = result > 0 ? 0 : -1;
        goto out;
    }
    enum file_kind kind =
        is_numbered ? named_look(plan, number) : named_kind(plan, buf_string(&path));
    if (kind == FILE_MISSING) { /* a temporary file, or another spelling */
        struct buf other = BUF_EMPTY;
        if (depfile_add_halved(name, &other)) {
            result = take_name(reading, buf_slice(&other));
        }
        buf_release(&other);
        goto out;
    }
    if (kind == FILE_DIRECTORY) {
        result = judge_folder(reading, buf_slice(&path));
    }
    if (kind != FILE_OTHER && result == 0) {
        if (!is_numbered) {
            number = named_number(plan, buf_slice(&path));
            (void)named_look(plan, number);
        }
        vec_push(&reading->list->numbers, number);
    }
out:
    buf_release(&path);
    return result;
}

static int read_one(struct reading *reading)
{
    const struct plan *plan = reading->plan;
    struct buf text = BUF_EMPTY;
    struct intern names;
    struct depfile_error error;
    struct file_stat found;
    int result = -1;
    intern_init(&names);
    if (file_stat(plan->project, reading->depfile, &found) == 0 && found.kind == FILE_MISSING) {
        reading->list->is_missing = true;
        (void)complain(reading, " is missing");
    } else if (found.kind == FILE_DIRECTORY || found.kind == FILE_OTHER) {
        (void)complain(reading, " is %s",
                       found.kind == FILE_DIRECTORY ? "a folder" : "not a regular file");
    } else if (file_read(plan->project, reading->depfile, LARGEST_DEPFILE, &text) != 0) {
        (void)complain(reading, " can't be read: %s", strerror(errno));
    } else if (depfile_parse(buf_slice(&text), &names, &error) != 0) {
        (void)complain(reading, ":%zu:%zu: %s", error.line, error.column, error.what);
    } else {
        result = 0;
        for (uint32_t i = 0; i < names.count && result == 0; i++) {
            result = take_name(reading, intern_name(&names, i));
        }
    }
    intern_release(&names);
    buf_release(&text);
    return result;
}

int plan_read_depfiles(struct plan *plan, struct task_id task, bool checks_makers,
                       struct named_list *list)
{
    const struct graph *graph = plan->graph;
    struct reading reading = {
        .plan = plan, .task = task, .checks_makers = checks_makers, .list = list};
    struct buf path = BUF_EMPTY;
    int result = 0;
    if (plan->options.recorded) {
        buf_add_string(&list->wrong, "no record says what its depfile named");
        return -1;
    }
    arena_init(&reading.memory);
    intern_init(&reading.seen);
    intern_init(&reading.folders);
    for (uint32_t d = graph->depfile_start[task.at];
         d < graph->depfile_start[task.at + 1] && result == 0; d++) {
        buf_clear(&path);
        graph_add_path(graph, graph->depfiles.at[d], &path);
        reading.depfile = buf_string(&path);
        result = read_one(&reading);
    }
    arena_release(&reading.memory);
    intern_release(&reading.seen);
    intern_release(&reading.folders);
    vec_release(&reading.real);
    free(reading.before);
    buf_release(&path);
    return result;
}

/* ---- What counts where ---- */

/* Without a record of it, a depfile that exists tells; not so one that a later attempt wrote. */
static void push_from_disk(struct plan *plan, struct task_id task, struct component_list *list,
                           struct diag *diag)
{
    const struct task_row *row = state_task(plan->state, task.at);
    bool is_of_success = row->success != SUCCESS_NONE &&
                         (row->attempt == ATTEMPT_NONE || row->attempt == ATTEMPT_CHANGED);
    struct named_list named = {0};
    if (is_of_success && plan_read_depfiles(plan, task, false, &named) == 0) {
        plan_add_named(plan, task, &named, list, diag);
    }
    named_list_release(&named);
}

void named_push(struct plan *plan, struct task_id task, struct component_list *list,
                struct diag *diag)
{
    if (graph_action(plan->graph, task)->depfile != NULL &&
        !named_push_recorded(plan, task, list, diag)) {
        push_from_disk(plan, task, list, diag);
    }
}

void plan_accept_depfile(struct plan *plan, struct task_id task, struct component_list *list,
                         struct diag *diag)
{
    struct named_list named = {0};
    bool is_known = false;
    if (graph_action(plan->graph, task)->depfile == NULL) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        is_known |= list->at[i].kind == COMPONENT_DEPFILE;
    }
    bool is_read = plan_read_depfiles(plan, task, false, &named) == 0;
    if (is_read || !is_known) {
        if (!is_read) {
            named.numbers.count = 0;
        }
        plan_add_named(plan, task, &named, list, diag);
    }
    named_list_release(&named);
}
