/* A registration as the text of its file, whose format submissions.h shows.
 *
 * Knows: the format, its earlier versions, the checksum. Doesn't know: where the files lie. */
#ifndef ROWBUILD_SUBMISSION_TEXT_H
#define ROWBUILD_SUBMISSION_TEXT_H

#include "json.h"
#include "submissions.h"

/* Reads what was registered by `token`; in `arena`. -1 with an error that says what is wrong with the
 * text, without its place. */
int submission_parse(struct slice text, struct slice token, struct json_parser *parser,
                     struct arena *arena, struct submission *submission, struct diag *diag);

/* Whether the text ends in its checksum, exactly as it is written. */
bool submission_is_checked(struct slice text);

/* Appends the text to `out`, which is empty. */
void submission_add_text(const struct submission *submission, struct buf *out);

#endif
