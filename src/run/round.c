#include "round.h"

#include "digest.h"
#include "intern.h"
#include "run.h"
#include "text.h"

#include <stdlib.h>

enum { MOST_NAMED = 5 };

struct unready {
    struct slice name;
    const char *text;
};

struct run_round {
    struct arena arena;
    struct workspace found;
    VEC(struct slice) appeared;
    VEC(struct slice) gone;
    VEC(struct unready) unready;
    struct intern keys; /* of the tasks that the round before was done with */
    VEC(uint8_t) earlier;
    VEC(struct digest) members; /* names of what they worked on */
    uint8_t *by_task;           /* the plan's */
};

/* ---- The directories ---- */

static bool is_unready(const struct run_round *round, struct slice name)
{
    vec_each (const struct unready, one, &round->unready) {
        if (slice_equal(one->name, name)) {
            return true;
        }
    }
    return false;
}

static void compare_names(struct run_round *round, const struct workspace *before)
{
    const struct workspace *now = &round->found;
    size_t b = 0;
    size_t n = 0;
    while (b < before->count || n < now->count) {
        int order = b == before->count ? 1
                    : n == now->count  ? -1
                                       : slice_compare(before->names[b], now->names[n]);
        if (order < 0) {
            vec_push(&round->gone, arena_slice(&round->arena, before->names[b]));
        } else if (order > 0) {
            vec_push(&round->appeared, arena_slice(&round->arena, now->names[n]));
        }
        b += order <= 0;
        n += order >= 0;
    }
}

struct run_round *run_round_find(int project, const struct rowfile *rowfile, const char *state_path,
                                 const struct workspace *before)
{
    struct run_round *round = mem_alloc(sizeof *round);
    struct diag unseen;
    diag_init(&unseen);
    arena_init(&round->arena);
    intern_init(&round->keys);
    int listed = workspace_open_declared(&round->found, project, rowfile, state_path,
                                         &before->points.view, &unseen);
    if (listed == 0) { /* what can't be listed now is the next command's error */
        compare_names(round, before);
    }
    diag_release(&unseen);
    if (round->appeared.count + round->gone.count == 0) {
        run_round_free(round);
        return NULL;
    }
    return round;
}

void run_round_free(struct run_round *round)
{
    if (round == NULL) {
        return;
    }
    workspace_release(&round->found);
    vec_release(&round->appeared);
    vec_release(&round->gone);
    vec_release(&round->unready);
    vec_release(&round->earlier);
    vec_release(&round->members);
    intern_release(&round->keys);
    free(round->by_task);
    arena_release(&round->arena);
    free(round);
}

void run_round_inherit(struct run_round *round, const struct run_round *before)
{
    size_t kept = 0;
    for (size_t i = 0; i < round->appeared.count; i++) {
        if (!is_unready(before, round->appeared.at[i])) {
            round->appeared.at[kept++] = round->appeared.at[i];
        }
    }
    round->appeared.count = kept;
}

/* Somebody may be writing the value at this moment. */
static void leave_out_unready(struct run_round *round)
{
    struct workspace *found = &round->found;
    vec_each (const struct slice, name, &round->appeared) {
        struct diag diag;
        const struct json *value;
        int64_t directory = workspace_find(found, *name, NULL);
        diag_init(&diag);
        if (directory >= 0 && workspace_value(found, (size_t)directory, &value, &diag) != 0) {
            const char *why = diag.entries.count > 0 ? diag.entries.at[0].message : "";
            struct unready one = {.name = *name,
                                  .text = arena_string(&round->arena, slice_of(why))};
            vec_push(&round->unready, one);
            workspace_leave_out(found, (size_t)directory);
        }
        diag_release(&diag);
    }
}

bool run_round_next_unready(const struct run_round *round, size_t *at, const char **text)
{
    if (*at == round->unready.count) {
        return false;
    }
    *text = round->unready.at[(*at)++].text;
    return true;
}

/* ---- The tasks ---- */

