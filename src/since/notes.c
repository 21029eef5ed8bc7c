/* Notes about changes that can't be compared, or that affect no task. */
#include "since_inner.h"

#include "text.h"

#include <string.h>

enum { MOST_NAMES = 5 };

static void tell_filtered(const struct since *since, struct diag *diag)
{
    const struct slice *filtered;
    size_t count = git_comparison_filtered(since->git.comparison, &filtered);
    struct buf names = BUF_EMPTY;
    struct buf first = BUF_EMPTY;
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        text_add_listed(&names, filtered[i], i);
    }
    if (count > MOST_NAMES) {
        buf_addf(&names, " and %zu more", count - MOST_NAMES);
    }
    text_add_shell_word(&first, filtered[0]);
    diag_note(
        diag, FINDING_NOT_COMPARED,
        "git stores %s through a filter program, as Git LFS does, which isn't run here: %s as "
        "changed until git knows the content, as after `git add %s`",
        buf_string(&names), count == 1 ? "the file counts" : "the files count", buf_string(&first));
    buf_release(&names);
    buf_release(&first);
}

/* The launchers that an action names, in their order. */
static bool same_launchers(const struct action *a, const struct action *b)
{
    bool same = a->launcher_count == b->launcher_count;
    for (size_t i = 0; same && i < a->launcher_count; i++) {
        same = slice_equal(a->launchers[i], b->launchers[i]);
    }
    return same;
}

/* How a command is started doesn't make its result another. */
static void tell_launchers(const struct since *since, struct diag *diag)
{
    const struct rowfile *now = since->now.graph->rowfile;
    const struct rowfile *then = since->rowfile_then;
    struct buf names = BUF_EMPTY;
    size_t count = 0;
    for (size_t a = 0; then != NULL && a < now->action_count; a++) {
        for (size_t b = 0; b < then->action_count; b++) {
            if (slice_equal(now->actions[a].name, then->actions[b].name)) {
                if (!same_launchers(&now->actions[a], &then->actions[b])) {
                    text_add_listed(&names, now->actions[a].name, count++);
                }
                break;
            }
        }
    }
    if (count > 0) {
        diag_note(diag, FINDING_LAUNCHERS_CHANGED,
                  "the launchers of %s changed since %s, which affects no task; use `--rerun` if "
                  "results depend on them",
                  buf_string(&names), buf_string(&since->commit_text));
    }
    buf_release(&names);
}

/* The user's files count only if they are in the repository. */
static void tell_user_files(const struct since *since, struct diag *diag)
{
    static const char *const files[] = {
        ".config/rowbuild/launchers.toml", ".config/row/launchers.toml",
        ".config/rowbuild/clusters.toml", ".config/row/clusters.toml"};
    const struct git_difference *differences;
    size_t count = git_comparison_differences(since->git.comparison, &differences);
    for (size_t i = 0; i < count; i++) {
        struct slice path = differences[i].path;
        for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
            size_t len = strlen(files[f]);
            if (path.len >= len && strcmp(path.at + path.len - len, files[f]) == 0 &&
                (path.len == len || path.at[path.len - len - 1] == '/')) {
                struct buf shown = BUF_EMPTY;
                text_add_name(&shown, path);
                diag_note(diag, FINDING_LAUNCHERS_CHANGED,
                          "`%s` changed since %s, which affects no task", buf_string(&shown),
                          buf_string(&since->commit_text));
                buf_release(&shown);
            }
        }
    }
}

void since_tell_what_does_not_count(const struct since *since, struct diag *diag)
{
    tell_filtered(since, diag);
    tell_launchers(since, diag);
    tell_user_files(since, diag);
}
