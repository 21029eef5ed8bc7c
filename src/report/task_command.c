#include "task_command.h"

#include "report.h"
#include "report_json.h"
#include "table.h"

#include "executions.h"
#include "resources.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static unsigned to_unsigned(uint64_t number)
{
    return number < UINT_MAX ? (unsigned)number : UINT_MAX;
}

static size_t count_directories(const struct plan *plan, struct task_id task)
{
    const uint32_t *directories;
    return plan_directories(plan, task, &directories);
}

/* Of a task that shares its command with no other. */
static struct launch_request request_of(const struct plan *plan, const struct task_id *task)
{
    const struct resource_spec *resources = &graph_action(plan_graph(plan), *task)->resources;
    const uint32_t *directories;
    const uint32_t *skipped;
    size_t directory_count = plan_directories(plan, *task, &directories);
    size_t skipped_count = plan_skipped(plan, *task, &skipped);
    return (struct launch_request){
        .directories = directories,
        .directory_count = directory_count,
        .skipped = skipped,
        .skipped_count = skipped_count,
        .tasks = task,
        .task_count = 1,
        .processes = to_unsigned(resources_processes(resources, count_directories(plan, *task))),
        .threads = to_unsigned(resources->threads_per_process),
    };
}

int task_command_add(const struct launch_context *launch, const struct plan *plan,
                     struct task_id task, struct buf *out, struct diag *diag)
{
    struct launch_request request = request_of(plan, &task);
    return launch_add_command(launch, &request, out, diag);
}

void task_command_add_planned(const struct launch_context *launch, const struct plan *plan,
                              struct task_id task, bool json, struct buf *out)
{
    uint8_t verdict = plan_verdict(plan, task);
    bool runs = verdict == VERDICT_STALE || verdict == VERDICT_MAYBE;
    struct buf command = BUF_EMPTY;
    struct diag unseen; /* the run tells what is wrong */
    if (launch == NULL) {
        return;
    }
    diag_init(&unseen);
    if (runs && task_command_add(launch, plan, task, &command, &unseen) != 0) {
        buf_clear(&command);
    }
    if (json) {
        report_json_optional(out, "command", buf_slice(&command));
    } else if (command.len > 0) {
        text_add_command(out, "  ", buf_slice(&command));
    }
    diag_release(&unseen);
    buf_release(&command);
}

/* ---- show command ---- */

struct shown {
    const struct launch_context *launch;
    struct task_id task;
    struct launch_request request;
    struct launch_command command;
    const struct action *action;
    uint64_t memory_bytes; /* 0: not requested */
    bool is_batch;         /* other directories may share the command */
};

static bool is_unknown(const char *entry)
{
    return strncmp(entry, "ACTION_CORES=", strlen("ACTION_CORES=")) == 0;
}

static void add_shell(const struct shown *shown, struct buf *out)
{
    const struct interpreter *interpreter = &shown->action->interpreter;
    for (size_t i = 0; i < interpreter->count; i++) {
        buf_add_string(out, i > 0 ? " " : "");
        text_add_shell_word(out, interpreter->words[i]);
    }
}

static struct slice launcher_of(const struct shown *shown)
{
    struct slice launcher = shown->command.launcher;
    while (launcher.len > 0 && launcher.at[launcher.len - 1] == ' ') {
        launcher.len--;
    }
    return launcher;
}

static void add_amount(struct buf *out, uint64_t count, const char *one)
{
    text_add_count(out, count);
    buf_addf(out, " %s%s", one, count == 1 ? "" : strcmp(one, "process") == 0 ? "es" : "s");
}

/* "8: 4 processes with 2 threads each; which ones is decided when the task starts" */
static void add_cores(const struct shown *shown, struct buf *out)
{
    unsigned processes = shown->request.processes;
    unsigned threads = shown->request.threads;
    text_add_count(out, (uint64_t)processes * threads);
    if (processes > 1) {
        buf_add_string(out, ": ");
        add_amount(out, processes, "process");
        buf_add_string(out, " with ");
        add_amount(out, threads, "thread");
        buf_add_string(out, " each");
    }
    buf_add_string(out, "; the cores are assigned when the task starts");
}

static void add_line(struct buf *out, const char *title, struct slice text)
{
    if (text.len > 0) {
        buf_addf(out, "  %s: ", title);
        text_add_visible(out, text);
        buf_add_char(out, '\n');
    }
}

static void add_setup(struct buf *out, struct slice setup)
{
    struct buf visible = BUF_EMPTY;
    text_add_visible(&visible, setup);
    struct slice left = buf_slice(&visible);
    buf_add_string(out, left.len > 0 ? "  setup:\n" : "");
    while (left.len > 0) {
        const char *end = memchr(left.at, '\n', left.len);
        size_t len = end != NULL ? (size_t)(end - left.at) : left.len;
        buf_add_string(out, "    ");
        buf_add(out, left.at, len);
        buf_add_char(out, '\n');
        left = slice_make(left.at + len, left.len - len);
        if (left.len > 0) {
            left = slice_make(left.at + 1, left.len - 1);
        }
    }
    buf_release(&visible);
}

