#include "script.h"

#include "resources.h"
#include "saturating.h"
#include "text.h"

#include <math.h>

enum { LONGEST_NAME = 120, SECONDS_PER_MINUTE = 60 };

/* ---- Requests ---- */

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

struct job_size job_request_size(const struct job_request *request)
{
    return (struct job_size){
        .cpus = saturating_product(request->processes, request->threads_per_process),
        .gpus = saturating_product(request->processes, request->gpus_per_process)};
}

bool job_requests_equal(const struct job_request *a, const struct job_request *b)
{
    return a->processes == b->processes && a->threads_per_process == b->threads_per_process &&
           a->gpus_per_process == b->gpus_per_process && a->nodes == b->nodes &&
           a->partition == b->partition && a->memory == b->memory && a->memory_mb == b->memory_mb &&
           a->throttle == b->throttle && job_growths_equal(&a->grown, &b->grown) &&
           slice_equal(a->licences, b->licences) && !(a->walltime_s < b->walltime_s) &&
           !(a->walltime_s > b->walltime_s);
}

struct job_request job_request_of(const struct action *action, size_t directories)
{
    const struct resource_spec *resources = &action->resources;
    static const uint64_t mebibyte = UINT64_C(1) << 20;
    double walltime_s = resources->walltime_s;
    if (resources->walltime_per_directory) {
        walltime_s *= (double)directories;
    }
    bool runs_each = resources->processes_per_directory && action->scope == SCOPE_DIRECTORY &&
                     !action->command.uses_directories;
    return (struct job_request){.processes = resources_processes(resources, directories),
                                .commands = runs_each ? directories : 1,
                                .threads_per_process = resources->threads_per_process,
                                .gpus_per_process = resources->gpus_per_process,
                                .walltime_s = walltime_s,
                                .memory_mb =
                                    divide_up(resources_memory(resources, directories), mebibyte)};
}

uint64_t job_request_throttle(const struct job_request *request, uint64_t asked)
{
    uint64_t most = request->throttle;
    return most > 0 && (asked == 0 || most < asked) ? most : asked;
}

void job_request_grow(struct job_request *request, struct growth growth)
{
    struct job_growth grown = {0};
    uint64_t memory_mb = growth_memory_mb(request->memory_mb, growth.memory);
    double walltime_s = growth_walltime_s(request->walltime_s, growth.walltime);
    if (memory_mb > request->memory_mb) {
        grown.plain_memory_mb = request->memory_mb;
        grown.memory_mb = memory_mb;
    }
    if (walltime_s > request->walltime_s) {
        grown.plain_walltime_s = request->walltime_s;
        grown.walltime_s = walltime_s;
    }
    request->memory_mb = memory_mb;
    request->walltime_s = walltime_s;
    request->grown = grown;
}

static uint64_t nodes_for(const struct job_request *request, const struct partition *partition,
                          bool starts_itself, uint64_t site_cpus)
{
    struct job_size size = job_request_size(request);
    uint64_t gpus_per_node = partition != NULL ? partition->gpus_per_node : 0;
    uint64_t cpus_per_node = partition != NULL ? partition->cpus_per_node : 0;
    if (size.gpus > 0 && gpus_per_node > 0) {
        return divide_up(size.gpus, gpus_per_node);
    }
    if (size.gpus == 0 && cpus_per_node > 0) {
        return divide_up(size.cpus, cpus_per_node);
    }
    if (!starts_itself) {
        return 0;
    }
    uint64_t on_each = site_cpus / request->threads_per_process; /* processes */
    return on_each > 0 ? divide_up(request->processes, on_each) : 1;
}

void job_request_place(struct job_request *request, const struct action *action,
                       const struct partition *partition, bool starts_itself, uint64_t site_cpus)
{
    const struct resource_spec *resources = &action->resources;
    struct job_size size = job_request_size(request);
    uint64_t total = request->memory_mb;
    bool plain = resources->memory_per_process == 0 && resources->memory_per_directory == 0 &&
                 resources->memory_per_submission == 0;
    bool for_gpus = resources->memory_per_gpu_mb > 0 && size.gpus > 0;
    request->partition = partition;
    request->nodes = nodes_for(request, partition, starts_itself, site_cpus);
    if (total == 0) {
        request->memory = JOB_MEMORY_DEFAULT;
    } else if (plain && for_gpus && resources->memory_per_cpu_mb == 0) {
        request->memory = JOB_MEMORY_PER_GPU;
        request->memory_mb = divide_up(total, size.gpus);
    } else if (plain && !for_gpus) {
        request->memory = JOB_MEMORY_PER_CPU;
        request->memory_mb = divide_up(total, size.cpus);
    } else if (request->nodes > 0) {
        request->memory = JOB_MEMORY_PER_NODE;
        request->memory_mb = divide_up(total, request->nodes);
    } else {
        request->memory = JOB_MEMORY_PER_CPU;
        request->memory_mb = divide_up(total, size.cpus > 0 ? size.cpus : 1);
    }
}

