#include "kept_program.h"

#include "digest.h"
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "launch.h"
#include "state_folder.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FILES = 3, DIGEST_DIGITS = 32 };

static const size_t LARGEST_FILE = (size_t)1 << 30;

struct own_file {
    const char *name; /* in the folder */
    const char *path; /* where it is now */
    struct buf content;
};

struct own_files {
    struct own_file at[MOST_FILES];
    size_t count;
};

/* The library that holds this code; NULL: it is a part of the program. */
static const char *own_library(const char *program, struct arena *arena)
{
    static const char here;
    Dl_info info;
    const char *found = NULL;
    if (dladdr(&here, &info) == 0 || info.dli_fname == NULL || info.dli_fname[0] != '/') {
        return NULL;
    }
    char *library = realpath(info.dli_fname, NULL);
    char *self = realpath(program, NULL);
    if (library != NULL && self != NULL && strcmp(library, self) != 0) {
        found = arena_string(arena, slice_of(info.dli_fname));
    }
    free(library);
    free(self);
    return found;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* -1 with errno: one can't be read. */
static int find_files(struct own_files *files, const char *program, struct arena *arena)
{
    struct buf helper = BUF_EMPTY;
    const char *library = own_library(program, arena);
    int result = 0;
    *files = (struct own_files){.count = 1};
    files->at[0] = (struct own_file){.name = "rowbuild", .path = program};
    if (library != NULL) {
        files->at[files->count++] = (struct own_file){.name = last_part(library), .path = library};
    }
    if (launch_find_rank_helper(&helper)) {
        files->at[files->count++] = (struct own_file){
            .name = "rowbuild-rank", .path = arena_string(arena, buf_slice(&helper))};
    }
    for (size_t i = 0; i < files->count && result == 0; i++) {
        result = file_read(AT_FDCWD, files->at[i].path, LARGEST_FILE, &files->at[i].content);
    }
    buf_release(&helper);
    return result;
}

static struct slice name_of(const struct own_files *files, struct arena *arena)
{
    struct buf digits = BUF_EMPTY;
    struct digest_stream *stream = digest_stream_new();
    for (size_t i = 0; i < files->count; i++) {
        digest_stream_field(stream, slice_of(files->at[i].name));
        digest_stream_field(stream, buf_slice(&files->at[i].content));
    }
    digest_format(digest_stream_end(stream), &digits);
    digest_stream_free(stream);
    struct slice name = arena_slice(arena, buf_slice(&digits));
    buf_release(&digits);
    return name;
}

/* Whether an earlier submission has put it there. */
static bool is_whole(int folder, const struct own_file *file)
{
    struct buf found = BUF_EMPTY;
    bool is = file_read(folder, file->name, LARGEST_FILE, &found) == 0 &&
              slice_equal(buf_slice(&found), buf_slice(&file->content));
    buf_release(&found);
    return is;
}

static int copy(int folder, const struct own_file *file)
{
    int fd = inside_create(folder, file->name, 0);
    size_t written = 0;
    while (fd >= 0 && written < file->content.len) {
        ssize_t more = write(fd, file->content.at + written, file->content.len - written);
        if (more <= 0) {
            break;
        }
        written += (size_t)more;
    }
    int result =
        fd >= 0 && written == file->content.len && fchmod(fd, 0755) == 0 && fsync(fd) == 0 ? 0 : -1;
    int error = errno;
    if (fd >= 0) {
        disk->close(fd);
    }
    errno = error;
    return result;
}

static int put_file(int folder, const struct own_file *file)
{
    if (is_whole(folder, file) && faccessat(folder, file->name, X_OK, 0) == 0) {
        return 0;
    }
    return copy(folder, file);
}

const char *kept_program_keep(const char *state_path, const char *program, struct arena *arena,
                              struct slice *name)
{
    struct own_files files;
    struct buf path = BUF_EMPTY;
    int folder = -1;
    int result = find_files(&files, program, arena);
    if (result == 0) {
        *name = name_of(&files, arena);
        buf_addf(&path, KEPT_PROGRAM_FOLDER "/%.*s", SLICE_ARGS(*name));
        folder = state_folder_open(state_path, buf_string(&path), true);
        result = folder < 0 ? -1 : 0;
    }
    /* The program itself comes last: where it is, the others are. */
    for (size_t i = files.count; i-- > 0 && result == 0;) {
        result = put_file(folder, &files.at[i]);
    }
    if (result == 0) { /* a file system may execute nothing */
        result = faccessat(folder, "rowbuild", X_OK, 0);
    }
    const char *wrong = result != 0 ? inside_error(errno) : NULL;
    if (folder >= 0) {
        disk->close(folder);
    }
    for (size_t i = 0; i < files.count; i++) {
        buf_release(&files.at[i].content);
    }
    buf_release(&path);
    return wrong;
}
