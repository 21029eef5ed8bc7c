#include "site.h"

#include "program.h"
#include "scheduler_environment.h"
#include "text.h"
#include "time_limit.h"
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

/* The partition of that name, which is added if there is none. `name` may end in the star of the default
 * partition. */
static struct site_partition *add(struct site *site, struct slice name)
{
    bool is_default = name.at[name.len - 1] == '*';
    name.len -= is_default;
    for (size_t i = 0; i < site->count; i++) {
        if (slice_equal(site->partitions[i].name, name)) {
            return &site->partitions[i];
        }
    }
    struct site_partition *grown =
        arena_array(&site->arena, site->count + 1, sizeof *site->partitions);
    if (site->count > 0) {
        memcpy(grown, site->partitions, site->count * sizeof *grown);
    }
    grown[site->count++] =
        (struct site_partition){.name = arena_slice(&site->arena, name), .is_default = is_default};
    site->partitions = grown;
    return &grown[site->count - 1];
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
    if (cpus > 0 && !slice_is(name, "*")) {
        struct site_partition *partition = add(site, name);
        partition->cpus = cpus > partition->cpus ? cpus : partition->cpus;
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

/* Takes a word from the end of a line; false if no other is left. */
static bool take_last(struct slice *line, struct slice *word)
{
    const char *space = line->len > 0 ? memrchr(line->at, ' ', line->len) : NULL;
    if (space == NULL || space == line->at) {
        return false;
    }
    *word = slice_make(space + 1, line->len - (size_t)(space + 1 - line->at));
    line->len = (size_t)(space - line->at);
    return true;
}

void site_parse_limits(struct site *site, struct slice answer)
{
    struct slice line;
    while (take_line(&answer, &line)) {
        struct slice memory;
        struct slice time;
        int64_t seconds = 0;
        uint64_t memory_mb;
        if (!take_last(&line, &memory) || !take_last(&line, &time) || slice_is(line, "*") ||
            !(time_limit_read(time, &seconds) || slice_is(time, "infinite") ||
              slice_is(time, "n/a")) ||
            !text_read_number(memory, INT64_MAX, &memory_mb)) {
            continue;
        }
        struct site_partition *partition = add(site, line);
        partition->seconds = (double)seconds;
        partition->memory_mb = memory_mb > partition->memory_mb ? memory_mb : partition->memory_mb;
    }
}

void site_ask_limits(struct site *site, char *const *environment)
{
    char *argv[] = {(char *)"sinfo", (char *)"-h",       (char *)"-e",
                    (char *)"-o",    (char *)"%P %l %m", NULL};
    struct program_answer answer = {0};
    if (ask(argv, environment, &answer)) {
        site_parse_limits(site, buf_slice(&answer.output));
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

static const struct site_partition *find(const struct site *site, struct slice name)
{
    for (size_t i = 0; i < site->count; i++) {
        const struct site_partition *known = &site->partitions[i];
        if (name.at == NULL ? known->is_default : slice_equal(known->name, name)) {
            return known;
        }
    }
    return NULL;
}

/* Takes a name from the front of a list; the whole of one that is at == NULL. */
static bool take_name(struct slice *names, bool is_first, struct slice *name)
{
    const char *comma = names->len > 0 ? memchr(names->at, ',', names->len) : NULL;
    if (names->len == 0 && !(is_first && names->at == NULL)) {
        return false;
    }
    *name = *names;
    name->len = comma != NULL ? (size_t)(comma - names->at) : names->len;
    size_t whole = comma != NULL ? name->len + 1 : name->len;
    *names = names->at != NULL ? slice_make(names->at + whole, names->len - whole) : *names;
    return true;
}

uint64_t site_cpus_per_node(const struct site *site, struct slice partition)
{
    struct slice name;
    uint64_t least = 0;
    for (bool is_first = true; take_name(&partition, is_first, &name); is_first = false) {
        const struct site_partition *known = find(site, name);
        if (known != NULL && known->cpus > 0 && (least == 0 || known->cpus < least)) {
            least = known->cpus;
        }
    }
    return least;
}

struct site_limits site_limits_of(const struct site *site, struct slice partition)
{
    struct slice name;
    struct site_limits least = {0};
    for (bool is_first = true; take_name(&partition, is_first, &name); is_first = false) {
        const struct site_partition *known = find(site, name);
        if (known != NULL && known->seconds > 0 &&
            (!(least.seconds > 0) || known->seconds < least.seconds)) {
            least.seconds = known->seconds;
        }
        if (known != NULL && known->memory_mb > 0 &&
            (least.memory_mb == 0 || known->memory_mb < least.memory_mb)) {
            least.memory_mb = known->memory_mb;
        }
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
