#include "top_view.h"

#include "progress.h"
#include "text.h"
#include "top_tasks.h"

#include <stdlib.h>
#include <string.h>

enum {
    FEWEST_TASK_LINES = 4, /* with their heading: kept free of all other parts */
    MOST_FAILURES = 3,     /* below the tasks */
    MOST_MAP_ROWS = 3,
    CORES_WIDTH = 17, /* "core 123 100%  " and a little of a name */
    UNLIMITED = 1 << 20,
};

static void end_emphasis(struct buf *line, const struct top_room *room)
{
    buf_add_string(line, room->colour ? "\033[0m" : "");
}

static size_t width_of(const struct top_room *room)
{
    return room->width > 0 ? room->width : UNLIMITED;
}

/* A line with as much of the text as fits. */
static void add_line(struct screen_lines *lines, const struct top_room *room, const char *emphasis,
                     const char *text)
{
    struct buf *line = screen_lines_add(lines);
    buf_add_string(line, room->colour ? emphasis : "");
    (void)progress_add_fitting(line, text, width_of(room));
    end_emphasis(line, room);
}

static void add_status(const struct rowbuild_snapshot *snapshot, const struct top_room *room,
                       struct screen_lines *lines)
{
    const struct rowbuild_progress *progress = &snapshot->progress;
    struct buf text = BUF_EMPTY;
    if (!snapshot->has_progress) {
        buf_addf(&text, "%zu running (an earlier version of rowbuild runs them)",
                 progress->running);
    } else {
        const char *before = snapshot->state == ROWBUILD_RUN_STOPPED ? "stopped " : "";
        size_t width = width_of(room);
        size_t taken = strlen(before);
        buf_add_string(&text, before);
        progress_add_status(&text, progress, width > taken ? width - taken : 1);
    }
    add_line(lines, room, progress->failed > 0 ? "\033[1;31m" : "\033[1m", buf_string(&text));
    buf_release(&text);
}

static void add_pools(const struct rowbuild_snapshot *snapshot, const struct top_room *room,
                      struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < snapshot->pool_count; i++) {
        const struct rowbuild_watched_pool *pool = &snapshot->pools[i];
        buf_addf(&text, "%s%s %u/%u", i == 0 ? "pools " : ", ", pool->name, pool->taken,
                 pool->size);
    }
    if (text.len > 0) {
        add_line(lines, room, "", buf_string(&text));
    }
    buf_release(&text);
}

/* ---- Cores ---- */

static void add_core(const struct rowbuild_snapshot *snapshot,
                     const struct rowbuild_watched_core *core, const struct top_room *room,
                     struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "core %3u ", core->number);
    if (core->busy >= 0) {
        buf_addf(&text, "%3.0f%%", core->busy * 100);
    }
    if (core->task < snapshot->task_count) {
        buf_addf(&text, "%s  %s", core->busy >= 0 ? "" : "    ", snapshot->tasks[core->task].label);
    }
    add_line(lines, room, "", buf_string(&text));
    buf_release(&text);
}

static char map_letter(const struct rowbuild_snapshot *snapshot, size_t first, size_t count)
{
    size_t held = 0;
    for (size_t i = first; i < first + count && i < snapshot->core_count; i++) {
        held += snapshot->cores[i].task < snapshot->task_count;
    }
    return (char)(held == 0 ? '.' : held == count ? '#' : '+');
}

static const char MAP_TITLE[] = "cores ";

static size_t map_columns(const struct top_room *room)
{
    return width_of(room) > sizeof MAP_TITLE ? width_of(room) - (sizeof MAP_TITLE - 1) : 1;
}

/* A letter for each core, or for several, in so many rows at most. */
static void add_map(const struct rowbuild_snapshot *snapshot, const struct top_room *room,
                    size_t rows, struct screen_lines *lines)
{
    size_t columns = map_columns(room);
    size_t each = (snapshot->core_count + columns * rows - 1) / (columns * rows);
    struct buf text = BUF_EMPTY;
    for (size_t first = 0, in_row = 0; first < snapshot->core_count; first += each) {
        size_t left = snapshot->core_count - first;
        if (in_row == 0) {
            buf_clear(&text);
            buf_add_string(&text, first == 0 ? MAP_TITLE : "      ");
        }
        buf_add_char(&text, map_letter(snapshot, first, left < each ? left : each));
        in_row++;
        if (in_row == columns || left <= each) {
            add_line(lines, room, "", buf_string(&text));
            in_row = 0;
        }
    }
    buf_release(&text);
}

static void add_cores(const struct rowbuild_snapshot *snapshot, const struct top_room *room,
                      size_t rows, struct screen_lines *lines)
{
    if (room->height == 0 || snapshot->core_count <= rows) {
        for (size_t i = 0; i < snapshot->core_count; i++) {
            add_core(snapshot, &snapshot->cores[i], room, lines);
        }
    } else if (rows > 0) {
        add_map(snapshot, room, rows < MOST_MAP_ROWS ? rows : MOST_MAP_ROWS, lines);
    }
}

