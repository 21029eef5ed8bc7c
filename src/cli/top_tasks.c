#include "top_tasks.h"

#include "memory.h"
#include "progress.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { NARROWEST_LABEL = 12, GAP = 1 };

/* The columns after the label, in the order in which they stand. */
enum column {
    COLUMN_CORES,
    COLUMN_CPUS,
    COLUMN_GPUS,
    COLUMN_ELAPSED,
    COLUMN_EXPECTED,
    COLUMN_CPU,
    COLUMN_MEMORY,
    COLUMN_PID,
    COLUMNS
};

static const struct {
    const char *title;
    size_t width;
} COLUMN[COLUMNS] = {
    [COLUMN_CORES] = {"CORES", 5},       [COLUMN_CPUS] = {"CPUS", 11},
    [COLUMN_GPUS] = {"GPUS", 9},         [COLUMN_ELAPSED] = {"ELAPSED", 7},
    [COLUMN_EXPECTED] = {"EXPECTED", 8}, [COLUMN_CPU] = {"CPU", 6},
    [COLUMN_MEMORY] = {"MEMORY", 9},     [COLUMN_PID] = {"PID", 7},
};

/* In this order columns are left out where there is no room. */
static const enum column LEFT_OUT[COLUMNS] = {COLUMN_CPUS,     COLUMN_GPUS,   COLUMN_PID,
                                              COLUMN_EXPECTED, COLUMN_MEMORY, COLUMN_CORES,
                                              COLUMN_CPU,      COLUMN_ELAPSED};

struct line {
    const struct rowbuild_watched_task *task;
    const char *member; /* NULL: the task itself */
};

/* ---- The order ---- */

static int compare_numbers(double a, double b)
{
    return (a < b) - (a > b); /* the largest first */
}

static int compare_by(enum top_order order, const struct rowbuild_watched_task *a,
                      const struct rowbuild_watched_task *b)
{
    switch (order) {
    case TOP_BY_ELAPSED:
        return compare_numbers(a->seconds, b->seconds);
    case TOP_BY_CPU:
        return compare_numbers(a->cpu, b->cpu);
    case TOP_BY_MEMORY:
        return compare_numbers((double)a->memory_bytes, (double)b->memory_bytes);
    case TOP_BY_CORES:
        return compare_numbers(a->cores, b->cores);
    case TOP_BY_NAME:
        break;
    }
    return 0;
}

static int compare_tasks(const void *a, const void *b, void *context)
{
    const struct rowbuild_watched_task *left = *(const struct rowbuild_watched_task *const *)a;
    const struct rowbuild_watched_task *right = *(const struct rowbuild_watched_task *const *)b;
    const struct top_view *view = context;
    int order = compare_by(view->order, left, right);
    order = order != 0 ? order : strcmp(left->label, right->label);
    return view->is_reversed ? -order : order;
}

/* The lines of all tasks, and of members where these are shown; for the caller to free. */
static struct line *list_lines(const struct top_view *view,
                               const struct rowbuild_snapshot *snapshot, size_t *count)
{
    size_t most = snapshot->task_count;
    const struct rowbuild_watched_task **sorted =
        mem_alloc((snapshot->task_count + 1) * sizeof *sorted);
    for (size_t i = 0; i < snapshot->task_count; i++) {
        sorted[i] = &snapshot->tasks[i];
        most += snapshot->tasks[i].member_count;
    }
    qsort_r(sorted, snapshot->task_count, sizeof *sorted, compare_tasks, (void *)view);
    struct line *lines = mem_alloc((most + 1) * sizeof *lines);
    *count = 0;
    for (size_t i = 0; i < snapshot->task_count; i++) {
        lines[(*count)++] = (struct line){.task = sorted[i]};
        for (size_t m = 0; view->shows_members && m < sorted[i]->member_count; m++) {
            lines[(*count)++] = (struct line){sorted[i], sorted[i]->members[m]};
        }
    }
    free(sorted);
    return lines;
}

/* ---- Cells ---- */

static void add_cell(enum column column, const struct rowbuild_watched_task *task, struct buf *cell)
{
    switch (column) {
    case COLUMN_CORES:
        buf_addf(cell, "%u", task->cores);
        break;
    case COLUMN_CPUS:
        buf_add_string(cell, task->cpus);
        break;
    case COLUMN_GPUS:
        buf_add_string(cell, task->gpus != NULL ? task->gpus : "");
        break;
    case COLUMN_ELAPSED:
        if (task->is_paused) {
            buf_add_string(cell, "stopped");
        } else if (task->seconds >= 0) {
            text_add_duration(cell, task->seconds);
        }
        break;
    case COLUMN_EXPECTED:
        if (task->expected_seconds >= 0) {
            text_add_duration(cell, task->expected_seconds);
        }
        break;
    case COLUMN_CPU:
        if (task->cpu >= 0) {
            buf_addf(cell, "%.0f%%", task->cpu * 100);
        }
        break;
    case COLUMN_MEMORY:
        text_add_bytes(cell, task->memory_bytes);
        break;
    case COLUMN_PID:
        buf_addf(cell, "%ld", task->pid);
        break;
    case COLUMNS:
        break;
    }
}

