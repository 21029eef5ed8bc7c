/* Which paths a study may name: judged after their templates were filled in, before anything is
 * looked at, run or moved. What is refused is kept, and told at once. */
#include "building.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

enum { MOST_NAMES = 3 }; /* of further directories in one message */

static const char *const reasons[] = {
    [PROBLEM_EMPTY] = "has no name",
    [PROBLEM_NUL] = "contains a NUL byte",
    [PROBLEM_ABSOLUTE] = "is an absolute path",
    [PROBLEM_UP] = "contains `..`",
    [PROBLEM_OUTSIDE] = "is outside of the project and the workspace",
    [PROBLEM_PART] = "contains an empty name or `.`",
    [PROBLEM_RESERVED] = "has a name that rowbuild gives to backups and temporary files",
    [PROBLEM_STATE] = "belongs to rowbuild's state folder",
    [PROBLEM_HOLDS_STATE] = "contains rowbuild's state folder",
    [PROBLEM_ROWFILE] = "is the file that describes the project",
    [PROBLEM_WORKSPACE] = "is or contains the workspace",
    [PROBLEM_MEMBER] = "is or contains a directory of the workspace",
    [PROBLEM_VALUE_FILE] = "is or contains the file that holds a directory's value",
    [PROBLEM_OWN_PRODUCT] = "is a product of the same action by another name",
    [PROBLEM_IN_OWN_PRODUCT] = "lies inside a product of the same action",
};

/* ---- What was found ---- */

struct finding {
    const struct action *action;
    const struct path_spec *spec;
    enum graph_path_role role;
    enum path_problem problem;
    struct slice path; /* the first one */
    uint32_t directories[1 + MOST_NAMES];
    size_t directory_count;
};

struct judging {
    struct arena bytes;
    struct intern keys; /* action, spec and problem of each finding */
    VEC(struct finding) findings;
    bool each_member; /* whether paths differ in more than the directory's name */
};

/* Whether a member lies in another one. */
static bool is_nested(const struct workspace *workspace)
{
    for (size_t m = 0; m < workspace->count; m++) {
        struct slice name = workspace->names[m];
        for (size_t i = 1; i < name.len; i++) {
            if (name.at[i] == '/' && workspace_find(workspace, slice_make(name.at, i), NULL) >= 0) {
                return true;
            }
        }
    }
    return false;
}

struct judging *judging_new(struct building *building)
{
    const struct state_place *place = &building->workspace->place;
    struct judging *judging = mem_alloc(sizeof *judging);
    arena_init(&judging->bytes);
    intern_init(&judging->keys);
    building->has_nested_members = is_nested(building->workspace);
    judging->each_member = place->in_workspace[0].at != NULL || place->in_workspace[1].at != NULL ||
                           building->has_nested_members;
    return judging;
}

void judging_free(struct judging *judging)
{
    arena_release(&judging->bytes);
    intern_release(&judging->keys);
    vec_release(&judging->findings);
    free(judging);
}

void building_refuse(struct building *building, const struct action *action,
                     const struct path_spec *spec, enum graph_path_role role, uint32_t directory,
                     struct slice path, enum path_problem problem)
{
    struct judging *judging = building->judging;
    struct buf key = BUF_EMPTY;
    buf_add(&key, &action, sizeof action);
    buf_add(&key, &spec, sizeof spec);
    buf_add(&key, &problem, sizeof problem);
    uint32_t known = judging->keys.count;
    uint32_t number = intern_add(&judging->keys, buf_slice(&key));
    buf_release(&key);
    if (number == known) {
        vec_push(&judging->findings, (struct finding){.action = action,
                                                      .spec = spec,
                                                      .role = role,
                                                      .problem = problem,
                                                      .path = arena_slice(&judging->bytes, path)});
    }
    struct finding *finding = &judging->findings.at[number];
    if (directory != GRAPH_NONE) {
        if (finding->directory_count <= MOST_NAMES) {
            finding->directories[finding->directory_count] = directory;
        }
        finding->directory_count++;
    }
}

bool building_accepts(struct building *building, const struct action *action,
                      const struct path_spec *spec, enum graph_path_role role, uint32_t directory,
                      struct slice path)
{
    enum path_problem problem = PROBLEM_NONE;
    if (spec->has_template) {
        problem = path_judge_words(building, spec, role, path);
    }
    if (problem == PROBLEM_NONE) {
        struct slice clean = path;
        while (slice_starts_with(clean, "./")) { /* `{workspace_path}` where it is the project */
            clean = slice_make(clean.at + 2, clean.len - 2);
        }
        struct buf absolute = BUF_EMPTY;
        path_add_absolute(building, clean, &absolute);
        bool may_leave = role == GRAPH_INPUT && clean.len > 0 && clean.at[0] != '/';
        problem = !may_leave && path_is_outside(building, buf_slice(&absolute))
                      ? PROBLEM_OUTSIDE
                      : path_judge_place(building, buf_slice(&absolute), role);
        buf_release(&absolute);
    }
    if (problem != PROBLEM_NONE) {
        building_refuse(building, action, spec, role, directory, path, problem);
    }
    return problem == PROBLEM_NONE;
}

