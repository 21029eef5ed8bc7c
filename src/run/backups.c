#include "backups.h"

#include "backup_place.h"
#include "disk.h"
#include "file.h"
#include "run.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

void moves_release(struct moves *moves)
{
    vec_release(&moves->by_hand);
    vec_release(&moves->others);
    vec_release(&moves->good);
    vec_release(&moves->remade);
}

bool backups_stay(const struct graph *graph, struct task_id task)
{
    return graph->rowfile->contract == CONTRACT_ROW || graph_action(graph, task)->resumable;
}

/* ---- What a product is ---- */

static bool was_attempted(const struct task_row *row)
{
    return row->attempt != ATTEMPT_NONE && row->attempt != ATTEMPT_CHANGED;
}

/* Whether it is what the last attempt left. Of an attempt whose end nobody saw, all may be left. Into
 * the folder of one that has ended somebody may have put something since. */
static bool is_left(struct plan *plan, const struct task_row *row, struct file_id file)
{
    const struct file_row *seen = state_file(plan_state(plan), file.at);
    if (!was_attempted(row) || row->attempt == ATTEMPT_STARTED) {
        return was_attempted(row);
    }
    return (seen->flags & FILE_ROW_LEFT) != 0 &&
           ((seen->flags & FILE_ROW_DIRECTORY) == 0 ||
            observe_is_untouched(plan_observer(plan), plan_path(plan, file), plan_view(plan, file),
                                 seen));
}

/* Where a product belongs that isn't a good one. */
static enum backup_place place_of(struct plan *plan, const struct task_row *row,
                                  struct file_id file)
{
    return is_left(plan, row, file) ? BACKUP_LEFT : BACKUP_KEPT;
}

/* The digest of a product in the record of the last success; DIGEST_UNKNOWN: there is none. */
static struct digest recorded_digest(struct plan *plan, struct task_id task,
                                     const struct task_row *row, struct file_id file)
{
    return row->success == SUCCESS_NONE ? DIGEST_UNKNOWN
                                        : plan_recorded_digest(plan, task, COMPONENT_PRODUCT, file);
}

/* As recorded by the last success, as far as it was last seen. */
static bool is_in_place(const struct plan *plan, struct file_id file, struct digest recorded)
{
    return plan_status(plan, file) == FILE_CURRENT && !digest_is_unknown(recorded) &&
           observed_equal(recorded, state_file(plan_state(plan), file.at));
}

bool backups_are_spare(struct plan *plan, struct task_id task, struct file_id file)
{
    const struct task_row *row = state_task(plan_state(plan), task.at);
    return is_in_place(plan, file, recorded_digest(plan, task, row, file));
}

static enum file_kind kind_at(const struct plan *plan, const char *path)
{
    struct file_stat found;
    return file_lstat(plan_project(plan), path, &found) == 0 ? found.kind : FILE_MISSING;
}

enum sibling { SIBLING_NONE, SIBLING_GOOD, SIBLING_OTHER };

/* Whether the good sibling of a path is there, and as recorded. */
static enum sibling look_at_sibling(struct plan *plan, struct file_id file, const char *path,
                                    struct digest recorded)
{
    struct buf name = BUF_EMPTY;
    struct file_row row = {0};
    enum sibling found = SIBLING_NONE;
    backup_good_path(path, &name);
    if (kind_at(plan, buf_string(&name)) != FILE_MISSING) {
        bool is_seen = observe_view(plan_observer(plan), buf_string(&name), plan_view(plan, file),
                                    &row) == FILE_READ;
        found = is_seen && observed_equal(recorded, &row) ? SIBLING_GOOD : SIBLING_OTHER;
    }
    buf_release(&name);
    return found;
}

/* ---- Before a start ---- */

/* How the task that is started now stands to what was recorded of it. */
struct beginning {
    struct task_id task;
    const struct task_row *row;
    bool has_past;     /* it has succeeded or was attempted before */
    bool is_continued; /* the last attempt was on the same, and what it left is for this one */
    bool is_trusting;  /* what is there may be for this one */
};

static void add_item(struct moves *moves, const char *path, enum backup_place place,
                     bool is_good_sibling)
{
    struct backup_item item = {path, place, is_good_sibling};
    if (place == BACKUP_GOOD) {
        vec_push(&moves->good, item);
    } else {
        vec_push(&moves->others, item);
    }
    moves->is_beside_kept = moves->is_beside_kept || place == BACKUP_KEPT;
}

