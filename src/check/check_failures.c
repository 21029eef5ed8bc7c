/* What check finds in the structure of commands: failures that their shell doesn't see. */
#include "check_inner.h"

#include "filling.h"
#include "shell_failures.h"

static const enum finding_code unseen_codes[FAILURE_KINDS] = {
    [FAILURE_BEFORE_PIPE] = FINDING_PIPE_HIDES_FAILURE,
    [FAILURE_BEFORE_NEXT] = FINDING_SEQUENCE_HIDES_FAILURE,
    [FAILURE_BEFORE_AND] = FINDING_AND_HIDES_FAILURE,
    [FAILURE_IN_BACKGROUND] = FINDING_BACKGROUND_HIDES_FAILURE,
};

/* What to write so that the shell sees it. row's own programs don't know the key `shell`. */
static void add_remedy(const struct rowfile *rowfile, enum shell_failure failure, struct buf *out)
{
    bool is_pipe = failure == FAILURE_BEFORE_PIPE;
    const char *options = is_pipe ? "-eo pipefail" : "-e";
    if (rowfile->contract == CONTRACT_ROW) {
        buf_addf(out, "begin the command with `set %s`, or set `shell = \"bash %s\"`", options,
                 options);
    } else {
        buf_addf(out, "set `shell = \"bash %s\"`", options);
    }
}

static void add_unseen(const struct rowfile *rowfile, enum shell_failure failure, struct buf *out)
{
    switch (failure) {
    case FAILURE_BEFORE_PIPE:
        buf_add_string(out,
                       "a failure of this command goes unseen: the status of a pipe is that of "
                       "its last command; ");
        add_remedy(rowfile, failure, out);
        break;
    case FAILURE_BEFORE_NEXT:
        buf_add_string(out, "if this command fails, the next one runs all the same, and only the "
                            "last status counts; join them with `&&`, or ");
        add_remedy(rowfile, failure, out);
        break;
    case FAILURE_BEFORE_AND:
        buf_add_string(out, "if this command fails, the commands after the line run all the same: "
                            "before `&&` a failure doesn't end the shell; write a new line instead "
                            "of `&&`");
        break;
    case FAILURE_IN_BACKGROUND:
        buf_add_string(out, "a failure of this command goes unseen: it runs in the background; end "
                            "with `wait PID`, which returns its status");
        break;
    case FAILURE_KINDS:
        break;
    }
}

void check_failures(const struct check *check, struct diag *diag)
{
    const struct rowfile *rowfile = check->graph->rowfile;
    struct shell_failures found;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        if (!filling_is_for_shell(action->shell) || check_is_told(rowfile, a)) {
            continue;
        }
        shell_failures_find(action->command.text, action->interpreter.stops,
                            action->interpreter.sees_pipes, &found);
        for (int i = 0; i < FAILURE_KINDS; i++) {
            struct buf message = BUF_EMPTY;
            if (found.first[i].at != NULL) {
                size_t at = (size_t)(found.first[i].at - action->command.text.at);
                add_unseen(rowfile, (enum shell_failure)i, &message);
                at += action->command_text_offset;
                /* A workflow.toml without `shell` runs as row runs it. */
                bool is_rows = rowfile->contract == CONTRACT_ROW && action->interpreter.count == 1;
                (is_rows ? diag_note_at : diag_warning_at)(diag, unseen_codes[i], &rowfile->source,
                                                           at, found.first[i].len, "%s",
                                                           buf_string(&message));
            }
            buf_release(&message);
        }
    }
}
