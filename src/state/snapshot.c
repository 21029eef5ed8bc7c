#include "snapshot.h"

#include "noderecord.h"

static const char MAGIC[8] = {'r', 'o', 'w', 's', 't', 'a', 't', 'e'};
static const uint32_t BYTE_ORDER_MARK = 0x01020304;

enum string_group {
    DIRECTORIES,
    COLUMNS,
    ACTIONS,
    OTHER_FILES,
    OTHER_NODES,
    SHAPES,
    TEXTS,
    STRING_GROUPS
};

struct snapshot_header {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    struct snapshot_identity identity;
    uint64_t counts[STRING_GROUPS];
    uint64_t digests;
    uint64_t string_bytes;
    uint64_t total_bytes;
};

/* Where the sections begin, in bytes from the start of the file. */
struct sections {
    uint64_t files;
    uint64_t nodes;
    uint64_t digests;
    uint64_t text_digests;
    uint64_t ends;
    uint64_t strings;
    uint64_t checksum;
    uint64_t total;
};

static bool add_section(uint64_t *at, uint64_t a, uint64_t b, uint64_t more, uint64_t size)
{
    uint64_t count;
    uint64_t bytes;
    return !__builtin_mul_overflow(a, b, &count) && !__builtin_add_overflow(count, more, &count) &&
           !__builtin_mul_overflow(count, size, &bytes) && !__builtin_add_overflow(*at, bytes, at);
}

/* false: the counts are absurd. */
static bool find_sections(const struct snapshot_header *header, struct sections *sections)
{
    const uint64_t *counts = header->counts;
    uint64_t strings = 0;
    uint64_t at = sizeof *header;
    sections->files = at;
    if (!add_section(&at, counts[DIRECTORIES], counts[COLUMNS], counts[OTHER_FILES],
                     sizeof(struct file_row))) {
        return false;
    }
    sections->nodes = at;
    if (!add_section(&at, counts[DIRECTORIES], counts[ACTIONS], counts[OTHER_NODES],
                     sizeof(struct node_record))) {
        return false;
    }
    sections->digests = at;
    if (!add_section(&at, header->digests, 1, 0, sizeof(struct digest))) {
        return false;
    }
    sections->text_digests = at;
    if (!add_section(&at, counts[TEXTS], 1, 0, sizeof(struct digest))) {
        return false;
    }
    sections->ends = at;
    for (int i = 0; i < STRING_GROUPS; i++) {
        if (__builtin_add_overflow(strings, counts[i], &strings)) {
            return false;
        }
    }
    if (!add_section(&at, strings, 1, 0, sizeof(uint64_t))) {
        return false;
    }
    sections->strings = at;
    if (!add_section(&at, header->string_bytes, 1, 0, 1)) {
        return false;
    }
    sections->checksum = at;
    if (!add_section(&at, 1, 1, 0, sizeof(struct digest))) {
        return false;
    }
    sections->total = at;
    return true;
}

/* ---- reading ---- */

struct reader {
    struct slice content;
    struct snapshot_header header;
    struct sections sections;
    const uint64_t *ends;
    uint64_t next_string;
    uint64_t string_start;
};

static struct slice read_string(struct reader *reader)
{
    uint64_t end = reader->ends[reader->next_string++];
    const char *strings = reader->content.at + reader->sections.strings;
    struct slice string = slice_make(strings + reader->string_start, end - reader->string_start);
    reader->string_start = end;
    return string;
}

static bool ends_are_sound(const struct reader *reader)
{
    uint64_t count = (reader->sections.strings - reader->sections.ends) / sizeof(uint64_t);
    uint64_t last = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (reader->ends[i] < last) {
            return false;
        }
        last = reader->ends[i];
    }
    return last == reader->header.string_bytes;
}

static void read_names(struct reader *reader, uint64_t count, name_list *names)
{
    vec_reserve(names, count);
    for (uint64_t i = 0; i < count; i++) {
        vec_push(names, read_string(reader));
    }
}

static bool is_sorted(const name_list *names)
{
    for (size_t i = 1; i < names->count; i++) {
        if (slice_compare(names->at[i - 1], names->at[i]) >= 0) {
            return false;
        }
    }
    return true;
}