static void add_environment(const struct shown *shown, struct buf *out)
{
    buf_add_string(out, "  environment:\n");
    for (char **entry = shown->command.processes[0].environment; *entry != NULL; entry++) {
        size_t name = strcspn(*entry, "=");
        if (!is_unknown(*entry)) {
            buf_add_string(out, "    ");
            buf_add(out, *entry, name + 1);
            text_add_shell_word(out, slice_of(*entry + name + 1));
            buf_add_char(out, '\n');
        }
    }
}

static void add_text(const struct shown *shown, bool colour, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    const struct resource_spec *resources = &shown->action->resources;
    graph_add_label(shown->launch->graph, shown->task, &text);
    table_add_styled(out, buf_slice(&text), TABLE_BOLD, colour);
    buf_add_string(out, ":\n");
    text_add_command(out, "  ", shown->command.processes[0].command);
    if (shown->command.count > 1) {
        buf_add_string(out, "  started: ");
        text_add_count(out, shown->command.count);
        buf_add_string(
            out, " times, as processes with ACTION_PROCESS_INDEX from 0; this is the first\n");
    }
    if (shown->is_batch) {
        buf_add_string(out,
                       "  batch: other directories that are out of date may share the command\n");
    }
    buf_clear(&text);
    add_shell(shown, &text);
    add_line(out, "shell", buf_slice(&text));
    add_line(out, "launcher", launcher_of(shown));
    add_setup(out, shown->command.setup);
    buf_clear(&text);
    add_cores(shown, &text);
    add_line(out, "cores", buf_slice(&text));
    if (resources->gpus_per_process > 0) {
        buf_addf(out, "  GPUs: %llu\n",
                 (unsigned long long)resources->gpus_per_process * shown->request.processes);
    }
    if (shown->memory_bytes > 0) {
        buf_add_string(out, "  memory: ");
        text_add_bytes(out, shown->memory_bytes);
        buf_add_char(out, '\n');
    }
    add_line(out, "runs in", slice_of(shown->launch->project_path));
    add_environment(shown, out);
    buf_release(&text);
}

static void add_json(const struct shown *shown, struct buf *out)
{
    const struct graph *graph = shown->launch->graph;
    uint32_t directory = graph->tasks[shown->task.at].directory;
    struct buf text = BUF_EMPTY;
    report_json_begin_record(out);
    graph_add_key(graph, shown->task, &text);
    report_json_string(out, "task", buf_slice(&text));
    report_json_string(out, "action", shown->action->name);
    report_json_string(out, "name", graph_task_name(graph, shown->task));
    report_json_optional(out, "directory",
                         directory != GRAPH_NONE ? graph->workspace->names[directory]
                                                 : (struct slice){0});
    report_json_string(out, "command", shown->command.processes[0].command);
    report_json_bool(out, "batch", shown->is_batch);
    buf_clear(&text);
    add_shell(shown, &text);
    report_json_string(out, "shell", buf_slice(&text));
    report_json_optional(out, "launcher", launcher_of(shown));
    report_json_optional(out, "setup", shown->command.setup);
    report_json_count(out, "processes", shown->request.processes);
    report_json_count(out, "threads_per_process", shown->request.threads);
    report_json_count(out, "cores", (uint64_t)shown->request.processes * shown->request.threads);
    report_json_count(out, "gpus_per_process", shown->action->resources.gpus_per_process);
    report_json_count(out, "memory_bytes", shown->memory_bytes);
    report_json_string(out, "runs_in", slice_of(shown->launch->project_path));
    report_json_key(out, "environment");
    report_json_begin(out, '[');
    for (char **entry = shown->command.processes[0].environment; *entry != NULL; entry++) {
        if (!is_unknown(*entry)) {
            report_json_item(out, slice_of(*entry));
        }
    }
    report_json_end(out, ']');
    report_json_end(out, '}');
    buf_release(&text);
}

static int add_shown(const struct launch_context *launch, const struct plan *plan,
                     struct task_id task, const struct rowbuild_show_options *options,
                     struct arena *arena, struct buf *out, struct diag *diag)
{
    struct shown shown = {.launch = launch,
                          .task = task,
                          .request = request_of(plan, &task),
                          .action = graph_action(launch->graph, task)};
    shown.request.tasks = &shown.task;
    shown.memory_bytes = resources_memory(&shown.action->resources, count_directories(plan, task));
    shown.is_batch = launch->graph->tasks[task.at].directory != GRAPH_NONE &&
                     executions_are_batches(shown.action);
    if (launch_prepare(launch, &shown.request, arena, &shown.command, diag) != 0 ||
        shown.command.processes == NULL) {
        return -1;
    }
    if (options->json) {
        add_json(&shown, out);
    } else {
        add_text(&shown, options->colour, out);
    }
    return 0;
}

int report_commands(struct plan *plan, const struct launch_context *launch,
                    const struct rowbuild_show_options *options, struct buf *out, struct diag *diag)
{
    struct task_id *tasks;
    struct arena arena;
    int result = 0;
    size_t count = report_list_tasks(plan, WANTED_SELECTED, &tasks);
    arena_init(&arena);
    buf_add_string(out, options->json ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        result = add_shown(launch, plan, tasks[i], options, &arena, out, diag) != 0 ? -1 : result;
        arena_release(&arena);
    }
    if (options->json) {
        report_json_end_records(out);
        buf_add_char(out, '\n');
    } else if (count == 0) {
        buf_add_string(out, "No matches.\n");
    }
    arena_release(&arena);
    free(tasks);
    return result;
}
