/* Decides which tasks go into which job. Dependencies between submissions are in job_arrays.c. */
#include "job_plan.h"

#include "groups.h"
#include "job_planning.h"
#include "saturating.h"

#include <stdlib.h>
#include <string.h>

/* ---- Where tasks stand ---- */

static void tell_obstacle(void *context, const struct reason *reason)
{
    bool *has_own = context;
    /* Any other reason is due to a task that it depends on, which is examined itself. */
    *has_own = *has_own || reason_is_lack(reason->kind) || reason->kind == REASON_EXCLUDED;
}

static bool is_blocked_itself(struct plan *plan, struct task_id task, struct diag *diag)
{
    bool has_own = false;
    plan_examine(plan, task, tell_obstacle, &has_own, diag);
    return has_own;
}

/* The queued job of a task; false if the job can't be waited for: it has no id yet, or is another
 * cluster's, where its id means another job. */
static bool find_queued(const struct job_planning *planning, struct task_id task,
                        struct job_need *need)
{
    const struct job_ref *job = plan_job(planning->plan, task);
    *need = (struct job_need){.job = JOB_NONE, .job_id = job->id, .index = job->index};
    struct slice target = planning->options->target;
    return job->id != 0 &&
           slice_equal(job->cluster, target.at != NULL ? target : planning->options->cluster->name);
}

static bool can_wait_for(const struct job_planning *planning, struct task_id before)
{
    struct job_need need;
    switch ((enum job_standing)planning->standing[before.at]) {
    case JOB_STANDS_DONE:
        return true;
    case JOB_STANDS_CHOSEN:
        return planning->options->follow;
    case JOB_STANDS_QUEUED:
        return planning->options->follow && find_queued(planning, before, &need);
    case JOB_STANDS_OUT:
        break;
    }
    return plan_wanted(planning->plan, before) == 0; /* --only: dependencies aren't examined */
}

static bool is_chosen(const struct job_planning *planning, struct task_id task)
{
    struct plan *plan = planning->plan;
    const struct graph *graph = plan_graph(plan);
    uint8_t verdict = plan_verdict(plan, task);
    bool may_wait = verdict == VERDICT_MAYBE || verdict == VERDICT_BLOCKED ||
                    verdict == VERDICT_WAITS || verdict == VERDICT_HELD;
    bool is_due = verdict == VERDICT_STALE || verdict == VERDICT_RESTORE;
    if ((plan_wanted(plan, task) & WANTED_SELECTED) == 0 ||
        !(is_due || (may_wait && planning->options->follow))) {
        return false;
    }
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1]; e++) {
        if (!can_wait_for(planning, graph->before.at[e].task)) {
            return false;
        }
    }
    return verdict != VERDICT_BLOCKED || !is_blocked_itself(plan, task, planning->diag);
}

static void find_standings(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    for (size_t i = 0; i < graph->order_count; i++) {
        struct task_id task = {graph->order[i]};
        enum job_standing standing = JOB_STANDS_OUT;
        switch (plan_verdict(planning->plan, task)) {
        case VERDICT_FRESH:
            standing = JOB_STANDS_DONE;
            break;
        case VERDICT_SUBMITTED:
            standing = JOB_STANDS_QUEUED;
            break;
        default:
            standing = is_chosen(planning, task) ? JOB_STANDS_CHOSEN : JOB_STANDS_OUT;
            break;
        }
        planning->standing[task.at] = (uint8_t)standing;
    }
}

/* ---- Groups ---- */

static void add_job(struct job_planning *planning, uint32_t element, const struct task_id *tasks,
                    size_t count)
{
    const struct graph *graph = plan_graph(planning->plan);
    struct arena *arena = &planning->made->arena;
    struct job_draft draft = {.element = element, .task_count = count};
    struct task_id *kept = arena_array(arena, count, sizeof *kept);
    for (size_t i = 0; i < count; i++) {
        const uint32_t *directories;
        kept[i] = tasks[i];
        draft.directory_count += graph_directories(graph, tasks[i], &directories);
        planning->job_of[tasks[i].at] = (uint32_t)planning->drafts.count;
    }
    struct slice *names = arena_array(arena, draft.directory_count, sizeof *names);
    size_t named = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t *directories;
        size_t own = graph_directories(graph, tasks[i], &directories);
        for (size_t d = 0; d < own; d++) {
            names[named++] = graph->workspace->names[directories[d]];
        }
    }
    draft.tasks = kept;
    draft.directories = names;
    vec_push(&planning->drafts, draft);
}

