/* Fills in the templates of commands and variables; checks values that can't be quoted. */
#include "launching.h"

#include "filling.h"
#include "text.h"

static void add_file(struct filling *filling, const struct graph *graph, struct file_id file,
                     struct buf *path)
{
    buf_clear(path);
    graph_add_path(graph, file, path);
    filling_add(filling, buf_slice(path));
}

static void add_products(const struct expansion *expansion, struct filling *filling)
{
    const struct graph *graph = expansion->context->graph;
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < expansion->task_count; i++) {
        uint32_t n = expansion->tasks[i].at;
        for (uint32_t p = graph->product_start[n]; p < graph->product_start[n + 1]; p++) {
            add_file(filling, graph, graph->products.at[p], &path);
        }
    }
    buf_release(&path);
}

/* Whether a file belongs to a directory that is left out. */
static bool is_left_out(const struct expansion *expansion, struct file_id file)
{
    if (expansion->skipped_count == 0) {
        return false;
    }
    uint32_t owner = graph_owner(expansion->context->graph, file);
    bool found = false;
    for (size_t i = 0; i < expansion->skipped_count && !found; i++) {
        found = owner == expansion->skipped[i];
    }
    return found;
}

static void add_inputs(const struct expansion *expansion, struct filling *filling)
{
    const struct graph *graph = expansion->context->graph;
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < expansion->task_count; i++) {
        uint32_t n = expansion->tasks[i].at;
        for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
            if (graph->dependencies.at[d].input != DEPENDENCY_UPSTREAM &&
                !is_left_out(expansion, graph->dependencies.at[d].file)) {
                add_file(filling, graph, graph->dependencies.at[d].file, &path);
            }
        }
    }
    buf_release(&path);
}

static int add_value(const struct expansion *expansion, const struct template_part *part,
                     uint32_t directory, struct filling *filling, struct diag *diag)
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
        diag_error(diag, FINDING_MISSING_POINTER,
                   "the value of directory `%s` has nothing at `%.*s`", buf_string(&name),
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
        result = diag_error(
            diag, FINDING_WRONG_TEMPLATE,
            "the string at `%.*s` contains a NUL byte, which can't be passed to a command",
            SLICE_ARGS(pointer));
    } else {
        filling_add(filling, buf_slice(&text));
    }
    buf_release(&text);
    return result;
}

static int fill(const struct expansion *expansion, const struct template *template,
                uint32_t directory, struct filling *filling, struct diag *diag)
{
    const struct workspace *workspace = expansion->context->graph->workspace;
    for (size_t i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        filling_next(filling);
        switch (part->kind) {
        case TEMPLATE_TEXT:
            break;
        case TEMPLATE_DIRECTORY:
            filling_add(filling, workspace->names[directory]);
            break;
        case TEMPLATE_DIRECTORIES:
            for (size_t d = 0; d < expansion->count; d++) {
                filling_add(filling, workspace->names[expansion->directories[d]]);
            }
            break;
        case TEMPLATE_WORKSPACE:
            filling_add(filling, workspace->path);
            break;
        case TEMPLATE_PROJECT:
            filling_add(filling, slice_of(expansion->context->project_path));
            break;
        case TEMPLATE_POINTER:
        case TEMPLATE_VALUE:
            if (add_value(expansion, part, directory, filling, diag) != 0) {
                return -1;
            }
            break;
        case TEMPLATE_PRODUCTS:
            add_products(expansion, filling);
            break;
        case TEMPLATE_INPUTS:
            add_inputs(expansion, filling);
            break;
        }
    }
    return 0;
}

/* Adds "the value at `/name` of directory `a`", and the variable that could hold it. */
static void name_part(const struct template_part *part, const char *directory, struct buf *what,
                      struct buf *variable)
{
    static const char *const names[] = {
        [TEMPLATE_DIRECTORIES] = "{directories}", [TEMPLATE_WORKSPACE] = "{workspace_path}",
        [TEMPLATE_PROJECT] = "{project}",         [TEMPLATE_VALUE] = "{value}",
        [TEMPLATE_PRODUCTS] = "{products}",       [TEMPLATE_INPUTS] = "{inputs}",
    };
    if (part->kind == TEMPLATE_DIRECTORY) {
        buf_addf(what, "the name of directory `%s`", directory);
    } else if (part->kind == TEMPLATE_POINTER) {
        buf_addf(what, "the value at `%.*s` of directory `%s`", SLICE_ARGS(part->text), directory);
        buf_addf(variable, "{%.*s}", SLICE_ARGS(part->text));
    } else {
        buf_addf(what, directory[0] != '\0' ? "%s of directory `%s`" : "%s", names[part->kind],
                 directory);
        if (part->kind != TEMPLATE_DIRECTORIES) {
            buf_add_string(variable, names[part->kind]);
        }
    }
}

