/* The machine as it is now: which tasks hold which cores, and how busy its CPUs are. */
#include "report.h"

#include "file.h"
#include "job_variables.h"
#include "logs.h"
#include "state_folder.h"
#include "watched.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

/* "0-1,4" as numbers of cores of the machine that have one of these CPUs. */
static size_t parse_cores(const struct machine *machine, const char *list, unsigned *cores)
{
    struct cpumask mask = cpumask_parse(slice_of(list));
    size_t count = 0;
    for (unsigned core = 0; core < machine->core_count; core++) {
        if (cpumask_intersects(&machine->cores[core].pus, &mask)) {
            cores[count++] = core;
        }
    }
    return count;
}

static void read_cpu_times(struct report_cpu_time *times)
{
    struct buf text = BUF_EMPTY;
    if (file_read(AT_FDCWD, "/proc/stat", 1U << 20, &text) == 0) {
        report_read_cpu_times(buf_slice(&text), times, CPUMASK_LIMIT);
    }
    buf_release(&text);
}

int report_machine_now(const char *state_path, const struct rowfile *rowfile,
                       const struct report_mpi *mpi, const struct rowbuild_show_options *options,
                       struct buf *out, struct diag *diag)
{
    static const struct timespec between = {.tv_nsec = 100000000};
    struct machine machine;
    struct allocation allocation;
    if ((state_path != NULL && state_folder_check(state_path, diag) != 0) ||
        machine_read(&machine, diag) != 0) {
        return -1;
    }
    bool is_real = machine.is_real;
    job_variables_read_own(&allocation);
    unsigned budget = machine_confine(&machine, &allocation);
    struct running_entry *entries = NULL;
    size_t count = state_path != NULL ? logs_read_running(state_path, &entries) : 0;
    struct report_holder *holders = mem_alloc(count * sizeof *holders + 1);
    unsigned *cores = mem_alloc((count + 1) * (machine.core_count + 1) * sizeof *cores);
    struct report_cpu_time *times = mem_alloc((size_t)2 * CPUMASK_LIMIT * sizeof *times);
    for (size_t i = 0; i < count; i++) {
        unsigned *own = cores + i * machine.core_count;
        size_t held = parse_cores(&machine, entries[i].cores, own);
        bool is_bound = entries[i].cores[0] != '\0';
        holders[i] =
            (struct report_holder){.label = entries[i].label,
                                   .core_numbers = held > 0 ? own : NULL,
                                   .core_count = held > 0 ? held : entries[i].core_count,
                                   .elsewhere = is_bound && held == 0 ? entries[i].cores : NULL};
    }
    size_t pools = rowfile != NULL ? rowfile->pool_count : 0;
    unsigned *taken = mem_alloc(pools * sizeof *taken + 1);
    if (pools > 0) {
        watched_count_pools(state_path, rowfile, entries, count, taken);
    }
    read_cpu_times(times);
    nanosleep(&between, NULL);
    read_cpu_times(times + CPUMASK_LIMIT);
    struct report_machine_facts facts = {.machine = &machine,
                                         .budget = budget,
                                         .allocation = allocation.exists ? &allocation : NULL,
                                         .rowfile = rowfile,
                                         .pools_taken = taken,
                                         .mpi = mpi,
                                         .is_counted = is_real && !machine.is_real,
                                         .holders = holders,
                                         .holder_count = count,
                                         .before = times,
                                         .after = times + CPUMASK_LIMIT,
                                         .cpu_count = is_real ? CPUMASK_LIMIT : 0};
    report_machine(&facts, options, out);
    free(taken);
    free(times);
    free(cores);
    free(holders);
    free(entries);
    allocation_release(&allocation);
    machine_release(&machine);
    return 0;
}
