/* rowbuild_cancel: a look at what is queued, and the end of it. */
#include "study.h"

#include "cancel.h"

static int cancel(const struct rowbuild *study, const struct cancelling *cancelling,
                  struct rowbuild_cancelled *cancelled, struct rowbuild_messages *messages)
{
    int result = cancelling_do(cancelling, study->state_path, &cancelled->left, &messages->diag);
    return result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages);
}

int rowbuild_cancel(struct rowbuild *study, const struct rowbuild_selection *selection,
                    bool dry_run, struct rowbuild_cancelled *cancelled,
                    struct rowbuild_messages *messages)
{
    struct cancelling cancelling;
    *cancelled = (struct rowbuild_cancelled){0};
    study->asks_anew = true;
    int status = study_look(study, selection, STATE_READ, messages);
    study->asks_anew = false;
    if (status != ROWBUILD_OK) {
        return status;
    }
    cancelling_find(&cancelling, study->jobs, study->plan, selection, &messages->diag);
    cancelled->jobs = cancelling.named.lines.count;
    cancelled->dependents = cancelling.dependents.count;
    cancelled->running = cancelling.running;
    cancelled->tasks = cancelling.tasks;
    cancelled->unnumbered = cancelling.unnumbered;
    if (!dry_run && cancelled->jobs > 0) {
        status = cancel(study, &cancelling, cancelled, messages);
    }
    cancelling_release(&cancelling);
    return status;
}
