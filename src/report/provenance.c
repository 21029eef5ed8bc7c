/* show provenance: how files came about, step by step. */
#include "report.h"

#include "command_text.h"
#include "facts_json.h"
#include "report_json.h"
#include "story.h"
#include "text.h"

#include <time.h>

static const char *const how_names[] = {[SUCCESS_NONE] = "",
                                        [SUCCESS_RAN] = "ran",
                                        [SUCCESS_ADOPTED] = "adopted",
                                        [SUCCESS_ACCEPTED] = "accepted"};

/* ---- As text ---- */

static const char *const state_words[] = {
    [STORY_AS_RECORDED] = "",
    [STORY_CHANGED] = ": differs now from what was recorded",
    [STORY_MISSING] = ": is missing now",
    [STORY_DELETED] = ": temporary, deleted after it was read",
    [STORY_UNREADABLE] = ": can't be read now",
    [STORY_UNKNOWN] = ": no digest was recorded",
};

static void begin_line(struct buf *out, const char *title)
{
    buf_addf(out, "  %-9s ", title);
}

static void add_local_time(struct buf *out, int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm parts;
    char text[64];
    if (localtime_r(&when, &parts) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts) > 0) {
        buf_add_string(out, text);
    }
}

static int64_t seconds_of(int64_t time_ns)
{
    return time_ns / 1000000000;
}

/* A line for each line of the text, so that a long command can be read. */
static void add_text_lines(struct buf *out, const char *title, struct slice text)
{
    while (text.len > 0 && text.at[text.len - 1] == '\n') {
        text.len--;
    }
    for (size_t start = 0; start <= text.len;) {
        const char *end = start < text.len ? memchr(text.at + start, '\n', text.len - start) : NULL;
        size_t stop = end != NULL ? (size_t)(end - text.at) : text.len;
        begin_line(out, start == 0 ? title : "");
        text_add_visible(out, slice_make(text.at + start, stop - start));
        buf_add_char(out, '\n');
        start = stop + 1;
    }
}

static void add_environment(struct buf *out, struct slice environment)
{
    for (size_t at = 0; at < environment.len;) {
        const char *end = memchr(environment.at + at, '\0', environment.len - at);
        size_t stop = end != NULL ? (size_t)(end - environment.at) : environment.len;
        add_text_lines(out, at == 0 ? "variables" : "", slice_make(environment.at + at, stop - at));
        at = stop + 1;
    }
}

static void add_recipe(struct buf *out, const struct plan *plan, const struct story_step *step)
{
    struct buf command = BUF_EMPTY;
    if (step->command.at == NULL) {
        begin_line(out, "command");
        buf_add_string(out, "not kept\n");
        return;
    }
    if (command_text_add(plan, step, &command)) {
        add_text_lines(out, "command", buf_slice(&command));
    } else {
        add_text_lines(out, "template", step->command);
    }
    buf_release(&command);
    begin_line(out, "shell");
    text_add_visible(out, command_text_shell(step));
    buf_add_char(out, '\n');
    if (step->run.launcher.len > 0) {
        add_text_lines(out, "launcher", step->run.launcher);
    }
    if (step->run.setup.len > 0) {
        add_text_lines(out, "setup", step->run.setup);
    }
    add_environment(out, step->environment);
}

static void add_values(struct buf *out, const struct story_step *step)
{
    vec_each (const struct story_value, value, &step->values) {
        begin_line(out, "value");
        text_add_name(out, value->directory);
        buf_add_string(out, ": ");
        if (value->text.at != NULL) {
            text_add_visible(out, value->text);
        } else {
            buf_add_string(out, "not kept");
        }
        buf_add_char(out, '\n');
    }
}

static void add_when(struct buf *out, const struct story_step *step)
{
    if (step->how != SUCCESS_RAN) {
        begin_line(out, how_names[step->how]);
        buf_add_string(out, "as it was: nobody saw it being made");
    } else {
        begin_line(out, "ran");
        if (step->started_at_ns != 0) {
            add_local_time(out, seconds_of(step->started_at_ns));
            buf_add_string(out, ", ");
        } else if (step->finished_at_ns != 0) {
            buf_add_string(out, "until ");
            add_local_time(out, seconds_of(step->finished_at_ns));
            buf_add_string(out, ", ");
        }
        text_add_duration(out, step->seconds);
    }
    buf_add_char(out, '\n');
}

