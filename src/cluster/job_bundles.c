/* Puts short tasks together into jobs of about the cluster's target_job_minutes.
 *
 * A job of several groups or of a part of one is a bundle: its tasks take turns, so it requests what the
 * largest of them requests. The group as it was written wins: no job has directories of two groups of an
 * action, a group of an action with `maximum_size` or `submit_whole` isn't cut, and one with `submit_whole`
 * isn't put together with others at all, nor is one whose request has grown. What a command with
 * {directories} works on is for the Rowfile to say, too.
 *
 * 1. A group that may be cut falls into pieces of one task; any other group is one piece.
 * 2. A piece joins the chain of the pieces before it if all of its tasks that wait for jobs of this plan wait
 *    for tasks of that chain, and if both request the same.
 * 3. Chains that begin in the same group are packed into one job, in the group's order, until it takes
 *    target_job_minutes by the records. */
#include "job_planning.h"
#include "resources.h"

#include <stdlib.h>
#include <string.h>

static const double SECONDS_PER_MINUTE = 60;
static const double MARGIN = 2; /* a bundle's time limit, by what its tasks took */

struct bundled_action {
    struct job_terms terms;
    double seconds; /* of a task; negative: not on record */
    double chain_s; /* of a task and those before it in its chain */
    uint32_t depth;
    bool joins;          /* its groups may become parts of bundles */
    bool cuts;           /* and be cut */
    bool is_alone_whole; /* a group of several directories isn't put together with others */
};

struct piece {
    uint32_t draft; /* among the groups */
    uint32_t first; /* among the draft's tasks */
    uint32_t count;
    uint32_t chain;   /* its first piece */
    uint32_t next;    /* piece of its chain, or JOB_NONE */
    uint32_t last;    /* of a first piece */
    double seconds;   /* that its tasks take; of a first piece: those of the chain */
    double typical_s; /* of a first piece: what a directory takes along the chain */
    bool waits;       /* of a first piece: for another job */
};

struct bundler {
    struct job_planning *planning;
    const job_draft_list *groups;
    enum bundling bundling;
    double target_s;
    struct bundled_action *actions; /* by element */
    VEC(struct piece) pieces;       /* in the order of the groups and their tasks */
    uint32_t *first_piece;          /* by group */
    uint32_t *piece_of;             /* by task */
    VEC(uint32_t) packed;           /* first pieces of the job that is being packed */
    uint32_t *group_in_job;         /* by element: a group with tasks in it, or JOB_NONE */
    double packed_s;
};

static const struct action *action_of(const struct bundler *bundler, uint32_t element)
{
    return &plan_graph(bundler->planning->plan)->rowfile->actions[element];
}

/* ---- What actions allow ---- */

static bool fits_a_partition(const struct cluster *cluster, const struct bundled_action *facts)
{
    struct buf unseen = BUF_EMPTY;
    const struct submit_options *options = facts->terms.options;
    struct slice named = options != NULL ? options->partition : (struct slice){0};
    bool fits = cluster->partition_count == 0 ||
                cluster_choose_partition(cluster, named, job_request_size(&facts->terms.request),
                                         &unseen, &unseen) != NULL;
    buf_release(&unseen);
    return fits;
}

static void find_actions(struct bundler *bundler)
{
    const struct job_planning *planning = bundler->planning;
    const struct graph *graph = plan_graph(planning->plan);
    for (uint32_t element = 0; element < graph->rowfile->action_count; element++) {
        const struct action *action = action_of(bundler, element);
        const struct resource_spec *resources = &action->resources;
        struct bundled_action *facts = &bundler->actions[element];
        *facts = (struct bundled_action){
            .terms = job_terms_of(planning, element),
            .seconds = plan_typical_seconds(planning->plan, element),
            .is_alone_whole =
                resources->processes_per_directory || resources->memory_per_directory > 0,
        };
        facts->joins = action->scope == SCOPE_DIRECTORY && !action->command.uses_directories &&
                       !action->group.submit_whole && facts->seconds >= 0 &&
                       fits_a_partition(planning->options->cluster, facts);
        facts->cuts = facts->joins && action->group.maximum_size == 0;
    }
}

/* Whether an action's depth has changed: it is greater than that of any action that its tasks wait for. */
static bool deepen(struct bundler *bundler)
{
    const struct job_planning *planning = bundler->planning;
    const struct graph *graph = plan_graph(planning->plan);
    bool any = false;
    for (size_t i = 0; i < graph->order_count; i++) {
        uint32_t n = graph->order[i];
        struct bundled_action *facts = &bundler->actions[graph->tasks[n].action];
        for (uint32_t e = graph->before_start[n];
             e < graph->before_start[n + 1] && planning->standing[n] == JOB_STANDS_CHOSEN; e++) {
            struct task_id before = graph->before.at[e].task;
            uint32_t depth = bundler->actions[graph->tasks[before.at].action].depth;
            if (planning->standing[before.at] == JOB_STANDS_CHOSEN && facts->depth <= depth) {
                facts->depth = depth + 1;
                any = true;
            }
        }
    }
    return any;
}

