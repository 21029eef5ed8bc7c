/* mpi_rank NAME: an MPI program that writes down where the kernel lets it run.
 *
 * Appends "start NAME.RANK MASK" to $RUNS, waits until it isn't alone there (if $MEET is set: for
 * another one, so that the k-th to start waits for the next even number of starts), then "end
 * NAME.RANK". MASK is the list of CPUs that sched_getaffinity gives; /proc/self/status must say the
 * same. */
#include <fcntl.h>
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "mpi_rank: %s\n", what);
    MPI_Abort(MPI_COMM_WORLD, 7);
}

static void append(const char *line)
{
    int fd = open(getenv("RUNS"), O_WRONLY | O_APPEND | O_CLOEXEC);
    size_t len = strlen(line);
    if (fd < 0 || write(fd, line, len) != (ssize_t)len) {
        fail("nothing can be written to $RUNS");
    }
    close(fd);
}

static void list_cpus(char *list, size_t size)
{
    cpu_set_t cpus;
    size_t len = 0;
    list[0] = '\0';
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
        fail("sched_getaffinity");
    }
    for (size_t cpu = 0; cpu < CPU_SETSIZE && len + 16 < size; cpu++) {
        if (CPU_ISSET(cpu, &cpus)) {
            len += (size_t)snprintf(list + len, size - len, len > 0 ? ",%zu" : "%zu", cpu);
        }
    }
}

/* The number of CPUs that /proc/self/status lists. */
static int count_in_status(void)
{
    char line[4096];
    int count = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "Cpus_allowed_list:", 18) == 0) {
            for (char *part = strtok(line + 18, ", \t\n"); part; part = strtok(NULL, ", \t\n")) {
                int first;
                int last;
                int found = sscanf(part, "%d-%d", &first, &last);
                count += found == 2 ? last - first + 1 : 1;
            }
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return count;
}

/* How many starts the file holds; `own` becomes the place of this one's among them, from 1. */
static int count_starts(const char *line, int *own)
{
    char read[4096];
    int count = 0;
    FILE *runs = fopen(getenv("RUNS"), "r");
    while (runs != NULL && fgets(read, sizeof read, runs) != NULL) {
        if (strncmp(read, "start ", 6) == 0) {
            count++;
            if (strcmp(read, line) == 0) {
                *own = count;
            }
        }
    }
    if (runs != NULL) {
        fclose(runs);
    }
    return count;
}

int main(int argc, char **argv)
{
    char cpus[2048];
    char line[4096];
    int rank;
    int listed = 1;
    int own = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    list_cpus(cpus, sizeof cpus);
    for (const char *at = cpus; *at != '\0'; at++) {
        listed += *at == ',';
    }
    if (listed != count_in_status()) {
        fail("/proc/self/status says otherwise");
    }
    snprintf(line, sizeof line, "start %s.%d %s\n", argc > 1 ? argv[1] : "x", rank, cpus);
    append(line);
    while (getenv("MEET") != NULL && count_starts(line, &own) < own + own % 2) {
        usleep(5000);
    }
    snprintf(line, sizeof line, "end %s.%d\n", argc > 1 ? argv[1] : "x", rank);
    append(line);
    MPI_Finalize();
    return 0;
}