static void add_where(struct buf *out, const struct story_step *step)
{
    const struct run_facts *run = &step->run;
    if (step->how == SUCCESS_ADOPTED && run->host.len == 0) {
        return;
    }
    begin_line(out, step->how == SUCCESS_RAN ? "where" : "by");
    if (step->cores > 0) {
        buf_addf(out, "%u core%s of ", step->cores, step->cores == 1 ? "" : "s");
    }
    if (run->host.len > 0) {
        text_add_visible(out, run->host);
    } else {
        buf_add_string(out, "an unknown host");
    }
    if (run->user.len > 0) {
        buf_add_string(out, ", user ");
        text_add_visible(out, run->user);
    }
    if (run->job.len > 0) {
        buf_add_string(out, ", job ");
        text_add_visible(out, run->job);
    }
    buf_add_char(out, '\n');
}

static void add_versions(struct buf *out, const struct story_step *step)
{
    static const char *const trees[] = {
        [TREE_UNKNOWN] = "", [TREE_CLEAN] = "", [TREE_DIRTY] = ", with uncommitted changes"};
    const struct run_facts *run = &step->run;
    if (step->how == SUCCESS_ADOPTED) {
        return;
    }
    begin_line(out, "commit");
    text_add_visible(out, run->commit.len > 0 ? run->commit : SLICE_LITERAL("unknown"));
    buf_addf(out, "%s\n", trees[run->tree]);
    begin_line(out, "rowbuild");
    text_add_visible(out, run->version.len > 0 ? run->version : SLICE_LITERAL("unknown"));
    buf_add_char(out, '\n');
}

static void add_file(struct buf *out, const char *title, const struct story_file *file)
{
    begin_line(out, title);
    text_add_name(out, file->path);
    if (digest_is_content(file->digest)) {
        buf_add_string(out, "  ");
        digest_format(file->digest, out);
    }
}

static void add_files(struct buf *out, const struct graph *graph, const struct story_step *step)
{
    vec_each (const struct story_file, input, &step->inputs) {
        add_file(out, input == step->inputs.at ? "inputs" : "", input);
        if (digest_is_absent(input->digest)) {
            buf_add_string(out, "  (absent)");
        }
        if (input->maker.at != GRAPH_NONE) {
            buf_add_string(out, "  made by `");
            graph_add_label(graph, input->maker, out);
            buf_add_string(out, input->was_remade ? "`, which has made it anew since" : "`");
        }
        buf_add_char(out, '\n');
    }
    vec_each (const struct task_id, before, &step->after) {
        begin_line(out, before == step->after.at ? "after" : "");
        buf_add_char(out, '`');
        graph_add_label(graph, *before, out);
        buf_add_string(out, "`\n");
    }
    vec_each (const struct story_file, product, &step->products) {
        add_file(out, product == step->products.at ? "products" : "", product);
        buf_addf(out, "%s\n", state_words[product->now]);
    }
}

static void add_story(struct buf *out, const struct plan *plan, const struct story *story)
{
    const struct graph *graph = plan_graph(plan);
    vec_each (const struct story_step, step, &story->steps) {
        if (step != story->steps.at) {
            buf_add_char(out, '\n');
        }
        graph_add_label(graph, step->task, out);
        buf_add_char(out, '\n');
        add_when(out, step);
        add_where(out, step);
        add_recipe(out, plan, step);
        add_values(out, step);
        add_versions(out, step);
        add_files(out, graph, step);
    }
}

/* ---- As JSON ---- */

static void json_task(struct buf *out, const char *key, const struct graph *graph,
                      struct task_id task)
{
    struct buf name = BUF_EMPTY;
    if (task.at != GRAPH_NONE) {
        graph_add_key(graph, task, &name);
    }
    report_json_optional(out, key, buf_slice(&name));
    buf_release(&name);
}

static void json_file(struct buf *out, const struct story_file *file)
{
    struct buf digest = BUF_EMPTY;
    if (digest_is_content(file->digest)) {
        digest_format(file->digest, &digest);
    }
    report_json_begin(out, '{');
    report_json_string(out, "path", file->path);
    report_json_optional(out, "digest", buf_slice(&digest));
    buf_release(&digest);
}

