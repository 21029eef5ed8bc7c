/* clean: forgets records, jobs, vanished directories; deletes backups. */
#include "study.h"

#include "backup.h"
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
    int folder;
    bool dry_run;
    size_t found;
    VEC(char *) names; /* of siblings in there that never matched a record */
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

static void sweep_folder(struct sweeping *sweeping)
{
    (void)file_list(sweeping->folder, ".", take_sibling, sweeping);
    vec_each (char *, name, &sweeping->names) {
        if (!sweeping->dry_run) {
            (void)file_remove_tree(sweeping->folder, *name);
        }
        free(*name);
    }
    sweeping->found += sweeping->names.count;
    sweeping->names.count = 0;
}

/* Looks into each folder that holds products, once. */
static size_t delete_kept(struct rowbuild *study, bool dry_run)
{
    const struct graph *graph = study->graph;
    struct sweeping sweeping = {.dry_run = dry_run};
    struct intern folders;
    intern_init(&folders);
    for (size_t p = 0; p < graph->products.count; p++) {
        const char *name;
        const char *path = plan_path(study->plan, graph->products.at[p]);
        const char *slash = strrchr(path, '/');
        uint32_t known = folders.count;
        if (intern_add(&folders,
                       slice_make(path, slash != NULL ? (size_t)(slash - path) + 1 : 0)) != known) {
            continue;
        }
        sweeping.folder = folders_open_parent(&graph->folders, path, &name);
        if (sweeping.folder >= 0) {
            sweep_folder(&sweeping);
            close(sweeping.folder);
        }
    }
    intern_release(&folders);
    vec_release(&sweeping.names);
    return sweeping.found;
}

/* Good backups are put back where nothing stands in their place: forgetting must
 * not lose them. */
static void put_back(struct rowbuild *study)
{
    const struct graph *graph = study->graph;
    struct diag unseen;
    diag_init(&unseen);
    for (size_t p = 0; p < graph->products.count; p++) {
        struct file_id file = graph->products.at[p];
        if (!state_task(study->state, graph->producers[file.at])->is_backed_up) {
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

/* ---- Records ---- */

static size_t forget_tasks(struct rowbuild *study, bool dry_run)
{
    size_t count = 0;
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        if (graph_is_present(study->graph, (struct task_id){n}) &&
            state_task(study->state, n)->is_known) {
            count++;
            if (!dry_run) {
                state_forget_task(study->state, n);
            }
        }
    }
    return count;
}

/* Jobs may add to the records after they were forgotten, and forgotten jobs may still run. */
static int refuse_while_queued(const struct rowbuild *study,
                               const struct rowbuild_clean_options *options, struct diag *diag)
{
    uint64_t queued = jobs_count_all_queued(study->jobs);
    bool matters = options->completed || options->submitted || !options->directory;
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
static int remove_state_files(struct rowbuild *study, bool has_jobs, struct diag *diag)
{
    static const char *const names[] = {STATE_LOGS, STATE_RUNNING, STATE_QUEUE};
    int root = inside_root(AT_FDCWD, study->state_path, false);
    if (root < 0) {
        return errno == ENOENT ? 0
                               : diag_state_error(diag, "`%s` can't be opened: %s",
                                                  study->state_path, inside_error(errno));
    }
    int result = state_forget_all(study->state, diag);
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

static void say(bool dry_run, bool forgets, size_t tasks, size_t vanished, size_t kept,
                struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    const char *would = dry_run ? "would forget" : "forgot";
    if (forgets) {
        buf_addf(&text, "%s the records of ", would);
        text_add_count(&text, tasks);
        buf_add_string(&text, tasks == 1 ? " task" : " tasks");
        buf_add_string(&text, ": the next run adopts existing products as they are");
        diag_note(diag, "%s", buf_string(&text));
    }
    if (vanished > 0) {
        diag_note(diag, "%s %zu vanished %s", would, vanished,
                  vanished == 1 ? "directory" : "directories");
    }
    if (kept > 0) {
        diag_note(diag, "%s %zu %s that never matched a record",
                  dry_run ? "would delete" : "deleted", kept, kept == 1 ? "backup" : "backups");
    }
    buf_release(&text);
}

int rowbuild_clean(struct rowbuild *study, const struct rowbuild_clean_options *options,
                   struct rowbuild_messages *messages)
{
    struct rowbuild_selection everything = {.recorded = true, .no_adopt = true};
    struct diag *diag = &messages->diag;
    bool all = !options->completed && !options->directory && !options->submitted;
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
    size_t kept = all ? delete_kept(study, options->dry_run) : 0;
    if (forgets && !options->dry_run) {
        run_discard_all_backups(study->plan, diag);
        put_back(study);
    }
    size_t tasks = forgets ? forget_tasks(study, options->dry_run) : 0;
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
    say(options->dry_run, forgets, tasks, all || options->directory ? vanished : 0, kept, diag);
    if (result == 0 && all && !options->dry_run) {
        const struct jobs *jobs = study->jobs;
        bool has_jobs = jobs_count_all_queued(jobs) > 0 || (jobs != NULL && jobs->is_unread);
        result = remove_state_files(study, has_jobs, diag);
    }
    if (study_drop(study, messages) != 0) {
        result = -1;
    }
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}