struct directory_list {
    VEC(uint32_t) at;
};

/* The column of a directory-scope element: its tasks by directory. */
static uint32_t column_of(const struct graph *graph, const struct action *action)
{
    uint32_t column = 0;
    while (!slice_equal(graph->directory_actions[column], action->name)) {
        column++;
    }
    return column;
}

static struct task_id task_at(const struct graph *graph, uint32_t directory, uint32_t column)
{
    return (struct task_id){(uint32_t)(directory * graph->directory_action_count + column)};
}

static int add_directory_jobs(struct job_planning *planning, uint32_t element)
{
    const struct graph *graph = plan_graph(planning->plan);
    const struct action *action = &graph->rowfile->actions[element];
    bool whole = action->group.submit_whole;
    uint32_t column = column_of(graph, action);
    struct directory_list directories = {0};
    struct groups groups = {0};
    VEC(struct task_id) tasks = {0};
    size_t start = 0;
    bool any = false;
    for (uint32_t d = 0; d < graph->workspace->count; d++) {
        struct task_id task = task_at(graph, d, column);
        bool chosen = graph->tasks[task.at].action == element &&
                      planning->standing[task.at] == JOB_STANDS_CHOSEN;
        any = any || chosen;
        if (chosen || (whole && graph->tasks[task.at].action == element)) {
            vec_push(&directories.at, d);
        }
    }
    int result = any ? groups_form(action, graph->workspace, directories.at.at,
                                   directories.at.count, &groups, planning->diag)
                     : 0;
    for (size_t g = 0; result == 0 && g < groups.ends.count; g++) {
        size_t chosen = 0;
        tasks.count = 0;
        for (size_t i = start; i < groups.ends.at[g]; i++) {
            struct task_id task = task_at(graph, groups.members.at[i], column);
            chosen += planning->standing[task.at] == JOB_STANDS_CHOSEN;
            vec_push(&tasks, task);
        }
        start = groups.ends.at[g];
        if (chosen == tasks.count) {
            add_job(planning, element, tasks.at, tasks.count);
        } else if (chosen > 0) {
            planning->made->partial_groups++;
        }
    }
    groups_release(&groups);
    vec_release(&directories.at);
    vec_release(&tasks);
    return result;
}

static int add_jobs(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    const struct rowfile *rowfile = graph->rowfile;
    size_t slots = graph->workspace->count * graph->directory_action_count;
    for (uint32_t element = 0; element < rowfile->action_count; element++) {
        if (rowfile->actions[element].scope == SCOPE_DIRECTORY) {
            if (add_directory_jobs(planning, element) != 0) {
                return -1;
            }
            continue;
        }
        for (size_t n = slots; n < graph->task_count; n++) {
            struct task_id task = {(uint32_t)n};
            if (graph->tasks[n].action == element && planning->standing[n] == JOB_STANDS_CHOSEN) {
                add_job(planning, element, &task, 1);
            }
        }
    }
    return 0;
}

/* Dependents of an incomplete group wait as well. */
static bool drop_orphans(struct job_planning *planning)
{
    const struct graph *graph = plan_graph(planning->plan);
    bool any = false;
    for (size_t i = 0; i < graph->order_count; i++) {
        uint32_t n = graph->order[i];
        if (planning->standing[n] != JOB_STANDS_CHOSEN) {
            continue;
        }
        bool keeps = planning->job_of[n] != JOB_NONE;
        for (uint32_t e = graph->before_start[n]; e < graph->before_start[n + 1] && keeps; e++) {
            keeps = can_wait_for(planning, graph->before.at[e].task);
        }
        if (!keeps) {
            planning->standing[n] = JOB_STANDS_OUT;
            any = true;
        }
    }
    return any;
}

