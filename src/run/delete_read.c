#include "delete_read.h"

#include "running.h"

#include "backup.h"
#include "disk.h"
#include "file.h"
#include "text.h"

#include <errno.h>
#include <string.h>

/* Each look ends with one sync. */
static const int64_t PAUSE_NS = 1000000000;

/* ---- One product ---- */

static bool is_folder(const struct plan *plan, struct file_id file)
{
    return (state_file(plan_state(plan), file.at)->flags & FILE_ROW_DIRECTORY) != 0;
}

/* A folder can't be deleted at one blow. It becomes a good backup, which is to be deleted. */
static void put_old(struct plan *plan, const struct temporary_product *temporary)
{
    struct task_row row = *state_task(plan_state(plan), temporary->maker.at);
    struct component old = {.kind = COMPONENT_OLD};
    struct component_list list = {0};
    for (size_t i = 0; i < row.good.count; i++) {
        vec_push(&list, components_at(&row.good, i));
    }
    old.name = plan_component_name(plan, temporary->maker, temporary->file, &old.in_directory);
    old.digest = plan_recorded_digest(plan, temporary->maker, COMPONENT_PRODUCT, temporary->file);
    vec_push(&list, old);
    row.has_old_backup = true;
    plan_put_list(plan, temporary->maker, &list, &row);
    vec_release(&list);
}

static void put_deletion(struct plan *plan, const struct temporary_product *temporary)
{
    if (is_folder(plan, temporary->file)) {
        put_old(plan, temporary);
    }
    plan_put_deleted(plan, temporary->file);
}

static int unlink_file(struct plan *plan, const char *path)
{
    const char *name;
    int folder = folders_open_parent(&plan_graph(plan)->folders, path, &name);
    int result = folder < 0 ? -1 : disk->unlink(folder, name, 0);
    int error = errno;
    if (folder >= 0) {
        disk->close(folder);
    }
    errno = error;
    return result;
}

/* True: it is gone. */
static bool delete_product(struct plan *plan, const struct temporary_product *temporary,
                           struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    bool is_gone;
    buf_add_string(&path, plan_path(plan, temporary->file));
    if (is_folder(plan, temporary->file)) {
        struct backup_item item = {buf_string(&path), BACKUP_GOOD, false};
        is_gone = backup_move(&plan_graph(plan)->folders, &item, 1, diag) == 0;
        backups_discard(plan, temporary->maker, diag);
    } else {
        is_gone = unlink_file(plan, buf_string(&path)) == 0;
        if (!is_gone) {
            struct buf shown = BUF_EMPTY;
            text_add_name(&shown, buf_slice(&path));
            diag_warning(diag, FINDING_FILE_TROUBLE, "can't delete the temporary product %s: %s",
                         buf_string(&shown), strerror(errno));
            buf_release(&shown);
        }
    }
    buf_release(&path);
    return is_gone;
}

/* ---- Many ---- */

typedef VEC(const struct temporary_product *) temporary_list;

/* Deletes what is in the list. Returns how many are gone, or -1: nothing could be put on record. */
static int64_t delete_listed(struct plan *plan, const temporary_list *list, struct diag *diag)
{
    int64_t gone = 0;
    for (size_t i = 0; i < list->count; i++) {
        put_deletion(plan, list->at[i]);
    }
    if (list->count > 0 && state_sync(plan_state(plan), diag) != 0) {
        return -1;
    }
    for (size_t i = 0; i < list->count; i++) {
        gone += delete_product(plan, list->at[i], diag);
    }
    return gone;
}

static bool is_due(struct plan *plan, const struct temporary_product *temporary, struct diag *diag)
{
    return plan_temporary_state(plan, temporary, false, NULL, diag) == TEMPORARY_READY;
}

static void delete_due(struct run *run, const temporary_list *list)
{
    int64_t gone = delete_listed(run->plan, list, run->diag);
    if (gone < 0) {
        run->stopping.broken = true;
    } else {
        run->deletions.count += (size_t)gone;
    }
}

static bool deletes(const struct run *run)
{
    return plan_graph(run->plan)->temporaries.count > 0 && !run->options->keep_temporary &&
           run->options->name[0] == '\0' && !run->stopping.broken;
}

static void note_number(struct run *run, uint32_t number)
{
    size_t count = run->deletions.noted.count;
    if (count == 0 || run->deletions.noted.at[count - 1] != number) {
        vec_push(&run->deletions.noted, number);
    }
}

/* A product that is gone since the command of a reader removed it is made again by the next run, at
 * full cost: told once for each action that reads. */
static void tell_used_up(struct run *run, struct task_id task, struct origin maker)
{
    struct plan *plan = run->plan;
    const struct graph *graph = plan_graph(plan);
    uint32_t element = graph->tasks[task.at].action;
    if (maker.task.at == GRAPH_NONE || plan_status(plan, maker.product) != FILE_GONE ||
        !digest_is_content(plan_recorded_digest(plan, task, COMPONENT_FILE, maker.product))) {
        return;
    }
    vec_each (uint32_t, told, &run->deletions.told) {
        if (*told == element) {
            return;
        }
    }
    struct buf label = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    vec_push(&run->deletions.told, element);
    graph_add_label(graph, task, &label);
    text_add_name(&path, slice_of(plan_path(plan, maker.product)));
    run_notice(run,
               "warning: `%s` removed %s, so the next run makes it again; if it isn't needed any "
               "more, list it in `temporary` of the action `%.*s`",
               buf_string(&label), buf_string(&path),
               SLICE_ARGS(graph_action(graph, maker.task)->name));
    buf_release(&label);
    buf_release(&path);
}

