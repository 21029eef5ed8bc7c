#include "point_records.h"

#include "disk.h"
#include "inside.h"
#include "intern.h"
#include "memory.h"
#include "state_folder.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Each line: a checksum of the rest, the digest before, the digest after, the name; after a tab the
 * former name, if there is one. Names have no control characters (workspace/points_name.c). A line
 * whose digest after is that of no file is a mark: with an unknown digest before, the directory is
 * declared, though rowbuild wrote nothing there; with any other, it isn't declared any more. */
#define HEADER "rowbuild points 1 xxh3-128\n"
enum { CHECK_DIGITS = 16, DIGEST_DIGITS = 32, NAME_AT = CHECK_DIGITS + 2 * DIGEST_DIGITS + 3 };
static const size_t LARGEST_FILE = (size_t)4 << 30;

struct pair {
    struct digest before;
    struct digest after;
    uint32_t former;    /* number of the former name, or INTERN_NONE */
    uint32_t successor; /* of the name that this one has become, or INTERN_NONE */
    bool is_written;    /* it has digests; else it is a former name, or was only marked */
    bool is_declared;
};

struct point_records {
    char *path;
    struct intern names;
    VEC(struct pair) pairs; /* by number of the name */
    bool any_former;
    size_t lines;       /* in the file */
    size_t sound_bytes; /* of the file, up to the first line that doesn't count */
    size_t bytes;       /* of the file */
};

static uint32_t number_of(struct point_records *records, struct slice name)
{
    uint32_t number = intern_add(&records->names, name);
    if (number == records->pairs.count) {
        vec_push(&records->pairs, (struct pair){.former = INTERN_NONE, .successor = INTERN_NONE});
    }
    return number;
}

/* A name that is written again is that of another directory than the one that was renamed. */
static void put(struct point_records *records, const struct point_record *record)
{
    uint32_t number = number_of(records, record->name);
    uint32_t former = record->former.at != NULL ? number_of(records, record->former) : INTERN_NONE;
    struct pair *pair = &records->pairs.at[number];
    if (pair->successor != INTERN_NONE) {
        records->pairs.at[pair->successor].former = INTERN_NONE;
        pair->successor = INTERN_NONE;
    }
    if (former != INTERN_NONE) {
        if (pair->former != INTERN_NONE) {
            records->pairs.at[pair->former].successor = INTERN_NONE;
        }
        pair->former = former;
        records->any_former = true;
        records->pairs.at[former].successor = number;
        records->pairs.at[former].is_declared = false;
    }
    pair->before = record->before;
    pair->after = record->after;
    pair->is_written = true;
    pair->is_declared = true;
}

static uint32_t put_mark(struct point_records *records, struct slice name, bool is_declared)
{
    uint32_t number = number_of(records, name);
    struct pair *pair = &records->pairs.at[number];
    if (is_declared && pair->successor != INTERN_NONE) { /* the name is used again */
        records->pairs.at[pair->successor].former = INTERN_NONE;
        pair->successor = INTERN_NONE;
    }
    pair->is_declared = is_declared;
    return number;
}

static bool read_hex(struct slice text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f')) {
            return false;
        }
        *number = *number << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    return true;
}

static bool read_digest(struct slice text, struct digest *digest)
{
    return read_hex(slice_make(text.at, CHECK_DIGITS), &digest->high) &&
           read_hex(slice_make(text.at + CHECK_DIGITS, CHECK_DIGITS), &digest->low);
}

static bool read_line(struct point_records *records, struct slice line)
{
    uint64_t check;
    struct point_record record = {0};
    if (line.len <= NAME_AT || !read_hex(slice_make(line.at, CHECK_DIGITS), &check) ||
        check != digest_of(slice_make(line.at + CHECK_DIGITS, line.len - CHECK_DIGITS)).high ||
        !read_digest(slice_make(line.at + CHECK_DIGITS + 1, DIGEST_DIGITS), &record.before) ||
        !read_digest(slice_make(line.at + CHECK_DIGITS + DIGEST_DIGITS + 2, DIGEST_DIGITS),
                     &record.after)) {
        return false;
    }
    record.name = slice_make(line.at + NAME_AT, line.len - NAME_AT);
    const char *tab = memchr(record.name.at, '\t', record.name.len);
    if (tab != NULL) {
        record.former = slice_make(tab + 1, (size_t)(line.at + line.len - tab) - 1);
        record.name.len = (size_t)(tab - record.name.at);
    }
    if (digest_is_absent(record.after)) {
        (void)put_mark(records, record.name, digest_is_unknown(record.before));
    } else {
        put(records, &record);
    }
    return true;
}

