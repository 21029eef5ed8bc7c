/* check: a look at everything, and what was found. */
#include "study.h"

#include "check.h"

static struct check check_of(const struct rowbuild *study)
{
    return (struct check){.graph = study->graph,
                          .plan = study->plan,
                          .project_path = study->project_path,
                          .project = study->project,
                          .launchers = &study->launchers,
                          .clusters = &study->clusters,
                          .cluster = study->cluster};
}

int study_check_values(const struct rowbuild *study, bool all, struct diag *diag)
{
    struct check check = check_of(study);
    return check_values(&check, all, diag);
}

/* What was asked for beside what is wrong: the tasks that changes since a commit affect. */
struct asked {
    const char *since; /* NULL: nothing */
    bool explain;
    const struct rowbuild_show_options *options;
    struct buf out;
};

static int check_all(struct rowbuild *study, struct asked *asked,
                     struct rowbuild_messages *messages)
{
    struct rowbuild_selection everything = {0};
    study->tolerates_absent = true;
    if (asked->since != NULL) {
        study_begin_since(study, asked->since);
    }
    int status = study_look(study, &everything, STATE_READ, messages);
    messages_take(messages, &study->own, NULL);
    if (status == ROWBUILD_OK) {
        struct check check = check_of(study);
        check_study(&check, &messages->diag);
        study_check_machine(study, &messages->diag);
        status = rowbuild_messages_status(messages);
    }
    if (status == ROWBUILD_OK && asked->since != NULL &&
        study_report_since(study, asked->since, asked->explain, asked->options, &asked->out,
                           &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
    }
    study_end_since(study);
    messages_settle(messages, status);
    study_drop(study, messages);
    return status;
}

int rowbuild_check(struct rowbuild *study, struct rowbuild_messages *messages)
{
    struct asked asked = {0};
    return check_all(study, &asked, messages);
}

int rowbuild_check_since(struct rowbuild *study, const char *revision, bool explain,
                         const struct rowbuild_show_options *options,
                         const struct rowbuild_writer *writer, struct rowbuild_messages *messages)
{
    struct asked asked = {.since = revision, .explain = explain, .options = options};
    int status = check_all(study, &asked, messages);
    if (status == ROWBUILD_OK) {
        writer->write(writer->context, buf_string(&asked.out), asked.out.len);
    }
    buf_release(&asked.out);
    return status;
}
