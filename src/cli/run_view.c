#include "run_view.h"

#include "ask_again.h"

#include "document.h"
#include "run_json.h"
#include "run_report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BLOCKED = 10 }; /* most tasks without an input that are reported individually */

static const char *status_format(void)
{
    const char *format = getenv("ROWBUILD_STATUS"); /* NOLINT(concurrency-mt-unsafe) */
    return format != NULL && format[0] != '\0' ? format : NULL;
}

int run_view_check(struct session *session)
{
    const char *format = status_format();
    struct buf problem = BUF_EMPTY;
    int status = ROWBUILD_OK;
    if (format != NULL && !progress_check_format(format, &problem)) {
        session_error(session, "%s", buf_string(&problem));
        status = ROWBUILD_USAGE;
    }
    buf_release(&problem);
    return status;
}

void run_view_init(struct run_view *view, struct session *session)
{
    const struct settings *settings = &session->settings;
    const struct output *output = &session->output;
    const char *terminal = getenv("TERM");
    bool able = terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
    bool block = output->messages_terminal && able && !settings->display.no_progress &&
                 settings->display.quiet == 0;
    bool on_messages = document_has_stdout(&session->document) && !settings->display.json;
    *view = (struct run_view){.session = session, .on_messages = on_messages};
    progress_init(&view->progress, STDERR_FILENO, block, output->messages_colour);
    view->progress.format = status_format();
    view->style = (struct run_style){
        .colour = on_messages ? output->messages_colour : output->results_colour,
        .terminal = on_messages ? output->messages_terminal : output->results_terminal,
        .github = session->document.shown == ROWBUILD_FORMAT_GITHUB,
        .quiet = settings->display.quiet > 0,
        .plain = settings->display.plain,
        .silent_success =
            block && (on_messages || output->results_terminal) && !settings->display.verbose,
    };
}

void run_view_release(struct run_view *view)
{
    progress_release(&view->progress);
    failures_release(&view->failures);
}

static void put_result(struct run_view *view, const struct buf *text)
{
    if (text->len == 0) {
        return;
    }
    progress_erase(&view->progress);
    if (view->on_messages) {
        output_message(&view->session->output, text->at, text->len);
    } else {
        output_result(&view->session->output, text->at, text->len);
    }
}

static void put_message(struct run_view *view, const char *prefix, const char *text)
{
    struct buf line = BUF_EMPTY;
    buf_addf(&line, "%s%s\n", prefix, text);
    progress_erase(&view->progress);
    output_message(&view->session->output, line.at, line.len);
    buf_release(&line);
}

static void put_again(struct run_view *view, const struct rowbuild_estimate *estimate)
{
    struct buf again = BUF_EMPTY;
    run_text_add_again(&again, estimate);
    put_message(view, "would redo ", buf_string(&again));
    buf_release(&again);
}

/* One misspelt input blocks a task in every directory. The first ones are reported, the others only
 * counted. */
static bool is_one_too_many(struct run_view *view, const struct rowbuild_event *event)
{
    return event->kind == ROWBUILD_EVENT_ENDED && event->blocked &&
           ++view->blocked > MOST_BLOCKED && !view->session->settings.display.verbose;
}

static void put_blocked(struct run_view *view)
{
    if (view->blocked > MOST_BLOCKED && !view->session->settings.display.verbose) {
        struct buf text = BUF_EMPTY;
        text_add_count(&text, view->blocked - MOST_BLOCKED);
        buf_add_string(&text, " more failed the same way; `rowbuild show why` lists them\n");
        put_result(view, &text);
        buf_release(&text);
    }
}

static void log_event(struct run_view *view, const struct rowbuild_event *event)
{
    struct session *session = view->session;
    struct buf line = BUF_EMPTY;
    if (session->events.is_open || session->report != NULL) {
        run_json_add_event(&line, event);
        event_log_add(&session->events, &line);
    }
    if (session->report != NULL) {
        run_report_add_json(session->report, &line);
        run_report_take(session->report, event);
    }
    buf_release(&line);
}

