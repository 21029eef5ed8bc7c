/* rowbuild_cancel: a look at what is queued, and the end of it. A dry run's look serves the call that
 * follows it, after a question that was answered at once. */
#include "study.h"

#include "cancel.h"
#include "memory.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static const int64_t LOOK_LASTS_NS = INT64_C(10) * 1000000000;

struct study_cancel {
    struct cancelling cancelling;
    struct buf selection; /* what was selected, only compared */
    int64_t looked_at_ns;
};

static void add_words(const char *const *words, size_t count, struct buf *out)
{
    buf_addf(out, "%zu ", count);
    for (size_t i = 0; i < count; i++) {
        buf_add(out, words[i], strlen(words[i]) + 1);
    }
}

/* Different text for different selections, wherever they are in memory. */
static struct buf text_of(const struct rowbuild_selection *selection)
{
    const bool flags[] = {selection->only,        selection->rerun,
                          selection->no_adopt,    selection->adopt,
                          selection->recorded,    selection->exact_actions,
                          selection->by_member,   selection->unknown_targets_warn,
                          selection->redone_only, selection->include_failed,
                          selection->failed,      selection->since != NULL};
    struct buf text = BUF_EMPTY;
    add_words(selection->actions, selection->action_count, &text);
    add_words(selection->targets, selection->target_count, &text);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        buf_add_char(&text, flags[i] ? '1' : '0');
    }
    buf_add_string(&text, selection->since != NULL ? selection->since : "");
    return text;
}

static bool is_about(const struct study_cancel *cancel, const struct rowbuild_selection *selection)
{
    struct buf text = text_of(selection);
    bool is = slice_equal(buf_slice(&cancel->selection), buf_slice(&text));
    buf_release(&text);
    return is;
}

static void free_cancel(struct study_cancel *cancel)
{
    buf_release(&cancel->selection);
    cancelling_release(&cancel->cancelling);
    free(cancel);
}

/* A new look, which drops the one before. */
static int look(struct rowbuild *study, const struct rowbuild_selection *selection,
                struct rowbuild_messages *messages)
{
    study->asks_anew = true;
    int status = study_look(study, selection, STATE_READ, messages);
    study->asks_anew = false;
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct study_cancel *found = mem_alloc(sizeof *found);
    *found = (struct study_cancel){.selection = text_of(selection),
                                   .looked_at_ns = world->monotonic_ns()};
    cancelling_find(&found->cancelling, study->jobs, study->plan, selection, &messages->diag);
    study->cancel = found;
    study->free_cancel = free_cancel;
    return ROWBUILD_OK;
}

/* What was found a while ago, or for the question, may not be what is queued now. */
static int look_for_deed(struct rowbuild *study, const struct rowbuild_selection *selection,
                         struct rowbuild_messages *messages)
{
    const struct study_cancel *earlier = study->cancel;
    struct cancelling_shown shown;
    if (earlier == NULL || !is_about(earlier, selection)) {
        return look(study, selection, messages);
    }
    if (world->monotonic_ns() - earlier->looked_at_ns < LOOK_LASTS_NS) {
        return ROWBUILD_OK;
    }
    cancelling_show(&earlier->cancelling, &shown);
    int status = look(study, selection, messages);
    if (status == ROWBUILD_OK) {
        cancelling_keep_shown(&study->cancel->cancelling, &shown, &messages->diag);
    }
    cancelling_shown_release(&shown);
    return status;
}

int rowbuild_cancel(struct rowbuild *study, const struct rowbuild_selection *selection,
                    bool dry_run, struct rowbuild_cancelled *cancelled,
                    struct rowbuild_messages *messages)
{
    *cancelled = (struct rowbuild_cancelled){0};
    int status =
        dry_run ? look(study, selection, messages) : look_for_deed(study, selection, messages);
    if (status != ROWBUILD_OK) {
        return messages_settle(messages, status);
    }
    const struct cancelling *found = &study->cancel->cancelling;
    cancelled->jobs = found->named.lines.count;
    cancelled->dependents = found->dependents.count;
    cancelled->running = found->running;
    cancelled->tasks = found->tasks;
    cancelled->unnumbered = found->unnumbered;
    if (dry_run) {
        return messages_settle(messages, status);
    }
    if (cancelled->jobs + cancelled->dependents > 0 &&
        cancelling_do(found, study->state_path, &cancelled->left, &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
    }
    free_cancel(study->cancel);
    study->cancel = NULL;
    return messages_settle(messages, status);
}
