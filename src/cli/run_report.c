#include "run_report.h"

#include "commands.h"
#include "finding.h"
#include "findings_view.h"
#include "intern.h"
#include "memory.h"
#include "run_json.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LOG_BYTES = 8192 }; /* of one failure in a document */

struct placed {
    struct rowbuild_result result;
    size_t line; /* of its action in the description */
};

struct run_report {
    struct session *session;
    const char *tool;
    struct arena bytes;
    struct intern tasks; /* "action", a NUL, its name: numbered as `results` */
    VEC(struct placed) results;
    VEC(struct rowbuild_finding) failures; /* of executions */
    VEC(struct rowbuild_finding) findings; /* of an audit */
    struct buf json;
};

static bool shows_github(const struct session *session)
{
    return session->document.shown == ROWBUILD_FORMAT_GITHUB;
}

int run_report_begin(struct session *session, const char *tool)
{
    int status = findings_begin(session);
    struct settings *settings = &session->settings;
    const struct document *document = &session->document;
    /* JSON on standard output is written line by line, as it happens. */
    settings->display.json =
        document_has_stdout(document) && document->format == ROWBUILD_FORMAT_JSON;
    if (status == ROWBUILD_OK && !settings->display.json &&
        (document->exists || shows_github(session))) {
        session->report = mem_alloc(sizeof *session->report);
        session->report->session = session;
        session->report->tool = tool;
        arena_init(&session->report->bytes);
        intern_init(&session->report->tasks);
    }
    return status;
}

bool run_report_needs_tasks(const struct session *session)
{
    return session->report != NULL;
}

/* ---- Collecting ---- */

static const char *keep(struct run_report *report, const char *text)
{
    return text != NULL ? arena_string(&report->bytes, slice_of(text)) : NULL;
}

/* Whole lines from the end of what a command printed. */
static struct slice tail_of(const struct rowbuild_event *event)
{
    struct slice tail = slice_make(event->output, event->output != NULL ? event->output_bytes : 0);
    if (tail.len > MOST_LOG_BYTES) {
        tail.at += tail.len - MOST_LOG_BYTES;
        tail.len = MOST_LOG_BYTES;
        const char *end = memchr(tail.at, '\n', tail.len);
        size_t part = end != NULL ? (size_t)(end - tail.at) + 1 : 0;
        tail = slice_make(tail.at + part, tail.len - part);
    }
    return tail;
}

static void put_result(struct run_report *report, const struct rowbuild_event *event,
                       const struct rowbuild_result *result)
{
    struct buf key = BUF_EMPTY;
    buf_add(&key, result->action, strlen(result->action) + 1);
    buf_add_string(&key, result->name);
    size_t known = report->results.count;
    uint32_t number = intern_add(&report->tasks, buf_slice(&key));
    buf_release(&key);
    if (number < known && event->kind == ROWBUILD_EVENT_LEFT) {
        return; /* of a further round, which has nothing to do with it */
    }
    if (number == known) {
        vec_push(&report->results, (struct placed){*result, event->line});
    } else {
        report->results.at[number].result = *result;
    }
}

static void take_results(struct run_report *report, const struct rowbuild_event *event)
{
    struct slice tail =
        event->code != NULL ? arena_slice(&report->bytes, tail_of(event)) : (struct slice){0};
    struct rowbuild_result result = {
        .action = arena_string(&report->bytes, slice_of(event->action)),
        .outcome = event->outcome,
        .code = keep(report, event->code),
        .how = keep(report, event->how),
        .again = keep(report, event->again),
        .seconds = event->tasks > 0 ? event->seconds / (double)event->tasks : 0,
        .output = tail.len > 0 ? tail.at : NULL,
        .output_bytes = tail.len,
    };
    for (size_t i = 0; i < event->tasks; i++) {
        result.name = keep(report, event->names[i]);
        put_result(report, event, &result);
    }
}

static struct rowbuild_finding copy_of(struct run_report *report,
                                       const struct rowbuild_finding *finding)
{
    struct rowbuild_finding copy = *finding;
    const char **directories =
        arena_array(&report->bytes, finding->directory_count + 1, sizeof *directories);
    for (size_t i = 0; i < finding->directory_count; i++) {
        directories[i] = keep(report, finding->directories[i]);
    }
    copy.code = keep(report, finding->code);
    copy.file = keep(report, finding->file);
    copy.path = keep(report, finding->path);
    copy.message = keep(report, finding->message);
    copy.mend = keep(report, finding->mend);
    copy.text = keep(report, finding->text);
    copy.directories = directories;
    return copy;
}

