/* What commands leave running in the background when they end by themselves: it is counted, not
 * ended. This process is the reaper of orphans, so that at the end of a run all of it is found
 * below this process by one look; a command costs nothing. */
#include "running.h"

#include "text.h"
#include "world.h"

#include <stdlib.h>

/* What ends together with its command, a moment later (`tee` of a shell's `>(tee log)`), isn't
 * worth a word. */
static const long MOMENT_NS = 50000000;

/* The action element that started the process; action_count: not known. What several processes or
 * steps of a command leave is dealt with where they end. */
static size_t action_of(const struct run *run, pid_t pid, bool *counts)
{
    const struct rowfile *rowfile = plan_graph(run->plan)->rowfile;
    size_t found = rowfile->action_count;
    struct buf text = BUF_EMPTY;
    *counts = !world->read_variable(pid, "ROWBUILD_EXECUTION", &text);
    buf_clear(&text);
    buf_add_string(&text, "ROWBUILD_RUN=");
    /* Not what a run within a command left: that run has other actions. */
    if (*counts && world->read_variable(pid, "ROWBUILD_RUN", &text) &&
        slice_is(buf_slice(&text), run->launch->mark)) {
        buf_clear(&text);
        (void)world->read_variable(pid, "ACTION_NAME", &text);
        for (size_t a = 0; a < rowfile->action_count && found == rowfile->action_count; a++) {
            found = slice_equal(rowfile->actions[a].name, buf_slice(&text)) ? a : found;
        }
    }
    buf_release(&text);
    return found;
}

static void tell(struct run *run, size_t action, unsigned count)
{
    const struct rowfile *rowfile = plan_graph(run->plan)->rowfile;
    if (action == rowfile->action_count) {
        run_notice(run, "%u process%s that commands started in the background still run%s", count,
                   count == 1 ? "" : "es", count == 1 ? "s" : "");
        return;
    }
    struct buf name = BUF_EMPTY;
    text_add_name(&name, rowfile->actions[action].name);
    run_notice(run, "`%s`: %u process%s still run%s after its command ended", buf_string(&name),
               count, count == 1 ? "" : "es", count == 1 ? "s" : "");
    buf_release(&name);
}

void run_tell_left_running(struct run *run)
{
    size_t actions = plan_graph(run->plan)->rowfile->action_count;
    pid_t *pids;
    size_t count = world->list_orphans(&pids);
    if (count > 0) {
        free(pids);
        world->pause(MOMENT_NS);
        world->reap_orphans();
        count = world->list_orphans(&pids);
    }
    unsigned *left = mem_alloc((actions + 1) * sizeof *left);
    for (size_t i = 0; i < count; i++) {
        bool counts;
        size_t action = action_of(run, pids[i], &counts);
        left[action] += counts;
    }
    for (size_t a = 0; a <= actions; a++) {
        if (left[a] > 0) {
            tell(run, a, left[a]);
        }
    }
    free(left);
    free(pids);
}
