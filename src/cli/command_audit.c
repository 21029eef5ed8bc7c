/* The command audit: a run whose commands are watched. */
#include "command.h"

#include "findings_view.h"
#include "run_report.h"
#include "run_view.h"

static void collect(void *context, const char *bytes, size_t len)
{
    buf_add(context, bytes, len);
}

/* Of JSON, only the document is printed. */
static bool go_on(void *context, const struct rowbuild_event *event)
{
    (void)context;
    return event->kind != ROWBUILD_EVENT_CONFIRM;
}

static void report_finding(void *context, const struct rowbuild_finding *finding)
{
    struct run_report *report = context;
    run_report_add_finding(report, finding);
}

static int run_watched(struct session *session, const struct rowbuild_selection *selection,
                       struct buf *findings, size_t *missing)
{
    const struct settings *settings = &session->settings;
    struct rowbuild_run_options options = settings->run;
    options.yes = settings->yes;
    options.by_task = run_report_needs_tasks(session);
    struct rowbuild_audit_options audit = {.watch_by = settings->watch_by,
                                           .outside = settings->outside,
                                           .keep_records = settings->keep_records,
                                           .json = settings->display.json,
                                           .colour = session->output.results_colour};
    struct rowbuild_writer document = findings_document_writer(session);
    if (session->report != NULL) {
        audit.found = report_finding;
        audit.context = session->report;
        audit.json_too =
            session->document.exists && session->document.format == ROWBUILD_FORMAT_JSON ? &document
                                                                                         : NULL;
    }
    struct rowbuild_writer writer = {.write = collect, .context = findings};
    if (audit.json) {
        struct rowbuild_observer observer = {.event = go_on};
        return rowbuild_audit(session->study, selection, &options, &audit, &observer, &writer,
                              missing, session->messages);
    }
    struct run_view view;
    run_view_init(&view, session);
    struct rowbuild_observer observer = run_view_observer(&view);
    int status = rowbuild_audit(session->study, selection, &options, &audit, &observer, &writer,
                                missing, session->messages);
    if (view.asked && view.answer != ANSWER_YES) {
        session_error(session, "nothing was run");
        status = view.answer == ANSWER_INTERRUPTED ? ROWBUILD_INTERRUPTED : ROWBUILD_FAILED;
    }
    run_view_finish(&view, status);
    run_view_release(&view);
    return status;
}

static int open_and_audit(struct session *session)
{
    int status = session_open(session);
    if (status == ROWBUILD_OK) {
        status = session_read_targets(session);
    }
    if (status != ROWBUILD_OK || session_has_no_target(session)) {
        return status;
    }
    struct rowbuild_selection selection = session_selection(session);
    struct buf findings = BUF_EMPTY;
    size_t missing = 0;
    status = run_watched(session, &selection, &findings, &missing);
    session_tell(session);
    if (document_has_stdout(&session->document) && !session->settings.display.json) {
        output_message(&session->output, buf_string(&findings), findings.len);
    } else {
        output_result(&session->output, buf_string(&findings), findings.len);
    }
    buf_release(&findings);
    return status == ROWBUILD_OK && missing > 0 ? ROWBUILD_FAILED : status;
}

int command_audit(struct session *session)
{
    int status = run_report_begin(session, "rowbuild audit");
    if (status == ROWBUILD_OK) {
        status = run_report_end(session, open_and_audit(session));
    }
    return status;
}
