/*
 * Simulates the two-dimensional Ising model: spins of ±1 on an L × L square lattice whose opposite
 * edges meet, with coupling J = 1 and no field. Temperatures are in units of J/k.
 *
 * usage: ising --temperature T --size L --seed N --sweeps N --output FILE
 *
 * Each of the `sweeps` lines of FILE holds the total energy and the total magnetisation after one
 * Metropolis sweep and one Wolff cluster flip. The same options always give the same bytes.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_SIZE = 1024 };

struct options {
    double temperature;
    int size;
    uint64_t seed;
    int sweeps;
    const char *output;
};

struct random {
    uint64_t word[4];
};

struct lattice {
    int size;
    int sites;
    signed char *spin;
    int *stack; /* sites of a growing cluster whose neighbours are still to be tried */
    int energy;
    int magnetisation;
};

/* splitmix64: turns a small seed into words that look nothing alike. */
static uint64_t scramble(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void random_seed(struct random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        random->word[i] = scramble(&seed);
    }
}

static uint64_t rotate(uint64_t word, int by)
{
    return (word << by) | (word >> (64 - by));
}

/* xoshiro256+, of which only the upper 53 bits are used. The result lies in [0, 1). */
static double random_unit(struct random *random)
{
    uint64_t *s = random->word;
    uint64_t sum = s[0] + s[3];
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return (double)(sum >> 11) * 0x1.0p-53;
}

static void neighbours_of(const struct lattice *lattice, int site, int neighbour[4])
{
    int size = lattice->size;
    int column = site % size;
    int row_start = site - column;
    neighbour[0] = row_start + (column + 1 == size ? 0 : column + 1);
    neighbour[1] = row_start + (column == 0 ? size - 1 : column - 1);
    neighbour[2] = site + size < lattice->sites ? site + size : column;
    neighbour[3] = site >= size ? site - size : lattice->sites - size + column;
}

static int field_at(const struct lattice *lattice, int site)
{
    int neighbour[4];
    neighbours_of(lattice, site, neighbour);
    const signed char *spin = lattice->spin;
    return spin[neighbour[0]] + spin[neighbour[1]] + spin[neighbour[2]] + spin[neighbour[3]];
}

static void flip(struct lattice *lattice, int site)
{
    lattice->energy += 2 * lattice->spin[site] * field_at(lattice, site);
    lattice->magnetisation -= 2 * lattice->spin[site];
    lattice->spin[site] = (signed char)-lattice->spin[site];
}

/* All spins up: cold starts relax quickly here, and never freeze into stripes. */
static int lattice_init(struct lattice *lattice, int size)
{
    *lattice = (struct lattice){.size = size, .sites = size * size};
    lattice->spin = malloc((size_t)lattice->sites);
    lattice->stack = malloc((size_t)lattice->sites * sizeof *lattice->stack);
    if (!lattice->spin || !lattice->stack) {
        return -1;
    }
    memset(lattice->spin, 1, (size_t)lattice->sites);
    lattice->energy = -2 * lattice->sites;
    lattice->magnetisation = lattice->sites;
    return 0;
}

static void lattice_release(struct lattice *lattice)
{
    free(lattice->spin);
    free(lattice->stack);
}

/* Tries every site once, in order. Flipping costs 2 · spin · field, which can only be 4 or 8 if it
 * costs anything. */
static void metropolis_sweep(struct lattice *lattice, double temperature, struct random *random)
{
    double accept[] = {1.0, exp(-4.0 / temperature), exp(-8.0 / temperature)};
    for (int site = 0; site < lattice->sites; site++) {
        int cost = 2 * lattice->spin[site] * field_at(lattice, site);
        if (cost <= 0 || random_unit(random) < accept[cost / 4]) {
            flip(lattice, site);
        }
    }
}

/* Wolff: grows a cluster of equal spins through bonds and turns it over, which decorrelates quickly
 * at the critical temperature, where single flips take very long. */
static void wolff_flip(struct lattice *lattice, double temperature, struct random *random)
{
    double bond = 1.0 - exp(-2.0 / temperature);
    int start = (int)(random_unit(random) * lattice->sites);
    signed char spin = lattice->spin[start];
    int waiting = 0;
    flip(lattice, start);
    lattice->stack[waiting++] = start;
    while (waiting > 0) {
        int neighbour[4];
        neighbours_of(lattice, lattice->stack[--waiting], neighbour);
        for (int i = 0; i < 4; i++) {
            if (lattice->spin[neighbour[i]] == spin && random_unit(random) < bond) {
                flip(lattice, neighbour[i]);
                lattice->stack[waiting++] = neighbour[i];
            }
        }
    }
}

static int simulate(const struct options *options, FILE *out)
{
    struct lattice lattice;
    struct random random;
    int result = -1;
    if (lattice_init(&lattice, options->size)) {
        fprintf(stderr, "ising: no memory for a lattice of size %d\n", options->size);
        goto done;
    }
    random_seed(&random, options->seed);
    for (int i = 0; i < options->sweeps; i++) {
        metropolis_sweep(&lattice, options->temperature, &random);
        wolff_flip(&lattice, options->temperature, &random);
        fprintf(out, "%d %d\n", lattice.energy, lattice.magnetisation);
    }
    result = 0;
done:
    lattice_release(&lattice);
    return result;
}

static int run(const struct options *options)
{
    FILE *out = fopen(options->output, "w");
    if (!out) {
        fprintf(stderr, "ising: %s: %s\n", options->output, strerror(errno));
        return -1;
    }
    fprintf(out, "# temperature %.17g size %d seed %llu\n# energy magnetisation\n",
            options->temperature, options->size, (unsigned long long)options->seed);
    int result = simulate(options, out);
    int bad_write = ferror(out);
    if (fclose(out) || bad_write) {
        fprintf(stderr, "ising: %s could not be written\n", options->output);
        result = -1;
    }
    return result;
}

/* Sets the option called `name`. Returns -1 if there is none, or if the text is no such number. */
static int set_option(struct options *options, const char *name, const char *text)
{
    char *end;
    if (!strcmp(name, "--output")) {
        options->output = text;
        return 0;
    }
    double number = strtod(text, &end);
    if (end == text || *end || number < 0) {
        return -1;
    }
    if (!strcmp(name, "--temperature")) {
        options->temperature = number;
    } else if (!strcmp(name, "--size") && number <= LARGEST_SIZE) {
        options->size = (int)number;
    } else if (!strcmp(name, "--seed") && number < 0x1p53) {
        options->seed = (uint64_t)number;
    } else if (!strcmp(name, "--sweeps") && number < 0x1p31) {
        options->sweeps = (int)number;
    } else {
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || set_option(&options, argv[i], argv[i + 1])) {
            fprintf(stderr, "ising: cannot understand %s %s\n", argv[i],
                    i + 1 < argc ? argv[i + 1] : "without a value");
            return 2;
        }
    }
    if (options.temperature <= 0 || options.size < 2 || options.sweeps < 1 || !options.output) {
        fprintf(stderr,
                "usage: ising --temperature T --size L --seed N --sweeps N --output FILE\n");
        return 2;
    }
    return run(&options) ? 1 : 0;
}
