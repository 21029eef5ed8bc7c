#include "diag.h"

#include "text.h"

static const size_t WIDEST_LINE = 160; /* most bytes of a source line that are shown around an
                                          error's place */

void diag_init(struct diag *diag)
{
    *diag = (struct diag){0};
    arena_init(&diag->bytes);
}

void diag_release(struct diag *diag)
{
    vec_release(&diag->entries);
    arena_release(&diag->bytes);
    *diag = (struct diag){0};
}

static void add(struct diag *diag, struct diag_entry entry, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void add(struct diag *diag, struct diag_entry entry, const char *format, va_list args)
{
    struct buf message = BUF_EMPTY;
    struct buf visible = BUF_EMPTY;
    buf_vaddf(&message, format, args);
    text_add_visible(&visible, buf_slice(&message));
    entry.message = arena_string(&diag->bytes, buf_slice(&visible));
    buf_release(&visible);
    buf_release(&message);
    if (entry.length == 0) {
        entry.length = 1;
    }
    entry.action = diag->action != NULL ? arena_string(&diag->bytes, slice_of(diag->action)) : NULL;
    vec_push(&diag->entries, entry);
    if (entry.severity == DIAG_ERROR) {
        diag->errors++;
    }
}

static void add_directory(struct diag *diag, struct diag_entry *entry, struct slice name)
{
    struct diag_directory *directory = arena_alloc(&diag->bytes, sizeof *directory);
    *directory = (struct diag_directory){.name = arena_string(&diag->bytes, name)};
    *(entry->directories != NULL ? &entry->last_directory->next : &entry->directories) = directory;
    entry->last_directory = directory;
}

void diag_add_directory(struct diag *diag, struct slice name)
{
    add_directory(diag, &diag->entries.at[diag->entries.count - 1], name);
}

void diag_take(struct diag *diag, const struct diag_entry *entry)
{
    struct diag_entry copy = *entry;
    copy.message = arena_string(&diag->bytes, slice_of(entry->message));
    copy.action =
        entry->action != NULL ? arena_string(&diag->bytes, slice_of(entry->action)) : NULL;
    copy.directories = NULL;
    for (const struct diag_directory *one = entry->directories; one != NULL; one = one->next) {
        add_directory(diag, &copy, slice_of(one->name));
    }
    vec_push(&diag->entries, copy);
    diag->errors += entry->severity == DIAG_ERROR;
}

int diag_error(struct diag *diag, enum finding_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, (struct diag_entry){.code = code, .severity = DIAG_ERROR}, format, args);
    va_end(args);
    return -1;
}

int diag_state_error(struct diag *diag, enum finding_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, (struct diag_entry){.code = code, .severity = DIAG_ERROR, .blame = DIAG_STATE},
        format, args);
    va_end(args);
    return -1;
}

int diag_error_at(struct diag *diag, enum finding_code code, const struct source *source,
                  size_t offset, size_t length, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag,
        (struct diag_entry){.code = code,
                            .severity = DIAG_ERROR,
                            .source = source,
                            .offset = offset,
                            .length = length},
        format, args);
    va_end(args);
    return -1;
}

void diag_warning(struct diag *diag, enum finding_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, (struct diag_entry){.code = code, .severity = DIAG_WARNING}, format, args);
    va_end(args);
}

void diag_warning_at(struct diag *diag, enum finding_code code, const struct source *source,
                     size_t offset, size_t length, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag,
        (struct diag_entry){.code = code,
                            .severity = DIAG_WARNING,
                            .source = source,
                            .offset = offset,
                            .length = length},
        format, args);
    va_end(args);
}

void diag_note_at(struct diag *diag, enum finding_code code, const struct source *source,
                  size_t offset, size_t length, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag,
        (struct diag_entry){.code = code,
                            .severity = DIAG_NOTE,
                            .source = source,
                            .offset = offset,
                            .length = length},
        format, args);
    va_end(args);
}

void diag_note(struct diag *diag, enum finding_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, (struct diag_entry){.code = code, .severity = DIAG_NOTE}, format, args);
    va_end(args);
}

