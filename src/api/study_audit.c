/* audit: a run whose commands are watched, and what was found. */
#include "study.h"

#include "memory.h"
#include "report.h"

#include <stdlib.h>

static void write_findings(const struct audit *audit, const struct audit_findings *findings,
                           const struct rowbuild_audit_options *options,
                           const struct rowbuild_writer *writer)
{
    struct buf out = BUF_EMPTY;
    if (options->json) {
        report_audit_json(findings, audit_count(audit), &out);
    } else {
        report_audit(findings, audit_count(audit), options->colour, &out);
    }
    if (out.len > 0) {
        writer->write(writer->context, out.at, out.len);
    }
    if (options->json_too != NULL) {
        buf_clear(&out);
        report_audit_json(findings, audit_count(audit), &out);
        options->json_too->write(options->json_too->context, out.at, out.len);
    }
    buf_release(&out);
}

/* As findings of the library, one by one. */
static void tell_findings(const struct audit_findings *findings,
                          const struct rowbuild_audit_options *options, const char *path)
{
    vec_each (const struct audit_finding, finding, &findings->all) {
        const char **directories =
            mem_alloc((finding->directories.count + 1) * sizeof *directories);
        for (size_t i = 0; i < finding->directories.count; i++) {
            directories[i] = finding->directories.at[i].at;
        }
        struct buf text = BUF_EMPTY;
        report_audit_finding(finding, false, &text);
        struct rowbuild_finding told = {
            .code = finding->code,
            .severity = finding->severity == DIAG_ERROR     ? ROWBUILD_ERROR
                        : finding->severity == DIAG_WARNING ? ROWBUILD_WARNING
                                                            : ROWBUILD_NOTE,
            .file = finding->file,
            .path = path,
            .line = finding->line,
            .end_line = finding->line,
            .message = finding->message,
            .mend = finding->mend[0] != '\0' ? finding->mend : NULL,
            .text = buf_string(&text),
            .directories = directories,
            .directory_count = finding->directories.count,
        };
        options->found(options->context, &told);
        buf_release(&text);
        free(directories);
    }
}

int rowbuild_audit(struct rowbuild *study, const struct rowbuild_selection *selection,
                   const struct rowbuild_run_options *options,
                   const struct rowbuild_audit_options *audit,
                   const struct rowbuild_observer *observer, const struct rowbuild_writer *writer,
                   size_t *missing, struct rowbuild_messages *messages)
{
    struct rowbuild_selection all = *selection;
    size_t ignored;
    missing = missing != NULL ? missing : &ignored;
    *missing = 0;
    all.rerun = true;
    study->keeps_records = audit->keep_records;
    study->audit = audit_new(study->rowfile, study->project_path,
                             audit->watch_by == ROWBUILD_WATCH_NOTIFICATION ? AUDIT_BY_NOTIFICATION
                                                                            : AUDIT_BY_PTRACE,
                             audit->outside, &messages->diag);
    if (study->audit == NULL) {
        return messages_settle(messages, ROWBUILD_STATE);
    }
    int status = study_run(study, &all, NULL, options, observer, messages);
    if (status != ROWBUILD_USAGE && status != ROWBUILD_STATE) {
        const struct audit_findings *findings = audit_finish(study->audit, &messages->diag);
        write_findings(study->audit, findings, audit, writer);
        if (audit->found != NULL) {
            tell_findings(findings, audit, rowbuild_messages_description(messages));
        }
        *missing = audit_findings_count(findings, DIAG_ERROR);
        status = messages_settle(messages, status);
    }
    audit_free(study->audit);
    study->audit = NULL;
    study->keeps_records = false;
    return status;
}
