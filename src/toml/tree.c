/* Builds the tables. TOML's rules of redefinition say which table may be added to, and how; they
 * depend only on enum table_origin. */
#include "toml_parser.h"

enum table_origin {
    ORIGIN_IMPLIED, /* named only as part of another [header]: may still get its own */
    ORIGIN_HEADER,  /* [header], or the root: closed by the next header */
    ORIGIN_ELEMENT, /* [[header]] */
    ORIGIN_DOTTED,  /* a.b = …: dotted keys may add to it, headers only below it */
    ORIGIN_INLINE,  /* { … }: complete, nothing may be added */
};

enum { FEW_ENTRIES = 8 }; /* up to this many, comparing each is faster than hashing */

struct table_inside {
    struct toml_table table;
    enum table_origin origin;
    size_t capacity;
    uint32_t *slots; /* open addressing; index of the entry + 1, 0 is free */
    size_t slot_count;
};

static struct table_inside *inside(const struct toml_table *table)
{
    return table->internal;
}

static struct toml_table *new_table(struct toml_parser *parser, enum table_origin origin)
{
    struct table_inside *made = arena_alloc(parser->arena, sizeof *made);
    made->origin = origin;
    made->table.internal = made;
    return &made->table;
}

static uint64_t hash_key(struct slice key)
{
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.at[i]) * 0x100000001b3U;
    }
    return hash ^ hash >> 32;
}

static void put_slot(struct table_inside *table, uint32_t number)
{
    size_t mask = table->slot_count - 1;
    size_t slot = hash_key(table->table.entries[number].key) & mask;
    while (table->slots[slot] != 0) {
        slot = (slot + 1) & mask;
    }
    table->slots[slot] = number + 1;
}

static struct toml_entry *find(const struct toml_table *table, struct slice key)
{
    const struct table_inside *more = inside(table);
    if (more->slot_count == 0) {
        for (size_t i = 0; i < table->count; i++) {
            if (slice_equal(table->entries[i].key, key)) {
                return &table->entries[i];
            }
        }
        return NULL;
    }
    size_t mask = more->slot_count - 1;
    for (size_t slot = hash_key(key) & mask; more->slots[slot] != 0; slot = (slot + 1) & mask) {
        struct toml_entry *entry = &table->entries[more->slots[slot] - 1];
        if (slice_equal(entry->key, key)) {
            return entry;
        }
    }
    return NULL;
}

const struct toml_value *toml_get(const struct toml_table *table, struct slice key)
{
    const struct toml_entry *entry = find(table, key);
    return entry != NULL ? entry->value : NULL;
}

static void grow(struct toml_parser *parser, struct table_inside *table)
{
    size_t capacity = table->capacity > 0 ? table->capacity * 2 : 2;
    struct toml_entry *entries = arena_array(parser->arena, capacity, sizeof *table->table.entries);
    if (table->table.count > 0) {
        memcpy(entries, table->table.entries, table->table.count * sizeof *entries);
    }
    table->table.entries = entries;
    table->capacity = capacity;
    if (capacity > FEW_ENTRIES) {
        table->slot_count = capacity * 2;
        table->slots = arena_array(parser->arena, table->slot_count, sizeof *table->slots);
        for (size_t i = 0; i < table->table.count; i++) {
            put_slot(table, (uint32_t)i);
        }
    }
}

static void add_entry(struct toml_parser *parser, struct toml_table *table, struct toml_key key,
                      struct toml_value *value)
{
    struct table_inside *more = inside(table);
    if (table->count == more->capacity) {
        grow(parser, more);
    }
    table->entries[table->count] =
        (struct toml_entry){key.name, key.span.offset, key.span.length, value};
    if (more->slot_count > 0) {
        put_slot(more, (uint32_t)table->count);
    }
    table->count++;
}

static struct toml_value *add_table(struct toml_parser *parser, struct toml_table *table,
                                    struct toml_key key, enum table_origin origin)
{
    struct toml_value *value = toml_new_value(parser, TOML_TABLE, key.span);
    value->table = new_table(parser, origin);
    add_entry(parser, table, key, value);
    return value;
}

struct toml_table *toml_open_root(struct toml_parser *parser)
{
    parser->root = new_table(parser, ORIGIN_HEADER);
    vec_push(&parser->tables, parser->root);
    return parser->root;
}

static bool is_table_array(const struct toml_value *value)
{
    return value->type == TOML_ARRAY && value->array.count > 0 &&
           value->array.items[0]->type == TOML_TABLE &&
           inside(value->array.items[0]->table)->origin == ORIGIN_ELEMENT;
}

