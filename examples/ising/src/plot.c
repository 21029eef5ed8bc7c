/*
 * Draws magnetisation and susceptibility against temperature for one lattice size, as SVG.
 *
 * usage: plot OUTPUT WORKSPACE DIRECTORY…
 *
 * Reads WORKSPACE/DIRECTORY/moments.json of each directory. Runs of equal temperature are
 * repetitions with other seeds: a point is their mean, its bar the standard error of that mean.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRITICAL_TEMPERATURE 2.269185314213022 /* 2 / ln(1 + √2), Onsager 1944 */

struct measurement {
    double temperature;
    double size;
    double magnetisation;
    double susceptibility;
};

struct point {
    double x, y;
    double error;
};

/* A panel of the figure: a rectangle of the page (pixels, y grows downwards) and the ranges shown.
 */
struct panel {
    double left, right, top, bottom;
    double x_low, x_high, y_low, y_high;
    double x_step, y_step;
    const char *y_label;
    const char *colour;
};

static int compare_temperatures(const void *one, const void *other)
{
    double a = ((const struct measurement *)one)->temperature;
    double b = ((const struct measurement *)other)->temperature;
    return (a > b) - (a < b);
}

/* Finds "name": number in the flat object that analyse writes. */
static int find_number(const char *json, const char *name, double *number)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(json, key);
    return at && sscanf(at + strlen(key), "%lf", number) == 1 ? 0 : -1;
}

static int read_measurement(const char *workspace, const char *directory,
                            struct measurement *result)
{
    char path[4096];
    char json[4096];
    if (snprintf(path, sizeof path, "%s/%s/moments.json", workspace, directory) >=
        (int)sizeof path) {
        fprintf(stderr, "plot: %s: the path is too long\n", directory);
        return -1;
    }
    FILE *in = fopen(path, "r");
    if (!in) {
        fprintf(stderr, "plot: %s: %s\n", path, strerror(errno));
        return -1;
    }
    size_t len = fread(json, 1, sizeof json - 1, in);
    fclose(in);
    json[len] = '\0';
    if (find_number(json, "temperature", &result->temperature) ||
        find_number(json, "size", &result->size) ||
        find_number(json, "magnetisation", &result->magnetisation) ||
        find_number(json, "susceptibility", &result->susceptibility)) {
        fprintf(stderr, "plot: %s: a number is missing\n", path);
        return -1;
    }
    return 0;
}

static double quantity(const struct measurement *measurement, int which)
{
    return which == 0 ? measurement->magnetisation : measurement->susceptibility;
}

static struct point mean_of(const struct measurement *runs, size_t count, int which)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += quantity(&runs[i], which);
    }
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double off = quantity(&runs[i], which) - mean;
        squares += off * off;
    }
    double error = count > 1 ? sqrt(squares / (double)(count - 1) / (double)count) : 0;
    return (struct point){runs[0].temperature, mean, error};
}

/* One point for each temperature; `runs` are sorted by it. Returns the number of points. */
static size_t average_seeds(const struct measurement *runs, size_t count, int which,
                            struct point *points)
{
    size_t made = 0;
    for (size_t first = 0; first < count;) {
        size_t next = first + 1;
        while (next < count && runs[next].temperature == runs[first].temperature) {
            next++;
        }
        points[made++] = mean_of(runs + first, next - first, which);
        first = next;
    }
    return made;
}

static double largest(const struct point *points, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, points[i].y + points[i].error);
    }
    return most;
}

/* A step of 1, 2 or 5 times a power of ten that cuts `range` into at most `pieces`. */
static double round_step(double range, int pieces)
{
    double power = pow(10, floor(log10(range / pieces)));
    double factors[] = {1, 2, 5};
    for (int i = 0; i < 3; i++) {
        if (range / (factors[i] * power) <= pieces) {
            return factors[i] * power;
        }
    }
    return 10 * power;
}

static double page_x(const struct panel *panel, double x)
{
    double share = (x - panel->x_low) / (panel->x_high - panel->x_low);
    return panel->left + share * (panel->right - panel->left);
}

static double page_y(const struct panel *panel, double y)
{
    double share = (y - panel->y_low) / (panel->y_high - panel->y_low);
    return panel->bottom - share * (panel->bottom - panel->top);
}

static void draw_line(FILE *out, double x1, double y1, double x2, double y2, const char *style)
{
    fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='%s'/>\n", x1, y1, x2, y2,
            style);
}

