#include "launched.h"

#include "text.h"

#include "intern.h"

#include <stdlib.h>

void launched_release(struct launched *launched)
{
    free(launched->components);
    free(launched->depfiles);
}

/* ---- At the start ---- */

/* By stat alone: whether they are written is all that is asked. */
static void look_at_depfiles(struct plan *plan, struct task_id task, struct launched *launched)
{
    const struct graph *graph = plan_graph(plan);
    uint32_t first = graph->depfile_start[task.at];
    uint32_t count = graph->depfile_start[task.at + 1] - first;
    launched->began_ns = observer_now(plan_observer(plan));
    launched->depfiles = mem_alloc(count * sizeof *launched->depfiles);
    for (uint32_t d = 0; d < count; d++) {
        struct file_stat found;
        const char *path = plan_path(plan, graph->depfiles.at[first + d]);
        if (file_stat(plan_project(plan), path, &found) == 0 && found.kind != FILE_MISSING) {
            observer_make_row(plan_observer(plan), &found, DIGEST_UNREAD, &launched->depfiles[d]);
        }
    }
}

static int look(struct plan *plan, struct task_id task, struct launched *launched,
                struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct component_list list = {0};
    size_t errors = diag->errors;
    plan_refresh_inputs(plan, task, diag);
    plan_refresh_named(plan, task, diag);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        plan_refresh(plan, graph->products.at[p], diag);
    }
    if (diag->errors > errors || plan_components(plan, task, false, &list, diag) != 0) {
        vec_release(&list);
        return -1;
    }
    launched->components = list.at;
    launched->count = list.count;
    launched->fingerprint = plan_fingerprint(&list);
    look_at_depfiles(plan, task, launched);
    plan_keep_texts(plan, task);
    return 0;
}

int launched_look(struct plan *plan, const struct task_id *tasks, size_t count,
                  struct launched *launched, struct diag *diag)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = look(plan, tasks[i], &launched[i], diag);
    }
    return result;
}

/* ---- At the end ---- */

static void doubt_input(struct doubt *doubt, struct slice name, const char *what, int error)
{
    buf_add_string(&doubt->words, "the input ");
    text_add_name(&doubt->words, name);
    buf_add_char(&doubt->words, ' ');
    buf_add_string(&doubt->words, what);
    if (error != 0) {
        buf_addf(&doubt->words, ": %s", strerror(error));
    }
    doubt->error = error;
}

/* A made input counts as it is now, since the task may have changed it (rule 4), but one that the
 * task used up, or that can't be looked at any more, counts as it was. */
static void compare_input(const struct plan *plan, struct file_id file, struct component *then,
                          struct digest now, struct doubt *doubt)
{
    bool is_made = graph_maker(plan_graph(plan), file).task.at != GRAPH_NONE;
    if (digest_is_unread(then->digest)) {
        doubt_input(doubt, then->name, "changed each time it was read", 0);
    } else if (digest_is_unread(now)) {
        int error = plan_status(plan, file) == FILE_TROUBLE ? plan_trouble(plan, file) : 0;
        doubt_input(doubt, then->name,
                    error != 0 ? "could not be read after it ran" : "changed while it ran", error);
    } else if (is_made && digest_is_content(then->digest)) {
        then->digest = digest_is_content(now) ? now : then->digest;
    } else if (!digest_equal(then->digest, now)) {
        doubt_input(doubt, then->name,
                    digest_is_absent(now) ? "vanished while it ran" : "changed while it ran", 0);
    }
}

/* A link on the way to an input that leads elsewhere now: who makes it can be another task. */
static bool doubt_way(const struct graph *graph, struct file_id file, struct doubt *doubt)
{
    const struct way *way = graph_way(graph, file);
    if (way == NULL || !graph_way_has_moved(graph, way)) {
        return false;
    }
    buf_add_string(&doubt->words, "the link ");
    text_add_name(&doubt->words, way->link);
    buf_add_string(&doubt->words, " changed while it ran");
    return true;
}

/* Whether a depfile is as it was when the task was started. One of that very moment may be new. */
static bool is_untouched(const struct plan *plan, const char *path, const struct file_row *row)
{
    struct file_stat found;
    bool is_known = (row->flags & FILE_ROW_KNOWN) != 0 && (row->flags & FILE_ROW_RACY) == 0;
    return is_known && file_stat(plan_project(plan), path, &found) == 0 &&
           found.size == row->size && found.mtime_ns == row->mtime_ns &&
           found.ctime_ns == row->ctime_ns && found.inode == row->inode;
}

