/* Prints what was found in the format that the user, or the CI system, asks for.
 *
 * Knows: --format, the environment of GitHub and GitLab. Doesn't know: the formats themselves, which
 * the library writes. */
#ifndef ROWBUILD_FINDINGS_VIEW_H
#define ROWBUILD_FINDINGS_VIEW_H

#include "session.h"

/* --format, --json, or what suits the CI system that runs this. */
enum rowbuild_format findings_format(const struct settings *settings);

/* Prints the session's messages. `tool` is what has found them: "rowbuild check". In GitHub's format
 * also appends a table to the step's summary. */
void findings_print(struct session *session, enum rowbuild_format format, const char *tool);

/* Appends Markdown to the summary of a step of GitHub Actions, if there is one. */
void findings_add_summary(const char *bytes, size_t len);

#endif
