#include "shell_text.h"

void shell_text_init(struct shell_text *state)
{
    *state = (struct shell_text){0};
}

static struct shell_frame *top(struct shell_text *state)
{
    return &state->frames[state->depth];
}

/* The command to which the current text belongs. */
static struct shell_command *command_of(struct shell_text *state)
{
    size_t i = state->depth;
    while (i > 0 && (state->frames[i].place != SHELL_BARE || state->frames[i].closing == '}')) {
        i--;
    }
    return &state->frames[i].command;
}

/* Frames nested deeper than in any sensible command are merged into the innermost one. */
static void push(struct shell_text *state, struct shell_frame frame)
{
    if (state->depth + 1 < SHELL_DEEPEST) {
        state->depth++;
        *top(state) = frame;
    } else {
        state->is_unclear = true;
    }
}

/* Text after a substitution continues its word. */
static void pop(struct shell_text *state)
{
    if (state->depth > 0) {
        state->closes_word |= top(state)->in_word;
        state->depth--;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_operator(char c)
{
    return c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<' || c == '>';
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static char byte_at(struct slice text, size_t at)
{
    if (at >= text.len) {
        return '\0';
    }
    return text.at[at];
}

static bool follows(struct slice text, size_t at, const char *what)
{
    return slice_starts_with(slice_make(text.at + at, text.len - at), what);
}

/* ---- Here-documents ---- */

static bool is_here(const struct shell_frame *frame)
{
    return frame->closing == 0 &&
           (frame->place == SHELL_HERE || frame->place == SHELL_HERE_LITERAL);
}

bool shell_text_in_here(const struct shell_text *state)
{
    for (size_t i = 0; i <= state->depth; i++) {
        if (is_here(&state->frames[i])) {
            return true;
        }
    }
    return false;
}

static bool in_substitution(const struct shell_text *state)
{
    for (size_t i = 0; i <= state->depth; i++) {
        const struct shell_frame *frame = &state->frames[i];
        if (frame->closing == '`' || (frame->closing == ')' && !frame->is_arithmetic)) {
            return true;
        }
    }
    return false;
}

/* Reads `<<` or `<<-` and the delimiter. dash also takes `((1 << 2))` for a here-document, and
 * shells differ in when they read a here-document that begins inside another. */
static size_t announce_here(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_here here;
    size_t len = shell_here_read(&here, text, at);
    if (here.delimiter.len == 0) {
        return len;
    }
    here.depth = state->depth;
    here.in_substitution = in_substitution(state);
    state->announced = here;
    state->has_announced = true;
    if (top(state)->is_arithmetic) {
        state->announced.is_odd = false;
        state->is_unclear_in_sh = true;
        return 2;
    }
    if (shell_text_in_here(state)) {
        for (size_t i = 0; i <= state->depth; i++) {
            state->frames[i].is_unclear |= is_here(&state->frames[i]);
        }
    } else if (state->here_count < SHELL_MOST_HERE) {
        state->here[state->here_count++] = here;
    } else {
        state->is_unclear = true;
    }
    return len;
}

static void begin_here(struct shell_text *state)
{
    state->is_unclear |= state->here[0].depth != state->depth;
    push(state,
         (struct shell_frame){.place = state->here[0].is_quoted ? SHELL_HERE_LITERAL : SHELL_HERE});
    state->at_line_start = true;
}

/* Leaves the here-document, whatever is still open in it. */
static void leave_here(struct shell_text *state)
{
    while (state->depth > 0 && !is_here(top(state))) {
        state->is_unclear = true; /* not all shells look for the delimiter there */
        pop(state);
    }
    pop(state);
    state->here_count--;
    memmove(state->here, state->here + 1, state->here_count * sizeof state->here[0]);
}

/* Whether the line that begins at `at` ends the here-document. */
static bool ends_here(struct shell_text *state, struct slice text, size_t at, size_t *len)
{
    if (shell_here_ends(&state->here[0], text, at, len)) {
        leave_here(state);
        return true;
    }
    state->is_unclear |= shell_here_is_unclear(&state->here[0], text, at);
    return false;
}

/* ---- Substitutions ---- */

/* Whether the `((` at `at` is closed by `))`; otherwise it opens two subshells. */
static bool is_arithmetic(struct slice text, size_t at)
{
    size_t open = 0;
    for (size_t i = at; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\'' || c == '"') {
            const char *end = memchr(text.at + i + 1, c, text.len - i - 1);
            i = end != NULL ? (size_t)(end - text.at) : text.len;
        } else if (c == '(') {
            open++;
        } else if (c == ')' && --open == 1) {
            return byte_at(text, i + 1) == ')';
        }
    }
    return true;
}

/* The kind of text after the name of a `${` that ends before `at`. */
static enum shell_parameter parameter_at(struct slice text, size_t at)
{
    char c = byte_at(text, at);
    if ((c == '#' || c == '!') && is_name_character(byte_at(text, at + 1))) {
        at++;
    }
    if (is_name_character(byte_at(text, at))) {
        while (is_name_character(byte_at(text, at))) {
            at++;
        }
    } else {
        at++;
    }
    if (byte_at(text, at) == ':' && strchr("-=+?", byte_at(text, at + 1)) != NULL) {
        at++;
    }
    c = byte_at(text, at);
    if (c == '\0') {
        return PARAMETER_OTHER;
    }
    if (strchr("-=+?", c) != NULL) {
        return PARAMETER_WORD;
    }
    return strchr("#%/^,", c) != NULL ? PARAMETER_PATTERN : PARAMETER_OTHER;
}

/* Reads a special `$` and the text that belongs to it. */
static size_t step_dollar(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_frame *frame = top(state);
    shell_command_add(command_of(state), '$', true);
    if (follows(text, at, "$((")) {
        if (is_arithmetic(text, at + 1)) {
            push(state,
                 (struct shell_frame){
                     .closing = ')', .in_word = true, .parentheses = 2, .is_arithmetic = true});
            return 3;
        }
        state->is_unclear_in_sh = true; /* dash takes two subshells for arithmetic, too */
    }
    if (follows(text, at, "$(")) {
        push(state, (struct shell_frame){.closing = ')', .in_word = true, .parentheses = 1});
        return 2;
    }
    if (follows(text, at, "${")) {
        push(state, (struct shell_frame){.place = frame->place,
                                         .closing = '}',
                                         .in_word = true,
                                         .parameter = parameter_at(text, at + 2)});
        return 2;
    }
    if (frame->place == SHELL_BARE && follows(text, at, "$'")) {
        push(state, (struct shell_frame){.place = SHELL_ANSI});
        return 2;
    }
    char next = byte_at(text, at + 1);
    return next != '\0' && strchr("$!#?*@-0123456789", next) != NULL ? 2 : 1;
}

static struct shell_frame *open_backtick(struct shell_text *state)
{
    for (size_t i = state->depth; i > 0; i--) {
        if (state->frames[i].closing == '`') {
            return &state->frames[i];
        }
    }
    return NULL;
}

/* A backtick closes an open one, even if other frames are open inside it. */
static size_t step_backtick(struct shell_text *state)
{
    const struct shell_frame *open = open_backtick(state);
    if (open != NULL) {
        state->is_unclear |= open != top(state) && top(state)->place != SHELL_COMMENT;
        while (top(state) != open) {
            pop(state);
        }
        pop(state);
        return 1;
    }
    shell_command_add(command_of(state), '`', true);
    push(state, (struct shell_frame){.closing = '`', .in_word = true});
    return 1;
}

static size_t step_parenthesis(struct shell_text *state, char c)
{
    struct shell_frame *frame = top(state);
    struct shell_command *command = &frame->command;
    command->is_quoted |= c == ')'; /* a pattern of `case`, not a keyword */
    bool ends_case = c == ')' && !command->has_name && command->word_len == 4 &&
                     memcmp(command->word, "esac", 4) == 0 && command->cases > 0;
    command->cases -= ends_case;
    shell_command_end_word(command);
    shell_command_end(command);
    if (frame->closing != ')') {
        return 1;
    }
    if (c == '(') {
        frame->parentheses++;
    } else if (frame->parentheses > 1 || frame->command.cases == 0) {
        frame->parentheses--;
    }
    if (frame->parentheses == 0) {
        pop(state);
    }
    return 1;
}

/* ---- One step ---- */

static size_t step_bare_operator(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_frame *frame = top(state);
    char c = text.at[at];
    if (follows(text, at, "((") && !frame->command.has_name && !frame->command.in_word &&
        is_arithmetic(text, at)) {
        push(state, (struct shell_frame){.closing = ')', .parentheses = 2, .is_arithmetic = true});
        return 2;
    }
    if (c == '(' || c == ')') {
        return step_parenthesis(state, c);
    }
    bool is_process = follows(text, at, "<(") || follows(text, at, ">(");
    if (is_process && !frame->is_arithmetic) {
        frame->command.in_word = true;
        push(state, (struct shell_frame){.closing = ')', .in_word = true, .parentheses = 1});
        return 2;
    }
    shell_command_end_word(&frame->command);
    if (c == '<' || c == '>') {
        if (follows(text, at, "<<<")) {
            return 3;
        }
        bool is_shift = frame->is_arithmetic && frame->in_word;
        bool here = follows(text, at, "<<") && !is_shift;
        return here ? announce_here(state, text, at) : 1;
    }
    if (c == ';' || c == '&' || c == '|') {
        shell_command_end(&frame->command);
    }
    return 1;
}

static size_t step_bare(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_frame *frame = top(state);
    char c = text.at[at];
    struct shell_command *command = command_of(state);
    if (frame->closing == '}' && c == '}') {
        pop(state);
        return 1;
    }
    if (c == '\'' || c == '"') {
        command->in_word = true;
        push(state, (struct shell_frame){.place = c == '"' ? SHELL_DOUBLE : SHELL_SINGLE});
        return 1;
    }
    bool word_begins = state->last == 0 || is_blank(state->last) || is_operator(state->last);
    if (c == '#' && word_begins && frame->closing != '}' && !frame->is_arithmetic) {
        push(state, (struct shell_frame){.place = SHELL_COMMENT});
        return 1;
    }
    if (frame->closing != '}' && is_operator(c)) {
        return step_bare_operator(state, text, at);
    }
    if (frame->closing != '}' && is_blank(c)) {
        shell_command_end_word(command);
        if (c == '\n') {
            shell_command_end(command);
            if (state->here_count > 0 && !shell_text_in_here(state)) {
                begin_here(state);
            }
        }
        return 1;
    }
    shell_command_add(command, c, false);
    return 1;
}

/* Judges a byte of ${…} inside "…" or a here-document. Shells disagree on quotes there, except for
 * ' in the word after `:-`, and " in such a word inside "…". */
static void judge_parameter_quote(struct shell_text *state, char c)
{
    bool is_word = top(state)->parameter == PARAMETER_WORD;
    bool is_clear = is_word && (c == '\'' || top(state)->place == SHELL_DOUBLE);
    state->is_unclear |= (c == '\'' || c == '"') && !is_clear;
}

static size_t step_quoted(struct shell_text *state, struct slice text, size_t at)
{
    char c = text.at[at];
    bool in_parameter = top(state)->closing == '}';
    switch (top(state)->place) {
    case SHELL_SINGLE:
    case SHELL_ANSI:
        if (c == '\'') {
            pop(state);
            return 1;
        }
        if (c == '`' && open_backtick(state) != NULL) {
            return step_backtick(state);
        }
        if (c == '\\' && top(state)->place == SHELL_ANSI && at + 1 < text.len) {
            state->is_unclear_in_sh |= text.at[at + 1] == '\'';
            return 2;
        }
        break;
    case SHELL_DOUBLE:
    case SHELL_HERE:
        if (in_parameter && c == '}') {
            pop(state);
            return 1;
        }
        if (in_parameter) {
            judge_parameter_quote(state, c);
        }
        if (c == '"' && top(state)->place == SHELL_DOUBLE) {
            if (in_parameter) {
                push(state, (struct shell_frame){.place = SHELL_DOUBLE});
            } else {
                pop(state);
            }
            return 1;
        }
        break;
    default:
        break;
    }
    shell_command_add(command_of(state), c, true);
    return 1;
}

/* Whether a backslash escapes the next byte: any byte outside of quotes, some inside "…". */
static bool escapes_next(const struct shell_text *state, struct slice text, size_t at)
{
    enum shell_place place = shell_text_place(state);
    if (text.at[at] != '\\' || at + 1 >= text.len) {
        return false;
    }
    char next = text.at[at + 1];
    bool in_parameter = state->frames[state->depth].closing == '}';
    return place == SHELL_BARE ||
           (shell_text_expands(state) &&
            (next == '$' || next == '`' || next == '\\' || next == '\n' ||
             (next == '"' && place == SHELL_DOUBLE) || (next == '}' && in_parameter)));
}

static size_t step(struct shell_text *state, struct slice text, size_t at)
{
    char c = text.at[at];
    if (state->at_line_start && shell_text_in_here(state)) {
        size_t len;
        state->at_line_start = false;
        if (ends_here(state, text, at, &len) && len > 0) {
            return len;
        }
    }
    if (top(state)->place == SHELL_COMMENT) {
        if (c == '`' && open_backtick(state) != NULL) {
            return step_backtick(state);
        }
        if (c != '\n') {
            return 1;
        }
        pop(state);
    }
    if (c == '\\' && open_backtick(state) != NULL) { /* backticks consume one of the backslashes */
        open_backtick(state)->is_unclear = true;
    }
    if (escapes_next(state, text, at)) {
        if (text.at[at + 1] != '\n') {
            shell_command_add(command_of(state), text.at[at + 1], true);
        }
        return 2;
    }
    if (shell_text_expands(state) && c == '$') {
        return step_dollar(state, text, at);
    }
    if (shell_text_expands(state) && c == '`') {
        return step_backtick(state);
    }
    return top(state)->place == SHELL_BARE ? step_bare(state, text, at)
                                           : step_quoted(state, text, at);
}

/* Lines that a backslash joins may be joined in the middle of an operator. */
static bool splits_operator(struct slice text, size_t at)
{
    char before = '\0';
    if (at > 0) {
        before = text.at[at - 1];
    }
    char after = byte_at(text, at + 2);
    return before == '$' || ((before == '<' || before == '>' || before == '(') && after != '\0' &&
                             strchr("<>(&-\\", after) != NULL);
}

size_t shell_text_step(struct shell_text *state, struct slice text, size_t at)
{
    size_t depth = state->depth;
    state->has_announced = false;
    state->closes_word = false;
    size_t len = step(state, text, at);
    char c = text.at[at + len - 1];
    if (len == 2 && text.at[at] == '\\') {
        if (c == '\n') {
            state->is_unclear |= splits_operator(text, at);
        } else {
            state->last = '\\';
        }
        return len;
    }
    if (c == '\n' && shell_text_in_here(state)) {
        state->at_line_start = true;
    }
    if (state->closes_word) {
        state->last = 'x';
    } else {
        state->last = c;
    }
    if (c == '`' && state->depth > depth) {
        state->last = '('; /* a comment may follow */
    }
    return len;
}

void shell_text_put(struct shell_text *state)
{
    command_of(state)->in_word = true;
    command_of(state)->is_quoted = true;
    state->at_line_start = false;
    state->last = 'x';
}

enum shell_place shell_text_place(const struct shell_text *state)
{
    return state->frames[state->depth].place;
}

bool shell_text_expands(const struct shell_text *state)
{
    enum shell_place place = shell_text_place(state);
    return place == SHELL_BARE || place == SHELL_DOUBLE || place == SHELL_HERE;
}
