/* Growing arrays of any element type.
 *
 *     VEC(int) numbers = {0};
 *     vec_push(&numbers, 3);
 *     vec_each(int, number, &numbers) { use(*number); }
 *     vec_release(&numbers);
 *
 * Elements move when the array grows: keep indices, not pointers. */
#ifndef ROWBUILD_VEC_H
#define ROWBUILD_VEC_H

#include "memory.h"

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

/* Elements may be pointers. NOLINTBEGIN(bugprone-sizeof-expression) */
#define vec_reserve(vec, wanted)                                                                   \
    do {                                                                                           \
        if ((wanted) > (vec)->capacity) {                                                          \
            size_t vec_new_capacity = (vec)->capacity * 2 > 8 ? (vec)->capacity * 2 : 8;           \
            if (vec_new_capacity < (wanted)) {                                                     \
                vec_new_capacity = (wanted);                                                       \
            }                                                                                      \
            (vec)->at = mem_grow((vec)->at, vec_new_capacity, sizeof *(vec)->at);                  \
            (vec)->capacity = vec_new_capacity;                                                    \
        }                                                                                          \
    } while (0)

/* NOLINTEND(bugprone-sizeof-expression) */

#define vec_push(vec, ...)                                                                         \
    do {                                                                                           \
        vec_reserve((vec), (vec)->count + 1);                                                      \
        (vec)->at[(vec)->count] = (__VA_ARGS__);                                                   \
        (vec)->count++;                                                                            \
    } while (0)

#define vec_release(vec)                                                                           \
    do {                                                                                           \
        free((vec)->at);                                                                           \
        (vec)->at = NULL;                                                                          \
        (vec)->count = 0;                                                                          \
        (vec)->capacity = 0;                                                                       \
    } while (0)

/* A pointer to element `index`, which may be one past the last. NULL for an array without storage,
 * since C allows no arithmetic on a null pointer. */
#define vec_from(vec, index) ((vec)->at != NULL ? (vec)->at + (index) : (vec)->at)

/* __typeof__ makes both variables pointers to `type` even if `type` is itself a pointer.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
#define vec_each(type, name, vec)                                                                  \
    for (__typeof__(type) *name = (vec)->at,                                                       \
                          *name##_end = name != NULL ? name + (vec)->count : NULL;                 \
         name != name##_end; name++)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
