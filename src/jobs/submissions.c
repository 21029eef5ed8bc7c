#include "submissions.h"

#include "digest.h"
#include "disk.h"
#include "file.h"
#include "inbox.h"
#include "inside.h"
#include "json.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FOLDER STATE_JOBS "/"
#define SUFFIX ".json"
#define CHECKSUM_BEGIN ",\n \"checksum\": \""
#define CHECKSUM_END "\"}\n"
#define MEND "`rowbuild clean --submitted --force` forgets all jobs"

enum { VERSION = 2, VERSION_WITH_NODES = 1, TOKEN_BYTES = 8, CHECKSUM_DIGITS = 32, READ_TRIES = 5 };

static const size_t LARGEST_FILE = (size_t)1 << 30;

static const char *const STATES[] = {
    [ELEMENT_QUEUED] = "queued",
    [ELEMENT_ENDED] = "ended",
    [ELEMENT_RELEASED] = "released",
};

/* ---- Names and messages ---- */

/* A token names files: nothing that could lead elsewhere. */
static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == (size_t)2 * TOKEN_BYTES;
}

static void add_name(struct slice token, struct buf *out)
{
    buf_add_string(out, FOLDER);
    buf_add_slice(out, token);
    buf_add_string(out, SUFFIX);
}

/* The file of a submission as it is shown; without a token: the folder. */
static void add_shown(const char *shown, struct slice token, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/", shown);
    if (token.len > 0) {
        add_name(token, &path);
    } else {
        buf_add(&path, FOLDER, strlen(FOLDER) - 1);
    }
    text_add_name(out, buf_slice(&path));
    buf_release(&path);
}

static int report(const char *shown, struct slice token, const char *what, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    add_shown(shown, token, &name);
    int result = diag_state_error(diag, FINDING_STATE_UNUSABLE, "%s can't be used: %s; " MEND,
                                  buf_string(&name), what);
    buf_release(&name);
    return result;
}

static int report_errno(const char *shown, const char *what, struct slice token, struct diag *diag)
{
    int error = errno;
    struct buf name = BUF_EMPTY;
    add_shown(shown, token, &name);
    int result = diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what,
                                  buf_string(&name), inside_error(error));
    buf_release(&name);
    return result;
}

/* ---- The checksum ---- */

/* Appends what follows the text that is checked. */
static void add_checksum(struct slice checked, struct buf *out)
{
    struct digest digest = digest_of(checked);
    buf_add_string(out, CHECKSUM_BEGIN);
    digest_format(digest, out);
    buf_add_string(out, CHECKSUM_END);
}

/* Whether the text ends in its checksum, exactly as it is written. */
static bool is_checked(struct slice text)
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

