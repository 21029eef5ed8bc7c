/* What rowbuild wrote into the value files of declared points, and which directories a run knew as
 * those of points: the file `points` of the state folder.
 *
 * Knows: by name of a directory, the digest that was written last, and the one that was there
 * before, since a writer may be killed between the record and the file; whether it was declared.
 * Doesn't know: points. A record is synced before its value is written. Readers take no lock; only the holder of the lock
 * adds. Lines of text, each with a checksum; a line that is cut off or damaged doesn't count. */
#ifndef ROWBUILD_POINT_RECORDS_H
#define ROWBUILD_POINT_RECORDS_H

#include "diag.h"
#include "digest.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct point_records;

struct point_record {
    struct slice name;
    struct digest before; /* DIGEST_ABSENT: there was no value */
    struct digest after;
    struct slice former; /* the name that its directory had; at == NULL: it wasn't renamed */
};

/* Reads the records of the state folder `path`; none where it doesn't exist. NULL after an error. */
struct point_records *point_records_load(const char *path, struct diag *diag);
void point_records_free(struct point_records *records); /* NULL is allowed */

/* Whether one of the two last values of the directory has this digest. */
bool point_records_have(const struct point_records *records, struct slice name,
                        struct digest digest);

/* Whether the last run that looked at the directory of that name found it declared. Directories
 * that were written are declared until they are marked otherwise. */
bool point_records_declared(const struct point_records *records, struct slice name);

/* All names that are on record, former ones included, NUL-terminated. They live as long as `records`,
 * or until something is added. */
size_t point_records_names(const struct point_records *records, const struct slice **names);
/* The name that the directory of this number of that list had before; at == NULL: none. */
struct slice point_records_former(const struct point_records *records, size_t number);
/* point_records_declared of the name of this number. */
bool point_records_declared_at(const struct point_records *records, size_t number);
bool point_records_any_former(const struct point_records *records);

/* Adds records, in memory and on disk, and returns when they are synced. The folder exists, and its
 * lock is held. -1 after an error; then nothing may be written. */
int point_records_add(struct point_records *records, const struct point_record *added, size_t count,
                      struct diag *diag);

/* Marks directories as declared or not, in memory and on disk, as above. What was written there stays
 * known. */
struct point_mark {
    struct slice name;
    bool is_declared;
};
int point_records_mark(struct point_records *records, const struct point_mark *marks, size_t count,
                       struct diag *diag);

#endif
