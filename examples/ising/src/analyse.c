/*
 * Averages the samples that ising wrote.
 *
 * usage: analyse DISCARD SAMPLES MOMENTS
 *
 * The first DISCARD samples, in which the lattice still remembers its start, are left out. MOMENTS
 * is a JSON file of averages per site: energy, magnetisation |m|, heat capacity (⟨e²⟩-⟨e⟩²)·N/T²,
 * susceptibility (⟨m²⟩-⟨|m|⟩²)·N/T, and Binder's cumulant 1-⟨m⁴⟩/3⟨m²⟩².
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    double temperature;
    int size;
    unsigned long long seed;
    long samples;
    double energy, energy2;
    double magnetisation, magnetisation2, magnetisation4; /* of |m|; sums until the end is read */
};

static void add_sample(struct run *run, double energy, double magnetisation)
{
    double m2 = magnetisation * magnetisation;
    run->samples++;
    run->energy += energy;
    run->energy2 += energy * energy;
    run->magnetisation += fabs(magnetisation);
    run->magnetisation2 += m2;
    run->magnetisation4 += m2 * m2;
}

static void divide_by_samples(struct run *run)
{
    double samples = (double)run->samples;
    run->energy /= samples;
    run->energy2 /= samples;
    run->magnetisation /= samples;
    run->magnetisation2 /= samples;
    run->magnetisation4 /= samples;
}

static int read_samples(struct run *run, long discard, FILE *in)
{
    long energy;
    long magnetisation;
    int got;
    if (fscanf(in, "# temperature %lf size %d seed %llu # energy magnetisation", &run->temperature,
               &run->size, &run->seed) != 3) {
        fprintf(stderr, "analyse: this is no file of samples\n");
        return -1;
    }
    double sites = (double)run->size * run->size;
    for (long i = 0; (got = fscanf(in, "%ld %ld", &energy, &magnetisation)) == 2; i++) {
        if (i >= discard) {
            add_sample(run, (double)energy / sites, (double)magnetisation / sites);
        }
    }
    if (got != EOF || ferror(in)) {
        fprintf(stderr, "analyse: the samples are damaged\n");
        return -1;
    }
    if (run->samples == 0) {
        fprintf(stderr, "analyse: no sample is left after discarding %ld\n", discard);
        return -1;
    }
    divide_by_samples(run);
    return 0;
}

static void write_moments(const struct run *run, FILE *out)
{
    double sites = (double)run->size * run->size;
    double t = run->temperature;
    double heat_capacity = (run->energy2 - run->energy * run->energy) * sites / (t * t);
    double susceptibility =
        (run->magnetisation2 - run->magnetisation * run->magnetisation) * sites / t;
    double binder = 1 - run->magnetisation4 / (3 * run->magnetisation2 * run->magnetisation2);
    fprintf(out, "{\n  \"temperature\": %g,\n  \"size\": %d,\n  \"seed\": %llu,\n", t, run->size,
            run->seed);
    fprintf(out, "  \"samples\": %ld,\n  \"energy\": %.8f,\n  \"heat_capacity\": %.8f,\n",
            run->samples, run->energy, heat_capacity);
    fprintf(out, "  \"magnetisation\": %.8f,\n  \"susceptibility\": %.8f,\n  \"binder\": %.8f\n}\n",
            run->magnetisation, susceptibility, binder);
}

static FILE *open_or_complain(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file) {
        fprintf(stderr, "analyse: %s: %s\n", path, strerror(errno));
    }
    return file;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long discard = argc == 4 ? strtol(argv[1], &end, 10) : -1;
    if (discard < 0 || *end) {
        fprintf(stderr, "usage: analyse DISCARD SAMPLES MOMENTS\n");
        return 2;
    }
    FILE *in = open_or_complain(argv[2], "r");
    if (!in) {
        return 1;
    }
    struct run run = {0};
    int result = read_samples(&run, discard, in);
    fclose(in);
    if (result) {
        return 1;
    }
    FILE *out = open_or_complain(argv[3], "w");
    if (!out) {
        return 1;
    }
    write_moments(&run, out);
    int bad_write = ferror(out);
    if (fclose(out) || bad_write) {
        fprintf(stderr, "analyse: %s could not be written\n", argv[3]);
        return 1;
    }
    return 0;
}
