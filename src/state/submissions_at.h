/* submissions.h for a state folder that is open; only the state includes this. */
#ifndef ROWBUILD_SUBMISSIONS_AT_H
#define ROWBUILD_SUBMISSIONS_AT_H

#include "submissions.h"

/* As submissions_load; `shown` stands for the folder in messages. */
int submissions_load_at(struct submissions *submissions, int folder, const char *shown,
                        struct diag *diag);

/* Counts the registrations, and those among them with the right checksum. */
void submissions_count_at(int folder, size_t *registered, size_t *checked);

#endif
