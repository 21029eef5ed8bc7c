/* clean: forgets records, jobs, vanished directories; deletes backups. */
#include "study.h"

#include "backups.h"
#include "file.h"
#include "inside.h"
#include "reserved.h"
#include "run.h"
#include "state_folder.h"
#include "submissions.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Backups ---- */

/* A folder's siblings are found and deleted in the folder as it was opened. */
struct sweeping {
    struct rowbuild *study;
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
        diag_warning(sweeping->diag, "can't delete %s: %s", buf_string(&shown), strerror(error));
    } else {
        sweeping->found++;
    }
    if (result == 0 && sweeping->names_each) {
        diag_note(sweeping->diag, "%s %s", sweeping->dry_run ? "would delete" : "deleted",
                  buf_string(&shown));
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
    int folder = folders_open_parent(&sweeping->study->graph->folders, path, &name);
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
    int folder = folders_open_parent(&sweeping->study->graph->folders, buf_string(&good), &name);
    if (folder >= 0 && file_lstat(folder, name, &found) == 0 && found.kind != FILE_MISSING) {
        if (backups_are_spare(sweeping->study->plan, task, file)) {
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
    const struct graph *graph = sweeping->study->graph;
    struct plan *plan = sweeping->study->plan;
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

static void say_backups(const struct sweeping *sweeping, bool good_ones)
{
    if (sweeping->found > 0 || good_ones) {
        diag_note(sweeping->diag, "%s %zu %s%s", sweeping->dry_run ? "would delete" : "deleted",
                  sweeping->found, sweeping->found == 1 ? "backup" : "backups",
                  good_ones ? "" : " that never matched a record");
    }
    if (sweeping->spared > 0) {
        diag_note(sweeping->diag,
                  "%zu %s kept: the results are nowhere else; undo the changes and run to put them "
                  "back, or let their successors succeed",
                  sweeping->spared, sweeping->spared == 1 ? "good backup is" : "good backups are");
    }
}

static void delete_backups(struct rowbuild *study, bool good_ones, bool dry_run, struct diag *diag)
{
    struct sweeping sweeping = {
        .study = study, .dry_run = dry_run, .names_each = good_ones, .diag = diag};
    intern_init(&sweeping.folders);
    arena_init(&sweeping.arena);
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        if (graph_is_present(study->graph, (struct task_id){n})) {
            sweep_task(&sweeping, (struct task_id){n}, good_ones);
        }
    }
    say_backups(&sweeping, good_ones);
    intern_release(&sweeping.folders);
    vec_release(&sweeping.names);
}

/* ---- Records ---- */

/* What is forgotten, and what isn't. */
struct forgetting {
    size_t tasks;
    size_t failed; /* tasks of which it stays known that their last attempt failed */
};

/* Whether something is there that an attempt left which failed or was killed. Marked so that it can
 * be told from what somebody puts in its place. */
static bool has_left(struct rowbuild *study, struct task_id task)
{
    const struct graph *graph = study->graph;
    const struct task_row *row = state_task(study->state, task.at);
    bool is_left = false;
    if (row->attempt != ATTEMPT_FAILED && row->attempt != ATTEMPT_STARTED &&
        row->attempt != ATTEMPT_INTERRUPTED) {
        return false;
    }
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_stat found;
        struct file_id file = graph->products.at[p];
        const char *path = plan_path(study->plan, file);
        bool is_there = file_lstat(study->project, path, &found) == 0 && found.kind != FILE_MISSING;
        bool is_good = observe_stat(plan_observer(study->plan), path,
                                    state_file(study->state, file.at), NULL) == FILE_CURRENT &&
                       backups_are_spare(study->plan, task, file);
        is_left = is_left || (is_there && !is_good);
    }
    return is_left;
}

/* By task, to be freed. */
static bool *find_left(struct rowbuild *study)
{
    bool *left = mem_alloc((study->graph->task_count + 1) * sizeof *left);
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        struct task_id task = {n};
        left[n] = graph_is_present(study->graph, task) && has_left(study, task);
    }
    return left;
}

