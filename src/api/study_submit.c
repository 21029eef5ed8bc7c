/* rowbuild_submit: a look, and the submissions that it leads to. */
#include "study.h"

#include "report.h"
#include "run.h"
#include "submit.h"
#include "submit_tell.h"

#include <stdlib.h>
#include <unistd.h>

/* Errors that concern an action of which jobs are to be submitted. */
static int refuse_broken(const struct rowbuild *study, const struct submitting *submitting,
                         struct rowbuild_messages *messages)
{
    const struct rowfile *rowfile = study->rowfile;
    bool *told = mem_alloc(rowfile->name_count * sizeof *told + 1);
    vec_each (struct planned_job, job, &submitting->jobs.jobs) {
        for (size_t n = 0; n < job->task_count; n++) {
            const struct action *action = graph_action(study->graph, job->tasks[n]);
            if (!told[action->name_id]) {
                told[action->name_id] = true;
                messages_take(messages, &study->own, action->name.at);
            }
        }
    }
    free(told);
    return rowbuild_messages_status(messages);
}

static int look(struct rowbuild *study, struct submitting *submitting,
                const struct rowbuild_selection *selection, enum state_mode mode,
                struct rowbuild_messages *messages)
{
    study->asks_anew = true;
    study->will_write = !submitting->options->dry_run;
    int status = study_look(study, selection, mode, messages);
    study->will_write = false;
    study->asks_anew = false;
    if (status != ROWBUILD_OK) {
        return status;
    }
    if (submit_plan(submitting, study->plan, study->jobs) != 0) {
        return rowbuild_messages_status(messages);
    }
    status = refuse_broken(study, submitting, messages);
    if (status == ROWBUILD_OK && study_check_values(study, false, &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
    }
    return status;
}

/* The state, opened for reading as there was none, becomes one for writing. */
static int begin_writing(struct rowbuild *study, struct submitting *submitting,
                         const struct rowbuild_selection *selection,
                         struct rowbuild_messages *messages)
{
    int begun = state_writes(study->state) ? 0 : study_begin_writing(study, &messages->diag);
    if (begun < 0) {
        return rowbuild_messages_status(messages);
    }
    /* Where another writer came first, what is to be submitted may be less now. */
    return begun > 0 ? look(study, submitting, selection, STATE_WRITE, messages) : ROWBUILD_OK;
}

static void tell(const struct submitting *submitting, const struct buf *text)
{
    if (text->len > 0) {
        submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                               .text = buf_string(text)});
    }
}

/* Marks what is declared, and writes pending points before jobs read them; what is submitted is planned anew then. */
static int make_points(struct rowbuild *study, struct submitting *submitting,
                       const struct rowbuild_selection *selection,
                       struct rowbuild_messages *messages)
{
    struct buf told = BUF_EMPTY;
    if (study_mark_points(study, &messages->diag) != 0) {
        return ROWBUILD_STATE;
    }
    int status = study_make_points(study, selection, &told, messages);
    if (status == ROWBUILD_OK && told.len > 0) {
        tell(submitting, &told);
        if (submit_plan(submitting, study->plan, study->jobs) != 0) {
            status = rowbuild_messages_status(messages);
        }
    }
    buf_release(&told);
    return status;
}

/* As before a run: finished work that jobs would redo, or that no point declares any more. Where there
 * is nothing to submit, nothing is asked, nor marked. */
static bool may_go_on(const struct rowbuild *study, const struct submitting *submitting)
{
    struct rowbuild_estimate estimate;
    struct buf text = BUF_EMPTY;
    bool may = true;
    if (submitting->jobs.submissions.count == 0) {
        return true;
    }
    rowbuild_estimate(study, &estimate);
    if (submitting->options->dry_run) {
        if (estimate.undeclared.core_hours > 0) {
            report_add_undeclared(&estimate.undeclared, &text);
        }
        tell(submitting, &text);
    } else if (!submitting->options->yes && study_must_ask(study, &estimate)) {
        may = submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_AGAIN,
                                                                     .estimate = &estimate});
    }
    buf_release(&text);
    return may;
}

static int submit(struct rowbuild *study, struct submitting *submitting,
                  const struct rowbuild_selection *selection, struct rowbuild_messages *messages)
{
    bool reads = submitting->options->dry_run || access(study->state_path, F_OK) != 0;
    int status = look(study, submitting, selection, reads ? STATE_READ : STATE_WRITE, messages);
    if (status != ROWBUILD_OK) {
        return status;
    }
    if (!may_go_on(study, submitting)) {
        return ROWBUILD_OK;
    }
    int confirmed = submit_confirm(submitting);
    if (confirmed <= 0) {
        return confirmed == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
    }
    status = begin_writing(study, submitting, selection, messages);
    if (status == ROWBUILD_OK && !submitting->options->dry_run) {
        status = make_points(study, submitting, selection, messages);
    }
    if (status == ROWBUILD_OK && run_record_known(study->plan, &messages->diag) != 0) {
        status = ROWBUILD_STATE;
    }
    return status == ROWBUILD_OK ? submit_all(submitting, study->jobs) : status;
}

int rowbuild_submit(struct rowbuild *study, const struct rowbuild_selection *selection,
                    const struct rowbuild_submit_options *options,
                    const struct rowbuild_submit_observer *observer,
                    struct rowbuild_messages *messages)
{
    struct submitting submitting;
    struct submit_place place = {.project_path = study->project_path,
                                 .project_spelled = study->project_spelled,
                                 .project = study->project,
                                 .file_name = study->file_name,
                                 .state_path = study->state_path,
                                 .cluster = study->cluster,
                                 .launchers = &study->launchers};
    submit_init(&submitting, &place, options, observer, &messages->diag);
    study->makes_points = !options->dry_run;
    int status = submit(study, &submitting, selection, messages);
    study->makes_points = false;
    int closed = study_drop(study, messages);
    if (closed != 0 && (status == ROWBUILD_OK || status == ROWBUILD_FAILED)) {
        status = ROWBUILD_STATE;
    }
    submit_tell(&submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_FINISHED,
                                                            .jobs = submitting.done});
    submit_release(&submitting);
    return messages_settle(messages, status);
}
