/* Makes finding_codes.h and finding_table.c from grammar/findings.
 *
 *     rowbuild_generate_findings TABLE FOLDER */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 400, LONGEST_LINE = 4096, LONGEST_CODE = 32 };

struct line {
    bool is_heading;
    char *code; /* of a heading: its words */
    char *title;
    char *explanation;
};

static struct line lines[MOST_LINES];
static char texts[MOST_LINES + 1][LONGEST_LINE]; /* that they point into */
static size_t line_count;

static int complain(const char *name, int number, const char *what)
{
    fprintf(stderr, "%s:%d: error: %s\n", name, number, what);
    return -1;
}

static char *trimmed(char *text)
{
    while (*text == ' ') {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

static bool is_code(const char *code)
{
    size_t len = strlen(code);
    if (len == 0 || len > LONGEST_CODE || code[0] == '-' || code[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!islower((unsigned char)code[i]) && !isdigit((unsigned char)code[i]) &&
            code[i] != '-') {
            return false;
        }
    }
    return true;
}

static int read_finding(const char *name, int number, char *text)
{
    char *first = strchr(text, '|');
    char *second = first != NULL ? strchr(first + 1, '|') : NULL;
    if (second == NULL || strchr(second + 1, '|') != NULL) {
        return complain(name, number, "a finding has three fields between bars");
    }
    *first = '\0';
    *second = '\0';
    struct line line = {false, trimmed(text), trimmed(first + 1), trimmed(second + 1)};
    size_t len = strlen(line.explanation);
    if (!is_code(line.code)) {
        return complain(name, number, "a code consists of lower-case words and hyphens");
    }
    if (line.title[0] == '\0' || line.title[strlen(line.title) - 1] == '.') {
        return complain(name, number, "a title has no full stop");
    }
    if (len == 0 || line.explanation[len - 1] != '.') {
        return complain(name, number, "an explanation ends with a full stop");
    }
    for (size_t i = 0; i < line_count; i++) {
        if (!lines[i].is_heading && strcmp(lines[i].code, line.code) == 0) {
            return complain(name, number, "this code is listed twice");
        }
    }
    lines[line_count++] = line;
    return 0;
}

static int read_table(const char *name)
{
    FILE *file = fopen(name, "re");
    int result = 0;
    if (file == NULL) {
        return complain(name, 0, strerror(errno));
    }
    for (int number = 1; result == 0; number++) {
        char *text = texts[line_count];
        if (fgets(text, LONGEST_LINE, file) == NULL) {
            break;
        }
        if (text[0] == '#' || text[0] == '\n') {
            continue;
        }
        if (strchr(text, '\n') == NULL || line_count == MOST_LINES) {
            result = complain(name, number, "too many findings, or a line that is too long");
            continue;
        }
        if (strncmp(text, "== ", 3) == 0) {
            lines[line_count++] = (struct line){.is_heading = true, .code = trimmed(text + 3)};
        } else {
            result = read_finding(name, number, text);
        }
    }
    fclose(file);
    return result;
}

static void write_constant(FILE *out, const char *code)
{
    fputs("FINDING_", out);
    for (const char *at = code; *at != '\0'; at++) {
        fputc(*at == '-' ? '_' : toupper((unsigned char)*at), out);
    }
}

static void write_header(FILE *out)
{
    fputs("/* Made from grammar/findings. */\n#ifndef ROWBUILD_FINDING_CODES_H\n"
          "#define ROWBUILD_FINDING_CODES_H\n\nenum finding_code {\n",
          out);
    for (size_t i = 0; i < line_count; i++) {
        if (!lines[i].is_heading) {
            fputs("    ", out);
            write_constant(out, lines[i].code);
            fprintf(out, ", /* %s */\n", lines[i].title);
        }
    }
    fputs("    FINDING_COUNT,\n};\n\n#endif\n", out);
}

static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            fputc('\\', out);
        }
        fputc(*at, out);
    }
    fputc('"', out);
}

static void write_table(FILE *out)
{
    const char *group = "";
    fputs("/* Made from grammar/findings. */\n#include \"finding.h\"\n\n"
          "const struct finding_text finding_table[FINDING_COUNT] = {\n",
          out);
    for (size_t i = 0; i < line_count; i++) {
        if (lines[i].is_heading) {
            group = lines[i].code;
            continue;
        }
        const char *const fields[] = {lines[i].code, group, lines[i].title, lines[i].explanation};
        fputs("    {\n", out);
        for (size_t t = 0; t < sizeof fields / sizeof fields[0]; t++) {
            fputs("        ", out);
            write_string(out, fields[t]);
            fputs(",\n", out);
        }
        fputs("    },\n", out);
    }
    fputs("};\n", out);
}

static FILE *create(const char *folder, const char *name)
{
    char path[LONGEST_LINE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        complain(path, 0, strerror(errno));
        exit(EXIT_FAILURE);
    }
    return out;
}

int main(int argc, char **argv)
{
    if (argc != 3 || read_table(argv[1]) != 0) {
        return EXIT_FAILURE;
    }
    FILE *header = create(argv[2], "finding_codes.h");
    FILE *table = create(argv[2], "finding_table.c");
    write_header(header);
    write_table(table);
    return (fclose(header) | fclose(table)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
