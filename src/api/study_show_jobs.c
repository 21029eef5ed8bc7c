/* show jobs: from what the last look found to the lines of a report. */
#include "report.h"
#include "study.h"

#include "match.h"
#include "study_jobs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct job_line {
    uint64_t job_id; /* 0: not known */
    uint32_t index;
    struct report_job_line line;
};

struct job_lines {
    struct rowbuild *study;
    const struct rowbuild_selection *selection;
    struct arena arena;
    struct intern keys;    /* of nodes */
    VEC(uint32_t) numbers; /* of the nodes with these keys */
    bool *named;           /* directories that were named; NULL: all */
    VEC(struct job_line) all;
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

/* Targets may be directories, nodes and products: the last look has told what they are. */
static void find_named(struct job_lines *lines)
{
    struct rowbuild *study = lines->study;
    const struct rowbuild_selection *selection = lines->selection;
    if (selection->target_count == 0) {
        return;
    }
    lines->named = mem_alloc(study->workspace.count * sizeof *lines->named + 1);
    for (size_t i = 0; i < selection->target_count; i++) {
        int64_t found = workspace_find(&study->workspace, slice_of(selection->targets[i]), NULL);
        if (found >= 0) {
            lines->named[found] = true;
        }
    }
    for (uint32_t n = 0; n < study->graph->node_count; n++) {
        uint32_t directory = study->graph->nodes[n].directory;
        if ((study->plan->wanted[n] & WANTED_SELECTED) != 0 && directory != GRAPH_NONE) {
            lines->named[directory] = true;
        }
    }
}

static void find_nodes(struct job_lines *lines)
{
    const struct graph *graph = lines->study->graph;
    struct buf key = BUF_EMPTY;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        if (graph_is_present(graph, (struct node_id){n})) {
            buf_clear(&key);
            graph_add_key(graph, (struct node_id){n}, &key);
            if (intern_add(&lines->keys, buf_slice(&key)) == lines->numbers.count) {
                vec_push(&lines->numbers, n);
            }
        }
    }
    buf_release(&key);
}

/* Directories of a node that were named. A node that isn't in the study any more counts as one. */
static size_t count_directories(const struct job_lines *lines, struct slice key)
{
    uint32_t number = intern_find(&lines->keys, key);
    if (number == INTERN_NONE) {
        return lines->named == NULL;
    }
    const uint32_t *directories;
    size_t count = graph_directories(lines->study->graph,
                                     (struct node_id){lines->numbers.at[number]}, &directories);
    size_t named = 0;
    for (size_t i = 0; i < count; i++) {
        named += is_named(lines, directories[i]);
    }
    return named;
}

/* ---- Lines ---- */

/* Adds what the queue says, and the line. */
static void add(struct job_lines *lines, struct job_line job)
{
    if (job.job_id != 0) {
        struct buf text = BUF_EMPTY;
        buf_addf(&text, "%" PRIu64, job.job_id);
        if (job.index != JOB_NO_INDEX) {
            buf_addf(&text, "_%" PRIu32, job.index);
        }
        job.line.id = arena_slice(&lines->arena, buf_slice(&text));
        buf_release(&text);
    }
    const struct queue_entry *entry =
        job.job_id != 0 ? queue_find(&lines->study->jobs->queue, job.job_id, job.index) : NULL;
    if (entry != NULL) {
        job.line.state = entry->state;
        if (entry->reason.len > 0 && !slice_is(entry->reason, "None") &&
            !slice_is(entry->reason, "(null)")) {
            job.line.reason = entry->reason;
        }
    }
    vec_push(&lines->all, job);
}

static void add_element(struct job_lines *lines, const struct submission *submission, size_t e)
{
    const struct submission_element *element = &submission->elements[e];
    struct job_line job = {.job_id = submission->job_id,
                           .index = submission->is_array ? (uint32_t)e : JOB_NO_INDEX,
                           .line = {.action = submission->action,
                                    .cluster = submission->cluster,
                                    .nodes = element->nodes,
                                    .node_count = element->node_count}};
    for (size_t i = 0; i < element->node_count; i++) {
        job.line.directories += count_directories(lines, element->nodes[i]);
    }
    if (job.line.directories > 0 || lines->named == NULL) {
        add(lines, job);
    }
}

