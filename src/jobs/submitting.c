#include "submitting.h"
#include "world.h"

#include <signal.h>

const struct action *submit_action(const struct submitting *submitting,
                                   const struct planned_submission *planned)
{
    return &plan_graph(submitting->plan)->rowfile->actions[planned->element];
}

const struct planned_job *submit_jobs(const struct submitting *submitting,
                                      const struct planned_submission *planned)
{
    return &submitting->jobs.jobs.at[planned->first_job];
}

bool submit_wait(struct submitting *submitting, double seconds)
{
    struct loop_event events[8];
    int64_t until_ns = world->monotonic_ns() + (int64_t)(seconds * 1e9);
    for (;;) {
        int64_t left_ns = until_ns - world->monotonic_ns();
        int count = world->wait(submitting->loop, events, sizeof events / sizeof events[0],
                                left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0);
        for (int i = 0; i < count; i++) {
            int signal = (int)events[i].token;
            submitting->interrupted =
                submitting->interrupted ||
                (events[i].kind == LOOP_SIGNAL && signal != SIGCHLD && signal != SIGUSR1);
        }
        if (submitting->interrupted || (count <= 0 && left_ns <= 0)) {
            return submitting->interrupted;
        }
    }
}
