/* Where sbatch lets a job's output go.
 *
 * Knows: sbatch's options for files, names and folders, on the lines of a script, in variables and as
 * words; which of these wins; the patterns in a file's name. Doesn't know: the disk. Pure.
 *
 * Words win over variables (SBATCH_OUTPUT), variables over the script's lines. */
#ifndef ROWBUILD_SBATCH_FILES_H
#define ROWBUILD_SBATCH_FILES_H

#include "arena.h"
#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

struct sbatch_files {
    struct slice output; /* as given, with patterns; at == NULL: sbatch's default */
    struct slice errors; /* likewise; at == NULL: they go to `output` */
    struct slice name;   /* the job's */
    struct slice folder; /* --chdir: relative files lie there; at == NULL: where sbatch is called */
};

/* `words`: the options that sbatch gets, up to a NULL. What is found lives in `arena`. */
void sbatch_files_find(struct sbatch_files *files, struct slice script, const char *const *words,
                       char *const *environment, struct arena *arena);

struct sbatch_file_facts { /* what is known of the job; zero and NULL: it isn't */
    const char *name;
    const char *user;
    uint64_t job_id; /* of an array: the array's */
    bool is_array;
    uint32_t index; /* in the array */
    bool has_index;
};

/* Replaces the patterns whose values are known. Whether all were; those that weren't stay as they
 * are, and then so does %%. */
bool sbatch_file_expand(struct slice file, const struct sbatch_file_facts *facts, struct buf *out);

/* The same for a name that is expanded once more when more is known: what is no pattern any more stands in it
 * so that it stays as it is then. */
void sbatch_file_fill(struct slice file, const struct sbatch_file_facts *facts, struct buf *out);
/* Appends a text in which nothing is a pattern to such a name. */
void sbatch_file_add_plain(struct slice text, struct buf *out);

#endif