bool building_accepts_below(struct building *building, const struct action *action,
                            const struct path_spec *spec, enum graph_path_role role,
                            uint32_t directory)
{
    if (!building->judging->each_member || spec->path.len == 0 || spec->path.at[0] == '/') {
        return true;
    }
    struct buf path = BUF_EMPTY;
    if (!slice_is(building->workspace->path, ".")) {
        buf_addf(&path, "%s/", building->workspace->path.at);
    }
    buf_addf(&path, "%s/", building->workspace->names[directory].at);
    buf_add_slice(&path, spec->path);
    bool accepted = building_accepts(building, action, spec, role, directory, buf_slice(&path));
    buf_release(&path);
    return accepted;
}

/* ---- Resumable files ---- */

void building_each_resumable(struct building *building, struct task_id task,
                             building_resumable_fn *each, void *context)
{
    const struct graph *graph = building->graph;
    const struct action *action = graph_action(graph, task);
    const uint32_t *directories;
    size_t count = action->resumable_count > 0 ? graph_directories(graph, task, &directories) : 0;
    for (size_t i = 0; i < action->resumable_count; i++) {
        const struct path_spec *spec = &action->resumable_files[i];
        if (spec->is_refused || spec->has_template) {
            continue;
        }
        if (spec->from_project) {
            each(building, action, spec, GRAPH_NONE, context);
        }
        for (size_t d = 0; d < count && !spec->from_project; d++) {
            each(building, action, spec, directories[d], context);
        }
    }
}

static void judge_resumable(struct building *building, const struct action *action,
                            const struct path_spec *spec, uint32_t directory, void *context)
{
    (void)context;
    if (directory == GRAPH_NONE) {
        (void)building_accepts(building, action, spec, GRAPH_RESUMABLE, GRAPH_NONE, spec->path);
    } else {
        (void)building_accepts_below(building, action, spec, GRAPH_RESUMABLE, directory);
    }
}

void building_judge_resumable(struct building *building)
{
    for (uint32_t n = 0; n < building->graph->task_count; n++) {
        if (graph_is_present(building->graph, (struct task_id){n})) {
            building_each_resumable(building, (struct task_id){n}, judge_resumable, NULL);
        }
    }
}

/* ---- Telling ---- */

static const char *role_name(enum graph_path_role role)
{
    static const char *const names[] = {"product", "input", "resumable file", "depfile"};
    return names[role];
}

static void add_pointers(const struct path_spec *spec, struct buf *out)
{
    for (size_t i = 0; i < spec->template.part_count; i++) {
        const struct template_part *part = &spec->template.parts[i];
        if (part->kind == TEMPLATE_POINTER) {
            buf_addf(out, "%s`{", out->len > 0 ? " and " : "");
            text_add_name(out, part->text);
            buf_add_string(out, "}`");
        }
    }
}

static void add_quoted(const struct building *building, uint32_t directory, struct buf *out)
{
    buf_add_char(out, '`');
    text_add_name(out, building->workspace->names[directory]);
    buf_add_char(out, '`');
}

static void tell_finding(const struct building *building, const struct finding *finding)
{
    struct buf text = BUF_EMPTY;
    struct buf pointers = BUF_EMPTY;
    const char *role = role_name(finding->role);
    buf_addf(&text, "action `%.*s`: ", SLICE_ARGS(finding->action->name));
    if (finding->spec->has_template) {
        add_pointers(finding->spec, &pointers);
    }
    if (finding->directory_count > 0 && pointers.len > 0) {
        buf_addf(&text, "the value of directory ");
        add_quoted(building, finding->directories[0], &text);
        buf_addf(&text, " at %s makes this %s `", buf_string(&pointers), role);
        text_add_name(&text, finding->path);
        buf_add_string(&text, "`, which ");
    } else if (finding->directory_count > 0) {
        buf_add_string(&text, "in directory ");
        add_quoted(building, finding->directories[0], &text);
        buf_addf(&text, " this %s is `", role);
        text_add_name(&text, finding->path);
        buf_add_string(&text, "`, which ");
    } else {
        buf_addf(&text, "this %s ", role);
    }
    buf_add_string(&text, reasons[finding->problem]);
    if (finding->directory_count > 1) {
        size_t more = finding->directory_count - 1;
        buf_addf(&text, "; %s %zu more %s: ",
                 pointers.len == 0 ? "the same in"
                 : more == 1       ? "so does the value of"
                                   : "so do the values of",
                 more, more == 1 ? "directory" : "directories");
        for (size_t i = 1; i <= more && i <= MOST_NAMES; i++) {
            buf_add_string(&text, i > 1 ? ", " : "");
            add_quoted(building, finding->directories[i], &text);
        }
        buf_add_string(&text, more > MOST_NAMES ? ", …" : "");
    }
    buf_addf(&text, "; %s",
             pointers.len > 0 ? "change the value or this path" : "name another file");
    diag_error_at(building->diag, FINDING_UNSAFE_PATH, &building->rowfile->source,
                  finding->spec->offset, finding->spec->length, "%s", buf_string(&text));
    buf_release(&text);
    buf_release(&pointers);
}

int building_tell_findings(struct building *building)
{
    const struct workspace *workspace = building->workspace;
    const struct rowfile *rowfile = building->rowfile;
    int result = 0;
    if (path_judge_state(building, workspace->place.workspace, false) != PROBLEM_NONE) {
        return diag_error(building->diag, FINDING_WORKSPACE_UNUSABLE,
                          "the workspace lies in rowbuild's state folder; set `workspace.path` in "
                          "%s, or ROWBUILD_STATE, to another folder",
                          rowfile->source.name);
    }
    vec_each (const struct finding, finding, &building->judging->findings) {
        tell_finding(building, finding);
        result = -1;
    }
    return result;
}
