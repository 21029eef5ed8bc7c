/* What jobs mean for the plan, and what the plan means for them. */
#include "jobs.h"

#include "carried.h"
#include "claims.h"
#include "grown.h"
#include "intern.h"
#include "memory.h"
#include "sbatch_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- Telling the plan ---- */

static const struct job_ref *keep_job(struct jobs *jobs, struct job_ref job)
{
    struct job_ref *kept = arena_alloc(&jobs->texts, sizeof *kept);
    *kept = job;
    return kept;
}

static const char *advice_for(struct slice ending)
{
    return slice_is(ending, "TIMEOUT")         ? "raise `resources.walltime`"
           : slice_is(ending, "OUT_OF_MEMORY") ? "raise `resources.memory`"
                                               : NULL;
}

/* A file of one element; NULL: not known. */
static const char *keep_file(struct jobs *jobs, struct slice file, const struct job_ref *job)
{
    struct sbatch_file_facts facts = {.job_id = job->id,
                                      .is_array = job->index != JOB_NO_INDEX,
                                      .index = job->index,
                                      .has_index = job->index != JOB_NO_INDEX};
    const char *kept = NULL;
    struct buf path = BUF_EMPTY;
    if (file.len > 0 && sbatch_file_expand(file, &facts, &path)) {
        kept = arena_string(&jobs->texts, buf_slice(&path));
    }
    buf_release(&path);
    return kept;
}

static const struct job_traces *keep_traces(struct jobs *jobs, const struct submission *submission,
                                            size_t e)
{
    const struct submission_element *element = &submission->elements[e];
    struct job_ref job = submission_job(submission, e);
    struct inbox_attempt attempt = {.token = submission->token.at, .element = (uint32_t)e};
    struct job_traces *traces = arena_alloc(&jobs->texts, sizeof *traces);
    *traces = (struct job_traces){.output = keep_file(jobs, submission->output, &job),
                                  .errors = keep_file(jobs, submission->errors, &job),
                                  .submitted_at_s = submission->submitted_at_s,
                                  .has_begun = claims_made(&jobs->inbox, &attempt),
                                  .advice = advice_for(element->ending)};
    return traces;
}

/* The later registration counts. */
static void assign_element(struct jobs *jobs, const struct graph *graph,
                           const struct submission *submission, size_t e)
{
    const struct submission_element *element = &submission->elements[e];
    struct job_ref job = submission_job(submission, e);
    const struct job_ref *queued = NULL;
    const char *ending = NULL;
    if (element->state == ELEMENT_QUEUED) {
        queued = keep_job(jobs, job);
    } else if (element->ending.len > 0) {
        struct buf text = BUF_EMPTY;
        buf_add_string(&text, "job ");
        job_ref_add(&job, &text);
        buf_addf(&text, ": %.*s", SLICE_ARGS(element->ending));
        ending = arena_string(&jobs->texts, buf_slice(&text));
        buf_release(&text);
    }
    const struct job_traces *traces = keep_traces(jobs, submission, e);
    for (size_t i = 0; i < element->task_count && element->state != ELEMENT_RELEASED; i++) {
        struct task_id task = graph_find_task(graph, element->tasks[i]);
        if (task.at != GRAPH_NONE) {
            jobs->jobs[task.at] = queued != NULL ? queued : jobs->jobs[task.at];
            jobs->endings[task.at] = ending;
            jobs->traces[task.at] = traces;
        }
    }
}

static void assign_submissions(struct jobs *jobs, const struct graph *graph)
{
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        for (size_t e = 0; e < jobs->submissions.items[i].element_count; e++) {
            assign_element(jobs, graph, &jobs->submissions.items[i], e);
        }
    }
}

/* ---- Claims ---- */

struct claims {
    const struct graph *graph;
    struct intern paths;
    VEC(const struct job_ref *) jobs; /* by number of the path */
};

