#include "run_facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add(struct buf *out, const char *key, struct slice value)
{
    if (value.len > 0 && memchr(value.at, '\0', value.len) == NULL) {
        buf_addf(out, "%s ", key);
        buf_add_slice(out, value);
        buf_add_char(out, '\0');
    }
}

static void add_number(struct buf *out, const char *key, int64_t number)
{
    if (number != 0) {
        buf_addf(out, "%s %" PRId64, key, number);
        buf_add_char(out, '\0');
    }
}

void run_facts_add(const struct run_facts *facts, struct buf *out)
{
    static const char *const trees[] = {
        [TREE_UNKNOWN] = "", [TREE_CLEAN] = "clean", [TREE_DIRTY] = "dirty"};
    add(out, "version", facts->version);
    add(out, "host", facts->host);
    add(out, "user", facts->user);
    add(out, "job", facts->job);
    add(out, "commit", facts->commit);
    add(out, "tree", slice_of(trees[facts->tree]));
    add(out, "shell", facts->shell);
    add(out, "launcher", facts->launcher);
    add(out, "setup", facts->setup);
    add(out, "description", slice_of(facts->is_edited ? "edited" : ""));
    add_number(out, "begun", facts->begun_at_s);
    add_number(out, "started", facts->started_at_ns);
    add_number(out, "ended", facts->ended_at_ns);
    add_number(out, "cores", facts->cores);
}

static int64_t number_of(struct slice value)
{
    return strtoll(value.at, NULL, 10); /* a NUL follows */
}

static void take(struct run_facts *facts, struct slice key, struct slice value)
{
    const struct {
        const char *key;
        struct slice *place;
    } places[] = {
        {"version", &facts->version},   {"host", &facts->host},     {"user", &facts->user},
        {"job", &facts->job},           {"commit", &facts->commit}, {"shell", &facts->shell},
        {"launcher", &facts->launcher}, {"setup", &facts->setup},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (slice_equal(key, slice_of(places[i].key))) {
            *places[i].place = value;
        }
    }
    if (slice_equal(key, SLICE_LITERAL("tree"))) {
        facts->tree = slice_equal(value, SLICE_LITERAL("clean"))   ? TREE_CLEAN
                      : slice_equal(value, SLICE_LITERAL("dirty")) ? TREE_DIRTY
                                                                   : TREE_UNKNOWN;
    } else if (slice_equal(key, SLICE_LITERAL("description"))) {
        facts->is_edited = slice_equal(value, SLICE_LITERAL("edited"));
    } else if (slice_equal(key, SLICE_LITERAL("begun"))) {
        facts->begun_at_s = number_of(value);
    } else if (slice_equal(key, SLICE_LITERAL("started"))) {
        facts->started_at_ns = number_of(value);
    } else if (slice_equal(key, SLICE_LITERAL("ended"))) {
        facts->ended_at_ns = number_of(value);
    } else if (slice_equal(key, SLICE_LITERAL("cores"))) {
        facts->cores = (unsigned)number_of(value);
    }
}

struct run_facts run_facts_of(struct slice text)
{
    struct run_facts facts = {0};
    const char *end = text.at != NULL ? text.at + text.len : NULL;
    for (const char *at = text.at; at < end;) {
        const char *stop = memchr(at, '\0', (size_t)(end - at));
        const char *space = stop != NULL ? memchr(at, ' ', (size_t)(stop - at)) : NULL;
        if (stop == NULL) {
            break;
        }
        if (space != NULL) {
            take(&facts, slice_make(at, (size_t)(space - at)),
                 slice_make(space + 1, (size_t)(stop - space - 1)));
        }
        at = stop + 1;
    }
    return facts;
}
