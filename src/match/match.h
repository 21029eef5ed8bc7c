/* Matches names against patterns: globs of paths, wildcards of action names, regular expressions.
 * The only place that includes PCRE2. Names are bytes: nothing here depends on a locale or on
 * UTF-8.
 *
 * Knows: whether a name matches. Doesn't know: the file system. */
#ifndef ROWBUILD_MATCH_H
#define ROWBUILD_MATCH_H

#include "diag.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the text contains a glob character (`*`, `?`, `[`) or an alternative (`{a,b}`). */
bool match_is_glob(struct slice pattern);

/* A list of globs as in a Rowfile. '/' separates; `*`, `?`, `[a-z]`, `[!a]` stay inside one
 * segment. `**` as a whole segment matches any number of directories, also none; at the end it
 * matches at least one name (everything below). `{a,b}` are alternatives, which may hold '/' and
 * nest; braces without a comma are literal. A leading `!` excludes what earlier patterns included:
 * the last pattern that matches decides. `\` makes the next character literal. A segment's leading
 * dot is matched only by a dot in the pattern, unless `hidden` is set. */
struct glob_set;

/* `patterns` are copied. NULL after an error for each malformed one: an unclosed bracket or brace,
 * `**` beside other characters in a segment, an empty pattern or segment, "." and ".." as segments,
 * more than 1024 alternatives, only exclusions. Without patterns the set is empty. Each message
 * begins with `what`: `workspace.directories: `a**b`: …`. */
struct glob_set *glob_set_new(const struct slice *patterns, size_t count, bool hidden,
                              const char *what, struct diag *diag);
void glob_set_free(struct glob_set *set);

/* Whether the path (no leading or trailing '/', no "." segments) is a member. Thread-safe. */
bool glob_set_matches(const struct glob_set *set, struct slice path);

/* Whether one of the path's parts is a member, as for sets of names. Thread-safe. */
bool glob_set_matches_part(const struct glob_set *set, struct slice path);

/* Whether anything below the directory `path` ("" is the top) can be a member. If not, the
 * directory needn't be listed. Thread-safe. */
bool glob_set_may_match_below(const struct glob_set *set, struct slice path);

/* row's action patterns: `*` and `?` match any bytes, everything else is literal; the pattern must
 * match the whole name. */
bool match_wildcard(struct slice pattern, struct slice name);

/* Perl-compatible regular expressions for `=~`: found anywhere in the subject unless anchored. */
struct regex;
struct regex *regex_new(struct slice pattern, struct diag *diag, const struct source *source,
                        size_t offset); /* NULL after an error at the offset (source may be NULL) */
void regex_free(struct regex *regex);

/* Thread-safe. 1: found, 0: not found, -1: given up because of too much backtracking. */
int regex_search(const struct regex *regex, struct slice subject);

#endif
