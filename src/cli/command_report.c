/* The command report. */
#include "command.h"

#include "slice.h"
#include "text.h"

static void tell(struct session *session, const struct rowbuild_crate_options *options,
                 const struct rowbuild_crate_counts *counts)
{
    struct buf text = BUF_EMPTY;
    if (session->settings.display.json) {
        buf_add_string(&text, "{\"crate\": ");
        text_add_json(&text, slice_of(options->path));
        buf_addf(&text, ", \"tasks\": %zu, \"files\": %zu}\n", counts->tasks, counts->files);
    } else if (session->settings.display.quiet == 0) {
        buf_add_string(&text, "wrote ");
        text_add_name(&text, slice_of(options->path));
        buf_add_string(&text, ": ");
        text_add_count(&text, counts->tasks);
        buf_addf(&text, " task%s, ", counts->tasks == 1 ? "" : "s");
        text_add_count(&text, counts->files);
        buf_addf(&text, " file%s%s\n", counts->files == 1 ? "" : "s",
                 options->without_data ? ", not copied" : "");
    }
    session_print(session, "%s", buf_string(&text));
    buf_release(&text);
}

int command_report(struct session *session)
{
    const struct rowbuild_crate_options *options = &session->settings.crate;
    if (options->path == NULL) {
        return session_usage_error(session, "`report` needs --crate FOLDER or --crate FILE.zip");
    }
    int status = session_open(session);
    if (status != ROWBUILD_OK) {
        return status;
    }
    /* What has no record shall not get one here. */
    struct rowbuild_selection everything = {.no_adopt = true};
    struct rowbuild_crate_counts counts;
    status = rowbuild_plan(session->study, &everything, session->messages);
    if (status == ROWBUILD_OK) {
        status = rowbuild_report_crate(session->study, options, &counts, session->messages);
    }
    session_tell(session);
    if (status == ROWBUILD_OK) {
        tell(session, options, &counts);
    }
    return status;
}
