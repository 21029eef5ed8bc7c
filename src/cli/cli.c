#include "cli.h"

#include "command.h"
#include "command_line.h"
#include "commands.h"
#include "help.h"
#include "inherited.h"
#include "slice.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_help(struct session *session, const struct command *command)
{
    struct buf text = BUF_EMPTY;
    help_add_command(&text, command);
    output_result(&session->output, text.at, text.len);
    buf_release(&text);
}

/* `rowbuild help show why` */
static int command_help(struct session *session)
{
    const struct command *command = command_by_id(COMMAND_RUN);
    vec_each (struct operand, operand, &session->settings.operands) {
        bool show = command_id(command) == COMMAND_SHOW;
        bool leaf = !show && command_id(command) != COMMAND_RUN;
        command = leaf ? NULL : command_find(operand->text, show);
        if (command == NULL) {
            struct buf problem = BUF_EMPTY;
            command_add_unknown(&problem, operand->text, show);
            session_usage_error(session, buf_string(&problem));
            buf_release(&problem);
            return ROWBUILD_USAGE;
        }
    }
    print_help(session, command);
    return ROWBUILD_OK;
}

/* As a shell that changes to the directory: the path on which the user came is kept. */
static void say_directory(const char *directory)
{
    const char *before = getenv("PWD"); /* NOLINT(concurrency-mt-unsafe) */
    struct buf path = BUF_EMPTY;
    if (directory[0] != '/' && before != NULL && before[0] == '/') {
        buf_addf(&path, "%s/", before);
    }
    buf_add_string(&path, directory);
    if (path.at[0] == '/') {
        (void)setenv("PWD", buf_string(&path), 1); /* NOLINT(concurrency-mt-unsafe) */
    }
    buf_release(&path);
}

static int enter_directories(struct session *session)
{
    const struct settings *settings = &session->settings;
    for (size_t i = 0; i < settings->directories.count; i++) {
        if (chdir(settings->directories.at[i]) != 0) {
            int error = errno;
            struct buf name = BUF_EMPTY;
            text_add_name(&name, slice_of(settings->directories.at[i]));
            session_error(session, "the directory %s can't be entered: %s", buf_string(&name),
                          strerror(error));
            buf_release(&name);
            return ROWBUILD_USAGE;
        }
        say_directory(settings->directories.at[i]);
    }
    return ROWBUILD_OK;
}

/* Below a make that only says what it would do, a command does no more than that either. False: it
 * can't, so that nothing is done. */
static bool obey_make(struct settings *settings)
{
    bool asks;
    if (!inherited_is_dry(getenv("MAKEFLAGS"), &asks)) { /* NOLINT(concurrency-mt-unsafe) */
        return true;
    }
    settings->dry_run = true;
    settings->asks = asks;
    enum command_id command = command_id(settings->command);
    return command != COMMAND_SCAN && command != COMMAND_ACCEPT && command != COMMAND_INIT &&
           command != COMMAND_REPORT;
}

static int carry_out(struct session *session)
{
    static int (*const commands[COMMAND_COUNT])(struct session *) = {
        [COMMAND_RUN] = command_run,
        [COMMAND_CHECK] = command_check,
        [COMMAND_AUDIT] = command_audit,
        [COMMAND_POINTS] = command_points,
        [COMMAND_SHOW_STATUS] = command_show_status,
        [COMMAND_SHOW_DURATIONS] = command_show_durations,
        [COMMAND_SHOW_DIRECTORIES] = command_show_directories,
        [COMMAND_SHOW_WHY] = command_show_why,
        [COMMAND_SHOW_PROVENANCE] = command_show_provenance,
        [COMMAND_SHOW_LOG] = command_show_log,
        [COMMAND_SHOW_COMMAND] = command_show_command,
        [COMMAND_SHOW_MACHINE] = command_show_machine,
        [COMMAND_SHOW_CLUSTER] = command_show_cluster,
        [COMMAND_SHOW_JOBS] = command_show_jobs,
        [COMMAND_SHOW_LAUNCHERS] = command_show_launchers,
        [COMMAND_TOP] = command_top,
        [COMMAND_SUBMIT] = command_submit,
        [COMMAND_CANCEL] = command_cancel,
        [COMMAND_SCAN] = command_scan,
        [COMMAND_ACCEPT] = command_accept,
        [COMMAND_CLEAN] = command_clean,
        [COMMAND_REPORT] = command_report,
        [COMMAND_INIT] = command_init,
        [COMMAND_JOB] = command_job,
        [COMMAND_HELP] = command_help,
    };
    const struct settings *settings = &session->settings;
    if (settings->version) {
        session_print(session, "rowbuild %s\n", rowbuild_version());
        return ROWBUILD_OK;
    }
    if (settings->help) {
        print_help(session, settings->command);
        return ROWBUILD_OK;
    }
    int status = enter_directories(session);
    if (status == ROWBUILD_OK && !obey_make(&session->settings)) {
        session_print(session, "make asks for a dry run: `rowbuild %s` does nothing\n",
                      settings->command->name);
        return ROWBUILD_OK;
    }
    return status == ROWBUILD_OK ? commands[command_id(settings->command)](session) : status;
}

int cli_main(int argc, char **argv)
{
    struct session session = {0};
    struct buf problem = BUF_EMPTY;
    inherited_put_right();
    output_prepare();
    int read =
        settings_read(&session.settings, argv + 1, argc > 0 ? (size_t)argc - 1 : 0, &problem);
    output_init(&session.output, session.settings.display.colour);
    arena_init(&session.bytes);
    session.messages = rowbuild_messages_new();
    session_listen(&session);
    int status =
        read == 0 ? carry_out(&session) : session_usage_error(&session, buf_string(&problem));
    status = output_status(&session.output, status);
    buf_release(&problem);
    session_release(&session);
    return status;
}
