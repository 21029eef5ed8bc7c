/* clean: forgets records, jobs, vanished directories; deletes backups. */
#include "study.h"

#include "delete_read.h"
#include "forget.h"
#include "leftovers.h"
#include "state_folder.h"
#include "submissions.h"
#include "sweep.h"

#include <errno.h>
#include <unistd.h>

/* Whether the options are about products or backups, and not about records. */
static bool moves_products(const struct rowbuild_clean_options *options)
{
    return options->backups || options->temporary || options->leftovers;
}

/* Whether the options ask for something that jobs may undo, or that forgets jobs which still run. */
static bool concerns_jobs(const struct rowbuild_clean_options *options)
{
    return options->completed || options->submitted ||
           (!options->directory && !moves_products(options));
}

/* Forgets all records first: logs without records would look as if these had been lost. The inbox
 * stays while jobs that may still leave logs use it, and with it the journal. */
static int remove_state_files(struct rowbuild *study, const struct run_forgotten *forgetting,
                              struct diag *diag)
{
    int result;
    if (access(study->state_path, F_OK) != 0 && errno == ENOENT) {
        return 0;
    }
    if (forgetting->failed > 0) {
        state_forget_files(study->state);
        result = state_compact(study->state, diag);
    } else {
        result = state_forget_all(study->state, diag);
    }
    return result == 0
               ? state_folder_remove_rest(study->state_path, jobs_may_be_queued(study->jobs), diag)
               : result;
}

/* Of the jobs, only those of some actions, whose numbers aren't known. */
static int forget_lost(struct rowbuild *study, const struct rowbuild_clean_options *options,
                       struct rowbuild_messages *messages)
{
    const struct rowbuild_selection everything = {.recorded = true, .no_adopt = true};
    const struct jobs_forgetting forgetting = {.actions = options->actions,
                                               .action_count = options->action_count,
                                               .force = options->force,
                                               .dry_run = options->dry_run};
    study->tolerates_empty = true;
    study->forgets_jobs = false;
    int status =
        study_look(study, &everything, options->dry_run ? STATE_READ : STATE_WRITE, messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    int result = jobs_forget_lost(study->jobs, &forgetting, &messages->diag);
    if (study_drop(study, messages) != 0) {
        result = -1;
    }
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}

int rowbuild_clean(struct rowbuild *study, const struct rowbuild_clean_options *options,
                   struct rowbuild_messages *messages)
{
    struct rowbuild_selection everything = {.recorded = !moves_products(options), .no_adopt = true};
    struct diag *diag = &messages->diag;
    if (options->action_count > 0) {
        return forget_lost(study, options, messages);
    }
    bool all = !options->completed && !options->directory && !options->submitted &&
               !moves_products(options);
    study->tolerates_empty = true;
    study->forgets_jobs = all || options->submitted;
    int status =
        study_look(study, &everything, options->dry_run ? STATE_READ : STATE_WRITE, messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    if (concerns_jobs(options) && !options->force && !options->dry_run &&
        jobs_refuse_to_forget(study->jobs, diag) != 0) {
        study_drop(study, messages);
        return messages_settle(messages, ROWBUILD_USAGE);
    }
    bool forgets = all || options->completed;
    size_t known = state_known_directories(study->state);
    size_t vanished = known > study->workspace.count ? known - study->workspace.count : 0;
    if (all || options->backups) {
        run_delete_backups(study->plan, options->backups, options->dry_run, diag);
    }
    if (all || options->directory || options->completed) {
        run_tell_leftovers(study->plan, diag);
    }
    struct run_forgotten forgetting = {0};
    if (forgets) {
        forgetting = run_forget_all(study->plan, options->dry_run, diag);
    }
    int result = 0;
    size_t found = 0;
    if (options->temporary) {
        result = run_delete_temporaries(study->plan, options->dry_run, &found, diag);
    }
    if (options->leftovers && result == 0) {
        result = run_move_leftovers(study->plan, options->dry_run, &found, diag);
    }
    if (options->found != NULL) {
        *options->found = found;
    }
    if (study->forgets_jobs) {
        jobs_tell_forgotten(study->jobs, options->dry_run, diag);
        result = options->dry_run ? 0 : submissions_remove_all(study->state_path, diag);
    }
    if (!options->dry_run && (all || options->directory)) {
        state_forget_unbound(study->state);
    }
    if (!options->dry_run && !all && state_compact(study->state, diag) != 0) {
        result = -1;
    }
    run_tell_forgotten(options->dry_run, forgets ? &forgetting : NULL,
                       all || options->directory ? vanished : 0, diag);
    if (result == 0 && all && !options->dry_run) {
        result = remove_state_files(study, &forgetting, diag);
    }
    if (study_drop(study, messages) != 0) {
        result = -1;
    }
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}
