/* Opening a repository, and its commits. */
#include "git_library.h"

#include "hex.h"
#include "memory.h"
#include "text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* libgit2 1.5 forgets some memory for each extension of a repository. That isn't ours to mend. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define LEAKS_ARE_KNOWN() __lsan_disable()
#define LEAKS_ARE_OURS() __lsan_enable()
#else
#define LEAKS_ARE_KNOWN()
#define LEAKS_ARE_OURS()
#endif

/* Whose repositories are trusted is a setting of the whole library. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- Ids ---- */

void git_id_add(const struct git_id *id, unsigned digits, struct buf *out)
{
    struct buf all = BUF_EMPTY;
    hex_add(&all, id->bytes, sizeof id->bytes);
    buf_add(out, all.at, digits < GIT_ID_DIGITS ? digits : GIT_ID_DIGITS);
    buf_release(&all);
}

bool git_id_read(struct slice text, struct git_id *id)
{
    *id = (struct git_id){0};
    for (size_t i = 0; i < text.len && i < GIT_ID_DIGITS; i++) {
        int half = hex_value(text.at[i]);
        if (half < 0) {
            return false;
        }
        id->bytes[i / 2] = (uint8_t)(id->bytes[i / 2] << 4 | half);
    }
    return text.len == GIT_ID_DIGITS;
}

/* ---- Opening ---- */

struct trust {
    const char *folder;
    bool is_trusted;
};

/* A star alone, and a folder with a star as its last part: libgit2 1.5 knows neither. An empty value
 * takes back the values before it. */
static int read_trust(const git_config_entry *entry, void *context)
{
    struct trust *trust = context;
    size_t len = strlen(entry->value);
    if (len == 0) {
        trust->is_trusted = false;
    } else if (strcmp(entry->value, "*") == 0 ||
               (len > 2 && strcmp(entry->value + len - 2, "/*") == 0 &&
                strncmp(trust->folder, entry->value, len - 1) == 0)) {
        trust->is_trusted = true;
    }
    return 0;
}

/* Whether the user's settings trust the folder whoever owns it. */
static bool is_trusted(const struct git_library *git, const char *folder)
{
    struct trust trust = {.folder = folder};
    git_config *config = NULL;
    if (git->git_config_open_default(&config) == 0) {
        (void)git->git_config_get_multivar_foreach(config, "safe.directory", NULL, read_trust,
                                                   &trust);
        git->git_config_free(config);
    }
    return trust.is_trusted;
}

static bool is_of_another(const struct git_library *git, int error)
{
    return error == GIT_EOWNER ||
           (error < 0 && strstr(git_library_error(git), "safe.directory") != NULL) ||
           (error < 0 && strstr(git_library_error(git), "not owned") != NULL);
}

static int open_handle(const struct git_library *git, const char *folder, git_repository **handle)
{
    pthread_mutex_lock(&opening);
    LEAKS_ARE_KNOWN();
    int result = git->git_repository_open_ext(handle, folder, 0, NULL);
    if (is_of_another(git, result) && is_trusted(git, folder)) {
        git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        result = git->git_repository_open_ext(handle, folder, 0, NULL);
        git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
    }
    LEAKS_ARE_OURS();
    pthread_mutex_unlock(&opening);
    return result;
}

/* The folder, shown so that it can be pasted. */
static int tell_unusable(const struct git_library *git, int error, const char *folder,
                         struct diag *diag)
{
    const char *said = git_library_error(git);
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, slice_of(folder));
    const char *name = buf_string(&shown);
    if (is_of_another(git, error)) {
        diag_state_error(diag, FINDING_GIT_UNUSABLE,
                         "the git repository of `%s` belongs to another user; if you trust it: "
                         "`git config --global --add safe.directory %s`",
                         name, name);
    } else if (strstr(said, "objectformat") != NULL || strstr(said, "object format") != NULL) {
        diag_state_error(diag, FINDING_GIT_UNUSABLE,
                         "the git repository of `%s` names its objects by sha256, which libgit2 "
                         "%s can't read; to convert a copy: `git init COPY && git fast-export "
                         "--all | git -C COPY fast-import`",
                         name, LIBGIT2_VERSION);
    } else {
        diag_state_error(diag, FINDING_GIT_UNUSABLE,
                         "the git repository of `%s` can't be opened: %s; try `git -C %s status`",
                         name, said, name);
    }
    buf_release(&shown);
    return -1;
}

