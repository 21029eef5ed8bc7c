#include "handed.h"

#include "claims.h"
#include "disk.h"
#include "inside.h"
#include "memory.h"
#include "state_folder.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "rowbuild records 1 "

static const char CHANGED[] = "changed";

/* ---- What is handed ---- */

struct numbers {
    VEC(size_t) tasks;
    VEC(size_t) files;
};

static void add_numbers(const struct graph *graph, struct task_id task, bool is_own,
                        struct numbers *numbers)
{
    vec_push(&numbers->tasks, task.at);
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        vec_push(&numbers->files, graph->products.at[p].at);
    }
    for (uint32_t d = graph->dependency_start[task.at];
         is_own && d < graph->dependency_start[task.at + 1]; d++) {
        vec_push(&numbers->files, graph->dependencies.at[d].file.at);
    }
}

/* Both are sorted, each once. */
static int compare(const void *a, const void *b)
{
    size_t left = *(const size_t *)a;
    size_t right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

static struct state_numbers each_once(size_t *at, size_t count)
{
    size_t kept = 0;
    if (count > 1) {
        qsort(at, count, sizeof *at, compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || at[kept - 1] != at[i]) {
            at[kept++] = at[i];
        }
    }
    return (struct state_numbers){at, kept};
}

static bool add_journal(const struct plan *plan, struct slice token, struct numbers *numbers,
                        struct buf *out)
{
    struct state_numbers tasks = each_once(numbers->tasks.at, numbers->tasks.count);
    struct state_numbers files = each_once(numbers->files.at, numbers->files.count);
    bool fits = state_add_handed(plan_state(plan), token, &tasks, &files, out);
    vec_release(&numbers->tasks);
    vec_release(&numbers->files);
    return fits;
}

void handed_add(const struct plan *plan, struct slice token, const struct task_id *tasks,
                size_t count, struct pieces *pieces)
{
    const struct graph *graph = plan_graph(plan);
    struct numbers numbers = {0};
    size_t before = pieces->bytes.len;
    for (size_t i = 0; i < count; i++) {
        add_numbers(graph, tasks[i], true, &numbers);
        for (uint32_t e = graph->before_start[tasks[i].at];
             e < graph->before_start[tasks[i].at + 1]; e++) {
            add_numbers(graph, graph->before.at[e].task, false, &numbers);
        }
    }
    if (count > 0 && !add_journal(plan, token, &numbers, &pieces->bytes)) {
        pieces->bytes.len = before;
    }
    pieces_end_one(pieces);
}

int handed_write(const char *state_path, struct slice token, const struct pieces *pieces,
                 struct diag *diag)
{
    if (pieces_write(state_path, token, HANDED_SUFFIX, HEAD, pieces) == 0) {
        return 0;
    }
    int error = errno;
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    buf_addf(&path, "%s/" STATE_JOBS "/", state_path);
    pieces_add_name(token, HANDED_SUFFIX, &path);
    text_add_name(&shown, buf_slice(&path));
    int result = diag_state_error(diag, FINDING_FILE_TROUBLE, "can't write %s: %s",
                                  buf_string(&shown), inside_error(error));
    buf_release(&path);
    buf_release(&shown);
    return result;
}

/* ---- In the job ---- */

static bool is_marked(const char *state_path, const struct inbox_attempt *attempt)
{
    struct buf name = BUF_EMPTY;
    struct stat found;
    int folder = inbox_open(state_path, false);
    inbox_add_name(attempt, CHANGED, &name);
    bool is =
        folder >= 0 && (disk->stat(folder, buf_string(&name), &found, AT_SYMLINK_NOFOLLOW) == 0 ||
                        errno != ENOENT);
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&name);
    return is;
}

static bool is_registered(const char *state_path, struct slice token)
{
    struct buf name = BUF_EMPTY;
    struct stat found;
    int folder = state_folder_open(state_path, STATE_JOBS, false);
    buf_addf(&name, "%.*s.json", SLICE_ARGS(token));
    bool is =
        folder >= 0 && disk->stat(folder, buf_string(&name), &found, AT_SYMLINK_NOFOLLOW) == 0;
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&name);
    return is;
}

/* What an element handed on, or nothing if it hasn't begun; false: it isn't known what it has recorded. */
static bool read_source(const char *state_path, const struct part_source *source,
                        struct arena *arena, struct handed *handed)
{
    struct inbox_attempt attempt = {.token = arena_string(arena, source->token),
                                    .element = (uint32_t)source->element};
    struct buf journal = BUF_EMPTY;
    bool has_begun = false;
    bool is_known = claim_read_records(state_path, &attempt, &journal, &has_begun);
    if (is_known) {
        handed->journals[handed->count++] = arena_slice(arena, buf_slice(&journal));
    }
    buf_release(&journal);
    return is_known || (!has_begun && is_registered(state_path, source->token));
}

