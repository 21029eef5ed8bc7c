#include "process_tree.h"

#include "buf.h"
#include "file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST_PROC_FILE = 64 << 20 };

struct task_reader {
    struct pid_list *into;
    const char *process;
};

static int read_task(void *context, const char *name, size_t len, bool is_directory)
{
    (void)len;
    (void)is_directory;
    const struct task_reader *reader = context;
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    buf_addf(&path, "/proc/%s/task/%s/children", reader->process, name);
    if (file_read(AT_FDCWD, path.at, LONGEST_PROC_FILE, &text) == 0) {
        const char *at = buf_string(&text);
        char *end;
        for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end) {
            vec_push(&reader->into->pids, (pid_t)pid);
        }
    }
    buf_release(&text);
    buf_release(&path);
    return 0;
}

void pid_list_add_children(struct pid_list *list, pid_t of)
{
    char process[16] = "self";
    char tasks[40];
    if (of != 0) {
        snprintf(process, sizeof process, "%d", (int)of);
    }
    snprintf(tasks, sizeof tasks, "/proc/%s/task", process);
    struct task_reader reader = {.into = list, .process = process};
    (void)file_list(AT_FDCWD, tasks, read_task, &reader);
}

void pid_list_add_all_children(struct pid_list *list)
{
    /* The list grows while it is walked: whoever is in it gets its children behind it. */
    for (size_t i = 0; i < list->pids.count; i++) {
        pid_list_add_children(list, list->pids.at[i]);
    }
}

void pid_list_add_descendants(struct pid_list *list, pid_t of)
{
    pid_list_add_children(list, of);
    pid_list_add_all_children(list);
}
