/* Shared by the parts of the loader. Internal to this folder.
 *
 * Knows: the document's tree, its layers (own keys, `from`, defaults) and how errors are placed. */
#ifndef ROWBUILD_ROWFILE_LOAD_H
#define ROWBUILD_ROWFILE_LOAD_H

#include "keys.h"
#include "rowfile.h"
#include "toml.h"
#include "vec.h"

#include "rowfile_key_ids.h"

struct owned_operand {
    struct json *json;
};
struct owned_expression {
    struct where *where;
};

/* Objects outside the arena that are freed with the rowfile. */
struct owned {
    VEC(struct owned_operand) operands;
    VEC(struct owned_expression) expressions;
};

struct loader {
    struct rowfile *rowfile;
    struct arena *arena;
    const struct source *source;
    struct diag *diag;
    struct owned *owned;
    const struct toml_table *root;
    const struct toml_table *defaults;        /* all keys of the table that have defaults */
    const struct toml_table *action_defaults; /* its `action` */
};

/* Tables that are searched one after the other for a key. */
enum { MOST_LAYERS = 4 };
struct layers {
    const struct toml_table *tables[MOST_LAYERS];
    size_t count;
    size_t written; /* the first `written` tables come from the document, the others from the table
                       of keys */
};

/* document.c: reports unknown keys and wrong types of the whole document. */
void document_check(struct loader *loader);

/* layers.c. The value of the key, or NULL. The layers' tables are values of the key `action`, or
 * whole documents. A choice is taken from one layer as a whole. `layer` may be NULL. */
const struct toml_value *layers_value(const struct layers *layers, enum rowfile_key_id id,
                                      size_t *layer);
/* The same if the value has this type, otherwise NULL. Wrong types have already been reported. */
const struct toml_value *layers_typed(const struct layers *layers, enum rowfile_key_id id,
                                      enum toml_type type);
struct slice layers_string(const struct layers *layers, enum rowfile_key_id id); /* at NULL: none */
bool layers_boolean(const struct layers *layers, enum rowfile_key_id id);
/* 0 if the key isn't set; *given (may be NULL): whether the document sets it. */
uint64_t layers_count(const struct layers *layers, enum rowfile_key_id id, bool *given);
uint64_t layers_size(const struct layers *layers, enum rowfile_key_id id);
double layers_duration(const struct layers *layers, enum rowfile_key_id id, bool *given);
double layers_number(const struct layers *layers, enum rowfile_key_id id);
/* The strings of an array, copied; *count is 0 without an array. */
struct slice *layers_strings(const struct layers *layers, enum rowfile_key_id id,
                             struct arena *arena, size_t *count);

/* place.c */
void error_at(struct loader *loader, enum finding_code code, const struct toml_value *value,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
void warning_at(struct loader *loader, enum finding_code code, const struct toml_value *value,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
/* An error of one action: it only stops runs that want this action. */
void action_error_at(struct loader *loader, enum finding_code code, const struct action *action,
                     size_t offset, size_t length, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Where the text of a string begins, after its quotes. */
size_t string_begin(const struct source *source, const struct toml_value *value);
/* Sorts the entries from `first` on by place, drops duplicates, and makes their places point into a
 * copy of the text that lives as long as the diag. */
void settle_reports(struct diag *diag, size_t first, const struct source *source);
/* "; did you mean `x`?", or nothing. */
void add_suggestion(struct buf *out, struct slice word, const struct slice *candidates,
                    size_t count);

/* paths.c */
enum path_role { PATH_PRODUCT, PATH_INPUT, PATH_RESUMABLE, PATH_DEPFILE };
/* Builds the action's products, inputs, resumable files and depfile, and compares them with each other. The
 * action's scope follows from the products, so it is set here. */
void build_paths(struct loader *loader, struct action *action, const struct layers *layers);
/* The path without "./", doubled and trailing '/'. Templates `{/pointer}` are unchanged. */
struct slice normalise_path(struct arena *arena, struct slice path);
/* Reports malformed globs. `what` is the key. */
void check_globs(struct loader *loader, const struct toml_value *list, const char *what);
/* The same for one name of an entry, which a `/` or a leading `!` can't be in. */
void check_name_glob(struct loader *loader, const struct toml_value *item, const char *what);

/* compare_paths.c */
/* Reports conflicts among the paths of one action, and between them and the value file. */
void compare_paths(struct loader *loader, const struct action *action);
/* For row, which accepts a product that is listed twice. */
void drop_doubled_products(struct action *action);
/* Whether two elements have the same products, in any order. */
bool same_products(const struct action *a, const struct action *b);

/* group.c */
void build_group(struct loader *loader, struct action *action, const struct layers *layers);
void release_owned(struct owned *owned);

/* commands.c: command, environment, value_inputs. Needs the paths. */
void build_command(struct loader *loader, struct action *action, const struct layers *layers);

/* relations.c: names, previous actions, elements of one name, cycles. */
void relate_actions(struct loader *loader, const struct layers *layers_of_actions);

/* actions.c: all elements. */
void build_actions(struct loader *loader);

/* pools.c */
void build_pools(struct loader *loader);
void build_pools_of_action(struct loader *loader, struct action *action,
                           const struct layers *layers);

#endif