uint64_t script_minutes(double walltime_s)
{
    double minutes = ceil(walltime_s / SECONDS_PER_MINUTE);
    return minutes < 1 ? 1 : (uint64_t)minutes;
}

/* ---- Names and values on sbatch's lines ---- */

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '+' || c == '=' || c == ',' || c == '@';
}

/* A name reduced to characters without a special meaning. */
static void add_reduced(struct buf *out, struct slice name, bool keep_letters)
{
    bool keeps = keep_letters && text_is_utf8(name);
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool stays = is_plain(c) || (c >= 0x80 && keeps);
        buf_add(out, stays ? name.at + i : "_", 1);
    }
}

/* A value after "--option=": in double quotes, which sbatch reads like a shell, unless it is plain.
 * Control characters can't be written there. */
static void add_value(struct buf *out, struct slice value)
{
    bool plain = value.len > 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        plain = plain && (is_plain(c) || c == '%' || c == '/' || c == ':' || c >= 0x80);
    }
    if (plain) {
        buf_add_slice(out, value);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c == '"' || c == '\\') {
            buf_add_char(out, '\\');
        }
        buf_add(out, c < 0x20 || c == 0x7f ? "_" : value.at + i, 1);
    }
    buf_add_char(out, '"');
}

static void add_line(struct buf *out, const char *option, struct slice value)
{
    buf_addf(out, "#SBATCH --%s=", option);
    add_value(out, value);
    buf_add_char(out, '\n');
}

static void add_number(struct buf *out, const char *option, uint64_t number)
{
    buf_addf(out, "#SBATCH --%s=%llu\n", option, (unsigned long long)number);
}

/* The user's option for sbatch, verbatim but limited to one line. */
static void add_written(struct buf *out, struct slice option)
{
    buf_add_string(out, "#SBATCH ");
    for (size_t i = 0; i < option.len; i++) {
        unsigned char c = (unsigned char)option.at[i];
        bool splits = (c < 0x20 && c != '\t') || c == 0x7f;
        buf_add(out, splits ? " " : option.at + i, 1);
    }
    buf_add_char(out, '\n');
}

void script_add_indices(const uint32_t *indices, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count;) {
        size_t last = i;
        while (last + 1 < count && indices[last + 1] == indices[last] + 1) {
            last++;
        }
        buf_addf(out, i > 0 ? ",%u" : "%u", indices[i]);
        if (last > i) {
            buf_addf(out, "-%u", indices[last]);
        }
        i = last + 1;
    }
}

/* ---- sbatch's lines ---- */

static void add_job_name(struct buf *out, const struct script_facts *facts)
{
    struct buf name = BUF_EMPTY;
    add_reduced(&name, facts->action->name, false);
    if (facts->directory_count > 0) {
        buf_add_char(&name, '-');
        add_reduced(&name, facts->directories[0], false);
    }
    buf_addf(out, "#SBATCH --job-name=%.*s",
             (int)(name.len < LONGEST_NAME ? name.len : LONGEST_NAME), buf_string(&name));
    if (facts->directory_count > 1) {
        buf_addf(out, "+%zu", facts->directory_count - 1);
    }
    buf_add_char(out, '\n');
    buf_release(&name);
}

static void add_file_name(struct buf *out, const struct action *action, struct slice pattern)
{
    static const char place[] = "{action_name}";
    size_t len = sizeof place - 1;
    for (size_t i = 0; i < pattern.len;) {
        if (pattern.len - i >= len && memcmp(pattern.at + i, place, len) == 0) {
            add_reduced(out, action->name, true);
            i += len;
        } else {
            buf_add_char(out, pattern.at[i]);
            i++;
        }
    }
}

void script_add_output(const struct action *action, struct slice cluster, bool is_array,
                       struct buf *out)
{
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, cluster);
    const struct submit_options *options = action_submit_options(action, buf_string(&name));
    buf_release(&name);
    if (options != NULL && options->output_file_path.len > 0) {
        buf_add_slice(out, options->output_file_path);
        if (out->at[out->len - 1] != '/') {
            buf_add_char(out, '/');
        }
    }
    if (options != NULL && options->output_file_name.len > 0) {
        add_file_name(out, action, options->output_file_name);
    } else {
        add_reduced(out, action->name, true);
        buf_add_string(out, is_array ? "-%A_%a.out" : "-%j.out");
    }
}

