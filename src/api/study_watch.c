/* Watching a run from another process. */
#include "study.h"

#include "memory.h"
#include "text.h"
#include "watched.h"

#include <stdlib.h>

struct rowbuild_monitor {
    const struct rowbuild *study;
    struct watched *watched;
};

static void show_path(void *context, const char *path, struct buf *out)
{
    text_add_shell_word(out, slice_of(study_shown_path(context, path)));
}

struct rowbuild_monitor *rowbuild_monitor_new(struct rowbuild *study,
                                              struct rowbuild_messages *messages)
{
    struct watched_options options = {.state_path = study->state_path,
                                      .rowfile = study->rowfile,
                                      .show_path = show_path,
                                      .context = study};
    struct watched *watched = watched_new(&options, &messages->diag);
    if (watched == NULL) {
        (void)messages_settle(messages, ROWBUILD_STATE);
        return NULL;
    }
    struct rowbuild_monitor *monitor = mem_alloc(sizeof *monitor);
    *monitor = (struct rowbuild_monitor){.study = study, .watched = watched};
    return monitor;
}

void rowbuild_monitor_free(struct rowbuild_monitor *monitor)
{
    if (monitor != NULL) {
        watched_free(monitor->watched);
        free(monitor);
    }
}

const struct rowbuild_snapshot *rowbuild_monitor_look(struct rowbuild_monitor *monitor)
{
    return watched_look(monitor->watched);
}

void rowbuild_write_snapshot(const struct rowbuild_snapshot *snapshot,
                             const struct rowbuild_writer *writer)
{
    struct buf out = BUF_EMPTY;
    watched_add_json(snapshot, &out);
    writer->write(writer->context, out.at, out.len);
    buf_release(&out);
}
