#include "tree_view.h"

#include "buf.h"
#include "reserved.h"

bool tree_rules_count(const struct tree_rules *rules, struct slice name)
{
    return !(rules->ignored != NULL && glob_set_matches(rules->ignored, name)) &&
           (rules->takes_reserved || !reserved_is_name(name));
}

static bool is_left_out(const struct tree_view *view, struct slice path)
{
    for (size_t i = 0; i < view->without_count; i++) {
        struct slice out = view->without[i];
        if (path.len >= out.len && memcmp(path.at, out.at, out.len) == 0 &&
            (path.len == out.len || path.at[out.len] == '/')) {
            return true;
        }
    }
    return false;
}

bool tree_view_counts(const struct tree_view *view, struct slice path, bool is_folder)
{
    if (view == NULL) {
        return true;
    }
    if (is_left_out(view, path)) {
        return false;
    }
    if (view->globs == NULL) {
        return true;
    }
    struct buf whole = BUF_EMPTY;
    buf_add_slice(&whole, view->prefix);
    if (view->prefix.len > 0) {
        buf_add_char(&whole, '/');
    }
    buf_add_slice(&whole, path);
    bool counts = is_folder ? glob_set_may_match_below(view->globs, buf_slice(&whole))
                            : glob_set_matches(view->globs, buf_slice(&whole));
    buf_release(&whole);
    return counts;
}
