#include "setup.h"

#include "setup_functions.h"
#include "text.h"
#include "vec.h"

#include <string.h>

/* ---- The script ---- */

/* Letters that ulimit has in bash and in dash. */
#define LIMITS                                                                                     \
    "(\\unset -f command ulimit umask printf 2>/dev/null; \\command umask >&3\n"                   \
    "for rowbuild_limit in c d f l m n s t v; do\n"                                                \
    "for rowbuild_kind in S H; do\n"                                                               \
    "\\command printf 'ulimit -%s -%s %s\\n' \"$rowbuild_kind\" \"$rowbuild_limit\" "              \
    "\"$(\\command ulimit \"-$rowbuild_kind\" \"-$rowbuild_limit\" 2>/dev/null)\" >&3\n"           \
    "done\ndone) 3>"

/* Options come last: what stands before them is read without them. */
static const char OF_BASH_OPTIONS[] = "if [ -n \"${BASH_VERSION-}\" ]; then\n\\builtin set +o >";

static const char OF_BASH[] =
    "\n(\\builtin set +e +u +x +f +n; \\builtin unset -f builtin compgen declare echo read shopt\n"
    "\\builtin shopt -p | while IFS= \\builtin read -r rowbuild_line; do\n"
    "case $rowbuild_line in *login_shell | *restricted_shell) ;;\n"
    "*) \\builtin echo \"$rowbuild_line || :\" ;; esac\ndone\n"
    "\\builtin declare -f\n"
    "\\builtin declare -Fx\n"
    "rowbuild_exported=\"\n$(\\builtin compgen -e)\n\"\n"
    "\\builtin compgen -v | while IFS= \\builtin read -r rowbuild_name; do\n"
    "case $rowbuild_name in\n"
    "_ | BASH | BASHOPTS | BASHPID | BASH_ALIASES | BASH_ARGC | BASH_ARGV | BASH_ARGV0 | BASH_CMDS "
    "| "
    "BASH_COMMAND | BASH_ENV | BASH_EXECUTION_STRING | BASH_LINENO | BASH_LOADABLES_PATH | "
    "BASH_MONOSECONDS | BASH_REMATCH | BASH_SOURCE | BASH_SUBSHELL | BASH_TRAPSIG | BASH_VERSINFO "
    "| "
    "BASH_VERSION | BASH_XTRACEFD | COMP_CWORD | COMP_KEY | COMP_LINE | COMP_POINT | COMP_TYPE | "
    "COMP_WORDBREAKS | COMP_WORDS | DIRSTACK | EPOCHREALTIME | EPOCHSECONDS | EUID | FUNCNAME | "
    "GROUPS | "
    "HISTCMD | LINENO | OLDPWD | OPTERR | OPTIND | PIPESTATUS | PPID | PWD | RANDOM | SECONDS | "
    "SHELLOPTS | SHLVL | SRANDOM | UID | rowbuild_*) continue ;;\nesac\n"
    "case $rowbuild_exported in *\"\n$rowbuild_name\n\"*) continue ;; esac\n"
    "\\builtin declare -p -- \"$rowbuild_name\" 2>/dev/null\n"
    "done\n\\builtin alias -p) >";

static const char OF_OTHERS[] = "\nelse\n(\\set) >";

static void add_file(struct buf *out, const char *folder, const char *name)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", folder, name);
    text_add_shell_word(out, buf_slice(&path));
    buf_release(&path);
}

void setup_add_script(const struct action *action, const char *folder, struct buf *out)
{
    const struct interpreter *interpreter = &action->interpreter;
    buf_add_string(out, LIMITS);
    add_file(out, folder, SETUP_BEFORE);
    /* Only the last status of the setup counts. What `module` and the scripts of compilers read may
     * be unset, whatever the command wants. */
    buf_add_string(out, interpreter->stops ? "\nset +e" : "");
    buf_add_string(out, interpreter->refuses_unset ? "\nset +u" : "");
    buf_add_string(out, "\n. ");
    add_file(out, folder, SETUP_TEXT);
    buf_add_string(out, " || exit\n");
    buf_add_string(out, interpreter->refuses_unset ? "\\set -u\n" : "");
    buf_add_string(out, interpreter->stops ? "\\set -e\n" : "");
    buf_add_string(out, LIMITS);
    add_file(out, folder, SETUP_AFTER);
    buf_add_string(out, "\n(\\unset -f command pwd 2>/dev/null; \\command pwd -P) >");
    add_file(out, folder, SETUP_FOLDER);
    buf_add_char(out, '\n');
    buf_add_string(out, OF_BASH_OPTIONS);
    add_file(out, folder, SETUP_OPTIONS);
    buf_add_string(out, OF_BASH);
    add_file(out, folder, SETUP_SHELL);
    buf_add_string(out, OF_OTHERS);
    add_file(out, folder, SETUP_SHELL);
    buf_add_string(out, "\nfi\n\\exec /usr/bin/env -0 >");
    add_file(out, folder, SETUP_ENVIRONMENT);
    buf_add_char(out, '\n');
}

/* ---- Variables ---- */

