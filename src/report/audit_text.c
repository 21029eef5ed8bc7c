/* What an audit found, for people and as JSON. */
#include "report.h"

#include "report_json.h"

static const char *const severities[] = {"note", "warning", "error"};
static const char *const colours[] = {"\033[36m", "\033[33m", "\033[31m"};

static void add_verdict(const struct audit_findings *findings, size_t watched, struct buf *out)
{
    buf_addf(out, "%s: %zu command%s watched", findings->rowfile->source.name, watched,
             watched == 1 ? "" : "s");
    for (size_t i = sizeof severities / sizeof severities[0]; i > 0; i--) {
        size_t count = audit_findings_count(findings, (enum diag_severity)(i - 1));
        if (count > 0) {
            buf_addf(out, ", %zu %s%s", count, severities[i - 1], count == 1 ? "" : "s");
        }
    }
    buf_add_string(out, findings->all.count == 0 && watched > 0 ? ", nothing is missing\n" : "\n");
}

void report_audit_finding(const struct audit_finding *finding, bool colour, struct buf *out)
{
    buf_addf(out, "%s:%zu: %s%s:%s %s\n", finding->file, finding->line,
             colour ? colours[finding->severity] : "", severities[finding->severity],
             colour ? "\033[0m" : "", finding->message);
    if (finding->mend[0] != '\0') {
        buf_addf(out, "    %s\n", finding->mend);
    }
}

void report_audit(const struct audit_findings *findings, size_t watched, bool colour,
                  struct buf *out)
{
    vec_each (struct audit_finding, finding, &findings->all) {
        report_audit_finding(finding, colour, out);
    }
    add_verdict(findings, watched, out);
}

static void add_names(struct buf *out, const char *key, const struct slice *names, size_t count)
{
    report_json_key(out, key);
    report_json_begin(out, '[');
    for (size_t i = 0; i < count; i++) {
        report_json_item(out, names[i]);
    }
    report_json_end(out, ']');
}

static void add_item(struct buf *out, const struct audit_item *item)
{
    report_json_begin(out, '{');
    report_json_string(out, "path", item->name);
    report_json_optional(out, "program", item->program);
    report_json_optional(out, "maker", item->maker);
    add_names(out, "directories", item->directories.at, item->directories.count);
    report_json_end(out, '}');
}

void report_audit_json(const struct audit_findings *findings, size_t watched, struct buf *out)
{
    report_json_begin(out, '{');
    report_json_count(out, "watched", watched);
    report_json_key(out, "findings");
    report_json_begin(out, '[');
    vec_each (struct audit_finding, finding, &findings->all) {
        report_json_begin_record(out);
        report_json_string(out, "code", slice_of(finding->code));
        report_json_string(out, "severity", slice_of(severities[finding->severity]));
        report_json_string(out, "action", findings->rowfile->actions[finding->action].name);
        report_json_string(out, "file", slice_of(finding->file));
        report_json_count(out, "line", finding->line);
        report_json_string(out, "message", slice_of(finding->message));
        report_json_optional(out, "mend", slice_of(finding->mend));
        report_json_key(out, "paths");
        report_json_begin(out, '[');
        vec_each (struct audit_item, item, &finding->items) {
            add_item(out, item);
        }
        report_json_end(out, ']');
        add_names(out, "directories", finding->directories.at, finding->directories.count);
        report_json_end(out, '}');
    }
    report_json_end_records(out);
    report_json_end(out, '}');
    buf_add_char(out, '\n');
}