/* Reports why nothing can be added at the first `parts` parts of the path. */
static int complain_closed(struct toml_parser *parser, size_t parts, const struct toml_entry *entry)
{
    struct toml_span span = parser->path.at[parts - 1].span;
    const struct toml_value *value = entry->value;
    const char *name = toml_show_path(parser, parts);
    size_t line = toml_line(parser, entry->key_offset);
    if (is_table_array(value)) {
        return toml_complain(
            parser, FINDING_TOML_SYNTAX, span,
            "`%s` is an array of tables (line %zu); only its own headers can add to it", name,
            line);
    }
    if (value->type == TOML_TABLE && inside(value->table)->origin == ORIGIN_INLINE) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                             "`%s` is an inline table (line %zu), which can't be extended", name,
                             line);
    }
    if (value->type == TOML_TABLE) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                             "the table `%s` has a [header] of its own (line %zu); dotted keys "
                             "can't add to it",
                             name, toml_line(parser, value->offset));
    }
    return toml_complain(parser, FINDING_TOML_SYNTAX, span,
                         "`%s` is not a table but %s %s (line %zu)", name,
                         value->type == TOML_ARRAY || value->type == TOML_INTEGER ||
                                 value->type == TOML_OFFSET_DATE_TIME
                             ? "an"
                             : "a",
                         toml_type_name(value->type), line);
}

static int complain_twice(struct toml_parser *parser, const char *what, struct toml_span span,
                          size_t first)
{
    return toml_complain(parser, FINDING_DUPLICATE_KEY, span,
                         "%s `%s` is defined twice; the first is on line %zu", what,
                         toml_show_path(parser, parser->path.count), toml_line(parser, first));
}

/* Keys */

int toml_enter(struct toml_parser *parser, struct toml_key key)
{
    vec_push(&parser->path, key);
    if (parser->path.count + parser->open_arrays > TOML_DEEPEST) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, key.span,
                             "this is nested too deeply; the limit is %d levels", TOML_DEEPEST);
    }
    return 0;
}

int toml_add_pair(struct toml_parser *parser, size_t parts, struct toml_value *value)
{
    struct toml_table *table = parser->tables.at[parser->tables.count - 1];
    size_t last = parser->path.count - 1;
    for (size_t i = parser->path.count - parts; i < last; i++) {
        struct toml_key key = parser->path.at[i];
        const struct toml_entry *entry = find(table, key.name);
        if (entry == NULL) {
            table = add_table(parser, table, key, ORIGIN_DOTTED)->table;
            continue;
        }
        enum table_origin origin =
            entry->value->type == TOML_TABLE ? inside(entry->value->table)->origin : ORIGIN_INLINE;
        if (origin != ORIGIN_DOTTED && origin != ORIGIN_IMPLIED) {
            return complain_closed(parser, i + 1, entry);
        }
        table = entry->value->table;
        inside(table)->origin = ORIGIN_DOTTED;
    }
    const struct toml_entry *first = find(table, parser->path.at[last].name);
    if (first != NULL) {
        return complain_twice(parser, "key", parser->path.at[last].span, first->key_offset);
    }
    add_entry(parser, table, parser->path.at[last], value);
    parser->path.count -= parts;
    return 0;
}

/* Headers */

/* The table in which the last part of a header is to be defined, or NULL after an error. */
static struct toml_table *find_parent(struct toml_parser *parser, size_t parts)
{
    struct toml_table *table = parser->root;
    for (size_t i = 0; i + 1 < parts; i++) {
        struct toml_key key = parser->path.at[i];
        const struct toml_entry *entry = find(table, key.name);
        if (entry == NULL) {
            table = add_table(parser, table, key, ORIGIN_IMPLIED)->table;
        } else if (is_table_array(entry->value)) {
            table = entry->value->array.items[entry->value->array.count - 1]->table;
        } else if (entry->value->type == TOML_TABLE &&
                   inside(entry->value->table)->origin != ORIGIN_INLINE) {
            table = entry->value->table;
        } else {
            complain_closed(parser, i + 1, entry);
            return NULL;
        }
    }
    return table;
}

