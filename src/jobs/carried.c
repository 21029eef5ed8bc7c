#include "carried.h"

#include "digest.h"
#include "disk.h"
#include "inside.h"
#include "json.h"
#include "kept_program.h"
#include "part.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define FOLDER STATE_JOBS "/carried"

enum { VERSION = 1, DIGEST_DIGITS = 32 };

static const size_t LARGEST_FILE = (size_t)1 << 30;

/* A name of a file there: nothing that could lead elsewhere. */
static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == DIGEST_DIGITS;
}

static int report(const char *state_path, struct slice name, const char *what, const char *wrong,
                  struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    buf_addf(&path, "%s/" FOLDER "/%.*s", state_path, SLICE_ARGS(name));
    text_add_name(&shown, buf_slice(&path));
    int result = diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what,
                                  buf_string(&shown), wrong);
    buf_release(&path);
    buf_release(&shown);
    return result;
}

/* ---- Writing ---- */

static void add_member(struct buf *out, const char *key, struct slice text)
{
    buf_addf(out, ",\n \"%s\": ", key);
    text_add_json(out, text);
}

static void add_document(const struct carried *carried, struct buf *out)
{
    buf_addf(out, "{\"version\": %d", VERSION);
    add_member(out, "file", carried->file);
    add_member(out, "rowfile", carried->rowfile);
    add_member(out, "clusters", carried->clusters);
    add_member(out, "launchers", carried->launchers);
    buf_add_string(out, "}\n");
}

/* Whether the file is there with that content, whole. */
static bool is_written(int folder, const char *name, struct slice content)
{
    struct buf found = BUF_EMPTY;
    bool is = inside_read(folder, name, LARGEST_FILE, &found) == 0 &&
              slice_equal(buf_slice(&found), content);
    buf_release(&found);
    return is;
}

int carried_write(const char *state_path, const struct carried *carried, struct arena *arena,
                  struct slice *name, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    struct buf digits = BUF_EMPTY;
    int result = 0;
    add_document(carried, &text);
    digest_format(digest_of(buf_slice(&text)), &digits);
    *name = arena_slice(arena, buf_slice(&digits));
    int folder = state_folder_open(state_path, FOLDER, true);
    if (folder < 0 || (!is_written(folder, buf_string(&digits), buf_slice(&text)) &&
                       inside_replace(folder, buf_string(&digits), buf_slice(&text)) != 0)) {
        result = report(state_path, *name, "write", inside_error(errno), diag);
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&text);
    buf_release(&digits);
    return result;
}

/* ---- Reading ---- */

static bool read_member(const struct json *document, const char *pointer, struct arena *arena,
                        struct slice *into)
{
    const struct json *found;
    if (!json_at(document, slice_of(pointer), &found) || json_type_of(found) != JSON_STRING) {
        return false;
    }
    *into = arena_slice(arena, json_string(found));
    return true;
}

/* What is wrong with the text; NULL: nothing. */
static const char *parse(struct slice text, struct arena *arena, struct carried *carried)
{
    struct json_parser *parser = json_parser_new();
    struct diag unseen;
    diag_init(&unseen);
    struct json *document = json_parse(parser, text, SLICE_LITERAL("JSON"), &unseen);
    const struct json *version;
    const char *wrong = "it is damaged";
    if (document != NULL && json_at(document, SLICE_LITERAL("/version"), &version) &&
        json_type_of(version) == JSON_NUMBER &&
        (!(json_number(version) >= VERSION) || json_number(version) > VERSION)) {
        wrong = "it was written by another version of rowbuild";
    } else if (document != NULL && read_member(document, "/file", arena, &carried->file) &&
               read_member(document, "/rowfile", arena, &carried->rowfile) &&
               read_member(document, "/clusters", arena, &carried->clusters) &&
               read_member(document, "/launchers", arena, &carried->launchers)) {
        wrong = NULL;
    }
    json_free(document);
    diag_release(&unseen);
    json_parser_free(parser);
    return wrong;
}

