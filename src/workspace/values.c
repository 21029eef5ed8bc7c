/* Reads the value files of directories, individually or all of them on several threads. */
#include "file.h"
#include "parallel.h"
#include "text.h"
#include "workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_GRAIN = 64,
    MOST_ERRORS_SHOWN = 20,
};
static const size_t LARGEST_VALUE = 64U << 20;

static void add_value_path(const struct workspace *workspace, size_t directory, struct buf *path)
{
    buf_add_slice(path, workspace->names[directory]);
    buf_add_char(path, '/');
    buf_add_slice(path, workspace->rowfile->value_file);
}

/* Reads and parses one value file. -1 after an error in `diag`. */
static int read_value(const struct workspace *workspace, size_t directory,
                      struct json_parser *parser, struct json **value, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    int result = -1;
    add_value_path(workspace, directory, &path);
    text_add_name(&shown, workspace->path);
    buf_add_char(&shown, '/');
    text_add_name(&shown, buf_slice(&path));
    if (file_read(workspace->fd, buf_string(&path), LARGEST_VALUE, &text) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            diag_state_error(diag,
                             "the value file `%s` is missing: each directory of the workspace "
                             "needs one; exclude the directory with `workspace.directories`",
                             buf_string(&shown));
        } else {
            diag_state_error(diag, "the value file `%s` can't be read: %s", buf_string(&shown),
                             strerror(errno));
        }
        goto out;
    }
    struct diag wrong;
    diag_init(&wrong);
    *value = json_parse(parser, buf_slice(&text), buf_slice(&shown), &wrong);
    result = wrong.errors > 0 ? diag_state_error(diag, "%s", wrong.entries.at[0].message) : 0;
    diag_release(&wrong);
out:
    buf_release(&path);
    buf_release(&text);
    buf_release(&shown);
    return result;
}

struct reading {
    struct workspace *workspace;
    pthread_mutex_t mutex; /* protects `failed` and `diag` */
    struct diag *diag;
    size_t failed;
};

static void read_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct reading *reading = context;
    struct workspace *workspace = reading->workspace;
    struct json_parser *parser = json_parser_new();
    (void)worker;
    for (size_t i = first; i < end; i++) {
        if (workspace->value_read[i]) {
            continue;
        }
        struct diag own;
        diag_init(&own);
        if (read_value(workspace, i, parser, &workspace->values[i], &own) == 0) {
            workspace->value_read[i] = true;
        } else {
            pthread_mutex_lock(&reading->mutex);
            if (reading->failed++ < MOST_ERRORS_SHOWN) {
                diag_state_error(reading->diag, "%s", own.entries.at[0].message);
            }
            pthread_mutex_unlock(&reading->mutex);
        }
        diag_release(&own);
    }
    json_parser_free(parser);
}

int workspace_read_values(struct workspace *workspace, struct diag *diag)
{
    if (workspace->rowfile->value_file.at == NULL) {
        return 0;
    }
    struct reading reading = {.workspace = workspace, .diag = diag};
    pthread_mutex_init(&reading.mutex, NULL);
    parallel_for(0, workspace->count, READ_GRAIN, read_range, &reading);
    pthread_mutex_destroy(&reading.mutex);
    if (reading.failed > MOST_ERRORS_SHOWN) {
        diag_state_error(diag, "%zu more value files can't be used",
                         reading.failed - MOST_ERRORS_SHOWN);
    }
    return reading.failed > 0 ? -1 : 0;
}

int workspace_value(struct workspace *workspace, size_t directory, const struct json **value,
                    struct diag *diag)
{
    if (workspace->rowfile->value_file.at == NULL) {
        *value = NULL;
        return 0;
    }
    if (!workspace->value_read[directory]) {
        return workspace_reread_value(workspace, directory, value, diag);
    }
    *value = workspace->values[directory];
    return 0;
}

int workspace_reread_value(struct workspace *workspace, size_t directory, const struct json **value,
                           struct diag *diag)
{
    *value = NULL;
    if (workspace->rowfile->value_file.at == NULL) {
        return 0;
    }
    struct json_parser *parser = json_parser_new();
    struct json *fresh = NULL;
    int result = read_value(workspace, directory, parser, &fresh, diag);
    json_parser_free(parser);
    if (result == 0) {
        json_free(workspace->values[directory]);
        workspace->values[directory] = fresh;
        workspace->value_read[directory] = true;
        *value = fresh;
    }
    return result;
}

void workspace_forget_value(struct workspace *workspace, size_t directory)
{
    json_free(workspace->values[directory]);
    workspace->values[directory] = NULL;
    workspace->value_read[directory] = false;
}