/* Adds what is wrong with the value, and what to write instead. */
static void add_fault(const struct expansion *expansion, uint32_t directory,
                      const struct filling *filling, struct buf *out)
{
    static const char *const faults[] = {
        [FILLING_NEWLINE] = "has a newline and can't be put into a here-document",
        [FILLING_ENDS_HERE] = "makes a line that could end the here-document",
        [FILLING_LOSES_BYTE] = "makes a line from which some shells drop a byte",
        [FILLING_LOSES_TAB] = "puts a tab where `<<-` removes it",
        [FILLING_NOT_PLAIN] = "can't be quoted here for all shells",
        [FILLING_NOT_NUMBER] = "isn't a number, and the shell would evaluate it here",
    };
    const struct workspace *workspace = expansion->context->graph->workspace;
    struct buf name = BUF_EMPTY;
    struct buf what = BUF_EMPTY;
    struct buf variable = BUF_EMPTY;
    if (expansion->count > 0) {
        text_add_name(&name, workspace->names[directory]);
    }
    name_part(&filling->template->parts[filling->fault_part], buf_string(&name), &what, &variable);
    buf_addf(out, "%s %s", buf_string(&what), faults[filling->fault]);
    if (filling->fault == FILLING_NOT_NUMBER) {
        buf_add_string(out, "; use awk or bc for arithmetic with text");
    } else if (variable.len == 0) {
        buf_add_string(out, "; use `printf '%s\\n' \"$ACTION_DIRECTORY\"`");
    } else {
        buf_addf(out,
                 "; use `printf '%%s\\n' \"$VAR\"` with `environment.VAR = \"%s\"` in the action",
                 buf_string(&variable));
    }
    buf_release(&variable);
    buf_release(&what);
    buf_release(&name);
}

int launch_expand(const struct expansion *expansion, const struct template *template,
                  uint32_t directory, struct buf *out, struct diag *diag)
{
    const struct action *action = graph_action(expansion->context->graph, expansion->task);
    struct filling filling;
    filling_init(&filling, template, action->shell, out);
    int result = fill(expansion, template, directory, &filling, diag);
    if (result == 0 && filling_end(&filling) != 0) {
        struct buf fault = BUF_EMPTY;
        add_fault(expansion, directory, &filling, &fault);
        result = diag_error(diag, FINDING_WRONG_TEMPLATE, "%s", buf_string(&fault));
        buf_release(&fault);
    }
    filling_release(&filling);
    return result;
}

static int check_filling(const struct expansion *expansion, uint32_t directory, struct diag *diag)
{
    struct graph *graph = expansion->context->graph;
    const struct action *action = graph_action(graph, expansion->task);
    struct buf text = BUF_EMPTY;
    struct filling filling;
    filling_init(&filling, &action->command, action->shell, &text);
    int result = fill(expansion, &action->command, directory, &filling, diag);
    if (result == 0 && filling_end(&filling) != 0) {
        const struct template_part *part = &action->command.parts[filling.fault_part];
        struct buf fault = BUF_EMPTY;
        add_fault(expansion, directory, &filling, &fault);
        result = diag_error_at(diag, FINDING_WRONG_TEMPLATE, &graph->rowfile->source,
                               action->command_text_offset + part->offset, 1, "action `%.*s`: %s",
                               SLICE_ARGS(action->name), buf_string(&fault));
        buf_release(&fault);
    }
    filling_release(&filling);
    buf_release(&text);
    return result;
}

int launch_check_values(const struct launch_context *context, struct task_id task,
                        struct diag *diag)
{
    const struct action *action = graph_action(context->graph, task);
    struct expansion expansion = {
        .context = context, .task = task, .tasks = &task, .task_count = 1};
    if (!action->command.is_delicate) {
        return 0;
    }
    expansion.count = graph_directories(context->graph, task, &expansion.directories);
    size_t times = action->command.uses_directory && expansion.count > 0 ? expansion.count : 1;
    int result = 0;
    for (size_t i = 0; i < times; i++) {
        uint32_t directory = expansion.count > 0 ? expansion.directories[i] : 0;
        if (check_filling(&expansion, directory, diag) != 0) {
            result = -1;
        }
    }
    return result;
}
