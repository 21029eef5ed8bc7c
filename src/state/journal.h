/* The journal: what changed since the snapshot, record by record.
 *
 * Knows: its format. Doesn't know: file names, rows' places.
 *
 * In the byte order of the machine that the header names:
 *     header   "rowjourn", version (4), byte order (4), id of the snapshot it continues (8; 0:
 * none), digest.low of the 24 bytes before (8) record   checksum (8), "rbj" and the type (4),
 * length of what follows (4), content A record's checksum is digest.low of all behind it, xor the
 * id in the header. Names in records are a length (4) and bytes. Types: 'f'  directory ("": another
 * file), column or path, struct file_row 'n'  directory ("": another task), action or key, struct
 * task_record, key of the shape (shape.h), digests 't'  digest, text */
#ifndef ROWBUILD_JOURNAL_H
#define ROWBUILD_JOURNAL_H

#include "buf.h"
#include "state.h"
#include "task_record.h"

enum { JOURNAL_HEADER_BYTES = 32 };

enum journal_record_type {
    JOURNAL_FILE = 'f',
    JOURNAL_TASK = 'n',
    JOURNAL_TEXT = 't',
};

struct journal_record {
    enum journal_record_type type;
    struct slice directory;
    struct slice name;
    struct file_row file;
    struct task_record task;
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

/* NULL, or in a few words what is wrong. A journal shorter than its header isn't wrong but torn:
 * then *id is 0 and *is_torn is set. */
const char *journal_read_header(struct slice journal, uint64_t *id, bool *is_torn);

/* The record at *offset, which is moved behind it; false at the end or at the first bad record. The
 * record borrows from `journal`. */
bool journal_next(struct slice journal, uint64_t id, size_t *offset, struct journal_record *record);

/* As journal_next for an offset at which that has succeeded before: skips the checksum. */
void journal_again(struct slice journal, size_t offset, struct journal_record *record);

/* Whether a good record begins anywhere behind `offset`: then what is there isn't a torn tail. */
bool journal_goes_on(struct slice journal, uint64_t id, size_t offset);

/* Moves *offset to the first good record behind it; false: there is none. */
bool journal_find(struct slice journal, uint64_t id, size_t *offset);

#endif
