#include "junit.h"

#include "findings.h"
#include "results.h"
#include "text.h"

static void add_xml(struct buf *out, struct slice text)
{
    struct buf visible = BUF_EMPTY;
    text_add_visible(&visible, text);
    for (size_t i = 0; i < visible.len; i++) {
        switch (visible.at[i]) {
        case '&':
            buf_add_string(out, "&amp;");
            break;
        case '<':
            buf_add_string(out, "&lt;");
            break;
        case '>':
            buf_add_string(out, "&gt;");
            break;
        case '"':
            buf_add_string(out, "&quot;");
            break;
        default:
            buf_add_char(out, visible.at[i]);
        }
    }
    buf_release(&visible);
}

static void add_attribute(struct buf *out, const char *name, struct slice text)
{
    buf_addf(out, " %s=\"", name);
    add_xml(out, text);
    buf_add_char(out, '"');
}

static void begin_case(struct buf *out, struct slice class, struct slice name, double seconds)
{
    buf_add_string(out, "    <testcase");
    add_attribute(out, "classname", class);
    add_attribute(out, "name", name);
    if (seconds > 0) {
        buf_addf(out, " time=\"%.3f\"", seconds);
    } else {
        buf_add_string(out, " time=\"0\"");
    }
}

static void add_failure(struct buf *out, struct slice type, struct slice message, struct slice text)
{
    buf_add_string(out, "      <failure");
    add_attribute(out, "type", type);
    add_attribute(out, "message", message);
    buf_add_char(out, '>');
    add_xml(out, text);
    buf_add_string(out, "</failure>\n");
}

/* ---- Findings ---- */

static void add_finding(struct buf *out, const struct rowbuild_finding *finding,
                        const struct rowbuild_format_options *options)
{
    struct buf name = BUF_EMPTY;
    struct buf message = BUF_EMPTY;
    buf_addf(&name, "%s", finding->code);
    if (finding->line > 0) {
        buf_add_string(&name, ": ");
        findings_add_path(finding, options, &name);
        buf_addf(&name, ":%zu", finding->line);
        if (finding->column > 0) {
            buf_addf(&name, ":%zu", finding->column);
        }
    }
    findings_add_message(finding, &message);
    begin_case(out, slice_of(options->tool), buf_slice(&name), 0);
    buf_add_string(out, ">\n");
    if (finding->severity == ROWBUILD_ERROR) {
        add_failure(out, slice_of(finding->code), buf_slice(&message), slice_of(finding->text));
    } else {
        buf_add_string(out, "      <system-out>");
        add_xml(out, slice_of(finding->text));
        buf_add_string(out, "</system-out>\n");
    }
    buf_add_string(out, "    </testcase>\n");
    buf_release(&name);
    buf_release(&message);
}

/* ---- Results ---- */

static void add_skipped(struct buf *out, const char *what, const char *how)
{
    struct buf message = BUF_EMPTY;
    buf_addf(&message, "%s%s%s", what, how != NULL ? ": " : "", how != NULL ? how : "");
    buf_add_string(out, "      <skipped>"); /* Jenkins' schema knows no attributes of it */
    add_xml(out, buf_slice(&message));
    buf_add_string(out, "</skipped>\n");
    buf_release(&message);
}

static void add_failed_result(struct buf *out, const struct rowbuild_result *result)
{
    struct buf text = BUF_EMPTY;
    if (result->output != NULL) {
        buf_add(&text, result->output, result->output_bytes);
    }
    if (text.len > 0 && text.at[text.len - 1] != '\n') {
        buf_add_char(&text, '\n');
    }
    if (result->again != NULL) {
        buf_addf(&text, "to retry: %s\n", result->again);
    }
    add_failure(out, slice_of(result->code != NULL ? result->code : ""),
                slice_of(result->how != NULL ? result->how : ""), buf_slice(&text));
    buf_release(&text);
}

static void add_result(struct buf *out, const struct rowbuild_result *result)
{
    const char *name = result->name[0] != '\0' ? result->name : result->action;
    begin_case(out, slice_of(result->action), slice_of(name), result->seconds);
    if (results_are_good(result->outcome)) {
        buf_add_string(out, "/>\n");
        return;
    }
    buf_add_string(out, ">\n");
    if (results_are_failures(result->outcome)) {
        add_failed_result(out, result);
    } else {
        add_skipped(out, result->outcome == ROWBUILD_CANCELLED ? "cancelled" : "not started",
                    result->how);
    }
    buf_add_string(out, "    </testcase>\n");
}

/* ---- The document ---- */

void junit_write(const struct rowbuild_result *results, size_t count,
                 const struct rowbuild_finding *findings, size_t finding_count,
                 const struct rowbuild_format_options *options, struct buf *out)
{
    size_t tests = count + finding_count > 0 ? count + finding_count : 1;
    size_t failures = findings_count(findings, finding_count, ROWBUILD_ERROR);
    size_t skipped = 0;
    double seconds = 0;
    for (size_t i = 0; i < count; i++) {
        bool failed = results_are_failures(results[i].outcome);
        failures += failed;
        skipped += !failed && !results_are_good(results[i].outcome);
        seconds += results[i].seconds > 0 ? results[i].seconds : 0;
    }
    buf_add_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name", slice_of(options->tool));
    buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n  <testsuite", tests, failures);
    add_attribute(out, "name", slice_of(options->tool));
    buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", tests, failures);
    if (count > 0) {
        buf_addf(out, " skipped=\"%zu\" time=\"%.3f\">\n", skipped, seconds);
    } else {
        buf_add_string(out, " time=\"0\">\n");
    }
    for (size_t i = 0; i < count; i++) {
        add_result(out, &results[i]);
    }
    for (size_t i = 0; i < finding_count; i++) {
        add_finding(out, &findings[i], options);
    }
    if (count + finding_count == 0) { /* a report without tests counts as a mistake */
        buf_add_string(out, "    <testcase");
        add_attribute(out, "classname", slice_of(options->tool));
        buf_add_string(out, " name=\"nothing found\" time=\"0\"/>\n");
    }
    buf_add_string(out, "  </testsuite>\n</testsuites>\n");
}
