#include "user_file.h"

#include "file.h"
#include "load.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

enum { LARGEST_FILE = 1 << 20 };

static void parse(struct user_file *file, const char *path, struct slice text, struct arena *arena,
                  struct diag *diag)
{
    *file = (struct user_file){.arena = arena, .diag = diag, .reports = diag->entries.count};
    arena_init(&file->tree);
    struct source *source = arena_alloc(&file->tree, sizeof *source);
    source->name = arena_string(&file->tree, slice_of(path));
    source->text = arena_slice(&file->tree, text);
    file->source = source;
    file->root = toml_parse(source, &file->tree, diag);
}

/* The folder that contains .config; NULL if neither variable is set. */
static const char *home_of(const char *variable)
{
    const char *home = getenv(variable); /* NOLINT(concurrency-mt-unsafe) */
    if (home == NULL || *home == '\0') {
        home = getenv("HOME"); /* NOLINT(concurrency-mt-unsafe) */
    }
    return home != NULL && *home != '\0' ? home : NULL;
}

bool user_file_open(struct user_file *file, enum user_file_owner owner, const char *name,
                    struct arena *arena, struct diag *diag)
{
    const char *home = home_of(owner == USER_FILE_ROW ? "ROW_HOME" : "ROWBUILD_HOME");
    if (home == NULL) {
        return false;
    }
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    buf_addf(&path, "%s/.config/%s/%s", home, owner == USER_FILE_ROW ? "row" : "rowbuild", name);
    bool there = file_read(AT_FDCWD, buf_string(&path), LARGEST_FILE, &text) == 0;
    if (there) {
        parse(file, buf_string(&path), buf_slice(&text), arena, diag);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        diag_warning(diag, FINDING_FILE_TROUBLE, "%s can't be read: %s; its settings don't count",
                     buf_string(&path), strerrordesc_np(errno));
    }
    buf_release(&text);
    buf_release(&path);
    return there;
}

void user_file_open_text(struct user_file *file, const char *name, struct slice text,
                         struct arena *arena, struct diag *diag)
{
    parse(file, name, text, arena, diag);
}

void user_file_close(struct user_file *file)
{
    settle_reports(file->diag, file->reports, file->source);
    arena_release(&file->tree);
}

void user_file_complain(const struct user_file *file, enum finding_code code,
                        const struct toml_value *value, const char *format, ...)
{
    struct buf message = BUF_EMPTY;
    va_list args;
    va_start(args, format);
    buf_vaddf(&message, format, args);
    va_end(args);
    diag_error_at(file->diag, code, file->source, value->offset, value->length, "%s",
                  buf_string(&message));
    buf_release(&message);
}

static void unknown_key(const struct user_file *file, const struct toml_entry *entry,
                        const struct user_field *fields, size_t count, const char *known)
{
    struct buf message = BUF_EMPTY;
    struct slice *names = mem_alloc(count * sizeof *names + 1);
    for (size_t i = 0; i < count; i++) {
        names[i] = fields[i].name;
    }
    buf_add_string(&message, "unknown key `");
    text_add_name(&message, entry->key);
    int nearest = text_nearest(entry->key, names, count);
    if (nearest >= 0) {
        buf_addf(&message, "`; did you mean `%.*s`?", SLICE_ARGS(names[nearest]));
    } else {
        buf_addf(&message, "`; %s", known);
    }
    diag_error_at(file->diag, FINDING_UNKNOWN_KEY, file->source, entry->key_offset,
                  entry->key_length, "%s", buf_string(&message));
    free(names);
    buf_release(&message);
}

struct reading {
    const struct user_file *file;
    const struct user_field *field;
    const struct toml_value *value;
};

static void must_be(const struct reading *reading, const char *what)
{
    const struct user_field *field = reading->field;
    user_file_complain(reading->file, FINDING_WRONG_TYPE, reading->value, "`%.*s` must be %s%s%s",
                       SLICE_ARGS(field->name), what, field->hint != NULL ? ": " : "",
                       field->hint != NULL ? field->hint : "");
}

static bool has_nul(struct slice text)
{
    return text.len > 0 && memchr(text.at, '\0', text.len) != NULL;
}

