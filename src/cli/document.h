/* The document that a command writes for a CI system, and what it shows beside it.
 *
 * Knows: --format, --json, --output, the environment of GitHub. Doesn't know: what stands in a
 * document. With --output the document goes to that file, and the usual text is shown; else it goes
 * to standard output, and nothing else does. */
#ifndef ROWBUILD_DOCUMENT_H
#define ROWBUILD_DOCUMENT_H

#include "output.h"
#include "rowbuild.h"
#include "settings.h"

#include <stdbool.h>
#include <stddef.h>

struct document {
    enum rowbuild_format shown; /* text or github: what is printed line by line */
    bool exists;                /* a document is written, in `format` */
    enum rowbuild_format format;
    const char *path; /* --output; NULL: standard output */
    int file;         /* if `path` */
    int error;        /* of the first write to the file that failed */
};

void document_choose(struct document *document, const struct display_settings *display);

/* Whether standard output holds the document, so that text for people goes to standard error. */
bool document_has_stdout(const struct document *document);

/* Empties or creates the file of --output, if there is one. -1 with errno. */
int document_open(struct document *document);

void document_write(struct document *document, struct output *output, const char *bytes,
                    size_t len);

/* 0, or the error of the file. */
int document_close(struct document *document);

#endif
