/* Makes the manual page and the bash completion from the tables of commands.h: a filter that
 * replaces each @NAME@. Runs while rowbuild is being built.
 *
 * In a manual page (a template that begins with a macro), text outside of literal displays is
 * marked up by its form: --options, $VARIABLES, pages(1), `literal text`, *emphasis*, ARGUMENTS. */
#include "commands.h"
#include "finding.h"
#include "slice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* ---- mdoc: prose ---- */

/* Whether it is one of the capitalised words in `arguments`. */
static bool is_argument(struct slice word, const char *arguments)
{
    while (arguments != NULL && *arguments != '\0') {
        arguments += strcspn(arguments, CAPITALS);
        size_t len = strspn(arguments, CAPITALS);
        if (len > 0 && slice_equal(slice_make(arguments, len), word)) {
            return true;
        }
        arguments += len;
    }
    return false;
}

/* Adds a word in the font B or I. Dashes are written so that they can be copied, and several words
 * are quoted. */
static void add_marked(struct buf *out, char font, struct slice word)
{
    bool quoted = memchr(word.at, ' ', word.len) != NULL;
    buf_addf(out, "%s\\f%c", quoted ? "\\(oq" : "", font);
    for (size_t i = 0; i < word.len; i++) {
        buf_addf(out, word.at[i] == '-' ? "\\-" : word.at[i] == '\\' ? "\\e" : "%c", word.at[i]);
    }
    buf_addf(out, "\\fP%s", quoted ? "\\(cq" : "");
}

/* Adds text to the page. A sentence begins a new line, a newline begins a paragraph. */
static void add_prose(struct buf *out, const char *text, const char *arguments)
{
    while (*text != '\0') {
        if (*text == '`') {
            size_t len = strcspn(text + 1, "`");
            add_marked(out, 'B', slice_make(text + 1, len));
            text += len + (text[len + 1] == '`' ? 2 : 1);
        }
        size_t len = strcspn(text, " \n()[]|,;:`");
        size_t dots = 0; /* one ends a sentence, three stand for more arguments */
        while (dots < len && text[len - dots - 1] == '.') {
            dots++;
        }
        struct slice word = slice_make(text, len - dots);
        const char *end = text + len;
        if (word.len > 1 && word.at[0] == '-') {
            add_marked(out, 'B', word);
        } else if (word.len > 1 && word.at[0] == '$') {
            add_marked(out, 'I', slice_make(word.at + 1, word.len - 1));
        } else if (word.len > 2 && word.at[0] == '*' && word.at[word.len - 1] == '*') {
            add_marked(out, 'I', slice_make(word.at + 1, word.len - 2));
        } else if (is_argument(word, arguments) ||
                   (*end == '(' && isdigit((unsigned char)end[1]))) {
            add_marked(out, 'I', word);
        } else {
            buf_addf(out, "%s%.*s", word.len > 0 && *word.at == '.' ? "\\&" : "", SLICE_ARGS(word));
        }
        buf_addf(out, "%s%.*s", dots > 1 ? "\\&" : "", (int)dots, text + len - dots);
        text = end;
        if (*text == '\n') {
            buf_add_string(out, text[1] != '\0' ? "\n.Pp\n" : "");
        } else if (*text != '\0' && *text != '`') {
            bool sentence_ends = *text == ' ' && dots == 1;
            buf_addf(out, "%c", sentence_ends ? '\n' : *text);
        }
        text += *text != '\0' && *text != '`';
    }
}

/* Adds the text on an option or a command that only the manual has, after the text of the help. */
static void add_more(struct buf *out, const char *section, const char *more)
{
    buf_add_char(out, '\n');
    if (more != NULL) {
        add_prose(out, more, NULL);
        buf_add_char(out, '\n');
    }
    if (section != NULL) {
        buf_addf(out, "See\n.Sx %s .\n", section);
    }
}

/* ---- mdoc: options and commands ---- */

/* "show log [-f] TASK" after `before`. */
static void add_synopsis(struct buf *out, const char *before, const struct command *command)
{
    bool run = command->name == NULL;
    buf_addf(out, "%s%s%s%s", before, command_is_show(command) ? "show " : "",
             run ? "" : command->name, run || command->synopsis[0] == '\0' ? "" : " No ");
    add_prose(out, command->synopsis, command->synopsis);
    buf_add_string(out, "\\&\n"); /* a bracket at the end isn't punctuation */
}

