/* Decides what each job requests and which jobs it waits for. Which tasks are submitted is in job_standings.c,
 * which of them form a job in job_groups.c and job_bundles.c; dependencies between submissions are in
 * job_arrays.c. */
#include "job_plan.h"

#include "job_planning.h"
#include "saturating.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_SUBMISSIONS = 16 };

/* ---- Needs: what a job waits for ---- */

static int compare_needs(const void *left, const void *right)
{
    const struct job_need *a = left;
    const struct job_need *b = right;
    if (a->job != b->job) {
        return a->job < b->job ? -1 : 1;
    }
    if (a->job_id != b->job_id) {
        return a->job_id < b->job_id ? -1 : 1;
    }
    if (a->index != b->index) {
        return a->index < b->index ? -1 : 1;
    }
    return (int)a->any_end - (int)b->any_end; /* the stricter one first, which is kept */
}

static bool is_same_job(const struct job_need *a, const struct job_need *b)
{
    return a->job == b->job && a->job_id == b->job_id && a->index == b->index;
}

/* The job of a task, of this plan or in the queue, among both. */
static uint64_t place_of(const struct job_planning *planning, struct task_id task)
{
    uint32_t job = planning->job_of[task.at];
    return job != JOB_NONE ? job : (UINT64_C(1) << 32U) + planning->queued_of[task.at];
}

/* Whether a task of a job is followed by none of the same one. */
static bool is_end(const struct job_planning *planning, struct task_id task)
{
    const struct graph *graph = plan_graph(planning->plan);
    bool is = true;
    for (uint32_t a = graph->after_start[task.at]; a < graph->after_start[task.at + 1] && is; a++) {
        is = place_of(planning, graph->after[a]) != place_of(planning, task);
    }
    return is;
}

static void count_ends(struct job_planning *planning)
{
    vec_each (struct job_draft, draft, &planning->drafts) {
        for (size_t i = 0; i < draft->task_count && draft->is_bundle; i++) {
            draft->end_count += is_end(planning, draft->tasks[i]);
        }
    }
    vec_each (struct job_queued, job, &planning->queued) {
        job->end_count = 0;
    }
    for (uint32_t n = 0; n < plan_graph(planning->plan)->task_count; n++) {
        uint32_t queued = planning->queued_of[n];
        if (queued != JOB_NONE) {
            planning->queued.at[queued].end_count += is_end(planning, (struct task_id){n});
        }
    }
}

/* Counts an end of a job once for each draft. */
static uint32_t count_end(struct job_planning *planning, uint32_t number, struct task_id before)
{
    bool counts = planning->counted[before.at] != number && is_end(planning, before);
    if (counts) {
        planning->counted[before.at] = number;
    }
    return counts;
}

/* How many tasks of a bundle must end well for all of it; 0: the job is no bundle. Which jobs in the queue
 * are isn't on record, but only a bundle has tasks of several actions. */
static size_t ends_of_bundle(const struct job_planning *planning, const struct job_need *need)
{
    if (need->job != JOB_NONE) {
        const struct job_draft *draft = &planning->drafts.at[need->job];
        return draft->is_bundle && draft->task_count > 1 ? draft->end_count : 0;
    }
    const struct job_queued *job = &planning->queued.at[need->queued];
    bool bundles = planning->options->cluster->target_job_minutes > 0 || job->is_mixed;
    return bundles && job->task_count > 1 ? job->end_count : 0;
}

/* What waits for some tasks of a bundle isn't held back by a failure of the others: its own job finds out
 * what it can run. Nor is a bundle, some of whose tasks may need none that failed. */
static bool is_part(const struct job_planning *planning, const struct job_draft *draft,
                    const struct job_need *need)
{
    size_t ends = ends_of_bundle(planning, need);
    bool is_several = draft->is_bundle && draft->task_count > 1;
    return ends > 0 && (is_several || need->ends < ends);
}

