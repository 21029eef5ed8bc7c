#include "audit_compare.h"

#include "intern.h"
#include "vec.h"

#include <string.h>

/* What is known of one path. */
struct history {
    bool is_made;    /* by the command itself */
    bool is_folder;  /* that it made */
    bool was_read;   /* before it was made */
    bool was_listed; /* likewise */
    bool was_written;
    bool was_deleted; /* or renamed, though the command hadn't made it */
    bool may_be_written;
    int64_t mtime_ns; /* if it may be written */
    uint64_t device;
    uint64_t inode;
    struct slice reader; /* programs */
    struct slice writer;
};

struct comparison {
    const struct audit_execution *execution;
    const struct audit_questions *questions;
    bool *used;
    audit_difference_fn *found;
    void *context;
    struct intern paths;
    VEC(struct history) histories; /* by number of the path */
};

/* ---- What happened ---- */

static struct history *history_of(struct comparison *comparison, struct slice path)
{
    uint32_t number = intern_add(&comparison->paths, path);
    while (comparison->histories.count <= number) {
        vec_push(&comparison->histories, (struct history){.is_made = false});
    }
    return &comparison->histories.at[number];
}

/* Whether `path` is `folder` or lies below it; everything does below "". */
static bool is_below(struct slice path, struct slice folder)
{
    return folder.len == 0 ||
           (path.len >= folder.len && memcmp(path.at, folder.at, folder.len) == 0 &&
            (path.len == folder.len || path.at[folder.len] == '/'));
}

/* The outermost folder that the command made and that holds `path`; empty: none. */
static struct slice made_folder_around(const struct comparison *comparison, struct slice path)
{
    for (size_t i = 1; i < path.len; i++) {
        if (path.at[i] == '/') {
            struct slice folder = slice_make(path.at, i);
            uint32_t number = intern_find(&comparison->paths, folder);
            if (number != INTERN_NONE && comparison->histories.at[number].is_folder) {
                return folder;
            }
        }
    }
    return (struct slice){0};
}

static bool is_made(const struct comparison *comparison, struct slice path)
{
    uint32_t number = intern_find(&comparison->paths, path);
    return (number != INTERN_NONE && comparison->histories.at[number].is_made) ||
           made_folder_around(comparison, path).len > 0;
}

static bool is_ignored(const struct comparison *comparison, struct slice path)
{
    return comparison->questions->ignores(comparison->questions->context, path);
}

static void identify(struct history *history, const struct deed *deed)
{
    if (deed->inode != 0) {
        history->device = deed->device;
        history->inode = deed->inode;
    }
}

static void happen_write(struct comparison *comparison, const struct deed *deed, struct slice path,
                         bool is_folder, bool is_new)
{
    struct history *history = history_of(comparison, path);
    history->was_written = true;
    history->is_made = history->is_made || is_new;
    history->is_folder = is_folder;
    history->writer = deed->program;
    identify(history, deed);
}

static void happen_delete(struct comparison *comparison, const struct deed *deed)
{
    if (!is_made(comparison, deed->path)) {
        struct history *history = history_of(comparison, deed->path);
        history->was_deleted = true;
        history->writer = deed->program;
    }
}

static void happen_rename(struct comparison *comparison, const struct deed *deed)
{
    bool made = is_made(comparison, deed->path);
    uint32_t number = intern_find(&comparison->paths, deed->path);
    bool is_folder = number != INTERN_NONE && comparison->histories.at[number].is_folder;
    if (!is_ignored(comparison, deed->path) && !made) {
        happen_delete(comparison, deed);
    }
    if (!is_ignored(comparison, deed->other)) {
        happen_write(comparison, deed, deed->other, is_folder, made);
    }
}

static void happen_read(struct comparison *comparison, const struct deed *deed)
{
    if (is_made(comparison, deed->path)) {
        return;
    }
    struct history *history = history_of(comparison, deed->path);
    history->was_read = history->was_read || deed->kind == TRACE_READ;
    history->was_listed = history->was_listed || deed->kind == TRACE_LIST;
    history->reader = deed->program;
    identify(history, deed);
}