enum depfile_found launched_read_depfiles(struct plan *plan, struct task_id task,
                                          const struct launched *launched, struct named_list *named)
{
    const struct graph *graph = plan_graph(plan);
    const struct action *action = graph_action(graph, task);
    bool may_stay = action->always || action->resumable || graph->rowfile->contract == CONTRACT_ROW;
    uint32_t first = graph->depfile_start[task.at];
    if (action->depfile == NULL) {
        return DEPFILE_GOOD;
    }
    for (uint32_t d = first; d < graph->depfile_start[task.at + 1] && !may_stay; d++) {
        const char *path = plan_path(plan, graph->depfiles.at[d]);
        if (is_untouched(plan, path, &launched->depfiles[d - first])) {
            buf_add_string(&named->wrong, "its depfile ");
            text_add_name(&named->wrong, slice_of(path));
            buf_add_string(&named->wrong, " is of an earlier attempt: the command didn't write it");
            return DEPFILE_MISSING;
        }
    }
    if (plan_read_depfiles(plan, task, true, named) != 0) {
        return named->is_missing ? DEPFILE_MISSING : DEPFILE_WRONG;
    }
    return DEPFILE_GOOD;
}

/* What a depfile names, for the first time or again. */
static void compare_named(struct plan *plan, struct task_id task, const struct launched *launched,
                          const struct component *then, struct component *now,
                          struct intern *folders, struct doubt *doubt)
{
    enum file_status status;
    int error;
    (void)plan_named_row(plan, task, now, &status, &error);
    bool is_made = plan_named_is_made(plan, task, now);
    if (digest_is_unread(now->digest)) {
        doubt_input(doubt, now->name,
                    error != 0 ? "could not be read after it ran" : "changed while it ran", error);
    } else if (then == NULL) {
        if (!is_made && plan_named_is_younger(plan, task, now, launched->began_ns, folders)) {
            doubt_input(doubt, now->name, "changed while it ran", 0);
        }
    } else if (digest_is_unread(then->digest)) {
        doubt_input(doubt, now->name, "changed each time it was read", 0);
    } else if (!is_made && !digest_equal(then->digest, now->digest)) {
        doubt_input(doubt, now->name, "changed while it ran", 0);
        now->digest = then->digest;
    }
}

static void add_key(const struct component *component, struct buf *key)
{
    buf_clear(key);
    buf_add_char(key, component->in_directory ? 'd' : 'p');
    buf_add_slice(key, component->name);
}

static void take_named(struct plan *plan, struct task_id task, struct launched *launched,
                       const struct named_list *named, struct doubt *doubt, struct diag *diag)
{
    struct component_list list = {0};
    struct intern before;
    struct intern folders; /* that aren't links */
    VEC(const struct component *) then = {0};
    struct buf key = BUF_EMPTY;
    intern_init(&before);
    intern_init(&folders);
    size_t plain = plan_count_plain(launched->components, launched->count);
    for (size_t i = 0; i < launched->count; i++) {
        const struct component *component = &launched->components[i];
        if (i < plain) {
            vec_push(&list, *component);
        } else if (component->kind == COMPONENT_NAMED) {
            uint32_t known = before.count;
            add_key(component, &key);
            if (intern_add(&before, buf_slice(&key)) == known) {
                vec_push(&then, component);
            }
        }
    }
    plan_add_named(plan, task, named, &list, diag);
    for (size_t i = plain; i < list.count; i++) {
        struct component *now = &list.at[i];
        if (now->kind == COMPONENT_NAMED && doubt->words.len == 0) {
            add_key(now, &key);
            uint32_t number = intern_find(&before, buf_slice(&key));
            compare_named(plan, task, launched, number != INTERN_NONE ? then.at[number] : NULL, now,
                          &folders, doubt);
        }
    }
    free(launched->components);
    launched->components = list.at;
    launched->count = list.count;
    intern_release(&before);
    intern_release(&folders);
    vec_release(&then);
    buf_release(&key);
}

void launched_compare(struct plan *plan, struct task_id task, struct launched *launched,
                      const struct named_list *named, struct doubt *doubt, struct diag *diag)
{
    static const char value_changed[] = "its value changed while it ran";
    const struct graph *graph = plan_graph(plan);
    uint32_t d = graph->dependency_start[task.at];
    struct component_list now = {0};
    size_t errors = diag->errors;
    size_t plain = plan_count_plain(launched->components, launched->count);
    plan_refresh_inputs(plan, task, diag);
    if (plan_components(plan, task, false, &now, diag) != 0 ||
        plan_count_plain(now.at, now.count) != plain) {
        buf_add_string(&doubt->words, value_changed);
        while (diag->errors > errors) { /* told as a change */
            diag->entries.count--;
            diag->errors--;
        }
    }
    for (size_t i = 0; i < plain && i < now.count && doubt->words.len == 0; i++) {
        struct component *then = &launched->components[i];
        if (then->kind == COMPONENT_FILE) {
            while (plan_skips_file(plan, task, graph->dependencies.at[d].file)) {
                d++;
            }
            struct file_id file = graph->dependencies.at[d++].file;
            if (!doubt_way(graph, file, doubt)) {
                compare_input(plan, file, then, now.at[i].digest, doubt);
            }
        } else if (then->kind != COMPONENT_WHOLE && then->kind != COMPONENT_TASK &&
                   !digest_equal(then->digest, now.at[i].digest)) {
            buf_add_string(&doubt->words, value_changed);
        }
    }
    vec_release(&now);
    if (graph_action(graph, task)->depfile != NULL) {
        take_named(plan, task, launched, named, doubt, diag);
    }
}