static void draw_frame(FILE *out, const struct panel *panel)
{
    double x_step = panel->x_step;
    for (double i = ceil(panel->x_low / x_step - 1e-9); i * x_step <= panel->x_high + 1e-9; i++) {
        double x = page_x(panel, i * x_step);
        draw_line(out, x, panel->top, x, panel->bottom, "grid");
        fprintf(out, "<text x='%.1f' y='%.1f' class='tick middle'>%.1f</text>\n", x,
                panel->bottom + 18, i * x_step);
    }
    for (double i = 0; i * panel->y_step <= panel->y_high; i++) {
        double y = page_y(panel, i * panel->y_step);
        draw_line(out, panel->left, y, panel->right, y, "grid");
        fprintf(out, "<text x='%.1f' y='%.1f' class='tick end'>%g</text>\n", panel->left - 9,
                y + 4.5, i * panel->y_step);
    }
    fprintf(out, "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' class='frame'/>\n",
            panel->left, panel->top, panel->right - panel->left, panel->bottom - panel->top);
    double middle = (panel->top + panel->bottom) / 2;
    fprintf(
        out,
        "<text x='30' y='%.1f' class='label middle' transform='rotate(-90 30 %.1f)'>%s</text>\n",
        middle, middle, panel->y_label);
}

static void draw_critical_temperature(FILE *out, const struct panel *panel)
{
    double x = page_x(panel, CRITICAL_TEMPERATURE);
    if (x < panel->left || x > panel->right) {
        return;
    }
    draw_line(out, x, panel->top, x, panel->bottom, "critical");
    fprintf(out,
            "<text x='%.1f' y='%.1f' class='note'><tspan font-style='italic'>T</tspan>"
            "<tspan dy='4' font-size='10'>c</tspan><tspan dy='-4'> = 2.269</tspan></text>\n",
            x + 7, panel->top + 19);
}

/* The infinite lattice: m = (1 - sinh(2/T)⁻⁴)^⅛ below the critical temperature, 0 above. */
static double onsager_magnetisation(double temperature)
{
    if (temperature >= CRITICAL_TEMPERATURE) {
        return 0;
    }
    return pow(1 - pow(sinh(2 / temperature), -4), 0.125);
}

static void draw_onsager(FILE *out, const struct panel *panel)
{
    const int pieces = 200;
    fprintf(out, "<polyline class='exact' points='");
    for (int i = 0; i <= pieces && panel->x_low < CRITICAL_TEMPERATURE; i++) {
        /* points crowd towards the critical temperature, where the curve ends vertically */
        double below = (CRITICAL_TEMPERATURE - panel->x_low) * pow(1 - (double)i / pieces, 6);
        double t = CRITICAL_TEMPERATURE - below;
        fprintf(out, "%.1f,%.1f ", page_x(panel, t), page_y(panel, onsager_magnetisation(t)));
    }
    fprintf(out, "%.1f,%.1f'/>\n", panel->right, page_y(panel, 0));
}

static void draw_points(FILE *out, const struct panel *panel, const struct point *points,
                        size_t count)
{
    fprintf(out, "<g stroke='%s' fill='%s'>\n<polyline class='curve' points='", panel->colour,
            panel->colour);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%.1f,%.1f ", page_x(panel, points[i].x), page_y(panel, points[i].y));
    }
    fprintf(out, "'/>\n");
    for (size_t i = 0; i < count; i++) {
        double x = page_x(panel, points[i].x);
        double high = page_y(panel, points[i].y + points[i].error);
        double low = page_y(panel, points[i].y - points[i].error);
        draw_line(out, x, high, x, low, "bar");
        draw_line(out, x - 4, high, x + 4, high, "bar");
        draw_line(out, x - 4, low, x + 4, low, "bar");
        fprintf(out, "<circle cx='%.1f' cy='%.1f' r='3.6' class='dot'/>\n", x,
                page_y(panel, points[i].y));
    }
    fprintf(out, "</g>\n");
}

static void draw_key(FILE *out, const struct panel *panel)
{
    double x = panel->right - 160;
    double y = panel->top + 22;
    fprintf(out,
            "<rect x='%.1f' y='%.1f' width='152' height='44' fill='white'/>\n"
            "<circle cx='%.1f' cy='%.1f' r='3.6' class='dot' stroke='%s' fill='%s'/>\n"
            "<text x='%.1f' y='%.1f' class='note'>simulation</text>\n",
            x - 2, y - 15, x + 20, y, panel->colour, panel->colour, x + 42, y + 4);
    draw_line(out, x + 4, y + 20, x + 36, y + 20, "exact");
    fprintf(out, "<text x='%.1f' y='%.1f' class='note'>infinite, exact</text>\n", x + 42, y + 24);
}

