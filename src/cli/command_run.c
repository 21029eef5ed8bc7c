/* The command without a name, which runs tasks that are out of date, and the command job. */
#include "command.h"

#include "commands.h"
#include "run_report.h"
#include "run_view.h"
#include "text.h"

#include <errno.h>
#include <string.h>

/* ---- Dry ---- */

struct counting {
    struct rowbuild_writer writer;
    bool written;
};

static void write_counting(void *context, const char *bytes, size_t len)
{
    struct counting *counting = context;
    counting->written = counting->written || len > 0;
    counting->writer.write(counting->writer.context, bytes, len);
}

static int run_dry(struct session *session, const struct rowbuild_selection *selection)
{
    const struct settings *settings = &session->settings;
    int status = rowbuild_plan(session->study, selection, session->messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_show_options options = {.json = settings->display.json,
                                            .colour = session->output.results_colour,
                                            .short_output = settings->display.quiet > 0,
                                            .commands = settings->display.verbose};
    struct counting counting = {.writer = session_writer(session)};
    struct rowbuild_writer writer = {.write = write_counting, .context = &counting};
    status = rowbuild_show_plan(session->study, settings->run.explain, &options, &writer,
                                session->messages);
    if (status == ROWBUILD_OK && !counting.written && !settings->display.json &&
        settings->display.quiet == 0) {
        session_print(session, "nothing to do\n");
    }
    struct rowbuild_estimate estimate;
    rowbuild_estimate(session->study, &estimate);
    if (status == ROWBUILD_OK && settings->exit_code &&
        estimate.will_run + estimate.may_run + estimate.restores > 0) {
        return ROWBUILD_WOULD_RUN;
    }
    return status == ROWBUILD_OK && settings->asks && counting.written ? ROWBUILD_FAILED : status;
}

/* ---- Real ---- */

/* Ends a run after the user was asked and didn't answer yes. */
static int declined(struct session *session, enum answer answer)
{
    switch (answer) {
    case ANSWER_INTERRUPTED:
        return ROWBUILD_INTERRUPTED;
    case ANSWER_NO:
        session_error(session, "nothing was run");
        return ROWBUILD_FAILED;
    default:
        return ROWBUILD_USAGE;
    }
}

static int run_once(struct session *session, const struct rowbuild_selection *selection,
                    enum answer *answer)
{
    struct rowbuild_run_options options = session->settings.run;
    options.yes = session->settings.yes;
    options.by_task = run_report_needs_tasks(session);
    struct run_view view;
    run_view_init(&view, session);
    struct rowbuild_observer observer = run_view_observer(&view);
    int status = rowbuild_run(session->study, selection, &options, &observer, session->messages);
    *answer = view.asked ? view.answer : ANSWER_YES;
    if (*answer != ANSWER_YES && *answer != ANSWER_ACCEPT) {
        status = declined(session, *answer);
    }
    if (*answer != ANSWER_ACCEPT) {
        run_view_finish(&view, status);
    }
    run_view_release(&view);
    return status;
}

static int accept_redone(struct session *session, struct rowbuild_selection selection)
{
    size_t accepted = 0;
    selection.redone_only = true;
    int status = rowbuild_accept(session->study, &selection, &accepted, session->messages);
    session_tell(session);
    if (status == ROWBUILD_OK && session->settings.display.quiet == 0) {
        session_print(session, "accepted: %zu %s\n", accepted, accepted == 1 ? "task" : "tasks");
    }
    return status;
}

static int run_real(struct session *session, const struct rowbuild_selection *selection)
{
    if (run_view_check(session) != ROWBUILD_OK) {
        return ROWBUILD_USAGE;
    }
    for (;;) {
        enum answer answer;
        int status = run_once(session, selection, &answer);
        if (answer != ANSWER_ACCEPT) {
            return status;
        }
        status = accept_redone(session, *selection);
        if (status != ROWBUILD_OK) {
            return status;
        }
    }
}

/* An operand that isn't a target may have been meant as a command. */
static void hint_at_command(struct session *session)
{
    vec_each (struct operand, operand, &session->settings.operands) {
        bool is_show;
        const char *nearest = command_meant(operand->text, &is_show);
        if (!operand->literal && nearest != NULL) {
            session_error(
                session,
                "if you meant the command: `rowbuild %s%s`; all commands: `rowbuild --help`",
                is_show ? "show " : "", nearest);
            return;
        }
    }
}

/* Whether the first operand is the name of something to show, without `show`. */
static bool means_show(const struct session *session)
{
    const struct settings *settings = &session->settings;
    return settings->operands.count > 0 && !settings->operands.at[0].literal &&
           command_find(settings->operands.at[0].text, true) != NULL;
}

/* ---- --events ---- */

static int open_events(struct session *session)
{
    const char *path = session->settings.display.events;
    if (path == NULL) {
        return ROWBUILD_OK;
    }
    struct buf text = BUF_EMPTY;
    int status = ROWBUILD_OK;
    if (event_log_open(&session->events, path) == 0) {
        buf_addf(&text,
                 "{\"event\": \"begins\", \"version\": \"%s\", \"project\": ", rowbuild_version());
        text_add_json(&text, slice_of(rowbuild_project_path(session->study)));
        buf_add_string(&text, "}\n");
        event_log_add(&session->events, &text);
    } else {
        const char *error = strerror(errno);
        text_add_name(&text, slice_of(path));
        session_error(session, "the file of --events `%s` can't be written: %s", buf_string(&text),
                      error);
        status = ROWBUILD_STATE;
    }
    buf_release(&text);
    return status;
}

static int close_events(struct session *session, int status)
{
    int error = event_log_close(&session->events);
    if (error == 0) {
        return status;
    }
    session_error(session, "the file of --events can't be written: %s; it ends early",
                  strerror(error));
    return status == ROWBUILD_OK ? ROWBUILD_STATE : status;
}

static void print_nothing_to_do(struct session *session)
{
    static const char text[] = "nothing to do\n";
    if (session->settings.display.quiet > 0 || session->settings.display.json) {
        return;
    }
    if (document_has_stdout(&session->document)) {
        output_message(&session->output, text, strlen(text));
    } else {
        session_print(session, "%s", text);
    }
}

static int open_and_run(struct session *session)
{
    int status = session_open(session);
    if (status == ROWBUILD_USAGE && means_show(session)) { /* `log -f x` reads x as a Rowfile */
        hint_at_command(session);
    }
    if (status == ROWBUILD_OK) {
        status = session_read_targets(session);
    }
    if (status != ROWBUILD_OK) {
        return status;
    }
    if (session_has_no_target(session)) {
        print_nothing_to_do(session);
        return ROWBUILD_OK;
    }
    struct rowbuild_selection selection = session_selection(session);
    status = session->settings.dry_run ? ROWBUILD_OK : open_events(session);
    if (status != ROWBUILD_OK) {
        return status;
    }
    status =
        session->settings.dry_run ? run_dry(session, &selection) : run_real(session, &selection);
    session_tell(session);
    status = close_events(session, status);
    if (status == ROWBUILD_USAGE) {
        hint_at_command(session);
    }
    return status;
}

int command_run(struct session *session)
{
    if (session->settings.dry_run) { /* it has nothing to report */
        session->settings.display.json =
            session->settings.display.format_given
                ? session->settings.display.format == ROWBUILD_FORMAT_JSON
                : session->settings.display.json;
        return open_and_run(session);
    }
    int status = run_report_begin(session, "rowbuild");
    if (status == ROWBUILD_OK) {
        status = run_report_end(session, open_and_run(session));
    }
    return status;
}

/* ---- Inside a job ---- */

int command_job(struct session *session)
{
    session->settings.project.job = session->settings.operands.at[0].text;
    int status = session_open(session);
    if (status == ROWBUILD_OK) {
        status = open_events(session);
    }
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_run_options options = session->settings.run;
    options.yes = session->settings.yes;
    struct run_view view;
    run_view_init(&view, session);
    struct rowbuild_observer observer = run_view_observer(&view);
    status = rowbuild_job(session->study, session->settings.operands.at[0].text, &options,
                          &observer, session->messages);
    run_view_finish(&view, status);
    run_view_release(&view);
    session_tell(session);
    return close_events(session, status);
}
