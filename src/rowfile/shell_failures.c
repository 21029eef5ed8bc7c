#include "shell_failures.h"

#include "shell_text.h"

#include <ctype.h>
#include <string.h>

enum { DEEPEST_CASE = 16 };

/* A list of commands: the whole text, or the contents of a substitution. */
struct list {
    bool is_open;      /* in use at this depth */
    size_t begin;      /* of the current simple command; SIZE_MAX: none yet */
    size_t end;        /* of its last word */
    struct slice name; /* its first word that isn't an introduction; at NULL: none yet */
    size_t word;       /* start of the current word */
    bool in_word;
    bool is_negated;
    bool is_closed;    /* a compound command ended here: `done`, `fi`, `}`, `)` */
    size_t conditions; /* open `if`, `while`, … before their `then` or `do` */
    size_t cases;
    bool is_pattern[DEEPEST_CASE]; /* by case: a pattern is being read */
    struct slice pending;          /* a command that ended and isn't followed by another yet */
    struct slice before_and;       /* the a in the current `a && b` */
    struct slice pending_and;      /* the same for one that has ended */
    struct slice background;
};

struct walk {
    struct slice text;
    struct shell_text shell;
    struct list lists[SHELL_DEEPEST]; /* by depth of the shell's frames */
    size_t top;                       /* depth of the current list */
    bool stops;
    bool sees_pipes;
    bool waits; /* waits for the status of background commands */
    struct shell_failures *found;
};