/* Directories begin at different actions, so one look along the tasks doesn't find all. */
static void find_depths(struct bundler *bundler)
{
    size_t rounds = plan_graph(bundler->planning->plan)->rowfile->action_count;
    while (rounds-- > 0 && deepen(bundler)) {
    }
}

/* ---- Pieces ---- */

static double seconds_of(const struct bundler *bundler, struct task_id task, uint32_t element)
{
    double seconds = plan_recorded_seconds(bundler->planning->plan, task);
    double typical_s = bundler->actions[element].seconds;
    return seconds >= 0 ? seconds : typical_s >= 0 ? typical_s : 0;
}

static bool waits_for_another(const struct job_planning *planning, struct task_id task)
{
    const struct graph *graph = plan_graph(planning->plan);
    bool waits = false;
    for (uint32_t e = graph->before_start[task.at]; e < graph->before_start[task.at + 1] && !waits;
         e++) {
        uint8_t standing = planning->standing[graph->before.at[e].task.at];
        waits = standing == JOB_STANDS_CHOSEN || standing == JOB_STANDS_QUEUED;
    }
    return waits;
}

static void add_piece(struct bundler *bundler, uint32_t number, uint32_t first, uint32_t count)
{
    const struct job_draft *group = &bundler->groups->at[number];
    uint32_t own = (uint32_t)bundler->pieces.count;
    struct piece piece = {.draft = number,
                          .first = first,
                          .count = count,
                          .chain = own,
                          .next = JOB_NONE,
                          .last = own,
                          .typical_s = bundler->actions[group->element].seconds};
    for (uint32_t i = first; i < first + count; i++) {
        piece.seconds += seconds_of(bundler, group->tasks[i], group->element);
        piece.waits = piece.waits || waits_for_another(bundler->planning, group->tasks[i]);
        bundler->piece_of[group->tasks[i].at] = own;
    }
    vec_push(&bundler->pieces, piece);
}

/* What has grown has a request of its own. */
static bool may_cut(const struct bundler *bundler, const struct job_draft *group)
{
    return bundler->actions[group->element].cuts && !growth_is_any(group->growth);
}

static void cut_groups(struct bundler *bundler)
{
    for (uint32_t g = 0; g < bundler->groups->count; g++) {
        const struct job_draft *group = &bundler->groups->at[g];
        bool cuts = may_cut(bundler, group);
        uint32_t step = cuts ? 1 : (uint32_t)group->task_count;
        bundler->first_piece[g] = (uint32_t)bundler->pieces.count;
        for (uint32_t i = 0; i < group->task_count; i += step) {
            add_piece(bundler, g, i, step);
        }
    }
    bundler->first_piece[bundler->groups->count] = (uint32_t)bundler->pieces.count;
}

/* ---- Chains ---- */

static bool may_join(const struct bundler *bundler, const struct piece *piece)
{
    const struct job_draft *group = &bundler->groups->at[piece->draft];
    const struct bundled_action *facts = &bundler->actions[group->element];
    return facts->joins && !growth_is_any(group->growth) &&
           (piece->count == 1 || !facts->is_alone_whole);
}

/* The one chain that all tasks before the piece are in, or JOB_NONE. */
static uint32_t chain_before(const struct bundler *bundler, const struct piece *piece)
{
    const struct job_planning *planning = bundler->planning;
    const struct graph *graph = plan_graph(planning->plan);
    const struct task_id *tasks = bundler->groups->at[piece->draft].tasks + piece->first;
    uint32_t chain = JOB_NONE;
    for (uint32_t i = 0; i < piece->count; i++) {
        for (uint32_t e = graph->before_start[tasks[i].at];
             e < graph->before_start[tasks[i].at + 1]; e++) {
            uint32_t before = graph->before.at[e].task.at;
            if (planning->standing[before] == JOB_STANDS_QUEUED) {
                return JOB_NONE;
            }
            if (planning->standing[before] != JOB_STANDS_CHOSEN) {
                continue;
            }
            uint32_t found = bundler->pieces.at[bundler->piece_of[before]].chain;
            if (chain != JOB_NONE && chain != found) {
                return JOB_NONE;
            }
            chain = found;
        }
    }
    return chain;
}

/* The same directories may be in several pieces of a chain, but two groups of an action may not. */
static bool has_element(const struct bundler *bundler, uint32_t chain, uint32_t element)
{
    bool found = false;
    for (uint32_t p = chain; p != JOB_NONE && !found; p = bundler->pieces.at[p].next) {
        found = bundler->groups->at[bundler->pieces.at[p].draft].element == element;
    }
    return found;
}

