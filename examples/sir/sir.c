/* The SIR model of an epidemic, by Euler's method: of the susceptible people, beta × infected become
 * infected each day; of the infected, gamma recover.
 *
 * usage: sir BETA GAMMA STEP DAYS DIRECTORY
 *
 * Writes DIRECTORY/curve.csv, with a line for each fourth step. Until it is whole it is called
 * progress.csv; a simulation that was interrupted continues after the last line there. A step that is
 * too long makes the number of susceptible people negative: then the program fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INTERVAL = 4 }; /* steps between two lines */

struct people {
    double day, susceptible, infected, recovered; /* shares of all */
};

static int complain(const char *what)
{
    fprintf(stderr, "sir: %s\n", what);
    return 1;
}

/* Leaves the file after its last whole line, which `now` becomes, and returns the number of lines. */
static long resume(FILE *file, struct people *now)
{
    char line[256];
    long lines = 0;
    long end = 0;
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        struct people read;
        if (sscanf(line, "%lf,%lf,%lf,%lf", &read.day, &read.susceptible, &read.infected,
                   &read.recovered) == 4) {
            *now = read;
            lines++;
        }
        end = ftell(file);
    }
    if (ftruncate(fileno(file), end) != 0 || fseek(file, end, SEEK_SET) != 0) {
        exit(complain("progress.csv can't be continued"));
    }
    return lines;
}

int main(int argc, char **argv)
{
    if (argc != 6 || chdir(argv[5]) != 0) {
        return complain("usage: sir BETA GAMMA STEP DAYS DIRECTORY");
    }
    double beta = atof(argv[1]);
    double gamma = atof(argv[2]);
    double step = atof(argv[3]);
    long steps = (long)(atof(argv[4]) / step);
    struct people now = {0, 0.999, 0.001, 0};
    FILE *file = fopen("progress.csv", "a+");
    if (file == NULL) {
        return complain("progress.csv can't be written");
    }
    rewind(file);
    long lines = resume(file, &now);
    for (long n = lines > 0 ? (lines - 1) * INTERVAL : -1; n < steps; n++) {
        if (n >= 0) {
            double infections = beta * now.susceptible * now.infected * step;
            double recoveries = gamma * now.infected * step;
            now.day = (double)(n + 1) * step;
            now.susceptible -= infections;
            now.infected += infections - recoveries;
            now.recovered += recoveries;
        }
        if (now.susceptible < 0) {
            return complain("the number of susceptible people is negative; choose a shorter step");
        }
        if ((n + 1) % INTERVAL == 0) {
            fprintf(file, "%.17g,%.17g,%.17g,%.17g\n", now.day, now.susceptible, now.infected,
                    now.recovered);
            fflush(file);
        }
    }
    return fclose(file) != 0 || rename("progress.csv", "curve.csv") != 0
               ? complain("curve.csv can't be written")
               : 0;
}
