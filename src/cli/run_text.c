#include "run_text.h"

#include "text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_OPEN_LINES = 10,   /* of a failure's output that aren't folded */
    LONGEST_COMMAND = 2000, /* bytes of it in the report of a failure */
};

static const char RED[] = "\033[1;31m";
static const char YELLOW[] = "\033[1;33m";
static const char PLAIN[] = "\033[0m";

void run_tally_add(struct run_tally *tally, const struct rowbuild_event *event)
{
    switch (event->outcome) {
    case ROWBUILD_SUCCEEDED:
        tally->ran += event->tasks;
        break;
    case ROWBUILD_RESTORED:
        tally->restored += event->tasks;
        break;
    case ROWBUILD_TASK_FAILED:
    case ROWBUILD_TIMED_OUT:
        tally->failed += event->tasks;
        break;
    case ROWBUILD_UNFINISHED:
        tally->unfinished += event->tasks;
        break;
    case ROWBUILD_CANCELLED:
        tally->cancelled += event->tasks;
        break;
    case ROWBUILD_RETRYING:
    case ROWBUILD_UP_TO_DATE: /* aren't executions */
    case ROWBUILD_NOT_STARTED:
        break;
    }
}

size_t run_tally_not_started(const struct run_tally *tally,
                             const struct rowbuild_progress *progress)
{
    size_t over = progress->done + progress->failed + progress->unfinished + tally->cancelled;
    return progress->total > over ? progress->total - over : 0;
}

static void add_seconds(struct buf *out, double seconds, double more_than)
{
    if (seconds > more_than) {
        buf_add_string(out, " (");
        text_add_duration(out, seconds);
        buf_add_char(out, ')');
    }
}

/* Whether GitHub's runner could take a line of it as a command. */
static bool has_workflow_command(const char *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        bool begins = i == 0 || text[i - 1] == '\n' || text[i - 1] == '\r';
        while (begins && i + 1 < len && (text[i] == ' ' || text[i] == '\t')) {
            i++;
        }
        if ((begins && i + 1 < len && text[i] == ':' && text[i + 1] == ':') ||
            (i + 2 < len && memcmp(text + i, "##[", 3) == 0)) {
            return true;
        }
    }
    return false;
}

/* Between two lines that nobody else can know, GitHub's runner obeys no commands. */
static void add_harmless(struct buf *out, const char *text, size_t len)
{
    uint64_t word[2] = {0};
    (void)getentropy(word, sizeof word);
    buf_addf(out, "::stop-commands::%016" PRIx64 "%016" PRIx64 "\n", word[0], word[1]);
    buf_add(out, text, len);
    buf_add_string(out, text[len - 1] == '\n' ? "" : "\n");
    buf_addf(out, "::%016" PRIx64 "%016" PRIx64 "::\n", word[0], word[1]);
}

static void add_command(struct buf *out, struct slice command, const struct run_style *style)
{
    struct buf text = BUF_EMPTY;
    text_add_command(&text, "", command);
    if (style->github && has_workflow_command(text.at, text.len)) {
        add_harmless(out, text.at, text.len);
    } else {
        buf_add_slice(out, buf_slice(&text));
    }
    buf_release(&text);
}

/* Of a long one the beginning. */
static void add_failed_command(struct buf *out, struct slice command, const struct run_style *style)
{
    size_t kept = LONGEST_COMMAND;
    if (command.len <= kept) {
        add_command(out, command, style);
        return;
    }
    while (kept > 0 && ((unsigned char)command.at[kept] & 0xc0U) == 0x80U) {
        kept--; /* not within a character */
    }
    struct buf beginning = BUF_EMPTY;
    buf_add(&beginning, command.at, kept);
    buf_addf(&beginning, " … (%zu bytes more: see `rowbuild show command`)", command.len - kept);
    add_command(out, buf_slice(&beginning), style);
    buf_release(&beginning);
}

