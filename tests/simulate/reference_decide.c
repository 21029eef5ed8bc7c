#include "reference_inner.h"

#include <stddef.h>

/* Whether a task directly before it has … in this run. */
bool reference_comes_after(const struct reference *reference, size_t action, size_t directory,
                           bool (*has)(const struct task *maker))
{
    const struct life_action *its = &reference->life->actions[action];
    for (size_t i = 0; i < its->source_count; i++) {
        size_t maker = its->sources[i].number;
        for (size_t d = 0; d < LIFE_DIRECTORIES && its->sources[i].kind == SOURCE_ACTION; d++) {
            if (reference_joins(reference, action, directory, maker, d) &&
                has(&reference->tasks[maker][d])) {
                return true;
            }
        }
    }
    return false;
}

static bool has_run(const struct task *maker)
{
    return maker->did_run;
}

/* ---- What has to happen ---- */

static struct decision decided(enum duty duty, const char *why, const struct success *equal)
{
    return (struct decision){.duty = duty, .why = why, .equal = equal};
}

/* The success of the same parts that explains best what was made; NULL: there is none. */
const struct success *success_explaining(const struct task *task, const struct parts *parts,
                                         const struct made *made)
{
    const struct success *best = NULL;
    vec_each (const struct success, success, &task->successes) {
        bool fits = best == NULL || made_is_same(&success->made, made) ||
                    (success->is_adopted && !made_is_same(&best->made, made));
        best = parts_difference(&success->parts, parts) == NULL && fits ? success : best;
    }
    return best;
}

/* Where it is open what is on record. */
static struct decision decide_in_doubt(const struct task *task, const struct parts *parts)
{
    const struct success *equal = success_explaining(task, parts, &task->before);
    if (equal != NULL) {
        return decided(MAY, "it was interrupted", equal);
    }
    return decided(MUST,
                   task->successes.count > 0 ? parts_difference(&task->successes.at[0].parts, parts)
                                             : "it never succeeded",
                   NULL);
}

static struct decision decide_after_failure(const struct life_action *action,
                                            const struct task *task, const struct parts *parts)
{
    const struct success *good = task->successes.count > 0 ? task->successes.at : NULL;
    if (good == NULL || parts_difference(&good->parts, parts) != NULL) {
        return decided(MUST, "it failed", NULL);
    }
    bool has_products = action->has_file || action->has_stamp;
    if (!has_products || task->is_backed == BACKED_MAYBE || parts_are_loose(&good->parts) ||
        good->is_adopted || parts_are_loose(parts)) {
        return decided(MAY, "it failed, and what it depends on is as before", good);
    }
    return task->is_backed == BACKED_YES
               ? decided(MUST_RETURN, "it failed, and the good products are kept", good)
               : decided(MUST, "it failed", good);
}

struct decision reference_decide(struct reference *reference, size_t number, size_t directory,
                                 const struct parts *parts)
{
    const struct life_action *action = &reference->life->actions[number];
    const struct task *task = &reference->tasks[number][directory];
    if (action->is_always) {
        return decided(MUST, "it always runs", NULL);
    }
    bool is_adoptable = task->is_adoptable || reference->state == STATE_IN_DOUBT;
    if (is_adoptable && made_is_complete(action, &task->before)) {
        return (struct decision){MAY, "nothing may be on record of it", NULL, true};
    }
    if (!task->is_exact) {
        return decide_in_doubt(task, parts);
    }
    if (task->has_failed) {
        return decide_after_failure(action, task, parts);
    }
    if (task->successes.count == 0) {
        bool is_adopted = reference->state == STATE_NONE && made_is_complete(action, &task->before);
        bool is_on_new_ground = reference_comes_after(reference, number, directory, has_run);
        return is_adopted ? (struct decision){is_on_new_ground ? MAY : MUST_NOT, "it is adopted",
                                              NULL, true}
               : made_is_any(&task->before)
                   ? decided(MAY, "it never ran, but something is there", NULL)
                   : decided(MUST, "it never ran", NULL);
    }
    const struct success *good = task->successes.at;
    const char *differs = parts_difference(&good->parts, parts);
    if (differs != NULL) {
        return decided(MUST, differs, NULL);
    }
    if (!made_is_same(&good->made, &task->before)) {
        return decided(MUST, "its product", good);
    }
    if (good->is_adopted && (good->is_touched || parts_are_loose(parts))) {
        return decided(MAY, "it was adopted", good);
    }
    return decided(parts_are_loose(parts) || parts_are_loose(&good->parts) ? MAY : MUST_NOT,
                   "nothing has changed", good);
}
