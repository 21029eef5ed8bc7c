#include "reference_inner.h"
#include "simulated_disk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *reference_keep(struct reference *reference, const char *text)
{
    return text != NULL ? arena_string(&reference->arena, slice_of(text)) : NULL;
}

const char *reference_on_disk(struct reference *reference, const char *path)
{
    struct buf whole = BUF_EMPTY;
    buf_addf(&whole, "/project/%s", path);
    const char *text = reference_keep(reference, simulated_text(whole.at));
    buf_release(&whole);
    return text;
}

/* ---- Which tasks there are ---- */

bool reference_has(const struct reference *reference, size_t action, size_t directory)
{
    const struct life_action *its = &reference->life->actions[action];
    return !its->is_gone &&
           (its->scope == LIFE_DIRECTORY ? directory < reference->life->directory_count &&
                                               reference->now->is_there[directory]
                                         : directory == 0);
}

bool made_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool made_is_same(const struct made *a, const struct made *b)
{
    return made_same_text(a->text[0], b->text[0]) && made_same_text(a->text[1], b->text[1]);
}

bool made_is_any(const struct made *made)
{
    return made->text[0] != NULL || made->text[1] != NULL;
}

bool made_is_complete(const struct life_action *action, const struct made *made)
{
    return (!action->has_file || made->text[0] != NULL) &&
           (!action->has_stamp || made->text[1] != NULL) && (action->has_file || action->has_stamp);
}

/* ---- What a command makes ---- */

static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static void change(enum life_change how, struct buf *text)
{
    size_t len = text->len;
    switch (how) {
    case CHANGE_SORT:
        if (len > 0) {
            qsort(text->at, len, 1, compare_bytes);
        }
        break;
    case CHANGE_UPPER:
        for (size_t i = 0; i < len; i++) {
            text->at[i] = (char)toupper((unsigned char)text->at[i]);
        }
        break;
    case CHANGE_COUNT:
        buf_clear(text);
        buf_addf(text, "%zu", len);
        break;
    default:
        break;
    }
}

static const char *text_of(struct reference *reference, const struct life_source *source, size_t d)
{
    struct buf path = BUF_EMPTY;
    if (source->kind == SOURCE_ACTION) {
        buf_release(&path);
        return reference->tasks[source->number][d].now.text[0];
    }
    life_input_path(source->kind == SOURCE_OWN ? (int)d : -1, source->number, &path);
    const char *text = reference_on_disk(reference, path.at);
    buf_release(&path);
    return text;
}

static void read_source(struct reference *reference, size_t action, size_t directory,
                        const struct life_source *source, struct buf *out)
{
    const struct life_action *its = &reference->life->actions[action];
    bool from_action = source->kind == SOURCE_ACTION;
    const struct life_action *maker =
        from_action ? &reference->life->actions[source->number] : NULL;
    bool is_of_directory =
        source->kind == SOURCE_OWN || (from_action && maker->scope == LIFE_DIRECTORY);
    if (from_action &&
        (!maker->has_file || (its->scope == LIFE_PROJECT && maker->scope == LIFE_DIRECTORY))) {
        return; /* it only comes before */
    }
    for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
        bool is_read = !is_of_directory ? d == 0
                                        : reference->now->is_there[d] &&
                                              (its->scope == LIFE_GROUP || d == directory);
        const char *text = is_read ? text_of(reference, source, d) : NULL;
        buf_add_string(out, text != NULL ? text : "");
    }
}

/* What the task leaves if it runs now; false: it fails. */
bool reference_evaluate(struct reference *reference, size_t action, size_t directory,
                        struct made *made)
{
    const struct life_action *its = &reference->life->actions[action];
    *made = (struct made){{NULL}};
    if (its->fails_on_z) {
        const char *text = text_of(reference, &its->sources[0], directory);
        if (text == NULL || strchr(text, 'z') != NULL) {
            made->text[0] = its->leaves_half ? "half" : NULL;
            return false;
        }
    }
    if (its->has_file) {
        struct buf text = BUF_EMPTY;
        for (size_t i = 0; i < its->source_count; i++) {
            read_source(reference, action, directory, &its->sources[i], &text);
        }
        change(its->change, &text);
        if (its->reads_x) {
            buf_addf(&text, "%u", reference->now->values[directory][0]);
        }
        buf_addf(&text, "t%u", reference->now->tokens[action]);
        made->text[0] = reference_keep(reference, text.at);
        buf_release(&text);
    }
    made->text[1] = its->has_stamp ? "" : NULL;
    return true;
}
