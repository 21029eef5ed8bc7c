#include "template.h"

#include "buf.h"
#include "json.h"
#include "text.h"
#include "vec.h"

#include <ctype.h>

/* The spelling and kind of each template. */
static const struct {
    const char *name;
    enum template_kind kind;
} named_templates[] = {
    {"directory", TEMPLATE_DIRECTORY},
    {"directories", TEMPLATE_DIRECTORIES},
    {"workspace_path", TEMPLATE_WORKSPACE},
    {"project", TEMPLATE_PROJECT},
    {"value", TEMPLATE_VALUE},
    {"products", TEMPLATE_PRODUCTS},
    {"inputs", TEMPLATE_INPUTS},
};

enum {
    NAMED_TEMPLATES = sizeof named_templates / sizeof named_templates[0],
    SHORTEST_MEANT = 3, /* `{dir}`; shorter words mean anything */
};

struct parser {
    struct template *template;
    enum template_dialect dialect;
    bool raw;
    struct arena *arena;
    const struct source *source;
    size_t offset; /* of the text in the source */
    struct diag *diag;
    struct slice text;
    size_t at;
    struct shell_text shell;
    VEC(struct template_part) parts;
    VEC(struct template_here) heres;
    VEC(struct template_word) words;
    size_t odd_at; /* of a delimiter on which shells disagree, if odd_length > 0 */
    size_t odd_length;
    struct buf literal; /* literal text that isn't a part yet */
    size_t literal_at;
    bool ends_in_backslash; /* `literal` ends in a backslash that is literal inside "…" */
    size_t errors;
};

static void report(struct parser *parser, size_t at, size_t len, const char *message)
{
    parser->errors++;
    diag_error_at(parser->diag, FINDING_WRONG_TEMPLATE, parser->source, parser->offset + at, len,
                  "%s", message);
}

static void flush_literal(struct parser *parser)
{
    if (parser->literal.len > 0) {
        vec_push(&parser->parts,
                 (struct template_part){
                     .kind = TEMPLATE_TEXT,
                     .place = PLACE_RAW,
                     .text = arena_slice(parser->arena, buf_slice(&parser->literal)),
                     .offset = parser->literal_at,
                 });
        buf_clear(&parser->literal);
    }
}

static void add_literal(struct parser *parser, size_t at, struct slice bytes)
{
    if (parser->literal.len == 0) {
        parser->literal_at = at;
    }
    buf_add_slice(&parser->literal, bytes);
}

/* The text between the braces at `at`, which has no braces or newlines; at == NULL if nothing
 * closes them. */
static struct slice between_braces(struct slice text, size_t at)
{
    for (size_t i = at + 1; i < text.len; i++) {
        char c = text.at[i];
        if (c == '}') {
            return slice_make(text.at + at + 1, i - at - 1);
        }
        if (c == '{' || c == '\n' || c == '\0') {
            break;
        }
    }
    return (struct slice){0};
}

static bool find_template(enum template_dialect dialect, struct slice inside,
                          enum template_kind *kind)
{
    if (inside.at == NULL) {
        return false;
    }
    if (inside.len == 0) {
        *kind = TEMPLATE_VALUE;
        return dialect == DIALECT_ROW;
    }
    if (inside.at[0] == '/') {
        *kind = TEMPLATE_POINTER;
        return json_pointer_is_valid(inside);
    }
    for (size_t i = 0; i < NAMED_TEMPLATES; i++) {
        if (slice_is(inside, named_templates[i].name)) {
            *kind = named_templates[i].kind;
            return true;
        }
    }
    return false;
}

