/* What a run remembers about itself (run_facts.h): who started it, where, and at which commit. What
 * can't be found out is left out; nothing here fails. */
#include "study.h"

#include "allocation.h"
#include "clock.h"
#include "git.h"
#include "run_facts.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PASSWORD_BYTES = 16384 };

/* The name of the user whose rights this process has, or the number. */
static void add_user(struct buf *out)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char *scratch = mem_alloc(PASSWORD_BYTES);
    if (getpwuid_r(geteuid(), &entry, scratch, PASSWORD_BYTES, &found) == 0 && found != NULL &&
        found->pw_name[0] != '\0') {
        buf_add_string(out, found->pw_name);
    } else {
        buf_addf(out, "%lu", (unsigned long)geteuid());
    }
    free(scratch);
}

/* "lab/123_4", with the index in an array of jobs, which Slurm tells in a variable of its own. */
static void add_job(const struct rowbuild *study, const struct allocation *allocation,
                    struct buf *out)
{
    const char *array = getenv("SLURM_ARRAY_JOB_ID");
    const char *index = getenv("SLURM_ARRAY_TASK_ID");
    if (allocation == NULL || !allocation->exists) {
        return;
    }
    buf_add_slice(out, study->cluster->name);
    buf_add_char(out, '/');
    if (array != NULL && index != NULL && array[0] != '\0' && index[0] != '\0') {
        buf_addf(out, "%s_%s", array, index);
    } else {
        buf_add_slice(out, allocation->job);
    }
}

/* The commit that is checked out, and whether something tracked in the project's folder differs from
 * it. Where there is no repository, no libgit2, or anything goes wrong, nothing is known. */
static enum tree_state find_commit(const struct rowbuild *study, struct buf *commit)
{
    enum tree_state tree = TREE_UNKNOWN;
    struct repository *repository = NULL;
    struct git_id head;
    struct diag unheard;
    bool is_dirty;
    char *folder = realpath(study->project_path, NULL);
    diag_init(&unheard);
    if (folder != NULL && repository_open(folder, &repository, &unheard) == 0 &&
        repository_head(repository, &head, &unheard) == 0) {
        git_id_add(&head, GIT_ID_DIGITS, commit);
        if (repository_is_dirty(repository, &is_dirty, &unheard) == 0) {
            tree = is_dirty ? TREE_DIRTY : TREE_CLEAN;
        }
    }
    repository_free(repository);
    diag_release(&unheard);
    free(folder);
    return tree;
}

void study_add_facts(const struct rowbuild *study, const struct allocation *allocation,
                     struct buf *out)
{
    char host[HOST_NAME_MAX + 1] = "";
    struct buf user = BUF_EMPTY;
    struct buf job = BUF_EMPTY;
    struct buf commit = BUF_EMPTY;
    if (gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    add_user(&user);
    add_job(study, allocation, &job);
    enum tree_state tree = find_commit(study, &commit);
    struct run_facts facts = {.version = slice_of(rowbuild_version()),
                              .host = slice_of(host),
                              .user = buf_slice(&user),
                              .job = buf_slice(&job),
                              .commit = buf_slice(&commit),
                              .tree = tree,
                              .begun_at_s = clock_wall_s()};
    run_facts_add(&facts, out);
    buf_release(&commit);
    buf_release(&job);
    buf_release(&user);
}
