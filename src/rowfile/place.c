/* Adds, sorts and merges errors and warnings at places of the Rowfile. */
#include "load.h"

#include "text.h"

static void report(struct loader *loader, enum diag_severity severity, enum finding_code code,
                   size_t offset, size_t length, const char *format, va_list args)
    __attribute__((format(printf, 6, 0)));

static void report(struct loader *loader, enum diag_severity severity, enum finding_code code,
                   size_t offset, size_t length, const char *format, va_list args)
{
    struct buf message = BUF_EMPTY;
    buf_vaddf(&message, format, args);
    if (severity == DIAG_ERROR) {
        diag_error_at(loader->diag, code, loader->source, offset, length, "%s",
                      buf_string(&message));
    } else {
        diag_warning_at(loader->diag, code, loader->source, offset, length, "%s",
                        buf_string(&message));
    }
    buf_release(&message);
}

void error_at(struct loader *loader, enum finding_code code, const struct toml_value *value,
              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(loader, DIAG_ERROR, code, value->offset, value->length, format, args);
    va_end(args);
}

void warning_at(struct loader *loader, enum finding_code code, const struct toml_value *value,
                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(loader, DIAG_WARNING, code, value->offset, value->length, format, args);
    va_end(args);
}

void action_error_at(struct loader *loader, enum finding_code code, const struct action *action,
                     size_t offset, size_t length, const char *format, ...)
{
    const char *outer = loader->diag->action;
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, action->name);
    loader->diag->action = buf_string(&name);
    va_list args;
    va_start(args, format);
    report(loader, DIAG_ERROR, code, offset, length, format, args);
    va_end(args);
    loader->diag->action = outer;
    buf_release(&name);
}

size_t string_begin(const struct source *source, const struct toml_value *value)
{
    struct slice text = source->text;
    size_t at = value->offset;
    if (value->length < 2 || at + value->length > text.len) {
        return at;
    }
    char quote = text.at[at];
    if (value->length < 6 || text.at[at + 1] != quote || text.at[at + 2] != quote) {
        return at + 1;
    }
    at += 3;
    if (text.at[at] == '\r' && text.at[at + 1] == '\n') {
        return at + 2;
    }
    return text.at[at] == '\n' ? at + 1 : at;
}

static int compare_entries(const void *a, const void *b)
{
    const struct diag_entry *left = a;
    const struct diag_entry *right = b;
    if (left->offset != right->offset) {
        return left->offset < right->offset ? -1 : 1;
    }
    if (left->severity != right->severity) {
        return left->severity > right->severity ? -1 : 1;
    }
    int order = strcmp(left->message, right->message);
    if (order != 0) {
        return order;
    }
    return strcmp(left->action != NULL ? left->action : "",
                  right->action != NULL ? right->action : "");
}

void settle_reports(struct diag *diag, size_t first, const struct source *source)
{
    size_t count = diag->entries.count - first;
    if (count == 0) {
        return;
    }
    struct source *copy = arena_alloc(&diag->bytes, sizeof *copy);
    copy->name = arena_string(&diag->bytes, slice_of(source->name));
    copy->text = arena_slice(&diag->bytes, source->text);
    struct diag_entry *entries = diag->entries.at + first;
    qsort(entries, count, sizeof *entries, compare_entries);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_entries(&entries[kept - 1], &entries[i]) == 0) {
            diag->errors -= entries[i].severity == DIAG_ERROR;
            continue;
        }
        entries[kept] = entries[i];
        if (entries[kept].source == source) {
            entries[kept].source = copy;
        }
        kept++;
    }
    diag->entries.count = first + kept;
}

void add_suggestion(struct buf *out, struct slice word, const struct slice *candidates,
                    size_t count)
{
    int nearest = text_nearest(word, candidates, count);
    if (nearest >= 0) {
        buf_add_string(out, "; did you mean `");
        text_add_name(out, candidates[nearest]);
        buf_add_string(out, "`?");
    }
}
