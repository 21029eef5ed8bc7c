/* rowbuild submit: shows its progress, asks, and checks sbatch's options. */
#include "command.h"

#include "ask.h"
#include "ask_again.h"
#include "slice.h"
#include "text.h"

#include <string.h>

struct submit_view {
    struct session *session;
    bool interrupted; /* interrupted instead of answering the question */
    bool declined;
    bool refused; /* nobody could be asked about finished work */
    size_t scripts;
};

static void put(struct submit_view *view, struct buf *text)
{
    output_result(&view->session->output, buf_string(text), text->len);
    buf_clear(text);
}

static void put_message(struct submit_view *view, struct buf *text)
{
    output_message(&view->session->output, buf_string(text), text->len);
    buf_clear(text);
}

/* ---- As JSON ---- */

static void add_json_text(struct buf *out, const char *key, const char *text)
{
    if (text != NULL) {
        buf_addf(out, ", \"%s\": ", key);
        text_add_json(out, slice_of(text));
    }
}

static void add_json(struct buf *out, const struct rowbuild_submit_event *event)
{
    static const char *const names[] = {
        [ROWBUILD_SUBMIT_ACTION] = "action",       [ROWBUILD_SUBMIT_CONFIRM] = "total",
        [ROWBUILD_SUBMIT_SCRIPT] = "script",       [ROWBUILD_SUBMIT_BEGINS] = "begins",
        [ROWBUILD_SUBMIT_SUBMITTED] = "submitted", [ROWBUILD_SUBMIT_EXECUTED] = "executed",
        [ROWBUILD_SUBMIT_WAITS] = "waits",         [ROWBUILD_SUBMIT_NOTICE] = "notice",
        [ROWBUILD_SUBMIT_FINISHED] = "finished",   [ROWBUILD_SUBMIT_AGAIN] = "again",
    };
    buf_addf(out, "{\"event\": \"%s\"", names[event->kind]);
    add_json_text(out, "action", event->action);
    if (event->kind != ROWBUILD_SUBMIT_NOTICE && event->kind != ROWBUILD_SUBMIT_WAITS) {
        buf_addf(out, ", \"jobs\": %zu", event->jobs);
    }
    if (event->tasks > 0) {
        buf_addf(out, ", \"tasks\": %zu, \"core_hours\": %.17g, \"gpu_hours\": %.17g", event->tasks,
                 event->cpu_hours, event->gpu_hours);
    }
    if (event->number > 0) {
        buf_addf(out, ", \"number\": %zu, \"total\": %zu", event->number, event->total);
    }
    add_json_text(out, "directory", event->directory);
    add_json_text(out, "job", event->job);
    add_json_text(out, "script", event->script);
    add_json_text(out, "options", event->options);
    add_json_text(out, "text", event->text);
    if (event->kind == ROWBUILD_SUBMIT_AGAIN) {
        buf_addf(out, ", \"redone\": %zu, \"redone_core_hours\": %.17g", event->estimate->again,
                 event->estimate->again_core_hours);
        buf_addf(out, ", \"undeclared\": %zu, \"undeclared_core_hours\": %.17g",
                 event->estimate->undeclared.directories, event->estimate->undeclared.core_hours);
    }
    if (event->kind == ROWBUILD_SUBMIT_WAITS) {
        buf_addf(out, ", \"seconds\": %.17g", event->seconds);
    }
    buf_add_string(out, "}\n");
}

/* ---- As text ---- */

static void add_jobs(struct buf *out, size_t jobs)
{
    text_add_count(out, jobs);
    buf_add_string(out, jobs == 1 ? " job" : " jobs");
}

static void add_cost(struct buf *out, const struct rowbuild_submit_event *event)
{
    text_add_cost(out, event->cpu_hours, "CPU-hours");
    if (event->cpu_hours > 0 && event->gpu_hours > 0) {
        buf_add_string(out, " and ");
    }
    text_add_cost(out, event->gpu_hours, "GPU-hours");
    if (!(event->cpu_hours > 0) && !(event->gpu_hours > 0)) {
        buf_add_string(out, "0 CPU-hours");
    }
}

static void add_name(struct buf *out, const char *name)
{
    text_add_name(out, slice_of(name));
}

static void add_action(struct buf *out, const struct rowbuild_submit_event *event)
{
    buf_add_string(out, " - ");
    add_name(out, event->action);
    buf_add_string(out, ": ");
    add_jobs(out, event->jobs);
    buf_add_string(out, " that may cost up to ");
    add_cost(out, event);
    buf_add_string(out, ".\n");
}

