#include "submission_text.h"

#include "digest.h"
#include "hex.h"
#include "site_names.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define CHECKSUM_BEGIN ",\n \"checksum\": \""
#define CHECKSUM_END "\"}\n"

enum { VERSION = 3, OLDEST_VERSION = 1, VERSION_WITH_NODES = 1, CHECKSUM_DIGITS = 32 };

static const char *const STATES[] = {
    [ELEMENT_QUEUED] = "queued",
    [ELEMENT_ENDED] = "ended",
    [ELEMENT_RELEASED] = "released",
};

/* ---- The checksum ---- */

/* Appends what follows the text that is checked. */
static void add_checksum(struct slice checked, struct buf *out)
{
    struct digest digest = digest_of(checked);
    buf_add_string(out, CHECKSUM_BEGIN);
    digest_format(digest, out);
    buf_add_string(out, CHECKSUM_END);
}

bool submission_is_checked(struct slice text)
{
    size_t len = strlen(CHECKSUM_BEGIN) + CHECKSUM_DIGITS + strlen(CHECKSUM_END);
    if (text.len <= len) {
        return false;
    }
    struct buf end = BUF_EMPTY;
    struct slice checked = slice_make(text.at, text.len - len);
    add_checksum(checked, &end);
    bool is = slice_equal(buf_slice(&end), slice_make(text.at + checked.len, len));
    buf_release(&end);
    return is;
}

/* ---- Reading ---- */

/* One document, and what is wrong with it. */
struct reading {
    const struct json *document;
    uint64_t version;
    struct arena *arena;
    const char *wrong; /* NULL: nothing so far */
};

static const struct json *member(struct reading *reading, const struct json *object,
                                 const char *pointer, enum json_type type)
{
    const struct json *found = NULL;
    if (!json_at(object, slice_of(pointer), &found) || json_type_of(found) != type) {
        reading->wrong = "it isn't a record of a submission";
        return NULL;
    }
    return found;
}

static struct slice read_string(struct reading *reading, const struct json *object,
                                const char *pointer)
{
    const struct json *found = member(reading, object, pointer, JSON_STRING);
    return found != NULL ? arena_slice(reading->arena, json_string(found)) : (struct slice){0};
}

/* at == NULL where the key is missing. */
static struct slice read_optional(struct reading *reading, const struct json *object,
                                  const char *pointer)
{
    const struct json *found;
    return json_at(object, slice_of(pointer), &found) ? read_string(reading, object, pointer)
                                                      : (struct slice){0};
}

static uint64_t read_count(struct reading *reading, const struct json *object, const char *pointer)
{
    const struct json *found = member(reading, object, pointer, JSON_NUMBER);
    double number = found != NULL ? json_number(found) : 0;
    if (number < 0 || number > 9007199254740992.0) {
        reading->wrong = "a number in it is out of range";
        return 0;
    }
    return (uint64_t)number;
}

/* 0 where the key is missing. */
static double read_factor(struct reading *reading, const struct json *object, const char *pointer)
{
    const struct json *found;
    if (!json_at(object, slice_of(pointer), &found)) {
        return 0;
    }
    found = member(reading, object, pointer, JSON_NUMBER);
    return found != NULL ? json_number(found) : 0;
}

static uint64_t read_user(struct reading *reading, const struct json *document)
{
    const struct json *found;
    return json_at(document, SLICE_LITERAL("/user"), &found)
               ? read_count(reading, document, "/user")
               : geteuid();
}

/* A name, or {"hex": "…"} where it isn't UTF-8. */
static struct slice read_name(struct reading *reading, const struct json *item)
{
    if (json_type_of(item) == JSON_STRING) {
        return arena_slice(reading->arena, json_string(item));
    }
    struct slice hex = read_string(reading, item, "/hex");
    struct buf bytes = BUF_EMPTY;
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        int high = hex_value(hex.at[i]);
        int low = hex_value(hex.at[i + 1]);
        if (high < 0 || low < 0) {
            reading->wrong = "a name in it can't be read";
            break;
        }
        buf_add_char(&bytes, (char)(high * 16 + low));
    }
    struct slice name = arena_slice(reading->arena, buf_slice(&bytes));
    buf_release(&bytes);
    return name;
}

static enum element_state read_state(struct reading *reading, const struct json *element)
{
    struct slice word = read_string(reading, element, "/state");
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++) {
        if (word.at != NULL && slice_is(word, STATES[i])) {
            return (enum element_state)i;
        }
    }
    reading->wrong = "the state of a job in it is unknown";
    return ELEMENT_QUEUED;
}

