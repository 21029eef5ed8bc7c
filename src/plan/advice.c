#include "advice.h"

#include "resources.h"
#include "text.h"

#include <math.h>

static const double CROWDED = 1.25; /* threads for each core that are still well */
static const double TENTHS = 10;
static const double ROUNDING = 0.15; /* of a core, that one core less may lack */
static const double HEADROOM = 1.25; /* of memory, in what is proposed */
static const double MEBIBYTE = 1 << 20;

static unsigned to_unsigned(uint64_t number)
{
    return number == 0 ? 1 : number < UINT16_MAX ? (unsigned)number : UINT16_MAX;
}

struct advice_request advice_request_of(const struct action *action, uint64_t directories)
{
    const struct resource_spec *resources = &action->resources;
    return (struct advice_request){
        .action = action,
        .processes = to_unsigned(resources_processes(resources, directories)),
        .threads_per_process = to_unsigned(resources->threads_per_process),
        .directories = directories,
        .memory_bytes = resources_memory(resources, directories),
    };
}

/* ---- What was seen ---- */

static void add_memory(struct advice_usage *usage, uint64_t bytes)
{
    usage->memory_bytes = bytes > usage->memory_bytes ? bytes : usage->memory_bytes;
}

static void add_crowded(struct advice_usage *usage, unsigned running)
{
    usage->crowded++;
    if (running > usage->threads) {
        usage->next_threads = usage->threads;
        usage->threads = running;
    } else if (running > usage->next_threads) {
        usage->next_threads = running;
    }
}

void advice_add_sample(struct advice_usage *usage, unsigned cores, unsigned running,
                       uint64_t memory_bytes)
{
    usage->samples++;
    if (running > CROWDED * cores) {
        add_crowded(usage, running);
    }
    add_memory(usage, memory_bytes);
}

void advice_add_end(struct advice_usage *usage, double seconds, double cpu_s, double wait_share,
                    uint64_t memory_bytes)
{
    add_memory(usage, memory_bytes);
    if (seconds >= ADVICE_SECONDS) {
        usage->seconds += seconds;
        usage->cpu_s += cpu_s;
        usage->wait_s += cpu_s * wait_share;
    }
}

/* How many ran at once, if that happened often enough; else 0. */
static unsigned threads_of(const struct advice_usage *usage)
{
    return usage->crowded * 2 >= usage->samples ? usage->next_threads : 0;
}

static double wanted_cores(const struct advice_usage *usage)
{
    return (usage->cpu_s + usage->wait_s) / usage->seconds;
}

unsigned advice_demand(const struct advice_usage *usage, unsigned cores)
{
    double demand = threads_of(usage);
    if (demand < 1 && usage->seconds > 0) {
        demand = fmin(wanted_cores(usage), cores);
    }
    return (unsigned)fmin(ceil(demand * TENTHS), UINT16_MAX);
}

void advice_add_record(struct advice_usage *usage, unsigned cores, unsigned demand, double seconds,
                       double cpu_s, uint64_t memory_bytes)
{
    bool is_crowded = demand > TENTHS * CROWDED * cores;
    double wait_s = demand / TENTHS * seconds - cpu_s;
    usage->samples += ADVICE_SAMPLES;
    for (int i = 0; i < ADVICE_SAMPLES && is_crowded; i++) {
        add_crowded(usage, (unsigned)(demand / TENTHS));
    }
    if (demand == 0) { /* it may have been kept from using more */
        seconds = 0;
    }
    advice_add_end(usage, seconds, cpu_s, wait_s > 0 && cpu_s > 0 ? wait_s / cpu_s : 0,
                   memory_bytes);
}

/* ---- Sentences ---- */

static unsigned cores_of(const struct advice_request *request)
{
    return request->processes * request->threads_per_process;
}

static void add_cores(struct buf *out, unsigned cores)
{
    buf_addf(out, "%u core%s", cores, cores == 1 ? "" : "s");
}

static unsigned round_up(double cores)
{
    double rounded = ceil(cores - ROUNDING);
    return rounded > 1 ? (unsigned)rounded : 1;
}

static bool add_threads(const struct advice_request *request, const struct advice_usage *usage,
                        struct buf *out)
{
    unsigned cores = cores_of(request);
    unsigned threads = threads_of(usage);
    if (usage->crowded < ADVICE_SAMPLES || threads <= CROWDED * cores) {
        return false;
    }
    unsigned each = (threads + request->processes - 1) / request->processes;
    unsigned most = request->budget / request->processes;
    text_add_name(out, request->action->name);
    buf_addf(out, " ran %u threads on ", threads);
    add_cores(out, cores);
    if (request->budget == 0 || each <= most) {
        buf_addf(out, "; set threads_per_process = %u", each);
    } else {
        buf_add_string(out, "; make it run at most $ACTION_THREADS_PER_PROCESS threads");
        if (most > request->threads_per_process) {
            buf_addf(out, ", and set threads_per_process = %u", most);
        }
    }
    return true;
}

