/* The file of --events: what happens in a run, as one JSON object a line, each with its time.
 *
 * Knows: how to keep the file whole. Each line is written by one call, before anything that follows
 * from the event, so that a run that is killed leaves complete lines. A line that could be written
 * only in part is cut off again. Doesn't know: what the events mean. */
#ifndef ROWBUILD_EVENT_LOG_H
#define ROWBUILD_EVENT_LOG_H

#include "buf.h"

#include <stdbool.h>

struct event_log {
    bool is_open;
    int file;
    int error; /* of the first line that couldn't be written; nothing is written after it */
};

/* Empties or creates the file. -1 with errno. */
int event_log_open(struct event_log *log, const char *path);

/* Writes the lines, JSON objects that don't have the member `time` yet. Does nothing if the log
 * isn't open. */
void event_log_add(struct event_log *log, const struct buf *lines);

/* 0, or the first error. */
int event_log_close(struct event_log *log);

#endif