static bool read_others(struct reader *reader, struct rowtable *table)
{
    for (uint64_t i = 0; i < reader->header.counts[OTHER_FILES]; i++) {
        if (rowtable_other_file(table, read_string(reader)) != i) {
            return false;
        }
    }
    for (uint64_t i = 0; i < reader->header.counts[OTHER_NODES]; i++) {
        if (rowtable_other_node(table, read_string(reader)) != i) {
            return false;
        }
    }
    return true;
}

static bool read_shapes(struct reader *reader, struct shapes *shapes)
{
    for (uint64_t i = 0; i < reader->header.counts[SHAPES]; i++) {
        const struct shape *shape = shapes_add_key(shapes, read_string(reader));
        if (shape == NULL || shape->number != i) {
            return false;
        }
    }
    return true;
}

static void read_texts(struct reader *reader, struct textstore *texts)
{
    texts->loaded_count = reader->header.counts[TEXTS];
    texts->loaded = (const void *)(reader->content.at + reader->sections.text_digests);
    texts->loaded_ends = reader->ends + reader->next_string;
    texts->loaded_bytes = reader->content.at + reader->sections.strings;
    texts->loaded_start = reader->string_start;
}

static bool read_node(const struct reader *reader, const struct shapes *shapes,
                      const struct node_record *record, struct node_row *row)
{
    if (!node_record_read(record, row)) {
        return false;
    }
    if (record->shape == NODE_RECORD_NO_SHAPE) {
        return true;
    }
    if (record->shape >= reader->header.counts[SHAPES]) {
        return false;
    }
    const struct shape *shape = shapes->all.at[record->shape];
    if (record->first_digest > reader->header.digests ||
        shape->count > reader->header.digests - record->first_digest) {
        return false;
    }
    const struct digest *digests = (const void *)(reader->content.at + reader->sections.digests);
    row->good = (struct components){shape, digests + record->first_digest, shape->count};
    return true;
}

static bool read_rows(const struct reader *reader, const struct shapes *shapes,
                      struct rowtable *table)
{
    const uint64_t *counts = reader->header.counts;
    const struct file_row *files = (const void *)(reader->content.at + reader->sections.files);
    /* The cast takes const away: rows are changed in place in the buffer, which the state owns. */
    table->files = (struct file_row *)(uintptr_t)files;
    table->files_are_borrowed = true;
    const struct file_row *others = files + counts[DIRECTORIES] * counts[COLUMNS];
    if (counts[OTHER_FILES] > 0) {
        memcpy(table->other_files.at, others, counts[OTHER_FILES] * sizeof *others);
    }
    uint64_t dense = counts[DIRECTORIES] * counts[ACTIONS];
    const struct node_record *nodes = (const void *)(reader->content.at + reader->sections.nodes);
    table->nodes = mem_grow(NULL, dense, sizeof *table->nodes);
    for (uint64_t i = 0; i < dense; i++) {
        if (!read_node(reader, shapes, &nodes[i], &table->nodes[i])) {
            return false;
        }
    }
    for (uint64_t i = 0; i < counts[OTHER_NODES]; i++) {
        if (!read_node(reader, shapes, &nodes[dense + i], &table->other_nodes.at[i])) {
            return false;
        }
    }
    return true;
}

static const char *read_header(struct reader *reader)
{
    struct snapshot_header *header = &reader->header;
    if (reader->content.len < sizeof *header) {
        return "it is cut short";
    }
    memcpy(header, reader->content.at, sizeof *header);
    if (memcmp(header->magic, MAGIC, sizeof MAGIC) != 0) {
        return "it isn't a snapshot";
    }
    if (header->byte_order != BYTE_ORDER_MARK) {
        return "it was written by a machine of another byte order";
    }
    if (header->version != STATE_VERSION) {
        return "it was written by another version of rowbuild";
    }
    if (header->total_bytes > reader->content.len) {
        return "it is cut short";
    }
    if (!find_sections(header, &reader->sections) ||
        reader->sections.total != header->total_bytes ||
        header->total_bytes != reader->content.len || header->identity.id == 0) {
        return "its header is damaged";
    }
    struct digest checksum;
    memcpy(&checksum, reader->content.at + reader->sections.checksum, sizeof checksum);
    struct slice covered = slice_make(reader->content.at, reader->sections.checksum);
    if (!digest_equal(checksum, digest_of(covered))) {
        return "its checksum doesn't fit its content";
    }
    return NULL;
}

