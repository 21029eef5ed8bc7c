#include "match_braces.h"

#include "buf.h"

struct brace {
    size_t open;
    size_t close;
    bool has_comma;
};

enum brace_search { BRACE_NONE, BRACE_FOUND, BRACE_UNCLOSED };

size_t bracket_end(struct slice pattern, size_t at)
{
    size_t i = at + 1;
    if (i < pattern.len && (pattern.at[i] == '!' || pattern.at[i] == '^')) {
        i++;
    }
    for (bool first = true; i < pattern.len; first = false) {
        char c = pattern.at[i];
        if (c == ']' && !first) {
            return i + 1;
        }
        if (c == '[' && i + 1 < pattern.len && pattern.at[i + 1] == ':') {
            const char *end = memmem(pattern.at + i + 2, pattern.len - i - 2, ":]", 2);
            i = end != NULL ? (size_t)(end - pattern.at) + 2 : i + 1;
        } else {
            i += c == '\\' && i + 1 < pattern.len ? 2 : 1;
        }
    }
    return 0;
}

/* The offset after the character, escape or bracket expression at `at`. */
static size_t step(struct slice pattern, size_t at)
{
    if (pattern.at[at] == '\\' && at + 1 < pattern.len) {
        return at + 2;
    }
    if (pattern.at[at] == '[') {
        size_t end = bracket_end(pattern, at);
        return end != 0 ? end : at + 1;
    }
    return at + 1;
}

static enum brace_search close_brace(struct slice pattern, struct brace *brace)
{
    size_t depth = 0;
    brace->has_comma = false;
    for (size_t i = brace->open; i < pattern.len; i = step(pattern, i)) {
        if (pattern.at[i] == '{') {
            depth++;
        } else if (pattern.at[i] == '}' && --depth == 0) {
            brace->close = i;
            return BRACE_FOUND;
        } else if (pattern.at[i] == ',' && depth == 1) {
            brace->has_comma = true;
        }
    }
    return BRACE_UNCLOSED;
}

/* Finds the first brace at or after `from` that contains alternatives. */
static enum brace_search find_brace(struct slice pattern, size_t from, struct brace *brace)
{
    for (size_t i = from; i < pattern.len; i = step(pattern, i)) {
        if (pattern.at[i] != '{') {
            continue;
        }
        brace->open = i;
        if (close_brace(pattern, brace) == BRACE_UNCLOSED) {
            return BRACE_UNCLOSED;
        }
        if (brace->has_comma) {
            return BRACE_FOUND;
        }
    }
    return BRACE_NONE;
}

bool braces_there(struct slice pattern)
{
    struct brace brace;
    return find_brace(pattern, 0, &brace) == BRACE_FOUND;
}

static const char *expand(struct slice pattern, size_t from, struct arena *arena,
                          struct braces_result *result);

static const char *expand_alternative(struct slice pattern, const struct brace *brace,
                                      struct slice alternative, struct arena *arena,
                                      struct braces_result *result)
{
    struct buf one = BUF_EMPTY;
    buf_add(&one, pattern.at, brace->open);
    buf_add_slice(&one, alternative);
    buf_add(&one, pattern.at + brace->close + 1, pattern.len - brace->close - 1);
    struct slice copy = arena_slice(arena, buf_slice(&one));
    buf_release(&one);
    return expand(copy, brace->open, arena, result);
}

/* The pattern has no alternatives left before `from`. */
static const char *expand(struct slice pattern, size_t from, struct arena *arena,
                          struct braces_result *result)
{
    struct brace brace;
    enum brace_search found = find_brace(pattern, from, &brace);
    if (found == BRACE_UNCLOSED) {
        return "a brace is not closed";
    }
    if (found == BRACE_NONE) {
        if (result->patterns.count == BRACES_MOST) {
            return "more than 1024 alternatives";
        }
        vec_push(&result->patterns, pattern);
        return NULL;
    }
    size_t start = brace.open + 1;
    size_t depth = 0;
    for (size_t i = start; i <= brace.close; i = step(pattern, i)) {
        char c = pattern.at[i];
        if (depth == 0 && (c == ',' || i == brace.close)) {
            struct slice alternative = slice_make(pattern.at + start, i - start);
            const char *error = expand_alternative(pattern, &brace, alternative, arena, result);
            if (error != NULL) {
                return error;
            }
            start = i + 1;
        }
        depth += c == '{';
        depth -= c == '}' && i != brace.close;
    }
    return NULL;
}

const char *braces_expand(struct slice pattern, struct arena *arena, struct braces_result *result)
{
    return expand(pattern, 0, arena, result);
}
