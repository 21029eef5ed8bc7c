/* Writes findings as whole documents: SARIF 2.1.0, a Code Quality report of GitLab. */
#include "findings.h"

#include "digest.h"
#include "finding.h"
#include "memory.h"
#include "report_json.h"
#include "text.h"
#include "vec.h"

#include <ctype.h>
#include <stdlib.h>

static void add_visible(struct buf *out, const char *key, struct slice text)
{
    struct buf visible = BUF_EMPTY;
    text_add_visible(&visible, text);
    report_json_string(out, key, buf_slice(&visible));
    buf_release(&visible);
}

static void add_message(struct buf *out, const char *key, const struct rowbuild_finding *finding)
{
    struct buf message = BUF_EMPTY;
    findings_add_message(finding, &message);
    report_json_string(out, key, buf_slice(&message));
    buf_release(&message);
}

/* ---- SARIF ---- */

/* A path as part of a URI. */
static void add_uri(struct buf *out, struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        if (isalnum(c) || strchr("-._~/", c) != NULL) {
            buf_add_char(out, (char)c);
        } else {
            buf_addf(out, "%%%02X", c);
        }
    }
}

static void add_text_object(struct buf *out, const char *key, const char *text)
{
    report_json_key(out, key);
    report_json_begin(out, '{');
    report_json_string(out, "text", slice_of(text));
    report_json_end(out, '}');
}

static void add_rule(struct buf *out, const char *code)
{
    const struct finding_text *text = finding_text_of(code);
    report_json_begin_record(out);
    report_json_string(out, "id", slice_of(code));
    if (text != NULL) {
        add_text_object(out, "shortDescription", text->title);
        add_text_object(out, "fullDescription", text->explanation);
        add_text_object(out, "help", text->explanation);
    }
    report_json_end(out, '}');
}

/* The codes that findings have, each once, in the order of the findings. There are about a hundred. */
struct codes {
    VEC(const char *) all;
};

static size_t code_number(const struct codes *codes, const char *code)
{
    size_t number = 0;
    while (number < codes->all.count && strcmp(codes->all.at[number], code) != 0) {
        number++;
    }
    return number;
}

static void collect_codes(struct codes *codes, const struct rowbuild_finding *findings,
                          size_t count)
{
    *codes = (struct codes){{0}};
    for (size_t i = 0; i < count; i++) {
        if (code_number(codes, findings[i].code) == codes->all.count) {
            vec_push(&codes->all, findings[i].code);
        }
    }
}

static void add_location(struct buf *out, const struct rowbuild_finding *finding,
                         const struct rowbuild_format_options *options)
{
    struct buf path = BUF_EMPTY;
    struct buf uri = BUF_EMPTY;
    if (findings_add_path(finding, options, &path)) {
        bool is_absolute = path.at[0] == '/';
        buf_add_string(&uri, is_absolute ? "file://" : "");
        add_uri(&uri, buf_slice(&path));
        report_json_key(out, "locations");
        buf_add_string(out, "[{\"physicalLocation\":{\"artifactLocation\":{");
        report_json_string(out, "uri", buf_slice(&uri));
        if (!is_absolute) {
            report_json_string(out, "uriBaseId", SLICE_LITERAL("%SRCROOT%"));
        }
        report_json_end(out, '}');
        report_json_key(out, "region");
        report_json_begin(out, '{');
        report_json_count(out, "startLine", finding->line > 0 ? finding->line : 1);
        if (finding->column > 0) {
            report_json_count(out, "startColumn", finding->column);
            report_json_count(out, "endLine", finding->end_line);
            report_json_count(out, "endColumn", finding->end_column);
        }
        buf_add_string(out, "}}}]");
    }
    buf_release(&path);
    buf_release(&uri);
}

static void add_result(struct buf *out, const struct rowbuild_finding *finding, size_t rule,
                       const struct rowbuild_format_options *options)
{
    report_json_begin_record(out);
    report_json_string(out, "ruleId", slice_of(finding->code));
    report_json_count(out, "ruleIndex", rule);
    report_json_string(out, "level", slice_of(findings_severity(finding->severity)));
    report_json_key(out, "message");
    report_json_begin(out, '{');
    add_message(out, "text", finding);
    report_json_end(out, '}');
    add_location(out, finding, options);
    if (finding->directory_count > 0) {
        report_json_key(out, "properties");
        buf_add_string(out, "{\"directories\":[");
        for (size_t i = 0; i < finding->directory_count; i++) {
            struct buf name = BUF_EMPTY;
            text_add_visible(&name, slice_of(finding->directories[i]));
            report_json_item(out, buf_slice(&name));
            buf_release(&name);
        }
        buf_add_string(out, "]}");
    }
    report_json_end(out, '}');
}

