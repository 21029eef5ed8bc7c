#include "job_variables.h"

#include "buf.h"
#include "text.h"
#include "vec.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { MOST_HOSTS = 1 << 16, LONGEST_NUMBER = 9 };

static const uint64_t MEBIBYTE = UINT64_C(1) << 20;
static const uint64_t LARGEST = UINT64_MAX >> 20; /* the most MiB that can be counted in bytes */

/* ---- Numbers ---- */

static bool take_unsigned(struct slice *text, unsigned *number)
{
    uint64_t read;
    bool taken = text_take_number(text, INT32_MAX, &read);
    *number = taken ? (unsigned)read : 0;
    return taken;
}

static bool take_character(struct slice *text, char character)
{
    bool taken = text->len > 0 && text->at[0] == character;
    if (taken) {
        *text = slice_make(text->at + 1, text->len - 1);
    }
    return taken;
}

bool job_variables_expand_counts(struct slice list, unsigned *counts, size_t count)
{
    size_t filled = 0;
    do {
        unsigned value;
        unsigned times = 1;
        if (!take_unsigned(&list, &value)) {
            return false;
        }
        if (take_character(&list, '(')) {
            if (!take_character(&list, 'x') || !take_unsigned(&list, &times) ||
                !take_character(&list, ')')) {
                return false;
            }
        }
        if (times > count - filled) {
            return false;
        }
        for (; times > 0; times--) {
            counts[filled++] = value;
        }
    } while (take_character(&list, ','));
    return list.len == 0 && filled == count;
}

/* ---- Names of hosts ---- */

struct names {
    struct arena *arena;
    VEC(struct slice) at;
};

/* The part up to the next comma outside of brackets. */
static struct slice take_entry(struct slice *list)
{
    size_t depth = 0;
    size_t end = 0;
    while (end < list->len && (depth > 0 || list->at[end] != ',')) {
        depth += list->at[end] == '[';
        depth -= list->at[end] == ']' && depth > 0;
        end++;
    }
    struct slice entry = slice_make(list->at, end);
    size_t skipped = end + (end < list->len);
    *list = slice_make(list->at + skipped, list->len - skipped);
    return entry;
}

static bool expand(struct names *names, struct buf *name, struct slice rest);

/* Expands one range in brackets, "1-3" or "07", and the text after the brackets. */
static bool expand_range(struct names *names, struct buf *name, struct slice range,
                         struct slice rest)
{
    const char *digits = range.at;
    unsigned first;
    unsigned last;
    if (!take_unsigned(&range, &first)) {
        return false;
    }
    int width = (int)(range.at - digits);
    last = first;
    if (take_character(&range, '-') && !take_unsigned(&range, &last)) {
        return false;
    }
    if (range.len > 0 || last < first || last - first >= MOST_HOSTS || width > LONGEST_NUMBER) {
        return false;
    }
    size_t len = name->len;
    for (unsigned number = first; number <= last; number++) {
        buf_addf(name, "%0*u", width, number);
        bool expanded = expand(names, name, rest);
        name->len = len;
        if (!expanded) {
            return false;
        }
    }
    return true;
}

/* Appends all names that begin with `name` and continue with an expansion of `rest`. */
static bool expand(struct names *names, struct buf *name, struct slice rest)
{
    size_t plain = 0;
    while (plain < rest.len && rest.at[plain] != '[') {
        plain++;
    }
    size_t len = name->len;
    buf_add(name, rest.at, plain);
    rest = slice_make(rest.at + plain, rest.len - plain);
    bool expanded = true;
    if (rest.len == 0) {
        expanded = name->len > 0 && names->at.count < MOST_HOSTS;
        if (expanded) {
            vec_push(&names->at, arena_slice(names->arena, buf_slice(name)));
        }
    } else {
        const char *close = memchr(rest.at, ']', rest.len);
        struct slice ranges =
            slice_make(rest.at + 1, close != NULL ? (size_t)(close - rest.at) - 1 : 0);
        expanded = ranges.len > 0;
        rest = slice_make(ranges.at + ranges.len + 1, expanded ? rest.len - ranges.len - 2 : 0);
        while (expanded && ranges.len > 0) {
            struct slice range = take_entry(&ranges);
            expanded = expand_range(names, name, range, rest);
        }
    }
    name->len = len;
    return expanded;
}

