/* GNU make's jobserver: tokens that stand for cores, in a pipe that processes share.
 *
 * Knows: the protocol of make's manual ("Sharing Job Slots with GNU make"), as server and as
 * client. Doesn't know: who runs what. A server writes the tokens once and never reads; each of its
 * clients owns one core without a token, takes a byte from the pipe for every further one and
 * writes that byte back. Tokens that a killed client held are lost, for make as for rowbuild.
 *
 * Our server uses the pipe form, `--jobserver-auth=R,W` with inherited descriptors, which every
 * make, cargo and gcc understands; make before 4.4 stops at the newer `fifo:PATH`. The descriptors
 * have fixed numbers in the child, so that who knows fifos only (ninja from 1.13 on) can be given
 * `--jobserver-auth=fifo:/dev/fd/3`, the same pipe. The client understands both forms. */
#ifndef ROWBUILD_JOBSERVER_H
#define ROWBUILD_JOBSERVER_H

#include "arena.h"
#include "buf.h"
#include "vec.h"

#include <stdbool.h>

/* ---- Server ---- */

enum { JOBSERVER_ENDS = 2 };

struct jobserver {
    int ends[JOBSERVER_ENDS]; /* of the pipe: to read, to write; close-on-exec. To be inherited
                                 in this order (spawn_request.inherit) */
};

#define JOBSERVER_NONE ((struct jobserver){{-1, -1}})

/* Makes a pipe with so many tokens. 0, or -1 with errno. Close it when the clients have it. */
int jobserver_open(struct jobserver *server, unsigned tokens);
void jobserver_close(struct jobserver *server); /* JOBSERVER_NONE is allowed */

/* ---- The environment ---- */

/* The environment without what a make that started this process had left there for its own
 * children: MAKEFLAGS, MFLAGS and MAKELEVEL if MAKELEVEL is set, and any MAKEFLAGS, MFLAGS or
 * CARGO_MAKEFLAGS that names a jobserver. The entries aren't copied. */
char **jobserver_strip_environment(char *const *environment, struct arena *arena);

/* The environment with that MAKEFLAGS and without the related variables. The entries aren't
 * copied. */
char **jobserver_set_environment(char *const *environment, unsigned cores, struct arena *arena);

/* ---- Client ---- */

enum jobclient_status {
    JOBCLIENT_NONE,   /* MAKEFLAGS name no jobserver */
    JOBCLIENT_CLOSED, /* they name one that can't be reached: the recipe lacks its `+`, or
                         (has_name) the fifo isn't here */
    JOBCLIENT_OPEN,
};

struct jobclient {
    int in;         /* readable when there may be a token; -1: not open */
    int out;        /* -1: not open */
    unsigned slots; /* make's -jN; 0: not known */
    bool has_name;  /* the flags name a fifo, by its path: make from 4.4 on */
    VEC(char) held; /* tokens, byte by byte as they were read */
};

#define JOBCLIENT_NONE_OPEN ((struct jobclient){.in = -1, .out = -1})

/* Reads MAKEFLAGS (NULL: not set). Descriptors that make handed down are opened anew, so that
 * reading doesn't block and nobody else notices, and aren't inherited further. */
enum jobclient_status jobclient_open(struct jobclient *client, const char *makeflags);

/* Takes up to `wanted` tokens, as many as are there; never blocks. Returns how many. */
size_t jobclient_take(struct jobclient *client, size_t wanted);
void jobclient_give(struct jobclient *client, size_t count); /* back, at most what is held */
void jobclient_close(struct jobclient *client);              /* gives all back first */

#endif
