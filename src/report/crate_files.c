/* Files and folders of a crate: what was read and made. */
#include "crate_inner.h"

#include "file.h"

#include <inttypes.h>

/* Whether a path is in the project, or in the workspace wherever that is: such files are copied. */
static bool is_of_study(const struct crate *crate, struct slice path)
{
    struct slice workspace = crate->graph->workspace->path;
    return path.at[0] != '/' ||
           (path.len > workspace.len && memcmp(path.at, workspace.at, workspace.len) == 0 &&
            path.at[workspace.len] == '/');
}

/* The name in the crate: the path from the project. A workspace outside of the project lies in the
 * crate by its absolute path, and `up` stands for `..`. */
static struct slice name_in_crate(struct crate *crate, struct slice path)
{
    struct buf name = BUF_EMPTY;
    for (size_t at = 0; at < path.len;) {
        const char *end = memchr(path.at + at, '/', path.len - at);
        size_t stop = end != NULL ? (size_t)(end - path.at) : path.len;
        struct slice part = slice_make(path.at + at, stop - at);
        if (part.len > 0) {
            if (name.len > 0) {
                buf_add_char(&name, '/');
            }
            buf_add_slice(&name,
                          slice_equal(part, SLICE_LITERAL("..")) ? SLICE_LITERAL("up") : part);
        }
        at = stop + 1;
    }
    struct slice kept = arena_slice(&crate->names, buf_slice(&name));
    buf_release(&name);
    return kept;
}

static void describe(struct crate *crate, struct slice path, struct slice name,
                     const struct package_file *file)
{
    struct buf size = BUF_EMPTY;
    buf_addf(&size, "%" PRIu64, file->size);
    crate_string(crate, "name", path);
    if (!slice_equal(path, name)) {
        crate_string(crate, "alternateName", path);
    }
    crate_string(crate, "contentSize", buf_slice(&size));
    crate_string(crate, "sha256", slice_of(file->sha256));
    buf_release(&size);
}

int crate_copy(struct crate *crate, const char *path, const char *name, struct package_file *file)
{
    *file = (struct package_file){0};
    struct package_source source = {.directory = plan_project(crate->plan), .path = path};
    crate->files++;
    return package_add_file(crate->package, &source, name, file, crate->diag);
}

/* The crate's own document has that name. */
static int check_name(struct crate *crate, struct slice name)
{
    return !slice_equal(name, SLICE_LITERAL("ro-crate-metadata.json"))
               ? 0
               : diag_error(crate->diag, FINDING_EXISTS,
                            "`%s` has the name of the file that describes a crate; rename it",
                            name.at);
}

/* ---- Folders ---- */

struct folder {
    struct crate *crate;
    struct slice path;
    struct slice name;
    id_list *ids;
};

static void add_part(void *context, const char *below, const struct package_file *file)
{
    struct folder *folder = context;
    struct crate *crate = folder->crate;
    struct buf path = BUF_EMPTY;
    struct buf name = BUF_EMPTY;
    buf_add_slice(&path, folder->path);
    buf_addf(&path, "/%s", below);
    buf_add_slice(&name, folder->name);
    buf_addf(&name, "/%s", below);
    struct slice id = crate_id(crate, "", buf_slice(&name), SLICE_LITERAL(""));
    if (file != NULL && crate_begin(crate, id, "File")) {
        describe(crate, buf_slice(&path), buf_slice(&name), file);
        crate_end(crate);
        crate->files++;
    }
    vec_push(folder->ids, id);
    buf_release(&name);
    buf_release(&path);
}

static int copy_folder(struct crate *crate, const struct story_file *file, id_list *ids)
{
    struct folder folder = {
        .crate = crate, .path = file->place, .name = name_in_crate(crate, file->place), .ids = ids};
    struct package_folder source = {
        .source = {.directory = plan_project(crate->plan), .path = file->place.at},
        .name = folder.name.at,
        .view = file->view,
        .rules = &crate->graph->rules,
        .inside = crate->options->project_path,
    };
    return package_add_folder(crate->package, &source, add_part, &folder, &crate->skipped,
                              crate->diag);
}