static bool is_one_of(struct slice word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, names[i])) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(word, ...)                                                                       \
    is_one_of(word, (const char *const[]){__VA_ARGS__},                                            \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Commands that rarely fail, or that end the script themselves. */
static bool is_harmless(struct slice name)
{
    return slice_starts_with(name, "((") ||
           IS_ONE_OF(name, "echo", "printf", ":", "true", "set", "export", "unset", "trap", "umask",
                     "wait", "sleep", "exit", "return", "break", "continue", "shift", "local",
                     "readonly", "declare", "typeset", "shopt", "ulimit", "yes", "seq");
}

/* Commands whose status is an answer. */
static bool is_question(struct slice name)
{
    return IS_ONE_OF(name, "test", "[", "[[", "grep", "egrep", "fgrep", "cmp", "diff", "command",
                     "type", "which", "hash", "expr", "let", "mountpoint", "pgrep", "kill");
}

static void note(struct walk *walk, enum shell_failure kind, struct slice command)
{
    for (size_t i = 0; i <= walk->top; i++) {
        if (walk->lists[i].conditions > 0) {
            return;
        }
    }
    if (command.at != NULL && walk->found->first[kind].at == NULL) {
        walk->found->first[kind] = command;
    }
}

/* The current command, from its name on. */
static struct slice command_of(const struct walk *walk, const struct list *list)
{
    return slice_make(list->name.at, (size_t)(walk->text.at + list->end - list->name.at));
}

/* The command that is about to end, if its failure matters. */
static struct slice failing(const struct walk *walk, const struct list *list)
{
    if (list->is_closed) {
        return list->pending;
    }
    bool matters = list->name.at != NULL && !list->is_negated && !is_harmless(list->name);
    return matters ? command_of(walk, list) : (struct slice){0};
}

static bool holds(struct slice command, const char *word)
{
    return memmem(command.at, command.len, word, strlen(word)) != NULL;
}

/* Reads the options of a `set -euo pipefail`, which apply from here on. */
static void take_set(struct walk *walk, struct slice command)
{
    for (size_t i = 0; i + 1 < command.len; i++) {
        char sign = command.at[i + 1];
        if ((command.at[i] != ' ' && command.at[i] != '\t') || (sign != '-' && sign != '+')) {
            continue;
        }
        for (size_t c = i + 2; c < command.len && command.at[c] != ' '; c++) {
            walk->stops = command.at[c] == 'e' ? sign == '-' : walk->stops;
        }
    }
    walk->stops |= holds(command, "-o errexit");
    walk->sees_pipes |= holds(command, "pipefail");
}

static void reset(struct list *list)
{
    list->begin = SIZE_MAX;
    list->name = (struct slice){0};
    list->in_word = false;
    list->is_negated = false;
    list->is_closed = false;
}

/* Begins a command: the status of the previous one is lost. */
static void begin_command(struct walk *walk, struct list *list)
{
    note(walk, walk->stops ? FAILURE_BEFORE_AND : FAILURE_BEFORE_NEXT, list->pending_and);
    if (!walk->stops) {
        note(walk, FAILURE_BEFORE_NEXT, list->pending);
    }
    list->pending = (struct slice){0};
    list->pending_and = (struct slice){0};
}

/* ---- Words ---- */

static bool reads_pattern(const struct list *list)
{
    return list->cases > 0 && list->cases <= DEEPEST_CASE && list->is_pattern[list->cases - 1];
}

static void set_pattern(struct list *list, bool is_pattern)
{
    if (list->cases > 0 && list->cases <= DEEPEST_CASE) {
        list->is_pattern[list->cases - 1] = is_pattern;
    }
}

/* Handles a keyword where a command could begin. */
static bool take_keyword(struct walk *walk, struct list *list, struct slice word)
{
    if (IS_ONE_OF(word, "if", "while", "until")) {
        begin_command(walk, list);
        list->conditions++;
    } else if (slice_is(word, "elif")) {
        list->conditions++;
    } else if (IS_ONE_OF(word, "then", "do")) {
        list->conditions -= list->conditions > 0;
        list->pending = (struct slice){0};
        list->pending_and = (struct slice){0};
    } else if (slice_is(word, "done")) {
        if (!walk->stops) { /* the next iteration follows */
            note(walk, FAILURE_BEFORE_NEXT, list->pending);
        }
        list->is_closed = true;
    } else if (IS_ONE_OF(word, "fi", "}")) {
        list->is_closed = true;
    } else if (slice_is(word, "!")) {
        list->is_negated = true;
    } else if (!IS_ONE_OF(word, "else", "{", "time", "exec", "nohup", "env", "nice")) {
        return false;
    }
    return true;
}

/* Whether the word is `NAME=…` or a redirection, so that the command's name is still to come. */
static bool is_before_name(struct slice word)
{
    size_t i = 0;
    while (i < word.len && (isalnum((unsigned char)word.at[i]) || word.at[i] == '_')) {
        i++;
    }
    return i < word.len && (word.at[i] == '<' || word.at[i] == '>' || (word.at[i] == '=' && i > 0));
}

static void end_word(struct walk *walk, struct list *list, size_t at)
{
    if (!list->in_word) {
        return;
    }
    struct slice word = slice_make(walk->text.at + list->word, at - list->word);
    list->in_word = false;
    list->end = at;
    if (list->name.at != NULL) {
        if (slice_is(word, "in") && slice_is(list->name, "case")) {
            list->cases++;
            set_pattern(list, true);
            reset(list);
        }
    } else if (list->cases > 0 && slice_is(word, "esac")) {
        list->cases--;
        list->is_closed = true;
    } else if (!list->is_closed && !reads_pattern(list) && !take_keyword(walk, list, word)) {
        begin_command(walk, list);
        if (!is_before_name(word)) {
            list->name = word;
        }
    }
}

/* ---- Operators ---- */

static char byte_at(struct slice text, size_t at)
{
    if (at >= text.len) {
        return '\0';
    }
    return text.at[at];
}

/* The operator at `at`, or NULL; a newline is a `;`. Redirections are part of the command. */
static const char *operator_at(struct slice text, size_t at)
{
    char c = text.at[at];
    char next = byte_at(text, at + 1);
    char before = '\0';
    if (at > 0) {
        before = text.at[at - 1];
    }
    switch (c) {
    case '\n':
        return ";";
    case ';':
        return next == ';' || next == '&' ? ";;" : ";";
    case '|':
        return before == '>' ? NULL : next == '|' ? "||" : "|";
    case '&':
        return before == '>' || before == '<' || next == '>' ? NULL : next == '&' ? "&&" : "&";
    case '(':
        return before == '=' ? NULL : "(";
    case ')':
        return ")";
    default:
        return NULL;
    }
}

/* The operator's length in the text. */
static size_t operator_length(struct slice text, size_t at, const char *operator)
{
    bool has_two = strlen(operator) == 2 || (*operator== '|' && byte_at(text, at + 1) == '&');
    return has_two ? 2 : 1;
}

/* Handles `set` and `wait`, which take effect from here on. */
static void take_builtin(struct walk *walk, const struct list *list)
{
    if (list->name.at != NULL && slice_is(list->name, "set")) {
        take_set(walk, command_of(walk, list));
    }
    bool has_words =
        list->name.at != NULL && list->name.at + list->name.len < walk->text.at + list->end;
    walk->waits |= has_words && slice_is(list->name, "wait");
}

/* Ends the current command at `operator`. */
static void end_command(struct walk *walk, struct list *list, const char *operator, size_t at)
{
    end_word(walk, list, at);
    if (list->begin == SIZE_MAX) {
        return; /* nothing since the last operator, as on an empty line */
    }
    struct slice command = failing(walk, list);
    bool is_answer = list->name.at != NULL && is_question(list->name);
    take_builtin(walk, list);
    list->pending = (struct slice){0};
    if (strcmp(operator, "|") == 0) {
        if (!walk->sees_pipes) {
            note(walk, FAILURE_BEFORE_PIPE, command);
        }
    } else if (strcmp(operator, "||") == 0) {
        list->before_and = (struct slice){0};
        list->pending_and = (struct slice){0};
    } else if (strcmp(operator, "&&") == 0) {
        if (list->before_and.at == NULL && !is_answer) {
            list->before_and = command;
        }
    } else if (strcmp(operator, "&") == 0) {
        if (list->background.at == NULL) {
            list->background = command;
        }
        list->before_and = (struct slice){0};
    } else {
        list->pending = command;
        if (list->before_and.at != NULL || !list->is_closed) {
            list->pending_and = list->before_and;
        }
        list->before_and = (struct slice){0};
    }
    reset(list);
}

static void take_operator(struct walk *walk, struct list *list, const char *operator, size_t at)
{
    if (reads_pattern(list)) {
        end_word(walk, list, at);
        if (list->is_closed) { /* esac */
            end_command(walk, list, operator, at);
        } else if (*operator== ')') {
            set_pattern(list, false);
            reset(list);
        }
    } else if (*operator== '(') {
        end_word(walk, list, at);
        if (list->name.at == NULL) { /* a subshell; else a function's name */
            begin_command(walk, list);
        }
        reset(list);
    } else if (*operator== ')') {
        end_command(walk, list, ";", at);
        list->is_closed = true;
        list->begin = at;
        list->end = at;
    } else if (strcmp(operator, ";;") == 0) {
        end_command(walk, list, ";", at);
        list->pending = (struct slice){0};
        list->pending_and = (struct slice){0};
        set_pattern(list, true);
    } else {
        end_command(walk, list, operator, at);
    }
}

/* ---- The walk ---- */

static void open_list(struct walk *walk, size_t depth)
{
    walk->lists[depth] = (struct list){.is_open = true};
    reset(&walk->lists[depth]);
    walk->top = depth;
}

static void close_list(struct walk *walk, size_t depth, size_t at)
{
    struct list *list = &walk->lists[depth];
    if (list->is_open) {
        walk->top = depth;
        end_command(walk, list, ";", at);
        if (!walk->waits) {
            note(walk, FAILURE_IN_BACKGROUND, list->background);
        }
        list->is_open = false;
    }
    while (walk->top > 0 && !walk->lists[walk->top].is_open) {
        walk->top--;
    }
}

/* Whether the frame contains words of commands. */
static bool holds_commands(const struct shell_frame *frame)
{
    return frame->place == SHELL_BARE && !frame->is_arithmetic && frame->closing != '}';
}

static void begin_word(struct list *list, size_t at)
{
    if (!list->in_word) {
        list->in_word = true;
        list->word = at;
        list->begin = list->begin == SIZE_MAX ? at : list->begin;
    }
}

/* Reads one unit of the text and returns its length. */
static size_t walk_step(struct walk *walk, size_t at)
{
    struct slice text = walk->text;
    size_t depth = walk->shell.depth;
    bool is_bare = holds_commands(&walk->shell.frames[depth]) && walk->lists[depth].is_open;
    bool ends_comment = shell_text_place(&walk->shell) == SHELL_COMMENT && text.at[at] == '\n';
    size_t len = shell_text_step(&walk->shell, text, at);
    size_t now = walk->shell.depth;
    char c = text.at[at];
    struct list *list = &walk->lists[depth];
    bool joins_lines = c == '\\' && len == 2 && text.at[at + 1] == '\n';
    bool is_comment = now > depth && shell_text_place(&walk->shell) == SHELL_COMMENT;
    bool opens = now > depth && c != '\n'; /* an arithmetic `((` */
    for (size_t d = depth; d > now; d--) {
        close_list(walk, d, at);
    }
    if (ends_comment && now < depth) {
        list = &walk->lists[now];
        is_bare = list->is_open;
    } else if (now < depth) {
        is_bare = false;
    }
    const char *operator= is_bare ? operator_at(text, at) : NULL;
    if (is_bare && !is_comment) {
        if (c == ' ' || c == '\t' || joins_lines) {
            end_word(walk, list, at);
        } else if (operator!= NULL && !opens) {
            take_operator(walk, list, operator, at);
            size_t whole = operator_length(text, at, operator);
            while (len < whole) {
                len += shell_text_step(&walk->shell, text, at + len);
            }
        } else {
            begin_word(list, at);
        }
    }
    for (size_t d = depth + 1; d <= now; d++) {
        walk->lists[d].is_open = false;
        if (holds_commands(&walk->shell.frames[d])) {
            open_list(walk, d);
        }
    }
    return len;
}

void shell_failures_find(struct slice text, bool stops, bool sees_pipes,
                         struct shell_failures *found)
{
    struct walk walk = {.text = text, .stops = stops, .sees_pipes = sees_pipes, .found = found};
    *found = (struct shell_failures){0};
    shell_text_init(&walk.shell);
    open_list(&walk, 0);
    for (size_t at = 0; at < text.len;) {
        at += walk_step(&walk, at);
    }
    for (size_t d = walk.shell.depth + 1; d-- > 0;) {
        close_list(&walk, d, text.len);
    }
}