void findings_write_sarif(const struct rowbuild_finding *findings, size_t count,
                          const struct rowbuild_format_options *options, struct buf *out)
{
    struct codes codes;
    collect_codes(&codes, findings, count);
    buf_add_string(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
                        "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{");
    report_json_string(out, "name", slice_of(options->tool));
    report_json_string(out, "version", slice_of(ROWBUILD_VERSION));
    report_json_key(out, "rules");
    report_json_begin(out, '[');
    vec_each (const char *, code, &codes.all) {
        add_rule(out, *code);
    }
    report_json_end_records(out);
    buf_add_string(out, "}},\"columnKind\":\"unicodeCodePoints\"");
    report_json_key(out, "results");
    report_json_begin(out, '[');
    for (size_t i = 0; i < count; i++) {
        add_result(out, &findings[i], code_number(&codes, findings[i].code), options);
    }
    report_json_end_records(out);
    buf_add_string(out, "}]}\n");
    vec_release(&codes.all);
}

/* ---- GitLab ---- */

/* GitLab compares reports by these. It doesn't contain the line, so that lines can move. */
static struct digest fingerprint(const struct rowbuild_finding *finding, struct slice path)
{
    struct digest_stream *stream = digest_stream_new();
    digest_stream_field(stream, slice_of(finding->code));
    digest_stream_field(stream, path);
    digest_stream_field(stream, slice_of(finding->message));
    struct digest digest = digest_stream_end(stream);
    digest_stream_free(stream);
    return digest;
}

/* How often each fingerprint was written, by its digest. */
struct prints {
    size_t size; /* a power of 2, more than there are findings */
    struct print {
        struct digest digest;
        size_t count; /* 0: the place is free */
    } * all;
};

static void prints_init(struct prints *prints, size_t findings)
{
    prints->size = 1;
    while (prints->size < 2 * findings + 1) {
        prints->size *= 2;
    }
    prints->all = mem_alloc(prints->size * sizeof *prints->all);
}

/* How many findings have had it, with this one. */
static size_t prints_count(struct prints *prints, struct digest digest)
{
    size_t at = digest.low & (prints->size - 1);
    while (prints->all[at].count > 0 && !digest_equal(prints->all[at].digest, digest)) {
        at = (at + 1) & (prints->size - 1);
    }
    prints->all[at].digest = digest;
    return ++prints->all[at].count;
}

static void add_fingerprint(struct buf *out, struct prints *prints, struct digest digest)
{
    struct buf text = BUF_EMPTY;
    size_t number = prints_count(prints, digest); /* among equal findings on other lines */
    digest_format(digest, &text);
    if (number > 1) {
        buf_addf(&text, "-%zu", number);
    }
    report_json_string(out, "fingerprint", buf_slice(&text));
    buf_release(&text);
}

void findings_write_gitlab(const struct rowbuild_finding *findings, size_t count,
                           const struct rowbuild_format_options *options, struct buf *out)
{
    static const char *const severities[] = {
        [ROWBUILD_NOTE] = "info",
        [ROWBUILD_WARNING] = "minor",
        [ROWBUILD_ERROR] = "major",
    };
    struct prints prints;
    prints_init(&prints, count);
    report_json_begin(out, '[');
    for (size_t i = 0; i < count; i++) {
        struct buf path = BUF_EMPTY;
        if (!findings_add_path(&findings[i], options, &path)) {
            buf_add_string(&path, "Rowfile"); /* a place is required */
        }
        report_json_begin_record(out);
        add_message(out, "description", &findings[i]);
        report_json_string(out, "check_name", slice_of(findings[i].code));
        add_fingerprint(out, &prints, fingerprint(&findings[i], buf_slice(&path)));
        report_json_string(out, "severity", slice_of(severities[findings[i].severity]));
        report_json_key(out, "location");
        report_json_begin(out, '{');
        add_visible(out, "path", buf_slice(&path));
        buf_addf(out, ",\"lines\":{\"begin\":%zu", findings[i].line > 0 ? findings[i].line : 1);
        if (findings[i].end_line > findings[i].line) {
            buf_addf(out, ",\"end\":%zu", findings[i].end_line);
        }
        buf_add_string(out, "}}}");
        buf_release(&path);
    }
    report_json_end_records(out);
    buf_add_char(out, '\n');
    free(prints.all);
}
