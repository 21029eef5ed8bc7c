/* The journal: what changed since the snapshot, record by record.
 *
 * Knows: its format. Doesn't know: file names, rows' places.
 *
 * All numbers have the byte order of the machine that wrote the header; sizes in bytes are in
 * parentheses.
 *     header   "rowjourn" (8), version (4), byte order (4), id of the snapshot that the journal
 *              continues (8; 0: none), digest.low of the 24 bytes before (8)
 *     record   checksum (8), "rbj" and the type (4), length of the content (4), content
 *
 * A record's checksum is digest.low of all bytes after the checksum, xor the id in the header. A
 * name in a record is its length (4) and its bytes. The contents by type:
 *     'f'  directory ("": another file), column or path, struct file_row
 *     'o'  directory ("": another task), action or key, struct task_record, digest of the origin,
 *          key of the shape (shape.h), digests
 *     'n'  the same as version 1 wrote it: the record has 88 bytes, and there is no origin
 *     't'  digest, text */
#ifndef ROWBUILD_JOURNAL_H
#define ROWBUILD_JOURNAL_H

#include "buf.h"
#include "state.h"
#include "task_record.h"

enum { JOURNAL_HEADER_BYTES = 32 };

enum journal_record_type {
    JOURNAL_FILE = 'f',
    JOURNAL_TASK = 'o',
    JOURNAL_TASK_1 = 'n', /* read as JOURNAL_TASK */
    JOURNAL_TEXT = 't',
};

struct journal_record {
    enum journal_record_type type;
    struct slice directory;
    struct slice name;
    struct file_row file;
    struct task_record task;
    struct digest origin;
    struct slice shape_key;
    const char *digests; /* unaligned */
    size_t digest_count;
    struct digest text_digest;
    struct slice text;
};

void journal_add_header(struct buf *out, uint64_t id);
void journal_add_file(struct buf *out, uint64_t id, struct slice directory, struct slice name,
                      const struct file_row *row);
void journal_add_task(struct buf *out, uint64_t id, struct slice directory, struct slice name,
                      const struct task_row *row, struct slice shape_key);
void journal_add_text(struct buf *out, uint64_t id, struct digest digest, struct slice text);

/* NULL, or a few words that say what is wrong. A journal shorter than its header is torn, not
 * wrong: then *id is 0 and *is_torn is set. */
const char *journal_read_header(struct slice journal, uint64_t *id, bool *is_torn);

/* Whether a whole header is of an earlier version, after which this one writes nothing. */
bool journal_is_older(struct slice journal);

/* The record at *offset, which is moved past it; false at the end or at the first bad record. The
 * record borrows from `journal`. */
bool journal_next(struct slice journal, uint64_t id, size_t *offset, struct journal_record *record);

/* As journal_next for an offset at which that has succeeded before: skips the checksum. */
void journal_again(struct slice journal, size_t offset, struct journal_record *record);

/* Whether a good record begins anywhere after `offset`: then the bytes at `offset` aren't a torn
 * tail. */
bool journal_goes_on(struct slice journal, uint64_t id, size_t offset);

/* Moves *offset to the first good record after it; false: there is none. */
bool journal_find(struct slice journal, uint64_t id, size_t *offset);

#endif
