#include "study_command.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_WORDS = 8, WENT_WELL = 0, WENT_WRONG = 1, STOPPED = -1 };

struct command {
    struct study *study;
    struct task_id task;
    char *words[MOST_WORDS];
    size_t word_count;
    struct buf path;
};

/* Until the next call. */
static const char *path_from(struct command *command, const char *folder, const char *path)
{
    buf_clear(&command->path);
    if (strncmp(path, "//", 2) == 0) {
        buf_addf(&command->path, "/project/%s", path + 2);
    } else {
        buf_addf(&command->path, "/project/%s%s", folder, path);
    }
    return command->path.at;
}

static struct slice own_directory(const struct command *command)
{
    const struct graph *graph = command->study->graph;
    uint32_t directory = graph->tasks[command->task.at].directory;
    return directory == GRAPH_NONE ? SLICE_LITERAL("") : graph->workspace->names[directory];
}

static const char *path_of(struct command *command, const char *path)
{
    struct slice directory = own_directory(command);
    struct buf folder = BUF_EMPTY;
    if (directory.len > 0) {
        buf_addf(&folder, "workspace/%.*s/", SLICE_ARGS(directory));
    }
    const char *whole = path_from(command, buf_string(&folder), path);
    buf_release(&folder);
    return whole;
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
    const struct graph *graph = command->study->graph;
    const uint32_t *directories;
    size_t count = graph_directories(graph, command->task, &directories);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        struct buf folder = BUF_EMPTY;
        buf_addf(&folder, "workspace/%.*s/", SLICE_ARGS(graph->workspace->names[directories[i]]));
        all = add_content(path_from(command, folder.at, name), out) && all;
        buf_release(&folder);
    }
    return all;
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
    bool is_read = strcmp(how, "gather") == 0
                       ? gather(command, command->words[1], &content)
                       : add_content(path_of(command, command->words[1]), &content);
    if (is_read) {
        change(how, &content);
        simulated_write(path_of(command, command->words[2]), buf_string(&content));
    }
    buf_release(&content);
    return is_read ? WENT_WELL : WENT_WRONG;
}

static bool is(const struct command *command, const char *name, size_t words)
{
    return command->word_count == words && strcmp(command->words[0], name) == 0;
}

static int do_statement(struct command *command)
{
    char **words = command->words;
    if (is(command, "copy", 3) || is(command, "sort", 3) || is(command, "upper", 3) ||
        is(command, "count", 3) || is(command, "gather", 3)) {
        return make_from(command, words[0]);
    }
    if (is(command, "write", 3)) {
        simulated_write(path_of(command, words[2]), words[1]);
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
    } else if (is(command, "stop_if", 2)) {
        return simulated_text(path_of(command, words[1])) != NULL ? STOPPED : WENT_WELL;
    } else {
        fail_msg("`%s` with %zu words isn't a statement", words[0], command->word_count);
    }
    return WENT_WELL;
}

int study_command(struct study *study, struct task_id task)
{
    struct command command = {.study = study, .task = task};
    struct slice text = graph_action(study->graph, task)->command.text;
    char *copy = mem_copy(text.at, text.len);
    char *rest = copy;
    char *statement;
    int status = WENT_WELL;
    copy[strcspn(copy, "#")] = '\0';
    while (status == WENT_WELL && (statement = strsep(&rest, ";")) != NULL) {
        char *word;
        command.word_count = 0;
        while ((word = strsep(&statement, " ")) != NULL && command.word_count < MOST_WORDS) {
            if (word[0] != '\0') {
                command.words[command.word_count++] = word;
            }
        }
        status = command.word_count > 0 ? do_statement(&command) : WENT_WELL;
    }
    buf_release(&command.path);
    free(copy);
    return status == STOPPED ? WENT_WELL : status;
}
