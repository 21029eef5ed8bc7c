#include "grown.h"

#include "claims.h"
#include "digest.h"
#include "job_plan.h"
#include "text.h"

#include <signal.h>

/* ---- What counts ---- */

struct slice grown_basis(const struct plan *plan, uint32_t element, struct arena *arena)
{
    const struct resource_spec *resources = &plan_graph(plan)->rowfile->actions[element].resources;
    struct buf text = BUF_EMPTY;
    struct buf digest = BUF_EMPTY;
    digest_format(plan_recipe(plan, element), &text);
    buf_addf(&text, " %llu%s %llu %llu %.17g%s", (unsigned long long)resources->processes,
             resources->processes_per_directory ? "/d" : "",
             (unsigned long long)resources->threads_per_process,
             (unsigned long long)resources->gpus_per_process, resources->walltime_s,
             resources->walltime_per_directory ? "/d" : "");
    buf_addf(&text, " %llu %llu %llu %llu %llu", (unsigned long long)resources->memory_per_process,
             (unsigned long long)resources->memory_per_directory,
             (unsigned long long)resources->memory_per_submission,
             (unsigned long long)resources->memory_per_cpu_mb,
             (unsigned long long)resources->memory_per_gpu_mb);
    digest_format(digest_of(buf_slice(&text)), &digest);
    struct slice kept = arena_slice(arena, buf_slice(&digest));
    buf_release(&digest);
    buf_release(&text);
    return kept;
}

/* A task that ended by itself didn't want for time. At the limit Slurm sends signals to all processes, of
 * which a shell makes an exit status. */
static bool ended_by_itself(const struct plan *plan, struct task_id task)
{
    const struct task_row *row = state_task(plan_state(plan), task.at);
    int status = row->attempt_status;
    bool is_killed = status == 128 + SIGTERM || status == 128 + SIGKILL ||
                     status == 256 + SIGTERM || status == 256 + SIGKILL;
    return row->attempt == ATTEMPT_UNFINISHED || (row->attempt == ATTEMPT_FAILED && !is_killed);
}

static enum growth_cause cause_of(const struct jobs *jobs, const struct plan *plan,
                                  const struct submission *submission, size_t e,
                                  struct task_id task)
{
    struct slice ending = submission->elements[e].ending;
    struct inbox_attempt attempt = {.token = submission->token.at, .element = (uint32_t)e};
    if (slice_is(ending, "OUT_OF_MEMORY")) {
        return GROWTH_OUT_OF_MEMORY;
    }
    bool is_late =
        slice_is(ending, "TIMEOUT") || (ending.len == 0 && claims_late(&jobs->inbox, &attempt));
    return is_late && !ended_by_itself(plan, task) ? GROWTH_OUT_OF_TIME : GROWTH_NO_CAUSE;
}

/* By the clocks of the host that submitted and of the file system: see the header. */
static bool has_succeeded_since(const struct plan *plan, struct task_id task,
                                const struct submission *submission)
{
    const struct task_row *row = state_task(plan_state(plan), task.at);
    return row->success != SUCCESS_NONE &&
           row->finished_at_ns / 1000000000 >= submission->submitted_at_s;
}

struct finding {
    struct jobs *jobs;
    const struct plan *plan;
    struct slice *bases; /* by element; at == NULL: not computed yet */
};

static struct slice basis_of(struct finding *finding, uint32_t element)
{
    if (finding->bases[element].at == NULL) {
        finding->bases[element] = grown_basis(finding->plan, element, &finding->jobs->texts);
    }
    return finding->bases[element];
}

