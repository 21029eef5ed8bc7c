/* The files that depfiles name, one by one: their numbers, and how each was last seen. For named.c, which
 * says what they mean for tasks.
 *
 * Knows: rows in the state, folders without what a task itself makes in them. Doesn't know: what is
 * recorded of a task beyond the names. */
#ifndef ROWBUILD_NAMED_FILES_H
#define ROWBUILD_NAMED_FILES_H

#include "named.h"

struct named_file {
    struct file_id file;    /* in the graph, or GRAPH_NONE: then all but `product` is used */
    struct file_id product; /* that it is or lies in, or GRAPH_NONE */
    size_t place;           /* of its row */
    const struct tree_view *view;
    uint16_t error; /* errno of the last look that failed */
    uint8_t status; /* enum file_status */
    bool is_noted;  /* for named_stat */
};

/* Numbers of what a shape names, by place in it; NO_NUMBER where it names nothing, or something in
 * the directory of whichever task it is. */
struct shape_numbers {
    int64_t *numbers;
    bool is_known; /* there is a COMPONENT_DEPFILE */
};

struct named_files {
    struct arena memory;
    struct intern
        paths; /* of a view: the folder's, NUL, and what doesn't count, a NUL before each */
    VEC(struct named_file) all;
    VEC(uint32_t) noted;
    struct intern shapes; /* the bytes of their pointers */
    VEC(struct shape_numbers) by_shape;
    bool has_folders; /* one of them is a folder */
};

/* The number of what a component names; each number's file, its row, and its path. */
uint32_t named_number_of(struct plan *plan, struct task_id task, const struct component *component);
struct named_file *named_file_at(const struct plan *plan, uint32_t number);
const struct file_row *named_row_at(const struct plan *plan, uint32_t number);
const char *named_path_at(const struct plan *plan, uint32_t number);

/* Calls `each` for what the record of the task names. False: no record says. */
typedef void named_number_fn(struct plan *plan, struct task_id task, uint32_t number,
                             const struct component *then, void *context);
bool named_each_recorded(struct plan *plan, struct task_id task, named_number_fn *each,
                         void *context);

/* How it was last seen; looks now; looks if nobody has yet, or a look failed. */
enum file_status named_status_at(const struct plan *plan, uint32_t number);
enum file_status named_look_at(struct plan *plan, uint32_t number, struct diag *diag);
enum file_status named_seen(struct plan *plan, uint32_t number, struct diag *diag);

/* The number of what counts of it for the task: of a folder, what the task doesn't make itself. With
 * `anew`, looks again. */
uint32_t named_counting(struct plan *plan, struct task_id task, uint32_t number, bool anew,
                        struct diag *diag);
/* What a component of the task has as its digest. */
struct digest named_digest_at(struct plan *plan, struct task_id task, uint32_t number, bool anew,
                              struct diag *diag);

#endif