static void find_needs(struct job_planning *planning, uint32_t number)
{
    const struct graph *graph = plan_graph(planning->plan);
    struct job_draft *draft = &planning->drafts.at[number];
    VEC(struct job_need) needs = {0};
    for (size_t i = 0; i < draft->task_count; i++) {
        uint32_t n = draft->tasks[i].at;
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1]; e++) {
            struct task_id before = graph->before.at[e].task;
            struct job_need need = {.job = planning->job_of[before.at], .index = JOB_NO_INDEX};
            bool is_needed = planning->standing[before.at] == JOB_STANDS_CHOSEN
                                 ? need.job != number
                                 : planning->standing[before.at] == JOB_STANDS_QUEUED &&
                                       job_find_queued(planning, before, &need);
            if (is_needed) {
                need.any_end = plan_may_skip(planning->plan, draft->tasks[i], before);
                need.queued = planning->queued_of[before.at];
                need.ends = count_end(planning, number, before);
                vec_push(&needs, need);
            }
        }
    }
    if (needs.count > 1) {
        qsort(needs.at, needs.count, sizeof *needs.at, compare_needs);
    }
    draft->needs = arena_array(&planning->made->arena, needs.count, sizeof *draft->needs);
    for (size_t i = 0; i < needs.count; i++) {
        if (i == 0 || !is_same_job(&needs.at[i - 1], &needs.at[i])) {
            draft->needs[draft->need_count++] = needs.at[i];
        } else {
            draft->needs[draft->need_count - 1].ends += needs.at[i].ends;
        }
    }
    for (size_t i = 0; i < draft->need_count; i++) {
        draft->needs[i].any_end =
            draft->needs[i].any_end || is_part(planning, draft, &draft->needs[i]);
    }
    vec_release(&needs);
}

/* ---- Requests ---- */

static int refuse_partition(struct job_planning *planning, const struct action *action,
                            struct job_size size, const struct buf *reasons)
{
    struct buf text = BUF_EMPTY;
    const char *line = buf_string(reasons);
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        buf_addf(&text, "%s%.*s", text.len > 0 ? "; " : ": ", (int)len, line);
        line += len + (line[len] == '\n');
    }
    if (action->resources.processes_per_directory) {
        buf_add_string(&text, "; lower `group.maximum_size` to make jobs smaller");
    }
    int result = diag_error_at(
        planning->diag, FINDING_NO_PARTITION, &plan_graph(planning->plan)->rowfile->source,
        action->name_offset, action->name.len + 2,
        "no partition of cluster `%.*s` accepts a job of `%.*s` with %llu CPUs "
        "and %llu GPUs%s",
        SLICE_ARGS(planning->options->cluster->name), SLICE_ARGS(action->name),
        (unsigned long long)size.cpus, (unsigned long long)size.gpus, buf_string(&text));
    buf_release(&text);
    return result;
}

static int choose_partition(struct job_planning *planning, const struct job_terms *terms,
                            const struct job_request *request, const struct partition **partition)
{
    const struct cluster *cluster = planning->options->cluster;
    struct buf reasons = BUF_EMPTY;
    struct buf warnings = BUF_EMPTY;
    struct job_size size = job_request_size(request);
    int result = 0;
    const struct action *action = terms->action;
    const struct submit_options *options = terms->options;
    struct slice named = options != NULL ? options->partition : (struct slice){0};
    *partition = NULL;
    if (cluster->scheduler == SCHEDULER_SLURM && cluster->partition_count > 0) {
        *partition = cluster_choose_partition(cluster, named, size, &reasons, &warnings);
        if (*partition == NULL) {
            result = refuse_partition(planning, action, size, &reasons);
        } else if (named.at == NULL) {
            *partition = growing_partition(planning, request, *partition);
        }
    } else if (cluster->scheduler == SCHEDULER_SLURM && named.at != NULL) {
        struct partition *only = arena_alloc(&planning->made->arena, sizeof *only);
        only->name = named;
        *partition = only;
    }
    for (const char *line = buf_string(&warnings); *line != '\0' && !planning->is_anew;) {
        size_t len = strcspn(line, "\n");
        diag_warning(planning->diag, FINDING_PARTITION_WARNING, "action `%.*s`: %.*s",
                     SLICE_ARGS(action->name), (int)len, line);
        line += len + (line[len] == '\n');
    }
    buf_release(&reasons);
    buf_release(&warnings);
    return result;
}