static void note_use(struct template *template, enum template_kind kind)
{
    template->uses_directory |= kind == TEMPLATE_DIRECTORY;
    template->uses_directories |= kind == TEMPLATE_DIRECTORIES;
    template->uses_value |= kind == TEMPLATE_VALUE;
    template->uses_pointers |= kind == TEMPLATE_POINTER;
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* `$name` directly before a template becomes `${name}`; otherwise the value could extend the
 * variable's name. */
static void close_variable(struct buf *literal)
{
    size_t begin = literal->len;
    while (begin > 0 && is_name_character(literal->at[begin - 1])) {
        begin--;
    }
    if (begin == literal->len || begin == 0 || literal->at[begin - 1] != '$' ||
        isdigit((unsigned char)literal->at[begin])) {
        return;
    }
    size_t dollars = 1; /* `$$` is a variable of its own */
    while (dollars < begin && literal->at[begin - 1 - dollars] == '$') {
        dollars++;
    }
    size_t backslashes = 0;
    while (dollars + backslashes < begin &&
           literal->at[begin - 1 - dollars - backslashes] == '\\') {
        backslashes++;
    }
    if ((dollars - backslashes % 2) % 2 == 1) {
        struct buf name = BUF_EMPTY;
        buf_add(&name, literal->at + begin, literal->len - begin);
        literal->len = begin;
        buf_addf(literal, "{%s}", buf_string(&name));
        buf_release(&name);
    }
}

static enum template_place place_of(const struct parser *parser)
{
    if (parser->raw) {
        return PLACE_RAW;
    }
    switch (shell_text_place(&parser->shell)) {
    case SHELL_SINGLE:
        return PLACE_SINGLE;
    case SHELL_DOUBLE:
        return PLACE_DOUBLE;
    case SHELL_HERE:
        return PLACE_HERE;
    case SHELL_HERE_LITERAL:
        return PLACE_HERE_LITERAL;
    default:
        return PLACE_BARE;
    }
}

static void prepare_text_before(struct parser *parser, size_t at)
{
    if (parser->raw) {
        return;
    }
    if (shell_text_place(&parser->shell) == SHELL_ANSI) {
        add_literal(parser, at, SLICE_LITERAL("'"));
    } else if (shell_text_expands(&parser->shell)) {
        close_variable(&parser->literal);
        if (parser->ends_in_backslash) {
            add_literal(parser, at, SLICE_LITERAL("\\"));
        }
    }
}

static void add_text_behind(struct parser *parser, size_t end)
{
    if (parser->raw) {
        return;
    }
    struct slice text = parser->text;
    size_t next = end;
    while (next + 1 < text.len && text.at[next] == '\\' && text.at[next + 1] == '\n') {
        next += 2;
    }
    bool redirects = next < text.len && (text.at[next] == '<' || text.at[next] == '>') &&
                     shell_text_care(&parser->shell) != SHELL_NUMBER;
    if (shell_text_place(&parser->shell) == SHELL_ANSI) {
        add_literal(parser, end, SLICE_LITERAL("$'"));
    } else if (redirects && place_of(parser) == PLACE_BARE) {
        add_literal(parser, end, SLICE_LITERAL("''"));
    }
}

/* Determines what the shell does with a value at the template's place. */
static void judge_part(struct parser *parser, struct template_part *part)
{
    const struct shell_text *shell = &parser->shell;
    if (parser->raw) {
        return;
    }
    part->care = shell_text_care(shell);
    if (part->care == SHELL_ANY && shell_text_place(shell) != SHELL_HERE_LITERAL &&
        shell_evaluates(parser->text, part->offset)) {
        part->care = SHELL_HARMLESS;
    }
    part->is_unclear_in_sh = shell->is_unclear_in_sh;
    part->in_here = shell_text_in_here(shell);
    part->in_backticks = shell_text_backticks(shell) > 0;
    parser->template->is_delicate |= part->care != SHELL_ANY || part->is_unclear_in_sh ||
                                     part->in_here || parser->heres.count > 0;
}

static void note_here_error(struct parser *parser, enum template_here_error error, size_t at,
                            size_t len)
{
    if (parser->template->here_error == HERE_FINE) {
        parser->template->here_error = error;
        parser->template->here_offset = at;
        parser->template->here_length = len;
    }
}

/* The unit at `at` may have announced a here-document. */
static void note_here(struct parser *parser, size_t at, size_t len)
{
    const struct shell_here *here = &parser->shell.announced;
    enum template_kind kind;
    struct buf word = BUF_EMPTY;
    if (!parser->shell.has_announced) {
        return;
    }
    shell_here_add_word(here, &word);
    vec_push(&parser->heres, (struct template_here){
                                 .word = arena_slice(parser->arena, buf_slice(&word)),
                                 .in_substitution = here->in_substitution,
                                 .strips_tabs = here->strips_tabs,
                                 .first_part = parser->parts.count,
                             });
    buf_release(&word);
    for (size_t i = at; i < at + len; i++) {
        if (parser->text.at[i] == '{' &&
            find_template(parser->dialect, between_braces(parser->text, i), &kind)) {
            note_here_error(parser, HERE_NAMED_BY_TEMPLATE, at, len);
        }
    }
    if (here->is_odd && parser->odd_length == 0) {
        parser->odd_at = at;
        parser->odd_length = len;
    }
}

static void add_template(struct parser *parser, enum template_kind kind, struct slice inside)
{
    size_t at = parser->at;
    size_t end = at + inside.len + 2;
    struct template *template = parser->template;
    note_use(template, kind);
    if (!parser->raw && shell_text_place(&parser->shell) == SHELL_COMMENT) {
        add_literal(parser, at, slice_make(parser->text.at + at, end - at));
        parser->at = end;
        return;
    }
    if (parser->odd_length > 0) {
        note_here_error(parser, HERE_ODD_DELIMITER, parser->odd_at, parser->odd_length);
    }
    prepare_text_before(parser, at);
    flush_literal(parser);
    struct template_part part = {
        .kind = kind,
        .place = place_of(parser),
        .text = kind == TEMPLATE_POINTER ? arena_slice(parser->arena, inside) : (struct slice){0},
        .offset = at,
    };
    judge_part(parser, &part);
    vec_push(&parser->parts, part);
    if (!parser->raw) {
        if (!template->nested_shell && shell_text_is_nested(&parser->shell)) {
            template->nested_shell = true;
            template->nested_offset = at;
        }
        shell_text_put(&parser->shell);
    }
    add_text_behind(parser, end);
    parser->at = end;
}

/* `{{directory}}` → `{directory}` */
static bool take_doubled(struct parser *parser)
{
    struct slice text = parser->text;
    size_t at = parser->at;
    if (at + 1 >= text.len || text.at[at + 1] != '{') {
        return false;
    }
    struct slice inside = between_braces(text, at + 1);
    enum template_kind kind;
    size_t end = at + inside.len + 3;
    if (!find_template(parser->dialect, inside, &kind) || end >= text.len || text.at[end] != '}') {
        return false;
    }
    add_literal(parser, at, slice_make(text.at + at + 1, inside.len + 2));
    if (!parser->raw) {
        shell_text_put(&parser->shell);
    }
    parser->at = end + 1;
    return true;
}

static bool is_identifier(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (!is_name_character(word.at[i])) {
            return false;
        }
    }
    return word.len > 0;
}

