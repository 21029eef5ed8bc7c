/* The study of the commit, as far as it can be put together from what differs, and the records that
 * its tasks would have left. */
#include "since_inner.h"

#include "disk.h"
#include "match.h"
#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS_NS = 1, LARGEST_DESCRIPTION = 256 << 20 };

/* ---- The Rowfile ---- */

/* Appends the text of a file of the project as the commit had it. 0; 1: there was none; -1 after an
 * error. */
static int read_then(const struct since *since, const char *name, size_t limit, struct buf *text,
                     struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    int result = 1;
    struct since_path found = {0};
    if (since_add_path(since, &since->now, slice_of(name), &path)) {
        found = since_look(since, buf_slice(&path), NULL);
    } else {
        found.was_there = true; /* outside of the repository: as it was */
    }
    if (found.difference != NULL && found.was_there && found.difference->change != GIT_MODE &&
        found.difference->change != GIT_STAGED) {
        result = git_comparison_read(since->git.comparison, found.difference, text, diag);
    } else if (found.was_there) {
        result = file_read(since->request.project, name, limit, text) == 0 ? 0 : 1;
    }
    buf_release(&path);
    return result;
}

/* The description had another name, or was of the other kind, perhaps. */
static int find_description(struct since *since, struct buf *text, const char **name,
                            struct diag *diag)
{
    const char *names[] = {since->request.file_name, "Rowfile", "workflow.toml"};
    int result = 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && result == 1; i++) {
        *name = names[i];
        result = read_then(since, names[i], LARGEST_DESCRIPTION, text, diag);
    }
    return result;
}

static int read_table(void *context, const char *path, size_t limit, struct buf *text)
{
    struct diag unseen;
    diag_init(&unseen);
    int result = read_then(context, path, limit, text, &unseen);
    diag_release(&unseen);
    errno = result == 0 ? 0 : result == 1 ? ENOENT : EIO;
    return result == 0 ? 0 : -1;
}

static void note_without(const struct since *since, const char *what, struct diag *diag)
{
    diag_note(diag, FINDING_NOT_COMPARED, "%s in %s, so every task counts as affected", what,
              buf_string(&since->commit_text));
}

/* 0; 1: there was none that could be used, which a note says; -1 after an error. */
static int load_description(struct since *since, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    struct diag found;
    const char *name;
    diag_init(&found);
    int result = find_description(since, &text, &name, diag);
    if (result == 0) {
        /* Only the last part of the name decides the contract. */
        buf_addf(&shown, "%s:./%s", buf_string(&since->commit_text), name);
        since->rowfile_then = rowfile_load(buf_slice(&text), buf_string(&shown), &found);
        if (since->rowfile_then == NULL) {
            note_without(since, "the Rowfile has errors", diag);
            result = 1;
        }
    } else if (result == 1) {
        note_without(since, "there is no Rowfile", diag);
    }
    diag_release(&found);
    buf_release(&text);
    buf_release(&shown);
    return result;
}

/* ---- The directories ---- */

struct directories {
    struct since *since;
    struct json_parser *parser;
    VEC(struct slice) names;
    VEC(struct json *) values; /* by place in `names`; NULL: read from the disk */
    VEC(bool) is_read;
    struct diag *diag;
};

static void add_below(const struct since_study *study, struct slice name, struct slice file,
                      struct buf *path)
{
    buf_clear(path);
    buf_add_slice(path, study->workspace_path);
    buf_add_string(path, study->workspace_path.len > 0 ? "/" : "");
    buf_add_slice(path, name);
    buf_add_string(path, file.len > 0 ? "/" : "");
    buf_add_slice(path, file);
}

/* The value that the commit had. 0; 1: it was none, so that the directory wasn't part of the study. */
static int read_earlier_value(struct directories *directories,
                              const struct git_difference *difference, struct json **value)
{
    struct buf text = BUF_EMPTY;
    struct diag wrong;
    diag_init(&wrong);
    int result = git_comparison_read(directories->since->git.comparison, difference, &text,
                                     directories->diag);
    if (result == 0) {
        *value = json_parse(directories->parser, buf_slice(&text), difference->path, &wrong);
        result = wrong.errors > 0 ? 1 : 0;
    }
    diag_release(&wrong);
    buf_release(&text);
    return result;
}

