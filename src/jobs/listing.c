#include "listing.h"

#include "intern.h"
#include "match.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct job_lines {
    struct jobs *jobs;
    const struct plan *plan;
    const struct rowbuild_selection *selection;
    bool *named; /* directories that were named; NULL: all */
    struct job_listing *made;
    size_t *counted_in; /* by directory: the last job that counted it, from 1 */
    size_t jobs_seen;
};

/* ---- Which ones ---- */

static bool is_selected_action(const struct rowbuild_selection *selection, struct slice action)
{
    for (size_t i = 0; i < selection->action_count; i++) {
        if (match_wildcard(slice_of(selection->actions[i]), action)) {
            return true;
        }
    }
    return selection->action_count == 0;
}

static bool is_named(const struct job_lines *lines, uint32_t directory)
{
    return lines->named == NULL || lines->named[directory];
}

/* Targets may be directories, tasks and products: the last look has told what they are. */
static void find_named(struct job_lines *lines)
{
    const struct plan *plan = lines->plan;
    const struct workspace *workspace = plan_graph(plan)->workspace;
    const struct rowbuild_selection *selection = lines->selection;
    if (selection->target_count == 0) {
        return;
    }
    lines->named = mem_alloc(workspace->count * sizeof *lines->named + 1);
    for (size_t i = 0; i < selection->target_count; i++) {
        int64_t found = workspace_find(workspace, slice_of(selection->targets[i]), NULL);
        if (found >= 0) {
            lines->named[found] = true;
        }
    }
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        uint32_t directory = plan_graph(plan)->tasks[n].directory;
        if ((plan_wanted(plan, (struct task_id){n}) & WANTED_SELECTED) != 0 &&
            directory != GRAPH_NONE) {
            lines->named[directory] = true;
        }
    }
}

/* Directories of a task that were named and that no other task of the job has. A task that isn't in the study
 * any more counts as one. */
static size_t count_directories(struct job_lines *lines, struct slice key)
{
    const struct graph *graph = plan_graph(lines->plan);
    struct task_id task = graph_find_task(graph, key);
    if (task.at == GRAPH_NONE) {
        return lines->named == NULL;
    }
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    size_t named = 0;
    for (size_t i = 0; i < count; i++) {
        size_t *counted = &lines->counted_in[directories[i]];
        named += is_named(lines, directories[i]) && *counted != lines->jobs_seen;
        *counted = lines->jobs_seen;
    }
    return named;
}

/* ---- Lines ---- */

/* Adds what the queue says, and the line. */
static void add(struct job_lines *lines, const struct queue *queue, struct job_line line)
{
    const struct queue_entry *entry =
        line.job.id != 0 ? queue_find(queue, line.job.id, line.job.index) : NULL;
    if (entry != NULL) {
        line.state = entry->state;
        if (entry->reason.len > 0 && !slice_is(entry->reason, "None") &&
            !slice_is(entry->reason, "(null)")) {
            line.reason = entry->reason;
        }
    }
    vec_push(&lines->made->lines, line);
}

/* The action of a task of a submission: the one that it is registered with, unless it is a bundle's. */
static struct slice action_of(const struct job_lines *lines, const struct submission *submission,
                              struct slice key)
{
    const struct graph *graph = plan_graph(lines->plan);
    struct task_id task = graph_find_task(graph, key);
    return task.at != GRAPH_NONE ? graph_action(graph, task)->name : submission->action;
}

/* The actions of a job, "first, second"; none if none of them was named. */
static void add_actions(struct job_lines *lines, const struct submission *submission,
                        const struct submission_element *element, struct job_line *line)
{
    VEC(struct slice) actions = {0};
    struct buf text = BUF_EMPTY;
    bool is_selected =
        element->task_count == 0 && is_selected_action(lines->selection, submission->action);
    for (size_t i = 0; i < element->task_count; i++) {
        struct slice action = action_of(lines, submission, element->tasks[i]);
        size_t known = 0;
        while (known < actions.count && !slice_equal(actions.at[known], action)) {
            known++;
        }
        if (known == actions.count) {
            is_selected = is_selected || is_selected_action(lines->selection, action);
            vec_push(&actions, action);
            buf_addf(&text, "%s%.*s", text.len > 0 ? ", " : "", SLICE_ARGS(action));
        }
    }
    struct slice found = submission->action;
    if (!is_selected) {
        found = (struct slice){0};
    } else if (actions.count > 1) {
        found = slice_of(arena_string(&lines->jobs->texts, buf_slice(&text)));
        struct slice *kept = arena_array(&lines->jobs->texts, actions.count, sizeof *kept);
        memcpy(kept, actions.at, actions.count * sizeof *kept);
        line->actions = kept;
        line->action_count = actions.count;
    } else if (actions.count == 1) {
        found = actions.at[0];
    }
    vec_release(&actions);
    buf_release(&text);
    line->action = found;
}

