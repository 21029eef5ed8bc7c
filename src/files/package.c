#include "package.h"

#include "clock.h"
#include "disk.h"
#include "file.h"
#include "filetree.h"
#include "inside.h"
#include "intern.h"
#include "reserved.h"
#include "sha256.h"
#include "text.h"
#include "zip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEMPORARY RESERVED_PREFIX "tmp-"

enum {
    PIECE = 256 * 1024,
    ANY_FILE = 0666,
    ANY_PROGRAM = 0777,
    ANY_FOLDER = 0777,
    PROGRAM_BITS = 0111,
};
static const int64_t QUIET_NS = 2000000000; /* between two notes of progress */

struct package {
    char *path; /* as it was given, without '/' at its end */
    char *temporary;
    int parent; /* that both are named in; -1: not open */
    const char *name;
    const char *temporary_name;
    int fd; /* of the temporary folder or zip file; -1: not open */
    struct zip *zip;
    bool without_data;
    bool exists; /* the temporary one */
    struct file_stat made;
    struct intern names; /* that are taken */
    char *piece;
    uint64_t files; /* so far */
    uint64_t bytes;
    int64_t told_ns;
};

static int fail(const struct package *package, const char *what, int error, struct diag *diag)
{
    return diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be %s: %s", package->path, what,
                            inside_error(error));
}

static int write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t written = disk->write(fd, at, len);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            at += written;
            len -= (size_t)written;
        }
    }
    return 0;
}

static int write_zip(void *context, const void *bytes, size_t len)
{
    struct package *package = context;
    return write_all(package->fd, bytes, len);
}

/* ---- Beginning ---- */

static bool names_zip(struct slice path)
{
    return path.len > 4 && strncasecmp(path.at + path.len - 4, ".zip", 4) == 0;
}

static int is_anything(void *context, const char *name, size_t len, bool is_directory)
{
    (void)context, (void)name, (void)len, (void)is_directory;
    return 1;
}

/* What lies under the name now, if anything, must be an empty folder, where a folder is made. */
static int check_name(const struct package *package, bool is_zip, struct diag *diag)
{
    struct file_stat found;
    if (file_lstat(package->parent, package->name, &found) != 0) {
        return fail(package, "written", errno, diag);
    }
    if (found.kind == FILE_MISSING) {
        return 0;
    }
    if (is_zip || found.kind != FILE_DIRECTORY) {
        return diag_error(diag, FINDING_EXISTS,
                          "`%s` exists, and is not overwritten; delete it, or use another name",
                          package->path);
    }
    int full = file_list(package->parent, package->name, is_anything, NULL);
    if (full < 0) {
        return fail(package, "read", errno, diag);
    }
    return full == 0 ? 0
                     : diag_error(diag, FINDING_EXISTS,
                                  "the folder `%s` is not empty; use another name, or a name that "
                                  "ends with .zip",
                                  package->path);
}