/* Finds the top and the folder's path below it; both are known without symbolic links. */
static int find_place(struct repository *repository, const char *folder, struct diag *diag)
{
    const char *workdir = repository->git->git_repository_workdir(repository->handle);
    if (workdir == NULL) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, slice_of(repository->git->git_repository_path(repository->handle)));
        diag_state_error(diag, FINDING_GIT_UNUSABLE,
                         "the git repository `%s` is bare, it has no working tree to compare with: "
                         "use a clone, `git clone %s`",
                         buf_string(&shown), buf_string(&shown));
        buf_release(&shown);
        return -1;
    }
    repository->top = realpath(workdir, NULL);
    size_t len = repository->top != NULL ? strlen(repository->top) : 0;
    if (len == 1) {
        len = 0; /* the root itself */
    }
    if (repository->top == NULL || strncmp(folder, repository->top, len) != 0 ||
        (folder[len] != '/' && folder[len] != '\0')) {
        return diag_state_error(diag, FINDING_GIT_UNUSABLE,
                                "`%s` is not in the working tree of its git repository, `%s`",
                                folder, workdir);
    }
    struct buf prefix = BUF_EMPTY;
    const char *below = folder + len + (folder[len] == '/');
    buf_addf(&prefix, "%s%s", below, below[0] != '\0' ? "/" : "");
    repository->prefix = mem_copy(buf_string(&prefix), prefix.len);
    buf_release(&prefix);
    return 0;
}

int repository_open(const char *folder, struct repository **repository, struct diag *diag)
{
    *repository = NULL;
    const struct git_library *git = git_library_open(diag);
    if (git == NULL) {
        return -1;
    }
    git_repository *handle = NULL;
    git->git_error_clear();
    int result = open_handle(git, folder, &handle);
    if (result == GIT_ENOTFOUND && !is_of_another(git, result)) {
        return 1;
    }
    if (result != 0) {
        return tell_unusable(git, result, folder, diag);
    }
    struct repository *made = mem_alloc(sizeof *made);
    *made = (struct repository){.git = git, .handle = handle};
    if (find_place(made, folder, diag) != 0) {
        repository_free(made);
        return -1;
    }
    *repository = made;
    return 0;
}

void repository_free(struct repository *repository)
{
    if (repository == NULL) {
        return;
    }
    if (repository->index != NULL) {
        repository->git->git_index_free(repository->index);
    }
    repository->git->git_repository_free(repository->handle);
    free(repository->top);
    free(repository->prefix);
    free(repository);
}

const char *repository_top(const struct repository *repository)
{
    return repository->top;
}

struct slice repository_prefix(const struct repository *repository)
{
    return slice_of(repository->prefix);
}

/* ---- Commits ---- */

int repository_head(struct repository *repository, struct git_id *commit, struct diag *diag)
{
    git_oid id;
    int result = repository->git->git_reference_name_to_id(&id, repository->handle, "HEAD");
    if (result == GIT_ENOTFOUND || result == GIT_EUNBORNBRANCH) {
        return 1;
    }
    if (result != 0) {
        return diag_state_error(diag, FINDING_GIT_OBJECT_MISSING,
                                "git's HEAD can't be read: %s; try `git -C %s fsck`",
                                git_library_error(repository->git), repository->top);
    }
    memcpy(commit->bytes, id.id, sizeof commit->bytes);
    return 0;
}

git_tree *repository_tree(struct repository *repository, const struct git_id *commit,
                          struct diag *diag)
{
    const struct git_library *git = repository->git;
    git_commit *found = NULL;
    git_tree *tree = NULL;
    git_oid id;
    git->git_oid_fromraw(&id, commit->bytes);
    if (git->git_commit_lookup(&found, repository->handle, &id) == 0) {
        (void)git->git_tree_lookup(&tree, repository->handle, git->git_commit_tree_id(found));
    }
    if (tree == NULL) {
        struct buf shown = BUF_EMPTY;
        git_id_add(commit, GIT_ID_DIGITS, &shown);
        diag_state_error(diag, FINDING_GIT_OBJECT_MISSING,
                         "the commit %s can't be read: %s; try `git -C %s fetch origin %s`",
                         buf_string(&shown), git_library_error(git), repository->top,
                         buf_string(&shown));
        buf_release(&shown);
    }
    git->git_commit_free(found);
    return tree;
}

void repository_add_fetch(struct repository *repository, struct buf *out)
{
    if (repository->git->git_repository_is_shallow(repository->handle) == 1) {
        buf_addf(out,
                 "the history of this clone is cut off: `git -C %s fetch --unshallow` fetches the "
                 "rest, `git -C %s fetch --deepen=N` N more commits",
                 repository->top, repository->top);
    } else {
        buf_addf(out, "`git -C %s fetch --all --tags` fetches what this clone lacks",
                 repository->top);
    }
}

static int tell_unknown(struct repository *repository, struct slice revision, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    buf_add_char(&text, '`');
    text_add_name(&text, revision);
    buf_add_string(&text, "` isn't a commit of this repository; ");
    repository_add_fetch(repository, &text);
    int result = diag_error(diag, FINDING_UNKNOWN_REVISION, "%s", buf_string(&text));
    buf_release(&text);
    return result;
}

