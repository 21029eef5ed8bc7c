#include "usage.h"

#include "buf.h"
#include "file.h"
#include "process_tree.h"
#include "slice.h"
#include "vec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_PROCESSES = 4096, /* that are looked at in one sample */
    MOST_THREADS = 4096,
    LONGEST_FILE = 1 << 20,
};

static bool read_proc(const char *path, struct buf *text)
{
    buf_clear(text);
    return file_read(AT_FDCWD, path, LONGEST_FILE, text) == 0 && text->len > 0;
}

/* What follows the name in a stat file: the name may hold anything, ')' included. */
static const char *behind_name(const struct buf *stat)
{
    const char *end = strrchr(buf_string(stat), ')');
    return end != NULL && end[1] == ' ' ? end + 2 : NULL;
}

/* "VmHWM:     1234 kB" → bytes; 0 if there is no such line. */
static uint64_t size_of(const struct buf *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = buf_string(text); line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            return strtoull(line + len + 1, NULL, 10) * 1024;
        }
    }
    return 0;
}

struct sampling {
    struct usage *usage;
    struct buf text;
    char tasks[40]; /* of the process at hand */
};

static int sample_thread(void *context, const char *name, size_t len, bool is_directory)
{
    (void)len;
    (void)is_directory;
    struct sampling *sampling = context;
    struct usage *usage = sampling->usage;
    char path[96];
    snprintf(path, sizeof path, "%s/%.20s/stat", sampling->tasks, name);
    const char *state = read_proc(path, &sampling->text) ? behind_name(&sampling->text) : NULL;
    if (state == NULL) {
        return 0;
    }
    usage->threads++;
    usage->running += *state == 'R';
    snprintf(path, sizeof path, "%s/%.20s/schedstat", sampling->tasks, name);
    if (read_proc(path, &sampling->text)) {
        char *end;
        usage->cpu_s += (double)strtoull(buf_string(&sampling->text), &end, 10) / 1e9;
        usage->wait_s += (double)strtoull(end, NULL, 10) / 1e9;
    }
    return usage->threads >= MOST_THREADS;
}

struct sizes {
    uint64_t largest; /* high-water mark of one process */
    uint64_t sum;     /* of all high-water marks */
};

static void sample_process(struct sampling *sampling, pid_t pid, struct sizes *sizes)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    uint64_t size = read_proc(path, &sampling->text) ? size_of(&sampling->text, "VmHWM") : 0;
    if (size == 0) { /* gone, or a zombie */
        return;
    }
    sampling->usage->processes++;
    sizes->sum += size;
    sizes->largest = size > sizes->largest ? size : sizes->largest;
    snprintf(sampling->tasks, sizeof sampling->tasks, "/proc/%d/task", (int)pid);
    (void)file_list(AT_FDCWD, sampling->tasks, sample_thread, sampling);
}

/* What the processes have together. The kernel walks all their pages for that. */
static uint64_t sum_proportional(struct sampling *sampling, const pid_t *pids, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pids[i]);
        sum += read_proc(path, &sampling->text) ? size_of(&sampling->text, "Pss") : 0;
    }
    return sum;
}

bool usage_sample(const pid_t *roots, size_t root_count, struct usage *usage)
{
    struct sampling sampling = {.usage = usage};
    struct sizes sizes = {0};
    struct pid_list list = {0};
    for (size_t i = 0; i < root_count; i++) {
        vec_push(&list.pids, roots[i]);
    }
    pid_list_add_all_children(&list);
    const pid_t *pids = list.pids.at;
    size_t count = list.pids.count < MOST_PROCESSES ? list.pids.count : MOST_PROCESSES;
    *usage = (struct usage){0};
    for (size_t i = 0; i < count; i++) {
        sample_process(&sampling, pids[i], &sizes);
    }
    usage->memory_bytes = sizes.largest;
    if (sizes.sum - sizes.largest <= sizes.largest / 16) {
        usage->memory_bytes = sizes.sum; /* a shell beside the program: not worth the walk */
    } else {
        uint64_t together = sum_proportional(&sampling, pids, count);
        usage->memory_bytes = together > sizes.largest ? together : sizes.largest;
    }
    vec_release(&list.pids);
    buf_release(&sampling.text);
    return usage->threads > 0;
}

bool usage_find_process(pid_t pid, struct usage_process *process)
{
    enum { FIELDS_TO_START = 20 }; /* from the state, which is the first after the name */
    struct buf text = BUF_EMPTY;
    char path[32];
    char state = 'X';
    int parent = 0;
    int group = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const char *fields = read_proc(path, &text) ? behind_name(&text) : NULL;
    bool lives = fields != NULL && sscanf(fields, "%c %d %d", &state, &parent, &group) == 3 &&
                 state != 'Z' && state != 'X';
    for (int i = 1; fields != NULL && i < FIELDS_TO_START; i++) {
        fields = strchr(fields, ' ');
        fields = fields != NULL ? fields + 1 : NULL;
    }
    *process = (struct usage_process){.parent = parent, .group = group};
    process->start_ticks = fields != NULL ? strtoull(fields, NULL, 10) : 0;
    buf_release(&text);
    return lives && fields != NULL;
}