static void show_event(struct run_view *view, const struct rowbuild_event *event)
{
    const struct settings *settings = &view->session->settings;
    struct buf text = BUF_EMPTY;
    if (settings->display.json) {
        run_json_add_event(&text, event);
    } else if (is_one_too_many(view, event)) {
        return;
    } else if (event->kind == ROWBUILD_EVENT_STARTED) {
        run_text_add_started(&text, event, settings->display.verbose, &view->style);
    } else if (event->kind == ROWBUILD_EVENT_ENDED) {
        if (settings->display.quiet < 2) {
            run_text_add_ended(&text, event, &view->style);
        }
        if (view->session->report != NULL) {
            run_report_annotate(view->session->report, event, &text);
        }
    } else if (event->kind == ROWBUILD_EVENT_NOTICE && settings->display.quiet == 0) {
        put_message(view, strncmp(event->text, "warning: ", 9) == 0 ? "" : "note: ", event->text);
    } else if (event->kind == ROWBUILD_EVENT_STOPPING && settings->display.quiet == 0) {
        put_message(view,
                    "stopping: ", event->text != NULL ? event->text : "no new tasks are started");
    }
    put_result(view, &text);
    buf_release(&text);
}

static void tell_messages(struct run_view *view)
{
    if (view->session->told < rowbuild_messages_count(view->session->messages)) {
        progress_erase(&view->progress);
        session_tell(view->session);
    }
}

static bool take_event(void *context, const struct rowbuild_event *event)
{
    struct run_view *view = context;
    const struct settings *settings = &view->session->settings;
    view->last = *event->progress;
    view->last.longest_count = 0;
    tell_messages(view);
    if (event->kind == ROWBUILD_EVENT_ENDED) {
        run_tally_add(&view->tally, event);
        failures_take(&view->failures, event);
    }
    log_event(view, event);
    show_event(view, event);
    switch (event->kind) {
    case ROWBUILD_EVENT_PLANNED:
        view->planned = true;
        if (settings->display.verbose && event->estimate != NULL && event->estimate->again > 0) {
            put_again(view, event->estimate);
        }
        break;
    case ROWBUILD_EVENT_CONFIRM:
        view->planned = true;
        view->asked = true;
        progress_erase(&view->progress);
        view->answer = ask_again(view->session, event->estimate, true);
        return view->answer == ANSWER_YES;
    case ROWBUILD_EVENT_FINISHED:
    case ROWBUILD_EVENT_SUSPENDED:
        progress_erase(&view->progress);
        return true;
    default:
        break;
    }
    /* Before the first start, and between an end and the next start, there is nothing to list. */
    if (event->progress->total > 0 &&
        (event->progress->running > 0 || event->kind == ROWBUILD_EVENT_TICK)) {
        progress_draw(&view->progress, event->progress, false);
    }
    return true;
}

struct rowbuild_observer run_view_observer(struct run_view *view)
{
    return (struct rowbuild_observer){.event = take_event, .context = view};
}

void run_view_finish(struct run_view *view, int status)
{
    const struct settings *settings = &view->session->settings;
    bool declined = view->asked && view->answer != ANSWER_YES;
    struct buf text = BUF_EMPTY;
    run_json_add_finished(&text, &view->tally, &view->last, status);
    event_log_add(&view->session->events, &text);
    if (view->session->report != NULL) {
        run_report_add_json(view->session->report, &text);
    }
    buf_clear(&text);
    progress_erase(&view->progress);
    session_tell(view->session);
    if (!settings->display.json && settings->display.quiet < 2) {
        put_blocked(view);
    }
    if (settings->display.json) {
        run_json_add_finished(&text, &view->tally, &view->last, status);
    } else if (view->planned && !declined && status != ROWBUILD_USAGE &&
               settings->display.quiet == 0 &&
               !(settings->display.plain && status == ROWBUILD_OK)) {
        failures_add(&view->failures, &text);
        run_text_add_summary(&text, &view->tally, &view->last, status);
    }
    put_result(view, &text);
    buf_release(&text);
}
