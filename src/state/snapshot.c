#include "snapshot_format.h"

static bool add_section(uint64_t *at, uint64_t a, uint64_t b, uint64_t more, uint64_t size)
{
    uint64_t count;
    uint64_t bytes;
    return !__builtin_mul_overflow(a, b, &count) && !__builtin_add_overflow(count, more, &count) &&
           !__builtin_mul_overflow(count, size, &bytes) && !__builtin_add_overflow(*at, bytes, at);
}

static size_t task_bytes(const struct snapshot_header *header)
{
    return header->version == STATE_VERSION_1 ? TASK_RECORD_BYTES_1 : sizeof(struct task_record);
}

bool snapshot_sections(const struct snapshot_header *header, struct sections *sections)
{
    const uint64_t *counts = header->counts;
    uint64_t strings = 0;
    uint64_t at = sizeof *header;
    sections->files = at;
    if (!add_section(&at, counts[DIRECTORIES], counts[COLUMNS], counts[OTHER_FILES],
                     sizeof(struct file_row))) {
        return false;
    }
    sections->tasks = at;
    if (!add_section(&at, counts[DIRECTORIES], counts[ACTIONS], counts[OTHER_TASKS],
                     task_bytes(header))) {
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

struct reader {
    struct slice content;
    char *bytes; /* the same, for rows that are changed in place */
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
    for (uint64_t i = 0; i < reader->header.counts[OTHER_TASKS]; i++) {
        if (rowtable_other_task(table, read_string(reader)) != i) {
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

/* `number`: its place among the rows of tasks. */
static bool read_task(const struct reader *reader, const struct shapes *shapes, uint64_t number,
                      struct task_row *row)
{
    const char *content = reader->content.at;
    struct task_record older = {0};
    size_t bytes = task_bytes(&reader->header);
    const struct task_record *record =
        (const void *)(content + reader->sections.tasks + number * bytes);
    if (bytes < sizeof older) {
        memcpy(&older, record, bytes);
        record = &older;
    }
    if (!task_record_read(record, row) || record->origin > reader->header.counts[TEXTS]) {
        return false;
    }
    if (record->origin > 0) {
        const struct digest *texts = (const void *)(content + reader->sections.text_digests);
        row->origin = texts[record->origin - 1];
    }
    if (record->shape == TASK_RECORD_NO_SHAPE) {
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
    const struct digest *digests = (const void *)(content + reader->sections.digests);
    row->good = (struct components){shape, digests + record->first_digest, shape->count};
    return true;
}

static bool read_rows(const struct reader *reader, const struct shapes *shapes,
                      struct rowtable *table)
{
    const uint64_t *counts = reader->header.counts;
    struct file_row *files = (void *)(reader->bytes + reader->sections.files);
    table->files = files;
    table->files_are_borrowed = true;
    const struct file_row *others = files + counts[DIRECTORIES] * counts[COLUMNS];
    if (counts[OTHER_FILES] > 0) {
        memcpy(table->other_files.at, others, counts[OTHER_FILES] * sizeof *others);
    }
    uint64_t dense = counts[DIRECTORIES] * counts[ACTIONS];
    table->tasks = mem_grow(NULL, dense, sizeof *table->tasks);
    for (uint64_t i = 0; i < dense; i++) {
        if (!read_task(reader, shapes, i, &table->tasks[i])) {
            return false;
        }
    }
    for (uint64_t i = 0; i < counts[OTHER_TASKS]; i++) {
        if (!read_task(reader, shapes, dense + i, &table->other_tasks.at[i])) {
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
    if (memcmp(header->magic, SNAPSHOT_MAGIC, sizeof header->magic) != 0) {
        return "it isn't a snapshot";
    }
    if (header->byte_order != SNAPSHOT_BYTE_ORDER) {
        return "it was written by a machine with another byte order";
    }
    if (header->version != STATE_VERSION && header->version != STATE_VERSION_1) {
        return "it was written by another version of rowbuild";
    }
    if (header->total_bytes > reader->content.len) {
        return "it is cut short";
    }
    if (!snapshot_sections(header, &reader->sections) ||
        reader->sections.total != header->total_bytes ||
        header->total_bytes != reader->content.len || header->identity.id == 0) {
        return "its header is damaged";
    }
    struct digest checksum;
    memcpy(&checksum, reader->content.at + reader->sections.checksum, sizeof checksum);
    struct slice covered = slice_make(reader->content.at, reader->sections.checksum);
    if (!digest_equal(checksum, digest_of(covered))) {
        return "its checksum doesn't match its content";
    }
    return NULL;
}

const char *snapshot_read(struct buf *content, struct rowtable *table, struct shapes *shapes,
                          struct textstore *texts, struct snapshot_identity *identity)
{
    struct reader reader = {.content = buf_slice(content), .bytes = content->at};
    const char *wrong = read_header(&reader);
    if (wrong != NULL) {
        return wrong;
    }
    *identity = reader.header.identity;
    reader.ends = (const void *)(content->at + reader.sections.ends);
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
