/* Finds the programs that are installed for rowbuild alone: rowbuild-rank, which puts MPI ranks on
 * their cores, and rowbuild-trace, which watches a command. */
#include "launch.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

/* The folder of the library or program that contains this code, with a trailing '/'. */
static struct slice own_folder(void)
{
    static const char here;
    Dl_info info;
    if (dladdr(&here, &info) == 0 || info.dli_fname == NULL) {
        return (struct slice){0};
    }
    const char *slash = strrchr(info.dli_fname, '/');
    return slash != NULL ? slice_make(info.dli_fname, (size_t)(slash - info.dli_fname) + 1)
                         : (struct slice){0};
}

bool launch_find_helper(const char *variable, const char *name, struct buf *path)
{
    /* As installed, and in a build folder. */
    static const char *const places[] = {ROWBUILD_LIBEXEC_FROM_LIB "/", ""};
    const char *given = getenv(variable); /* NOLINT(concurrency-mt-unsafe) */
    size_t start = path->len;
    if (given != NULL && *given != '\0') {
        buf_add_string(path, given);
        return access(given, X_OK) == 0;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        path->len = start;
        buf_add_slice(path, own_folder());
        buf_add_string(path, places[i]);
        buf_add_string(path, name);
        char *real = realpath(buf_string(path) + start, NULL);
        bool found = real != NULL && access(real, X_OK) == 0;
        if (found) {
            path->len = start;
            buf_add_string(path, real);
        }
        free(real);
        if (found) {
            return true;
        }
    }
    return false;
}

bool launch_find_rank_helper(struct buf *path)
{
    return launch_find_helper("ROWBUILD_RANK", "rowbuild-rank", path);
}
