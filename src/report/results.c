#include "results.h"

#include "findings.h"
#include "junit.h"
#include "text.h"

enum { MOST_ROWS = 100 }; /* a summary on GitHub is limited to 1 MiB */

/* ---- Markdown ---- */

static size_t count_outcome(const struct rowbuild_result *results, size_t count,
                            enum rowbuild_outcome outcome)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += results[i].outcome == outcome;
    }
    return found;
}

static void add_counts(const struct rowbuild_result *results, size_t count,
                       const struct rowbuild_format_options *options, struct buf *out)
{
    static const struct {
        enum rowbuild_outcome outcome;
        const char *words;
    } columns[] = {
        {ROWBUILD_TASK_FAILED, "failed"},      {ROWBUILD_TIMED_OUT, "timed out"},
        {ROWBUILD_UNFINISHED, "unfinished"},   {ROWBUILD_CANCELLED, "cancelled"},
        {ROWBUILD_NOT_STARTED, "not started"}, {ROWBUILD_SUCCEEDED, "succeeded"},
        {ROWBUILD_RESTORED, "restored"},       {ROWBUILD_UP_TO_DATE, "up to date"},
    };
    bool first = true;
    buf_addf(out, "### %s: ", options->tool);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        size_t found = count_outcome(results, count, columns[i].outcome);
        if (found > 0) {
            buf_add_string(out, first ? "" : ", ");
            text_add_count(out, found);
            buf_addf(out, " %s", columns[i].words);
            first = false;
        }
    }
    buf_add_string(out, first ? "no task ran\n\n" : "\n\n");
}

static void add_cell(struct buf *out, const char *text, bool is_code)
{
    struct buf visible = BUF_EMPTY;
    buf_add_char(out, ' ');
    if (text != NULL) {
        text_add_visible(&visible, slice_of(text));
        buf_add_string(out, is_code ? "<code>" : "");
        findings_add_cell(out, buf_slice(&visible));
        buf_add_string(out, is_code ? "</code>" : "");
    }
    buf_add_string(out, " |");
    buf_release(&visible);
}

static void add_row(struct buf *out, const struct rowbuild_result *result)
{
    struct buf task = BUF_EMPTY;
    buf_addf(&task, "%s%s%s", result->action, result->name[0] != '\0' ? " " : "", result->name);
    buf_add_char(out, '|');
    add_cell(out, buf_string(&task), false);
    add_cell(out, result->how, false);
    add_cell(out, result->again, true);
    buf_add_char(out, '\n');
    buf_release(&task);
}

static void write_markdown(const struct rowbuild_result *results, size_t count,
                           const struct rowbuild_finding *findings, size_t finding_count,
                           const struct rowbuild_format_options *options, struct buf *out)
{
    size_t failed = 0;
    add_counts(results, count, options, out);
    for (size_t i = 0; i < count; i++) {
        if (results_are_failures(results[i].outcome) && ++failed <= MOST_ROWS) {
            buf_add_string(out, failed == 1 ? "| Task | What happened | To retry |\n"
                                              "| --- | --- | --- |\n"
                                            : "");
            add_row(out, &results[i]);
        }
    }
    buf_add_string(out, failed > 0 ? "\n" : "");
    if (failed > MOST_ROWS) {
        text_add_count(out, failed - MOST_ROWS);
        buf_add_string(out, " more failed.\n\n");
    }
    if (finding_count > 0) {
        findings_write(findings, finding_count, ROWBUILD_FORMAT_MARKDOWN, options, out);
    }
}

void results_write(const struct rowbuild_result *results, size_t count,
                   const struct rowbuild_finding *findings, size_t finding_count,
                   enum rowbuild_format format, const struct rowbuild_format_options *options,
                   struct buf *out)
{
    if (format == ROWBUILD_FORMAT_JUNIT) {
        junit_write(results, count, findings, finding_count, options, out);
    } else if (format == ROWBUILD_FORMAT_MARKDOWN) {
        write_markdown(results, count, findings, finding_count, options, out);
    }
}
