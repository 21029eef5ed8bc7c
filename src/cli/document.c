#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void document_choose(struct document *document, const struct display_settings *display)
{
    const char *github = getenv("GITHUB_ACTIONS"); /* NOLINT(concurrency-mt-unsafe) */
    enum rowbuild_format usual = github != NULL && strcmp(github, "true") == 0
                                     ? ROWBUILD_FORMAT_GITHUB
                                     : ROWBUILD_FORMAT_TEXT;
    enum rowbuild_format asked = display->format_given ? display->format
                                 : display->json       ? ROWBUILD_FORMAT_JSON
                                                       : usual;
    bool has_lines = asked == ROWBUILD_FORMAT_TEXT || asked == ROWBUILD_FORMAT_GITHUB;
    *document = (struct document){
        .shown = has_lines                 ? asked
                 : display->output != NULL ? usual
                                           : ROWBUILD_FORMAT_TEXT,
        .exists = !has_lines,
        .format = asked,
        .path = display->output,
        .file = -1,
    };
}

bool document_has_stdout(const struct document *document)
{
    return document->exists && document->path == NULL;
}

int document_open(struct document *document)
{
    if (document->path != NULL) {
        document->file = open(document->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    return document->path == NULL || document->file >= 0 ? 0 : -1;
}

void document_write(struct document *document, struct output *output, const char *bytes, size_t len)
{
    if (document->path == NULL) {
        output_result(output, bytes, len);
        return;
    }
    while (len > 0 && document->error == 0) {
        ssize_t written = write(document->file, bytes, len);
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            document->error = written == 0 ? EIO : errno;
        }
    }
}

int document_close(struct document *document)
{
    if (document->file >= 0 && close(document->file) != 0 && document->error == 0) {
        document->error = errno;
    }
    document->file = -1;
    return document->error;
}