static int add_folder(struct crate *crate, const struct story_file *file, struct slice parameter,
                      id_list *ids)
{
    struct slice name = name_in_crate(crate, file->path);
    struct slice id = crate_id(crate, "", name, SLICE_LITERAL(""));
    struct buf with_slash = BUF_EMPTY;
    id_list parts = {0};
    int result = 0;
    buf_add_slice(&with_slash, id);
    buf_add_char(&with_slash, '/');
    id = arena_slice(&crate->names, buf_slice(&with_slash));
    buf_release(&with_slash);
    vec_push(ids, id);
    if (check_name(crate, name) != 0) {
        result = -1;
    } else if (intern_find(&crate->ids, id) == INTERN_NONE) {
        result = copy_folder(crate, file, &parts);
        if (crate_begin(crate, id, "Dataset")) {
            crate_string(crate, "name", file->path);
            crate_references(crate, "hasPart", &parts);
            crate_reference(crate, "exampleOfWork", parameter);
            crate_end(crate);
            vec_push(&crate->parts, id);
        }
    }
    vec_release(&parts);
    return result;
}

/* What globs match in a folder: the files themselves stand for it. */
static int add_matches(struct crate *crate, const struct story_file *file, id_list *ids)
{
    size_t before = ids->count;
    size_t known = crate->ids.count;
    int result = copy_folder(crate, file, ids);
    for (size_t i = before; i < ids->count && result == 0; i++) {
        if (intern_find(&crate->ids, ids->at[i]) >= known) {
            vec_push(&crate->parts, ids->at[i]);
        }
    }
    return result;
}

/* ---- Files ---- */

static int add_regular(struct crate *crate, struct slice path, struct slice parameter,
                       struct slice *id)
{
    struct package_file copied;
    struct slice name = name_in_crate(crate, path);
    *id = crate_id(crate, "", name, SLICE_LITERAL(""));
    if (check_name(crate, name) != 0) {
        return -1;
    }
    if (intern_find(&crate->ids, *id) != INTERN_NONE) {
        return 0;
    }
    if (crate_copy(crate, path.at, name.at, &copied) != 0) {
        return -1;
    }
    if (crate_begin(crate, *id, "File")) {
        describe(crate, path, name, &copied);
        crate_reference(crate, "exampleOfWork", parameter);
        crate_end(crate);
        vec_push(&crate->parts, *id);
    }
    return 0;
}

/* A file whose content isn't part of the crate. */
static struct slice add_absent(struct crate *crate, const struct story_file *file, bool is_outside)
{
    static const char *const why[] = {
        [STORY_AS_RECORDED] = "A file outside of the project. It isn't part of the crate.",
        [STORY_CHANGED] = "The file was changed after this. It isn't part of the crate.",
        [STORY_MISSING] = "The file no longer exists.",
        [STORY_DELETED] =
            "A temporary file, deleted after it was read. It isn't part of the crate.",
        [STORY_UNREADABLE] = "The file could not be read. It isn't part of the crate.",
        [STORY_UNKNOWN] = "The content was not recorded. The file isn't part of the crate.",
    };
    struct buf digest = BUF_EMPTY;
    bool has_digest = digest_is_content(file->digest);
    if (has_digest) {
        digest_format(file->digest, &digest);
    }
    struct slice id = crate_id(crate, is_outside ? "file://" : "#recorded/", file->path,
                               is_outside ? SLICE_LITERAL("") : buf_slice(&digest));
    if (crate_begin(crate, id, "CreativeWork")) {
        crate_string(crate, "name", file->path);
        crate_string(crate, "description", slice_of(why[file->now]));
        if (has_digest) {
            struct buf text = BUF_EMPTY;
            buf_addf(&text, "xxh3-128:%s", buf_string(&digest));
            crate_string(crate, "identifier", buf_slice(&text));
            buf_release(&text);
        }
        crate_end(crate);
    }
    buf_release(&digest);
    return id;
}

int crate_add_file(struct crate *crate, const struct story_file *file, struct slice parameter,
                   id_list *ids)
{
    struct slice id;
    bool is_outside = !is_of_study(crate, file->path);
    if (digest_is_absent(file->digest)) {
        return 0;
    }
    if (file->now != STORY_AS_RECORDED || is_outside) {
        vec_push(ids, add_absent(crate, file, is_outside && file->now == STORY_AS_RECORDED));
        return 0;
    }
    if (file->view != NULL && file->view->globs != NULL) {
        return add_matches(crate, file, ids);
    }
    if (file->is_folder) {
        return add_folder(crate, file, parameter, ids);
    }
    if (add_regular(crate, file->path, parameter, &id) != 0) {
        return -1;
    }
    vec_push(ids, id);
    return 0;
}

int crate_add_plain_file(struct crate *crate, const char *path, struct slice *id)
{
    struct file_stat found;
    *id = SLICE_LITERAL("");
    if (file_stat(plan_project(crate->plan), path, &found) != 0 || found.kind != FILE_REGULAR) {
        return 0;
    }
    return add_regular(crate, arena_slice(&crate->names, slice_of(path)), SLICE_LITERAL(""), id);
}
