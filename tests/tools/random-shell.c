/* Random commands with templates and hostile values, compared with what the shells make of them.
 *
 * usage: random-shell [SEED [COUNT]]
 *
 * Each command is made together with what it should print. It is filled as for a run, and executed
 * by dash and by bash. A quarter of the commands gets only simple values, which may not be refused.
 * Every fourth command is a heap of shell tokens without a meaning: it may print anything. None may
 * execute a value: most values try to make a file called EXECUTED. */
#include "filling.h"
#include "template.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VALUES = 4, DEEPEST = 3, MOST_FAILURES = 20 };

struct maker {
    uint64_t random;
    struct buf text;   /* the command */
    struct buf wanted; /* what it prints */
    struct buf values[VALUES];
    bool is_bash;
    bool is_simple; /* the values are */
    bool has_odd;   /* it has places where simple values may be refused too */
    bool has_no_meaning;
    bool in_backticks; /* no backslash, `$` or backtick in the text */
    bool in_line;      /* no newline in the text */
    int depth;
};

static unsigned pick(struct maker *maker, unsigned count)
{
    maker->random ^= maker->random << 13;
    maker->random ^= maker->random >> 7;
    maker->random ^= maker->random << 17;
    return (unsigned)((maker->random >> 11) % count);
}

static bool chance(struct maker *maker, unsigned percent)
{
    return pick(maker, 100) < percent;
}

#define PICK(maker, list) (list)[pick(maker, sizeof(list) / sizeof(list)[0])]

/* ---- Values ---- */

static const char *const delimiters[] = {"EOF", "E", "E F", "", "A$", "it's", "-", "E\"F", "EÖF"};

static void make_value(struct maker *maker, struct buf *value)
{
    static const char *const simple[] = {"a", "b1", "run_07", "0.5", "x-y", "12"};
    static const char *const nasty[] = {
        "",
        "EOF",
        "E",
        "OF",
        "F",
        "E F",
        " F",
        "A$",
        "A",
        "$",
        "it's",
        "-",
        "\tEOF",
        "\t",
        "EOF\r",
        "EOF)",
        "EOF) ; touch EXECUTED; (",
        "EOF`touch EXECUTED`",
        "EOF\\",
        "\\",
        "a\\",
        "\\\\",
        "O",
        "EOF\ntouch EXECUTED",
        "x\nEOF\ntouch EXECUTED\n",
        "\ntouch EXECUTED\n",
        "\n",
        "$(touch EXECUTED)",
        "`touch EXECUTED`",
        "'; touch EXECUTED; '",
        "\"; touch EXECUTED; \"",
        "; touch EXECUTED",
        "& touch EXECUTED #",
        "| touch EXECUTED",
        "touch EXECUTED",
        "'$(touch EXECUTED)'",
        "\"$(touch EXECUTED)\"",
        "'\"$(touch EXECUTED)",
        "\\$(touch EXECUTED)",
        "}; touch EXECUTED; {",
        "}$(touch EXECUTED)",
        "); touch EXECUTED; (",
        ") touch EXECUTED ;;",
        "a[$(touch EXECUTED)]",
        "x[`touch EXECUTED`]",
        "#",
        "# it's",
        "*",
        "~",
        "-n",
        "%s",
        "$v",
        "${v}",
        "{directory}",
        "{/a}",
        "esac",
        "if",
        "done",
        "in",
        "fi",
        "!",
        "\xc3\xbc",
        "\xff\xfe",
        "\x80\x81\x82\x83\x84\x85\x86\x87\x88",
        "\x01\x02\x1b\x7f",
        "two words",
        " x ",
        "'",
        "\"",
        "''",
        "a'b\"c`d$e\\f",
        "\\n",
        "\\'",
        "<<EOF",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "1",
        "2",
        "7",
        "=",
        "x=1",
        "E\\",
        "\\\nOF",
        "\r",
        "E\"F",
        "EÖF",
        ";;",
        "&&",
        "<",
        ">",
        ">EXECUTED2",
    };
    buf_clear(value);
    if (maker->is_simple) {
        buf_add_string(value, PICK(maker, simple));
    } else if (chance(maker, 90)) {
        buf_add_string(value, PICK(maker, nasty));
    } else {
        for (unsigned i = pick(maker, 6); i > 0; i--) {
            buf_add_char(value, (char)(1 + pick(maker, 255)));
        }
    }
}