static struct slice *read_names(struct reading *reading, const struct json *list, size_t *count)
{
    *count = list != NULL ? json_array_count(list) : 0;
    struct slice *names = arena_array(reading->arena, *count, sizeof *names);
    for (size_t i = 0; i < *count; i++) {
        names[i] = read_name(reading, json_array_item(list, i));
    }
    return names;
}

static void read_element(struct reading *reading, const struct json *from,
                         struct submission_element *element)
{
    const char *pointer = reading->version == VERSION_WITH_NODES ? "/nodes" : "/tasks";
    const struct json *tasks = member(reading, from, pointer, JSON_ARRAY);
    const struct json *ending;
    const struct json *products = NULL;
    element->tasks = read_names(reading, tasks, &element->task_count);
    if (json_at(from, SLICE_LITERAL("/products"), &products)) {
        products = member(reading, from, "/products", JSON_ARRAY);
    }
    element->products = read_names(reading, products, &element->product_count);
    element->state = read_state(reading, from);
    if (json_at(from, SLICE_LITERAL("/ending"), &ending) && json_type_of(ending) == JSON_STRING) {
        element->ending = arena_slice(reading->arena, json_string(ending));
    }
}

static struct slice read_optional_name(struct reading *reading, const struct json *document,
                                       const char *pointer)
{
    const struct json *found;
    return json_at(document, slice_of(pointer), &found) ? read_name(reading, found)
                                                        : (struct slice){0};
}

static void read_submission(struct reading *reading, struct submission *submission)
{
    const struct json *document = reading->document;
    reading->version = read_count(reading, document, "/version");
    if (reading->wrong == NULL &&
        (reading->version < OLDEST_VERSION || reading->version > VERSION)) {
        struct buf wrong = BUF_EMPTY;
        buf_addf(&wrong,
                 "it was written by another version of rowbuild: its format has number %" PRIu64
                 ", and this version reads %d to %d",
                 reading->version, OLDEST_VERSION, VERSION);
        reading->wrong = arena_string(reading->arena, buf_slice(&wrong));
        buf_release(&wrong);
    }
    if (reading->wrong != NULL) {
        return;
    }
    *submission = (struct submission){
        .token = read_string(reading, document, "/token"),
        .cluster = read_string(reading, document, "/cluster"),
        .job_id = read_count(reading, document, "/job_id"),
        .user = read_user(reading, document),
        .submitted_at_s = (int64_t)read_count(reading, document, "/submitted_at"),
        .minutes = read_count(reading, document, "/minutes"),
        .action = read_string(reading, document, "/action"),
        .site = read_optional(reading, document, "/site"),
        .basis = read_optional(reading, document, "/basis"),
        .grown = {.memory = read_factor(reading, document, "/grown/memory"),
                  .walltime = read_factor(reading, document, "/grown/walltime")},
        .grown_memory_mb = (uint64_t)read_factor(reading, document, "/grown/memory_mb"),
        .workspace = read_optional(reading, document, "/workspace"),
        .program = read_optional(reading, document, "/program"),
        .description = read_optional(reading, document, "/description"),
        .output = read_optional_name(reading, document, "/output"),
        .errors = read_optional_name(reading, document, "/errors"),
    };
    const struct json *accepted;
    submission->is_accepted = json_at(document, SLICE_LITERAL("/accepted"), &accepted);
    if (submission->job_id != 0 &&
        !site_is_one(submission->site)) { /* which of them has that job? */
        submission->job_id = 0;
        submission->is_accepted = true;
    }
    const struct json *is_array = member(reading, document, "/array", JSON_BOOLEAN);
    submission->is_array = is_array != NULL && json_boolean(is_array);
    const struct json *elements = member(reading, document, "/elements", JSON_ARRAY);
    submission->element_count = elements != NULL ? json_array_count(elements) : 0;
    submission->elements =
        arena_array(reading->arena, submission->element_count, sizeof *submission->elements);
    for (size_t i = 0; i < submission->element_count; i++) {
        read_element(reading, json_array_item(elements, i), &submission->elements[i]);
    }
}

/* Without a checksum, only the other keys count: a damaged name of that key must not make a damaged
 * file one that was written before there was a checksum. */
static void refuse_other_keys(struct reading *reading)
{
    static const char *const keys[] = {"/version", "/token",  "/cluster",
                                       "/job_id",  "/array",  "/submitted_at",
                                       "/minutes", "/action", "/elements"};
    static const char *const optional[] = {"/user",    "/site",        "/accepted", "/workspace",
                                           "/program", "/description", "/output",   "/errors",
                                           "/basis",   "/grown"};
    const struct json *found;
    size_t known = 0;
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        known += json_at(reading->document, slice_of(optional[i]), &found);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        known += json_at(reading->document, slice_of(keys[i]), &found);
    }
    if (json_object_count(reading->document) != known) {
        reading->wrong = "it is damaged";
    }
}

