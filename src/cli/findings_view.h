/* Shows what was found in the format that the user, or the CI system, asks for.
 *
 * Knows: the environment of GitHub and GitLab, where a report goes. Doesn't know: the formats
 * themselves, which the library writes, nor how they are chosen (document.h). */
#ifndef ROWBUILD_FINDINGS_VIEW_H
#define ROWBUILD_FINDINGS_VIEW_H

#include "session.h"

/* Chooses the formats, and opens the file of --output. An exit status. */
int findings_begin(struct session *session);
/* Closes that file. `status`, or ROWBUILD_STATE if what was written is lost. */
int findings_end(struct session *session, int status);

/* What the writers of reports are told; `base` is for the caller to free. */
struct rowbuild_format_options findings_options(const struct session *session, const char *tool,
                                                char **base);

/* Shows the session's messages in the format of the document: as text or annotations, as a
 * document, or both. `tool` is what has found them: "rowbuild check". In GitHub's format also
 * appends a table to the step's summary. */
void findings_print(struct session *session, const char *tool);

/* Goes to the document, or is appended to the summary of a step of GitHub Actions, if there is one;
 * a summary that can't be written is a warning. */
struct rowbuild_writer findings_document_writer(struct session *session);
struct rowbuild_writer findings_summary_writer(struct session *session);

/* The session's messages as findings, for the caller to free; *count of them. Without notes if
 * `without_notes`. */
struct rowbuild_finding *findings_list(struct session *session, bool without_notes, size_t *count);

#endif
