#include "launching.h"

#include "text.h"

/* Bytes inside '…': a quote ends the string, stands escaped, and begins it anew. */
static void add_single(struct buf *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '\'') {
            buf_add_string(out, "'\\''");
        } else {
            buf_add_char(out, bytes.at[i]);
        }
    }
}

/* Bytes among which those in `special` keep a meaning and are escaped: inside "…", in a
 * here-document. A
 * `!` would be expanded by interactive shells only. */
static void add_escaped(struct buf *out, struct slice bytes, const char *special)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (strchr(special, bytes.at[i]) != NULL && bytes.at[i] != '\0') {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, bytes.at[i]);
    }
}

static bool is_plain_word(struct slice bytes)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+.,/:@%^";
    return bytes.len > 0 && bytes.at[0] != '~' &&
           strspn(bytes.at, plain) >= bytes.len; /* names are NUL-terminated */
}

static void add_quoted(struct buf *out, enum template_place place, struct slice bytes)
{
    switch (place) {
    case PLACE_RAW:
    case PLACE_HERE_LITERAL:
        buf_add_slice(out, bytes);
        break;
    case PLACE_SINGLE:
        add_single(out, bytes);
        break;
    case PLACE_DOUBLE:
        add_escaped(out, bytes, "$`\"\\");
        break;
    case PLACE_HERE:
        add_escaped(out, bytes, "$`\\");
        break;
    case PLACE_BARE:
        if (is_plain_word(bytes)) {
            buf_add_slice(out, bytes);
        } else {
            buf_add_char(out, '\'');
            add_single(out, bytes);
            buf_add_char(out, '\'');
        }
        break;
    }
}

void launch_add_word(struct buf *out, struct slice word)
{
    add_quoted(out, PLACE_BARE, word);
}

/* Several words: separated by spaces, each quoted for the place. */
struct word_list {
    struct buf *out;
    enum template_place place;
    size_t count;
};

static void add_word(struct word_list *list, struct slice word)
{
    if (list->count++ > 0) {
        buf_add_char(list->out, ' ');
    }
    add_quoted(list->out, list->place, word);
}

static void add_file(struct word_list *list, const struct graph *graph, struct file_id file,
                     struct buf *path)
{
    buf_clear(path);
    graph_add_path(graph, file, path);
    add_word(list, buf_slice(path));
}

static void add_products(const struct expansion *expansion, struct word_list *list)
{
    const struct graph *graph = expansion->context->graph;
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < expansion->node_count; i++) {
        uint32_t n = expansion->nodes[i].at;
        for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
            add_file(list, graph, graph->products.at[p], &path);
        }
    }
    buf_release(&path);
}

static void add_inputs(const struct expansion *expansion, struct word_list *list)
{
    const struct graph *graph = expansion->context->graph;
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < expansion->node_count; i++) {
        uint32_t n = expansion->nodes[i].at;
        for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
            if (graph->dependencies.at[d].input != DEPENDENCY_UPSTREAM) {
                add_file(list, graph, graph->dependencies.at[d].file, &path);
            }
        }
    }
    buf_release(&path);
}

static int add_value(const struct expansion *expansion, const struct template_part *part,
                     uint32_t directory, struct buf *out, struct diag *diag)
{
    struct graph *graph = expansion->context->graph;
    const struct json *value;
    const struct json *found;
    if (workspace_value(graph->workspace, directory, &value, diag) != 0) {
        return -1;
    }
    struct slice pointer = part->kind == TEMPLATE_POINTER ? part->text : SLICE_LITERAL("");
    if (!json_at(value, pointer, &found)) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, graph->workspace->names[directory]);
        diag_error(diag, "the value of directory `%s` has nothing at `%.*s`", buf_string(&name),
                   SLICE_ARGS(pointer));
        buf_release(&name);
        return -1;
    }
    struct buf text = BUF_EMPTY;
    bool is_string = part->kind == TEMPLATE_POINTER && json_type_of(found) == JSON_STRING;
    if (is_string) {
        buf_add_slice(&text, json_string(found));
    } else {
        json_add_text(found, &text);
    }
    int result = 0;
    if (memchr(buf_string(&text), '\0', text.len) != NULL) {
        result = diag_error(diag,
                            "the string at `%.*s` holds a NUL byte, which no command can "
                            "be given",
                            SLICE_ARGS(pointer));
    } else {
        buf_reserve(&text, 0); /* NUL-terminated also when empty */
        text.at[text.len] = '\0';
        add_quoted(out, part->place, buf_slice(&text));
    }
    buf_release(&text);
    return result;
}

/* A newline in a here-document could be followed by its delimiter. */
static int check_place(const struct template_part *part, struct slice put, struct diag *diag)
{
    bool is_here = part->place == PLACE_HERE || part->place == PLACE_HERE_LITERAL;
    if (part->kind == TEMPLATE_TEXT || !is_here || memchr(put.at, '\n', put.len) == NULL) {
        return 0;
    }
    return diag_error(diag, "a name or value with a newline can't be put into a here-document; use "
                            "$ACTION_DIRECTORY or a file");
}

int launch_expand(const struct expansion *expansion, const struct template *template,
                  uint32_t directory, struct buf *out, struct diag *diag)
{
    const struct workspace *workspace = expansion->context->graph->workspace;
    for (size_t i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        struct word_list list = {.out = out, .place = part->place};
        size_t start = out->len;
        switch (part->kind) {
        case TEMPLATE_TEXT:
            buf_add_slice(out, part->text);
            break;
        case TEMPLATE_DIRECTORY:
            add_quoted(out, part->place, workspace->names[directory]);
            break;
        case TEMPLATE_DIRECTORIES:
            for (size_t d = 0; d < expansion->count; d++) {
                add_word(&list, workspace->names[expansion->directories[d]]);
            }
            break;
        case TEMPLATE_WORKSPACE:
            add_quoted(out, part->place, workspace->path);
            break;
        case TEMPLATE_PROJECT:
            add_quoted(out, part->place, slice_of(expansion->context->project_path));
            break;
        case TEMPLATE_POINTER:
        case TEMPLATE_VALUE:
            if (add_value(expansion, part, directory, out, diag) != 0) {
                return -1;
            }
            break;
        case TEMPLATE_PRODUCTS:
            add_products(expansion, &list);
            break;
        case TEMPLATE_INPUTS:
            add_inputs(expansion, &list);
            break;
        }
        if (check_place(part, slice_make(buf_string(out) + start, out->len - start), diag) != 0) {
            return -1;
        }
    }
    return 0;
}
