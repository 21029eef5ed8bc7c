#include "shell_care.h"

#include <ctype.h>

size_t shell_text_backticks(const struct shell_text *state)
{
    size_t count = 0;
    for (size_t i = 0; i <= state->depth; i++) {
        count += state->frames[i].closing == '`';
    }
    return count;
}

static enum shell_care parameter_care(const struct shell_frame *frame, bool is_top)
{
    if (frame->place == SHELL_BARE) {
        return frame->parameter == PARAMETER_OTHER ? SHELL_HARMLESS : SHELL_ANY;
    }
    return frame->parameter == PARAMETER_PATTERN || !is_top ? SHELL_PLAIN : SHELL_HARMLESS;
}

enum shell_care shell_text_care(const struct shell_text *state)
{
    enum shell_care care = state->is_unclear ? SHELL_PLAIN : SHELL_ANY;
    bool is_direct = true; /* no command is in between */
    for (size_t i = state->depth + 1; i-- > 0;) {
        const struct shell_frame *frame = &state->frames[i];
        enum shell_care own = frame->is_unclear ? SHELL_PLAIN : SHELL_ANY;
        if (is_direct && frame->is_arithmetic) {
            own = SHELL_NUMBER;
        } else if (is_direct && frame->closing == '}') {
            own = parameter_care(frame, i == state->depth);
        }
        is_direct &= frame->closing == '}' || frame->is_arithmetic || frame->place != SHELL_BARE;
        care = own > care ? own : care;
    }
    return shell_text_backticks(state) > 1 && care < SHELL_PLAIN ? SHELL_PLAIN : care;
}

bool shell_text_is_nested(const struct shell_text *state)
{
    for (size_t i = 0; i <= state->depth; i++) {
        const struct shell_frame *frame = &state->frames[i];
        const struct shell_command *command = &frame->command;
        bool is_script =
            command->script_is_next && (command->word_len == 0 || command->word[0] != '-');
        bool in_double_parameter = frame->closing == '}' && frame->place != SHELL_BARE;
        if (frame->closing == '`' || in_double_parameter || command->rereads || is_script) {
            return true;
        }
    }
    return false;
}

static bool is_in(struct slice text, const char *what)
{
    return memmem(text.at, text.len, what, strlen(what)) != NULL;
}

/* The text from the last `opening` before `at` to the next `closing`; at == NULL if `at` isn't
 * inside such a pair on its line. */
static struct slice inside_pair(struct slice text, size_t at, const char *opening,
                                const char *closing)
{
    for (size_t i = at; i-- > 0 && text.at[i] != '\n';) {
        struct slice rest = slice_make(text.at + i, text.len - i);
        if (slice_starts_with(rest, closing)) {
            break;
        }
        if (slice_starts_with(rest, opening)) {
            const char *end = memmem(text.at + at, text.len - at, closing, strlen(closing));
            return end == NULL ? (struct slice){0} : slice_make(rest.at, (size_t)(end - rest.at));
        }
    }
    return (struct slice){0};
}

/* Whether `at` is in the brackets of `name[…]=`, which bash evaluates. */
static bool is_subscript(struct slice text, size_t at)
{
    struct slice inside = inside_pair(text, at, "[", "]");
    if (inside.at == NULL || inside.at == text.at ||
        (!isalnum((unsigned char)inside.at[-1]) && inside.at[-1] != '_')) {
        return false;
    }
    struct slice rest =
        slice_make(inside.at + inside.len, text.len - (size_t)(inside.at + inside.len - text.at));
    return slice_starts_with(rest, "]=") || slice_starts_with(rest, "]+=");
}

/* Whether bash evaluates the words of the `[[ … ]]` around `at`, or the `$[…]` around it. */
static bool is_evaluated(struct slice text, size_t at)
{
    static const char *const operators[] = {" -eq ", " -ne ", " -lt ", " -le ",
                                            " -gt ", " -ge ", " -v "};
    struct slice test = inside_pair(text, at, "[[ ", "]]");
    for (size_t i = 0; test.at != NULL && i < sizeof operators / sizeof operators[0]; i++) {
        if (is_in(test, operators[i])) {
            return true;
        }
    }
    return inside_pair(text, at, "$[", "]").at != NULL;
}

bool shell_evaluates(struct slice text, size_t at)
{
    return is_subscript(text, at) || is_evaluated(text, at);
}
