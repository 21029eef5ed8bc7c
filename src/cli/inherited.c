#include "inherited.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static void hold_descriptor(int fd, int flags)
{
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
        int opened = open("/dev/null", flags);
        if (opened >= 0 && opened != fd) {
            dup2(opened, fd);
            close(opened);
        }
    }
}

void inherited_put_right(void)
{
    sigset_t none;
    struct sigaction usual = {.sa_handler = SIG_DFL};
    hold_descriptor(STDIN_FILENO, O_WRONLY); /* reading and writing still fail, as they should */
    hold_descriptor(STDOUT_FILENO, O_RDONLY);
    hold_descriptor(STDERR_FILENO, O_RDONLY);
    sigemptyset(&usual.sa_mask);
    sigaction(SIGCHLD, &usual, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Letters of options; one that takes an argument ends them. */
static bool read_letters(const char *letters, bool *asks)
{
    static const char with_argument[] = "CEIWfjlo";
    bool is_dry = false;
    for (; isalpha((unsigned char)*letters) && strchr(with_argument, *letters) == NULL; letters++) {
        is_dry = is_dry || strchr("nqt", *letters) != NULL;
        *asks = *asks || *letters == 'q';
    }
    return is_dry;
}

bool inherited_is_dry(const char *makeflags, bool *asks)
{
    *asks = false;
    if (makeflags == NULL) {
        return false;
    }
    /* The first word has the letters, without a dash, unless it is empty. What somebody else set may
     * have dashes, and names. After "--" come variables. */
    size_t first = strcspn(makeflags, " ");
    bool is_dry = first > 0 && makeflags[0] != '-' && memchr(makeflags, '=', first) == NULL &&
                  read_letters(makeflags, asks);
    static const char *const names[] = {"--dry-run", "--just-print", "--recon", "--question",
                                        "--touch"};
    for (const char *word = makeflags + strspn(makeflags, " "); *word != '\0';) {
        size_t len = strcspn(word, " ");
        if (len == 2 && strncmp(word, "--", 2) == 0) {
            break;
        }
        if (len > 1 && word[0] == '-' && word[1] != '-') {
            is_dry = read_letters(word + 1, asks) || is_dry;
        }
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            bool is_name = strlen(names[i]) == len && strncmp(word, names[i], len) == 0;
            is_dry = is_dry || is_name;
            *asks = *asks || (is_name && strcmp(names[i], "--question") == 0);
        }
        word += len;
        word += strspn(word, " ");
    }
    return is_dry;
}
