/* show: from the last look to a report. */
#include "mpi_kind.h"
#include "report.h"
#include "study.h"

#include "grown.h"
#include "launch.h"
#include "logs.h"
#include "published.h"
#include "show_log.h"

#include <stdlib.h>

/* Writes what was made unless it failed; the status to return. */
static int finish(int result, struct buf *out, const struct rowbuild_writer *writer,
                  struct rowbuild_messages *messages)
{
    int status = ROWBUILD_OK;
    if (result == 0 && out->len > 0) {
        writer->write(writer->context, out->at, out->len);
    } else if (result != 0) {
        status = rowbuild_messages_status(messages);
    }
    buf_release(out);
    return messages_settle(messages, status);
}

static void mark_running(const struct graph *graph, const char *key, bool *running)
{
    struct task_id task = graph_find_task(graph, slice_of(key));
    if (task.at != GRAPH_NONE) {
        running[task.at] = true;
    }
}

/* A batch that has just started, of which the table names the first task: the others have a start on
 * record, and no end. */
static void mark_batch(const struct rowbuild *study, const char *key, bool *running)
{
    const struct graph *graph = study->graph;
    struct task_id first = graph_find_task(graph, slice_of(key));
    bool is_batch = first.at != GRAPH_NONE &&
                    graph_action(graph, first)->scope == SCOPE_DIRECTORY &&
                    graph_action(graph, first)->command.uses_directories;
    for (uint32_t n = 0; is_batch && n < graph->task_count; n++) {
        running[n] = running[n] || (graph->tasks[n].action == graph->tasks[first.at].action &&
                                    state_task(study->state, n)->attempt == ATTEMPT_STARTED);
    }
}

/* By task: what the run that has the state now executes; NULL: nothing. The caller frees it. */
static bool *find_running(const struct rowbuild *study)
{
    struct running_entry *entries;
    struct published published;
    size_t count = logs_read_running(study->state_path, &entries);
    if (count == 0) {
        free(entries);
        return NULL;
    }
    bool *running = mem_alloc(study->graph->task_count * sizeof *running + 1);
    bool is_told = published_read(study->state_path, &published);
    for (size_t i = 0; i < count; i++) {
        const struct published_task *task =
            is_told ? published_find(&published, entries[i].pid) : NULL;
        mark_running(study->graph, entries[i].key, running);
        for (size_t m = 0; task != NULL && m < task->members.count; m++) {
            mark_running(study->graph, task->members.at[m], running);
        }
        if (task == NULL) {
            mark_batch(study, entries[i].key, running);
        }
    }
    published_release(&published);
    free(entries);
    return running;
}

int rowbuild_show_status(struct rowbuild *study, const struct rowbuild_selection *selection,
                         const struct rowbuild_show_options *options,
                         const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    struct plan_selection wanted = study_selection(study, selection);
    bool *running = find_running(study);
    struct report_now now = {.running = running};
    if (plan_is_for_cluster(study->plan)) { /* a local run's requests never grow */
        now.growth = grown_find(study->jobs, study->plan);
    }
    int result = report_status(study->plan, &wanted, &now, options, &out, &messages->diag);
    free(running);
    return finish(result, &out, writer, messages);
}

int rowbuild_show_durations(struct rowbuild *study, const struct rowbuild_selection *selection,
                            const struct rowbuild_show_options *options,
                            const struct rowbuild_writer *writer,
                            struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    struct plan_selection wanted = study_selection(study, selection);
    report_durations(study->plan, &wanted, options, &out);
    return finish(0, &out, writer, messages);
}

int rowbuild_show_directories(struct rowbuild *study, const struct rowbuild_selection *selection,
                              const struct rowbuild_show_options *options,
                              const struct rowbuild_writer *writer,
                              struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < selection->action_count && result == 0; i++) {
        result = report_directories(study->plan, slice_of(selection->actions[i]), options, &out,
                                    &messages->diag);
    }
    if (selection->action_count == 0) {
        report_directory_names(study->plan, selection, options, &out);
    }
    return finish(result, &out, writer, messages);
}

/* Selects tasks of a plan of everything: all others stay wanted as what comes before. */
static int select_within(struct rowbuild *study, const struct rowbuild_selection *selection,
                         struct diag *diag)
{
    struct plan_selection wanted = study_selection(study, selection);
    wanted.within = true;
    return plan_select(study->plan, &wanted, diag);
}

int rowbuild_show_why(struct rowbuild *study, const struct rowbuild_selection *selection,
                      const struct rowbuild_show_options *options,
                      const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    int result = select_within(study, selection, &messages->diag);
    if (result == 0) {
        bool all = selection->target_count > 0 || selection->action_count > 0;
        struct study_commits commits;
        study_commits_begin(&commits, study, NULL);
        result = report_why(study->plan, all, &commits.source, options, &out, &messages->diag);
        study_commits_end(&commits);
    }
    return finish(result, &out, writer, messages);
}

