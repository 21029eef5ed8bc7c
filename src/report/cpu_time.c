/* Reads each CPU's busy and idle time from the text of /proc/stat. */
#include "report.h"

#include "text.h"

#include <string.h>

enum { IDLE_FIELD = 3, WAIT_FIELD = 4, STEAL_FIELD = 7 };

static bool take_number(struct slice *rest, uint64_t *number)
{
    while (rest->len > 0 && rest->at[0] == ' ') {
        *rest = slice_make(rest->at + 1, rest->len - 1);
    }
    return text_take_number(rest, UINT64_MAX, number);
}

/* Fields after steal count guests, which user time already includes. */
static struct report_cpu_time read_fields(struct slice rest)
{
    struct report_cpu_time time = {0};
    uint64_t ticks;
    for (unsigned field = 0; field <= STEAL_FIELD && take_number(&rest, &ticks); field++) {
        time.total += ticks;
        if (field != IDLE_FIELD && field != WAIT_FIELD) {
            time.busy += ticks;
        }
    }
    return time;
}

void report_read_cpu_times(struct slice proc_stat, struct report_cpu_time *times, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        times[i] = (struct report_cpu_time){0};
    }
    while (proc_stat.len > 0) {
        const char *newline = memchr(proc_stat.at, '\n', proc_stat.len);
        size_t len = newline != NULL ? (size_t)(newline - proc_stat.at) : proc_stat.len;
        struct slice line = slice_make(proc_stat.at, len);
        uint64_t cpu;
        if (slice_starts_with(line, "cpu") && len > 3 && line.at[3] != ' ') {
            line = slice_make(line.at + 3, len - 3);
            if (take_number(&line, &cpu) && cpu < count) {
                times[cpu] = read_fields(line);
            }
        }
        len += newline != NULL ? 1 : 0;
        proc_stat = slice_make(proc_stat.at + len, proc_stat.len - len);
    }
}
