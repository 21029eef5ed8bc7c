#include "submit_bash.h"

#include "element.h"
#include "inbox.h"
#include "spawn.h"
#include "submit_script.h"
#include "text.h"
#include "vec.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHILD_TOKEN = 1 };

/* A file without a name that holds the script; its descriptor is none of those that the child
 * gets. */
static int script_file(const struct buf *script)
{
    int made = memfd_create("script", MFD_CLOEXEC);
    if (made < 0) {
        return -1;
    }
    int fd = made > SPAWN_FIRST_INHERITED ? made
                                          : fcntl(made, F_DUPFD_CLOEXEC, SPAWN_FIRST_INHERITED + 1);
    size_t written = 0;
    while (fd >= 0 && written < script->len) {
        ssize_t more = write(fd, script->at + written, script->len - written);
        if (more <= 0) {
            close(fd);
            fd = -1;
            break;
        }
        written += (size_t)more;
    }
    if (made != fd) {
        close(made);
    }
    return fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}

/* The script isn't the job of a scheduler, even if this process is in one: its number and its index are that
 * job's. The commands keep the variables, which lead srun to the allocation. */
static int start(const struct submitting *submitting, const struct buf *script, struct slice token,
                 struct child *child)
{
    VEC(char *) environment = {0};
    struct buf unscheduled = BUF_EMPTY;
    char path[32];
    (void)snprintf(path, sizeof path, "/dev/fd/%d", SPAWN_FIRST_INHERITED);
    char *argv[] = {(char[]){"bash"}, path, NULL};
    int fd = script_file(script);
    if (fd < 0) {
        return -1;
    }
    for (size_t i = 0; environ[i] != NULL; i++) {
        if (!slice_starts_with(slice_of(environ[i]), ELEMENT_UNSCHEDULED "=")) {
            vec_push(&environment, environ[i]);
        }
    }
    buf_addf(&unscheduled, ELEMENT_UNSCHEDULED "=%.*s", SLICE_ARGS(token));
    vec_push(&environment, unscheduled.at);
    vec_push(&environment, NULL);
    struct spawn_request request = {.argv = argv,
                                    .envp = environment.at,
                                    .directory = submitting->place.project,
                                    .output = -1,
                                    .inherit = &fd,
                                    .inherit_count = 1};
    int result = world->start(&request, child);
    int error = errno;
    close(fd);
    vec_release(&environment);
    buf_release(&unscheduled);
    errno = error;
    return result;
}

/* Until it has ended. What ends this program ends the script: it is told, and waited for. */
static int await(struct submitting *submitting, struct child *child, struct child_end *end)
{
    struct loop_event events[8];
    if (world->watch(submitting->loop, child->pidfd, CHILD_TOKEN) != 0) {
        return -1;
    }
    for (bool running = true; running;) {
        int count = world->wait(submitting->loop, events, sizeof events / sizeof events[0], 5000);
        state_beat(plan_state(submitting->plan));
        for (int i = 0; i < count; i++) {
            int signal = (int)events[i].token;
            if (events[i].kind == LOOP_CHILD) {
                running = false;
            } else if (events[i].kind == LOOP_SIGNAL && signal != SIGCHLD && signal != SIGUSR1) {
                submitting->interrupted = true;
                kill(child->pid, signal);
            }
        }
    }
    world->unwatch(submitting->loop, child->pidfd);
    return world->reap(child, end);
}

static void say_failure(struct submitting *submitting, const struct submission *registered,
                        const struct child_end *end)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, registered->action);
    diag_error(submitting->diag, FINDING_JOB_SCRIPT_FAILED, "the script of action `%s` %s %d",
               buf_string(&name), end->signalled ? "was ended by signal" : "ended with status",
               end->status);
    buf_release(&name);
}

/* What the script left in the inbox becomes a part of the state; nothing more can come. */
static int take_in(struct submitting *submitting, const struct submission *registered)
{
    struct plan *plan = submitting->plan;
    const char *state_path = submitting->place.state_path;
    if (state_take_inbox(plan_state(plan), submitting->diag) != 0 ||
        submission_remove(state_path, registered->token, submitting->diag) != 0) {
        return -1;
    }
    plan_attach(plan, plan_state(plan), plan_observer(plan));
    inbox_forget(state_path, &registered->token, 1);
    return 0;
}

/* Whether all that kept the script from ending well is commands that ended well without their
 * products: row's way to go on in the next job, and no reason to stop here. */
static bool is_only_unfinished(const struct submitting *submitting, size_t number,
                               const struct child_end *end)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    bool any = false;
    for (size_t j = 0; j < planned->job_count; j++) {
        const struct planned_job *job = &submitting->jobs.jobs.at[planned->first_job + j];
        for (size_t i = 0; i < job->task_count; i++) {
            uint8_t attempt = state_task(plan_state(submitting->plan), job->tasks[i].at)->attempt;
            if (attempt != ATTEMPT_NONE && attempt != ATTEMPT_UNFINISHED) {
                return false;
            }
            any = any || attempt == ATTEMPT_UNFINISHED;
        }
    }
    return any && !end->signalled && end->status == ROWBUILD_FAILED;
}

int submit_bash(struct submitting *submitting, size_t number, struct submission *registered)
{
    struct buf script = BUF_EMPTY;
    struct child child;
    struct child_end end = {0};
    int status = ROWBUILD_OK;
    submit_add_script(submitting, number, registered->token, &script);
    if (start(submitting, &script, registered->token, &child) != 0) {
        diag_state_error(submitting->diag, FINDING_NOT_STARTED, "bash can't be started: %s",
                         strerror(errno));
        status = ROWBUILD_STATE;
    } else if (await(submitting, &child, &end) != 0) {
        diag_state_error(submitting->diag, FINDING_NOT_STARTED, "bash can't be waited for: %s",
                         strerror(errno));
        status = ROWBUILD_STATE;
    } else if (submitting->interrupted) {
        status = ROWBUILD_INTERRUPTED;
    }
    if (take_in(submitting, registered) != 0) {
        status = ROWBUILD_STATE;
    } else if (status == ROWBUILD_OK && is_only_unfinished(submitting, number, &end)) {
        submitting->unfinished = true;
    } else if (status == ROWBUILD_OK && (end.signalled || end.status != 0)) {
        say_failure(submitting, registered, &end);
        status = ROWBUILD_FAILED;
    }
    buf_release(&script);
    return status;
}