static void join(struct bundler *bundler, uint32_t number)
{
    struct piece *piece = &bundler->pieces.at[number];
    bool leads = piece->last != number; /* others are in its chain, so it stays the first */
    uint32_t chain = !leads && may_join(bundler, piece) ? chain_before(bundler, piece) : JOB_NONE;
    if (chain == JOB_NONE || !may_join(bundler, &bundler->pieces.at[chain])) {
        return;
    }
    struct piece *head = &bundler->pieces.at[chain];
    uint32_t element = bundler->groups->at[piece->draft].element;
    struct piece *last = &bundler->pieces.at[head->last];
    const struct bundled_action *facts = &bundler->actions[element];
    const struct bundled_action *first =
        &bundler->actions[bundler->groups->at[head->draft].element];
    bool is_short = head->typical_s + facts->seconds <= bundler->target_s ||
                    bundler->bundling == BUNDLE_WHOLE_CHAINS;
    if (!is_short || !job_terms_equal(&first->terms, &facts->terms) ||
        has_element(bundler, chain, element)) {
        return;
    }
    head->typical_s += facts->seconds;
    piece->chain = chain;
    last->next = number;
    head->last = number;
    head->seconds += piece->seconds;
}

static int compare_depths(const void *left, const void *right)
{
    const struct bundled_action *a = *(const struct bundled_action *const *)left;
    const struct bundled_action *b = *(const struct bundled_action *const *)right;
    if (a->depth != b->depth) {
        return a->depth < b->depth ? -1 : 1;
    }
    return a < b ? -1 : a > b;
}

/* Action by action, so that what is before a piece has its chain already. */
static void join_pieces(struct bundler *bundler)
{
    size_t count = plan_graph(bundler->planning->plan)->rowfile->action_count;
    uint32_t groups = (uint32_t)bundler->groups->count;
    const struct bundled_action **order = mem_alloc((count + 1) * sizeof *order);
    uint32_t *first_group = mem_alloc((count + 1) * sizeof *first_group);
    for (size_t i = 0; i < count; i++) {
        order[i] = &bundler->actions[i];
    }
    for (uint32_t g = groups; g-- > 0;) {
        first_group[bundler->groups->at[g].element] = g;
    }
    qsort(order, count, sizeof *order, compare_depths);
    for (size_t i = 0; i < count; i++) {
        uint32_t element = (uint32_t)(order[i] - bundler->actions);
        for (uint32_t g = first_group[element];
             g < groups && bundler->groups->at[g].element == element; g++) {
            for (uint32_t p = bundler->first_piece[g]; p < bundler->first_piece[g + 1]; p++) {
                join(bundler, p);
            }
        }
    }
    free(order);
    free(first_group);
}

/* ---- Jobs ---- */

static bool fits(const struct bundler *bundler, uint32_t chain)
{
    const struct piece *head = &bundler->pieces.at[chain];
    if (bundler->packed.count == 0) {
        return true;
    }
    if (bundler->packed_s + head->seconds > bundler->target_s ||
        bundler->pieces.at[bundler->packed.at[0]].waits != head->waits) {
        return false;
    }
    for (uint32_t p = chain; p != JOB_NONE; p = bundler->pieces.at[p].next) {
        uint32_t group = bundler->pieces.at[p].draft;
        uint32_t element = bundler->groups->at[group].element;
        uint32_t present = bundler->group_in_job[element];
        if (present != JOB_NONE && (present != group || !bundler->actions[element].cuts)) {
            return false;
        }
    }
    return true;
}

/* What Slurm is asked for: as groups are counted, but no more than the records and a margin say. A task has
 * its own walltime in any case. */
static double walltime_of(const struct bundler *bundler, const size_t *directories,
                          const uint32_t *elements, size_t count)
{
    double whole = 0;
    double longest = 0;
    for (size_t i = 0; i < count; i++) {
        const struct action *action = action_of(bundler, elements[i]);
        double own = job_request_of(action, 1).walltime_s;
        whole += job_request_of(action, directories[i]).walltime_s;
        longest = own > longest ? own : longest;
    }
    double recorded = bundler->packed_s * MARGIN;
    recorded = recorded > longest ? recorded : longest;
    return recorded < whole ? recorded : whole;
}

typedef VEC(struct task_id) task_list;

