/* Writes findings in the formats that programs and CI systems read.
 *
 * Knows: the formats. Doesn't know: who found what; the findings are an array of the library's own
 * structures. findings.c writes text, JSON lines, GitHub's annotations and a table in Markdown;
 * findings_documents.c SARIF and GitLab's Code Quality; junit.c JUnit's XML; findings_words.c has what
 * they share. */
#ifndef ROWBUILD_FINDINGS_H
#define ROWBUILD_FINDINGS_H

#include "buf.h"
#include "rowbuild.h"

#include <stdbool.h>

/* Appends the findings in `format`. */
void findings_write(const struct rowbuild_finding *findings, size_t count,
                    enum rowbuild_format format, const struct rowbuild_format_options *options,
                    struct buf *out);

/* ---- For the files that write ---- */

/* "what is wrong; what to type instead", in visible characters. */
void findings_add_message(const struct rowbuild_finding *finding, struct buf *out);

/* The finding's file as the reader of a report names it: relative to the base where it lies below,
 * else absolute. Without a place, the description. False if neither is known. */
bool findings_add_path(const struct rowbuild_finding *finding,
                       const struct rowbuild_format_options *options, struct buf *out);

size_t findings_count(const struct rowbuild_finding *findings, size_t count,
                      enum rowbuild_severity severity);

/* Markdown for a cell of a table: what would be markup of any kind is escaped. */
void findings_add_cell(struct buf *out, struct slice text);

const char *findings_severity(enum rowbuild_severity severity); /* "warning" */

void findings_write_sarif(const struct rowbuild_finding *findings, size_t count,
                          const struct rowbuild_format_options *options, struct buf *out);
void findings_write_gitlab(const struct rowbuild_finding *findings, size_t count,
                           const struct rowbuild_format_options *options, struct buf *out);

#endif
