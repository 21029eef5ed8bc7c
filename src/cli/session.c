#include "session.h"

#include "command_line.h"
#include "commands.h"
#include "slice.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void session_release(struct session *session)
{
    rowbuild_close(session->study);
    rowbuild_messages_free(session->messages);
    vec_release(&session->targets);
    arena_release(&session->bytes);
    settings_release(&session->settings);
}

/* ---- Saying ---- */

void session_tell(struct session *session)
{
    size_t count = rowbuild_messages_count(session->messages);
    for (; session->told < count; session->told++) {
        bool is_error =
            rowbuild_messages_severity(session->messages, session->told) == ROWBUILD_ERROR;
        if (session->settings.display.quiet > (is_error ? 1U : 0U)) {
            continue;
        }
        const char *text = rowbuild_messages_text(session->messages, session->told,
                                                  session->output.messages_colour);
        output_message(&session->output, text, strlen(text));
    }
}

static void tell_now(void *context, const char *text)
{
    struct session *session = context;
    if (session->settings.display.quiet == 0) {
        output_message(&session->output, text, strlen(text));
    }
}

void session_listen(struct session *session)
{
    rowbuild_messages_listen(session->messages, session->output.messages_colour, tell_now, session);
}

int session_error(struct session *session, const char *format, ...)
{
    struct buf line = BUF_EMPTY;
    va_list args;
    buf_add_string(&line, "rowbuild: ");
    va_start(args, format);
    buf_vaddf(&line, format, args);
    va_end(args);
    buf_add_char(&line, '\n');
    output_message(&session->output, line.at, line.len);
    buf_release(&line);
    return ROWBUILD_USAGE;
}

int session_usage_error(struct session *session, const char *problem)
{
    struct buf line = BUF_EMPTY;
    buf_add_string(&line, "rowbuild: ");
    text_add_visible(&line, slice_of(problem));
    buf_add_string(&line, "\nall options: `");
    command_add_name(&line, session->settings.command);
    buf_add_string(&line, " --help`\n");
    output_message(&session->output, line.at, line.len);
    buf_release(&line);
    return ROWBUILD_USAGE;
}

void session_print(struct session *session, const char *format, ...)
{
    struct buf text = BUF_EMPTY;
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    output_result(&session->output, buf_string(&text), text.len);
    buf_release(&text);
}

static void write_result(void *context, const char *bytes, size_t len)
{
    struct session *session = context;
    output_result(&session->output, bytes, len);
    if (session->output.error != 0) {
        exit(output_status(&session->output, ROWBUILD_OK));
    }
}

struct rowbuild_writer session_writer(struct session *session)
{
    return (struct rowbuild_writer){.write = write_result, .context = session};
}

/* ---- Opening ---- */

int session_open_silently(struct session *session)
{
    session->study = rowbuild_open(&session->settings.project, session->messages);
    if (session->study == NULL) {
        int status = rowbuild_messages_status(session->messages);
        return status != ROWBUILD_OK ? status : ROWBUILD_USAGE;
    }
    return ROWBUILD_OK;
}

int session_open(struct session *session)
{
    int status = session_open_silently(session);
    session_tell(session);
    return status;
}

/* ---- Targets ---- */

static int read_all(struct buf *out)
{
    enum { PIECE = 65536 };
    for (;;) {
        buf_reserve(out, PIECE);
        ssize_t got = read(STDIN_FILENO, out->at + out->len, PIECE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? errno : 0;
        }
        out->len += (size_t)got;
    }
}

static int add_lines(struct session *session, struct slice text, char end)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] == '\0' && end != '\0') {
            return session_error(session, "standard input contains NUL bytes; use `--null`");
        }
        if (i < text.len && text.at[i] != end) {
            continue;
        }
        if (i > start) {
            struct slice name = slice_make(text.at + start, i - start);
            vec_push(&session->targets, arena_string(&session->bytes, name));
        }
        start = i + 1;
    }
    return ROWBUILD_OK;
}

static int read_standard_input(struct session *session)
{
    struct buf text = BUF_EMPTY;
    int error = read_all(&text);
    int status = error != 0
                     ? session_error(session, "standard input can't be read: %s", strerror(error))
                     : add_lines(session, buf_slice(&text), session->settings.null ? '\0' : '\n');
    buf_release(&text);
    return status;
}

int session_read_targets(struct session *session)
{
    vec_each (struct operand, operand, &session->settings.operands) {
        if (strcmp(operand->text, "-") != 0) {
            vec_push(&session->targets, operand->text);
            continue;
        }
        int status = session->targets_wanted ? ROWBUILD_OK : read_standard_input(session);
        session->targets_wanted = true;
        if (status != ROWBUILD_OK) {
            return status;
        }
    }
    if (session->settings.null && !session->targets_wanted) {
        return session_usage_error(
            session, "`--null` needs the operand `-`, which reads targets from standard input");
    }
    return ROWBUILD_OK;
}

bool session_has_no_target(const struct session *session)
{
    return session->targets_wanted && session->targets.count == 0;
}

struct rowbuild_selection session_selection(const struct session *session)
{
    struct rowbuild_selection selection = session->settings.selection;
    selection.actions = session->settings.actions.at;
    selection.action_count = session->settings.actions.count;
    selection.targets = session->targets.at;
    selection.target_count = session->targets.count;
    return selection;
}
