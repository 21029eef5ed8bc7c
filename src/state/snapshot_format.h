/* Header and sections of a snapshot; shared by snapshot.c (reading) and snapshot_write.c. The
 * format is told in snapshot.h. */
#ifndef ROWBUILD_SNAPSHOT_FORMAT_H
#define ROWBUILD_SNAPSHOT_FORMAT_H

#include "snapshot.h"
#include "task_record.h"

#define SNAPSHOT_MAGIC "rowstate" /* 8 bytes, no NUL */
#define SNAPSHOT_BYTE_ORDER UINT32_C(0x01020304)

enum string_group {
    DIRECTORIES,
    COLUMNS,
    ACTIONS,
    OTHER_FILES,
    OTHER_TASKS,
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
    uint64_t tasks;
    uint64_t digests;
    uint64_t text_digests;
    uint64_t ends;
    uint64_t strings;
    uint64_t checksum;
    uint64_t total;
};

/* false: the counts are absurd. */
bool snapshot_sections(const struct snapshot_header *header, struct sections *sections);

#endif