static bool is_line(const struct toml_value *value)
{
    if (value->type != TOML_STRING || value->string.len == 0) {
        return false;
    }
    for (size_t i = 0; i < value->string.len; i++) {
        unsigned char c = (unsigned char)value->string.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* "1970M", "5G", "512" */
static bool is_memory(const struct toml_value *value)
{
    size_t digits = 0;
    struct slice text = value->string;
    if (value->type != TOML_STRING) {
        return false;
    }
    while (digits < text.len && isdigit((unsigned char)text.at[digits])) {
        digits++;
    }
    struct slice unit = slice_make(text.at + digits, text.len - digits);
    return digits > 0 &&
           (unit.len == 0 || (strchr("KMGTkmgt", unit.at[0]) != NULL &&
                              (unit.len == 1 || (unit.len == 2 && toupper(unit.at[1]) == 'B'))));
}

static void read_text(const struct reading *reading, struct slice *into)
{
    const struct toml_value *value = reading->value;
    if (reading->field->type == USER_FIELD_LINE && !is_line(value)) {
        must_be(reading, "a string of one line, and not empty");
    } else if (value->type != TOML_STRING || has_nul(value->string)) {
        must_be(reading, "a string");
    } else {
        *into = arena_slice(reading->file->arena, value->string);
    }
}

static void read_lines(const struct reading *reading, struct user_lines *into)
{
    const struct toml_value *value = reading->value;
    bool usable = value->type == TOML_ARRAY;
    for (size_t i = 0; usable && i < value->array.count; i++) {
        usable = is_line(value->array.items[i]);
    }
    if (!usable) {
        must_be(reading, "an array of strings of one line each");
        return;
    }
    struct slice *lines = arena_array(reading->file->arena, value->array.count, sizeof *lines);
    for (size_t i = 0; i < value->array.count; i++) {
        lines[i] = arena_slice(reading->file->arena, value->array.items[i]->string);
    }
    *into = (struct user_lines){lines, value->array.count};
}

static void read_count(const struct reading *reading, uint64_t *into)
{
    int64_t least = reading->field->type == USER_FIELD_POSITIVE ? 1 : 0;
    if (reading->value->type != TOML_INTEGER || reading->value->integer < least) {
        must_be(reading, least > 0 ? "an integer of at least 1" : "an integer of at least 0");
    } else {
        *into = (uint64_t)reading->value->integer;
    }
}

static void read_memory(const struct reading *reading, struct slice *into)
{
    const struct toml_value *value = reading->value;
    if (into->at != NULL) {
        user_file_complain(reading->file, FINDING_CONFLICTING_KEYS, value,
                           "`%.*s` sets the same memory a second time; keep one of the two",
                           SLICE_ARGS(reading->field->name));
    } else if (reading->field->type == USER_FIELD_MEMORY && !is_memory(value)) {
        must_be(reading, "a string with a number and K, M, G or T, such as \"1970M\"");
    } else if (reading->field->type == USER_FIELD_MEMORY) {
        *into = arena_slice(reading->file->arena, value->string);
    } else if (value->type != TOML_INTEGER || value->integer < 1) {
        must_be(reading, "an integer of at least 1: megabytes");
    } else {
        struct buf text = BUF_EMPTY;
        buf_addf(&text, "%lldM", (long long)value->integer);
        *into = arena_slice(reading->file->arena, buf_slice(&text));
        buf_release(&text);
    }
}

static void read_flag(const struct reading *reading, bool *into)
{
    if (reading->value->type != TOML_BOOLEAN) {
        must_be(reading, "true or false");
    } else {
        *into = reading->value->boolean;
    }
}

static void read_value(const struct reading *reading, void *object)
{
    if (reading->field->type == USER_FIELD_OTHER) {
        return; /* if all fields are of this type, `object` is NULL */
    }
    void *into = (char *)object + reading->field->offset;
    switch (reading->field->type) {
    case USER_FIELD_TEXT:
    case USER_FIELD_LINE:
        read_text(reading, into);
        break;
    case USER_FIELD_LINES:
        read_lines(reading, into);
        break;
    case USER_FIELD_COUNT:
    case USER_FIELD_POSITIVE:
        read_count(reading, into);
        break;
    case USER_FIELD_FLAG:
        read_flag(reading, into);
        break;
    case USER_FIELD_MEMORY:
    case USER_FIELD_MEGABYTES:
        read_memory(reading, into);
        break;
    case USER_FIELD_OTHER:
        break;
    }
}

void user_file_read_fields(const struct user_file *file, const struct toml_table *table,
                           const struct user_field *fields, size_t count, void *object,
                           const char *known)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        size_t found = 0;
        while (found < count && !slice_equal(fields[found].name, entry->key)) {
            found++;
        }
        if (found == count) {
            unknown_key(file, entry, fields, count, known);
        } else {
            read_value(&(struct reading){file, &fields[found], entry->value}, object);
        }
    }
}
