/* show machine: the topology as a tree, the tasks on each core, and how busy each CPU is. */
#include "report.h"

#include "report_json.h"
#include "table.h"
#include "text.h"

/* The CPU's load between the two reads, 0 to 1; negative: not known. */
static double load_of(const struct report_machine_facts *facts, size_t cpu)
{
    if (cpu >= facts->cpu_count) {
        return -1;
    }
    const struct report_cpu_time *before = &facts->before[cpu];
    const struct report_cpu_time *after = &facts->after[cpu];
    if (after->total <= before->total || after->busy < before->busy) {
        return -1;
    }
    double load = (double)(after->busy - before->busy) / (double)(after->total - before->total);
    return load < 1 ? load : 1;
}

static bool holds_core(const struct report_holder *holder, size_t core)
{
    for (size_t i = 0; holder->core_numbers != NULL && i < holder->core_count; i++) {
        if (holder->core_numbers[i] == core) {
            return true;
        }
    }
    return false;
}

static void add_plural(struct buf *out, uint64_t count, const char *noun)
{
    text_add_count(out, count);
    buf_addf(out, " %s%s", noun, count == 1 ? "" : "s");
}

static uint64_t count_cpus(const struct machine *machine)
{
    uint64_t count = 0;
    for (size_t i = 0; i < machine->core_count; i++) {
        count += cpumask_count(&machine->cores[i].pus);
    }
    return count;
}

static struct slice host_of(const struct allocation *allocation)
{
    return allocation->here != ALLOCATION_ELSEWHERE ? allocation->hosts[allocation->here].name
                                                    : (struct slice){0};
}

static void add_other_hosts(const struct allocation *allocation, struct buf *out)
{
    const char *separator = "other hosts of the job: ";
    for (size_t i = 0; i < allocation->host_count; i++) {
        if (i != allocation->here) {
            buf_addf(out, "%s%.*s (%u CPUs)", separator, SLICE_ARGS(allocation->hosts[i].name),
                     allocation->hosts[i].cpus);
            separator = ", ";
        }
    }
    if (separator[1] == ' ') {
        buf_add_char(out, '\n');
    }
}

/* Where the numbers come from inside a job. */
static void add_allocation(const struct report_machine_facts *facts, struct buf *out)
{
    const struct allocation *allocation = facts->allocation;
    struct slice host = host_of(allocation);
    buf_addf(out, "in Slurm job %s", allocation->job.at);
    if (host.at != NULL) {
        buf_addf(out, " on %.*s", SLICE_ARGS(host));
    }
    if (allocation->is_within) {
        buf_add_string(out, ", inside a task that a run started");
    } else if (allocation->is_step) {
        buf_add_string(out, ", in a task of a job step");
    }
    if (allocation->cpus == 0) {
        buf_add_string(out, ": the cores are those that this process may use\n");
    } else {
        buf_addf(out, ": %u %s (%s)", allocation->cpus, allocation->cpus == 1 ? "CPU" : "CPUs",
                 allocation->cpus_from);
        buf_add_string(
            out, facts->is_counted
                     ? ", counted only: this process may use other CPUs too, so nothing is bound\n"
                     : ", which are those that this process may use\n");
    }
    add_other_hosts(allocation, out);
}

static void add_pools(const struct report_machine_facts *facts, struct buf *out)
{
    const struct rowfile *rowfile = facts->rowfile;
    for (size_t i = 0; rowfile != NULL && i < rowfile->pool_count; i++) {
        buf_add_string(out, i == 0 ? "pools of a run: " : ", ");
        text_add_name(out, rowfile->pools[i].name);
        buf_addf(out, " %u", rowfile->pools[i].count);
        if (facts->pools_taken != NULL && facts->pools_taken[i] > 0) {
            buf_addf(out, " (%u taken)", facts->pools_taken[i]);
        }
    }
    if (rowfile != NULL && rowfile->pool_count > 0) {
        buf_add_char(out, '\n');
    }
}

