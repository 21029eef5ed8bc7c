/* The commands below `show`. */
#include "command.h"

static struct rowbuild_show_options show_options(const struct session *session)
{
    const struct settings *settings = &session->settings;
    struct rowbuild_show_options options = settings->show;
    options.json = settings->display.json;
    options.colour = session->output.results_colour;
    options.width = output_results_width(&session->output);
    options.values = settings->values.at;
    options.value_count = settings->values.count;
    options.cluster = settings->project.cluster;
    return options;
}

/* Opens the project and reads the targets. False: `*status` is final. */
static bool begin(struct session *session, int *status)
{
    *status = session_open(session);
    if (*status == ROWBUILD_OK) {
        *status = session_read_targets(session);
    }
    return *status == ROWBUILD_OK && !session_has_no_target(session);
}

typedef int show_fn(struct rowbuild *study, const struct rowbuild_selection *selection,
                    const struct rowbuild_show_options *options,
                    const struct rowbuild_writer *writer, struct rowbuild_messages *messages);

/* For status and directories: upstream tasks are planned, too, because they decide which tasks are
 * waiting. */
static int show_selected(struct session *session, struct rowbuild_selection how, show_fn *show)
{
    int status;
    if (!begin(session, &status)) {
        return status;
    }
    struct rowbuild_selection selection = session_selection(session);
    selection.exact_actions = how.exact_actions;
    selection.recorded = selection.recorded || how.recorded;
    selection.unknown_targets_warn = true;
    selection.by_member = true;
    struct rowbuild_show_options options = show_options(session);
    struct rowbuild_writer writer = session_writer(session);
    status = rowbuild_plan(session->study, &selection, session->messages);
    session_tell(session);
    if (status == ROWBUILD_OK) {
        status = show(session->study, &selection, &options, &writer, session->messages);
    }
    session_tell(session);
    return status;
}

int command_show_status(struct session *session)
{
    return show_selected(session, (struct rowbuild_selection){0}, rowbuild_show_status);
}

int command_show_directories(struct session *session)
{
    return show_selected(session, (struct rowbuild_selection){.exact_actions = true},
                         rowbuild_show_directories);
}

/* For both, the products don't matter. */
int command_show_durations(struct session *session)
{
    return show_selected(session, (struct rowbuild_selection){.recorded = true},
                         rowbuild_show_durations);
}

int command_show_jobs(struct session *session)
{
    return show_selected(session, (struct rowbuild_selection){.recorded = true},
                         rowbuild_show_jobs);
}

int command_show_why(struct session *session)
{
    int status;
    if (!begin(session, &status)) {
        return status;
    }
    /* Everything is planned, because reasons extend upstream and "simulate/T1.5" isn't a target of
     * a plan. */
    struct rowbuild_selection everything = {.recorded = session->settings.selection.recorded};
    struct rowbuild_selection selection = session_selection(session);
    struct rowbuild_show_options options = show_options(session);
    struct rowbuild_writer writer = session_writer(session);
    status = rowbuild_plan(session->study, &everything, session->messages);
    if (status == ROWBUILD_OK) {
        status =
            rowbuild_show_why(session->study, &selection, &options, &writer, session->messages);
    }
    session_tell(session);
    return status;
}

int command_show_provenance(struct session *session)
{
    int status;
    if (!begin(session, &status)) {
        return status;
    }
    if (session->targets.count == 0) {
        return session_usage_error(session, "`show provenance` needs the path of a product");
    }
    /* All that led to a product may matter; what has no record shall not get one here. */
    struct rowbuild_selection everything = {.no_adopt = true};
    struct rowbuild_selection selection = session_selection(session);
    struct rowbuild_show_options options = show_options(session);
    struct rowbuild_writer writer = session_writer(session);
    status = rowbuild_plan(session->study, &everything, session->messages);
    if (status == ROWBUILD_OK) {
        status = rowbuild_show_provenance(session->study, &selection, &options, &writer,
                                          session->messages);
    }
    session_tell(session);
    return status;
}

int command_show_log(struct session *session)
{
    int status;
    if (!begin(session, &status)) {
        return status;
    }
    struct rowbuild_selection selection = session_selection(session);
    struct rowbuild_writer writer = session_writer(session);
    status = rowbuild_show_log(session->study, &selection, session->settings.follow, &writer,
                               session->messages);
    session_tell(session);
    return status;
}

int command_show_command(struct session *session)
{
    int status;
    if (!begin(session, &status)) {
        return status;
    }
    struct rowbuild_selection selection = session_selection(session);
    struct rowbuild_show_options options = show_options(session);
    struct rowbuild_writer writer = session_writer(session);
    status =
        rowbuild_show_command(session->study, &selection, &options, &writer, session->messages);
    session_tell(session);
    return status;
}

/* Machines, clusters and launchers can be shown without a project. A project that can't be opened
 * is an error only if it was named with --file. */
static int show_surroundings(struct session *session,
                             int (*show)(struct rowbuild *study,
                                         const struct rowbuild_show_options *options,
                                         const struct rowbuild_writer *writer,
                                         struct rowbuild_messages *messages))
{
    int status = session_open_silently(session);
    if (status != ROWBUILD_OK && session->settings.project.file != NULL) {
        session_tell(session);
        return status;
    }
    if (status != ROWBUILD_OK) {
        rowbuild_messages_clear(session->messages);
    }
    struct rowbuild_show_options options = show_options(session);
    struct rowbuild_writer writer = session_writer(session);
    status = show(session->study, &options, &writer, session->messages);
    session_tell(session);
    return status;
}

int command_show_machine(struct session *session)
{
    return show_surroundings(session, rowbuild_show_machine);
}

int command_show_cluster(struct session *session)
{
    return show_surroundings(session, rowbuild_show_cluster);
}

int command_show_launchers(struct session *session)
{
    return show_surroundings(session, rowbuild_show_launchers);
}