int submission_parse(struct slice text, struct slice token, struct json_parser *parser,
                     struct arena *arena, struct submission *submission, struct diag *diag)
{
    struct json *document = json_parse(parser, text, SLICE_LITERAL("JSON"), diag);
    struct reading reading = {.document = document, .arena = arena};
    if (document == NULL) {
        return -1;
    }
    read_submission(&reading, submission);
    if (reading.wrong == NULL && !submission_is_checked(text)) {
        refuse_other_keys(&reading);
    }
    if (reading.wrong == NULL && !slice_equal(submission->token, token)) {
        reading.wrong = "it belongs to another submission";
    }
    json_free(document);
    return reading.wrong == NULL
               ? 0
               : diag_state_error(diag, FINDING_STATE_UNUSABLE, "%s", reading.wrong);
}

/* ---- Writing ---- */

static void add_task_name(struct buf *out, struct slice name)
{
    if (text_is_utf8(name)) {
        text_add_json(out, name);
        return;
    }
    buf_add_string(out, "{\"hex\": \"");
    hex_add(out, name.at, name.len);
    buf_add_string(out, "\"}");
}

static void add_optional(struct buf *out, const char *key, struct slice text)
{
    if (text.at != NULL) {
        buf_addf(out, ", \"%s\": ", key);
        text_add_json(out, text);
    }
}

static void add_growth(struct buf *out, const struct submission *submission)
{
    struct growth grown = submission->grown;
    if (!growth_is_any(grown)) {
        return;
    }
    buf_add_string(out, ", \"grown\": {");
    if (grown.memory > 1) {
        buf_addf(out, "\"memory\": %.17g, \"memory_mb\": %" PRIu64, grown.memory,
                 submission->grown_memory_mb);
    }
    if (grown.walltime > 1) {
        buf_addf(out, "%s\"walltime\": %.17g", grown.memory > 1 ? ", " : "", grown.walltime);
    }
    buf_add_char(out, '}');
}

static void add_names(struct buf *out, const char *key, const struct slice *names, size_t count)
{
    buf_addf(out, "\"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        add_task_name(out, names[i]);
    }
    buf_add_char(out, ']');
}

static void add_element(struct buf *out, const struct submission_element *element)
{
    buf_add_string(out, "\n  {");
    add_names(out, "tasks", element->tasks, element->task_count);
    if (element->product_count > 0) {
        buf_add_string(out, ", ");
        add_names(out, "products", element->products, element->product_count);
    }
    buf_addf(out, ", \"state\": \"%s\"", STATES[element->state]);
    if (element->ending.at != NULL) {
        buf_add_string(out, ", \"ending\": ");
        text_add_json(out, element->ending);
    }
    buf_add_char(out, '}');
}

static void add_optional_name(struct buf *out, const char *key, struct slice name)
{
    if (name.at != NULL) {
        buf_addf(out, ", \"%s\": ", key);
        add_task_name(out, name);
    }
}

void submission_add_text(const struct submission *submission, struct buf *out)
{
    buf_addf(out, "{\"version\": %d, \"token\": ", VERSION);
    text_add_json(out, submission->token);
    buf_add_string(out, ", \"cluster\": ");
    text_add_json(out, submission->cluster);
    buf_addf(out,
             ", \"job_id\": %" PRIu64 ", \"array\": %s, \"user\": %" PRIu64
             ", \"submitted_at\": %" PRId64 ", \"minutes\": %" PRIu64 ", \"action\": ",
             submission->job_id, submission->is_array ? "true" : "false", submission->user,
             submission->submitted_at_s, submission->minutes);
    text_add_json(out, submission->action);
    add_optional(out, "site", submission->site);
    buf_add_string(out, submission->is_accepted ? ", \"accepted\": true" : "");
    add_optional(out, "basis", submission->basis);
    add_growth(out, submission);
    add_optional(out, "workspace", submission->workspace);
    add_optional(out, "program", submission->program);
    add_optional(out, "description", submission->description);
    add_optional_name(out, "output", submission->output);
    add_optional_name(out, "errors", submission->errors);
    buf_add_string(out, ",\n \"elements\": [");
    for (size_t i = 0; i < submission->element_count; i++) {
        buf_add_string(out, i > 0 ? "," : "");
        add_element(out, &submission->elements[i]);
    }
    buf_add_char(out, ']');
    add_checksum(buf_slice(out), out);
}
