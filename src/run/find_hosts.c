#include "find_hosts.h"

#include "hosts.h"
#include "launch.h"
#include "srun.h"

#include <limits.h>
#include <unistd.h>

static bool has_others(const struct allocation *allocation)
{
    return allocation->host_count > (allocation->here != ALLOCATION_ELSEWHERE ? 1 : 0);
}

static int ask(const struct allocation *allocation, struct buf *answers, bool *can_bind,
               struct buf *why)
{
    struct arena arena;
    arena_init(&arena);
    int result = srun_ask_hosts(allocation, hosts_question,
                                launch_step_environment(environ, &arena), answers, can_bind, why);
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

int run_find_hosts(struct allocation *allocation, unsigned jobs, unsigned gpus,
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
            result = diag_state_error(
                diag, FINDING_HOSTS_UNREACHABLE,
                "this host doesn't belong to job %s, and the job's hosts can't be reached: %s",
                allocation->job.at, buf_string(&why));
        }
    }
    name_hosts(allocation, machine, steps);
    buf_release(&answers);
    buf_release(&why);
    return result;
}
