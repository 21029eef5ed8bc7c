/* Reads settings that belong to a user, not to a project: launchers.toml, clusters.toml.
 *
 * Knows: where the files are (rowbuild's folder and row's), how TOML tables become fields of a
 * structure, and how to report mistakes with their place. Doesn't know: what a field means. Text is
 * copied into the caller's arena. */
#ifndef ROWBUILD_USER_FILE_H
#define ROWBUILD_USER_FILE_H

#include "arena.h"
#include "diag.h"
#include "slice.h"
#include "toml.h"

#include <stdbool.h>
#include <stddef.h>

enum user_file_owner {
    USER_FILE_ROWBUILD, /* ($ROWBUILD_HOME or $HOME)/.config/rowbuild/NAME */
    USER_FILE_ROW,      /* ($ROW_HOME or $HOME)/.config/row/NAME */
};

struct user_file {
    const struct source *source;
    const struct toml_table *root; /* NULL after a syntax error */
    struct arena *arena;           /* receives the values */
    struct arena tree;             /* source and root */
    struct diag *diag;
    size_t reports; /* entries of the diag before this file's */
};

/* False: there is no such file, or it can't be read. Nobody must have one, so the latter is a
 * warning. */
bool user_file_open(struct user_file *file, enum user_file_owner owner, const char *name,
                    struct arena *arena, struct diag *diag);
/* The same with the text of a file that messages call `name`. */
void user_file_open_text(struct user_file *file, const char *name, struct slice text,
                         struct arena *arena, struct diag *diag);
/* Sorts the file's diag entries by place, and frees source and tree. */
void user_file_close(struct user_file *file);

enum user_field_type {
    USER_FIELD_TEXT,      /* struct slice: any text without NUL bytes */
    USER_FIELD_LINE,      /* struct slice: without control characters, not empty */
    USER_FIELD_LINES,     /* struct user_lines: an array of such lines */
    USER_FIELD_COUNT,     /* uint64_t, from 0 on */
    USER_FIELD_POSITIVE,  /* uint64_t, from 1 on */
    USER_FIELD_FLAG,      /* bool */
    USER_FIELD_MEMORY,    /* struct slice: a size as sbatch takes it, "1970M" */
    USER_FIELD_MEGABYTES, /* struct slice: an integer, which becomes "1970M" */
    USER_FIELD_OTHER,     /* known, but read by the caller */
};

struct user_lines {
    const struct slice *at;
    size_t count;
};

struct user_field {
    struct slice name;
    enum user_field_type type;
    size_t offset;    /* in the structure */
    const char *hint; /* follows "must be a string: " and the like; may be NULL */
};

#define USER_FIELD(field_name, field_type, structure, member, field_hint)                          \
    {                                                                                              \
        .name = {(field_name), sizeof(field_name) - 1}, .type = (field_type),                      \
        .offset = offsetof(structure, member), .hint = (field_hint)                                \
    }

/* Fills the fields of `object` that the table gives. Each unknown key is reported with the most
 * similar field, or with `known`: "a launcher has executable, …". Two fields that share one member
 * must not both be given. */
void user_file_read_fields(const struct user_file *file, const struct toml_table *table,
                           const struct user_field *fields, size_t count, void *object,
                           const char *known);

/* Reports an error at a value. */
void user_file_complain(const struct user_file *file, enum finding_code code,
                        const struct toml_value *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
