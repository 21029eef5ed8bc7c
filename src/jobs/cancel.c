#include "cancel.h"

#include "memory.h"
#include "scancel.h"
#include "world.h"

#include <stdlib.h>
#include <unistd.h>

enum { MOST_LOOKS = 12 };
static const int64_t PAUSE_NS = 500000000;

/* ---- Which ones ---- */

/* Whether both are the same job: its number may have come to be known meanwhile. */
static bool is_line_of(const struct job_line *a, const struct job_line *b)
{
    if ((a->token.at == NULL) != (b->token.at == NULL)) {
        return false;
    }
    if (a->token.at != NULL && b->token.at != NULL) {
        return slice_equal(a->token, b->token) && a->element == b->element;
    }
    return slice_equal(a->job.cluster, b->job.cluster) && a->job.id == b->job.id &&
           a->job.index == b->job.index;
}

static bool is_named(const struct cancelling *cancelling, const struct job_line *line)
{
    vec_each (const struct job_line, named, &cancelling->named.lines) {
        if (is_line_of(named, line)) {
            return true;
        }
    }
    return false;
}

/* It has got its signal, or its command has ended: there is nothing to cancel. */
static bool is_ending(struct slice state)
{
    return slice_is(state, "COMPLETING");
}

static bool is_waiting(const struct job_line *line)
{
    return line->state.at == NULL || slice_is(line->state, "PENDING");
}

/* The tasks of a job can't be done without it. */
static void mark_lost(const struct graph *graph, const struct job_line *line, bool *lost)
{
    for (size_t i = 0; i < line->task_count; i++) {
        struct task_id task = graph_find_task(graph, line->tasks[i]);
        if (task.at != GRAPH_NONE) {
            lost[task.at] = true;
        }
    }
}

/* Whether a job may be a bundle, which runs what it can: as for a new submission, see job_bundles.c. */
static bool may_be_bundle(const struct graph *graph, const struct job_line *line, bool bundles)
{
    const struct action *first = NULL;
    for (size_t i = 0; i < line->task_count; i++) {
        struct task_id task = graph_find_task(graph, line->tasks[i]);
        const struct action *action = task.at != GRAPH_NONE ? graph_action(graph, task) : first;
        if (first != NULL && action != first) {
            return true;
        }
        first = action;
    }
    return bundles && first != NULL && first->scope == SCOPE_DIRECTORY &&
           !first->command.uses_directories && !first->group.submit_whole;
}

static bool needs_one(const struct graph *graph, struct task_id task, const bool *lost)
{
    bool needs = false;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1] && !needs;
         e++) {
        needs = lost[graph->before.at[e].task.at];
    }
    return needs;
}

/* Whether one of its tasks needs a lost one, or all of a bundle's do. A group that leaves out what failed
 * starts all the same. Nothing is lost afterwards that wasn't. */
static bool needs_lost(const struct graph *graph, const struct job_line *line, bool bundles,
                       bool *lost)
{
    VEC(uint32_t) needing = {0};
    for (size_t i = 0; i < line->task_count; i++) {
        struct task_id task = graph_find_task(graph, line->tasks[i]);
        if (task.at != GRAPH_NONE && !lost[task.at] &&
            !graph_action(graph, task)->group.skip_failed && needs_one(graph, task, lost)) {
            lost[task.at] = true; /* for what comes after it in the job */
            vec_push(&needing, task.at);
        }
    }
    size_t count = needing.count;
    vec_each (const uint32_t, task, &needing) {
        lost[*task] = false;
    }
    vec_release(&needing);
    return count > 0 && (count == line->task_count || !may_be_bundle(graph, line, bundles));
}