int carried_read(const char *state_path, struct slice name, struct arena *arena,
                 struct carried *carried, struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    struct buf digits = BUF_EMPTY;
    int folder = is_name(name) ? state_folder_open(state_path, FOLDER, false) : -1;
    const char *wrong = is_name(name) ? NULL : "its name isn't one of a description";
    if (wrong == NULL &&
        (folder < 0 || inside_read(folder, arena_string(arena, name), LARGEST_FILE, &text) != 0)) {
        wrong = inside_error(errno);
    }
    if (wrong == NULL) {
        digest_format(digest_of(buf_slice(&text)), &digits);
        wrong = slice_equal(buf_slice(&digits), name) ? parse(buf_slice(&text), arena, carried)
                                                      : "it is damaged";
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&text);
    buf_release(&digits);
    return wrong == NULL ? 0 : report(state_path, name, "use", wrong, diag);
}

/* ---- Sweeping ---- */

struct sweeping {
    const struct submissions *submissions;
    bool of_programs;
    struct arena arena;
    VEC(const char *) unnamed;
};

static bool is_named(const struct sweeping *sweeping, struct slice name)
{
    for (size_t i = 0; i < sweeping->submissions->count; i++) {
        const struct submission *submission = &sweeping->submissions->items[i];
        if (slice_equal(sweeping->of_programs ? submission->program : submission->description,
                        name)) {
            return true;
        }
    }
    return false;
}

static int take_name(void *context, const char *name, size_t len, bool is_directory)
{
    struct sweeping *sweeping = context;
    struct slice entry = slice_make(name, len);
    if (is_directory == sweeping->of_programs && is_name(entry) && !is_named(sweeping, entry)) {
        vec_push(&sweeping->unnamed, arena_string(&sweeping->arena, entry));
    }
    return 0;
}

static void sweep(const char *state_path, const char *name, const struct submissions *submissions,
                  bool of_programs)
{
    struct sweeping sweeping = {.submissions = submissions, .of_programs = of_programs};
    int folder = state_folder_open(state_path, name, false);
    if (folder < 0) {
        return;
    }
    arena_init(&sweeping.arena);
    (void)file_list(folder, ".", take_name, &sweeping);
    for (size_t i = 0; i < sweeping.unnamed.count; i++) {
        const char *unnamed = sweeping.unnamed.at[i];
        (void)(of_programs ? file_remove_tree(folder, unnamed) : inside_remove(folder, unnamed));
    }
    disk->close(folder);
    if (submissions->count == 0) { /* nothing is kept any more */
        int root = inside_root(AT_FDCWD, state_path, false);
        if (root >= 0) {
            (void)disk->unlink(root, name, AT_REMOVEDIR);
            disk->close(root);
        }
    }
    vec_release(&sweeping.unnamed);
    arena_release(&sweeping.arena);
}

/* What stays in a folder when a process dies between two writes: a file that was to be put in place, and the
 * parts of a submission that wasn't registered yet, or is no more. */
static bool is_left_behind(const struct submissions *submissions, struct slice name)
{
    size_t suffix = strlen(PART_SUFFIX);
    if (slice_starts_with(name, FILE_TEMPORARY_PREFIX)) {
        return true;
    }
    return name.len > suffix && memcmp(name.at + name.len - suffix, PART_SUFFIX, suffix) == 0 &&
           submissions_find(submissions, slice_make(name.at, name.len - suffix)) == NULL;
}

static int take_left_behind(void *context, const char *name, size_t len, bool is_directory)
{
    struct sweeping *sweeping = context;
    struct slice entry = slice_make(name, len);
    if (!is_directory && is_left_behind(sweeping->submissions, entry)) {
        vec_push(&sweeping->unnamed, arena_string(&sweeping->arena, entry));
    }
    return 0;
}

static void sweep_left_behind(const char *state_path, const char *name,
                              const struct submissions *submissions)
{
    struct sweeping sweeping = {.submissions = submissions};
    int folder = state_folder_open(state_path, name, false);
    if (folder < 0) {
        return;
    }
    arena_init(&sweeping.arena);
    (void)file_list(folder, ".", take_left_behind, &sweeping);
    for (size_t i = 0; i < sweeping.unnamed.count; i++) {
        (void)inside_remove(folder, sweeping.unnamed.at[i]);
    }
    disk->close(folder);
    vec_release(&sweeping.unnamed);
    arena_release(&sweeping.arena);
}

void carried_sweep(const char *state_path, const struct submissions *submissions)
{
    sweep_left_behind(state_path, STATE_JOBS, submissions);
    sweep_left_behind(state_path, FOLDER, submissions);
    sweep(state_path, FOLDER, submissions, false);
    sweep(state_path, KEPT_PROGRAM_FOLDER, submissions, true);
}