static int make_temporary(struct package *package, bool is_zip)
{
    if (file_remove_tree(package->parent, package->temporary_name) != 0) {
        return -1;
    }
    if (!is_zip && disk->make_folder(package->parent, package->temporary_name, ANY_FOLDER) != 0) {
        return -1;
    }
    package->exists = !is_zip;
    package->fd = is_zip
                      ? disk->open(package->parent, package->temporary_name,
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, ANY_FILE)
                      : disk->open(package->parent, package->temporary_name,
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (package->fd < 0) {
        return -1;
    }
    package->exists = true;
    return file_stat_fd(package->fd, &package->made);
}

static int begin(struct package *package, struct diag *diag)
{
    bool is_zip = names_zip(slice_of(package->path));
    char *slash = strrchr(package->path, '/');
    struct buf folder = BUF_EMPTY;
    struct buf temporary = BUF_EMPTY;
    int result = -1;
    package->name = slash != NULL ? slash + 1 : package->path;
    buf_add(&folder, package->path, (size_t)(package->name - package->path));
    if (folder.len == 0) {
        buf_add_string(&folder, ".");
    }
    buf_addf(&temporary, TEMPORARY "%s", package->name);
    package->temporary = mem_copy(temporary.at, temporary.len);
    package->temporary_name = package->temporary;
    if (package->name[0] == '\0' || strcmp(package->name, ".") == 0 ||
        strcmp(package->name, "..") == 0) {
        diag_error(diag, FINDING_WRONG_ARGUMENT,
                   "`%s` doesn't name a new folder or zip file; use a name such as crate or "
                   "crate.zip",
                   package->path);
        goto out;
    }
    package->parent =
        disk->open(AT_FDCWD, buf_string(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (package->parent < 0) {
        fail(package, "written", errno, diag);
        goto out;
    }
    if (check_name(package, is_zip, diag) != 0) {
        goto out;
    }
    if (make_temporary(package, is_zip) != 0) {
        fail(package, "written", errno, diag);
        goto out;
    }
    if (is_zip) {
        package->zip = zip_begin(write_zip, package, package->path, diag);
    }
    result = is_zip && package->zip == NULL ? -1 : 0;
out:
    buf_release(&temporary);
    buf_release(&folder);
    return result;
}

struct package *package_begin(const char *path, bool without_data, struct diag *diag)
{
    struct package *package = mem_alloc(sizeof *package);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    *package = (struct package){.path = mem_copy(path, len),
                                .parent = -1,
                                .fd = -1,
                                .without_data = without_data,
                                .piece = mem_alloc(PIECE),
                                .told_ns = clock_monotonic_ns()};
    intern_init(&package->names);
    if (begin(package, diag) != 0) {
        package_free(package);
        return NULL;
    }
    return package;
}

/* Whether the temporary file is still the one that was made here: another process may have begun a
 * package of the same name. */
static bool is_own(const struct package *package)
{
    struct file_stat now;
    return package->exists && file_lstat(package->parent, package->temporary_name, &now) == 0 &&
           now.inode == package->made.inode && now.device == package->made.device;
}

void package_free(struct package *package)
{
    if (package == NULL) {
        return;
    }
    zip_free(package->zip);
    if (is_own(package)) {
        file_remove_tree(package->parent, package->temporary_name);
    }
    if (package->fd >= 0) {
        disk->close(package->fd);
    }
    if (package->parent >= 0) {
        disk->close(package->parent);
    }
    intern_release(&package->names);
    free(package->piece);
    free(package->temporary);
    free(package->path);
    free(package);
}

/* ---- Adding ---- */

static int claim(struct package *package, const char *name, struct diag *diag)
{
    uint32_t before = package->names.count;
    intern_add(&package->names, slice_of(name));
    if (package->names.count > before) {
        return 0;
    }
    return diag_error(diag, FINDING_EXISTS, "two files would have the name `%s` in `%s`", name,
                      package->path);
}

static void tell(struct package *package, uint64_t bytes, struct diag *diag)
{
    int64_t now = clock_monotonic_ns();
    package->bytes += bytes;
    if (now - package->told_ns < QUIET_NS) {
        return;
    }
    package->told_ns = now;
    struct buf text = BUF_EMPTY;
    text_add_count(&text, package->files);
    buf_addf(&text, " file%s, ", package->files == 1 ? "" : "s");
    text_add_bytes(&text, package->bytes);
    diag_note_now(diag, FINDING_WRITING, "writing `%s`: %s so far", package->path,
                  buf_string(&text));
    buf_release(&text);
}

/* A file that is being written. */
struct target {
    struct package *package;
    int fd; /* of a file in a folder; -1: none */
};

static int open_target(struct target *target, const char *name, uint64_t size, int64_t mtime_ns,
                       bool is_program, struct diag *diag)
{
    struct package *package = target->package;
    target->fd = -1;
    if (package->zip != NULL) {
        return zip_begin_file(package->zip, name, size, mtime_ns / 1000000000, is_program, diag);
    }
    if (file_make_parents(package->fd, name) == 0) {
        target->fd =
            disk->open(package->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       is_program ? ANY_PROGRAM : ANY_FILE);
    }
    return target->fd >= 0 ? 0 : fail(package, "written", errno, diag);
}

static int write_target(struct target *target, const void *bytes, size_t len, struct diag *diag)
{
    if (target->package->zip != NULL) {
        return zip_add(target->package->zip, bytes, len, diag);
    }
    int error = write_all(target->fd, bytes, len);
    return error == 0 ? 0 : fail(target->package, "written", error, diag);
}

static int close_target(struct target *target, struct diag *diag)
{
    int fd = target->fd;
    target->fd = -1;
    return fd < 0 || disk->close(fd) == 0 ? 0 : fail(target->package, "written", errno, diag);
}

static int can_not_read(const char *path, int error, struct diag *diag)
{
    return diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be read: %s", path,
                            inside_error(error));
}

static int has_changed(const char *path, struct diag *diag)
{
    return diag_state_error(diag, FINDING_FILE_TROUBLE,
                            "`%s` changed while it was copied; wait until nothing writes to it",
                            path);
}

static int copy_bytes(struct package *package, int from, const char *path, uint64_t size,
                      struct target *target, struct package_file *file, struct diag *diag)
{
    struct sha256 *sha = sha256_new();
    struct buf digits = BUF_EMPTY;
    int result = 0;
    for (uint64_t left = size; left > 0 && result == 0;) {
        ssize_t got = file_read_fully(from, package->piece, left < PIECE ? (size_t)left : PIECE);
        if (got < 0) {
            result = can_not_read(path, errno, diag);
        } else if (got == 0) {
            result = has_changed(path, diag);
        } else {
            sha256_add(sha, package->piece, (size_t)got);
            left -= (uint64_t)got;
            result =
                package->without_data ? 0 : write_target(target, package->piece, (size_t)got, diag);
            tell(package, (uint64_t)got, diag);
        }
    }
    sha256_end(sha, &digits);
    memcpy(file->sha256, buf_string(&digits), sizeof file->sha256);
    file->size = size;
    buf_release(&digits);
    return result;
}

static int copy_open(struct package *package, int from, const char *path, const char *name,
                     struct package_file *file, struct diag *diag)
{
    struct file_stat before;
    struct file_stat after;
    struct stat mode;
    struct target target = {.package = package, .fd = -1};
    if (file_stat_fd(from, &before) != 0 || disk->stat_open(from, &mode) != 0) {
        return can_not_read(path, errno, diag);
    }
    if (before.kind != FILE_REGULAR) {
        return can_not_read(path, before.kind == FILE_DIRECTORY ? EISDIR : ENXIO, diag);
    }
    if (!package->without_data && open_target(&target, name, before.size, before.mtime_ns,
                                              (mode.st_mode & PROGRAM_BITS) != 0, diag) != 0) {
        return -1;
    }
    int result = copy_bytes(package, from, path, before.size, &target, file, diag);
    if (target.fd >= 0 && close_target(&target, diag) != 0) {
        result = -1;
    }
    if (result == 0 && (file_stat_fd(from, &after) != 0 || !file_stat_equal(&before, &after))) {
        result = has_changed(path, diag);
    }
    package->files++;
    return result;
}

static int add_open(struct package *package, int from, const char *path, const char *name,
                    struct package_file *file, struct diag *diag)
{
    if (from < 0) {
        return can_not_read(path, errno, diag);
    }
    int result = claim(package, name, diag);
    if (result == 0) {
        result = copy_open(package, from, path, name, file, diag);
    }
    disk->close(from);
    return result;
}

int package_add_file(struct package *package, const struct package_source *source, const char *name,
                     struct package_file *file, struct diag *diag)
{
    int from = disk->open(source->directory, source->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    return add_open(package, from, source->path, name, file, diag);
}

int package_add_text(struct package *package, const char *name, struct slice text,
                     struct diag *diag)
{
    struct target target = {.package = package, .fd = -1};
    if (claim(package, name, diag) != 0 ||
        open_target(&target, name, text.len, clock_wall_s() * 1000000000, false, diag) != 0) {
        return -1;
    }
    int result = write_target(&target, text.at, text.len, diag);
    if (target.fd >= 0 && close_target(&target, diag) != 0) {
        result = -1;
    }
    return result;
}

/* ---- Folders ---- */

static bool is_inside(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Whether the entry is a file to be copied: a regular one, or a link to one inside. */
static bool is_copied(int root, const struct tree_entry *entry, const char *inside)
{
    if (entry->stat.kind == FILE_REGULAR && !entry->is_followed) {
        return true;
    }
    struct file_stat found;
    char *folder = disk->path_of(root);
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", folder != NULL ? folder : "", entry->path);
    char *real = folder != NULL ? disk->real_path(buf_string(&path)) : NULL;
    bool is_file = real != NULL && is_inside(real, inside) &&
                   file_stat(AT_FDCWD, real, &found) == 0 && found.kind == FILE_REGULAR;
    free(real);
    free(folder);
    buf_release(&path);
    return is_file;
}

/* 1: it is in the package already. */
static int add_entry(struct package *package, const struct package_folder *folder, int root,
                     const struct tree_entry *entry, struct package_file *file, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    bool is_link = entry->link != NULL || entry->is_followed;
    buf_addf(&name, "%s/%s", folder->name, entry->path);
    buf_addf(&path, "%s/%s", folder->source.path, entry->path);
    if (intern_find(&package->names, buf_slice(&name)) != INTERN_NONE) {
        buf_release(&path);
        buf_release(&name);
        return 1;
    }
    int from = disk->open(root, entry->path,
                          O_RDONLY | (is_link ? 0 : O_NOFOLLOW) | O_NONBLOCK | O_CLOEXEC, 0);
    int result = add_open(package, from, buf_string(&path), buf_string(&name), file, diag);
    buf_release(&path);
    buf_release(&name);
    return result;
}

static int add_empty_folder(struct package *package, const char *name, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    int result = 0;
    buf_addf(&path, "%s/", name);
    if (package->without_data) {
        result = 0;
    } else if (package->zip != NULL) {
        result = zip_add_folder(package->zip, buf_string(&path), diag);
    } else if (file_make_parents(package->fd, buf_string(&path)) != 0) {
        result = fail(package, "written", errno, diag);
    }
    buf_release(&path);
    return result;
}

static int add_entries(struct package *package, const struct package_folder *folder, int root,
                       const struct filetree *tree, package_added_fn *added, void *context,
                       size_t *skipped, struct diag *diag)
{
    size_t count = 0;
    vec_each (const struct tree_entry, entry, &tree->entries) {
        struct package_file file;
        if (entry->stat.kind == FILE_DIRECTORY) {
            continue;
        }
        if (!is_copied(root, entry, folder->inside)) {
            (*skipped)++;
            continue;
        }
        int result = add_entry(package, folder, root, entry, &file, diag);
        if (result < 0) {
            return -1;
        }
        added(context, entry->path, result == 0 ? &file : NULL);
        count++;
    }
    return count > 0 ? 0 : add_empty_folder(package, folder->name, diag);
}

int package_add_folder(struct package *package, const struct package_folder *folder,
                       package_added_fn *added, void *context, size_t *skipped, struct diag *diag)
{
    static const struct tree_rules none;
    struct filetree tree = {0};
    const char *path = folder->source.path;
    int root = disk->open(folder->source.directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (root < 0) {
        return can_not_read(path, errno, diag);
    }
    enum file_status status =
        filetree_scan(&tree, root, folder->view, folder->rules != NULL ? folder->rules : &none);
    int result = status == FILE_READ     ? 0
                 : status == FILE_MOVING ? has_changed(path, diag)
                                         : can_not_read(path, errno, diag);
    if (result == 0) {
        result = add_entries(package, folder, root, &tree, added, context, skipped, diag);
    }
    filetree_release(&tree);
    disk->close(root);
    return result;
}

/* ---- The end ---- */

int package_finish(struct package *package, struct diag *diag)
{
    bool is_zip = package->zip != NULL;
    if (is_zip && zip_end(package->zip, diag) != 0) {
        return -1;
    }
    if (disk->sync(package->fd) != 0) {
        return fail(package, "written", errno, diag);
    }
    if (!is_own(package)) {
        return diag_state_error(diag, FINDING_EXISTS,
                                "`%s` is being written by another process as well; wait for it",
                                package->path);
    }
    /* An empty folder of that name makes way. */
    int renamed = is_zip ? file_rename_new(package->parent, package->temporary_name, package->name)
                         : disk->rename(package->parent, package->temporary_name, package->parent,
                                        package->name, 0);
    if (renamed != 0) {
        return errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
                   ? diag_error(diag, FINDING_EXISTS,
                                "`%s` exists by now, and is not overwritten; use another name",
                                package->path)
                   : fail(package, "written", errno, diag);
    }
    package->exists = false;
    return 0;
}
