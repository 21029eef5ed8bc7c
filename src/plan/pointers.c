/* Whether values have what templates of commands and environments name. */
#include "plan_inner.h"

#include "text.h"

enum { MOST_ERRORS_SHOWN = 20, MOST_NAMES = 3 };

/* The first pointer of the template that the value lacks. */
static const struct template_part *lacking_part(const struct template *template,
                                                const struct json *value)
{
    for (size_t i = 0; i < template->part_count; i++) {
        const struct json *found;
        if (template->parts[i].kind == TEMPLATE_POINTER &&
            !json_at(value, template->parts[i].text, &found)) {
            return &template->parts[i];
        }
    }
    return NULL;
}

static const struct template_part *lacking_pointer(const struct action *action,
                                                   const struct json *value)
{
    const struct template_part *part = lacking_part(&action->command, value);
    for (size_t i = 0; i < action->environment_count && part == NULL; i++) {
        part = lacking_part(&action->environment[i].value, value);
    }
    return part;
}

static bool has_pointer(const struct template *template)
{
    for (size_t i = 0; i < template->part_count; i++) {
        if (template->parts[i].kind == TEMPLATE_POINTER) {
            return true;
        }
    }
    return false;
}

static bool names_pointers(const struct action *action)
{
    bool names = has_pointer(&action->command);
    for (size_t i = 0; i < action->environment_count && !names; i++) {
        names = has_pointer(&action->environment[i].value);
    }
    return names;
}

/* A pointer that values lack, for the same action. */
struct lack {
    uint32_t element;
    const struct template_part *part;
    VEC(uint32_t) directories;
};

struct lacks {
    VEC(struct lack) all;
};

static void add_lack(struct lacks *lacks, uint32_t element, const struct template_part *part,
                     uint32_t directory)
{
    struct lack *lack = NULL;
    vec_each (struct lack, one, &lacks->all) {
        if (one->element == element && slice_equal(one->part->text, part->text)) {
            lack = one;
            break;
        }
    }
    if (lack == NULL) {
        vec_push(&lacks->all, (struct lack){.element = element, .part = part});
        lack = &lacks->all.at[lacks->all.count - 1];
    }
    vec_push(&lack->directories, directory);
}

static int check_directory(struct plan *plan, uint32_t element, uint32_t directory,
                           struct lacks *lacks, struct diag *diag)
{
    struct workspace *workspace = plan->graph->workspace;
    const struct json *value;
    struct json *made;
    if (!workspace_peek_value(workspace, directory, &value, &made) &&
        workspace_value(workspace, directory, &value, diag) != 0) {
        return -1;
    }
    const struct template_part *part =
        lacking_pointer(&plan->graph->rowfile->actions[element], value);
    json_free(made);
    if (part != NULL) {
        add_lack(lacks, element, part, directory);
    }
    return part != NULL ? -1 : 0;
}

static void report_lack(const struct plan *plan, const struct lack *lack, struct diag *diag)
{
    const struct rowfile *rowfile = plan->graph->rowfile;
    const struct slice *names = plan->graph->workspace->names;
    const struct action *action = &rowfile->actions[lack->element];
    struct buf name = BUF_EMPTY;
    struct buf others = BUF_EMPTY;
    text_add_name(&name, names[lack->directories.at[0]]);
    text_add_same_in(&others, lack->directories.count - 1);
    for (size_t i = 1; i < lack->directories.count && i <= MOST_NAMES; i++) {
        text_add_listed(&others, names[lack->directories.at[i]], i - 1);
    }
    buf_add_string(&others, lack->directories.count > 1 + MOST_NAMES ? ", …" : "");
    diag_error_at(diag, FINDING_MISSING_POINTER, &rowfile->source, action->command_offset, 1,
                  "action `%.*s`: the value of directory `%s` has nothing at `%.*s`%s%s",
                  SLICE_ARGS(action->name), buf_string(&name), SLICE_ARGS(lack->part->text),
                  buf_string(&others),
                  plan->graph->value_column == GRAPH_NONE
                      ? "; set `workspace.value_file` to read values"
                      : "");
    vec_each (const uint32_t, directory, &lack->directories) {
        diag_add_directory(diag, names[*directory]);
    }
    buf_release(&others);
    buf_release(&name);
}

int plan_check_pointers(struct plan *plan, bool all, struct diag *diag)
{
    const struct graph *graph = plan->graph;
    struct lacks lacks = {0};
    int result = 0;
    bool all_read = false;
    for (size_t i = 0; i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        uint8_t verdict = plan->verdicts[task.at];
        const uint32_t *directories;
        size_t count = graph_directories(graph, task, &directories);
        if ((!all && verdict != VERDICT_STALE && verdict != VERDICT_MAYBE) ||
            !names_pointers(graph_action(graph, task))) {
            continue;
        }
        if (!all_read) {
            all_read = true; /* what is declared is spelled one by one, and not kept */
            if (graph->workspace->points.standings == NULL &&
                workspace_read_values(graph->workspace, diag) != 0) {
                result = -1;
                break;
            }
        }
        for (size_t d = 0; d < count; d++) {
            if (check_directory(plan, graph->tasks[task.at].action, directories[d], &lacks, diag) !=
                0) {
                result = -1;
            }
        }
    }
    for (size_t i = 0; i < lacks.all.count && i < MOST_ERRORS_SHOWN; i++) {
        report_lack(plan, &lacks.all.at[i], diag);
    }
    vec_each (struct lack, lack, &lacks.all) {
        vec_release(&lack->directories);
    }
    vec_release(&lacks.all);
    return result;
}
