#include "failures.h"

#include "slice.h"
#include "text.h"

#include <string.h>

void failures_release(struct failures *failures)
{
    arena_release(&failures->texts);
}

static const char *keep(struct failures *failures, const char *text)
{
    return text != NULL ? arena_string(&failures->texts, slice_of(text)) : NULL;
}

static bool is_failure(const struct rowbuild_event *event)
{
    return event->outcome == ROWBUILD_TASK_FAILED || event->outcome == ROWBUILD_TIMED_OUT ||
           event->outcome == ROWBUILD_UNFINISHED;
}

void failures_take(struct failures *failures, const struct rowbuild_event *event)
{
    if (!is_failure(event) || event->blocked) {
        failures->later++;
        return;
    }
    if (failures->count < FAILURES_LISTED) {
        failures->first[failures->count] = (struct failure){
            .label = keep(failures, event->label),
            .how =
                keep(failures, event->outcome == ROWBUILD_UNFINISHED ? "unfinished" : event->how),
            .log = keep(failures, event->log),
            .again = keep(failures, event->again),
        };
    }
    failures->count++;
    failures->later = 0;
}

void failures_add(const struct failures *failures, struct buf *out)
{
    static const char job[] = "rowbuild submit ";
    const char *again = failures->first[0].again;
    if (failures->count == 0 || (failures->count == 1 && failures->later == 0)) {
        return;
    }
    buf_add_string(out, "failed:\n");
    for (size_t i = 0; i < failures->count && i < FAILURES_LISTED; i++) {
        const struct failure *failure = &failures->first[i];
        buf_addf(out, "  %s%s%s\n", failure->label, failure->how != NULL ? ": " : "",
                 failure->how != NULL ? failure->how : "");
        if (failure->log != NULL) {
            buf_add_string(out, "    log: ");
            text_add_visible(out, slice_of(failure->log));
            buf_add_char(out, '\n');
        }
        if (failure->again != NULL) {
            buf_addf(out, "    to retry: %s\n", failure->again);
        }
    }
    if (failures->count > FAILURES_LISTED) {
        buf_add_string(out, "  and ");
        text_add_count(out, failures->count - FAILURES_LISTED);
        buf_add_string(out, " more: `rowbuild show log --failed` has what they printed\n");
    }
    bool by_job = again != NULL && strncmp(again, job, strlen(job)) == 0;
    buf_addf(out, "to retry all that failed: rowbuild %s--failed\n", by_job ? "submit " : "");
}
