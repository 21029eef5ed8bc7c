#include "targets.h"

#include "disk.h"
#include "file.h"
#include "intern.h"
#include "links.h"
#include "text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Of several files at one place two are enough: one of them isn't the product that is checked. */
struct residents {
    uint32_t files[2];
};

struct targets {
    struct slice project; /* absolute, without links */
    struct intern places; /* identities, and absolute paths of files and of the folders that hold
                             them */
    VEC(struct residents) residents; /* by place */
    struct buf key;
    struct buf last_folder; /* of the file before, and where it lies */
    struct buf last_place;
};

/* Of folders: `outer` is `inner` or holds it. Absolute paths. */
static bool holds(struct slice outer, struct slice inner)
{
    return inner.len >= outer.len && memcmp(inner.at, outer.at, outer.len) == 0 &&
           (inner.len == outer.len || inner.at[outer.len] == '/');
}

static void cut(struct buf *path, size_t len)
{
    path->len = len;
    path->at[len] = '\0';
}

/* ---- All files of the study ---- */

/* No path contains a NUL, and each begins with a slash. */
static struct slice identity_key(struct targets *targets, const struct file_stat *stat)
{
    uint64_t numbers[2] = {stat->device, stat->inode};
    buf_clear(&targets->key);
    buf_add_char(&targets->key, '\0');
    buf_add(&targets->key, numbers, sizeof numbers);
    return buf_slice(&targets->key);
}

/* False: other files lie there already. */
static bool add_resident(struct targets *targets, struct slice key, struct file_id file)
{
    uint32_t place = intern_add(&targets->places, key);
    if (place == targets->residents.count) {
        vec_push(&targets->residents, ((struct residents){{file.at, GRAPH_NONE}}));
        return true;
    }
    struct residents *there = &targets->residents.at[place];
    if (there->files[1] == GRAPH_NONE && there->files[0] != file.at) {
        there->files[1] = file.at;
        return true;
    }
    return false;
}

/* The path itself and the folders above it, below the root. */
static void add_path(struct targets *targets, struct buf *path, struct file_id file)
{
    bool is_new = true;
    while (path->len > 1 && is_new) {
        is_new = add_resident(targets, buf_slice(path), file);
        const char *slash = strrchr(buf_string(path), '/');
        cut(path, (size_t)(slash - path->at));
    }
}

/* Where a missing file will be: through links in its folder, and through itself where it is a link
 * that leads to nothing yet. */
static void add_missing(struct targets *targets, struct plan *plan, struct file_id file,
                        const char *path)
{
    struct buf place = BUF_EMPTY;
    if (plan_find_target(plan, file, &place)) {
        add_path(targets, &place, file);
        buf_release(&place);
        return;
    }
    const char *slash = strrchr(path, '/');
    struct slice folder = slice_make(path, slash != NULL ? (size_t)(slash - path) : 0);
    if (targets->last_place.len == 0 || !slice_equal(folder, buf_slice(&targets->last_folder))) {
        buf_clear(&targets->last_folder);
        buf_add_slice(&targets->last_folder, folder);
        buf_clear(&targets->last_place);
        buf_add_slice(&targets->last_place, targets->project);
        buf_addf(&targets->last_place, "/%.*s/x", SLICE_ARGS(folder));
        if (links_make_plain(&targets->last_place)) {
            cut(&targets->last_place, targets->last_place.len - 2);
        } else {
            buf_clear(&targets->last_place);
        }
    }
    if (targets->last_place.len > 0) {
        buf_add_slice(&place, buf_slice(&targets->last_place));
        buf_addf(&place, "/%s", slash != NULL ? slash + 1 : path);
        add_path(targets, &place, file);
    }
    buf_release(&place);
}

static void add_file(struct targets *targets, struct plan *plan, struct file_id file)
{
    struct file_stat found;
    const char *path = plan_path(plan, file);
    struct buf place = BUF_EMPTY;
    buf_addf(&place, "%.*s/%s", SLICE_ARGS(targets->project), path);
    add_path(targets, &place, file);
    if (file_stat(plan->project, path, &found) != 0 || found.kind == FILE_MISSING) {
        add_missing(targets, plan, file, path);
    } else {
        add_resident(targets, identity_key(targets, &found), file);
    }
    buf_release(&place);
}

