/* show: from the last look to a report. */
#include "report.h"
#include "study.h"

#include "file.h"
#include "inside.h"
#include "job_variables.h"
#include "logs.h"
#include "machine.h"
#include "state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

int rowbuild_show_status(struct rowbuild *study, const struct rowbuild_selection *selection,
                         const struct rowbuild_show_options *options,
                         const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    struct plan_selection wanted = study_selection(study, selection);
    int result = report_status(study->plan, &wanted, options, &out, &messages->diag);
    return finish(result, &out, writer, messages);
}

int rowbuild_show_directories(struct rowbuild *study, const struct rowbuild_selection *selection,
                              const struct rowbuild_show_options *options,
                              const struct rowbuild_writer *writer,
                              struct rowbuild_messages *messages)
{
    struct buf out = BUF_EMPTY;
    int result = 0;
    if (selection->action_count > 0) {
        for (size_t i = 0; i < selection->action_count && result == 0; i++) {
            result = report_directories(study->plan, slice_of(selection->actions[i]), options, &out,
                                        &messages->diag);
        }
        return finish(result, &out, writer, messages);
    }
    /* Without an action: the workspace's directories, or those that were named. */
    uint32_t *directories = mem_alloc(study->workspace.count * sizeof *directories + 1);
    bool *named = mem_alloc(study->workspace.count * sizeof *named + 1);
    size_t count = 0;
    for (size_t i = 0; i < selection->target_count; i++) { /* it may belong to no action */
        int64_t found = workspace_find(&study->workspace, slice_of(selection->targets[i]), NULL);
        if (found >= 0) {
            named[found] = true;
        }
    }
    for (uint32_t n = 0; n < study->graph->task_count && selection->target_count > 0; n++) {
        uint32_t directory = study->graph->tasks[n].directory;
        if ((plan_wanted(study->plan, (struct task_id){n}) & WANTED_SELECTED) != 0 &&
            directory != GRAPH_NONE) {
            named[directory] = true;
        }
    }
    for (uint32_t d = 0; d < study->workspace.count; d++) {
        if (selection->target_count == 0 || named[d]) {
            directories[count++] = d;
        }
    }
    report_directory_names(&study->workspace, directories, count, options, &out);
    free(directories);
    free(named);
    return finish(0, &out, writer, messages);
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
        result = report_why(study->plan, all, options, &out, &messages->diag);
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

/* Whether a run would fail a task without starting it. */
static bool lacks_something(const struct rowbuild *study, struct diag *diag)
{
    for (uint32_t n = 0; n < study->graph->task_count; n++) {
        struct task_id task = {n};
        if (graph_is_present(study->graph, task) && plan_wanted(study->plan, task) != 0 &&
            report_lacks(study->plan, task, diag)) {
            return true;
        }
    }
    return false;
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
    if (study_add_adopted(study, true, &adopted)) {
        diag_note(&messages->diag, FINDING_ADOPTED, "%s", buf_string(&adopted));
    }
    buf_release(&adopted);
    int result = study_check_values(study, false, &messages->diag);
    plan_warn_of_words(study->plan, false, &messages->diag);
    if (result == 0) {
        result = report_plan(study->plan, explain, options, &out, &messages->diag);
    }
    bool lacks = result == 0 && lacks_something(study, &messages->diag);
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

/* ---- Logs ---- */

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* The file that the task with this key writes to now: true, and its path. */
/* Where a task that is in a job, or runs here, writes to now. */
static bool find_running(const struct rowbuild *study, struct task_id task, const char *key,
                         struct buf *path)
{
    if (plan_job(study->plan, task) != NULL) {
        return logs_find_in_jobs(study->state_path, key, path);
    }
    struct running_entry *entries;
    size_t count = logs_read_running(study->state_path, &entries);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = strcmp(entries[i].key, key) == 0;
        if (found && path != NULL) {
            buf_clear(path);
            buf_addf(path, "%s/" STATE_LOGS "/%s", study->state_path, entries[i].log);
        }
    }
    free(entries);
    return found;
}

static void copy_rest(int fd, const struct rowbuild_writer *writer)
{
    char bytes[64 * 1024];
    ssize_t got;
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        writer->write(writer->context, bytes, (size_t)got);
    }
}

