#include "looking.h"

#include "aside.h"
#include "match.h"

#include <stdlib.h>

/* One walk over a node: what is told goes to the listener; without one the first reason ends it. */
struct examination {
    struct plan *plan;
    struct node_id node;
    reason_fn *listener;
    void *context;
    size_t told;
    bool is_pending;       /* something before it is yet to be decided */
    size_t asked_previous; /* previous action that `previous_is_recorded` is about */
    bool previous_is_recorded;
    bool fills_in; /* the record lacks, or names otherwise, what is known now */
};

static bool is_over(const struct examination *exam)
{
    return exam->listener == NULL && exam->told > 0;
}

static void tell(struct examination *exam, struct reason reason)
{
    exam->told++;
    if (exam->listener != NULL) {
        exam->listener(exam->context, &reason);
    }
}

static void tell_kind(struct examination *exam, enum reason_kind kind)
{
    tell(exam, (struct reason){.kind = kind});
}

/* ---- What comes before ---- */

static bool is_pending(const struct plan *plan, struct node_id before)
{
    uint8_t verdict = plan->verdicts[before.at];
    return plan->wanted[before.at] != 0 && !plan->resolved[before.at] &&
           (verdict_is_work(verdict) || verdict_is_jobs(verdict));
}

/* A file that a node before is yet to make: its content now says nothing. */
static bool is_pending_file(const struct plan *plan, struct file_id file)
{
    uint32_t producer = plan->graph->producers[file.at];
    return producer != GRAPH_NONE && is_pending(plan, (struct node_id){producer});
}

/* What a node before means for those behind it, weightiest last. */
static enum verdict weigh(const struct plan *plan, struct node_id before)
{
    if (plan->wanted[before.at] == 0) {
        return VERDICT_FRESH;
    }
    switch ((enum verdict)plan->verdicts[before.at]) {
    case VERDICT_BLOCKED:
        return VERDICT_BLOCKED;
    case VERDICT_SUBMITTED:
    case VERDICT_WAITS:
    case VERDICT_HELD:
        return VERDICT_HELD;
    case VERDICT_STALE:
    case VERDICT_MAYBE:
    case VERDICT_RESTORE:
        return plan->resolved[before.at] ? VERDICT_FRESH : VERDICT_MAYBE;
    case VERDICT_NONE:
    case VERDICT_FRESH:
        break;
    }
    return VERDICT_FRESH;
}

/* FRESH, MAYBE (something is pending), HELD (something is in a job) or BLOCKED: the weightiest of
 * the nodes before, and the first of them that says so. */
static enum verdict upstream_verdict(struct examination *exam, struct node_id *which)
{
    static const int weights[] = {[VERDICT_MAYBE] = 1, [VERDICT_HELD] = 2, [VERDICT_BLOCKED] = 3};
    const struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    enum verdict verdict = VERDICT_FRESH;
    uint32_t n = exam->node.at;
    for (uint32_t e = graph->before_start[n];
         e < graph->before_start[n + 1] && verdict != VERDICT_BLOCKED; e++) {
        struct node_id before = graph->before.at[e].node;
        enum verdict one = weigh(plan, before);
        if (weights[one] > weights[verdict]) {
            *which = before;
            verdict = one;
        }
    }
    return verdict;
}

/* Inputs that are missing and that nobody makes. */
static bool lacks_inputs(struct examination *exam)
{
    struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    uint32_t n = exam->node.at;
    bool lacks = false;
    for (uint32_t d = graph->dependency_start[n]; d < graph->dependency_start[n + 1]; d++) {
        const struct dependency *dependency = &graph->dependencies.at[d];
        uint8_t status = plan->files[dependency->file.at];
        if ((status != FILE_GONE && status != FILE_TROUBLE) ||
            is_pending_file(plan, dependency->file)) {
            continue;
        }
        if (dependency->input != DEPENDENCY_UPSTREAM &&
            graph_action(graph, exam->node)->inputs[dependency->input].is_glob &&
            graph->producers[dependency->file.at] == GRAPH_NONE) {
            continue; /* was there when the folder was listed; its digest differs now */
        }
        lacks = true;
        tell(exam, (struct reason){.kind = status == FILE_TROUBLE ? REASON_INPUT_UNREADABLE
                                                                  : REASON_INPUT_MISSING,
                                   .name = slice_of(plan_path(plan, dependency->file))});
        if (is_over(exam)) {
            break;
        }
    }
    return lacks;
}

