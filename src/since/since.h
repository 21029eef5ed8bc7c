/* Which tasks a range of commits touches: what a run would do if everything had been built at a commit.
 *
 * The study of the commit is put together beside today's: its Rowfile, its directories, its values. Each
 * of its tasks that could have been built gets the record that its success would have left, in a
 * state that exists in memory only. Then the plan decides about today's study by those records, as a
 * run does by its own, so the two can't disagree. Nothing is written, the real state isn't
 * read, and products aren't looked at: those of the commit are taken to be as they were built. That is
 * why a fresh clone gives the same answer.
 *
 * Knows: git's answers (git.h), how a file of the graph is found in a repository. Doesn't know: the
 * rules (plan.h), or how an answer is shown. What git neither tracks nor ignores is new; what it
 * ignores is as it was, and so is what lies outside of the repository. */
#ifndef ROWBUILD_SINCE_H
#define ROWBUILD_SINCE_H

#include "diag.h"
#include "graph.h"
#include "plan.h"

/* What git is asked before there is a graph, in a thread of its own. */
struct since_ahead; /* opaque */

/* Begins to ask. The caller frees it with since_ahead_free (NULL is allowed), which waits for the
 * thread; in between since_find may take what was found. */
struct since_ahead *since_look_ahead(const char *project_path, const char *revision);
void since_ahead_free(struct since_ahead *ahead);

struct since_request {
    const char *revision;      /* as git names a commit, or A...B */
    const char *project_path;  /* absolute, without symbolic links */
    int project;               /* descriptor */
    const char *file_name;     /* of the description, in the project */
    struct graph *graph;       /* today's; it must outlive the answer */
    struct since_ahead *ahead; /* of the same project and revision, not yet taken; NULL: none */
};

struct since; /* opaque */

/* -1 after an error: there is no repository, the revision isn't known, an object is missing. Notes
 * say what couldn't be compared. The caller frees it with since_free (NULL is allowed). */
int since_find(const struct since_request *request, struct since **since, struct diag *diag);
void since_free(struct since *since);

/* By task of today's graph: 1 where it is affected. */
const uint8_t *since_affected(const struct since *since);

/* The plan that says so: its verdicts and reasons are those of a run that finds the commit's results.
 * Only they may be asked for. */
struct plan *since_plan(const struct since *since);

/* "3f2a1c4d": the beginning of the commit's id; lives as long as `since`. */
const char *since_commit(const struct since *since);

#endif