static void add_array(struct buf *out, const struct script_facts *facts)
{
    if (facts->indices == NULL) {
        return;
    }
    buf_add_string(out, "#SBATCH --array=");
    script_add_indices(facts->indices, facts->index_count, out);
    if (facts->throttle > 0) {
        buf_addf(out, "%%%llu", (unsigned long long)facts->throttle);
    }
    buf_add_char(out, '\n');
}

static void add_memory(struct buf *out, const struct job_request *request)
{
    const struct partition *partition = request->partition;
    switch (request->memory) {
    case JOB_MEMORY_PER_NODE:
        buf_addf(out, "#SBATCH --mem=%lluM\n", (unsigned long long)request->memory_mb);
        return;
    case JOB_MEMORY_PER_CPU:
        buf_addf(out, "#SBATCH --mem-per-cpu=%lluM\n", (unsigned long long)request->memory_mb);
        return;
    case JOB_MEMORY_PER_GPU:
        buf_addf(out, "#SBATCH --mem-per-gpu=%lluM\n", (unsigned long long)request->memory_mb);
        return;
    case JOB_MEMORY_DEFAULT:
        break;
    }
    if (partition == NULL) {
        return;
    }
    if (request->gpus_per_process > 0 && partition->memory_per_gpu.len > 0) {
        add_line(out, "mem-per-gpu", partition->memory_per_gpu);
    } else if (request->gpus_per_process == 0 && partition->memory_per_cpu.len > 0) {
        add_line(out, "mem-per-cpu", partition->memory_per_cpu);
    }
}

static void add_resources(struct buf *out, const struct script_facts *facts)
{
    const struct job_request *request = &facts->request;
    if (request->partition != NULL) {
        add_line(out, "partition", request->partition->name);
    }
    add_number(out, "ntasks", request->processes);
    if (facts->action->resources.threads_given) {
        add_number(out, "cpus-per-task", request->threads_per_process);
    }
    if (request->gpus_per_process > 0) {
        struct buf option = BUF_EMPTY;
        buf_add_slice(&option, facts->cluster->gpus_per_task);
        buf_addf(&option, "%llu", (unsigned long long)request->gpus_per_process);
        add_written(out, buf_slice(&option));
        buf_release(&option);
    }
    if (request->nodes > 0) {
        add_number(out, "nodes", request->nodes);
    }
    add_memory(out, request);
}

/* TERM is sent some time before the limit, but not in the first half of the time. */
static void add_time(struct buf *out, const struct script_facts *facts)
{
    uint64_t minutes = script_minutes(facts->request.walltime_s);
    uint64_t half_s = minutes * SECONDS_PER_MINUTE / 2;
    uint64_t signal_s = facts->cluster->signal_s < half_s ? facts->cluster->signal_s : half_s;
    add_number(out, "time", minutes);
    if (signal_s > 0) {
        buf_addf(out, "#SBATCH --signal=B:TERM@%llu\n",
                 (unsigned long long)(signal_s < UINT16_MAX ? signal_s : UINT16_MAX));
    }
}

static void add_submit_options(struct buf *out, const struct script_facts *facts)
{
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, facts->cluster->name);
    const struct submit_options *options = action_submit_options(facts->action, buf_string(&name));
    for (size_t i = 0; i < facts->cluster->submit_option_count; i++) {
        add_written(out, facts->cluster->submit_options[i]);
    }
    if (options != NULL && options->account.at != NULL) {
        const struct partition *partition = facts->request.partition;
        struct buf account = BUF_EMPTY;
        buf_add_slice(&account, options->account);
        if (partition != NULL && partition->account_suffix.at != NULL) {
            buf_add_slice(&account, partition->account_suffix);
        }
        add_line(out, "account", buf_slice(&account));
        buf_release(&account);
    }
    for (size_t i = 0; options != NULL && i < options->custom_count; i++) {
        add_written(out, options->custom[i]);
    }
    buf_release(&name);
}

/* Slurm prepends the project's path to a relative path and expands %-patterns in the result. */
static void protect_project(const struct script_facts *facts, struct buf *output)
{
    struct slice project = facts->project;
    for (size_t i = 0; i < project.len; i++) {
        if (project.at[i] == '%') {
            buf_add_char(output, '%');
        }
        buf_add_char(output, project.at[i]);
    }
    buf_add_char(output, '/');
}

