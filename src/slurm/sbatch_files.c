#include "sbatch_files.h"

#include "vec.h"

#include <string.h>

/* ---- Options ---- */

struct option {
    const char *name;     /* "output" */
    const char *shortest; /* that getopt_long takes for it */
    char letter;
    const char *variable; /* NULL: there is none */
};

enum { OPTION_OUTPUT, OPTION_ERROR, OPTION_NAME, OPTION_FOLDER, OPTION_COUNT };

static const struct option OPTIONS[OPTION_COUNT] = {
    [OPTION_OUTPUT] = {"output", "ou", 'o', "SBATCH_OUTPUT"},
    [OPTION_ERROR] = {"error", "er", 'e', "SBATCH_ERROR"},
    [OPTION_NAME] = {"job-name", "job-n", 'J', "SBATCH_JOB_NAME"},
    [OPTION_FOLDER] = {"chdir", "chd", 'D', NULL},
};

static struct slice *value_in(struct sbatch_files *files, size_t option)
{
    struct slice *const values[OPTION_COUNT] = {&files->output, &files->errors, &files->name,
                                                &files->folder};
    return values[option];
}

/* Whether the word is the option, and, after a '=' or a letter, its value; else the next word is. */
static bool is_option(const struct option *option, struct slice word, struct slice *value)
{
    *value = (struct slice){0};
    if (word.len >= 2 && word.at[0] == '-' && word.at[1] == option->letter) {
        if (word.len > 2) {
            *value = slice_make(word.at + 2, word.len - 2);
        }
        return true;
    }
    if (!slice_starts_with(word, "--")) {
        return false;
    }
    const char *equals = memchr(word.at, '=', word.len);
    size_t len = equals != NULL ? (size_t)(equals - word.at) - 2 : word.len - 2;
    if (equals != NULL) {
        *value = slice_make(equals + 1, word.len - len - 3);
    }
    return len >= strlen(option->shortest) && len <= strlen(option->name) &&
           memcmp(word.at + 2, option->name, len) == 0;
}

static void take_words(struct sbatch_files *files, const struct slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t o = 0; o < OPTION_COUNT; o++) {
            struct slice value;
            if (is_option(&OPTIONS[o], words[i], &value)) {
                value = value.at == NULL && i + 1 < count ? words[++i] : value;
                *value_in(files, o) = value;
                break;
            }
        }
    }
}

/* ---- Lines of a script ---- */

/* The next word of a line, with the quotes that sbatch takes as a shell does; false: none is left. A
 * '#' begins a comment. */
static bool next_word(struct slice *line, struct buf *word)
{
    size_t at = 0;
    char quote = '\0';
    buf_clear(word);
    while (at < line->len && (line->at[at] == ' ' || line->at[at] == '\t')) {
        at++;
    }
    if (at == line->len || line->at[at] == '#') {
        return false;
    }
    for (; at < line->len; at++) {
        char c = line->at[at];
        if (quote == '\0' && (c == ' ' || c == '\t')) {
            break;
        }
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == '\\' && quote != '\'' && at + 1 < line->len) {
            buf_add_char(word, line->at[++at]);
        } else {
            buf_add_char(word, c);
        }
    }
    *line = slice_make(line->at + at, line->len - at);
    return true;
}

static void take_line(struct sbatch_files *files, struct slice line, struct arena *arena)
{
    VEC(struct slice) words = {0};
    struct buf word = BUF_EMPTY;
    while (next_word(&line, &word)) {
        vec_push(&words, arena_slice(arena, buf_slice(&word)));
    }
    take_words(files, words.at, words.count);
    vec_release(&words);
    buf_release(&word);
}

static void take_script(struct sbatch_files *files, struct slice script, struct arena *arena)
{
    static const char start[] = "#SBATCH ";
    size_t len = sizeof start - 1;
    while (script.len > 0) {
        const char *newline = memchr(script.at, '\n', script.len);
        size_t whole = newline != NULL ? (size_t)(newline - script.at) : script.len;
        struct slice line = slice_make(script.at, whole);
        size_t skipped = whole + (newline != NULL);
        script = slice_make(script.at + skipped, script.len - skipped);
        if (slice_starts_with(line, start)) {
            take_line(files, slice_make(line.at + len, line.len - len), arena);
        } else if (line.len > 0 && line.at[0] != '#') {
            return; /* the first command ends them */
        }
    }
}