static uint64_t site_cpus(const struct job_planning *planning, const struct partition *partition)
{
    const struct site *site = planning->options->site;
    return site != NULL
               ? site_cpus_per_node(site, partition != NULL ? partition->name : (struct slice){0})
               : 0;
}

/* What the commands of a job take from pools: a licence of the cluster, where it counts one of that
 * name, else a limit of how many jobs of an array run at a time. */
static void request_pools(const struct job_planning *planning, const struct action *action,
                          struct job_request *request)
{
    const struct rowfile *rowfile = plan_graph(planning->plan)->rowfile;
    const struct site *site = planning->options->site;
    struct buf licences = BUF_EMPTY;
    for (unsigned i = 0; i < action->resources.pool_count && site != NULL; i++) {
        const struct pool *pool = &rowfile->pools[i];
        uint64_t taken = saturating_product(action->resources.pools[i], request->commands);
        taken = taken < pool->count ? taken : pool->count;
        if (taken > 0 && site_has_licence(site, pool->name)) {
            buf_addf(&licences, "%s%.*s:%llu", licences.len > 0 ? "," : "", SLICE_ARGS(pool->name),
                     (unsigned long long)taken);
        } else if (taken > 0) {
            uint64_t most = pool->count / taken;
            request->throttle =
                request->throttle == 0 || most < request->throttle ? most : request->throttle;
        }
    }
    if (licences.len > 0) {
        request->licences = arena_slice(&planning->made->arena, buf_slice(&licences));
    }
    buf_release(&licences);
}

/* An element's requests depend only on the number of directories, and on what has grown. The bundles of an
 * element, whose tasks take turns, have equal requests. */
static bool same_request(const struct job_draft *a, const struct job_draft *b)
{
    return a->element == b->element && a->is_bundle == b->is_bundle &&
           (a->is_bundle || a->directory_count == b->directory_count) &&
           growths_equal(a->growth, b->growth);
}

/* Within what the partition allows on as many nodes as the job may have. */
static void limit_growth(const struct job_planning *planning, const struct job_terms *terms,
                         const struct partition *partition, struct job_request *request)
{
    struct job_request placed = *request;
    job_request_place(&placed, terms->action, partition, terms->starts_itself,
                      site_cpus(planning, partition));
    /* Where the launcher starts the processes, each may be on a host of its own. */
    growing_limit(planning, partition, placed.nodes > 0 ? placed.nodes : placed.processes, request);
}

static int find_requests(struct job_planning *planning)
{
    const struct rowfile *rowfile = plan_graph(planning->plan)->rowfile;
    int result = 0;
    for (size_t j = 0; j < planning->drafts.count; j++) {
        struct job_draft *draft = &planning->drafts.at[j];
        const struct action *action = &rowfile->actions[draft->element];
        const struct job_draft *same = NULL;
        for (size_t k = j; k > 0 && planning->drafts.at[k - 1].element == draft->element &&
                           same == NULL && j - k < 8;
             k--) {
            if (same_request(&planning->drafts.at[k - 1], draft)) {
                same = &planning->drafts.at[k - 1];
            }
        }
        if (same != NULL) {
            draft->request = same->request;
            continue;
        }
        const struct partition *partition;
        struct job_terms terms = job_terms_of(planning, draft->element);
        bool is_one = draft->is_bundle || draft->directory_count == 0;
        draft->request = job_request_of(action, is_one ? 1 : draft->directory_count);
        if (draft->is_bundle) {
            draft->request.walltime_s = draft->walltime_s;
        }
        job_request_grow(&draft->request, draft->growth);
        if (choose_partition(planning, &terms, &draft->request, &partition) != 0) {
            result = -1;
            while (j + 1 < planning->drafts.count &&
                   planning->drafts.at[j + 1].element == draft->element) {
                j++; /* one error for each element is enough */
            }
            continue;
        }
        limit_growth(planning, &terms, partition, &draft->request);
        job_request_place(&draft->request, action, partition, terms.starts_itself,
                          site_cpus(planning, partition));
        request_pools(planning, action, &draft->request);
    }
    return result;
}

