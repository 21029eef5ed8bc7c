#include "observe.h"

#include "disk.h"
#include "filetree.h"
#include "observer.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>

static const uint64_t ADOPT_BY_STAT = 1024UL * 1024; /* rules.md, rule 6 */

enum { READ_TRIES = 3 };

/* How long to wait before a failed look is tried again, attempt by attempt. */
static const long RETRY_AFTER_NS[] = {0, 5 * 1000000L, 50 * 1000000L};

/* ---- rows ---- */

static struct digest digest_of_stat(uint64_t size, int64_t mtime_ns)
{
    static const char domain[] = "rowbuild: size and mtime";
    char fields[sizeof domain + sizeof size + sizeof mtime_ns];
    memcpy(fields, domain, sizeof domain);
    memcpy(fields + sizeof domain, &size, sizeof size);
    memcpy(fields + sizeof domain + sizeof size, &mtime_ns, sizeof mtime_ns);
    return digest_of(slice_make(fields, sizeof fields));
}

bool observed_equal(struct digest recorded, const struct file_row *row)
{
    return digest_equal(recorded, row->digest) ||
           digest_equal(recorded, digest_of_stat(row->size, row->mtime_ns)) ||
           ((row->flags & FILE_ROW_DIRECTORY) != 0 &&
            digest_equal(recorded, digest_of_stat(row->size, 0)));
}

bool observed_is_empty(const struct file_row *row)
{
    if ((row->flags & FILE_ROW_DIRECTORY) != 0) {
        return (row->flags & FILE_ROW_EMPTY) != 0;
    }
    return row->size == 0 && (row->flags & FILE_ROW_KNOWN) != 0 &&
           (row->flags & FILE_ROW_BY_STAT) == 0;
}

static bool same_stat(const struct file_row *row, const struct file_row *found)
{
    const uint32_t kind = FILE_ROW_DIRECTORY;
    return (row->flags & FILE_ROW_KNOWN) != 0 && (row->flags & kind) == (found->flags & kind) &&
           row->size == found->size && row->mtime_ns == found->mtime_ns &&
           row->ctime_ns == found->ctime_ns && row->inode == found->inode;
}

static bool row_stands(const struct file_row *row, const struct file_row *found)
{
    return (row->flags & FILE_ROW_RACY) == 0 && same_stat(row, found);
}

static struct file_row row_of_stat(const struct file_stat *stat)
{
    return (struct file_row){
        .size = stat->size,
        .mtime_ns = stat->mtime_ns,
        .ctime_ns = stat->ctime_ns,
        .inode = stat->inode,
        .flags = FILE_ROW_KNOWN,
    };
}

bool observed_stands(const struct file_row *row, const struct file_stat *found)
{
    struct file_row now = row_of_stat(found);
    return found->kind == FILE_REGULAR && (row->flags & FILE_ROW_DELETED) == 0 &&
           digest_is_content(row->digest) && row_stands(row, &now);
}

uint64_t observed_mark(const struct file_row *row)
{
    static const uint64_t odd = 0x9e3779b97f4a7c15U;
    uint64_t mark = row->size * odd ^ row->inode;
    mark = (mark * odd ^ (uint64_t)row->mtime_ns) * odd ^ (uint64_t)row->ctime_ns;
    return mark != 0 ? mark : 1;
}

static struct file_row row_of_tree(const struct filetree *tree)
{
    return (struct file_row){
        .size = tree->seen.low,
        .mtime_ns = tree->newest_mtime_ns,
        .ctime_ns = tree->newest_ctime_ns,
        .inode = tree->moved.low,
        .flags = FILE_ROW_KNOWN | FILE_ROW_DIRECTORY | (tree->holds_files ? 0 : FILE_ROW_EMPTY),
    };
}

static void know_by_stat(struct file_row *row)
{
    row->digest = digest_of_stat(row->size, row->mtime_ns);
    row->flags |= FILE_ROW_BY_STAT;
}

/* The times of folders say nothing that the names in them don't, and move when what doesn't count
 * comes and goes. */
