#include "submissions.h"

#include "submission_text.h"

#include "disk.h"
#include "file.h"
#include "hex.h"
#include "inbox.h"
#include "inside.h"
#include "part.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FOLDER STATE_JOBS "/"
#define SUFFIX ".json"
#define MEND "`rowbuild clean --submitted --force` forgets all jobs"

enum { TOKEN_BYTES = 8, READ_TRIES = 5 };

static const size_t LARGEST_FILE = (size_t)1 << 30;

/* ---- Names and messages ---- */

/* A token names files: nothing that could lead elsewhere. */
static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == (size_t)2 * TOKEN_BYTES;
}

static void add_file(struct slice token, const char *suffix, struct buf *out)
{
    buf_add_string(out, FOLDER);
    buf_add_slice(out, token);
    buf_add_string(out, suffix);
}

static void add_name(struct slice token, struct buf *out)
{
    add_file(token, SUFFIX, out);
}

/* The file of a submission as it is shown; without a token: the folder. */
static void add_shown(const char *shown, struct slice token, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/", shown);
    if (token.len > 0) {
        add_name(token, &path);
    } else {
        buf_add(&path, FOLDER, strlen(FOLDER) - 1);
    }
    text_add_name(out, buf_slice(&path));
    buf_release(&path);
}

static int report(const char *shown, struct slice token, const char *what, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    add_shown(shown, token, &name);
    int result = diag_state_error(diag, FINDING_STATE_UNUSABLE, "%s can't be used: %s; " MEND,
                                  buf_string(&name), what);
    buf_release(&name);
    return result;
}

static int report_errno(const char *shown, const char *what, struct slice token, struct diag *diag)
{
    int error = errno;
    struct buf name = BUF_EMPTY;
    add_shown(shown, token, &name);
    int result = diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what,
                                  buf_string(&name), inside_error(error));
    buf_release(&name);
    return result;
}

/* ---- Reading ---- */

/* Reads the text of the file; 0, 1: there is none; -1 with errno. On network file systems a file
 * that is replaced meanwhile may be gone by then. */
static int read_text(int folder, struct slice token, struct buf *text)
{
    struct buf name = BUF_EMPTY;
    int result = -1;
    add_name(token, &name);
    for (int attempt = 0; attempt < READ_TRIES && result != 0; attempt++) {
        buf_clear(text);
        result = inside_read(folder, buf_string(&name), LARGEST_FILE, text);
        if (result != 0 && errno != ESTALE) {
            break;
        }
    }
    int error = errno;
    buf_release(&name);
    errno = error;
    return result != 0 && error == ENOENT ? 1 : result;
}

static int read_one(int folder, const char *shown, struct slice token, struct json_parser *parser,
                    struct arena *arena, struct submission *submission, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    struct diag found;
    int result = read_text(folder, token, &text);
    if (result != 0) {
        buf_release(&text);
        return result < 0 ? report_errno(shown, "read", token, diag) : result;
    }
    diag_init(&found);
    if (submission_parse(buf_slice(&text), token, parser, arena, submission, &found) != 0) {
        result =
            report(shown, token,
                   found.entries.count > 0 ? found.entries.at[0].message : "it isn't JSON", diag);
    }
    diag_release(&found);
    buf_release(&text);
    return result;
}

typedef VEC(struct slice) token_list;

struct listing {
    struct arena *arena;
    token_list tokens;
};

static int take_token(void *context, const char *name, size_t len, bool is_directory)
{
    struct listing *listing = context;
    size_t suffix = strlen(SUFFIX);
    if (!is_directory && len > suffix && name[0] != '.' &&
        memcmp(name + len - suffix, SUFFIX, suffix) == 0) {
        vec_push(&listing->tokens, arena_slice(listing->arena, slice_make(name, len - suffix)));
    }
    return 0;
}

static int order(const void *a, const void *b)
{
    const struct submission *left = a;
    const struct submission *right = b;
    if (left->submitted_at_s != right->submitted_at_s) {
        return left->submitted_at_s < right->submitted_at_s ? -1 : 1;
    }
    return slice_compare(left->token, right->token);
}

int submissions_load_at(struct submissions *submissions, int folder, const char *shown,
                        struct diag *diag)
{
    *submissions = (struct submissions){0};
    arena_init(&submissions->arena);
    struct listing listing = {.arena = &submissions->arena};
    if (inside_list(folder, FOLDER, take_token, &listing) != 0) {
        return errno == ENOENT ? 0 : report_errno(shown, "list", (struct slice){0}, diag);
    }
    int result = 0;
    struct json_parser *parser = listing.tokens.count > 0 ? json_parser_new() : NULL;
    submissions->items =
        arena_array(&submissions->arena, listing.tokens.count, sizeof *submissions->items);
    vec_each (struct slice, token, &listing.tokens) {
        int found = read_one(folder, shown, *token, parser, &submissions->arena,
                             &submissions->items[submissions->count], diag);
        submissions->count += found == 0; /* 1: it was removed meanwhile */
        result = found < 0 ? -1 : result;
    }
    if (parser != NULL) {
        json_parser_free(parser);
        qsort(submissions->items, submissions->count, sizeof *submissions->items, order);
    }
    vec_release(&listing.tokens);
    return result;
}

int submissions_load_some(struct submissions *submissions, int folder, const char *shown,
                          const struct slice *tokens, size_t count, struct diag *diag)
{
    int result = 0;
    *submissions = (struct submissions){0};
    arena_init(&submissions->arena);
    submissions->items = arena_array(&submissions->arena, count, sizeof *submissions->items);
    struct json_parser *parser = json_parser_new();
    for (size_t i = 0; i < count; i++) {
        int found = is_token(tokens[i])
                        ? read_one(folder, shown, tokens[i], parser, &submissions->arena,
                                   &submissions->items[submissions->count], diag)
                        : 1;
        submissions->count += found == 0;
        result = found < 0 ? -1 : result;
    }
    json_parser_free(parser);
    qsort(submissions->items, submissions->count, sizeof *submissions->items, order);
    return result;
}

