#include "srun.h"

#include "program.h"
#include "world.h"

#include <errno.h>
#include <string.h>

enum { PATIENCE_MS = 60000 };

static void add_numbered(struct buf *out, const char *option, size_t number)
{
    buf_clear(out);
    buf_addf(out, "--%s=%zu", option, number);
}

/* The command line for one step with a task on each of the other hosts. */
static char **words_of(const struct allocation *allocation, const char *question,
                       struct arena *arena)
{
    static const char *const options[] = {"srun",           "--quiet",
                                          "--label",        "--overlap",
                                          "--mem=0",        "--input=none",
                                          "--export=ALL",   "--ntasks-per-node=1",
                                          "--mpi=none",     "--kill-on-bad-exit=0",
                                          "--cpu-bind=none"};
    enum { OPTIONS = sizeof options / sizeof options[0], MORE = 7 };
    size_t others = allocation->host_count - (allocation->here != ALLOCATION_ELSEWHERE);
    char **argv = arena_array(arena, OPTIONS + MORE, sizeof *argv);
    struct buf text = BUF_EMPTY;
    size_t words = 0;
    while (words < OPTIONS) {
        argv[words] = arena_string(arena, slice_of(options[words]));
        words++;
    }
    add_numbered(&text, "nodes", others);
    argv[words++] = arena_string(arena, buf_slice(&text));
    add_numbered(&text, "ntasks", others);
    argv[words++] = arena_string(arena, buf_slice(&text));
    buf_clear(&text);
    for (size_t i = 0; i < allocation->host_count; i++) {
        if (i != allocation->here) {
            buf_addf(&text, "%s%s",
                     text.len > 0 ? "," : "--nodelist=", allocation->hosts[i].name.at);
        }
    }
    argv[words++] = arena_string(arena, buf_slice(&text));
    argv[words++] = arena_string(arena, SLICE_LITERAL("sh"));
    argv[words++] = arena_string(arena, SLICE_LITERAL("-c"));
    argv[words] = arena_string(arena, slice_of(question));
    buf_release(&text);
    return argv;
}

int srun_ask_hosts(const struct allocation *allocation, const char *question,
                   char *const *environment, struct buf *answers, bool *can_bind, struct buf *why)
{
    struct program_answer answer = {0};
    struct arena arena;
    arena_init(&arena);
    struct program_request request = {.argv = words_of(allocation, question, &arena),
                                      .environment = environment,
                                      .limit_ms = PATIENCE_MS};
    int result = world->run_program(&request, &answer);
    if (result != 0) {
        buf_addf(why, "srun: %s", strerror(errno));
    } else if (answer.timed_out || answer.signalled || answer.status != 0) {
        size_t len = strcspn(buf_string(&answer.errors), "\n");
        buf_add(why, buf_string(&answer.errors), len);
        buf_add_string(why, len == 0 ? "srun failed" : "");
        result = -1;
    } else {
        buf_add_slice(answers, buf_slice(&answer.output));
        *can_bind = strstr(buf_string(&answer.errors), "lacks support for cpu binding") == NULL;
    }
    program_release(&answer);
    arena_release(&arena);
    return result;
}

/* ---- Steps that couldn't be made ---- */

/* The reasons that pass by themselves, as the messages of 22.05 to 24.11 begin. What Slurm says about
 * a job that has ended, or about options, stays as it is. */
static bool passes_by_itself(struct slice why)
{
    static const char *const reasons[] = {"Requested nodes are busy",
                                          "Unable to contact slurm controller",
                                          "Socket timed out",
                                          "Zero Bytes were transmitted or received",
                                          "Message receive failure",
                                          "Message send failure",
                                          "Slurm backup controller in standby mode",
                                          "Connection refused",
                                          "Connection timed out",
                                          "Connection reset by peer",
                                          "Transport endpoint is not connected",
                                          "Resource temporarily unavailable",
                                          NULL};
    for (const char *const *reason = reasons; *reason != NULL; reason++) {
        if (slice_starts_with(why, *reason)) {
            return true;
        }
    }
    return false;
}

/* "Requested nodes are busy" of "srun: error: Unable to create step for job 12: Requested …";
 * at == NULL: the line says something else. */
static struct slice reason_of(struct slice line)
{
    static const char *const marks[] = {"srun: error: Unable to create step for job ",
                                        "srun: error: Unable to confirm allocation for job ", NULL};
    for (const char *const *mark = marks; *mark != NULL; mark++) {
        const char *colon = slice_starts_with(line, *mark)
                                ? memchr(line.at + strlen(*mark), ':', line.len - strlen(*mark))
                                : NULL;
        if (colon != NULL && colon + 2 <= line.at + line.len) {
            return slice_make(colon + 2, (size_t)(line.at + line.len - colon) - 2);
        }
    }
    return (struct slice){0};
}

bool srun_made_no_step(struct slice output, struct slice *why)
{
    struct slice found = {0};
    while (output.len > 0) {
        const char *newline = memchr(output.at, '\n', output.len);
        struct slice line =
            slice_make(output.at, newline != NULL ? (size_t)(newline - output.at) : output.len);
        struct slice reason = reason_of(line);
        size_t skip = line.len + (newline != NULL);
        if (reason.at != NULL) {
            found = reason;
        } else if (!slice_starts_with(line, "srun: ") && line.len > 0) {
            found = (struct slice){0}; /* something ran afterwards */
        }
        output = slice_make(output.at + skip, output.len - skip);
    }
    *why = found;
    return found.at != NULL && passes_by_itself(found);
}
