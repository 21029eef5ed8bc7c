#include "filling.h"

#include <string.h>

static const char plain_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_-+.,/:@%^";

static bool is_one_of(struct slice word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, names[i])) {
            return true;
        }
    }
    return false;
}

static struct slice file_name(struct slice path)
{
    const char *slash = path.len > 0 ? memrchr(path.at, '/', path.len) : NULL;
    size_t skipped = slash != NULL ? (size_t)(slash - path.at) + 1 : 0;
    return slice_make(path.at + skipped, path.len - skipped);
}

static bool is_bash(struct slice shell)
{
    static const char *const names[] = {"bash", "ksh", "zsh"};
    return is_one_of(file_name(shell), names, sizeof names / sizeof names[0]);
}

bool filling_is_for_shell(struct slice shell)
{
    static const char *const names[] = {"sh", "dash"};
    return is_bash(shell) || is_one_of(file_name(shell), names, sizeof names / sizeof names[0]);
}

/* ---- Quoting ---- */

static bool consists_of(struct slice bytes, const char *allowed)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '\0' || strchr(allowed, bytes.at[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static bool has_any(struct slice bytes, const char *unwanted)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] != '\0' && strchr(unwanted, bytes.at[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Words that are keywords to a shell where a command or a pattern could begin. */
static bool is_keyword(struct slice word)
{
    static const char *const names[] = {"if",    "then",   "elif",     "else",  "fi",   "for",
                                        "while", "do",     "done",     "until", "case", "esac",
                                        "in",    "select", "function", "coproc"};
    return is_one_of(word, names, sizeof names / sizeof names[0]);
}

static bool is_plain(struct slice bytes)
{
    return bytes.len > 0 && consists_of(bytes, plain_bytes);
}

/* Adds bytes inside '…': a quote in them ends the string, is written escaped, and the string is
 * reopened. */
static void add_single(struct buf *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '\'') {
            buf_add_string(out, "'\\''");
        } else {
            buf_add_char(out, bytes.at[i]);
        }
    }
}

/* Adds bytes and escapes those in `special`, which keep a meaning inside "…" or in a here-document.
 * A `!` isn't escaped: only interactive shells expand it. */
static void add_escaped(struct buf *out, struct slice bytes, const char *special)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (strchr(special, bytes.at[i]) != NULL && bytes.at[i] != '\0') {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, bytes.at[i]);
    }
}

static void add_quoted(struct buf *out, enum template_place place, struct slice bytes)
{
    switch (place) {
    case PLACE_RAW:
    case PLACE_HERE_LITERAL:
        buf_add_slice(out, bytes);
        break;
    case PLACE_SINGLE:
        add_single(out, bytes);
        break;
    case PLACE_DOUBLE:
        add_escaped(out, bytes, "$`\"\\");
        break;
    case PLACE_HERE:
        add_escaped(out, bytes, "$`\\");
        break;
    case PLACE_BARE:
        if (is_plain(bytes) && !is_keyword(bytes)) {
            buf_add_slice(out, bytes);
        } else {
            buf_add_char(out, '\'');
            add_single(out, bytes);
            buf_add_char(out, '\'');
        }
        break;
    }
}

void filling_add_word(struct buf *out, struct slice word)
{
    add_quoted(out, PLACE_BARE, word);
}

/* ---- What can't be put somewhere ---- */

static void note_fault(struct filling *filling, enum filling_fault fault, size_t part)
{
    if (filling->fault == FILLING_FINE) {
        filling->fault = fault;
        filling->fault_part = part;
    }
}

/* A sign, a digit, then digits, letters and points; an exponent may have a sign. */
static bool is_number(struct slice word)
{
    size_t i = word.len > 0 && (word.at[0] == '-' || word.at[0] == '+');
    if (i == word.len || strchr("0123456789", word.at[i]) == NULL) {
        return false;
    }
    for (; i < word.len; i++) {
        char c = word.at[i];
        bool is_exponent =
            (c == '-' || c == '+') && (word.at[i - 1] == 'e' || word.at[i - 1] == 'E');
        if (!is_exponent && (strchr(plain_bytes, c) == NULL || strchr("_-+,/:@%^", c) != NULL)) {
            return false;
        }
    }
    return true;
}

static enum shell_care care_of(const struct filling *filling, const struct template_part *part)
{
    bool is_unclear = part->is_unclear_in_sh && !filling->is_for_bash;
    return is_unclear && part->care < SHELL_PLAIN ? SHELL_PLAIN : part->care;
}

static void judge_word(struct filling *filling, const struct template_part *part, struct slice word)
{
    size_t number = filling->begins.count - 1;
    enum shell_care care = care_of(filling, part);
    if (part->in_here && has_any(word, "\n")) {
        note_fault(filling, FILLING_NEWLINE, number);
    } else if (care == SHELL_NUMBER && !is_number(word)) {
        note_fault(filling, FILLING_NOT_NUMBER, number);
    } else if ((care == SHELL_PLAIN && !is_plain(word)) ||
               (care == SHELL_HARMLESS && has_any(word, "\n{}[]'\"\\$`"))) {
        note_fault(filling, FILLING_NOT_PLAIN, number);
    }
}