void submissions_count_at(int folder, size_t *registered, size_t *checked)
{
    struct arena arena;
    struct buf text = BUF_EMPTY;
    arena_init(&arena);
    struct listing listing = {.arena = &arena};
    *registered = 0;
    *checked = 0;
    (void)file_list(folder, FOLDER, take_token, &listing);
    vec_each (struct slice, token, &listing.tokens) {
        ++*registered;
        *checked +=
            read_text(folder, *token, &text) == 0 && submission_is_checked(buf_slice(&text));
    }
    vec_release(&listing.tokens);
    buf_release(&text);
    arena_release(&arena);
}

/* The state folder; *missing: there is none. */
static int open_folder(const char *state_path, bool *missing)
{
    int folder = inside_root(AT_FDCWD, state_path, false);
    *missing = folder < 0 && errno == ENOENT;
    return folder;
}

int submissions_load(struct submissions *submissions, const char *state_path, struct diag *diag)
{
    bool missing;
    *submissions = (struct submissions){0};
    arena_init(&submissions->arena);
    int folder = open_folder(state_path, &missing);
    if (folder < 0) {
        return missing ? 0 : report_errno(state_path, "list", (struct slice){0}, diag);
    }
    int result = submissions_load_at(submissions, folder, state_path, diag);
    disk->close(folder);
    return result;
}

void submissions_release(struct submissions *submissions)
{
    arena_release(&submissions->arena);
    *submissions = (struct submissions){0};
}

struct submission *submissions_find(const struct submissions *submissions, struct slice token)
{
    for (size_t i = 0; i < submissions->count; i++) {
        if (slice_equal(submissions->items[i].token, token)) {
            return &submissions->items[i];
        }
    }
    return NULL;
}

struct submission *submission_read(const char *state_path, struct slice token, struct arena *arena,
                                   bool *missing, struct diag *diag)
{
    int folder = open_folder(state_path, missing);
    if (folder < 0 || !is_token(token)) {
        *missing = *missing || folder >= 0;
        if (folder >= 0) {
            disk->close(folder);
        } else if (!*missing) {
            report_errno(state_path, "read", token, diag);
        }
        return NULL;
    }
    struct submission *submission = arena_alloc(arena, sizeof *submission);
    struct json_parser *parser = json_parser_new();
    int result = read_one(folder, state_path, token, parser, arena, submission, diag);
    json_parser_free(parser);
    disk->close(folder);
    *missing = result > 0;
    return result == 0 ? submission : NULL;
}

/* ---- Writing ---- */

int submission_write(const char *state_path, const struct submission *submission, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    int result = 0;
    add_name(submission->token, &name);
    submission_add_text(submission, &text);
    int root = inside_root(AT_FDCWD, state_path, true);
    int folder = root >= 0 ? inside_folder(root, FOLDER, true) : -1;
    if (folder < 0 || inside_replace(root, buf_string(&name), buf_slice(&text)) != 0) {
        result = report_errno(state_path, "write", submission->token, diag);
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&name);
    buf_release(&text);
    return result;
}

int submission_remove(const char *state_path, struct slice token, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    bool missing;
    int result = 0;
    int root = open_folder(state_path, &missing);
    if (root >= 0) {
        add_file(token, PART_SUFFIX, &name);
        (void)inside_remove(root, buf_string(&name));
    }
    buf_clear(&name);
    add_name(token, &name);
    if (!missing && (root < 0 || inside_remove(root, buf_string(&name)) != 0) && errno != ENOENT) {
        result = report_errno(state_path, "remove", token, diag);
    }
    if (root >= 0) {
        disk->close(root);
    }
    buf_release(&name);
    return result;
}

int submissions_remove_all(const char *state_path, struct diag *diag)
{
    struct arena arena;
    bool missing;
    int result = 0;
    arena_init(&arena);
    struct listing listing = {.arena = &arena};
    int root = open_folder(state_path, &missing);
    if (!missing && (root < 0 || inside_list(root, FOLDER, take_token, &listing) != 0) &&
        errno != ENOENT) {
        result = report_errno(state_path, "list", (struct slice){0}, diag);
    }
    if (root >= 0) {
        disk->close(root);
    }
    inbox_forget(state_path, listing.tokens.at, listing.tokens.count);
    vec_each (struct slice, token, &listing.tokens) {
        result |= submission_remove(state_path, *token, diag);
    }
    vec_release(&listing.tokens);
    arena_release(&arena);
    return result;
}

struct slice submission_new_token(struct arena *arena)
{
    unsigned char bytes[TOKEN_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t mixed =
            ((uint64_t)now.tv_sec << 32U) ^ (uint64_t)now.tv_nsec ^ ((uint64_t)getpid() << 40U);
        memcpy(bytes, &mixed, sizeof bytes);
    }
    struct buf text = BUF_EMPTY;
    hex_add(&text, bytes, sizeof bytes);
    struct slice token = arena_slice(arena, buf_slice(&text));
    buf_release(&text);
    return token;
}

struct job_ref submission_job(const struct submission *submission, size_t element)
{
    return (struct job_ref){submission->site.len > 0 ? submission->site : submission->cluster,
                            submission->job_id,
                            submission->is_array ? (uint32_t)element : JOB_NO_INDEX};
}
