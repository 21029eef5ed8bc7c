/* The filter that stops a process at calls which take paths: for ptrace, or so that whoever listens is
 * notified. The only place that knows libseccomp.
 *
 * Knows: the calls by name, on every architecture that this kernel runs programs of. Doesn't know:
 * what their arguments mean. */
#ifndef ROWBUILD_TRACE_FILTER_H
#define ROWBUILD_TRACE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a stop is for. Calls of one meaning whose arguments stand in different places differ. */
enum trace_call {
    CALL_OPEN = 1,   /* path, flags */
    CALL_OPENAT,     /* folder, path, flags */
    CALL_OPENAT2,    /* folder, path, struct open_how */
    CALL_CREAT,      /* path */
    CALL_RENAME,     /* path, path */
    CALL_RENAMEAT,   /* folder, path, folder, path, flags of renameat2 */
    CALL_LINK,       /* path, path */
    CALL_LINKAT,     /* folder, path, folder, path, flags */
    CALL_SYMLINK,    /* text, path */
    CALL_SYMLINKAT,  /* text, folder, path */
    CALL_UNLINK,     /* path */
    CALL_UNLINKAT,   /* folder, path, flags */
    CALL_RMDIR,      /* path */
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

enum trace_way { TRACE_BY_PTRACE, TRACE_BY_NOTIFICATION };

/* Makes the filter for this process and all that it starts. It can't be taken back. `privileged`: without
 * no_new_privs. TRACE_BY_PTRACE: a tracer must be attached already, and is told the call;
 * TRACE_BY_NOTIFICATION: *listener becomes the descriptor on which calls are told, by their numbers.
 * 0, or an error number. */
int trace_filter_load(enum trace_way way, bool privileged, int *listener);

/* The filter as the kernel takes it, an array of struct sock_filter. 0, or an error number; to be released
 * in any case. */
struct trace_program {
    void *bytes; /* owned */
    size_t size;
};
int trace_filter_make(enum trace_way way, struct trace_program *program);
void trace_program_release(struct trace_program *program);

/* Which call has which number, on each architecture (AUDIT_ARCH_…). */
enum { TRACE_NUMBERS = 192 };
struct trace_number {
    uint32_t architecture;
    int number;
    enum trace_call call;
};
struct trace_numbers {
    size_t count;
    struct trace_number all[TRACE_NUMBERS];
};
void trace_numbers_init(struct trace_numbers *numbers);
/* False: the filter doesn't stop at it. */
bool trace_numbers_find(const struct trace_numbers *numbers, uint32_t architecture, int number,
                        enum trace_call *call);

#endif
