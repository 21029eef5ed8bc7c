#include "site.h"

#include "program.h"
#include "scheduler_environment.h"

#include <string.h>

enum { ASK_LIMIT_MS = 20000 };

/* ---- sinfo's answer ---- */

static void add(struct site *site, struct slice name, bool is_default, uint64_t cpus)
{
    for (size_t i = 0; i < site->count; i++) {
        struct site_partition *known = &site->partitions[i];
        if (slice_equal(known->name, name)) {
            known->cpus = cpus > known->cpus ? cpus : known->cpus;
            return;
        }
    }
    struct site_partition *grown =
        arena_array(&site->arena, site->count + 1, sizeof *site->partitions);
    if (site->count > 0) {
        memcpy(grown, site->partitions, site->count * sizeof *grown);
    }
    grown[site->count++] =
        (struct site_partition){arena_slice(&site->arena, name), cpus, is_default};
    site->partitions = grown;
}

/* "main* 8": the default partition has a star. */
static void parse_line(struct site *site, struct slice line)
{
    const char *space = memrchr(line.at, ' ', line.len);
    uint64_t cpus = 0;
    if (space == NULL || space == line.at) {
        return;
    }
    for (const char *digit = space + 1; digit < line.at + line.len; digit++) {
        if (*digit < '0' || *digit > '9' || cpus > UINT32_MAX) {
            return;
        }
        cpus = cpus * 10 + (uint64_t)(*digit - '0');
    }
    struct slice name = slice_make(line.at, (size_t)(space - line.at));
    bool is_default = name.at[name.len - 1] == '*';
    name.len -= is_default;
    if (cpus > 0 && name.len > 0) {
        add(site, name, is_default, cpus);
    }
}

void site_parse(struct site *site, struct slice answer)
{
    while (answer.len > 0) {
        const char *newline = memchr(answer.at, '\n', answer.len);
        size_t len = newline != NULL ? (size_t)(newline - answer.at) : answer.len;
        parse_line(site, slice_make(answer.at, len));
        size_t whole = len < answer.len ? len + 1 : len;
        answer = slice_make(answer.at + whole, answer.len - whole);
    }
}

void site_ask(struct site *site, char *const *environment)
{
    char *argv[] = {(char *)"sinfo", (char *)"-h",    (char *)"-e",
                    (char *)"-o",    (char *)"%P %c", NULL};
    struct scheduler_environment asking;
    *site = (struct site){0};
    arena_init(&site->arena);
    scheduler_environment_make(&asking, environment);
    struct program_request request = {
        .argv = argv, .environment = asking.variables.at, .limit_ms = ASK_LIMIT_MS};
    struct program_answer answer = {0};
    if (program_run(&request, &answer) == 0 && !answer.signalled && answer.status == 0) {
        site_parse(site, buf_slice(&answer.output));
    }
    program_release(&answer);
    scheduler_environment_release(&asking);
}

void site_release(struct site *site)
{
    arena_release(&site->arena);
    *site = (struct site){0};
}

/* ---- What follows from it ---- */

static uint64_t cpus_of(const struct site *site, struct slice name)
{
    for (size_t i = 0; i < site->count; i++) {
        const struct site_partition *known = &site->partitions[i];
        if (name.at == NULL ? known->is_default : slice_equal(known->name, name)) {
            return known->cpus;
        }
    }
    return 0;
}

uint64_t site_cpus_per_node(const struct site *site, struct slice partition)
{
    if (partition.at == NULL) {
        return cpus_of(site, partition);
    }
    uint64_t least = 0;
    while (partition.len > 0) {
        const char *comma = memchr(partition.at, ',', partition.len);
        size_t len = comma != NULL ? (size_t)(comma - partition.at) : partition.len;
        uint64_t cpus = cpus_of(site, slice_make(partition.at, len));
        if (cpus > 0 && (least == 0 || cpus < least)) {
            least = cpus;
        }
        size_t whole = len < partition.len ? len + 1 : len;
        partition = slice_make(partition.at + whole, partition.len - whole);
    }
    return least;
}
