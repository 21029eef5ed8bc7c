/* Computes an action's requests for one execution on a given number of directories.
 *
 * Knows: which requests are per process, directory, CPU or GPU. Doesn't know: what is available.
 * Numbers too large for their type become the largest one. */
#ifndef ROWBUILD_RESOURCES_H
#define ROWBUILD_RESOURCES_H

#include "rowfile.h"

#include <stdint.h>

uint64_t resources_processes(const struct resource_spec *resources, uint64_t directories);

/* Of all processes together, in bytes; 0: not requested. */
uint64_t resources_memory(const struct resource_spec *resources, uint64_t directories);

#endif