bool job_variables_expand_hosts(struct slice list, struct arena *arena, struct slice **names,
                                size_t *count)
{
    struct names found = {.arena = arena};
    struct buf name = BUF_EMPTY;
    bool understood = list.len > 0;
    while (understood && list.len > 0) {
        understood = expand(&found, &name, take_entry(&list));
    }
    *count = understood ? found.at.count : 0;
    *names = arena_array(arena, *count, sizeof **names);
    for (size_t i = 0; i < *count; i++) {
        (*names)[i] = found.at.at[i];
    }
    vec_release(&found.at);
    buf_release(&name);
    return understood;
}

/* ---- The environment ---- */

/* The value of a variable; at == NULL: it isn't set, or empty. */
static struct slice variable(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=') {
            struct slice value = slice_of(*environment + len + 1);
            return value.len > 0 ? value : (struct slice){0};
        }
    }
    return (struct slice){0};
}

/* 0: not set, or not a number. */
static uint64_t number_of(char *const *environment, const char *name)
{
    struct slice text = variable(environment, name);
    uint64_t number;
    return text_read_number(text, LARGEST, &number) ? number : 0;
}

static unsigned count_of(char *const *environment, const char *name)
{
    uint64_t number = number_of(environment, name);
    return number <= INT32_MAX ? (unsigned)number : 0;
}

/* Steps are numbered from 0; the largest numbers stand for scripts, shells and the like. */
static bool in_numbered_step(char *const *environment)
{
    static const uint64_t first_special = 0xfffffff0;
    struct slice step = variable(environment, "SLURM_STEP_ID");
    uint64_t number;
    return text_take_number(&step, first_special - 1, &number);
}

/* Whether this is a task of an MPI launcher, with others like it on this host. */
static bool is_rank(char *const *environment)
{
    return count_of(environment, "OMPI_COMM_WORLD_SIZE") > 1 ||
           count_of(environment, "PMI_SIZE") > 1;
}

static void read_hosts(struct allocation *allocation, char *const *environment)
{
    struct slice list = variable(environment, "SLURM_JOB_NODELIST");
    struct slice counts = variable(environment, "SLURM_JOB_CPUS_PER_NODE");
    struct slice *names;
    size_t count;
    if (list.at == NULL || counts.at == NULL ||
        !job_variables_expand_hosts(list, &allocation->arena, &names, &count)) {
        return;
    }
    unsigned *cpus = arena_array(&allocation->arena, count, sizeof *cpus);
    if (!job_variables_expand_counts(counts, cpus, count)) {
        return;
    }
    allocation->hosts = arena_array(&allocation->arena, count, sizeof *allocation->hosts);
    allocation->host_count = count;
    for (size_t i = 0; i < count; i++) {
        allocation->hosts[i] = (struct allocation_host){.name = names[i], .cpus = cpus[i]};
    }
}

static size_t find_host(const struct allocation *allocation, struct slice name)
{
    for (size_t i = 0; i < allocation->host_count; i++) {
        if (slice_equal(allocation->hosts[i].name, name)) {
            return i;
        }
    }
    return ALLOCATION_ELSEWHERE;
}

static void find_here(struct allocation *allocation, char *const *environment,
                      const char *host_name)
{
    struct slice name = variable(environment, "SLURMD_NODENAME");
    if (name.at != NULL) {
        allocation->here = find_host(allocation, name);
        return;
    }
    name = slice_of(host_name);
    allocation->here = find_host(allocation, name);
    const char *dot = memchr(name.at, '.', name.len);
    if (allocation->here == ALLOCATION_ELSEWHERE && dot != NULL) {
        allocation->here = find_host(allocation, slice_make(name.at, (size_t)(dot - name.at)));
    }
}

static void set_cpus(struct allocation *allocation, unsigned cpus, const char *from)
{
    allocation->cpus = cpus;
    allocation->cpus_from = cpus > 0 ? from : NULL;
}

static void read_own_cpus(struct allocation *allocation, char *const *environment)
{
    bool is_here = allocation->here != ALLOCATION_ELSEWHERE;
    if (is_here || allocation->host_count == 0) {
        set_cpus(allocation, count_of(environment, "SLURM_CPUS_ON_NODE"), "SLURM_CPUS_ON_NODE");
    }
    if (is_here && allocation->cpus == 0) {
        set_cpus(allocation, allocation->hosts[allocation->here].cpus, "SLURM_JOB_CPUS_PER_NODE");
    } else if (is_here) {
        allocation->hosts[allocation->here].cpus = allocation->cpus;
    }
}

