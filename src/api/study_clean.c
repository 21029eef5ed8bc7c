/* clean: forgets records, jobs, vanished directories; deletes backups. */
#include "study.h"

#include "file.h"
#include "forget.h"
#include "inside.h"
#include "state_folder.h"
#include "submissions.h"
#include "sweep.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
            diag, FINDING_JOBS_RUNNING,
            "it is unknown which jobs are queued or running; use --force to forget them anyway");
    }
    if (queued == 0) {
        return 0;
    }
    return diag_error(
        diag, FINDING_JOBS_RUNNING,
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
static int remove_state_files(struct rowbuild *study, const struct run_forgotten *forgetting,
                              bool has_jobs, struct diag *diag)
{
    static const char *const names[] = {STATE_LOGS, STATE_RUNNING, STATE_QUEUE};
    int root = inside_root(AT_FDCWD, study->state_path, false);
    if (root < 0) {
        return errno == ENOENT
                   ? 0
                   : diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be opened: %s",
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
            result = diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s/%s` can't be removed",
                                      study->state_path, names[i]);
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
        diag_note(diag, FINDING_FORGOTTEN,
                  "%s %llu %s queued or running: what they record later is lost",
                  dry_run ? "would forget" : "forgot", (unsigned long long)queued,
                  queued == 1 ? "job that is" : "jobs that are");
    }
    if (study->jobs != NULL && study->jobs->row.all.count > 0) {
        diag_note(diag, FINDING_FORGOTTEN,
                  "jobs that row submitted are not forgotten; use `row clean --submitted`");
    }
}

static void say(bool dry_run, bool forgets, const struct run_forgotten *forgetting, size_t vanished,
                struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    const char *would = dry_run ? "would forget" : "forgot";
    if (forgets) {
        buf_addf(&text, "%s the records of ", would);
        text_add_count(&text, forgetting->tasks);
        buf_add_string(&text, forgetting->tasks == 1 ? " task" : " tasks");
        buf_add_string(&text, ": the next run adopts existing products as they are");
        diag_note(diag, FINDING_FORGOTTEN, "%s", buf_string(&text));
    }
    if (vanished > 0) {
        diag_note(diag, FINDING_FORGOTTEN, "%s %zu vanished %s", would, vanished,
                  vanished == 1 ? "directory" : "directories");
    }
    if (forgetting->failed > 0) {
        diag_note(
            diag, FINDING_FORGOTTEN,
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
        run_delete_backups(study->plan, options->backups, options->dry_run, diag);
    }
    struct run_forgotten forgetting = {0};
    if (forgets) {
        forgetting = run_forget_all(study->plan, options->dry_run, diag);
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