/* ---- Comparing with the record ---- */

static bool same_name(const struct component *a, const struct component *b)
{
    return a->kind == b->kind && a->in_directory == b->in_directory &&
           slice_equal(a->name, b->name);
}

static struct slice map_key(const struct component *component, struct buf *key)
{
    buf_clear(key);
    buf_add_char(key, (char)component->kind);
    buf_add_char(key, component->in_directory ? 'd' : 'p');
    buf_add_slice(key, component->name);
    return buf_slice(key);
}

/* Finds a recorded component by kind and name: at the same place usually, else through a map. */
struct recorded {
    const struct components *good;
    struct intern map;
    bool mapped;
    struct buf key;
};

static void recorded_release(struct recorded *recorded)
{
    if (recorded->mapped) {
        intern_release(&recorded->map);
    }
    buf_release(&recorded->key);
}

static bool recorded_find(struct recorded *recorded, const struct component *wanted, size_t likely,
                          struct component *found)
{
    if (likely < recorded->good->count) {
        *found = components_at(recorded->good, likely);
        if (same_name(found, wanted)) {
            return true;
        }
    }
    if (!recorded->mapped) {
        recorded->mapped = true;
        intern_init(&recorded->map);
        for (size_t i = 0; i < recorded->good->count; i++) {
            struct component component = components_at(recorded->good, i);
            struct slice key = map_key(&component, &recorded->key);
            if (intern_find(&recorded->map, key) == INTERN_NONE) {
                intern_add(&recorded->map, key);
            } else { /* keeps numbers and places in step */
                buf_addf(&recorded->key, "\n%zu", i);
                intern_add(&recorded->map, buf_slice(&recorded->key));
            }
        }
    }
    uint32_t place = intern_find(&recorded->map, map_key(wanted, &recorded->key));
    if (place == INTERN_NONE) {
        return false;
    }
    *found = components_at(recorded->good, place);
    return true;
}

static void compare_recipe_or_value(struct examination *exam, struct recorded *recorded,
                                    const struct component *now, size_t place)
{
    struct component then;
    struct component whole = *now;
    bool is_value = now->kind == COMPONENT_VALUE;
    if (!recorded_find(recorded, now, place, &then)) {
        exam->fills_in = true; /* members that joined are told by themselves */
        return;
    }
    if (digest_equal(then.digest, now->digest)) {
        return;
    }
    whole.kind = COMPONENT_WHOLE;
    if (digest_is_unknown(then.digest) ||
        (is_value && recorded_find(recorded, &whole, place + 1, &whole) &&
         digest_equal(whole.digest, now->digest))) {
        exam->fills_in = true;
        return;
    }
    tell(exam, (struct reason){.kind = is_value ? REASON_VALUE : REASON_RECIPE,
                               .name = now->name,
                               .in_directory = now->in_directory,
                               .before = then.digest,
                               .after = now->digest});
}

static bool was_listed(struct recorded *recorded, const struct examination *exam, uint16_t input)
{
    struct component found;
    const struct action *action = graph_action(exam->plan->graph, exam->node);
    if (input == DEPENDENCY_UPSTREAM) {
        return false;
    }
    struct component pattern = {.kind = COMPONENT_PATTERN, .name = action->inputs[input].text};
    return recorded_find(recorded, &pattern, SIZE_MAX, &found);
}

static void tell_file(struct examination *exam, const struct component *now, struct file_id file,
                      bool is_new)
{
    uint32_t producer = exam->plan->graph->producers[file.at];
    enum reason_kind kind = producer != GRAPH_NONE ? REASON_UPSTREAM_MADE
                            : is_new               ? REASON_INPUT_NEW
                                                   : REASON_INPUT;
    tell(exam, (struct reason){.kind = kind,
                               .name = now->name,
                               .in_directory = now->in_directory,
                               .node = {producer}});
}

static void compare_file(struct examination *exam, struct recorded *recorded,
                         const struct component *now, size_t place,
                         const struct dependency *dependency, int64_t finished_at_ns)
{
    struct plan *plan = exam->plan;
    struct file_id file = dependency->file;
    struct component then;
    const struct file_row *row = state_file(plan->state, file.at);
    if (is_pending_file(plan, file)) {
        return;
    }
    if (!recorded_find(recorded, now, place, &then)) {
        exam->fills_in = true;
        if (was_listed(recorded, exam, dependency->input)) {
            tell_file(exam, now, file, true);
        } else if (plan->files[file.at] == FILE_CURRENT && row->mtime_ns > finished_at_ns) {
            tell_file(exam, now, file, false); /* newly listed, and younger than the success */
        }
        return;
    }
    if (digest_is_unknown(then.digest)) {
        exam->fills_in = true;
        return;
    }
    if (plan->files[file.at] != FILE_CURRENT || !observed_equal(then.digest, row)) {
        tell_file(exam, now, file, false);
    }
}

