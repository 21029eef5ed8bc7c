#include "show_log.h"

#include "disk.h"
#include "inside.h"
#include "logs.h"
#include "state_folder.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* Where a task that is in a job, or runs here, writes to now. */
static bool find_running(const struct plan *plan, const char *state_path, struct task_id task,
                         const char *key, struct buf *path)
{
    if (plan_job(plan, task) != NULL) {
        return logs_find_in_jobs(state_path, key, path);
    }
    struct running_entry *entries;
    size_t count = logs_read_running(state_path, &entries);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = strcmp(entries[i].key, key) == 0;
        if (found && path != NULL) {
            buf_clear(path);
            buf_addf(path, "%s/" STATE_LOGS "/%s", state_path, entries[i].log);
        }
    }
    free(entries);
    return found;
}

static void copy_rest(int fd, const struct rowbuild_writer *writer)
{
    char bytes[64 * 1024];
    ssize_t got;
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        writer->write(writer->context, bytes, (size_t)got);
    }
}

/* ---- The job's own output ---- */

/* What a job printed that failed before rowbuild could begin, or before its task could. */
static bool shows_job(const struct log_request *request, struct task_id task, int log)
{
    const struct job_traces *traces = plan_job_traces(request->plan, task);
    struct stat found;
    if (traces == NULL || traces->output == NULL ||
        (plan_job(request->plan, task) == NULL && plan_ending(request->plan, task) == NULL)) {
        return false;
    }
    /* a log from before the submission belongs to an earlier execution */
    return log < 0 || (plan_job(request->plan, task) == NULL && !traces->has_begun) ||
           (disk->stat_open(log, &found) == 0 && found.st_mtime < traces->submitted_at_s);
}

static int open_output(const struct plan *plan, const char *path)
{
    int fd = path != NULL
                 ? disk->open(plan_project(plan), path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
                 : -1;
    struct stat found;
    if (fd >= 0 && (disk->stat_open(fd, &found) != 0 || !S_ISREG(found.st_mode))) {
        disk->close(fd);
        fd = -1;
    }
    return fd;
}

static void write_heading(const struct log_request *request, struct slice label)
{
    const struct rowbuild_writer *writer = request->writer;
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "%s==> %.*s <==\n", request->shown > 0 ? "\n" : "", SLICE_ARGS(label));
    writer->write(writer->context, text.at, text.len);
    buf_release(&text);
}

static void write_output(struct log_request *request, const char *path, struct slice label)
{
    int fd = open_output(request->plan, path);
    struct buf heading = BUF_EMPTY;
    if (fd >= 0) {
        buf_addf(&heading, "%.*s, output of its job: ", SLICE_ARGS(label));
        text_add_name(&heading, slice_of(path));
        write_heading(request, buf_slice(&heading));
        request->shown++;
        copy_rest(fd, request->writer);
        disk->close(fd);
    }
    buf_release(&heading);
}

/* Whether it was shown. */
static bool show_job(struct log_request *request, struct task_id task, struct slice label, int log)
{
    size_t shown = request->shown;
    const struct job_traces *traces = plan_job_traces(request->plan, task);
    if (!shows_job(request, task, log)) {
        return false;
    }
    if (request->last_output != NULL && strcmp(request->last_output, traces->output) == 0) {
        return true;
    }
    write_output(request, traces->output, label);
    write_output(request, traces->errors, label);
    request->last_output = request->shown > shown ? traces->output : request->last_output;
    return request->shown > shown;
}

int run_show_log(struct log_request *request, struct task_id task, struct diag *diag)
{
    const struct plan *plan = request->plan;
    struct buf path = BUF_EMPTY;
    struct buf key = BUF_EMPTY;
    struct buf label = BUF_EMPTY;
    graph_add_key(plan_graph(plan), task, &key);
    graph_add_label(plan_graph(plan), task, &label);
    bool running = find_running(plan, request->state_path, task, buf_string(&key), &path);
    if (!running) {
        logs_add_task_path(request->state_path, plan_graph(plan), task, &path);
    }
    int fd = logs_open(request->state_path, buf_string(&path));
    int error = errno;
    int result = 0;
    if (!running && show_job(request, task, buf_slice(&label), fd)) {
        if (fd >= 0) {
            close(fd);
        }
    } else if (fd >= 0) {
        if (request->headings) {
            write_heading(request, buf_slice(&label));
        }
        request->shown++;
        copy_rest(fd, request->writer);
        while (request->follow && running) {
            pause_briefly();
            running = find_running(plan, request->state_path, task, buf_string(&key), NULL);
            copy_rest(fd, request->writer); /* once more after its end: what it wrote last */
        }
        close(fd);
    } else if (error == ENOENT && request->notes) {
        diag_note(diag, FINDING_NO_LOG,
                  "`%s` has no log: its last execution printed nothing, or it never ran",
                  buf_string(&label));
    } else if (error != ENOENT) {
        result = diag_state_error(diag, FINDING_FILE_TROUBLE, "the log `%s` can't be read: %s",
                                  buf_string(&path), inside_error(error));
    }
    buf_release(&path);
    buf_release(&key);
    buf_release(&label);
    return result;
}