/* The CPUs of one task among those of its step on this host. */
static void read_step_cpus(struct allocation *allocation, char *const *environment)
{
    unsigned each = count_of(environment, "SLURM_CPUS_PER_TASK");
    unsigned all = count_of(environment, "SLURM_CPUS_ON_NODE");
    unsigned tasks = count_of(environment, "SLURM_STEP_NUM_TASKS");
    unsigned hosts = count_of(environment, "SLURM_STEP_NUM_NODES");
    if (tasks <= 1) {
        set_cpus(allocation, all, "SLURM_CPUS_ON_NODE");
    } else if (each > 0) {
        set_cpus(allocation, each, "SLURM_CPUS_PER_TASK");
    } else { /* whatever the number of tasks on this host, each task gets one CPU */
        set_cpus(allocation, hosts == tasks && all > 0 ? all : 1, "SLURM_STEP_NUM_TASKS");
    }
}

static void keep_only_here(struct allocation *allocation)
{
    if (allocation->here == ALLOCATION_ELSEWHERE) {
        allocation->host_count = 0;
        return;
    }
    allocation->hosts += allocation->here;
    allocation->host_count = 1;
    allocation->here = 0;
    allocation->hosts[0].cpus = allocation->cpus;
}

/* The number of an array's last element is the array's own, by which the queue lists all of them. */
static struct slice listed_as(struct allocation *allocation, char *const *environment)
{
    struct slice array = variable(environment, "SLURM_ARRAY_JOB_ID");
    struct slice index = variable(environment, "SLURM_ARRAY_TASK_ID");
    if (array.at == NULL || index.at == NULL) {
        return allocation->job;
    }
    struct buf name = BUF_EMPTY;
    buf_addf(&name, "%.*s_%.*s", SLICE_ARGS(array), SLICE_ARGS(index));
    struct slice kept = arena_slice(&allocation->arena, buf_slice(&name));
    buf_release(&name);
    return kept;
}

void job_variables_read(struct allocation *allocation, char *const *environment,
                        const char *host_name)
{
    *allocation = (struct allocation){.here = ALLOCATION_ELSEWHERE};
    arena_init(&allocation->arena);
    struct slice job = variable(environment, "SLURM_JOB_ID");
    if (job.at == NULL) {
        return;
    }
    allocation->exists = true;
    allocation->job = arena_slice(&allocation->arena, job);
    allocation->listed = listed_as(allocation, environment);
    allocation->end_at_s = (int64_t)number_of(environment, "SLURM_JOB_END_TIME");
    struct slice mark = variable(environment, ALLOCATION_MARK);
    allocation->is_within = mark.at != NULL && slice_equal(mark, job);
    allocation->is_step = in_numbered_step(environment) || is_rank(environment);
    read_hosts(allocation, environment);
    find_here(allocation, environment, host_name);
    if (allocation->is_within) { /* a task with its own cores, or with a number of cores */
        unsigned processes = count_of(environment, "ACTION_PROCESSES");
        unsigned threads = count_of(environment, "ACTION_THREADS_PER_PROCESS");
        bool is_bound = variable(environment, "ACTION_CORES").at != NULL;
        processes = processes > 0 && processes <= MOST_HOSTS ? processes : 1;
        threads = threads > 0 && threads <= MOST_HOSTS / 2 ? threads : 1;
        set_cpus(allocation, is_bound ? 0 : processes * threads, "ACTION_PROCESSES");
        keep_only_here(allocation);
    } else if (allocation->is_step) {
        read_step_cpus(allocation, environment);
        keep_only_here(allocation);
    } else {
        read_own_cpus(allocation, environment);
    }
    allocation->memory_bytes = number_of(environment, "SLURM_MEM_PER_NODE") * MEBIBYTE;
    allocation->memory_per_cpu_bytes = number_of(environment, "SLURM_MEM_PER_CPU") * MEBIBYTE;
    if (allocation->memory_bytes == 0) {
        allocation->memory_bytes = allocation->memory_per_cpu_bytes * allocation->cpus;
    } else {
        allocation->memory_per_cpu_bytes = 0;
    }
}

void job_variables_read_own(struct allocation *allocation)
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof name - 1) != 0) {
        name[0] = '\0';
    }
    job_variables_read(allocation, environ, name);
}
