#include "schedule.h"

#include "vec.h"

#include <assert.h>
#include <stdlib.h>

/* A path is urgent from this fraction of the remaining time on, since the other work is never
 * packed without gaps. */
static const double URGENT_PART = 0.8;

struct waiting {
    struct schedule_item item;
    uint64_t order;     /* the number of items added before it */
    uint64_t began;     /* the number of items started before it was added */
    unsigned overtaken; /* by items that go after it */
};

/* Items with equal requests: if one doesn't fit, none does. */
struct queue {
    struct ledger_request request;
    double share;             /* the largest fraction it takes of any resource, 0 to 1 */
    VEC(struct waiting) heap; /* the longest path first */
    bool passed;              /* its first item doesn't fit now */
    bool lacks_pool;          /* since too little is left in a pool, then */
};

struct schedule {
    struct ledger *ledger;
    VEC(struct queue) queues; /* wide requests first */
    size_t waiting;
    uint64_t added;
    uint64_t started;
    uint64_t oldest_due; /* when this many have been started */
    double core_seconds; /* of work that hasn't been started */
    bool keeps;          /* keeps resources for the item below, which is in no queue */
    struct waiting kept;
};

struct schedule *schedule_new(struct ledger *ledger)
{
    struct schedule *schedule = mem_alloc(sizeof *schedule);
    schedule->ledger = ledger;
    schedule->oldest_due = SCHEDULE_OLDEST_EVERY;
    return schedule;
}

void schedule_free(struct schedule *schedule)
{
    if (schedule == NULL) {
        return;
    }
    vec_each (struct queue, queue, &schedule->queues) {
        vec_release(&queue->heap);
    }
    vec_release(&schedule->queues);
    free(schedule);
}

void schedule_expect(struct schedule *schedule, double core_seconds)
{
    schedule->core_seconds += core_seconds;
}

/* ---- One queue: a heap ---- */

static bool goes_before(const struct waiting *a, const struct waiting *b)
{
    if (a->item.path_s > b->item.path_s || a->item.path_s < b->item.path_s) {
        return a->item.path_s > b->item.path_s;
    }
    return a->item.number < b->item.number;
}

static void swap(struct waiting *a, struct waiting *b)
{
    struct waiting other = *a;
    *a = *b;
    *b = other;
}

