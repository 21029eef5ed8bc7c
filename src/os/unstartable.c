#include "unstartable.h"

#include "file.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_LINE = 256 };

static const char *path_of(char *const *envp)
{
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++) {
        if (strncmp(envp[i], "PATH=", 5) == 0) {
            return envp[i] + 5;
        }
    }
    return "";
}

/* The first file of that name, whether or not it can be executed. */
static bool find(int directory, const char *name, char *const *envp, struct buf *path)
{
    if (strchr(name, '/') != NULL) {
        buf_add_string(path, name);
        return faccessat(directory, name, F_OK, 0) == 0;
    }
    for (const char *at = path_of(envp); *at != '\0';) {
        size_t len = strcspn(at, ":");
        buf_clear(path);
        buf_add(path, len > 0 ? at : ".", len > 0 ? len : 1);
        buf_addf(path, "/%s", name);
        if (faccessat(directory, buf_string(path), F_OK, 0) == 0) {
            return true;
        }
        at += len + (at[len] == ':');
    }
    return false;
}

static void add_quoted(struct buf *out, struct slice name)
{
    buf_add_char(out, '`');
    text_add_name(out, name);
    buf_add_char(out, '`');
}

/* `line` begins after `#!`. */
static bool explain_interpreter(int directory, struct slice line, struct buf *out)
{
    while (line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t')) {
        line = slice_make(line.at + 1, line.len - 1);
    }
    size_t len = 0;
    while (len < line.len && strchr(" \t\n", line.at[len]) == NULL) {
        len++;
    }
    struct buf interpreter = BUF_EMPTY;
    buf_add(&interpreter, line.at, len);
    const char *end = memchr(line.at, '\n', line.len);
    size_t whole = end != NULL ? (size_t)(end - line.at) : line.len;
    bool has_return = whole > 0 && line.at[whole - 1] == '\r';
    bool is_wrong = faccessat(directory, buf_string(&interpreter), X_OK, 0) != 0;
    int error = errno;
    if (has_return) {
        buf_add_string(out,
                       "its first line ends with a carriage return, as on Windows; remove them "
                       "with `sed -i 's/\\r$//'`");
    } else if (is_wrong) {
        buf_add_string(out, "its interpreter ");
        add_quoted(out, buf_slice(&interpreter));
        if (error == ENOENT) {
            buf_add_string(out, " doesn't exist");
        } else {
            buf_addf(out, " can't be executed: %s", strerror(error));
        }
    }
    buf_release(&interpreter);
    return has_return || is_wrong;
}

static bool explain_file(int directory, const char *path, struct buf *out)
{
    char bytes[LONGEST_LINE];
    struct stat stat;
    if (fstatat(directory, path, &stat, 0) != 0) {
        return false;
    }
    if (S_ISDIR(stat.st_mode)) {
        buf_add_string(out, "it is a directory");
        return true;
    }
    if (faccessat(directory, path, X_OK, AT_EACCESS) != 0 && errno == EACCES &&
        (stat.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) {
        buf_add_string(out, "it isn't executable; use `chmod +x`");
        return true;
    }
    int fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? file_read_fully(fd, bytes, sizeof bytes) : -1;
    if (fd >= 0) {
        close(fd);
    }
    if (len >= 2 && bytes[0] == '#' && bytes[1] == '!') {
        return explain_interpreter(directory, slice_make(bytes + 2, (size_t)len - 2), out);
    }
    return false;
}

bool unstartable_explain(int directory, const char *name, char *const *envp, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    bool found = find(directory, name, envp, &path);
    bool is_explained = found && explain_file(directory, buf_string(&path), out);
    buf_release(&path);
    return is_explained;
}