void run_report_add_finding(struct run_report *report, const struct rowbuild_finding *finding)
{
    vec_push(&report->findings, copy_of(report, finding));
}

/* The failure of an execution, as a finding. The texts are for the caller to release. */
static struct rowbuild_finding finding_of(const struct run_report *report,
                                          const struct rowbuild_event *event, struct buf *message,
                                          struct buf *mend, struct buf *text)
{
    const struct session *session = report->session;
    const char *path = rowbuild_messages_description(session->messages);
    buf_addf(message, "%s%s%s", event->label, event->how != NULL ? ": " : "",
             event->how != NULL ? event->how : "");
    if (event->again != NULL) {
        buf_addf(mend, "to retry: %s", event->again);
    }
    buf_addf(text, "%s\n", buf_string(message));
    buf_add_slice(text, tail_of(event));
    bool has_names = event->names != NULL && event->tasks > 0 && event->names[0][0] != '\0';
    return (struct rowbuild_finding){
        .code = event->code,
        .severity = ROWBUILD_ERROR,
        .file = rowbuild_file_name(session->study),
        .path = path,
        .line = event->line,
        .end_line = event->line,
        .message = buf_string(message),
        .mend = mend->len > 0 ? buf_string(mend) : NULL,
        .text = buf_string(text),
        .directories = has_names ? event->names : NULL,
        .directory_count = has_names ? event->tasks : 0,
    };
}

void run_report_take(struct run_report *report, const struct rowbuild_event *event)
{
    bool ended = event->kind == ROWBUILD_EVENT_ENDED && event->outcome != ROWBUILD_RETRYING;
    if (event->names == NULL || (!ended && event->kind != ROWBUILD_EVENT_LEFT)) {
        return;
    }
    take_results(report, event);
    if (event->code != NULL) {
        struct buf message = BUF_EMPTY;
        struct buf mend = BUF_EMPTY;
        struct buf text = BUF_EMPTY;
        struct rowbuild_finding finding = finding_of(report, event, &message, &mend, &text);
        vec_push(&report->failures, copy_of(report, &finding));
        buf_release(&message);
        buf_release(&mend);
        buf_release(&text);
    }
}

void run_report_add_json(struct run_report *report, const struct buf *line)
{
    const struct document *document = &report->session->document;
    bool is_run = command_id(report->session->settings.command) == COMMAND_RUN;
    if (is_run && document->exists && document->format == ROWBUILD_FORMAT_JSON) {
        buf_add_slice(&report->json, buf_slice(line));
    }
}

/* ---- Writing ---- */

static void append(void *context, const char *bytes, size_t len)
{
    buf_add(context, bytes, len);
}

void run_report_annotate(struct run_report *report, const struct rowbuild_event *event,
                         struct buf *out)
{
    if (event->code == NULL || !shows_github(report->session)) {
        return;
    }
    char *base;
    struct buf message = BUF_EMPTY;
    struct buf mend = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct rowbuild_format_options options = findings_options(report->session, report->tool, &base);
    struct rowbuild_finding finding = finding_of(report, event, &message, &mend, &text);
    struct rowbuild_writer writer = {.write = append, .context = out};
    rowbuild_write_findings(&finding, 1, ROWBUILD_FORMAT_GITHUB, &options, &writer);
    free(base);
    buf_release(&message);
    buf_release(&mend);
    buf_release(&text);
}

static int by_place(const void *a, const void *b)
{
    const struct placed *first = a;
    const struct placed *second = b;
    if (first->line != second->line) {
        return first->line < second->line ? -1 : 1;
    }
    int order = strcmp(first->result.action, second->result.action);
    return order != 0 ? order : strcmp(first->result.name, second->result.name);
}

static int by_text(const char *first, const char *second)
{
    return strcmp(first != NULL ? first : "", second != NULL ? second : "");
}

/* Which task ended first doesn't matter. */
static int by_line(const void *a, const void *b)
{
    const struct rowbuild_finding *first = a;
    const struct rowbuild_finding *second = b;
    int order = by_text(first->path, second->path);
    if (order == 0) {
        order = (first->line > second->line) - (first->line < second->line);
    }
    if (order == 0) {
        order = (first->column > second->column) - (first->column < second->column);
    }
    return order != 0 ? order : by_text(first->message, second->message);
}

