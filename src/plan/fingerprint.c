/* What becomes of a list of components: its fingerprint. */
#include "plan.h"

#include "digest.h"

struct digest plan_fingerprint(const struct component_list *list)
{
    struct digest_stream *stream = digest_stream_new();
    for (size_t i = 0; i < list->count; i++) {
        const struct component *component = &list->at[i];
        if (component->kind == COMPONENT_PRODUCT || component->kind == COMPONENT_PATTERN ||
            component->kind == COMPONENT_WHOLE || component->kind == COMPONENT_BEFORE ||
            component->kind == COMPONENT_STAMP || component->kind == COMPONENT_RULES ||
            component->kind == COMPONENT_LINK || component->kind == COMPONENT_TARGET ||
            component->kind == COMPONENT_STAYS || component->kind == COMPONENT_OLD ||
            component->kind == COMPONENT_DEPFILE || component->kind == COMPONENT_ENTRIES ||
            component->kind == COMPONENT_ATTEMPT || component->kind == COMPONENT_TEMPORARY ||
            component->kind == COMPONENT_FORMER) {
            continue;
        }
        digest_stream_u64(stream, (uint64_t)component->kind);
        digest_stream_field(stream, component->name);
        digest_stream_digest(stream, component->digest);
    }
    struct digest fingerprint = digest_stream_end(stream);
    digest_stream_free(stream);
    return fingerprint;
}

void plan_take_as_it_stands(struct component_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (digest_is_absent(list->at[i].digest)) {
            list->at[i].digest = DIGEST_UNKNOWN;
        }
    }
}
