/* The machine that a job has where it has several hosts.
 *
 * Knows: what a host says of its CPUs (hosts_question), and how hosts make one machine. Doesn't
 * know: how they are asked. */
#ifndef ROWBUILD_HOSTS_H
#define ROWBUILD_HOSTS_H

#include "machine.h"

/* What a shell is to execute once on each host: prints the host's name, the CPUs that the job may
 * use there, and which of them share a core and memory. */
extern const char hosts_question[];

/* Adds the job's other hosts to the machine, which machine_confine has fitted to this host, and
 * returns the cores of all. `answers` is what the hosts printed, each line with the number of its
 * task and ": " in front; a host that isn't in there, or of which it isn't understood, has cores
 * that are counted. The machine stays real if on every host those are known that are the job's.
 * Names live in the allocation. This host, if it is one of them, comes first; each has `gpus`
 * GPUs. */
unsigned machine_add_hosts(struct machine *machine, const struct allocation *allocation,
                           struct slice answers, unsigned gpus);

#endif
