/* What a stopped process knows: strings in its memory, and what its paths and descriptors lead to.
 *
 * Knows: /proc and process_vm_readv. Doesn't know: ptrace, which calls there are. Paths are given as
 * seen by this process. Functions return false where the process hides it or has been killed. */
#ifndef ROWBUILD_TRACEE_H
#define ROWBUILD_TRACEE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Copies a string, which must be shorter than PATH_MAX, as the kernel wants it. */
bool tracee_read_string(pid_t tid, uint64_t at, char out[PATH_MAX]);
bool tracee_read_number(pid_t tid, uint64_t at, uint64_t *number);

/* A path by which this process reaches `path` of the thread, relative to its folder `folder`
 * (AT_FDCWD: where it is). */
bool tracee_reach(pid_t tid, int folder, const char *path, char out[PATH_MAX]);

/* The path of what a descriptor is open for, and what it is. */
bool tracee_descriptor_path(pid_t tid, int descriptor, char out[PATH_MAX]);
bool tracee_descriptor_stat(pid_t tid, int descriptor, struct stat *status);

/* The absolute path without links. `follows`: also of what the last part links to, which must exist;
 * else only its folder must. */
bool tracee_resolve(pid_t tid, int folder, const char *path, bool follows, char out[PATH_MAX]);

/* The same of something that exists, and what it is. */
bool tracee_find(pid_t tid, int folder, const char *path, bool follows, char out[PATH_MAX],
                 struct stat *status);

/* The absolute path without links of a file that is to be made there: where a link leads, if the last part
 * is a link to what doesn't exist yet. */
bool tracee_resolve_new(pid_t tid, int folder, const char *path, char out[PATH_MAX]);

/* The absolute path as it was asked for: links stay, ".." is taken away by name. */
bool tracee_asked_path(pid_t tid, int folder, const char *path, char out[PATH_MAX]);

/* The name of the program that the thread runs. */
void tracee_program(pid_t tid, char *out, size_t size);

#endif