static void add_synopses(struct buf *out)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = command_by_id((enum command_id)i);
        if (!command_is_show(command)) {
            add_synopsis(out, i == COMMAND_RUN ? ".Nm\n" : ".Nm\n.Cm ", command);
        }
    }
}

static bool takes(size_t id, option_table spec, bool global)
{
    return (spec->takers & COMMAND_BIT(id)) != 0 && option_is_global(spec) == global;
}

static void add_option(struct buf *out, const struct option_spec *spec)
{
    buf_add_string(out, ".It");
    const char *argument = spec->argument != NULL ? spec->argument : "";
    if (spec->letter != '\0') {
        buf_addf(out, " Fl %c%s%s", spec->letter, *argument != '\0' ? " Ar " : "", argument);
    }
    if (spec->name != NULL) {
        buf_addf(out, "%s Fl -%s%s%s", spec->letter != '\0' ? " ," : "", spec->name,
                 spec->otherwise != NULL ? " Ns Op = Ns Ar "
                 : *argument != '\0'     ? " Ns = Ns Ar "
                                         : "",
                 argument);
    }
    buf_addf(out, "\n%c", toupper((unsigned char)spec->help[0])); /* a sentence is made of it */
    add_prose(out, spec->help + 1, spec->argument);
    buf_add_char(out, '.');
    add_more(out, spec->section, spec->more);
}

static void add_options(struct buf *out, size_t id, bool global)
{
    bool any = false;
    for (option_table spec = command_options; spec->takers != 0; spec++) {
        if (takes(id, spec, global)) {
            buf_add_string(out, any ? "" : ".Bl -tag -width Ds\n");
            add_option(out, spec);
            any = true;
        }
    }
    buf_add_string(out, any ? ".El\n" : "");
}

static void add_run_options(struct buf *out)
{
    add_options(out, COMMAND_RUN, false);
}

static void add_global_options(struct buf *out)
{
    add_options(out, COMMAND_RUN, true);
}

static void add_commands(struct buf *out)
{
    buf_add_string(out, ".Bl -tag -width Ds\n");
    for (size_t i = 1; i < COMMAND_COUNT; i++) {
        const struct command *command = command_by_id((enum command_id)i);
        if (i != COMMAND_SHOW) {
            add_synopsis(out, ".It Cm ", command);
            add_prose(out, command->description, command->synopsis);
            add_more(out, command->section, command->more);
            add_options(out, i, false);
        }
    }
    buf_add_string(out, ".El\n");
}

static void add_variables(struct buf *out)
{
    for (option_table spec = command_options; spec->takers != 0; spec++) {
        if (spec->variable != NULL) {
            buf_addf(out, ".It Ev ROWBUILD_%s , ROW_%s\nAs\n.Fl -%s .\n", spec->variable,
                     spec->variable, spec->name);
        }
    }
}

/* ---- bash ---- */

/* "-j=number" and "--jobs=number" for each option; after the sign is what the shell completes. */
static void add_completed_options(struct buf *out, size_t id, bool global)
{
    for (option_table spec = command_options; spec->takers != 0; spec++) {
        if (!takes(id, spec, global)) {
            continue;
        }
        struct buf kind = BUF_EMPTY;
        buf_addf(&kind, "%s%s", spec->argument != NULL && spec->otherwise == NULL ? "=" : "",
                 spec->completes != NULL ? spec->completes : "");
        for (size_t i = 0; spec->kind == OPTION_WORD && spec->words[i] != NULL; i++) {
            buf_addf(&kind, "%s%s", i > 0 ? "|" : "", spec->words[i]);
        }
        if (spec->letter != '\0') {
            buf_addf(out, "-%c%s ", spec->letter, buf_string(&kind));
        }
        if (spec->name != NULL) {
            buf_addf(out, "--%s%s ", spec->name, buf_string(&kind));
        }
        buf_release(&kind);
    }
}

