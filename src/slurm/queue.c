#include "queue.h"

#include "buf.h"
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "site_names.h"
#include "slurm_call.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of squeue's answer: LINE_START, job, index, state, comment, reason, and when it was submitted, in
 * seconds. The job's name isn't requested, since it may contain anything. So may a comment, but only rowbuild's comments matter,
 * and text after a newline in another comment doesn't begin with LINE_START. Without widths nothing
 * is truncated. */
#define LINE_START "rowbuild|"
#define LINE_FORMAT LINE_START "%F|%K|%T|%k|%r|%V"
#define HEADER_START LINE_START "ARRAY_JOB_ID|"
#define COMMENT_START "rowbuild:"

enum {
    TOKEN_DIGITS = 16,
    LONGEST_ANSWER = 64 << 20,
    LONGEST_HOST_NAME = 256,
};

/* ---- The answer ---- */

static bool is_among(struct slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, words[i])) {
            return true;
        }
    }
    return false;
}

static bool find_phase(struct slice state, enum queue_phase *phase)
{
    static const char *const pending[] = {
        "PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT",
    };
    /* A job that is completing may still write. A revoked one now belongs to another cluster. */
    static const char *const running[] = {
        "RUNNING",   "SUSPENDED", "COMPLETING", "CONFIGURING",   "EXPEDITING", "RESIZING",
        "SIGNALING", "STAGE_OUT", "STOPPED",    "POWER_UP_NODE", "REVOKED",
    };
    static const char *const ended[] = {
        "COMPLETED", "CANCELLED", "FAILED",   "TIMEOUT",       "NODE_FAIL",
        "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY",
    };
    *phase = QUEUE_RUNNING;
    if (is_among(state, running, sizeof running / sizeof *running)) {
        return true;
    }
    if (is_among(state, pending, sizeof pending / sizeof *pending)) {
        *phase = QUEUE_PENDING;
        return true;
    }
    if (is_among(state, ended, sizeof ended / sizeof *ended)) {
        *phase = QUEUE_ENDED;
        return true;
    }
    return false;
}

/* Takes the text before the next '|' from the line. */
static bool take_field(struct slice *line, struct slice *field)
{
    const char *bar = line->len > 0 ? memchr(line->at, '|', line->len) : NULL;
    if (bar == NULL) {
        return false;
    }
    *field = slice_make(line->at, (size_t)(bar - line->at));
    *line = slice_make(bar + 1, line->len - field->len - 1);
    return true;
}

/* Reads the index; "N/A" means that the job isn't an element of an array. */
static bool read_index(struct slice text, uint32_t *index)
{
    uint64_t number = JOB_NO_INDEX;
    if (!slice_is(text, "N/A") && !text_read_number(text, JOB_NO_INDEX - 1, &number)) {
        return false;
    }
    *index = (uint32_t)number;
    return true;
}

static size_t count_hexadecimal(struct slice text)
{
    size_t count = 0;
    while (count < text.len && strchr("0123456789abcdef", text.at[count]) != NULL &&
           text.at[count] != '\0') {
        count++;
    }
    return count;
}

/* Finds rowbuild's token among words that a site's plug-ins may have added. */
static struct slice find_token(struct slice comment)
{
    size_t prefix = strlen(COMMENT_START);
    for (size_t at = 0; at + prefix + TOKEN_DIGITS <= comment.len; at++) {
        struct slice rest = slice_make(comment.at + at, comment.len - at);
        if (slice_starts_with(rest, COMMENT_START)) {
            struct slice token = slice_make(rest.at + prefix, rest.len - prefix);
            if (count_hexadecimal(token) == TOKEN_DIGITS) {
                return slice_make(token.at, TOKEN_DIGITS);
            }
        }
    }
    return (struct slice){0};
}

/* Takes the time from the end of the line, where it has one: no reason is a number. */
static int64_t take_time(struct slice *line)
{
    const char *bar = line->len > 0 ? memrchr(line->at, '|', line->len) : NULL;
    size_t before = bar != NULL ? (size_t)(bar - line->at) : line->len;
    uint64_t time;
    if (bar == NULL ||
        !text_read_number(slice_make(bar + 1, line->len - before - 1), INT64_MAX, &time)) {
        return 0;
    }
    line->len = before;
    return (int64_t)time;
}

