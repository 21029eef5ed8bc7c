/* The filter that stops a process at calls which take paths. The only place that knows libseccomp.
 *
 * Knows: the calls by name, on every architecture that this kernel runs programs of. Doesn't know:
 * what their arguments mean. */
#ifndef ROWBUILD_TRACE_FILTER_H
#define ROWBUILD_TRACE_FILTER_H

#include <stdbool.h>

/* What a stop is for. Calls of one meaning whose arguments stand in different places differ. */
enum trace_call {
    CALL_OPEN = 1,   /* path, flags */
    CALL_OPENAT,     /* folder, path, flags */
    CALL_OPENAT2,    /* folder, path, struct open_how */
    CALL_CREAT,      /* path */
    CALL_RENAME,     /* path, path */
    CALL_RENAMEAT,   /* folder, path, folder, path; also renameat2 */
    CALL_LINK,       /* path, path */
    CALL_LINKAT,     /* folder, path, folder, path, flags */
    CALL_SYMLINK,    /* text, path */
    CALL_SYMLINKAT,  /* text, folder, path */
    CALL_UNLINK,     /* path; also rmdir */
    CALL_UNLINKAT,   /* folder, path */
    CALL_MKDIR,      /* path */
    CALL_MKDIRAT,    /* folder, path */
    CALL_MKNOD,      /* path */
    CALL_MKNODAT,    /* folder, path */
    CALL_TRUNCATE,   /* path */
    CALL_EXECVE,     /* path */
    CALL_EXECVEAT,   /* folder, path, …, flags */
    CALL_LIST,       /* descriptor */
    CALL_PTRACE,     /* none that matters */
    CALL_OTHER_VIEW, /* paths mean something else from now on */
};

/* Makes the filter for this process and all that it starts; a tracer must be attached already. It
 * can't be taken back. `privileged`: without no_new_privs. 0, or an error number. */
int trace_filter_load(bool privileged);

#endif