static void add_begins(struct buf *out, const struct rowbuild_submit_event *event)
{
    buf_add_char(out, '[');
    text_add_count(out, event->number);
    buf_add_char(out, '/');
    text_add_count(out, event->total);
    buf_add_string(out, "] Submitting action '");
    add_name(out, event->action);
    buf_add_char(out, '\'');
    if (event->directory != NULL) {
        buf_add_string(out, " on directory ");
        add_name(out, event->directory);
    }
    if (event->directory_count > 1) {
        buf_addf(out, " and %zu more", event->directory_count - 1);
    }
    if (event->jobs > 1) {
        buf_add_string(out, ", ");
        add_jobs(out, event->jobs);
    }
    buf_add_string(out, ".\n");
}

/* Appends the id alone: other reports write "lab/123_[0-9]", with the cluster and the array. */
static void add_submitted(struct buf *out, const struct rowbuild_submit_event *event)
{
    const char *slash = strchr(event->job, '/');
    const char *id = slash != NULL ? slash + 1 : event->job;
    buf_addf(out, "Submitted job %.*s", (int)strcspn(id, "_"), id);
    if (event->jobs > 1) {
        buf_add_string(out, ", an array of ");
        text_add_count(out, event->jobs);
    }
    buf_add_string(out, ".\n");
}

static bool ask_to_go_on(struct submit_view *view, const struct rowbuild_submit_event *event)
{
    const struct settings *settings = &view->session->settings;
    struct buf text = BUF_EMPTY;
    bool goes_on = true;
    if (!settings->display.json && settings->display.quiet == 0) {
        buf_add_string(&text, "Submitting ");
        add_jobs(&text, event->jobs);
        buf_add_string(&text, " that may cost up to ");
        add_cost(&text, event);
        buf_add_string(&text, ".\n");
        put(view, &text);
    }
    if (view->session->output.results_terminal && !settings->yes && !settings->display.json) {
        enum answer answer = ask("Proceed? [Y/n]: ", ANSWER_YES);
        view->interrupted = answer == ANSWER_INTERRUPTED;
        view->declined = answer != ANSWER_YES && !view->interrupted;
        goes_on = answer == ANSWER_YES;
    }
    buf_release(&text);
    return goes_on;
}

static bool ask_about_finished(struct submit_view *view, const struct rowbuild_submit_event *event)
{
    enum answer answer = ask_again(view->session, event->estimate, false);
    view->interrupted = answer == ANSWER_INTERRUPTED;
    view->declined = answer == ANSWER_NO;
    view->refused = answer == ANSWER_NONE;
    return answer == ANSWER_YES;
}

static void show_script(struct submit_view *view, const struct rowbuild_submit_event *event)
{
    struct buf text = BUF_EMPTY;
    view->scripts++;
    if (view->session->settings.display.quiet == 0) {
        buf_addf(&text, "script %zu of %zu, ", event->number, event->total);
        add_jobs(&text, event->jobs);
        if (event->options[0] != '\0') {
            buf_addf(&text, "; sbatch gets %s", event->options);
        }
        buf_add_char(&text, '\n');
        put_message(view, &text);
    }
    buf_add_string(&text, event->script);
    put(view, &text);
    buf_release(&text);
}

static void add_waits(struct buf *out, const struct rowbuild_submit_event *event)
{
    buf_addf(out, "the scheduler accepts no jobs now (%s); next attempt in ", event->text);
    text_add_duration(out, event->seconds);
    buf_add_char(out, '\n');
}

static void show(struct submit_view *view, const struct rowbuild_submit_event *event)
{
    const struct display_settings *display = &view->session->settings.display;
    struct buf text = BUF_EMPTY;
    bool said = display->quiet == 0;
    if (event->kind == ROWBUILD_SUBMIT_SCRIPT) {
        show_script(view, event);
    } else if (event->kind == ROWBUILD_SUBMIT_ACTION) {
        add_action(&text, event);
        said = display->verbose;
    } else if (event->kind == ROWBUILD_SUBMIT_BEGINS) {
        add_begins(&text, event);
    } else if (event->kind == ROWBUILD_SUBMIT_SUBMITTED) {
        add_submitted(&text, event);
    } else if (event->kind == ROWBUILD_SUBMIT_WAITS) {
        add_waits(&text, event);
    } else if (event->kind == ROWBUILD_SUBMIT_NOTICE) {
        buf_addf(&text, "note: %s\n", event->text);
    }
    bool result = event->kind == ROWBUILD_SUBMIT_BEGINS || event->kind == ROWBUILD_SUBMIT_SUBMITTED;
    if (said && text.len > 0) {
        (result ? put : put_message)(view, &text);
    }
    buf_release(&text);
}

