/* Lists of globs with exclusions: whether a list matches a path, or may match below it. */
#include "match.h"

#include "match_braces.h"
#include "match_engine.h"
#include "match_glob.h"

#include "memory.h"
#include "path.h"
#include "text.h"

#include <stdlib.h>

/* Most patterns are names or a single `*`, which need no engine. */
enum glob_kind { GLOB_EXPRESSION, GLOB_NAME, GLOB_ANY_NAME };

struct glob {
    enum glob_kind kind;
    bool excludes;
    struct slice name;     /* GLOB_NAME */
    struct engine *engine; /* GLOB_EXPRESSION */
};

enum { LONGEST_PATTERN = 4096 };

struct glob_set {
    struct arena arena;
    struct glob *globs;
    size_t count;
    bool hidden;
};

bool match_is_glob(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.at[i] == '\\') {
            i++;
        } else if (pattern.at[i] == '*' || pattern.at[i] == '?' || pattern.at[i] == '[') {
            return true;
        }
    }
    return braces_there(pattern);
}

static const char *compile(struct glob_set *set, struct slice pattern, struct glob *glob)
{
    struct braces_result alternatives = {0};
    struct buf expression = BUF_EMPTY;
    char message[ENGINE_MESSAGE_BYTES];
    size_t offset;
    const char *error = pattern.len > LONGEST_PATTERN
                            ? "longer than 4096 bytes"
                            : braces_expand(pattern, &set->arena, &alternatives);
    buf_add_string(&expression, "\\A(?:");
    for (size_t i = 0; error == NULL && i < alternatives.patterns.count; i++) {
        buf_add_string(&expression, i > 0 ? "|" : "");
        error = glob_translate(alternatives.patterns.at[i], set->hidden, &expression);
    }
    buf_add_string(&expression, ")\\z");
    if (error == NULL && slice_is(pattern, "*")) {
        glob->kind = GLOB_ANY_NAME;
    } else if (error == NULL && !match_is_glob(pattern) &&
               memchr(pattern.at, '\\', pattern.len) == NULL) {
        glob->kind = GLOB_NAME;
        glob->name = arena_slice(&set->arena, pattern);
    } else if (error == NULL) {
        glob->engine = engine_new(buf_slice(&expression), true, message, &offset);
        error = glob->engine != NULL ? NULL : "the pattern is too long";
    }
    vec_release(&alternatives.patterns);
    buf_release(&expression);
    return error;
}

static void report(const char *what, struct slice pattern, const char *error, struct diag *diag)
{
    struct buf shown = BUF_EMPTY;
    text_add_json(&shown, pattern);
    diag_error(diag, FINDING_WRONG_GLOB, "%s: %s: %s", what, buf_string(&shown), error);
    buf_release(&shown);
}

struct glob_set *glob_set_new(const struct slice *patterns, size_t count, bool hidden,
                              const char *what, struct diag *diag)
{
    size_t errors = 0;
    size_t exclusions = 0;
    struct glob_set *set = mem_alloc(sizeof *set);
    arena_init(&set->arena);
    set->hidden = hidden;
    set->count = count;
    set->globs = mem_alloc(count * sizeof *set->globs);
    for (size_t i = 0; i < count; i++) {
        struct slice pattern = patterns[i];
        if (slice_starts_with(pattern, "!")) {
            set->globs[i].excludes = true;
            exclusions++;
            pattern = slice_make(pattern.at + 1, pattern.len - 1);
        }
        const char *error = compile(set, pattern, &set->globs[i]);
        if (error != NULL) {
            report(what, patterns[i], error, diag);
            errors++;
        }
    }
    if (errors == 0 && count > 0 && exclusions == count) {
        diag_error(diag, FINDING_ONLY_EXCLUSIONS,
                   "%s: every pattern excludes; start with one that includes, such as \"*\"", what);
        errors++;
    }
    if (errors > 0) {
        glob_set_free(set);
        return NULL;
    }
    return set;
}

void glob_set_free(struct glob_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        engine_free(set->globs[i].engine);
    }
    free(set->globs);
    arena_release(&set->arena);
    free(set);
}

static bool is_name(struct slice path, bool hidden)
{
    return path.len > 0 && memchr(path.at, '/', path.len) == NULL && (hidden || path.at[0] != '.');
}

static bool glob_matches(const struct glob_set *set, const struct glob *glob, struct slice path)
{
    switch (glob->kind) {
    case GLOB_NAME:
        return slice_equal(glob->name, path);
    case GLOB_ANY_NAME:
        return is_name(path, set->hidden);
    case GLOB_EXPRESSION:
    default:
        return engine_search(glob->engine, path) == ENGINE_YES;
    }
}

bool glob_set_matches(const struct glob_set *set, struct slice path)
{
    for (size_t i = set->count; i > 0; i--) {
        if (glob_matches(set, &set->globs[i - 1], path)) {
            return !set->globs[i - 1].excludes;
        }
    }
    return false;
}

bool glob_set_matches_part(const struct glob_set *set, struct slice path)
{
    struct slice part;
    while (path_next_part(&path, &part)) {
        if (glob_set_matches(set, part)) {
            return true;
        }
    }
    return false;
}

/* `beginning` is a path with a '/' at its end. */
static bool glob_may_go_on(const struct glob *glob, struct slice beginning)
{
    switch (glob->kind) {
    case GLOB_NAME:
        return glob->name.len > beginning.len &&
               memcmp(glob->name.at, beginning.at, beginning.len) == 0;
    case GLOB_ANY_NAME:
        return false;
    case GLOB_EXPRESSION:
    default:
        return engine_search_prefix(glob->engine, beginning) != ENGINE_NO;
    }
}

bool glob_set_may_match_below(const struct glob_set *set, struct slice path)
{
    bool may = false;
    struct buf beginning = BUF_EMPTY;
    buf_add_slice(&beginning, path);
    buf_add_char(&beginning, '/');
    for (size_t i = 0; i < set->count && !may; i++) {
        const struct glob *glob = &set->globs[i];
        may = !glob->excludes && (path.len == 0 || glob_may_go_on(glob, buf_slice(&beginning)));
    }
    buf_release(&beginning);
    return may;
}
