/*
 * Counts the points with whole coordinates in a circle around the origin, on all threads that
 * OpenMP gives.
 *
 * usage: count RADIUS DIRECTORY
 *
 * Leaves two files in DIRECTORY: points.txt holds the number, cores.txt which cores rowbuild gave
 * (none when it doesn't bind), when this ran, and the CPUs that the kernel lets each thread use.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static FILE *create(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "count: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

static void finish(FILE *file)
{
    if (fclose(file) != 0) {
        fprintf(stderr, "count: a result could not be written: %s\n", strerror(errno));
        exit(1);
    }
}

/* Integers add up to the same number in whatever order the threads come. */
static long long count_points(long long radius)
{
    long long points = 0;
#pragma omp parallel for reduction(+ : points)
    for (long long x = -radius; x <= radius; x++) {
        for (long long y = -radius; y <= radius; y++) {
            points += x * x + y * y <= radius * radius;
        }
    }
    return points;
}

/* With OMP_PROC_BIND each thread may have cores of its own, so each one is asked. */
static void print_cores(FILE *file)
{
#pragma omp parallel
#pragma omp critical
    {
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        sched_getaffinity(0, sizeof allowed, &allowed);
        fprintf(file, "thread %d may use", omp_get_thread_num());
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (CPU_ISSET((size_t)cpu, &allowed)) {
                fprintf(file, " %d", cpu);
            }
        }
        fprintf(file, "\n");
    }
}

int main(int argc, char **argv)
{
    long long radius = argc == 3 ? atoll(argv[1]) : 0;
    if (radius < 1) {
        fprintf(stderr, "usage: count RADIUS DIRECTORY\n");
        return 2;
    }
    double start = seconds();
    long long points = count_points(radius);
    FILE *result = create(argv[2], "points.txt");
    fprintf(result, "%lld\n", points);
    finish(result);

    const char *given = getenv("ACTION_CORES");
    FILE *cores = create(argv[2], "cores.txt");
    fprintf(cores, "given %s\n", given != NULL && *given != '\0' ? given : "none");
    print_cores(cores);
    fprintf(cores, "ran %.6f %.6f\n", start, seconds());
    finish(cores);
    return 0;
}
