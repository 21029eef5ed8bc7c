/* The commands scan, accept, points, clean and init. */
#include "command.h"

#include "ask.h"
#include "run_text.h"
#include "slice.h"
#include "text.h"

/* ---- scan, accept ---- */

typedef int record_fn(struct rowbuild *study, const struct rowbuild_selection *selection,
                      size_t *count, struct rowbuild_messages *messages);

static int record_tasks(struct session *session, record_fn *record, bool exact, const char *verb)
{
    int status = session_open(session);
    if (status == ROWBUILD_OK) {
        status = session_read_targets(session);
    }
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_selection selection = session_selection(session);
    selection.only = true; /* only the named targets, not their dependencies */
    selection.exact_actions = exact;
    selection.unknown_targets_warn = exact;
    size_t count = 0;
    if (!session_has_no_target(session)) {
        status = record(session->study, &selection, &count, session->messages);
        session_tell(session);
    }
    if (session->settings.display.json) {
        session_print(session, "{\"%s\": %zu}\n", verb, count);
    } else if (status == ROWBUILD_OK && session->settings.display.quiet == 0) {
        session_print(session, "%s: %zu %s\n", verb, count, count == 1 ? "task" : "tasks");
    }
    return status;
}

int command_scan(struct session *session)
{
    return record_tasks(session, rowbuild_scan, true, "found");
}

int command_accept(struct session *session)
{
    return record_tasks(session, rowbuild_accept, false, "accepted");
}

/* ---- points ---- */

struct pruning {
    struct session *session;
    int declined; /* the status where the answer was no; ROWBUILD_OK: it wasn't */
};

static bool confirm_pruning(void *context, const struct rowbuild_undeclared *undeclared)
{
    struct pruning *pruning = context;
    struct session *session = pruning->session;
    bool is_one = undeclared->directories == 1;
    struct buf text = BUF_EMPTY;
    enum answer answer = ANSWER_NONE;
    session_tell(session);
    run_text_add_undeclared(&text, undeclared);
    if (session->output.messages_terminal && !session->settings.display.json) {
        buf_addf(&text, ". Move %s? [y/N] ", is_one ? "it" : "them");
        answer = ask(buf_string(&text), ANSWER_NO);
    }
    if (answer == ANSWER_NONE) {
        session_error(session, "%s; use `--yes` to move %s", buf_string(&text),
                      is_one ? "it" : "them");
        pruning->declined = ROWBUILD_USAGE;
    } else if (answer == ANSWER_INTERRUPTED) {
        pruning->declined = ROWBUILD_INTERRUPTED;
    } else if (answer != ANSWER_YES) {
        session_error(session, "nothing was moved");
        pruning->declined = ROWBUILD_FAILED;
    }
    buf_release(&text);
    return answer == ANSWER_YES;
}

int command_points(struct session *session)
{
    const struct settings *settings = &session->settings;
    int status = session_open(session);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct pruning pruning = {.session = session};
    struct rowbuild_points_options options = {.write = settings->writes.at,
                                              .write_count = settings->writes.count,
                                              .dry_run = settings->dry_run,
                                              .prune = settings->prune,
                                              .yes = settings->yes,
                                              .confirm = confirm_pruning,
                                              .context = &pruning};
    struct rowbuild_show_options show = settings->show;
    show.json = settings->display.json;
    show.colour = session->output.results_colour;
    struct rowbuild_writer writer = session_writer(session);
    status = rowbuild_points(session->study, &options, &show, &writer, session->messages);
    session_tell(session);
    return pruning.declined != ROWBUILD_OK ? pruning.declined : status;
}

/* ---- clean, init ---- */

/* Lists what would be deleted and asks. ROWBUILD_OK: it may be. */
static int confirm_deletion(struct session *session, const struct rowbuild_clean_options *asked,
                            bool *is_confirmed)
{
    struct rowbuild_clean_options options = *asked;
    struct buf question = BUF_EMPTY;
    size_t found = 0;
    options.dry_run = true;
    options.found = &found;
    int status = rowbuild_clean(session->study, &options, session->messages);
    session_tell(session);
    if (status != ROWBUILD_OK || found == 0) {
        return status;
    }
    buf_addf(&question,
             asked->temporary ? "delete %zu temporary %s? [y/N] "
                              : "move %zu leftover %s to backups? [y/N] ",
             found, found == 1 ? "product" : "products");
    enum answer answer = ask(buf_string(&question), ANSWER_NO);
    buf_release(&question);
    *is_confirmed = answer == ANSWER_YES;
    if (answer == ANSWER_NONE) {
        return session_error(
            session,
            asked->temporary
                ? "there is no terminal to ask on, so nothing was deleted; to delete them, "
                  "use --yes"
                : "there is no terminal to ask on, so nothing was moved; to move them, use "
                  "--yes");
    }
    return ROWBUILD_OK;
}

int command_clean(struct session *session)
{
    const struct settings *settings = &session->settings;
    int status = session_open(session);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_clean_options options = settings->clean;
    options.actions = settings->actions.at;
    options.action_count = settings->actions.count;
    if (options.action_count > 0 && (!options.submitted || options.completed || options.directory ||
                                     options.backups || options.temporary || options.leftovers)) {
        return session_error(session, "--action selects jobs to be forgotten; use it with "
                                      "--submitted, and with no other part of the state");
    }
    options.dry_run = settings->dry_run;
    options.yes = settings->yes;
    if ((options.temporary || options.leftovers) && !options.dry_run && !options.yes) {
        bool is_confirmed = false;
        status = confirm_deletion(session, &options, &is_confirmed);
        if (!is_confirmed) {
            return status;
        }
    }
    status = rowbuild_clean(session->study, &options, session->messages);
    session_tell(session);
    return status;
}

int command_init(struct session *session)
{
    const struct settings *settings = &session->settings;
    const char *directory = settings->operands.count > 0 ? settings->operands.at[0].text : ".";
    bool is_ready = !settings->init.signac && !settings->init.row;
    int status = rowbuild_init(directory, &settings->init, session->messages);
    session_tell(session);
    if (status == ROWBUILD_OK && settings->display.quiet == 0) {
        struct buf name = BUF_EMPTY;
        text_add_name(&name, slice_of(directory));
        session_print(session, "made %s/%s; %s `rowbuild` there\n", buf_string(&name),
                      settings->init.row ? "workflow.toml" : "Rowfile",
                      is_ready ? "run" : "fill the workspace, then run");
        buf_release(&name);
    }
    return status;
}