/* ---- Failures ---- */

static void add_failure(const struct rowbuild_watched_failure *failure, struct buf *text)
{
    buf_addf(text, "%s%s%s", failure->label, failure->how[0] != '\0' ? ": " : "", failure->how);
}

static void add_failures(const struct rowbuild_snapshot *snapshot, const struct top_room *room,
                         size_t most, struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    size_t count = snapshot->failure_count < most ? snapshot->failure_count : most;
    size_t all = snapshot->failure_count + snapshot->more_failures;
    buf_addf(&text, "failed (%zu", all);
    buf_addf(&text, count < all ? "; the last %zu)" : ")", count);
    add_line(lines, room, "\033[1m", buf_string(&text));
    for (size_t i = snapshot->failure_count - count; i < snapshot->failure_count; i++) {
        buf_clear(&text);
        add_failure(&snapshot->failures[i], &text);
        if (snapshot->failures[i].log != NULL) {
            buf_addf(&text, ": %s", snapshot->failures[i].log);
        }
        add_line(lines, room, "\033[31m", buf_string(&text));
    }
    buf_release(&text);
}

/* Each with its log on the next line, which has room for long paths. */
static void add_all_failures(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                             const struct top_room *room, size_t rows, struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    size_t all = 2 * snapshot->failure_count + (snapshot->more_failures > 0);
    view->page = rows;
    view->first = view->first + rows > all ? (all > rows ? all - rows : 0) : view->first;
    for (size_t i = view->first; i < all && i < view->first + rows; i++) {
        buf_clear(&text);
        if (i == 2 * snapshot->failure_count) {
            buf_addf(&text, "and %zu more", snapshot->more_failures);
            add_line(lines, room, "", buf_string(&text));
        } else if (i % 2 == 0) {
            add_failure(&snapshot->failures[i / 2], &text);
            add_line(lines, room, "\033[31m", buf_string(&text));
        } else {
            const char *log = snapshot->failures[i / 2].log;
            buf_addf(&text, "  %s", log != NULL ? log : "it printed nothing");
            add_line(lines, room, "", buf_string(&text));
        }
    }
    if (all == 0) {
        add_line(lines, room, "", "nothing has failed");
    }
    buf_release(&text);
}

/* ---- The frame ---- */

static void add_help(const struct top_room *room, struct screen_lines *lines)
{
    static const char *const help[] = {
        "arrows, j, k, PgUp, PgDn, g, G   scroll",
        "n   sort by name",
        "e   sort by elapsed time",
        "c   sort by CPU use",
        "m   sort by memory",
        "o   sort by number of cores",
        "    the same key once more reverses",
        "d   directories of batches, or not",
        "f   failures, or tasks again",
        "?   this help, or tasks again",
        "q   quit; the run isn't affected",
        "",
        "cores: # taken, + partly taken, . free",
        "CPU: 100% is one core",
    };
    for (size_t i = 0; i < sizeof help / sizeof help[0]; i++) {
        add_line(lines, room, "", help[i]);
    }
}

static void pad(struct screen_lines *lines, size_t rows)
{
    while (lines->count < rows) {
        (void)screen_lines_add(lines);
    }
    lines->count = lines->count > rows ? rows : lines->count;
}

static void add_footer(const struct top_view *view, const struct top_room *room,
                       struct screen_lines *lines)
{
    static const char *const orders[] = {"elapsed time", "name", "CPU use", "memory", "cores"};
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "q quit  ? help  f failures");
    if (!view->shows_failures && !view->shows_help) {
        buf_addf(&text, "  (sorted by %s%s)", orders[view->order],
                 view->is_reversed ? ", reversed" : "");
    }
    add_line(lines, room, "\033[7m", buf_string(&text));
    buf_release(&text);
}

static void add_waiting(const struct rowbuild_snapshot *snapshot, const char *project,
                        const struct top_room *room, struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    if (snapshot->other_host != NULL) {
        buf_addf(&text, "no run is going on here; host %s has the lock: use `rowbuild top` there",
                 snapshot->other_host);
    } else {
        buf_add_string(&text, room->height > 0 ? "no run is going on; waiting for one in "
                                               : "no run is going on in ");
        text_add_name(&text, slice_of(project));
    }
    add_line(lines, room, "", buf_string(&text));
    buf_release(&text);
}