static void compare_product(struct examination *exam, struct recorded *recorded,
                            const struct component *now, size_t place, struct file_id file)
{
    struct plan *plan = exam->plan;
    struct component then;
    struct reason reason = {.name = now->name, .in_directory = now->in_directory};
    if (plan->files[file.at] != FILE_CURRENT) {
        reason.kind = REASON_PRODUCT_MISSING;
        tell(exam, reason);
    } else if (!recorded_find(recorded, now, place, &then) || digest_is_unknown(then.digest)) {
        exam->fills_in = true; /* newly listed, and there */
    } else if (!observed_equal(then.digest, state_file(plan->state, file.at))) {
        reason.kind = REASON_PRODUCT_CHANGED;
        tell(exam, reason);
    }
}

static void compare_upstream_node(struct examination *exam, struct recorded *recorded,
                                  const struct component *now, size_t place, struct node_id before,
                                  int64_t finished_at_ns)
{
    const struct plan *plan = exam->plan;
    const struct node_row *row = state_node(plan->state, before.at);
    struct component then;
    if (is_pending(plan, before)) {
        return;
    }
    if (!recorded_find(recorded, now, place, &then)) {
        exam->fills_in = true;
        if (row->finished_at_ns <= finished_at_ns) {
            return;
        }
    } else if (digest_is_unknown(then.digest)) {
        exam->fills_in = true;
        return;
    } else if (digest_equal(then.digest, now->digest)) {
        return;
    }
    tell(exam, (struct reason){.kind = REASON_UPSTREAM_RAN, .name = now->name, .node = before});
}

/* Which upstream node the k-th COMPONENT_NODE stands for. */
static struct node_id upstream_node(const struct graph *graph, struct node_id node, size_t k)
{
    for (uint32_t e = graph->before_start[node.at];; e++) {
        if ((graph->before.at[e].kinds & EDGE_FINGERPRINT) != 0 && k-- == 0) {
            return graph->before.at[e].node;
        }
    }
}

static bool is_of_action(struct slice key, struct slice action)
{
    return key.len >= action.len && memcmp(key.at, action.at, action.len) == 0 &&
           (key.len == action.len || key.at[action.len] == '/');
}

/* Which of the node's previous actions a key of COMPONENT_BEFORE belongs to; its place among them,
 * or SIZE_MAX: it is no longer one. */
