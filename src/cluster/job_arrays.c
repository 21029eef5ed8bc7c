/* Decides in which order jobs are submitted, which of them form an array, and which submissions
 * each one waits for. */
#include "job_planning.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_ALONE = 16,        /* up to this many jobs of an element that wait for different jobs are
                               submitted one by one; if there are more, all wait for the jobs of
                               all */
    MOST_NAMED_INDICES = 64 /* most indices of an array that a dependency names; beyond that it
                               names the whole array */
};

/* A submission that another one waits for. Ordered by `key`, then index. */
struct target {
    uint64_t key; /* a submission of this plan, or EARLIER and the job's id */
    uint32_t index;
    bool is_array;
    bool any_end; /* see struct job_need */
};
static const uint64_t EARLIER = UINT64_C(1) << 63;

struct target_list {
    VEC(struct target) at;
};

/* Jobs that may become one submission. */
struct job_class {
    const struct job_draft *example;
    struct target_list targets; /* of the class's example */
    bool is_aligned; /* each job waits for the jobs with its own index in one or more arrays */
    bool is_mixed;   /* the jobs wait for different jobs, so that every job waits for all of
                        these */
    VEC(uint32_t) members;
};

struct placing {
    struct job_planning *planning;
    VEC(struct job_class) classes;
    VEC(uint32_t) ready;
    uint64_t room; /* for this many jobs */
};

/* ---- What a draft waits for ---- */

