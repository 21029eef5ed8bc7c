#include "sweep.h"

#include "backups.h"
#include "file.h"
#include "intern.h"
#include "recorded_products.h"
#include "reserved.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder's siblings are found and deleted in the folder as it was opened. */
struct sweeping {
    struct plan *plan;
    bool dry_run;
    bool names_each;
    struct intern folders; /* that were swept */
    struct arena arena;
    size_t found;
    size_t spared;     /* good backups whose products aren't in their places */
    VEC(char *) names; /* in the folder that is being swept */
    struct diag *diag;
};

static int take_sibling(void *context, const char *name, size_t len, bool is_directory)
{
    struct sweeping *sweeping = context;
    (void)is_directory;
    if (backup_is_name(slice_make(name, len)) &&
        memmem(name, len, RESERVED_KEPT, strlen(RESERVED_KEPT)) != NULL) {
        vec_push(&sweeping->names, mem_copy(name, len));
    }
    return 0;
}

static void delete_sibling(struct sweeping *sweeping, int folder, struct slice parent,
                           const char *name)
{
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    int result = sweeping->dry_run ? 0 : file_remove_tree(folder, name);
    int error = errno;
    buf_add_slice(&path, parent);
    buf_add_string(&path, name);
    text_add_name(&shown, buf_slice(&path));
    if (result != 0) {
        diag_warning(sweeping->diag, FINDING_FILE_TROUBLE, "can't delete %s: %s",
                     buf_string(&shown), file_removal_error(error));
    } else {
        sweeping->found++;
    }
    if (result == 0 && sweeping->names_each) {
        diag_note(sweeping->diag, FINDING_FORGOTTEN, "%s %s",
                  sweeping->dry_run ? "would delete" : "deleted", buf_string(&shown));
    }
    buf_release(&path);
    buf_release(&shown);
}

/* Looks into the folder that a path lies in, once, for what matches no record. */
static void sweep_beside(struct sweeping *sweeping, const char *path)
{
    const char *name;
    const char *slash = strrchr(path, '/');
    struct slice parent = slice_make(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
    uint32_t known = sweeping->folders.count;
    if (intern_add(&sweeping->folders, parent) != known) {
        return;
    }
    int folder = folders_open_parent(&plan_graph(sweeping->plan)->folders, path, &name);
    if (folder < 0) {
        return;
    }
    (void)file_list(folder, ".", take_sibling, sweeping);
    vec_each (char *, sibling, &sweeping->names) {
        delete_sibling(sweeping, folder, parent, *sibling);
        free(*sibling);
    }
    sweeping->names.count = 0;
    close(folder);
}

/* A good backup is spare if its product is in its place as recorded. */
static void sweep_good(struct sweeping *sweeping, struct task_id task, struct file_id file,
                       const char *path)
{
    struct buf good = BUF_EMPTY;
    struct file_stat found;
    const char *name;
    backup_good_path(path, &good);
    int folder =
        folders_open_parent(&plan_graph(sweeping->plan)->folders, buf_string(&good), &name);
    if (folder >= 0 && file_lstat(folder, name, &found) == 0 && found.kind != FILE_MISSING) {
        if (backups_are_spare(sweeping->plan, task, file)) {
            delete_sibling(sweeping, folder,
                           slice_make(buf_string(&good), (size_t)(name - buf_string(&good))), name);
        } else {
            sweeping->spared++;
        }
    }
    if (folder >= 0) {
        close(folder);
    }
    buf_release(&good);
}

static void sweep_task(struct sweeping *sweeping, struct task_id task, bool good_ones)
{
    const struct graph *graph = plan_graph(sweeping->plan);
    struct plan *plan = sweeping->plan;
    struct path_list resumable = {0};
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        char *path = arena_string(&sweeping->arena, slice_of(plan_path(plan, file)));
        sweep_beside(sweeping, path);
        if (good_ones) {
            sweep_good(sweeping, task, file, path);
        }
    }
    backups_list_resumable(plan, task, &sweeping->arena, &resumable);
    for (size_t i = 0; i < resumable.count; i++) {
        sweep_beside(sweeping, resumable.at[i]);
    }
    vec_release(&resumable);
    arena_release(&sweeping->arena);
}

/* Of a product that no task makes any more: all of its backups but the good one, which nothing will
 * succeed. */
static void sweep_former(void *context, struct slice path, struct digest digest, int64_t at_ns)
{
    struct sweeping *sweeping = context;
    (void)digest;
    (void)at_ns;
    sweep_beside(sweeping, arena_string(&sweeping->arena, path));
    arena_release(&sweeping->arena);
}

static void say_backups(const struct sweeping *sweeping, bool good_ones)
{
    if (sweeping->found > 0 || good_ones) {
        diag_note(sweeping->diag, FINDING_FORGOTTEN, "%s %zu %s%s",
                  sweeping->dry_run ? "would delete" : "deleted", sweeping->found,
                  sweeping->found == 1 ? "backup" : "backups",
                  good_ones ? "" : " that never matched a record");
    }
    if (sweeping->spared > 0) {
        diag_note(sweeping->diag, FINDING_FORGOTTEN,
                  "%zu %s kept: the results are nowhere else; undo the changes and run to put them "
                  "back, or let their successors succeed",
                  sweeping->spared, sweeping->spared == 1 ? "good backup is" : "good backups are");
    }
}

void run_delete_backups(struct plan *plan, bool good_ones, bool dry_run, struct diag *diag)
{
    struct sweeping sweeping = {
        .plan = plan, .dry_run = dry_run, .names_each = good_ones, .diag = diag};
    intern_init(&sweeping.folders);
    arena_init(&sweeping.arena);
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        if (graph_is_present(plan_graph(plan), (struct task_id){n})) {
            sweep_task(&sweeping, (struct task_id){n}, good_ones);
        }
    }
    run_each_recorded_product(plan, sweep_former, &sweeping);
    say_backups(&sweeping, good_ones);
    intern_release(&sweeping.folders);
    vec_release(&sweeping.names);
}