static size_t previous_action(const struct graph *graph, const struct action *action,
                              struct slice key)
{
    for (size_t i = 0; i < action->previous_count; i++) {
        if (is_of_action(key, graph->rowfile->names[action->previous[i]])) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* A node that comes before is new. If the action that it is of came before when the record was
 * made, the study has grown; else the description has, which doesn't count. */
static void compare_before(struct examination *exam, const struct recorded *recorded,
                           const struct component *now)
{
    const struct graph *graph = exam->plan->graph;
    const struct action *action = graph_action(graph, exam->node);
    size_t previous = previous_action(graph, action, now->name);
    if (previous != exam->asked_previous) {
        exam->asked_previous = previous;
        exam->previous_is_recorded = false;
        for (size_t i = 0; i < recorded->good->count && !exam->previous_is_recorded; i++) {
            struct component then = components_at(recorded->good, i);
            exam->previous_is_recorded = then.kind == COMPONENT_BEFORE &&
                                         previous_action(graph, action, then.name) == previous;
        }
    }
    if (exam->previous_is_recorded) {
        tell(exam, (struct reason){.kind = REASON_UPSTREAM_JOINED, .name = now->name});
    }
}

/* Recorded members, nodes before and globbed files that are no longer there. */
static void compare_gone(struct examination *exam, struct recorded *recorded,
                         const struct component_list *list)
{
    struct plan *plan = exam->plan;
    struct intern present;
    struct buf key = BUF_EMPTY;
    intern_init(&present);
    for (size_t i = 0; i < list->count; i++) {
        intern_add(&present, map_key(&list->at[i], &key));
    }
    for (size_t i = 0; i < recorded->good->count && !is_over(exam); i++) {
        struct component then = components_at(recorded->good, i);
        if (intern_find(&present, map_key(&then, &key)) != INTERN_NONE) {
            continue;
        }
        exam->fills_in = true;
        if (then.kind == COMPONENT_MEMBER) {
            tell(exam, (struct reason){.kind = REASON_LEFT, .name = then.name});
        } else if (then.kind == COMPONENT_BEFORE &&
                   previous_action(plan->graph, graph_action(plan->graph, exam->node), then.name) !=
                       SIZE_MAX) {
            tell(exam, (struct reason){.kind = REASON_UPSTREAM_LEFT, .name = then.name});
        } else if (then.kind == COMPONENT_FILE && plan_listed_glob_lost(plan, exam->node, &then)) {
            tell(exam, (struct reason){.kind = REASON_INPUT_GONE,
                                       .name = then.name,
                                       .in_directory = then.in_directory});
        }
    }
    buf_release(&key);
    intern_release(&present);
}

/* Compares all components but the products (`products` false) or the products alone. */
static void compare(struct examination *exam, const struct component_list *list,
                    const struct node_row *row, bool products)
{
    const struct graph *graph = exam->plan->graph;
    struct recorded recorded = {.good = &row->good};
    uint32_t n = exam->node.at;
    const struct dependency *dependencies = graph->dependencies.at + graph->dependency_start[n];
    const struct file_id *made = graph->products.at + graph->product_start[n];
    size_t dependency = 0;
    size_t product = 0;
    size_t upstream = 0;
    struct component then;
    for (size_t i = 0; i < list->count && !is_over(exam); i++) {
        const struct component *now = &list->at[i];
        if (now->kind == COMPONENT_PRODUCT) {
            if (products) {
                compare_product(exam, &recorded, now, i, made[product]);
            }
            product++;
        } else if (products) {
            continue;
        } else if (now->kind == COMPONENT_RECIPE || now->kind == COMPONENT_VALUE) {
            compare_recipe_or_value(exam, &recorded, now, i);
        } else if (now->kind == COMPONENT_FILE) {
            compare_file(exam, &recorded, now, i, &dependencies[dependency++], row->finished_at_ns);
        } else if (now->kind == COMPONENT_NODE) {
            compare_upstream_node(exam, &recorded, now, i,
                                  upstream_node(graph, exam->node, upstream++),
                                  row->finished_at_ns);
        } else if (!recorded_find(&recorded, now, i, &then)) {
            exam->fills_in = true;
            if (now->kind == COMPONENT_MEMBER) {
                tell(exam, (struct reason){.kind = REASON_JOINED, .name = now->name});
            } else if (now->kind == COMPONENT_BEFORE) {
                compare_before(exam, &recorded, now);
            }
        }
    }
    if (!products && !is_over(exam) && (exam->fills_in || list->count != row->good.count)) {
        compare_gone(exam, &recorded, list);
    }
    recorded_release(&recorded);
}

/* ---- Set-aside products ---- */

/* A run that is killed while it sets aside or puts back leaves some products in their places. */
static bool is_kept(struct plan *plan, struct file_id file, struct digest recorded)
{
    struct buf sibling = BUF_EMPTY;
    struct file_row found = {0};
    aside_good_path(plan_path(plan, file), &sibling);
    enum observation seen = observe_file(plan->observer, buf_string(&sibling), &found);
    buf_release(&sibling);
    return seen == OBSERVED_MISSING ? plan->files[file.at] == FILE_CURRENT &&
                                          observed_equal(recorded, state_file(plan->state, file.at))
                                    : seen == OBSERVED_READ && observed_equal(recorded, &found);
}

bool plan_good_set_is_aside(struct plan *plan, struct node_id node)
{
    const struct graph *graph = plan->graph;
    const struct node_row *row = state_node(plan->state, node.at);
    struct recorded recorded = {.good = &row->good};
    bool all = row->is_set_aside && row->success != SUCCESS_NONE && !plan->options.recorded;
    for (uint32_t p = graph->product_start[node.at]; p < graph->product_start[node.at + 1] && all;
         p++) {
        struct file_id file = graph->products.at[p];
        struct component now = {.kind = COMPONENT_PRODUCT};
        struct component then;
        now.name = plan_component_name(plan, node, file, &now.in_directory);
        all = recorded_find(&recorded, &now, SIZE_MAX, &then) && is_kept(plan, file, then.digest);
    }
    recorded_release(&recorded);
    return all;
}

/* ---- The verdict ---- */

static void tell_attempt(struct examination *exam, const struct node_row *row)
{
    switch ((enum node_attempt)row->attempt) {
    case ATTEMPT_NONE:
        break;
    case ATTEMPT_STARTED:
    case ATTEMPT_INTERRUPTED:
        tell_kind(exam, REASON_INTERRUPTED);
        break;
    case ATTEMPT_UNFINISHED:
        tell_kind(exam, REASON_UNFINISHED);
        break;
    case ATTEMPT_FAILED:
        tell(exam, (struct reason){.kind = REASON_FAILED, .status = row->attempt_status});
        break;
    case ATTEMPT_CHANGED:
        tell_kind(exam, REASON_CHANGED_WHILE);
        break;
    }
}

static enum verdict examine_attempted(struct examination *exam, const struct component_list *list,
                                      const struct node_row *row, bool upstream_is_pending)
{
    size_t before = exam->told;
    bool same_attempt = digest_equal(plan_fingerprint(list), row->attempt_fingerprint);
    if (row->attempt == ATTEMPT_CHANGED) {
        return VERDICT_STALE; /* told already */
    }
    if (upstream_is_pending) {
        return VERDICT_FRESH; /* whether the attempt was on what will be there can't be known yet */
    }
    if (same_attempt) {
        tell_attempt(exam, row);
        return VERDICT_STALE;
    }
    /* What was tried since is not what is wanted now: the last success counts. */
    struct examination silent = *exam;
    silent.listener = NULL;
    silent.told = 0;
    compare(&silent, list, row, true);
    if (silent.told == 0) {
        exam->fills_in = true;
        return VERDICT_FRESH;
    }
    if (plan_good_set_is_aside(exam->plan, exam->node)) {
        return VERDICT_RESTORE;
    }
    tell_attempt(exam, row);
    compare(exam, list, row, true);
    return exam->told > before ? VERDICT_STALE : VERDICT_FRESH;
}

static enum verdict examine_itself(struct examination *exam, bool upstream_is_pending)
{
    struct plan *plan = exam->plan;
    const struct graph *graph = plan->graph;
    const struct action *action = graph_action(graph, exam->node);
    const struct node_row *row = state_node(plan->state, exam->node.at);
    struct component_list *list = &plan->scratch;
    bool has_products =
        graph->product_start[exam->node.at] < graph->product_start[exam->node.at + 1];
    if (plan->options.rerun && (plan->wanted[exam->node.at] & WANTED_SELECTED) != 0 &&
        !plan->resolved[exam->node.at]) {
        tell_kind(exam, REASON_ASKED);
    } else if (action->always) {
        tell_kind(exam, REASON_ALWAYS);
    } else if (!has_products && graph->rowfile->contract == CONTRACT_ROW) {
        tell_kind(exam, REASON_NO_PRODUCTS);
    }
    if (!is_over(exam) && row->success == SUCCESS_NONE) {
        if (row->attempt == ATTEMPT_NONE) {
            tell_kind(exam, REASON_NEVER_RAN);
        } else {
            tell_attempt(exam, row);
        }
        return VERDICT_STALE;
    }
    if (is_over(exam) || plan_components(plan, exam->node, true, list) != 0) {
        return VERDICT_STALE;
    }
    size_t asked = exam->told;
    if (row->attempt == ATTEMPT_CHANGED) {
        tell_attempt(exam, row);
        if (is_over(exam)) {
            return VERDICT_STALE;
        }
    }
    compare(exam, list, row, false);
    if (exam->told > asked) {
        if (row->attempt != ATTEMPT_NONE && !is_over(exam) &&
            digest_equal(plan_fingerprint(list), row->attempt_fingerprint)) {
            tell_attempt(exam, row);
        }
        if (!is_over(exam)) {
            compare(exam, list, row, true);
        }
        return VERDICT_STALE;
    }
    if (row->attempt != ATTEMPT_NONE) {
        enum verdict verdict = examine_attempted(exam, list, row, upstream_is_pending);
        return asked > 0 ? VERDICT_STALE : verdict;
    }
    compare(exam, list, row, true);
    return exam->told > 0 ? VERDICT_STALE : VERDICT_FRESH;
}

/* The one that a node before is, or waits for. */
static struct node_id submitted_node(const struct plan *plan, struct node_id before)
{
    const struct graph *graph = plan->graph;
    while (plan->verdicts[before.at] != VERDICT_SUBMITTED) {
        uint32_t e = graph->before_start[before.at];
        uint32_t end = graph->before_start[before.at + 1];
        while (e < end && weigh(plan, graph->before.at[e].node) != VERDICT_HELD) {
            e++;
        }
        if (e == end) {
            break;
        }
        before = graph->before.at[e].node;
    }
    return before;
}

/* The node by itself and what comes before it; without regard to jobs that it is in. */
static enum verdict examine_node(struct examination *exam)
{
    struct plan *plan = exam->plan;
    struct node_id node = exam->node;
    struct node_id before = {GRAPH_NONE};
    plan->fill_in[node.at] = false;
    if (plan->graph->blocked_by[node.at] != GRAPH_NONE) {
        uint32_t name = plan->graph->blocked_by[node.at];
        tell(exam,
             (struct reason){.kind = REASON_EXCLUDED, .name = plan->graph->rowfile->names[name]});
        return VERDICT_BLOCKED;
    }
    enum verdict upstream = upstream_verdict(exam, &before);
    if (upstream == VERDICT_BLOCKED) {
        tell(exam, (struct reason){.kind = REASON_UPSTREAM_BLOCKED, .node = before});
        return VERDICT_BLOCKED;
    }
    if (upstream == VERDICT_HELD) {
        struct node_id submitted = submitted_node(plan, before);
        tell(exam, (struct reason){.kind = REASON_UPSTREAM_SUBMITTED, .node = submitted});
        /* Told first; whether the node is up to date is asked all the same. */
        struct examination own = *exam;
        own.told = 0;
        if (lacks_inputs(&own)) {
            return VERDICT_BLOCKED;
        }
        return examine_itself(&own, true) == VERDICT_FRESH ? VERDICT_HELD : VERDICT_WAITS;
    }
    if (lacks_inputs(exam)) {
        return VERDICT_BLOCKED;
    }
    enum verdict own = examine_itself(exam, upstream == VERDICT_MAYBE);
    if (own == VERDICT_FRESH) {
        plan->fill_in[node.at] = exam->fills_in && upstream == VERDICT_FRESH;
    }
    if (upstream == VERDICT_MAYBE && own != VERDICT_STALE) {
        tell(exam, (struct reason){.kind = REASON_UPSTREAM_PENDING, .node = before});
        return VERDICT_MAYBE;
    }
    return own;
}

static const char *text_at(const char *const *texts, struct node_id node)
{
    return texts != NULL ? texts[node.at] : NULL;
}

/* What jobs have to do with it comes before the other reasons, except a failure that the job itself
 * recorded: that says more than how the job ended. */
static void tell_with_jobs(struct examination *exam, enum verdict verdict)
{
    const struct plan *plan = exam->plan;
    const char *job = text_at(plan->jobs, exam->node);
    const char *ending = text_at(plan->endings, exam->node);
    bool has_failed = state_node(plan->state, exam->node.at)->attempt == ATTEMPT_FAILED;
    if (verdict == VERDICT_SUBMITTED) {
        tell(exam, (struct reason){.kind = REASON_SUBMITTED, .name = slice_of(job)});
    }
    bool has_ended = verdict != VERDICT_SUBMITTED && verdict != VERDICT_FRESH && ending != NULL;
    struct reason reason = {.kind = REASON_JOB_ENDED,
                            .name = has_ended ? slice_of(ending) : (struct slice){0}};
    if (has_ended && !has_failed) {
        tell(exam, reason);
    }
    (void)examine_node(exam);
    if (has_ended && has_failed) {
        tell(exam, reason);
    }
}

enum verdict plan_examine(struct plan *plan, struct node_id node, reason_fn *listener,
                          void *context)
{
    struct examination exam = {.plan = plan, .node = node, .asked_previous = SIZE_MAX};
    struct examination told = {.plan = plan,
                               .node = node,
                               .listener = listener,
                               .context = context,
                               .asked_previous = SIZE_MAX};
    const char *job = text_at(plan->jobs, node);
    if (job == NULL && (listener == NULL || text_at(plan->endings, node) == NULL)) {
        return examine_node(&told);
    }
    enum verdict verdict = examine_node(&exam);
    if (job != NULL) {
        plan->fill_in[node.at] = false;
        verdict = verdict == VERDICT_FRESH ? verdict : VERDICT_SUBMITTED;
    }
    if (listener != NULL) {
        tell_with_jobs(&told, verdict);
        plan->fill_in[node.at] = plan->fill_in[node.at] && job == NULL;
    }
    return verdict;
}
