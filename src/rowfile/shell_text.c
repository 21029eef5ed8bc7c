#include "shell_text.h"

void shell_text_init(struct shell_text *state)
{
    *state = (struct shell_text){0};
}

static struct shell_frame *top(struct shell_text *state)
{
    return &state->frames[state->depth];
}

/* The frame whose words the text at hand belongs to. */
static struct shell_command *command_of(struct shell_text *state)
{
    size_t i = state->depth;
    while (i > 0 && (state->frames[i].place != SHELL_BARE || state->frames[i].closing == '}')) {
        i--;
    }
    return &state->frames[i].command;
}

/* Frames nested deeper than any sensible command are taken for the innermost one. */
static void push(struct shell_text *state, struct shell_frame frame)
{
    if (state->depth + 1 < SHELL_DEEPEST) {
        state->depth++;
        *top(state) = frame;
    }
}

static void pop(struct shell_text *state)
{
    if (state->depth > 0) {
        state->depth--;
    }
}

static void add_to_word(struct shell_command *command, char c)
{
    command->in_word = true;
    if (command->word_len < SHELL_LONGEST_WORD) {
        command->word[command->word_len++] = c;
    }
}

static bool is_one_of(struct slice word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_shell_name(struct slice word)
{
    static const char *const names[] = {"sh", "bash", "dash", "ash", "zsh", "ksh"};
    return is_one_of(word, names, sizeof names / sizeof names[0]);
}

static bool is_rereading_name(struct slice word)
{
    static const char *const names[] = {"eval", "ssh", "rsh"};
    return is_one_of(word, names, sizeof names / sizeof names[0]);
}

/* Words that may stand before a command's name. */
static bool is_introduction(struct slice word)
{
    static const char *const names[] = {"if",  "then", "else", "elif",    "while",  "until",
                                        "do",  "!",    "{",    "exec",    "time",   "nohup",
                                        "env", "nice", "sudo", "command", "builtin"};
    return is_one_of(word, names, sizeof names / sizeof names[0]) ||
           memchr(word.at, '=', word.len) != NULL || word.at[0] == '-';
}

static struct slice file_name(struct slice word)
{
    for (size_t i = word.len; i > 0; i--) {
        if (word.at[i - 1] == '/') {
            return slice_make(word.at + i, word.len - i);
        }
    }
    return word;
}

static void end_word(struct shell_command *command)
{
    if (!command->in_word) {
        return;
    }
    struct slice word = slice_make(command->word, command->word_len);
    struct slice name = file_name(word);
    bool is_option = word.len > 0 && word.at[0] == '-';
    if (command->script_is_next && !is_option) {
        command->script_is_next = false;
        command->is_shell = false;
    } else if (command->is_shell && is_option && !slice_starts_with(word, "--") &&
               memchr(word.at, 'c', word.len) != NULL) {
        command->script_is_next = true;
    } else if (is_shell_name(name)) {
        command->is_shell = true;
    } else if (!command->has_name && is_rereading_name(name)) {
        command->rereads = true;
    }
    if (!command->has_name && slice_is(word, "case")) {
        command->cases++;
    } else if (!command->has_name && slice_is(word, "esac") && command->cases > 0) {
        command->cases--;
    }
    command->has_name = command->has_name || (word.len > 0 && !is_introduction(word));
    command->in_word = false;
    command->word_len = 0;
}

static void end_command(struct shell_command *command)
{
    *command = (struct shell_command){.cases = command->cases};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_operator(char c)
{
    return c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<' || c == '>';
}

static bool follows(struct slice text, size_t at, const char *what)
{
    return slice_starts_with(slice_make(text.at + at, text.len - at), what);
}

/* The length of the word at `at`, quotes included. */
static size_t word_length(struct slice text, size_t at, bool *is_quoted)
{
    size_t end = at;
    char quote = 0;
    for (; end < text.len; end++) {
        char c = text.at[end];
        if (c == '\n' || (quote == 0 && (is_blank(c) || is_operator(c)))) {
            break;
        }
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            }
        } else if (c == '\'' || c == '"') {
            quote = c;
            *is_quoted = true;
        } else if (c == '\\') {
            *is_quoted = true;
        }
    }
    return end - at;
}

