/* The part of the answer that only git can give, found while the study is looked at: the library, the
 * commit, and what differs from it in the project's folder. */
#include "since_inner.h"

#include "memory.h"

#include <pthread.h>
#include <stdlib.h>

struct since_ahead {
    char *project_path;
    char *revision;
    struct since_repository found;
    struct diag diag; /* what is to be told once the answer is asked for */
    int result;
    pthread_t thread;
    bool has_thread;
};

static void *look(void *context)
{
    struct since_ahead *ahead = context;
    ahead->result =
        since_open_repository(&ahead->found, ahead->project_path, ahead->revision, &ahead->diag);
    if (ahead->result == 0) {
        ahead->result =
            since_compare(&ahead->found, repository_prefix(ahead->found.repository), &ahead->diag);
    }
    return NULL;
}

struct since_ahead *since_look_ahead(const char *project_path, const char *revision)
{
    struct since_ahead *ahead = mem_alloc(sizeof *ahead);
    ahead->project_path = mem_copy(project_path, strlen(project_path));
    ahead->revision = mem_copy(revision, strlen(revision));
    diag_init(&ahead->diag);
    ahead->has_thread = pthread_create(&ahead->thread, NULL, look, ahead) == 0;
    return ahead;
}

static void join(struct since_ahead *ahead)
{
    if (ahead->has_thread) {
        pthread_join(ahead->thread, NULL);
        ahead->has_thread = false;
    } else if (ahead->found.repository == NULL && ahead->result == 0) {
        look(ahead); /* the system has no more threads */
    }
}

int since_take_ahead(struct since_ahead *ahead, struct since_repository *found, struct diag *diag)
{
    join(ahead);
    vec_each (const struct diag_entry, entry, &ahead->diag.entries) {
        diag_take(diag, entry);
    }
    *found = ahead->found;
    ahead->found = (struct since_repository){0};
    return ahead->result;
}

void since_ahead_free(struct since_ahead *ahead)
{
    if (ahead == NULL) {
        return;
    }
    if (ahead->has_thread) {
        pthread_join(ahead->thread, NULL);
    }
    since_close_repository(&ahead->found);
    diag_release(&ahead->diag);
    free(ahead->project_path);
    free(ahead->revision);
    free(ahead);
}