/* The tasks of the job, and its walltime; elements forget what is in it. */
static double take_tasks(struct bundler *bundler, task_list *tasks)
{
    VEC(size_t) directories = {0};
    VEC(uint32_t) elements = {0};
    vec_each (uint32_t, chain, &bundler->packed) {
        for (uint32_t p = *chain; p != JOB_NONE; p = bundler->pieces.at[p].next) {
            const struct piece *piece = &bundler->pieces.at[p];
            const struct job_draft *group = &bundler->groups->at[piece->draft];
            size_t at = 0;
            while (at < elements.count && elements.at[at] != group->element) {
                at++;
            }
            if (at == elements.count) {
                vec_push(&elements, group->element);
                vec_push(&directories, 0);
            }
            directories.at[at] += piece->count;
            bundler->group_in_job[group->element] = JOB_NONE;
            for (uint32_t i = 0; i < piece->count; i++) {
                vec_push(tasks, group->tasks[piece->first + i]);
            }
        }
    }
    double walltime_s = walltime_of(bundler, directories.at, elements.at, elements.count);
    vec_release(&directories);
    vec_release(&elements);
    return walltime_s;
}

static void pack(struct bundler *bundler)
{
    const struct piece *head = &bundler->pieces.at[bundler->packed.at[0]];
    const struct job_draft *group = &bundler->groups->at[head->draft];
    task_list tasks = {0};
    double walltime_s = take_tasks(bundler, &tasks);
    job_draft_add(bundler->planning, group->element, tasks.at, tasks.count);
    job_draft_list *drafts = &bundler->planning->drafts;
    struct job_draft *made = &drafts->at[drafts->count - 1];
    made->is_bundle =
        may_cut(bundler, group) || bundler->packed.count > 1 || head->next != JOB_NONE;
    made->bundle_s = bundler->packed_s;
    made->walltime_s = walltime_s;
    bundler->packed.count = 0;
    bundler->packed_s = 0;
    vec_release(&tasks);
}

static void add_chain(struct bundler *bundler, uint32_t chain)
{
    if (!fits(bundler, chain)) {
        pack(bundler);
    }
    vec_push(&bundler->packed, chain);
    bundler->packed_s += bundler->pieces.at[chain].seconds;
    for (uint32_t p = chain; p != JOB_NONE; p = bundler->pieces.at[p].next) {
        uint32_t group = bundler->pieces.at[p].draft;
        bundler->group_in_job[bundler->groups->at[group].element] = group;
    }
}

static void pack_chains(struct bundler *bundler)
{
    for (uint32_t g = 0; g < bundler->groups->count; g++) {
        /* What can start now isn't held back by what waits. */
        for (int waits = 0; waits <= 1; waits++) {
            for (uint32_t p = bundler->first_piece[g]; p < bundler->first_piece[g + 1]; p++) {
                const struct piece *piece = &bundler->pieces.at[p];
                if (piece->chain == p && piece->waits == (waits != 0)) {
                    add_chain(bundler, p);
                }
            }
        }
        if (bundler->packed.count > 0) {
            pack(bundler);
        }
    }
}

/* Bundles of an element ask for the same time, so that they fit into one array. */
static void even_walltimes(struct job_planning *planning)
{
    for (size_t start = 0; start < planning->drafts.count;) {
        double longest = 0;
        size_t end = start;
        while (end < planning->drafts.count &&
               planning->drafts.at[end].element == planning->drafts.at[start].element) {
            const struct job_draft *draft = &planning->drafts.at[end++];
            longest = draft->is_bundle && draft->walltime_s > longest ? draft->walltime_s : longest;
        }
        for (; start < end; start++) {
            planning->drafts.at[start].walltime_s = longest;
        }
    }
}

void job_bundles_form(struct job_planning *planning, const job_draft_list *groups,
                      enum bundling bundling)
{
    const struct graph *graph = plan_graph(planning->plan);
    size_t elements = graph->rowfile->action_count;
    struct bundler bundler = {
        .planning = planning,
        .groups = groups,
        .bundling = bundling,
        .target_s = (double)planning->options->cluster->target_job_minutes * SECONDS_PER_MINUTE,
    };
    bundler.actions = mem_alloc((elements + 1) * sizeof *bundler.actions);
    bundler.first_piece = mem_alloc((groups->count + 1) * sizeof *bundler.first_piece);
    bundler.piece_of = mem_alloc((graph->task_count + 1) * sizeof *bundler.piece_of);
    bundler.group_in_job = mem_alloc((elements + 1) * sizeof *bundler.group_in_job);
    memset(bundler.group_in_job, 0xff, (elements + 1) * sizeof *bundler.group_in_job);
    planning->drafts.count = 0;
    memset(planning->job_of, 0xff, graph->task_count * sizeof *planning->job_of);
    find_actions(&bundler);
    find_depths(&bundler);
    cut_groups(&bundler);
    join_pieces(&bundler);
    pack_chains(&bundler);
    even_walltimes(planning);
    vec_release(&bundler.pieces);
    vec_release(&bundler.packed);
    free(bundler.actions);
    free(bundler.first_piece);
    free(bundler.piece_of);
    free(bundler.group_in_job);
}
