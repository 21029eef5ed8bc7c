/*
 * Counts the primes up to a limit, several ranks for each directory.
 *
 * usage: primes DIRECTORY…      with ACTION_PROCESSES_PER_DIRECTORY ranks for each directory
 *
 * The ranks are split into partitions, one for each directory. A partition reads limit.txt, shares
 * the numbers among its ranks, adds up what they found, and its first rank writes primes.txt and
 * ranks.txt: the cores that rowbuild gave, when this ran, and the CPUs that the kernel lets each
 * rank use.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <errno.h>
#include <mpi.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_SIZE = 4096 };

/* One rank's mistake ends all of them; else the others would wait for it. */
static void stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "primes: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static double seconds(void) /* MPI_Wtime may begin at zero in each process */
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static FILE *open_in(const char *directory, const char *name, const char *mode)
{
    const char *workspace = getenv("ACTION_WORKSPACE_PATH");
    char path[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/%s/%s", workspace != NULL ? workspace : ".", directory, name);
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        stop("%s: %s", path, strerror(errno));
    }
    return file;
}

static void finish(FILE *file)
{
    if (fclose(file) != 0) {
        stop("a result could not be written: %s", strerror(errno));
    }
}

static long read_limit(const char *directory)
{
    long limit = 0;
    FILE *file = open_in(directory, "limit.txt", "r");
    if (fscanf(file, "%ld", &limit) != 1) {
        stop("%s/limit.txt holds no number", directory);
    }
    fclose(file);
    return limit;
}

static bool is_prime(long number)
{
    if (number < 4) {
        return number > 1;
    }
    for (long divisor = 2; divisor * divisor <= number; divisor++) {
        if (number % divisor == 0) {
            return false;
        }
    }
    return true;
}

/* The numbers go round among the ranks, so that each gets small and large ones. */
static long count_share(long limit, int rank, int ranks)
{
    long found = 0;
    for (long number = 2 + rank; number <= limit; number += ranks) {
        found += is_prime(number);
    }
    return found;
}

static void describe_rank(char text[TEXT_SIZE], int rank, int world_rank)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    int used = snprintf(text, TEXT_SIZE, "rank %d, %d of all, may use", rank, world_rank);
    for (int cpu = 0; cpu < CPU_SETSIZE && used < TEXT_SIZE - 8; cpu++) {
        if (CPU_ISSET((size_t)cpu, &allowed)) {
            used += snprintf(text + used, (size_t)(TEXT_SIZE - used), " %d", cpu);
        }
    }
}

static void work_on(const char *directory, MPI_Comm partition)
{
    double start = seconds();
    int rank, ranks, world_rank;
    MPI_Comm_rank(partition, &rank);
    MPI_Comm_size(partition, &ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);

    long limit = rank == 0 ? read_limit(directory) : 0;
    MPI_Bcast(&limit, 1, MPI_LONG, 0, partition);
    long share = count_share(limit, rank, ranks);
    long found = 0;
    MPI_Reduce(&share, &found, 1, MPI_LONG, MPI_SUM, 0, partition);

    char text[TEXT_SIZE];
    describe_rank(text, rank, world_rank);
    char *texts = rank == 0 ? malloc((size_t)ranks * TEXT_SIZE) : NULL;
    if (rank == 0 && texts == NULL) {
        stop("no memory");
    }
    MPI_Gather(text, TEXT_SIZE, MPI_CHAR, texts, TEXT_SIZE, MPI_CHAR, 0, partition);
    if (rank == 0) {
        FILE *file = open_in(directory, "primes.txt", "w");
        fprintf(file, "%ld\n", found);
        finish(file);
        const char *given = getenv("ACTION_CORES");
        file = open_in(directory, "ranks.txt", "w");
        fprintf(file, "given %s\n", given != NULL && *given != '\0' ? given : "none");
        for (int i = 0; i < ranks; i++) {
            fprintf(file, "%s\n", texts + (size_t)i * TEXT_SIZE);
        }
        fprintf(file, "ran %.6f %.6f\n", start, seconds());
        finish(file);
    }
    free(texts);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const char *given = getenv("ACTION_PROCESSES_PER_DIRECTORY");
    int each = given != NULL ? atoi(given) : 1;
    if (each < 1 || argc < 2 || ranks != each * (argc - 1)) {
        stop("%d ranks for %d directories with %d ranks each", ranks, argc - 1, each);
    }
    MPI_Comm partition;
    MPI_Comm_split(MPI_COMM_WORLD, rank / each, rank, &partition);
    work_on(argv[1 + rank / each], partition);
    MPI_Comm_free(&partition);
    MPI_Finalize();
    return 0;
}
