#include "life_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const scopes[] = {"directory", "group", "project", NULL};
static const char *const changes[] = {"nothing", "sort", "upper", "count", NULL};
static const char *const sources[] = {"input", "project", "action", NULL};
static const char *const steps[] = {
    [LIFE_RUN] = "run",         [LIFE_KILL] = "kill",     [LIFE_CRASH] = "crash",
    [LIFE_FAULT] = "fault",     [LIFE_WRITE] = "write",   [LIFE_TOUCH] = "touch",
    [LIFE_REPLACE] = "replace", [LIFE_REMOVE] = "remove", [LIFE_VALUE] = "value",
    [LIFE_EDIT] = "edit",       [LIFE_CUT] = "cut",       [LIFE_DELETE] = "delete",
    [LIFE_COMMENT] = "comment", [LIFE_TOKEN] = "token",   [LIFE_ADD] = "add",
    [LIFE_LOSE] = "lose",       [LIFE_FORGET] = "forget", [LIFE_STEP_KINDS] = NULL,
};

/* What an action is, by one word each. */
struct trait {
    const char *word;
    size_t offset;
};
static const struct trait traits[] = {
    {"gone", offsetof(struct life_action, is_gone)},
    {"file", offsetof(struct life_action, has_file)},
    {"stamp", offsetof(struct life_action, has_stamp)},
    {"batch", offsetof(struct life_action, is_batch)},
    {"reads-x", offsetof(struct life_action, reads_x)},
    {"only-x", offsetof(struct life_action, only_x)},
    {"always", offsetof(struct life_action, is_always)},
    {"resumable", offsetof(struct life_action, is_resumable)},
    {"fails-on-z", offsetof(struct life_action, fails_on_z)},
    {"leaves-half", offsetof(struct life_action, leaves_half)},
};
enum { TRAITS = sizeof traits / sizeof *traits };

static bool *trait_of(struct life_action *action, size_t trait)
{
    return (bool *)((char *)action + traits[trait].offset);
}

/* ---- Writing ---- */

static void add_action(const struct life_action *action, struct buf *out)
{
    struct life_action copy = *action;
    buf_addf(out, "action scope=%s change=%s", scopes[action->scope], changes[action->change]);
    for (size_t i = 0; i < TRAITS; i++) {
        buf_addf(out, "%s%s", *trait_of(&copy, i) ? " " : "",
                 *trait_of(&copy, i) ? traits[i].word : "");
    }
    buf_add_char(out, '\n');
    for (size_t i = 0; i < action->source_count; i++) {
        const struct life_source *source = &action->sources[i];
        buf_addf(out, "source %s %u%s\n", sources[source->kind], source->number,
                 source->is_listed ? " listed" : "");
    }
}

void life_add_text(const struct life *life, struct buf *out)
{
    buf_addf(out, "life directories=%zu hasty=%d tick=%u\n", life->directory_count, life->is_hasty,
             life->tick_ms);
    for (size_t i = 0; i < life->action_count; i++) {
        add_action(&life->actions[i], out);
    }
    for (size_t i = 0; i < life->step_count; i++) {
        const struct life_step *step = &life->steps[i];
        buf_addf(out, "step %s action=%d directory=%d number=%u value=%u fault=%u seed=%llu",
                 steps[step->kind], step->action, step->directory, step->number, step->value,
                 step->fault, (unsigned long long)step->seed);
        buf_addf(out, "%s%s\n", step->text[0] != '\0' ? " text=" : "", step->text);
    }
}

/* ---- Reading ---- */