static uint64_t read_user(struct reading *reading, const struct json *document)
{
    const struct json *found;
    return json_at(document, SLICE_LITERAL("/user"), &found)
               ? read_count(reading, document, "/user")
               : geteuid();
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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
        int high = hex_digit(hex.at[i]);
        int low = hex_digit(hex.at[i + 1]);
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

static void read_element(struct reading *reading, const struct json *from,
                         struct submission_element *element)
{
    const char *pointer = reading->version == VERSION_WITH_NODES ? "/nodes" : "/tasks";
    const struct json *tasks = member(reading, from, pointer, JSON_ARRAY);
    const struct json *ending;
    element->task_count = tasks != NULL ? json_array_count(tasks) : 0;
    element->tasks = arena_array(reading->arena, element->task_count, sizeof *element->tasks);
    for (size_t i = 0; i < element->task_count; i++) {
        element->tasks[i] = read_name(reading, json_array_item(tasks, i));
    }
    element->state = read_state(reading, from);
    if (json_at(from, SLICE_LITERAL("/ending"), &ending) && json_type_of(ending) == JSON_STRING) {
        element->ending = arena_slice(reading->arena, json_string(ending));
    }
}

static void read_submission(struct reading *reading, struct submission *submission)
{
    const struct json *document = reading->document;
    reading->version = read_count(reading, document, "/version");
    if (reading->wrong == NULL && reading->version != VERSION &&
        reading->version != VERSION_WITH_NODES) {
        reading->wrong = "it was written by another version of rowbuild";
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
    };
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

/* Without a checksum, only keys that were written before there was one count: a damaged name of the
 * key must not make a damaged file one of those. */
static void refuse_other_keys(struct reading *reading)
{
    static const char *const keys[] = {"/version", "/token",  "/cluster",
                                       "/job_id",  "/array",  "/submitted_at",
                                       "/minutes", "/action", "/elements"};
    const struct json *found;
    size_t known = json_at(reading->document, SLICE_LITERAL("/user"), &found) ? 1 : 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        known += json_at(reading->document, slice_of(keys[i]), &found);
    }
    if (json_object_count(reading->document) != known) {
        reading->wrong = "it is damaged";
    }
}

/* Reads the text of the file; 0, 1: there is none; -1 with errno. On network file systems a file
 * that is replaced meanwhile may be gone by then. */
static int read_text(int folder, struct slice token, struct buf *text)
{
    struct buf name = BUF_EMPTY;
    int result = -1;
    add_name(token, &name);
    for (int attempt = 0; attempt < READ_TRIES && result != 0; attempt++) {
        buf_clear(text);
        result = inside_read(folder, buf_string(&name), LARGEST_FILE, text);
        if (result != 0 && errno != ESTALE) {
            break;
        }
    }
    int error = errno;
    buf_release(&name);
    errno = error;
    return result != 0 && error == ENOENT ? 1 : result;
}

static int read_one(int folder, const char *shown, struct slice token, struct json_parser *parser,
                    struct arena *arena, struct submission *submission, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    struct diag found;
    int result = read_text(folder, token, &text);
    if (result != 0) {
        buf_release(&text);
        return result < 0 ? report_errno(shown, "read", token, diag) : result;
    }
    diag_init(&found);
    struct json *document = json_parse(parser, buf_slice(&text), SLICE_LITERAL("JSON"), &found);
    if (document == NULL) {
        result =
            report(shown, token,
                   found.entries.count > 0 ? found.entries.at[0].message : "it isn't JSON", diag);
    } else {
        struct reading reading = {.document = document, .arena = arena};
        read_submission(&reading, submission);
        if (reading.wrong == NULL && !is_checked(buf_slice(&text))) {
            refuse_other_keys(&reading);
        }
        if (reading.wrong == NULL && !slice_equal(submission->token, token)) {
            reading.wrong = "it belongs to another submission";
        }
        result = reading.wrong == NULL ? 0 : report(shown, token, reading.wrong, diag);
    }
    json_free(document);
    diag_release(&found);
    buf_release(&text);
    return result;
}

typedef VEC(struct slice) token_list;

struct listing {
    struct arena *arena;
    token_list tokens;
};

static int take_token(void *context, const char *name, size_t len, bool is_directory)
{
    struct listing *listing = context;
    size_t suffix = strlen(SUFFIX);
    if (!is_directory && len > suffix && name[0] != '.' &&
        memcmp(name + len - suffix, SUFFIX, suffix) == 0) {
        vec_push(&listing->tokens, arena_slice(listing->arena, slice_make(name, len - suffix)));
    }
    return 0;
}

static int order(const void *a, const void *b)
{
    const struct submission *left = a;
    const struct submission *right = b;
    if (left->submitted_at_s != right->submitted_at_s) {
        return left->submitted_at_s < right->submitted_at_s ? -1 : 1;
    }
    return slice_compare(left->token, right->token);
}

int submissions_load_at(struct submissions *submissions, int folder, const char *shown,
                        struct diag *diag)
{
    *submissions = (struct submissions){0};
    arena_init(&submissions->arena);
    struct listing listing = {.arena = &submissions->arena};
    if (inside_list(folder, FOLDER, take_token, &listing) != 0) {
        return errno == ENOENT ? 0 : report_errno(shown, "list", (struct slice){0}, diag);
    }
    int result = 0;
    struct json_parser *parser = listing.tokens.count > 0 ? json_parser_new() : NULL;
    submissions->items =
        arena_array(&submissions->arena, listing.tokens.count, sizeof *submissions->items);
    vec_each (struct slice, token, &listing.tokens) {
        int found = read_one(folder, shown, *token, parser, &submissions->arena,
                             &submissions->items[submissions->count], diag);
        submissions->count += found == 0; /* 1: it was removed meanwhile */
        result = found < 0 ? -1 : result;
    }
    if (parser != NULL) {
        json_parser_free(parser);
        qsort(submissions->items, submissions->count, sizeof *submissions->items, order);
    }
    vec_release(&listing.tokens);
    return result;
}

void submissions_count_at(int folder, size_t *registered, size_t *checked)
{
    struct arena arena;
    struct buf text = BUF_EMPTY;
    arena_init(&arena);
    struct listing listing = {.arena = &arena};
    *registered = 0;
    *checked = 0;
    (void)file_list(folder, FOLDER, take_token, &listing);
    vec_each (struct slice, token, &listing.tokens) {
        ++*registered;
        *checked += read_text(folder, *token, &text) == 0 && is_checked(buf_slice(&text));
    }
    vec_release(&listing.tokens);
    buf_release(&text);
    arena_release(&arena);
}

/* The state folder; *missing: there is none. */
static int open_folder(const char *state_path, bool *missing)
{
    int folder = inside_root(AT_FDCWD, state_path, false);
    *missing = folder < 0 && errno == ENOENT;
    return folder;
}

int submissions_load(struct submissions *submissions, const char *state_path, struct diag *diag)
{
    bool missing;
    *submissions = (struct submissions){0};
    arena_init(&submissions->arena);
    int folder = open_folder(state_path, &missing);
    if (folder < 0) {
        return missing ? 0 : report_errno(state_path, "list", (struct slice){0}, diag);
    }
    int result = submissions_load_at(submissions, folder, state_path, diag);
    disk->close(folder);
    return result;
}

void submissions_release(struct submissions *submissions)
{
    arena_release(&submissions->arena);
    *submissions = (struct submissions){0};
}

struct submission *submissions_find(const struct submissions *submissions, struct slice token)
{
    for (size_t i = 0; i < submissions->count; i++) {
        if (slice_equal(submissions->items[i].token, token)) {
            return &submissions->items[i];
        }
    }
    return NULL;
}

struct submission *submission_read(const char *state_path, struct slice token, struct arena *arena,
                                   bool *missing, struct diag *diag)
{
    int folder = open_folder(state_path, missing);
    if (folder < 0 || !is_token(token)) {
        *missing = *missing || folder >= 0;
        if (folder >= 0) {
            disk->close(folder);
        } else if (!*missing) {
            report_errno(state_path, "read", token, diag);
        }
        return NULL;
    }
    struct submission *submission = arena_alloc(arena, sizeof *submission);
    struct json_parser *parser = json_parser_new();
    int result = read_one(folder, state_path, token, parser, arena, submission, diag);
    json_parser_free(parser);
    disk->close(folder);
    *missing = result > 0;
    return result == 0 ? submission : NULL;
}

/* ---- Writing ---- */

static void add_task_name(struct buf *out, struct slice name)
{
    if (text_is_utf8(name)) {
        text_add_json(out, name);
        return;
    }
    buf_add_string(out, "{\"hex\": \"");
    for (size_t i = 0; i < name.len; i++) {
        buf_addf(out, "%02x", (unsigned char)name.at[i]);
    }
    buf_add_string(out, "\"}");
}

static void add_element(struct buf *out, const struct submission_element *element)
{
    buf_add_string(out, "\n  {\"tasks\": [");
    for (size_t i = 0; i < element->task_count; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        add_task_name(out, element->tasks[i]);
    }
    buf_addf(out, "], \"state\": \"%s\"", STATES[element->state]);
    if (element->ending.at != NULL) {
        buf_add_string(out, ", \"ending\": ");
        text_add_json(out, element->ending);
    }
    buf_add_char(out, '}');
}

static void add_submission(struct buf *out, const struct submission *submission)
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
    buf_add_string(out, ",\n \"elements\": [");
    for (size_t i = 0; i < submission->element_count; i++) {
        buf_add_string(out, i > 0 ? "," : "");
        add_element(out, &submission->elements[i]);
    }
    buf_add_char(out, ']');
    add_checksum(buf_slice(out), out);
}