static bool is_beside_kept(const struct plan *plan, const char *path)
{
    struct buf name = BUF_EMPTY;
    backup_add_sibling(path, BACKUP_KEPT, &name);
    bool is_there = kind_at(plan, buf_string(&name)) != FILE_MISSING;
    buf_release(&name);
    return is_there;
}

/* Returns whether it is a backup then. */
static bool plan_good_product(struct plan *plan, const struct beginning *beginning,
                              struct file_id file, const char *path, struct digest recorded,
                              struct moves *moves)
{
    enum sibling sibling = look_at_sibling(plan, file, path, recorded);
    if (sibling == SIBLING_GOOD) { /* the same bytes twice: one set of them is enough */
        if (!beginning->is_continued) {
            add_item(moves, path, BACKUP_LEFT, false);
        }
        return true;
    }
    if (sibling == SIBLING_OTHER) {  /* left by a run that was killed after its success */
        struct buf good = BUF_EMPTY; /* a folder may hold what somebody put there */
        backup_good_path(path, &good);
        bool is_folder = kind_at(plan, buf_string(&good)) == FILE_DIRECTORY;
        buf_release(&good);
        add_item(moves, path, is_folder ? BACKUP_KEPT : BACKUP_LEFT, true);
    }
    add_item(moves, path, BACKUP_GOOD, false);
    return true;
}

/* The command writes through the link: its target is what moves. -1 after an error. */
static int plan_target(struct plan *plan, struct file_id file, const char *target,
                       struct moves *moves, struct diag *diag)
{
    struct stat found;
    if (plan_check_target(plan, file, slice_of(target), diag) != 0) {
        return -1;
    }
    if (disk->stat(AT_FDCWD, target, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode)) {
        struct remade remade = {target, found.st_mode & 07777};
        vec_push(&moves->remade, remade);
    }
    return 0;
}

static int plan_product_move(struct plan *plan, const struct beginning *beginning,
                             struct file_id file, struct moves *moves, bool *is_backed_up,
                             struct diag *diag)
{
    const struct task_row *row = beginning->row;
    struct buf target = BUF_EMPTY;
    bool is_through = plan_writes_through(plan, beginning->task, file, &target);
    char *path = arena_string(moves->arena,
                              is_through ? buf_slice(&target) : slice_of(plan_path(plan, file)));
    enum file_kind kind = kind_at(plan, path);
    struct digest recorded = recorded_digest(plan, beginning->task, row, file);
    buf_release(&target);
    if (is_through && plan_target(plan, file, path, moves, diag) != 0) {
        return -1;
    }
    if (beginning->has_past && !moves->is_beside_kept) {
        moves->is_beside_kept = is_beside_kept(plan, path);
    }
    if (kind == FILE_MISSING) {
        return 0;
    }
    if (is_in_place(plan, file, recorded)) {
        *is_backed_up =
            plan_good_product(plan, beginning, file, path, recorded, moves) || *is_backed_up;
        return 0;
    }
    /* Before its first attempt a folder may hold what the command needs, and a link may be there so
     * that the command writes through it. */
    bool stays = beginning->has_past ? beginning->is_continued
                                     : beginning->is_trusting || kind != FILE_REGULAR;
    if (stays) {
        return 0;
    }
    /* What a folder holds that isn't the task's is put back after the start is on record. */
    if (place_of(plan, row, file) == BACKUP_KEPT && kind != FILE_DIRECTORY) {
        struct backup_item item = {path, BACKUP_KEPT, false};
        vec_push(&moves->by_hand, item);
        moves->is_beside_kept = true;
    } else {
        add_item(moves, path, place_of(plan, row, file), false);
    }
    return 0;
}

void backups_list_resumable(struct plan *plan, struct task_id task, struct arena *arena,
                            struct path_list *list)
{
    const struct graph *graph = plan_graph(plan);
    const struct action *action = graph_action(graph, task);
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < action->resumable_count; i++) {
        const struct path_spec *spec = &action->resumable_files[i];
        size_t places = spec->from_project ? 1 : count;
        for (size_t d = 0; d < places; d++) {
            buf_clear(&path);
            if (!spec->from_project) {
                buf_addf(&path, "%s/%s/", graph->workspace->path.at,
                         graph->workspace->names[directories[d]].at);
            }
            buf_add_slice(&path, spec->path);
            vec_push(list, arena_string(arena, buf_slice(&path)));
        }
    }
    buf_release(&path);
}

