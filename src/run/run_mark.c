#include "run_mark.h"

#include "disk.h"
#include "file.h"
#include "usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HEADING[] = "rowbuild run 2\n";

/* One line at most, as a word of the text that run_mark_spell makes. */
static void keep_line(char *into, size_t size, const char *text)
{
    snprintf(into, size, "%.*s", (int)strcspn(text, "\n"), text);
}

void run_mark_of_this(struct run_mark *mark, int folder)
{
    char host[sizeof mark->host] = "";
    struct buf boot = BUF_EMPTY;
    struct usage_process self;
    struct stat found;
    *mark = (struct run_mark){.pid = (uint64_t)getpid()};
    if (gethostname(host, sizeof host - 1) == 0) {
        keep_line(mark->host, sizeof mark->host, host);
    }
    if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", sizeof mark->boot - 1, &boot) == 0) {
        keep_line(mark->boot, sizeof mark->boot, buf_string(&boot));
    }
    buf_release(&boot);
    if (usage_find_process(getpid(), &self)) {
        mark->start_ticks = self.start_ticks;
    }
    if (stat("/proc/self/ns/pid", &found) == 0) {
        mark->pid_space = found.st_ino;
    }
    if (disk->stat_open(folder, &found) == 0) {
        mark->device = found.st_dev;
        mark->inode = found.st_ino;
    }
}

void run_mark_add_variable(const struct run_mark *mark, struct buf *out)
{
    buf_addf(out, "ROWBUILD_RUN=%" PRIu64 "-%" PRIu64 "-%" PRIu64 "-%" PRIu64 "-%" PRIu64,
             mark->pid, mark->start_ticks, mark->pid_space, mark->device, mark->inode);
}

void run_mark_spell(const struct run_mark *mark, struct buf *out)
{
    buf_addf(out,
             "%shost %s\nboot %s\npid %" PRIu64 "\nstart %" PRIu64 "\nspace %" PRIu64
             "\nfolder %" PRIu64 " %" PRIu64 "\n",
             HEADING, mark->host, mark->boot, mark->pid, mark->start_ticks, mark->pid_space,
             mark->device, mark->inode);
}

/* What stands between `before` and the line's end; `at` moves past it. */
static bool take_word(const char **at, const char *before, char *into, size_t size)
{
    size_t len = strlen(before);
    if (strncmp(*at, before, len) != 0) {
        return false;
    }
    const char *word = *at + len;
    len = strcspn(word, "\n");
    if (word[len] != '\n' || len >= size) {
        return false;
    }
    memcpy(into, word, len);
    into[len] = '\0';
    *at = word + len + 1;
    return true;
}

static bool take_number(const char **at, const char *before, char after, uint64_t *number)
{
    size_t len = strlen(before);
    if (strncmp(*at, before, len) != 0) {
        return false;
    }
    const char *digit = *at + len;
    *number = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t value = (uint64_t)(*digit - '0');
        if (*number > (UINT64_MAX - value) / 10) {
            return false;
        }
        *number = *number * 10 + value;
    }
    *at = digit + 1;
    return *digit == after;
}

bool run_mark_parse(struct slice text, struct run_mark *mark)
{
    struct buf copy = BUF_EMPTY;
    struct buf again = BUF_EMPTY;
    buf_add(&copy, text.at, text.len);
    const char *at = buf_string(&copy);
    *mark = (struct run_mark){0};
    bool is_one = strncmp(at, HEADING, sizeof HEADING - 1) == 0;
    at += is_one ? sizeof HEADING - 1 : 0;
    is_one = is_one && take_word(&at, "host ", mark->host, sizeof mark->host) &&
             take_word(&at, "boot ", mark->boot, sizeof mark->boot) &&
             take_number(&at, "pid ", '\n', &mark->pid) &&
             take_number(&at, "start ", '\n', &mark->start_ticks) &&
             take_number(&at, "space ", '\n', &mark->pid_space) &&
             take_number(&at, "folder ", ' ', &mark->device) &&
             take_number(&at, "", '\n', &mark->inode);
    if (is_one) { /* just as it is spelt, and NULs after it: leading zeros and the like are not */
        run_mark_spell(mark, &again);
        is_one = copy.len >= again.len && memcmp(copy.at, again.at, again.len) == 0;
        for (size_t i = again.len; is_one && i < copy.len; i++) {
            is_one = copy.at[i] == '\0';
        }
    }
    buf_release(&copy);
    buf_release(&again);
    return is_one;
}

enum run_mark_standing run_mark_compare(const struct run_mark *found, const struct run_mark *own)
{
    struct usage_process process;
    bool is_ours = own->boot[0] != '\0' && own->host[0] != '\0' && own->pid_space != 0 &&
                   own->inode != 0 && strcmp(found->boot, own->boot) == 0 &&
                   strcmp(found->host, own->host) == 0 && found->pid_space == own->pid_space &&
                   found->device == own->device && found->inode == own->inode;
    if (!is_ours || found->pid == 0 || found->pid > INT_MAX || found->start_ticks == 0) {
        return RUN_MARK_ELSEWHERE;
    }
    return usage_find_process((pid_t)found->pid, &process) &&
                   process.start_ticks == found->start_ticks
               ? RUN_MARK_LIVES
               : RUN_MARK_DEAD;
}
