/* All products that are on record, of today's tasks and of earlier ones.
 *
 * Knows: records. Doesn't know: what exists, or which tasks make it now. */
#ifndef ROWBUILD_RECORDED_PRODUCTS_H
#define ROWBUILD_RECORDED_PRODUCTS_H

#include "plan.h"

/* Calls `take` with each path, from the project, that a command has made by a record, the digest that it
 * had then, and the file system's time of the record; with some of them more than once. What was adopted isn't among them: nobody saw who
 * made it. */
typedef void recorded_product_fn(void *context, struct slice path, struct digest digest,
                                 int64_t at_ns);
void run_each_recorded_product(struct plan *plan, recorded_product_fn *take, void *context);

#endif