static void draw_head(FILE *out, double size, size_t runs, size_t temperatures)
{
    fprintf(
        out,
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 780' width='720' "
        "height='780' font-family='Helvetica, Arial, DejaVu Sans, sans-serif'>\n"
        "<style>\n"
        ".grid { stroke: #e6e8ec; } .frame { fill: none; stroke: #5b6270; }\n"
        ".critical { stroke: #b03a2e; stroke-width: 1.3; stroke-dasharray: 6 4; }\n"
        ".exact { fill: none; stroke: #8a93a3; stroke-width: 1.5; }\n"
        ".curve { fill: none; stroke-width: 1.4; stroke-opacity: 0.55; }\n"
        ".bar { stroke-width: 1.3; } .dot { stroke: white; stroke-width: 1; }\n"
        ".tick { font-size: 13px; fill: #3c424d; } .note { font-size: 13px; fill: #3c424d; }\n"
        ".label { font-size: 15px; fill: #1d2129; } .title { font-size: 20px; fill: #1d2129; }\n"
        ".middle { text-anchor: middle; } .end { text-anchor: end; }\n"
        "</style>\n"
        "<rect width='720' height='780' fill='white'/>\n");
    fprintf(out,
            "<text x='90' y='40' class='title'>Two-dimensional Ising model, %g × %g spins</text>\n"
            "<text x='90' y='62' class='note'>%zu runs at %zu temperatures; points and bars: mean "
            "and standard error over seeds</text>\n",
            size, size, runs, temperatures);
}

static void draw_panel(FILE *out, struct panel panel, bool exact, const struct point *points,
                       size_t count)
{
    panel.x_step = round_step(panel.x_high - panel.x_low, 12);
    panel.y_step = round_step(panel.y_high - panel.y_low, 6);
    draw_frame(out, &panel);
    draw_critical_temperature(out, &panel);
    if (exact) {
        draw_onsager(out, &panel);
        draw_key(out, &panel);
    }
    draw_points(out, &panel, points, count);
}

static void draw_figure(FILE *out, const struct measurement *runs, size_t count,
                        struct point *points)
{
    double x_low = floor(runs[0].temperature * 5) / 5 - 0.2;
    double x_high = ceil(runs[count - 1].temperature * 5) / 5 + 0.2;
    struct panel upper = {
        90, 690, 84, 394, x_low, x_high, 0, 1.05, 0, 0, "magnetisation ⟨|m|⟩", "#1f5fa8"};
    struct panel lower = {90,       690, 420, 720, x_low, x_high, 0, 1, 0, 0, "susceptibility χ",
                          "#c2571a"};

    size_t temperatures = average_seeds(runs, count, 0, points);
    draw_head(out, runs[0].size, count, temperatures);
    draw_panel(out, upper, true, points, temperatures);

    average_seeds(runs, count, 1, points);
    double most = largest(points, temperatures);
    lower.y_high = most > 0 ? 1.12 * most : 1;
    draw_panel(out, lower, false, points, temperatures);
    fprintf(out, "<text x='390' y='766' class='label middle'>temperature "
                 "<tspan font-style='italic'>kT/J</tspan></text>\n</svg>\n");
}

static int write_figure(const char *path, const struct measurement *runs, size_t count)
{
    struct point *points = malloc(count * sizeof *points);
    FILE *out = points ? fopen(path, "w") : NULL;
    if (!out) {
        fprintf(stderr, "plot: %s: %s\n", path, strerror(errno));
        free(points);
        return -1;
    }
    draw_figure(out, runs, count, points);
    free(points);
    int bad_write = ferror(out);
    if (fclose(out) || bad_write) {
        fprintf(stderr, "plot: %s could not be written\n", path);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: plot OUTPUT WORKSPACE DIRECTORY…\n");
        return 2;
    }
    size_t count = (size_t)argc - 3;
    struct measurement *runs = calloc(count, sizeof *runs);
    int result = runs ? 0 : -1;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = read_measurement(argv[2], argv[i + 3], &runs[i]);
        if (result == 0 && runs[i].size != runs[0].size) {
            fprintf(stderr, "plot: %s has another size than %s\n", argv[i + 3], argv[3]);
            result = -1;
        }
    }
    if (result == 0) {
        qsort(runs, count, sizeof *runs, compare_temperatures);
        result = write_figure(argv[1], runs, count);
    }
    free(runs);
    return result ? 1 : 0;
}
