/* Cores that a make above lends to this run, token by token (os/jobserver.h).
 *
 * Knows: how many tokens the cores in use need, and how long to wait for them. Without a jobserver
 * every call says yes at once. The first core in use is the run's own; each further one needs a
 * token. What is wider than that waits for all of its tokens; when nothing of the run is running
 * and they haven't come for some seconds, it starts with what there is, since another client may
 * wait in the same way, for this run's own core. */
#ifndef ROWBUILD_TOKENS_H
#define ROWBUILD_TOKENS_H

#include "jobserver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct tokens {
    struct jobclient *client; /* NULL: no jobserver */
    size_t missing;           /* the fewest tokens that would let something start; 0: none wanted */
    int64_t idle_ns;          /* since when nothing runs for lack of tokens; 0: not so */
    bool is_watched;
};

/* Before executions are tried. */
void tokens_begin(struct tokens *tokens);

/* Whether `wanted` cores more may be used beside those `used` now; takes what is needed. */
bool tokens_take(struct tokens *tokens, unsigned used, unsigned wanted, int64_t now_ns);

/* After executions were tried: gives back what `used` cores don't need, and has `loop` (under
 * `token`) say when there are tokens again, if some are wanted. */
void tokens_settle(struct tokens *tokens, unsigned used, struct loop *loop, uint64_t token);

/* When to try again although the loop said nothing; 0: never. */
int64_t tokens_next_try(const struct tokens *tokens, int64_t now_ns);

/* Whether something is to start as soon as there are tokens. */
bool tokens_wait(const struct tokens *tokens);

#endif
