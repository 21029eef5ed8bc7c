#include "site.h"

#include "program.h"
#include "scheduler_environment.h"
#include "text.h"
#include "world.h"

#include <string.h>

enum { ASK_LIMIT_MS = 20000, DEFAULT_MAX_ARRAY_SIZE = 1001 };

/* Whether the program answered. The caller releases the answer in any case. */
static bool ask(char *const *argv, char *const *environment, struct program_answer *answer)
{
    struct scheduler_environment asking;
    scheduler_environment_make(&asking, environment);
    struct program_request request = {
        .argv = argv, .environment = asking.variables.at, .limit_ms = ASK_LIMIT_MS};
    bool answered =
        world->run_program(&request, answer) == 0 && !answer->signalled && answer->status == 0;
    scheduler_environment_release(&asking);
    return answered;
}

/* Takes a line, without its newline, from the front of a text; false if none is left. */
static bool take_line(struct slice *text, struct slice *line)
{
    if (text->len == 0) {
        return false;
    }
    const char *newline = memchr(text->at, '\n', text->len);
    size_t len = newline != NULL ? (size_t)(newline - text->at) : text->len;
    size_t whole = newline != NULL ? len + 1 : len;
    *line = slice_make(text->at, len);
    *text = slice_make(text->at + whole, text->len - whole);
    return true;
}

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
    if (space == NULL || space == line.at) {
        return;
    }
    struct slice name = slice_make(line.at, (size_t)(space - line.at));
    uint64_t cpus;
    if (!text_read_number(slice_make(space + 1, line.len - name.len - 1), UINT32_MAX, &cpus)) {
        return;
    }
    bool is_default = name.at[name.len - 1] == '*';
    name.len -= is_default;
    if (cpus > 0 && name.len > 0) {
        add(site, name, is_default, cpus);
    }
}

void site_parse(struct site *site, struct slice answer)
{
    struct slice line;
    while (take_line(&answer, &line)) {
        parse_line(site, line);
    }
}

void site_ask(struct site *site, char *const *environment)
{
    char *argv[] = {(char *)"sinfo", (char *)"-h",    (char *)"-e",
                    (char *)"-o",    (char *)"%P %c", NULL};
    struct program_answer answer = {0};
    *site = (struct site){0};
    arena_init(&site->arena);
    if (ask(argv, environment, &answer)) {
        site_parse(site, buf_slice(&answer.output));
    }
    program_release(&answer);
}

void site_parse_licences(struct site *site, struct slice answer)
{
    static const char key[] = "LicenseName=";
    struct slice line;
    while (take_line(&answer, &line)) {
        if (!slice_starts_with(line, key)) {
            continue;
        }
        struct slice name = slice_make(line.at + strlen(key), line.len - strlen(key));
        const char *blank = memchr(name.at, ' ', name.len);
        name.len = blank != NULL ? (size_t)(blank - name.at) : name.len;
        struct slice *grown =
            arena_array(&site->arena, site->licence_count + 1, sizeof *site->licences);
        if (site->licence_count > 0) {
            memcpy(grown, site->licences, site->licence_count * sizeof *grown);
        }
        grown[site->licence_count++] = arena_slice(&site->arena, name);
        site->licences = grown;
    }
}

void site_ask_licences(struct site *site, char *const *environment)
{
    char *argv[] = {(char *)"scontrol", (char *)"--oneliner", (char *)"show", (char *)"licenses",
                    NULL};
    struct program_answer answer = {0};
    if (ask(argv, environment, &answer)) {
        site_parse_licences(site, buf_slice(&answer.output));
    }
    program_release(&answer);
}

bool site_has_licence(const struct site *site, struct slice name)
{
    bool found = false;
    for (size_t i = 0; i < site->licence_count && !found; i++) {
        found = slice_equal(site->licences[i], name);
    }
    return found;
}

void site_release(struct site *site)
{
    arena_release(&site->arena);
    *site = (struct site){0};
}

/* ---- The version ---- */

/* "slurm 24.11.5", "slurm-wlm 22.05.8" */
bool site_parse_version(struct slice answer, struct site_version *version)
{
    uint64_t major;
    uint64_t minor;
    const char *blank = answer.len > 0 ? memchr(answer.at, ' ', answer.len) : NULL;
    if (!slice_starts_with(answer, "slurm") || blank == NULL) {
        return false;
    }
    struct slice text = slice_make(blank + 1, answer.len - (size_t)(blank + 1 - answer.at));
    if (!text_take_number(&text, UINT16_MAX, &major) || text.len == 0 || text.at[0] != '.') {
        return false;
    }
    text = slice_make(text.at + 1, text.len - 1);
    if (!text_take_number(&text, UINT16_MAX, &minor)) {
        return false;
    }
    *version = (struct site_version){(unsigned)major, (unsigned)minor};
    return true;
}

bool site_ask_version(struct site_version *version, char *const *environment)
{
    char *argv[] = {(char *)"sinfo", (char *)"--version", NULL};
    struct program_answer answer = {0};
    bool known =
        ask(argv, environment, &answer) && site_parse_version(buf_slice(&answer.output), version);
    program_release(&answer);
    return known;
}

bool site_version_reaches(const struct site_version *version, struct site_version wanted)
{
    return version->major > wanted.major ||
           (version->major == wanted.major && version->minor >= wanted.minor);
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

/* ---- scontrol's answer ---- */

bool site_parse_max_array_size(struct slice configuration, uint64_t *size)
{
    static const char key[] = "MaxArraySize";
    struct slice line;
    while (take_line(&configuration, &line)) {
        if (line.len <= sizeof key || memcmp(line.at, key, sizeof key - 1) != 0 ||
            strchr(" =", line.at[sizeof key - 1]) == NULL) {
            continue;
        }
        size_t at = sizeof key - 1;
        while (at < line.len && (line.at[at] == ' ' || line.at[at] == '=')) {
            at++;
        }
        return text_read_number(slice_make(line.at + at, line.len - at), UINT32_MAX, size);
    }
    return false;
}

uint64_t site_max_array_size(char *const *environment)
{
    char *argv[] = {(char *)"scontrol", (char *)"show", (char *)"config", NULL};
    struct program_answer answer = {0};
    uint64_t size = DEFAULT_MAX_ARRAY_SIZE;
    uint64_t said;
    if (ask(argv, environment, &answer) &&
        site_parse_max_array_size(buf_slice(&answer.output), &said)) {
        size = said;
    }
    program_release(&answer);
    return size;
}