static void happen_suspect(struct comparison *comparison, const struct deed *deed)
{
    if (is_made(comparison, deed->path)) {
        return;
    }
    struct history *history = history_of(comparison, deed->path);
    if (!history->may_be_written) {
        history->may_be_written = true;
        history->mtime_ns = deed->mtime_ns;
    }
    history->writer = deed->program;
    identify(history, deed);
}

static void happen(struct comparison *comparison, const struct deed *deed)
{
    if (deed->kind == TRACE_RENAME) {
        happen_rename(comparison, deed);
        return;
    }
    if (deed->kind == TRACE_PTRACE || is_ignored(comparison, deed->path)) {
        return;
    }
    switch (deed->kind) {
    case TRACE_READ:
    case TRACE_LIST:
        happen_read(comparison, deed);
        break;
    case TRACE_WRITE:
    case TRACE_FOLDER:
        happen_write(comparison, deed, deed->path, deed->kind == TRACE_FOLDER, deed->is_new);
        break;
    case TRACE_SUSPECT:
        happen_suspect(comparison, deed);
        break;
    case TRACE_DELETE:
        happen_delete(comparison, deed);
        break;
    case TRACE_RENAME:
    case TRACE_PTRACE:
    case TRACE_KINDS:
        break;
    }
}

/* ---- What was declared ---- */

/* Whether the file declares the path: by name, by a folder around it, or since both are one file
 * by two names. */
static bool declares(const struct audit_file *file, struct slice path,
                     const struct history *history)
{
    return slice_equal(file->path, path) || (file->is_folder && is_below(path, file->path)) ||
           (file->inode != 0 && history->inode == file->inode && history->device == file->device);
}

/* The first declared file of a role that the path is; NULL: none. */
static const struct audit_file *find_declared(const struct comparison *comparison,
                                              struct slice path, const struct history *history,
                                              enum audit_role role)
{
    for (size_t i = 0; i < comparison->execution->file_count; i++) {
        const struct audit_file *file = &comparison->execution->files[i];
        if (file->role == role && declares(file, path, history)) {
            return file;
        }
    }
    return NULL;
}

static bool holds_declared(const struct comparison *comparison, struct slice folder)
{
    for (size_t i = 0; i < comparison->execution->file_count; i++) {
        const struct audit_file *file = &comparison->execution->files[i];
        if (is_below(file->path, folder) || (file->is_folder && is_below(folder, file->path))) {
            return true;
        }
    }
    return false;
}

static void mark_used(const struct comparison *comparison, struct slice path,
                      const struct history *history)
{
    for (size_t i = 0; i < comparison->execution->file_count; i++) {
        const struct audit_file *file = &comparison->execution->files[i];
        if (file->role == ROLE_INPUT && file->input != UINT32_MAX &&
            declares(file, path, history)) {
            comparison->used[file->input] = true;
        }
    }
}

/* ---- What differs ---- */

static void tell(const struct comparison *comparison, enum audit_kind kind, struct slice path,
                 struct slice program, struct slice maker, bool is_folder)
{
    struct audit_difference difference = {
        .kind = kind, .path = path, .maker = maker, .program = program, .is_folder = is_folder};
    comparison->found(comparison->context, &difference);
}

static struct slice maker_of(const struct comparison *comparison, struct slice path)
{
    return comparison->questions->maker(comparison->questions->context, path);
}

static void judge_read(const struct comparison *comparison, struct slice path,
                       const struct history *history)
{
    const struct slice nobody = {0};
    mark_used(comparison, path, history);
    if (find_declared(comparison, path, history, ROLE_VALUE) != NULL) {
        if (!comparison->execution->value_is_read) {
            tell(comparison, AUDIT_VALUE, path, history->reader, nobody, false);
        }
    } else if (find_declared(comparison, path, history, ROLE_INPUT) == NULL &&
               find_declared(comparison, path, history, ROLE_PRODUCT) == NULL) {
        tell(comparison, AUDIT_INPUT, path, history->reader, maker_of(comparison, path), false);
    }
}

static void judge_list(const struct comparison *comparison, struct slice path,
                       const struct history *history)
{
    mark_used(comparison, path, history);
    if (!holds_declared(comparison, path) && !is_made(comparison, path)) {
        tell(comparison, AUDIT_LISTED, path, history->reader, (struct slice){0}, true);
    }
}

