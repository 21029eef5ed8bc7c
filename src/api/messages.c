/* Messages as the library hands them out. */
#include "study.h"

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

enum rowbuild_severity rowbuild_messages_severity(const struct rowbuild_messages *messages,
                                                  size_t index)
{
    static const enum rowbuild_severity severities[] = {
        [DIAG_NOTE] = ROWBUILD_NOTE,
        [DIAG_WARNING] = ROWBUILD_WARNING,
        [DIAG_ERROR] = ROWBUILD_ERROR,
    };
    return severities[messages->diag.entries.at[index].severity];
}

const char *rowbuild_messages_text(struct rowbuild_messages *messages, size_t index, bool colour)
{
    if (index < messages->settled.count) {
        return colour ? messages->settled.at[index].coloured : messages->settled.at[index].plain;
    }
    buf_clear(&messages->text);
    diag_render(&messages->diag.entries.at[index], colour, &messages->text);
    return buf_string(&messages->text);
}

int rowbuild_messages_status(const struct rowbuild_messages *messages)
{
    int status = ROWBUILD_OK;
    vec_each (const struct diag_entry, entry, &messages->diag.entries) {
        if (entry->severity == DIAG_ERROR) {
            int own = entry->blame == DIAG_STATE ? ROWBUILD_STATE : ROWBUILD_USAGE;
            status = status == ROWBUILD_OK ? own : status;
        }
    }
    return status;
}

int messages_settle(struct rowbuild_messages *messages, int status)
{
    for (size_t i = messages->settled.count; i < messages->diag.entries.count; i++) {
        vec_push(&messages->settled, (struct rendered_message){0});
        for (int colour = 0; colour <= 1; colour++) {
            buf_clear(&messages->text);
            diag_render(&messages->diag.entries.at[i], colour != 0, &messages->text);
            const char *kept = arena_string(&messages->rendered, buf_slice(&messages->text));
            if (colour != 0) {
                messages->settled.at[i].coloured = kept;
            } else {
                messages->settled.at[i].plain = kept;
            }
        }
    }
    return status;
}

void messages_take(struct rowbuild_messages *messages, const struct diag *diag, const char *action)
{
    vec_each (const struct diag_entry, entry, &diag->entries) {
        if (action == NULL || (entry->action != NULL && strcmp(entry->action, action) == 0)) {
            diag_take(&messages->diag, entry);
        }
    }
}
