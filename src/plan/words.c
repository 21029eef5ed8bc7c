/* Words in braces that are no templates, but keys of the values: `{x}` where `{/x}` was meant. */
#include "plan_inner.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LOOKED_AT = 16 }; /* directories, for each action */

/* Appends the pointer that the word may stand for, if the value has something there. */
static bool find_pointer(const struct json *value, struct slice word, struct buf *pointer)
{
    const struct json *found;
    buf_clear(pointer);
    buf_addf(pointer, "/%.*s", SLICE_ARGS(word));
    if (value == NULL) {
        return false;
    }
    if (json_at(value, buf_slice(pointer), &found)) {
        return true;
    }
    for (size_t i = 0; i < pointer->len; i++) {
        if (pointer->at[i] == '.') { /* nested keys */
            pointer->at[i] = '/';
        }
    }
    return json_at(value, buf_slice(pointer), &found);
}

/* A text of an action in which words stand. */
struct text_place {
    const struct template *template;
    const struct path_spec *path; /* NULL: a command or a variable */
};

/* Elements that share a text by `from` get one warning. */
static void warn_at(const struct plan *plan, enum finding_code code, size_t offset, size_t length,
                    const struct buf *text, struct diag *diag)
{
    vec_each (const struct diag_entry, entry, &diag->entries) {
        if (entry->severity == DIAG_WARNING && entry->offset == offset &&
            strcmp(entry->message, buf_string(text)) == 0) {
            return;
        }
    }
    diag_warning_at(diag, code, &plan->graph->rowfile->source, offset, length, "%s",
                    buf_string(text));
}

static void warn(const struct plan *plan, const struct text_place *place,
                 const struct template_word *word, struct slice pointer, struct diag *diag)
{
    const struct template *template = place->template;
    struct buf text = BUF_EMPTY;
    size_t at = template->offset + word->offset;
    size_t length = word->length;
    buf_addf(&text, "`%.*s` ", (int)word->length, template->text.at + word->offset);
    if (place->path != NULL) {
        at = place->path->offset;
        length = place->path->length;
    }
    if (place->path != NULL && !place->path->from_project) {
        buf_addf(&text,
                 "is part of the file's name here; the values have `%.*s`, but templates work only "
                 "in paths that begin with `//`",
                 SLICE_ARGS(pointer));
    } else {
        buf_addf(&text,
                 "is not a template and stays as it is, but the values have `%.*s`; did you mean "
                 "`{%.*s}`?",
                 SLICE_ARGS(pointer), SLICE_ARGS(pointer));
    }
    warn_at(plan,
            place->path != NULL && !place->path->from_project ? FINDING_BRACES_IN_NAME
                                                              : FINDING_NOT_A_TEMPLATE,
            at, length, &text, diag);
    buf_release(&text);
}

/* The texts of an action, one after the other; false: there is none of that number. */
static bool place_at(const struct action *action, size_t number, struct text_place *place)
{
    *place = (struct text_place){.template = &action->command};
    if (number == 0) {
        return true;
    }
    size_t variable = number - 1;
    if (variable < action->environment_count) {
        place->template = &action->environment[variable].value;
        return true;
    }
    size_t product = variable - action->environment_count;
    if (product < action->product_count) {
        place->path = &action->products[product];
        place->template = &place->path->template;
        return true;
    }
    size_t input = product - action->product_count;
    if (input < action->input_count) {
        place->path = &action->inputs[input];
        place->template = &place->path->template;
        return true;
    }
    return false;
}

static size_t count_words(const struct action *action)
{
    struct text_place place = {0};
    size_t count = 0;
    for (size_t i = 0; place_at(action, i, &place); i++) {
        count += place.template->word_count;
    }
    return count;
}

/* `{dir}`: what loading has found. Only check tells what loading found. */
static void warn_of_misspelt(const struct plan *plan, const struct action *action,
                             struct diag *diag)
{
    struct text_place place = {0};
    for (size_t i = 0; place_at(action, i, &place); i++) {
        bool is_plain_path = place.path != NULL && !place.path->from_project;
        for (size_t w = 0; !is_plain_path && w < place.template->word_count; w++) {
            const struct template_word *word = &place.template->words[w];
            if (word->meant != NULL) {
                struct buf text = BUF_EMPTY;
                buf_addf(&text, "`%.*s` is not a template and stays as it is; did you mean `{%s}`?",
                         (int)word->length, place.template->text.at + word->offset, word->meant);
                warn_at(plan, FINDING_NOT_A_TEMPLATE, place.template->offset + word->offset,
                        word->length, &text, diag);
                buf_release(&text);
            }
        }
    }
}

/* `told`: by word of the action. */
static void check_value(const struct plan *plan, const struct action *action,
                        const struct json *value, bool *told, struct diag *diag)
{
    struct text_place place = {0};
    struct buf pointer = BUF_EMPTY;
    size_t number = 0;
    for (size_t i = 0; place_at(action, i, &place); i++) {
        for (size_t w = 0; w < place.template->word_count; w++, number++) {
            const struct template_word *word = &place.template->words[w];
            if (!told[number] && find_pointer(value, word->word, &pointer)) {
                told[number] = true;
                warn(plan, &place, word, buf_slice(&pointer), diag);
            }
        }
    }
    buf_release(&pointer);
}

static void check_element(struct plan *plan, uint32_t element, bool all, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    const struct action *action = &graph->rowfile->actions[element];
    size_t words = count_words(action);
    size_t looked_at = 0;
    if (words == 0) {
        return;
    }
    bool *told = mem_alloc(words * sizeof *told);
    bool is_first = !all;
    for (uint32_t n = 0; n < graph->task_count && looked_at < MOST_LOOKED_AT; n++) {
        const uint32_t *directories;
        struct task_id task = {n};
        if (graph->tasks[n].action != element || (!all && !verdict_is_work(plan->verdicts[n]))) {
            continue;
        }
        if (is_first) {
            is_first = false;
            warn_of_misspelt(plan, action, diag);
        }
        if (graph->value_column == GRAPH_NONE) {
            break;
        }
        size_t count = graph_directories(graph, task, &directories);
        for (size_t d = 0; d < count && looked_at < MOST_LOOKED_AT; d++, looked_at++) {
            const struct json *value;
            struct diag unseen; /* what is wrong with values is told elsewhere */
            diag_init(&unseen);
            if (workspace_value(graph->workspace, directories[d], &value, &unseen) == 0) {
                check_value(plan, action, value, told, diag);
            }
            diag_release(&unseen);
        }
    }
    free(told);
}

void plan_warn_of_words(struct plan *plan, bool all, struct diag *diag)
{
    for (uint32_t a = 0; a < plan->graph->rowfile->action_count; a++) {
        check_element(plan, a, all, diag);
    }
}