/* Whose file it was that the command changed or took away; AUDIT_KINDS: nobody's. */
static enum audit_kind find_owner(const struct comparison *comparison, struct slice path,
                                  const struct history *history, struct slice *maker)
{
    *maker = (struct slice){0};
    if (find_declared(comparison, path, history, ROLE_VALUE) != NULL) {
        return AUDIT_VALUE_CHANGED;
    }
    *maker = maker_of(comparison, path);
    if (maker->len > 0) {
        return AUDIT_FOREIGN;
    }
    return find_declared(comparison, path, history, ROLE_INPUT) != NULL ? AUDIT_INPUT_CHANGED
                                                                        : AUDIT_KINDS;
}

static void judge_change(const struct comparison *comparison, struct slice path,
                         const struct history *history)
{
    int64_t mtime_ns = 0;
    bool exists = comparison->questions->exists(comparison->questions->context, path, &mtime_ns);
    bool written = history->was_written ||
                   (history->may_be_written && exists && mtime_ns != history->mtime_ns);
    bool deleted = history->was_deleted && !exists;
    if ((!written && !deleted) || find_declared(comparison, path, history, ROLE_PRODUCT) != NULL) {
        return;
    }
    struct slice maker;
    enum audit_kind kind = find_owner(comparison, path, history, &maker);
    if (kind != AUDIT_KINDS) {
        if (exists || deleted) {
            tell(comparison, kind, path, history->writer, maker, false);
        }
    } else if (deleted) {
        tell(comparison, AUDIT_DELETED, path, history->writer, maker, false);
    } else if (exists) {
        struct slice folder = made_folder_around(comparison, path);
        bool is_inside = folder.len > 0 && !holds_declared(comparison, folder);
        bool is_way = history->is_folder && holds_declared(comparison, path);
        if (!is_inside && !is_way) { /* of a new folder, only the folder is told */
            tell(comparison, AUDIT_PRODUCT, path, history->writer, maker, history->is_folder);
        }
    }
}

static void judge(const struct comparison *comparison, uint32_t number)
{
    struct slice path = intern_name(&comparison->paths, number);
    struct history history = comparison->histories.at[number];
    if (path.len > 0 && path.at[0] == '/') { /* outside */
        bool is_declared = find_declared(comparison, path, &history, ROLE_INPUT) != NULL ||
                           find_declared(comparison, path, &history, ROLE_PRODUCT) != NULL ||
                           find_declared(comparison, path, &history, ROLE_VALUE) != NULL;
        mark_used(comparison, path, &history);
        if (history.was_read && !is_declared) {
            tell(comparison, AUDIT_OUTSIDE, path, history.reader, (struct slice){0}, false);
        }
        return;
    }
    if (history.was_read) {
        judge_read(comparison, path, &history);
    }
    if (history.was_listed) {
        judge_list(comparison, path, &history);
    }
    if (history.was_written || history.may_be_written || history.was_deleted) {
        judge_change(comparison, path, &history);
    }
}

/* `used` is written through the comparison. NOLINTBEGIN(readability-non-const-parameter) */
void audit_compare(const struct audit_execution *execution, const struct audit_questions *questions,
                   bool *used, audit_difference_fn *found, void *context)
/* NOLINTEND(readability-non-const-parameter) */
{
    struct comparison comparison = {.execution = execution,
                                    .questions = questions,
                                    .used = used,
                                    .found = found,
                                    .context = context};
    intern_init(&comparison.paths);
    for (size_t i = 0; i < execution->deed_count; i++) {
        happen(&comparison, &execution->deeds[i]);
    }
    for (uint32_t i = 0; i < comparison.histories.count; i++) {
        judge(&comparison, i);
    }
    for (size_t i = 0; i < execution->deed_count; i++) {
        if (execution->deeds[i].kind == TRACE_PTRACE) {
            tell(&comparison, AUDIT_PTRACE, execution->deeds[i].program,
                 execution->deeds[i].program, (struct slice){0}, false);
        }
    }
    vec_release(&comparison.histories);
    intern_release(&comparison.paths);
}
