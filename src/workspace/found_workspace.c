#include "found_workspace.h"

#include "file.h"
#include "intern.h"
#include "json.h"
#include "text.h"

#include <errno.h>
#include <string.h>

static const size_t LARGEST_VALUE = 64U << 20;
static const char signac_values[] = "signac_statepoint.json";
static const char signac_document[] = "signac_job_document.json";

struct looking {
    struct found_workspace *found;
    int directory;
    const char *path;
    VEC(struct slice) members;
    struct intern files; /* their names */
    VEC(size_t) uses;    /* by number: how many of the sample have it */
    size_t sample;
};

static int add_member(void *context, const char *name, size_t len, bool is_directory)
{
    struct looking *looking = context;
    if (is_directory && name[0] != '.') {
        vec_push(&looking->members, arena_slice(&looking->found->arena, slice_make(name, len)));
    }
    return 0;
}

static int add_file(void *context, const char *name, size_t len, bool is_directory)
{
    struct looking *looking = context;
    if (!is_directory && name[0] != '.') {
        uint32_t number = intern_add(&looking->files, slice_make(name, len));
        if (number == looking->uses.count) {
            vec_push(&looking->uses, 0);
        }
        looking->uses.at[number]++;
    }
    return 0;
}

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void add_path(const struct looking *looking, struct slice member, struct slice file,
                     struct buf *path)
{
    buf_clear(path);
    buf_addf(path, "%s/", looking->path);
    buf_add_slice(path, member);
    if (file.len > 0) {
        buf_add_char(path, '/');
        buf_add_slice(path, file);
    }
}

/* The object in a file of the first directory; NULL: there is something else. */
static struct json *read_object(const struct looking *looking, struct slice file)
{
    struct json_parser *parser = json_parser_new();
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct diag unseen;
    struct json *value = NULL;
    diag_init(&unseen);
    add_path(looking, looking->members.at[0], file, &path);
    if (file_read(looking->directory, buf_string(&path), LARGEST_VALUE, &text) == 0) {
        value = json_parse(parser, buf_slice(&text), SLICE_LITERAL(""), &unseen);
    }
    if (value != NULL && json_type_of(value) != JSON_OBJECT) {
        json_free(value);
        value = NULL;
    }
    diag_release(&unseen);
    buf_release(&text);
    buf_release(&path);
    json_parser_free(parser);
    return value;
}

/* The leaves of a value are what it has and an empty object doesn't; one of an object inside comes
 * as a whole, and is taken apart in turn. */
struct leaves {
    struct found_workspace *found;
    const struct json *nothing;
    struct slice above; /* pointer of the object */
};

static void add_pointer(void *context, struct slice pointer, const struct json *before,
                        bool before_there, const struct json *after, bool after_there)
{
    const struct leaves *leaves = context;
    struct buf whole = BUF_EMPTY;
    (void)before, (void)before_there, (void)after_there;
    buf_add_slice(&whole, leaves->above);
    buf_add_slice(&whole, pointer);
    struct slice kept = arena_slice(&leaves->found->arena, buf_slice(&whole));
    buf_release(&whole);
    if (json_object_count(after) > 0) {
        struct leaves inside = {leaves->found, leaves->nothing, kept};
        (void)json_differences(leaves->nothing, after, SIZE_MAX, add_pointer, &inside);
    } else {
        vec_push(&leaves->found->pointers, kept);
    }
}

static void take_values(struct looking *looking, struct slice file, const struct json *value)
{
    struct json_parser *parser = json_parser_new();
    struct diag unseen;
    diag_init(&unseen);
    struct json *nothing = json_parse(parser, SLICE_LITERAL("{}"), SLICE_LITERAL(""), &unseen);
    struct leaves leaves = {.found = looking->found, .nothing = nothing};
    looking->found->value_file = file;
    looking->found->pointers.count = 0;
    (void)json_differences(nothing, value, SIZE_MAX, add_pointer, &leaves);
    json_free(nothing);
    diag_release(&unseen);
    json_parser_free(parser);
}

/* signac's file and value.json come before others, and those in the order of their names. */
static int rank(struct slice file)
{
    return slice_is(file, signac_values) ? 0 : slice_is(file, "value.json") ? 1 : 2;
}

static void sort_out(struct looking *looking, bool signac)
{
    struct found_workspace *found = looking->found;
    VEC(struct slice) names = {0};
    for (uint32_t n = 0; n < looking->files.count; n++) {
        if (looking->uses.at[n] * 2 > looking->sample) {
            vec_push(&names, intern_name(&looking->files, n));
        }
    }
    if (names.count > 0) {
        qsort(names.at, names.count, sizeof *names.at, compare_slices);
    }
    vec_each (struct slice, name, &names) {
        uint32_t number = intern_add(&looking->files, *name);
        struct slice file = arena_slice(&found->arena, *name);
        bool may_be_value = looking->uses.at[number] == looking->sample && file.len > 5 &&
                            memcmp(file.at + file.len - 5, ".json", 5) == 0 &&
                            !slice_is(file, signac_document) &&
                            (!signac || slice_is(file, signac_values));
        struct json *value = may_be_value ? read_object(looking, file) : NULL;
        if (value == NULL) {
            vec_push(&found->results, file);
        } else if (found->value_file.at == NULL || rank(file) < rank(found->value_file)) {
            if (found->value_file.at != NULL) {
                vec_push(&found->values, found->value_file);
            }
            take_values(looking, file, value);
        } else {
            vec_push(&found->values, file);
        }
        json_free(value);
    }
    vec_release(&names);
}

int found_workspace_look(struct found_workspace *found, int directory, const char *path,
                         bool signac, struct diag *diag)
{
    struct looking looking = {.found = found, .directory = directory, .path = path};
    struct buf member = BUF_EMPTY;
    *found = (struct found_workspace){0};
    arena_init(&found->arena);
    intern_init(&looking.files);
    int result = file_list(directory, path, add_member, &looking);
    if (result != 0 && errno == ENOENT) {
        result = 0;
    }
    found->count = looking.members.count;
    if (found->count > 0) {
        qsort(looking.members.at, found->count, sizeof *looking.members.at, compare_slices);
    }
    looking.sample = found->count < FOUND_SAMPLE ? found->count : FOUND_SAMPLE;
    buf_add_string(&member, path);
    for (size_t i = 0; i < looking.sample && result == 0; i++) {
        add_path(&looking, looking.members.at[i], (struct slice){0}, &member);
        result = file_list(directory, buf_string(&member), add_file, &looking);
    }
    if (result != 0) {
        struct buf shown = BUF_EMPTY;
        int error = errno;
        text_add_name(&shown, buf_slice(&member));
        result = diag_error(diag, FINDING_FILE_TROUBLE, "the directory `%s` can't be listed: %s",
                            buf_string(&shown), strerror(error));
        buf_release(&shown);
    } else if (found->count > 0) {
        sort_out(&looking, signac);
    }
    buf_release(&member);
    vec_release(&looking.members);
    vec_release(&looking.uses);
    intern_release(&looking.files);
    return result;
}

void found_workspace_release(struct found_workspace *found)
{
    vec_release(&found->values);
    vec_release(&found->pointers);
    vec_release(&found->results);
    arena_release(&found->arena);
}