static int form_jobs(struct job_planning *planning)
{
    size_t task_count = plan_graph(planning->plan)->task_count;
    size_t partial = 0;
    do {
        planning->drafts.count = 0;
        planning->made->partial_groups = 0;
        memset(planning->job_of, 0xff, task_count * sizeof *planning->job_of);
        if (add_jobs(planning) != 0) {
            return -1;
        }
        partial =
            planning->made->partial_groups > partial ? planning->made->partial_groups : partial;
    } while (drop_orphans(planning));
    planning->made->partial_groups = partial;
    return 0;
}

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
                                       find_queued(planning, before, &need);
            if (is_needed) {
                need.any_end = plan_may_skip(planning->plan, draft->tasks[i], before);
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
        }
    }
    vec_release(&needs);
}

/* ---- Requests ---- */

/* Whether the job's program starts all processes itself. */
static bool starts_itself(const struct job_planning *planning, const struct action *action)
{
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher =
            launchers_find(planning->options->launchers, action->launchers[i]);
        if (launcher != NULL && !slice_is(action->launchers[i], "process") &&
            launcher_starts_processes(launcher, planning->options->cluster->name)) {
            return false;
        }
    }
    return true;
}

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

static int choose_partition(struct job_planning *planning, const struct action *action,
                            const struct job_request *request, const struct partition **partition)
{
    const struct cluster *cluster = planning->options->cluster;
    struct buf name = BUF_EMPTY;
    struct buf reasons = BUF_EMPTY;
    struct buf warnings = BUF_EMPTY;
    struct job_size size = job_request_size(request);
    int result = 0;
    buf_add_slice(&name, cluster->name);
    const struct submit_options *options = action_submit_options(action, buf_string(&name));
    struct slice named = options != NULL ? options->partition : (struct slice){0};
    *partition = NULL;
    if (cluster->scheduler == SCHEDULER_SLURM && cluster->partition_count > 0) {
        *partition = cluster_choose_partition(cluster, named, size, &reasons, &warnings);
        if (*partition == NULL) {
            result = refuse_partition(planning, action, size, &reasons);
        }
    } else if (cluster->scheduler == SCHEDULER_SLURM && named.at != NULL) {
        struct partition *only = arena_alloc(&planning->made->arena, sizeof *only);
        only->name = named;
        *partition = only;
    }
    for (const char *line = buf_string(&warnings); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        diag_warning(planning->diag, FINDING_PARTITION_WARNING, "action `%.*s`: %.*s",
                     SLICE_ARGS(action->name), (int)len, line);
        line += len + (line[len] == '\n');
    }
    buf_release(&name);
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

/* An element's requests depend only on the number of directories. */
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
            if (planning->drafts.at[k - 1].directory_count == draft->directory_count) {
                same = &planning->drafts.at[k - 1];
            }
        }
        if (same != NULL) {
            draft->request = same->request;
            continue;
        }
        const struct partition *partition;
        draft->request =
            job_request_of(action, draft->directory_count > 0 ? draft->directory_count : 1);
        if (choose_partition(planning, action, &draft->request, &partition) != 0) {
            result = -1;
            while (j + 1 < planning->drafts.count &&
                   planning->drafts.at[j + 1].element == draft->element) {
                j++; /* one error for each element is enough */
            }
            continue;
        }
        job_request_place(&draft->request, action, partition, starts_itself(planning, action),
                          site_cpus(planning, partition));
        request_pools(planning, action, &draft->request);
    }
    return result;
}

/* ---- The whole ---- */

int job_plan_make(struct plan *plan, const struct job_plan_options *options, struct job_plan *made,
                  struct diag *diag)
{
    size_t task_count = plan_graph(plan)->task_count;
    struct job_planning planning = {.plan = plan, .options = options, .made = made, .diag = diag};
    *made = (struct job_plan){0};
    arena_init(&made->arena);
    planning.standing = mem_alloc(task_count);
    planning.job_of = mem_grow(NULL, task_count, sizeof *planning.job_of);
    find_standings(&planning);
    int result = form_jobs(&planning);
    if (result == 0) {
        result = find_requests(&planning);
    }
    for (uint32_t j = 0; j < planning.drafts.count && result == 0; j++) {
        find_needs(&planning, j);
    }
    if (result == 0) {
        job_arrays_form(&planning);
    }
    vec_release(&planning.drafts);
    free(planning.standing);
    free(planning.job_of);
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
