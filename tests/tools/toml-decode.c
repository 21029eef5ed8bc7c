/* A TOML document on standard input becomes tagged JSON on standard output, in the form that the
 * suite of toml-test compares: {"key": {"type": "integer", "value": "42"}}. Exit status 0, or 1
 * with the error on standard error. */
#include "text.h"
#include "toml.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static void add_table(struct buf *out, const struct toml_table *table);

static void add_float(struct buf *out, double number)
{
    if (isnan(number)) {
        buf_add_string(out, "nan");
    } else if (isinf(number)) {
        buf_add_string(out, number > 0 ? "inf" : "-inf");
    } else {
        buf_addf(out, "%.17g", number);
    }
}

static void add_date(struct buf *out, const struct toml_time *time)
{
    buf_addf(out, "%04d-%02d-%02d", time->year, time->month, time->day);
}

static void add_clock(struct buf *out, const struct toml_time *time)
{
    buf_addf(out, "%02d:%02d:%02d", time->hour, time->minute, time->second);
    if (time->nanosecond != 0) {
        char digits[16];
        int len = snprintf(digits, sizeof digits, "%09d", time->nanosecond);
        while (len > 3 && digits[len - 1] == '0') {
            len--;
        }
        buf_addf(out, ".%.*s", len, digits);
    }
}

static void add_zone(struct buf *out, const struct toml_time *time)
{
    int minutes = time->offset_minutes;
    if (time->zulu) {
        buf_add_char(out, 'Z');
        return;
    }
    buf_add_char(out, minutes < 0 ? '-' : '+');
    minutes = minutes < 0 ? -minutes : minutes;
    buf_addf(out, "%02d:%02d", minutes / 60, minutes % 60);
}

static const char *tag(enum toml_type type)
{
    static const char *const tags[] = {
        [TOML_STRING] = "string",
        [TOML_INTEGER] = "integer",
        [TOML_FLOAT] = "float",
        [TOML_BOOLEAN] = "bool",
        [TOML_OFFSET_DATE_TIME] = "datetime",
        [TOML_LOCAL_DATE_TIME] = "datetime-local",
        [TOML_LOCAL_DATE] = "date-local",
        [TOML_LOCAL_TIME] = "time-local",
        [TOML_ARRAY] = "array",
        [TOML_TABLE] = "table",
    };
    return tags[type];
}

static void add_scalar(struct buf *out, const struct toml_value *value)
{
    switch (value->type) {
    case TOML_INTEGER:
        buf_addf(out, "%lld", (long long)value->integer);
        break;
    case TOML_FLOAT:
        add_float(out, value->number);
        break;
    case TOML_BOOLEAN:
        buf_add_string(out, value->boolean ? "true" : "false");
        break;
    case TOML_OFFSET_DATE_TIME:
    case TOML_LOCAL_DATE_TIME:
        add_date(out, &value->time);
        buf_add_char(out, 'T');
        add_clock(out, &value->time);
        if (value->type == TOML_OFFSET_DATE_TIME) {
            add_zone(out, &value->time);
        }
        break;
    case TOML_LOCAL_DATE:
        add_date(out, &value->time);
        break;
    default:
        add_clock(out, &value->time);
        break;
    }
}

static void add_value(struct buf *out, const struct toml_value *value)
{
    if (value->type == TOML_TABLE) {
        add_table(out, value->table);
    } else if (value->type == TOML_ARRAY) {
        buf_add_char(out, '[');
        for (size_t i = 0; i < value->array.count; i++) {
            buf_add_string(out, i > 0 ? "," : "");
            add_value(out, value->array.items[i]);
        }
        buf_add_char(out, ']');
    } else {
        buf_addf(out, "{\"type\":\"%s\",\"value\":", tag(value->type));
        if (value->type == TOML_STRING) {
            text_add_json(out, value->string);
        } else {
            buf_add_char(out, '"');
            add_scalar(out, value);
            buf_add_char(out, '"');
        }
        buf_add_char(out, '}');
    }
}

static void add_table(struct buf *out, const struct toml_table *table)
{
    buf_add_char(out, '{');
    for (size_t i = 0; i < table->count; i++) {
        buf_add_string(out, i > 0 ? ",\n" : "");
        text_add_json(out, table->entries[i].key);
        buf_add_char(out, ':');
        add_value(out, table->entries[i].value);
    }
    buf_add_char(out, '}');
}

static int read_input(struct buf *input)
{
    ssize_t got = 1;
    while (got > 0) {
        char block[65536];
        got = read(STDIN_FILENO, block, sizeof block);
        buf_add(input, block, got > 0 ? (size_t)got : 0);
    }
    return got < 0 ? -1 : 0;
}

int main(void)
{
    struct buf input = BUF_EMPTY;
    struct buf output = BUF_EMPTY;
    struct arena arena;
    struct diag diag;
    int status = 1;
    arena_init(&arena);
    diag_init(&diag);
    if (read_input(&input) < 0) {
        perror("toml-decode");
        goto out;
    }
    struct source source = {"-", buf_slice(&input)};
    const struct toml_table *root = toml_parse(&source, &arena, &diag);
    if (root != NULL) {
        add_table(&output, root);
        buf_add_char(&output, '\n');
        status = 0;
    }
    vec_each (struct diag_entry, entry, &diag.entries) {
        diag_render(entry, false, &output);
    }
    fputs(buf_string(&output), root != NULL ? stdout : stderr);
out:
    diag_release(&diag);
    arena_release(&arena);
    buf_release(&output);
    buf_release(&input);
    return status;
}
