/* Loads a Rowfile or workflow.toml: turns its syntax tree into actions, applies defaults and
 * `from`, and validates.
 *
 * Knows: every key (grammar/rowfile.keys), the two contracts, the mistakes that show in a
 * description alone. Doesn't know: directories, values, the state. Everything lives in the
 * rowfile's arena and is unchanged after rowfile_load. */
#ifndef ROWBUILD_ROWFILE_H
#define ROWBUILD_ROWFILE_H

#include "arena.h"
#include "diag.h"
#include "interpreter.h"
#include "json.h"
#include "slice.h"
#include "template.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum contract { CONTRACT_ROW, CONTRACT_ROWFILE };
enum scope { SCOPE_DIRECTORY, SCOPE_GROUP, SCOPE_PROJECT };

/* A product, an input or a resumable file. Only inputs of the project may begin with "..". */
struct path_spec {
    struct slice text; /* as written, "//" and "!" included */
    struct slice
        path; /* without a leading "!" and "//", normalised: no "./", no doubled or trailing '/' */
    bool from_project;        /* "//…", or any path of a project-scope action */
    bool is_glob;             /* inputs only */
    bool is_excluded;         /* inputs only: a leading "!" */
    bool is_refused;          /* an error was reported; not part of the graph */
    bool is_temporary;        /* products only: deleted once it was read */
    bool has_template;        /* "//" paths only */
    struct template template; /* raw; of `path`, if has_template */
    size_t offset;            /* place in the source */
    size_t length;
};

struct environment_variable {
    struct slice name;
    struct template value; /* raw */
};

/* A `condition` of `include`: pointer, operator, operand. */
enum comparison { COMPARE_LT, COMPARE_LE, COMPARE_EQ, COMPARE_NE, COMPARE_GE, COMPARE_GT };
struct condition {
    struct slice pointer;
    enum comparison comparison;
    const struct json *operand;
    size_t offset; /* of the condition, for messages */
};
struct selector { /* all must hold */
    struct condition *conditions;
    size_t count;
};

struct where;       /* where.h */
struct declaration; /* declaration.h */

struct group_spec {
    struct selector *include; /* one must hold; none and no `where`: every directory */
    size_t include_count;
    const struct where *where; /* NULL: none */
    size_t where_offset;
    struct slice *sort_by;
    size_t sort_by_count;
    bool reverse_sort;
    bool split_by_sort_key;
    bool submit_whole;
    bool skip_failed;      /* only of groups */
    uint64_t maximum_size; /* 0: no limit */
};

struct resource_spec {
    uint64_t processes; /* 1 unless given */
    bool processes_given;
    bool processes_per_directory;
    uint64_t threads_per_process; /* 1 unless given */
    bool threads_given;
    uint64_t gpus_per_process; /* 0 unless given */
    bool gpus_given;
    double walltime_s; /* 3600 per directory unless given */
    bool walltime_given;
    bool walltime_per_directory;
    uint64_t memory_per_process; /* bytes, 0: not given; likewise below */
    uint64_t memory_per_directory;
    uint64_t memory_per_submission;
    uint64_t memory_per_cpu_mb;
    uint64_t memory_per_gpu_mb;
    unsigned *pools;     /* by pool of the Rowfile, what a command takes of it; NULL: nothing */
    unsigned pool_count; /* 0 with NULL */
};

/* Factors by which the request of a task's next job grows; 0: it doesn't. */
struct grow_spec {
    double memory;        /* after a job ran out of memory */
    double walltime;      /* after a job ran out of time */
    size_t memory_offset; /* place of the value, if the action itself has it; 0: it doesn't */
    size_t walltime_offset;
};

/* A count that the commands of a run share. */
struct pool {
    struct slice name;
    unsigned count;
};

struct submit_options {
    struct slice cluster;
    size_t cluster_offset; /* place of the cluster's name in the source */
    size_t cluster_length;
    size_t partition_offset; /* place of the value, if `partition` is given */
    size_t partition_length;
    struct slice account; /* at == NULL where not given; likewise below */
    struct slice setup;
    struct slice partition;
    struct slice output_file_path;
    struct slice output_file_name;
    struct slice *custom;
    size_t custom_count;
};

/* One [[action]] element. Elements of one name share scope, products and previous actions. */
struct action {
    struct slice name;
    uint32_t name_id;   /* index into rowfile.names */
    size_t offset;      /* of the [[action]] header */
    size_t name_offset; /* of the name's value */
    size_t command_offset;
    size_t command_text_offset; /* without the quotes */
    enum scope scope;
    struct template command;
    struct slice shell; /* the interpreter's name, by which commands are quoted: "sh", "bash" */
    struct interpreter interpreter;
    struct environment_variable *environment; /* sorted by name */
    size_t environment_count;
    struct path_spec *products;
    size_t product_count;
    struct path_spec *inputs;
    size_t input_count;
    const struct path_spec *depfile; /* NULL: none */
    bool value_inputs_given;
    struct slice *value_inputs; /* including the pointers of all templates ("" for {value}), also if
                                   none are given; sorted, no duplicates */
    size_t value_input_count;
    uint32_t *previous; /* name ids */
    size_t previous_count;
    size_t *previous_offsets; /* of each name in the source */
    struct slice *launchers;
    size_t *launcher_offsets;
    size_t launcher_count;
    uint64_t retries;
    double timeout_s; /* 0: none */
    bool resumable;   /* `resumable` given, possibly as an empty list */
    struct path_spec *resumable_files;
    size_t resumable_count;
    bool always;
    bool jobserver;
    struct group_spec group;
    struct resource_spec resources;
    struct grow_spec grow;
    struct submit_options *submit_options;
    size_t submit_option_count;
};

struct rowfile {
    struct arena arena;
    struct source source; /* name as shown to the user; text */
    enum contract contract;
    struct slice workspace_path; /* "workspace"; relative to the project, or absolute */
    size_t workspace_offset;     /* place of the value, or 0 */
    struct slice value_file;     /* at == NULL: every value is null */
    struct slice *directories;   /* globs, default ["*"] */
    size_t directories_count;
    bool directories_given;                /* in the document */
    const struct declaration *declaration; /* of points (declaration.h); NULL: none */
    struct slice *ignore;                  /* names, globs */
    size_t ignore_count;
    uint64_t digest_limit;       /* bytes */
    double confirm_above;        /* CPU-hours */
    struct slice notify_command; /* at == NULL: none */
    struct pool *pools;
    size_t pool_count;
    struct action *actions;
    size_t action_count;
    struct slice *names; /* distinct action names, in order of first appearance */
    size_t name_count;
    void *internal; /* to be freed besides the arena */
};

/* Loads `text` (copied). `shown_name` appears in messages; its last part decides the contract:
 * row's for workflow.toml. All errors are reported. NULL after any error that concerns the whole
 * description. An error that concerns only one action carries its name in diag_entry.action, and
 * the rowfile is returned nevertheless (the caller stops if the action is wanted). Places in the
 * diag point into a copy of the text that the diag owns. The caller frees with rowfile_free. */
struct rowfile *rowfile_load(struct slice text, const char *shown_name, struct diag *diag);
void rowfile_free(struct rowfile *rowfile);

/* The name id, or -1; `nearest` (may be NULL) is set to the most similar name, at == NULL if
 * none. */
int rowfile_name_id(const struct rowfile *rowfile, struct slice name, struct slice *nearest);

/* The submit options for `cluster`, or NULL. */
const struct submit_options *action_submit_options(const struct action *action,
                                                   const char *cluster);

#endif
