/* What git says of the commit and of the working tree. */
#include "since_inner.h"

int since_open_repository(struct since_repository *found, const char *project_path,
                          const char *revision, struct diag *diag)
{
    *found = (struct since_repository){0};
    int opened = repository_open(project_path, &found->repository, diag);
    if (opened > 0) {
        return diag_error(diag, FINDING_NO_REPOSITORY,
                          "`--since` compares with a commit, but the project isn't in a git "
                          "repository: `git init` makes one");
    }
    if (opened != 0 || repository_resolve(found->repository, revision, &found->commit, diag) != 0) {
        return -1;
    }
    return 0;
}

int since_compare(struct since_repository *found, struct slice below, struct diag *diag)
{
    if (found->comparison != NULL && (found->is_whole || below.len > 0)) {
        return 0; /* that was compared already */
    }
    git_comparison_free(found->comparison);
    found->is_whole = below.len == 0;
    return repository_compare(found->repository, &found->commit, below, &found->comparison, diag);
}

void since_close_repository(struct since_repository *found)
{
    git_comparison_free(found->comparison);
    repository_free(found->repository);
    *found = (struct since_repository){0};
}
