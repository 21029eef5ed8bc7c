/* The part of a study that a job is about: its tasks, those that they have to do with, and the directories
 * of both. So a job lists no workspace, and reads no value that isn't its own: its cost doesn't grow with the
 * study.
 *
 * Knows: which tasks matter to others, and `jobs/TOKEN.tasks` below the state folder, with a line for
 * each element of a submission. Doesn't know: what becomes of the tasks.
 *
 * The part of an element has
 * - its tasks;
 * - the tasks before them, whose products and records count;
 * - all other tasks that work on the same directories: what later actions make is left out of globs.
 * A task that isn't the element's keeps only those of its directories that the element has to do with, or
 * one, by whose value its paths are filled in. An element with a glob from the project, or a depfile, may have to do with
 * anything, and who deletes temporary products must know all who read them: then the whole study is the
 * part, and the line is `null`.
 *
 *     {"directories": ["a", "b"], "tasks": [[0, 0], [0, 1], [2, "sum\u0000//x", [0, 1]]],
 *      "sources": [["9f3c…", 0]]}
 *
 * A directory task has its action and its directory, by number; another one its action, its key and its
 * members. Sources are elements of earlier submissions that hold tasks of the part. A job reads its own
 * line only, by the index before the lines (pieces.h); the version before had none, and its files are read
 * whole. A name that isn't UTF-8 is {"hex": "…"}. */
#ifndef ROWBUILD_PART_H
#define ROWBUILD_PART_H

#include "arena.h"
#include "buf.h"
#include "diag.h"
#include "given.h"
#include "graph.h"
#include "submissions.h"

#define PART_SUFFIX ".tasks"

struct part_source { /* an element whose records matter */
    struct slice token;
    uint64_t element;
};

struct part {
    struct given given;
    const struct part_source *sources;
    size_t source_count;
};

/* ---- Making parts ---- */

struct part_maker;
struct part_maker *part_maker_new(const struct graph *graph);
void part_maker_free(struct part_maker *maker);
/* From now on, what the registration's elements hold has them as sources. */
void part_maker_note(struct part_maker *maker, const struct submission *submission);
/* Appends the line of an element with these tasks; with none of an index that an array leaves out. */
void part_maker_add(struct part_maker *maker, const struct task_id *tasks, size_t count,
                    struct buf *lines);

/* Writes the lines of a submission, one for each element. -1 with an error. */
int part_write(const char *state_path, struct slice token, struct slice lines, struct diag *diag);

/* ---- Reading ---- */

/* The part of an element, in `arena`; *is_whole: the whole study is (earlier versions wrote no file). -1
 * with a state error. */
int part_read(const char *state_path, struct slice token, size_t element,
              const struct rowfile *rowfile, struct arena *arena, struct part *part, bool *is_whole,
              struct diag *diag);

#endif
