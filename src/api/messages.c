/* Messages as the library hands them out. */
#include "study.h"

#include "findings.h"
#include "results.h"

#include <stdlib.h>

struct rowbuild_messages *rowbuild_messages_new(void)
{
    struct rowbuild_messages *messages = mem_alloc(sizeof *messages);
    diag_init(&messages->diag);
    arena_init(&messages->rendered);
    return messages;
}

void rowbuild_messages_free(struct rowbuild_messages *messages)
{
    if (messages == NULL) {
        return;
    }
    rowbuild_messages_clear(messages);
    diag_release(&messages->diag);
    buf_release(&messages->text);
    free(messages);
}

void rowbuild_messages_clear(struct rowbuild_messages *messages)
{
    vec_release(&messages->settled);
    arena_release(&messages->rendered);
    messages->description = NULL;
    struct diag_listener listener = messages->diag.listener;
    diag_release(&messages->diag);
    diag_init(&messages->diag);
    messages->diag.listener = listener;
}

static void tell_now(void *context, const struct diag_entry *entry)
{
    struct rowbuild_messages *messages = context;
    buf_clear(&messages->text);
    diag_render(entry, messages->tell_colour, &messages->text);
    messages->tell(messages->tell_context, buf_string(&messages->text));
}

void rowbuild_messages_listen(struct rowbuild_messages *messages, bool colour,
                              void (*tell)(void *context, const char *text), void *context)
{
    messages->tell = tell;
    messages->tell_context = context;
    messages->tell_colour = colour;
    messages->diag.listener =
        tell != NULL ? (struct diag_listener){tell_now, messages} : (struct diag_listener){0};
}

size_t rowbuild_messages_count(const struct rowbuild_messages *messages)
{
    return messages->diag.entries.count;
}

/* As it counts. */
static struct diag_entry entry_at(const struct rowbuild_messages *messages, size_t index)
{
    struct diag_entry entry = messages->diag.entries.at[index];
    if (messages->is_strict && entry.severity == DIAG_WARNING) {
        entry.severity = DIAG_ERROR;
    }
    return entry;
}

static enum rowbuild_severity severity_of(const struct diag_entry *entry)
{
    static const enum rowbuild_severity severities[] = {
        [DIAG_NOTE] = ROWBUILD_NOTE,
        [DIAG_WARNING] = ROWBUILD_WARNING,
        [DIAG_ERROR] = ROWBUILD_ERROR,
    };
    return severities[entry->severity];
}

enum rowbuild_severity rowbuild_messages_severity(const struct rowbuild_messages *messages,
                                                  size_t index)
{
    struct diag_entry entry = entry_at(messages, index);
    return severity_of(&entry);
}

const char *rowbuild_messages_text(struct rowbuild_messages *messages, size_t index, bool colour)
{
    if (index < messages->settled.count) {
        return colour ? messages->settled.at[index].coloured : messages->settled.at[index].plain;
    }
    struct diag_entry entry = entry_at(messages, index);
    buf_clear(&messages->text);
    diag_render(&entry, colour, &messages->text);
    return buf_string(&messages->text);
}

void rowbuild_messages_be_strict(struct rowbuild_messages *messages)
{
    messages->is_strict = true;
    for (size_t i = 0; i < messages->settled.count; i++) {
        struct rendered_message *settled = &messages->settled.at[i];
        settled->finding.severity = rowbuild_messages_severity(messages, i);
    }
}

const char *rowbuild_messages_description(const struct rowbuild_messages *messages)
{
    return messages->description;
}

int rowbuild_messages_status(const struct rowbuild_messages *messages)
{
    int status = ROWBUILD_OK;
    for (size_t i = 0; i < messages->diag.entries.count; i++) {
        struct diag_entry entry = entry_at(messages, i);
        if (entry.severity == DIAG_ERROR) {
            int own = entry.blame == DIAG_STATE ? ROWBUILD_STATE : ROWBUILD_USAGE;
            status = status == ROWBUILD_OK ? own : status;
        }
    }
    return status;
}

/* ---- Findings ---- */