static struct slice without_blanks(struct slice word)
{
    while (word.len > 0 && word.at[0] == ' ') {
        word = slice_make(word.at + 1, word.len - 1);
    }
    while (word.len > 0 && word.at[word.len - 1] == ' ') {
        word.len--;
    }
    return word;
}

/* The name that `{inside}` was probably meant to be, or NULL. */
static const char *meant_template(struct slice inside)
{
    struct slice names[NAMED_TEMPLATES];
    struct slice word = inside.at == NULL ? inside : without_blanks(inside);
    if (word.len < SHORTEST_MEANT || !is_identifier(word)) {
        return NULL;
    }
    for (size_t i = 0; i < NAMED_TEMPLATES; i++) {
        names[i] = slice_of(named_templates[i].name);
        if (word.len <= names[i].len && strncasecmp(word.at, names[i].at, word.len) == 0) {
            return named_templates[i].name; /* `{dir}`, `{Directory}` */
        }
    }
    if (slice_is(word, "dirs")) {
        return "directories";
    }
    if (slice_is(word, "output") || slice_is(word, "outputs")) {
        return "products";
    }
    if (word.len == SHORTEST_MEANT) {
        return NULL;
    }
    int nearest = text_nearest(word, names, NAMED_TEMPLATES);
    return nearest < 0 ? NULL : named_templates[nearest].name;
}

/* A word in braces that may be a key of the values: not the shell's `${x}`, nor doubled braces. */
static void note_word(struct parser *parser, struct slice inside, const char *meant)
{
    struct slice text = parser->text;
    size_t at = parser->at;
    char before = '\0';
    if (at > 0) {
        before = text.at[at - 1];
    }
    bool in_comment = !parser->raw && shell_text_place(&parser->shell) == SHELL_COMMENT;
    if (inside.at == NULL || in_comment || before == '$' || before == '{' || before == '\\') {
        return;
    }
    struct slice word = without_blanks(inside);
    const char *format = word.len > 0 ? memchr(word.at, ':', word.len) : NULL;
    if (format != NULL) { /* `{x:.3f}` */
        word.len = (size_t)(format - word.at);
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!is_name_character(word.at[i]) && strchr(".-/", word.at[i]) == NULL) {
            return;
        }
    }
    if (word.len > 0) {
        vec_push(&parser->words, (struct template_word){.word = arena_slice(parser->arena, word),
                                                        .offset = at,
                                                        .length = inside.len + 2,
                                                        .meant = meant});
    }
}

/* A brace that begins no template. */
static void judge_brace(struct parser *parser)
{
    struct slice text = parser->text;
    size_t at = parser->at;
    struct slice inside = between_braces(text, at);
    size_t len = inside.at != NULL ? inside.len + 2 : 1;
    const char *meant = meant_template(inside);
    bool is_variable = at > 0 && text.at[at - 1] == '$';
    note_word(parser, inside, meant);
    struct buf message = BUF_EMPTY;
    if (parser->dialect == DIALECT_ROW) {
        buf_addf(&message, "`%.*s` is not a template, and a workflow.toml allows no other braces",
                 (int)(len > 40 ? 40 : len), text.at + at);
        if (is_variable && inside.at != NULL && is_identifier(inside)) {
            buf_addf(&message, "; write `$%.*s`", SLICE_ARGS(inside));
        } else if (meant != NULL) {
            buf_addf(&message, "; did you mean `{%s}`?", meant);
        } else {
            buf_add_string(&message, "; move them to a script, or name the file Rowfile");
        }
        report(parser, at, len, buf_string(&message));
    } else if (meant != NULL && !is_variable) {
        diag_warning_at(parser->diag, FINDING_NOT_A_TEMPLATE, parser->source, parser->offset + at,
                        len, "`%.*s` is not a template and stays as it is; did you mean `{%s}`?",
                        (int)len, text.at + at, meant);
    }
    buf_release(&message);
}