int submission_write(const char *state_path, const struct submission *submission, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    int result = 0;
    add_name(submission->token, &name);
    add_submission(&text, submission);
    int root = inside_root(AT_FDCWD, state_path, true);
    int folder = root >= 0 ? inside_folder(root, FOLDER, true) : -1;
    if (folder < 0 || inside_replace(root, buf_string(&name), buf_slice(&text)) != 0) {
        result = report_errno(state_path, "write", submission->token, diag);
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&name);
    buf_release(&text);
    return result;
}

int submission_remove(const char *state_path, struct slice token, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    bool missing;
    int result = 0;
    add_name(token, &name);
    int root = open_folder(state_path, &missing);
    if (!missing && (root < 0 || inside_remove(root, buf_string(&name)) != 0) && errno != ENOENT) {
        result = report_errno(state_path, "remove", token, diag);
    }
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&name);
    return result;
}

int submissions_remove_all(const char *state_path, struct diag *diag)
{
    struct arena arena;
    bool missing;
    int result = 0;
    arena_init(&arena);
    struct listing listing = {.arena = &arena};
    int root = open_folder(state_path, &missing);
    if (!missing && (root < 0 || inside_list(root, FOLDER, take_token, &listing) != 0) &&
        errno != ENOENT) {
        result = report_errno(state_path, "list", (struct slice){0}, diag);
    }
    if (root >= 0) {
        disk->close(root);
    }
    inbox_forget(state_path, listing.tokens.at, listing.tokens.count);
    vec_each (struct slice, token, &listing.tokens) {
        result |= submission_remove(state_path, *token, diag);
    }
    vec_release(&listing.tokens);
    arena_release(&arena);
    return result;
}

struct slice submission_new_token(struct arena *arena)
{
    unsigned char bytes[TOKEN_BYTES];
    char text[2 * TOKEN_BYTES + 1];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t mixed =
            ((uint64_t)now.tv_sec << 32U) ^ (uint64_t)now.tv_nsec ^ ((uint64_t)getpid() << 40U);
        memcpy(bytes, &mixed, sizeof bytes);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    return arena_slice(arena, slice_of(text));
}

struct job_ref submission_job(const struct submission *submission, size_t element)
{
    return (struct job_ref){submission->cluster, submission->job_id,
                            submission->is_array ? (uint32_t)element : JOB_NO_INDEX};
}
