#include "published.h"

#include "disk.h"
#include "file.h"
#include "inside.h"
#include "memory_file.h"
#include "run_mark.h"
#include "state_folder.h"
#include "text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HEADING[] = "rowbuild progress 1";
static const char NAME_IN_MEMORY[] = "rowbuild-progress";
static const char NEW_NAME[] = STATE_PROGRESS ".new";

enum { LARGEST_FILE = 64 << 20, MOST_FAILURES = 1000, MOST_COUNT = 1 << 30 };

/* ---- Writing ---- */

void publisher_init(struct publisher *publisher, const char *state_path)
{
    *publisher = (struct publisher){.state_path = state_path, .root = -1, .shown = -1};
}

void publisher_release(struct publisher *publisher)
{
    if (publisher->root >= 0) {
        disk->close(publisher->root);
    }
    if (publisher->shown >= 0) {
        close(publisher->shown);
    }
    buf_release(&publisher->text);
    buf_release(&publisher->failures);
}

void publisher_add_text(struct publisher *publisher, const char *word, struct slice text)
{
    buf_addf(&publisher->text, "%s ", word);
    buf_add_slice(&publisher->text, text);
    buf_add_char(&publisher->text, '\0');
}

void publisher_add_number(struct publisher *publisher, const char *word, int64_t number)
{
    buf_addf(&publisher->text, "%s %" PRId64, word, number);
    buf_add_char(&publisher->text, '\0');
}

static void add_seconds(struct publisher *publisher, const char *word, double seconds)
{
    publisher_add_number(publisher, word, seconds < 0 ? -1 : (int64_t)(seconds * 1e3));
}

static void add_head(const struct publisher *publisher, struct buf *out)
{
    struct run_mark mark;
    buf_add(out, HEADING, sizeof HEADING);
    run_mark_of_this(&mark, publisher->root);
    run_mark_spell(&mark, out);
    buf_add_char(out, '\0');
}

void publisher_begin(struct publisher *publisher, const struct rowbuild_progress *progress,
                     int64_t at_ns)
{
    const struct rowbuild_progress *before = &publisher->before;
    if (publisher->root < 0) {
        publisher->root = inside_root(AT_FDCWD, publisher->state_path, false);
    }
    buf_clear(&publisher->text);
    add_head(publisher, &publisher->text);
    publisher_add_number(publisher, "at", at_ns);
    publisher_add_number(publisher, "done", (int64_t)(before->done + progress->done));
    publisher_add_number(publisher, "total", (int64_t)(before->total + progress->total));
    publisher_add_number(publisher, "running", (int64_t)progress->running);
    publisher_add_number(publisher, "failed", (int64_t)(before->failed + progress->failed));
    publisher_add_number(publisher, "unfinished",
                         (int64_t)(before->unfinished + progress->unfinished));
    publisher_add_number(publisher, "ended", (int64_t)(before->ended + progress->ended));
    publisher_add_number(publisher, "used", progress->cores_used);
    publisher_add_number(publisher, "budget", progress->cores_budget);
    add_seconds(publisher, "ms", before->seconds + progress->seconds);
    add_seconds(publisher, "left", progress->seconds_left);
    publisher_add_number(publisher, "unknown", (int64_t)progress->unknown);
}

/* A reader sees the old file or the new one, whole. */
static void put_in_place(const struct publisher *publisher, struct slice text)
{
    int fd = publisher->root < 0 ? -1 : inside_create(publisher->root, NEW_NAME, 0);
    if (fd < 0) {
        return;
    }
    bool is_written = file_write_fully(fd, text) == 0;
    disk->close(fd);
    if (!is_written ||
        disk->rename(publisher->root, NEW_NAME, publisher->root, STATE_PROGRESS, 0) != 0) {
        (void)inside_remove(publisher->root, NEW_NAME);
    }
}

/* Says by which descriptor the run is reached. */
static void announce(const struct publisher *publisher)
{
    struct buf text = BUF_EMPTY;
    add_head(publisher, &text);
    buf_addf(&text, "descriptor %d", publisher->shown);
    buf_add_char(&text, '\0');
    buf_add(&text, "end", sizeof "end");
    put_in_place(publisher, buf_slice(&text));
    buf_release(&text);
}

static void add_end(struct publisher *publisher)
{
    buf_add(&publisher->text, buf_string(&publisher->failures), publisher->failures.len);
    if (publisher->failed > MOST_FAILURES) {
        publisher_add_number(publisher, "more", (int64_t)(publisher->failed - MOST_FAILURES));
    }
    buf_add(&publisher->text, "end", sizeof "end");
}

void publisher_end(struct publisher *publisher)
{
    bool is_first = publisher->shown < 0;
    add_end(publisher);
    if (memory_file_show(&publisher->shown, NAME_IN_MEMORY, buf_slice(&publisher->text)) == 0 &&
        is_first) {
        announce(publisher);
    }
    publisher->is_changed = false;
}

