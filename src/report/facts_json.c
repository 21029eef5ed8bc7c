#include "facts_json.h"

#include "report_json.h"

#include <time.h>

enum { SIGNALLED = 256 }; /* and more: task_row.attempt_status */
static const int64_t NS_PER_S = 1000000000;

void facts_add_time(struct buf *out, const char *key, int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm parts;
    char text[64];
    if (seconds != 0 && gmtime_r(&when, &parts) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0) {
        report_json_string(out, key, slice_of(text));
    } else {
        report_json_null(out, key);
    }
}

void facts_add_time_ns(struct buf *out, const char *key, int64_t ns)
{
    facts_add_time(out, key, ns / NS_PER_S);
}

void facts_add_run(struct buf *out, const struct run_facts *run)
{
    static const char *const trees[] = {
        [TREE_UNKNOWN] = "", [TREE_CLEAN] = "clean", [TREE_DIRTY] = "dirty"};
    report_json_optional(out, "host", run->host);
    report_json_optional(out, "user", run->user);
    report_json_optional(out, "job", run->job);
    report_json_optional(out, "commit", run->commit);
    report_json_optional(out, "tree", slice_of(trees[run->tree]));
    report_json_optional(out, "version", run->version);
    facts_add_time(out, "run_began", run->begun_at_s);
}

static void add_status(struct buf *out, const char *key, int status, bool is_known)
{
    if (is_known) {
        report_json_count(out, key, (size_t)status);
    } else {
        report_json_null(out, key);
    }
}

void facts_add_attempt(struct buf *out, const struct plan *plan, struct task_id task)
{
    struct run_facts facts;
    if (!plan_attempt_facts(plan, task, &facts)) {
        report_json_null(out, "last_attempt");
        return;
    }
    const struct task_row *row = state_task(plan_state(plan), task.at);
    const char *outcome = row->attempt == ATTEMPT_FAILED       ? "failed"
                          : row->attempt == ATTEMPT_UNFINISHED ? "unfinished"
                                                               : "interrupted";
    report_json_key(out, "last_attempt");
    report_json_begin(out, '{');
    report_json_string(out, "outcome", slice_of(outcome));
    add_status(out, "exit_status", row->attempt_status, row->attempt_status < SIGNALLED);
    add_status(out, "signal", row->attempt_status - SIGNALLED, row->attempt_status >= SIGNALLED);
    facts_add_time_ns(out, "started", facts.started_at_ns);
    facts_add_time_ns(out, "ended", facts.ended_at_ns);
    if (facts.cores > 0) {
        report_json_count(out, "cores", facts.cores);
    } else {
        report_json_null(out, "cores");
    }
    facts_add_run(out, &facts);
    report_json_end(out, '}');
}
