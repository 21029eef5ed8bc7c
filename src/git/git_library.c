#include "git_library.h"

#include "symbols.h"

#include <pthread.h>

#define SONAME "libgit2.so." LIBGIT2_SOVERSION

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct git_library library;
static const char *missing; /* what couldn't be opened or found; NULL: nothing */

static void open_library(void)
{
#define FIND(name) {#name, (void **)&library.name},
    static const struct symbol symbols[] = {GIT_FUNCTIONS(FIND)};
#undef FIND
    missing = symbols_find(SONAME, symbols, sizeof symbols / sizeof symbols[0]);
    if (missing == NULL && library.git_libgit2_init() < 0) {
        missing = SONAME;
    }
}

const struct git_library *git_library_open(struct diag *diag)
{
    pthread_once(&once, open_library);
    if (missing == NULL) {
        return &library;
    }
    diag_state_error(diag, FINDING_GIT_LIBRARY_MISSING,
                     "%s, with which git repositories are read, can't be opened: install the "
                     "package `libgit2-" LIBGIT2_SOVERSION "`",
                     missing);
    return NULL;
}

const char *git_library_error(const struct git_library *git)
{
    const git_error *error = git->git_error_last();
    return error != NULL && error->message != NULL && error->message[0] != '\0' ? error->message
                                                                                : "unknown error";
}
