/* Lives lives by the thousand, and shows those that go wrong.
 *
 *     simulate FIRST COUNT        lives of the seeds FIRST, FIRST + 1, …
 *     simulate --find FIRST COUNT the same, up to the first that goes wrong; only its seed
 *     simulate --life FILE…       lives that were kept
 *     simulate --show SEED        one: as text, as a script for the real program, and what happens in it
 *
 * A life that goes wrong is cut down, and printed as text and as a script. Ends with 0 where none does, 1
 * where one does, 2 where the command line is wrong. Each life that is tried while one is cut down,
 * and each thousand of others, has a process of its own, so that one that ends the program is found
 * as well. */
#include "life_script.h"
#include "life_text.h"
#include "live.h"
#include "make_life.h"
#include "shrink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIVES_PER_PROCESS = 1000, WRONG_LIFE = 1, WRONG_USE = 2, LONGEST_LIFE_S = 60 };

/* What a process that lives tells the one that waits for it. */
static volatile uint64_t *current;

/* True: it went wrong. What was wrong goes to `out`. */
static bool goes_wrong(const struct life *life, FILE *out, bool tells_story)
{
    struct buf wrong = BUF_EMPTY;
    struct buf story = BUF_EMPTY;
    life_live(life, &wrong, tells_story ? &story : NULL);
    bool is_wrong = wrong.len > 0;
    if (out != NULL) {
        (void)fprintf(out, "%s%s", buf_string(&story), buf_string(&wrong));
        (void)fflush(out);
    }
    buf_release(&wrong);
    buf_release(&story);
    return is_wrong;
}

static bool has_ended_well(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void be_quiet(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
    }
}

/* In a process of its own. */
static bool fails_alone(const struct life *life)
{
    pid_t pid = fork();
    if (pid == 0) {
        be_quiet();
        (void)alarm(LONGEST_LIFE_S);
        _exit(goes_wrong(life, NULL, false) ? WRONG_LIFE : 0);
    }
    return pid < 0 || !has_ended_well(pid);
}

static void tell_alone(const struct life *life, bool tells_story)
{
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(STDOUT_FILENO, STDERR_FILENO);
        (void)alarm(LONGEST_LIFE_S);
        _exit(goes_wrong(life, stdout, tells_story) ? WRONG_LIFE : 0);
    }
    if (pid < 0 || !has_ended_well(pid)) {
        (void)printf("it went wrong\n");
    }
}

static void show(const struct life *life, bool tells_story)
{
    struct buf text = BUF_EMPTY;
    life_add_text(life, &text);
    life_add_script(life, &text);
    (void)printf("%s", text.at);
    tell_alone(life, tells_story);
    buf_release(&text);
}

static void show_least(struct life *life)
{
    (void)printf("seed %llu goes wrong. The least life that does:\n",
                 (unsigned long long)life->seed);
    (void)fflush(stdout);
    life_shrink(life, fails_alone);
    show(life, true);
}

/* Lives them in another process; the seed that went wrong, or `end`. */
static uint64_t live_some(uint64_t first, uint64_t end)
{
    *current = first;
    pid_t pid = fork();
    if (pid == 0) {
        be_quiet();
        for (; *current < end; (*current)++) {
            struct life life;
            life_make(&life, *current);
            (void)alarm(LONGEST_LIFE_S);
            if (goes_wrong(&life, NULL, false)) {
                _exit(WRONG_LIFE);
            }
        }
        _exit(0);
    }
    return pid > 0 && has_ended_well(pid) ? end : *current;
}

static int live_all(uint64_t first, uint64_t count)
{
    size_t wrong = 0;
    uint64_t end = first + count;
    for (uint64_t at = first; at < end;) {
        uint64_t part = end - at < LIVES_PER_PROCESS ? end : at + LIVES_PER_PROCESS;
        uint64_t reached = live_some(at, part);
        at = reached;
        if (reached < part) {
            struct life life;
            life_make(&life, reached);
            show_least(&life);
            wrong++;
            at++;
        }
    }
    (void)printf("%llu lives, %zu wrong\n", (unsigned long long)count, wrong);
    return wrong > 0;
}

static int find_wrong(uint64_t first, uint64_t count)
{
    for (uint64_t at = first; at < first + count;) {
        uint64_t left = first + count - at;
        uint64_t part = at + (left < LIVES_PER_PROCESS ? left : LIVES_PER_PROCESS);
        at = live_some(at, part);
        if (at < part) {
            (void)printf("%llu\n", (unsigned long long)at);
            return WRONG_LIFE;
        }
    }
    return 0;
}

static int live_kept(const char *path)
{
    static char text[1 << 16];
    struct life life;
    size_t line;
    FILE *file = fopen(path, "re");
    size_t len = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    text[len] = '\0';
    if (file == NULL || fclose(file) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return WRONG_USE;
    }
    if (life_parse(&life, text, &line) != 0) {
        (void)fprintf(stderr, "%s:%zu: not a line of a life\n", path, line);
        return WRONG_USE;
    }
    if (!fails_alone(&life)) {
        return 0;
    }
    (void)printf("%s goes wrong:\n", path);
    show(&life, true);
    return WRONG_LIFE;
}

static int show_seed(uint64_t seed)
{
    struct life life;
    life_make(&life, seed);
    show(&life, true);
    return 0;
}

int main(int argc, char **argv)
{
    current =
        mmap(NULL, sizeof *current, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (current == MAP_FAILED) {
        return WRONG_USE;
    }
    if (argc > 2 && strcmp(argv[1], "--life") == 0) {
        int status = 0;
        for (int i = 2; i < argc; i++) {
            int one = live_kept(argv[i]);
            status = one > status ? one : status;
        }
        return status;
    }
    if (argc == 3 && strcmp(argv[1], "--show") == 0) {
        return show_seed(strtoull(argv[2], NULL, 10));
    }
    if (argc == 4 && strcmp(argv[1], "--find") == 0) {
        return find_wrong(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
    }
    if (argc == 3 && argv[1][0] != '-') {
        return live_all(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10));
    }
    (void)fprintf(stderr, "usage: simulate [--find] FIRST COUNT | --life FILE… | --show SEED\n");
    return WRONG_USE;
}
