/* Finds a component of a record by kind and name: usually at the same place, else through a map.
 *
 * Also what plan.h declares for one file: plan_recorded_place and plan_recorded_digest. */
#ifndef ROWBUILD_RECORDED_H
#define ROWBUILD_RECORDED_H

#include "plan_inner.h"

#include "intern.h"

struct recorded {
    const struct components *good; /* borrowed; set by the caller, all else zero */
    struct intern map;
    bool mapped;
    struct buf key;
};

/* `likely` is where it probably stands. False: the record has none of that kind and name. */
bool recorded_find(struct recorded *recorded, const struct component *wanted, size_t likely,
                   struct component *found);
void recorded_release(struct recorded *recorded);

/* What the map and sets of components find a component by; in `key`. */
struct slice recorded_key(const struct component *component, struct buf *key);

#endif
