/* Work on an index range by several threads.
 *
 * Knows: threads. Workers take slices of the range in order; the call returns when all are done.
 * Each worker has unshared its descriptor table where the kernel allows (faster
 * statx), so descriptors opened inside a worker must be closed inside it. */
#ifndef ROWBUILD_PARALLEL_H
#define ROWBUILD_PARALLEL_H

#include <stddef.h>

typedef void parallel_fn(void *context, unsigned worker, size_t first, size_t end);

/* `threads` 0: as many as CPUs this process may use. With one thread, or fewer than `grain` × 2
 * items, runs in the calling thread (worker 0). Workers are numbered from 0 to
 * parallel_threads(threads) - 1. */
void parallel_for(unsigned threads, size_t count, size_t grain, parallel_fn *fn, void *context);
unsigned parallel_threads(unsigned threads);

#endif
