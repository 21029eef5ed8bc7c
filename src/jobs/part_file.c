/* The file of the parts of a submission. */
#include "part.h"

#include "digest.h"
#include "disk.h"
#include "hex.h"
#include "inside.h"
#include "json.h"
#include "pieces.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define HEAD "rowbuild tasks 2 "
#define HEAD_1 "rowbuild tasks 1 " /* a digest of all lines, and no index: read whole */

enum { DIGEST_DIGITS = 32 };

static const size_t LARGEST_FILE = (size_t)1 << 30;

static int report(const char *state_path, struct slice token, const char *what, const char *wrong,
                  struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    buf_addf(&path, "%s/" STATE_JOBS "/%.*s" PART_SUFFIX, state_path, SLICE_ARGS(token));
    text_add_name(&shown, buf_slice(&path));
    int result = diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what,
                                  buf_string(&shown), wrong);
    buf_release(&path);
    buf_release(&shown);
    return result;
}

int part_write(const char *state_path, struct slice token, struct slice lines, struct diag *diag)
{
    struct pieces pieces = {0};
    while (lines.len > 0) {
        const char *end = memchr(lines.at, '\n', lines.len);
        size_t len = end != NULL ? (size_t)(end - lines.at) + 1 : lines.len;
        buf_add(&pieces.bytes, lines.at, len);
        pieces_end_one(&pieces);
        lines = slice_make(lines.at + len, lines.len - len);
    }
    int result = pieces_write(state_path, token, PART_SUFFIX, HEAD, &pieces);
    if (result != 0) {
        result = report(state_path, token, "write", inside_error(errno), diag);
    }
    pieces_release(&pieces);
    return result;
}

/* ---- Reading ---- */

struct reading {
    const struct json *document;
    const struct rowfile *rowfile;
    struct arena *arena;
    struct part *part;
    bool is_wrong;
};

static const struct json *list_at(struct reading *reading, const char *pointer, size_t *count)
{
    const struct json *found = NULL;
    bool is =
        json_at(reading->document, slice_of(pointer), &found) && json_type_of(found) == JSON_ARRAY;
    *count = is ? json_array_count(found) : 0;
    return is ? found : NULL;
}

static struct slice read_name(struct reading *reading, const struct json *item)
{
    const struct json *digits;
    if (json_type_of(item) == JSON_STRING) {
        return arena_slice(reading->arena, json_string(item));
    }
    if (!json_at(item, SLICE_LITERAL("/hex"), &digits) || json_type_of(digits) != JSON_STRING) {
        reading->is_wrong = true;
        return (struct slice){0};
    }
    struct slice hex = json_string(digits);
    struct buf bytes = BUF_EMPTY;
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        int high = hex_value(hex.at[i]);
        int low = hex_value(hex.at[i + 1]);
        reading->is_wrong = reading->is_wrong || high < 0 || low < 0;
        buf_add_char(&bytes, (char)((high & 15) * 16 + (low & 15)));
    }
    struct slice name = arena_slice(reading->arena, buf_slice(&bytes));
    buf_release(&bytes);
    return name;
}

/* A number below a limit. */
static uint32_t read_number(struct reading *reading, const struct json *item, size_t limit)
{
    double number = json_type_of(item) == JSON_NUMBER ? json_number(item) : -1;
    if (!(number >= 0) || !(number < (double)limit)) {
        reading->is_wrong = true;
        return 0;
    }
    return (uint32_t)number;
}

static void read_directories(struct reading *reading)
{
    size_t count;
    const struct json *list = list_at(reading, "/directories", &count);
    struct slice *names = arena_array(reading->arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = read_name(reading, json_array_item(list, i));
        reading->is_wrong =
            reading->is_wrong || (i > 0 && slice_compare(names[i - 1], names[i]) >= 0);
    }
    reading->part->given.names = names;
    reading->part->given.name_count = count;
    reading->is_wrong = reading->is_wrong || list == NULL;
}

static void read_task(struct reading *reading, const struct json *item, struct given_task *task)
{
    size_t parts = json_type_of(item) == JSON_ARRAY ? json_array_count(item) : 0;
    size_t names = reading->part->given.name_count;
    if (parts != 2 && parts != 3) {
        reading->is_wrong = true;
        return;
    }
    task->action = read_number(reading, json_array_item(item, 0), reading->rowfile->action_count);
    bool is_directory =
        !reading->is_wrong && reading->rowfile->actions[task->action].scope == SCOPE_DIRECTORY;
    const struct json *members = parts == 3 ? json_array_item(item, 2) : NULL;
    if (is_directory != (parts == 2) || (parts == 3 && json_type_of(members) != JSON_ARRAY)) {
        reading->is_wrong = true;
        return;
    }
    task->member_count = is_directory ? 1 : json_array_count(members);
    uint32_t *numbers = arena_array(reading->arena, task->member_count, sizeof *numbers);
    for (size_t i = 0; i < task->member_count; i++) {
        numbers[i] = read_number(
            reading, is_directory ? json_array_item(item, 1) : json_array_item(members, i), names);
    }
    task->members = numbers;
    task->key = is_directory ? (struct slice){0} : read_name(reading, json_array_item(item, 1));
}

