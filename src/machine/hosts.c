#include "hosts.h"

#include "memory.h"
#include "vec.h"

#include <stdlib.h>
#include <string.h>

const char hosts_question[] =
    "echo \"host $SLURMD_NODENAME\"; "
    "while read -r name list; do "
    "[ \"$name\" != Cpus_allowed_list: ] || echo \"allowed $list\"; done </proc/self/status; "
    "for file in /sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list; do "
    "[ ! -r \"$file\" ] || { read -r list <\"$file\" && echo \"core $list\"; }; done; "
    "for file in /sys/devices/system/node/node[0-9]*/cpulist; do "
    "[ ! -r \"$file\" ] || { read -r list <\"$file\" && echo \"numa $list\"; }; done; "
    "for file in /sys/devices/system/cpu/cpu[0-9]*/topology/package_cpus_list; do "
    "[ ! -r \"$file\" ] || { read -r list <\"$file\" && echo \"package $list\"; }; done; "
    "echo end";

struct cpu_sets {
    VEC(struct cpumask) at;
};

struct answer { /* the answer of one host */
    bool is_complete;
    struct cpumask allowed;
    struct cpu_sets cores;
    struct cpu_sets numas;
    struct cpu_sets packages;
};

/* ---- Reading ---- */

static struct slice take_line(struct slice *text)
{
    const char *newline = memchr(text->at, '\n', text->len);
    size_t len = newline != NULL ? (size_t)(newline - text->at) : text->len;
    struct slice line = slice_make(text->at, len);
    size_t skipped = len + (newline != NULL);
    *text = slice_make(text->at + skipped, text->len - skipped);
    return line;
}

/* "WORD REST" → REST; at == NULL if the line begins with another word. */
static struct slice behind(struct slice line, const char *word)
{
    size_t len = strlen(word);
    bool is_it = slice_starts_with(line, word) && line.len > len && line.at[len] == ' ';
    return is_it ? slice_make(line.at + len + 1, line.len - len - 1) : (struct slice){0};
}

/* "12: REST" → "12: " and REST. */
static bool split_label(struct slice *line, struct slice *label)
{
    size_t at = 0;
    while (at < line->len && line->at[at] != ':') {
        at++;
    }
    if (at + 2 > line->len) {
        return false;
    }
    *label = slice_make(line->at, at);
    size_t start = at + 1;
    while (start < line->len && line->at[start] == ' ') {
        start++;
    }
    *line = slice_make(line->at + start, line->len - start);
    while (label->len > 0 && label->at[0] == ' ') {
        *label = slice_make(label->at + 1, label->len - 1);
    }
    return true;
}

/* Adds a set once, although each of its CPUs reports it. */
static void add_set(struct cpu_sets *sets, struct slice list)
{
    struct cpumask mask = cpumask_parse(list);
    for (size_t i = 0; i < sets->at.count; i++) {
        if (cpumask_equal(&sets->at.at[i], &mask)) {
            return;
        }
    }
    vec_push(&sets->at, mask);
}

static void take_word(struct answer *answer, struct slice line)
{
    struct slice rest;
    if (slice_is(line, "end")) {
        answer->is_complete = true;
    } else if ((rest = behind(line, "allowed")).at != NULL) {
        answer->allowed = cpumask_parse(rest);
    } else if ((rest = behind(line, "core")).at != NULL) {
        add_set(&answer->cores, rest);
    } else if ((rest = behind(line, "numa")).at != NULL) {
        add_set(&answer->numas, rest);
    } else if ((rest = behind(line, "package")).at != NULL) {
        add_set(&answer->packages, rest);
    }
}

static void read_answer(struct slice answers, struct slice host, struct answer *answer)
{
    struct slice own = {0};
    struct slice all = answers;
    while (all.len > 0) {
        struct slice label;
        struct slice line = take_line(&all);
        if (split_label(&line, &label) && slice_equal(behind(line, "host"), host) && host.len > 0) {
            own = label;
        }
    }
    while (own.at != NULL && answers.len > 0) {
        struct slice label;
        struct slice line = take_line(&answers);
        if (split_label(&line, &label) && slice_equal(label, own)) {
            take_word(answer, line);
        }
    }
}

static void release(struct answer *answer)
{
    vec_release(&answer->cores.at);
    vec_release(&answer->numas.at);
    vec_release(&answer->packages.at);
}

/* ---- Cores ---- */

static unsigned index_of(const struct cpu_sets *sets, unsigned cpu)
{
    for (size_t i = 0; i < sets->at.count; i++) {
        if (cpumask_has(&sets->at.at[i], cpu)) {
            return (unsigned)i;
        }
    }
    return 0;
}