static void add_json_pools(const struct report_machine_facts *facts, struct buf *out)
{
    const struct rowfile *rowfile = facts->rowfile;
    if (rowfile == NULL || rowfile->pool_count == 0) {
        return;
    }
    report_json_key(out, "pools");
    report_json_begin(out, '[');
    for (size_t i = 0; i < rowfile->pool_count; i++) {
        report_json_begin(out, '{');
        report_json_string(out, "pool", rowfile->pools[i].name);
        report_json_count(out, "count", rowfile->pools[i].count);
        report_json_count(out, "taken", facts->pools_taken != NULL ? facts->pools_taken[i] : 0);
        report_json_end(out, '}');
    }
    report_json_end(out, ']');
}

static bool knows_mpi(const struct report_machine_facts *facts)
{
    return facts->mpi != NULL && facts->mpi->name.len > 0;
}

static void add_json_mpi(const struct report_machine_facts *facts, struct buf *out)
{
    if (knows_mpi(facts)) {
        report_json_key(out, "mpi");
        report_json_begin(out, '{');
        report_json_string(out, "program", facts->mpi->program);
        report_json_string(out, "name", facts->mpi->name);
        report_json_end(out, '}');
    }
}

static void add_summary(const struct report_machine_facts *facts, struct buf *out)
{
    const struct machine *machine = facts->machine;
    add_plural(out, machine->package_count, "package");
    buf_add_string(out, ", ");
    add_plural(out, machine->numa_count, "NUMA node");
    buf_add_string(out, ", ");
    add_plural(out, machine->core_count, "core");
    buf_add_string(out, ", ");
    add_plural(out, count_cpus(machine), "CPU");
    if (machine->memory_bytes > 0) {
        buf_add_string(out, ", ");
        text_add_bytes(out, machine->memory_bytes);
        buf_add_string(out, " of memory");
    }
    buf_add_string(out, "\ndefault budget: ");
    add_plural(out, facts->budget, "core");
    if (machine->cpu_quota > 0) {
        buf_addf(out, " (a quota grants %.1f CPUs' time)", machine->cpu_quota);
    }
    buf_add_char(out, '\n');
    add_pools(facts, out);
    if (knows_mpi(facts)) {
        buf_addf(out, "launcher mpi: %.*s (%.*s)\n", SLICE_ARGS(facts->mpi->name),
                 SLICE_ARGS(facts->mpi->program));
    }
    if (facts->allocation != NULL) {
        add_allocation(facts, out);
    }
    if (!machine->is_real && !facts->is_counted) {
        buf_add_string(out,
                       "this topology is not this machine's own: nothing is bound to its cores\n");
    }
}

static void add_load(const struct report_machine_facts *facts, const struct machine_core *core,
                     struct buf *out)
{
    const char *separator = "";
    for (unsigned cpu = 0; cpu < CPUMASK_LIMIT; cpu++) {
        if (!cpumask_has(&core->pus, cpu)) {
            continue;
        }
        double load = load_of(facts, cpu);
        buf_add_string(out, separator);
        if (load < 0) {
            buf_add_string(out, "   ?");
        } else {
            buf_addf(out, "%3.0f%%", load * 100);
        }
        separator = " ";
    }
}

static void add_core(const struct report_machine_facts *facts, size_t index, bool is_last_numa,
                     bool is_last, struct table *table)
{
    const struct machine_core *core = &facts->machine->cores[index];
    table_begin_row(table);
    struct buf *tree = table_cell(table, TABLE_PLAIN);
    buf_addf(tree, "%s%s core %u", is_last_numa ? "   " : "│  ", is_last ? "└─" : "├─",
             core->number);
    cpumask_format(&core->pus, table_cell(table, TABLE_PLAIN));
    if (facts->cpu_count > 0) {
        add_load(facts, core, table_cell(table, TABLE_PLAIN));
    }
    struct buf *names = table_cell(table, TABLE_BOLD);
    const char *separator = "";
    for (size_t i = 0; i < facts->holder_count; i++) {
        if (holds_core(&facts->holders[i], index)) {
            buf_addf(names, "%s%s", separator, facts->holders[i].label);
            separator = ", ";
        }
    }
}

