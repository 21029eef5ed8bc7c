#include "shrink.h"

#include <string.h>

struct shrinking {
    struct life *life;
    life_fails_fn *fails;
    bool has_shrunk; /* in this round */
};

/* Takes over the smaller life if it still goes wrong. */
static bool keep_if_wrong(struct shrinking *shrinking, const struct life *smaller)
{
    if (memcmp(smaller, shrinking->life, sizeof *smaller) == 0 || !shrinking->fails(smaller)) {
        return false;
    }
    *shrinking->life = *smaller;
    shrinking->has_shrunk = true;
    return true;
}

/* Many steps at once first. */
static void shrink_steps(struct shrinking *shrinking)
{
    struct life *life = shrinking->life;
    for (size_t width = life->step_count; width > 0; width /= 2) {
        for (size_t at = life->step_count; at-- > 0;) {
            if (at + width > life->step_count) {
                continue;
            }
            struct life smaller = *life;
            memmove(&smaller.steps[at], &smaller.steps[at + width],
                    (smaller.step_count - at - width) * sizeof *smaller.steps);
            smaller.step_count -= width;
            (void)keep_if_wrong(shrinking, &smaller);
        }
    }
}

static bool is_read(const struct life *life, size_t action)
{
    for (size_t i = 0; i < life->action_count; i++) {
        for (size_t k = 0; k < life->actions[i].source_count; k++) {
            const struct life_source *source = &life->actions[i].sources[k];
            if (!life->actions[i].is_gone && source->kind == SOURCE_ACTION &&
                source->number == action) {
                return true;
            }
        }
    }
    return false;
}

static bool is_in_a_step(const struct life *life, size_t action)
{
    for (size_t i = 0; i < life->step_count; i++) {
        if (life->steps[i].action == (int)action && life->steps[i].kind < LIFE_WRITE) {
            return true;
        }
    }
    return false;
}

static void shrink_sources(struct shrinking *shrinking, size_t action)
{
    for (size_t i = shrinking->life->actions[action].source_count; i-- > 0;) {
        struct life smaller = *shrinking->life;
        struct life_action *its = &smaller.actions[action];
        if (i == 0 && its->fails_on_z) {
            continue;
        }
        memmove(&its->sources[i], &its->sources[i + 1],
                (its->source_count - i - 1) * sizeof *its->sources);
        its->source_count--;
        (void)keep_if_wrong(shrinking, &smaller);
    }
}

static void shrink_action(struct shrinking *shrinking, size_t action)
{
    static const size_t traits[] = {
        offsetof(struct life_action, is_batch),     offsetof(struct life_action, reads_x),
        offsetof(struct life_action, only_x),       offsetof(struct life_action, is_always),
        offsetof(struct life_action, is_resumable), offsetof(struct life_action, leaves_half),
        offsetof(struct life_action, fails_on_z),   offsetof(struct life_action, has_stamp),
    };
    struct life smaller = *shrinking->life;
    if (!is_read(&smaller, action) && !is_in_a_step(&smaller, action)) {
        smaller.actions[action].is_gone = true;
        if (keep_if_wrong(shrinking, &smaller)) {
            return;
        }
    }
    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++) {
        smaller = *shrinking->life;
        bool is_only_product = traits[i] == offsetof(struct life_action, has_stamp) &&
                               !smaller.actions[action].has_file;
        if (!is_only_product) {
            *(bool *)((char *)&smaller.actions[action] + traits[i]) = false;
            (void)keep_if_wrong(shrinking, &smaller);
        }
    }
    smaller = *shrinking->life;
    smaller.actions[action].change = CHANGE_NOTHING;
    (void)keep_if_wrong(shrinking, &smaller);
    shrink_sources(shrinking, action);
}

static void shrink_directories(struct shrinking *shrinking)
{
    while (shrinking->life->directory_count > 1) {
        struct life smaller = *shrinking->life;
        smaller.directory_count--;
        for (size_t i = 0; i < smaller.step_count; i++) {
            if (smaller.steps[i].directory >= (int)smaller.directory_count) {
                smaller.steps[i].directory = (int)smaller.directory_count - 1;
            }
        }
        if (!keep_if_wrong(shrinking, &smaller)) {
            return;
        }
    }
}

/* Runs that are cut short become whole ones, on one core. */
static void shrink_runs(struct shrinking *shrinking)
{
    for (size_t i = 0; i < shrinking->life->step_count; i++) {
        struct life smaller = *shrinking->life;
        if (smaller.steps[i].kind <= LIFE_FAULT) {
            smaller.steps[i] = (struct life_step){.kind = LIFE_RUN, .action = -1, .number = 1};
            (void)keep_if_wrong(shrinking, &smaller);
        }
    }
}

void life_shrink(struct life *life, life_fails_fn *fails)
{
    struct shrinking shrinking = {.life = life, .fails = fails, .has_shrunk = true};
    while (shrinking.has_shrunk) {
        shrinking.has_shrunk = false;
        shrink_steps(&shrinking);
        shrink_directories(&shrinking);
        for (size_t i = life->action_count; i-- > 0;) {
            if (!life->actions[i].is_gone) {
                shrink_action(&shrinking, i);
            }
        }
        shrink_runs(&shrinking);
        struct life smaller = *life;
        smaller.is_hasty = false;
        (void)keep_if_wrong(&shrinking, &smaller);
        smaller = *life;
        smaller.tick_ms = 0;
        (void)keep_if_wrong(&shrinking, &smaller);
    }
}
