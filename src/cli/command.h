/* Declares the commands. Each gets an invocation whose options have been read, and returns the exit
 * status after showing all messages. */
#ifndef ROWBUILD_COMMAND_H
#define ROWBUILD_COMMAND_H

#include "session.h"

int command_run(struct session *session);
int command_check(struct session *session);
int command_audit(struct session *session);
int command_points(struct session *session);
int command_show_status(struct session *session);
int command_show_durations(struct session *session);
int command_show_directories(struct session *session);
int command_show_why(struct session *session);
int command_show_provenance(struct session *session);
int command_show_log(struct session *session);
int command_show_command(struct session *session);
int command_show_machine(struct session *session);
int command_show_cluster(struct session *session);
int command_show_jobs(struct session *session);
int command_show_launchers(struct session *session);
int command_top(struct session *session);
int command_submit(struct session *session);
int command_cancel(struct session *session);
int command_scan(struct session *session);
int command_accept(struct session *session);
int command_clean(struct session *session);
int command_report(struct session *session);
int command_init(struct session *session);
int command_job(struct session *session);

#endif
