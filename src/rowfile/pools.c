/* Pools: named counts that the commands of a run share beside its cores, such as licences. */
#include "load.h"

#include "text.h"

#include <limits.h>

static bool is_count(const struct toml_value *value)
{
    return value->type == TOML_INTEGER && value->integer >= 0;
}

static unsigned count_of(const struct toml_value *value)
{
    return value->integer < UINT_MAX ? (unsigned)value->integer : UINT_MAX;
}

void build_pools(struct loader *loader)
{
    struct rowfile *rowfile = loader->rowfile;
    const struct toml_value *pools = toml_get(loader->root, slice_of(rowfile_keys[ID_POOLS].name));
    if (pools == NULL || pools->type != TOML_TABLE) {
        return;
    }
    rowfile->pools = arena_array(loader->arena, pools->table->count, sizeof *rowfile->pools);
    for (size_t i = 0; i < pools->table->count; i++) {
        const struct toml_entry *entry = &pools->table->entries[i];
        if (is_count(entry->value)) {
            rowfile->pools[rowfile->pool_count++] = (struct pool){
                .name = arena_slice(loader->arena, entry->key), .count = count_of(entry->value)};
        }
    }
}

static size_t find_pool(const struct rowfile *rowfile, struct slice name)
{
    size_t i = 0;
    while (i < rowfile->pool_count && !slice_equal(rowfile->pools[i].name, name)) {
        i++;
    }
    return i;
}

static void refuse_unknown(struct loader *loader, const struct action *action,
                           const struct toml_entry *entry)
{
    const struct rowfile *rowfile = loader->rowfile;
    struct slice *names = arena_array(loader->arena, rowfile->pool_count, sizeof *names);
    struct buf name = BUF_EMPTY;
    struct buf mend = BUF_EMPTY;
    for (size_t i = 0; i < rowfile->pool_count; i++) {
        names[i] = rowfile->pools[i].name;
    }
    text_add_name(&name, entry->key);
    add_suggestion(&mend, entry->key, names, rowfile->pool_count);
    if (mend.len == 0) {
        buf_addf(&mend, "; add it to `[pools]`, with its count");
    }
    action_error_at(loader, FINDING_UNKNOWN_POOL, action, entry->key_offset, entry->key_length,
                    "there is no pool `%s`%s", buf_string(&name), buf_string(&mend));
    buf_release(&name);
    buf_release(&mend);
}

static void refuse_too_many(struct loader *loader, const struct action *action,
                            const struct toml_entry *entry, const struct pool *pool)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, pool->name);
    action_error_at(loader, FINDING_IMPOSSIBLE_RESOURCES, action, entry->key_offset,
                    entry->key_length,
                    "a command asks for %u of the pool `%s`, more than the %u that it has; lower "
                    "this, or raise `%s` in `[pools]`",
                    count_of(entry->value), buf_string(&name), pool->count, buf_string(&name));
    buf_release(&name);
}

static const struct toml_table *pools_in(const struct toml_table *layer)
{
    const struct toml_value *resources =
        toml_get(layer, slice_of(rowfile_keys[ID_ACTION_RESOURCES].name));
    const struct toml_value *pools =
        resources != NULL && resources->type == TOML_TABLE
            ? toml_get(resources->table, slice_of(rowfile_keys[ID_ACTION_RESOURCES_POOLS].name))
            : NULL;
    return pools != NULL && pools->type == TOML_TABLE ? pools->table : NULL;
}

static bool is_said_before(const struct layers *layers, size_t layer, struct slice name)
{
    bool is_said = false;
    for (size_t i = 0; i < layer && !is_said; i++) {
        const struct toml_table *pools = pools_in(layers->tables[i]);
        is_said = pools != NULL && toml_get(pools, name) != NULL;
    }
    return is_said;
}

static void take(struct loader *loader, struct action *action, const struct toml_entry *entry)
{
    const struct rowfile *rowfile = loader->rowfile;
    struct resource_spec *resources = &action->resources;
    size_t number = find_pool(rowfile, entry->key);
    if (number == rowfile->pool_count) {
        refuse_unknown(loader, action, entry);
        return;
    }
    if (count_of(entry->value) > rowfile->pools[number].count) {
        refuse_too_many(loader, action, entry, &rowfile->pools[number]);
        return;
    }
    if (resources->pools == NULL && count_of(entry->value) > 0) {
        resources->pools =
            arena_array(loader->arena, rowfile->pool_count, sizeof *resources->pools);
        resources->pool_count = (unsigned)rowfile->pool_count;
    }
    if (count_of(entry->value) > 0) {
        resources->pools[number] = count_of(entry->value);
    }
}

void build_pools_of_action(struct loader *loader, struct action *action,
                           const struct layers *layers)
{
    for (size_t layer = 0; layer < layers->written; layer++) {
        const struct toml_table *pools = pools_in(layers->tables[layer]);
        for (size_t i = 0; pools != NULL && i < pools->count; i++) {
            const struct toml_entry *entry = &pools->entries[i];
            if (is_count(entry->value) && !is_said_before(layers, layer, entry->key)) {
                take(loader, action, entry);
            }
        }
    }
}
