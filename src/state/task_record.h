/* A task's row as it stands on disk, 104 bytes, the same in the snapshot and in the journal. In
 * version 1 of the formats it had the first 88 of them.
 *
 * Knows: the format. Doesn't know: where shapes and digests are kept; `shape` and `first_digest`
 * are numbers that the snapshot gives out, as `origin` is, and the journal writes them out in
 * full. */
#ifndef ROWBUILD_TASKRECORD_H
#define ROWBUILD_TASKRECORD_H

#include "state.h"

#define TASK_RECORD_NO_SHAPE UINT32_MAX

enum { TASK_RECORD_BYTES_1 = 88 }; /* in version 1 */

enum task_record_bits {
    TASK_RECORD_BACKED_UP = 1,
    TASK_RECORD_OLD_BACKUP = 2,
    TASK_RECORD_FORGOTTEN = 4,
    TASK_RECORD_BITS = 7,
};

struct task_record {
    uint8_t is_known;
    uint8_t success;
    uint8_t attempt;
    uint8_t bits; /* enum task_record_bits, or'ed; earlier versions knew fewer of them */
    int32_t attempt_status;
    uint32_t shape; /* TASK_RECORD_NO_SHAPE: no components */
    uint16_t cores;
    uint16_t demand;
    uint64_t first_digest;
    struct digest fingerprint;
    struct digest attempt_fingerprint;
    int64_t finished_at_ns;
    double duration_s;
    double cpu_s;
    uint64_t peak_rss_bytes;
    int64_t started_at_ns; /* from here on: not in version 1 */
    uint32_t origin;       /* the place of its digest among those of texts, from 1; 0: not known */
    uint32_t unused;       /* 0 */
};

struct task_record task_record_of(const struct task_row *row);

/* All but the components and the origin. false: the record holds what this version never writes. */
bool task_record_read(const struct task_record *record, struct task_row *row);

#endif