/* Rows between the status and the footer, for each part what it gets at most. */
static void add_overview(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                         const struct top_room *room, size_t rows, struct screen_lines *lines)
{
    size_t begin = lines->count;
    size_t spare = rows > FEWEST_TASK_LINES ? rows - FEWEST_TASK_LINES : 0;
    size_t failures =
        snapshot->failure_count < MOST_FAILURES ? snapshot->failure_count : MOST_FAILURES;
    failures = room->height == 0 ? snapshot->failure_count : failures;
    if (failures > 0) {
        failures = spare < 2 ? 0 : failures + 1 > spare ? spare - 1 : failures;
        spare -= failures > 0 ? failures + 1 : 0;
    }
    if (spare > 0 && snapshot->pool_count > 0) {
        add_pools(snapshot, room, lines);
        spare--;
    }
    if (width_of(room) >= CORES_WIDTH) {
        add_cores(snapshot, room, room->height == 0 ? spare : spare * 2 / 3, lines);
    }
    size_t taken = lines->count - begin + (failures > 0 ? failures + 1 : 0);
    top_add_tasks(view, snapshot, room, rows > taken ? rows - taken : 1, lines);
    if (failures > 0) {
        if (room->height > 0) {
            pad(lines, begin + rows - failures - 1);
        }
        add_failures(snapshot, room, failures, lines);
    }
}

void top_render(struct top_view *view, const struct rowbuild_snapshot *snapshot,
                const char *project, const struct top_room *room, struct screen_lines *lines)
{
    bool has_footer = room->height >= 3;
    size_t rows = room->height == 0 ? UNLIMITED : room->height - has_footer;
    lines->count = 0;
    view->page = 1;
    if (snapshot->state != ROWBUILD_RUN_WORKS && snapshot->state != ROWBUILD_RUN_STOPPED) {
        add_waiting(snapshot, project, room, lines);
    } else {
        add_status(snapshot, room, lines);
        size_t left = rows > 1 ? rows - 1 : 0;
        if (view->shows_help) {
            add_help(room, lines);
        } else if (view->shows_failures && left > 0) {
            add_all_failures(view, snapshot, room, left, lines);
        } else if (left > 0) {
            add_overview(view, snapshot, room, left, lines);
        }
    }
    if (room->height > 0) {
        pad(lines, rows);
    }
    if (has_footer) {
        add_footer(view, room, lines);
    }
}

void top_render_ending(const struct rowbuild_snapshot *snapshot, struct screen_lines *lines)
{
    const struct top_room room = {0};
    lines->count = 0;
    if (snapshot->state == ROWBUILD_RUN_KILLED) {
        add_line(lines, &room, "", "the run was killed");
        return;
    }
    const struct rowbuild_progress *progress = &snapshot->progress;
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "the run has %s: %zu of %zu done",
             snapshot->status == ROWBUILD_INTERRUPTED ? "been interrupted" : "ended",
             progress->done, progress->total);
    if (progress->failed > 0) {
        buf_addf(&text, ", %zu failed", progress->failed);
    }
    if (progress->unfinished > 0) {
        buf_addf(&text, ", %zu unfinished", progress->unfinished);
    }
    buf_add_string(&text, ", ");
    text_add_duration(&text, progress->seconds);
    add_line(lines, &room, "", buf_string(&text));
    if (snapshot->failure_count > 0) {
        add_failures(snapshot, &room, snapshot->failure_count, lines);
    }
    buf_release(&text);
}

/* ---- Keys ---- */

static void sort_by(struct top_view *view, enum top_order order)
{
    view->is_reversed = view->order == order && !view->is_reversed;
    view->order = order;
    view->first = 0;
}

static void switch_to(struct top_view *view, bool *part, bool *other)
{
    *part = !*part;
    *other = false;
    view->first = 0;
}

bool top_take_key(struct top_view *view, int key)
{
    size_t page = view->page > 1 ? view->page - 1 : 1;
    switch (key) {
    case 'q':
    case 'Q':
        return false;
    case SCREEN_UP:
    case 'k':
        view->first -= view->first > 0;
        break;
    case SCREEN_DOWN:
    case 'j':
        view->first++; /* the frame puts right what is too far */
        break;
    case SCREEN_PAGE_UP:
        view->first -= view->first < page ? view->first : page;
        break;
    case SCREEN_PAGE_DOWN:
    case ' ':
        view->first += page;
        break;
    case SCREEN_HOME:
    case 'g':
        view->first = 0;
        break;
    case SCREEN_END:
    case 'G':
        view->first = UNLIMITED;
        break;
    case 'n':
        sort_by(view, TOP_BY_NAME);
        break;
    case 'e':
        sort_by(view, TOP_BY_ELAPSED);
        break;
    case 'c':
        sort_by(view, TOP_BY_CPU);
        break;
    case 'm':
        sort_by(view, TOP_BY_MEMORY);
        break;
    case 'o':
        sort_by(view, TOP_BY_CORES);
        break;
    case 'd':
        view->shows_members = !view->shows_members;
        break;
    case 'f':
        switch_to(view, &view->shows_failures, &view->shows_help);
        break;
    case '?':
    case 'h':
        switch_to(view, &view->shows_help, &view->shows_failures);
        break;
    default:
        break;
    }
    return true;
}
