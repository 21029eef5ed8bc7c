#include "jobserver.h"

#include "slice.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST_FREE = SPAWN_FIRST_INHERITED + JOBSERVER_ENDS, /* above all numbers of the child's ends */
    TOKENS_AT_ONCE = 256,
};

/* ---- Server ---- */

/* Moves a descriptor out of the way of the numbers that it is to get in the child. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    int error = errno;
    close(fd);
    errno = error;
    return moved;
}

/* All `count` bytes, or -1 with errno. */
static int write_tokens(int fd, const char *tokens, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, tokens, count);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            tokens += written;
            count -= (size_t)written;
        }
    }
    return 0;
}

static int fill(const struct jobserver *server, unsigned tokens)
{
    char bytes[TOKENS_AT_ONCE];
    int capacity = fcntl(server->ends[1], F_GETPIPE_SZ);
    memset(bytes, '+', sizeof bytes);
    if (capacity < 0 || tokens > (unsigned)capacity) {
        errno = EOVERFLOW; /* writing would wait for a reader */
        return -1;
    }
    for (unsigned left = tokens; left > 0;) {
        unsigned part = left < TOKENS_AT_ONCE ? left : TOKENS_AT_ONCE;
        if (write_tokens(server->ends[1], bytes, part) != 0) {
            return -1;
        }
        left -= part;
    }
    return 0;
}

int jobserver_open(struct jobserver *server, unsigned tokens)
{
    *server = JOBSERVER_NONE;
    if (pipe2(server->ends, O_CLOEXEC) != 0) {
        *server = JOBSERVER_NONE;
        return -1;
    }
    for (int end = 0; end < JOBSERVER_ENDS; end++) {
        server->ends[end] = move_up(server->ends[end]);
    }
    if (server->ends[0] < 0 || server->ends[1] < 0 || fill(server, tokens) != 0) {
        int error = errno;
        jobserver_close(server);
        errno = error;
        return -1;
    }
    return 0;
}

void jobserver_close(struct jobserver *server)
{
    for (int end = 0; end < JOBSERVER_ENDS; end++) {
        if (server->ends[end] >= 0) {
            close(server->ends[end]);
        }
    }
    *server = JOBSERVER_NONE;
}

/* The value of MAKEFLAGS for clients that share `cores`. */
static void add_makeflags(unsigned cores, struct buf *out)
{
    /* The space says that no letters of single options come first. */
    buf_addf(out, " -j%u --jobserver-auth=%d,%d", cores, SPAWN_FIRST_INHERITED,
             SPAWN_FIRST_INHERITED + 1);
}

/* ---- The environment ---- */

static bool is_variable(const char *entry, const char *name)
{
    size_t len = strlen(name);
    return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool holds_flags(const char *entry)
{
    return is_variable(entry, "MAKEFLAGS") || is_variable(entry, "MFLAGS");
}

static bool names_jobserver(const char *entry)
{
    return strstr(entry, "--jobserver-") != NULL;
}

static bool is_of_make(char *const *environment)
{
    for (; *environment != NULL; environment++) {
        if (is_variable(*environment, "MAKELEVEL")) {
            return true;
        }
    }
    return false;
}

static size_t count_entries(char *const *environment)
{
    size_t count = 0;
    while (environment[count] != NULL) {
        count++;
    }
    return count;
}

char **jobserver_strip_environment(char *const *environment, struct arena *arena)
{
    char **stripped = arena_array(arena, count_entries(environment) + 1, sizeof *stripped);
    bool is_below_make = is_of_make(environment);
    size_t kept = 0;
    for (char *const *at = environment; *at != NULL; at++) {
        bool is_flags = holds_flags(*at);
        bool is_left = (is_below_make && (is_flags || is_variable(*at, "MAKELEVEL"))) ||
                       ((is_flags || is_variable(*at, "CARGO_MAKEFLAGS")) && names_jobserver(*at));
        if (!is_left) {
            stripped[kept++] = *at;
        }
    }
    stripped[kept] = NULL;
    return stripped;
}

char **jobserver_set_environment(char *const *environment, unsigned cores, struct arena *arena)
{
    char **changed = arena_array(arena, count_entries(environment) + 2, sizeof *changed);
    struct buf flags = BUF_EMPTY;
    size_t count = 0;
    for (char *const *at = environment; *at != NULL; at++) {
        /* cargo prefers its own variable */
        if (!holds_flags(*at) && !is_variable(*at, "CARGO_MAKEFLAGS")) {
            changed[count++] = *at;
        }
    }
    buf_add_string(&flags, "MAKEFLAGS=");
    add_makeflags(cores, &flags);
    changed[count++] = arena_string(arena, buf_slice(&flags));
    changed[count] = NULL;
    buf_release(&flags);
    return changed;
}

/* ---- Client ---- */

static bool take_value(struct slice word, const char *option, struct slice *value)
{
    size_t len = strlen(option);
    if (word.len < len || memcmp(word.at, option, len) != 0) {
        return false;
    }
    *value = slice_make(word.at + len, word.len - len);
    return true;
}

/* The last jobserver that the flags name, and the last -jN. */
static void parse_flags(const char *flags, struct slice *server, unsigned *slots)
{
    *server = (struct slice){0};
    *slots = 0;
    for (const char *at = flags + strspn(flags, " "); *at != '\0'; at += strspn(at, " ")) {
        struct slice word = slice_make(at, strcspn(at, " "));
        struct slice value;
        at += word.len;
        if (slice_is(word, "--")) { /* variables follow */
            return;
        }
        if (take_value(word, "--jobserver-auth=", &value) ||
            take_value(word, "--jobserver-fds=", &value)) {
            *server = value;
        } else if (take_value(word, "-j", &value)) {
            unsigned long number = strtoul(value.at, NULL, 10);
            *slots = value.len > 0 && number <= UINT16_MAX ? (unsigned)number : 0;
        }
    }
}

static bool is_fifo(int fd)
{
    struct stat found;
    return fd >= 0 && fstat(fd, &found) == 0 && S_ISFIFO(found.st_mode);
}

/* One end of the pipe under a description of its own: not blocking is nobody else's matter. */
static int open_anew(int fd, int mode)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!is_fifo(fd)) { /* something else has that number */
        return -1;
    }
    int access = fcntl(fd, F_GETFL) & O_ACCMODE;
    return access != mode && access != O_RDWR ? -1 : open(path, mode | O_NONBLOCK | O_CLOEXEC);
}