static void rise(struct queue *queue, size_t at)
{
    while (at > 0 && goes_before(&queue->heap.at[at], &queue->heap.at[(at - 1) / 2])) {
        swap(&queue->heap.at[at], &queue->heap.at[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sink(struct queue *queue, size_t at)
{
    for (;;) {
        size_t first = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < queue->heap.count &&
                goes_before(&queue->heap.at[child], &queue->heap.at[first])) {
                first = child;
            }
        }
        if (first == at) {
            return;
        }
        swap(&queue->heap.at[at], &queue->heap.at[first]);
        at = first;
    }
}

static struct waiting take_out(struct queue *queue, size_t at)
{
    struct waiting taken = queue->heap.at[at];
    queue->heap.at[at] = queue->heap.at[--queue->heap.count];
    if (at < queue->heap.count) {
        rise(queue, at);
        sink(queue, at);
    }
    return taken;
}

/* ---- All queues ---- */

static double share_of(const struct ledger *ledger, const struct ledger_request *request)
{
    double share =
        (double)request->processes * request->threads_per_process / (double)ledger_budget(ledger);
    if (request->gpus_per_process > 0) {
        double gpus =
            (double)request->processes * request->gpus_per_process / (double)ledger_gpus(ledger);
        share = gpus > share ? gpus : share;
    }
    double pool = ledger_pool_share(ledger, request);
    share = pool > share ? pool : share;
    double memory = (double)request->memory_bytes / (double)ledger_memory(ledger);
    return memory > share ? memory : share;
}

static bool same_pools(const struct ledger_request *a, const struct ledger_request *b)
{
    bool same = a->pool_count == b->pool_count;
    for (unsigned i = 0; i < a->pool_count && same && a->pools != b->pools; i++) {
        same = a->pools[i] == b->pools[i];
    }
    return same;
}

static bool same_request(const struct ledger_request *a, const struct ledger_request *b)
{
    return a->processes == b->processes && a->threads_per_process == b->threads_per_process &&
           a->gpus_per_process == b->gpus_per_process && a->memory_bytes == b->memory_bytes &&
           same_pools(a, b);
}

/* Whether both take from one pool. */
static bool share_pool(const struct ledger_request *a, const struct ledger_request *b)
{
    bool share = false;
    for (unsigned i = 0; i < a->pool_count && i < b->pool_count && !share; i++) {
        share = a->pools[i] > 0 && b->pools[i] > 0;
    }
    return share;
}

static struct queue *queue_for(struct schedule *schedule, const struct ledger_request *request)
{
    double share = share_of(schedule->ledger, request);
    size_t at = 0;
    while (at < schedule->queues.count && schedule->queues.at[at].share >= share) {
        if (same_request(&schedule->queues.at[at].request, request)) {
            return &schedule->queues.at[at];
        }
        at++;
    }
    vec_push(&schedule->queues, (struct queue){0});
    for (size_t i = schedule->queues.count - 1; i > at; i--) {
        schedule->queues.at[i] = schedule->queues.at[i - 1];
    }
    schedule->queues.at[at] = (struct queue){.request = *request, .share = share};
    return &schedule->queues.at[at];
}

void schedule_add(struct schedule *schedule, const struct schedule_item *item)
{
    assert(ledger_can_ever_fit(schedule->ledger, &item->request));
    struct queue *queue = queue_for(schedule, &item->request);
    vec_push(
        &queue->heap,
        (struct waiting){.item = *item, .order = schedule->added++, .began = schedule->started});
    rise(queue, queue->heap.count - 1);
    schedule->waiting++;
}

static void keep_for(struct schedule *schedule, struct queue *queue, size_t at)
{
    schedule->kept = take_out(queue, at);
    schedule->keeps = true;
    ledger_keep(schedule->ledger, &schedule->kept.item.request);
}

/* From time to time the item that has waited longest goes first. */
static void keep_for_oldest(struct schedule *schedule)
{
    struct queue *oldest_queue = NULL;
    size_t oldest = 0;
    vec_each (struct queue, queue, &schedule->queues) {
        for (size_t i = 0; i < queue->heap.count; i++) {
            if (oldest_queue == NULL ||
                queue->heap.at[i].order < oldest_queue->heap.at[oldest].order) {
                oldest_queue = queue;
                oldest = i;
            }
        }
    }
    if (oldest_queue != NULL &&
        schedule->started - oldest_queue->heap.at[oldest].began >= SCHEDULE_OLDEST_EVERY) {
        keep_for(schedule, oldest_queue, oldest);
    }
    schedule->oldest_due = schedule->started + SCHEDULE_OLDEST_EVERY;
}

static void note_start(struct schedule *schedule, const struct waiting *waiting, uint32_t *number)
{
    const struct ledger_request *request = &waiting->item.request;
    schedule->core_seconds -=
        waiting->item.seconds * request->processes * request->threads_per_process;
    schedule->started++;
    schedule->waiting--;
    *number = waiting->item.number;
}

/* Whether the path that begins with this item may be the last to finish. */
static bool is_urgent(const struct schedule *schedule, const struct waiting *waiting)
{
    double rest_s = schedule->core_seconds / ledger_budget(schedule->ledger);
    return waiting->item.path_s >= rest_s * URGENT_PART;
}

/* The queue whose first item is to be tried next; NULL when all have been tried. */
static struct queue *next_queue(const struct schedule *schedule)
{
    struct queue *best = NULL;
    bool best_is_urgent = false;
    vec_each (struct queue, queue, &schedule->queues) {
        if (queue->passed || queue->heap.count == 0) {
            continue;
        }
        bool urgent = is_urgent(schedule, &queue->heap.at[0]);
        bool before =
            best == NULL ||
            (urgent && (!best_is_urgent || goes_before(&queue->heap.at[0], &best->heap.at[0])));
        if (before) {
            best = queue;
            best_is_urgent = urgent;
        }
    }
    return best;
}

/* Skips a queue whose first item doesn't fit now. False if no later item may overtake it. What waits
 * for a pool doesn't gain anything by cores that are kept for it, nor does it lose by items that take
 * nothing from its pools. */
static bool pass(struct schedule *schedule, struct queue *queue)
{
    const struct waiting *first = &queue->heap.at[0];
    queue->lacks_pool = ledger_lacks_pool(schedule->ledger, &queue->request);
    if (!schedule->keeps && (first->overtaken >= SCHEDULE_KEEPS_FROM ||
                             (!queue->lacks_pool && is_urgent(schedule, first)))) {
        keep_for(schedule, queue, 0); /* the queue's next item may fit into the rest */
        return true;
    }
    queue->passed = true;
    return queue->lacks_pool || first->overtaken < SCHEDULE_MOST_OVERTAKEN;
}

static void note_overtaken(struct schedule *schedule, const struct ledger_request *by)
{
    vec_each (struct queue, queue, &schedule->queues) {
        if (queue->passed && (!queue->lacks_pool || share_pool(&queue->request, by))) {
            queue->heap.at[0].overtaken++;
        }
    }
}

static bool start_one(struct schedule *schedule, uint32_t *number, struct ledger_grant *grant)
{
    struct queue *queue = next_queue(schedule);
    while (queue != NULL) {
        if (ledger_take(schedule->ledger, &queue->request, grant)) {
            struct waiting waiting = take_out(queue, 0);
            note_start(schedule, &waiting, number);
            note_overtaken(schedule, &waiting.item.request);
            return true;
        }
        queue = pass(schedule, queue) ? next_queue(schedule) : NULL;
    }
    return false;
}

static bool start_kept(struct schedule *schedule, uint32_t *number, struct ledger_grant *grant)
{
    if (!schedule->keeps || !ledger_take_kept(schedule->ledger, grant)) {
        return false;
    }
    schedule->keeps = false;
    note_start(schedule, &schedule->kept, number);
    return true;
}

bool schedule_waits(const struct schedule *schedule)
{
    return schedule->waiting > 0;
}

bool schedule_next(struct schedule *schedule, uint32_t *number, struct ledger_grant *grant)
{
    if (start_kept(schedule, number, grant)) {
        return true;
    }
    if (schedule->waiting == 0 || ledger_cores_free(schedule->ledger) == 0) {
        return false;
    }
    if (!schedule->keeps && schedule->started >= schedule->oldest_due) {
        keep_for_oldest(schedule);
        if (start_kept(schedule, number, grant)) {
            return true;
        }
    }
    vec_each (struct queue, queue, &schedule->queues) {
        queue->passed = false;
    }
    return start_one(schedule, number, grant);
}