static struct targets *targets_new(struct plan *plan)
{
    struct targets *targets = mem_alloc(sizeof *targets);
    char *project = disk->path_of(plan->project);
    intern_init(&targets->places);
    targets->project = arena_slice(&plan->arena, slice_of(project != NULL ? project : ""));
    free(project);
    for (uint32_t f = 0; f < plan->graph->file_count; f++) {
        add_file(targets, plan, (struct file_id){f});
    }
    return targets;
}

void targets_free(struct targets *targets)
{
    if (targets == NULL) {
        return;
    }
    intern_release(&targets->places);
    vec_release(&targets->residents);
    buf_release(&targets->key);
    buf_release(&targets->last_folder);
    buf_release(&targets->last_place);
    free(targets);
}

/* ---- One target ---- */

/* A file at the place other than `self`. Inodes are given away again: where the place is one, the
 * file must still have it. */
static bool find_other(struct plan *plan, struct slice key, struct file_id self,
                       const struct file_stat *same, struct file_id *other)
{
    const struct targets *targets = plan->targets;
    uint32_t place = intern_find(&targets->places, key);
    for (size_t i = 0; i < 2 && place != INTERN_NONE; i++) {
        struct file_stat found;
        *other = (struct file_id){targets->residents.at[place].files[i]};
        if (other->at == GRAPH_NONE || other->at == self.at) {
            continue;
        }
        if (same == NULL || (file_stat(plan->project, plan_path(plan, *other), &found) == 0 &&
                             found.device == same->device && found.inode == same->inode)) {
            return true;
        }
    }
    return false;
}

/* Another file of the study that is the target, lies in it, or holds it. */
static bool find_neighbour(struct plan *plan, struct file_id self, struct slice target,
                           struct file_id *other)
{
    struct buf path = BUF_EMPTY;
    bool found = find_other(plan, target, self, NULL, other);
    buf_add_slice(&path, target);
    while (!found && path.len > 0) {
        struct file_stat stat;
        if (file_stat(AT_FDCWD, buf_string(&path), &stat) == 0 && stat.kind != FILE_MISSING) {
            struct slice key = identity_key(plan->targets, &stat);
            found = find_other(plan, key, self, &stat, other);
        }
        const char *slash = strrchr(buf_string(&path), '/');
        cut(&path, slash != NULL ? (size_t)(slash - path.at) : 0);
    }
    buf_release(&path);
    return found;
}

static int refuse(struct plan *plan, struct file_id file, struct slice target, struct slice why,
                  struct diag *diag)
{
    struct buf shown = BUF_EMPTY;
    struct buf leads = BUF_EMPTY;
    text_add_name(&shown, slice_of(plan_path(plan, file)));
    text_add_name(&leads, target);
    diag_state_error(
        diag, FINDING_UNSAFE_PATH,
        "the product %s is a symbolic link to %s, which %.*s; let it lead to a file or "
        "folder of its own, or remove the link",
        buf_string(&shown), buf_string(&leads), SLICE_ARGS(why));
    buf_release(&shown);
    buf_release(&leads);
    return -1;
}

int plan_check_target(struct plan *plan, struct file_id file, struct slice target,
                      struct diag *diag)
{
    struct buf why = BUF_EMPTY;
    struct file_id other;
    if (plan->targets == NULL) {
        plan->targets = targets_new(plan);
    }
    if (holds(target, plan->targets->project)) {
        buf_add_string(&why, "holds the project");
    } else if (find_neighbour(plan, file, target, &other)) {
        buf_add_string(&why, "is, holds or belongs to ");
        text_add_name(&why, slice_of(plan_path(plan, other)));
    }
    int result = why.len > 0 ? refuse(plan, file, target, buf_slice(&why), diag) : 0;
    buf_release(&why);
    return result;
}