static void find_dependents(struct cancelling *cancelling, struct jobs *jobs,
                            const struct plan *plan)
{
    const struct graph *graph = plan_graph(plan);
    const struct rowbuild_selection everything = {.recorded = true};
    bool bundles = jobs != NULL && jobs->place.cluster->target_job_minutes > 0;
    bool *lost = mem_alloc(graph->task_count * sizeof *lost + 1);
    struct job_listing all;
    struct diag unseen;
    diag_init(&unseen);
    job_listing_make(&all, jobs, plan, &everything, &unseen);
    bool *taken = mem_alloc(all.lines.count * sizeof *taken + 1);
    for (size_t i = 0; i < all.lines.count; i++) {
        taken[i] = is_named(cancelling, &all.lines.at[i]);
        if (taken[i]) {
            mark_lost(graph, &all.lines.at[i], lost);
        }
    }
    for (bool found = true; found;) {
        found = false;
        for (size_t i = 0; i < all.lines.count; i++) {
            const struct job_line *line = &all.lines.at[i];
            if (!taken[i] && is_waiting(line) && needs_lost(graph, line, bundles, lost)) {
                taken[i] = found = true;
                mark_lost(graph, line, lost);
                vec_push(&cancelling->dependents, *line);
            }
        }
    }
    free(taken);
    free(lost);
    job_listing_release(&all);
    diag_release(&unseen);
}

static void count(struct cancelling *cancelling, const struct job_line *line)
{
    cancelling->running += !is_waiting(line);
    cancelling->tasks += line->tasks != NULL ? line->task_count : line->directories;
    cancelling->unnumbered += line->job.id == 0;
}

static void leave_ending(struct job_listing *listing)
{
    size_t kept = 0;
    vec_each (const struct job_line, line, &listing->lines) {
        if (line->state.at == NULL || !is_ending(line->state)) {
            listing->lines.at[kept++] = *line;
        }
    }
    listing->lines.count = kept;
}

static void recount(struct cancelling *cancelling)
{
    cancelling->running = cancelling->tasks = cancelling->unnumbered = 0;
    vec_each (const struct job_line, line, &cancelling->named.lines) {
        count(cancelling, line);
    }
    vec_each (const struct job_line, line, &cancelling->dependents) {
        count(cancelling, line);
    }
}

void cancelling_find(struct cancelling *cancelling, struct jobs *jobs, const struct plan *plan,
                     const struct rowbuild_selection *selection, struct diag *diag)
{
    *cancelling = (struct cancelling){.running = 0};
    job_listing_make(&cancelling->named, jobs, plan, selection, diag);
    leave_ending(&cancelling->named);
    if (cancelling->named.lines.count > 0) {
        find_dependents(cancelling, jobs, plan);
    }
    recount(cancelling);
}

/* ---- What was shown before ---- */

void cancelling_show(const struct cancelling *cancelling, struct cancelling_shown *shown)
{
    *shown = (struct cancelling_shown){0};
    arena_init(&shown->arena);
    vec_each (const struct job_line, line, &cancelling->named.lines) {
        vec_push(&shown->jobs, *line);
    }
    vec_each (const struct job_line, line, &cancelling->dependents) {
        vec_push(&shown->jobs, *line);
    }
    vec_each (struct job_line, line, &shown->jobs) {
        *line = (struct job_line){.job = line->job, .token = line->token, .element = line->element};
        line->job.cluster = arena_slice(&shown->arena, line->job.cluster);
        if (line->token.at != NULL) {
            line->token = arena_slice(&shown->arena, line->token);
        }
    }
}

void cancelling_shown_release(struct cancelling_shown *shown)
{
    vec_release(&shown->jobs);
    arena_release(&shown->arena);
}

static bool was_shown(const struct cancelling_shown *shown, const struct job_line *line)
{
    vec_each (const struct job_line, one, &shown->jobs) {
        if (is_line_of(one, line)) {
            return true;
        }
    }
    return false;
}

/* Leaves out what wasn't shown; `left_out` gets the first few names. */
static size_t keep_lines(struct job_line *lines, size_t *count,
                         const struct cancelling_shown *shown, size_t *left_out, struct buf *names)
{
    enum { NAMED = 5 };
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (was_shown(shown, &lines[i])) {
            lines[kept++] = lines[i];
            continue;
        }
        if (*left_out < NAMED) {
            buf_add_string(names, *left_out > 0 ? ", " : "");
            job_ref_add(&lines[i].job, names);
        }
        ++*left_out;
    }
    *count = kept;
    return kept;
}