/* `<<`, `<<-` and the delimiter. */
static size_t announce_here(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_here here = {0};
    size_t end = at + 2;
    if (end < text.len && text.at[end] == '-') {
        here.strips_tabs = true;
        end++;
    }
    while (end < text.len && (text.at[end] == ' ' || text.at[end] == '\t')) {
        end++;
    }
    size_t len = word_length(text, end, &here.is_quoted);
    here.delimiter = slice_make(text.at + end, len);
    if (len > 0 && state->here_count < SHELL_MOST_HERE) {
        state->here[state->here_count++] = here;
    }
    return end + len - at;
}

static void begin_here(struct shell_text *state)
{
    push(state,
         (struct shell_frame){.place = state->here[0].is_quoted ? SHELL_HERE_LITERAL : SHELL_HERE});
    state->at_line_start = true;
}

/* Whether `line` is the delimiter once its quotes are taken off. */
static bool is_delimiter(struct slice delimiter, struct slice line)
{
    size_t matched = 0;
    char quote = 0;
    for (size_t i = 0; i < delimiter.len; i++) {
        char c = delimiter.at[i];
        if (quote != 0 ? c == quote : c == '\'' || c == '"') {
            if (quote == 0) {
                quote = c;
            } else {
                quote = 0;
            }
            continue;
        }
        if (quote == 0 && c == '\\' && i + 1 < delimiter.len) {
            c = delimiter.at[++i];
        }
        if (matched == line.len || line.at[matched] != c) {
            return false;
        }
        matched++;
    }
    return matched == line.len;
}

/* At the start of a line of a here-document: the length of the delimiter that ends it, or 0. */
static size_t here_end(const struct shell_text *state, struct slice text, size_t at)
{
    size_t begin = at;
    while (state->here[0].strips_tabs && begin < text.len && text.at[begin] == '\t') {
        begin++;
    }
    const char *newline = memchr(text.at + begin, '\n', text.len - begin);
    size_t end = newline != NULL ? (size_t)(newline - text.at) : text.len;
    struct slice line = slice_make(text.at + begin, end - begin);
    return is_delimiter(state->here[0].delimiter, line) ? end - at : 0;
}

static bool is_here(const struct shell_frame *frame)
{
    return frame->closing == 0 &&
           (frame->place == SHELL_HERE || frame->place == SHELL_HERE_LITERAL);
}

/* Leaves the here-document, whatever is still open in it. */
static void leave_here(struct shell_text *state)
{
    while (state->depth > 0 && !is_here(top(state))) {
        pop(state);
    }
    pop(state);
    state->here_count--;
    memmove(state->here, state->here + 1, state->here_count * sizeof state->here[0]);
}

static bool in_here(const struct shell_text *state)
{
    for (size_t i = 0; i <= state->depth; i++) {
        if (is_here(&state->frames[i])) {
            return true;
        }
    }
    return false;
}

/* `$` and what belongs to it, where it has its meaning. */
static size_t step_dollar(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_frame *frame = top(state);
    add_to_word(command_of(state), '$');
    if (follows(text, at, "$((")) {
        push(state, (struct shell_frame){.closing = ')', .parentheses = 2, .is_arithmetic = true});
        return 3;
    }
    if (follows(text, at, "$(")) {
        push(state, (struct shell_frame){.closing = ')', .parentheses = 1});
        return 2;
    }
    if (follows(text, at, "${")) {
        push(state, (struct shell_frame){.place = frame->place, .closing = '}'});
        return 2;
    }
    if (frame->place == SHELL_BARE && follows(text, at, "$'")) {
        push(state, (struct shell_frame){.place = SHELL_ANSI});
        return 2;
    }
    return 1;
}