static void add_line(const struct point_record *record, struct buf *out)
{
    struct buf rest = BUF_EMPTY;
    buf_add_char(&rest, ' ');
    digest_format(record->before, &rest);
    buf_add_char(&rest, ' ');
    digest_format(record->after, &rest);
    buf_add_char(&rest, ' ');
    buf_add_slice(&rest, record->name);
    if (record->former.at != NULL) {
        buf_add_char(&rest, '\t');
        buf_add_slice(&rest, record->former);
    }
    buf_addf(out, "%016llx", (unsigned long long)digest_of(buf_slice(&rest)).high);
    buf_add_slice(out, buf_slice(&rest));
    buf_add_char(out, '\n');
    buf_release(&rest);
}

static void add_written_line(const struct point_records *records, uint32_t number, struct buf *text)
{
    const struct pair *pair = &records->pairs.at[number];
    struct point_record record = {
        .name = intern_name(&records->names, number), .before = pair->before, .after = pair->after};
    if (pair->former != INTERN_NONE) {
        record.former = intern_name(&records->names, pair->former);
    }
    add_line(&record, text);
}

/* What was written there says by itself that it is declared. */
static void add_mark_line(const struct point_records *records, uint32_t number, struct buf *text)
{
    const struct pair *pair = &records->pairs.at[number];
    if (pair->is_declared && pair->is_written) {
        add_written_line(records, number, text);
        return;
    }
    struct point_record mark = {.name = intern_name(&records->names, number),
                                .before = pair->is_declared  ? DIGEST_UNKNOWN
                                          : pair->is_written ? pair->after
                                                             : DIGEST_ABSENT,
                                .after = DIGEST_ABSENT};
    add_line(&mark, text);
}

static int read_lines(struct point_records *records, struct slice text, struct diag *diag)
{
    size_t at = strlen(HEADER);
    if (!slice_starts_with(text, HEADER)) {
        /* A writer that was killed may have left less than the header. */
        bool is_begun = text.len < at && memcmp(HEADER, text.at, text.len) == 0;
        return is_begun ? 0
                        : state_folder_refuse(records->path, STATE_POINTS,
                                              "a newer rowbuild wrote it, or it is damaged", diag);
    }
    records->sound_bytes = at;
    bool is_sound = true;
    while (at < text.len) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        if (end == NULL) {
            break;
        }
        size_t len = (size_t)(end - (text.at + at));
        is_sound = read_line(records, slice_make(text.at + at, len)) && is_sound;
        records->lines++;
        at += len + 1;
        records->sound_bytes = is_sound ? at : records->sound_bytes;
    }
    return 0;
}

struct point_records *point_records_load(const char *path, struct diag *diag)
{
    struct point_records *records = mem_alloc(sizeof *records);
    struct buf text = BUF_EMPTY;
    int root = inside_root(AT_FDCWD, path, false);
    *records = (struct point_records){.path = mem_copy(path, strlen(path))};
    intern_init(&records->names);
    int result = root < 0 ? -1 : inside_read(root, STATE_POINTS, LARGEST_FILE, &text);
    if (result == 0) {
        records->bytes = text.len;
        result = read_lines(records, buf_slice(&text), diag);
    } else if (errno == ENOENT) {
        result = 0;
    } else {
        state_folder_report(path, "read", STATE_POINTS, diag);
    }
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&text);
    if (result != 0) {
        point_records_free(records);
        return NULL;
    }
    return records;
}