static struct slice put_value(struct maker *maker)
{
    unsigned number = pick(maker, VALUES);
    buf_addf(&maker->text, "{/%c}", 'a' + (int)number);
    return buf_slice(&maker->values[number]);
}

/* ---- Words ---- */

static void put_words_of_letters(struct maker *maker, struct buf *meaning)
{
    for (unsigned i = 1 + pick(maker, 3); i > 0; i--) {
        char c = "abcxyz019_./"[pick(maker, 12)];
        buf_add_char(&maker->text, c);
        buf_add_char(meaning, c);
    }
}

static void put_command_to_capture(struct maker *maker, struct buf *meaning);

static void put_single(struct maker *maker, struct buf *meaning)
{
    buf_add_char(&maker->text, '\'');
    for (unsigned i = pick(maker, 4); i > 0; i--) {
        if (chance(maker, 50)) {
            buf_add_slice(meaning, put_value(maker));
        } else {
            char c = "ab \"$\\#(){};<>&`"[pick(maker, maker->in_backticks ? 3 : 16)];
            buf_add_char(&maker->text, c);
            buf_add_char(meaning, c);
        }
    }
    buf_add_char(&maker->text, '\'');
}

static void put_captured(struct maker *maker, struct buf *meaning)
{
    struct buf said = BUF_EMPTY;
    bool backticks = maker->in_backticks;
    maker->depth++;
    if (!backticks && chance(maker, 25)) {
        maker->in_backticks = true;
        buf_add_char(&maker->text, '`');
        put_command_to_capture(maker, &said);
        buf_add_char(&maker->text, '`');
    } else if (!backticks) {
        buf_add_string(&maker->text, "$(");
        put_command_to_capture(maker, &said);
        buf_add_string(&maker->text, ")");
    }
    maker->in_backticks = backticks;
    maker->depth--;
    while (said.len > 0 && said.at[said.len - 1] == '\n') {
        said.len--;
    }
    buf_add_slice(meaning, buf_slice(&said));
    buf_release(&said);
}

static void put_arithmetic(struct maker *maker, struct buf *meaning)
{
    buf_add_string(&maker->text, "$((");
    struct slice value = put_value(maker);
    buf_add_string(&maker->text, "+0))");
    maker->has_odd = true;
    bool is_number = value.len == 1 && value.at[0] >= '0' && value.at[0] <= '9';
    maker->has_no_meaning |= !is_number && !slice_is(value, "12");
    buf_add_slice(meaning, value);
}

/* What stands in "…" and, but for the quotes, in a here-document. */
static void put_expanded_piece(struct maker *maker, struct buf *meaning, bool is_here)
{
    static const char *const escaped[] = {"\\$", "\\`", "\\\\"};
    unsigned kind = pick(maker, maker->in_backticks ? 6 : maker->depth < DEEPEST ? 12 : 9);
    if (kind < 4) {
        buf_add_slice(meaning, put_value(maker));
    } else if (kind < 6) {
        char c = "ab '#(){};<>&*"[pick(maker, 14)];
        buf_add_char(&maker->text, c);
        buf_add_char(meaning, c);
    } else if (kind == 6) {
        unsigned which = pick(maker, 3);
        buf_add_string(&maker->text, escaped[which]);
        buf_add_char(meaning, escaped[which][1]);
    } else if (kind == 7) {
        buf_add_string(&maker->text, chance(maker, 50) ? "${v}" : "$v");
        buf_add_string(meaning, "V $x'\"");
        if (maker->text.at[maker->text.len - 1] == 'v') {
            buf_add_slice(meaning, put_value(maker));
        }
    } else if (kind == 8 && is_here) {
        buf_add_char(&maker->text, '"');
        buf_add_char(meaning, '"');
    } else if (kind == 8) {
        maker->has_odd |= maker->depth > 0;
        buf_add_string(&maker->text, "${u:-a ");
        buf_add_string(meaning, "a ");
        buf_add_slice(meaning, put_value(maker));
        buf_add_char(&maker->text, '}');
    } else if (kind == 9) {
        put_arithmetic(maker, meaning);
    } else {
        put_captured(maker, meaning);
    }
}

static void put_double(struct maker *maker, struct buf *meaning)
{
    buf_add_char(&maker->text, '"');
    for (unsigned i = pick(maker, 4); i > 0; i--) {
        put_expanded_piece(maker, meaning, false);
    }
    buf_add_char(&maker->text, '"');
}

