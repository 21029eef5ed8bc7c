#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Alternate screen, no cursor, no wrapping; and back. */
static const char ENTER[] = "\033[?1049h\033[?25l\033[?7l\033[0m\033[H\033[2J";
static const char LEAVE[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

static const int ENDING[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

enum {
    ENDINGS = sizeof ENDING / sizeof ENDING[0],
    CRASHES_COUNT = sizeof CRASHES / sizeof CRASHES[0],
    PIECE = 512, /* bytes that a terminal takes without a long wait */
    ESCAPE_PATIENCE_MS =
        50, /* for what follows an escape character, which may be a key by itself */
    ESCAPE = 0x1b,
};

static struct {
    bool is_open;
    volatile sig_atomic_t is_ours; /* the terminal is in our mode */
    bool is_closed;                /* the terminal is gone */
    struct termios before;
    sigset_t mask; /* before; in force only while we wait, so that no signal comes between */
    struct sigaction crashes[CRASHES_COUNT];
    struct screen_lines shown;
    unsigned char keys[64]; /* read, not taken yet */
    size_t key_count;
} screen;

static volatile sig_atomic_t was_ended;
static volatile sig_atomic_t was_suspended;
static volatile sig_atomic_t was_resized;
static volatile sig_atomic_t was_continued;

/* ---- Lines ---- */

struct buf *screen_lines_add(struct screen_lines *lines)
{
    if (lines->count == lines->all.count) {
        vec_push(&lines->all, BUF_EMPTY);
    }
    struct buf *line = &lines->all.at[lines->count++];
    buf_clear(line);
    return line;
}

void screen_lines_release(struct screen_lines *lines)
{
    vec_each (struct buf, line, &lines->all) {
        buf_release(line);
    }
    vec_release(&lines->all);
    lines->count = 0;
}

/* ---- The terminal's mode ---- */

/* Only calls that are allowed in a signal handler. */
static void leave(void)
{
    if (screen.is_ours) {
        screen.is_ours = 0;
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
        (void)tcflow(STDOUT_FILENO, TCOON); /* else a Ctrl-S would stop this, too */
        ssize_t written = write(STDOUT_FILENO, LEAVE, sizeof LEAVE - 1);
        (void)written;
    }
}

/* Keys come one by one and unseen. Ctrl-C and Ctrl-Z stay signals. */
static bool enter(void)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &screen.before) != 0) {
        return false;
    }
    mode = screen.before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    screen.is_ours = 1;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) != 0) {
        screen.is_ours = 0;
        return false;
    }
    ssize_t written = write(STDOUT_FILENO, ENTER, sizeof ENTER - 1);
    (void)written;
    screen_lines_release(&screen.shown);
    return true;
}

static void note_signal(int signal)
{
    if (signal == SIGTSTP) {
        was_suspended = 1;
    } else if (signal == SIGWINCH) {
        was_resized = 1;
    } else if (signal == SIGCONT) {
        was_continued = 1;
    } else {
        was_ended = 1;
    }
}

static void crash(int signal)
{
    leave();
    for (size_t i = 0; i < CRASHES_COUNT; i++) {
        if (CRASHES[i] == signal) {
            (void)sigaction(signal, &screen.crashes[i], NULL);
        }
    }
    (void)raise(signal); /* blocked until this returns */
}