static bool parse_line(struct slice line, struct queue_entry *entry)
{
    struct slice job;
    struct slice index;
    if (!take_field(&line, &job) || !take_field(&line, &index) ||
        !take_field(&line, &entry->state) || entry->state.len == 0 ||
        !text_read_number(job, UINT32_MAX, &entry->job_id) || !read_index(index, &entry->index)) {
        return false;
    }
    entry->submitted_at_s = take_time(&line);
    const char *bar = line.len > 0 ? memrchr(line.at, '|', line.len) : NULL;
    size_t comment_len = bar != NULL ? (size_t)(bar - line.at) : line.len;
    entry->token = find_token(slice_make(line.at, comment_len));
    entry->reason = bar != NULL ? slice_make(bar + 1, line.len - comment_len - 1)
                                : (struct slice){.at = "", .len = 0};
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct queue_entry *left = a;
    const struct queue_entry *right = b;
    if (left->job_id != right->job_id) {
        return left->job_id < right->job_id ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static int order_entries(const void *a, const void *b)
{
    const struct queue_entry *left = a;
    const struct queue_entry *right = b;
    int order = compare_entries(left, right);
    return order != 0 ? order : left->phase < right->phase ? -1 : left->phase > right->phase;
}

static void warn_of_state(struct slice state, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, state);
    diag_warning(diag, FINDING_QUEUE_UNKNOWN,
                 "a job in the queue has the unknown state %s; it counts as running",
                 buf_string(&name));
    buf_release(&name);
}

/* Warns once for each unknown state. */
static void warn_of_states(const struct queue *queue, struct diag *diag)
{
    for (size_t i = 0; i < queue->count; i++) {
        size_t before = 0;
        while (!queue->entries[i].state_is_known && before < i &&
               !slice_equal(queue->entries[before].state, queue->entries[i].state)) {
            before++;
        }
        if (!queue->entries[i].state_is_known && before == i) {
            warn_of_state(queue->entries[i].state, diag);
        }
    }
}

static bool complain(struct slice line, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, line);
    diag_warning(diag, FINDING_QUEUE_UNKNOWN,
                 "squeue's answer can't be read: %s; jobs count as submitted", buf_string(&name));
    buf_release(&name);
    return false;
}

/* Output of squeue besides jobs: empty lines, or the name of a cluster when several are asked. */
static bool is_between_jobs(struct slice line)
{
    size_t blanks = 0;
    while (blanks < line.len && strchr(" \t\r", line.at[blanks]) != NULL) {
        blanks++;
    }
    return blanks == line.len || slice_starts_with(line, SITE_HEADING) ||
           slice_starts_with(line, HEADER_START);
}

static bool take_line(struct queue *queue, struct slice line, struct diag *diag,
                      struct queue_entry *entry)
{
    size_t start = strlen(LINE_START);
    if (!parse_line(slice_make(line.at + start, line.len - start), entry)) {
        return complain(line, diag);
    }
    entry->state_is_known = find_phase(entry->state, &entry->phase);
    entry->state = arena_slice(&queue->arena, entry->state);
    entry->reason = arena_slice(&queue->arena, entry->reason);
    if (entry->token.at != NULL) {
        entry->token = arena_slice(&queue->arena, entry->token);
    }
    return true;
}

bool queue_parse(struct queue *queue, struct slice answer, struct diag *diag)
{
    VEC(struct queue_entry) entries = {0};
    struct slice other = {0};
    struct slice cluster = {0};
    bool understood = true;
    while (answer.len > 0 && understood) {
        const char *newline = memchr(answer.at, '\n', answer.len);
        size_t len = newline != NULL ? (size_t)(newline - answer.at) : answer.len;
        struct slice line = slice_make(answer.at, len);
        answer = slice_make(answer.at + len, answer.len - len);
        if (answer.len > 0) {
            answer = slice_make(answer.at + 1, answer.len - 1);
        }
        if (slice_starts_with(line, SITE_HEADING)) {
            size_t start = strlen(SITE_HEADING);
            cluster = arena_slice(&queue->arena, slice_make(line.at + start, line.len - start));
        } else if (slice_starts_with(line, LINE_START) && !is_between_jobs(line)) {
            struct queue_entry entry;
            understood = take_line(queue, line, diag, &entry);
            entry.cluster = cluster;
            if (understood) {
                vec_push(&entries, entry);
            }
        } else if (other.len == 0 && !is_between_jobs(line)) {
            other = line;
        }
    }
    if (understood && entries.count == 0 && other.len > 0) { /* output of another program */
        understood = complain(other, diag);
    }
    if (understood && entries.count > 0) {
        qsort(entries.at, entries.count, sizeof *entries.at, order_entries);
        queue->entries = arena_array(&queue->arena, entries.count, sizeof *entries.at);
        memcpy(queue->entries, entries.at, entries.count * sizeof *entries.at);
        queue->count = entries.count;
        warn_of_states(queue, diag);
    }
    vec_release(&entries);
    return understood;
}

