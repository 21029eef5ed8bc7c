/* Sums and products that stay at the largest number instead of overflowing. They exceed any limit
 * that the true number would exceed. */
#ifndef ROWBUILD_SATURATING_H
#define ROWBUILD_SATURATING_H

#include <stdint.h>

static inline uint64_t saturating_sum(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t saturating_product(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

#endif
