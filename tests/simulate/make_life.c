#include "make_life.h"

#include "random.h"

#include <stdio.h>
#include <string.h>

static bool one_in(uint64_t *seed, size_t end)
{
    return random_below(seed, end) == 0;
}

/* ---- The study ---- */

static bool reads_already(const struct life_action *action, const struct life_source *source)
{
    for (size_t i = 0; i < action->source_count; i++) {
        const struct life_source *its = &action->sources[i];
        if (its->kind == source->kind && its->number == source->number) {
            return true;
        }
    }
    return false;
}

static void add_source(struct life_action *action, struct life_source source)
{
    if (action->source_count < LIFE_SOURCES && !reads_already(action, &source)) {
        action->sources[action->source_count++] = source;
    }
}

/* The first source is an input, which a command may dislike. */
static void choose_sources(struct life *life, size_t number, uint64_t *seed)
{
    struct life_action *action = &life->actions[number];
    bool is_own = action->scope != LIFE_PROJECT && !one_in(seed, 4);
    if (number == 0 || one_in(seed, 2)) {
        add_source(action,
                   (struct life_source){.kind = is_own ? SOURCE_OWN : SOURCE_PROJECT,
                                        .number = (unsigned)random_below(seed, LIFE_INPUTS)});
    }
    for (size_t tries = random_below(seed, 3) + (number > 0); number > 0 && tries > 0; tries--) {
        unsigned from = (unsigned)random_below(seed, number);
        const struct life_action *maker = &life->actions[from];
        bool has_products = maker->has_file || maker->has_stamp;
        /* The project would have to name each directory. */
        bool can_list =
            has_products && (action->scope != LIFE_PROJECT || maker->scope != LIFE_DIRECTORY);
        add_source(action, (struct life_source){.kind = SOURCE_ACTION,
                                                .number = from,
                                                .is_listed = can_list && !one_in(seed, 3)});
    }
}

static void choose_action(struct life *life, size_t number, uint64_t *seed)
{
    static const enum life_scope scopes[] = {LIFE_DIRECTORY, LIFE_DIRECTORY, LIFE_DIRECTORY,
                                             LIFE_GROUP, LIFE_PROJECT};
    struct life_action *action = &life->actions[number];
    action->scope = scopes[random_below(seed, sizeof scopes / sizeof *scopes)];
    bool is_in_directory = action->scope == LIFE_DIRECTORY;
    size_t products = random_below(seed, 8);
    action->has_file = products < 6;
    action->has_stamp = products >= 5 && products < 7;
    /* A group without products is nobody's product: its name says nothing. */
    action->has_file = action->has_file || action->scope == LIFE_GROUP;
    action->change = (enum life_change)random_below(seed, CHANGES);
    action->is_batch = is_in_directory && one_in(seed, 4);
    action->reads_x = is_in_directory && !action->is_batch && action->has_file && one_in(seed, 3);
    action->only_x = action->scope != LIFE_PROJECT && one_in(seed, 3);
    action->is_always = one_in(seed, 16);
    action->is_resumable = one_in(seed, 8);
    choose_sources(life, number, seed);
    bool may_dislike = action->source_count > 0 && action->sources[0].kind != SOURCE_ACTION &&
                       (action->sources[0].kind == SOURCE_PROJECT || is_in_directory);
    action->fails_on_z = may_dislike && one_in(seed, 2);
    action->leaves_half = action->fails_on_z && action->has_file && one_in(seed, 2);
}

/* ---- What happens ---- */

static enum step_of_life choose_kind(uint64_t *seed)
{
    static const unsigned char weights[LIFE_STEP_KINDS] = {
        [LIFE_RUN] = 30,    [LIFE_KILL] = 6,  [LIFE_CRASH] = 6,   [LIFE_FAULT] = 6,
        [LIFE_WRITE] = 22,  [LIFE_TOUCH] = 3, [LIFE_REPLACE] = 3, [LIFE_REMOVE] = 2,
        [LIFE_VALUE] = 6,   [LIFE_EDIT] = 5,  [LIFE_CUT] = 2,     [LIFE_DELETE] = 4,
        [LIFE_COMMENT] = 4, [LIFE_TOKEN] = 4, [LIFE_ADD] = 2,     [LIFE_LOSE] = 2,
        [LIFE_FORGET] = 1,
    };
    size_t all = 0;
    for (size_t i = 0; i < LIFE_STEP_KINDS; i++) {
        all += weights[i];
    }
    size_t chosen = random_below(seed, all);
    size_t kind = 0;
    while (chosen >= weights[kind]) {
        chosen -= weights[kind++];
    }
    return (enum step_of_life)kind;
}

/* Short words of few letters: equal ones, permutations and words of one length are frequent. */
static void choose_text(char text[LIFE_TEXT], uint64_t *seed)
{
    static const char letters[] = "abcz";
    size_t len = 1 + random_below(seed, 3);
    for (size_t i = 0; i < len; i++) {
        text[i] = letters[one_in(seed, 8) ? 3 : random_below(seed, 3)];
    }
    text[len] = '\0';
}

static void choose_step(const struct life *life, struct life_step *step, uint64_t *seed)
{
    step->kind = choose_kind(seed);
    step->directory = (int)random_below(seed, life->directory_count);
    step->action = (int)random_below(seed, life->action_count);
    step->number = (unsigned)random_below(seed, LIFE_INPUTS);
    step->value = (unsigned)random_below(seed, 3);
    switch (step->kind) {
    case LIFE_RUN:
        step->action = one_in(seed, 5) ? step->action : -1;
        step->number = 1 + (unsigned)random_below(seed, 3);
        break;
    case LIFE_KILL:
    case LIFE_CRASH:
    case LIFE_FAULT: /* few calls are as frequent as many */
        step->action = one_in(seed, 8) ? step->action : -1;
        step->number = (unsigned)random_below(seed, (size_t)1 << (1 + random_below(seed, 9)));
        step->fault = (unsigned)random_below(seed, LIFE_FAULTS);
        step->seed = random_next(seed);
        break;
    case LIFE_WRITE:
    case LIFE_TOUCH:
    case LIFE_REPLACE:
    case LIFE_REMOVE:
        step->directory = one_in(seed, 4) ? -1 : step->directory;
        choose_text(step->text, seed);
        break;
    case LIFE_EDIT:
        (void)snprintf(step->text, sizeof step->text, "H%u", (unsigned)random_below(seed, 3));
        break;
    default:
        break;
    }
}

void life_make(struct life *life, uint64_t seed)
{
    *life = (struct life){.seed = seed};
    life->directory_count = 1 + random_below(&seed, LIFE_DIRECTORIES);
    life->action_count = 1 + random_below(&seed, LIFE_ACTIONS);
    static const unsigned ticks[] = {0, 0, 4, 4, 1000, 2000};
    life->tick_ms = ticks[random_below(&seed, sizeof ticks / sizeof *ticks)];
    life->is_hasty = one_in(&seed, 5);
    for (size_t i = 0; i < life->action_count; i++) {
        choose_action(life, i, &seed);
    }
    life->step_count = 1 + random_below(&seed, LIFE_STEPS / 2);
    for (size_t i = 0; i < life->step_count; i++) {
        choose_step(life, &life->steps[i], &seed);
    }
}