static bool is_here(const struct job_lines *lines, struct slice cluster)
{
    return slice_equal(lines->study->cluster->name, cluster);
}

static void add_submissions(struct job_lines *lines)
{
    const struct submissions *submissions = &lines->study->jobs->submissions;
    for (size_t i = 0; i < submissions->count; i++) {
        const struct submission *submission = &submissions->items[i];
        bool is_shown = is_selected_action(lines->selection, submission->action);
        for (size_t e = 0; is_shown && e < submission->element_count; e++) {
            if (submission->elements[e].state == ELEMENT_QUEUED) {
                add_element(lines, submission, e);
            }
        }
    }
}

/* Jobs of other clusters aren't shown, as in row; but that there are some is said. */
static void leave_out_others(struct job_lines *lines, struct diag *diag)
{
    size_t kept = 0;
    struct slice other = {0};
    for (size_t i = 0; i < lines->all.count; i++) {
        struct slice cluster = lines->all.at[i].line.cluster;
        if (is_here(lines, cluster)) {
            lines->all.at[kept++] = lines->all.at[i];
        } else {
            other = cluster;
        }
    }
    size_t left_out = lines->all.count - kept;
    lines->all.count = kept;
    if (left_out > 0) {
        diag_note(diag, "%zu %s of another cluster: `--cluster %.*s` shows %s", left_out,
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
    struct row_jobs *row = &lines->study->jobs->row;
    const struct row_job *last = NULL;
    if (row->all.count > 0) {
        qsort(row->all.at, row->all.count, sizeof *row->all.at, compare_row_jobs);
    }
    vec_each (const struct row_job, job, &row->all) {
        int64_t directory = workspace_find(&lines->study->workspace, job->directory, NULL);
        bool is_shown =
            study_row_job_is_queued(lines->study, job) &&
            is_selected_action(lines->selection, job->action) &&
            (directory >= 0 ? is_named(lines, (uint32_t)directory) : lines->named == NULL);
        if (is_shown && last != NULL && last->job_id == job->job_id) {
            lines->all.at[lines->all.count - 1].line.directories++;
        } else if (is_shown) {
            add(lines,
                (struct job_line){
                    .job_id = job->job_id,
                    .index = JOB_NO_INDEX,
                    .line = {.action = job->action, .cluster = job->cluster, .directories = 1}});
            last = job;
        }
    }
}

/* By number; what has none yet comes last. */
static int compare_jobs(const void *a, const void *b)
{
    const struct job_line *left = a;
    const struct job_line *right = b;
    if (left->job_id != right->job_id) {
        return left->job_id - 1 < right->job_id - 1 ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

int rowbuild_show_jobs(struct rowbuild *study, const struct rowbuild_selection *selection,
                       const struct rowbuild_show_options *options,
                       const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct job_lines lines = {.study = study, .selection = selection};
    struct report_options shown = {.json = options->json,
                                   .colour = options->colour,
                                   .short_output = options->short_output,
                                   .no_header = options->no_header};
    struct buf out = BUF_EMPTY;
    arena_init(&lines.arena);
    intern_init(&lines.keys);
    if (study->jobs != NULL) {
        find_named(&lines);
        find_nodes(&lines);
        add_submissions(&lines);
        add_row_jobs(&lines);
        leave_out_others(&lines, &messages->diag);
    }
    size_t count = lines.all.count;
    struct report_job_line *jobs = arena_array(&lines.arena, count, sizeof *jobs);
    if (count > 0) {
        qsort(lines.all.at, count, sizeof *lines.all.at, compare_jobs);
    }
    for (size_t i = 0; i < count; i++) {
        jobs[i] = lines.all.at[i].line;
    }
    report_jobs(jobs, count, &shown, &out);
    if (out.len > 0) {
        writer->write(writer->context, out.at, out.len);
    }
    buf_release(&out);
    vec_release(&lines.all);
    vec_release(&lines.numbers);
    intern_release(&lines.keys);
    free(lines.named);
    arena_release(&lines.arena);
    return messages_settle(messages, ROWBUILD_OK);
}