static bool is_at(const struct machine_core *core, unsigned package, unsigned numa)
{
    return core->package == package && core->numa == numa;
}

/* Counts the cores in a part of the machine; *last (may be NULL) is set to the last of them. */
static size_t count_cores(const struct machine *machine, unsigned package, unsigned numa,
                          size_t *last)
{
    size_t count = 0;
    for (size_t i = 0; i < machine->core_count; i++) {
        if (is_at(&machine->cores[i], package, numa)) {
            count++;
            if (last != NULL) {
                *last = i;
            }
        }
    }
    return count;
}

static void add_package(const struct report_machine_facts *facts, unsigned package,
                        struct table *table)
{
    const struct machine *machine = facts->machine;
    unsigned last_numa = 0;
    size_t last_core = 0;
    table_begin_row(table);
    buf_addf(table_cell(table, TABLE_PLAIN), "package %u", package);
    for (unsigned numa = 0; numa < machine->numa_count; numa++) {
        last_numa = count_cores(machine, package, numa, NULL) > 0 ? numa : last_numa;
    }
    for (unsigned numa = 0; numa < machine->numa_count; numa++) {
        if (count_cores(machine, package, numa, &last_core) == 0) {
            continue;
        }
        table_begin_row(table);
        buf_addf(table_cell(table, TABLE_PLAIN), "%s NUMA node %u", numa == last_numa ? "└─" : "├─",
                 numa);
        for (size_t i = 0; i <= last_core; i++) {
            if (is_at(&machine->cores[i], package, numa)) {
                add_core(facts, i, numa == last_numa, i == last_core, table);
            }
        }
    }
}

static bool is_unbound(const struct report_holder *holder)
{
    return holder->core_numbers == NULL && holder->elsewhere == NULL;
}

static void add_others(const struct report_machine_facts *facts, struct buf *out)
{
    for (size_t i = 0; i < facts->holder_count; i++) {
        const struct report_holder *holder = &facts->holders[i];
        if (is_unbound(holder)) {
            buf_addf(out, "not bound: %s (", holder->label);
            add_plural(out, holder->core_count, "core");
            buf_add_string(out, ")\n");
        } else if (holder->core_numbers == NULL) {
            buf_addf(out, "on other cores: %s (CPUs %s)\n", holder->label, holder->elsewhere);
        }
    }
}

static void add_drawing(const struct report_machine_facts *facts,
                        const struct rowbuild_show_options *options, struct buf *out)
{
    struct table table;
    table_init(&table);
    table_add_column(&table, "Where", TABLE_LEFT);
    table_add_column(&table, "CPUs", TABLE_LEFT);
    if (facts->cpu_count > 0) {
        table_add_column(&table, "Load", TABLE_RIGHT);
    }
    table_add_column(&table, "Runs", TABLE_OPTIONAL);
    for (unsigned package = 0; package < facts->machine->package_count; package++) {
        add_package(facts, package, &table);
    }
    table_format(&table, options->colour, options->no_header, out);
    table_release(&table);
}

static void add_json_cpus(const struct report_machine_facts *facts, const struct machine_core *core,
                          bool loads, struct buf *out)
{
    const char *separator = "";
    report_json_key(out, loads ? "load" : "cpus");
    report_json_begin(out, '[');
    for (unsigned cpu = 0; cpu < CPUMASK_LIMIT; cpu++) {
        if (!cpumask_has(&core->pus, cpu)) {
            continue;
        }
        double load = load_of(facts, cpu);
        buf_add_string(out, separator);
        if (!loads) {
            buf_addf(out, "%u", cpu);
        } else if (load < 0) {
            buf_add_string(out, "null");
        } else {
            report_json_add_number(out, load);
        }
        separator = ",";
    }
    report_json_end(out, ']');
}

