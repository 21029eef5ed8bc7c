#include "event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int event_log_open(struct event_log *log, const char *path)
{
    log->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    log->is_open = log->file >= 0;
    return log->is_open ? 0 : -1;
}

/* `{"time": "2026-03-01T12:00:00.250Z", ` */
static void add_time(struct buf *out)
{
    struct timespec now;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    buf_addf(out, "{\"time\": \"%s.%03ldZ\", ", text, now.tv_nsec / 1000000);
}

static void write_line(struct event_log *log, struct slice line)
{
    off_t begin = lseek(log->file, 0, SEEK_END); /* -1: a pipe */
    size_t done = 0;
    while (done < line.len) {
        ssize_t written = write(log->file, line.at + done, line.len - done);
        if (written > 0) {
            done += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            log->error = written == 0 ? EIO : errno;
            break;
        }
    }
    if (log->error != 0 && done > 0 && begin >= 0 && ftruncate(log->file, begin) != 0) {
        return; /* the error is told anyway */
    }
}

void event_log_add(struct event_log *log, const struct buf *lines)
{
    struct buf line = BUF_EMPTY;
    const char *at = buf_string(lines);
    while (log->is_open && log->error == 0 && *at != '\0') {
        size_t len = strcspn(at, "\n");
        len += at[len] == '\n';
        buf_clear(&line);
        add_time(&line);
        buf_add(&line, at + 1, len - 1); /* after the brace */
        write_line(log, buf_slice(&line));
        at += len;
    }
    buf_release(&line);
}

int event_log_close(struct event_log *log)
{
    if (!log->is_open) {
        return 0;
    }
    log->is_open = false;
    if (close(log->file) != 0 && log->error == 0) {
        log->error = errno;
    }
    return log->error;
}