static void take_variables(struct sbatch_files *files, char *const *environment)
{
    for (size_t o = 0; o < OPTION_COUNT; o++) {
        const char *name = OPTIONS[o].variable;
        size_t len = name != NULL ? strlen(name) : 0;
        for (size_t i = 0; name != NULL && environment[i] != NULL; i++) {
            if (strncmp(environment[i], name, len) == 0 && environment[i][len] == '=') {
                *value_in(files, o) = slice_of(environment[i] + len + 1);
            }
        }
    }
}

void sbatch_files_find(struct sbatch_files *files, struct slice script, const char *const *words,
                       char *const *environment, struct arena *arena)
{
    VEC(struct slice) given = {0};
    *files = (struct sbatch_files){0};
    take_script(files, script, arena);
    take_variables(files, environment);
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        vec_push(&given, slice_of(words[i]));
    }
    take_words(files, given.at, given.count);
    vec_release(&given);
    for (size_t o = 0; o < OPTION_COUNT; o++) {
        struct slice *value = value_in(files, o);
        *value = value->at != NULL ? arena_slice(arena, *value) : *value;
    }
}

/* ---- Patterns ---- */

static bool add_number(struct buf *out, bool is_known, unsigned width, uint64_t number)
{
    if (is_known) {
        buf_addf(out, "%0*llu", (int)width, (unsigned long long)number);
    }
    return is_known;
}

static bool add_text(struct buf *out, const char *text, bool keeps_percent)
{
    if (text != NULL && keeps_percent) {
        sbatch_file_add_plain(slice_of(text), out);
    } else if (text != NULL) {
        buf_add_string(out, text);
    }
    return text != NULL;
}

void sbatch_file_add_plain(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        buf_add_string(out, text.at[i] == '%' ? "%" : "");
        buf_add_char(out, text.at[i]);
    }
}

static bool add_pattern(struct buf *out, char letter, unsigned width,
                        const struct sbatch_file_facts *facts, bool keeps_percent)
{
    switch (letter) {
    case 'A': /* without an array it is the job's number */
        return add_number(out, facts->job_id > 0, width, facts->job_id);
    case 'j': /* an element has a number of its own, which isn't known */
        return add_number(out, facts->job_id > 0 && !facts->is_array, width, facts->job_id);
    case 'a':
        return add_number(out, facts->has_index, width, facts->index);
    case 'x':
        return add_text(out, facts->name, keeps_percent);
    case 'u':
        return add_text(out, facts->user, keeps_percent);
    default:
        return false;
    }
}

static void expand(struct slice file, const struct sbatch_file_facts *facts, bool keeps_percent,
                   struct buf *out, bool *is_whole)
{
    enum { WIDEST = 10 };
    for (size_t i = 0; i < file.len; i++) {
        size_t at = i + 1;
        unsigned width = 0;
        if (file.at[i] != '%' || at == file.len) {
            buf_add_char(out, file.at[i]);
            continue;
        }
        if (file.at[at] == '%') {
            buf_add_string(out, keeps_percent ? "%%" : "%");
            i = at;
            continue;
        }
        for (; at < file.len && file.at[at] >= '0' && file.at[at] <= '9' && width < 100; at++) {
            width = width * 10 + (unsigned)(file.at[at] - '0');
        }
        width = width < WIDEST ? width : WIDEST; /* Slurm's own limit */
        if (at < file.len && add_pattern(out, file.at[at], width, facts, keeps_percent)) {
            i = at;
        } else {
            buf_add_char(out, '%');
            *is_whole = false;
        }
    }
}

/* With a backslash in it, nothing in the name is a pattern. */
static bool is_literal(struct slice file, struct buf *text)
{
    if (file.len == 0 || memchr(file.at, '\\', file.len) == NULL) {
        return false;
    }
    for (size_t i = 0; i < file.len; i++) {
        if (file.at[i] != '\\') {
            buf_add_char(text, file.at[i]);
        }
    }
    return true;
}

void sbatch_file_fill(struct slice file, const struct sbatch_file_facts *facts, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    bool is_whole;
    if (is_literal(file, &text)) {
        sbatch_file_add_plain(buf_slice(&text), out);
    } else {
        expand(file, facts, true, out, &is_whole);
    }
    buf_release(&text);
}

bool sbatch_file_expand(struct slice file, const struct sbatch_file_facts *facts, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    bool is_whole = true;
    if (is_literal(file, out)) {
        return true;
    }
    expand(file, facts, false, &text, &is_whole);
    if (!is_whole) {
        bool again = true;
        buf_clear(&text);
        expand(file, facts, true, &text, &again);
    }
    buf_add_slice(out, buf_slice(&text));
    buf_release(&text);
    return is_whole;
}
