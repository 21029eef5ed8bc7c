#include "study_command.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_WORDS = 8, WENT_WELL = 0, WENT_WRONG = 1, STOPPED = -1 };

struct command {
    const struct study *study;
    const struct simulated_process *process;
    const char *directory; /* that it works on; "": none of its own */
    char *words[MOST_WORDS];
    size_t word_count;
    struct buf path;
};

/* "" where it isn't set. */
static const char *variable_of(const struct simulated_process *process, const char *name)
{
    size_t len = strlen(name);
    for (char **entry = process->environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') {
            return *entry + len + 1;
        }
    }
    return "";
}

/* The shell's text, or the words of a command that needs no shell. For the caller to release. */
static struct buf text_of(const struct simulated_process *process)
{
    struct buf text = BUF_EMPTY;
    char **words = process->argv;
    for (size_t i = 1; words[i] != NULL; i++) {
        if (strcmp(words[i], "-c") == 0) {
            buf_add_string(&text, words[i + 1]);
            return text;
        }
    }
    for (; *words != NULL; words++) {
        buf_addf(&text, "%s%s", text.len > 0 ? " " : "", *words);
    }
    return text;
}

/* Until the next call. */
static const char *path_of(struct command *command, const char *path)
{
    buf_clear(&command->path);
    if (strncmp(path, "//", 2) == 0) {
        buf_addf(&command->path, "/project/%s", path + 2);
    } else if (command->directory[0] != '\0') {
        buf_addf(&command->path, "/project/workspace/%s/%s", command->directory, path);
    } else {
        buf_addf(&command->path, "/project/%s", path);
    }
    return command->path.at;
}

/* Appends the content of a file; false where there is none. */
static bool add_content(const char *path, struct buf *out)
{
    const char *text = simulated_text(path);
    if (text != NULL) {
        buf_add_string(out, text);
    }
    return text != NULL;
}

