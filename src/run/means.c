#include "means.h"

#include "find_hosts.h"
#include "job_variables.h"

#include <stdlib.h>

/* The budget of cores. Without one that is asked for, the make that started this process decides:
 * the run is a client of its jobserver, then. */
static unsigned budget(const struct rowbuild_run_options *options, unsigned granted,
                       struct jobclient *jobclient, run_note_fn *note, void *context)
{
    if (options->jobs > 0) {
        return options->jobs;
    }
    switch (jobclient_open(jobclient, getenv("MAKEFLAGS"))) {
    case JOBCLIENT_NONE:
        break;
    case JOBCLIENT_CLOSED:
        note(context, jobclient->has_name
                          ? "make's jobserver can't be reached, so one core is used: the fifo that "
                            "MAKEFLAGS name can't be opened here; use -j"
                          : "make's jobserver can't be reached, so one core is used; begin the "
                            "line of the makefile with +, or use -j");
        return 1;
    case JOBCLIENT_OPEN:
        return jobclient->slots > 0 && jobclient->slots < granted ? jobclient->slots : granted;
    }
    return granted;
}

/* Every host of a job is assumed to have as many GPUs as this host. The GPUs of a login host, which
 * isn't part of the job, say nothing about the job's hosts. */
static unsigned gpus_of_hosts(const struct run_means *means,
                              const struct rowbuild_run_options *options)
{
    bool is_one = means->allocation.here != ALLOCATION_ELSEWHERE;
    return is_one || options->gpus_given ? means->gpus.count : 0;
}

/* The cores of all hosts that the run may use; 0 after an error. */
static unsigned find_cores(struct run_means *means, const struct rowbuild_run_options *options,
                           run_note_fn *note, void *context, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    unsigned granted = machine_confine(&means->machine, &means->allocation);
    int result = run_find_hosts(&means->allocation, options->jobs, gpus_of_hosts(means, options),
                                &means->machine, &granted, &means->steps, &text, diag);
    if (result == 0 && text.len > 0) {
        note(context, buf_string(&text));
    }
    buf_release(&text);
    return result == 0 ? granted : 0;
}

int run_means_find(struct run_means *means, const struct rowfile *rowfile, bool has_work,
                   const struct rowbuild_run_options *options, run_note_fn *note, void *context,
                   struct diag *diag)
{
    *means = (struct run_means){.has_work = has_work,
                                .jobs = options->jobs > 0 ? options->jobs : 1,
                                .jobclient = JOBCLIENT_NONE_OPEN};
    job_variables_read_own(&means->allocation);
    if (!has_work) {
        return 0;
    }
    if (run_find_gpus(rowfile, options, &means->gpus, diag) != 0 ||
        machine_read(&means->machine, diag) != 0) {
        return -1;
    }
    unsigned granted = find_cores(means, options, note, context, diag);
    if (granted == 0) {
        return -1;
    }
    means->jobs = budget(options, granted, &means->jobclient, note, context);
    if (means->jobclient.in >= 0) {
        means->machine.is_real = false; /* nobody knows which cores make's other jobs use */
    }
    return 0;
}

void run_means_release(struct run_means *means)
{
    jobclient_close(&means->jobclient);
    allocation_release(&means->allocation);
    machine_release(&means->machine);
}

bool run_lacks_budget(const struct cluster *cluster, const struct rowbuild_run_options *options)
{
    const char *job = getenv("SLURM_JOB_ID");
    if (cluster->scheduler != SCHEDULER_SLURM || (job != NULL && job[0] != '\0') ||
        options->jobs_given || options->jobs > 0) {
        return false;
    }
    struct jobclient client; /* a make that was given cores speaks for its user */
    bool is_asked = jobclient_open(&client, getenv("MAKEFLAGS")) == JOBCLIENT_OPEN;
    jobclient_close(&client);
    return !is_asked;
}
