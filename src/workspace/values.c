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
    MOST_NAMES = 3,
};
static const size_t LARGEST_VALUE = 64U << 20;

static void add_value_path(const struct workspace *workspace, size_t directory, struct buf *path)
{
    buf_add_slice(path, workspace->names[directory]);
    buf_add_char(path, '/');
    buf_add_slice(path, workspace->rowfile->value_file);
}

static int read_text(const struct workspace *workspace, const char *path,
                     struct workspace_value_seen *seen, struct buf *text)
{
    struct file_stat before;
    struct file_stat after;
    if (seen == NULL) {
        return file_read(workspace->fd, path, LARGEST_VALUE, text);
    }
    if (file_read_between(workspace->fd, path, LARGEST_VALUE, text, &before, &after) != 0) {
        return -1;
    }
    seen->stat = after;
    seen->is_whole = file_stat_equal(&before, &after);
    return 0;
}

/* The digest of the canonical text: white space and order of keys don't matter. */
static struct digest digest_value(const struct json *value)
{
    struct buf text = BUF_EMPTY;
    json_add_canonical(value, &text);
    struct digest digest = digest_of(buf_slice(&text));
    buf_release(&text);
    return digest;
}

/* Reads and parses one value file. -1 after an error in `diag`; errno is 0 where the file itself could
 * be read. `seen` may be NULL. */
static int read_value(const struct workspace *workspace, size_t directory,
                      struct json_parser *parser, struct json **value,
                      struct workspace_value_seen *seen, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    int result = -1;
    if (workspace_value_is_declared(workspace, directory)) {
        *value = points_value(workspace->points.view.points, workspace->points.numbers[directory],
                              parser);
        return 0;
    }
    add_value_path(workspace, directory, &path);
    text_add_name(&shown, workspace->path);
    buf_add_char(&shown, '/');
    text_add_name(&shown, buf_slice(&path));
    if (read_text(workspace, buf_string(&path), seen, &text) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            errno = ENOENT;
            diag_state_error(diag, FINDING_VALUE_FILE_MISSING,
                             "the value file `%s` is missing: each directory of the workspace "
                             "needs one; exclude the directory with `workspace.directories`",
                             buf_string(&shown));
        } else {
            int error = errno;
            diag_state_error(diag, FINDING_VALUE_FILE_UNREADABLE,
                             "the value file `%s` can't be read: %s", buf_string(&shown),
                             strerror(error));
            errno = error;
        }
        goto out;
    }
    struct diag wrong;
    diag_init(&wrong);
    *value = json_parse(parser, buf_slice(&text), buf_slice(&shown), &wrong);
    result = wrong.errors > 0 ? diag_state_error(diag, wrong.entries.at[0].code, "%s",
                                                 wrong.entries.at[0].message)
                              : 0;
    diag_release(&wrong);
    if (seen != NULL && result == 0) {
        seen->digest = digest_value(*value);
    }
    errno = 0;
out:;
    int error = errno;
    buf_release(&path);
    buf_release(&text);
    buf_release(&shown);
    errno = error;
    return result;
}

/* Whether the value on disk is the declared one, so that the declaration spells it. */
static bool is_spelled(const struct workspace *workspace, size_t directory)
{
    return workspace_standing(workspace, directory) != POINT_NONE &&
           digest_equal(workspace->points.found[directory],
                        workspace_declared_digest(workspace, directory));
}

struct failed_value {
    size_t directory;
    int error; /* of reading it; 0: it isn't JSON */
    enum finding_code code;
    char *message;
};

struct reading {
    struct workspace *workspace;
    struct workspace_value_seen *seen; /* by directory; NULL: nobody asks */
    pthread_mutex_t mutex;             /* protects `failed` */
    VEC(struct failed_value) failed;
};

/* What was only to be seen isn't kept if the declaration has the same. */
static void keep_value(struct workspace *workspace, size_t directory, struct json *value,
                       const struct workspace_value_seen *seen)
{
    if (seen != NULL && workspace_standing(workspace, directory) != POINT_NONE &&
        digest_equal(seen->digest, workspace_declared_digest(workspace, directory))) {
        json_free(value);
    } else {
        workspace->values[directory] = value;
        workspace->value_read[directory] = true;
    }
}

