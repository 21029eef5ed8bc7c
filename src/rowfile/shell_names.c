#include "shell_names.h"

#include "shell_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    struct shell_text shell;
    struct slice text;
    size_t begin; /* of the current word */
    bool in_word;
    bool is_plain;
    bool is_target;     /* the current word follows `>` */
    bool first_is_over; /* the first command's name was read, or can't be told */
    bool is_over;       /* a `cd` was read */
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

static int compare_words(const void *word, const void *entry)
{
    return slice_compare(*(const struct slice *)word, slice_of(*(const char *const *)entry));
}

/* Builtins and keywords of a POSIX shell or bash, and the functions by which environment modules are
 * loaded, which only a shell finds. `echo`, `printf`, `test`, `true`, `pwd` and `kill` are also
 * programs, but their behaviour differs from that of some shells. */
bool shell_has_built_in(struct slice name)
{
    static const char *const sorted[] = {
        "!",       ".",        ":",         "[",        "[[",     "alias",   "bg",       "bind",
        "break",   "builtin",  "caller",    "case",     "cd",     "command", "compgen",  "complete",
        "compopt", "continue", "coproc",    "declare",  "dirs",   "disown",  "do",       "done",
        "echo",    "elif",     "else",      "enable",   "esac",   "eval",    "exec",     "exit",
        "export",  "false",    "fc",        "fg",       "fi",     "for",     "function", "getopts",
        "hash",    "help",     "history",   "if",       "in",     "jobs",    "kill",     "let",
        "local",   "logout",   "mapfile",   "ml",       "module", "popd",    "printf",   "pushd",
        "pwd",     "read",     "readarray", "readonly", "return", "select",  "set",      "shift",
        "shopt",   "source",   "suspend",   "test",     "then",   "time",    "times",    "trap",
        "true",    "type",     "typeset",   "ulimit",   "umask",  "unalias", "unset",    "until",
        "wait",    "while",    "{",         "}"};
    return bsearch(&name, sorted, sizeof sorted / sizeof sorted[0], sizeof sorted[0],
                   compare_words) != NULL;
}

/* Words that may precede the name of a command. */
static bool is_introduction(struct slice word)
{
    static const char *const names[] = {"exec", "time", "nohup", "command", "!"};
    return is_one_of(word, names, sizeof names / sizeof names[0]);
}

static bool is_assignment(struct slice word)
{
    const char *sign = memchr(word.at, '=', word.len);
    for (const char *at = word.at; sign != NULL && at < sign; at++) {
        if (!isalnum((unsigned char)*at) && *at != '_') {
            return false;
        }
    }
    return sign != NULL && sign > word.at;
}

static bool is_plain_byte(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_./+-@%:,=", c) != NULL) ||
           (unsigned char)c >= 0x80;
}

static void end_word(struct walk *walk, size_t end,
                     void (*each)(void *context, const struct shell_name *name), void *context)
{
    struct slice word = slice_make(walk->text.at + walk->begin, end - walk->begin);
    if (!walk->in_word) {
        return;
    }
    if (!walk->first_is_over && is_assignment(word)) {
        walk->in_word = false;
        walk->is_target = false;
        return;
    }
    struct shell_name name = {.word = word, .is_written_to = walk->is_target};
    if (!walk->first_is_over && !walk->is_target && !is_introduction(word)) {
        walk->first_is_over = true;
        name.is_program = walk->is_plain;
    }
    walk->is_over = walk->is_over || slice_is(word, "cd") || slice_is(word, "pushd");
    if (walk->is_plain && !walk->is_over) {
        each(context, &name);
    }
    walk->in_word = false;
    walk->is_target = false;
}

void shell_names_each(struct slice text, void (*each)(void *context, const struct shell_name *name),
                      void *context)
{
    struct walk walk = {.text = text};
    shell_text_init(&walk.shell);
    for (size_t at = 0; at < text.len && !walk.is_over;) {
        enum shell_place place = shell_text_place(&walk.shell);
        bool is_outermost = walk.shell.depth == 0 && place == SHELL_BARE;
        char c = text.at[at];
        size_t len = shell_text_step(&walk.shell, text, at);
        bool is_between = c == ' ' || c == '\t' || c == '\n' || strchr(";&|()<>", c) != NULL;
        if (is_outermost && len == 1 && is_between) {
            end_word(&walk, at, each, context);
            walk.is_target = c == '>' || (walk.is_target && (c == ' ' || c == '>' || c == '|'));
            walk.first_is_over = walk.first_is_over || strchr(";&|()", c) != NULL;
        } else if (place == SHELL_COMMENT || shell_text_place(&walk.shell) == SHELL_COMMENT) {
            end_word(&walk, at, each, context);
        } else if (place != SHELL_HERE && place != SHELL_HERE_LITERAL) {
            if (!walk.in_word) {
                walk.begin = at;
                walk.in_word = true;
                walk.is_plain = true;
            }
            walk.is_plain = walk.is_plain && is_outermost && len == 1 && is_plain_byte(c);
        }
        at += len;
    }
    if (!walk.is_over) {
        end_word(&walk, text.len, each, context);
    }
}
