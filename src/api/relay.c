#include "relay.h"

#include "text.h"

bool relay_tell(struct relay *relay, struct rowbuild_event event)
{
    event.progress = &relay->last;
    event.estimate = &relay->estimate;
    return relay->observer == NULL || relay->observer->event == NULL ||
           relay->observer->event(relay->observer->context, &event);
}

static struct rowbuild_progress progress_of(const struct run_progress *from)
{
    struct rowbuild_progress progress = {
        .done = from->done,
        .total = from->total,
        .running = from->running,
        .failed = from->failed,
        .unfinished = from->unfinished,
        .cores_used = from->cores_used,
        .cores_budget = from->cores_budget,
        .seconds_left = from->seconds_left,
        .seconds = from->seconds,
        .longest_count = from->longest_count,
    };
    for (size_t i = 0; i < from->longest_count; i++) {
        progress.longest[i] =
            (struct rowbuild_running){from->longest[i].label, from->longest[i].seconds};
    }
    return progress;
}

static bool has_failed(enum run_outcome outcome)
{
    return outcome == RUN_FAILED || outcome == RUN_TIMED_OUT || outcome == RUN_UNFINISHED ||
           outcome == RUN_CANCELLED;
}

/* "rowbuild -a simulate T1.5-s1": what runs just these tasks again; from a login host by a job. */
static const char *add_again(struct relay *relay, const struct task_id *tasks, size_t count)
{
    enum { MOST_NAMED = 8 };
    const struct rowbuild *study = relay->study;
    const struct graph *graph = study->graph;
    struct slice action = graph_action(graph, tasks[0])->name;
    buf_clear(&relay->again);
    bool by_job = study->job != NULL && study->cluster->scheduler == SCHEDULER_SLURM;
    buf_addf(&relay->again, "rowbuild %s-a ", by_job ? "submit " : "");
    text_add_shell_word(&relay->again, action);
    for (size_t i = 0; i < count && count <= MOST_NAMED; i++) {
        uint32_t directory = graph->tasks[tasks[i].at].directory;
        struct buf key = BUF_EMPTY;
        buf_add_char(&relay->again, ' ');
        if (directory == GRAPH_NONE) {
            graph_add_key(graph, tasks[i], &key);
        } else {
            struct slice name = study->workspace.names[directory];
            if (name.at[0] == '-') { /* as a path, so that it isn't an option */
                buf_addf(&key, "./%s/", study->workspace.path.at);
            }
            buf_add_slice(&key, name);
        }
        text_add_shell_word(&relay->again, buf_slice(&key));
        buf_release(&key);
    }
    return buf_string(&relay->again);
}

static const char *add_shown_log(struct relay *relay, const char *path)
{
    buf_clear(&relay->log);
    text_add_shell_word(&relay->log, slice_of(study_shown_path(relay->study, path)));
    return buf_string(&relay->log);
}

void relay_event(void *context, const struct run_event *from)
{
    static const enum rowbuild_event_kind kinds[] = {
        [RUN_EVENT_STARTED] = ROWBUILD_EVENT_STARTED,   [RUN_EVENT_ENDED] = ROWBUILD_EVENT_ENDED,
        [RUN_EVENT_NOTICE] = ROWBUILD_EVENT_NOTICE,     [RUN_EVENT_TICK] = ROWBUILD_EVENT_TICK,
        [RUN_EVENT_STOPPING] = ROWBUILD_EVENT_STOPPING,
    };
    static const enum rowbuild_outcome outcomes[] = {
        [RUN_SUCCEEDED] = ROWBUILD_SUCCEEDED, [RUN_RESTORED] = ROWBUILD_RESTORED,
        [RUN_FAILED] = ROWBUILD_TASK_FAILED,  [RUN_UNFINISHED] = ROWBUILD_UNFINISHED,
        [RUN_TIMED_OUT] = ROWBUILD_TIMED_OUT, [RUN_CANCELLED] = ROWBUILD_CANCELLED,
        [RUN_RETRYING] = ROWBUILD_RETRYING,
    };
    struct relay *relay = context;
    relay->last = progress_of(from->progress);
    bool ended = from->kind == RUN_EVENT_ENDED;
    relay_tell(relay, (struct rowbuild_event){
                          .kind = kinds[from->kind],
                          .action = from->task_count > 0
                                        ? graph_action(relay->study->graph, from->tasks[0])->name.at
                                        : NULL,
                          .label = from->label,
                          .tasks = from->task_count,
                          .outcome = outcomes[from->outcome],
                          .how = from->how,
                          .blocked = from->blocked,
                          .seconds = from->seconds,
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
    buf_release(&relay->again);
    buf_release(&relay->log);
}