static int show_log_of(struct rowbuild *study, struct task_id task, bool follow,
                       const struct rowbuild_writer *writer, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf key = BUF_EMPTY;
    struct buf label = BUF_EMPTY;
    graph_add_key(study->graph, task, &key);
    graph_add_label(study->graph, task, &label);
    bool running = find_running(study, task, buf_string(&key), &path);
    if (!running) {
        logs_add_task_path(study->state_path, study->graph, task, &path);
    }
    int fd = logs_open(study->state_path, buf_string(&path));
    int result = 0;
    if (fd >= 0) {
        copy_rest(fd, writer);
        while (follow && running) {
            pause_briefly();
            running = find_running(study, task, buf_string(&key), NULL);
            copy_rest(fd, writer); /* once more after its end: what it wrote last */
        }
        close(fd);
    } else if (errno == ENOENT) {
        diag_note(diag, FINDING_NO_LOG,
                  "`%s` has no log: its last execution printed nothing, or it never ran",
                  buf_string(&label));
    } else {
        result = diag_state_error(diag, FINDING_FILE_TROUBLE, "the log `%s` can't be read: %s",
                                  buf_string(&path), inside_error(errno));
    }
    buf_release(&path);
    buf_release(&key);
    buf_release(&label);
    return result;
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
    for (size_t i = 0; i < count && result == 0; i++) {
        result = show_log_of(study, tasks[i], follow, writer, &messages->diag);
    }
    free(tasks);
    status = result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
    study_drop(study, messages);
    return messages_settle(messages, status);
}

/* ---- Machine, cluster and launchers ---- */

/* "0-1,4" as numbers of cores of the machine that have one of these CPUs. */
static size_t parse_cores(const struct machine *machine, const char *list, unsigned *cores)
{
    struct cpumask mask = cpumask_parse(slice_of(list));
    size_t count = 0;
    for (unsigned core = 0; core < machine->core_count; core++) {
        if (cpumask_intersects(&machine->cores[core].pus, &mask)) {
            cores[count++] = core;
        }
    }
    return count;
}

static void read_cpu_times(struct report_cpu_time *times)
{
    struct buf text = BUF_EMPTY;
    if (file_read(AT_FDCWD, "/proc/stat", 1U << 20, &text) == 0) {
        report_read_cpu_times(buf_slice(&text), times, CPUMASK_LIMIT);
    }
    buf_release(&text);
}

int rowbuild_show_machine(struct rowbuild *study, const struct rowbuild_show_options *options,
                          const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    static const struct timespec between = {.tv_nsec = 100000000};
    struct machine machine;
    struct allocation allocation;
    struct buf out = BUF_EMPTY;
    if ((study != NULL && state_folder_check(study->state_path, &messages->diag) != 0) ||
        machine_read(&machine, &messages->diag) != 0) {
        return messages_settle(messages, rowbuild_messages_status(messages));
    }
    bool is_real = machine.is_real;
    job_variables_read_own(&allocation);
    unsigned budget = machine_confine(&machine, &allocation);
    struct running_entry *entries = NULL;
    size_t count = study != NULL ? logs_read_running(study->state_path, &entries) : 0;
    struct report_holder *holders = mem_alloc(count * sizeof *holders + 1);
    unsigned *cores = mem_alloc((count + 1) * (machine.core_count + 1) * sizeof *cores);
    struct report_cpu_time *times = mem_alloc((size_t)2 * CPUMASK_LIMIT * sizeof *times);
    for (size_t i = 0; i < count; i++) {
        unsigned *own = cores + i * machine.core_count;
        size_t held = parse_cores(&machine, entries[i].cores, own);
        bool is_bound = entries[i].cores[0] != '\0';
        holders[i] =
            (struct report_holder){.label = entries[i].label,
                                   .core_numbers = held > 0 ? own : NULL,
                                   .core_count = held > 0 ? held : entries[i].core_count,
                                   .elsewhere = is_bound && held == 0 ? entries[i].cores : NULL};
    }
    read_cpu_times(times);
    nanosleep(&between, NULL);
    read_cpu_times(times + CPUMASK_LIMIT);
    struct report_machine_facts facts = {.machine = &machine,
                                         .budget = budget,
                                         .allocation = allocation.exists ? &allocation : NULL,
                                         .is_counted = is_real && !machine.is_real,
                                         .holders = holders,
                                         .holder_count = count,
                                         .before = times,
                                         .after = times + CPUMASK_LIMIT,
                                         .cpu_count = is_real ? CPUMASK_LIMIT : 0};
    report_machine(&facts, options, &out);
    free(times);
    free(cores);
    free(holders);
    free(entries);
    allocation_release(&allocation);
    machine_release(&machine);
    return finish(0, &out, writer, messages);
}

/* What is known of clusters without a project: `clusters` has to be released in any case. */
static const struct cluster *current_cluster(struct rowbuild *study,
                                             const struct rowbuild_show_options *options,
                                             struct clusters *clusters, struct diag *diag)
{
    return study != NULL ? study->cluster : study_find_cluster(clusters, options->cluster, diag);
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