static void add_failure_text(struct publisher *publisher, const char *word, const char *text)
{
    buf_addf(&publisher->failures, "%s ", word);
    text_add_name(&publisher->failures, slice_of(text));
    buf_add_char(&publisher->failures, '\0');
}

void publisher_note_failure(struct publisher *publisher, const char *label, const char *how,
                            const char *log)
{
    publisher->failed++;
    if (publisher->failed <= MOST_FAILURES) {
        add_failure_text(publisher, "failure", label);
        add_failure_text(publisher, "how", how);
        if (log != NULL) { /* a path, which is opened */
            buf_addf(&publisher->failures, "log %s", log);
            buf_add_char(&publisher->failures, '\0');
        }
    }
}

void publisher_write_ending(struct publisher *publisher, const struct rowbuild_progress *progress,
                            int status)
{
    if (publisher->shown < 0) {
        return;
    }
    publisher->before = (struct rowbuild_progress){0}; /* `progress` has all */
    struct rowbuild_progress last = *progress;
    last.running = 0;
    last.cores_used = 0;
    publisher_begin(publisher, &last, 0);
    publisher_add_number(publisher, "status", status);
    add_end(publisher);
    put_in_place(publisher, buf_slice(&publisher->text));
}

/* ---- Reading ---- */

/* What follows the word and a blank; NULL: it is another word. */
static const char *after(const char *text, const char *word)
{
    size_t len = strlen(word);
    return strncmp(text, word, len) == 0 && text[len] == ' ' ? text + len + 1 : NULL;
}

/* A number that isn't one is 0. */
static int64_t number_of(const char *text, int64_t least, int64_t most)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    return *end != '\0' || end == text || number < least || number > most ? 0 : number;
}

static bool take_count(const char *text, const char *word, size_t *count)
{
    const char *number = after(text, word);
    if (number != NULL) {
        *count = (size_t)number_of(number, 0, MOST_COUNT);
    }
    return number != NULL;
}

static bool take_cores(const char *text, const char *word, unsigned *count)
{
    size_t number;
    bool is_it = take_count(text, word, &number);
    *count = is_it ? (unsigned)number : *count;
    return is_it;
}

static bool take_seconds(const char *text, const char *word, double *seconds)
{
    const char *number = after(text, word);
    if (number != NULL) {
        int64_t ms = number_of(number, -1, INT64_MAX);
        *seconds = ms < 0 ? -1 : (double)ms / 1e3;
    }
    return number != NULL;
}

/* Nothing in a file may disturb a terminal, whoever wrote it. */
static const char *shown(struct published *published, const char *text)
{
    struct buf name = BUF_EMPTY;
    if (text_is_visible(slice_of(text))) {
        return arena_string(&published->arena, slice_of(text));
    }
    text_add_name(&name, slice_of(text));
    const char *kept = arena_string(&published->arena, buf_slice(&name));
    buf_release(&name);
    return kept;
}

static void take_counts(struct published *published, const char *text)
{
    struct rowbuild_progress *progress = &published->progress;
    const char *number;
    if ((number = after(text, "at")) != NULL) {
        published->at_ns = number_of(number, 0, INT64_MAX);
    } else if ((number = after(text, "descriptor")) != NULL) {
        published->descriptor = (int)number_of(number, 0, INT32_MAX);
    } else if ((number = after(text, "status")) != NULL) {
        published->has_ended = true;
        published->status = (int)number_of(number, 0, UINT8_MAX);
    } else {
        (void)(take_count(text, "done", &progress->done) ||
               take_count(text, "total", &progress->total) ||
               take_count(text, "running", &progress->running) ||
               take_count(text, "failed", &progress->failed) ||
               take_count(text, "unfinished", &progress->unfinished) ||
               take_count(text, "ended", &progress->ended) ||
               take_count(text, "unknown", &progress->unknown) ||
               take_count(text, "more", &published->more_failures) ||
               take_cores(text, "used", &progress->cores_used) ||
               take_cores(text, "budget", &progress->cores_budget) ||
               take_seconds(text, "ms", &progress->seconds) ||
               take_seconds(text, "left", &progress->seconds_left));
    }
}

/* "2 licence" */
static void take_pool(struct published *published, struct published_task *task, const char *text)
{
    struct slice rest = slice_of(text);
    uint64_t taken;
    if (text_take_number(&rest, UINT_MAX, &taken) && rest.len > 1 && rest.at[0] == ' ') {
        const char *name = arena_string(&published->arena, slice_make(rest.at + 1, rest.len - 1));
        vec_push(&task->pools, (struct published_pool){name, (unsigned)taken});
    }
}