static void put_word(struct maker *maker, struct buf *meaning)
{
    static const char *const escaped[] = {"\\ ", "\\'", "\\\"", "\\$", "\\#", "\\{", "\\\\"};
    if (chance(maker, 5)) { /* at least one piece makes it a word */
        buf_add_string(&maker->text, "''");
    }
    for (unsigned i = 1 + pick(maker, 3); i > 0; i--) {
        unsigned kind = pick(maker, maker->in_backticks ? 9 : 12);
        if (kind < 5) {
            buf_add_slice(meaning, put_value(maker));
        } else if (kind == 5) {
            put_words_of_letters(maker, meaning);
        } else if (kind == 6) {
            put_single(maker, meaning);
        } else if (kind < 9) {
            put_double(maker, meaning);
        } else if (kind == 9) {
            unsigned which = pick(maker, 7);
            buf_add_string(&maker->text, escaped[which]);
            buf_add_char(meaning, escaped[which][1]);
        } else if (kind == 10 && maker->is_bash) {
            buf_add_string(&maker->text, "$'a\\t\\'");
            buf_add_string(meaning, "a\t'");
            buf_add_slice(meaning, put_value(maker));
            buf_add_string(&maker->text, "\\\\'");
            buf_add_string(meaning, "\\");
        } else {
            buf_add_string(&maker->text, "${u:-");
            buf_add_slice(meaning, put_value(maker));
            put_single(maker, meaning);
            buf_add_string(&maker->text, "\"\"}");
        }
    }
}

/* ---- Here-documents ---- */

struct here {
    const char *word;
    bool is_quoted;
    bool strips_tabs;
};

/* Appends `<<` and the delimiter in any spelling. */
static struct here announce(struct maker *maker, const char *descriptor)
{
    struct here here = {.word = PICK(maker, delimiters), .strips_tabs = chance(maker, 30)};
    unsigned spelling = here.word[0] == '-' ? 1 : pick(maker, 4); /* `<<-` is another thing */
    buf_addf(&maker->text, "%s<<%s%s", descriptor, here.strips_tabs ? "-" : "",
             chance(maker, 30) ? " " : "");
    here.is_quoted = true;
    if (strchr(here.word, '\'') != NULL || (spelling == 0 && strpbrk(here.word, "\"$") == NULL)) {
        buf_addf(&maker->text, "\"%s\"", here.word);
    } else if (spelling == 1 || here.word[0] == '\0' || strpbrk(here.word, " \"$") != NULL) {
        buf_addf(&maker->text, "'%s'", here.word);
    } else if (spelling == 2) {
        buf_addf(&maker->text, "\\%s", here.word);
    } else if (chance(maker, 30)) {
        buf_addf(&maker->text, "%c\"%s\"", here.word[0], here.word + 1);
    } else {
        buf_add_string(&maker->text, here.word);
        here.is_quoted = false;
    }
    return here;
}

static void put_body(struct maker *maker, const struct here *here, struct buf *meaning)
{
    bool in_line = maker->in_line;
    maker->in_line = true;
    maker->depth++;
    for (unsigned lines = pick(maker, 4); lines > 0; lines--) {
        if (here->strips_tabs && chance(maker, 50)) {
            buf_add_string(&maker->text, "\t");
        }
        size_t before = meaning->len;
        if (chance(maker, 20) && !here->is_quoted) { /* a beginning of the delimiter, or all */
            size_t len = pick(maker, (unsigned)strlen(here->word) + 1);
            buf_add(&maker->text, here->word, len);
            buf_add(meaning, here->word, len);
            if (chance(maker, 30) && !maker->in_backticks) {
                buf_add_string(&maker->text, "\\\n");
            }
            buf_add_slice(meaning, put_value(maker));
            maker->has_odd |= len > 0;
        }
        for (unsigned i = 1 + pick(maker, 3); i > 0; i--) {
            if (!here->is_quoted) {
                put_expanded_piece(maker, meaning, true);
            } else if (chance(maker, 60)) {
                buf_add_slice(meaning, put_value(maker));
            } else {
                char c = "ab '\"$`\\#(){}"[pick(maker, maker->in_backticks ? 3 : 13)];
                buf_add_char(&maker->text, c);
                buf_add_char(meaning, c);
            }
        }
        /* Text of its own may not end it, whatever the values are. */
        if (meaning->len == before || here->word[0] == '\0') {
            buf_add_string(&maker->text, ".");
            buf_add_string(meaning, ".");
            maker->has_odd |= here->word[0] == '\0';
        }
        buf_add_char(&maker->text, '\n');
        buf_add_char(meaning, '\n');
    }
    if (here->strips_tabs) {
        buf_add_string(&maker->text, "\t\t");
    }
    buf_addf(&maker->text, "%s\n", here->word);
    maker->depth--;
    maker->in_line = in_line;
}

