/* Reasons in words. */
#include "plan_inner.h"

#include "json.h"
#include "names.h"
#include "run_facts.h"
#include "text.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_DIFFERENCES = 3,
    LONGEST_QUOTE = 120, /* bytes of an old or new text that are shown */
};

/* Text for one line: escaped where it must be, cut where it is long. */
static void add_short(struct buf *out, struct slice text)
{
    bool is_cut = text.len > LONGEST_QUOTE;
    struct slice shown = is_cut ? slice_make(text.at, LONGEST_QUOTE) : text;
    while (is_cut && shown.len > 0 && !text_is_utf8(shown) && text_is_utf8(text)) {
        shown.len--;
    }
    text_add_name(out, shown);
    if (is_cut) {
        buf_add_string(out, "…");
    }
}

struct value_difference {
    struct buf *out;
    const char *prefix;
    size_t shown;
    bool has_pointers_as_keys; /* {"/pointer": value}: what value_inputs count */
};

/* "/~1temperature" names the key "/temperature", which is a pointer itself. */
static void add_counting_pointer(struct buf *out, struct slice pointer)
{
    for (size_t i = 1; i < pointer.len; i++) {
        if (pointer.at[i] == '~' && i + 1 < pointer.len) {
            i++;
            buf_add_char(out, pointer.at[i] == '1' ? '/' : '~');
        } else {
            buf_add_char(out, pointer.at[i]);
        }
    }
}

static void add_difference(void *context, struct slice pointer, const struct json *before,
                           bool before_there, const struct json *after, bool after_there)
{
    struct value_difference *difference = context;
    struct buf *out = difference->out;
    struct buf text = BUF_EMPTY;
    buf_addf(out, "%s%s", difference->shown++ > 0 ? ", " : difference->prefix,
             pointer.len > 0 ? " " : "");
    if (difference->has_pointers_as_keys) {
        add_counting_pointer(&text, pointer);
    } else {
        buf_add_slice(&text, pointer);
    }
    text_add_name(out, pointer.len > 0 ? buf_slice(&text) : SLICE_LITERAL(" "));
    buf_add_string(out, ": ");
    buf_clear(&text);
    if (before_there) {
        json_add_text(before, &text);
        add_short(out, buf_slice(&text));
    } else {
        buf_add_string(out, "(nothing)");
    }
    buf_add_string(out, " → ");
    buf_clear(&text);
    if (after_there) {
        json_add_text(after, &text);
        add_short(out, buf_slice(&text));
    } else {
        buf_add_string(out, "(nothing)");
    }
    buf_release(&text);
}

/* What counts of the value now, as it is written. */
static bool current_value_text(struct plan *plan, struct task_id task, const struct reason *reason,
                               struct buf *text)
{
    const struct graph *graph = plan->graph;
    const struct action *action = graph_action(graph, task);
    const struct json *value;
    int64_t directory = reason->in_directory ? (int64_t)graph->tasks[task.at].directory
                                             : workspace_find(graph->workspace, reason->name, NULL);
    struct diag unseen;
    bool found = false;
    diag_init(&unseen);
    if (directory >= 0 &&
        workspace_value(graph->workspace, (size_t)directory, &value, &unseen) == 0) {
        plan_add_counting(action, value, json_add_text, text);
        found = true;
    }
    diag_release(&unseen);
    return found;
}

static void add_value_reason(struct plan *plan, struct task_id task, const struct reason *reason,
                             struct buf *out)
{
    const struct action *action = graph_action(plan->graph, task);
    struct buf now = BUF_EMPTY;
    struct slice then = state_text(plan->state, reason->before);
    struct buf prefix = BUF_EMPTY;
    struct diag unseen;
    diag_init(&unseen);
    buf_add_string(&prefix, "value");
    if (!reason->in_directory) {
        buf_add_string(&prefix, " of ");
        text_add_name(&prefix, reason->name);
    }
    bool explained = false;
    if (then.at != NULL && current_value_text(plan, task, reason, &now)) {
        struct json_parser *parser = json_parser_new();
        struct json *before = json_parse(parser, then, SLICE_LITERAL("recorded"), &unseen);
        struct json *after = json_parse(parser, buf_slice(&now), SLICE_LITERAL("current"), &unseen);
        struct value_difference difference = {.out = out,
                                              .prefix = buf_string(&prefix),
                                              .has_pointers_as_keys = action->value_inputs_given};
        size_t count =
            json_differences(before, after, MOST_DIFFERENCES, add_difference, &difference);
        if (count > MOST_DIFFERENCES) {
            buf_addf(out, ", and %zu more", count - MOST_DIFFERENCES);
        }
        explained = count > 0;
        json_free(before);
        json_free(after);
        json_parser_free(parser);
    }
    if (!explained) {
        buf_addf(out, "%s changed", buf_string(&prefix));
    }
    buf_release(&prefix);
    buf_release(&now);
    diag_release(&unseen);
}

