/* rowbuild cancel: says what would be cancelled, asks, and says what became of it. */
#include "command.h"

#include "ask.h"
#include "slice.h"
#include "text.h"

static void add_count(struct buf *out, size_t count, const char *one, const char *many)
{
    text_add_count(out, count);
    buf_addf(out, " %s", count == 1 ? one : many);
}

/* "3 jobs with 5 tasks, 2 of them running, and 4 jobs that wait for them" */
static void add_jobs(struct buf *out, const struct rowbuild_cancelled *found)
{
    add_count(out, found->jobs, "job", "jobs");
    if (found->dependents > 0) {
        buf_add_string(out, " and ");
        add_count(out, found->dependents, "job that waits", "jobs that wait");
        buf_add_string(out, found->jobs == 1 ? " for it" : " for them");
    }
    buf_add_string(out, " (");
    add_count(out, found->tasks, "task", "tasks");
    buf_add_string(out, "; ");
    text_add_count(out, found->running);
    buf_add_string(out, " running)");
}

static void add_json(struct buf *out, const struct rowbuild_cancelled *found, bool is_cancelled)
{
    buf_addf(out,
             "{\"jobs\": %zu, \"dependents\": %zu, \"running\": %zu, \"tasks\": %zu, "
             "\"unnumbered\": %zu, \"cancelled\": %s, \"left\": %zu}\n",
             found->jobs, found->dependents, found->running, found->tasks, found->unnumbered,
             is_cancelled ? "true" : "false", found->left);
}

static int tell(struct session *session, const struct rowbuild_cancelled *found, bool is_cancelled)
{
    const struct settings *settings = &session->settings;
    struct buf text = BUF_EMPTY;
    if (settings->display.json) {
        add_json(&text, found, is_cancelled);
        output_result(&session->output, buf_string(&text), text.len);
    } else if (settings->display.quiet == 0) {
        if (found->jobs == 0) {
            buf_add_string(&text, "nothing to cancel: no such job is queued or running; a run on "
                                  "this machine ends with Ctrl-C\n");
        } else {
            buf_add_string(&text, is_cancelled ? "cancelled " : "would cancel ");
            add_jobs(&text, found);
            buf_add_char(&text, '\n');
        }
        output_result(&session->output, buf_string(&text), text.len);
    }
    buf_release(&text);
    if (is_cancelled && found->unnumbered > 0) {
        (void)session_error(session,
                            "%zu of these jobs can't be cancelled yet, because their "
                            "numbers aren't known; repeat the command later",
                            found->unnumbered);
        return ROWBUILD_FAILED;
    }
    if (is_cancelled && found->left > 0) {
        (void)session_error(session,
                            "%zu of these jobs are still in the queue; `rowbuild show "
                            "jobs` lists them",
                            found->left);
        return ROWBUILD_FAILED;
    }
    return ROWBUILD_OK;
}

/* ROWBUILD_OK with *is_confirmed, or not. */
static int confirm(struct session *session, const struct rowbuild_cancelled *found,
                   bool *is_confirmed)
{
    struct buf question = BUF_EMPTY;
    buf_add_string(&question, "cancel ");
    add_jobs(&question, found);
    buf_add_string(&question, "? [y/N] ");
    enum answer answer = ask(buf_string(&question), ANSWER_NO);
    buf_release(&question);
    *is_confirmed = answer == ANSWER_YES;
    if (answer == ANSWER_INTERRUPTED) {
        return ROWBUILD_INTERRUPTED;
    }
    return answer == ANSWER_NONE
               ? session_error(session, "there is no terminal to ask on, so nothing was cancelled; "
                                        "to cancel the jobs, use --yes")
               : ROWBUILD_OK;
}

int command_cancel(struct session *session)
{
    const struct settings *settings = &session->settings;
    struct rowbuild_cancelled found = {0};
    int status = session_open(session);
    if (status == ROWBUILD_OK) {
        status = session_read_targets(session);
    }
    if (status != ROWBUILD_OK || session_has_no_target(session)) {
        return status;
    }
    struct rowbuild_selection selection = session_selection(session);
    selection.recorded = true;
    selection.by_member = true;
    bool asks = !settings->yes && !settings->dry_run;
    status = rowbuild_cancel(session->study, &selection, asks || settings->dry_run, &found,
                             session->messages);
    session_tell(session);
    if (status == ROWBUILD_OK && asks && found.jobs > 0) {
        bool is_confirmed = false;
        status = confirm(session, &found, &is_confirmed);
        if (!is_confirmed) {
            return status;
        }
        status = rowbuild_cancel(session->study, &selection, false, &found, session->messages);
        session_tell(session);
    }
    return status == ROWBUILD_OK ? tell(session, &found, !settings->dry_run && found.jobs > 0)
                                 : status;
}
