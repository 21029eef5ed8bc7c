#include "journal.h"

#include "snapshot.h"

static const char MAGIC[8] = {'r', 'o', 'w', 'j', 'o', 'u', 'r', 'n'};
static const uint32_t BYTE_ORDER_MARK = 0x01020304;
static const char MARK[3] = {'r', 'b', 'j'};

enum { RECORD_HEAD = 16, CHECKSUM_BYTES = 8 };

/* ---- writing ---- */

void journal_add_header(struct buf *out, uint64_t id)
{
    size_t start = out->len;
    uint32_t version = STATE_VERSION;
    buf_add(out, MAGIC, sizeof MAGIC);
    buf_add(out, &version, sizeof version);
    buf_add(out, &BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK);
    buf_add(out, &id, sizeof id);
    uint64_t checksum = digest_of(slice_make(out->at + start, out->len - start)).low;
    buf_add(out, &checksum, sizeof checksum);
}

/* Leaves room for the checksum and the length; returns where the record begins. */
static size_t begin_record(struct buf *out, enum journal_record_type type)
{
    size_t start = out->len;
    char head[RECORD_HEAD] = {0};
    memcpy(head + CHECKSUM_BYTES, MARK, sizeof MARK);
    head[CHECKSUM_BYTES + sizeof MARK] = (char)type;
    buf_add(out, head, sizeof head);
    return start;
}

static void end_record(struct buf *out, size_t start, uint64_t id)
{
    uint32_t length = (uint32_t)(out->len - start - RECORD_HEAD);
    memcpy(out->at + start + 12, &length, sizeof length);
    struct slice covered =
        slice_make(out->at + start + CHECKSUM_BYTES, out->len - start - CHECKSUM_BYTES);
    uint64_t checksum = digest_of(covered).low ^ id;
    memcpy(out->at + start, &checksum, sizeof checksum);
}

static void add_name(struct buf *out, struct slice name)
{
    uint32_t len = (uint32_t)name.len;
    buf_add(out, &len, sizeof len);
    buf_add_slice(out, name);
}

void journal_add_file(struct buf *out, uint64_t id, struct slice directory, struct slice name,
                      const struct file_row *row)
{
    size_t start = begin_record(out, JOURNAL_FILE);
    add_name(out, directory);
    add_name(out, name);
    buf_add(out, row, sizeof *row);
    end_record(out, start, id);
}

void journal_add_task(struct buf *out, uint64_t id, struct slice directory, struct slice name,
                      const struct task_row *row, struct slice shape_key)
{
    size_t start = begin_record(out, JOURNAL_TASK);
    struct task_record record = task_record_of(row);
    if (row->good.shape != NULL) {
        record.shape = 0;
    }
    add_name(out, directory);
    add_name(out, name);
    buf_add(out, &record, sizeof record);
    buf_add(out, &row->origin, sizeof row->origin);
    add_name(out, shape_key);
    buf_add(out, row->good.digests, row->good.count * sizeof *row->good.digests);
    end_record(out, start, id);
}

void journal_add_text(struct buf *out, uint64_t id, struct digest digest, struct slice text)
{
    size_t start = begin_record(out, JOURNAL_TEXT);
    buf_add(out, &digest, sizeof digest);
    buf_add_slice(out, text);
    end_record(out, start, id);
}

/* ---- reading ---- */

const char *journal_read_header(struct slice journal, uint64_t *id, bool *is_torn)
{
    size_t magic = journal.len < sizeof MAGIC ? journal.len : sizeof MAGIC;
    *id = 0;
    *is_torn = journal.len < JOURNAL_HEADER_BYTES;
    if (magic > 0 && memcmp(journal.at, MAGIC, magic) != 0) {
        return "it isn't a journal";
    }
    if (*is_torn) {
        return NULL;
    }
    uint32_t version;
    uint32_t byte_order;
    uint64_t checksum;
    memcpy(&version, journal.at + 8, sizeof version);
    memcpy(&byte_order, journal.at + 12, sizeof byte_order);
    memcpy(id, journal.at + 16, sizeof *id);
    memcpy(&checksum, journal.at + 24, sizeof checksum);
    if (byte_order != BYTE_ORDER_MARK) {
        return "it was written by a machine with another byte order";
    }
    if (version != STATE_VERSION && version != STATE_VERSION_1) {
        return "it was written by another version of rowbuild";
    }
    if (checksum != digest_of(slice_make(journal.at, 24)).low) {
        return "its header is damaged";
    }
    return NULL;
}