/* Takes the text up to the next NUL. */
static struct slice take_field(struct slice *text)
{
    const char *end = memchr(text->at, '\0', text->len);
    struct slice field = {text->at, end != NULL ? (size_t)(end - text->at) : text->len};
    size_t used = field.len + (end != NULL);
    text->at += used;
    text->len -= used;
    return field;
}

static void add_change(struct buf *out, const char **separator, const char *what,
                       struct slice before, struct slice after)
{
    if (slice_equal(before, after)) {
        return;
    }
    buf_addf(out, "%s%s: ", *separator, what);
    add_short(out, before);
    buf_add_string(out, " → ");
    add_short(out, after);
    *separator = ", ";
}

static void add_environment_change(struct buf *out, const char **separator, struct slice before,
                                   struct slice after)
{
    struct slice old = before;
    struct slice new = after;
    while (old.len > 0 || new.len > 0) {
        struct slice old_rest = old;
        struct slice new_rest = new;
        struct slice a = old.len > 0 ? take_field(&old_rest) : (struct slice){0};
        struct slice b = new.len > 0 ? take_field(&new_rest) : (struct slice){0};
        const char *a_equals = a.at != NULL ? memchr(a.at, '=', a.len) : NULL;
        const char *b_equals = b.at != NULL ? memchr(b.at, '=', b.len) : NULL;
        struct slice a_name = {a.at, a_equals != NULL ? (size_t)(a_equals - a.at) : a.len};
        struct slice b_name = {b.at, b_equals != NULL ? (size_t)(b_equals - b.at) : b.len};
        int order = old.len == 0 ? 1 : new.len == 0 ? -1 : slice_compare(a_name, b_name);
        struct buf what = BUF_EMPTY;
        buf_add_string(&what, "environment ");
        text_add_name(&what, order <= 0 ? a_name : b_name);
        struct slice missing = SLICE_LITERAL("(not set)");
        add_change(out, separator, buf_string(&what),
                   order <= 0 ? slice_make(a.at + a_name.len + 1, a.len - a_name.len - 1) : missing,
                   order >= 0 ? slice_make(b.at + b_name.len + 1, b.len - b_name.len - 1)
                              : missing);
        buf_release(&what);
        if (order <= 0) {
            old = old_rest;
        }
        if (order >= 0) {
            new = new_rest;
        }
    }
}

static void add_recipe_reason(struct plan *plan, struct task_id task, const struct reason *reason,
                              struct buf *out)
{
    struct slice before = state_text(plan->state, reason->before);
    struct slice after = plan->recipe_texts[plan->graph->tasks[task.at].action];
    const char *separator = "";
    struct digest origin = state_task(plan->state, task.at)->origin;
    if (run_facts_of(state_text(plan->state, origin)).is_edited) {
        buf_add_string(out, "recipe changed while it waited: ");
    }
    size_t start = out->len;
    if (before.at != NULL) {
        struct slice old_shell = take_field(&before);
        struct slice new_shell = take_field(&after);
        struct slice old_command = take_field(&before);
        struct slice new_command = take_field(&after);
        add_change(out, &separator, "command", old_command, new_command);
        add_change(out, &separator, "shell", old_shell, new_shell);
        add_environment_change(out, &separator, before, after);
    }
    if (out->len == start) {
        buf_add_string(out, "command changed");
    }
}

static void add_product_reason(const struct reason *reason, const char *rest, struct buf *out)
{
    buf_add_string(out, "product ");
    if (!reason->in_directory) {
        buf_add_string(out, "//");
    }
    text_add_name(out, reason->name);
    buf_add_string(out, rest);
}

/* Inputs are named as in a Rowfile: relative to the directory, or `//` from the project. */
static void add_path(struct buf *out, const struct reason *reason)
{
    if (!reason->in_directory && reason->name.len > 0 && reason->name.at[0] != '/') {
        buf_add_string(out, "//");
    }
    text_add_name(out, reason->name);
}

static void add_named(struct buf *out, const char *before, const struct reason *reason,
                      const char *behind)
{
    buf_add_string(out, before);
    add_path(out, reason);
    buf_add_string(out, behind);
}