/* ---- Commands ---- */

static void put_command_to_capture(struct maker *maker, struct buf *meaning)
{
    unsigned kind = pick(maker, maker->in_backticks ? 3 : 6);
    if (kind == 0 && !maker->in_line) {
        buf_add_string(&maker->text, "cat ");
        struct here here = announce(maker, "");
        buf_add_char(&maker->text, '\n');
        maker->has_odd = true; /* a `)` in a line that begins with the delimiter */
        put_body(maker, &here, meaning);
    } else if (kind == 3) {
        buf_add_string(&maker->text, "case x in (y) ;; x) printf %s ");
        put_word(maker, meaning);
        buf_add_string(&maker->text, ";; esac");
    } else if (kind == 4) {
        buf_add_string(&maker->text, " (printf %s ");
        put_word(maker, meaning);
        buf_add_string(&maker->text, ") | cat");
    } else {
        buf_add_string(&maker->text, "printf %s ");
        put_word(maker, meaning);
    }
}

static void end_argument(struct maker *maker)
{
    buf_add_char(&maker->wanted, '\0');
}

static void put_print(struct maker *maker)
{
    buf_add_string(&maker->text, "printf '%s\\0'");
    for (unsigned i = 1 + pick(maker, 3); i > 0; i--) {
        buf_add_string(&maker->text, chance(maker, 5) ? " \\\n" : " ");
        put_word(maker, &maker->wanted);
        end_argument(maker);
    }
    if (chance(maker, 5)) {
        buf_add_string(&maker->text, ">&1");
    }
}

static void put_two_heres(struct maker *maker)
{
    buf_add_string(&maker->text, "{ cat; cat <&3; } ");
    struct here first = announce(maker, "");
    buf_add_char(&maker->text, ' ');
    struct here second = announce(maker, "3");
    if (chance(maker, 30)) {
        buf_add_string(&maker->text, " # it's ");
        (void)put_value(maker);
    }
    buf_add_char(&maker->text, '\n');
    put_body(maker, &first, &maker->wanted);
    put_body(maker, &second, &maker->wanted);
    buf_add_string(&maker->text, "printf '\\0'");
    end_argument(maker);
}

static void put_case(struct maker *maker)
{
    struct buf ignored = BUF_EMPTY;
    unsigned number = pick(maker, VALUES);
    char name = (char)('a' + number);
    static const char *const ways[] = {"{/%c}", "'{/%c}'", "\"{/%c}\""};
    buf_addf(&maker->text, "case '{/%c}' in\n", name);
    buf_addf(&maker->text, PICK(maker, ways), name);
    buf_add_string(&maker->text, ") ");
    put_print(maker);
    buf_add_string(&maker->text, " ;;\n*) printf no;; esac");
    buf_release(&ignored);
}

static void put_statement(struct maker *maker)
{
    static const char *const around[][2] = {
        {"if true; then ", "\nfi"},
        {"f() {\n", "\n}\nf"},
        {"( ", "\n)"},
        {"{ ", "\n}"},
        {"while :; do ", "\nbreak; done"},
        {"if [ a = b ]; then :; else ", "\nfi"},
        {"true && ", ""},
        {"! false || :; ", ""},
        {": $((1<<2)) ; ", ""},
    };
    unsigned kind = pick(maker, 13);
    if (kind == 3) {
        buf_add_string(&maker->text, "cat ");
        struct here here = announce(maker, "");
        buf_add_string(&maker->text, chance(maker, 50) ? " && printf '\\0'\n" : "; printf '\\0'\n");
        put_body(maker, &here, &maker->wanted);
        buf_add_char(&maker->text, ':');
        end_argument(maker);
    } else if (kind == 4) {
        put_two_heres(maker);
    } else if (kind == 5) {
        buf_add_string(&maker->text, "# it's \" $( <<EOF ");
        (void)put_value(maker);
        buf_add_string(&maker->text, "\n:");
    } else if (kind == 6) {
        put_case(maker);
    } else if (kind == 7) {
        buf_add_string(&maker->text, "x=");
        put_captured(maker, &maker->wanted);
        buf_add_string(&maker->text, "; printf '%s\\0' \"$x\"");
        end_argument(maker);
    } else if (kind == 8) {
        buf_add_string(&maker->text, "for i in ");
        put_word(maker, &maker->wanted);
        end_argument(maker);
        buf_add_string(&maker->text, "; do printf '%s\\0' \"$i\"; done");
    } else if (kind == 9) {
        buf_add_string(&maker->text, "sh -c 'printf \"%s\\0\" \"$1\"' sh ");
        put_word(maker, &maker->wanted);
        end_argument(maker);
    } else if (kind == 10 && maker->is_bash) {
        buf_add_string(&maker->text, "cat <<< ");
        put_word(maker, &maker->wanted);
        buf_add_string(&maker->wanted, "\n");
    } else if (kind == 11 && maker->is_bash) {
        buf_add_string(&maker->text, "((1 << 2)); [[ a < b ]] && printf '%s\\0' ");
        put_word(maker, &maker->wanted);
        end_argument(maker);
    } else if (kind > 9 && maker->depth < DEEPEST) {
        unsigned which = pick(maker, sizeof around / sizeof around[0]);
        maker->depth++;
        buf_add_string(&maker->text, around[which][0]);
        put_statement(maker);
        buf_add_string(&maker->text, around[which][1]);
        maker->depth--;
    } else {
        put_print(maker);
    }
}

