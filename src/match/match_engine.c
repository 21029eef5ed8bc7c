#include "match_engine.h"

#include "memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { SEARCHES_BEFORE_JIT = 3000 };

struct engine {
    pcre2_code *plain;
    _Atomic(pcre2_code *) fast; /* NULL until JIT compilation pays; a copy, since other threads may
                                   be matching */
    atomic_uint searches;
};

/* Names are bytes, and an expression may not change that with (*UTF). */
static const uint32_t BYTES_ONLY = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;

struct engine *engine_new(struct slice expression, bool dot_is_any_byte,
                          char message[ENGINE_MESSAGE_BYTES], size_t *offset)
{
    int error;
    uint32_t options = BYTES_ONLY | (dot_is_any_byte ? PCRE2_DOTALL : 0U);
    const char *text = expression.at != NULL ? expression.at : "";
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text, expression.len, options, &error, offset, NULL);
    if (code == NULL) {
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, ENGINE_MESSAGE_BYTES);
        return NULL;
    }
    struct engine *engine = mem_alloc(sizeof *engine);
    engine->plain = code;
    atomic_init(&engine->fast, NULL);
    atomic_init(&engine->searches, 0);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine != NULL) {
        pcre2_code_free(engine->plain);
        pcre2_code_free(atomic_load(&engine->fast));
        free(engine);
    }
}

/* Called by one thread only: the one whose search reaches the threshold. */
static void make_fast(struct engine *engine)
{
    pcre2_code *copy = pcre2_code_copy(engine->plain);
    if (copy != NULL && pcre2_jit_compile(copy, PCRE2_JIT_COMPLETE) == 0) {
        atomic_store_explicit(&engine->fast, copy, memory_order_release);
    } else {
        pcre2_code_free(copy);
    }
}

static const pcre2_code *best_code(struct engine *engine)
{
    const pcre2_code *fast = atomic_load_explicit(&engine->fast, memory_order_acquire);
    if (fast != NULL) {
        return fast;
    }
    unsigned before = atomic_load_explicit(&engine->searches, memory_order_relaxed);
    if (before <= SEARCHES_BEFORE_JIT &&
        atomic_fetch_add_explicit(&engine->searches, 1, memory_order_relaxed) ==
            SEARCHES_BEFORE_JIT) {
        make_fast(engine);
    }
    return engine->plain;
}

static enum engine_result search(const pcre2_code *code, struct slice subject, uint32_t options)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    const char *text = subject.at != NULL ? subject.at : "";
    int result = data == NULL
                     ? PCRE2_ERROR_NOMEMORY
                     : pcre2_match(code, (PCRE2_SPTR)text, subject.len, 0, options, data, NULL);
    pcre2_match_data_free(data);
    if (result == PCRE2_ERROR_PARTIAL) {
        return ENGINE_PREFIX;
    }
    if (result == PCRE2_ERROR_NOMATCH) {
        return ENGINE_NO;
    }
    return result < 0 ? ENGINE_GAVE_UP : ENGINE_YES;
}

enum engine_result engine_search(struct engine *engine, struct slice subject)
{
    return search(best_code(engine), subject, 0);
}

enum engine_result engine_search_prefix(struct engine *engine, struct slice subject)
{
    return search(engine->plain, subject, PCRE2_PARTIAL_HARD);
}