/* On a machine without GPUs, or in a study that asks for none, their column would say nothing. */
static bool any_gpus(const struct rowbuild_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->task_count; i++) {
        if (snapshot->tasks[i].gpus != NULL && snapshot->tasks[i].gpus[0] != '\0') {
            return true;
        }
    }
    return false;
}

/* Which columns there are, and how wide that makes the labels. */
static size_t choose_columns(const struct top_room *room, const struct rowbuild_snapshot *snapshot,
                             size_t widest_label, bool shown[COLUMNS])
{
    size_t taken = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        shown[i] = i != COLUMN_GPUS || any_gpus(snapshot);
        taken += shown[i] ? COLUMN[i].width + GAP : 0;
    }
    if (room->width == 0) {
        return widest_label;
    }
    size_t wanted = widest_label < NARROWEST_LABEL ? NARROWEST_LABEL : widest_label;
    size_t enough =
        room->width / 2 < wanted ? room->width / 2 : wanted; /* half of it is for labels */
    for (size_t i = 0; i < COLUMNS && taken + enough > room->width; i++) {
        taken -= shown[LEFT_OUT[i]] ? COLUMN[LEFT_OUT[i]].width + GAP : 0;
        shown[LEFT_OUT[i]] = false;
    }
    size_t left = room->width - taken;
    return left < wanted ? left : wanted;
}

static void add_right(struct buf *line, const char *text, size_t width)
{
    size_t columns = progress_columns(text);
    buf_addf(line, "%*s", (int)(GAP + (columns < width ? width - columns : 0)), "");
    (void)progress_add_fitting(line, text, width);
}

static void add_label(struct buf *line, const char *text, size_t width)
{
    size_t taken = progress_add_fitting(line, text, width);
    buf_addf(line, "%*s", (int)(width - taken), "");
}

static void add_heading(const struct rowbuild_snapshot *snapshot, const struct top_room *room,
                        const bool shown[COLUMNS], size_t label_width, struct buf *line)
{
    struct buf title = BUF_EMPTY;
    buf_addf(&title, "TASK (%zu)", snapshot->task_count);
    buf_add_string(line, room->colour ? "\033[1m" : "");
    add_label(line, buf_string(&title), label_width);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (shown[c]) {
            add_right(line, COLUMN[c].title, COLUMN[c].width);
        }
    }
    buf_add_string(line, room->colour ? "\033[0m" : "");
    buf_release(&title);
}

static void add_task(const struct line *what, const bool shown[COLUMNS], size_t label_width,
                     struct buf *line)
{
    struct buf text = BUF_EMPTY;
    if (what->member != NULL) {
        buf_addf(&text, "  %s", what->member);
        (void)progress_add_fitting(line, buf_string(&text), label_width);
        buf_release(&text);
        return;
    }
    add_label(line, what->task->label, label_width);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (shown[c]) {
            buf_clear(&text);
            add_cell((enum column)c, what->task, &text);
            add_right(line, buf_string(&text), COLUMN[c].width);
        }
    }
    buf_release(&text);
}

static size_t widest_label(const struct line *lines, size_t count)
{
    size_t widest = sizeof "TASK (10000)" - 1;
    for (size_t i = 0; i < count; i++) {
        size_t own = lines[i].member != NULL ? 2 + progress_columns(lines[i].member)
                                             : progress_columns(lines[i].task->label);
        widest = own > widest ? own : widest;
    }
    return widest;
}

void top_add_tasks(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                   const struct top_room *room, size_t rows, struct screen_lines *lines)
{
    size_t count;
    bool shown[COLUMNS];
    struct top_view all = *view;
    all.shows_members = view->shows_members || room->height == 0;
    struct line *sorted = list_lines(&all, snapshot, &count);
    size_t page = room->height == 0 ? count : rows > 1 ? rows - 1 : 0;
    size_t last = count > page ? count - page : 0; /* first line of the last page */
    view->first = view->first < last ? view->first : last;
    view->page = page;
    size_t end = view->first + page < count ? view->first + page : count;
    size_t widest = widest_label(sorted + view->first, end - view->first);
    size_t label_width = choose_columns(room, snapshot, widest, shown);
    add_heading(snapshot, room, shown, label_width, screen_lines_add(lines));
    for (size_t i = view->first; i < end; i++) {
        add_task(&sorted[i], shown, label_width, screen_lines_add(lines));
    }
    free(sorted);
}