static void json_recipe(struct buf *out, const struct plan *plan, const struct story_step *step)
{
    struct buf command = BUF_EMPTY;
    (void)command_text_add(plan, step, &command);
    report_json_optional(out, "command", buf_slice(&command));
    report_json_optional(out, "template", step->command);
    report_json_optional(out, "shell", command_text_shell(step));
    report_json_optional(out, "launcher", step->run.launcher);
    report_json_optional(out, "setup", step->run.setup);
    buf_release(&command);
    report_json_key(out, "environment");
    report_json_begin(out, '[');
    for (size_t at = 0; at < step->environment.len;) {
        const char *rest = step->environment.at + at;
        const char *end = memchr(rest, '\0', step->environment.len - at);
        size_t len = end != NULL ? (size_t)(end - rest) : step->environment.len - at;
        report_json_item(out, slice_make(rest, len));
        at += len + 1;
    }
    report_json_end(out, ']');
    report_json_key(out, "values");
    report_json_begin(out, '[');
    vec_each (const struct story_value, value, &step->values) {
        report_json_begin(out, '{');
        report_json_string(out, "directory", value->directory);
        report_json_key(out, "value");
        buf_add_slice(out, value->text.at != NULL ? value->text : SLICE_LITERAL("null"));
        report_json_bool(out, "by_pointer", value->by_pointer);
        report_json_end(out, '}');
    }
    report_json_end(out, ']');
}

static void json_run(struct buf *out, const struct story_step *step)
{
    facts_add_time_ns(out, "started", step->started_at_ns);
    facts_add_time_ns(out, "ended", step->finished_at_ns);
    if (step->how == SUCCESS_RAN) {
        report_json_number(out, "seconds", step->seconds);
    } else {
        report_json_null(out, "seconds");
    }
    if (step->cores > 0) {
        report_json_count(out, "cores", step->cores);
    } else {
        report_json_null(out, "cores");
    }
    facts_add_run(out, &step->run);
}

static void json_files(struct buf *out, const struct graph *graph, const struct story_step *step)
{
    static const char *const states[] = {
        [STORY_AS_RECORDED] = "as_recorded", [STORY_CHANGED] = "changed",
        [STORY_MISSING] = "missing",         [STORY_UNREADABLE] = "unreadable",
        [STORY_UNKNOWN] = "unknown",         [STORY_DELETED] = "deleted",
    };
    report_json_key(out, "inputs");
    report_json_begin(out, '[');
    vec_each (const struct story_file, input, &step->inputs) {
        json_file(out, input);
        json_task(out, "made_by", graph, input->maker);
        report_json_bool(out, "was_remade", input->was_remade);
        report_json_end(out, '}');
    }
    report_json_end(out, ']');
    report_json_key(out, "after");
    report_json_begin(out, '[');
    vec_each (const struct task_id, before, &step->after) {
        struct buf key = BUF_EMPTY;
        graph_add_key(graph, *before, &key);
        report_json_item(out, buf_slice(&key));
        buf_release(&key);
    }
    report_json_end(out, ']');
    report_json_key(out, "products");
    report_json_begin(out, '[');
    vec_each (const struct story_file, product, &step->products) {
        json_file(out, product);
        report_json_string(out, "now", slice_of(states[product->now]));
        report_json_end(out, '}');
    }
    report_json_end(out, ']');
}

static void add_json_story(struct buf *out, const struct plan *plan, const struct story *story)
{
    const struct graph *graph = plan_graph(plan);
    report_json_begin(out, '[');
    vec_each (const struct story_step, step, &story->steps) {
        report_json_begin_record(out);
        json_task(out, "task", graph, step->task);
        report_json_string(out, "action", graph_action(graph, step->task)->name);
        report_json_string(out, "name", graph_task_name(graph, step->task));
        report_json_string(out, "how", slice_of(how_names[step->how]));
        json_run(out, step);
        json_recipe(out, plan, step);
        json_files(out, graph, step);
        facts_add_attempt(out, plan, step->task);
        report_json_end(out, '}');
    }
    report_json_end_records(out);
    buf_add_char(out, '\n');
}

int report_provenance(struct plan *plan, const struct task_id *tasks, size_t count,
                      const struct rowbuild_show_options *options, struct buf *out,
                      struct diag *diag)
{
    struct story story;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (state_task(plan_state(plan), tasks[i].at)->success == SUCCESS_NONE) {
            struct buf label = BUF_EMPTY;
            graph_add_label(plan_graph(plan), tasks[i], &label);
            result =
                diag_error(diag, FINDING_NO_RECORD,
                           "`%s` has no success on record, so nothing is known of its products; "
                           "`rowbuild scan` records existing products",
                           buf_string(&label));
            buf_release(&label);
        }
    }
    if (result != 0) {
        return -1;
    }
    story_tell(plan, tasks, count, &story);
    if (options->json) {
        add_json_story(out, plan, &story);
    } else {
        add_story(out, plan, &story);
    }
    story_release(&story);
    return 0;
}