int rowbuild_show_provenance(struct rowbuild *study, const struct rowbuild_selection *selection,
                             const struct rowbuild_show_options *options,
                             const struct rowbuild_writer *writer,
                             struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    struct plan_selection wanted = study_selection(study, selection);
    struct task_id *tasks = mem_alloc(selection->target_count * sizeof *tasks + 1);
    int result = 0;
    for (size_t i = 0; i < selection->target_count; i++) {
        if (plan_find_product(study->plan, &wanted, selection->targets[i], &tasks[i],
                              &messages->diag) != 0) {
            result = -1;
        }
    }
    if (result == 0) {
        result = report_provenance(study->plan, tasks, selection->target_count, options, &out,
                                   &messages->diag);
    }
    free(tasks);
    return finish(result, &out, writer, messages);
}

/* What commands are made of without a run: nothing is assigned, and nothing inherited. */
static struct launch_context launch_of(const struct rowbuild *study, struct buf *helper)
{
    static char *const nothing[] = {NULL};
    bool has_helper = launch_find_rank_helper(helper);
    return (struct launch_context){.graph = study->graph,
                                   .launchers = &study->launchers,
                                   .project_path = study->project_path,
                                   .cluster = study->cluster->name,
                                   .environment = nothing,
                                   .rank_helper = has_helper ? buf_string(helper) : NULL};
}