const char *snapshot_read(struct slice content, struct rowtable *table, struct shapes *shapes,
                          struct textstore *texts, struct snapshot_identity *identity)
{
    struct reader reader = {.content = content};
    const char *wrong = read_header(&reader);
    if (wrong != NULL) {
        return wrong;
    }
    *identity = reader.header.identity;
    reader.ends = (const void *)(content.at + reader.sections.ends);
    if (!ends_are_sound(&reader)) {
        return "its strings are damaged";
    }
    read_names(&reader, reader.header.counts[DIRECTORIES], &table->directories);
    read_names(&reader, reader.header.counts[COLUMNS], &table->columns);
    read_names(&reader, reader.header.counts[ACTIONS], &table->actions);
    if (!is_sorted(&table->directories) || !read_others(&reader, table) ||
        !read_shapes(&reader, shapes)) {
        return "its names are damaged";
    }
    read_texts(&reader, texts);
    if (!read_rows(&reader, shapes, table)) {
        return "its rows are damaged";
    }
    return NULL;
}

/* ---- writing ---- */

typedef VEC(size_t) numbers;

struct writer {
    const struct rowtable *table;
    const struct shapes *shapes;
    const struct textstore *texts;
    numbers kept[OTHER_NODES + 1]; /* by string group */
    uint32_t *shape_numbers; /* by the number in `shapes`; NODE_RECORD_NO_SHAPE: not written */
    numbers kept_shapes;
    VEC(struct digest) kept_texts;
    uint64_t digests;
    uint64_t string_end;
    struct buf *out;
};

static bool column_has_rows(const struct rowtable *table, size_t column)
{
    for (size_t i = 0; i < table->directories.count; i++) {
        if ((table->files[i * table->columns.count + column].flags & FILE_ROW_KNOWN) != 0) {
            return true;
        }
    }
    return false;
}

static bool action_has_rows(const struct rowtable *table, size_t action)
{
    for (size_t i = 0; i < table->directories.count; i++) {
        if (table->nodes[i * table->actions.count + action].is_known) {
            return true;
        }
    }
    return false;
}

static bool other_file_has_row(const struct rowtable *table, size_t number)
{
    return (table->other_files.at[number].flags & FILE_ROW_KNOWN) != 0;
}

static bool other_node_has_row(const struct rowtable *table, size_t number)
{
    return table->other_nodes.at[number].is_known;
}

static void keep(numbers *kept, const struct rowtable *table, size_t count, const bool *bound,
                 bool (*has_rows)(const struct rowtable *, size_t))
{
    for (size_t i = 0; i < count; i++) {
        if ((bound != NULL && bound[i]) || has_rows(table, i)) {
            vec_push(kept, i);
        }
    }
}

static void keep_names(struct writer *writer, const struct bound_names *bound)
{
    const struct rowtable *table = writer->table;
    keep(&writer->kept[DIRECTORIES], table, table->directories.count, bound->directories,
         rowtable_directory_has_rows);
    keep(&writer->kept[COLUMNS], table, table->columns.count, bound->columns, column_has_rows);
    keep(&writer->kept[ACTIONS], table, table->actions.count, bound->actions, action_has_rows);
    keep(&writer->kept[OTHER_FILES], table, table->other_files.count, bound->other_files,
         other_file_has_row);
    keep(&writer->kept[OTHER_NODES], table, table->other_nodes.count, bound->other_nodes,
         other_node_has_row);
}

typedef void node_fn(struct writer *writer, const struct node_row *row);

/* Calls `fn` for all rows of nodes that are kept, in the order of the file. */
static void each_node(struct writer *writer, node_fn *fn)
{
    const struct rowtable *table = writer->table;
    vec_each (size_t, directory, &writer->kept[DIRECTORIES]) {
        vec_each (size_t, action, &writer->kept[ACTIONS]) {
            fn(writer, &table->nodes[*directory * table->actions.count + *action]);
        }
    }
    vec_each (size_t, number, &writer->kept[OTHER_NODES]) {
        fn(writer, &table->other_nodes.at[*number]);
    }
}