static bool take_event(void *context, const struct rowbuild_submit_event *event)
{
    struct submit_view *view = context;
    const struct settings *settings = &view->session->settings;
    session_tell(view->session);
    if (settings->display.json) {
        struct buf text = BUF_EMPTY;
        add_json(&text, event);
        put(view, &text);
        buf_release(&text);
    } else {
        show(view, event);
    }
    if (event->kind == ROWBUILD_SUBMIT_CONFIRM && event->jobs == 0) {
        if (settings->display.quiet == 0 && !settings->display.json) {
            session_error(view->session, "there are no eligible jobs to submit");
        }
        return false;
    }
    if (event->kind == ROWBUILD_SUBMIT_AGAIN) {
        return ask_about_finished(view, event);
    }
    return event->kind != ROWBUILD_SUBMIT_CONFIRM || ask_to_go_on(view, event);
}

/* ---- The command ---- */

/* Operands before -- are directories; operands after it are options of sbatch. */
static void split_operands(struct session *session, const char **options, size_t *option_count)
{
    vec_each (struct operand, operand, &session->settings.operands) {
        if (operand->literal) {
            options[(*option_count)++] = operand->text;
        } else {
            vec_push(&session->targets, operand->text);
        }
    }
}

/* Whether the word is this option of sbatch, with or without a value. */
static bool is_option(const char *word, const char *letter, const char *name)
{
    size_t len = strlen(name);
    return (letter != NULL && strncmp(word, letter, 2) == 0) ||
           (strncmp(word, name, len) == 0 && (word[len] == '\0' || word[len] == '='));
}

static int refuse_option(struct session *session, const char *before, const char *word,
                         const char *after)
{
    struct buf problem = BUF_EMPTY;
    buf_addf(&problem, "%s`%s`%s", before, word, after);
    int status = session_usage_error(session, buf_string(&problem));
    buf_release(&problem);
    return status;
}

/* Refuses options that would make different jobs from those that are registered, or none. */
static int refuse_options(struct session *session, const char *const *options, size_t count)
{
    static const struct {
        const char *letter;
        const char *name;
    } refused[] = {{"-a", "--array"}, {NULL, "--wrap"}, {NULL, "--test-only"}, {"-W", "--wait"}};
    if (count > 0 && options[0][0] != '-') {
        return refuse_option(session, "arguments after `--` are options of sbatch, and ",
                             options[0], " is not an option; put directories before `--`");
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
            if (is_option(options[i], refused[r].letter, refused[r].name)) {
                return refuse_option(
                    session, "sbatch's ", refused[r].name,
                    " can't be passed to sbatch: the jobs would differ from what is recorded");
            }
        }
    }
    return ROWBUILD_OK;
}

static int submit(struct session *session)
{
    const struct settings *settings = &session->settings;
    const char **passed =
        arena_array(&session->bytes, settings->operands.count + 1, sizeof *passed);
    size_t passed_count = 0;
    split_operands(session, passed, &passed_count);
    if (refuse_options(session, passed, passed_count) != ROWBUILD_OK) {
        return ROWBUILD_USAGE;
    }
    struct rowbuild_selection selection = session_selection(session);
    selection.unknown_targets_warn = true;
    struct rowbuild_submit_options options = settings->submit;
    options.dry_run = settings->dry_run;
    options.yes = settings->yes;
    options.scheduler_options = passed;
    options.scheduler_option_count = passed_count;
    struct submit_view view = {.session = session};
    struct rowbuild_submit_observer observer = {.event = take_event, .context = &view};
    int status =
        rowbuild_submit(session->study, &selection, &options, &observer, session->messages);
    session_tell(session);
    if (view.declined && settings->display.quiet == 0) {
        session_error(session, "nothing was submitted");
    }
    if (settings->dry_run && status == ROWBUILD_OK && view.scripts == 0 &&
        settings->display.quiet == 0 && !settings->display.json) {
        session_error(session, "there are no eligible jobs to submit");
    }
    return view.interrupted ? ROWBUILD_INTERRUPTED : view.refused ? ROWBUILD_USAGE : status;
}

int command_submit(struct session *session)
{
    vec_each (struct operand, operand, &session->settings.operands) {
        if (!operand->literal && strcmp(operand->text, "-") == 0) {
            return session_usage_error(session,
                                       "`submit` can't read directories from `-`: standard input "
                                       "is needed for the answer to its question");
        }
    }
    int status = session_open(session);
    return status == ROWBUILD_OK ? submit(session) : status;
}
