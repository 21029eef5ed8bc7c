/*
 * Draws the edges in a picture.
 *
 * usage: edges PICTURE OUTPUT
 *
 * PICTURE is a plain PPM file (P3, 255 shades, no comments), OUTPUT a plain PGM file (P2) of the
 * same size: how much a pixel's brightness differs from that of its neighbours to the right and
 * below.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_SIDE = 10000 };

static void stop(const char *path, const char *reason)
{
    fprintf(stderr, "edges: %s: %s\n", path, reason);
    exit(1);
}

static int *read_brightness(const char *path, int *width, int *height)
{
    int shades = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        stop(path, strerror(errno));
    }
    if (fscanf(file, "P3 %d %d %d", width, height, &shades) != 3 || shades != 255 || *width < 1 ||
        *height < 1 || *width > LARGEST_SIDE || *height > LARGEST_SIDE) {
        stop(path, "not a plain PPM picture with 255 shades");
    }
    int pixels = *width * *height;
    int *brightness = malloc((size_t)pixels * sizeof *brightness);
    if (brightness == NULL) {
        stop(path, "no memory");
    }
    for (int i = 0; i < pixels; i++) {
        int red, green, blue;
        if (fscanf(file, "%d %d %d", &red, &green, &blue) != 3) {
            stop(path, "it ends too early");
        }
        brightness[i] = (red + green + blue) / 3;
    }
    fclose(file);
    return brightness;
}

static void write_edges(const char *path, const int *brightness, int width, int height)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        stop(path, strerror(errno));
    }
    fprintf(file, "P2\n%d %d\n255\n", width, height);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int here = brightness[y * width + x];
            int right = x + 1 < width ? brightness[y * width + x + 1] : here;
            int below = y + 1 < height ? brightness[(y + 1) * width + x] : here;
            int edge = abs(right - here) + abs(below - here);
            fprintf(file, "%d\n", edge < 255 ? edge : 255);
        }
    }
    if (fclose(file) != 0) {
        stop(path, strerror(errno));
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: edges PICTURE OUTPUT\n");
        return 2;
    }
    int width = 0, height = 0;
    int *brightness = read_brightness(argv[1], &width, &height);
    write_edges(argv[2], brightness, width, height);
    free(brightness);
    return 0;
}
