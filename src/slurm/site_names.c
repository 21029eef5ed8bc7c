#include "site_names.h"

#include "buf.h"
#include "slurm_call.h"

#include <string.h>

bool site_is_one(struct slice names)
{
    return names.len == 0 ||
           (memchr(names.at, ',', names.len) == NULL && !slice_is(names, SITE_ALL));
}

bool site_is_same(struct slice a, struct slice b)
{
    return site_is_one(a) && site_is_one(b) && slice_equal(a, b);
}

bool site_has_all(struct slice answer, char *const *environment)
{
    char *argv[] = {(char *)"sacctmgr",
                    (char *)"--noheader",
                    (char *)"--parsable2",
                    (char *)"list",
                    (char *)"cluster",
                    (char *)"format=Cluster",
                    NULL};
    struct buf names = BUF_EMPTY;
    struct buf words = BUF_EMPTY;
    struct buf heading = BUF_EMPTY;
    bool has_all = slurm_call(argv, environment, &names, &words) && names.len > 0;
    for (size_t at = 0; at < names.len && has_all;) {
        size_t len = strcspn(names.at + at, "\n");
        buf_clear(&heading);
        buf_addf(&heading, "\n" SITE_HEADING "%.*s\n", (int)len, names.at + at);
        has_all = len == 0 || memmem(answer.at, answer.len, heading.at, heading.len) != NULL;
        at += len + 1;
    }
    buf_release(&heading);
    buf_release(&words);
    buf_release(&names);
    return has_all;
}