void diag_note_now(struct diag *diag, enum finding_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (diag->listener.note == NULL) {
        add(diag, (struct diag_entry){.code = code, .severity = DIAG_NOTE}, format, args);
    } else {
        struct buf message = BUF_EMPTY;
        buf_vaddf(&message, format, args);
        diag->listener.note(diag->listener.context,
                            &(struct diag_entry){.code = code,
                                                 .severity = DIAG_NOTE,
                                                 .message = buf_string(&message)});
        buf_release(&message);
    }
    va_end(args);
}

static size_t line_start(struct slice text, size_t offset)
{
    while (offset > 0 && text.at[offset - 1] != '\n') {
        offset--;
    }
    return offset;
}

static size_t line_end(struct slice text, size_t offset)
{
    while (offset < text.len && text.at[offset] != '\n' && text.at[offset] != '\r') {
        offset++;
    }
    return offset;
}

static size_t code_points(const char *at, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += ((unsigned char)at[i] & 0xc0) != 0x80;
    }
    return count;
}

void source_place(const struct source *source, size_t offset, size_t *line, size_t *column)
{
    if (offset > source->text.len) {
        offset = source->text.len;
    }
    *line = 1;
    for (size_t i = 0; i < offset; i++) {
        *line += source->text.at[i] == '\n';
    }
    size_t start = line_start(source->text, offset);
    *column = code_points(source->text.at + start, offset - start) + 1;
}

/* Appends part of a source line, with control characters as spaces and other invisible characters
 * as their numbers. Returns the number of columns. */
static size_t add_source(struct slice text, struct buf *out)
{
    size_t before = out->len;
    for (size_t i = 0; i < text.len;) {
        bool is_visible;
        size_t len = text_next(text, i, &is_visible);
        bool is_control = !is_visible && (len == 1 || (unsigned char)text.at[i] == 0xc2);
        if (is_control && ((unsigned char)text.at[i] < 0x80 || len == 2)) {
            buf_add_char(out, ' ');
        } else if (is_visible || len == 1) {
            buf_add(out, text.at + i, len);
        } else {
            text_add_visible(out, slice_make(text.at + i, len));
        }
        i += len;
    }
    return code_points(out->at + before, out->len - before);
}

static void render_excerpt(const struct diag_entry *entry, bool colour, struct buf *out)
{
    struct slice text = entry->source->text;
    size_t offset = entry->offset < text.len ? entry->offset : text.len;
    size_t start = line_start(text, offset);
    size_t end = line_end(text, offset);
    if (offset - start > WIDEST_LINE / 2) {
        start = offset - WIDEST_LINE / 2;
        while (start < offset && ((unsigned char)text.at[start] & 0xc0) == 0x80) {
            start++;
        }
    }
    if (end > start + WIDEST_LINE) {
        end = start + WIDEST_LINE;
    }
    size_t marked_end = offset + entry->length < end ? offset + entry->length : end;
    size_t shown_end = marked_end > offset ? marked_end : offset;
    buf_add_string(out, "    ");
    size_t before =
        offset > start ? add_source(slice_make(text.at + start, offset - start), out) : 0;
    size_t marked = add_source(slice_make(text.at + offset, shown_end - offset), out);
    if (end > shown_end) {
        add_source(slice_make(text.at + shown_end, end - shown_end), out);
    }
    buf_add_string(out, "\n    ");
    for (size_t i = 0; i < before; i++) {
        buf_add_char(out, ' ');
    }
    buf_add_string(out, colour ? "\033[1;32m^" : "^");
    for (size_t i = 1; i < marked; i++) {
        buf_add_char(out, '~');
    }
    buf_add_string(out, colour ? "\033[0m\n" : "\n");
}

void diag_render(const struct diag_entry *entry, bool colour, struct buf *out)
{
    static const char *const names[] = {"note", "warning", "error"};
    static const char *const colours[] = {"\033[1;36m", "\033[1;35m", "\033[1;31m"};
    if (entry->source != NULL) {
        size_t line;
        size_t column;
        source_place(entry->source, entry->offset, &line, &column);
        text_add_visible(out, slice_of(entry->source->name));
        buf_addf(out, ":%zu:%zu: ", line, column);
    }
    if (colour) {
        buf_addf(out, "%s%s:\033[0m ", colours[entry->severity], names[entry->severity]);
    } else {
        buf_addf(out, "%s: ", names[entry->severity]);
    }
    buf_addf(out, "%s\n", entry->message);
    if (entry->source != NULL) {
        render_excerpt(entry, colour, out);
    }
}
