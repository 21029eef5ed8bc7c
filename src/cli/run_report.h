/* Collects what happens in a run, and reports it in the format that --format, or the CI system, asks
 * for.
 *
 * Knows: events, how a failure becomes a finding, when a log of GitHub is folded. Doesn't know: how
 * documents look, which the library knows, nor where text for people goes. */
#ifndef ROWBUILD_RUN_REPORT_H
#define ROWBUILD_RUN_REPORT_H

#include "buf.h"
#include "rowbuild.h"
#include "session.h"

struct run_report;

/* Begins session->report, unless only text is wanted. `tool`: "rowbuild", for the document; static. An
 * exit status: --output must be writable. */
int run_report_begin(struct session *session, const char *tool);

/* Whether it must be told of tasks that weren't executed, too (rowbuild_run_options.by_task). */
bool run_report_needs_tasks(const struct session *session);

void run_report_take(struct run_report *report, const struct rowbuild_event *event);

/* A line of JSON for a run's document in that format, which --json would print. An audit's events
 * are left out: its document has findings. */
void run_report_add_json(struct run_report *report, const struct buf *line);

/* A finding beside the failures, which is copied. */
void run_report_add_finding(struct run_report *report, const struct rowbuild_finding *finding);

/* Appends GitHub's annotation of a failure, if the event is one. */
void run_report_annotate(struct run_report *report, const struct rowbuild_event *event,
                         struct buf *out);

/* Writes everything: annotations and a summary, the document. Returns the command's exit status,
 * which was `status` so far. */
int run_report_end(struct session *session, int status);

#endif
