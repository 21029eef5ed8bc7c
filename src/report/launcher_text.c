/* show launchers: in the format of launchers.toml, so that it can be pasted there. */
#include "report.h"

#include "report_json.h"
#include "text.h"

#include <ctype.h>

enum { VARIANT_KEYS = 4 };

struct setting {
    const char *key;
    struct slice text;
};

static void list_settings(const struct launcher_variant *variant,
                          struct setting settings[VARIANT_KEYS])
{
    settings[0] = (struct setting){"executable", variant->executable};
    settings[1] = (struct setting){"gpus_per_process", variant->gpus_per_process};
    settings[2] = (struct setting){"processes", variant->processes};
    settings[3] = (struct setting){"threads_per_process", variant->threads_per_process};
}

/* A key of TOML: bare, or quoted as a basic string. A JSON string is a valid basic string. */
static void add_key(struct buf *out, struct slice key)
{
    bool is_bare = key.len > 0;
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.at[i];
        is_bare = is_bare && c < 0x80 && (isalnum(c) || c == '_' || c == '-');
    }
    if (is_bare) {
        buf_add_slice(out, key);
    } else {
        text_add_json(out, key);
    }
}

static void add_toml(struct buf *out, const struct launcher *launcher,
                     const struct launcher_variant *variant, bool with_cluster)
{
    struct setting settings[VARIANT_KEYS];
    list_settings(variant, settings);
    if (out->len > 0) {
        buf_add_char(out, '\n');
    }
    if (!launcher->built_in) {
        buf_add_string(out, "# ");
        text_add_name(out, slice_of(launcher->origin));
        buf_add_char(out, '\n');
    }
    buf_add_char(out, '[');
    add_key(out, launcher->name);
    if (with_cluster) {
        buf_add_char(out, '.');
        add_key(out, variant->cluster);
    }
    buf_add_string(out, "]\n");
    for (size_t i = 0; i < VARIANT_KEYS; i++) {
        if (settings[i].text.at != NULL) {
            buf_addf(out, "%s = ", settings[i].key);
            text_add_json(out, settings[i].text);
            buf_add_char(out, '\n');
        }
    }
}

static void add_json(struct buf *out, const struct launcher_variant *variant)
{
    struct setting settings[VARIANT_KEYS];
    list_settings(variant, settings);
    report_json_begin(out, '{');
    for (size_t i = 0; i < VARIANT_KEYS; i++) {
        if (settings[i].text.at != NULL) {
            report_json_string(out, settings[i].key, settings[i].text);
        }
    }
    report_json_end(out, '}');
}

static void add_json_key(struct buf *out, struct slice key)
{
    report_json_item(out, key);
    buf_add_char(out, ':');
}

static void add_launcher_json(struct buf *out, const struct launcher *launcher,
                              struct slice cluster, bool all)
{
    const struct launcher_variant *variant = launcher_variant_for(launcher, cluster);
    if (!all) {
        if (variant != NULL) {
            add_json_key(out, launcher->name);
            add_json(out, variant);
        }
        return;
    }
    add_json_key(out, launcher->name);
    report_json_begin(out, '{');
    for (size_t i = 0; i < launcher->variant_count; i++) {
        add_json_key(out, launcher->variants[i].cluster);
        add_json(out, &launcher->variants[i]);
    }
    report_json_end(out, '}');
}

static void add_launcher(struct buf *out, const struct launcher *launcher, struct slice cluster,
                         bool all)
{
    const struct launcher_variant *variant = launcher_variant_for(launcher, cluster);
    if (!all && variant != NULL) {
        add_toml(out, launcher, variant, false);
    }
    for (size_t i = 0; i < launcher->variant_count && all; i++) {
        add_toml(out, launcher, &launcher->variants[i], true);
    }
}

void report_launchers(const struct launchers *launchers, struct slice cluster,
                      const struct rowbuild_show_options *options, struct buf *out)
{
    if (options->json) {
        buf_add_char(out, '{');
    }
    for (size_t i = 0; i < launchers->count; i++) {
        const struct launcher *launcher = &launchers->items[i];
        if (options->json) {
            add_launcher_json(out, launcher, cluster, options->all);
        } else if (options->short_output) {
            text_add_name(out, launcher->name);
            buf_add_char(out, '\n');
        } else {
            add_launcher(out, launcher, cluster, options->all);
        }
    }
    if (options->json) {
        buf_add_string(out, "}\n");
    }
}