static void add_element(struct job_lines *lines, const struct submission *submission, size_t e)
{
    const struct submission_element *element = &submission->elements[e];
    bool is_here = slice_equal(lines->jobs->place.cluster->name, submission->cluster);
    struct job_line line = {.job = submission_job(submission, e),
                            .token = submission->token,
                            .element = e,
                            .is_elsewhere = is_here && submission->site.len > 0,
                            .grown_memory_mb = submission->grown_memory_mb,
                            .grown_minutes =
                                submission->grown.walltime > 1 ? submission->minutes : 0,
                            .tasks = element->tasks,
                            .task_count = element->task_count};
    add_actions(lines, submission, element, &line);
    lines->jobs_seen++;
    for (size_t i = 0; i < element->task_count; i++) {
        line.directories += count_directories(lines, element->tasks[i]);
    }
    if (line.action.at != NULL && (line.directories > 0 || lines->named == NULL)) {
        add(lines, jobs_queue_of(lines->jobs, submission), line);
    }
}

static bool is_here(const struct job_lines *lines, struct slice cluster)
{
    return slice_equal(lines->jobs->place.cluster->name, cluster);
}

static void add_submissions(struct job_lines *lines)
{
    const struct submissions *submissions = &lines->jobs->submissions;
    for (size_t i = 0; i < submissions->count; i++) {
        const struct submission *submission = &submissions->items[i];
        for (size_t e = 0; e < submission->element_count; e++) {
            if (submission->elements[e].state == ELEMENT_QUEUED) {
                add_element(lines, submission, e);
            }
        }
    }
}

/* Jobs of other clusters aren't shown, as in row; but that there are some is said. */
static void leave_out_others(struct job_lines *lines, struct diag *diag)
{
    struct job_listing *all = lines->made;
    size_t kept = 0;
    struct slice other = {0};
    for (size_t i = 0; i < all->lines.count; i++) {
        struct slice cluster = all->lines.at[i].job.cluster;
        if (is_here(lines, cluster) || all->lines.at[i].is_elsewhere) {
            all->lines.at[kept++] = all->lines.at[i];
        } else {
            other = cluster;
        }
    }
    size_t left_out = all->lines.count - kept;
    all->lines.count = kept;
    if (left_out > 0) {
        diag_note(diag, FINDING_JOBS_ELSEWHERE,
                  "%zu %s of another cluster: `--cluster %.*s` shows %s", left_out,
                  left_out == 1 ? "job is" : "jobs are", SLICE_ARGS(other),
                  left_out == 1 ? "it" : "them");
    }
}

static int compare_row_jobs(const void *a, const void *b)
{
    uint32_t left = ((const struct row_job *)a)->job_id;
    uint32_t right = ((const struct row_job *)b)->job_id;
    return left < right ? -1 : left > right;
}

/* row's record has an entry for each directory of a job. */
static void add_row_jobs(struct job_lines *lines)
{
    struct row_jobs *row = &lines->jobs->row;
    const struct row_job *last = NULL;
    if (row->all.count > 0) {
        qsort(row->all.at, row->all.count, sizeof *row->all.at, compare_row_jobs);
    }
    vec_each (const struct row_job, job, &row->all) {
        int64_t directory =
            workspace_find(plan_graph(lines->plan)->workspace, job->directory, NULL);
        bool is_shown =
            jobs_row_job_is_queued(lines->jobs, job) &&
            is_selected_action(lines->selection, job->action) &&
            (directory >= 0 ? is_named(lines, (uint32_t)directory) : lines->named == NULL);
        if (is_shown && last != NULL && last->job_id == job->job_id) {
            lines->made->lines.at[lines->made->lines.count - 1].directories++;
        } else if (is_shown) {
            add(lines, &lines->jobs->queue,
                (struct job_line){.job = {job->cluster, job->job_id, JOB_NO_INDEX},
                                  .action = job->action,
                                  .directories = 1});
            last = job;
        }
    }
}

/* By number; what has none yet comes last. */
static int compare_jobs(const void *a, const void *b)
{
    const struct job_line *left = a;
    const struct job_line *right = b;
    if (left->job.id != right->job.id) {
        return left->job.id - 1 < right->job.id - 1 ? -1 : 1;
    }
    return left->job.index < right->job.index ? -1 : left->job.index > right->job.index;
}

void job_listing_make(struct job_listing *listing, struct jobs *jobs, const struct plan *plan,
                      const struct rowbuild_selection *selection, struct diag *diag)
{
    struct job_lines lines = {.jobs = jobs, .plan = plan, .selection = selection, .made = listing};
    *listing = (struct job_listing){0};
    if (jobs == NULL) {
        return;
    }
    lines.counted_in = mem_alloc(plan_graph(plan)->workspace->count * sizeof *lines.counted_in + 1);
    find_named(&lines);
    add_submissions(&lines);
    add_row_jobs(&lines);
    leave_out_others(&lines, diag);
    if (listing->lines.count > 0) {
        qsort(listing->lines.at, listing->lines.count, sizeof *listing->lines.at, compare_jobs);
    }
    free(lines.named);
    free(lines.counted_in);
}

void job_listing_release(struct job_listing *listing)
{
    vec_release(&listing->lines);
}
