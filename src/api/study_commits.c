/* Answers which commits changed inputs since tasks succeeded, from the project's git repository. Where there
 * is none, or anything goes wrong, nothing is known. */
#include "study.h"

#include "git.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

void study_commits_begin(struct study_commits *commits, const struct rowbuild *study,
                         const char *since)
{
    *commits = (struct study_commits){
        .study = study,
        .source = {.find = study_find_commits, .context = commits, .since = since},
    };
    arena_init(&commits->names);
}

void study_commits_end(struct study_commits *commits)
{
    arena_release(&commits->names);
}

/* A path from the project as the repository has it; false: it lies elsewhere. */
static bool in_repository(const struct repository *repository, struct slice path,
                          struct arena *names, struct slice *found)
{
    struct slice above = repository_prefix(repository);
    while (slice_starts_with(path, "../") && above.len > 0) {
        path = slice_make(path.at + 3, path.len - 3);
        above.len--;
        while (above.len > 0 && above.at[above.len - 1] != '/') {
            above.len--;
        }
    }
    if (path.len == 0 || path.at[0] == '/' || slice_starts_with(path, "../")) {
        return false;
    }
    struct buf whole = BUF_EMPTY;
    buf_add_slice(&whole, above);
    buf_add_slice(&whole, path);
    *found = arena_slice(names, buf_slice(&whole));
    buf_release(&whole);
    return true;
}

static struct slice id_text(const struct git_id *id, struct arena *names)
{
    struct buf text = BUF_EMPTY;
    git_id_add(id, GIT_ID_DIGITS, &text);
    struct slice kept = arena_slice(names, buf_slice(&text));
    buf_release(&text);
    return kept;
}

/* A record has the whole id, and a report the beginning of one. */
static bool read_commit(struct repository *repository, struct slice text, struct git_id *id)
{
    struct diag unheard;
    diag_init(&unheard);
    bool is_known =
        git_id_read(text, id) || repository_resolve(repository, text.at, id, &unheard) == 0;
    diag_release(&unheard);
    return is_known;
}

static void ask(struct study_commits *commits, struct repository *repository,
                struct report_change *changes, size_t count)
{
    struct git_last *asked = mem_alloc(count * sizeof *asked);
    size_t *places = mem_alloc(count * sizeof *places);
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        if (in_repository(repository, changes[i].path, &commits->names, &asked[known].path) &&
            read_commit(repository, changes[i].since, &asked[known].since)) {
            places[known++] = i;
        }
    }
    repository_find_last(repository, asked, known, &commits->names);
    for (size_t i = 0; i < known; i++) {
        struct report_change *change = &changes[places[i]];
        change->is_known = asked[i].kind != GIT_LAST_UNKNOWN;
        if (asked[i].kind == GIT_LAST_COMMIT) {
            change->commit = id_text(&asked[i].commit, &commits->names);
            change->subject = asked[i].subject;
        }
    }
    free(places);
    free(asked);
}

void study_find_commits(void *context, struct report_change *changes, size_t count)
{
    struct study_commits *commits = context;
    struct repository *repository = NULL;
    struct diag unheard;
    char *project = realpath(commits->study->project_path, NULL);
    diag_init(&unheard);
    if (project != NULL && repository_open(project, &repository, &unheard) == 0) {
        ask(commits, repository, changes, count);
    }
    repository_free(repository);
    diag_release(&unheard);
    free(project);
}