static void place_finding(struct rowbuild_messages *messages, const struct diag_entry *entry,
                          struct rowbuild_finding *finding)
{
    const struct source *source = entry->source;
    if (source == NULL) {
        return;
    }
    finding->file = arena_string(&messages->rendered, slice_of(source->name));
    finding->path = finding->file[0] == '/' || messages->description == NULL
                        ? finding->file
                        : messages->description;
    source_place(source, entry->offset, &finding->line, &finding->column);
    source_place(source, entry->offset + entry->length, &finding->end_line, &finding->end_column);
}

static void fill_finding(struct rowbuild_messages *messages, const struct diag_entry *entry,
                         struct rowbuild_finding *finding)
{
    struct arena *arena = &messages->rendered;
    *finding = (struct rowbuild_finding){
        .code = finding_table[entry->code].code,
        .severity = severity_of(entry),
    };
    place_finding(messages, entry, finding);
    const char *mend = diag_mend(entry->message);
    size_t len =
        mend != NULL ? (size_t)(mend - entry->message) - strlen("; ") : strlen(entry->message);
    finding->message = arena_string(arena, slice_make(entry->message, len));
    finding->mend = mend != NULL ? arena_string(arena, slice_of(mend)) : NULL;
    buf_clear(&messages->text);
    diag_render(entry, false, &messages->text);
    finding->text = arena_string(arena, buf_slice(&messages->text));
    for (const struct diag_directory *one = entry->directories; one != NULL; one = one->next) {
        finding->directory_count++;
    }
    const char **names = arena_alloc(arena, (finding->directory_count + 1) * sizeof *names);
    size_t n = 0;
    for (const struct diag_directory *one = entry->directories; one != NULL; one = one->next) {
        names[n++] = arena_string(arena, slice_of(one->name));
    }
    finding->directories = names;
}

void rowbuild_messages_finding(struct rowbuild_messages *messages, size_t index,
                               struct rowbuild_finding *finding)
{
    if (index < messages->settled.count) {
        *finding = messages->settled.at[index].finding;
        return;
    }
    struct diag_entry entry = entry_at(messages, index);
    fill_finding(messages, &entry, finding);
}

void rowbuild_write_findings(const struct rowbuild_finding *findings, size_t count,
                             enum rowbuild_format format,
                             const struct rowbuild_format_options *options,
                             const struct rowbuild_writer *writer)
{
    struct buf out = BUF_EMPTY;
    findings_write(findings, count, format, options, &out);
    writer->write(writer->context, buf_string(&out), out.len);
    buf_release(&out);
}

void rowbuild_write_results(const struct rowbuild_result *results, size_t count,
                            const struct rowbuild_finding *findings, size_t finding_count,
                            enum rowbuild_format format,
                            const struct rowbuild_format_options *options,
                            const struct rowbuild_writer *writer)
{
    struct buf out = BUF_EMPTY;
    results_write(results, count, findings, finding_count, format, options, &out);
    writer->write(writer->context, buf_string(&out), out.len);
    buf_release(&out);
}

int messages_settle(struct rowbuild_messages *messages, int status)
{
    for (size_t i = messages->settled.count; i < messages->diag.entries.count; i++) {
        struct diag_entry entry = entry_at(messages, i);
        struct rendered_message settled = {0};
        fill_finding(messages, &entry, &settled.finding);
        settled.plain = settled.finding.text;
        buf_clear(&messages->text);
        diag_render(&entry, true, &messages->text);
        settled.coloured = arena_string(&messages->rendered, buf_slice(&messages->text));
        vec_push(&messages->settled, settled);
    }
    return status;
}

void messages_describe(struct rowbuild_messages *messages, const char *project, const char *file)
{
    const char *slash = strrchr(file, '/');
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", strcmp(project, "/") == 0 ? "" : project,
             slash != NULL ? slash + 1 : file);
    messages->description = arena_string(&messages->rendered, buf_slice(&path));
    buf_release(&path);
}

void messages_take(struct rowbuild_messages *messages, const struct diag *diag, const char *action)
{
    vec_each (const struct diag_entry, entry, &diag->entries) {
        if (action == NULL || (entry->action != NULL && strcmp(entry->action, action) == 0)) {
            diag_take(&messages->diag, entry);
        }
    }
}
