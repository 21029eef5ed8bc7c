#include "archive_library.h"

#include "symbols.h"

#include <pthread.h>

/* The soname of libarchive 3, in all its versions. */
#define SONAME "libarchive.so.13"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct archive_library library;
static const char *missing; /* what couldn't be opened or found; NULL: nothing */

static void open_library(void)
{
#define FIND(name) {#name, (void **)&library.name},
    static const struct symbol symbols[] = {ARCHIVE_FUNCTIONS(FIND)};
#undef FIND
    missing = symbols_find(SONAME, symbols, sizeof symbols / sizeof symbols[0]);
}

const struct archive_library *archive_library_open(struct diag *diag)
{
    pthread_once(&once, open_library);
    if (missing == NULL) {
        return &library;
    }
    diag_state_error(diag, FINDING_ARCHIVE_LIBRARY_MISSING,
                     "%s, with which zip files are written, can't be opened: install the package "
                     "`libarchive13` (in later releases `libarchive13t64`), or name a folder",
                     missing);
    return NULL;
}
