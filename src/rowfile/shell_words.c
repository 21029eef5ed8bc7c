#include "shell_words.h"

#include "slice.h"

void shell_command_add(struct shell_command *command, char c, bool is_quoted)
{
    command->is_quoted |= is_quoted;
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
    static const char *const names[] = {"eval", "trap", "let", "ssh", "rsh"};
    return is_one_of(word, names, sizeof names / sizeof names[0]);
}

/* Words that may precede a command's name. */
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

void shell_command_end_word(struct shell_command *command)
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
    bool is_keyword = !command->has_name && !command->is_quoted;
    if (is_keyword && slice_is(word, "case")) {
        command->cases++;
    } else if (is_keyword && slice_is(word, "esac") && command->cases > 0) {
        command->cases--;
    }
    command->has_name = command->has_name || (word.len > 0 && !is_introduction(word));
    command->in_word = false;
    command->is_quoted = false;
    command->word_len = 0;
}

void shell_command_end(struct shell_command *command)
{
    *command = (struct shell_command){.cases = command->cases};
}