/* The value of a directory whose value file is as it was, where today's study has read it. */
static bool share_value(const struct since *since, struct slice name, struct json **value)
{
    const struct workspace *today = since->request.graph->workspace;
    const struct rowfile *then = since->rowfile_then;
    int64_t directory = today->rowfile->value_file.at != NULL &&
                                slice_equal(today->rowfile->value_file, then->value_file) &&
                                slice_equal(today->rowfile->workspace_path, then->workspace_path)
                            ? workspace_find(today, name, NULL)
                            : -1;
    if (directory < 0 || !today->value_read[directory] ||
        workspace_value_is_declared(today, (size_t)directory)) {
        return false;
    }
    *value = json_share(today->values[directory]);
    return true;
}

/* Takes a directory that the commit had, if its value can be used. -1 after an error. */
static int take_directory(struct directories *directories, struct slice name)
{
    struct since *since = directories->since;
    struct slice value_file = since->rowfile_then->value_file;
    struct buf path = BUF_EMPTY;
    struct json *value = NULL;
    int result = 0;
    bool is_read = false;
    if (value_file.at != NULL && since->then.workspace_is_tracked) {
        add_below(&since->then, name, value_file, &path);
        struct since_path found = since_look(since, buf_slice(&path), NULL);
        if (!found.was_there) {
            result = 1;
        } else if (found.differs || !found.is_there) {
            result = read_earlier_value(directories, found.difference, &value);
            is_read = true;
        } else {
            is_read = share_value(since, name, &value);
        }
    }
    buf_release(&path);
    if (result == 0) {
        vec_push(&directories->names, arena_slice(&since->workspace_then.arena, name));
        vec_push(&directories->values, value);
        vec_push(&directories->is_read, is_read);
    }
    return result < 0 ? -1 : 0;
}

/* The directories of the points that the commit declared. */
static void take_points(struct directories *directories)
{
    const struct since_points *then = &directories->since->points_then;
    for (size_t i = 0; i < then->count; i++) {
        vec_push(&directories->names, then->sorted[i].name);
        vec_push(&directories->values,
                 points_value(then->points, then->sorted[i].number, directories->parser));
        vec_push(&directories->is_read, true);
    }
}

/* Whether globs, and not points alone, say that a directory was part of the study. */
static bool is_listed(const struct since *since, struct slice name)
{
    return since->points_then.points == NULL || (since->rowfile_then->directories_given &&
                                                 since_find_point(&since->points_then, name) < 0);
}

/* Whether a directory of today was one in the commit. */
static bool was_there(const struct since *since, struct slice name)
{
    struct buf path = BUF_EMPTY;
    struct slice value_file = since->rowfile_then->value_file;
    if (!since->then.workspace_is_tracked) {
        return true;
    }
    add_below(&since->then, name, (struct slice){0}, &path);
    bool was = git_comparison_had_folder(since->git.comparison, buf_slice(&path));
    if (!was && !git_comparison_tracks(since->git.comparison, buf_slice(&path))) {
        add_below(&since->then, name, value_file, &path);
        was = since_look(since, buf_slice(&path), NULL).was_there;
    }
    buf_release(&path);
    return was;
}

/* Directories that the commit had and that are gone. */
static int take_gone(struct directories *directories, const struct workspace *today,
                     const struct glob_set *globs)
{
    struct since *since = directories->since;
    size_t count =
        since->then.workspace_is_tracked ? git_comparison_folders(since->git.comparison) : 0;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct slice folder = git_comparison_folder(since->git.comparison, i);
        struct slice below = since->then.workspace_path.len > 0
                                 ? path_below(folder, since->then.workspace_path)
                                 : folder;
        if (below.at != NULL && is_listed(since, below) && glob_set_matches(globs, below) &&
            workspace_find(today, below, NULL) < 0) {
            result = take_directory(directories, below);
        }
    }
    return result;
}