int rowbuild_show_command(struct rowbuild *study, const struct rowbuild_selection *selection,
                          const struct rowbuild_show_options *options,
                          const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct rowbuild_selection quick = {.recorded = true, .no_adopt = true};
    struct buf out = BUF_EMPTY;
    struct buf helper = BUF_EMPTY;
    int status = study_look(study, &quick, STATE_READ, messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    int result = select_within(study, selection, &messages->diag);
    if (result == 0) {
        struct launch_context launch = launch_of(study, &helper);
        result = report_commands(study->plan, &launch, options, &out, &messages->diag);
    }
    buf_release(&helper);
    status = finish(result, &out, writer, messages);
    study_drop(study, messages);
    return status;
}

/* The run asks if it is much. */
static void tell_undeclared(const struct rowbuild_undeclared *undeclared, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    report_add_undeclared(undeclared, &text);
    diag_note(diag, FINDING_UNDECLARED_DIRECTORIES, "%s", buf_string(&text));
    buf_release(&text);
}

int rowbuild_show_plan(struct rowbuild *study, bool explain,
                       const struct rowbuild_show_options *options,
                       const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    struct buf adopted = BUF_EMPTY;
    int status = study_refuse_broken_actions(study, messages);
    if (status != ROWBUILD_OK) {
        return messages_settle(messages, status);
    }
    if (report_add_adopted(study->plan, true, &adopted)) {
        diag_note(&messages->diag, FINDING_ADOPTED, "%s", buf_string(&adopted));
    }
    buf_clear(&adopted);
    if (study_add_pending_points(study, &adopted)) {
        diag_note(&messages->diag, FINDING_POINTS_MADE, "%s", buf_string(&adopted));
    }
    buf_release(&adopted);
    struct rowbuild_undeclared undeclared;
    study_find_undeclared(study, true, &undeclared);
    if (undeclared.core_hours > 0) {
        tell_undeclared(&undeclared, &messages->diag);
    }
    int result = study_check_values(study, false, &messages->diag);
    plan_warn_of_words(study->plan, false, &messages->diag);
    if (result == 0) {
        struct study_commits commits;
        study_commits_begin(&commits, study, NULL);
        struct buf helper = BUF_EMPTY;
        struct launch_context launch = launch_of(study, &helper);
        result =
            report_plan(study->plan, explain, options->commands || options->json ? &launch : NULL,
                        &commits.source, &undeclared, options, &out, &messages->diag);
        buf_release(&helper);
        study_commits_end(&commits);
    }
    bool lacks = result == 0 && report_any_lacks(study->plan, &messages->diag);
    status = finish(result, &out, writer, messages);
    return status == ROWBUILD_OK && lacks ? ROWBUILD_FAILED : status;
}

int rowbuild_show_jobs(struct rowbuild *study, const struct rowbuild_selection *selection,
                       const struct rowbuild_show_options *options,
                       const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct job_listing listing;
    struct buf out = BUF_EMPTY;
    job_listing_make(&listing, study->jobs, study->plan, selection, &messages->diag);
    report_jobs(listing.lines.at, listing.lines.count, options, &out);
    job_listing_release(&listing);
    return finish(0, &out, writer, messages);
}

static void tell_no_logs(size_t count, bool failed, struct diag *diag)
{
    if (count > 0) {
        diag_note(diag, FINDING_NO_LOG,
                  "none of these %zu tasks has a log: their last executions printed nothing, or "
                  "they never ran",
                  count);
    } else {
        diag_note(diag, FINDING_NO_LOG,
                  failed ? "none of the selected tasks failed in its last attempt"
                         : "no task was selected");
    }
}

int rowbuild_show_log(struct rowbuild *study, const struct rowbuild_selection *selection,
                      bool follow, const struct rowbuild_writer *writer,
                      struct rowbuild_messages *messages)
{
    struct rowbuild_selection quick = {.recorded = true, .no_adopt = true};
    int status = study_look(study, &quick, STATE_READ, messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct task_id *tasks = NULL;
    size_t count = 0;
    int result = select_within(study, selection, &messages->diag);
    if (result == 0) {
        count = report_list_tasks(study->plan, WANTED_SELECTED, &tasks);
    }
    struct log_request request = {
        .plan = study->plan,
        .state_path = study->state_path,
        .follow = follow,
        /* a directory or an action may stand for many tasks */
        .notes = count == 1 || (count > 0 && count <= selection->target_count),
        .headings = count > 1,
        .writer = writer,
    };
    for (size_t i = 0; i < count && result == 0; i++) {
        result = run_show_log(&request, tasks[i], &messages->diag);
    }
    if (result == 0 && request.shown == 0 && !request.notes) {
        tell_no_logs(count, selection->failed, &messages->diag);
    }
    free(tasks);
    status = result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
    study_drop(study, messages);
    return messages_settle(messages, status);
}

/* ---- Machine, cluster and launchers ---- */

/* What is known of clusters without a project: `clusters` has to be released in any case. */
static const struct cluster *current_cluster(struct rowbuild *study,
                                             const struct rowbuild_show_options *options,
                                             struct clusters *clusters, struct diag *diag)
{
    return study != NULL ? study->cluster : study_find_cluster(clusters, options->cluster, diag);
}

/* The launcher `mpi` of the current cluster. What is wrong with the configuration is told where it matters. */
static void find_mpi(struct rowbuild *study, const struct rowbuild_show_options *options,
                     struct report_mpi *mpi, struct buf *program, struct buf *name)
{
    struct clusters clusters = {0};
    struct launchers loaded = {0};
    struct diag unseen;
    diag_init(&unseen);
    const struct cluster *cluster = current_cluster(study, options, &clusters, &unseen);
    if (cluster != NULL && (study != NULL || launchers_load(&loaded, &unseen) == 0)) {
        const struct launcher *launcher =
            launchers_find(study != NULL ? &study->launchers : &loaded, SLICE_LITERAL("mpi"));
        const struct launcher_variant *variant =
            launcher != NULL ? launcher_variant_for(launcher, cluster->name) : NULL;
        buf_add_slice(program,
                      variant != NULL ? mpi_program_of(variant->executable) : (struct slice){0});
    }
    if (program->len > 0) {
        (void)mpi_kind_of_launcher(buf_string(program), name);
    }
    *mpi = (struct report_mpi){.program = buf_slice(program), .name = buf_slice(name)};
    launchers_release(&loaded);
    clusters_release(&clusters);
    diag_release(&unseen);
}

int rowbuild_show_machine(struct rowbuild *study, const struct rowbuild_show_options *options,
                          const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    struct buf program = BUF_EMPTY;
    struct buf name = BUF_EMPTY;
    struct report_mpi mpi;
    find_mpi(study, options, &mpi, &program, &name);
    int result = report_machine_now(study != NULL ? study->state_path : NULL,
                                    study != NULL ? study->rowfile : NULL, &mpi, options, &out,
                                    &messages->diag);
    buf_release(&program);
    buf_release(&name);
    return finish(result, &out, writer, messages);
}

int rowbuild_show_cluster(struct rowbuild *study, const struct rowbuild_show_options *options,
                          const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct clusters loaded = {0};
    struct buf out = BUF_EMPTY;
    const struct cluster *cluster = current_cluster(study, options, &loaded, &messages->diag);
    if (cluster != NULL) {
        report_clusters(study != NULL ? &study->clusters : &loaded, cluster, options, &out);
    }
    clusters_release(&loaded);
    return finish(cluster != NULL ? 0 : -1, &out, writer, messages);
}

int rowbuild_show_launchers(struct rowbuild *study, const struct rowbuild_show_options *options,
                            const struct rowbuild_writer *writer,
                            struct rowbuild_messages *messages)
{
    struct clusters clusters = {0};
    struct launchers loaded = {0};
    struct buf out = BUF_EMPTY;
    const struct cluster *cluster = current_cluster(study, options, &clusters, &messages->diag);
    int result = cluster != NULL ? 0 : -1;
    if (study == NULL && result == 0) {
        result = launchers_load(&loaded, &messages->diag);
    }
    if (result == 0) {
        report_launchers(study != NULL ? &study->launchers : &loaded, cluster->name, options, &out);
    }
    launchers_release(&loaded);
    clusters_release(&clusters);
    return finish(result, &out, writer, messages);
}
