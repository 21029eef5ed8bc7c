/* The command check. */
#include "command.h"

#include "finding.h"
#include "findings_view.h"
#include "slice.h"
#include "text.h"

#include <string.h>

static size_t count_warnings(const struct session *session)
{
    size_t warnings = 0;
    size_t count = rowbuild_messages_count(session->messages);
    for (size_t i = 0; i < count; i++) {
        warnings += rowbuild_messages_severity(session->messages, i) == ROWBUILD_WARNING;
    }
    return warnings;
}

static void print_verdict(struct session *session)
{
    size_t warnings = count_warnings(session);
    const char *file = rowbuild_file_name(session->study);
    if (warnings == 0) {
        session_print(session, "%s: no errors\n", file);
    } else {
        session_print(session, "%s: no errors, %zu %s\n", file, warnings,
                      warnings == 1 ? "warning" : "warnings");
    }
}

static int explain(struct session *session, const char *code)
{
    const struct finding_text *text = finding_text_of(code);
    if (text != NULL) {
        session_print(session, "%s: %s\n\n%s\n", text->code, text->title, text->explanation);
        return ROWBUILD_OK;
    }
    const char *nearest = finding_nearest(code);
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(code));
    int status =
        nearest != NULL
            ? session_error(session, "there is no finding `%s`; did you mean `%s`?",
                            buf_string(&shown), nearest)
            : session_error(session, "there is no finding `%s`; `man rowbuild` lists all of them",
                            buf_string(&shown));
    buf_release(&shown);
    return status;
}

static void take_text(void *context, const char *bytes, size_t len)
{
    buf_add(context, bytes, len);
}

/* What is affected goes into `out`; it is printed after the messages. */
static int check_since(struct session *session, struct buf *out)
{
    const struct settings *settings = &session->settings;
    const struct document *document = &session->document;
    struct rowbuild_show_options options = {.json = document_has_stdout(document) &&
                                                    document->format == ROWBUILD_FORMAT_JSON,
                                            .colour = session->output.results_colour};
    struct rowbuild_writer writer = {.write = take_text, .context = out};
    return rowbuild_check_since(session->study, settings->selection.since, settings->run.explain,
                                &options, &writer, session->messages);
}

static int check(struct session *session)
{
    const struct settings *settings = &session->settings;
    const struct document *document = &session->document;
    bool has_lines = !document_has_stdout(document);
    bool lists_affected = settings->selection.since != NULL;
    if (lists_affected && !has_lines && document->format != ROWBUILD_FORMAT_JSON) {
        return session_usage_error(
            session, "this format has no place for the list of `--since`: use text, json or "
                     "github, or `--output FILE`");
    }
    struct buf affected = BUF_EMPTY;
    int status = session_open_silently(session);
    if (status == ROWBUILD_OK) {
        status = lists_affected ? check_since(session, &affected)
                                : rowbuild_check(session->study, session->messages);
    }
    findings_print(session, "rowbuild check");
    if (status == ROWBUILD_OK && has_lines && !lists_affected && settings->display.quiet == 0) {
        print_verdict(session);
    }
    output_result(&session->output, buf_string(&affected), affected.len);
    buf_release(&affected);
    return status;
}

int command_check(struct session *session)
{
    const struct settings *settings = &session->settings;
    if (settings->schema) {
        const char *schema = rowbuild_schema();
        output_result(&session->output, schema, strlen(schema));
        return ROWBUILD_OK;
    }
    if (settings->operands.count > 0) {
        return explain(session, settings->operands.at[0].text);
    }
    if (settings->strict) {
        rowbuild_messages_be_strict(session->messages);
    }
    int status = findings_begin(session);
    return status == ROWBUILD_OK ? findings_end(session, check(session)) : status;
}
