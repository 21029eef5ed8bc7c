/* mpi_burn SECONDS NAME: an MPI program of one rank that uses so much CPU time. Appends "start NAME
 * CPUS" and "end NAME" to $RUNS. */
#include <fcntl.h>
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void append(const char *line)
{
    int fd = open(getenv("RUNS"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0 || write(fd, line, strlen(line)) < 0) {
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    close(fd);
}

static double cpu_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    char line[4096];
    cpu_set_t cpus;
    size_t len;
    if (argc != 3) {
        return 2;
    }
    MPI_Init(&argc, &argv);
    sched_getaffinity(0, sizeof cpus, &cpus);
    len = (size_t)snprintf(line, sizeof line, "start %s ", argv[2]);
    for (size_t cpu = 0; cpu < 512; cpu++) {
        if (CPU_ISSET(cpu, &cpus)) {
            len += (size_t)snprintf(line + len, sizeof line - len, "%zu,", cpu);
        }
    }
    line[len - 1] = '\n';
    append(line);
    double until = cpu_seconds() + atof(argv[1]);
    while (cpu_seconds() < until) {
    }
    snprintf(line, sizeof line, "end %s\n", argv[2]);
    append(line);
    MPI_Finalize();
    return 0;
}