/* One end of a range; nothing stands for HEAD. */
static int resolve_one(struct repository *repository, struct slice revision, git_oid *id,
                       struct diag *diag)
{
    const struct git_library *git = repository->git;
    git_object *object = NULL;
    git_object *commit = NULL;
    char *text = revision.len > 0 ? mem_copy(revision.at, revision.len) : mem_copy("HEAD", 4);
    int result = 0;
    if (git->git_revparse_single(&object, repository->handle, text) != 0 ||
        git->git_object_peel(&commit, object, GIT_OBJECT_COMMIT) != 0) {
        result = tell_unknown(repository, slice_of(text), diag);
    } else {
        *id = *git->git_object_id(commit);
    }
    git->git_object_free(object);
    git->git_object_free(commit);
    free(text);
    return result;
}

static int resolve_base(struct repository *repository, struct slice a, struct slice b, git_oid *id,
                        struct diag *diag)
{
    git_oid first;
    git_oid second;
    if (resolve_one(repository, a, &first, diag) != 0 ||
        resolve_one(repository, b, &second, diag) != 0) {
        return -1;
    }
    if (repository->git->git_merge_base(id, repository->handle, &first, &second) == 0) {
        return 0;
    }
    struct buf text = BUF_EMPTY;
    buf_add_char(&text, '`');
    text_add_name(&text, a.len > 0 ? a : SLICE_LITERAL("HEAD"));
    buf_add_string(&text, "` and `");
    text_add_name(&text, b.len > 0 ? b : SLICE_LITERAL("HEAD"));
    buf_add_string(&text, "` have no commit in common here; ");
    repository_add_fetch(repository, &text);
    int result = diag_error(diag, FINDING_UNKNOWN_REVISION, "%s", buf_string(&text));
    buf_release(&text);
    return result;
}

int repository_resolve(struct repository *repository, const char *revision, struct git_id *commit,
                       struct diag *diag)
{
    struct slice whole = slice_of(revision);
    const char *three = strstr(revision, "...");
    const char *two = strstr(revision, "..");
    git_oid id;
    int result;
    if (three != NULL) {
        result = resolve_base(repository, slice_make(revision, (size_t)(three - revision)),
                              slice_of(three + 3), &id, diag);
    } else if (two != NULL) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, slice_make(revision, (size_t)(two - revision)));
        result = diag_error(diag, FINDING_UNKNOWN_REVISION,
                            "`%s` is a range, but the other end is always the working tree: use "
                            "`%s`, or `%s...HEAD` for the commit where the two parted",
                            revision, buf_string(&shown), buf_string(&shown));
        buf_release(&shown);
    } else {
        result = resolve_one(repository, whole, &id, diag);
    }
    if (result == 0) {
        memcpy(commit->bytes, id.id, sizeof commit->bytes);
    }
    return result;
}

/* ---- Where it comes from ---- */

static int take_address(const git_config_entry *entry, void *context)
{
    struct buf *address = context;
    buf_clear(address); /* the last one counts */
    buf_add_string(address, entry->value);
    return 0;
}

/* Without "user:password@" in an address of the web; nothing of a path on this machine. */
static void add_public(struct slice address, struct buf *out)
{
    const char *scheme = memmem(address.at, address.len, "://", 3);
    if (scheme == NULL) {
        bool is_remote = memchr(address.at, '@', address.len) != NULL &&
                         memchr(address.at, ':', address.len) != NULL && address.at[0] != '/';
        buf_add_slice(out, is_remote ? address : SLICE_LITERAL(""));
        return;
    }
    const char *host = scheme + 3;
    const char *end = address.at + address.len;
    const char *slash = memchr(host, '/', (size_t)(end - host));
    const char *at = memrchr(host, '@', (size_t)((slash != NULL ? slash : end) - host));
    struct slice name = slice_make(address.at, (size_t)(scheme - address.at));
    if (slice_equal(name, SLICE_LITERAL("file"))) {
        return;
    }
    buf_add(out, address.at, (size_t)(host - address.at));
    buf_add(out, at != NULL ? at + 1 : host, (size_t)(end - (at != NULL ? at + 1 : host)));
}

void repository_add_origin(struct repository *repository, struct buf *out)
{
    const struct git_library *git = repository->git;
    git_config *config = NULL;
    struct buf address = BUF_EMPTY;
    if (git->git_repository_config(&config, repository->handle) == 0) {
        (void)git->git_config_get_multivar_foreach(config, "remote.origin.url", NULL, take_address,
                                                   &address);
        git->git_config_free(config);
    }
    if (address.len > 0) {
        add_public(buf_slice(&address), out);
    }
    buf_release(&address);
}
