#include "mpi_kind.h"

#include "program.h"

#include <string.h>
#include <unistd.h>

enum { LIMIT_MS = 5000 };

const char *mpi_kind_name(enum mpi_kind kind)
{
    return kind == MPI_OPENMPI ? "Open MPI" : kind == MPI_MPICH ? "MPICH" : "unknown";
}

/* What `argv` prints; nothing if it can't be run. */
static void ask(char *const *argv, struct buf *output)
{
    struct program_answer answer = {0};
    struct program_request request = {.argv = argv, .environment = environ, .limit_ms = LIMIT_MS};
    if (program_run(&request, &answer) == 0 && !answer.signalled && !answer.timed_out &&
        answer.status == 0) {
        buf_add_slice(output, buf_slice(&answer.output));
    }
    program_release(&answer);
}

/* ---- Launchers ---- */

/* The first word that isn't an assignment. */
struct slice mpi_program_of(struct slice prefix)
{
    size_t at = 0;
    while (at < prefix.len) {
        size_t first = at;
        while (at < prefix.len && prefix.at[at] != ' ') {
            at++;
        }
        struct slice word = slice_make(prefix.at + first, at - first);
        if (word.len > 0 && memchr(word.at, '=', word.len) == NULL) {
            return word;
        }
        at++;
    }
    return (struct slice){0};
}

/* What follows `mark` in the text, up to white space; at == NULL: the text hasn't got it. */
static struct slice word_after(struct slice text, const char *mark)
{
    const char *found = memmem(text.at, text.len, mark, strlen(mark));
    if (found == NULL) {
        return (struct slice){0};
    }
    const char *at = found + strlen(mark);
    const char *end = text.at + text.len;
    while (at < end && *at == ' ') {
        at++;
    }
    const char *stop = at;
    while (stop < end && strchr(" \t\r\n", *stop) == NULL) {
        stop++;
    }
    return slice_make(at, (size_t)(stop - at));
}

enum mpi_kind mpi_kind_of_version(struct slice output, struct buf *name)
{
    static const struct {
        const char *mark;    /* of this kind */
        const char *version; /* stands before the version */
        const char *name;
        enum mpi_kind kind;
    } known[] = {{"(Open MPI)", "(Open MPI)", "Open MPI", MPI_OPENMPI},
                 {"(OpenRTE)", "(OpenRTE)", "Open MPI", MPI_OPENMPI},
                 {"Intel(R) MPI", "Version ", "Intel MPI", MPI_MPICH},
                 {"HYDRA", "Version:", "MPICH", MPI_MPICH}};
    for (size_t i = 0; output.len > 0 && i < sizeof known / sizeof known[0]; i++) {
        if (memmem(output.at, output.len, known[i].mark, strlen(known[i].mark)) != NULL) {
            struct slice version = word_after(output, known[i].version);
            if (name != NULL) {
                buf_addf(name, "%s%s%.*s", known[i].name, version.len > 0 ? " " : "",
                         SLICE_ARGS(version));
            }
            return known[i].kind;
        }
    }
    return MPI_UNKNOWN;
}

enum mpi_kind mpi_kind_of_launcher(const char *program, struct buf *name)
{
    struct buf output = BUF_EMPTY;
    ask((char *[]){(char *)program, (char *)"--version", NULL}, &output);
    enum mpi_kind kind = mpi_kind_of_version(buf_slice(&output), name);
    buf_release(&output);
    return kind;
}

/* ---- Programs ---- */

/* Open MPI's library has had the number 40 since version 3, and those of MPICH's interface 12 since
 * 2014. Where an older Open MPI has 12 as well, its other libraries give it away: then both are found. */
static enum mpi_kind kind_of_library(struct slice file)
{
    if (slice_starts_with(file, "libmpi.so.40") || slice_starts_with(file, "libmpi.so.20") ||
        slice_starts_with(file, "libopen-pal.so.") || slice_starts_with(file, "libopen-rte.so.")) {
        return MPI_OPENMPI;
    }
    return slice_starts_with(file, "libmpi.so.12") || slice_starts_with(file, "libmpich.so.12") ||
                   slice_starts_with(file, "libmpifort.so.12")
               ? MPI_MPICH
               : MPI_UNKNOWN;
}

enum mpi_kind mpi_kind_of_libraries(struct slice output, struct buf *library)
{
    enum mpi_kind kind = MPI_UNKNOWN;
    struct slice found = {0};
    const char *end = output.at + output.len;
    for (const char *at = output.at; output.len > 0 && at < end;) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        struct slice line = slice_make(at, (size_t)((next != NULL ? next : end) - at));
        enum mpi_kind own = kind_of_library(line);
        if (own != MPI_UNKNOWN && kind != MPI_UNKNOWN && own != kind) {
            return MPI_UNKNOWN;
        }
        if (own != MPI_UNKNOWN && kind == MPI_UNKNOWN) {
            kind = own;
            found = slice_make(line.at, 0);
            while (found.len < line.len && line.at[found.len] != ' ') {
                found.len++;
            }
        }
        at = next != NULL ? next + 1 : end;
    }
    buf_add_slice(library, found);
    return kind;
}

enum mpi_kind mpi_kind_of_program(const char *path, struct buf *library)
{
    struct buf output = BUF_EMPTY;
    ask((char *[]){(char *)"ldd", (char *)path, NULL}, &output);
    enum mpi_kind kind = mpi_kind_of_libraries(buf_slice(&output), library);
    buf_release(&output);
    return kind;
}
