#include "project.h"

#include "file.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Looks for a description in `directory` and its parents, shortening `directory` as it searches; *found
 * becomes "DIR/Rowfile" or "DIR/workflow.toml". */
static bool find_upward(char *directory, bool (*is_it)(const char *path), struct buf *found)
{
    static const char *const names[] = {"Rowfile", "workflow.toml"};
    for (;;) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            buf_clear(found);
            buf_addf(found, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, names[i]);
            if (is_it(buf_string(found))) {
                return true;
            }
        }
        char *slash = strrchr(directory, '/');
        if (slash == NULL || strcmp(directory, "/") == 0) {
            return false;
        }
        slash[slash == directory] = '\0';
    }
}

static bool is_file(const char *path)
{
    struct file_stat found;
    return file_stat(AT_FDCWD, path, &found) == 0 && found.kind == FILE_REGULAR;
}

/* The current directory as the shell says it, by whatever links one came: below a workspace that is
 * a symlink to another file system, only that leads back to the project. NULL where the shell says
 * nothing or something else. */
static char *logical_directory(const char *directory)
{
    const char *said = directory == NULL ? getenv("PWD") : NULL;
    struct file_stat here;
    struct file_stat there;
    if (said == NULL || said[0] != '/' || file_stat(AT_FDCWD, ".", &here) != 0 ||
        file_stat(AT_FDCWD, said, &there) != 0 || here.kind != FILE_DIRECTORY ||
        here.device != there.device || here.inode != there.inode) {
        return NULL;
    }
    return mem_copy(said, strlen(said));
}

int project_locate(const char *directory, const char *file, struct buf *path, struct diag *diag)
{
    if (file != NULL) {
        buf_addf(path, "%s%s%s", directory != NULL && file[0] != '/' ? directory : "",
                 directory != NULL && file[0] != '/' ? "/" : "", file);
        return 0;
    }
    char *start = realpath(directory != NULL ? directory : ".", NULL);
    if (start == NULL) {
        return diag_error(diag, FINDING_FILE_TROUBLE, "the directory `%s` can't be used: %s",
                          directory != NULL ? directory : ".", strerror(errno));
    }
    bool found = find_upward(start, is_file, path);
    free(start);
    if (!found) {
        char *logical = logical_directory(directory);
        found = logical != NULL && find_upward(logical, is_file, path);
        free(logical);
    }
    if (!found) {
        return diag_error(diag, FINDING_NO_PROJECT,
                          "there is neither a Rowfile nor a workflow.toml here or above; "
                          "`rowbuild init` makes a project");
    }
    return 0;
}

/* Appends what follows the project in a path that leads through it; nothing where it doesn't. */
static void add_behind(const char *project, char *path, struct buf *below)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        char *real = realpath(path, NULL);
        bool is_project = real != NULL && strcmp(real, project) == 0;
        free(real);
        *slash = '/';
        if (is_project) {
            buf_addf(below, "%s/", slash + 1);
            return;
        }
    }
}

char *project_below(const char *project, const char *directory)
{
    char *here = realpath(directory != NULL ? directory : ".", NULL);
    size_t len = strlen(project);
    struct buf below = BUF_EMPTY;
    if (here != NULL && strncmp(here, project, len) == 0 && here[len] == '/') {
        buf_addf(&below, "%s/", here + len + 1);
    } else if (here != NULL && strcmp(here, project) != 0) {
        char *logical = logical_directory(directory);
        if (logical != NULL) {
            add_behind(project, logical, &below);
        }
        free(logical);
    }
    free(here);
    char *copy = mem_copy(buf_string(&below), below.len);
    buf_release(&below);
    return copy;
}

char *project_here(void)
{
    char *logical = logical_directory(NULL);
    return logical != NULL ? logical : realpath(".", NULL);
}

static void add_step(struct buf *path, const char *step)
{
    if (step[0] == '/') {
        buf_clear(path);
    } else if (path->len > 0 && path->at[path->len - 1] != '/') {
        buf_add_char(path, '/');
    }
    buf_add_string(path, strcmp(step, ".") == 0 ? "" : step);
}

/* Shortens the path until it is the project; false: it leads elsewhere. */
static bool climb_to(const char *project, struct buf *path)
{
    while (path->len > 0) {
        while (path->len > 1 && path->at[path->len - 1] == '/') {
            path->at[--path->len] = '\0';
        }
        char *real = realpath(buf_string(path), NULL);
        bool is_project = real != NULL && strcmp(real, project) == 0;
        free(real);
        if (is_project) {
            return true;
        }
        while (path->len > 0 && path->at[path->len - 1] != '/') {
            path->at[--path->len] = '\0';
        }
        if (path->len == 1) {
            return false;
        }
    }
    return false;
}

char *project_spelled(const char *project, const char *directory, const char *file)
{
    struct buf path = BUF_EMPTY;
    char *here = project_here();
    if (here != NULL) {
        buf_add_string(&path, here);
    }
    if (directory != NULL) {
        add_step(&path, directory);
    }
    if (file != NULL) {
        add_step(&path, file);
    }
    bool is_absolute = path.len > 0 && path.at[0] == '/';
    const char *found = is_absolute && climb_to(project, &path) ? buf_string(&path) : project;
    char *copy = mem_copy(found, strlen(found));
    free(here);
    buf_release(&path);
    return copy;
}

/* The directory, or the nearest above that is there already, as an absolute path to be freed. */
static char *nearest_directory(const char *directory)
{
    char *path = mem_copy(directory, strlen(directory) + 1);
    char *found = realpath(path, NULL);
    while (found == NULL) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            found = realpath(".", NULL);
            break;
        }
        slash[slash == path] = '\0';
        found = realpath(path, NULL);
    }
    free(path);
    return found;
}

/* Whatever has such a name. */
static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

bool project_is_above(const char *directory, struct buf *found)
{
    char *path = nearest_directory(directory);
    bool is_above = path != NULL && find_upward(path, is_there, found);
    free(path);
    return is_above;
}
