/* Command templates: text with `{directory}`, `{/json/pointer}` and the like.
 *
 * Knows: the syntax of templates, and at which place of a shell command each one stands (bare, inside
 * '…', inside "…"), so that launch can quote what is put there. Doesn't know: what is put there. */
#ifndef ROWBUILD_TEMPLATE_H
#define ROWBUILD_TEMPLATE_H

#include "arena.h"
#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

enum template_kind {
    TEMPLATE_TEXT,        /* literal bytes; doubled braces around a template are already single */
    TEMPLATE_DIRECTORY,   /* {directory} */
    TEMPLATE_DIRECTORIES, /* {directories} */
    TEMPLATE_WORKSPACE,   /* {workspace_path} */
    TEMPLATE_PROJECT,     /* {project} */
    TEMPLATE_POINTER,     /* {/json/pointer} */
    TEMPLATE_VALUE,       /* {value}, row's {} */
    TEMPLATE_PRODUCTS,    /* {products} */
    TEMPLATE_INPUTS,      /* {inputs} */
};

/* Where in a shell command a template stands. */
enum template_place {
    PLACE_BARE,   /* quoted as a whole word's part */
    PLACE_SINGLE, /* inside '…' */
    PLACE_DOUBLE, /* inside "…" */
    PLACE_RAW,    /* not a shell command: an environment value, a path */
};

struct template_part {
    enum template_kind kind;
    enum template_place place;
    struct slice text; /* TEMPLATE_TEXT: the bytes; TEMPLATE_POINTER: the pointer */
    size_t offset;     /* byte offset in the template's own text */
};

struct template {
    struct slice text; /* as written */
    struct template_part *parts;
    size_t part_count;
    bool uses_directory;
    bool uses_directories;
    bool uses_value; /* {value} */
    bool nested_shell; /* a template stands inside the quoted argument of `sh -c`, `bash -c`, `eval`, `ssh` … */
};

enum template_dialect {
    DIALECT_ROW,     /* other braces are an error; `{}` is the value */
    DIALECT_ROWFILE, /* other braces are left alone */
};

/* Parses into `arena`. Errors point into `source` at `offset`, where the template's text begins (the
 * place inside is exact as far as the text has no escapes). A warning for what looks like a misspelt
 * template (`{directroy}`). In `raw` templates (environment, paths) all parts are PLACE_RAW.
 * -1 after errors. */
int template_parse(struct template *template, struct slice text, enum template_dialect dialect,
                   bool raw, struct arena *arena, const struct source *source, size_t offset,
                   struct diag *diag);

#endif