static void add_upstream(struct plan *plan, const struct reason *reason, const char *before,
                         const char *behind, bool label, struct buf *out)
{
    buf_add_string(out, before);
    if (label) {
        graph_add_label(plan->graph, reason->task, out);
    } else {
        text_add_name(out, graph_action(plan->graph, reason->task)->name);
    }
    buf_add_string(out, behind);
}

static void add_job(const struct job_ref *job, struct buf *out)
{
    struct buf name = BUF_EMPTY;
    job_ref_add(job, &name);
    buf_add_string(out, "in job ");
    text_add_name(out, buf_slice(&name));
    buf_release(&name);
}

/* Nobody makes it, nobody is asked to, or it was made and is gone. */
static void add_missing_input(const struct plan *plan, struct slice path, struct buf *out)
{
    struct file_id file = graph_find_file(plan->graph, path);
    uint32_t maker = file.at == GRAPH_NONE ? GRAPH_NONE : plan->graph->producers[file.at];
    buf_add_string(out, "input ");
    text_add_name(out, path);
    if (maker == GRAPH_NONE) {
        buf_add_string(out, " is missing, and no action makes it");
    } else if (plan->wanted[maker] == 0) {
        buf_add_string(out, plan_is_deleted(plan, file)
                                ? " was deleted after it was read, and the action that makes it "
                                  "isn't selected"
                                : " is missing, and the action that makes it isn't selected");
    } else {
        buf_add_string(out, " is missing: something removed it after ");
        graph_add_label(plan->graph, (struct task_id){maker}, out);
        buf_add_string(out, " had made it");
    }
}

/* A declared value that isn't what its file has, or can't be written. */
static void add_unusable_point(const struct plan *plan, struct task_id task, struct slice name,
                               struct buf *out)
{
    const struct workspace *workspace = plan->graph->workspace;
    int64_t directory = workspace_find(workspace, name, NULL);
    if (plan->graph->tasks[task.at].directory == GRAPH_NONE) {
        text_add_name(out, name);
        buf_add_string(out, ": ");
    }
    if (directory >= 0) {
        workspace_describe_point(workspace, (size_t)directory, out);
    }
}

