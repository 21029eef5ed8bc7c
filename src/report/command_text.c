#include "command_text.h"

#include "disk.h"
#include "filling.h"
#include "interpreter.h"
#include "json.h"
#include "template.h"

#include <stdlib.h>

struct teller {
    const struct plan *plan;
    const struct story_step *step;
    struct slice directory; /* that {directory} and pointers refer to */
    struct json *value;     /* of it; NULL: null */
    bool by_pointer;
    struct filling filling;
};

static bool is_listed(const struct story_file *file)
{
    return file->is_listed && !digest_is_absent(file->digest);
}

static void add_project(struct teller *teller)
{
    char *path = disk->path_of(plan_project(teller->plan));
    filling_add(&teller->filling, slice_of(path != NULL ? path : "."));
    free(path);
}

/* "/a~1b" for the key "a/b" below the pointer `above`. */
static void add_escaped(struct slice key, struct buf *out)
{
    buf_add_char(out, '/');
    for (size_t i = 0; i < key.len; i++) {
        char c = key.at[i];
        if (c == '~' || c == '/') {
            buf_add_string(out, c == '~' ? "~0" : "~1");
        } else {
            buf_add_char(out, c);
        }
    }
}

static bool add_value(struct teller *teller, struct slice pointer, bool is_whole)
{
    const struct json *found = NULL;
    struct buf key = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    if (teller->by_pointer) {
        add_escaped(pointer, &key);
    } else {
        buf_add_slice(&key, pointer);
    }
    bool is_there = json_at(teller->value, buf_slice(&key), &found);
    if (is_there && !is_whole && json_type_of(found) == JSON_STRING) {
        buf_add_slice(&text, json_string(found));
    } else if (is_there) {
        json_add_text(found, &text);
    }
    if (is_there) {
        filling_add(&teller->filling, buf_slice(&text));
    }
    buf_release(&text);
    buf_release(&key);
    return is_there;
}

static bool add_part(struct teller *teller, const struct template_part *part)
{
    const struct story_step *step = teller->step;
    switch (part->kind) {
    case TEMPLATE_TEXT:
        break;
    case TEMPLATE_DIRECTORY:
        filling_add(&teller->filling, teller->directory);
        break;
    case TEMPLATE_DIRECTORIES:
        vec_each (const struct slice, directory, &step->directories) {
            filling_add(&teller->filling, *directory);
        }
        break;
    case TEMPLATE_WORKSPACE:
        filling_add(&teller->filling, plan_graph(teller->plan)->workspace->path);
        break;
    case TEMPLATE_PROJECT:
        add_project(teller);
        break;
    case TEMPLATE_POINTER:
        return add_value(teller, part->text, false);
    case TEMPLATE_VALUE:
        return add_value(teller, SLICE_LITERAL(""), true);
    case TEMPLATE_PRODUCTS:
        vec_each (const struct story_file, product, &step->products) {
            filling_add(&teller->filling, product->path);
        }
        break;
    case TEMPLATE_INPUTS:
        vec_each (const struct story_file, input, &step->inputs) {
            if (is_listed(input)) {
                filling_add(&teller->filling, input->place);
            }
        }
        break;
    }
    return true;
}

static bool fill_in(struct teller *teller, const struct template *template, struct slice shell,
                    struct buf *out)
{
    bool is_known = true;
    filling_init(&teller->filling, template, shell, out);
    for (size_t i = 0; i < template->part_count && is_known; i++) {
        filling_next(&teller->filling);
        is_known = add_part(teller, &template->parts[i]);
    }
    is_known = is_known && filling_end(&teller->filling) == 0;
    filling_release(&teller->filling);
    return is_known;
}

/* With the value of one of the step's directories. */
static bool add_for(const struct plan *plan, const struct story_step *step,
                    const struct template *template, struct slice shell, struct slice directory,
                    struct buf *out)
{
    struct teller teller = {.plan = plan, .step = step, .directory = directory};
    struct json_parser *parser = json_parser_new();
    struct diag unheard;
    diag_init(&unheard);
    vec_each (const struct story_value, value, &step->values) {
        if (slice_equal(value->directory, directory) && value->text.at != NULL &&
            teller.value == NULL) {
            teller.value = json_parse(parser, value->text, SLICE_LITERAL(""), &unheard);
            teller.by_pointer = value->by_pointer;
        }
    }
    bool is_known = fill_in(&teller, template, shell, out);
    json_free(teller.value);
    json_parser_free(parser);
    diag_release(&unheard);
    return is_known;
}

static bool add_all(const struct plan *plan, const struct story_step *step,
                    const struct template *template, struct slice shell, struct buf *out)
{
    size_t count = step->directories.count;
    if (!template->uses_directory || count <= 1) {
        struct slice first = count > 0 ? step->directories.at[0] : SLICE_LITERAL("");
        return add_for(plan, step, template, shell, first, out);
    }
    for (size_t i = 0; i < count; i++) { /* a group, one directory after the other */
        buf_add_string(out, i > 0 ? "\n" : "");
        if (!add_for(plan, step, template, shell, step->directories.at[i], out)) {
            return false;
        }
    }
    return true;
}

bool command_text_add(const struct plan *plan, const struct story_step *step, struct buf *out)
{
    const struct rowfile *rowfile = plan_graph(plan)->rowfile;
    struct source source = {.name = "record", .text = step->command};
    struct arena arena;
    struct diag unheard;
    struct template template = {0};
    struct interpreter interpreter = {0};
    struct buf text = BUF_EMPTY;
    size_t count;
    if (step->command.at == NULL) {
        return false;
    }
    arena_init(&arena);
    diag_init(&unheard);
    struct slice *words = interpreter_split(step->interpreter, &arena, &count);
    bool is_known =
        count > 0 &&
        template_parse(&template, step->command,
                       rowfile->contract == CONTRACT_ROW ? DIALECT_ROW : DIALECT_ROWFILE, false,
                       &arena, &source, 0, &unheard) == 0 &&
        add_all(plan, step, &template, interpreter_set(&interpreter, words, count, &arena), &text);
    if (is_known) {
        buf_add_slice(out, buf_slice(&text));
    }
    buf_release(&text);
    diag_release(&unheard);
    arena_release(&arena);
    return is_known;
}

struct slice command_text_shell(const struct story_step *step)
{
    return step->run.shell.len > 0 ? step->run.shell : step->interpreter;
}