static void put_heap(struct maker *maker)
{
    static const char *const tokens[] = {
        "'",         "\"",      "`",         "$(",    ")",    "(",          "${u:-", "${v#",
        "}",         "{",       "$((",       "))",    "((",   "$'",         "$\"",   "\\",
        "\\\n",      "\n",      "\n",        "\n",    " ",    " ",          "<<EOF", "<<E",
        "<<-EOF",    "<<'EOF'", "<<\"E F\"", "<<\\E", "<<''", "<<-'E'",     "EOF\n", "E\n",
        "\nEOF\n",   "\nE\n",   "E F\n",     "#",     " #",   "case x in ", "esac",  ";;",
        ";",         "&&",      "|",         "x) ",   "if ",  "fi",         "cat ",  "printf %s ",
        "<",         ">",       "<(",        "$",     "$$",   "[[ ",        " ]]",   " -eq ",
        "a[",        "]=",      "<<<",       "<<",    "$[",   "]",          "!",     "2",
        "=",         "x=",      "\t",        "in ",   "\\'",  "\\\"",       "\\`",   "\\$",
        "{ ",        "; }",     "$#",        "$@",    "<<$x", "<<\"a\\b\"", "3<<E",  "1<<2",
        "for i in ", "do ",     "done",
    };
    maker->has_no_meaning = true;
    maker->has_odd = true;
    for (unsigned i = 4 + pick(maker, 30); i > 0; i--) {
        if (chance(maker, 30)) {
            (void)put_value(maker);
        } else {
            buf_add_string(&maker->text, PICK(maker, tokens));
        }
    }
}

static void make_command(struct maker *maker, bool is_heap)
{
    buf_clear(&maker->text);
    buf_clear(&maker->wanted);
    maker->depth = 0;
    maker->has_odd = maker->has_no_meaning = maker->in_backticks = maker->in_line = false;
    maker->is_simple = chance(maker, 25);
    for (size_t i = 0; i < VALUES; i++) {
        make_value(maker, &maker->values[i]);
    }
    if (is_heap) {
        put_heap(maker);
        return;
    }
    buf_add_string(&maker->text, "v='V $x'\\''\"'\n");
    for (unsigned i = 1 + pick(maker, 3); i > 0; i--) {
        put_statement(maker);
        buf_add_char(&maker->text, '\n');
    }
    buf_add_string(&maker->text, "printf end\n");
    buf_add_string(&maker->wanted, "end");
}

/* ---- Filling and executing ---- */

/* 0, or -1 where the command is refused. */
static int fill(struct maker *maker, const struct template *template, struct buf *command)
{
    struct filling filling;
    struct slice shell = slice_of(maker->is_bash ? "bash" : "sh");
    buf_clear(command);
    filling_init(&filling, template, shell, command);
    for (size_t i = 0; i < template->part_count; i++) {
        filling_next(&filling);
        if (template->parts[i].kind == TEMPLATE_POINTER) {
            filling_add(&filling, buf_slice(&maker->values[template->parts[i].text.at[1] - 'a']));
        }
    }
    int result = filling_end(&filling);
    filling_release(&filling);
    return template->here_error == HERE_FINE ? result : -1;
}