static void plan_resumable_moves(struct plan *plan, struct task_id task, struct moves *moves)
{
    struct path_list list = {0};
    backups_list_resumable(plan, task, moves->arena, &list);
    for (size_t i = 0; i < list.count; i++) {
        add_item(moves, list.at[i], BACKUP_LEFT, false);
    }
    vec_release(&list);
}

int backups_plan(struct plan *plan, struct task_id task, struct digest fingerprint,
                 struct moves *moves, bool *is_backed_up, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    const struct task_row *row = state_task(plan_state(plan), task.at);
    bool same_attempt = was_attempted(row) && digest_equal(row->attempt_fingerprint, fingerprint);
    struct beginning beginning = {
        .task = task,
        .row = row,
        .has_past = row->success != SUCCESS_NONE || was_attempted(row),
        .is_continued = same_attempt && backups_stay(graph, task),
        .is_trusting = backups_stay(graph, task),
    };
    *is_backed_up = false;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        if (plan_product_move(plan, &beginning, graph->products.at[p], moves, is_backed_up, diag) !=
            0) {
            return -1;
        }
    }
    bool same_work = same_attempt ||
                     (row->success != SUCCESS_NONE && digest_equal(row->fingerprint, fingerprint));
    if (beginning.has_past && (!same_work || plan_reruns(plan))) {
        plan_resumable_moves(plan, task, moves);
    }
    return 0;
}

/* Empty folders where links lead to ones that were moved. */
static int remake_folders(const struct plan *plan, const struct moves *moves, struct diag *diag)
{
    vec_each (const struct remade, remade, &moves->remade) {
        const char *name;
        if (kind_at(plan, remade->path) != FILE_MISSING) {
            continue;
        }
        int folder = folders_open_parent(&plan_graph(plan)->folders, remade->path, &name);
        int result = folder < 0 ? -1 : disk->make_folder(folder, name, remade->mode);
        int error = errno;
        if (folder >= 0) {
            disk->close(folder);
        }
        if (result != 0) {
            struct buf shown = BUF_EMPTY;
            text_add_name(&shown, slice_of(remade->path));
            diag_state_error(diag, FINDING_FILE_TROUBLE, "can't make %s: %s", buf_string(&shown),
                             strerror(error));
            buf_release(&shown);
            return -1;
        }
    }
    return 0;
}

/* Good products go last, so that a good set that lies partly in place is found. */
static struct backup_item *list_moves(const struct moves *moves, bool with_those_by_hand,
                                      size_t *count)
{
    size_t by_hand = with_those_by_hand ? moves->by_hand.count : 0;
    struct backup_item *all =
        mem_alloc((by_hand + moves->others.count + moves->good.count) * sizeof *all);
    *count = 0;
    for (size_t i = 0; i < by_hand; i++) {
        all[(*count)++] = moves->by_hand.at[i];
    }
    vec_each (struct backup_item, item, &moves->others) {
        all[(*count)++] = *item;
    }
    vec_each (struct backup_item, item, &moves->good) {
        all[(*count)++] = *item;
    }
    return all;
}

int backups_move_by_hand(const struct plan *plan, const struct moves *moves, struct diag *diag)
{
    if (moves->by_hand.count == 0) {
        return 0;
    }
    const struct folders *folders = &plan_graph(plan)->folders;
    size_t count;
    struct backup_item *all = list_moves(moves, true, &count);
    int result = backup_check(folders, all, count, diag);
    if (result == 0) {
        result = backup_move(folders, moves->by_hand.at, moves->by_hand.count, diag);
    }
    free(all);
    return result;
}

int backups_move(const struct plan *plan, const struct moves *moves, struct diag *diag)
{
    size_t count;
    struct backup_item *all = list_moves(moves, false, &count);
    int result = backup_move(&plan_graph(plan)->folders, all, count, diag);
    free(all);
    return result == 0 ? remake_folders(plan, moves, diag) : result;
}

/* ---- Afterwards ---- */

/* Where the products lie: of one that is written through a link, where the record says. */
static void add_product_paths(struct plan *plan, struct task_id task, struct arena *arena,
                              const char ***paths, size_t *count)
{
    const struct graph *graph = plan_graph(plan);
    uint32_t first = graph->product_start[task.at];
    *count = graph->product_start[task.at + 1] - first;
    *paths = arena_array(arena, *count, sizeof **paths);
    for (size_t i = 0; i < *count; i++) {
        struct file_id file = graph->products.at[first + i];
        struct slice target;
        (*paths)[i] = plan_recorded_target(plan, task, file, &target)
                          ? arena_string(arena, target)
                          : arena_string(arena, slice_of(plan_path(plan, file)));
    }
}