/* The workspace as the commit's Rowfile lists it today; an empty one where that folder is gone. */
static void list_today(struct since *since, struct workspace *today)
{
    const struct rowfile *rowfile = since->rowfile_then;
    struct diag unseen;
    diag_init(&unseen);
    if (workspace_open(today, since->request.project, rowfile, &unseen) != 0) {
        workspace_release(today);
        arena_init(&today->arena);
        today->rowfile = rowfile;
        today->path = arena_slice(&today->arena, rowfile->workspace_path);
        today->fd = disk->open(since->request.project, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        today->place.project = real_path_of(since->request.project, &today->arena);
    }
    diag_release(&unseen);
}

struct sorted {
    struct slice name;
    struct json *value;
    bool is_read;
};

static int compare_sorted(const void *a, const void *b)
{
    return slice_compare(((const struct sorted *)a)->name, ((const struct sorted *)b)->name);
}

/* Puts the list into the workspace, in the order of names. */
static void put_directories(struct directories *directories, struct workspace *workspace)
{
    size_t count = directories->names.count;
    struct sorted *sorted = mem_grow(NULL, count + 1, sizeof *sorted);
    free(workspace->names);
    free(workspace->values);
    free(workspace->value_read);
    workspace->names = mem_grow(NULL, count + 1, sizeof *workspace->names);
    workspace->values = mem_grow(NULL, count + 1, sizeof(struct json *));
    workspace->value_read = mem_grow(NULL, count + 1, sizeof(bool));
    workspace->count = count;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct sorted){directories->names.at[i], directories->values.at[i],
                                    directories->is_read.at[i]};
    }
    qsort(sorted, count, sizeof *sorted, compare_sorted);
    for (size_t i = 0; i < count; i++) {
        workspace->names[i] = sorted[i].name;
        workspace->values[i] = sorted[i].value;
        workspace->value_read[i] = sorted[i].is_read;
    }
    free(sorted);
}

static int find_directories(struct since *since, struct diag *diag)
{
    const struct rowfile *rowfile = since->rowfile_then;
    struct workspace *today = &since->workspace_then;
    struct directories directories = {.since = since, .parser = json_parser_new(), .diag = diag};
    struct glob_set *globs =
        glob_set_new(rowfile->directories, rowfile->directories_count,
                     rowfile->contract == CONTRACT_ROW, "workspace.directories", diag);
    list_today(since, today);
    since_place_workspace(since, &since->then, today);
    int result = globs != NULL ? 0 : -1;
    if (result == 0) {
        take_points(&directories);
    }
    for (size_t i = 0; i < today->count && result == 0; i++) {
        if (is_listed(since, today->names[i]) && was_there(since, today->names[i])) {
            result = take_directory(&directories, today->names[i]);
        }
    }
    if (result == 0) {
        result = take_gone(&directories, today, globs);
    }
    put_directories(&directories, today);
    vec_release(&directories.names);
    vec_release(&directories.values);
    vec_release(&directories.is_read);
    json_parser_free(directories.parser);
    glob_set_free(globs);
    return result;
}

/* ---- Records ---- */

/* Whether a glob of the action finds a path from its root, the project or a directory. */
static bool globs_match(const struct action *action, bool from_project, struct slice path)
{
    bool matches = false;
    bool is_excluded = false;
    for (size_t i = 0; i < action->input_count && !is_excluded; i++) {
        const struct path_spec *spec = &action->inputs[i];
        struct diag unseen;
        if (spec->from_project != from_project || spec->has_template || !spec->is_glob) {
            continue;
        }
        diag_init(&unseen);
        struct glob_set *globs = glob_set_new(&spec->path, 1, false, "inputs", &unseen);
        bool is_found = globs != NULL && glob_set_matches(globs, path);
        matches |= is_found && !spec->is_excluded;
        is_excluded = is_found && spec->is_excluded;
        glob_set_free(globs);
        diag_release(&unseen);
    }
    return matches && !is_excluded;
}

/* What globs of an action found in the commit and is gone. Everything else is in the graph. */
struct gone {
    struct slice path;  /* from the project */
    struct slice below; /* what follows the directory, or the project */
    uint32_t directory; /* GRAPH_NONE: the glob looks from the project */
    uint32_t action;
};
typedef VEC(struct gone) gone_list;

static void note_gone(struct since *since, struct slice below, uint32_t directory, gone_list *list)
{
    const struct graph *graph = since->then.graph;
    struct buf path = BUF_EMPTY;
    if (directory != GRAPH_NONE && !slice_is(graph->workspace->path, ".")) {
        buf_addf(&path, "%.*s/", SLICE_ARGS(graph->workspace->path));
    }
    if (directory != GRAPH_NONE) {
        buf_addf(&path, "%.*s/", SLICE_ARGS(graph->workspace->names[directory]));
    }
    buf_add_slice(&path, below);
    bool is_listed = graph_find_file(graph, buf_slice(&path)).at != GRAPH_NONE;
    for (uint32_t a = 0; a < graph->rowfile->action_count && !is_listed; a++) {
        if (globs_match(&graph->rowfile->actions[a], directory == GRAPH_NONE, below)) {
            struct slice kept = arena_slice(&since->arena, buf_slice(&path));
            size_t start = kept.len - below.len;
            vec_push(list, (struct gone){.path = kept,
                                         .below = slice_make(kept.at + start, below.len),
                                         .directory = directory,
                                         .action = a});
        }
    }
    buf_release(&path);
}

