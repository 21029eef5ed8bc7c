#include "temporary.h"

#include "buf.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool try_place(struct temporary *temporary, const char *where)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/rowbuild-XXXXXX", where);
    bool made = mkdtemp(path.at) != NULL;
    if (made) {
        temporary->path = mem_copy(path.at, path.len);
    }
    buf_release(&path);
    return made;
}

const char *temporary_folder(struct temporary *temporary, unsigned slot, struct arena *arena)
{
    if (temporary->path == NULL && !temporary->fails) {
        const char *given = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
        temporary->fails = !try_place(temporary, "/dev/shm") &&
                           !(given != NULL && *given == '/' && try_place(temporary, given)) &&
                           !try_place(temporary, "/tmp");
    }
    if (temporary->path == NULL) {
        return NULL;
    }
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%u", temporary->path, slot);
    const char *folder = arena_string(arena, buf_slice(&path));
    buf_release(&path);
    return mkdir(folder, 0700) == 0 || errno == EEXIST ? folder : NULL;
}

void temporary_clear(const struct temporary *temporary, unsigned slot)
{
    if (temporary->path != NULL) {
        struct buf path = BUF_EMPTY;
        buf_addf(&path, "%s/%u", temporary->path, slot);
        (void)file_remove_tree(AT_FDCWD, buf_string(&path));
        buf_release(&path);
    }
}

void temporary_remove(struct temporary *temporary)
{
    if (temporary->path != NULL) {
        (void)file_remove_tree(AT_FDCWD, temporary->path);
        free(temporary->path);
    }
}