static bool add_unused(const struct advice_request *request, const struct advice_usage *usage,
                       struct buf *out)
{
    unsigned cores = cores_of(request);
    unsigned processes = request->processes;
    if (cores < 2 || !(usage->seconds > 0)) {
        return false;
    }
    double wanted = wanted_cores(usage);
    if (wanted >= ADVICE_USED * cores || round_up(wanted) >= cores) {
        return false;
    }
    unsigned threads = round_up(wanted / processes);
    text_add_name(out, request->action->name);
    buf_addf(out, " asked for %u cores and used %.1f", cores, usage->cpu_s / usage->seconds);
    if (threads < request->threads_per_process) {
        buf_addf(out, "; set threads_per_process = %u", threads);
    } else if (!request->action->resources.processes_per_directory) {
        buf_addf(out, "; set processes.per_submission = %u",
                 round_up(wanted / request->threads_per_process));
    } else {
        buf_add_string(out, "; let fewer directories share an execution");
    }
    return true;
}

/* "memory.per_process = "1.5 GiB"", for executions that need `bytes` in all. */
static void add_memory_line(const struct advice_request *request, double bytes, struct buf *out)
{
    const struct resource_spec *resources = &request->action->resources;
    double directories = request->directories > 0 ? (double)request->directories : 1;
    double mebibytes = ceil(bytes * HEADROOM / MEBIBYTE);
    if (resources->memory_per_cpu_mb > 0) {
        buf_addf(out, "; set memory_per_cpu_mb = %.0f", ceil(mebibytes / cores_of(request)));
        return;
    }
    if (resources->memory_per_gpu_mb > 0 && resources->gpus_per_process > 0) {
        double gpus = (double)resources->gpus_per_process * request->processes;
        buf_addf(out, "; set memory_per_gpu_mb = %.0f", ceil(mebibytes / gpus));
        return;
    }
    if (resources->memory_per_directory > 0) {
        buf_addf(out, "; set memory.per_directory = \"%.0f MiB\"", ceil(mebibytes / directories));
    } else if (resources->memory_per_submission > 0) {
        buf_addf(out, "; set memory.per_submission = \"%.0f MiB\"", mebibytes);
    } else {
        buf_addf(out, "; set memory.per_process = \"%.0f MiB\"",
                 ceil(mebibytes / request->processes));
    }
}

static bool add_asked_memory(const struct advice_request *request, uint64_t used, struct buf *out)
{
    if ((double)used < ADVICE_NEAR * (double)request->memory_bytes) {
        return false;
    }
    text_add_name(out, request->action->name);
    buf_add_string(out, " used ");
    text_add_bytes(out, used);
    buf_add_string(out, used > request->memory_bytes ? " of memory and asked for " : " of the ");
    text_add_bytes(out, request->memory_bytes);
    buf_add_string(out, used > request->memory_bytes ? "" : " of memory that it asked for");
    add_memory_line(request, (double)used, out);
    return true;
}

static bool add_machine_memory(const struct advice_request *request, uint64_t used, struct buf *out)
{
    double all = (double)used * (double)request->at_once;
    if (request->machine_memory == 0 || all < ADVICE_NEAR * (double)request->machine_memory) {
        return false;
    }
    text_add_name(out, request->action->name);
    buf_add_string(out, " used ");
    text_add_bytes(out, used);
    buf_add_string(out, " of memory");
    if (request->at_once > 1) {
        buf_addf(out, ", and %zu may run at once", request->at_once);
    }
    buf_add_string(out, "; the machine has ");
    text_add_bytes(out, request->machine_memory);
    if (request->at_once > 1) {
        add_memory_line(request, (double)used, out);
    }
    return true;
}

bool advice_add(enum advice_kind kind, const struct advice_request *request,
                const struct advice_usage *usage, struct buf *out)
{
    switch (kind) {
    case ADVICE_THREADS:
        return add_threads(request, usage, out);
    case ADVICE_CORES:
        return add_unused(request, usage, out);
    case ADVICE_MEMORY:
        if (usage->memory_bytes == 0) {
            return false;
        }
        return request->memory_bytes > 0 ? add_asked_memory(request, usage->memory_bytes, out)
                                         : add_machine_memory(request, usage->memory_bytes, out);
    }
    return false;
}
