/* The file calls that everything above uses, as one table: what a program asks of a disk.
 *
 * Knows: nothing but the shape of the calls. They are POSIX's, on integer descriptors, with the
 * flags of open(2), fstatat(2) and the like; AT_FDCWD is allowed where a folder is asked for. All
 * return -1 (or NULL) with errno set where they fail, and EINTR is the caller's to handle.
 *
 * `disk` is the kernel's table unless a test has put another one in its place (tests/simulated), so
 * that what stands above can be tried on a disk that fails, fills up or loses what was not synced.
 * It is set before the first descriptor is opened and before threads start, and never while they
 * run: a descriptor means something to the table only that it came from. Pipes are the kernel's own
 * and don't come from here; the log that a command writes to does, and is understood by the table of
 * the same side that starts it (world.h).
 *
 * Only what is called is in the table. Many threads may call it at once. */
#ifndef ROWBUILD_DISK_H
#define ROWBUILD_DISK_H

#include <sys/stat.h>
#include <sys/types.h>

/* One name of an open folder; `type` is a DT_… of readdir(3), DT_UNKNOWN included. What it returns
 * ends the listing unless it is 0. It may remove the name. */
typedef int disk_name_fn(void *context, int folder, const char *name, unsigned char type);

struct disk {
    /* Open descriptors */
    int (*open)(int folder, const char *path, int flags, mode_t mode);
    int (*close)(int fd);
    int (*duplicate)(int fd); /* closed on exec */
    ssize_t (*read)(int fd, void *into, size_t size);
    ssize_t (*read_at)(int fd, void *into, size_t size, off_t at);
    ssize_t (*write)(int fd, const void *from, size_t size);
    ssize_t (*write_at)(int fd, const void *from, size_t size, off_t at);
    int (*truncate)(int fd, off_t size);
    int (*sync)(int fd);
    int (*sync_data)(int fd);
    int (*sync_all)(int fd); /* all of the file system that it is on */
    int (*set_mode)(int fd, mode_t mode);
    int (*touch)(int fd); /* both times become now */
    /* Asks for a lock on the whole file, for writing, that the open description holds until it is
     * closed. Doesn't wait: EAGAIN or EACCES where somebody else has it. */
    int (*lock)(int fd);
    int (*stat_open)(int fd, struct stat *found);

    /* Names */
    int (*stat)(int folder, const char *path, struct stat *found, int flags);
    int (*may)(int folder, const char *path, int how); /* R_OK … for the effective user */
    ssize_t (*read_link)(int folder, const char *path, char *into, size_t size);
    /* Opens a folder (O_DIRECTORY | `flags`) and tells each of its names but . and .., in the file
     * system's order. */
    int (*list)(int folder, const char *path, int flags, disk_name_fn *name, void *context);
    int (*make_folder)(int folder, const char *path, mode_t mode);
    int (*rename)(int folder, const char *from, int to_folder, const char *to, unsigned flags);
    int (*unlink)(int folder, const char *path, int flags);
    int (*link)(int folder, const char *existing, int to_folder,
                const char *name); /* follows none */

    /* Absolute paths without links, for the caller to free: of an open folder, and of a path as
     * seen from the current directory. */
    char *(*path_of)(int folder);
    char *(*real_path)(const char *path);
};

extern const struct disk disk_of_kernel;
extern const struct disk *disk; /* the one in force */

void disk_use(const struct disk *table);

#endif