static void add_core(struct machine *machine, const struct answer *answer, struct cpumask pus,
                     unsigned first_cpu)
{
    machine->cores = mem_grow(machine->cores, machine->core_count + 1, sizeof *machine->cores);
    machine->cores[machine->core_count] =
        (struct machine_core){.pus = pus,
                              .number = (unsigned)machine->core_count,
                              .numa = index_of(&answer->numas, first_cpu),
                              .package = index_of(&answer->packages, first_cpu)};
    machine->core_count++;
}

static struct cpumask both(const struct cpumask *a, const struct cpumask *b)
{
    struct cpumask result;
    for (size_t i = 0; i < sizeof result.words / sizeof result.words[0]; i++) {
        result.words[i] = a->words[i] & b->words[i];
    }
    return result;
}

/* Adds whole cores, or with `split` each CPU as a core, in the order of their first CPUs. */
static void add_cores(struct machine *machine, const struct answer *answer, bool split)
{
    struct cpumask seen = {0};
    for (unsigned cpu = 0; cpu < CPUMASK_LIMIT; cpu++) {
        if (!cpumask_has(&answer->allowed, cpu) || cpumask_has(&seen, cpu)) {
            continue;
        }
        struct cpumask pus = {0};
        unsigned core = index_of(&answer->cores, cpu);
        if (!split && answer->cores.at.count > 0 && cpumask_has(&answer->cores.at.at[core], cpu)) {
            pus = both(&answer->cores.at.at[core], &answer->allowed);
        } else {
            cpumask_set(&pus, cpu);
        }
        cpumask_add(&seen, &pus);
        add_core(machine, answer, pus, cpu);
    }
}

static unsigned count_cores(const struct answer *answer)
{
    struct machine counted = {0};
    add_cores(&counted, answer, false);
    unsigned cores = (unsigned)counted.core_count;
    free(counted.cores);
    return cores;
}

/* Renumbers the host's NUMA nodes and packages without gaps. */
static void make_dense(struct machine *machine, struct machine_host *host)
{
    unsigned numas[CPUMASK_LIMIT] = {0};
    unsigned packages[CPUMASK_LIMIT] = {0};
    for (size_t i = 0; i < host->core_count; i++) {
        struct machine_core *core = &machine->cores[host->first_core + i];
        unsigned numa = 0;
        unsigned package = 0;
        while (numa < host->numa_count && numas[numa] != core->numa) {
            numa++;
        }
        while (package < host->package_count && packages[package] != core->package) {
            package++;
        }
        numas[numa] = core->numa;
        packages[package] = core->package;
        host->numa_count += numa == host->numa_count;
        host->package_count += package == host->package_count;
        core->numa = numa;
        core->package = package;
    }
}

/* ---- Hosts ---- */

static void add_this_host(struct machine *machine, const struct allocation *allocation,
                          unsigned gpus)
{
    machine->hosts[machine->host_count++] =
        (struct machine_host){.name = allocation->hosts[allocation->here].name,
                              .is_here = true,
                              .budget = allocation->cpus,
                              .core_count = machine->core_count,
                              .numa_count = machine->numa_count,
                              .package_count = machine->package_count,
                              .memory_bytes = machine->memory_bytes,
                              .gpus = gpus};
}

static void add_other_host(struct machine *machine, const struct allocation *allocation,
                           size_t number, struct slice answers, unsigned gpus)
{
    const struct allocation_host *from = &allocation->hosts[number];
    struct machine_host *host = &machine->hosts[machine->host_count++];
    struct answer answer = {0};
    *host = (struct machine_host){.name = from->name,
                                  .budget = from->cpus,
                                  .first_core = machine->core_count,
                                  .memory_bytes = allocation_memory_of(allocation, number),
                                  .gpus = gpus};
    read_answer(answers, from->name, &answer);
    bool cores = answer.is_complete && count_cores(&answer) == from->cpus;
    bool pus = answer.is_complete && cpumask_count(&answer.allowed) == from->cpus;
    if (machine->is_real && (cores || pus)) {
        add_cores(machine, &answer, !cores);
        host->core_count = machine->core_count - host->first_core;
        make_dense(machine, host);
    } else {
        machine->is_real = false;
    }
    release(&answer);
}

unsigned machine_add_hosts(struct machine *machine, const struct allocation *allocation,
                           struct slice answers, unsigned gpus)
{
    unsigned budget = 0;
    bool is_here = allocation->here != ALLOCATION_ELSEWHERE;
    machine->hosts = mem_alloc(allocation->host_count * sizeof *machine->hosts);
    if (is_here) {
        add_this_host(machine, allocation, gpus);
    } else { /* this is a login host: its cores aren't the job's */
        machine->core_count = 0;
        machine->is_real = true;
    }
    for (size_t i = 0; i < allocation->host_count; i++) {
        if (i != allocation->here) {
            add_other_host(machine, allocation, i, answers, gpus);
        }
    }
    for (size_t i = 0; i < machine->host_count; i++) {
        budget += machine->hosts[i].budget;
    }
    return budget;
}
