#include "interpreter.h"

#include "buf.h"
#include "filling.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

struct slice *interpreter_split(struct slice text, struct arena *arena, size_t *count)
{
    struct slice *words = arena_array(arena, text.len / 2 + 1, sizeof *words);
    *count = 0;
    for (size_t i = 0; i < text.len;) {
        size_t begin = i;
        while (i < text.len && !is_blank(text.at[i])) {
            i++;
        }
        if (i > begin) {
            words[(*count)++] = arena_slice(arena, slice_make(text.at + begin, i - begin));
        }
        while (i < text.len && is_blank(text.at[i])) {
            i++;
        }
    }
    return words;
}

static bool is_option(struct slice word)
{
    return word.len > 0 && (word.at[0] == '-' || word.at[0] == '+');
}

/* The last word that names a Bourne shell, or SIZE_MAX: `apptainer exec image.sif bash -e`. */
static size_t find_shell(const struct interpreter *interpreter)
{
    for (size_t i = interpreter->count; i-- > 0;) {
        if (!is_option(interpreter->words[i]) && filling_is_for_shell(interpreter->words[i])) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Drops a -c, which users of just and Dockerfiles are used to writing. */
static void drop_c(struct interpreter *interpreter, bool is_shell)
{
    if (interpreter->count < 2) {
        return;
    }
    struct slice *last = &interpreter->words[interpreter->count - 1];
    bool is_alone = slice_is(*last, "-c");
    if (is_alone) {
        interpreter->count--;
    } else if (is_shell && last->len > 2 && last->at[0] == '-' && last->at[1] != '-' &&
               last->at[last->len - 1] == 'c') {
        last->len--;
    }
}

static void take_named(struct interpreter *interpreter, struct slice name, bool on)
{
    if (slice_is(name, "errexit")) {
        interpreter->stops = on;
    } else if (slice_is(name, "nounset")) {
        interpreter->refuses_unset = on;
    } else if (slice_is(name, "pipefail")) {
        interpreter->sees_pipes = on;
    } else {
        interpreter->may_be_left_out = false;
    }
}

/* Reads the options after the shell's name. Unknown options, such as -l, may change how plain words
 * are executed, too. */
static void take_options(struct interpreter *interpreter, size_t shell)
{
    for (size_t i = shell + 1; i < interpreter->count; i++) {
        struct slice word = interpreter->words[i];
        bool on = word.at[0] == '-';
        size_t names = 0; /* the number of `o`, each of which takes a word */
        if (!is_option(word) || word.len < 2 || slice_starts_with(word, "--")) {
            interpreter->may_be_left_out = false;
            continue;
        }
        for (size_t c = 1; c < word.len; c++) {
            switch (word.at[c]) {
            case 'e':
                interpreter->stops = on;
                break;
            case 'u':
                interpreter->refuses_unset = on;
                break;
            case 'o':
                names++;
                break;
            default:
                interpreter->may_be_left_out = false;
                break;
            }
        }
        for (; names > 0 && i + 1 < interpreter->count; names--) {
            take_named(interpreter, interpreter->words[++i], on);
        }
    }
}

static struct slice text_of(const struct interpreter *interpreter, struct arena *arena)
{
    const struct slice *words = interpreter->words;
    if (interpreter->count == 1) {
        return words[0];
    }
    if (interpreter->count == 2 && slice_is(words[0], "sh") && slice_is(words[1], "-e")) {
        return words[0];
    }
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < interpreter->count; i++) {
        if (i > 0) {
            buf_add_char(&text, ' ');
        }
        filling_add_word(&text, words[i]);
    }
    struct slice kept = arena_slice(arena, buf_slice(&text));
    buf_release(&text);
    return kept;
}

struct slice interpreter_set(struct interpreter *interpreter, struct slice *words, size_t count,
                             struct arena *arena)
{
    *interpreter = (struct interpreter){.words = words, .count = count};
    size_t shell = find_shell(interpreter);
    drop_c(interpreter, shell != SIZE_MAX);
    if (shell != SIZE_MAX) {
        interpreter->may_be_left_out = shell == 0;
        take_options(interpreter, shell);
    }
    interpreter->text = text_of(interpreter, arena);
    return words[shell != SIZE_MAX ? shell : 0];
}
