#include "notify.h"

#include "arena.h"
#include "buf.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char PREFIX[] = "ROWBUILD_RUN_";
enum { VARIABLES = 10 };

struct environment {
    struct arena arena;
    char **at;
    size_t count;
};

static void add(struct environment *environment, const char *name, struct slice value)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "%s%s=", PREFIX, name);
    buf_add_slice(&text, value);
    environment->at[environment->count++] =
        (char *)arena_string(&environment->arena, buf_slice(&text));
    buf_release(&text);
}

static void add_number(struct environment *environment, const char *name, const char *format,
                       double number)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, format, number); /* NOLINT(clang-diagnostic-format-nonliteral) */
    add(environment, name, buf_slice(&text));
    buf_release(&text);
}

/* What this process has, without the variables of a run that this one is a part of. */
static void fill(struct environment *environment, const struct run_ending *ending)
{
    size_t inherited = 0;
    while (environ[inherited] != NULL) {
        inherited++;
    }
    environment->at =
        arena_array(&environment->arena, inherited + VARIABLES + 1, sizeof *environment->at);
    for (size_t i = 0; i < inherited; i++) {
        if (strncmp(environ[i], PREFIX, sizeof PREFIX - 1) != 0) {
            environment->at[environment->count++] = environ[i];
        }
    }
    add(environment, "RESULT", slice_of(ending->result));
    add_number(environment, "STATUS", "%.0f", ending->status);
    add_number(environment, "TOTAL", "%.0f", (double)ending->total);
    add_number(environment, "DONE", "%.0f", (double)ending->done);
    add_number(environment, "FAILED", "%.0f", (double)ending->failed);
    add_number(environment, "UNFINISHED", "%.0f", (double)ending->unfinished);
    add_number(environment, "SECONDS", "%.1f", ending->seconds);
    add(environment, "FAILURES", ending->failures);
    add(environment, "PROJECT", slice_of(ending->project));
    if (ending->job != NULL) {
        add(environment, "JOB", slice_of(ending->job));
    }
}

/* Until it has ended; a signal for this process ends it. */
static int wait_for(struct child *child, struct child_end *end)
{
    struct loop *loop = world->open_loop(false);
    int result = 1;
    if (loop != NULL && world->watch(loop, child->pidfd, 0) == 0) {
        while (result > 0) {
            struct loop_event event;
            int count = world->wait(loop, &event, 1, -1);
            if (count > 0 && event.kind == LOOP_SIGNAL) {
                world->signal(child, SIGTERM);
            } else if (count > 0 && event.kind == LOOP_CHILD) {
                world->unwatch(loop, child->pidfd);
                result = world->reap(child, end);
            } else if (count < 0) {
                break;
            }
        }
    }
    if (result > 0) { /* it couldn't be waited for */
        world->signal(child, SIGKILL);
        while (world->reap(child, end) > 0) {
            world->pause(1000000);
        }
        result = -1;
    }
    if (loop != NULL) {
        world->close_loop(loop);
    }
    return result;
}

void run_notify(struct slice command, int project, const struct run_ending *ending,
                struct diag *diag)
{
    struct environment environment = {.count = 0};
    arena_init(&environment.arena);
    fill(&environment, ending);
    char *words[] = {"sh", "-c", (char *)arena_string(&environment.arena, command), NULL};
    struct spawn_request request = {
        .argv = words, .envp = environment.at, .directory = project, .output = STDERR_FILENO};
    struct child child;
    struct child_end end = {0};
    if (world->start(&request, &child) != 0) {
        diag_warning(diag, FINDING_NOTIFY_FAILED,
                     "the command of `notify.command` can't be started: %s", strerror(errno));
    } else if (wait_for(&child, &end) != 0) {
        diag_warning(diag, FINDING_NOTIFY_FAILED,
                     "the command of `notify.command` couldn't be waited for");
    } else if (end.signalled || end.status != 0) {
        diag_warning(diag, FINDING_NOTIFY_FAILED,
                     "the command of `notify.command` ended with %s %d",
                     end.signalled ? "signal" : "status", end.status);
    }
    arena_release(&environment.arena);
}
