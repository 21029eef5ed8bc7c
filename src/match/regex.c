/* Regular expressions in a Rowfile; errors point to their place. */
#include "match.h"

#include "match_engine.h"

struct regex *regex_new(struct slice pattern, struct diag *diag, const struct source *source,
                        size_t offset)
{
    char message[ENGINE_MESSAGE_BYTES];
    size_t at = 0;
    struct engine *engine = engine_new(pattern, false, message, &at);
    if (engine == NULL && source != NULL) {
        diag_error_at(diag, FINDING_WRONG_PATTERN, source, offset + at, 1,
                      "not a regular expression: %s", message);
    } else if (engine == NULL) {
        diag_error(diag, FINDING_WRONG_PATTERN,
                   "\"%.*s\" is not a regular expression: %s (at byte %zu)", SLICE_ARGS(pattern),
                   message, at);
    }
    return (struct regex *)engine;
}

void regex_free(struct regex *regex)
{
    engine_free((struct engine *)regex);
}

int regex_search(const struct regex *regex, struct slice subject)
{
    /* The engine only counts its searches, so the cast changes nothing that a caller could see. */
    return (int)engine_search((struct engine *)regex, subject);
}
