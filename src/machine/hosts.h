/* Joins the hosts of a job into one machine.
 *
 * Knows: what to ask a host about its CPUs (hosts_question), and how to read the answers. Doesn't
 * know: how hosts are asked. */
#ifndef ROWBUILD_HOSTS_H
#define ROWBUILD_HOSTS_H

#include "machine.h"

/* A shell script to be executed once on each host. It prints the host's name, the CPUs that the job
 * may use there, and which of them share a core or memory. */
extern const char hosts_question[];

/* Adds the job's other hosts to the machine, which machine_confine has fitted to this host, and
 * returns the number of cores on all hosts. `answers` is the hosts' output, each line preceded by
 * the number of its task and ": ". A host whose answer is missing or can't be read gets cores that
 * are only counted. The machine stays real if the job's cores are known on every host. Names live
 * in the allocation. This host comes first if it is one of them; each has `gpus` GPUs. */
unsigned machine_add_hosts(struct machine *machine, const struct allocation *allocation,
                           struct slice answers, unsigned gpus);

#endif