static struct digest digest_of_tree_stat(const struct file_row *row)
{
    return digest_of_stat(row->size, 0);
}

static void know_tree_by_stat(struct file_row *row, const struct tree_view *view)
{
    know_by_stat(row);
    if (view == NULL || view->rules == NULL || !view->rules->takes_folder_times) {
        row->digest = digest_of_tree_stat(row);
    }
}

/* ---- observing ---- */

static enum file_status status_of_failure(void)
{
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? FILE_GONE : FILE_TROUBLE;
}

static enum file_status read_file(int directory, const char *path, struct file_row *row)
{
    struct file_stat stat;
    struct digest digest;
    int fd = disk->open(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (fd < 0) {
        return status_of_failure();
    }
    enum file_status status = file_digest_fd(fd, &stat, &digest);
    int error = errno;
    disk->close(fd);
    errno = error;
    if (status == FILE_READ && stat.kind != FILE_REGULAR) {
        status = FILE_MOVING;
    }
    if (status == FILE_READ) {
        *row = row_of_stat(&stat);
        row->digest = digest;
    }
    return status;
}

/* A file or a folder, and what counts of it. */
struct look {
    const char *path;
    const struct tree_view *view;
    uint64_t limit; /* bytes up to which contents are read */
};

/* Compares with `old` by stat, and reads the contents of what moved unless it holds more than the
 * limit. */
static enum file_status read_tree(const struct observer *observer, const struct look *look,
                                  const struct file_row *old, struct file_row *row)
{
    struct filetree tree = {0};
    struct filetree after = {0};
    int root = disk->open(observer->directory, look->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (root < 0) {
        return status_of_failure();
    }
    enum file_status status = filetree_scan(&tree, root, look->view, &observer->rules);
    if (status != FILE_READ) {
        goto out;
    }
    *row = row_of_tree(&tree);
    if (row_stands(old, row)) {
        status = FILE_CURRENT;
        goto out;
    }
    if (tree.bytes > look->limit) {
        know_tree_by_stat(row, look->view);
        goto out;
    }
    status = filetree_digest(&tree, root, &row->digest);
    if (status == FILE_READ) {
        status = filetree_scan(&after, root, look->view, &observer->rules);
    }
    if (status == FILE_READ &&
        !(digest_equal(after.seen, tree.seen) && digest_equal(after.moved, tree.moved))) {
        status = FILE_MOVING;
    }
out:;
    int error = errno;
    filetree_release(&tree);
    filetree_release(&after);
    disk->close(root);
    errno = error;
    return status;
}

enum file_status observe_each(const struct observer *observer, const char *path,
                              const struct tree_view *view, observed_fn *each, void *context)
{
    struct filetree tree = {0};
    int root = disk->open(observer->directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (root < 0) {
        return status_of_failure();
    }
    enum file_status status = filetree_scan(&tree, root, view, &observer->rules);
    for (size_t i = 0; i < tree.entries.count && status == FILE_READ; i++) {
        const struct tree_entry *entry = &tree.entries.at[i];
        struct file_row row;
        if (entry->stat.kind == FILE_REGULAR) {
            status = read_file(root, entry->path, &row);
        }
        if (entry->stat.kind == FILE_REGULAR && status == FILE_READ) {
            each(context, entry->path, row.digest);
        }
    }
    filetree_release(&tree);
    disk->close(root);
    return status;
}

/* A row that was racy is made anew, but its digest stays of the kind it was: a limit that changed
 * meanwhile isn't a change of the file. */
static uint64_t limit_for(const struct file_row *old, const struct file_row *found, uint64_t limit)
{
    bool same = (old->flags & FILE_ROW_KNOWN) != 0 && old->size == found->size &&
                old->mtime_ns == found->mtime_ns && old->inode == found->inode;
    if (!same) {
        return limit;
    }
    return (old->flags & FILE_ROW_BY_STAT) != 0 ? 0 : UINT64_MAX;
}

/* Whether globs look into something that isn't a folder. */
static bool looks_into_file(const struct tree_view *view, const struct file_stat *stat)
{
    return view != NULL && view->globs != NULL && stat->kind != FILE_DIRECTORY;
}

static struct file_row row_of_nothing(void)
{
    struct filetree tree;
    filetree_begin_empty(&tree);
    struct file_row row = row_of_tree(&tree);
    (void)filetree_digest(&tree, -1, &row.digest);
    filetree_release(&tree);
    return row;
}

static enum file_status read_once(const struct observer *observer, const struct look *look,
                                  const struct file_row *old, struct file_row *row)
{
    struct file_stat stat;
    if (file_stat(observer->directory, look->path, &stat) != 0) {
        return status_of_failure();
    }
    if (stat.kind == FILE_MISSING) {
        return FILE_GONE;
    }
    if (stat.kind == FILE_DIRECTORY) {
        return read_tree(observer, look, old, row);
    }
    bool is_empty = looks_into_file(look->view, &stat);
    *row = is_empty ? row_of_nothing() : row_of_stat(&stat);
    if (row_stands(old, row)) {
        return FILE_CURRENT;
    }
    if (is_empty) {
        return FILE_READ;
    }
    if (stat.kind == FILE_OTHER || stat.size > limit_for(old, row, look->limit)) {
        know_by_stat(row);
        return FILE_READ;
    }
    return read_file(observer->directory, look->path, row);
}

/* Whether the reason of a failure may be gone a moment later. */
static bool may_pass(int error)
{
    switch (error) {
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
    case EINTR:
    case EBUSY:
    case ESTALE:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* Waits before attempt number `attempt` at a look that failed, while there is patience left. */
static void wait_to_retry(struct observer *observer, size_t attempt)
{
    long wait_ns = RETRY_AFTER_NS[attempt];
    if (wait_ns > 0 && atomic_fetch_sub_explicit(&observer->patience_ns, wait_ns,
                                                 memory_order_relaxed) >= wait_ns) {
        world->pause(wait_ns);
    }
}

/* Looks until it is done: again at once at what changed meanwhile, and after a while where a
 * failure may pass. */
static enum file_status read_patiently(struct observer *observer, const struct look *look,
                                       const struct file_row *old, struct file_row *row)
{
    const size_t most_failures = sizeof RETRY_AFTER_NS / sizeof RETRY_AFTER_NS[0];
    size_t failures = 0;
    for (int changes = 0;;) {
        enum file_status status = read_once(observer, look, old, row);
        if (status == FILE_MOVING && ++changes < READ_TRIES) {
            continue;
        }
        if (status == FILE_TROUBLE && may_pass(errno) && failures < most_failures) {
            wait_to_retry(observer, failures++);
            continue;
        }
        return status;
    }
}

static enum file_status observe(struct observer *observer, const struct look *look,
                                struct file_row *row)
{
    struct file_row made = {0};
    enum file_status status = read_patiently(observer, look, row, &made);
    if (status == FILE_MOVING) {
        made.digest = DIGEST_UNREAD;
        made.flags = (made.flags & FILE_ROW_DIRECTORY) | FILE_ROW_KNOWN | FILE_ROW_RACY;
        *row = made;
    } else if (status == FILE_READ) {
        made.flags |= observer_is_racy(observer, &made) ? FILE_ROW_RACY : 0;
        made.flags |= same_stat(row, &made) ? row->flags & (FILE_ROW_LEFT | FILE_ROW_FAILED) : 0;
        *row = made;
    }
    return status;
}

enum file_status observe_view(struct observer *observer, const char *path,
                              const struct tree_view *view, struct file_row *row)
{
    struct look look = {.path = path, .view = view, .limit = observer->digest_limit};
    return observe(observer, &look, row);
}

enum file_status observe_file(struct observer *observer, const char *path, struct file_row *row)
{
    return observe_view(observer, path, NULL, row);
}

enum file_status observe_adopted(struct observer *observer, const char *path, struct file_row *row)
{
    uint64_t limit =
        observer->digest_limit < ADOPT_BY_STAT ? observer->digest_limit : ADOPT_BY_STAT;
    return observe(observer, &(struct look){.path = path, .limit = limit}, row);
}

int64_t observe_newest(const struct observer *observer, const char *path,
                       const struct tree_view *view)
{
    struct filetree tree = {0};
    int64_t newest = 0;
    int root = disk->open(observer->directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (root < 0) {
        return INT64_MAX;
    }
    bool is_read = filetree_scan(&tree, root, view, &observer->rules) == FILE_READ;
    for (size_t i = 0; i < tree.entries.count; i++) {
        const struct file_stat *stat = &tree.entries.at[i].stat;
        if (stat->kind != FILE_DIRECTORY && stat->ctime_ns > newest) {
            newest = stat->ctime_ns;
        }
    }
    filetree_release(&tree);
    disk->close(root);
    return is_read ? newest : INT64_MAX;
}

/* What stat says of a file, or of all of a folder that counts in the view. */
static bool stat_row(const struct observer *observer, const char *path,
                     const struct tree_view *view, struct file_row *row)
{
    struct file_stat stat;
    struct filetree tree = {0};
    if (file_stat(observer->directory, path, &stat) != 0 || stat.kind == FILE_MISSING) {
        return false;
    }
    *row = row_of_stat(&stat);
    if (stat.kind != FILE_DIRECTORY) {
        return true;
    }
    int root = disk->open(observer->directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    bool is_read = root >= 0 && filetree_scan(&tree, root, view, &observer->rules) == FILE_READ;
    if (is_read) {
        *row = row_of_tree(&tree);
    }
    if (root >= 0) {
        filetree_release(&tree);
        disk->close(root);
    }
    return is_read;
}

bool observe_left(struct observer *observer, const char *path, const struct tree_view *view,
                  uint32_t flags, struct file_row *row)
{
    struct file_row now;
    if (!stat_row(observer, path, view, &now)) {
        return false;
    }
    if (!row_stands(row, &now)) {
        bool was_failed = same_stat(row, &now) && (row->flags & FILE_ROW_FAILED) != 0;
        now.digest = DIGEST_UNREAD;
        now.flags |= FILE_ROW_RACY | (was_failed ? FILE_ROW_FAILED : 0);
        *row = now;
    }
    row->flags |= flags;
    return true;
}

bool observe_is_untouched(const struct observer *observer, const char *path,
                          const struct tree_view *view, const struct file_row *row)
{
    struct file_row now;
    return stat_row(observer, path, view, &now) && same_stat(row, &now);
}

static enum file_status stat_look(const struct observer *observer, const char *path,
                                  const struct tree_view *view, const struct file_row *row,
                                  struct file_stat *found)
{
    struct file_stat stat;
    struct file_row now;
    if (file_stat(observer->directory, path, &stat) != 0) {
        return FILE_TROUBLE;
    }
    if (found != NULL) {
        *found = stat;
    }
    if (stat.kind == FILE_MISSING) {
        return FILE_GONE;
    }
    if (stat.kind != FILE_DIRECTORY) {
        now = looks_into_file(view, &stat) ? row_of_nothing() : row_of_stat(&stat);
        return row_stands(row, &now) ? FILE_CURRENT : FILE_MOVED;
    }
    if ((row->flags & FILE_ROW_DIRECTORY) == 0) {
        return FILE_MOVED;
    }
    return stat_row(observer, path, view, &now) && row_stands(row, &now) ? FILE_CURRENT
                                                                         : FILE_MOVED;
}

enum file_status observe_stat(const struct observer *observer, const char *path,
                              const struct file_row *row, struct file_stat *found)
{
    return stat_look(observer, path, NULL, row, found);
}

enum file_status observe_view_stat(const struct observer *observer, const char *path,
                                   const struct tree_view *view, const struct file_row *row)
{
    return stat_look(observer, path, view, row, NULL);
}

void observer_make_row(struct observer *observer, const struct file_stat *stat,
                       struct digest digest, struct file_row *row)
{
    *row = row_of_stat(stat);
    row->digest = digest;
    if (observer_is_racy(observer, row)) {
        row->flags |= FILE_ROW_RACY;
    }
}
