/* The patterns of globs as text: which folders they name, and where they begin. */
#include "building.h"

#include "match.h"

/* The end of the segment that begins at `at`; alternatives may hold '/'. */
static size_t segment_end(struct slice pattern, size_t at)
{
    int depth = 0;
    for (; at < pattern.len && (depth > 0 || pattern.at[at] != '/'); at++) {
        if (pattern.at[at] == '\\') {
            at += at + 1 < pattern.len;
        } else if (pattern.at[at] == '{') {
            depth++;
        } else if (pattern.at[at] == '}') {
            depth--;
        }
    }
    return at;
}

const struct glob_set *building_folders_named(struct building *building, struct slice pattern)
{
    struct buf list = BUF_EMPTY;
    for (size_t at = 0; at < pattern.len;) {
        size_t end = segment_end(pattern, at);
        struct slice segment = slice_make(pattern.at + at, end - at);
        if (end >= pattern.len || slice_is(segment, "**")) {
            break;
        }
        if (!match_is_glob(segment)) {
            if (list.len > 0) {
                buf_add_char(&list, '\0');
            }
            buf_add(&list, pattern.at, end);
        }
        at = end + 1;
    }
    const struct glob_set *folders =
        list.len > 0 ? building_globs(building, buf_slice(&list)) : NULL;
    buf_release(&list);
    return folders;
}

struct slice building_fixed_prefix(struct slice pattern)
{
    size_t fixed = 0;
    for (size_t at = 0; at < pattern.len;) {
        size_t end = segment_end(pattern, at);
        if (end >= pattern.len || match_is_glob(slice_make(pattern.at + at, end - at))) {
            break;
        }
        fixed = end;
        at = end + 1;
    }
    return slice_make(pattern.at, fixed);
}

void building_add_patterns(const struct action *action, size_t input, struct slice pattern,
                           struct buf *out)
{
    const struct path_spec *spec = &action->inputs[input];
    buf_add_slice(out, pattern);
    for (size_t i = input + 1; i < action->input_count; i++) {
        const struct path_spec *other = &action->inputs[i];
        if (other->is_excluded && other->from_project == spec->from_project) {
            buf_add(out, "\0!", 2);
            buf_add_slice(out, other->path);
        }
    }
}