static void add_reason(struct plan *plan, struct task_id task, const struct reason *reason,
                       struct buf *out)
{
    switch (reason->kind) {
    case REASON_NEVER_RAN:
        buf_add_string(out, "never ran");
        break;
    case REASON_ASKED:
        buf_add_string(out, "requested by --rerun");
        break;
    case REASON_ALWAYS:
        buf_add_string(out, "always runs");
        break;
    case REASON_NO_PRODUCTS:
        buf_add_string(out, "has no products");
        break;
    case REASON_INTERRUPTED: /* in a job it may be running still */
        buf_add_string(out, plan->verdicts[task.at] == VERDICT_SUBMITTED &&
                                    state_task(plan->state, task.at)->attempt == ATTEMPT_STARTED
                                ? "has started"
                                : "last run was interrupted");
        break;
    case REASON_UNFINISHED:
        buf_add_string(out, "last run was unfinished");
        break;
    case REASON_FAILED:
        if (reason->status >= 256) {
            buf_addf(out, "last run failed (killed by SIG%s)",
                     sigabbrev_np(reason->status - 256) != NULL ? sigabbrev_np(reason->status - 256)
                                                                : "NAL");
        } else if (reason->status == 0 && graph_action(plan->graph, task)->depfile != NULL) {
            buf_add_string(out, "last run failed (exit 0, but a product was missing, or its "
                                "depfile could not be used)");
        } else if (reason->status == 0) {
            buf_add_string(out, "last run failed (exit 0, but a product was missing)");
        } else {
            buf_addf(out, "last run failed (exit %d)", reason->status);
        }
        break;
    case REASON_CHANGED_WHILE:
        buf_add_string(out, "an input changed while it ran");
        break;
    case REASON_NOT_CHECKED_AFTER:
        buf_addf(out, "an input could not be read after it ran: %s", strerror(reason->status));
        break;
    case REASON_RECIPE:
        add_recipe_reason(plan, task, reason, out);
        break;
    case REASON_VALUE:
        add_value_reason(plan, task, reason, out);
        break;
    case REASON_JOINED:
        text_add_name(out, reason->name);
        buf_add_string(out, " joined the group");
        break;
    case REASON_LEFT:
        text_add_name(out, reason->name);
        buf_add_string(out, " left the group");
        break;
    case REASON_SKIPPED:
        text_add_name(out, reason->name);
        buf_add_string(out, " is left out, since a task failed for it");
        break;
    case REASON_RESUMED:
        text_add_name(out, reason->name);
        buf_add_string(out, " is no longer left out");
        break;
    case REASON_INPUT:
        add_named(out, "input ", reason, " changed");
        break;
    case REASON_INPUT_NEW:
        add_named(out, "input ", reason, " is new");
        break;
    case REASON_INPUT_GONE:
        add_named(out, "input ", reason, " is gone");
        break;
    case REASON_INPUT_MOVING:
        add_named(out, "input ", reason, " changes each time it is read");
        break;
    case REASON_INPUT_UNREAD:
        add_named(out, "input ", reason, " could not be read when it last ran");
        break;
    case REASON_UPSTREAM_MADE:
        add_upstream(plan, reason, "", " made a different ", false, out);
        add_path(out, reason);
        break;
    case REASON_UPSTREAM_JOINED:
        text_add_name(out, reason->name);
        buf_add_string(out, " is a new dependency");
        break;
    case REASON_UPSTREAM_LEFT:
        text_add_name(out, reason->name);
        buf_add_string(out, " is no longer a dependency");
        break;
    case REASON_UPSTREAM_RAN:
        add_upstream(plan, reason, "", " ran on different inputs", true, out);
        break;
    case REASON_DEPFILE:
        buf_add_string(out, "what it read isn't known: ");
        text_add_name(out, reason->name);
        break;
    case REASON_PRODUCT_MISSING:
        add_product_reason(reason, " is missing", out);
        break;
    case REASON_PRODUCT_CHANGED:
        add_product_reason(reason, " is not what was recorded", out);
        break;
    case REASON_NEEDED_AGAIN:
        add_product_reason(reason, " was deleted after it was read, and ", out);
        graph_add_label(plan->graph, reason->task, out);
        buf_add_string(out, plan->verdicts[reason->task.at] == VERDICT_MAYBE ? " may need it again"
                                                                             : " needs it again");
        break;
    case REASON_UPSTREAM_PENDING:
        add_upstream(plan, reason, "depends on what ", " makes", true, out);
        break;
    case REASON_INPUT_UNREADABLE:
        buf_add_string(out, "input ");
        text_add_name(out, reason->name);
        buf_addf(out, " can't be read: %s", strerror(reason->status));
        break;
    case REASON_PRODUCT_UNREADABLE:
        add_product_reason(reason, " can't be read: ", out);
        buf_add_string(out, strerror(reason->status));
        break;
    case REASON_PRODUCT_MOVING:
        add_product_reason(reason, " changes each time it is read", out);
        break;
    case REASON_INPUT_MISSING:
        add_missing_input(plan, reason->name, out);
        break;
    case REASON_VALUE_EDITED:
    case REASON_POINT_REFUSED:
        add_unusable_point(plan, task, reason->name, out);
        break;
    case REASON_EXCLUDED:
        buf_add_string(out, "the previous action ");
        text_add_name(out, reason->name);
        buf_add_string(out, graph_action(plan->graph, task)->scope == SCOPE_DIRECTORY
                                ? " doesn't include the directory"
                                : " doesn't include all of its directories");
        break;
    case REASON_UPSTREAM_BLOCKED:
        add_upstream(plan, reason, "", " can't run", true, out);
        break;
    case REASON_ALL_SKIPPED:
        buf_add_string(out, "for each of its directories, a task that it needs failed");
        break;
    case REASON_SUBMITTED:
        add_job(reason->job, out);
        break;
    case REASON_UPSTREAM_SUBMITTED:
        add_upstream(plan, reason, "waits for ", ", which is submitted", true, out);
        break;
    case REASON_JOB_ENDED:
        text_add_name(out, reason->name);
        break;
    }
}

void plan_add_product_trouble(struct plan *plan, struct task_id task, struct file_id file,
                              struct buf *out)
{
    struct reason reason = {.kind = REASON_PRODUCT_MISSING, .status = plan_trouble(plan, file)};
    if (plan->files[file.at] == FILE_TROUBLE) {
        reason.kind = REASON_PRODUCT_UNREADABLE;
    } else if (plan->files[file.at] == FILE_MOVING) {
        reason.kind = REASON_PRODUCT_MOVING;
    }
    reason.name = plan_component_name(plan, task, file, &reason.in_directory);
    plan_add_reason(plan, task, &reason, out);
}

void plan_add_reason(struct plan *plan, struct task_id task, const struct reason *reason,
                     struct buf *out)
{
    struct buf text = BUF_EMPTY;
    add_reason(plan, task, reason, &text);
    text_add_visible(out, buf_slice(&text));
    buf_release(&text);
}