bool journal_is_older(struct slice journal)
{
    uint32_t version;
    memcpy(&version, journal.at + sizeof MAGIC, sizeof version);
    return version != STATE_VERSION;
}

/* Takes `len` bytes from the front of *rest; NULL when there are fewer. */
static const char *take(struct slice *rest, size_t len)
{
    if (rest->len < len) {
        return NULL;
    }
    const char *at = rest->at;
    *rest = slice_make(at + len, rest->len - len);
    return at;
}

static bool take_copy(struct slice *rest, void *to, size_t len)
{
    const char *at = take(rest, len);
    if (at != NULL) {
        memcpy(to, at, len);
    }
    return at != NULL;
}

static bool take_name(struct slice *rest, struct slice *name)
{
    uint32_t len;
    if (!take_copy(rest, &len, sizeof len) || rest->len < len) {
        return false;
    }
    *name = slice_make(take(rest, len), len);
    return true;
}

static bool read_task_content(struct slice content, struct journal_record *record)
{
    struct task_row ignored;
    bool is_older = record->type == JOURNAL_TASK_1;
    record->type = JOURNAL_TASK;
    record->task = (struct task_record){0};
    record->origin = DIGEST_UNKNOWN;
    if (!take_copy(&content, &record->task, is_older ? TASK_RECORD_BYTES_1 : sizeof record->task) ||
        (!is_older && !take_copy(&content, &record->origin, sizeof record->origin)) ||
        !take_name(&content, &record->shape_key) || content.len % sizeof(struct digest) != 0 ||
        !task_record_read(&record->task, &ignored)) {
        return false;
    }
    record->digests = content.at;
    record->digest_count = content.len / sizeof(struct digest);
    return true;
}

static bool read_content(struct slice content, struct journal_record *record)
{
    if (record->type == JOURNAL_TEXT) {
        bool good = take_copy(&content, &record->text_digest, sizeof record->text_digest);
        record->text = content;
        return good;
    }
    if (!take_name(&content, &record->directory) || !take_name(&content, &record->name)) {
        return false;
    }
    if (record->type == JOURNAL_FILE) {
        return take_copy(&content, &record->file, sizeof record->file) && content.len == 0;
    }
    return (record->type == JOURNAL_TASK || record->type == JOURNAL_TASK_1) &&
           read_task_content(content, record);
}

static bool read_record(struct slice journal, size_t offset, struct slice *content,
                        struct journal_record *record)
{
    if (offset > journal.len || journal.len - offset < RECORD_HEAD) {
        return false;
    }
    const char *head = journal.at + offset;
    uint32_t length;
    memcpy(&length, head + 12, sizeof length);
    if (memcmp(head + CHECKSUM_BYTES, MARK, sizeof MARK) != 0 ||
        journal.len - offset - RECORD_HEAD < length) {
        return false;
    }
    *record = (struct journal_record){.type = (enum journal_record_type)head[11]};
    *content = slice_make(head + RECORD_HEAD, length);
    return read_content(*content, record);
}

bool journal_next(struct slice journal, uint64_t id, size_t *offset, struct journal_record *record)
{
    struct slice content;
    if (!read_record(journal, *offset, &content, record)) {
        return false;
    }
    uint64_t checksum;
    memcpy(&checksum, journal.at + *offset, sizeof checksum);
    const char *covered = journal.at + *offset + CHECKSUM_BYTES;
    size_t covered_len = RECORD_HEAD - CHECKSUM_BYTES + content.len;
    if (checksum != (digest_of(slice_make(covered, covered_len)).low ^ id)) {
        return false;
    }
    *offset += RECORD_HEAD + content.len;
    return true;
}

void journal_again(struct slice journal, size_t offset, struct journal_record *record)
{
    struct slice content;
    read_record(journal, offset, &content, record);
}

bool journal_find(struct slice journal, uint64_t id, size_t *offset)
{
    struct journal_record record;
    for (size_t at = *offset + 1; at + RECORD_HEAD <= journal.len; at++) {
        const char *mark = memmem(journal.at + at + CHECKSUM_BYTES,
                                  journal.len - at - CHECKSUM_BYTES, MARK, sizeof MARK);
        if (mark == NULL) {
            return false;
        }
        at = (size_t)(mark - journal.at) - CHECKSUM_BYTES;
        size_t next = at;
        if (journal_next(journal, id, &next, &record)) {
            *offset = at;
            return true;
        }
    }
    return false;
}

bool journal_goes_on(struct slice journal, uint64_t id, size_t offset)
{
    return journal_find(journal, id, &offset);
}
