/* Writing a snapshot; its format is in snapshot.h. */
#include "snapshot_format.h"

typedef VEC(size_t) numbers;

struct writer {
    const struct rowtable *table;
    const struct shapes *shapes;
    const struct textstore *texts;
    numbers kept[OTHER_TASKS + 1]; /* by string group */
    uint32_t *shape_numbers; /* by the number in `shapes`; TASK_RECORD_NO_SHAPE: not written */
    numbers kept_shapes;
    VEC(struct digest) kept_texts;
    struct digest last_origin; /* that was looked for, and where it stands: find_origin */
    uint32_t last_origin_place;
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
        if (table->tasks[i * table->actions.count + action].is_known) {
            return true;
        }
    }
    return false;
}

static bool other_file_has_row(const struct rowtable *table, size_t number)
{
    return (table->other_files.at[number].flags & FILE_ROW_KNOWN) != 0;
}

static bool other_task_has_row(const struct rowtable *table, size_t number)
{
    return table->other_tasks.at[number].is_known;
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
    keep(&writer->kept[OTHER_TASKS], table, table->other_tasks.count, bound->other_tasks,
         other_task_has_row);
}

typedef void task_fn(struct writer *writer, const struct task_row *row);

/* Calls `fn` for all rows of tasks that are kept, in the order of the file. */
static void each_task(struct writer *writer, task_fn *fn)
{
    const struct rowtable *table = writer->table;
    vec_each (size_t, directory, &writer->kept[DIRECTORIES]) {
        vec_each (size_t, action, &writer->kept[ACTIONS]) {
            fn(writer, &table->tasks[*directory * table->actions.count + *action]);
        }
    }
    vec_each (size_t, number, &writer->kept[OTHER_TASKS]) {
        fn(writer, &table->other_tasks.at[*number]);
    }
}

static void count_components(struct writer *writer, const struct task_row *row)
{
    if (!row->is_known || row->good.shape == NULL) {
        return;
    }
    uint32_t *number = &writer->shape_numbers[row->good.shape->number];
    if (*number == TASK_RECORD_NO_SHAPE) {
        *number = (uint32_t)writer->kept_shapes.count;
        vec_push(&writer->kept_shapes, row->good.shape->number);
    }
    writer->digests += row->good.count;
}

/* Tasks of one run have the same origin, and stand side by side. */
static uint32_t find_origin(struct writer *writer, struct digest origin)
{
    if (!digest_equal(origin, writer->last_origin)) {
        const struct digest *first = writer->kept_texts.at;
        const struct digest *found = NULL;
        if (writer->kept_texts.count > 0) {
            found =
                bsearch(&origin, first, writer->kept_texts.count, sizeof origin, textstore_order);
        }
        writer->last_origin = origin;
        writer->last_origin_place = found == NULL ? 0 : (uint32_t)(found - first) + 1;
    }
    return writer->last_origin_place;
}

static void write_task(struct writer *writer, const struct task_row *row)
{
    struct task_record record = {.shape = TASK_RECORD_NO_SHAPE};
    if (row->is_known) {
        record = task_record_of(row);
        record.origin = find_origin(writer, row->origin);
        if (row->good.shape != NULL) {
            record.shape = writer->shape_numbers[row->good.shape->number];
            record.first_digest = writer->digests;
            writer->digests += row->good.count;
        }
    }
    buf_add(writer->out, &record, sizeof record);
}

static void write_digests(struct writer *writer, const struct task_row *row)
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
    return kind == COMPONENT_RECIPE || kind == COMPONENT_VALUE || kind == COMPONENT_WHOLE ||
           kind == COMPONENT_ENTRIES || kind == COMPONENT_ATTEMPT;
}

static void refer(const struct digest_set *set, const struct task_row *row)
{
    if (row->is_known && !digest_is_unknown(row->origin)) {
        *digest_slot(set, row->origin) = row->origin;
    }
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
        count += table->tasks[i].good.count + 1;
    }
    vec_each (const struct task_row, row, &table->other_tasks) {
        count += row->good.count + 1;
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
            refer(&set, &table->tasks[i]);
        }
        vec_each (const struct task_row, row, &table->other_tasks) {
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
    vec_each (size_t, number, &writer->kept[OTHER_TASKS]) {
        fn(writer, intern_name(&table->other_task_names, (uint32_t)*number));
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
        .version = STATE_VERSION, .byte_order = SNAPSHOT_BYTE_ORDER, .identity = *identity};
    memcpy(header.magic, SNAPSHOT_MAGIC, sizeof header.magic);
    for (int group = DIRECTORIES; group <= OTHER_TASKS; group++) {
        header.counts[group] = writer->kept[group].count;
    }
    each_task(writer, count_components);
    header.counts[SHAPES] = writer->kept_shapes.count;
    header.counts[TEXTS] = writer->kept_texts.count;
    header.digests = writer->digests;
    each_string(writer, measure_string);
    header.string_bytes = writer->string_end;
    struct sections sections;
    snapshot_sections(&header, &sections); /* can't fail: the rows are in memory */
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
        writer.shape_numbers[i] = TASK_RECORD_NO_SHAPE;
    }
    keep_names(&writer, bound);
    keep_texts(&writer);
    struct snapshot_header header = make_header(&writer, identity);
    size_t start = out->len;
    buf_reserve(out, header.total_bytes);
    buf_add(out, &header, sizeof header);
    write_files(&writer);
    writer.digests = 0;
    each_task(&writer, write_task);
    each_task(&writer, write_digests);
    vec_each (struct digest, digest, &writer.kept_texts) {
        buf_add(out, digest, sizeof *digest);
    }
    writer.string_end = 0;
    each_string(&writer, write_end);
    each_string(&writer, write_string);
    struct digest checksum = digest_of(slice_make(out->at + start, out->len - start));
    buf_add(out, &checksum, sizeof checksum);
    for (int group = DIRECTORIES; group <= OTHER_TASKS; group++) {
        vec_release(&writer.kept[group]);
    }
    vec_release(&writer.kept_shapes);
    vec_release(&writer.kept_texts);
    free(writer.shape_numbers);
}