bool handed_read(const char *state_path, const struct inbox_attempt *attempt,
                 const struct part *part, struct arena *arena, struct handed *handed)
{
    struct buf own = BUF_EMPTY;
    handed->count = 0;
    handed->journals = arena_array(arena, part->source_count + 1, sizeof *handed->journals);
    bool is_good = pieces_read(state_path, slice_of(attempt->token), HANDED_SUFFIX, HEAD,
                               attempt->element, &own) == PIECES_FOUND &&
                   own.len > 0;
    if (is_good) {
        handed->journals[handed->count++] = arena_slice(arena, buf_slice(&own));
    }
    for (size_t i = 0; i < part->source_count && is_good; i++) {
        is_good =
            part->sources[i].has_ended || read_source(state_path, &part->sources[i], arena, handed);
    }
    is_good = is_good && !is_marked(state_path, attempt); /* last: a mark comes before the change */
    buf_release(&own);
    return is_good;
}

void handed_leave(const char *state_path, const struct inbox_attempt *attempt, struct slice claim,
                  const struct plan *plan, const struct slice *keys, size_t count)
{
    const struct graph *graph = plan_graph(plan);
    struct numbers numbers = {0};
    struct buf journal = BUF_EMPTY;
    bool has_dependents = false;
    for (size_t i = 0; i < count; i++) {
        struct task_id task = graph_find_task(graph, keys[i]);
        if (task.at != GRAPH_NONE) {
            add_numbers(graph, task, false, &numbers);
            has_dependents =
                has_dependents || graph->after_start[task.at] < graph->after_start[task.at + 1];
        }
    }
    if (add_journal(plan, slice_of(attempt->token), &numbers, &journal) && has_dependents) {
        claim_leave_records(state_path, attempt, claim, buf_slice(&journal));
    }
    buf_release(&journal);
}

/* ---- Marking ---- */

struct handed_marks { /* the queued elements that hold each key, the later first */
    struct intern keys;
    struct holder {
        const struct submission *submission;
        uint32_t element;
        uint32_t next; /* one place more than that of another holder; 0: none */
    } * at;
    size_t count;
    VEC(uint32_t) first; /* by key */
};

static void note_holder(struct handed_marks *marks, const struct submission *submission, size_t e,
                        struct slice key)
{
    uint32_t number = intern_add(&marks->keys, key);
    if (number == marks->first.count) {
        vec_push(&marks->first, 0);
    }
    marks->at[marks->count] = (struct holder){submission, (uint32_t)e, marks->first.at[number]};
    marks->first.at[number] = (uint32_t)++marks->count;
}

static struct handed_marks *find_holders(const struct submissions *submissions)
{
    struct handed_marks *marks = mem_alloc(sizeof *marks);
    size_t most = 0;
    intern_init(&marks->keys);
    for (int round = 0; round < 2; round++) { /* counts, then notes */
        for (size_t i = 0; i < submissions->count; i++) {
            const struct submission *submission = &submissions->items[i];
            for (size_t e = 0; e < submission->element_count; e++) {
                const struct submission_element *element = &submission->elements[e];
                size_t count = element->state == ELEMENT_QUEUED ? element->task_count : 0;
                most += round == 0 ? count : 0;
                for (size_t t = 0; t < count && round == 1; t++) {
                    note_holder(marks, submission, e, element->tasks[t]);
                }
            }
        }
        if (round == 0) {
            marks->at = mem_alloc((most + 1) * sizeof *marks->at);
        }
    }
    return marks;
}

void handed_marks_free(struct handed_marks *marks)
{
    if (marks != NULL) {
        intern_release(&marks->keys);
        vec_release(&marks->first);
        free(marks->at);
        free(marks);
    }
}

/* Synced, name and all: the record that is changed next may be on the disk before. */
static int make_mark(const char *state_path, const struct holder *holder)
{
    struct inbox_attempt attempt = {.token = holder->submission->token.at,
                                    .element = holder->element};
    struct buf name = BUF_EMPTY;
    int folder = inbox_open(state_path, true);
    inbox_add_name(&attempt, CHANGED, &name);
    int fd = folder < 0 ? -1
                        : disk->open(folder, buf_string(&name),
                                     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    int result = fd >= 0 || (folder >= 0 && errno == EEXIST) ? 0 : -1;
    int error = errno;
    if (fd >= 0) {
        disk->close(fd);
        (void)disk->sync(folder);
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&name);
    errno = error;
    return result;
}

static int mark_holders(struct jobs *jobs, const struct graph *graph, struct task_id task)
{
    struct buf key = BUF_EMPTY;
    int result = 0;
    if (jobs->marks == NULL) {
        jobs->marks = find_holders(&jobs->submissions);
    }
    graph_add_key(graph, task, &key);
    uint32_t number = intern_find(&jobs->marks->keys, buf_slice(&key));
    uint32_t place = number != INTERN_NONE ? jobs->marks->first.at[number] : 0;
    while (place != 0 && result == 0) {
        const struct holder *holder = &jobs->marks->at[place - 1];
        result = make_mark(jobs->place.state_path, holder);
        place = holder->next;
    }
    buf_release(&key);
    return result;
}

int handed_mark(struct jobs *jobs, const struct plan *plan, struct task_id task)
{
    const struct graph *graph = plan_graph(plan);
    int result = 0;
    if (jobs == NULL || jobs->submissions.count == 0) {
        return 0;
    }
    result = mark_holders(jobs, graph, task);
    for (uint32_t a = graph->after_start[task.at];
         a < graph->after_start[task.at + 1] && result == 0; a++) {
        result = mark_holders(jobs, graph, graph->after[a]);
    }
    return result;
}
