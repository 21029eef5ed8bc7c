#include "points_making.h"

#include "disk.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int making_complain(const struct making *making, struct slice name, const char *what)
{
    int error = errno;
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, making->workspace->path);
    buf_add_char(&shown, '/');
    text_add_name(&shown, name);
    diag_state_error(making->diag, FINDING_FILE_TROUBLE,
                     "the point's directory `%s` can't be %s: %s", buf_string(&shown), what,
                     strerror(error));
    buf_release(&shown);
    return -1;
}

void making_add_text(const struct workspace *workspace, size_t directory, struct buf *text)
{
    const struct workspace_points *own = &workspace->points;
    points_add_value(own->view.points, own->numbers[directory], text);
    buf_add_char(text, '\n');
}

int making_sync_path(int folder, const char *path, int flags)
{
    int fd = disk->open(folder, path, O_RDONLY | O_CLOEXEC | flags, 0);
    if (fd < 0) {
        return -1;
    }
    int result = disk->sync(fd);
    int error = errno;
    disk->close(fd);
    errno = error;
    return result;
}

/* Names survive a crash only once the folders that hold them are synced. */
int making_sync_parents(struct making *making, const struct slice *names, size_t count)
{
    const struct workspace *workspace = making->workspace;
    struct buf parent = BUF_EMPTY;
    struct buf before = BUF_EMPTY;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct slice name = names[i];
        size_t len = name.len;
        while (len > 0 && name.at[len - 1] != '/') {
            len--;
        }
        if (slice_equal(slice_make(name.at, len), buf_slice(&before))) {
            continue; /* neighbours share their folder */
        }
        buf_clear(&before);
        buf_add(&before, name.at, len);
        while (result == 0 && len > 0) {
            buf_clear(&parent);
            buf_add(&parent, name.at, len);
            result = making_sync_path(workspace->fd, buf_string(&parent), O_DIRECTORY);
            for (len--; len > 0 && name.at[len - 1] != '/';) {
                len--;
            }
        }
        if (result != 0) {
            making_complain(making, name, "synced");
        }
    }
    if (result == 0 && making_sync_path(workspace->fd, ".", O_DIRECTORY) != 0) {
        result = making_complain(making, names[0], "synced");
    }
    buf_release(&parent);
    buf_release(&before);
    return result;
}
