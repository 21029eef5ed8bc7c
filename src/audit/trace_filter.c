#include "trace_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct rule {
    const char *name;
    int number;
    enum trace_call call;
};
#define CALL(name, meaning)                                                                        \
    {                                                                                              \
#name, SCMP_SYS(name), CALL_##meaning                                                      \
    }

static const struct rule rules[] = {
    CALL(open, OPEN),          CALL(openat, OPENAT),       CALL(openat2, OPENAT2),
    CALL(creat, CREAT),        CALL(rename, RENAME),       CALL(renameat, RENAMEAT),
    CALL(renameat2, RENAMEAT), CALL(link, LINK),           CALL(linkat, LINKAT),
    CALL(symlink, SYMLINK),    CALL(symlinkat, SYMLINKAT), CALL(unlink, UNLINK),
    CALL(rmdir, RMDIR),        CALL(unlinkat, UNLINKAT),   CALL(mkdir, MKDIR),
    CALL(mkdirat, MKDIRAT),    CALL(mknod, MKNOD),         CALL(mknodat, MKNODAT),
    CALL(truncate, TRUNCATE),  CALL(truncate64, TRUNCATE), CALL(execve, EXECVE),
    CALL(execveat, EXECVEAT),  CALL(getdents, LIST),       CALL(getdents64, LIST),
    CALL(ptrace, PTRACE),      CALL(chroot, OTHER_VIEW),   CALL(pivot_root, OTHER_VIEW),
    CALL(unshare, OTHER_VIEW), CALL(setns, OTHER_VIEW),    CALL(mount, OTHER_VIEW),
};

/* The other architectures whose programs this kernel may run. */
static const uint32_t others[] = {
#if defined(__x86_64__)
    SCMP_ARCH_X86, SCMP_ARCH_X32,
#elif defined(__aarch64__)
    SCMP_ARCH_ARM,
#endif
    SCMP_ARCH_NATIVE, /* which is there already */
};

static int add_rules(scmp_filter_ctx filter, enum trace_way way)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int result = 0;
        if (way == TRACE_BY_PTRACE) {
            result = seccomp_rule_add(filter, SCMP_ACT_TRACE(rules[i].call), rules[i].number, 0);
        } else if (rules[i].call != CALL_PTRACE) { /* which works as if nobody watched */
            result = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, rules[i].number, 0);
        }
        if (result != 0) {
            return result;
        }
    }
    uint32_t action = way == TRACE_BY_PTRACE ? SCMP_ACT_TRACE(CALL_OTHER_VIEW) : SCMP_ACT_NOTIFY;
    int result =
        seccomp_rule_add(filter, action, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, (scmp_datum_t)CLONE_NEWNS, CLONE_NEWNS));
    /* What a ring opens isn't seen here; programs do without where there is none. */
    return result != 0
               ? result
               : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
}

/* The program that the library makes, from a file in memory. */
static int export(scmp_filter_ctx filter, struct trace_program *program)
{
    int error = 0;
    struct stat status;
    int file = memfd_create("filter", MFD_CLOEXEC);
    if (file < 0) {
        return errno;
    }
    error = -seccomp_export_bpf(filter, file);
    if (error == 0 && fstat(file, &status) != 0) {
        error = errno;
    }
    if (error == 0) {
        program->bytes = malloc((size_t)status.st_size);
        program->size = (size_t)status.st_size;
        error = program->bytes == NULL ? ENOMEM : 0;
    }
    if (error == 0 && pread(file, program->bytes, program->size, 0) != (ssize_t)program->size) {
        error = EIO;
    }
    close(file);
    return error;
}

int trace_filter_make(enum trace_way way, struct trace_program *program)
{
    *program = (struct trace_program){.bytes = NULL};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return ENOMEM;
    }
    int result = 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0] && result == 0; i++) {
        result = seccomp_arch_add(filter, others[i]);
        result = result == -EEXIST ? 0 : result;
    }
    if (result == 0) {
        result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
    }
    if (result == 0) {
        result = add_rules(filter, way);
    }
    result = result != 0 ? -result : export(filter, program);
    seccomp_release(filter);
    return result;
}

void trace_program_release(struct trace_program *program)
{
    free(program->bytes);
    program->bytes = NULL;
}

/* The kernel's answer: a descriptor, if one was asked for, or -1 with errno. */
static int load(const struct trace_program *program, unsigned flags)
{
    struct sock_fprog whole = {.len = (unsigned short)(program->size / sizeof(struct sock_filter)),
                               .filter = program->bytes};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
}

int trace_filter_load(enum trace_way way, bool privileged, int *listener)
{
    struct trace_program program;
    int error = trace_filter_make(way, &program);
    if (error == 0 && !privileged && prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
        error = errno;
    }
    if (error == 0) {
        unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW; /* kernels before 5.16 make programs slower
                                                            without it */
        int result = -1;
        if (way == TRACE_BY_NOTIFICATION) {
            flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
            /* Signals interrupt fewer calls with it; since Linux 5.19. */
            result = load(&program, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
        }
        if (result < 0 && (way == TRACE_BY_PTRACE || errno == EINVAL)) {
            result = load(&program, flags);
        }
        error = result < 0 ? errno : 0;
        *listener = result;
    }
    trace_program_release(&program);
    return error;
}

/* ---- Which call it is ---- */

static uint32_t token_of(uint32_t architecture)
{
    return architecture == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : architecture;
}

void trace_numbers_init(struct trace_numbers *numbers)
{
    numbers->count = 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint32_t architecture = others[i] == SCMP_ARCH_NATIVE ? seccomp_arch_native() : others[i];
        for (size_t r = 0; r <= sizeof rules / sizeof rules[0]; r++) {
            bool is_clone = r == sizeof rules / sizeof rules[0];
            int number =
                seccomp_syscall_resolve_name_arch(architecture, is_clone ? "clone" : rules[r].name);
            if (number >= 0) {
                numbers->all[numbers->count++] = (struct trace_number){
                    token_of(architecture), number, is_clone ? CALL_OTHER_VIEW : rules[r].call};
            }
        }
    }
}

bool trace_numbers_find(const struct trace_numbers *numbers, uint32_t architecture, int number,
                        enum trace_call *call)
{
    for (size_t i = 0; i < numbers->count; i++) {
        const struct trace_number *at = &numbers->all[i];
        if (at->number == number && at->architecture == architecture) {
            *call = at->call;
            return true;
        }
    }
    return false;
}
