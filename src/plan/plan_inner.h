/* The plan as the files of this folder see it; nobody else includes this. */
#ifndef ROWBUILD_PLAN_INNER_H
#define ROWBUILD_PLAN_INNER_H

#include "plan.h"
#include "targets.h"

struct plan {
    struct graph *graph;
    struct state *state;
    struct observer *observer; /* of the project */
    int project;
    struct plan_options options;
    const struct job_ref *const *jobs; /* plan_set_jobs */
    const char *const *endings;
    const struct job_traces *const *traces;
    const uint8_t *earlier; /* by task: plan_set_earlier; NULL: this is the first round */
    uint8_t *wanted;        /* by task: WANTED_… */
    uint8_t *members;       /* by directory: selected, where selections are by member; NULL: all */
    uint8_t *verdicts;      /* by task: enum verdict */
    bool *fill_in;          /* by task: fresh, but its record lacks something that is known now */
    uint32_t
        *needed; /* by task: 1 + a task that runs and reads what was deleted of it; NULL: nobody */
    uint32_t *may_be_needed; /* the same for tasks that may run */
    bool *resolved; /* by task: a run is done with it; it is no longer pending for others */
    const struct tree_view **stays; /* by file: folder products with entries that the task didn't
                                       make; NULL: there are none */
    struct skips *skips;            /* skips.h; NULL: no group may leave out members */
    struct targets *targets;        /* where all files lie; NULL: nobody has asked (targets.h) */
    uint8_t *files;                 /* by file: enum file_status */
    uint16_t *troubles; /* by file: errno of the last look that failed; NULL: none has failed */
    struct slice *recipe_texts; /* by action element */
    struct digest *recipes;
    struct costs *costs;         /* costs.h */
    struct digest origin;        /* plan_origin */
    struct digest ran_origin;    /* plan_add_to_origin */
    struct slice origin_text;    /* of `origin`; in the arena */
    plan_origin_fn *find_origin; /* as long as nobody has asked */
    void *origin_context;
    size_t adopted;            /* tasks that were adopted while planning */
    size_t completed;          /* unfinished ones whose products turned out to be there */
    struct named_files *named; /* what depfiles name; NULL: nothing yet */
    struct component_list scratch;
    struct buf path;
    struct arena arena;
};

/* What plan_set_origin finds. */
struct digest plan_origin(struct plan *plan);
/* The key of the text of the run with what is added; that of the run alone where nothing is added, or the
 * text is too long to be kept. */
struct digest plan_origin_with(struct plan *plan, struct slice text);

#endif
