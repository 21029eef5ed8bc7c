/* Values in a crate: a PropertyValue for each parameter of a directory, a FormalParameter for all. */
#include "crate_inner.h"

#include "text.h"

#include <math.h>

struct using
{
    struct crate *crate;
    struct slice directory;
    bool by_pointer; /* the document is {"/pointer": value} */
    struct crate_action *action;
    id_list *ids;
};

/* "temperature" for "/temperature"; of {"/pointer": …} the pointer is a key, and what follows it lies
 * below. "~1" and "~0" are '/' and '~'. */
static void add_name(struct buf *out, struct slice pointer, bool by_pointer)
{
    size_t at = pointer.len > 0 ? 1 : 0;
    bool is_first = true;
    for (; at < pointer.len; at++) {
        char c = pointer.at[at];
        is_first = is_first && c != '/';
        if (is_first && by_pointer && c == '~' && at + 1 < pointer.len) {
            at++;
            c = pointer.at[at] == '1' ? '/' : '~';
            if (c == '/' && out->len == 0) {
                continue; /* of the pointer itself */
            }
        }
        buf_add_char(out, c);
    }
    if (out->len == 0) {
        buf_add_string(out, "value");
    }
}

static uint32_t note_parameter(struct crate *crate, struct slice name, const struct json *value)
{
    uint32_t number = intern_add(&crate->parameter_names, name);
    if (number == crate->parameters.count) {
        vec_push(&crate->parameters,
                 (struct crate_parameter){.name = intern_name(&crate->parameter_names, number)});
    }
    struct crate_parameter *parameter = &crate->parameters.at[number];
    enum json_type type = json_type_of(value);
    parameter->types |= 1U << (unsigned)type;
    if (type == JSON_NUMBER) {
        double number_value = json_number(value);
        parameter->has_fractions |= number_value != floor(number_value);
    }
    return number;
}

static bool is_plain(enum json_type type)
{
    return type == JSON_BOOLEAN || type == JSON_NUMBER || type == JSON_STRING;
}

/* A directory has one value at a time, but its steps may have used different ones. */
static struct slice id_of_value(struct crate *crate, struct slice directory, struct slice name,
                                struct slice text)
{
    struct slice id = crate_id(crate, "#value/", directory, name);
    for (unsigned nth = 2;; nth++) {
        uint32_t number = intern_find(&crate->value_texts, id);
        struct buf key = BUF_EMPTY;
        buf_add_slice(&key, id);
        buf_add_char(&key, '\0');
        buf_add_slice(&key, text);
        bool is_same = intern_find(&crate->value_texts, buf_slice(&key)) != INTERN_NONE;
        if (number == INTERN_NONE) {
            intern_add(&crate->value_texts, id);
            intern_add(&crate->value_texts, buf_slice(&key));
        }
        buf_release(&key);
        if (is_same || number == INTERN_NONE) {
            return id;
        }
        struct buf next = BUF_EMPTY;
        buf_add_slice(&next, crate_id(crate, "#value/", directory, name));
        buf_addf(&next, "?%u", nth);
        id = arena_slice(&crate->names, buf_slice(&next));
        buf_release(&next);
    }
}

static void add_property(struct using *using, struct slice name, const struct json *value)
{
    struct crate *crate = using->crate;
    struct buf text = BUF_EMPTY;
    uint32_t number = note_parameter(crate, name, value);
    struct slice parameter =
        crate_id(crate, "#parameter/", crate->parameters.at[number].name, SLICE_LITERAL(""));
    json_add_text(value, &text);
    struct slice id = id_of_value(crate, using->directory, name, buf_slice(&text));
    if (crate_begin(crate, id, "PropertyValue")) {
        crate_string(crate, "name", name);
        report_json_key(&crate->entities, "value");
        if (is_plain(json_type_of(value))) {
            buf_add_slice(&crate->entities, buf_slice(&text));
        } else { /* JSON-LD has no plain objects, and drops null */
            text_add_json(&crate->entities, buf_slice(&text));
        }
        crate_reference(crate, "exampleOfWork", parameter);
        crate_end(crate);
    }
    vec_push(using->ids, id);
    crate_add_once(&crate->object_ids, &crate->objects, id);
    bool is_known = false;
    vec_each (const struct slice, known, &using->action->inputs) {
        is_known = is_known || slice_equal(*known, parameter);
    }
    if (!is_known) {
        vec_push(&using->action->inputs, parameter);
    }
    buf_release(&text);
}

static void add_leaf(void *context, struct slice pointer, const struct json *before,
                     bool before_there, const struct json *after, bool after_there)
{
    struct using *using = context;
    struct buf name = BUF_EMPTY;
    (void)before, (void)before_there;
    if (after_there) {
        add_name(&name, pointer, using->by_pointer);
        add_property(using, buf_slice(&name), after);
    }
    buf_release(&name);
}

void crate_add_values(struct crate *crate, const struct story_step *step,
                      struct crate_action *action, id_list *ids)
{
    struct diag unheard;
    diag_init(&unheard);
    struct json *nothing =
        json_parse(crate->parser, SLICE_LITERAL("{}"), SLICE_LITERAL(""), &unheard);
    vec_each (const struct story_value, value, &step->values) {
        struct using using = {.crate = crate,
                              .directory = value->directory,
                              .by_pointer = value->by_pointer,
                              .action = action,
                              .ids = ids};
        struct json *document = value->text.at != NULL ? json_parse(crate->parser, value->text,
                                                                    SLICE_LITERAL(""), &unheard)
                                                       : NULL;
        if (json_type_of(document) == JSON_OBJECT) {
            json_differences(nothing, document, SIZE_MAX, add_leaf, &using);
        } else if (document != NULL) {
            add_property(&using, SLICE_LITERAL("value"), document);
        }
        json_free(document);
    }
    json_free(nothing);
    diag_release(&unheard);
}

static const char *type_name(const struct crate_parameter *parameter)
{
    unsigned types = parameter->types;
    if (types == 1U << JSON_NUMBER) {
        return parameter->has_fractions ? "Float" : "Integer";
    }
    return types == 1U << JSON_BOOLEAN ? "Boolean" : "Text"; /* others are written as JSON */
}

void crate_add_parameters(struct crate *crate, id_list *ids)
{
    vec_each (const struct crate_parameter, parameter, &crate->parameters) {
        struct slice id = crate_id(crate, "#parameter/", parameter->name, SLICE_LITERAL(""));
        vec_push(ids, id);
        if (crate_begin(crate, id, "FormalParameter")) {
            crate_string(crate, "name", parameter->name);
            crate_string(crate, "additionalType", slice_of(type_name(parameter)));
            crate_end(crate);
        }
    }
}
