/* The words that the formats of findings share: severity, message, path. */
#include "findings.h"

#include "text.h"

const char *findings_severity(enum rowbuild_severity severity)
{
    static const char *const names[] = {
        [ROWBUILD_NOTE] = "note",
        [ROWBUILD_WARNING] = "warning",
        [ROWBUILD_ERROR] = "error",
    };
    return names[severity];
}

size_t findings_count(const struct rowbuild_finding *findings, size_t count,
                      enum rowbuild_severity severity)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += findings[i].severity == severity;
    }
    return found;
}

void findings_add_message(const struct rowbuild_finding *finding, struct buf *out)
{
    text_add_visible(out, slice_of(finding->message));
    if (finding->mend != NULL) {
        buf_add_string(out, "; ");
        text_add_visible(out, slice_of(finding->mend));
    }
}

bool findings_add_path(const struct rowbuild_finding *finding,
                       const struct rowbuild_format_options *options, struct buf *out)
{
    const char *path = finding->path != NULL ? finding->path : options->description;
    if (path == NULL) {
        return false;
    }
    size_t len = options->base != NULL ? strlen(options->base) : 0;
    while (len > 0 && options->base[len - 1] == '/') {
        len--;
    }
    bool is_below = options->base != NULL && strncmp(path, options->base, len) == 0 &&
                    path[len] == '/' && path[len + 1] != '\0';
    buf_add_string(out, is_below ? path + len + 1 : path);
    return true;
}