/* Adds a line for each command: the kind of its operands, and its options. */
static void add_completions(struct buf *out)
{
    static const char *const operands[] = {
        [OPERANDS_NONE] = "none",           [OPERANDS_TARGETS] = "targets",
        [OPERANDS_DIRECTORIES] = "targets", [OPERANDS_FOLDER] = "folder",
        [OPERANDS_COMMANDS] = "commands",   [OPERANDS_SHOWS] = "shows",
        [OPERANDS_TOKEN] = "none",          [OPERANDS_CODE] = "code"};
    buf_add_string(out, "[all]='none ");
    add_completed_options(out, COMMAND_RUN, true);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = command_by_id((enum command_id)i);
        buf_addf(out, "'\n    ['%s%s']='%s ", command_is_show(command) ? "show " : "",
                 command->name != NULL ? command->name : "run", operands[command->operands]);
        add_completed_options(out, i, false);
    }
    buf_add_char(out, '\'');
}

/* ---- The page ---- */

/* All findings, in groups. */
static void add_findings(struct buf *out)
{
    for (size_t i = 0; i < FINDING_COUNT; i++) {
        const struct finding_text *text = &finding_table[i];
        bool begins_group = i == 0 || strcmp(text->group, finding_table[i - 1].group) != 0;
        if (begins_group) {
            buf_addf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", i > 0 ? ".El\n" : "", text->group);
        }
        buf_addf(out, ".It Li %s\n", text->code);
        add_prose(out, text->title, NULL);
        buf_add_string(out, ".\n");
        add_prose(out, text->explanation, NULL);
        buf_add_char(out, '\n');
    }
    buf_add_string(out, ".El\n");
}

static void add_codes(struct buf *out)
{
    for (size_t i = 0; i < FINDING_COUNT; i++) {
        buf_addf(out, "%s%s", i > 0 ? " " : "", finding_table[i].code);
    }
}

/* Adds the replacement of a name between two @, and returns the text after it; NULL: not such a
 * name. */
static const char *add_place(struct buf *out, const char *text)
{
    static const struct {
        const char *name;
        void (*add)(struct buf *out);
    } places[] = {
        {"@SYNOPSIS@", add_synopses},
        {"@RUN_OPTIONS@", add_run_options},
        {"@GLOBAL_OPTIONS@", add_global_options},
        {"@COMMANDS@", add_commands},
        {"@VARIABLES@", add_variables},
        {"@COMPLETIONS@", add_completions},
        {"@FINDINGS@", add_findings},
        {"@CODES@", add_codes},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t len = strlen(places[i].name);
        if (strncmp(text, places[i].name, len) == 0) {
            places[i].add(out);
            return text + len;
        }
    }
    return NULL;
}

/* Adds the lines of a paragraph that have been read so far. */
static void end_paragraph(struct buf *out, struct buf *paragraph)
{
    if (paragraph->len > 0) {
        add_prose(out, buf_string(paragraph), NULL);
        buf_add_char(out, '\n');
        buf_clear(paragraph);
    }
}

static int add_line(struct buf *out, const char *line)
{
    const char *place = strchr(line, '@');
    while (place != NULL && !isupper((unsigned char)place[1])) {
        place = strchr(place + 1, '@');
    }
    buf_add(out, line, place != NULL ? (size_t)(place - line) : strlen(line));
    const char *end = place != NULL ? add_place(out, place) : "";
    if (end == NULL) {
        (void)fprintf(stderr, "nothing is known of %s\n", place);
        return -1;
    }
    bool line_ended = place != NULL && out->at[out->len - 1] == '\n';
    buf_addf(out, "%s%s", end, line_ended ? "" : "\n");
    return 0;
}

int main(void)
{
    struct buf out = BUF_EMPTY;
    struct buf paragraph = BUF_EMPTY;
    char *line = NULL;
    size_t capacity = 0;
    bool manual = false;
    bool literal = false;
    int result = 0;
    while (result == 0 && getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        manual = manual || (out.len == 0 && line[0] == '.');
        literal = (literal || strncmp(line, ".Bd", 3) == 0) && strncmp(line, ".Ed", 3) != 0;
        bool macro = line[0] == '@' || (line[0] == '.' && isupper((unsigned char)line[1]));
        if (manual && !literal && !macro) {
            buf_addf(&paragraph, "%s%s", paragraph.len > 0 ? " " : "", line);
        } else {
            end_paragraph(&out, &paragraph);
            result = add_line(&out, line);
        }
    }
    end_paragraph(&out, &paragraph);
    (void)fwrite(buf_string(&out), 1, out.len, stdout);
    free(line);
    buf_release(&out);
    buf_release(&paragraph);
    return result != 0 || ferror(stdin) != 0 || fclose(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
