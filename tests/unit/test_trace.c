/* What rowbuild-trace sees of real programs, in both ways of watching. */
#include "trace_filter.h"
#include "trace_read.h"

#include "buf.h"
#include "file.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    char folder[64]; /* without links; holds `p`, the project, and the log */
    struct deeds deeds;
    int status; /* of the last command, as from wait */
    bool by_notification;
};

static char *path_in(const struct world *world, const char *name)
{
    static char path[4][512];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", world->folder, name);
    return path[next];
}

static void put(const struct world *world, const char *name, const char *text)
{
    FILE *file = fopen(path_in(world, name), "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state, bool by_notification)
{
    struct world *world = calloc(1, sizeof *world);
    char made[] = "/tmp/rowbuild-trace-XXXXXX";
    char *real = mkdtemp(made) != NULL ? realpath(made, NULL) : NULL;
    if (world == NULL || real == NULL) {
        free(world);
        free(real);
        return -1;
    }
    (void)snprintf(world->folder, sizeof world->folder, "%s", real);
    free(real);
    world->by_notification = by_notification;
    assert_int_equal(mkdir(path_in(world, "p"), 0700), 0);
    assert_int_equal(mkdir(path_in(world, "p/sub"), 0700), 0);
    put(world, "p/in", "in\n");
    put(world, "p/sub/deep", "deep\n");
    put(world, "away", "away\n");
    *state = world;
    return prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L); /* to await the watching process */
}

static int set_up_ptrace(void **state)
{
    return set_up(state, false);
}

static int set_up_notification(void **state)
{
    return set_up(state, true);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    deeds_release(&world->deeds);
    assert_int_equal(file_remove_tree(AT_FDCWD, world->folder), 0);
    free(world);
    return 0;
}

/* Runs words in the project, and reads what was written down. */
static void watch_words(struct world *world, const char *const *words)
{
    const char *argv[16] = {TRACE_PROGRAM_PATH};
    size_t count = 1;
    if (world->by_notification) {
        argv[count++] = "--notification";
    }
    argv[count++] = "--root";
    argv[count++] = path_in(world, "p");
    argv[count++] = path_in(world, "log");
    for (; *words != NULL; words++) {
        argv[count++] = *words;
    }
    argv[count] = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (chdir(path_in(world, "p")) == 0 && dup2(null, STDOUT_FILENO) >= 0) {
            execv(argv[0], (char *const *)argv);
        }
        _exit(125);
    }
    assert_true(pid > 0);
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, 0)) > 0) {
        world->status = ended == pid ? status : world->status;
    }
    deeds_release(&world->deeds);
    assert_int_equal(deeds_read(&world->deeds, path_in(world, "log")), 0);
    assert_int_equal(world->deeds.lost, 0);
    assert_int_equal(world->deeds.unknown, 0);
}
#define watch(world, ...) watch_words(world, (const char *const[]){__VA_ARGS__, NULL})

static void watch_shell(struct world *world, const char *text)
{
    watch(world, "sh", "-ec", text);
    assert_int_equal(world->status, 0);
}

static const struct deed *find(const struct world *world, enum trace_kind kind, const char *name)
{
    const char *path = name[0] == '/' ? name : path_in(world, name);
    vec_each (const struct deed, deed, &world->deeds.all) {
        if (deed->kind == kind && slice_is(deed->path, path)) {
            return deed;
        }
    }
    return NULL;
}

static bool did(const struct world *world, enum trace_kind kind, const char *name)
{
    return find(world, kind, name) != NULL;
}

/* Some kernels refuse the calls of 32-bit programs. */
static bool runs_old_calls(const struct world *world)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execl(TOUCHES, TOUCHES, "old", path_in(world, "p/in"), (char *)NULL);
        _exit(125);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_ways_to_read(void **state)
{
    struct world *world = *state;
    static const char *const ways[] = {"read",   "thread", "spawn",  "vfork",
                                       "daemon", "old",    "signals"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if ((strcmp(ways[i], "old") == 0 && !runs_old_calls(world)) ||
            /* A signal may interrupt a call before it has been looked at. */
            (strcmp(ways[i], "signals") == 0 && world->by_notification)) {
            continue;
        }
        watch(world, TOUCHES, ways[i], "in");
        assert_int_equal(world->status, 0);
        const struct deed *deed = find(world, TRACE_READ, "p/in");
        assert_non_null(deed);
        assert_true(slice_is(deed->program, "touches"));
        struct stat status;
        assert_int_equal(stat(path_in(world, "p/in"), &status), 0);
        assert_int_equal(deed->inode, status.st_ino);
        assert_int_equal(deed->device, status.st_dev);
    }
}