static void execute(const char *shell, const char *command, struct buf *out)
{
    int ends[2];
    char bytes[65536];
    buf_clear(out);
    if (pipe(ends) != 0) {
        exit(9);
    }
    pid_t child = fork();
    if (child == 0) {
        struct rlimit seconds = {2, 2};
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        setrlimit(RLIMIT_CPU, &seconds);
        alarm(20);
        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp(shell, shell, "-c", command, (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    for (ssize_t len = 1; len > 0;) {
        len = read(ends[0], bytes, sizeof bytes);
        buf_add(out, bytes, len > 0 ? (size_t)len : 0);
    }
    close(ends[0]);
    waitpid(child, &(int){0}, 0);
}

/* Whether a value was executed. Empties the folder. */
static bool find_executed(void)
{
    bool found = false;
    DIR *folder = opendir(".");
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        found |= strcmp(entry->d_name, "EXECUTED") == 0;
        unlink(entry->d_name);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return found;
}

static void show(const char *what, struct slice bytes)
{
    printf("  %s: ", what);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if (c == '\n') {
            printf("\n    ");
        } else if (c < ' ' || c > '~') {
            printf("<%02x>", c);
        } else {
            putchar(c);
        }
    }
    printf("\n");
}

struct counts {
    unsigned long commands, executed, refused, simple, failures;
};

static void report(struct maker *maker, unsigned long number, const char *what,
                   const struct buf *command, const struct buf *got, struct counts *counts)
{
    counts->failures++;
    printf("command %lu, %s: %s\n", number, maker->is_bash ? "bash" : "dash", what);
    show("template", buf_slice(&maker->text));
    for (size_t i = 0; i < VALUES; i++) {
        show("value", buf_slice(&maker->values[i]));
    }
    show("command", buf_slice(command));
    show("wanted", buf_slice(&maker->wanted));
    show("got", buf_slice(got));
}

static void try_command(struct maker *maker, unsigned long number, struct counts *counts)
{
    struct arena arena;
    struct diag diag;
    struct template template;
    struct source source = {.name = "Rowfile", .text = buf_slice(&maker->text)};
    struct buf command = BUF_EMPTY;
    struct buf got = BUF_EMPTY;
    arena_init(&arena);
    diag_init(&diag);
    (void)template_parse(&template, source.text, DIALECT_ROWFILE, false, &arena, &source, 0, &diag);
    counts->commands++;
    bool must_do = maker->is_simple && !maker->has_odd;
    counts->simple += must_do;
    if (fill(maker, &template, &command) != 0) {
        counts->refused++;
        if (must_do) {
            report(maker, number, "simple values are refused", &command, &got, counts);
        }
    } else {
        execute(maker->is_bash ? "bash" : "dash", buf_string(&command), &got);
        counts->executed++;
        bool is_right =
            maker->has_no_meaning || slice_equal(buf_slice(&got), buf_slice(&maker->wanted));
        if (find_executed()) {
            report(maker, number, "A VALUE WAS EXECUTED", &command, &got, counts);
        } else if (!is_right) {
            report(maker, number, "wrong", &command, &got, counts);
        }
    }
    buf_release(&got);
    buf_release(&command);
    diag_release(&diag);
    arena_release(&arena);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 3000;
    struct maker maker = {0};
    struct counts counts = {0};
    char folder[] = "/tmp/random-shell-XXXXXX";
    unsetenv("u");
    unsetenv("BASH_ENV");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        return 9;
    }
    for (unsigned long i = 0; i < count && counts.failures < MOST_FAILURES; i++) {
        maker.random = (seed * 1000003 + i + 1) * 0x9e3779b97f4a7c15u;
        maker.is_bash = i % 2 == 1;
        make_command(&maker, i / 2 % 4 == 3);
        try_command(&maker, i, &counts);
    }
    printf(
        "%lu commands: %lu executed, %lu refused (%.0f%%), %lu with simple values, %lu failures\n",
        counts.commands, counts.executed, counts.refused,
        100.0 * (double)counts.refused / (double)counts.commands, counts.simple, counts.failures);
    for (size_t i = 0; i < VALUES; i++) {
        buf_release(&maker.values[i]);
    }
    buf_release(&maker.text);
    buf_release(&maker.wanted);
    if (chdir("/") != 0 || rmdir(folder) != 0) {
        return 9;
    }
    return counts.failures == 0 ? 0 : 1;
}
