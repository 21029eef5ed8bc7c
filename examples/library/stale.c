/* stale [PROJECT]: prints what of a study is out of date, and why. Runs and writes nothing. */
#include <rowbuild.h>
#include <stdio.h>

static void print_reason(void *context, const char *reason)
{
    fprintf(context, "  %s\n", reason);
}

static void print_stale_tasks(struct rowbuild *study)
{
    for (size_t i = 0; i < rowbuild_task_count(study); i++) {
        struct rowbuild_task task;
        rowbuild_task_at(study, i, &task);
        if (task.intent != ROWBUILD_FRESH) {
            printf("%s\n", task.label);
            rowbuild_task_reasons(study, i, print_reason, stdout);
        }
    }
}

int main(int argc, char **argv)
{
    struct rowbuild_options options = {.directory = argc > 1 ? argv[1] : "."};
    struct rowbuild_selection everything = {0};
    struct rowbuild_messages *messages = rowbuild_messages_new();
    struct rowbuild *study = rowbuild_open(&options, messages);
    if (study != NULL && rowbuild_plan(study, &everything, messages) == ROWBUILD_OK) {
        print_stale_tasks(study);
    }
    for (size_t i = 0; i < rowbuild_messages_count(messages); i++) {
        fputs(rowbuild_messages_text(messages, i, false), stderr);
    }
    int status = rowbuild_messages_status(messages);
    rowbuild_close(study);
    rowbuild_messages_free(messages);
    return status;
}
