/* A snapshot of a run as JSON. */
#include "watched.h"

#include "report_json.h"

static const char *state_word(enum rowbuild_watched_state state)
{
    switch (state) {
    case ROWBUILD_RUN_WORKS:
        return "running";
    case ROWBUILD_RUN_STOPPED:
        return "stopped";
    case ROWBUILD_RUN_ENDED:
        return "ended";
    case ROWBUILD_RUN_KILLED:
        return "killed";
    case ROWBUILD_NO_RUN:
        break;
    }
    return "none";
}

static void add_known(struct buf *out, const char *key, double number)
{
    if (number < 0) {
        report_json_null(out, key);
    } else {
        report_json_number(out, key, number);
    }
}

static void add_progress(const struct rowbuild_progress *progress, struct buf *out)
{
    report_json_count(out, "total", progress->total);
    report_json_count(out, "done", progress->done);
    report_json_count(out, "running", progress->running);
    report_json_count(out, "failed", progress->failed);
    report_json_count(out, "unfinished", progress->unfinished);
    report_json_count(out, "cores_used", progress->cores_used);
    report_json_count(out, "cores_budget", progress->cores_budget);
    report_json_number(out, "seconds", progress->seconds);
    add_known(out, "seconds_left", progress->seconds_left);
    report_json_count(out, "executions_of_unknown_duration", progress->unknown);
}

static void add_task(const struct rowbuild_watched_task *task, struct buf *out)
{
    report_json_begin_record(out);
    report_json_string(out, "label", slice_of(task->label));
    if (task->member_count > 0) {
        report_json_key(out, "names");
        report_json_begin(out, '[');
        for (size_t i = 0; i < task->member_count; i++) {
            report_json_item(out, slice_of(task->members[i]));
        }
        report_json_end(out, ']');
    }
    report_json_count(out, "pid", (uint64_t)task->pid);
    report_json_count(out, "cores", task->cores);
    report_json_optional(out, "cpus", slice_of(task->cpus));
    report_json_optional(out, "gpus", slice_of(task->gpus));
    add_known(out, "seconds", task->seconds);
    add_known(out, "expected_seconds", task->expected_seconds);
    add_known(out, "cpu", task->cpu);
    report_json_count(out, "memory_bytes", task->memory_bytes);
    report_json_bool(out, "stopped", task->is_paused);
    report_json_end(out, '}');
}

static void add_core(const struct rowbuild_snapshot *snapshot,
                     const struct rowbuild_watched_core *core, struct buf *out)
{
    report_json_begin_record(out);
    report_json_count(out, "core", core->number);
    add_known(out, "busy", core->busy);
    if (core->task < snapshot->task_count) {
        report_json_string(out, "held_by", slice_of(snapshot->tasks[core->task].label));
    } else {
        report_json_null(out, "held_by");
    }
    report_json_end(out, '}');
}

static void add_failure(const struct rowbuild_watched_failure *failure, struct buf *out)
{
    report_json_begin_record(out);
    report_json_string(out, "label", slice_of(failure->label));
    report_json_string(out, "how", slice_of(failure->how));
    report_json_optional(out, "log", slice_of(failure->log != NULL ? failure->log : ""));
    report_json_end(out, '}');
}

void watched_add_json(const struct rowbuild_snapshot *snapshot, struct buf *out)
{
    buf_add_char(out, '{');
    report_json_string(out, "run", slice_of(state_word(snapshot->state)));
    if (snapshot->other_host != NULL) {
        report_json_string(out, "other_host", slice_of(snapshot->other_host));
    }
    if (snapshot->has_progress) {
        report_json_count(out, "pid", (uint64_t)snapshot->pid);
        add_progress(&snapshot->progress, out);
    }
    report_json_key(out, "tasks");
    report_json_begin(out, '[');
    for (size_t i = 0; i < snapshot->task_count; i++) {
        add_task(&snapshot->tasks[i], out);
    }
    report_json_end_records(out);
    report_json_key(out, "cores");
    report_json_begin(out, '[');
    for (size_t i = 0; i < snapshot->core_count; i++) {
        add_core(snapshot, &snapshot->cores[i], out);
    }
    report_json_end_records(out);
    report_json_key(out, "pools");
    report_json_begin(out, '[');
    for (size_t i = 0; i < snapshot->pool_count; i++) {
        report_json_begin_record(out);
        report_json_string(out, "pool", slice_of(snapshot->pools[i].name));
        report_json_count(out, "taken", snapshot->pools[i].taken);
        report_json_count(out, "count", snapshot->pools[i].size);
        report_json_end(out, '}');
    }
    report_json_end_records(out);
    report_json_key(out, "failures");
    report_json_begin(out, '[');
    for (size_t i = 0; i < snapshot->failure_count; i++) {
        add_failure(&snapshot->failures[i], out);
    }
    report_json_end_records(out);
    report_json_count(out, "more_failures", snapshot->more_failures);
    buf_add_string(out, "}\n");
}