static void test_paths_by_folder(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "openat2", "sub", "deep");
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
    watch(world, TOUCHES, "chdir", "sub", "../sub/./deep");
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
    watch_shell(world, "ln -s sub link; cat link/deep");
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
    assert_true(did(world, TRACE_WRITE, "p/link"));
    watch_shell(world, "ln -s ../away out; cat out"); /* by its name in the project */
    assert_true(did(world, TRACE_READ, "p/out"));
    watch_shell(world, "cd ..; ln -s p q; cat \"$PWD/q/in\"");
    assert_true(did(world, TRACE_READ, "p/in"));
    watch_shell(world, "exec 3<in; cat /dev/fd/3; cat /proc/self/cwd/sub/deep");
    assert_true(did(world, TRACE_READ, "p/in"));
    assert_true(did(world, TRACE_READ, "p/sub/deep"));
}

static void test_what_is_no_reading(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "look", "in");
    assert_int_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 0);
    watch(world, TOUCHES, "read", "missing");
    assert_int_not_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 0);
    watch(world, TOUCHES, "read", "../away");
    assert_int_equal(world->deeds.all.count, 0);
    watch(world, TOUCHES, "unnamed", ".");
    assert_int_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 0);
}

static void test_writing(void **state)
{
    struct world *world = *state;
    watch_shell(world, "echo x >new; echo y >in; touch sub/deep; mkdir f; mknod f/pipe p");
    assert_true(find(world, TRACE_WRITE, "p/new")->is_new);
    assert_false(find(world, TRACE_WRITE, "p/in")->is_new);
    assert_true(did(world, TRACE_SUSPECT, "p/sub/deep"));
    assert_false(did(world, TRACE_WRITE, "p/sub/deep"));
    assert_true(did(world, TRACE_FOLDER, "p/f"));
    assert_true(did(world, TRACE_WRITE, "p/f/pipe"));
    watch(world, TOUCHES, "update", "in");
    assert_true(did(world, TRACE_READ, "p/in"));
    struct stat status;
    assert_int_equal(stat(path_in(world, "p/in"), &status), 0);
    assert_int_equal(find(world, TRACE_SUSPECT, "p/in")->mtime_ns,
                     (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
    watch(world, TOUCHES, "cut", "in");
    assert_true(did(world, TRACE_WRITE, "p/in"));
}

static void test_renaming_and_deleting(void **state)
{
    struct world *world = *state;
    watch_shell(world, "echo x >tmp; mv tmp sub/final; mv in sub; rm sub/deep; mkdir d; rmdir d");
    const struct deed *deed = find(world, TRACE_RENAME, "p/tmp");
    assert_non_null(deed);
    assert_true(slice_is(deed->other, path_in(world, "p/sub/final")));
    deed = find(world, TRACE_RENAME, "p/in");
    assert_non_null(deed);
    assert_true(slice_is(deed->other, path_in(world, "p/sub/in")));
    assert_true(did(world, TRACE_DELETE, "p/sub/deep"));
    assert_true(did(world, TRACE_DELETE, "p/d"));
    watch_shell(world, "cd sub; ln in hard; mv hard ../../elsewhere");
    assert_true(did(world, TRACE_READ, "p/sub/in"));
    assert_true(did(world, TRACE_WRITE, "p/sub/hard"));
    assert_true(did(world, TRACE_RENAME, "p/sub/hard"));
}

static void test_listing(void **state)
{
    struct world *world = *state;
    watch_shell(world, "ls sub; cd sub");
    assert_true(did(world, TRACE_LIST, "p/sub"));
    assert_false(did(world, TRACE_LIST, "p"));
    assert_false(did(world, TRACE_READ, "p/sub"));
}

static void test_execution(void **state)
{
    struct world *world = *state;
    put(world, "p/script", "#!/bin/sh\ncat in\n");
    put(world, "p/plain", "cat in\n");
    assert_int_equal(chmod(path_in(world, "p/script"), 0700), 0);
    assert_int_equal(chmod(path_in(world, "p/plain"), 0700), 0);
    watch(world, "./script");
    assert_int_equal(world->status, 0);
    assert_true(did(world, TRACE_READ, "p/script"));
    assert_true(did(world, TRACE_READ, "p/in"));
    watch_shell(world, "./plain");
    assert_true(did(world, TRACE_READ, "p/plain"));
    watch(world, "/usr/bin/python3", "-c",
          "import json; open('in').read(); open('new', 'w').write('x')");
    assert_int_equal(world->status, 0);
    assert_true(did(world, TRACE_READ, "p/in"));
    assert_true(did(world, TRACE_WRITE, "p/new"));
}

/* Whoever waits for the command sees it end as if it weren't watched. */
static void test_status(void **state)
{
    struct world *world = *state;
    watch(world, "sh", "-c", "exit 7");
    assert_int_equal(WEXITSTATUS(world->status), 7);
    watch(world, "sh", "-c", "kill -9 $$");
    assert_true(WIFSIGNALED(world->status));
    assert_int_equal(WTERMSIG(world->status), SIGKILL);
    watch(world, "sh", "-c", "kill -TERM $$");
    assert_int_equal(WTERMSIG(world->status), SIGTERM);
    watch(world, "no-such-program");
    assert_int_equal(WEXITSTATUS(world->status), 127);
}

/* A command that is stopped stays stopped, is seen to be, and continues. */
static void test_stopping(void **state)
{
    struct world *world = *state;
    pid_t pid = fork();
    if (pid == 0) {
        const char *first = world->by_notification ? "--notification" : "--outside";
        execl(TRACE_PROGRAM_PATH, TRACE_PROGRAM_PATH, first, "--root", path_in(world, "p"),
              path_in(world, "log"), "sh", "-c", "kill -STOP $$; exit 3", (char *)NULL);
        _exit(125);
    }
    int status = 0;
    do {
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    } while (!WIFSTOPPED(status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 3);
}

static void test_calls_that_are_refused(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "ring");
    assert_int_equal(world->status, 0);
    watch(world, TOUCHES, "ptrace");
    if (world->by_notification) { /* it isn't refused */
        assert_int_not_equal(world->status, 0);
        assert_int_equal(world->deeds.all.count, 0);
        return;
    }
    assert_int_equal(world->status, 0);
    assert_int_equal(world->deeds.all.count, 1);
    assert_int_equal(world->deeds.all.at[0].kind, TRACE_PTRACE);
    assert_true(slice_is(world->deeds.all.at[0].program, "touches"));
}

static void test_many_files(void **state)
{
    struct world *world = *state;
    watch_shell(world, "i=0; while [ $i -lt 3000 ]; do : >sub/a-name-that-is-rather-long-$i; "
                       "i=$((i + 1)); done; : >sub/a-name-that-is-rather-long-0");
    size_t written = 0;
    vec_each (const struct deed, deed, &world->deeds.all) {
        written += deed->kind == TRACE_WRITE;
    }
    assert_int_equal(written, 3000);
}

static void test_log_that_is_broken(void **state)
{
    struct world *world = *state;
    watch_shell(world, "cat in >out; mv out out2");
    struct buf text = BUF_EMPTY;
    assert_int_equal(file_read(AT_FDCWD, path_in(world, "log"), SIZE_MAX, &text), 0);
    for (size_t len = 0; len < 600; len += 7) { /* any beginning of it is refused or read */
        struct deeds deeds;
        FILE *file = fopen(path_in(world, "cut"), "we");
        assert_non_null(file);
        assert_int_equal(fwrite(text.at, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
        (void)deeds_read(&deeds, path_in(world, "cut"));
        deeds_release(&deeds);
    }
    buf_release(&text);
    put(world, "cut", "This is a text that is long enough for a header, but it isn't one.");
    struct deeds deeds;
    assert_int_equal(deeds_read(&deeds, path_in(world, "cut")), -1);
    deeds_release(&deeds);
}

/* ---- Programs for other architectures ---- */

/* What the filter answers to a call; only what filters of seccomp are made of. */
static uint32_t filter_answer(const struct trace_program *program, const struct seccomp_data *data)
{
    const struct sock_filter *code = program->bytes;
    uint32_t value = 0;
    for (size_t at = 0; at < program->size / sizeof *code; at++) {
        uint32_t word = code[at].k;
        bool holds = false;
        switch (code[at].code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(word + sizeof value <= sizeof *data);
            memcpy(&value, (const char *)data + word, sizeof value);
            continue;
        case BPF_ALU | BPF_AND | BPF_K:
            value &= word;
            continue;
        case BPF_RET | BPF_K:
            return word;
        case BPF_JMP | BPF_JA:
            at += word;
            continue;
        case BPF_JMP | BPF_JEQ | BPF_K:
            holds = value == word;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            holds = value >= word;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            holds = value > word;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            holds = (value & word) != 0;
            break;
        default:
            fail_msg("an instruction %#x", code[at].code);
        }
        at += holds ? code[at].jt : code[at].jf;
    }
    fail();
    return 0;
}

/* Not every kernel that tests run on executes programs of 32 bits, so the filter is asked. Their numbers
 * are those of arch/x86/entry/syscalls/syscall_32.tbl. */
static void test_calls_of_other_architectures(void **state)
{
    static const struct {
        uint32_t architecture;
        int number;
        enum trace_call call; /* 0: it isn't stopped at */
    } calls[] = {
#if defined(__x86_64__)
        {AUDIT_ARCH_I386, 5, CALL_OPEN},
        {AUDIT_ARCH_I386, 8, CALL_CREAT},
        {AUDIT_ARCH_I386, 9, CALL_LINK},
        {AUDIT_ARCH_I386, 10, CALL_UNLINK},
        {AUDIT_ARCH_I386, 11, CALL_EXECVE},
        {AUDIT_ARCH_I386, 14, CALL_MKNOD},
        {AUDIT_ARCH_I386, 38, CALL_RENAME},
        {AUDIT_ARCH_I386, 39, CALL_MKDIR},
        {AUDIT_ARCH_I386, 40, CALL_RMDIR},
        {AUDIT_ARCH_I386, 83, CALL_SYMLINK},
        {AUDIT_ARCH_I386, 92, CALL_TRUNCATE},
        {AUDIT_ARCH_I386, 141, CALL_LIST},
        {AUDIT_ARCH_I386, 193, CALL_TRUNCATE},
        {AUDIT_ARCH_I386, 220, CALL_LIST},
        {AUDIT_ARCH_I386, 295, CALL_OPENAT},
        {AUDIT_ARCH_I386, 296, CALL_MKDIRAT},
        {AUDIT_ARCH_I386, 297, CALL_MKNODAT},
        {AUDIT_ARCH_I386, 301, CALL_UNLINKAT},
        {AUDIT_ARCH_I386, 302, CALL_RENAMEAT},
        {AUDIT_ARCH_I386, 303, CALL_LINKAT},
        {AUDIT_ARCH_I386, 304, CALL_SYMLINKAT},
        {AUDIT_ARCH_I386, 353, CALL_RENAMEAT},
        {AUDIT_ARCH_I386, 358, CALL_EXECVEAT},
        {AUDIT_ARCH_I386, 437, CALL_OPENAT2},
        {AUDIT_ARCH_I386, 3, 0},
        {AUDIT_ARCH_I386, 257, 0},
        {AUDIT_ARCH_X86_64, 5, 0},
        {AUDIT_ARCH_X86_64, 2, CALL_OPEN},
        {AUDIT_ARCH_X86_64, 257, CALL_OPENAT},
        {AUDIT_ARCH_X86_64, 0x40000002, CALL_OPEN},
        {AUDIT_ARCH_X86_64, 0x40000208, CALL_EXECVE},
#endif
        {AUDIT_ARCH_IA64, 2, 0},
    };
    struct trace_numbers numbers;
    (void)state;
    trace_numbers_init(&numbers);
    for (int i = 0; i < 2; i++) {
        enum trace_way way = i == 0 ? TRACE_BY_PTRACE : TRACE_BY_NOTIFICATION;
        struct trace_program program;
        assert_int_equal(trace_filter_make(way, &program), 0);
        for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
            struct seccomp_data data = {.arch = calls[c].architecture, .nr = calls[c].number};
            uint32_t stops = way == TRACE_BY_PTRACE ? SECCOMP_RET_TRACE | (uint32_t)calls[c].call
                                                    : SECCOMP_RET_USER_NOTIF;
            enum trace_call call = 0;
            assert_int_equal(filter_answer(&program, &data),
                             calls[c].call != 0 ? stops : SECCOMP_RET_ALLOW);
            assert_int_equal(
                trace_numbers_find(&numbers, calls[c].architecture, calls[c].number, &call),
                calls[c].call != 0);
            assert_int_equal(call, calls[c].call);
        }
        trace_program_release(&program);
    }
}

/* ---- Both ways see the same ---- */

/* What was done, a line each, without what differs between two runs of a command. */
static void add_deeds(const struct world *world, struct buf *out)
{
    size_t skipped = strlen(world->folder);
    vec_each (const struct deed, deed, &world->deeds.all) {
        struct stat status;
        bool is_there = stat(deed->path.at, &status) == 0;
        buf_addf(out, "%d%s %.*s %s by %.*s%s\n", (int)deed->kind, deed->is_new ? " new" : "",
                 (int)(deed->path.len - skipped), deed->path.at + skipped,
                 deed->other.len > skipped ? deed->other.at + skipped : "",
                 SLICE_ARGS(deed->program),
                 deed->inode != 0 && is_there && !deed->is_new && deed->kind != TRACE_RENAME &&
                         deed->inode != status.st_ino
                     ? ", another file"
                     : "");
    }
}

static void run_in_both_ways(const char *command, bool as_nobody, struct buf said[2])
{
    char text[1024];
    assert_true(snprintf(text, sizeof text, "exec 2>/dev/null; %s", command) < (int)sizeof text);
    for (int i = 0; i < 2; i++) {
        void *state = NULL;
        if (set_up(&state, i == 1) != 0 || state == NULL) {
            fail();
            return;
        }
        struct world *world = state;
        if (as_nobody) {
            assert_int_equal(chmod(world->folder, 0777), 0);
            assert_int_equal(chmod(path_in(world, "p"), 0777), 0);
            watch(world, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
                  text);
        } else {
            watch(world, "sh", "-c", text);
        }
        buf_addf(&said[i], "status %d\n", world->status);
        add_deeds(world, &said[i]);
        assert_int_equal(tear_down(&state), 0);
    }
}

enum { OF_RIGHTS = 9 }; /* so many of them are also run without the right to do everything */

/* Commands that succeed and that fail; what fails is no deed in either way. */
static const char *const commands[] = {
    "cat in sub/deep; cat missing; cat sub; cat missing/x; cat in/x",
    "echo x >new; echo y >>new; echo z >in; echo w >>in; : >sub/",
    "set -C; echo x >in; echo x >fresh; echo x >fresh",
    "mkdir a a/b; mkdir a; mkdir -p a/b/c; mkdir missing/x; rmdir a; rmdir a/b/c; rmdir in",
    "rm in; rm in; rm sub; rm -r sub; unlink missing; mkdir d; unlink d",
    "mv in sub; mv sub/in sub/deep; mv sub other; mv other other/x; mv missing y; "
    "mv in /dev/shm/rowbuild-trace-test; rm -f /dev/shm/rowbuild-trace-test",
    "mkdir full empty; : >full/x; mv -T empty full; mv -T full empty; mv -T empty sub/deep",
    "mv -n sub/deep in; mv -T sub/deep sub; cp in copy; cp -l in hard; ln in hard; ln sub hardsub",
    "ln -s in link; cat link; echo x >link; ln -s in link; ln -s nowhere hang; cat hang; echo "
    ">hang",
    "ln -s ../away far; cat far; echo x >>far; ln -s sub l; cat l/deep; : >l/made; mv l l2; rm l2",
    "ln -s loop loop; cat loop; echo >loop; ln -s /dev/fd/3 own; exec 3<in; cat /dev/fd/3",
    "truncate -s 3 in; truncate -s 3 missing; truncate -c -s 3 missing; truncate -s 0 sub; touch "
    "in t",
    "cd sub; cat ../in ./deep ../sub/../in; echo x >../up; cd ..; ls sub; ls missing; find . "
    "-empty",
    "mkfifo pipe; mkfifo pipe; (cat pipe & echo x >pipe; wait); mknod sub pipe; dd if=in of=out",
    "for i in 1 2 3; do cat in >part$i & wait; done; cat part1 part2 part3 >whole",
    "chmod 755 in; ./in; chmod 644 in; ./in; printf '#!/bin/sh\ncat in\n' >s; chmod 755 s; ./s",
    "/usr/bin/python3 -c 'import os; os.rename(\"in\", \"sub/x\"); open(\"sub/x\", \"r+\").close();"
    " f = os.open(\"sub\", os.O_DIRECTORY); os.open(\"deep\", os.O_RDWR, dir_fd=f);"
    " os.open(\"n\", os.O_RDONLY | os.O_CREAT, dir_fd=f); os.listdir(f); os.link(\"sub/x\", \"h\");"
    " os.rename(\"h\", \"sub/x\"); os.rename(\"sub/x\", \"in\"); os.remove(\"in\");"
    " os.symlink(\"a\", \"b\"); os.open(\"b\", os.O_CREAT | os.O_NOFOLLOW)'",
};

static void test_both_ways_see_the_same(void **state)
{
    (void)state;
    size_t differences = 0;
    for (size_t i = 0; i < 2 * sizeof commands / sizeof commands[0]; i++) {
        struct buf said[2] = {BUF_EMPTY, BUF_EMPTY};
        bool as_nobody = i % 2 == 1;
        if (as_nobody && (geteuid() != 0 || i / 2 >= OF_RIGHTS)) {
            continue;
        }
        run_in_both_ways(commands[i / 2], as_nobody, said);
        if (strcmp(buf_string(&said[0]), buf_string(&said[1])) != 0) {
            print_error("%s\nby ptrace:\n%s\nby notification:\n%s\n", commands[i / 2],
                        buf_string(&said[0]), buf_string(&said[1]));
            differences++;
        }
        buf_release(&said[0]);
        buf_release(&said[1]);
    }
    assert_int_equal(differences, 0);
}

static void test_debugger_inside(void **state)
{
    struct world *world = *state;
    watch(world, TOUCHES, "debug", "in");
    assert_int_equal(world->status, 0);
    assert_true(did(world, TRACE_READ, "p/in"));
}

static void test_what_is_watched_by_notification_already(void **state)
{
    struct world *world = *state;
    watch(world, TRACE_PROGRAM_PATH, "--notification", "--try");
    assert_int_equal(WEXITSTATUS(world->status), 4);
    watch(world, TRACE_PROGRAM_PATH, "--try");
    assert_int_equal(world->status, 0);
}

int main(void)
{
#define ONE_WAY(name, way)                                                                         \
    {                                                                                              \
#name " by " #way, name, set_up_##way, tear_down, NULL                                     \
    }
#define TEST(name) ONE_WAY(name, ptrace), ONE_WAY(name, notification)
    const struct CMUnitTest tests[] = {
        TEST(test_ways_to_read),
        TEST(test_paths_by_folder),
        TEST(test_what_is_no_reading),
        TEST(test_writing),
        TEST(test_renaming_and_deleting),
        TEST(test_listing),
        TEST(test_execution),
        TEST(test_status),
        TEST(test_stopping),
        TEST(test_calls_that_are_refused),
        TEST(test_many_files),
        ONE_WAY(test_log_that_is_broken, ptrace),
        ONE_WAY(test_debugger_inside, notification),
        ONE_WAY(test_what_is_watched_by_notification_already, notification),
        cmocka_unit_test(test_calls_of_other_architectures),
        cmocka_unit_test(test_both_ways_see_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