static void note_element(struct finding *finding, const struct submission *submission, size_t e)
{
    const struct graph *graph = plan_graph(finding->plan);
    const struct submission_element *element = &submission->elements[e];
    struct jobs *jobs = finding->jobs;
    for (size_t i = 0; i < element->task_count; i++) {
        struct task_id task = graph_find_task(graph, element->tasks[i]);
        if (task.at == GRAPH_NONE) {
            continue;
        }
        struct task_growth growth = {.is_in_job = element->state == ELEMENT_QUEUED};
        if (growth.is_in_job) {
            growth.before = submission->grown;
        }
        bool counts =
            element->state != ELEMENT_QUEUED && submission->basis.at != NULL &&
            !has_succeeded_since(finding->plan, task, submission) &&
            slice_equal(submission->basis, basis_of(finding, graph->tasks[task.at].action));
        if (counts) {
            growth.before = submission->grown;
            growth.cause = cause_of(jobs, finding->plan, submission, e, task);
            growth.now =
                growth_after(growth.before, growth.cause, &graph_action(graph, task)->grow);
            growth.job = submission_job(submission, e);
        }
        jobs->growth[task.at] = growth;
        jobs->grown_by[task.at] = growth_is_any(growth.now) ? submission->token : (struct slice){0};
        jobs->has_grown = jobs->has_grown || growth_is_any(growth_asked(&growth));
    }
}

static void note_elements(struct finding *finding, bool released)
{
    const struct submissions *submissions = &finding->jobs->submissions;
    for (size_t i = 0; i < submissions->count; i++) {
        for (size_t e = 0; e < submissions->items[i].element_count; e++) {
            if ((submissions->items[i].elements[e].state == ELEMENT_RELEASED) == released) {
                note_element(finding, &submissions->items[i], e);
            }
        }
    }
}

static bool any_grows(const struct rowfile *rowfile)
{
    bool any = false;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        any = any || rowfile->actions[a].grow.memory > 1 || rowfile->actions[a].grow.walltime > 1;
    }
    return any;
}

const struct task_growth *grown_find(struct jobs *jobs, const struct plan *plan)
{
    const struct graph *graph = plan_graph(plan);
    if (jobs == NULL || (jobs->growth == NULL && !any_grows(graph->rowfile))) {
        return NULL;
    }
    if (jobs->growth == NULL) {
        struct finding finding = {.jobs = jobs, .plan = plan};
        finding.bases =
            arena_array(&jobs->texts, graph->rowfile->action_count + 1, sizeof *finding.bases);
        jobs->growth = arena_array(&jobs->texts, graph->task_count + 1, sizeof *jobs->growth);
        jobs->grown_by = arena_array(&jobs->texts, graph->task_count + 1, sizeof *jobs->grown_by);
        note_elements(&finding, true); /* the later one counts, and first of all one that holds */
        note_elements(&finding, false);
    }
    return jobs->has_grown ? jobs->growth : NULL;
}

bool grown_needs(const struct jobs *jobs, const struct submission *submission, struct task_id task)
{
    return jobs->has_grown && jobs->grown_by[task.at].at == submission->token.at;
}

/* ---- In words ---- */

void grown_add_memory(struct buf *out, uint64_t megabytes)
{
    if (megabytes < 1024) {
        buf_addf(out, "%llu MiB", (unsigned long long)megabytes);
    } else {
        buf_addf(out, "%g GiB", (double)megabytes / 1024); /* the steps are quarters */
    }
}

void grown_add_amounts(const struct job_growth *grown, const struct task_growth *growth,
                       struct buf *out)
{
    if (grown->memory_mb > 0) {
        bool grew = growth != NULL && growth->cause == GROWTH_OUT_OF_MEMORY;
        grown_add_memory(out, grown->memory_mb);
        buf_add_string(out, " instead of ");
        grown_add_memory(
            out, growth_memory_mb(grown->plain_memory_mb, grew ? growth->before.memory : 0));
    }
    if (grown->walltime_s > 0) {
        bool grew = growth != NULL && growth->cause == GROWTH_OUT_OF_TIME;
        buf_add_string(out, grown->memory_mb > 0 ? " and " : "");
        text_add_duration(out, grown->walltime_s);
        buf_add_string(out, " instead of ");
        text_add_duration(
            out, growth_walltime_s(grown->plain_walltime_s, grew ? growth->before.walltime : 0));
    }
}

void grown_add_sentence(const struct plan *plan, struct task_id task,
                        const struct task_growth *growth, struct buf *out)
{
    const struct graph *graph = plan_graph(plan);
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct job_request request = job_request_of(graph_action(graph, task), count > 0 ? count : 1);
    job_request_grow(&request, growth->now);
    if (request.grown.memory_mb > 0 || request.grown.walltime_s > 0) {
        buf_add_string(out, "the next job asks for ");
        grown_add_amounts(&request.grown, growth, out);
    }
}
