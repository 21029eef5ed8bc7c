/* Entities of a crate: their ids, and how they refer to each other. */
#include "crate_inner.h"

#include "text.h"

#include <inttypes.h>
#include <time.h>

void crate_add_encoded(struct slice path, struct buf *out)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~/", c) != NULL);
        if (is_plain) {
            buf_add_char(out, (char)c);
        } else {
            buf_addf(out, "%%%02X", c);
        }
    }
}

struct slice crate_id(struct crate *crate, const char *prefix, struct slice first,
                      struct slice second)
{
    struct buf id = BUF_EMPTY;
    buf_add_string(&id, prefix);
    crate_add_encoded(first, &id);
    if (second.len > 0) {
        buf_add_char(&id, '/');
        crate_add_encoded(second, &id);
    }
    struct slice kept = arena_slice(&crate->names, buf_slice(&id));
    buf_release(&id);
    return kept;
}

void crate_begin_types(struct crate *crate, struct slice id, const char *const *types)
{
    intern_add(&crate->ids, id);
    report_json_begin_record(&crate->entities);
    report_json_string(&crate->entities, "@id", id);
    report_json_key(&crate->entities, "@type");
    report_json_begin(&crate->entities, '[');
    for (size_t i = 0; types[i] != NULL; i++) {
        report_json_item(&crate->entities, slice_of(types[i]));
    }
    report_json_end(&crate->entities, ']');
}

bool crate_begin(struct crate *crate, struct slice id, const char *type)
{
    uint32_t before = crate->ids.count;
    intern_add(&crate->ids, id);
    if (crate->ids.count == before) {
        return false;
    }
    report_json_begin_record(&crate->entities);
    report_json_string(&crate->entities, "@id", id);
    report_json_string(&crate->entities, "@type", slice_of(type));
    return true;
}

void crate_end(struct crate *crate)
{
    report_json_end(&crate->entities, '}');
}

void crate_string(struct crate *crate, const char *key, struct slice text)
{
    struct buf encoded = BUF_EMPTY;
    if (!text_is_utf8(text)) {
        crate_add_encoded(text, &encoded);
        text = buf_slice(&encoded);
    }
    report_json_string(&crate->entities, key, text);
    buf_release(&encoded);
}

static void add_object(struct buf *out, struct slice id)
{
    report_json_begin(out, '{');
    report_json_string(out, "@id", id);
    report_json_end(out, '}');
}

void crate_reference(struct crate *crate, const char *key, struct slice id)
{
    if (id.len > 0) {
        report_json_key(&crate->entities, key);
        add_object(&crate->entities, id);
    }
}

void crate_references(struct crate *crate, const char *key, const id_list *ids)
{
    if (ids->count == 1) {
        crate_reference(crate, key, ids->at[0]);
    } else if (ids->count > 1) {
        report_json_key(&crate->entities, key);
        report_json_begin(&crate->entities, '[');
        vec_each (const struct slice, id, ids) {
            add_object(&crate->entities, *id);
        }
        report_json_end(&crate->entities, ']');
    }
}

void crate_time(struct crate *crate, const char *key, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm parts;
    char day[64];
    if (time_ns != 0 && gmtime_r(&seconds, &parts) != NULL &&
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) > 0) {
        struct buf text = BUF_EMPTY;
        buf_addf(&text, "%s.%03" PRId64 "Z", day, time_ns / 1000000 % 1000);
        report_json_string(&crate->entities, key, buf_slice(&text));
        buf_release(&text);
    }
}

void crate_add_once(struct intern *known, id_list *list, struct slice id)
{
    uint32_t before = known->count;
    intern_add(known, id);
    if (known->count > before) {
        vec_push(list, id);
    }
}
