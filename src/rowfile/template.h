/* Parses command templates: text with `{directory}`, `{/json/pointer}` and the like.
 *
 * Knows: the syntax of templates, and the place of each one in a shell command, so that launch can
 * quote the value. Doesn't know: the values.
 *
 * The shell's own syntax is followed as far as quoting requires: quotes, backslashes, comments
 * (copied unchanged, since a name with a newline would end them), `$(…)`, `…`, `${…}`, `$'…'` and
 * here-documents. Where the text around a template would change the meaning of the value, the text
 * is rewritten: `$x{directory}` becomes `${x}{directory}`, and `$'a{directory}b'` becomes
 * `$'a'{directory}$'b'`; a template directly before `<` or `>` gets '' after it, since the shell
 * could take it for a descriptor's number. `${directory}` is the shell's own variable;
 * `\{directory}` is not a template. Where not every value can be quoted, the part's `care` says
 * which can, and filling.h checks the values. */
#ifndef ROWBUILD_TEMPLATE_H
#define ROWBUILD_TEMPLATE_H

#include "arena.h"
#include "diag.h"
#include "shell_care.h"
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

/* The place of a template in a shell command. */
enum template_place {
    PLACE_BARE,   /* outside of quotes: quoted as part of a word */
    PLACE_SINGLE, /* inside '…' */
    PLACE_DOUBLE, /* inside "…" */
    /* in a here-document: as inside "…", but " is an ordinary character */
    PLACE_HERE,
    PLACE_HERE_LITERAL, /* in a here-document with a quoted delimiter: the bytes unchanged */
    PLACE_RAW,          /* not a shell command: an environment value, a path */
};

struct template_part {
    enum template_kind kind;
    enum template_place place;
    struct slice text; /* TEMPLATE_TEXT: the bytes; TEMPLATE_POINTER: the pointer */
    size_t offset;     /* byte offset in the template's own text */
    enum shell_care care;
    bool is_unclear_in_sh; /* only bash reads the preceding text in the way that the parser did */
    bool in_here;          /* in a here-document, at any depth: no newline */
    bool in_backticks;     /* the quoted value is quoted again for the backticks */
};

/* A `<<`: no line with a template, from `first_part` on, may end the here-document. */
struct template_here {
    struct slice word; /* the delimiter without its quotes */
    bool in_substitution;
    bool strips_tabs;
    size_t first_part;
};

/* What makes a here-document unusable. */
enum template_here_error {
    HERE_FINE,
    HERE_NAMED_BY_TEMPLATE, /* a template is part of the delimiter */
    HERE_ODD_DELIMITER,     /* shells disagree on the delimiter, and a template follows */
};

/* `{x}` where no template is: passed on as it is, but the values may have `/x`. */
struct template_word {
    struct slice word; /* "x" of `{x}`, `{ x }`, `{x:.3f}`; dots stand for levels */
    size_t offset;     /* of the brace in `text` */
    size_t length;     /* with both braces */
    const char *meant; /* the template that it was probably meant to be, or NULL */
};

struct template
{
    struct slice text; /* as written */
    size_t offset;     /* of `text` in the source */
    struct template_word *words;
    size_t word_count;
    struct template_part *parts;
    size_t part_count;
    bool uses_directory;
    bool uses_directories;
    bool uses_value; /* {value} */
    bool uses_pointers;
    /* a template is at a place where nothing can be quoted correctly: a second shell reads it (the
     * script of `sh -c`, the arguments of `eval` and `ssh`), or it is inside backticks or "${…}" */
    bool nested_shell;
    size_t nested_offset; /* of the first such template in `text` */
    struct template_here *heres;
    size_t here_count;
    enum template_here_error here_error;
    size_t here_offset; /* of the delimiter in `text` */
    size_t here_length;
    bool is_delicate; /* some values can't be used in it */
};

enum template_dialect {
    DIALECT_ROW,     /* other braces are an error; `{}` is the value */
    DIALECT_ROWFILE, /* other braces are left unchanged */
};

/* Parses into `arena`. Errors point into `source` at `offset`, where the template's text begins
 * (the place is exact only if the text has no escapes). What looks like a misspelt template
 * (`{directroy}`) gets a warning. In `raw` templates (environment, paths) all parts are PLACE_RAW.
 * -1 after errors. */
int template_parse(struct template *template, struct slice text, enum template_dialect dialect,
                   bool raw, struct arena *arena, const struct source *source, size_t offset,
                   struct diag *diag);

#endif