static size_t line_begin(struct slice text, size_t at)
{
    while (at > 0 && text.at[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_end(struct slice text, size_t at)
{
    const char *newline = at < text.len ? memchr(text.at + at, '\n', text.len - at) : NULL;
    return newline != NULL ? (size_t)(newline - text.at) : text.len;
}

/* Whether a line that overlaps [begin, end) might end the here-document, alone or with lines that
 * backslashes join to it. */
static bool may_end(const struct template_here *here, struct slice text, size_t begin, size_t end)
{
    size_t first = line_begin(text, begin);
    while (first > 1 && text.at[first - 2] == '\\') {
        first = line_begin(text, first - 1);
    }
    for (size_t from = first; from <= end; from = line_end(text, from) + 1) {
        for (size_t to = line_end(text, from);; to = line_end(text, to + 1)) {
            if (to >= begin && shell_here_may_end(here->word, here->in_substitution,
                                                  slice_make(text.at + from, to - from))) {
                return true;
            }
            if (to >= text.len || to == from || text.at[to - 1] != '\\') {
                break;
            }
        }
    }
    return false;
}

/* Whether a tab that `<<-` would remove comes from a value: a tab at `at` with only tabs before it
 * in the line. */
static bool loses_tab(struct slice text, size_t at)
{
    size_t begin = line_begin(text, at);
    while (begin < at && text.at[begin] == '\t') {
        begin++;
    }
    return begin == at && at < text.len && text.at[at] == '\t';
}

/* Checks the line around the part that begins at `begin` against the here-documents that might
 * contain it. */
static enum filling_fault fault_of_line(const struct filling *filling,
                                        const struct template_here *here,
                                        const struct template_part *part, struct slice text,
                                        size_t begin, size_t end)
{
    size_t line = line_begin(text, begin);
    struct slice whole = slice_make(text.at + line, line_end(text, begin) - line);
    bool may_be_inside = part->in_here || care_of(filling, part) >= SHELL_PLAIN;
    if (may_be_inside && may_end(here, text, begin, end)) {
        return FILLING_ENDS_HERE;
    }
    if (part->in_here && !filling->is_for_bash && shell_here_loses_byte(here->word, whole)) {
        return FILLING_LOSES_BYTE;
    }
    if (part->in_here && here->strips_tabs && loses_tab(text, begin)) {
        return FILLING_LOSES_TAB;
    }
    return FILLING_FINE;
}

static void judge_lines(struct filling *filling)
{
    const struct template *template = filling->template;
    size_t start = filling->begins.count > 0 ? filling->begins.at[0] : filling->out->len;
    struct slice text = slice_make(buf_string(filling->out) + start, filling->out->len - start);
    for (size_t h = 0; h < template->here_count; h++) {
        const struct template_here *here = &template->heres[h];
        for (size_t p = here->first_part; p < template->part_count; p++) {
            const struct template_part *part = &template->parts[p];
            bool is_last = p + 1 == template->part_count;
            size_t begin = filling->begins.at[p] - start;
            size_t end = is_last ? text.len : filling->begins.at[p + 1] - start;
            if (part->kind != TEMPLATE_TEXT) {
                note_fault(filling, fault_of_line(filling, here, part, text, begin, end), p);
            }
        }
    }
}

/* ---- Filling ---- */

void filling_init(struct filling *filling, const struct template *template, struct slice shell,
                  struct buf *out)
{
    *filling = (struct filling){.template = template,
                                .out = out,
                                .is_for_shell = filling_is_for_shell(shell),
                                .is_for_bash = is_bash(shell)};
}

void filling_release(struct filling *filling)
{
    vec_release(&filling->begins);
}

void filling_next(struct filling *filling)
{
    const struct template_part *part = &filling->template->parts[filling->begins.count];
    vec_push(&filling->begins, filling->out->len);
    filling->words = 0;
    if (part->kind == TEMPLATE_TEXT) {
        buf_add_slice(filling->out, part->text);
    }
}

void filling_add(struct filling *filling, struct slice word)
{
    const struct template_part *part = &filling->template->parts[filling->begins.count - 1];
    if (filling->words++ > 0) {
        buf_add_char(filling->out, ' ');
    }
    if (filling->is_for_shell) {
        judge_word(filling, part, word);
    } else if (part->in_here && has_any(word, "\n")) {
        note_fault(filling, FILLING_NEWLINE, filling->begins.count - 1);
    }
    if (filling->is_for_shell && care_of(filling, part) >= SHELL_PLAIN) {
        buf_add_slice(filling->out, word);
    } else if (filling->is_for_shell && part->in_backticks) {
        struct buf quoted = BUF_EMPTY;
        add_quoted(&quoted, part->place, word);
        add_escaped(filling->out, buf_slice(&quoted), "$`\\");
        buf_release(&quoted);
    } else {
        add_quoted(filling->out, part->place, word);
    }
}

int filling_end(struct filling *filling)
{
    if (filling->is_for_shell) {
        judge_lines(filling);
    }
    return filling->fault == FILLING_FINE ? 0 : -1;
}