static bool has_globs(const struct rowfile *rowfile)
{
    for (size_t a = 0; a < rowfile->action_count; a++) {
        for (size_t i = 0; i < rowfile->actions[a].input_count; i++) {
            if (rowfile->actions[a].inputs[i].is_glob) {
                return true;
            }
        }
    }
    return false;
}

static void list_gone(struct since *since, gone_list *list)
{
    const struct git_difference *all;
    size_t count = git_comparison_differences(since->git.comparison, &all);
    struct slice prefix = repository_prefix(since->git.repository);
    for (size_t i = 0; i < count && has_globs(since->rowfile_then); i++) {
        struct slice path = all[i].path;
        struct slice below = since->then.workspace_path.len > 0
                                 ? path_below(path, since->then.workspace_path)
                                 : path;
        if (all[i].change != GIT_DELETED) {
            continue;
        }
        for (size_t end = 1; since->then.workspace_is_tracked && end < below.len; end++) {
            struct slice name = slice_make(below.at, end);
            int64_t directory =
                below.at[end] == '/' ? workspace_find(&since->workspace_then, name, NULL) : -1;
            if (directory >= 0) {
                note_gone(since, slice_make(below.at + end + 1, below.len - end - 1),
                          (uint32_t)directory, list);
            }
        }
        if (slice_starts_with(path, prefix.at)) {
            note_gone(since, slice_make(path.at + prefix.len, path.len - prefix.len), GRAPH_NONE,
                      list);
        }
    }
}

static bool works_on(const struct graph *graph, struct task_id task, uint32_t directory)
{
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    for (size_t i = 0; i < count; i++) {
        if (directories[i] == directory) {
            return true;
        }
    }
    return directory == GRAPH_NONE;
}

static void add_gone(const struct graph *graph, struct task_id task, const gone_list *gone,
                     struct component_list *list)
{
    bool is_own = graph->tasks[task.at].directory != GRAPH_NONE;
    vec_each (const struct gone, file, gone) {
        if (graph->tasks[task.at].action != file->action ||
            !works_on(graph, task, file->directory)) {
            continue;
        }
        bool in_directory = is_own && file->directory != GRAPH_NONE;
        vec_push(list, (struct component){.kind = COMPONENT_FILE,
                                          .in_directory = in_directory,
                                          .name = in_directory ? file->below : file->path,
                                          .digest = digest_of(file->path)});
    }
}

static int record_task(struct since *since, struct task_id task, const gone_list *gone,
                       struct component_list *list, struct diag *diag)
{
    struct task_row row = {.success = SUCCESS_RAN, .finished_at_ns = SUCCESS_NS};
    if (plan_components(since->then.plan, task, true, list, diag) != 0) {
        return -1;
    }
    add_gone(since->then.graph, task, gone, list);
    plan_put_success(since->then.plan, task, list, &row);
    return 0;
}

/* Each task that could have run has succeeded. */
static int record_all(struct since *since, struct diag *diag)
{
    const struct graph *graph = since->then.graph;
    struct component_list list = {0};
    gone_list gone = {0};
    int result = 0;
    list_gone(since, &gone);
    for (size_t i = 0; i < graph->order_count && result == 0; i++) {
        struct task_id task = {graph->order[i]};
        if (plan_verdict(since->then.plan, task) != VERDICT_BLOCKED) {
            result = record_task(since, task, &gone, &list, diag);
        }
    }
    vec_release(&gone);
    vec_release(&list);
    return result;
}

int since_build_then(struct since *since, struct diag *diag)
{
    struct diag found;
    diag_init(&found);
    int result = load_description(since, diag);
    if (result == 0 && since_find_points(since, read_table, &found) != 0) {
        note_without(since, "the points have errors", diag);
        result = 1;
    }
    if (result == 0) {
        result = find_directories(since, diag);
    }
    if (result == 0) {
        since->then.graph = graph_build(since->rowfile_then, &since->workspace_then,
                                        since->request.project, &found);
        if (since->then.graph == NULL || since_make_plan(since, &since->then, &found) != 0) {
            note_without(since, "the study can't be put together", diag);
            graph_free(since->then.graph);
            since->then.graph = NULL;
            result = 1;
        } else {
            result = record_all(since, diag);
        }
    }
    diag_release(&found);
    return result < 0 ? -1 : 0;
}