static int compare_targets(const void *left, const void *right)
{
    const struct target *a = left;
    const struct target *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    if (a->any_end != b->any_end) {
        return a->any_end ? 1 : -1;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

static struct target target_of(const struct job_planning *planning, const struct job_need *need)
{
    if (need->job == JOB_NONE) {
        return (struct target){.key = EARLIER | need->job_id,
                               .index = need->index,
                               .any_end = need->any_end,
                               .is_array = need->index != JOB_NO_INDEX};
    }
    const struct job_draft *draft = &planning->drafts.at[need->job];
    bool is_array = planning->made->submissions.at[draft->submission].is_array;
    return (struct target){.key = draft->submission,
                           .index = is_array ? draft->index : JOB_NO_INDEX,
                           .any_end = need->any_end,
                           .is_array = is_array};
}

static void add_targets(const struct job_planning *planning, const struct job_draft *draft,
                        struct target_list *list)
{
    for (size_t i = 0; i < draft->need_count; i++) {
        vec_push(&list->at, target_of(planning, &draft->needs[i]));
    }
}

static void sort_targets(struct target_list *list)
{
    size_t kept = 0;
    if (list->at.count > 1) {
        qsort(list->at.at, list->at.count, sizeof *list->at.at, compare_targets);
    }
    for (size_t i = 0; i < list->at.count; i++) {
        if (kept == 0 || compare_targets(&list->at.at[kept - 1], &list->at.at[i]) != 0) {
            list->at.at[kept++] = list->at.at[i];
        }
    }
    list->at.count = kept;
}

/* The one index that these targets name in their arrays, at most one job of each array;
 * JOB_NO_INDEX if they name several indices or no array. */
static uint32_t common_index(const struct target_list *list)
{
    uint32_t index = JOB_NO_INDEX;
    for (size_t i = 0; i < list->at.count; i++) {
        const struct target *target = &list->at.at[i];
        if (!target->is_array) {
            continue;
        }
        if (target->any_end || /* aftercorr is afterok */
            (index != JOB_NO_INDEX && index != target->index) ||
            (i > 0 && list->at.at[i - 1].key == target->key)) {
            return JOB_NO_INDEX;
        }
        index = target->index;
    }
    return index;
}

/* ---- Classes ---- */

static bool same_targets(const struct target_list *a, const struct target_list *b, bool aligned)
{
    if (a->at.count != b->at.count) {
        return false;
    }
    for (size_t i = 0; i < a->at.count; i++) {
        if (a->at.at[i].key != b->at.at[i].key || a->at.at[i].any_end != b->at.at[i].any_end ||
            (!aligned && a->at.at[i].index != b->at.at[i].index)) {
            return false;
        }
    }
    return true;
}

static void classify(struct placing *placing, uint32_t number, bool mixes)
{
    const struct job_draft *draft = &placing->planning->drafts.at[number];
    struct target_list targets = {0};
    add_targets(placing->planning, draft, &targets);
    sort_targets(&targets);
    bool aligned = common_index(&targets) != JOB_NO_INDEX;
    bool mixed = mixes && targets.at.count > 0 && !aligned;
    for (size_t i = placing->classes.count; i > 0; i--) {
        struct job_class *class = &placing->classes.at[i - 1];
        if (job_requests_equal(&class->example->request, &draft->request) &&
            class->is_aligned == aligned && class->is_mixed == mixed &&
            (mixed || same_targets(&class->targets, &targets, aligned))) {
            vec_push(&class->members, number);
            vec_release(&targets.at);
            return;
        }
    }
    struct job_class made = {
        .example = draft, .targets = targets, .is_aligned = aligned, .is_mixed = mixed};
    vec_push(&made.members, number);
    vec_push(&placing->classes, made);
}

static void drop_classes(struct placing *placing)
{
    vec_each (struct job_class, class, &placing->classes) {
        vec_release(&class->targets.at);
        vec_release(&class->members);
    }
    placing->classes.count = 0;
}

static void classify_ready(struct placing *placing)
{
    size_t alone = 0;
    for (int mixes = 0; mixes <= 1; mixes++) {
        drop_classes(placing);
        alone = 0;
        vec_each (uint32_t, number, &placing->ready) {
            classify(placing, *number, mixes != 0);
            const struct job_class *last = &placing->classes.at[placing->classes.count - 1];
            alone += !last->is_aligned && last->targets.at.count > 0 && last->members.count == 1 &&
                     last->members.at[0] == *number;
            if (mixes == 0 && alone > MOST_ALONE) {
                break;
            }
        }
        if (alone <= MOST_ALONE) {
            return;
        }
    }
}

/* ---- Submissions ---- */

static void add_dependency(struct job_planning *planning, const struct target *targets,
                           size_t count, bool corresponding, struct planned_dependency *dependency)
{
    bool earlier = (targets[0].key & EARLIER) != 0;
    *dependency = (struct planned_dependency){
        .submission = earlier ? JOB_PLAN_EARLIER : (size_t)targets[0].key,
        .job_id = earlier ? targets[0].key & ~EARLIER : 0,
        .corresponding = corresponding && targets[0].is_array,
        .any_end = targets[0].any_end,
    };
    bool all = !earlier && planning->made->submissions.at[targets[0].key].job_count == count;
    if (!targets[0].is_array || dependency->corresponding || all || count > MOST_NAMED_INDICES) {
        return;
    }
    uint32_t *indices = arena_array(&planning->made->arena, count, sizeof *indices);
    for (size_t i = 0; i < count; i++) {
        indices[i] = targets[i].index;
    }
    dependency->indices = indices;
    dependency->index_count = count;
}

/* How jobs of a submission wait for others. */
enum waiting {
    WAIT_FOR_SAME,  /* all for the same ones */
    WAIT_BY_INDEX,  /* each for those with its index */
    WAIT_FOR_OTHERS /* each also for what others of them need, and so for its end only */
};

static void add_dependencies(struct job_planning *planning, const uint32_t *members, size_t count,
                             enum waiting waiting, struct planned_submission *submission)
{
    bool corresponding = waiting == WAIT_BY_INDEX && count > 1;
    struct target_list targets = {0};
    for (size_t i = 0; i < count; i++) {
        add_targets(planning, &planning->drafts.at[members[i]], &targets);
    }
    vec_each (struct target, target, &targets.at) {
        target->any_end = target->any_end || (waiting == WAIT_FOR_OTHERS && count > 1);
    }
    sort_targets(&targets);
    struct planned_dependency *kept =
        arena_array(&planning->made->arena, targets.at.count, sizeof *kept);
    for (size_t i = 0; i < targets.at.count;) {
        size_t end = i + 1;
        while (end < targets.at.count && targets.at.at[end].key == targets.at.at[i].key &&
               targets.at.at[end].any_end == targets.at.at[i].any_end) {
            end++;
        }
        add_dependency(planning, targets.at.at + i, end - i, corresponding,
                       &kept[submission->dependency_count++]);
        i = end;
    }
    submission->dependencies = kept;
    vec_release(&targets.at);
}

/* Adds one submission of these drafts, whose indices are set. */
static void submit(struct job_planning *planning, const uint32_t *members, size_t count,
                   enum waiting waiting)
{
    struct job_plan *made = planning->made;
    const struct job_draft *first = &planning->drafts.at[members[0]];
    struct planned_submission submission = {.element = first->element,
                                            .request = first->request,
                                            .is_array = count > 1,
                                            .first_job = made->jobs.count,
                                            .job_count = count};
    add_dependencies(planning, members, count, waiting, &submission);
    for (size_t i = 0; i < count; i++) {
        struct job_draft *draft = &planning->drafts.at[members[i]];
        draft->is_placed = true;
        draft->submission = made->submissions.count;
        draft->index = count > 1 ? draft->index : 0;
        vec_push(&made->jobs, (struct planned_job){.tasks = draft->tasks,
                                                   .task_count = draft->task_count,
                                                   .directories = draft->directories,
                                                   .directory_count = draft->directory_count,
                                                   .index = draft->index,
                                                   .is_bundle = draft->is_bundle,
                                                   .bundle_s = draft->bundle_s});
    }
    vec_push(&made->submissions, submission);
}

static void submit_in_pieces(struct job_planning *planning, const struct job_class *class)
{
    const uint32_t *members = class->members.at;
    size_t count = class->members.count;
    uint64_t most = planning->options->max_array_size > 0 ? planning->options->max_array_size : 1;
    for (size_t start = 0; start < count;) {
        size_t piece = count - start < most ? count - start : (size_t)most;
        for (size_t i = 0; i < piece; i++) {
            planning->drafts.at[members[start + i]].index = (uint32_t)i;
        }
        submit(planning, members + start, piece, class->is_mixed ? WAIT_FOR_OTHERS : WAIT_FOR_SAME);
        start += piece;
    }
}

struct numbered {
    uint32_t index;
    uint32_t round; /* the number of earlier members with the same index */
    uint32_t number;
};

static int compare_numbered(const void *left, const void *right)
{
    const struct numbered *a = left;
    const struct numbered *b = right;
    if (a->round != b->round) {
        return a->round < b->round ? -1 : 1;
    }
    if (a->index != b->index) {
        return a->index < b->index ? -1 : 1;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Adds arrays whose jobs have the indices of the jobs that they wait for; several arrays if two
 * jobs wait for the same one. */
static void submit_aligned(struct job_planning *planning, const struct job_class *class)
{
    size_t count = class->members.count;
    struct numbered *sorted = mem_alloc(count * sizeof *sorted);
    uint32_t *members = mem_alloc(count * sizeof *members);
    for (size_t i = 0; i < count; i++) {
        struct target_list targets = {0};
        uint32_t number = class->members.at[i];
        add_targets(planning, &planning->drafts.at[number], &targets);
        sort_targets(&targets);
        sorted[i] = (struct numbered){.index = common_index(&targets), .number = number};
        vec_release(&targets.at);
    }
    qsort(sorted, count, sizeof *sorted, compare_numbered);
    for (size_t i = 1; i < count; i++) {
        if (sorted[i].index == sorted[i - 1].index) {
            sorted[i].round = sorted[i - 1].round + 1;
        }
    }
    qsort(sorted, count, sizeof *sorted, compare_numbered);
    for (size_t start = 0; start < count;) {
        size_t end = start;
        while (end < count && sorted[end].round == sorted[start].round) {
            members[end] = sorted[end].number;
            planning->drafts.at[members[end]].index = sorted[end].index;
            end++;
        }
        submit(planning, members + start, end - start, WAIT_BY_INDEX);
        start = end;
    }
    free(members);
    free(sorted);
}

static void submit_ready(struct placing *placing)
{
    struct job_planning *planning = placing->planning;
    if (planning->options->no_arrays) {
        vec_each (uint32_t, number, &placing->ready) {
            submit(planning, number, 1, WAIT_FOR_SAME);
        }
        return;
    }
    classify_ready(placing);
    for (size_t i = 0; i < placing->classes.count; i++) {
        const struct job_class *class = &placing->classes.at[i];
        if (class->is_aligned) {
            submit_aligned(planning, class);
        } else {
            submit_in_pieces(planning, class);
        }
    }
    drop_classes(placing);
}

/* ---- Order ---- */

static bool is_ready(const struct job_planning *planning, const struct job_draft *draft)
{
    for (size_t i = 0; i < draft->need_count; i++) {
        uint32_t job = draft->needs[i].job;
        if (job != JOB_NONE && !planning->drafts.at[job].is_placed) {
            return false;
        }
    }
    return true;
}

/* The unplaced drafts of the element that begins at `first`, if all (or, with `some`, any) can be
 * placed. */
static bool gather_ready(struct placing *placing, uint32_t first, bool some)
{
    const struct job_planning *planning = placing->planning;
    bool all = true;
    placing->ready.count = 0;
    for (uint32_t j = first; j < planning->drafts.count; j++) {
        const struct job_draft *draft = &planning->drafts.at[j];
        if (draft->element != planning->drafts.at[first].element) {
            break;
        }
        if (!draft->is_placed && is_ready(planning, draft)) {
            vec_push(&placing->ready, j);
        } else if (!draft->is_placed) {
            all = false;
        }
    }
    return placing->ready.count > 0 && (all || some);
}

static bool place_some(struct placing *placing, bool some)
{
    const struct job_planning *planning = placing->planning;
    bool placed = false;
    for (uint32_t j = 0; j < planning->drafts.count && placing->room > 0; j++) {
        bool begins =
            j == 0 || planning->drafts.at[j].element != planning->drafts.at[j - 1].element;
        if (!begins || !gather_ready(placing, j, some)) {
            continue;
        }
        if (placing->ready.count > placing->room) {
            placing->ready.count = (size_t)placing->room;
        }
        placing->room -= placing->ready.count;
        submit_ready(placing);
        placed = true;
        if (some) {
            break;
        }
    }
    return placed;
}

static void count_left(const struct placing *placing, bool by_limit)
{
    struct job_plan *made = placing->planning->made;
    size_t left = placing->planning->drafts.count - made->jobs.count;
    if (placing->room > 0) {
        made->in_circles = left;
    } else if (by_limit) {
        made->over_limit = left;
    } else {
        made->over_maximum = left;
    }
}

void job_arrays_form(struct job_planning *planning)
{
    const struct job_plan_options *options = planning->options;
    uint64_t maximum = options->cluster->maximum_jobs;
    uint64_t limit = options->limit > 0 ? options->limit : UINT64_MAX;
    if (maximum != CLUSTER_NO_LIMIT) {
        maximum = maximum > options->queued ? maximum - options->queued : 0;
    }
    struct placing placing = {.planning = planning, .room = limit < maximum ? limit : maximum};
    while (place_some(&placing, false) || place_some(&placing, true)) {
    }
    count_left(&placing, limit <= maximum);
    vec_release(&placing.classes);
    vec_release(&placing.ready);
}

/* ---- In words ---- */

static const char *word_of(const struct planned_dependency *dependency)
{
    return dependency->any_end ? "afterany" : dependency->corresponding ? "aftercorr" : "afterok";
}

void job_plan_add_dependencies(const struct planned_submission *submission, const uint64_t *ids,
                               struct buf *out)
{
    const char *last = NULL;
    for (size_t i = 0; i < submission->dependency_count; i++) {
        const struct planned_dependency *dependency = &submission->dependencies[i];
        const char *word = word_of(dependency);
        unsigned long long id = dependency->submission == JOB_PLAN_EARLIER
                                    ? dependency->job_id
                                    : ids[dependency->submission];
        bool continues = last != NULL && dependency->any_end && strcmp(word, last) == 0;
        if (!continues) { /* pools make many of them: one word is enough */
            buf_addf(out, "%s%s", last != NULL ? "," : "", word);
        }
        last = word;
        if (dependency->index_count == 0) {
            buf_addf(out, ":%llu", id);
        }
        for (size_t k = 0; k < dependency->index_count; k++) {
            buf_addf(out, ":%llu_%u", id, dependency->indices[k]);
        }
    }
}