static void add_json_core(const struct report_machine_facts *facts, size_t index, struct buf *out)
{
    const struct machine_core *core = &facts->machine->cores[index];
    report_json_begin_record(out);
    report_json_count(out, "core", core->number);
    report_json_count(out, "package", core->package);
    report_json_count(out, "numa_node", core->numa);
    add_json_cpus(facts, core, false, out);
    add_json_cpus(facts, core, true, out);
    report_json_key(out, "held_by");
    report_json_begin(out, '[');
    for (size_t i = 0; i < facts->holder_count; i++) {
        if (holds_core(&facts->holders[i], index)) {
            report_json_item(out, slice_of(facts->holders[i].label));
        }
    }
    report_json_end(out, ']');
    report_json_end(out, '}');
}

static void add_json_allocation(const struct report_machine_facts *facts, struct buf *out)
{
    const struct allocation *allocation = facts->allocation;
    if (allocation == NULL) {
        report_json_null(out, "allocation");
        return;
    }
    report_json_key(out, "allocation");
    report_json_begin(out, '{');
    report_json_string(out, "job", allocation->job);
    struct slice host = host_of(allocation);
    if (host.at != NULL) {
        report_json_string(out, "host", host);
    } else {
        report_json_null(out, "host");
    }
    report_json_count(out, "cpus", allocation->cpus);
    if (allocation->cpus_from != NULL) {
        report_json_string(out, "cpus_from", slice_of(allocation->cpus_from));
    } else {
        report_json_null(out, "cpus_from");
    }
    report_json_bool(out, "bound", facts->machine->is_real);
    report_json_key(out, "hosts");
    report_json_begin(out, '[');
    for (size_t i = 0; i < allocation->host_count; i++) {
        report_json_begin_record(out);
        report_json_string(out, "host", allocation->hosts[i].name);
        report_json_count(out, "cpus", allocation->hosts[i].cpus);
        report_json_end(out, '}');
    }
    report_json_end_records(out);
    report_json_end(out, '}');
}

static void add_json(const struct report_machine_facts *facts, struct buf *out)
{
    const struct machine *machine = facts->machine;
    buf_add_char(out, '{');
    report_json_count(out, "packages", machine->package_count);
    report_json_count(out, "numa_nodes", machine->numa_count);
    report_json_count(out, "memory_bytes", machine->memory_bytes);
    if (machine->cpu_quota > 0) {
        report_json_number(out, "cpu_quota", machine->cpu_quota);
    } else {
        report_json_null(out, "cpu_quota");
    }
    report_json_count(out, "default_budget", facts->budget);
    add_json_allocation(facts, out);
    report_json_bool(out, "real", machine->is_real || facts->is_counted);
    report_json_key(out, "cores");
    report_json_begin(out, '[');
    for (size_t i = 0; i < machine->core_count; i++) {
        add_json_core(facts, i, out);
    }
    report_json_end_records(out);
    report_json_key(out, "not_bound");
    report_json_begin(out, '[');
    for (size_t i = 0; i < facts->holder_count; i++) {
        if (is_unbound(&facts->holders[i])) {
            report_json_begin_record(out);
            report_json_string(out, "label", slice_of(facts->holders[i].label));
            report_json_count(out, "cores", facts->holders[i].core_count);
            report_json_end(out, '}');
        }
    }
    report_json_end_records(out);
    report_json_key(out, "elsewhere");
    report_json_begin(out, '[');
    for (size_t i = 0; i < facts->holder_count; i++) {
        if (facts->holders[i].elsewhere != NULL) {
            report_json_begin_record(out);
            report_json_string(out, "label", slice_of(facts->holders[i].label));
            report_json_string(out, "cpus", slice_of(facts->holders[i].elsewhere));
            report_json_end(out, '}');
        }
    }
    report_json_end_records(out);
    add_json_pools(facts, out);
    add_json_mpi(facts, out);
    buf_add_string(out, "}\n");
}

void report_machine(const struct report_machine_facts *facts,
                    const struct rowbuild_show_options *options, struct buf *out)
{
    if (options->json) {
        add_json(facts, out);
        return;
    }
    add_summary(facts, out);
    buf_add_char(out, '\n');
    add_drawing(facts, options, out);
    add_others(facts, out);
}