static bool take_task(struct published *published, const char *text)
{
    const char *rest = after(text, "task");
    if (rest != NULL) {
        vec_push(&published->tasks,
                 (struct published_task){
                     .label = shown(published, rest), .cpus = "", .gpus = "", .expected_s = -1});
        return true;
    }
    if (published->tasks.count == 0) {
        return false;
    }
    struct published_task *task = &published->tasks.at[published->tasks.count - 1];
    size_t paused = 0;
    if ((rest = after(text, "cpus")) != NULL) {
        task->cpus = rest[strspn(rest, "0123456789,-")] == '\0'
                         ? arena_string(&published->arena, slice_of(rest))
                         : "";
    } else if ((rest = after(text, "gpus")) != NULL) {
        task->gpus = shown(published, rest);
    } else if ((rest = after(text, "key")) != NULL) {
        task->key = arena_string(&published->arena, slice_of(rest));
    } else if ((rest = after(text, "pid")) != NULL) {
        vec_push(&task->pids, (pid_t)number_of(rest, 1, INT32_MAX));
    } else if ((rest = after(text, "member")) != NULL) {
        vec_push(&task->members, arena_string(&published->arena, slice_of(rest)));
    } else if ((rest = after(text, "pool")) != NULL) {
        take_pool(published, task, rest);
    } else if (take_count(text, "paused", &paused)) {
        task->is_paused = paused > 0;
    } else {
        return take_cores(text, "cores", &task->cores) ||
               take_seconds(text, "elapsed", &task->seconds) ||
               take_seconds(text, "expected", &task->expected_s);
    }
    return true;
}

static bool take_failure(struct published *published, const char *text)
{
    const char *rest = after(text, "failure");
    if (rest != NULL) {
        vec_push(&published->failures,
                 (struct published_failure){.label = shown(published, rest), .how = "", .log = ""});
        return true;
    }
    if (published->failures.count == 0) {
        return false;
    }
    struct published_failure *failure = &published->failures.at[published->failures.count - 1];
    if ((rest = after(text, "how")) != NULL) {
        failure->how = shown(published, rest);
    } else if ((rest = after(text, "log")) != NULL) {
        failure->log = arena_string(&published->arena, slice_of(rest));
    }
    return rest != NULL;
}

/* The head of the file; `at` moves past it. */
static bool read_head(struct slice file, size_t *at, struct run_mark *mark)
{
    if (file.len < sizeof HEADING || memcmp(file.at, HEADING, sizeof HEADING) != 0) {
        return false;
    }
    const char *text = file.at + sizeof HEADING;
    size_t len = strnlen(text, file.len - sizeof HEADING);
    *at = sizeof HEADING + len + 1;
    return *at <= file.len && run_mark_parse(slice_make(text, len), mark);
}

static bool read_texts(struct published *published, struct slice file, size_t at)
{
    while (at < file.len) {
        const char *text = file.at + at;
        size_t len = strnlen(text, file.len - at);
        if (at + len == file.len) {
            return false;
        }
        if (strcmp(text, "end") == 0) {
            return true;
        }
        if (!take_task(published, text) && !take_failure(published, text)) {
            take_counts(published, text);
        }
        at += len + 1;
    }
    return false;
}

/* A run that works says where its memory is; what is there must be of the same run. */
static bool read_memory(struct published *published)
{
    struct buf text = BUF_EMPTY;
    struct run_mark mark;
    size_t at = 0;
    bool is_its = memory_file_read(published->pid, published->descriptor, NAME_IN_MEMORY,
                                   LARGEST_FILE, &text) &&
                  read_head(buf_slice(&text), &at, &mark) && mark.pid == (uint64_t)published->pid &&
                  mark.start_ticks == published->start_ticks &&
                  read_texts(published, buf_slice(&text), at);
    buf_release(&text);
    return is_its;
}

bool published_read(const char *state_path, struct published *published)
{
    struct buf file = BUF_EMPTY;
    struct run_mark own;
    struct run_mark mark;
    size_t at = 0;
    bool is_one = false;
    *published = (struct published){.descriptor = -1, .progress = {.seconds_left = -1}};
    arena_init(&published->arena);
    int root = inside_root(AT_FDCWD, state_path, false);
    if (root < 0) {
        return false;
    }
    if (inside_read(root, STATE_PROGRESS, LARGEST_FILE, &file) == 0 &&
        read_head(buf_slice(&file), &at, &mark)) {
        run_mark_of_this(&own, root);
        enum run_mark_standing standing = run_mark_compare(&mark, &own);
        published->pid = (pid_t)mark.pid;
        published->start_ticks = mark.start_ticks;
        is_one = standing != RUN_MARK_ELSEWHERE && read_texts(published, buf_slice(&file), at) &&
                 (published->has_ended || (standing == RUN_MARK_LIVES &&
                                           published->descriptor >= 0 && read_memory(published)));
    }
    disk->close(root);
    buf_release(&file);
    return is_one;
}

const struct published_task *published_find(const struct published *published, pid_t pid)
{
    vec_each (struct published_task, task, &published->tasks) {
        for (size_t i = 0; i < task->pids.count; i++) {
            if (task->pids.at[i] == pid) {
                return task;
            }
        }
    }
    return NULL;
}

void published_release(struct published *published)
{
    vec_each (struct published_task, task, &published->tasks) {
        vec_release(&task->pids);
        vec_release(&task->members);
        vec_release(&task->pools);
    }
    vec_release(&published->tasks);
    vec_release(&published->failures);
    arena_release(&published->arena);
}
