#include "tokens.h"

#include "loop.h"
#include "world.h"

static const int64_t PATIENCE_NS = 2000000000; /* of an idle run that lacks tokens */
static const int64_t PAUSE_NS = 50000000;      /* between two tries for several tokens */

void tokens_begin(struct tokens *tokens)
{
    tokens->missing = 0;
}

static bool is_patient(struct tokens *tokens, unsigned used, int64_t now_ns)
{
    if (used > 0) {
        return true;
    }
    if (tokens->idle_ns == 0) {
        tokens->idle_ns = now_ns;
    }
    return now_ns - tokens->idle_ns < PATIENCE_NS;
}

bool tokens_take(struct tokens *tokens, unsigned used, unsigned wanted, int64_t now_ns)
{
    struct jobclient *client = tokens->client;
    if (client == NULL) {
        return true;
    }
    size_t needed = (size_t)used + wanted - 1;
    size_t missing = needed > client->held.count ? needed - client->held.count : 0;
    size_t taken = jobclient_take(client, missing);
    if (taken < missing && is_patient(tokens, used, now_ns)) {
        if (used > 0) { /* others may use what isn't enough for us */
            jobclient_give(client, taken);
        } else {
            missing -= taken;
        }
        if (tokens->missing == 0 || missing < tokens->missing) {
            tokens->missing = missing;
        }
        return false;
    }
    tokens->idle_ns = 0;
    return true;
}

static void watch(struct tokens *tokens, bool on, struct loop *loop, uint64_t token)
{
    if (on && !tokens->is_watched) {
        tokens->is_watched = world->watch(loop, tokens->client->in, token) == 0;
    } else if (!on && tokens->is_watched) {
        world->unwatch(loop, tokens->client->in);
        tokens->is_watched = false;
    }
}

void tokens_settle(struct tokens *tokens, unsigned used, struct loop *loop, uint64_t token)
{
    struct jobclient *client = tokens->client;
    if (client == NULL) {
        return;
    }
    size_t needed = used > 0 ? used - 1 : 0;
    bool is_collecting = used == 0 && tokens->missing > 0;
    if (client->held.count > needed && !is_collecting) {
        jobclient_give(client, client->held.count - needed);
    }
    /* Where more than one is lacking, a single token in the pipe would wake the loop in vain. */
    watch(tokens, tokens->missing == 1, loop, token);
}

int64_t tokens_next_try(const struct tokens *tokens, int64_t now_ns)
{
    return tokens->missing > 0 && (!tokens->is_watched || tokens->idle_ns != 0) ? now_ns + PAUSE_NS
                                                                                : 0;
}

bool tokens_wait(const struct tokens *tokens)
{
    return tokens->missing > 0;
}
