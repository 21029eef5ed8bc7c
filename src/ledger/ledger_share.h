/* The ledger of one host: its resources and who holds them.
 *
 * Knows: what ledger.h describes, for one host. Doesn't know: other hosts. */
#ifndef ROWBUILD_LEDGER_SHARE_H
#define ROWBUILD_LEDGER_SHARE_H

#include "ledger.h"

struct share;

/* `view` describes the host as a machine of its own; its cores must outlive the share. */
struct share *share_new(const struct machine *view, unsigned budget, unsigned gpus, bool binds);
void share_free(struct share *share); /* NULL is allowed */

bool share_can_ever_fit(const struct share *share, const struct ledger_request *request);
bool share_take(struct share *share, const struct ledger_request *request,
                struct ledger_grant *grant);
void share_return(struct share *share, struct ledger_grant *grant);

void share_keep(struct share *share, const struct ledger_request *request);
bool share_take_kept(struct share *share, struct ledger_grant *grant);
void share_end_keeping(struct share *share);

unsigned share_budget(const struct share *share);
unsigned share_cores_free(const struct share *share);
unsigned share_gpus(const struct share *share);
unsigned share_gpus_free(const struct share *share);
uint64_t share_memory(const struct share *share);      /* UINT64_MAX: without limit */
uint64_t share_memory_free(const struct share *share); /* UINT64_MAX: without limit */

#endif