/* ---- Remembering it ---- */

/* Adds whose answer it is, since other users, and other clusters on the same file system, get
 * different ones. */
static void add_whose(struct buf *out, char *const *environment)
{
    char host[LONGEST_HOST_NAME] = "";
    (void)gethostname(host, sizeof host - 1);
    buf_addf(out, "%lu ", (unsigned long)geteuid());
    text_add_json(out, slice_of(host));
    for (size_t i = 0; environment[i] != NULL; i++) {
        struct slice variable = slice_of(environment[i]);
        if (slice_starts_with(variable, "SLURM_CONF=") ||
            slice_starts_with(variable, "SBATCH_CLUSTERS=")) {
            buf_add_char(out, ' ');
            text_add_json(out, variable);
        }
    }
}

/* The first line of the file, up to the time. */
static void add_heading(struct buf *out, char *const *environment)
{
    buf_add_string(out, "squeue 1 ");
    add_whose(out, environment);
    buf_add_string(out, " at ");
}

static bool recall(struct queue *queue, const char *state_path, unsigned max_age_s,
                   char *const *environment)
{
    struct buf text = BUF_EMPTY;
    struct buf heading = BUF_EMPTY;
    struct diag unseen; /* problems were already reported when the answer was new */
    bool recalled = false;
    diag_init(&unseen);
    int root = inside_root(AT_FDCWD, state_path, false);
    add_heading(&heading, environment);
    if (root >= 0 && inside_read(root, STATE_QUEUE, LONGEST_ANSWER, &text) == 0 &&
        text.len > heading.len && memcmp(text.at, heading.at, heading.len) == 0) {
        struct slice answer = slice_make(text.at + heading.len, text.len - heading.len);
        uint64_t asked_at_s;
        bool is_dated = text_take_number(&answer, INT64_MAX, &asked_at_s) && answer.len > 0 &&
                        answer.at[0] == '\n';
        int64_t age_s = is_dated ? world->wall_s() - (int64_t)asked_at_s : -1;
        if (age_s >= 0 && age_s <= (int64_t)max_age_s && queue_parse(queue, answer, &unseen)) {
            queue->answered = true;
            queue->is_remembered = true;
            queue->asked_at_s = (int64_t)asked_at_s;
            recalled = true;
        }
    }
    diag_release(&unseen);
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&heading);
    buf_release(&text);
    return recalled;
}

/* Remembering is optional: if the file can't be written, the queue is asked again next time. */
static void remember(const struct queue *queue, const char *state_path, struct slice answer,
                     char *const *environment)
{
    struct buf text = BUF_EMPTY;
    int root = inside_root(AT_FDCWD, state_path, false);
    add_heading(&text, environment);
    buf_addf(&text, "%lld\n", (long long)queue->asked_at_s);
    buf_add_slice(&text, answer);
    if (root >= 0) {
        (void)inside_replace(root, STATE_QUEUE, buf_slice(&text));
        disk->close(root);
    }
    buf_release(&text);
}

void queue_forget(const char *state_path)
{
    int root = inside_root(AT_FDCWD, state_path, false);
    if (root >= 0) {
        (void)inside_remove(root, STATE_QUEUE);
        disk->close(root);
    }
}

/* ---- Asking ---- */