/* An empty folder that was made so that a link leads somewhere makes way. */
static void remove_if_empty(const struct plan *plan, const char *path)
{
    const char *name;
    struct buf good = BUF_EMPTY;
    backup_good_path(path, &good);
    int folder = path[0] == '/' && kind_at(plan, buf_string(&good)) != FILE_MISSING
                     ? folders_open_parent(&plan_graph(plan)->folders, path, &name)
                     : -1;
    if (folder >= 0) {
        (void)disk->unlink(folder, name, AT_REMOVEDIR);
        disk->close(folder);
    }
    buf_release(&good);
}

int backups_restore(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct task_row row = *state_task(plan_state(plan), task.at);
    struct arena arena;
    const char **paths;
    size_t count;
    arena_init(&arena);
    add_product_paths(plan, task, &arena, &paths, &count);
    struct backup_item *items = arena_array(&arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct file_id file = graph->products.at[graph->product_start[task.at] + i];
        items[i] = (struct backup_item){paths[i], place_of(plan, &row, file), false};
        remove_if_empty(plan, paths[i]);
    }
    int result = backup_restore(&graph->folders, items, count, diag);
    if (result == 0) {
        result = backups_return(plan, task, diag);
    }
    if (result == 0) {
        for (size_t i = 0; i < count; i++) {
            plan_refresh(plan, graph->products.at[graph->product_start[task.at] + i], diag);
        }
        row.attempt = ATTEMPT_NONE;
        row.attempt_status = 0;
        row.is_backed_up = false;
        state_put_task(plan_state(plan), task.at, &row);
    }
    arena_release(&arena);
    return result;
}

int backups_return(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct buf place = BUF_EMPTY;
    int result = 0;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        const struct slice *entries;
        size_t count = plan_stays(plan, graph->products.at[p], &entries);
        if (count > 0) {
            buf_clear(&place);
            plan_add_place(plan, task, graph->products.at[p], &place);
        }
        for (size_t i = 0; i < count && result == 0; i++) {
            result = backup_return(&graph->folders, buf_string(&place), entries[i], diag);
        }
    }
    buf_release(&place);
    return result;
}

/* A folder is deleted only where it is as a success left it, by a look of now: somebody may have put
 * something there. Else it is kept. False: it can't be looked at. */
static bool keep_changed(struct plan *plan, struct task_id task, struct file_id file,
                         const char *path, struct diag *diag)
{
    struct buf good = BUF_EMPTY;
    struct file_row row = {0};
    bool is_settled = true;
    backup_good_path(path, &good);
    if (kind_at(plan, buf_string(&good)) == FILE_DIRECTORY) {
        enum file_status seen = observe_file(plan_observer(plan), buf_string(&good), &row);
        struct digest old = plan_recorded_digest(plan, task, COMPONENT_OLD, file);
        struct backup_item item = {path, BACKUP_KEPT, true};
        is_settled = seen == FILE_READ || seen == FILE_GONE;
        if (seen == FILE_READ && !(digest_is_content(old) && observed_equal(old, &row))) {
            is_settled = backup_move(&plan_graph(plan)->folders, &item, 1, diag) == 0;
        }
    }
    buf_release(&good);
    return is_settled;
}

void backups_discard(struct plan *plan, struct task_id task, struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    struct arena arena;
    const char **paths;
    size_t count;
    size_t settled = 0;
    arena_init(&arena);
    add_product_paths(plan, task, &arena, &paths, &count);
    for (size_t i = 0; i < count; i++) {
        struct file_id file = graph->products.at[graph->product_start[task.at] + i];
        if (keep_changed(plan, task, file, paths[i], diag)) {
            paths[settled++] = paths[i];
        }
    }
    if (backup_discard_good(&graph->folders, paths, settled, diag) && settled == count) {
        plan_end_old(plan, task);
    }
    arena_release(&arena);
}

void run_discard_all_backups(struct plan *plan, struct diag *diag)
{
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        struct task_id task = {n};
        const struct task_row *row = state_task(plan_state(plan), n);
        if (!graph_is_present(plan_graph(plan), task)) {
            continue;
        }
        (void)backups_return(plan, task, diag);
        if (row->has_old_backup && !row->is_backed_up) {
            backups_discard(plan, task, diag);
        }
    }
}