/* Where a claim lies today: the folder of the workspace may have another name by now. */
static void add_claimed(const struct jobs *jobs, const struct graph *graph,
                        const struct submission *submission, struct slice path, struct buf *out)
{
    struct slice before = submission->workspace;
    struct slice now = graph->rowfile->workspace_path;
    struct slice below = path_below(path, before);
    buf_clear(out);
    if (below.at != NULL && !slice_equal(before, now) &&
        faccessat(jobs->place.project, before.at, F_OK, 0) != 0) {
        buf_addf(out, "%.*s/", SLICE_ARGS(now));
        path = below;
    }
    buf_add_slice(out, path);
}

static void collect_claims(struct jobs *jobs, struct claims *claims)
{
    struct buf path = BUF_EMPTY;
    for (size_t s = 0; s < jobs->submissions.count; s++) {
        const struct submission *submission = &jobs->submissions.items[s];
        for (size_t e = 0; e < submission->element_count; e++) {
            const struct submission_element *element = &submission->elements[e];
            if (element->state != ELEMENT_QUEUED || element->product_count == 0) {
                continue;
            }
            const struct job_ref *job = keep_job(jobs, submission_job(submission, e));
            for (size_t i = 0; i < element->product_count; i++) {
                add_claimed(jobs, claims->graph, submission, element->products[i], &path);
                uint32_t number = intern_add(&claims->paths, buf_slice(&path));
                if (number == claims->jobs.count) {
                    vec_push(&claims->jobs, job);
                }
            }
        }
    }
    buf_release(&path);
}

/* Who makes what is claimed, or the folder that it lies in. */
static void assign_makers(struct jobs *jobs, const struct claims *claims)
{
    const struct graph *graph = claims->graph;
    for (uint32_t i = 0; i < claims->paths.count; i++) {
        struct file_id file = graph_product_around(graph, intern_name(&claims->paths, i));
        uint32_t maker = file.at != GRAPH_NONE ? graph->producers[file.at] : GRAPH_NONE;
        if (maker != GRAPH_NONE && jobs->jobs[maker] == NULL) {
            jobs->jobs[maker] = claims->jobs.at[i];
        }
    }
}

/* The claim on a path, or on a folder that it lies in. */
static const struct job_ref *find_claim(const struct claims *claims, struct slice path)
{
    for (size_t len = path.len; len > 0; len--) {
        if (len == path.len || path.at[len] == '/') {
            uint32_t number = intern_find(&claims->paths, slice_make(path.at, len));
            if (number != INTERN_NONE) {
                return claims->jobs.at[number];
            }
        }
    }
    return NULL;
}

/* A task is in a job while one claims any of its products, whatever action has them now. */
static void assign_claims(struct jobs *jobs, const struct graph *graph)
{
    struct claims claims = {.graph = graph};
    struct buf path = BUF_EMPTY;
    intern_init(&claims.paths);
    collect_claims(jobs, &claims);
    assign_makers(jobs, &claims);
    for (uint32_t n = 0; n < graph->task_count && claims.paths.count > 0; n++) {
        for (uint32_t p = graph->product_start[n];
             p < graph->product_start[n + 1] && jobs->jobs[n] == NULL; p++) {
            buf_clear(&path);
            graph_add_path(graph, graph->products.at[p], &path);
            jobs->jobs[n] = find_claim(&claims, buf_slice(&path));
        }
    }
    buf_release(&path);
    vec_release(&claims.jobs);
    intern_release(&claims.paths);
}

/* row's jobs by "ACTION\0DIRECTORY": a directory may belong to a task of several. */
static void add_row_key(struct slice action, struct slice directory, struct buf *key)
{
    buf_clear(key);
    buf_add_slice(key, action);
    buf_add_char(key, '\0');
    buf_add_slice(key, directory);
}

struct row_assignments {
    struct intern keys;
    VEC(const struct job_ref *) jobs; /* by number of the key */
};

