#include "findings.h"

#include "junit.h"
#include "text.h"

/* ---- JSON ---- */

static void add_number(struct buf *out, const char *key, size_t number)
{
    buf_addf(out, number > 0 ? ", \"%s\": %zu" : ", \"%s\": null", key, number);
}

static void add_string(struct buf *out, const char *key, const char *text)
{
    buf_addf(out, ", \"%s\": ", key);
    if (text != NULL) {
        text_add_json(out, slice_of(text));
    } else {
        buf_add_string(out, "null");
    }
}

static void add_json(const struct rowbuild_finding *finding, struct buf *out)
{
    buf_addf(out, "{\"severity\": \"%s\"", findings_severity(finding->severity));
    add_string(out, "text", finding->text);
    add_string(out, "code", finding->code);
    add_string(out, "file", finding->file);
    add_number(out, "line", finding->line);
    add_number(out, "column", finding->column);
    add_number(out, "end_line", finding->end_line);
    add_number(out, "end_column", finding->end_column);
    add_string(out, "message", finding->message);
    add_string(out, "mend", finding->mend);
    buf_add_string(out, ", \"directories\": [");
    for (size_t i = 0; i < finding->directory_count; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        text_add_json(out, slice_of(finding->directories[i]));
    }
    buf_add_string(out, "]}\n");
}

/* ---- GitHub ---- */

/* A runner reads percent signs, ends of lines and, in a property, its separators as escapes. */
static void add_escaped(struct buf *out, struct slice text, bool is_property)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','))) {
            buf_addf(out, "%%%02X", c);
        } else {
            buf_add_char(out, (char)c);
        }
    }
}

static void add_github(const struct rowbuild_finding *finding,
                       const struct rowbuild_format_options *options, struct buf *out)
{
    static const char *const commands[] = {
        [ROWBUILD_NOTE] = "notice",
        [ROWBUILD_WARNING] = "warning",
        [ROWBUILD_ERROR] = "error",
    };
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    struct buf message = BUF_EMPTY;
    buf_addf(out, "::%s ", commands[finding->severity]);
    if (finding->line > 0 && findings_add_path(finding, options, &path)) {
        text_add_visible(&shown, buf_slice(&path));
        buf_add_string(out, "file=");
        add_escaped(out, buf_slice(&shown), true);
        size_t end = finding->column > 0 ? finding->end_line : finding->line;
        buf_addf(out, ",line=%zu,endLine=%zu", finding->line, end);
        if (finding->column > 0 && finding->line == finding->end_line) { /* else not allowed */
            buf_addf(out, ",col=%zu,endColumn=%zu", finding->column, finding->end_column);
        }
        buf_add_char(out, ',');
    }
    buf_add_string(out, "title=");
    add_escaped(out, slice_of(options->tool), true);
    buf_add_string(out, "%3A ");
    add_escaped(out, slice_of(finding->code), true);
    buf_add_string(out, "::");
    findings_add_message(finding, &message);
    add_escaped(out, buf_slice(&message), false);
    buf_add_char(out, '\n');
    buf_release(&path);
    buf_release(&shown);
    buf_release(&message);
}

/* ---- Markdown ---- */

void findings_add_cell(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("\\`*_{}[]<>()#+!|~&", text.at[i]) != NULL) {
            buf_add_char(out, '\\');
        }
        if (text.at[i] == '\n') {
            buf_add_char(out, ' ');
        } else {
            buf_add_char(out, text.at[i]);
        }
    }
}

static void add_plural(struct buf *out, size_t number, const char *what, bool *first)
{
    if (number > 0) {
        buf_addf(out, "%s%zu %s%s", *first ? "" : ", ", number, what, number == 1 ? "" : "s");
        *first = false;
    }
}

static void write_markdown(const struct rowbuild_finding *findings, size_t count,
                           const struct rowbuild_format_options *options, struct buf *out)
{
    bool first = true;
    buf_addf(out, "### %s: ", options->tool);
    for (int severity = ROWBUILD_ERROR; severity >= ROWBUILD_NOTE; severity--) {
        enum rowbuild_severity one = (enum rowbuild_severity)severity;
        add_plural(out, findings_count(findings, count, one), findings_severity(one), &first);
    }
    buf_add_string(out, first ? "nothing found\n\n" : "\n\n");
    if (count > 0) {
        buf_add_string(out, "| | Place | Finding |\n| --- | --- | --- |\n");
    }
    for (size_t i = 0; i < count; i++) {
        struct buf place = BUF_EMPTY;
        struct buf message = BUF_EMPTY;
        if (findings[i].line > 0) {
            struct buf path = BUF_EMPTY;
            findings_add_path(&findings[i], options, &path);
            text_add_visible(&place, buf_slice(&path));
            buf_addf(&place, ":%zu", findings[i].line);
            buf_release(&path);
        }
        findings_add_message(&findings[i], &message);
        buf_addf(out, "| %s | ", findings_severity(findings[i].severity));
        findings_add_cell(out, buf_slice(&place));
        buf_add_string(out, " | ");
        findings_add_cell(out, buf_slice(&message));
        buf_addf(out, " (%s) |\n", findings[i].code);
        buf_release(&place);
        buf_release(&message);
    }
    buf_add_string(out, count > 0 ? "\n" : "");
}

void findings_write(const struct rowbuild_finding *findings, size_t count,
                    enum rowbuild_format format, const struct rowbuild_format_options *options,
                    struct buf *out)
{
    switch (format) {
    case ROWBUILD_FORMAT_TEXT:
        for (size_t i = 0; i < count; i++) {
            buf_add_string(out, findings[i].text);
        }
        break;
    case ROWBUILD_FORMAT_JSON:
        for (size_t i = 0; i < count; i++) {
            add_json(&findings[i], out);
        }
        break;
    case ROWBUILD_FORMAT_GITHUB:
        for (size_t i = 0; i < count; i++) {
            add_github(&findings[i], options, out);
        }
        break;
    case ROWBUILD_FORMAT_GITLAB:
        findings_write_gitlab(findings, count, options, out);
        break;
    case ROWBUILD_FORMAT_SARIF:
        findings_write_sarif(findings, count, options, out);
        break;
    case ROWBUILD_FORMAT_JUNIT:
        junit_write(NULL, 0, findings, count, options, out);
        break;
    case ROWBUILD_FORMAT_MARKDOWN:
        write_markdown(findings, count, options, out);
        break;
    }
}