static void open_pipe(struct jobclient *client, struct slice ends)
{
    int in = -1;
    int out = -1;
    char text[40];
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(ends));
    if (sscanf(text, "%d,%d", &in, &out) != 2 || in < 0 || out < 0) {
        return;
    }
    client->in = open_anew(in, O_RDONLY);
    client->out = open_anew(out, O_WRONLY);
    if (client->in >= 0 && client->out >= 0) {
        fcntl(in, F_SETFD, FD_CLOEXEC);
        fcntl(out, F_SETFD, FD_CLOEXEC);
    }
}

static void open_fifo(struct jobclient *client, struct slice path)
{
    struct buf name = BUF_EMPTY;
    buf_add_slice(&name, path);
    /* To read first: a fifo that nobody reads can't be opened for writing without waiting. */
    client->in = open(buf_string(&name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    client->out = open(buf_string(&name), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    buf_release(&name);
}

enum jobclient_status jobclient_open(struct jobclient *client, const char *makeflags)
{
    struct slice server;
    struct slice path;
    unsigned slots;
    *client = JOBCLIENT_NONE_OPEN;
    parse_flags(makeflags != NULL ? makeflags : "", &server, &slots);
    client->slots = slots;
    if (server.len == 0) {
        return JOBCLIENT_NONE;
    }
    bool has_name = take_value(server, "fifo:", &path);
    if (has_name) {
        open_fifo(client, path);
    } else {
        open_pipe(client, server);
    }
    if (!is_fifo(client->in) || !is_fifo(client->out)) {
        jobclient_close(client);
        client->has_name = has_name;
        return JOBCLIENT_CLOSED;
    }
    return JOBCLIENT_OPEN;
}

size_t jobclient_take(struct jobclient *client, size_t wanted)
{
    size_t taken = 0;
    while (taken < wanted && client->in >= 0) {
        char token;
        ssize_t got = read(client->in, &token, 1);
        if (got == 1) {
            vec_push(&client->held, token);
            taken++;
        } else if (got == 0 || errno != EINTR) {
            break;
        }
    }
    return taken;
}

void jobclient_give(struct jobclient *client, size_t count)
{
    while (count > 0 && client->held.count > 0) {
        char token = client->held.at[--client->held.count];
        (void)write_tokens(client->out, &token, 1); /* nobody is left to miss it, then */
        count--;
    }
}

void jobclient_close(struct jobclient *client)
{
    jobclient_give(client, client->held.count);
    vec_release(&client->held);
    if (client->in >= 0) {
        close(client->in);
    }
    if (client->out >= 0) {
        close(client->out);
    }
    *client = JOBCLIENT_NONE_OPEN;
}