static void collect_row_jobs(struct jobs *jobs, struct row_assignments *row)
{
    struct buf key = BUF_EMPTY;
    vec_each (const struct row_job, job, &jobs->row.all) {
        if (jobs_row_job_is_queued(jobs, job)) {
            const struct job_ref *kept =
                keep_job(jobs, (struct job_ref){job->cluster, job->job_id, JOB_NO_INDEX});
            add_row_key(job->action, job->directory, &key);
            uint32_t number = intern_add(&row->keys, buf_slice(&key));
            if (number == row->jobs.count) {
                vec_push(&row->jobs, kept);
            } else {
                row->jobs.at[number] = kept;
            }
        }
    }
    buf_release(&key);
}

/* A task is in row's job if one of its directories is, and in none of ours. */
static void assign_row_jobs(struct jobs *jobs, const struct graph *graph)
{
    struct row_assignments row = {0};
    struct buf key = BUF_EMPTY;
    intern_init(&row.keys);
    collect_row_jobs(jobs, &row);
    for (uint32_t n = 0; n < graph->task_count && row.jobs.count > 0; n++) {
        struct task_id task = {n};
        const uint32_t *directories;
        size_t count =
            graph_is_present(graph, task) ? graph_directories(graph, task, &directories) : 0;
        for (size_t i = 0; i < count && jobs->jobs[n] == NULL; i++) {
            add_row_key(graph_action(graph, task)->name, graph->workspace->names[directories[i]],
                        &key);
            uint32_t number = intern_find(&row.keys, buf_slice(&key));
            jobs->jobs[n] = number != INTERN_NONE ? row.jobs.at[number] : NULL;
        }
    }
    buf_release(&key);
    vec_release(&row.jobs);
    intern_release(&row.keys);
}

/* What the next job of a task asks for. */
static void assign_growth(struct jobs *jobs, const struct plan *plan)
{
    const struct task_growth *growth = grown_find(jobs, plan);
    struct buf text = BUF_EMPTY;
    for (uint32_t n = 0; growth != NULL && n < plan_graph(plan)->task_count; n++) {
        buf_clear(&text);
        if (growth_is_any(growth[n].now)) {
            grown_add_sentence(plan, (struct task_id){n}, &growth[n], &text);
        }
        if (text.len > 0 && jobs->jobs[n] == NULL) {
            struct job_traces *traces = arena_alloc(&jobs->texts, sizeof *traces);
            *traces = jobs->traces[n] != NULL ? *jobs->traces[n] : (struct job_traces){0};
            traces->growth = arena_string(&jobs->texts, buf_slice(&text));
            jobs->traces[n] = traces;
        }
    }
    buf_release(&text);
}

void jobs_tell_plan(struct jobs *jobs, struct plan *plan)
{
    if (jobs == NULL) {
        return;
    }
    size_t count = plan_graph(plan)->task_count;
    jobs->jobs = mem_alloc((count + 1) * sizeof *jobs->jobs);
    jobs->endings = mem_alloc((count + 1) * sizeof *jobs->endings);
    jobs->traces = mem_alloc((count + 1) * sizeof *jobs->traces);
    assign_submissions(jobs, plan_graph(plan));
    assign_claims(jobs, plan_graph(plan));
    assign_row_jobs(jobs, plan_graph(plan));
    assign_growth(jobs, plan);
    plan_set_jobs(plan, jobs->jobs, jobs->endings);
    plan_set_job_traces(plan, jobs->traces);
}

/* ---- What a job reads ---- */

/* By task: selected, or before something that is. */
static bool *mark_sources(const struct plan *plan)
{
    const struct graph *graph = plan_graph(plan);
    bool *marked = mem_alloc((graph->task_count + 1) * sizeof *marked);
    for (size_t i = graph->order_count; i-- > 0;) {
        uint32_t n = graph->order[i];
        marked[n] = marked[n] || plan_wanted(plan, (struct task_id){n}) != 0;
        for (uint32_t e = graph->before_start[n]; marked[n] && e < graph->before_start[n + 1];
             e++) {
            marked[graph->before.at[e].task.at] = true;
        }
    }
    return marked;
}

static bool holds_marked(const struct graph *graph, const struct submission_element *element,
                         const bool *marked)
{
    for (size_t i = 0; i < element->task_count; i++) {
        struct task_id task = graph_find_task(graph, element->tasks[i]);
        if (task.at != GRAPH_NONE && marked[task.at]) {
            return true;
        }
    }
    return false;
}