static bool gather(struct command *command, const char *name, struct buf *out)
{
    const char *own = command->directory;
    const char *all = variable_of(command->process, "ACTION_DIRECTORY");
    char *copy = mem_copy(all, strlen(all));
    char *rest = copy;
    bool is_whole = true;
    while (rest != NULL && (command->directory = strsep(&rest, "\n"))[0] != '\0') {
        is_whole = add_content(path_of(command, name), out) && is_whole;
    }
    command->directory = own;
    free(copy);
    return is_whole;
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* Changes what was read as the statement says. */
static void change(const char *how, struct buf *content)
{
    if (strcmp(how, "sort") == 0 && content->len > 0) {
        qsort(content->at, content->len, 1, compare_bytes);
    } else if (strcmp(how, "upper") == 0) {
        for (size_t i = 0; i < content->len; i++) {
            content->at[i] = (char)toupper((unsigned char)content->at[i]);
        }
    } else if (strcmp(how, "count") == 0) {
        size_t len = content->len;
        buf_clear(content);
        buf_addf(content, "%zu", len);
    }
}

static int make_from(struct command *command, const char *how)
{
    struct buf content = BUF_EMPTY;
    bool is_gathered = strcmp(how, "gather") == 0 || strcmp(how, "gather_also") == 0;
    bool is_added = strcmp(how, "add") == 0 || strcmp(how, "gather_also") == 0;
    bool is_read = is_gathered ? gather(command, command->words[1], &content)
                               : add_content(path_of(command, command->words[1]), &content);
    if (is_read) {
        change(how, &content);
        (is_added ? simulated_append : simulated_write)(path_of(command, command->words[2]),
                                                        buf_string(&content));
    }
    buf_release(&content);
    return is_read ? WENT_WELL : WENT_WRONG;
}

static bool is(const struct command *command, const char *name, size_t words)
{
    return command->word_count == words && strcmp(command->words[0], name) == 0;
}

static int64_t seconds_to_ns(const char *text)
{
    return (int64_t)(strtod(text, NULL) * 1e9);
}

/* Whether a statement says what the process is like (NULL: only looks). */
static bool note_nature(char *const *words, size_t count, struct simulated_process *process)
{
    struct simulated_process unused;
    struct simulated_process *into = process != NULL ? process : &unused;
    const char *value = count == 2 ? words[1] : "";
    if (count == 2 && strcmp(words[0], "last") == 0) {
        into->lasts_ns = seconds_to_ns(value);
    } else if (count == 1 && strcmp(words[0], "early") == 0) {
        into->acts_ns = 0;
    } else if (count == 1 && strcmp(words[0], "deaf") == 0) {
        into->ignores_term = true;
    } else if (count == 2 && strcmp(words[0], "heed") == 0) {
        into->term_ns = seconds_to_ns(value);
    } else if (count == 2 && strcmp(words[0], "die") == 0) {
        into->killed_by = (int)strtol(value, NULL, 10);
    } else if (count == 2 && strcmp(words[0], "leave") == 0) {
        into->leaves = (unsigned)strtoul(value, NULL, 10);
    } else {
        return false;
    }
    return true;
}

static void print(const struct simulated_process *process, const char *text)
{
    struct buf line = BUF_EMPTY;
    buf_addf(&line, "%s\n", text);
    assert_true(disk->write(process->output, line.at, line.len) == (ssize_t)line.len);
    buf_release(&line);
}

static int do_statement(struct command *command, void *context)
{
    (void)context;
    char **words = command->words;
    if (is(command, "copy", 3) || is(command, "sort", 3) || is(command, "upper", 3) ||
        is(command, "count", 3) || is(command, "gather", 3) || is(command, "add", 3) ||
        is(command, "gather_also", 3)) {
        return make_from(command, words[0]);
    }
    if (is(command, "write", 3)) {
        simulated_write(path_of(command, words[2]), words[1]);
    } else if (is(command, "variable", 3)) {
        simulated_write(path_of(command, words[2]), variable_of(command->process, words[1]));
    } else if (is(command, "append", 3)) {
        simulated_append(path_of(command, words[2]), words[1]);
    } else if (is(command, "set", 3)) {
        simulated_write(path_of(command, words[1]), words[2]);
    } else if (is(command, "empty", 2)) {
        simulated_write(path_of(command, words[1]), "");
    } else if (is(command, "remove", 2)) {
        simulated_remove(path_of(command, words[1]));
    } else if (is(command, "read", 2)) {
        return simulated_text(path_of(command, words[1])) != NULL ? WENT_WELL : WENT_WRONG;
    } else if (is(command, "fail", 1)) {
        return WENT_WRONG;
    } else if (is(command, "fail_if", 3)) {
        const char *text = simulated_text(path_of(command, words[2]));
        return text == NULL || strstr(text, words[1]) != NULL ? WENT_WRONG : WENT_WELL;
    } else if (is(command, "crowd", 2)) {
        return simulated_alive() > strtoul(words[1], NULL, 10) ? WENT_WRONG : WENT_WELL;
    } else if (is(command, "stop_if", 2)) {
        return simulated_text(path_of(command, words[1])) != NULL ? STOPPED : WENT_WELL;
    } else if (is(command, "print", 2)) {
        print(command->process, words[1]);
    } else if (is(command, "exit", 2)) {
        return (int)strtol(words[1], NULL, 10);
    } else if (!note_nature(command->words, command->word_count, NULL)) {
        fail_msg("`%s` with %zu words isn't a statement", words[0], command->word_count);
    }
    return WENT_WELL;
}

typedef int statement_fn(struct command *command, void *context);

/* Calls `fn` for each statement, until one fails. */
static int each_statement(struct command *command, statement_fn *fn, void *context)
{
    struct buf text = text_of(command->process);
    char *rest = text.at;
    char *statement;
    int status = WENT_WELL;
    rest[strcspn(rest, "#")] = '\0';
    while (status == WENT_WELL && (statement = strsep(&rest, ";")) != NULL) {
        char *word;
        command->word_count = 0;
        while ((word = strsep(&statement, " ")) != NULL && command->word_count < MOST_WORDS) {
            if (word[0] != '\0') {
                command->words[command->word_count++] = word;
            }
        }
        status = command->word_count > 0 ? fn(command, context) : WENT_WELL;
    }
    buf_release(&text);
    return status == STOPPED ? WENT_WELL : status;
}

/* ---- Its life ---- */

static int read_nature(struct command *command, void *context)
{
    (void)note_nature(command->words, command->word_count, context);
    return WENT_WELL;
}

static bool is_squeue(const struct simulated_process *process)
{
    return strcmp(process->argv[0], "squeue") == 0;
}

void study_start(void *context, struct simulated_process *process)
{
    struct study *study = context;
    if (is_squeue(process)) {
        process->acts_ns = process->lasts_ns = 1000000000;
        return;
    }
    struct command command = {.study = study, .process = process};
    study_die(study, DEATH_RECORDED); /* there was nothing to move */
    study_die(study, DEATH_MOVED);
    process->lasts_ns = study->is_hasty ? 0 : STUDY_COMMAND_NS;
    process->acts_ns = -1;
    (void)each_statement(&command, read_nature, process);
    if (process->acts_ns < 0) {
        process->acts_ns = study->is_hasty ? 0 : process->lasts_ns - STUDY_COMMAND_NS / 2;
    }
    buf_release(&command.path);
}

static void answer_for_squeue(struct study *study, struct simulated_process *process)
{
    bool is_own = false;
    for (char **word = process->argv; *word != NULL; word++) {
        is_own = is_own || strcmp(*word, "--jobs=7_3") == 0;
    }
    assert_true(is_own);
    assert_string_equal(variable_of(process, "SLURM_TIME_FORMAT"), "%s");
    study->asked++;
    if (study->squeue[0] != '\0') {
        print(process, study->squeue);
    }
    process->status = study->squeue[0] == '\0';
}

static bool has_directories(const struct command *command)
{
    const struct graph *graph = command->study->graph;
    const char *name = variable_of(command->process, "ACTION_NAME");
    for (size_t i = 0; i < graph->rowfile->action_count; i++) {
        if (slice_is(graph->rowfile->actions[i].name, name)) {
            return graph->rowfile->actions[i].scope == SCOPE_DIRECTORY;
        }
    }
    return false;
}

void study_act(void *context, struct simulated_process *process)
{
    struct study *study = context;
    struct command command = {.study = study, .process = process, .directory = ""};
    if (study->is_dead || simulated_is_stopped()) {
        return;
    }
    if (is_squeue(process)) {
        answer_for_squeue(study, process);
        return;
    }
    if (has_directories(&command)) { /* of a batch: one after another */
        const char *all = variable_of(process, "ACTION_DIRECTORY");
        char *copy = mem_copy(all, strlen(all));
        char *rest = copy;
        while (rest != NULL && process->status == WENT_WELL) {
            command.directory = strsep(&rest, "\n");
            process->status = each_statement(&command, do_statement, NULL);
        }
        free(copy);
    } else {
        process->status = each_statement(&command, do_statement, NULL);
    }
    study_die(study, DEATH_COMMANDED);
    buf_release(&command.path);
}