void cancelling_keep_shown(struct cancelling *cancelling, const struct cancelling_shown *shown,
                           struct diag *diag)
{
    struct buf names = BUF_EMPTY;
    size_t left_out = 0;
    size_t kept = keep_lines(cancelling->named.lines.at, &cancelling->named.lines.count, shown,
                             &left_out, &names);
    kept += keep_lines(cancelling->dependents.at, &cancelling->dependents.count, shown, &left_out,
                       &names);
    if (left_out > 0) {
        diag_note(diag, FINDING_NOTHING_TO_DO,
                  "%zu %s submitted after the question, and %s not cancelled: %s%s; repeat the "
                  "command to cancel %s",
                  left_out, left_out == 1 ? "job was" : "jobs were", left_out == 1 ? "is" : "are",
                  buf_string(&names), left_out > 5 ? ", …" : "", left_out == 1 ? "it" : "them");
    }
    if (kept < shown->jobs.count && shown->jobs.count == 1) {
        diag_note(diag, FINDING_NOTHING_TO_DO, "the job has ended since the question");
    } else if (kept < shown->jobs.count) {
        diag_note(diag, FINDING_NOTHING_TO_DO, "%zu of the %zu jobs %s ended since the question",
                  shown->jobs.count - kept, shown->jobs.count,
                  shown->jobs.count - kept == 1 ? "has" : "have");
    }
    buf_release(&names);
    recount(cancelling);
}

void cancelling_release(struct cancelling *cancelling)
{
    job_listing_release(&cancelling->named);
    vec_release(&cancelling->dependents);
}

/* ---- Cancelling ---- */

/* Jobs that one call of scancel or squeue can name. */
struct site {
    struct slice name; /* empty: the cluster that is asked from here */
    VEC(struct job_ref) jobs;
};

struct sites {
    VEC(struct site) all;
};

static void add_to_site(struct sites *sites, const struct job_line *line)
{
    struct slice name = line->is_elsewhere ? line->job.cluster : SLICE_LITERAL("");
    size_t i = 0;
    while (i < sites->all.count && !slice_equal(sites->all.at[i].name, name)) {
        i++;
    }
    if (i == sites->all.count) {
        struct site site = {.name = name};
        vec_push(&sites->all, site);
    }
    if (line->job.id != 0) {
        vec_push(&sites->all.at[i].jobs, line->job);
    }
}

/* Whether the queue has it as waiting or running. */
static bool is_left(const struct queue *queue, const struct job_ref *job)
{
    const struct queue_entry *entry = queue_find(queue, job->id, job->index);
    return entry != NULL && entry->phase != QUEUE_ENDED && !is_ending(entry->state);
}

/* Asks the queue of a site anew. -1: it can't be asked. */
static int count_left(const struct site *site, const char *state_path, size_t *left,
                      struct diag *diag)
{
    struct queue queue;
    if (site->name.len > 0) {
        queue_ask_at(&queue, site->name, environ, diag);
    } else {
        queue_ask(&queue, state_path, 0, environ, diag);
    }
    for (size_t i = 0; i < site->jobs.count && queue.answered; i++) {
        *left += is_left(&queue, &site->jobs.at[i]);
    }
    int result = queue.answered ? 0 : -1;
    queue_release(&queue);
    return result;
}

static int wait_for_end(const struct sites *sites, const char *state_path, size_t *left,
                        struct diag *diag)
{
    for (int look = 0; look < MOST_LOOKS; look++) {
        *left = 0;
        vec_each (const struct site, site, &sites->all) {
            if (count_left(site, state_path, left, diag) != 0) {
                return -1;
            }
        }
        if (*left == 0) {
            return 0;
        }
        world->pause(PAUSE_NS);
    }
    return 0;
}

int cancelling_do(const struct cancelling *cancelling, const char *state_path, size_t *left,
                  struct diag *diag)
{
    struct sites sites = {0};
    int result = 0;
    vec_each (const struct job_line, line, &cancelling->named.lines) {
        add_to_site(&sites, line);
    }
    vec_each (const struct job_line, line, &cancelling->dependents) {
        add_to_site(&sites, line);
    }
    vec_each (const struct site, site, &sites.all) {
        result |= scancel_jobs(site->name, site->jobs.at, site->jobs.count, environ, diag);
    }
    queue_forget(state_path);
    result |= wait_for_end(&sites, state_path, left, diag);
    *left += cancelling->unnumbered;
    vec_each (struct site, site, &sites.all) {
        vec_release(&site->jobs);
    }
    vec_release(&sites.all);
    return result;
}
