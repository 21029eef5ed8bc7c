/* What a comparison says of single paths. */
#include "comparison.h"

#include <string.h>

/* ---- Differences and folders ---- */

size_t git_comparison_differences(const struct git_comparison *comparison,
                                  const struct git_difference **differences)
{
    *differences = comparison->differences.at;
    return comparison->differences.count;
}

/* The first difference whose path isn't before `path`. */
static size_t place_of(const struct git_comparison *comparison, struct slice path)
{
    size_t low = 0;
    size_t high = comparison->differences.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(comparison->differences.at[middle].path, path) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct git_difference *git_comparison_find(const struct git_comparison *comparison,
                                                 struct slice path)
{
    size_t place = place_of(comparison, path);
    bool is_found = place < comparison->differences.count &&
                    slice_equal(comparison->differences.at[place].path, path);
    return is_found ? &comparison->differences.at[place] : NULL;
}

const struct git_difference *git_comparison_below(const struct git_comparison *comparison,
                                                  struct slice folder, size_t *count)
{
    struct buf prefix = BUF_EMPTY;
    buf_add_slice(&prefix, folder);
    buf_add_string(&prefix, folder.len > 0 ? "/" : "");
    size_t first = place_of(comparison, buf_slice(&prefix));
    size_t end = first;
    while (end < comparison->differences.count &&
           slice_starts_with(comparison->differences.at[end].path, buf_string(&prefix))) {
        end++;
    }
    buf_release(&prefix);
    *count = end - first;
    return end > first ? &comparison->differences.at[first] : NULL;
}

size_t git_comparison_folders(const struct git_comparison *comparison)
{
    return comparison->folders.count;
}

struct slice git_comparison_folder(const struct git_comparison *comparison, size_t number)
{
    return intern_name(&comparison->folders, (uint32_t)number);
}

bool git_comparison_had_folder(const struct git_comparison *comparison, struct slice path)
{
    return path.len == 0 || intern_find(&comparison->folders, path) != INTERN_NONE;
}

/* ---- What git has, and what it passes over ---- */

/* The repository that holds a path: the innermost submodule, or the repository itself; *rest: the path
 * in it. */
static struct repository *holder(const struct git_comparison *comparison, struct slice path,
                                 struct slice *rest)
{
    struct repository *found = comparison->repository;
    size_t longest = 0;
    *rest = path;
    vec_each (const struct submodule, submodule, &comparison->submodules) {
        size_t len = submodule->path.len;
        if (len >= longest && path.len > len && path.at[len] == '/' &&
            memcmp(path.at, submodule->path.at, len) == 0) {
            found = submodule->repository;
            longest = len;
            *rest = slice_make(path.at + len + 1, path.len - len - 1);
        }
    }
    return found;
}

bool git_comparison_tracks(const struct git_comparison *comparison, struct slice path)
{
    struct slice rest;
    struct repository *repository = holder(comparison, path, &rest);
    struct buf text = BUF_EMPTY;
    size_t count = repository->git->git_index_entrycount(repository->index);
    buf_add_slice(&text, rest);
    bool tracks = rest.len == 0 && count > 0;
    if (rest.len > 0) {
        tracks =
            repository->git->git_index_get_bypath(repository->index, buf_string(&text), 0) != NULL;
    }
    if (!tracks && rest.len > 0) {
        buf_add_char(&text, '/');
        size_t first = repository_first_entry(repository, repository->index, buf_slice(&text));
        tracks =
            first < count &&
            slice_starts_with(
                slice_of(repository->git->git_index_get_byindex(repository->index, first)->path),
                buf_string(&text));
    }
    buf_release(&text);
    return tracks;
}

bool git_comparison_ignores(const struct git_comparison *comparison, struct slice path)
{
    struct slice rest;
    struct repository *repository = holder(comparison, path, &rest);
    struct buf text = BUF_EMPTY;
    int ignored = 0;
    buf_add_slice(&text, rest);
    bool is_known = repository->git->git_ignore_path_is_ignored(&ignored, repository->handle,
                                                                buf_string(&text)) == 0;
    buf_release(&text);
    return is_known && ignored == 1;
}

size_t git_comparison_unknown(const struct git_comparison *comparison, const struct slice **paths)
{
    *paths = comparison->unknown.at;
    return comparison->unknown.count;
}

size_t git_comparison_filtered(const struct git_comparison *comparison, const struct slice **paths)
{
    *paths = comparison->filtered.at;
    return comparison->filtered.count;
}

int git_comparison_read(struct git_comparison *comparison, const struct git_difference *difference,
                        struct buf *out, struct diag *diag)
{
    struct slice rest;
    struct repository *repository = holder(comparison, difference->path, &rest);
    const struct git_library *git = repository->git;
    git_blob_filter_options options = {.version = GIT_BLOB_FILTER_OPTIONS_VERSION,
                                       .flags = GIT_BLOB_FILTER_CHECK_FOR_BINARY};
    git_buf content = {0};
    git_blob *blob = NULL;
    git_oid id;
    int result = 0;
    git->git_oid_fromraw(&id, difference->before.bytes);
    if (git->git_blob_lookup(&blob, repository->handle, &id) != 0) {
        result = diag_state_error(
            diag, FINDING_GIT_OBJECT_MISSING,
            "the earlier content of `%s` can't be read: %s; in a partial clone, `git -C %s diff "
            "COMMIT` fetches what is missing",
            difference->path.at, git_library_error(git), repository->top);
    } else if (git->git_blob_filter(&content, blob, rest.at, &options) == 0) {
        buf_add(out, content.ptr, content.size);
        git->git_buf_dispose(&content);
    } else {
        buf_add(out, git->git_blob_rawcontent(blob), (size_t)git->git_blob_rawsize(blob));
    }
    git->git_blob_free(blob);
    return result;
}
