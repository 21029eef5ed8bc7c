/* The hosts of the job that a run is in: what they have, and how processes come to them. */
#include "study.h"

#include "hosts.h"
#include "launch.h"
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static bool has_others(const struct allocation *allocation)
{
    return allocation->host_count > (allocation->here != ALLOCATION_ELSEWHERE ? 1 : 0);
}

static void add_numbered(struct buf *out, const char *option, size_t number)
{
    buf_clear(out);
    buf_addf(out, "--%s=%zu", option, number);
}

/* One step with a task on each of the other hosts. */
static char **question(const struct allocation *allocation, struct arena *arena)
{
    static const char *const options[] = {"srun",           "--quiet",
                                          "--label",        "--overlap",
                                          "--mem=0",        "--input=none",
                                          "--export=ALL",   "--ntasks-per-node=1",
                                          "--mpi=none",     "--kill-on-bad-exit=0",
                                          "--cpu-bind=none"};
    enum { OPTIONS = sizeof options / sizeof options[0], MORE = 7 };
    size_t others = allocation->host_count - (allocation->here != ALLOCATION_ELSEWHERE);
    char **argv = arena_array(arena, OPTIONS + MORE, sizeof *argv);
    struct buf text = BUF_EMPTY;
    size_t words = 0;
    while (words < OPTIONS) {
        argv[words] = arena_string(arena, slice_of(options[words]));
        words++;
    }
    add_numbered(&text, "nodes", others);
    argv[words++] = arena_string(arena, buf_slice(&text));
    add_numbered(&text, "ntasks", others);
    argv[words++] = arena_string(arena, buf_slice(&text));
    buf_clear(&text);
    for (size_t i = 0; i < allocation->host_count; i++) {
        if (i != allocation->here) {
            buf_addf(&text, "%s%s",
                     text.len > 0 ? "," : "--nodelist=", allocation->hosts[i].name.at);
        }
    }
    argv[words++] = arena_string(arena, buf_slice(&text));
    argv[words++] = arena_string(arena, SLICE_LITERAL("sh"));
    argv[words++] = arena_string(arena, SLICE_LITERAL("-c"));
    argv[words] = arena_string(arena, slice_of(hosts_question));
    buf_release(&text);
    return argv;
}

/* 0, or -1 where the other hosts can't be reached: why is appended. */
static int ask(const struct allocation *allocation, struct buf *answers, bool *can_bind,
               struct buf *why)
{
    struct program_answer answer = {0};
    struct arena arena;
    arena_init(&arena);
    struct program_request request = {.argv = question(allocation, &arena),
                                      .environment = launch_step_environment(environ, &arena),
                                      .limit_ms = PATIENCE_MS};
    int result = program_run(&request, &answer);
    if (result != 0) {
        buf_addf(why, "srun: %s", strerror(errno));
    } else if (answer.timed_out || answer.signalled || answer.status != 0) {
        size_t len = strcspn(buf_string(&answer.errors), "\n");
        buf_add(why, buf_string(&answer.errors), len);
        buf_add_string(why, len == 0 ? "srun failed" : "");
        result = -1;
    } else {
        buf_add_slice(answers, buf_slice(&answer.output));
        *can_bind = strstr(buf_string(&answer.errors), "lacks support for cpu binding") == NULL;
    }
    program_release(&answer);
    arena_release(&arena);
    return result;
}

static void name_hosts(struct allocation *allocation, const struct machine *machine,
                       struct launch_steps *steps)
{
    size_t count = machine->host_count > 0                    ? machine->host_count
                   : allocation->here != ALLOCATION_ELSEWHERE ? 1
                                                              : 0;
    const char **names = arena_array(&allocation->arena, count + 1, sizeof *names);
    steps->here = machine->host_count > 0 ? UINT_MAX : 0;
    for (size_t i = 0; i < machine->host_count; i++) {
        names[i] = machine->hosts[i].name.at;
        steps->here = machine->hosts[i].is_here ? (unsigned)i : steps->here;
    }
    if (machine->host_count == 0 && count == 1) {
        names[0] = allocation->hosts[allocation->here].name.at;
    }
    steps->hosts = names;
    steps->host_count = count;
}

int study_find_hosts(struct allocation *allocation, unsigned jobs, unsigned gpus,
                     struct machine *machine, unsigned *granted, struct launch_steps *steps,
                     struct buf *note, struct diag *diag)
{
    bool is_here = allocation->here != ALLOCATION_ELSEWHERE;
    bool suffices = is_here && jobs > 0 && jobs <= allocation->cpus;
    struct buf answers = BUF_EMPTY;
    struct buf why = BUF_EMPTY;
    int result = 0;
    *steps = (struct launch_steps){0};
    if (has_others(allocation) && !suffices) {
        if (ask(allocation, &answers, &steps->can_bind, &why) == 0) {
            *granted = machine_add_hosts(machine, allocation, buf_slice(&answers), gpus);
        } else if (is_here) {
            buf_addf(note, "only this host of the job is used, the others can't be reached: %s",
                     buf_string(&why));
        } else {
            result = diag_state_error(diag,
                                      "this is no host of the job %s, and its hosts can't be "
                                      "reached: %s",
                                      allocation->job.at, buf_string(&why));
        }
    }
    name_hosts(allocation, machine, steps);
    buf_release(&answers);
    buf_release(&why);
    return result;
}
