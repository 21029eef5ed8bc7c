#include "find_facts.h"

#include "clock.h"
#include "git.h"
#include "memory.h"
#include "run_facts.h"

#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
static void add_job(const struct run_place *place, struct buf *out)
{
    const char *array = getenv("SLURM_ARRAY_JOB_ID");
    const char *index = getenv("SLURM_ARRAY_TASK_ID");
    if (place->allocation == NULL || !place->allocation->exists) {
        return;
    }
    buf_add_slice(out, place->cluster);
    buf_add_char(out, '/');
    if (array != NULL && index != NULL && array[0] != '\0' && index[0] != '\0') {
        buf_addf(out, "%s_%s", array, index);
    } else {
        buf_add_slice(out, place->allocation->job);
    }
}

struct facts_search {
    char *project_path;
    char host[HOST_NAME_MAX + 1];
    const char *version;
    int64_t begun_at_s;
    struct buf user;
    struct buf job;
    struct buf commit; /* the thread's until it has ended */
    enum tree_state tree;
    bool is_edited;
    pthread_t thread;
    bool has_thread;
    struct buf text;
};

/* The commit that is checked out, and whether something tracked in the project's folder differs from
 * it. Where there is no repository, no libgit2, or anything goes wrong, nothing is known. */
static void *find_commit(void *context)
{
    struct facts_search *search = context;
    struct repository *repository = NULL;
    struct git_id head;
    struct diag unheard;
    bool is_dirty;
    char *folder = realpath(search->project_path, NULL);
    diag_init(&unheard);
    if (folder != NULL && repository_open(folder, &repository, &unheard) == 0 &&
        repository_head(repository, &head, &unheard) == 0) {
        git_id_add(&head, GIT_ID_DIGITS, &search->commit);
        if (repository_is_dirty(repository, &is_dirty, &unheard) == 0) {
            search->tree = is_dirty ? TREE_DIRTY : TREE_CLEAN;
        }
    }
    repository_free(repository);
    diag_release(&unheard);
    free(folder);
    return NULL;
}

/* Signals are the run's: no other thread may take one. */
static bool start(struct facts_search *search)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool has_thread = pthread_create(&search->thread, NULL, find_commit, search) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return has_thread;
}

struct facts_search *facts_begin(const struct run_place *place)
{
    struct facts_search *search = mem_alloc(sizeof *search);
    search->project_path = mem_copy(place->project_path, strlen(place->project_path));
    search->version = place->version;
    search->is_edited = place->is_edited;
    search->begun_at_s = clock_wall_s();
    search->tree = TREE_UNKNOWN;
    if (gethostname(search->host, sizeof search->host - 1) != 0) {
        search->host[0] = '\0';
    }
    add_user(&search->user);
    add_job(place, &search->job);
    search->has_thread = start(search);
    return search;
}

static void join(struct facts_search *search)
{
    if (search->has_thread) {
        pthread_join(search->thread, NULL);
        search->has_thread = false;
    }
}

struct slice facts_text(void *context)
{
    struct facts_search *search = context;
    join(search);
    if (search->text.len == 0) {
        struct run_facts facts = {.version = slice_of(search->version),
                                  .host = slice_of(search->host),
                                  .user = buf_slice(&search->user),
                                  .job = buf_slice(&search->job),
                                  .commit = buf_slice(&search->commit),
                                  .tree = search->tree,
                                  .is_edited = search->is_edited,
                                  .begun_at_s = search->begun_at_s};
        run_facts_add(&facts, &search->text);
    }
    return buf_slice(&search->text);
}

void facts_free(struct facts_search *search)
{
    if (search == NULL) {
        return;
    }
    join(search);
    buf_release(&search->text);
    buf_release(&search->commit);
    buf_release(&search->job);
    buf_release(&search->user);
    free(search->project_path);
    free(search);
}