/* `cluster`: "b"; at == NULL: the one that squeue asks by itself; "all": each has a heading then. */
static bool ask(struct buf *answer_text, struct slice cluster, char *const *environment,
                struct diag *diag)
{
    char *argv[] = {(char *)"squeue",
                    (char *)"--me",
                    (char *)"--all",
                    (char *)"--array",
                    (char *)"--states=all",
                    (char *)"--format=" LINE_FORMAT,
                    NULL,
                    NULL,
                    NULL};
    size_t count = 6;
    struct buf option = BUF_EMPTY;
    struct buf words = BUF_EMPTY;
    if (cluster.at != NULL) {
        buf_addf(&option, "--clusters=%.*s", SLICE_ARGS(cluster));
        argv[count++] = option.at;
    }
    if (cluster.at == NULL || !slice_is(cluster, SITE_ALL)) {
        argv[count++] = (char *)"--noheader";
    }
    bool answered = slurm_call(argv, environment, answer_text, &words);
    if (!answered) {
        diag_warning(diag, FINDING_QUEUE_UNKNOWN,
                     "the queue can't be asked: %s; jobs count as submitted", buf_string(&words));
    }
    buf_release(&option);
    buf_release(&words);
    return answered;
}

void queue_ask(struct queue *queue, const char *state_path, unsigned max_age_s,
               char *const *environment, struct diag *diag)
{
    *queue = (struct queue){0};
    arena_init(&queue->arena);
    if (max_age_s > 0 && recall(queue, state_path, max_age_s, environment)) {
        return;
    }
    struct buf answer = BUF_EMPTY;
    queue->asked_at_s = world->wall_s(); /* the answer isn't older than this */
    if (ask(&answer, (struct slice){0}, environment, diag) &&
        queue_parse(queue, buf_slice(&answer), diag)) {
        queue->answered = true;
        remember(queue, state_path, buf_slice(&answer), environment);
    }
    buf_release(&answer);
}

void queue_ask_at(struct queue *queue, struct slice clusters, char *const *environment,
                  struct diag *diag)
{
    struct buf answer = BUF_EMPTY;
    bool answered = true;
    *queue = (struct queue){0};
    arena_init(&queue->arena);
    queue->asked_at_s = world->wall_s();
    while (clusters.len > 0 && answered) {
        const char *comma = memchr(clusters.at, ',', clusters.len);
        size_t len = comma != NULL ? (size_t)(comma - clusters.at) : clusters.len;
        size_t used = comma != NULL ? len + 1 : len;
        struct slice cluster = slice_make(clusters.at, len);
        clusters = slice_make(clusters.at + used, clusters.len - used);
        if (len > 0 && !slice_is(cluster, SITE_ALL)) {
            buf_addf(&answer, "\n" SITE_HEADING "%.*s\n", SLICE_ARGS(cluster));
        }
        bool is_all = slice_is(cluster, SITE_ALL);
        buf_add_string(&answer, is_all ? "\n" : "");
        answered = len == 0 || ask(&answer, cluster, environment, diag);
        queue->lacks_clusters =
            queue->lacks_clusters ||
            (answered && is_all && !site_has_all(buf_slice(&answer), environment));
    }
    queue->answered = answered && queue_parse(queue, buf_slice(&answer), diag);
    buf_release(&answer);
}

void queue_release(struct queue *queue)
{
    arena_release(&queue->arena);
    *queue = (struct queue){0};
}

/* ---- Looking things up ---- */

const struct queue_entry *queue_find(const struct queue *queue, uint64_t job_id, uint32_t index)
{
    struct queue_entry wanted = {.job_id = job_id, .index = index};
    const struct queue_entry *found = queue->count == 0
                                          ? NULL
                                          : bsearch(&wanted, queue->entries, queue->count,
                                                    sizeof *queue->entries, compare_entries);
    while (found != NULL && found > queue->entries && compare_entries(found - 1, found) == 0) {
        found--;
    }
    return found;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct queue_entry *left = a;
    const struct queue_entry *right = b;
    return left->job_id < right->job_id ? -1 : left->job_id > right->job_id;
}

bool queue_lists(const struct queue *queue, uint64_t job_id, uint32_t index)
{
    struct queue_entry any = {.job_id = job_id};
    if (index != JOB_NO_INDEX) {
        return queue_find(queue, job_id, index) != NULL ||
               queue_find(queue, job_id, JOB_NO_INDEX) != NULL;
    }
    return queue->count > 0 && bsearch(&any, queue->entries, queue->count, sizeof *queue->entries,
                                       compare_numbers) != NULL;
}

const struct queue_entry *queue_find_token(const struct queue *queue, struct slice token)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (queue->entries[i].token.at != NULL && slice_equal(queue->entries[i].token, token)) {
            return &queue->entries[i];
        }
    }
    return NULL;
}