/* Good backups are put back where nothing stands in their place: forgetting must not lose them.
 * Those of a failed attempt's task stay beside what it left. */
static void put_back(struct rowbuild *study, const bool *left)
{
    const struct graph *graph = study->graph;
    struct diag unseen;
    diag_init(&unseen);
    for (size_t p = 0; p < graph->products.count; p++) {
        struct file_id file = graph->products.at[p];
        uint32_t maker = graph->producers[file.at];
        if (!state_task(study->state, maker)->is_backed_up || left[maker]) {
            continue;
        }
        struct file_stat found;
        char *path = arena_string(&study->labels, slice_of(plan_path(study->plan, file)));
        if (file_lstat(study->project, path, &found) == 0 && found.kind == FILE_MISSING) {
            struct backup_item item = {path, BACKUP_KEPT, false};
            (void)backup_restore(&graph->folders, &item, 1, &unseen);
        }
    }
    diag_release(&unseen);
}

static struct forgetting forget_tasks(struct rowbuild *study, const bool *left, bool dry_run)
{
    struct forgetting forgetting = {0};
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        struct task_id task = {n};
        const struct task_row *row = state_task(study->state, n);
        if (!graph_is_present(study->graph, task) || !row->is_known) {
            continue;
        }
        forgetting.failed += left[n];
        forgetting.tasks += !left[n];
        if (!dry_run && left[n]) {
            struct task_row failed = {.is_known = true,
                                      .is_forgotten = true,
                                      .attempt = row->attempt,
                                      .attempt_status = row->attempt_status,
                                      .attempt_fingerprint = row->attempt_fingerprint};
            plan_mark_left(study->plan, task, true);
            state_put_task(study->state, n, &failed);
        } else if (!dry_run) {
            state_forget_task(study->state, n);
        }
    }
    return forgetting;
}

static struct forgetting forget_all_tasks(struct rowbuild *study, bool dry_run, struct diag *diag)
{
    bool *left = find_left(study);
    if (!dry_run) {
        run_discard_all_backups(study->plan, diag);
        put_back(study, left);
    }
    struct forgetting forgetting = forget_tasks(study, left, dry_run);
    free(left);
    return forgetting;
}

/* Jobs may add to the records after they were forgotten, and forgotten jobs may still run. */
static int refuse_while_queued(const struct rowbuild *study,
                               const struct rowbuild_clean_options *options, struct diag *diag)
{
    uint64_t queued = jobs_count_all_queued(study->jobs);
    bool matters =
        options->completed || options->submitted || (!options->directory && !options->backups);
    if (!matters || options->force || options->dry_run) {
        return 0;
    }
    if (study->jobs != NULL && study->jobs->is_unread) {
        return diag_error(
            diag,
            "it is unknown which jobs are queued or running; use --force to forget them anyway");
    }
    if (queued == 0) {
        return 0;
    }
    return diag_error(
        diag,
        "%llu %s queued or running, as far as is known; wait, or use --force to forget anyway",
        (unsigned long long)queued, queued == 1 ? "job is" : "jobs are");
}

/* What jobs still running may leave there belongs to no record. */
static void remove_empty_folder(int root, const char *name)
{
    (void)unlinkat(root, name, AT_REMOVEDIR);
}

/* Forgets all records first: logs without records would look as if these had been lost. The inbox
 * stays while jobs that may still leave logs use it, and with it the journal. */
static int remove_state_files(struct rowbuild *study, const struct forgetting *forgetting,
                              bool has_jobs, struct diag *diag)
{
    static const char *const names[] = {STATE_LOGS, STATE_RUNNING, STATE_QUEUE};
    int root = inside_root(AT_FDCWD, study->state_path, false);
    if (root < 0) {
        return errno == ENOENT ? 0
                               : diag_state_error(diag, "`%s` can't be opened: %s",
                                                  study->state_path, inside_error(errno));
    }
    int result;
    if (forgetting->failed > 0) {
        state_forget_files(study->state);
        result = state_compact(study->state, diag);
    } else {
        result = state_forget_all(study->state, diag);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0] && result == 0; i++) {
        if (file_remove_tree(root, names[i]) != 0) {
            result =
                diag_state_error(diag, "`%s/%s` can't be removed", study->state_path, names[i]);
        }
    }
    remove_empty_folder(root, STATE_JOBS);
    if (!has_jobs) {
        remove_empty_folder(root, STATE_INBOX);
    }
    close(root);
    return result;
}

