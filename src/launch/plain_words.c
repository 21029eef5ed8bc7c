/* Splits a command into words if they are plain and need no shell. */
#include "launch.h"

#include <stdlib.h>

/* Builtins and keywords of a POSIX shell or bash, sorted. `echo`, `printf`, `test`, `true`, `pwd`
 * and `kill` are also programs, but their behaviour differs from that of some shells. */
static const char *const shell_words[] = {
    "!",         ".",        ":",       "[",       "[[",     "alias",   "bg",       "bind",
    "break",     "builtin",  "caller",  "case",    "cd",     "command", "compgen",  "complete",
    "compopt",   "continue", "coproc",  "declare", "dirs",   "disown",  "do",       "done",
    "echo",      "elif",     "else",    "enable",  "esac",   "eval",    "exec",     "exit",
    "export",    "false",    "fc",      "fg",      "fi",     "for",     "function", "getopts",
    "hash",      "help",     "history", "if",      "in",     "jobs",    "kill",     "let",
    "local",     "logout",   "mapfile", "popd",    "printf", "pushd",   "pwd",      "read",
    "readarray", "readonly", "return",  "select",  "set",    "shift",   "shopt",    "source",
    "suspend",   "test",     "then",    "time",    "times",  "trap",    "true",     "type",
    "typeset",   "ulimit",   "umask",   "unalias", "unset",  "until",   "wait",     "while",
    "{",         "}",
};

static int compare_words(const void *word, const void *entry)
{
    return strcmp(word, *(const char *const *)entry);
}

static bool is_shell_word(const char *word)
{
    size_t count = sizeof shell_words / sizeof shell_words[0];
    return bsearch(word, shell_words, count, sizeof shell_words[0], compare_words) != NULL;
}

static bool is_plain(char c)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=.,/:@%^";
    return c != '\0' && strchr(plain, c) != NULL;
}

char **launch_split_plain(struct slice text, struct arena *arena)
{
    char *bytes = arena_alloc(arena, text.len + 1);
    size_t limit = text.len / 2 + 3;
    char **argv = arena_array(arena, limit, sizeof *argv);
    size_t count = 0;
    size_t out = 0;
    size_t i = 0;
    while (i < text.len) {
        if (text.at[i] == ' ' || text.at[i] == '\t') {
            i++;
            continue;
        }
        if (text.at[i] == '\n') { /* only at the very end */
            if (i + 1 != text.len) {
                return NULL;
            }
            break;
        }
        argv[count++] = bytes + out;
        while (i < text.len && strchr(" \t\n", text.at[i]) == NULL) {
            char quote = text.at[i];
            if (quote == '\'' || quote == '"') {
                size_t end = i + 1;
                while (end < text.len && text.at[end] != quote) {
                    if (quote == '"' && strchr("$`\\", text.at[end]) != NULL) {
                        return NULL;
                    }
                    bytes[out++] = text.at[end++];
                }
                if (end == text.len) {
                    return NULL;
                }
                i = end + 1;
            } else if (is_plain(text.at[i]) && !(count == 1 && text.at[i] == '=')) {
                bytes[out++] = text.at[i++];
            } else {
                return NULL;
            }
        }
        bytes[out++] = '\0';
    }
    if (count == 0 || is_shell_word(argv[0])) {
        return NULL;
    }
    argv[count] = NULL;
    return argv;
}
