/* A crate that is being written, as its files see it; nobody else includes this. */
#ifndef ROWBUILD_CRATE_INNER_H
#define ROWBUILD_CRATE_INNER_H

#include "crate.h"

#include "arena.h"
#include "intern.h"
#include "json.h"
#include "package.h"
#include "report_json.h"
#include "story.h"
#include "vec.h"

typedef VEC(struct slice) id_list; /* @ids, each in the crate's arena or borrowed */

/* What all steps of one action have in common. */
struct crate_action {
    id_list tools;   /* one for each recipe that was recorded */
    id_list inputs;  /* parameters of values */
    id_list outputs; /* products, as the action lists them */
    uint64_t position;
    bool is_used;
};

struct crate_run {
    const struct story_step *first; /* a step of the run */
    id_list controls;
};

/* What a parameter of the values was, over all directories: JSON_… as bits. */
struct crate_parameter {
    struct slice name;
    unsigned types;
    bool has_fractions;
};

struct crate {
    struct plan *plan;
    const struct graph *graph;
    const struct crate_options *options;
    struct package *package;
    struct diag *diag;
    struct story story;
    struct arena names;
    struct json_parser *parser;
    struct buf entities; /* the items of @graph so far */
    struct intern ids;   /* of the entities */

    struct crate_action *actions; /* by name id */
    VEC(struct crate_run) runs;
    struct intern run_keys;
    struct intern parameter_names;
    VEC(struct crate_parameter) parameters;
    struct intern value_texts; /* id, NUL, JSON: which id a value has */

    id_list parts;    /* of the root */
    id_list mentions; /* of the root */
    id_list objects;  /* of the study as a whole: inputs that no step made, and values */
    id_list results;
    struct intern object_ids;
    struct intern result_ids;
    size_t files;
    size_t skipped; /* links and devices in folders */
};

/* ---- crate_entities.c ---- */

/* Appends a path with all but letters, digits, "-._~" and '/' as percent codes. */
void crate_add_encoded(struct slice path, struct buf *out);
/* "PREFIX" + the parts, encoded, with '/' between them; in the arena. The second may be empty. */
struct slice crate_id(struct crate *crate, const char *prefix, struct slice first,
                      struct slice second);

/* Begins an entity; false: there is one of that id. Ended by crate_end. */
bool crate_begin(struct crate *crate, struct slice id, const char *type);
/* The same with several types, also if the id is known. */
void crate_begin_types(struct crate *crate, struct slice id, const char *const *types);
void crate_end(struct crate *crate);

/* A text; what isn't UTF-8 is written with percent codes. */
void crate_string(struct crate *crate, const char *key, struct slice text);
void crate_reference(struct crate *crate, const char *key, struct slice id);
/* One as an object, several as an array, none not at all. */
void crate_references(struct crate *crate, const char *key, const id_list *ids);
/* "2026-11-30T12:00:00.123Z"; nothing for 0. */
void crate_time(struct crate *crate, const char *key, int64_t time_ns);

/* Adds an id to a list once. */
void crate_add_once(struct intern *known, id_list *list, struct slice id);

/* ---- crate_files.c ---- */

/* Copies a file or folder that a step read or made, unless that was done, and describes it. Adds to
 * `ids` what stands for it. `parameter`: which of the action's outputs it is an example of; empty:
 * none. */
int crate_add_file(struct crate *crate, const struct story_file *file, struct slice parameter,
                   id_list *ids);
/* The same for a file of the project that no record names, if it exists. *id: in the arena; empty:
 * there is none. */
int crate_add_plain_file(struct crate *crate, const char *path, struct slice *id);
/* Copies the Rowfile. *size and *sha256 are described by the caller. */
int crate_copy(struct crate *crate, const char *path, const char *name, struct package_file *file);

/* ---- crate_values.c ---- */

/* Describes what a step used of values, and adds the ids. */
void crate_add_values(struct crate *crate, const struct story_step *step,
                      struct crate_action *action, id_list *ids);
/* Describes the parameters; adds their ids. */
void crate_add_parameters(struct crate *crate, id_list *ids);

/* ---- crate_runs.c ---- */

struct slice crate_user(struct crate *crate, const struct story_step *step); /* empty: not known */
struct slice crate_host(struct crate *crate, const struct story_step *step);
/* Notes that a step belongs to its run. */
void crate_add_to_run(struct crate *crate, const struct story_step *step, struct slice control);
void crate_add_runs(struct crate *crate, struct slice study);
/* Appends the commit of the newest run, "3f2a1c…-dirty" if something differed; nothing if unknown. */
void crate_add_commit(const struct crate *crate, struct buf *out);

/* ---- crate_steps.c ---- */

/* Describes all steps of the story, with what they read and made. */
int crate_add_steps(struct crate *crate);
/* Describes actions, as steps of the workflow and as tools; adds their ids. */
void crate_add_actions(struct crate *crate, id_list *steps, id_list *tools, id_list *outputs);

#endif