static void sort_findings(struct rowbuild_finding *findings, size_t count)
{
    if (count > 0) {
        qsort(findings, count, sizeof *findings, by_line);
    }
}

/* By action as in the description, then by name: which task ended first doesn't matter. For the
 * caller to free. */
static struct rowbuild_result *sort_results(struct run_report *report)
{
    size_t count = report->results.count;
    struct rowbuild_result *results = mem_alloc((count + 1) * sizeof *results);
    if (count > 0) {
        qsort(report->results.at, count, sizeof *report->results.at, by_place);
    }
    for (size_t i = 0; i < count; i++) {
        results[i] = report->results.at[i].result;
    }
    return results;
}

/* What was found beside failures: by an audit, and what messages say; with room for one more. For the
 * caller to free. */
static struct rowbuild_finding *list_found(const struct run_report *report, size_t *count)
{
    size_t own = report->findings.count;
    struct rowbuild_finding *messages = findings_list(report->session, true, count);
    sort_findings(messages, *count);
    struct rowbuild_finding *all = mem_alloc((own + *count + 1) * sizeof *all);
    for (size_t i = 0; i < own + *count; i++) {
        all[i] = i < own ? report->findings.at[i] : messages[i - own];
    }
    *count += own;
    free(messages);
    return all;
}

static void write_document(struct run_report *report, const struct rowbuild_finding *found,
                           size_t count, const struct rowbuild_result *results,
                           const struct rowbuild_format_options *options)
{
    const struct document *document = &report->session->document;
    struct rowbuild_writer writer = findings_document_writer(report->session);
    if (document->format == ROWBUILD_FORMAT_JSON) {
        writer.write(writer.context, buf_string(&report->json), report->json.len);
    } else if (document->format == ROWBUILD_FORMAT_JUNIT) {
        rowbuild_write_results(results, report->results.count, found, count, document->format,
                               options, &writer);
    } else {
        sort_findings(report->failures.at, report->failures.count);
        for (size_t i = 0; i < count; i++) {
            vec_push(&report->failures, found[i]);
        }
        rowbuild_write_findings(report->failures.at, report->failures.count, document->format,
                                options, &writer);
    }
}

/* A report of what didn't succeed must not look like a success. */
static bool explains_status(const struct run_report *report, const struct rowbuild_finding *found,
                            size_t count)
{
    bool explains = report->failures.count > 0;
    for (size_t i = 0; i < count; i++) {
        explains = explains || found[i].severity == ROWBUILD_ERROR;
    }
    return explains;
}

static void add_incomplete(struct rowbuild_finding *found, size_t *count, int status)
{
    bool interrupted = status == ROWBUILD_INTERRUPTED;
    found[(*count)++] = (struct rowbuild_finding){
        .code = finding_table[FINDING_RUN_INCOMPLETE].code,
        .severity = ROWBUILD_ERROR,
        .message =
            interrupted ? "the run was interrupted" : "the run ended before its work was done",
        .text = interrupted ? "error: the run was interrupted\n"
                            : "error: the run ended before its work was done\n",
    };
}

static void write_all(struct run_report *report, int status)
{
    struct session *session = report->session;
    char *base;
    size_t count;
    struct rowbuild_finding *found = list_found(report, &count);
    if (status != ROWBUILD_OK && !explains_status(report, found, count)) {
        add_incomplete(found, &count, status);
    }
    struct rowbuild_format_options options = findings_options(session, report->tool, &base);
    struct rowbuild_result *results = sort_results(report);
    if (shows_github(session)) {
        struct rowbuild_writer lines = session_writer(session);
        struct rowbuild_writer summary = findings_summary_writer(session);
        rowbuild_write_findings(found, count, ROWBUILD_FORMAT_GITHUB, &options, &lines);
        rowbuild_write_results(results, report->results.count, found, count,
                               ROWBUILD_FORMAT_MARKDOWN, &options, &summary);
    }
    if (session->document.exists) {
        write_document(report, found, count, results, &options);
    }
    free(results);
    free(found);
    free(base);
}

int run_report_end(struct session *session, int status)
{
    struct run_report *report = session->report;
    if (report != NULL) {
        write_all(report, status);
        session->report = NULL;
        vec_release(&report->results);
        vec_release(&report->failures);
        vec_release(&report->findings);
        intern_release(&report->tasks);
        arena_release(&report->bytes);
        buf_release(&report->json);
        free(report);
    }
    return findings_end(session, status);
}