void run_text_add_started(struct buf *out, const struct rowbuild_event *event, bool verbose,
                          const struct run_style *style)
{
    if (verbose) {
        buf_addf(out, "start %s\n", event->label);
        if (event->command != NULL) {
            add_command(out, slice_of(event->command), style);
        }
    }
    for (const char *line = event->text; line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        buf_addf(out, "explain %s: %.*s\n", event->label, (int)len, line);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
}

static void add_output(struct buf *out, const struct rowbuild_event *event,
                       const struct run_style *style)
{
    if (event->output == NULL || event->output_bytes == 0) {
        return;
    }
    if (style->github && has_workflow_command(event->output, event->output_bytes)) {
        add_harmless(out, event->output, event->output_bytes);
        return;
    }
    buf_add(out, event->output, event->output_bytes);
    if (style->terminal && memchr(event->output, '\033', event->output_bytes) != NULL) {
        buf_add_string(out, PLAIN);
    }
    if (event->output[event->output_bytes - 1] != '\n') {
        buf_add_char(out, '\n');
    }
}

static void add_success(struct buf *out, const struct rowbuild_event *event,
                        const struct run_style *style)
{
    bool said = event->output != NULL && event->output_bytes > 0;
    if (style->quiet || (style->silent_success && !said)) {
        return;
    }
    if (style->plain) {
        add_output(out, event, style);
        return;
    }
    const struct rowbuild_progress *progress = event->progress;
    buf_addf(out, "[%zu/%zu] %s", progress->done + progress->failed + progress->unfinished,
             progress->total, event->label);
    if (event->outcome == ROWBUILD_RESTORED) {
        buf_add_string(out, ": restored");
    }
    add_seconds(out, event->seconds, 1);
    buf_add_char(out, '\n');
    add_output(out, event, style);
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = len > 0 && text[len - 1] != '\n';
    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

/* In GitHub's log, folded if it is long. */
static void add_failed_output(struct buf *out, const struct rowbuild_event *event,
                              const struct run_style *style)
{
    bool is_long = style->github && event->output != NULL &&
                   count_lines(event->output, event->output_bytes) > MOST_OPEN_LINES;
    if (is_long) {
        buf_addf(out, "::group::output of %s\n", event->label);
    }
    add_output(out, event, style);
    buf_add_string(out, is_long ? "::endgroup::\n" : "");
}

static void add_trouble(struct buf *out, const struct rowbuild_event *event, const char *what,
                        const char *colour, const struct run_style *style)
{
    buf_addf(out, "%s%s:%s %s", style->colour ? colour : "", what, style->colour ? PLAIN : "",
             event->label);
    if (event->how != NULL) {
        buf_addf(out, ": %s", event->how);
    }
    add_seconds(out, event->seconds, 0);
    buf_add_char(out, '\n');
    if (event->command != NULL && event->outcome != ROWBUILD_CANCELLED) {
        add_failed_command(out, slice_of(event->command), style);
    }
    add_failed_output(out, event, style);
    if (event->log != NULL) {
        buf_add_string(out, "log: ");
        text_add_visible(out, slice_of(event->log));
        buf_add_char(out, '\n');
    }
    if (event->again != NULL) {
        buf_addf(out, "to retry: %s\n", event->again);
    }
}

void run_text_add_ended(struct buf *out, const struct rowbuild_event *event,
                        const struct run_style *style)
{
    switch (event->outcome) {
    case ROWBUILD_SUCCEEDED:
    case ROWBUILD_RESTORED:
        add_success(out, event, style);
        break;
    case ROWBUILD_TASK_FAILED:
    case ROWBUILD_TIMED_OUT:
        add_trouble(out, event, "FAILED", RED, style);
        break;
    case ROWBUILD_UNFINISHED:
        add_trouble(out, event, "unfinished", YELLOW, style);
        break;
    case ROWBUILD_CANCELLED:
        if (!style->quiet && !style->silent_success) {
            add_trouble(out, event, "cancelled", YELLOW, style);
        }
        break;
    case ROWBUILD_RETRYING:
        if (!style->quiet) {
            add_trouble(out, event, "retrying", YELLOW, style);
        }
        break;
    case ROWBUILD_UP_TO_DATE:
    case ROWBUILD_NOT_STARTED:
        break;
    }
}

static void add_tasks(struct buf *out, size_t count)
{
    text_add_count(out, count);
    buf_add_string(out, count == 1 ? " task" : " tasks");
}

void run_text_add_again(struct buf *out, const struct rowbuild_estimate *estimate)
{
    text_add_count(out, estimate->again);
    buf_add_string(out, estimate->again == 1 ? " finished task" : " finished tasks");
    if (estimate->again_core_hours > 0) {
        buf_add_string(out, ", ");
        text_add_cpu_time(out, estimate->again_core_hours);
    }
    if (estimate->again_reason != NULL) {
        buf_addf(out, ", %s", estimate->again_reason);
    }
}

void run_text_add_undeclared(struct buf *out, const struct rowbuild_undeclared *undeclared)
{
    bool is_one = undeclared->directories == 1;
    text_add_count(out, undeclared->directories);
    buf_addf(out, is_one ? " directory with results of " : " directories with results of ");
    text_add_cpu_time(out, undeclared->core_hours);
    buf_addf(out, " %s no longer declared: %s", is_one ? "is" : "are", undeclared->names);
}

static void add_part(struct buf *out, size_t count, const char *what, bool *first)
{
    if (count > 0) {
        buf_add_string(out, *first ? "" : ", ");
        text_add_count(out, count);
        buf_addf(out, " %s", what);
        *first = false;
    }
}

static void add_shortfall(struct buf *out, const struct run_tally *tally,
                          const struct rowbuild_progress *progress)
{
    bool first = true;
    add_part(out, tally->failed, "failed", &first);
    add_part(out, tally->unfinished, "unfinished", &first);
    add_part(out, tally->cancelled, "cancelled", &first);
    add_part(out, run_tally_not_started(tally, progress), "not started", &first);
    buf_add_string(out, first ? "stopped: " : ", ");
    if (tally->restored > 0) {
        text_add_count(out, tally->restored);
        buf_add_string(out, " restored, ");
    }
    text_add_count(out, tally->ran);
    buf_add_string(out, " succeeded in ");
    text_add_duration(out, progress->seconds);
    buf_add_char(out, '\n');
}

void run_text_add_summary(struct buf *out, const struct run_tally *tally,
                          const struct rowbuild_progress *progress, int status)
{
    if (status != ROWBUILD_OK) {
        add_shortfall(out, tally, progress);
        return;
    }
    if (tally->ran == 0 && tally->restored == 0) {
        buf_add_string(out, "nothing to do\n");
        return;
    }
    buf_add_string(out, "done: ");
    if (tally->ran > 0) {
        add_tasks(out, tally->ran);
        buf_add_string(out, " ran");
    }
    if (tally->restored > 0) {
        buf_add_string(out, tally->ran > 0 ? ", " : "");
        add_tasks(out, tally->restored);
        buf_add_string(out, " restored");
    }
    buf_add_string(out, " in ");
    text_add_duration(out, progress->seconds);
    buf_add_char(out, '\n');
}