static struct digest members_of(const struct graph *graph, struct task_id task)
{
    const uint32_t *directories;
    size_t count = graph_directories(graph, task, &directories);
    struct digest_stream *stream = digest_stream_new();
    for (size_t i = 0; i < count; i++) {
        digest_stream_field(stream, graph->workspace->names[directories[i]]);
    }
    struct digest digest = digest_stream_end(stream);
    digest_stream_free(stream);
    return digest;
}

static uint8_t earlier_of(const struct plan *plan, struct task_id task)
{
    uint8_t verdict = plan_verdict(plan, task);
    const struct task_row *row = state_task(plan_state(plan), task.at);
    bool ended_well = row->attempt == ATTEMPT_NONE || row->attempt == ATTEMPT_CHANGED;
    bool is_left = verdict_is_work(verdict) && (!plan_is_resolved(plan, task) || !ended_well);
    return verdict == VERDICT_BLOCKED || is_left ? PLAN_EARLIER_FAILED : PLAN_EARLIER_DONE;
}

static void remember_tasks(struct run_round *round, const struct plan *plan)
{
    const struct graph *graph = plan_graph(plan);
    struct buf key = BUF_EMPTY;
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task) || plan_wanted(plan, task) == 0) {
            continue;
        }
        buf_clear(&key);
        graph_add_key(graph, task, &key);
        intern_add(&round->keys, buf_slice(&key));
        vec_push(&round->earlier, earlier_of(plan, task));
        vec_push(&round->members, members_of(graph, task));
    }
    buf_release(&key);
}

static void recall_tasks(struct run_round *round, const struct graph *graph)
{
    struct buf key = BUF_EMPTY;
    round->by_task = mem_alloc(graph->task_count);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task)) {
            continue;
        }
        buf_clear(&key);
        graph_add_key(graph, task, &key);
        uint32_t number = intern_find(&round->keys, buf_slice(&key));
        if (number != INTERN_NONE && number < round->earlier.count &&
            digest_equal(round->members.at[number], members_of(graph, task))) {
            round->by_task[n] = round->earlier.at[number];
        }
    }
    buf_release(&key);
}

struct workspace *run_round_begin(struct run_round *round, const struct plan *before)
{
    leave_out_unready(round);
    remember_tasks(round, before);
    return &round->found;
}

void run_round_tell_plan(struct run_round *round, struct plan *plan)
{
    recall_tasks(round, plan_graph(plan));
    plan_set_earlier(plan, round->by_task);
}

bool run_round_has_work(const struct run_round *round, const struct plan *plan)
{
    if (run_has_work(plan)) {
        return true;
    }
    for (uint32_t n = 0; n < plan_graph(plan)->task_count; n++) {
        if (plan_verdict(plan, (struct task_id){n}) == VERDICT_BLOCKED &&
            round->by_task[n] == PLAN_EARLIER_NONE) {
            return true;
        }
    }
    return false;
}

/* ---- In words ---- */

static void add_names(const struct slice *names, size_t count, const char *did, struct buf *text)
{
    text_add_count(text, count);
    buf_addf(text, " %s %s during the run:", count == 1 ? "directory" : "directories", did);
    for (size_t i = 0; i < count && i < MOST_NAMED; i++) {
        buf_add_char(text, ' ');
        text_add_name(text, names[i]);
    }
    if (count > MOST_NAMED) {
        buf_add_string(text, " …");
    }
}

void run_round_describe(const struct run_round *round, bool is_last, struct buf *text)
{
    if (round->appeared.count > 0) {
        add_names(round->appeared.at, round->appeared.count, "appeared", text);
    }
    if (round->gone.count > 0) {
        buf_add_string(text, text->len > 0 ? "; " : "");
        add_names(round->gone.at, round->gone.count, "vanished", text);
    }
    if (text->len > 0) {
        buf_add_string(text, is_last ? "; run rowbuild again to take them into account"
                                     : "; what they change is run in one further round");
    }
}