void point_records_free(struct point_records *records)
{
    if (records != NULL) {
        intern_release(&records->names);
        vec_release(&records->pairs);
        free(records->path);
        free(records);
    }
}

bool point_records_have(const struct point_records *records, struct slice name,
                        struct digest digest)
{
    uint32_t number = intern_find(&records->names, name);
    return number != INTERN_NONE && records->pairs.at[number].is_written &&
           (digest_equal(records->pairs.at[number].before, digest) ||
            digest_equal(records->pairs.at[number].after, digest));
}

bool point_records_any_former(const struct point_records *records)
{
    return records->any_former;
}

bool point_records_declared_at(const struct point_records *records, size_t number)
{
    return records->pairs.at[number].is_declared;
}

bool point_records_declared(const struct point_records *records, struct slice name)
{
    uint32_t number = intern_find(&records->names, name);
    return number != INTERN_NONE && point_records_declared_at(records, number);
}

size_t point_records_names(const struct point_records *records, const struct slice **names)
{
    *names = records->names.names;
    return records->names.count;
}

struct slice point_records_former(const struct point_records *records, size_t number)
{
    uint32_t former = records->pairs.at[number].former;
    return former != INTERN_NONE ? intern_name(&records->names, former) : (struct slice){0};
}

static int write_all(int fd, struct slice text)
{
    size_t done = 0;
    while (done < text.len) {
        ssize_t count = disk->write(fd, text.at + done, text.len - done);
        if (count < 0 && errno != EINTR) {
            return -1;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

/* All records anew, where the file has grown too long, or ends with what doesn't count. */
static int replace_file(const struct point_records *records, int root)
{
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, HEADER);
    for (uint32_t i = 0; i < records->names.count; i++) {
        const struct pair *pair = &records->pairs.at[i];
        if (pair->is_written) {
            add_written_line(records, i, &text);
        }
        if (pair->is_declared != pair->is_written) {
            add_mark_line(records, i, &text);
        }
    }
    int result = inside_replace(root, STATE_POINTS, buf_slice(&text));
    buf_release(&text);
    return result;
}

static int append(int root, struct slice text)
{
    int fd = inside_open(root, STATE_POINTS, O_RDWR | O_APPEND);
    int result = fd < 0 ? -1 : write_all(fd, text);
    if (result == 0) {
        result = disk->sync(fd);
    }
    int error = errno;
    if (fd >= 0) {
        disk->close(fd);
    }
    errno = error;
    return result;
}

/* Adds lines that are in memory already. */
static int write_lines(struct point_records *records, struct slice text, size_t count,
                       struct diag *diag)
{
    bool is_whole = records->bytes > 0 && records->sound_bytes == records->bytes;
    bool is_long = records->lines + count > 2 * (size_t)records->names.count + 1000;
    int root = inside_root(AT_FDCWD, records->path, true);
    int result = -1;
    if (root >= 0 && is_whole && !is_long) {
        result = append(root, text);
        records->lines += count;
        records->bytes += text.len;
        records->sound_bytes = result == 0 ? records->bytes : 0;
    } else if (root >= 0) {
        result = replace_file(records, root);
        records->lines = records->names.count;
        records->bytes = result == 0; /* whatever its length is, it is whole */
        records->sound_bytes = records->bytes;
    }
    if (result != 0) {
        state_folder_report(records->path, "write", STATE_POINTS, diag);
    }
    if (root >= 0) {
        disk->close(root);
    }
    return result;
}

int point_records_add(struct point_records *records, const struct point_record *added, size_t count,
                      struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < count; i++) {
        put(records, &added[i]);
        add_line(&added[i], &text);
    }
    int result = write_lines(records, buf_slice(&text), count, diag);
    buf_release(&text);
    return result;
}

int point_records_mark(struct point_records *records, const struct point_mark *marks, size_t count,
                       struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = put_mark(records, marks[i].name, marks[i].is_declared);
        add_mark_line(records, number, &text);
    }
    int result = write_lines(records, buf_slice(&text), count, diag);
    buf_release(&text);
    return result;
}
