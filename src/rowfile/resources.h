/* How much an action asks for when it is executed on so many directories at once.
 *
 * Knows: which of its requests count for each process, directory, CPU, GPU. Doesn't know: what
 * there is. Numbers too large for their type become the largest. */
#ifndef ROWBUILD_RESOURCES_H
#define ROWBUILD_RESOURCES_H

#include "rowfile.h"

#include <stdint.h>

uint64_t resources_processes(const struct resource_spec *resources, uint64_t directories);

/* Of all processes together, in bytes; 0: none is asked for. */
uint64_t resources_memory(const struct resource_spec *resources, uint64_t directories);

#endif