static void read_range(void *context, unsigned worker, size_t first, size_t end)
{
    struct reading *reading = context;
    struct workspace *workspace = reading->workspace;
    struct json_parser *parser = json_parser_new();
    (void)worker;
    for (size_t i = first; i < end; i++) {
        struct workspace_value_seen *seen = reading->seen != NULL ? &reading->seen[i] : NULL;
        if (workspace->value_read[i] || (seen != NULL && !seen->is_asked)) {
            continue;
        }
        struct diag own;
        diag_init(&own);
        struct json *value = NULL;
        if (read_value(workspace, i, parser, &value, seen, &own) == 0) {
            keep_value(workspace, i, value, seen);
        } else {
            struct failed_value failed = {.directory = i, .error = errno};
            const char *message = own.entries.at[0].message;
            failed.code = own.entries.at[0].code;
            failed.message = mem_copy(message, strlen(message));
            pthread_mutex_lock(&reading->mutex);
            vec_push(&reading->failed, failed);
            pthread_mutex_unlock(&reading->mutex);
        }
        diag_release(&own);
    }
    json_parser_free(parser);
}

static int compare_failed(const void *a, const void *b)
{
    const struct failed_value *left = a;
    const struct failed_value *right = b;
    return left->directory < right->directory ? -1 : left->directory > right->directory;
}

/* Whether an earlier one failed for the same reason, and tells it as well. */
static bool is_told(const struct reading *reading, size_t number)
{
    const struct failed_value *failed = &reading->failed.at[number];
    for (size_t i = 0; failed->error != 0 && i < number; i++) {
        if (reading->failed.at[i].error == failed->error) {
            return true;
        }
    }
    return false;
}

/* With the other directories of which the same is to be said. */
static void report_one(const struct reading *reading, size_t number, struct diag *diag)
{
    const struct failed_value *failed = &reading->failed.at[number];
    struct buf names = BUF_EMPTY;
    size_t more = 0;
    for (size_t i = number + 1; failed->error != 0 && i < reading->failed.count; i++) {
        const struct failed_value *other = &reading->failed.at[i];
        if (other->error == failed->error && more++ < MOST_NAMES) {
            text_add_listed(&names, reading->workspace->names[other->directory], more - 1);
        }
    }
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, failed->message);
    text_add_same_in(&text, more);
    buf_add_slice(&text, buf_slice(&names));
    buf_add_string(&text, more > MOST_NAMES ? ", …" : "");
    diag_state_error(diag, failed->code, "%s", buf_string(&text));
    for (size_t i = number; i < reading->failed.count; i++) {
        const struct failed_value *other = &reading->failed.at[i];
        if (i == number || (failed->error != 0 && other->error == failed->error)) {
            diag_add_directory(diag, reading->workspace->names[other->directory]);
        }
    }
    buf_release(&text);
    buf_release(&names);
}

static void report_failed(struct reading *reading, struct diag *diag)
{
    size_t shown = 0;
    size_t hidden = 0;
    qsort(reading->failed.at, reading->failed.count, sizeof *reading->failed.at, compare_failed);
    for (size_t i = 0; i < reading->failed.count; i++) {
        if (is_told(reading, i)) {
            continue;
        }
        if (shown < MOST_ERRORS_SHOWN) {
            report_one(reading, i, diag);
            shown++;
        } else {
            hidden++;
        }
    }
    if (hidden > 0) {
        diag_state_error(diag, FINDING_VALUE_FILE_UNREADABLE, "%zu more value files can't be used",
                         hidden);
    }
}

int workspace_read_values(struct workspace *workspace, struct diag *diag)
{
    return workspace_see_values(workspace, NULL, diag);
}

int workspace_see_values(struct workspace *workspace, struct workspace_value_seen *seen,
                         struct diag *diag)
{
    if (workspace->rowfile->value_file.at == NULL) {
        return 0;
    }
    struct reading reading = {.workspace = workspace, .seen = seen};
    pthread_mutex_init(&reading.mutex, NULL);
    parallel_for(0, workspace->count, READ_GRAIN, read_range, &reading);
    pthread_mutex_destroy(&reading.mutex);
    int result = reading.failed.count > 0 ? -1 : 0;
    if (result != 0) {
        report_failed(&reading, diag);
    }
    vec_each (struct failed_value, failed, &reading.failed) {
        free(failed->message);
    }
    vec_release(&reading.failed);
    return result;
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

bool workspace_peek_value(const struct workspace *workspace, size_t directory,
                          const struct json **value, struct json **made)
{
    *made = NULL;
    *value = workspace->values[directory];
    if (!workspace->value_read[directory] &&
        (workspace_value_is_declared(workspace, directory) || is_spelled(workspace, directory))) {
        struct json_parser *parser = json_parser_new();
        *made = points_value(workspace->points.view.points, workspace->points.numbers[directory],
                             parser);
        *value = *made;
        json_parser_free(parser);
        return true;
    }
    return workspace->value_read[directory];
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
    int result = read_value(workspace, directory, parser, &fresh, NULL, diag);
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
