/* top: what a run in this project does now, again and again, or once. */
#include "command.h"

#include "clock.h"
#include "screen.h"
#include "top_view.h"

#include <time.h>

static const double REFRESH_S = 1;
enum { PART_FOR_LOOKING = 20 }; /* of the time, at most one in so many */

static void print_lines(struct session *session, const struct screen_lines *lines)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < lines->count; i++) {
        struct buf *line = &lines->all.at[i];
        while (line->len > 0 && line->at[line->len - 1] == ' ') {
            line->len--;
        }
        buf_add_slice(&text, buf_slice(line));
        buf_add_char(&text, '\n');
    }
    output_result(&session->output, text.at, text.len);
    buf_release(&text);
}

/* What processes use shows between two looks. */
static const struct rowbuild_snapshot *look_twice(struct rowbuild_monitor *monitor)
{
    static const struct timespec between = {.tv_nsec = 200000000};
    const struct rowbuild_snapshot *snapshot = rowbuild_monitor_look(monitor);
    if (snapshot->state == ROWBUILD_NO_RUN) {
        return snapshot;
    }
    nanosleep(&between, NULL);
    return rowbuild_monitor_look(monitor);
}

static void show_once(struct session *session, struct rowbuild_monitor *monitor)
{
    const struct rowbuild_snapshot *snapshot = look_twice(monitor);
    struct screen_lines lines = {0};
    struct top_view view = {0};
    const struct top_room room = {0};
    if (session->settings.display.json) {
        struct rowbuild_writer writer = session_writer(session);
        rowbuild_write_snapshot(snapshot, &writer);
    } else if (snapshot->state == ROWBUILD_RUN_ENDED || snapshot->state == ROWBUILD_RUN_KILLED) {
        top_render_ending(snapshot, &lines);
    } else {
        top_render(&view, snapshot, rowbuild_project_path(session->study), &room, &lines);
    }
    print_lines(session, &lines);
    screen_lines_release(&lines);
}

static bool has_ended(const struct rowbuild_snapshot *snapshot)
{
    return snapshot->state == ROWBUILD_RUN_ENDED || snapshot->state == ROWBUILD_RUN_KILLED;
}

static double pause_after(const struct rowbuild_snapshot *snapshot)
{
    double least = snapshot->look_seconds * PART_FOR_LOOKING;
    return least > REFRESH_S ? least : REFRESH_S;
}

/* Until a key or a signal ends it, or the run ends: its end is returned, else NULL. */
static const struct rowbuild_snapshot *watch(struct session *session,
                                             struct rowbuild_monitor *monitor, int *status)
{
    const char *project = rowbuild_project_path(session->study);
    const struct rowbuild_snapshot *snapshot = rowbuild_monitor_look(monitor);
    struct screen_lines lines = {0};
    struct top_view view = {0};
    int64_t looked_ns = clock_monotonic_ns();
    bool continues = true;
    while (continues && !has_ended(snapshot)) {
        struct top_room room = {.colour = session->output.results_colour};
        screen_size(&room.width, &room.height);
        top_render(&view, snapshot, project, &room, &lines);
        screen_draw(&lines);
        double left = pause_after(snapshot) - (double)(clock_monotonic_ns() - looked_ns) / 1e9;
        int key = left > 0 ? screen_wait(left) : SCREEN_TIMEOUT;
        if (key == SCREEN_INTERRUPTED) {
            *status = ROWBUILD_INTERRUPTED;
            continues = false;
        } else if (key != SCREEN_TIMEOUT) {
            continues = top_take_key(&view, key);
        } else if (pause_after(snapshot) <= (double)(clock_monotonic_ns() - looked_ns) / 1e9) {
            snapshot = rowbuild_monitor_look(monitor);
            looked_ns = clock_monotonic_ns();
        }
    }
    screen_lines_release(&lines);
    return continues ? snapshot : NULL;
}

int command_top(struct session *session)
{
    int status = session_open(session);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_monitor *monitor = rowbuild_monitor_new(session->study, session->messages);
    session_tell(session);
    if (monitor == NULL) {
        return ROWBUILD_STATE;
    }
    if (session->settings.once || session->settings.display.json || !screen_open()) {
        show_once(session, monitor);
    } else {
        const struct rowbuild_snapshot *end = watch(session, monitor, &status);
        screen_close();
        if (end != NULL) {
            struct screen_lines lines = {0};
            top_render_ending(end, &lines);
            print_lines(session, &lines);
            screen_lines_release(&lines);
        }
    }
    rowbuild_monitor_free(monitor);
    return status;
}