void delete_read_note(struct run *run, struct task_id task)
{
    struct plan *plan = run->plan;
    const struct graph *graph = plan_graph(plan);
    uint32_t end = graph->dependency_start[task.at + 1];
    for (uint32_t d = graph->dependency_start[task.at]; d < end; d++) {
        struct origin maker = graph_maker(graph, graph->dependencies.at[d].file);
        const struct temporary_product *temporary =
            maker.task.at != GRAPH_NONE ? graph_temporary(graph, maker.product) : NULL;
        if (temporary == NULL) {
            tell_used_up(run, task, maker);
            continue;
        }
        if (plan_refresh(plan, temporary->file, run->diag) == FILE_GONE) {
            (void)plan_is_used_up(plan, temporary, run->diag);
        } else {
            note_number(run, graph->temporary_of[temporary->file.at] - 1);
        }
    }
}

void delete_read_noted(struct run *run)
{
    const struct graph *graph = plan_graph(run->plan);
    temporary_list list = {0};
    if (run->deletions.noted.count == 0 || run_now(run) < run->deletions.due_ns || !deletes(run)) {
        return;
    }
    run->deletions.due_ns = run_now(run) + PAUSE_NS;
    vec_each (uint32_t, number, &run->deletions.noted) {
        const struct temporary_product *temporary = &graph->temporaries.at[*number];
        if (is_due(run->plan, temporary, run->diag)) {
            vec_push(&list, temporary);
        }
    }
    run->deletions.noted.count = 0;
    delete_due(run, &list);
    vec_release(&list);
}

/* Whether the run was asked for the maker, or for one of the readers. */
static bool is_wanted(const struct plan *plan, const struct temporary_product *temporary)
{
    const struct graph *graph = plan_graph(plan);
    bool is_wanted = plan_wanted(plan, temporary->maker) != 0;
    for (uint32_t i = 0; i < temporary->count && !is_wanted; i++) {
        is_wanted = plan_wanted(plan, graph->readers.at[temporary->first + i].task) != 0;
    }
    return is_wanted;
}

void delete_read_all(struct run *run)
{
    temporary_list list = {0};
    if (!deletes(run) || run->stopping.interrupted) {
        return;
    }
    vec_each (const struct temporary_product, temporary, &plan_graph(run->plan)->temporaries) {
        if (is_wanted(run->plan, temporary) && is_due(run->plan, temporary, run->diag)) {
            vec_push(&list, temporary);
        }
    }
    delete_due(run, &list);
    vec_release(&list);
    size_t count = run->deletions.count;
    if (count > 0) {
        run_notice(run, "deleted %zu temporary %s: every task that reads %s has run", count,
                   count == 1 ? "product" : "products", count == 1 ? "it" : "them");
    }
}

/* ---- clean ---- */

static void tell_each(const struct temporary_product *temporary, bool dry_run, struct plan *plan,
                      struct diag *diag)
{
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(plan_path(plan, temporary->file)));
    diag_note(diag, FINDING_FORGOTTEN, "%s %s", dry_run ? "would delete" : "deleted",
              buf_string(&shown));
    buf_release(&shown);
}

int run_delete_temporaries(struct plan *plan, bool dry_run, size_t *found, struct diag *diag)
{
    temporary_list list = {0};
    size_t awaited = 0;
    size_t other = 0;
    vec_each (const struct temporary_product, temporary, &plan_graph(plan)->temporaries) {
        switch (plan_temporary_state(plan, temporary, true, NULL, diag)) {
        case TEMPORARY_READY:
            vec_push(&list, temporary);
            break;
        case TEMPORARY_AWAITED:
            awaited++;
            break;
        case TEMPORARY_OLDER:
        case TEMPORARY_UNREAD:
        case TEMPORARY_HELD:
        case TEMPORARY_CHANGED:
        case TEMPORARY_OCCUPIED:
            other++;
            break;
        case TEMPORARY_DELETED:
        case TEMPORARY_GONE:
            break;
        }
    }
    for (size_t i = 0; i < list.count; i++) {
        tell_each(list.at[i], dry_run, plan, diag);
    }
    int64_t gone = dry_run ? (int64_t)list.count : delete_listed(plan, &list, diag);
    if (gone >= 0) {
        diag_note(diag, FINDING_FORGOTTEN, "%s %lld temporary %s",
                  dry_run ? "would delete" : "deleted", (long long)gone,
                  gone == 1 ? "product" : "products");
    }
    if (awaited > 0) {
        diag_note(diag, FINDING_FORGOTTEN, "%zu %s kept: a task that reads %s isn't up to date",
                  awaited, awaited == 1 ? "is" : "are", awaited == 1 ? "it" : "them");
    }
    if (other > 0) {
        diag_note(diag, FINDING_FORGOTTEN,
                  "%zu %s kept: not made by rowbuild, not as it was made, or read by nobody; "
                  "`rowbuild show why` tells",
                  other, other == 1 ? "is" : "are");
    }
    vec_release(&list);
    *found = gone < 0 ? 0 : (size_t)gone;
    return gone < 0 ? -1 : 0;
}