static void add_preamble(struct buf *out, const struct script_facts *facts)
{
    struct buf relative = BUF_EMPTY;
    struct buf output = BUF_EMPTY;
    add_job_name(out, facts);
    script_add_output(facts->action, facts->cluster->name, facts->indices != NULL, &relative);
    bool expands = facts->project.len > 0 && memchr(facts->project.at, '%', facts->project.len);
    if (expands && !slice_starts_with(buf_slice(&relative), "/")) {
        protect_project(facts, &output);
    }
    buf_add_slice(&output, buf_slice(&relative));
    add_line(out, "output", buf_slice(&output));
    buf_release(&output);
    buf_release(&relative);
    add_array(out, facts);
    add_resources(out, facts);
    if (facts->request.licences.at != NULL) {
        add_line(out, "licenses", facts->request.licences);
    }
    add_time(out, facts);
    add_submit_options(out, facts);
}

/* ---- What the shell executes ---- */

static void add_export(struct buf *out, const char *name, struct slice value)
{
    buf_addf(out, "export %s=", name);
    text_add_shell_word(out, value);
    buf_add_char(out, '\n');
}

static void export_number(struct buf *out, const char *name, uint64_t number)
{
    buf_addf(out, "export %s=%llu\n", name, (unsigned long long)number);
}

static void add_directories(struct buf *out, const struct script_facts *facts)
{
    if (facts->indices != NULL) {
        return; /* each job of an array has its own directories */
    }
    buf_add_string(out, "directories=(\n");
    for (size_t i = 0; i < facts->directory_count; i++) {
        text_add_shell_word(out, facts->directories[i]);
        buf_add_char(out, '\n');
    }
    buf_add_string(out, ")\n\n");
}

static void add_variables(struct buf *out, const struct script_facts *facts)
{
    const struct resource_spec *resources = &facts->action->resources;
    add_export(out, "ACTION_CLUSTER", facts->cluster->name);
    add_export(out, "ACTION_NAME", facts->action->name);
    export_number(out, "ACTION_PROCESSES", facts->request.processes);
    export_number(out, "ACTION_WALLTIME_IN_MINUTES",
                  (uint64_t)(facts->request.walltime_s / SECONDS_PER_MINUTE));
    add_export(out, "ACTION_WORKSPACE_PATH", facts->workspace_path);
    if (resources->processes_per_directory) {
        export_number(out, "ACTION_PROCESSES_PER_DIRECTORY", resources->processes);
    }
    if (resources->threads_given) {
        export_number(out, "ACTION_THREADS_PER_PROCESS", resources->threads_per_process);
    }
    if (resources->gpus_given) {
        export_number(out, "ACTION_GPUS_PER_PROCESS", resources->gpus_per_process);
    }
}

static void add_word(struct buf *out, const char *before, struct slice word)
{
    buf_add_string(out, before);
    text_add_shell_word(out, word);
}

static void add_exec(struct buf *out, const struct script_facts *facts)
{
    for (size_t i = 0; i < facts->variable_count; i++) {
        const struct script_variable *variable = &facts->environment[i];
        buf_add_string(out, "export ");
        buf_add_slice(out, variable->name);
        add_word(out, "=", variable->value);
        buf_add_char(out, '\n');
    }
    if (facts->state.at != NULL) {
        add_export(out, "ROWBUILD_STATE", facts->state);
    }
    add_word(out, "\nexec ", facts->program);
    add_word(out, " -C ", facts->project);
    if (facts->file.at != NULL) {
        add_word(out, " --file ", facts->file);
    }
    add_word(out, " --cluster ", facts->cluster->name);
    buf_add_string(out, " job");
    if (facts->cluster->scheduler == SCHEDULER_BASH) { /* no scheduler gave the job its cores */
        buf_addf(out, " --plain -j %llu",
                 (unsigned long long)job_request_size(&facts->request).cpus);
    }
    add_word(out, " ", facts->token);
    buf_add_char(out, '\n');
}

void script_add(const struct script_facts *facts, struct buf *out)
{
    buf_add_string(out, "#!/bin/bash\n");
    if (facts->cluster->scheduler == SCHEDULER_SLURM) {
        add_preamble(out, facts);
    }
    /* Names must not be expanded, and the list of directories is only for the reader. */
    buf_add_string(out, "\n# shellcheck disable=SC1112,SC2016,SC2034,SC2088\n");
    add_directories(out, facts);
    add_variables(out, facts);
    add_exec(out, facts);
}
