/* The story of files: the steps that made them, back to values and inputs, as they were recorded.
 *
 * Knows: what successes say of themselves, which of them made the inputs of others, and which bytes
 * differ now. Doesn't know: how it is shown. Each step appears once, however many files it leads to.
 * Records decide, not the Rowfile of today: an input that is no longer listed is in the story. */
#ifndef ROWBUILD_STORY_H
#define ROWBUILD_STORY_H

#include "arena.h"
#include "plan.h"
#include "run_facts.h"
#include "vec.h"

enum story_state {
    STORY_AS_RECORDED,
    STORY_CHANGED, /* its bytes are others now */
    STORY_MISSING,
    STORY_DELETED,    /* it was temporary, and was deleted once it was read */
    STORY_UNREADABLE, /* it can't be read now, or changes while it is read */
    STORY_UNKNOWN,    /* the record has no digest of it */
};

/* An input, or a product. */
struct story_file {
    struct slice path;    /* from the project, or absolute */
    struct digest digest; /* that was recorded; not content: not known, or there was no file */
    struct task_id maker; /* of an input: the step that made it; GRAPH_NONE: none */
    bool was_remade;      /* of an input: its maker has made other bytes since */
    bool is_folder;       /* now */
    bool is_listed;       /* of an input: among the action's `inputs` today */
    enum story_state now;
    const struct tree_view *view; /* what counts of a folder; NULL: all of it */
    struct slice place;           /* `path`, or the folder in which the globs of `view` choose */
};

struct story_value {
    struct slice directory;
    struct slice text; /* JSON; at == NULL: not kept. Where `by_pointer`, {"/pointer": value, …} */
    bool by_pointer;
};

struct story_step {
    struct task_id task;
    enum task_success how;
    struct run_facts run; /* nothing is known of records of earlier versions */
    int64_t started_at_ns;
    int64_t finished_at_ns;
    double seconds;
    double cpu_s;
    unsigned cores;                /* 0: not known */
    struct slice interpreter;      /* at == NULL: the recipe wasn't kept */
    struct slice command;          /* with its templates */
    struct slice environment;      /* "NAME=template", each ended by NUL */
    struct digest recipe;          /* of shell, command and environment */
    VEC(struct slice) directories; /* that the task worked on: its own, or the members */
    VEC(struct story_value) values;
    VEC(struct story_file) inputs;
    VEC(struct task_id) after; /* steps without products that came before */
    VEC(struct story_file) products;
};

struct story {
    struct arena names;
    VEC(struct story_step) steps; /* each before the steps that made its inputs */
};

/* Tells the story of what these tasks have made. Tasks without a success are left out. */
void story_tell(struct plan *plan, const struct task_id *tasks, size_t count, struct story *story);
void story_release(struct story *story);

/* The step of a task, or NULL. */
const struct story_step *story_step_of(const struct story *story, struct task_id task);

#endif
