#include "reference_inner.h"

#include <stdio.h>
#include <string.h>

/* Whether a task comes after another one, of an action that its own names. */
bool reference_joins(const struct reference *reference, size_t action, size_t directory,
                     size_t maker, size_t other)
{
    bool both_in_directories = reference->life->actions[action].scope == LIFE_DIRECTORY &&
                               reference->life->actions[maker].scope == LIFE_DIRECTORY;
    return reference_has(reference, maker, other) && (!both_in_directories || other == directory);
}

/* ---- What a task depends on ---- */

static const char *fingerprint(struct reference *reference, const struct parts *parts)
{
    struct buf text = BUF_EMPTY;
    vec_each (const struct part, part, &parts->list) {
        buf_addf(&text, "%s=%s;", part->name, part->is_any ? "?" : part->text);
    }
    const char *kept = reference_keep(reference, buf_string(&text));
    buf_release(&text);
    return kept;
}

static void add_part(struct reference *reference, struct parts *parts, const char *name,
                     const char *text)
{
    vec_push(&parts->list, (struct part){reference_keep(reference, name),
                                         reference_keep(reference, text), false});
}

/* What stands for a success that left nothing to look at: of what always runs, only that there is a stamp;
 * of what was adopted, that nobody knows on what it ran. */
static void add_success(struct reference *reference, struct parts *parts, const char *name,
                        const struct life_action *action, const struct task *maker)
{
    bool is_in_doubt = !maker->is_exact || maker->successes.count != 1 ||
                       maker->successes.at[0].is_in_doubt ||
                       parts_are_loose(&maker->successes.at[0].parts);
    const char *text = action->is_always ? "" : NULL;
    if (text == NULL && !is_in_doubt) {
        text = maker->successes.at[0].is_adopted
                   ? "adopted"
                   : fingerprint(reference, &maker->successes.at[0].parts);
    }
    vec_push(&parts->list, (struct part){reference_keep(reference, name), text != NULL ? text : "",
                                         text == NULL});
}

/* What a task of an earlier action contributes. False: a product isn't there. */
static bool add_maker(struct reference *reference, struct parts *parts,
                      const struct life_source *source, size_t other)
{
    const struct life_action *maker = &reference->life->actions[source->number];
    const struct task *task = &reference->tasks[source->number][other];
    bool is_there = true;
    bool has_one = false;
    struct buf path = BUF_EMPTY;
    for (size_t p = 0; p < LIFE_PRODUCTS; p++) {
        if (!life_has_product(maker, p) || (source->is_listed && has_one)) {
            continue;
        }
        has_one = true;
        life_product_path(reference->life, source->number, (int)other, p, &path);
        if (task->now.text[p] == NULL) {
            is_there = false;
        } else if (task->now.text[p][0] != '\0') {
            add_part(reference, parts, path.at, task->now.text[p]);
        } else {
            add_success(reference, parts, path.at, maker, task);
        }
    }
    if (!has_one && !maker->is_always) {
        life_key(reference->life, source->number, (int)other, &path);
        add_success(reference, parts, path.at, maker, task);
    }
    buf_release(&path);
    return is_there;
}

static bool add_input(struct reference *reference, struct parts *parts, int directory,
                      unsigned number)
{
    struct buf path = BUF_EMPTY;
    life_input_path(directory, number, &path);
    const char *text = reference_on_disk(reference, path.at);
    if (text != NULL) {
        add_part(reference, parts, path.at, text);
    }
    buf_release(&path);
    return text != NULL;
}

static bool add_source(struct reference *reference, struct parts *parts, size_t action,
                       size_t directory, const struct life_source *source)
{
    const struct life_action *its = &reference->life->actions[action];
    bool is_there = true;
    if (source->kind == SOURCE_PROJECT) {
        return add_input(reference, parts, -1, source->number);
    }
    for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
        if (source->kind == SOURCE_ACTION) {
            if (reference_joins(reference, action, directory, source->number, d)) {
                is_there = add_maker(reference, parts, source, d) && is_there;
            }
        } else if (reference->now->is_there[d] &&
                   (its->scope != LIFE_DIRECTORY || d == directory)) {
            is_there = add_input(reference, parts, (int)d, source->number) && is_there;
        }
    }
    return is_there;
}

static void add_value(struct reference *reference, struct parts *parts, size_t action, size_t d)
{
    const unsigned *values = reference->now->values[d];
    char name[16];
    char text[32];
    (void)snprintf(name, sizeof name, "value d%zu", d);
    if (reference->life->actions[action].only_x) {
        (void)snprintf(text, sizeof text, "x %u", values[0]);
    } else {
        (void)snprintf(text, sizeof text, "x %u y %u", values[0], values[1]);
    }
    add_part(reference, parts, name, text);
}

/* False: an input isn't there. */
bool reference_collect(struct reference *reference, size_t action, size_t directory,
                       struct parts *parts)
{
    const struct life_action *its = &reference->life->actions[action];
    char recipe[32];
    (void)snprintf(recipe, sizeof recipe, "c%u t%u", reference->now->comments[action],
                   its->has_file ? reference->now->tokens[action] : 0);
    add_part(reference, parts, "recipe", recipe);
    for (size_t d = 0; d < LIFE_DIRECTORIES && its->scope != LIFE_PROJECT; d++) {
        if (reference->now->is_there[d] && (its->scope == LIFE_GROUP || d == directory)) {
            add_value(reference, parts, action, d);
        }
    }
    bool is_there = true;
    for (size_t i = 0; i < its->source_count; i++) {
        is_there = add_source(reference, parts, action, directory, &its->sources[i]) && is_there;
    }
    return is_there;
}

/* The first part that differs; NULL: none does. */
const char *parts_difference(const struct parts *a, const struct parts *b)
{
    for (size_t i = 0; i < a->list.count || i < b->list.count; i++) {
        if (i >= a->list.count || i >= b->list.count) {
            return i >= a->list.count ? b->list.at[i].name : a->list.at[i].name;
        }
        const struct part *one = &a->list.at[i];
        const struct part *other = &b->list.at[i];
        bool is_equal = one->is_any || other->is_any || strcmp(one->text, other->text) == 0;
        if (strcmp(one->name, other->name) != 0 || !is_equal) {
            return one->name;
        }
    }
    return NULL;
}

bool parts_are_loose(const struct parts *parts)
{
    vec_each (const struct part, part, &parts->list) {
        if (part->is_any) {
            return true;
        }
    }
    return false;
}
