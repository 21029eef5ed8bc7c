/* Many files at once, on all cores: by stat, or read.
 *
 * Knows: threads and the observer. Doesn't know: which files these are. A caller numbers files as
 * it likes and says what their paths and rows are. */
#ifndef ROWBUILD_SURVEY_H
#define ROWBUILD_SURVEY_H

#include "buf.h"
#include "observe.h"

#include <stddef.h>
#include <stdint.h>

struct survey {
    struct observer *observer;
    unsigned threads;
    const void *context; /* of the functions, which several threads call at once */
    void (*add_path)(const void *context, uint32_t file, struct buf *out);
    const struct file_row *(*row)(const void *context, uint32_t file);
    const struct tree_view *(*view)(const void *context,
                                    uint32_t file); /* NULL, or returns it: all */
};

/* Writes the status (observe_stat) of each of the files into `statuses`, by number of the file. */
void survey_stat(const struct survey *survey, const uint32_t *files, size_t count,
                 uint8_t *statuses);

struct surveyed {
    struct file_row row;
    enum file_status status;
    int error; /* FILE_TROUBLE: errno */
};

/* Reads each of the files that moved, into `found`, by place in the list. Files that are marked in
 * `adopted` (by number; NULL: none) are observed as adopted (observe_adopted). */
void survey_read(const struct survey *survey, const uint32_t *files, size_t count,
                 const uint8_t *adopted, struct surveyed *found);

#endif
