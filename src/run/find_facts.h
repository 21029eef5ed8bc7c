/* What a run remembers about itself (run_facts.h): who started it, where, and at which commit.
 *
 * Knows: the user, the host, the scheduler's job, and whom to ask about the repository, which is done in
 * a thread: in a large one it takes longer than the start of a task. What can't be found out is left
 * out; nothing here fails. Doesn't know: what is recorded. */
#ifndef ROWBUILD_FIND_FACTS_H
#define ROWBUILD_FIND_FACTS_H

#include "allocation.h"
#include "slice.h"

#include <stdbool.h>

struct run_place {
    const char *version;                 /* of rowbuild; must outlive the search */
    const char *project_path;            /* absolute */
    struct slice cluster;                /* its name */
    const struct allocation *allocation; /* of the scheduler's job; NULL: none */
    bool is_edited; /* the description isn't the one that was submitted any more */
};

struct facts_search; /* opaque */

/* Begins to find out. The caller frees it with facts_free (NULL is allowed), which waits for the
 * thread. */
struct facts_search *facts_begin(const struct run_place *place);
void facts_free(struct facts_search *search);

/* The text, of the same facts each time; waits for the thread. `search` is a struct facts_search. */
struct slice facts_text(void *search);

#endif