static size_t step_backtick(struct shell_text *state)
{
    for (size_t i = state->depth; i > 0; i--) {
        if (state->frames[i].closing == '`') {
            state->depth = i - 1;
            return 1;
        }
    }
    add_to_word(command_of(state), '`');
    push(state, (struct shell_frame){.closing = '`'});
    return 1;
}

static size_t step_parenthesis(struct shell_text *state, char c)
{
    struct shell_frame *frame = top(state);
    end_word(&frame->command);
    end_command(&frame->command);
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

static size_t step_bare_operator(struct shell_text *state, struct slice text, size_t at)
{
    struct shell_frame *frame = top(state);
    char c = text.at[at];
    if (follows(text, at, "((") && !frame->command.has_name && !frame->command.in_word) {
        push(state, (struct shell_frame){.closing = ')', .parentheses = 2, .is_arithmetic = true});
        return 2;
    }
    if (c == '(' || c == ')') {
        return step_parenthesis(state, c);
    }
    end_word(&frame->command);
    if (c == '<' || c == '>') {
        if (follows(text, at, "<<<")) {
            return 3;
        }
        bool here = follows(text, at, "<<") && !frame->is_arithmetic && !in_here(state);
        return here ? announce_here(state, text, at) : 1;
    }
    if (c == ';' || c == '&' || c == '|') {
        end_command(&frame->command);
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
        end_word(command);
        if (c == '\n') {
            end_command(command);
            if (state->here_count > 0 && !in_here(state)) {
                begin_here(state);
            }
        }
        return 1;
    }
    add_to_word(command, c);
    return 1;
}

static size_t step_quoted(struct shell_text *state, struct slice text, size_t at)
{
    char c = text.at[at];
    switch (top(state)->place) {
    case SHELL_SINGLE:
    case SHELL_ANSI:
        if (c == '\'') {
            pop(state);
            return 1;
        }
        if (c == '\\' && top(state)->place == SHELL_ANSI && at + 1 < text.len) {
            return 2;
        }
        break;
    case SHELL_DOUBLE:
        if (top(state)->closing == '}' && c == '}') {
            pop(state);
            return 1;
        }
        if (c == '"') {
            if (top(state)->closing == '}') {
                push(state, (struct shell_frame){.place = SHELL_DOUBLE});
            } else {
                pop(state);
            }
            return 1;
        }
        break;
    case SHELL_HERE:
        if (top(state)->closing == '}' && c == '}') {
            pop(state);
            return 1;
        }
        break;
    default:
        break;
    }
    add_to_word(command_of(state), c);
    return 1;
}

/* A backslash takes the next byte along: any in the open, some inside "…". */
static bool escapes_next(const struct shell_text *state, struct slice text, size_t at)
{
    enum shell_place place = shell_text_place(state);
    if (text.at[at] != '\\' || at + 1 >= text.len) {
        return false;
    }
    char next = text.at[at + 1];
    return place == SHELL_BARE ||
           (shell_text_expands(state) && (next == '$' || next == '`' || next == '\\' ||
                                          next == '\n' || (next == '"' && place == SHELL_DOUBLE)));
}

static size_t step(struct shell_text *state, struct slice text, size_t at)
{
    char c = text.at[at];
    if (state->at_line_start && in_here(state)) {
        size_t len = here_end(state, text, at);
        state->at_line_start = false;
        if (len > 0) {
            leave_here(state);
            return len;
        }
    }
    if (top(state)->place == SHELL_COMMENT) {
        if (c != '\n') {
            return 1;
        }
        pop(state);
    }
    if (escapes_next(state, text, at)) {
        if (text.at[at + 1] != '\n') {
            add_to_word(command_of(state), text.at[at + 1]);
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

size_t shell_text_step(struct shell_text *state, struct slice text, size_t at)
{
    size_t len = step(state, text, at);
    char c = text.at[at + len - 1];
    if (c == '\n' && in_here(state)) {
        state->at_line_start = true;
    }
    state->last = c;
    if (len == 2 && text.at[at] == '\\') {
        state->last = '\\';
    }
    return len;
}

void shell_text_put(struct shell_text *state)
{
    command_of(state)->in_word = true;
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