static void say_jobs(const struct rowbuild *study, bool dry_run, struct diag *diag)
{
    uint64_t queued = jobs_count_all_queued(study->jobs);
    if (queued > 0) {
        diag_note(diag, "%s %llu %s queued or running: what they record later is lost",
                  dry_run ? "would forget" : "forgot", (unsigned long long)queued,
                  queued == 1 ? "job that is" : "jobs that are");
    }
    if (study->jobs != NULL && study->jobs->row.all.count > 0) {
        diag_note(diag, "jobs that row submitted are not forgotten; use `row clean --submitted`");
    }
}

static void say(bool dry_run, bool forgets, const struct forgetting *forgetting, size_t vanished,
                struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    const char *would = dry_run ? "would forget" : "forgot";
    if (forgets) {
        buf_addf(&text, "%s the records of ", would);
        text_add_count(&text, forgetting->tasks);
        buf_add_string(&text, forgetting->tasks == 1 ? " task" : " tasks");
        buf_add_string(&text, ": the next run adopts existing products as they are");
        diag_note(diag, "%s", buf_string(&text));
    }
    if (vanished > 0) {
        diag_note(diag, "%s %zu vanished %s", would, vanished,
                  vanished == 1 ? "directory" : "directories");
    }
    if (forgetting->failed > 0) {
        diag_note(
            diag,
            "%zu %s last attempt failed or was killed %s known as such while the products that "
            "it left exist",
            forgetting->failed, forgetting->failed == 1 ? "task whose" : "tasks whose",
            forgetting->failed == 1 ? "stays" : "stay");
    }
    buf_release(&text);
}

int rowbuild_clean(struct rowbuild *study, const struct rowbuild_clean_options *options,
                   struct rowbuild_messages *messages)
{
    struct rowbuild_selection everything = {.recorded = !options->backups, .no_adopt = true};
    struct diag *diag = &messages->diag;
    bool all =
        !options->completed && !options->directory && !options->submitted && !options->backups;
    study->tolerates_empty = true;
    study->forgets_jobs = all || options->submitted;
    int status =
        study_look(study, &everything, options->dry_run ? STATE_READ : STATE_WRITE, messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    if (refuse_while_queued(study, options, diag) != 0) {
        study_drop(study, messages);
        return messages_settle(messages, ROWBUILD_USAGE);
    }
    bool forgets = all || options->completed;
    size_t known = state_known_directories(study->state);
    size_t vanished = known > study->workspace.count ? known - study->workspace.count : 0;
    if (all || options->backups) {
        delete_backups(study, options->backups, options->dry_run, diag);
    }
    struct forgetting forgetting = {0};
    if (forgets) {
        forgetting = forget_all_tasks(study, options->dry_run, diag);
    }
    int result = 0;
    if (study->forgets_jobs) {
        say_jobs(study, options->dry_run, diag);
        result = options->dry_run ? 0 : submissions_remove_all(study->state_path, diag);
    }
    if (!options->dry_run && (all || options->directory)) {
        state_forget_unbound(study->state);
    }
    if (!options->dry_run && !all && state_compact(study->state, diag) != 0) {
        result = -1;
    }
    say(options->dry_run, forgets, &forgetting, all || options->directory ? vanished : 0, diag);
    if (result == 0 && all && !options->dry_run) {
        const struct jobs *jobs = study->jobs;
        bool has_jobs = jobs_count_all_queued(jobs) > 0 || (jobs != NULL && jobs->is_unread);
        result = remove_state_files(study, &forgetting, has_jobs, diag);
    }
    if (study_drop(study, messages) != 0) {
        result = -1;
    }
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}
