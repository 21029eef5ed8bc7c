#include "findings_view.h"

#include "memory.h"
#include "slice.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The file of --output ---- */

static int lost(struct session *session, int error)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, slice_of(session->document.path));
    session_error(session, "the file of --output `%s` can't be written: %s", buf_string(&name),
                  strerror(error));
    buf_release(&name);
    return ROWBUILD_STATE;
}

int findings_begin(struct session *session)
{
    document_choose(&session->document, &session->settings.display);
    return document_open(&session->document) == 0 ? ROWBUILD_OK : lost(session, errno);
}

int findings_end(struct session *session, int status)
{
    int error = document_close(&session->document);
    if (error == 0) {
        return status;
    }
    lost(session, error);
    return status == ROWBUILD_OK ? ROWBUILD_STATE : status;
}

static void add_to_document(void *context, const char *bytes, size_t len)
{
    struct session *session = context;
    document_write(&session->document, &session->output, bytes, len);
}

struct rowbuild_writer findings_document_writer(struct session *session)
{
    return (struct rowbuild_writer){.write = add_to_document, .context = session};
}

/* ---- GitHub's summary ---- */

static int append(const char *path, const char *bytes, size_t len)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    int error = file >= 0 ? 0 : errno;
    while (error == 0 && len > 0) {
        ssize_t written = write(file, bytes, len);
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            error = written == 0 ? EIO : errno;
        }
    }
    if (file >= 0) {
        close(file);
    }
    return error;
}

static void add_to_summary(void *context, const char *bytes, size_t len)
{
    struct session *session = context;
    const char *path = getenv("GITHUB_STEP_SUMMARY"); /* NOLINT(concurrency-mt-unsafe) */
    int error = path != NULL && path[0] != '\0' ? append(path, bytes, len) : 0;
    if (error != 0) {
        struct buf line = BUF_EMPTY;
        buf_add_string(&line, "warning: the summary `");
        text_add_name(&line, slice_of(path));
        buf_addf(&line, "` ($GITHUB_STEP_SUMMARY) can't be written: %s\n", strerror(error));
        output_message(&session->output, line.at, line.len);
        buf_release(&line);
    }
}

struct rowbuild_writer findings_summary_writer(struct session *session)
{
    return (struct rowbuild_writer){.write = add_to_summary, .context = session};
}

/* ---- Findings ---- */

/* The folder from which the reader of a report counts: the checkout of the CI system, else the
 * current directory. The caller frees it. */
static char *find_base(void)
{
    static const char *const variables[] = {"GITHUB_WORKSPACE", "CI_PROJECT_DIR"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *folder = getenv(variables[i]); /* NOLINT(concurrency-mt-unsafe) */
        char *real = folder != NULL && folder[0] == '/' ? realpath(folder, NULL) : NULL;
        if (real != NULL) {
            return real;
        }
    }
    return realpath(".", NULL);
}

struct rowbuild_format_options findings_options(const struct session *session, const char *tool,
                                                char **base)
{
    *base = find_base();
    return (struct rowbuild_format_options){
        .tool = tool,
        .base = *base,
        .description = rowbuild_messages_description(session->messages),
    };
}

struct rowbuild_finding *findings_list(struct session *session, bool without_notes, size_t *count)
{
    size_t all = rowbuild_messages_count(session->messages);
    struct rowbuild_finding *findings = mem_alloc((all + 1) * sizeof *findings);
    *count = 0;
    for (size_t i = 0; i < all; i++) {
        rowbuild_messages_finding(session->messages, i, &findings[*count]);
        *count += !without_notes || findings[*count].severity != ROWBUILD_NOTE;
    }
    return findings;
}

void findings_print(struct session *session, const char *tool)
{
    const struct document *document = &session->document;
    size_t count;
    struct rowbuild_finding *findings = findings_list(session, false, &count);
    char *base;
    struct rowbuild_format_options options = findings_options(session, tool, &base);
    if (document->shown == ROWBUILD_FORMAT_GITHUB) {
        struct rowbuild_writer lines = session_writer(session);
        struct rowbuild_writer summary = findings_summary_writer(session);
        rowbuild_write_findings(findings, count, ROWBUILD_FORMAT_GITHUB, &options, &lines);
        rowbuild_write_findings(findings, count, ROWBUILD_FORMAT_MARKDOWN, &options, &summary);
    } else if (!document_has_stdout(document)) {
        session_tell(session);
    }
    if (document->exists) {
        struct rowbuild_writer writer = findings_document_writer(session);
        rowbuild_write_findings(findings, count, document->format, &options, &writer);
    }
    free(base);
    free(findings);
}
