/* What check finds in the words of commands: programs that don't exist, files that no input lists. */
#include "check_inner.h"

#include "file.h"
#include "filling.h"
#include "match.h"
#include "shell_names.h"
#include "text.h"

#include <stdlib.h>
#include <unistd.h>

bool check_is_told(const struct rowfile *rowfile, size_t number)
{
    const struct action *action = &rowfile->actions[number];
    for (size_t i = 0; i < number; i++) {
        const struct action *other = &rowfile->actions[i];
        if (other->command_text_offset == action->command_text_offset &&
            slice_equal(other->interpreter.text, action->interpreter.text)) {
            return true;
        }
    }
    return false;
}

struct looking {
    const struct check *check;
    const struct rowfile *rowfile;
    const struct action *action;
    struct diag *diag;
};

static size_t place_of(const struct looking *looking, struct slice word)
{
    return looking->action->command_text_offset +
           (size_t)(word.at - looking->action->command.text.at);
}

/* ---- Programs ---- */

bool check_searches_elsewhere(const struct check *check, const struct action *action)
{
    for (size_t i = 0; i < action->environment_count; i++) {
        if (slice_is(action->environment[i].name, "PATH")) {
            return true;
        }
    }
    for (size_t i = 0; i < action->submit_option_count; i++) {
        if (action->submit_options[i].setup.at != NULL) {
            return true;
        }
    }
    return check->cluster->scheduler == SCHEDULER_SLURM;
}

bool check_find_program(struct slice program, struct buf *file)
{
    const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe) */
    bool found = false;
    while (path != NULL && !found) {
        size_t len = strcspn(path, ":");
        buf_clear(file);
        buf_add(file, path, len);
        buf_addf(file, "%s%.*s", len > 0 ? "/" : "./", SLICE_ARGS(program));
        found = access(buf_string(file), X_OK) == 0;
        path = path[len] == ':' ? path + len + 1 : NULL;
    }
    return found;
}

static bool is_in_path(struct slice program)
{
    struct buf file = BUF_EMPTY;
    bool found = getenv("PATH") == NULL /* NOLINT(concurrency-mt-unsafe) */ ||
                 check_find_program(program, &file);
    buf_release(&file);
    return found;
}

static void look_at_program(const struct looking *looking, struct slice word)
{
    if (memchr(word.at, '/', word.len) != NULL || shell_has_built_in(word) ||
        check_searches_elsewhere(looking->check, looking->action) || is_in_path(word)) {
        return;
    }
    diag_warning_at(looking->diag, FINDING_UNKNOWN_PROGRAM, &looking->rowfile->source,
                    place_of(looking, word), word.len,
                    "action `%.*s`: the program `%.*s` is not in PATH; install it, or correct its "
                    "name",
                    SLICE_ARGS(looking->action->name), SLICE_ARGS(word));
}

/* ---- Files ---- */

/* Then the inputs are the command's arguments, and the file can't be one of them. */
static bool passes_inputs(const struct action *action)
{
    for (size_t i = 0; i < action->command.part_count; i++) {
        if (action->command.parts[i].kind == TEMPLATE_INPUTS) {
            return true;
        }
    }
    return false;
}

/* The word without a leading "./". */
static struct slice path_of(struct slice word)
{
    while (word.len > 2 && word.at[0] == '.' && word.at[1] == '/') {
        word = slice_make(word.at + 2, word.len - 2);
    }
    return word;
}

static bool is_or_is_below(struct slice path, struct slice outer)
{
    return slice_equal(path, outer) || (path.len > outer.len && path.at[outer.len] == '/' &&
                                        memcmp(path.at, outer.at, outer.len) == 0);
}

/* Whether the path of the Rowfile may stand for the file. */
static bool may_name(const struct path_spec *spec, struct slice path)
{
    if (!spec->from_project || spec->is_excluded) {
        return false;
    }
    if (spec->has_template || !spec->is_glob) {
        return spec->has_template || is_or_is_below(path, spec->path);
    }
    struct diag unseen;
    diag_init(&unseen);
    struct glob_set *globs = glob_set_new(&spec->path, 1, true, "inputs", &unseen);
    bool matches = globs == NULL || glob_set_matches(globs, path);
    for (size_t i = path.len; i > 0 && !matches; i--) { /* a glob that names a folder */
        matches = path.at[i - 1] == '/' && glob_set_matches(globs, slice_make(path.at, i - 1));
    }
    glob_set_free(globs);
    diag_release(&unseen);
    return matches;
}

static bool is_listed(const struct action *action, struct slice path)
{
    for (size_t i = 0; i < action->input_count; i++) {
        if (may_name(&action->inputs[i], path)) {
            return true;
        }
    }
    for (size_t i = 0; i < action->product_count; i++) {
        if (may_name(&action->products[i], path)) {
            return true;
        }
    }
    return false;
}

/* What earlier actions make is ordered by `previous_actions` as well. */
static bool is_made_before(const struct looking *looking, struct slice path)
{
    const struct rowfile *rowfile = looking->rowfile;
    for (size_t a = 0; looking->action->previous_count > 0 && a < rowfile->action_count; a++) {
        for (size_t i = 0; i < rowfile->actions[a].product_count; i++) {
            if (may_name(&rowfile->actions[a].products[i], path)) {
                return true;
            }
        }
    }
    return false;
}

static void look_at_file(const struct looking *looking, const struct shell_name *name)
{
    struct slice path = path_of(name->word);
    struct file_stat found;
    struct buf text = BUF_EMPTY;
    if (looking->rowfile->contract == CONTRACT_ROW || looking->action->always ||
        passes_inputs(looking->action) || name->is_written_to || path.at[0] == '/' ||
        path.at[0] == '-' || slice_starts_with(path, "..")) {
        return;
    }
    /* Without a dot or a slash it is rather a word than a file. */
    bool looks_like_file = name->is_program ? memchr(name->word.at, '/', name->word.len) != NULL
                                            : memchr(path.at, '.', path.len) != NULL ||
                                                  memchr(path.at, '/', path.len) != NULL;
    buf_add_slice(&text, path);
    if (looks_like_file && !is_listed(looking->action, path) && !is_made_before(looking, path) &&
        file_stat(looking->check->project, buf_string(&text), &found) == 0 &&
        found.kind == FILE_REGULAR) {
        diag_warning_at(looking->diag, FINDING_UNLISTED_INPUT, &looking->rowfile->source,
                        place_of(looking, name->word), name->word.len,
                        "action `%.*s`: the command names the file `%.*s`, which is not among its "
                        "inputs, so that a change doesn't rerun it; add \"//%.*s\" to `inputs`",
                        SLICE_ARGS(looking->action->name), SLICE_ARGS(path), SLICE_ARGS(path));
    }
    buf_release(&text);
}

static void look_at_word(void *context, const struct shell_name *name)
{
    const struct looking *looking = context;
    if (name->is_program) {
        look_at_program(looking, name->word);
    }
    look_at_file(looking, name);
}

void check_commands(const struct check *check, struct diag *diag)
{
    const struct rowfile *rowfile = check->graph->rowfile;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        struct looking looking = {check, rowfile, action, diag};
        if (action->command.text.at != NULL && filling_is_for_shell(action->shell) &&
            !check_is_told(rowfile, a)) {
            shell_names_each(action->command.text, look_at_word, &looking);
        }
    }
}