int jobs_find_sources(const char *state_path, const struct plan *plan, struct intern *sources,
                      struct diag *diag)
{
    struct submissions submissions;
    struct buf name = BUF_EMPTY;
    int result = submissions_load(&submissions, state_path, diag);
    bool *marked = mark_sources(plan);
    for (size_t i = 0; i < submissions.count; i++) {
        const struct submission *submission = &submissions.items[i];
        for (size_t e = 0; e < submission->element_count; e++) {
            if (holds_marked(plan_graph(plan), &submission->elements[e], marked)) {
                buf_clear(&name);
                inbox_add_element(submission->token, e, &name);
                intern_add(sources, buf_slice(&name));
            }
        }
    }
    free(marked);
    buf_release(&name);
    submissions_release(&submissions);
    return result;
}

/* ---- Forgetting and releasing ---- */

static bool is_needed(const struct jobs *jobs, const struct plan *plan,
                      const struct submission *submission, const struct submission_element *element)
{
    if (element->state == ELEMENT_QUEUED) {
        return true;
    }
    for (size_t i = 0; i < element->task_count; i++) {
        struct task_id task = graph_find_task(plan_graph(plan), element->tasks[i]);
        if (task.at != GRAPH_NONE && plan_verdict(plan, task) != VERDICT_FRESH &&
            jobs->jobs[task.at] == NULL &&
            (element->state == ELEMENT_ENDED || grown_needs(jobs, submission, task))) {
            return true; /* for its ending, for late records, for what its request has grown to */
        }
    }
    return false;
}

int jobs_settle(struct jobs *jobs, const struct plan *plan, struct diag *diag)
{
    VEC(struct slice) forgotten = {0};
    size_t kept = 0;
    if (jobs == NULL || jobs->submissions.count == 0) {
        return 0;
    }
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        const struct submission *submission = &jobs->submissions.items[i];
        bool needed = false;
        for (size_t e = 0; e < submission->element_count && !needed; e++) {
            needed = is_needed(jobs, plan, submission, &submission->elements[e]);
        }
        if (needed) {
            jobs->submissions.items[kept++] = *submission;
        } else {
            vec_push(&forgotten, submission->token);
        }
    }
    jobs->submissions.count = kept;
    int result = 0;
    if (forgotten.count > 0) {
        result = jobs_forget(&jobs->place, forgotten.at, forgotten.count, diag);
        carried_sweep(jobs->place.state_path, &jobs->submissions);
    }
    vec_release(&forgotten);
    return result;
}

static bool *mark_work(const struct plan *plan)
{
    bool *marked = mem_alloc((plan_graph(plan)->task_count + 1) * sizeof *marked);
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        marked[n] = verdict_is_work(plan_verdict(plan, (struct task_id){n}));
    }
    return marked;
}

static int release_marked(struct jobs *jobs, const struct graph *graph, const bool *marked,
                          struct diag *diag)
{
    int result = 0;
    for (size_t i = 0; i < jobs->submissions.count; i++) {
        struct submission *submission = &jobs->submissions.items[i];
        bool changed = false;
        for (size_t e = 0; e < submission->element_count; e++) {
            struct submission_element *element = &submission->elements[e];
            if (element->state == ELEMENT_ENDED && holds_marked(graph, element, marked)) {
                element->state = ELEMENT_RELEASED;
                changed = true;
            }
        }
        if (changed) {
            result |= submission_write(jobs->place.state_path, submission, diag);
        }
    }
    return result;
}

int jobs_release(struct jobs *jobs, const struct plan *plan, const bool *starts, struct diag *diag)
{
    if (jobs == NULL || jobs->submissions.count == 0) {
        return 0;
    }
    if (starts != NULL) {
        return release_marked(jobs, plan_graph(plan), starts, diag);
    }
    bool *work = mark_work(plan);
    int result = release_marked(jobs, plan_graph(plan), work, diag);
    free(work);
    return result;
}