static int open_table(struct toml_parser *parser, struct toml_table *parent, struct toml_key key,
                      struct toml_span header, struct toml_table **opened)
{
    const struct toml_entry *entry = find(parent, key.name);
    if (entry == NULL) {
        struct toml_value *value = add_table(parser, parent, key, ORIGIN_HEADER);
        value->offset = header.offset;
        value->length = header.length;
        *opened = value->table;
        return 0;
    }
    struct toml_value *value = entry->value;
    enum table_origin origin =
        value->type == TOML_TABLE ? inside(value->table)->origin : ORIGIN_INLINE;
    if (origin == ORIGIN_DOTTED) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, key.span,
                             "the table `%s` was already defined by the dotted key on line %zu",
                             toml_show_path(parser, parser->path.count),
                             toml_line(parser, entry->key_offset));
    }
    if (origin == ORIGIN_HEADER) {
        return complain_twice(parser, "the table", key.span, value->offset);
    }
    if (origin != ORIGIN_IMPLIED) {
        return complain_closed(parser, parser->path.count, entry);
    }
    inside(value->table)->origin = ORIGIN_HEADER;
    value->offset = header.offset;
    value->length = header.length;
    *opened = value->table;
    return 0;
}

/* Appends to an array of tables. The capacity doubles whenever the count reaches a power of two. */
static void add_item(struct toml_parser *parser, struct toml_value *array, struct toml_value *item)
{
    size_t count = array->array.count;
    if ((count & (count - 1)) == 0) {
        struct toml_value **items =
            arena_array(parser->arena, count > 0 ? count * 2 : 1, sizeof(struct toml_value *));
        if (count > 0) {
            memcpy(items, array->array.items, count * sizeof(struct toml_value *));
        }
        array->array.items = items;
    }
    array->array.items[count] = item;
    array->array.count++;
}

static int open_element(struct toml_parser *parser, struct toml_table *parent, struct toml_key key,
                        struct toml_span header, struct toml_table **opened)
{
    const struct toml_entry *entry = find(parent, key.name);
    struct toml_value *array;
    if (entry == NULL) {
        array = toml_new_value(parser, TOML_ARRAY, header);
        add_entry(parser, parent, key, array);
    } else if (is_table_array(entry->value)) {
        array = entry->value;
    } else {
        const char *kind = entry->value->type == TOML_TABLE   ? "as a table"
                           : entry->value->type == TOML_ARRAY ? "as an array in brackets"
                                                              : "as a plain value";
        return toml_complain(parser, FINDING_TOML_SYNTAX, key.span,
                             "`%s` was already defined %s on line %zu, so [[…]] can't add to it",
                             toml_show_path(parser, parser->path.count), kind,
                             toml_line(parser, entry->key_offset));
    }
    struct toml_value *element = toml_new_value(parser, TOML_TABLE, header);
    element->table = new_table(parser, ORIGIN_ELEMENT);
    add_item(parser, array, element);
    *opened = element->table;
    return 0;
}

int toml_open_section(struct toml_parser *parser, struct toml_span header, bool element)
{
    size_t parts = parser->path.count;
    struct toml_table *parent = find_parent(parser, parts);
    if (parent == NULL) {
        return -1;
    }
    struct toml_key key = parser->path.at[parts - 1];
    struct toml_table **section = &parser->tables.at[0];
    return element ? open_element(parser, parent, key, header, section)
                   : open_table(parser, parent, key, header, section);
}

/* Arrays and inline tables */

int toml_open_array(struct toml_parser *parser, struct toml_span bracket)
{
    parser->open_arrays++;
    if (parser->path.count + parser->open_arrays > TOML_DEEPEST) {
        return toml_complain(parser, FINDING_TOML_SYNTAX, bracket,
                             "this is nested too deeply; the limit is %d levels", TOML_DEEPEST);
    }
    return 0;
}

struct toml_value *toml_close_array(struct toml_parser *parser, size_t count, struct toml_span span)
{
    struct toml_value *array = toml_new_value(parser, TOML_ARRAY, span);
    parser->open_arrays--;
    parser->items.count -= count;
    array->array.count = count;
    if (count > 0) {
        array->array.items = arena_array(parser->arena, count, sizeof(struct toml_value *));
        memcpy(array->array.items, parser->items.at + parser->items.count,
               count * sizeof(struct toml_value *));
    }
    return array;
}

void toml_open_inline(struct toml_parser *parser)
{
    vec_push(&parser->tables, new_table(parser, ORIGIN_INLINE));
}

struct toml_value *toml_close_inline(struct toml_parser *parser, struct toml_span span)
{
    struct toml_value *value = toml_new_value(parser, TOML_TABLE, span);
    parser->tables.count--;
    value->table = parser->tables.at[parser->tables.count];
    return value;
}
