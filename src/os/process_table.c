#include "process_table.h"

#include "buf.h"
#include "file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_STAT = 1 << 16, DEEPEST = 1000 };

/* Numbers after the name, from the state, which is the first. */
enum {
    FIELD_PARENT = 1,
    FIELD_SESSION = 3,
    FIELD_CPU = 11, /* user, system, and both of the children */
    FIELD_START = 19,
    FIELD_RESIDENT = 21,
    FIELDS = 22,
};

static bool parse(struct process *process, const char *text)
{
    const char *at = strrchr(text, ')'); /* the name may hold anything, ')' included */
    unsigned long long fields[FIELDS] = {0};
    if (at == NULL || at[1] != ' ' || at[2] == '\0') {
        return false;
    }
    process->state = at[2];
    at += 3;
    for (size_t i = 1; i < FIELDS; i++) {
        char *end;
        fields[i] = strtoull(at, &end, 10);
        if (end == at) {
            return false;
        }
        at = end;
    }
    process->parent = (pid_t)fields[FIELD_PARENT];
    process->session = (pid_t)fields[FIELD_SESSION];
    process->cpu_s = (double)(fields[FIELD_CPU] + fields[FIELD_CPU + 1] + fields[FIELD_CPU + 2] +
                              fields[FIELD_CPU + 3]) /
                     (double)sysconf(_SC_CLK_TCK);
    process->start_ticks = fields[FIELD_START];
    process->memory_bytes = fields[FIELD_RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

struct reader {
    struct process_table *table;
    struct buf text;
};

static int read_process(void *context, const char *name, size_t len, bool is_directory)
{
    struct reader *reader = context;
    char path[48];
    (void)is_directory;
    if (name[0] < '1' || name[0] > '9' || len > 10) {
        return 0;
    }
    snprintf(path, sizeof path, "/proc/%s/stat", name);
    buf_clear(&reader->text);
    struct process process = {.pid = (pid_t)strtol(name, NULL, 10)};
    if (file_read(AT_FDCWD, path, LONGEST_STAT, &reader->text) == 0 &&
        parse(&process, buf_string(&reader->text))) {
        vec_push(&reader->table->all, process);
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct process *left = a;
    const struct process *right = b;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

void process_table_read(struct process_table *table)
{
    struct reader reader = {.table = table};
    table->all.count = 0;
    (void)file_list(AT_FDCWD, "/proc", read_process, &reader);
    if (table->all.count > 0) {
        qsort(table->all.at, table->all.count, sizeof *table->all.at, compare);
    }
    buf_release(&reader.text);
}

void process_table_release(struct process_table *table)
{
    vec_release(&table->all);
}

const struct process *process_table_find(const struct process_table *table, pid_t pid)
{
    const struct process key = {.pid = pid};
    return table->all.count == 0
               ? NULL
               : bsearch(&key, table->all.at, table->all.count, sizeof key, compare);
}

struct leader {
    pid_t pid;
    size_t number;
};

static int compare_leaders(const void *a, const void *b)
{
    const struct leader *left = a;
    const struct leader *right = b;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

static const struct leader *find_leader(const struct leader *leaders, size_t count, pid_t pid)
{
    const struct leader key = {.pid = pid};
    return pid <= 0 ? NULL : bsearch(&key, leaders, count, sizeof key, compare_leaders);
}

/* Whose command it is: that of its session, else of what it descends from. */
static const struct leader *leader_of(const struct process_table *table,
                                      const struct leader *leaders, size_t count,
                                      const struct process *process)
{
    for (int depth = 0; process != NULL && depth < DEEPEST; depth++) {
        const struct leader *leader = find_leader(leaders, count, process->session);
        leader = leader != NULL ? leader : find_leader(leaders, count, process->pid);
        if (leader != NULL) {
            return leader;
        }
        process = process_table_find(table, process->parent);
    }
    return NULL;
}

void process_table_add_up(const struct process_table *table, const pid_t *leaders, size_t count,
                          double *cpu_s, uint64_t *memory_bytes)
{
    struct leader *sorted = mem_alloc(count * sizeof *sorted + 1);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct leader){leaders[i], i};
        cpu_s[i] = 0;
        memory_bytes[i] = 0;
    }
    qsort(sorted, count, sizeof *sorted, compare_leaders);
    vec_each (struct process, process, &table->all) {
        const struct leader *leader = leader_of(table, sorted, count, process);
        if (leader != NULL) {
            cpu_s[leader->number] += process->cpu_s;
            memory_bytes[leader->number] += process->memory_bytes;
        }
    }
    free(sorted);
}
