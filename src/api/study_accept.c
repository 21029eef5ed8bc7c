/* accept and scan. */
#include "study.h"

#include "find_facts.h"
#include "run.h"

int rowbuild_accept(struct rowbuild *study, const struct rowbuild_selection *selection,
                    size_t *accepted, struct rowbuild_messages *messages)
{
    *accepted = 0;
    struct buf told = BUF_EMPTY;
    study->makes_points = selection->redone_only; /* a run's question was answered so */
    int status = study_look(study, selection, STATE_WRITE, messages);
    if (status == ROWBUILD_OK && study->makes_points) {
        status = study_mark_points(study, &messages->diag) != 0
                     ? ROWBUILD_STATE
                     : study_make_points(study, selection, &told, messages);
    }
    if (told.len > 0) {
        diag_note(&messages->diag, FINDING_POINTS_MADE, "%s", buf_string(&told));
    }
    study->makes_points = false;
    buf_release(&told);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct accept_options options = {
        .redone_only = selection->redone_only,
        .include_failed = selection->include_failed || selection->target_count > 0,
    };
    struct facts_search *facts = study_begin_facts(study, NULL);
    plan_set_origin(study->plan, facts_text, facts);
    if (run_accept(study->plan, &options, accepted, &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
        status = status == ROWBUILD_STATE ? status : ROWBUILD_FAILED;
    }
    plan_set_origin(study->plan, NULL, NULL);
    facts_free(facts);
    if (study_drop(study, messages) != 0) {
        status = ROWBUILD_STATE;
    }
    return messages_settle(messages, status);
}

int rowbuild_scan(struct rowbuild *study, const struct rowbuild_selection *selection, size_t *found,
                  struct rowbuild_messages *messages)
{
    *found = 0;
    study->scans = true;
    int status = study_look(study, selection, STATE_WRITE, messages);
    study->scans = false;
    if (status != ROWBUILD_OK) {
        return status;
    }
    *found = plan_adopted(study->plan) + plan_completed(study->plan);
    if (state_sync(study->state, &messages->diag) != 0 || study_drop(study, messages) != 0) {
        status = ROWBUILD_STATE;
    }
    return messages_settle(messages, status);
}