static void count_components(struct writer *writer, const struct node_row *row)
{
    if (!row->is_known || row->good.shape == NULL) {
        return;
    }
    uint32_t *number = &writer->shape_numbers[row->good.shape->number];
    if (*number == NODE_RECORD_NO_SHAPE) {
        *number = (uint32_t)writer->kept_shapes.count;
        vec_push(&writer->kept_shapes, row->good.shape->number);
    }
    writer->digests += row->good.count;
}

static void write_node(struct writer *writer, const struct node_row *row)
{
    struct node_record record = {.shape = NODE_RECORD_NO_SHAPE};
    if (row->is_known) {
        record = node_record_of(row);
        if (row->good.shape != NULL) {
            record.shape = writer->shape_numbers[row->good.shape->number];
            record.first_digest = writer->digests;
            writer->digests += row->good.count;
        }
    }
    buf_add(writer->out, &record, sizeof record);
}

static void write_digests(struct writer *writer, const struct node_row *row)
{
    if (row->is_known && row->good.count > 0) {
        buf_add(writer->out, row->good.digests, row->good.count * sizeof *row->good.digests);
    }
}

static void write_files(struct writer *writer)
{
    const struct rowtable *table = writer->table;
    size_t width = table->columns.count;
    bool all_columns = writer->kept[COLUMNS].count == width;
    vec_each (size_t, directory, &writer->kept[DIRECTORIES]) {
        const struct file_row *rows = table->files + *directory * width;
        if (all_columns) {
            buf_add(writer->out, rows, width * sizeof *rows);
            continue;
        }
        vec_each (size_t, column, &writer->kept[COLUMNS]) {
            buf_add(writer->out, &rows[*column], sizeof *rows);
        }
    }
    vec_each (size_t, number, &writer->kept[OTHER_FILES]) {
        buf_add(writer->out, &table->other_files.at[*number], sizeof(struct file_row));
    }
}

/* Digests of texts that some component refers to: open addressing, unknown is free. */
struct digest_set {
    struct digest *slots;
    size_t mask;
};

static struct digest *digest_slot(const struct digest_set *set, struct digest digest)
{
    size_t slot = (size_t)digest.low & set->mask;
    while (!digest_is_unknown(set->slots[slot]) && !digest_equal(set->slots[slot], digest)) {
        slot = (slot + 1) & set->mask;
    }
    return &set->slots[slot];
}

static bool explains_digest(enum component_kind kind)
{
    return kind == COMPONENT_RECIPE || kind == COMPONENT_VALUE || kind == COMPONENT_WHOLE;
}

static void refer(const struct digest_set *set, const struct node_row *row)
{
    for (size_t i = 0; row->is_known && i < row->good.count; i++) {
        struct digest digest = row->good.digests[i];
        if (explains_digest(row->good.shape->parts[i].kind) && !digest_is_unknown(digest)) {
            *digest_slot(set, digest) = digest;
        }
    }
}

/* Upper bound of how many digests refer() will meet. */
static size_t count_references(const struct rowtable *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->directories.count * table->actions.count; i++) {
        count += table->nodes[i].good.count;
    }
    vec_each (const struct node_row, row, &table->other_nodes) {
        count += row->good.count;
    }
    return count;
}

/* Texts of this session are kept as they are: what refers to them may be yet to come. */
static void keep_texts(struct writer *writer)
{
    const struct rowtable *table = writer->table;
    const struct textstore *texts = writer->texts;
    struct digest_set set = {.mask = 63};
    size_t wanted = texts->loaded_count > 0 ? count_references(table) * 2 : 0;
    while (set.mask < wanted) {
        set.mask = set.mask * 2 + 1;
    }
    set.slots = mem_alloc((set.mask + 1) * sizeof *set.slots);
    if (texts->loaded_count > 0) {
        for (size_t i = 0; i < table->directories.count * table->actions.count; i++) {
            refer(&set, &table->nodes[i]);
        }
        vec_each (const struct node_row, row, &table->other_nodes) {
            refer(&set, row);
        }
    }
    for (size_t i = 0; i < texts->loaded_count; i++) {
        if (!digest_is_unknown(*digest_slot(&set, texts->loaded[i]))) {
            vec_push(&writer->kept_texts, texts->loaded[i]);
        }
    }
    for (size_t i = 0; i < texts->added.count; i++) {
        vec_push(&writer->kept_texts, textstore_added_digest(texts, i));
    }
    if (writer->kept_texts.count > 0) {
        qsort(writer->kept_texts.at, writer->kept_texts.count, sizeof(struct digest),
              textstore_order);
    }
    free(set.slots);
}

