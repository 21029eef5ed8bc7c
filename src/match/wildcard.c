/* Names with `*` and `?`, as on the command line. */
#include "match.h"

bool match_wildcard(struct slice pattern, struct slice name)
{
    size_t p = 0;
    size_t n = 0;
    size_t after_star = SIZE_MAX; /* where to continue in the pattern after a wrong guess */
    size_t star_end = 0;          /* where the last star's match in the name ends */
    while (n < name.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            after_star = ++p;
            star_end = n;
        } else if (p < pattern.len && (pattern.at[p] == '?' || pattern.at[p] == name.at[n])) {
            p++;
            n++;
        } else if (after_star != SIZE_MAX) {
            p = after_star;
            n = ++star_end;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*') {
        p++;
    }
    return p == pattern.len;
}