/* Set by each shell for itself. */
static bool is_the_shells_own(struct slice name)
{
    static const char *const names[] = {"_",    "SHLVL",  "PWD",   "OLDPWD", "PPID",
                                        "PS1",  "PS2",    "PS4",   "OPTIND", "LINENO",
                                        "MAIL", "RANDOM", "OPTERR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_identifier(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.len > 0;
}

static struct slice name_of(struct slice entry)
{
    const char *equals = entry.len > 0 ? memchr(entry.at, '=', entry.len) : NULL;
    return slice_make(entry.at, equals != NULL ? (size_t)(equals - entry.at) : entry.len);
}

static bool take_entry(struct slice *text, struct slice *entry)
{
    if (text->len == 0) {
        return false;
    }
    const char *end = memchr(text->at, '\0', text->len);
    size_t len = end != NULL ? (size_t)(end - text->at) : text->len;
    size_t whole = len + (end != NULL);
    *entry = slice_make(text->at, len);
    *text = slice_make(text->at + whole, text->len - whole);
    return true;
}

static bool was_there(char *const *started, struct slice entry)
{
    for (; *started != NULL; started++) {
        if (slice_equal(slice_of(*started), entry)) {
            return true;
        }
    }
    return false;
}

/* Whether a variable is in the environment that was left. */
static bool is_exported(struct slice environment, struct slice name)
{
    struct slice entry;
    while (take_entry(&environment, &entry)) {
        if (slice_equal(name_of(entry), name)) {
            return true;
        }
    }
    return false;
}

static void take_variables(struct slice environment, char *const *started,
                           struct launch_setup *left, struct arena *arena)
{
    VEC(char *) set = {0};
    VEC(char *) unset = {0};
    struct slice rest = environment;
    struct slice entry;
    while (take_entry(&rest, &entry)) {
        if (!is_the_shells_own(name_of(entry)) && !was_there(started, entry)) {
            vec_push(&set, arena_string(arena, entry));
        }
    }
    for (; *started != NULL; started++) {
        struct slice name = name_of(slice_of(*started));
        /* a shell that can't name a variable (dash, an exported function) drops it unasked */
        if (is_identifier(name) && !is_the_shells_own(name) && !is_exported(environment, name)) {
            vec_push(&unset, arena_string(arena, name));
        }
    }
    left->set_count = set.count;
    left->set = arena_array(arena, set.count + 1, sizeof *left->set);
    for (size_t i = 0; i < set.count; i++) {
        left->set[i] = set.at[i];
    }
    left->unset_count = unset.count;
    left->unset = arena_array(arena, unset.count + 1, sizeof *left->unset);
    for (size_t i = 0; i < unset.count; i++) {
        left->unset[i] = unset.at[i];
    }
    vec_release(&set);
    vec_release(&unset);
}

/* ---- The text that commands read ---- */

static bool take_line(struct slice *text, struct slice *line)
{
    if (text->len == 0) {
        return false;
    }
    const char *newline = memchr(text->at, '\n', text->len);
    size_t len = newline != NULL ? (size_t)(newline - text->at) : text->len;
    size_t whole = len + (newline != NULL);
    *line = slice_make(text->at, len);
    *text = slice_make(text->at + whole, text->len - whole);
    return true;
}

/* The umask and those limits that are others now. The first line is the umask. */
static void add_limits(struct slice before, struct slice after, struct buf *out)
{
    struct slice old;
    struct slice new;
    for (bool is_first = true; take_line(&before, &old) && take_line(&after, &new);
         is_first = false) {
        if (!slice_equal(old, new)) {
            buf_addf(out, is_first ? "umask %.*s\n" : "%.*s || :\n", SLICE_ARGS(new));
        }
    }
}

/* The end of a value as `set` prints it: quoted parts, and plain ones. SIZE_MAX: not one. */
static size_t end_of_value(struct slice text)
{
    size_t i = 0;
    while (i < text.len && text.at[i] != '\n') {
        char c = text.at[i];
        if (c == '\'' || c == '"') {
            const char *end = memchr(text.at + i + 1, c, text.len - i - 1);
            if (end == NULL) {
                return SIZE_MAX;
            }
            i = (size_t)(end - text.at);
        } else if (c == '\\' || c == '$' || c == '`' || c == ' ' || c == ';' || c == '(') {
            return SIZE_MAX;
        }
        i++;
    }
    return i;
}

/* Variables that aren't exported, from what `set` prints. */
static void add_plain_variables(struct slice text, struct slice environment, struct buf *out)
{
    while (text.len > 0) {
        const char *equals = memchr(text.at, '=', text.len);
        size_t len = equals != NULL ? (size_t)(equals - text.at) : text.len;
        struct slice name = slice_make(text.at, len);
        if (equals == NULL || !is_identifier(name)) {
            return;
        }
        size_t end = end_of_value(slice_make(equals + 1, text.len - len - 1));
        if (end == SIZE_MAX) {
            return;
        }
        size_t whole = len + 1 + end;
        if (!is_the_shells_own(name) && !slice_is(name, "IFS") && !is_exported(environment, name)) {
            buf_add(out, text.at, whole);
            buf_add_char(out, '\n');
        }
        whole += whole < text.len;
        text = slice_make(text.at + whole, text.len - whole);
    }
}

bool setup_take(const struct setup_files *files, char *const *started, struct slice project,
                struct slice setup, struct launch_setup *left, struct arena *arena,
                struct buf *state)
{
    struct slice folder = files->folder;
    if (files->environment.len == 0 || folder.len == 0) {
        return false;
    }
    folder.len -= folder.at[folder.len - 1] == '\n';
    if (!slice_equal(folder, project)) {
        buf_add_string(state, "cd ");
        text_add_shell_word(state, folder);
        buf_add_string(state, " || exit\n");
    }
    add_limits(files->before, files->after, state);
    if (files->options.len > 0) {
        buf_add_slice(state, files->shell);
        buf_add_slice(state, files->options);
    } else {
        add_plain_variables(files->shell, files->environment, state);
        if (!setup_add_functions(setup, state)) {
            left->is_unclear = true;
            return false;
        }
    }
    take_variables(files->environment, started, left, arena);
    return true;
}