/* ---- The whole ---- */

/* Makes submissions of the drafts. */
static int make_submissions(struct job_planning *planning)
{
    int result = find_requests(planning);
    count_ends(planning);
    for (uint32_t j = 0; j < planning->drafts.count && result == 0; j++) {
        find_needs(planning, j);
    }
    if (result == 0) {
        job_arrays_form(planning);
        job_pools_queue(planning);
    }
    return result;
}

static void begin_anew(struct job_planning *planning)
{
    struct job_plan *made = planning->made;
    made->jobs.count = 0;
    made->submissions.count = 0;
    made->over_limit = made->over_maximum = made->in_circles = 0;
    planning->is_anew = true;
    memset(planning->counted, 0xff,
           plan_graph(planning->plan)->task_count * sizeof *planning->counted);
}

/* More calls of sbatch than the action with the most jobs has jobs. A few calls don't matter. */
static bool is_scattered(const struct job_planning *planning)
{
    size_t most = 0;
    size_t own = 0;
    for (size_t j = 0; j < planning->drafts.count; j++) {
        bool continues =
            j > 0 && planning->drafts.at[j].element == planning->drafts.at[j - 1].element;
        own = continues ? own + 1 : 1;
        most = own > most ? own : most;
    }
    most = most < FEW_SUBMISSIONS ? FEW_SUBMISSIONS : most;
    return planning->made->submissions.count > most;
}

/* Bundles, along whole chains if they are scattered. They wait for each other no more than actions do: what
 * joins a bundle waits for nothing else, and what a bundle begins with is of one action. */
static int make_bundled(struct job_planning *planning)
{
    job_draft_list groups = planning->drafts;
    planning->drafts = (job_draft_list){0};
    job_bundles_form(planning, &groups, BUNDLE_SHORT);
    int result = make_submissions(planning);
    if (result == 0 && is_scattered(planning)) {
        begin_anew(planning);
        job_bundles_form(planning, &groups, BUNDLE_WHOLE_CHAINS);
        result = make_submissions(planning);
    }
    vec_release(&groups);
    return result;
}

int job_plan_make(struct plan *plan, const struct job_plan_options *options, struct job_plan *made,
                  struct diag *diag)
{
    const struct graph *graph = plan_graph(plan);
    const struct cluster *cluster = options->cluster;
    size_t task_count = graph->task_count;
    struct job_planning planning = {.plan = plan, .options = options, .made = made, .diag = diag};
    *made = (struct job_plan){0};
    arena_init(&made->arena);
    planning.standing = mem_alloc(task_count);
    planning.job_of = mem_grow(NULL, task_count, sizeof *planning.job_of);
    planning.queued_of = mem_grow(NULL, task_count, sizeof *planning.queued_of);
    planning.counted = mem_grow(NULL, task_count, sizeof *planning.counted);
    memset(planning.counted, 0xff, task_count * sizeof *planning.counted);
    planning.named_in = mem_alloc((graph->workspace->count + 1) * sizeof *planning.named_in);
    job_queued_find(&planning);
    job_standings_find(&planning);
    int result = job_groups_form(&planning);
    if (result == 0) {
        bool bundles = cluster->scheduler == SCHEDULER_SLURM && cluster->target_job_minutes > 0;
        result = bundles ? make_bundled(&planning) : make_submissions(&planning);
    }
    vec_release(&planning.drafts);
    free(planning.standing);
    free(planning.job_of);
    free(planning.queued_of);
    vec_release(&planning.queued);
    free(planning.counted);
    free(planning.named_in);
    return result;
}

void job_plan_release(struct job_plan *made)
{
    vec_release(&made->jobs);
    vec_release(&made->submissions);
    arena_release(&made->arena);
}

struct job_cost job_plan_cost(const struct job_request *request, const struct action *action)
{
    double hours = (double)request->processes * request->walltime_s / 3600;
    struct job_cost cost = {0};
    if (action->resources.gpus_given) {
        cost.gpu_hours = hours * (double)request->gpus_per_process;
    } else {
        cost.cpu_hours = hours * (double)request->threads_per_process;
    }
    return cost;
}
