#include "counting.h"

#include "memory.h"
#include "submissions.h"

#include <stdlib.h>

struct counting {
    struct submissions submissions;
    const struct intern *sources; /* NULL: all */
};

static void release(void *entries)
{
    struct counting *counting = entries;
    submissions_release(&counting->submissions);
    free(counting);
}

static void *read_registrations(const void *context, int folder, const char *shown,
                                struct diag *diag)
{
    struct counting *counting = mem_alloc(sizeof *counting);
    counting->sources = context;
    if (submissions_load_at(&counting->submissions, folder, shown, diag) != 0) {
        release(counting);
        return NULL;
    }
    return counting;
}

static bool is_source(const struct intern *sources, struct slice token, uint64_t element)
{
    struct buf name = BUF_EMPTY;
    inbox_add_element(token, element, &name);
    bool found = intern_find(sources, buf_slice(&name)) != INTERN_NONE;
    buf_release(&name);
    return found;
}

static bool counts(const void *entries, struct slice token, uint64_t element, size_t *place)
{
    const struct counting *counting = entries;
    if (counting->sources != NULL && !is_source(counting->sources, token, element)) {
        return false;
    }
    const struct submission *found = submissions_find(&counting->submissions, token);
    if (found == NULL || element >= found->element_count ||
        found->elements[element].state == ELEMENT_RELEASED) {
        return false;
    }
    *place = (size_t)(found - counting->submissions.items);
    return true;
}

const struct inbox_registry counting_all = {.read = read_registrations,
                                            .release = release,
                                            .counts = counts,
                                            .count = submissions_count_at};

struct inbox_registry counting_only(const struct intern *sources)
{
    struct inbox_registry only = counting_all;
    only.context = sources;
    return only;
}