typedef void string_fn(struct writer *writer, struct slice string);

static void each_string(struct writer *writer, string_fn *fn)
{
    const struct rowtable *table = writer->table;
    const name_list *lists[] = {&table->directories, &table->columns, &table->actions};
    for (int group = DIRECTORIES; group <= ACTIONS; group++) {
        vec_each (size_t, number, &writer->kept[group]) {
            fn(writer, lists[group]->at[*number]);
        }
    }
    vec_each (size_t, number, &writer->kept[OTHER_FILES]) {
        fn(writer, intern_name(&table->other_file_names, (uint32_t)*number));
    }
    vec_each (size_t, number, &writer->kept[OTHER_NODES]) {
        fn(writer, intern_name(&table->other_node_names, (uint32_t)*number));
    }
    vec_each (size_t, number, &writer->kept_shapes) {
        fn(writer, shapes_key(writer->shapes, writer->shapes->all.at[*number]));
    }
    vec_each (struct digest, digest, &writer->kept_texts) {
        fn(writer, textstore_find(writer->texts, *digest));
    }
}

static void measure_string(struct writer *writer, struct slice string)
{
    writer->string_end += string.len;
}

static void write_end(struct writer *writer, struct slice string)
{
    writer->string_end += string.len;
    buf_add(writer->out, &writer->string_end, sizeof writer->string_end);
}

static void write_string(struct writer *writer, struct slice string)
{
    buf_add_slice(writer->out, string);
}

static struct snapshot_header make_header(struct writer *writer,
                                          const struct snapshot_identity *identity)
{
    struct snapshot_header header = {
        .version = STATE_VERSION, .byte_order = BYTE_ORDER_MARK, .identity = *identity};
    memcpy(header.magic, MAGIC, sizeof MAGIC);
    for (int group = DIRECTORIES; group <= OTHER_NODES; group++) {
        header.counts[group] = writer->kept[group].count;
    }
    each_node(writer, count_components);
    header.counts[SHAPES] = writer->kept_shapes.count;
    header.counts[TEXTS] = writer->kept_texts.count;
    header.digests = writer->digests;
    each_string(writer, measure_string);
    header.string_bytes = writer->string_end;
    struct sections sections;
    find_sections(&header, &sections); /* can't fail: the rows are in memory */
    header.total_bytes = sections.total;
    return header;
}

void snapshot_write(const struct rowtable *table, const struct shapes *shapes,
                    const struct textstore *texts, const struct bound_names *bound,
                    const struct snapshot_identity *identity, struct buf *out)
{
    struct writer writer = {.table = table, .shapes = shapes, .texts = texts, .out = out};
    writer.shape_numbers = mem_grow(NULL, shapes->all.count + 1, sizeof *writer.shape_numbers);
    for (size_t i = 0; i < shapes->all.count; i++) {
        writer.shape_numbers[i] = NODE_RECORD_NO_SHAPE;
    }
    keep_names(&writer, bound);
    keep_texts(&writer);
    struct snapshot_header header = make_header(&writer, identity);
    size_t start = out->len;
    buf_reserve(out, header.total_bytes);
    buf_add(out, &header, sizeof header);
    write_files(&writer);
    writer.digests = 0;
    each_node(&writer, write_node);
    each_node(&writer, write_digests);
    vec_each (struct digest, digest, &writer.kept_texts) {
        buf_add(out, digest, sizeof *digest);
    }
    writer.string_end = 0;
    each_string(&writer, write_end);
    each_string(&writer, write_string);
    struct digest checksum = digest_of(slice_make(out->at + start, out->len - start));
    buf_add(out, &checksum, sizeof checksum);
    for (int group = DIRECTORIES; group <= OTHER_NODES; group++) {
        vec_release(&writer.kept[group]);
    }
    vec_release(&writer.kept_shapes);
    vec_release(&writer.kept_texts);
    free(writer.shape_numbers);
}
