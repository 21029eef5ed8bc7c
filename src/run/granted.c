#include "granted.h"

#include "disk.h"
#include "inside.h"
#include "job_end.h"
#include "running.h"
#include "time_limit.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const int64_t ASK_AGAIN_NS = 300 * INT64_C(1000000000);
static const int64_t PATIENCE_NS = 30 * INT64_C(1000000000);
static const int64_t PAUSE_NS = 2000000;
enum { LONGEST_ANSWER = 1 << 12 };

void granted_begin(struct run *run)
{
    if (run->options->end_is_assumed) {
        (void)granted_ask(run);
    }
}

/* A file without a name: the program writes to it while nobody reads. -1 where none can be made. */
static int make_answer(const struct run *run)
{
    struct buf name = BUF_EMPTY;
    int root = inside_root(AT_FDCWD, run->options->state_path, false);
    int answer = -1;
    buf_addf(&name, "time-granted.%s%d", run->options->name, (int)getpid());
    if (root >= 0) {
        answer = inside_create(root, buf_string(&name), 0);
        if (answer >= 0) {
            (void)inside_remove(root, buf_string(&name));
        }
        disk->close(root);
    }
    buf_release(&name);
    return answer;
}

static void start(struct run *run)
{
    struct granted *granted = &run->granted;
    const struct rlimit *open_files = &run->slots.open_files;
    struct job_end_question question;
    struct arena arena;
    granted->answer = make_answer(run);
    if (granted->answer < 0) {
        return;
    }
    arena_init(&arena);
    job_end_ask(&question, run->options->job, run->launch->environment, &arena);
    struct spawn_request request = {.argv = question.argv,
                                    .envp = question.environment,
                                    .directory = plan_project(run->plan),
                                    .output = granted->answer,
                                    .open_files = open_files->rlim_max > 0 ? open_files : NULL};
    if (world->start(&request, &granted->child) == 0) {
        granted->is_asking = true;
        world->watch(run->loop, granted->child.pidfd, GRANTED_TOKEN);
    } else {
        disk->close(granted->answer);
        granted->answer = -1;
    }
    arena_release(&arena);
}

bool granted_ask(struct run *run)
{
    struct granted *granted = &run->granted;
    int64_t now = run_now(run);
    if (granted->is_asking) {
        return true;
    }
    if (run->options->job.at == NULL ||
        (granted->asked_ns != 0 && now - granted->asked_ns < ASK_AGAIN_NS)) {
        return false;
    }
    granted->asked_ns = now != 0 ? now : 1;
    start(run);
    return granted->is_asking;
}

static void forget_question(struct run *run)
{
    disk->close(run->granted.answer);
    run->granted.answer = -1;
    run->granted.is_asking = false;
}

void granted_take_answer(struct run *run)
{
    struct granted *granted = &run->granted;
    struct child_end end;
    char text[LONGEST_ANSWER];
    int64_t end_at_s;
    if (!granted->is_asking) {
        return;
    }
    world->unwatch(run->loop, granted->child.pidfd);
    int reaped = world->reap(&granted->child, &end);
    if (reaped > 0) {
        world->watch(run->loop, granted->child.pidfd, GRANTED_TOKEN);
        return;
    }
    ssize_t len = disk->read_at(granted->answer, text, sizeof text, 0);
    if (reaped == 0 && !end.signalled && end.status == 0 && len > 0 &&
        job_end_read(slice_make(text, (size_t)len), world->wall_s(), &end_at_s)) {
        /* a fresh answer knows of the time that was lost so far */
        granted->end_ns = end_at_s == 0 ? 0 : time_limit_at_ns(end_at_s) - run->pauses.lost_ns;
    }
    forget_question(run);
}

int64_t granted_next(const struct run *run)
{
    return run->granted.is_asking ? run->granted.asked_ns + PATIENCE_NS : 0;
}

void granted_keep_time(struct run *run)
{
    if (run->granted.is_asking && run_now(run) >= granted_next(run)) {
        world->signal(&run->granted.child, SIGKILL);
        run->granted.asked_ns = run_now(run);
    }
}

void granted_end(struct run *run)
{
    struct granted *granted = &run->granted;
    struct child_end end;
    if (granted->is_asking) {
        world->unwatch(run->loop, granted->child.pidfd);
        world->signal(&granted->child, SIGKILL);
        while (world->reap(&granted->child, &end) > 0) {
            world->pause(PAUSE_NS);
        }
        forget_question(run);
    }
}
