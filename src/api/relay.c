#include "relay.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

bool relay_tell(struct relay *relay, struct rowbuild_event event)
{
    event.progress = &relay->last;
    event.estimate = &relay->estimate;
    return relay->observer == NULL || relay->observer->event == NULL ||
           relay->observer->event(relay->observer->context, &event);
}

static bool has_failed(enum rowbuild_outcome outcome)
{
    return outcome == ROWBUILD_TASK_FAILED || outcome == ROWBUILD_TIMED_OUT ||
           outcome == ROWBUILD_UNFINISHED || outcome == ROWBUILD_CANCELLED;
}

/* The code of a failure as a finding; NULL: it is none. */
static const char *code_of(const struct run_event *event)
{
    if (event->kind != ROWBUILD_EVENT_ENDED) {
        return NULL;
    }
    switch (event->outcome) {
    case ROWBUILD_TASK_FAILED:
        return finding_table[event->blocked ? FINDING_TASK_BLOCKED : FINDING_TASK_FAILED].code;
    case ROWBUILD_TIMED_OUT:
        return finding_table[FINDING_TASK_TIMED_OUT].code;
    case ROWBUILD_UNFINISHED:
        return finding_table[FINDING_TASK_UNFINISHED].code;
    default:
        return NULL;
    }
}

/* A name as an argument that no command takes for an option. */
static void add_argument(const struct graph *graph, struct task_id task, struct slice name,
                         struct buf *out)
{
    struct buf word = BUF_EMPTY;
    if (name.at[0] == '-' && graph->tasks[task.at].directory != GRAPH_NONE) {
        buf_addf(&word, "./%s/", graph->workspace->path.at);
    }
    buf_add_slice(&word, name);
    text_add_shell_word(out, buf_slice(&word));
    buf_release(&word);
}

/* "rowbuild -a simulate T1.5-s1": what runs just these tasks again; from a login host by a job. */
static const char *add_again(struct relay *relay, const struct task_id *tasks, size_t count)
{
    enum { MOST_NAMED = 8 };
    const struct rowbuild *study = relay->study;
    const struct graph *graph = study->graph;
    buf_clear(&relay->again);
    bool by_job = study->job != NULL && study->cluster->scheduler == SCHEDULER_SLURM;
    buf_addf(&relay->again, "rowbuild %s-a ", by_job ? "submit " : "");
    text_add_shell_word(&relay->again, graph_action(graph, tasks[0])->name);
    for (size_t i = 0; i < count && count <= MOST_NAMED; i++) {
        struct slice name = graph_task_name(graph, tasks[i]);
        if (name.len > 0) { /* else it is the action's only task */
            buf_add_char(&relay->again, ' ');
            add_argument(graph, tasks[i], name, &relay->again);
        }
    }
    return buf_string(&relay->again);
}

static const char *add_shown_log(struct relay *relay, const char *path)
{
    buf_clear(&relay->log);
    text_add_shell_word(&relay->log, slice_of(study_shown_path(relay->study, path)));
    return buf_string(&relay->log);
}

/* Adds what earlier rounds counted. */
static void add_before(struct rowbuild_progress *progress, const struct rowbuild_progress *before)
{
    progress->done += before->done;
    progress->total += before->total;
    progress->failed += before->failed;
    progress->unfinished += before->unfinished;
    progress->ended += before->ended;
    progress->seconds += before->seconds;
}

/* By task, without the action. Valid until the next event. */
static const char *const *add_names(struct relay *relay, const struct task_id *tasks, size_t count)
{
    const struct graph *graph = relay->study->graph;
    arena_release(&relay->names);
    const char **names = arena_array(&relay->names, count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = arena_string(&relay->names, graph_task_name(graph, tasks[i]));
    }
    return names;
}

static size_t line_of(struct relay *relay, struct task_id task)
{
    const struct rowfile *rowfile = relay->study->rowfile;
    uint32_t element = relay->study->graph->tasks[task.at].action;
    if (relay->lines == NULL) {
        relay->lines = mem_alloc((rowfile->action_count + 1) * sizeof *relay->lines);
    }
    if (relay->lines[element] == 0) {
        size_t column;
        source_place(&rowfile->source, rowfile->actions[element].offset, &relay->lines[element],
                     &column);
    }
    return relay->lines[element];
}

enum { MOST_FAILURES = 100 };

static void note_failure(struct relay *relay, const struct run_event *from)
{
    for (size_t i = 0; i < from->task_count && relay->failure_count < MOST_FAILURES; i++) {
        const struct graph *graph = relay->study->graph;
        struct slice name = graph_task_name(graph, from->tasks[i]);
        buf_add_slice(&relay->failures, graph_action(graph, from->tasks[i])->name);
        buf_add_string(&relay->failures, name.len > 0 ? " " : "");
        buf_add_slice(&relay->failures, name);
        buf_add_char(&relay->failures, '\n');
        relay->failure_count++;
    }
}

void relay_event(void *context, const struct run_event *from)
{
    struct relay *relay = context;
    relay->last = *from->progress;
    add_before(&relay->last, &relay->before);
    bool ended = from->kind == ROWBUILD_EVENT_ENDED;
    bool named = from->task_count > 0;
    if (ended && has_failed(from->outcome)) {
        note_failure(relay, from);
    }
    relay_tell(relay, (struct rowbuild_event){
                          .kind = from->kind,
                          .action = from->task_count > 0
                                        ? graph_action(relay->study->graph, from->tasks[0])->name.at
                                        : NULL,
                          .label = from->label,
                          .tasks = from->task_count,
                          .names = named ? add_names(relay, from->tasks, from->task_count) : NULL,
                          .line = named ? line_of(relay, from->tasks[0]) : 0,
                          .outcome = from->outcome,
                          .code = code_of(from),
                          .how = from->how,
                          .blocked = from->blocked,
                          .seconds = from->seconds,
                          .command = from->command,
                          .output = from->output,
                          .output_bytes = from->output_bytes,
                          .log = from->log != NULL ? add_shown_log(relay, from->log) : NULL,
                          .again = ended && has_failed(from->outcome)
                                       ? add_again(relay, from->tasks, from->task_count)
                                       : NULL,
                          .text = from->text,
                      });
}

void relay_notice(struct relay *relay, const char *text)
{
    relay_tell(relay, (struct rowbuild_event){.kind = ROWBUILD_EVENT_NOTICE, .text = text});
}

void relay_release(struct relay *relay)
{
    facts_free(relay->facts);
    buf_release(&relay->again);
    buf_release(&relay->log);
    buf_release(&relay->failures);
    arena_release(&relay->names);
    free(relay->lines);
}
