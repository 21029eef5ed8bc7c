#include "counting.h"

#include "memory.h"
#include "submissions.h"

#include <stdlib.h>
#include <string.h>

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

/* The registrations of the sources: a name of one begins with the token. */
static int load_sources(struct submissions *submissions, const struct intern *sources, int folder,
                        const char *shown, struct diag *diag)
{
    struct intern tokens;
    intern_init(&tokens);
    for (uint32_t i = 0; i < sources->count; i++) {
        struct slice name = intern_name(sources, i);
        const char *dot = memchr(name.at, '.', name.len);
        if (dot != NULL) {
            intern_add(&tokens, slice_make(name.at, (size_t)(dot - name.at)));
        }
    }
    int result =
        submissions_load_some(submissions, folder, shown, tokens.names, tokens.count, diag);
    intern_release(&tokens);
    return result;
}

static void *read_registrations(const void *context, int folder, const char *shown,
                                struct diag *diag)
{
    struct counting *counting = mem_alloc(sizeof *counting);
    counting->sources = context;
    int result = counting->sources != NULL
                     ? load_sources(&counting->submissions, counting->sources, folder, shown, diag)
                     : submissions_load_at(&counting->submissions, folder, shown, diag);
    if (result != 0) {
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
