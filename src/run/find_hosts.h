/* The hosts of the job that a run is in: what they have, and how processes come to them.
 *
 * Knows: when the others are needed. Doesn't know: how they are asked (srun.h), what they answer
 * (hosts.h). */
#ifndef ROWBUILD_FIND_HOSTS_H
#define ROWBUILD_FIND_HOSTS_H

#include "allocation.h"
#include "buf.h"
#include "diag.h"
#include "launch.h"
#include "machine.h"

/* Adds the job's other hosts to the machine, which machine_confine has fitted to this one, unless
 * `jobs` (0: not given) cores of this host suffice; *granted becomes the cores of all. Names live
 * in the allocation. Where other hosts can't be reached, this one has to do, which `note` says; -1
 * if this is none. */
int run_find_hosts(struct allocation *allocation, unsigned jobs, unsigned gpus,
                   struct machine *machine, unsigned *granted, struct launch_steps *steps,
                   struct buf *note, struct diag *diag);

#endif
