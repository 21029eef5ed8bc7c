/* Random numbers that a seed determines (splitmix64, public domain, by Sebastiano Vigna). */
#ifndef ROWBUILD_RANDOM_H
#define ROWBUILD_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From 0 on, less than `end`, which isn't 0. */
static inline size_t random_below(uint64_t *seed, size_t end)
{
    return (size_t)(random_next(seed) % end);
}

#endif