static void handle_signals(void)
{
    struct sigaction note = {.sa_handler = note_signal};
    struct sigaction crashing = {.sa_handler = crash};
    sigset_t ours;
    sigemptyset(&note.sa_mask);
    sigemptyset(&crashing.sa_mask);
    sigemptyset(&ours);
    for (size_t i = 0; i < ENDINGS; i++) {
        struct sigaction before;
        if (sigaction(ENDING[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            (void)sigaction(ENDING[i], &note, NULL); /* nohup(1) stays in force */
        }
        sigaddset(&ours, ENDING[i]);
    }
    for (size_t i = 0; i < CRASHES_COUNT; i++) {
        (void)sigaction(CRASHES[i], &crashing, &screen.crashes[i]);
    }
    (void)sigaction(SIGTSTP, &note, NULL);
    (void)sigaction(SIGCONT, &note, NULL);
    (void)sigaction(SIGWINCH, &note, NULL);
    sigaddset(&ours, SIGTSTP);
    sigaddset(&ours, SIGCONT);
    sigaddset(&ours, SIGWINCH);
    (void)sigprocmask(SIG_BLOCK, &ours, &screen.mask);
}

bool screen_open(void)
{
    const char *terminal = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe) */
    if (terminal == NULL || terminal[0] == '\0' || strcmp(terminal, "dumb") == 0 ||
        isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
        errno = ENOTTY;
        return false;
    }
    handle_signals();
    (void)atexit(leave);
    screen.is_open = enter();
    return screen.is_open;
}

void screen_close(void)
{
    leave();
    screen_lines_release(&screen.shown);
    screen.is_open = false;
}

/* Stopped by Ctrl-Z, with the terminal as it was before; returns when it is continued. */
static void suspend(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction ours;
    sigset_t only;
    sigset_t blocked;
    sigemptyset(&usual.sa_mask);
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    leave();
    (void)sigaction(SIGTSTP, &usual, &ours);
    (void)raise(SIGTSTP);
    (void)sigprocmask(SIG_UNBLOCK, &only, &blocked); /* it stops here */
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    (void)sigaction(SIGTSTP, &ours, NULL);
    was_suspended = 0;
    was_continued = 1;
}

/* ---- Drawing ---- */

void screen_size(size_t *width, size_t *height)
{
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *width = is_known && size.ws_col > 0 ? size.ws_col : 80;
    *height = is_known && size.ws_row > 0 ? size.ws_row : 24;
}

/* A terminal that takes nothing (Ctrl-S) must not keep a signal from ending the process. */
static void put(const struct buf *bytes)
{
    size_t at = 0;
    while (at < bytes->len && !screen.is_closed && !was_ended && !was_suspended) {
        struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (ppoll(&room, 1, NULL, &screen.mask) < 0) {
            screen.is_closed = errno != EINTR;
            continue;
        }
        size_t rest = bytes->len - at;
        ssize_t written = write(STDOUT_FILENO, bytes->at + at, rest < PIECE ? rest : PIECE);
        at += written > 0 ? (size_t)written : 0;
        screen.is_closed = written < 0 && errno != EINTR && errno != EAGAIN;
    }
    if (at < bytes->len) {
        screen_lines_release(&screen.shown); /* nobody knows what is on the screen now */
    }
}

static bool is_shown(const struct buf *line, size_t number)
{
    const struct buf *old = number < screen.shown.count ? &screen.shown.all.at[number] : NULL;
    return old != NULL && old->len == line->len &&
           (line->len == 0 || memcmp(old->at, line->at, line->len) == 0);
}

void screen_draw(const struct screen_lines *lines)
{
    struct buf out = BUF_EMPTY;
    if (lines->count != screen.shown.count) {
        buf_add_string(&out, "\033[0m\033[2J");
        screen.shown.count = 0;
    }
    for (size_t i = 0; i < lines->count; i++) {
        const struct buf *line = &lines->all.at[i];
        if (!is_shown(line, i)) {
            buf_addf(&out, "\033[%zu;1H\033[0m\033[K", i + 1);
            buf_add_slice(&out, buf_slice(line));
        }
    }
    screen.shown.count = 0;
    for (size_t i = 0; i < lines->count; i++) {
        buf_add_slice(screen_lines_add(&screen.shown), buf_slice(&lines->all.at[i]));
    }
    put(&out);
    buf_release(&out);
}

/* ---- Keys ---- */

static const struct {
    const char *bytes; /* after the escape character */
    int key;
} SEQUENCES[] = {
    {"[A", SCREEN_UP},       {"OA", SCREEN_UP},         {"[B", SCREEN_DOWN}, {"OB", SCREEN_DOWN},
    {"[5~", SCREEN_PAGE_UP}, {"[6~", SCREEN_PAGE_DOWN}, {"[H", SCREEN_HOME}, {"OH", SCREEN_HOME},
    {"[1~", SCREEN_HOME},    {"[F", SCREEN_END},        {"OF", SCREEN_END},  {"[4~", SCREEN_END},
};

static void drop_keys(size_t count)
{
    memmove(screen.keys, screen.keys + count, screen.key_count - count);
    screen.key_count -= count;
}

/* How many bytes an escape sequence has that begins the keys; 0: its end isn't there yet. */
static size_t sequence_length(void)
{
    if (screen.key_count < 2) {
        return 0;
    }
    if (screen.keys[1] == 'O') {
        return screen.key_count >= 3 ? 3 : 0;
    }
    if (screen.keys[1] != '[') {
        return 2;
    }
    for (size_t i = 2; i < screen.key_count; i++) {
        if (screen.keys[i] >= 0x40 && screen.keys[i] <= 0x7e) {
            return i + 1;
        }
    }
    return screen.key_count == sizeof screen.keys ? screen.key_count : 0;
}

/* The next key of those that were read; SCREEN_TIMEOUT: there is none yet. `is_all`: nothing more
 * came. */
static int take_key(bool is_all)
{
    if (screen.key_count == 0) {
        return SCREEN_TIMEOUT;
    }
    if (screen.keys[0] != ESCAPE) {
        int key = screen.keys[0];
        drop_keys(1);
        return key < 0x80 ? key : SCREEN_OTHER;
    }
    size_t len = sequence_length();
    if (len == 0) {
        if (is_all) {
            drop_keys(screen.key_count);
        }
        return is_all ? SCREEN_OTHER : SCREEN_TIMEOUT;
    }
    int key = SCREEN_OTHER;
    for (size_t i = 0; i < sizeof SEQUENCES / sizeof SEQUENCES[0]; i++) {
        if (strlen(SEQUENCES[i].bytes) == len - 1 &&
            memcmp(SEQUENCES[i].bytes, screen.keys + 1, len - 1) == 0) {
            key = SEQUENCES[i].key;
        }
    }
    drop_keys(len);
    return key;
}

static void read_keys(void)
{
    ssize_t got =
        read(STDIN_FILENO, screen.keys + screen.key_count, sizeof screen.keys - screen.key_count);
    if (got > 0) {
        screen.key_count += (size_t)got;
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        screen.is_closed = true;
    }
}

/* What the signals ask for; SCREEN_TIMEOUT: nothing. */
static int take_signal(void)
{
    if (was_suspended && !was_ended) {
        suspend();
    }
    if (was_ended || screen.is_closed) {
        return SCREEN_INTERRUPTED;
    }
    bool is_new = was_resized || was_continued;
    if (was_continued) { /* whoever had the terminal meanwhile may have changed it */
        leave();
        screen.is_closed = !enter();
    }
    if (is_new) {
        was_resized = 0;
        was_continued = 0;
        screen_lines_release(&screen.shown);
    }
    return screen.is_closed ? SCREEN_INTERRUPTED : is_new ? SCREEN_RESIZED : SCREEN_TIMEOUT;
}

int screen_wait(double seconds)
{
    for (bool is_last = false;; is_last = true) {
        int key = take_signal();
        key = key == SCREEN_TIMEOUT ? take_key(false) : key;
        if (key != SCREEN_TIMEOUT || is_last) {
            return key;
        }
        bool is_escape = screen.key_count > 0;
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        struct timespec left = {.tv_sec = (time_t)seconds,
                                .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
        if (is_escape) {
            left = (struct timespec){.tv_nsec = ESCAPE_PATIENCE_MS * 1000000L};
        }
        int ready = ppoll(&input, 1, &left, &screen.mask);
        if (ready > 0) {
            read_keys();
        } else if (ready == 0 && is_escape) {
            return take_key(true);
        } else if (ready < 0 && errno != EINTR) {
            screen.is_closed = true;
        }
    }
}