/* -1: it is none of the names. */
static int find_name(const char *const *names, const char *word)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (word != NULL && strcmp(names[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

/* "name=value" → value; NULL: the word is of another name. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static int read_life(struct life *life, char *rest)
{
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        const char *value;
        if ((value = value_of(word, "directories")) != NULL) {
            life->directory_count = strtoul(value, NULL, 10);
        } else if ((value = value_of(word, "hasty")) != NULL) {
            life->is_hasty = value[0] == '1';
        } else if ((value = value_of(word, "tick")) != NULL) {
            life->tick_ms = (unsigned)strtoul(value, NULL, 10);
        } else {
            return -1;
        }
    }
    return life->directory_count > 0 && life->directory_count <= LIFE_DIRECTORIES ? 0 : -1;
}

static int read_trait(struct life_action *action, const char *word)
{
    for (size_t i = 0; i < TRAITS; i++) {
        if (strcmp(traits[i].word, word) == 0) {
            *trait_of(action, i) = true;
            return 0;
        }
    }
    return -1;
}

static int read_action(struct life *life, char *rest)
{
    if (life->action_count == LIFE_ACTIONS) {
        return -1;
    }
    struct life_action *action = &life->actions[life->action_count++];
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        const char *scope = value_of(word, "scope");
        const char *change = value_of(word, "change");
        int found = scope != NULL    ? find_name(scopes, scope)
                    : change != NULL ? find_name(changes, change)
                                     : read_trait(action, word);
        if (found < 0) {
            return -1;
        }
        if (scope != NULL) {
            action->scope = (enum life_scope)found;
        } else if (change != NULL) {
            action->change = (enum life_change)found;
        }
    }
    return 0;
}

static int read_source(struct life *life, char *rest)
{
    struct life_action *action =
        life->action_count > 0 ? &life->actions[life->action_count - 1] : NULL;
    int kind = find_name(sources, strsep(&rest, " "));
    const char *number = strsep(&rest, " ");
    if (action == NULL || kind < 0 || number == NULL || action->source_count == LIFE_SOURCES) {
        return -1;
    }
    struct life_source source = {.kind = (enum source_kind)kind,
                                 .number = (unsigned)strtoul(number, NULL, 10),
                                 .is_listed = rest != NULL && strcmp(rest, "listed") == 0};
    size_t end = source.kind == SOURCE_ACTION ? life->action_count - 1 : LIFE_INPUTS;
    action->sources[action->source_count++] = source;
    return source.number < end ? 0 : -1;
}

static int read_step(struct life *life, char *rest)
{
    int kind = find_name(steps, strsep(&rest, " "));
    if (kind < 0 || life->step_count == LIFE_STEPS) {
        return -1;
    }
    struct life_step *step = &life->steps[life->step_count++];
    step->kind = (enum step_of_life)kind;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        const char *value;
        if ((value = value_of(word, "action")) != NULL) {
            step->action = atoi(value);
        } else if ((value = value_of(word, "directory")) != NULL) {
            step->directory = atoi(value);
        } else if ((value = value_of(word, "number")) != NULL) {
            step->number = (unsigned)strtoul(value, NULL, 10);
        } else if ((value = value_of(word, "value")) != NULL) {
            step->value = (unsigned)strtoul(value, NULL, 10);
        } else if ((value = value_of(word, "fault")) != NULL) {
            step->fault = (unsigned)strtoul(value, NULL, 10) % LIFE_FAULTS;
        } else if ((value = value_of(word, "seed")) != NULL) {
            step->seed = strtoull(value, NULL, 10);
        } else if ((value = value_of(word, "text")) != NULL && strlen(value) < LIFE_TEXT) {
            (void)snprintf(step->text, sizeof step->text, "%s", value);
        } else {
            return -1;
        }
    }
    bool is_in_life =
        step->action < (int)life->action_count && step->directory < (int)life->directory_count;
    return is_in_life ? 0 : -1;
}

static int read_line(struct life *life, char *line)
{
    const char *word = strsep(&line, " ");
    if (word[0] == '#' || word[0] == '\0') {
        return 0;
    }
    if (line == NULL) {
        return -1;
    }
    return strcmp(word, "life") == 0     ? read_life(life, line)
           : strcmp(word, "action") == 0 ? read_action(life, line)
           : strcmp(word, "source") == 0 ? read_source(life, line)
           : strcmp(word, "step") == 0   ? read_step(life, line)
                                         : -1;
}

int life_parse(struct life *life, char *text, size_t *line)
{
    *life = (struct life){0};
    *line = 0;
    for (char *one; (one = strsep(&text, "\n")) != NULL;) {
        (*line)++;
        if (read_line(life, one) != 0) {
            return -1;
        }
    }
    return life->directory_count > 0 && life->action_count > 0 ? 0 : -1;
}
