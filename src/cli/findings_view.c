#include "findings_view.h"

#include "memory.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum rowbuild_format findings_format(const struct settings *settings)
{
    const char *github = getenv("GITHUB_ACTIONS");
    if (settings->display.format_given) {
        return settings->display.format;
    }
    if (settings->display.json) {
        return ROWBUILD_FORMAT_JSON;
    }
    return github != NULL && strcmp(github, "true") == 0 ? ROWBUILD_FORMAT_GITHUB
                                                         : ROWBUILD_FORMAT_TEXT;
}

/* The folder from which the reader of a report counts: the checkout of the CI system, else the
 * current directory. The caller frees it. */
static char *find_base(void)
{
    static const char *const variables[] = {"GITHUB_WORKSPACE", "CI_PROJECT_DIR"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *folder = getenv(variables[i]);
        char *real = folder != NULL && folder[0] == '/' ? realpath(folder, NULL) : NULL;
        if (real != NULL) {
            return real;
        }
    }
    return realpath(".", NULL);
}

void findings_add_summary(const char *bytes, size_t len)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (path == NULL || path[0] == '\0') {
        return;
    }
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    while (file >= 0 && len > 0) {
        ssize_t written = write(file, bytes, len);
        if (written <= 0) {
            break; /* a missing summary is no reason to fail */
        }
        bytes += written;
        len -= (size_t)written;
    }
    if (file >= 0) {
        close(file);
    }
}

static void add_to_summary(void *context, const char *bytes, size_t len)
{
    (void)context;
    findings_add_summary(bytes, len);
}

void findings_print(struct session *session, enum rowbuild_format format, const char *tool)
{
    size_t count = rowbuild_messages_count(session->messages);
    struct rowbuild_finding *findings = mem_alloc((count + 1) * sizeof *findings);
    for (size_t i = 0; i < count; i++) {
        rowbuild_messages_finding(session->messages, i, &findings[i]);
    }
    char *base = find_base();
    struct rowbuild_format_options options = {
        .tool = tool,
        .base = base,
        .description = rowbuild_messages_description(session->messages),
    };
    struct rowbuild_writer writer = session_writer(session);
    rowbuild_write_findings(findings, count, format, &options, &writer);
    if (format == ROWBUILD_FORMAT_GITHUB) {
        struct rowbuild_writer summary = {.write = add_to_summary};
        rowbuild_write_findings(findings, count, ROWBUILD_FORMAT_MARKDOWN, &options, &summary);
    }
    free(base);
    free(findings);
}