/* `${directory}`: the shell's variable, most likely not what was meant. */
static void judge_variable(struct parser *parser, size_t at)
{
    enum template_kind kind;
    struct slice inside = between_braces(parser->text, at);
    if (find_template(DIALECT_ROWFILE, inside, &kind) && kind != TEMPLATE_POINTER) {
        diag_warning_at(parser->diag, FINDING_SHELL_VARIABLE, parser->source,
                        parser->offset + at - 1, inside.len + 3,
                        "`${%.*s}` is a variable of the shell; the template is `{%.*s}`",
                        SLICE_ARGS(inside), SLICE_ARGS(inside));
    }
}

static void judge_unit(struct parser *parser, size_t at, size_t len)
{
    for (size_t i = at; i < at + len; i++) {
        char c = parser->text.at[i];
        if (parser->dialect == DIALECT_ROW && (c == '{' || c == '}')) {
            parser->at = i;
            judge_brace(parser);
        } else if (parser->dialect == DIALECT_ROWFILE && c == '{' && i > at &&
                   parser->text.at[i - 1] == '$') {
            judge_variable(parser, i);
        } else if (parser->dialect == DIALECT_ROWFILE && c == '{' && i == at) {
            judge_brace(parser);
        }
    }
    parser->at = at;
}

static void take_text(struct parser *parser)
{
    size_t at = parser->at;
    size_t len = parser->raw ? 1 : shell_text_step(&parser->shell, parser->text, at);
    note_here(parser, at, len);
    judge_unit(parser, at, len);
    add_literal(parser, at, slice_make(parser->text.at + at, len));
    parser->ends_in_backslash = len == 1 && parser->text.at[at] == '\\';
    /* In row's dialect nothing inside braces is examined again. */
    if (parser->dialect == DIALECT_ROW && parser->text.at[at + len - 1] == '{') {
        struct slice inside = between_braces(parser->text, at + len - 1);
        if (inside.at != NULL) {
            add_literal(parser, at + len, slice_make(inside.at, inside.len + 1));
            len += inside.len + 1;
        }
    }
    parser->at = at + len;
}

static void parse_text(struct parser *parser)
{
    while (parser->at < parser->text.len) {
        bool is_brace = parser->text.at[parser->at] == '{';
        struct slice inside =
            is_brace ? between_braces(parser->text, parser->at) : (struct slice){0};
        enum template_kind kind;
        if (is_brace && take_doubled(parser)) {
            parser->ends_in_backslash = false;
        } else if (is_brace && find_template(parser->dialect, inside, &kind)) {
            add_template(parser, kind, inside);
            parser->ends_in_backslash = false;
        } else {
            take_text(parser);
        }
    }
    flush_literal(parser);
}

int template_parse(struct template *template, struct slice text, enum template_dialect dialect,
                   bool raw, struct arena *arena, const struct source *source, size_t offset,
                   struct diag *diag)
{
    struct parser parser = {
        .template = template,
        .dialect = dialect,
        .raw = raw,
        .arena = arena,
        .source = source,
        .offset = offset,
        .diag = diag,
    };
    *template = (struct template){.text = arena_slice(arena, text), .offset = offset};
    parser.text = template->text;
    shell_text_init(&parser.shell);
    parse_text(&parser);
    template->part_count = parser.parts.count;
    template->parts = arena_array(arena, parser.parts.count, sizeof *template->parts);
    if (parser.parts.count > 0) {
        memcpy(template->parts, parser.parts.at, parser.parts.count * sizeof *template->parts);
    }
    template->here_count = parser.heres.count;
    template->heres = arena_array(arena, parser.heres.count, sizeof *template->heres);
    if (parser.heres.count > 0) {
        memcpy(template->heres, parser.heres.at, parser.heres.count * sizeof *template->heres);
    }
    template->word_count = parser.words.count;
    template->words = arena_array(arena, parser.words.count, sizeof *template->words);
    if (parser.words.count > 0) {
        memcpy(template->words, parser.words.at, parser.words.count * sizeof *template->words);
    }
    vec_release(&parser.words);
    vec_release(&parser.heres);
    vec_release(&parser.parts);
    buf_release(&parser.literal);
    return parser.errors == 0 ? 0 : -1;
}