static void read_tasks(struct reading *reading)
{
    size_t count;
    const struct json *list = list_at(reading, "/tasks", &count);
    struct given_task *tasks = arena_array(reading->arena, count, sizeof *tasks);
    for (size_t i = 0; i < count; i++) {
        read_task(reading, json_array_item(list, i), &tasks[i]);
    }
    reading->part->given.tasks = tasks;
    reading->part->given.task_count = count;
    reading->is_wrong = reading->is_wrong || list == NULL;
}

static void read_sources(struct reading *reading)
{
    size_t count;
    const struct json *list = list_at(reading, "/sources", &count);
    struct part_source *sources = arena_array(reading->arena, count, sizeof *sources);
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_array_item(list, i);
        if (json_type_of(item) != JSON_ARRAY || json_array_count(item) != 2) {
            reading->is_wrong = true;
            break;
        }
        sources[i].token = read_name(reading, json_array_item(item, 0));
        sources[i].element = read_number(reading, json_array_item(item, 1), UINT32_MAX);
    }
    reading->part->sources = sources;
    reading->part->source_count = count;
}

/* What is wrong with a line; NULL: nothing. */
static const char *parse(struct slice line, struct reading *reading, bool *is_whole)
{
    *is_whole = slice_is(line, "null\n");
    if (*is_whole) {
        return NULL;
    }
    struct json_parser *parser = json_parser_new();
    struct diag unseen;
    diag_init(&unseen);
    struct json *document = json_parse(parser, line, SLICE_LITERAL("JSON"), &unseen);
    reading->document = document;
    reading->is_wrong = document == NULL;
    if (document != NULL) {
        read_directories(reading);
        read_tasks(reading);
        read_sources(reading);
    }
    json_free(document);
    diag_release(&unseen);
    json_parser_free(parser);
    return reading->is_wrong ? "it is damaged" : NULL;
}

/* ---- The former version ---- */

/* The line of an element, with its newline; at == NULL: there is none. */
static struct slice find_line(struct slice lines, size_t element)
{
    for (size_t at = 0; lines.len > 0; at++) {
        const char *end = memchr(lines.at, '\n', lines.len);
        size_t len = end != NULL ? (size_t)(end - lines.at) + 1 : lines.len;
        if (at == element) {
            return slice_make(lines.at, len);
        }
        lines = slice_make(lines.at + len, lines.len - len);
    }
    return (struct slice){0};
}

/* Appends the line of an element. What is wrong; NULL: nothing. */
static const char *read_former(const char *state_path, struct slice token, size_t element,
                               struct buf *line)
{
    struct buf name = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct buf expected = BUF_EMPTY;
    const char *wrong = NULL;
    size_t head = strlen(HEAD_1) + DIGEST_DIGITS + 1;
    pieces_add_name(token, PART_SUFFIX, &name);
    int folder = state_folder_open(state_path, STATE_JOBS, false);
    if (folder < 0 || inside_read(folder, buf_string(&name), LARGEST_FILE, &text) != 0) {
        wrong = inside_error(errno);
    } else if (text.len < head || !slice_starts_with(buf_slice(&text), HEAD_1)) {
        wrong = slice_starts_with(buf_slice(&text), "rowbuild tasks ")
                    ? "it was written by another version of rowbuild"
                    : "it is damaged";
    } else {
        struct slice lines = slice_make(text.at + head, text.len - head);
        struct slice own = find_line(lines, element);
        digest_format(digest_of(lines), &expected);
        bool is_intact = slice_equal(buf_slice(&expected),
                                     slice_make(text.at + strlen(HEAD_1), (size_t)DIGEST_DIGITS));
        wrong = is_intact && own.at != NULL ? NULL : "it is damaged";
        buf_add_slice(line, wrong == NULL ? own : (struct slice){0});
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&expected);
    buf_release(&name);
    buf_release(&text);
    return wrong;
}

int part_read(const char *state_path, struct slice token, size_t element,
              const struct rowfile *rowfile, struct arena *arena, struct part *part, bool *is_whole,
              struct diag *diag)
{
    struct buf line = BUF_EMPTY;
    struct reading reading = {.rowfile = rowfile, .arena = arena, .part = part};
    const char *wrong = NULL;
    *part = (struct part){0};
    *is_whole = false;
    switch (pieces_read(state_path, token, PART_SUFFIX, HEAD, element, &line)) {
    case PIECES_FOUND:
        break;
    case PIECES_MISSING:
        *is_whole = true;
        break;
    case PIECES_OTHER:
        wrong = read_former(state_path, token, element, &line);
        break;
    case PIECES_DAMAGED:
        wrong = "it is damaged";
        break;
    case PIECES_FAILED:
        wrong = inside_error(errno);
        break;
    }
    if (wrong == NULL && !*is_whole) {
        wrong = parse(buf_slice(&line), &reading, is_whole);
    }
    buf_release(&line);
    return wrong == NULL ? 0 : report(state_path, token, "use", wrong, diag);
}
