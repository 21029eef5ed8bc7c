/* How far the run is, and how long it still takes. */
#include "running.h"

/* Predicts how long the run still takes. An execution takes as long as it took the last time, else as
 * long as its action's others took in this run, else as long as they usually took. */
struct prediction {
    double core_seconds; /* of what is known */
    double longest_s;    /* that one running execution still takes */
    size_t known;
    size_t unknown; /* executions */
};

static void predict_waiting(const struct run *run, struct prediction *prediction)
{
    for (uint32_t a = 0; a < plan_graph(run->plan)->rowfile->action_count; a++) {
        const struct action_progress *action = &run->executions.actions[a];
        if (action->left == 0) {
            continue;
        }
        double typical = executions_typical_seconds(&run->executions, a, &action->ended);
        prediction->core_seconds += action->recorded_seconds * action->cores;
        prediction->known += action->left;
        if (typical > 0) {
            prediction->core_seconds += (double)action->unrecorded * typical * action->cores;
        } else {
            prediction->known -= action->unrecorded;
            prediction->unknown += action->unrecorded;
        }
    }
}

double run_expected_seconds(const struct run *run, const struct slot *slot)
{
    const struct execution *execution = &run->executions.all.at[slot->execution];
    uint32_t element =
        plan_graph(run->plan)->tasks[execution_tasks(&run->executions, execution)->at].action;
    return execution->recorded >= 0 ? execution->recorded
                                    : executions_typical_seconds(
                                          &run->executions, element,
                                          &execution_progress(&run->executions, execution)->ended);
}

/* It was counted as if it hadn't begun. One that takes longer than it should may take any time. */
static void predict_running(const struct run *run, const struct slot *slot, int64_t now,
                            struct prediction *prediction)
{
    const struct execution *execution = &run->executions.all.at[slot->execution];
    const struct action_progress *action = execution_progress(&run->executions, execution);
    double whole = run_expected_seconds(run, slot);
    double left = whole - (double)(now - slot->started_ns) / 1e9;
    if (slot->has_ended || !(whole > 0)) {
        return;
    }
    prediction->core_seconds += ((left > 0 ? left : 0) - whole) * action->cores;
    prediction->longest_s = left > prediction->longest_s ? left : prediction->longest_s;
    if (left <= 0) {
        prediction->known--;
        prediction->unknown++;
    }
}

/* Seconds, as far as is known; negative: nothing is. */
static double predict_seconds_left(const struct run *run, size_t *unknown)
{
    struct prediction prediction = {0};
    int64_t now = run_now(run);
    predict_waiting(run, &prediction);
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        predict_running(run, slot, now, &prediction);
    }
    *unknown = prediction.unknown;
    if (prediction.known == 0) {
        return prediction.unknown > 0 || run->executions.all.count == 0 ? -1 : 0;
    }
    double together = prediction.core_seconds / run->options->jobs;
    return together > prediction.longest_s ? together : prediction.longest_s;
}

static void add_longest(const struct run *run, struct rowbuild_progress *progress)
{
    int64_t now = run_now(run);
    for (const struct slot *slot = NULL; (slot = slots_next(&run->slots, slot)) != NULL;) {
        double seconds = (double)(now - slot->started_ns) / 1e9;
        size_t at = progress->longest_count;
        while (at > 0 && progress->longest[at - 1].seconds < seconds) {
            if (at < ROWBUILD_LONGEST_SHOWN) {
                progress->longest[at] = progress->longest[at - 1];
            }
            at--;
        }
        if (at < ROWBUILD_LONGEST_SHOWN) {
            progress->longest[at].label = slot->label;
            progress->longest[at].seconds = seconds;
            progress->longest_count += progress->longest_count < ROWBUILD_LONGEST_SHOWN;
        }
    }
}

void run_measure(const struct run *run, bool with_times, struct rowbuild_progress *progress)
{
    *progress = (struct rowbuild_progress){
        .done = run->outcomes.done,
        .total = run->outcomes.total,
        .running = run->slots.running,
        .failed = run->result->failed,
        .unfinished = run->result->unfinished,
        .cores_used = run->ledger != NULL ? run->options->jobs - ledger_cores_free(run->ledger) : 0,
        .cores_budget = run->options->jobs,
        .seconds_left = -1,
        .seconds = (double)(run_now(run) - run->started_ns) / 1e9,
    };
    if (with_times) {
        for (uint32_t a = 0; a < plan_graph(run->plan)->rowfile->action_count; a++) {
            progress->ended += run->executions.actions[a].ended.count;
        }
        progress->seconds_left = predict_seconds_left(run, &progress->unknown);
        add_longest(run, progress);
    }
}
