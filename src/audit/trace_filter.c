#include "trace_filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

struct rule {
    int number;
    enum trace_call call;
};

static const struct rule rules[] = {
    {SCMP_SYS(open), CALL_OPEN},
    {SCMP_SYS(openat), CALL_OPENAT},
    {SCMP_SYS(openat2), CALL_OPENAT2},
    {SCMP_SYS(creat), CALL_CREAT},
    {SCMP_SYS(rename), CALL_RENAME},
    {SCMP_SYS(renameat), CALL_RENAMEAT},
    {SCMP_SYS(renameat2), CALL_RENAMEAT},
    {SCMP_SYS(link), CALL_LINK},
    {SCMP_SYS(linkat), CALL_LINKAT},
    {SCMP_SYS(symlink), CALL_SYMLINK},
    {SCMP_SYS(symlinkat), CALL_SYMLINKAT},
    {SCMP_SYS(unlink), CALL_UNLINK},
    {SCMP_SYS(rmdir), CALL_UNLINK},
    {SCMP_SYS(unlinkat), CALL_UNLINKAT},
    {SCMP_SYS(mkdir), CALL_MKDIR},
    {SCMP_SYS(mkdirat), CALL_MKDIRAT},
    {SCMP_SYS(mknod), CALL_MKNOD},
    {SCMP_SYS(mknodat), CALL_MKNODAT},
    {SCMP_SYS(truncate), CALL_TRUNCATE},
    {SCMP_SYS(truncate64), CALL_TRUNCATE},
    {SCMP_SYS(execve), CALL_EXECVE},
    {SCMP_SYS(execveat), CALL_EXECVEAT},
    {SCMP_SYS(getdents), CALL_LIST},
    {SCMP_SYS(getdents64), CALL_LIST},
    {SCMP_SYS(ptrace), CALL_PTRACE},
    {SCMP_SYS(chroot), CALL_OTHER_VIEW},
    {SCMP_SYS(pivot_root), CALL_OTHER_VIEW},
    {SCMP_SYS(unshare), CALL_OTHER_VIEW},
    {SCMP_SYS(setns), CALL_OTHER_VIEW},
    {SCMP_SYS(mount), CALL_OTHER_VIEW},
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

static int add_rules(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int result = seccomp_rule_add(filter, SCMP_ACT_TRACE(rules[i].call), rules[i].number, 0);
        if (result != 0) {
            return result;
        }
    }
    int result =
        seccomp_rule_add(filter, SCMP_ACT_TRACE(CALL_OTHER_VIEW), SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, (scmp_datum_t)CLONE_NEWNS, CLONE_NEWNS));
    /* What a ring opens isn't seen here; programs do without where there is none. */
    return result != 0
               ? result
               : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
}

int trace_filter_load(bool privileged)
{
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
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, privileged ? 0 : 1);
    }
    if (result == 0) { /* kernels before 5.16 make programs slower without it */
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    }
    if (result == 0) {
        result = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    }
    if (result == 0) {
        result = add_rules(filter);
    }
    if (result == 0) {
        result = seccomp_load(filter);
    }
    seccomp_release(filter);
    return -result;
}
