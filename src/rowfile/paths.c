/* Builds the products, inputs, resumable files and depfile of one action. */
#include "load.h"
#include "text.h"

#include "match.h"
#include "reserved.h"

static const char *role_name(enum path_role role)
{
    static const char *const names[] = {"product", "input", "resumable file", "depfile"};
    return names[role];
}

struct path_reader {
    struct loader *loader;
    struct action *action;
    enum path_role role;
    const struct toml_value *value; /* being read */
    bool refused;                   /* whether `value` had an error */
};

static void refuse(struct path_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(struct path_reader *reader, const char *format, ...)
{
    struct buf message = BUF_EMPTY;
    va_list args;
    reader->refused = true;
    va_start(args, format);
    buf_vaddf(&message, format, args);
    va_end(args);
    action_error_at(reader->loader, FINDING_WRONG_PATH, reader->action, reader->value->offset,
                    reader->value->length, "%s", buf_string(&message));
    buf_release(&message);
}

/* The end of the segment that begins at `at`; a '/' inside `{/pointer}` doesn't end it. */
static size_t segment_end(struct slice path, size_t at)
{
    while (at < path.len && path.at[at] != '/') {
        if (path.at[at] == '{' && at + 1 < path.len && path.at[at + 1] == '/') {
            const char *close = memchr(path.at + at, '}', path.len - at);
            if (close != NULL) {
                at = (size_t)(close - path.at);
            }
        }
        at++;
    }
    return at;
}

struct slice normalise_path(struct arena *arena, struct slice path)
{
    struct buf out = BUF_EMPTY;
    bool absolute = path.len > 0 && path.at[0] == '/';
    for (size_t at = 0; at < path.len;) {
        size_t end = segment_end(path, at);
        struct slice segment = slice_make(path.at + at, end - at);
        if (segment.len > 0 && !slice_is(segment, ".")) {
            if (out.len > 0) {
                buf_add_char(&out, '/');
            }
            buf_add_slice(&out, segment);
        }
        at = end + 1;
    }
    struct buf whole = BUF_EMPTY;
    buf_addf(&whole, "%s%s", absolute ? "/" : "", buf_string(&out));
    struct slice result = arena_slice(arena, buf_slice(&whole));
    buf_release(&whole);
    buf_release(&out);
    return result;
}

/* Whether the path has a segment "..". With `may_begin`, those at its beginning are allowed. */
static bool climbs(struct slice path, bool may_begin)
{
    bool beginning = may_begin;
    for (size_t at = 0; at < path.len;) {
        size_t end = segment_end(path, at);
        bool up = slice_is(slice_make(path.at + at, end - at), "..");
        if (up && !beginning) {
            return true;
        }
        beginning = beginning && up;
        at = end + 1;
    }
    return false;
}

/* The text of a path's glob, with templates replaced by a harmless name. */
static struct slice glob_text(const struct path_spec *spec, struct arena *arena)
{
    if (!spec->has_template) {
        return spec->path;
    }
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < spec->template.part_count; i++) {
        const struct template_part *part = &spec->template.parts[i];
        if (part->kind == TEMPLATE_TEXT) {
            buf_add_slice(&text, part->text);
        } else {
            buf_add_char(&text, 'x');
        }
    }
    struct slice result = arena_slice(arena, buf_slice(&text));
    buf_release(&text);
    return result;
}

static void check_glob(struct loader *loader, const struct toml_value *place, struct slice pattern,
                       const char *what)
{
    struct diag diag;
    diag_init(&diag);
    if (pattern.len > 0 && pattern.at[0] == '!') {
        pattern = slice_make(pattern.at + 1, pattern.len - 1);
    }
    struct glob_set *set = glob_set_new(&pattern, 1, false, what, &diag);
    vec_each (struct diag_entry, entry, &diag.entries) {
        error_at(loader, entry->code, place, "%s", entry->message);
    }
    glob_set_free(set);
    diag_release(&diag);
}

void check_globs(struct loader *loader, const struct toml_value *list, const char *what)
{
    size_t including = 0;
    for (size_t i = 0; i < list->array.count; i++) {
        const struct toml_value *item = list->array.items[i];
        if (item->type == TOML_STRING) {
            check_glob(loader, item, item->string, what);
            including += item->string.len > 0 && item->string.at[0] != '!';
        }
    }
    if (including == 0) {
        error_at(loader, FINDING_ONLY_EXCLUSIONS, list,
                 "`%s` includes no directories; add a glob such as \"*\"", what);
    }
}

void check_name_glob(struct loader *loader, const struct toml_value *item, const char *what)
{
    struct slice name = item->string;
    if (memchr(name.at, '/', name.len) != NULL || slice_is(name, "**") ||
        slice_starts_with(name, "!")) {
        error_at(loader, FINDING_WRONG_VALUE, item,
                 "`%s` takes names of files and folders, such as \"*.pyc\", without `/`, `**` or a "
                 "leading `!`",
                 what);
    } else if (name.len > 0) {
        check_glob(loader, item, name, what);
    }
}

static void judge_template(struct path_reader *reader, const struct path_spec *spec)
{
    const struct template *template = &spec->template;
    for (size_t i = 0; i < template->part_count; i++) {
        enum template_kind kind = template->parts[i].kind;
        if (kind == TEMPLATE_DIRECTORIES || kind == TEMPLATE_VALUE || kind == TEMPLATE_PROJECT ||
            kind == TEMPLATE_PRODUCTS || kind == TEMPLATE_INPUTS) {
            refuse(reader, "a path can contain only {directory}, {workspace_path} and {/pointer}");
            return;
        }
    }
}

static void read_template(struct path_reader *reader, struct path_spec *spec, size_t begin)
{
    struct loader *loader = reader->loader;
    struct template *template = &spec->template;
    (void)template_parse(template, spec->path, DIALECT_ROWFILE, true, loader->arena, loader->source,
                         begin, loader->diag);
    for (size_t i = 0; i < template->part_count; i++) {
        spec->has_template |= template->parts[i].kind != TEMPLATE_TEXT;
    }
    if (spec->has_template) {
        judge_template(reader, spec);
    } else if (template->part_count == 1) {
        spec->path = template->parts[0].text; /* now with doubled braces made single */
    }
}

/* Warns about a template where templates aren't replaced. */
static void warn_of_template(const struct path_reader *reader, struct path_spec *spec)
{
    struct diag unused;
    struct template template;
    diag_init(&unused);
    (void)template_parse(&template, spec->path, DIALECT_ROWFILE, true, reader->loader->arena,
                         reader->loader->source, 0, &unused);
    diag_release(&unused);
    spec->template.text = template.text;
    spec->template.words = template.words;
    spec->template.word_count = template.word_count;
    if (template.part_count > 1 ||
        (template.part_count == 1 && template.parts[0].kind != TEMPLATE_TEXT)) {
        warning_at(
            reader->loader, FINDING_BRACES_IN_NAME, reader->value,
            "templates work only in paths that begin with `//`; this %s has braces in its name",
            role_name(reader->role));
    }
}

/* The first part of the path that is reserved for rowbuild's own files; at == NULL: none. */
static struct slice find_reserved(struct slice path)
{
    for (size_t at = 0; at < path.len;) {
        size_t end = segment_end(path, at);
        struct slice segment = slice_make(path.at + at, end - at);
        if (reserved_is_name(segment)) {
            return segment;
        }
        at = end + 1;
    }
    return (struct slice){0};
}

static void judge_names(struct path_reader *reader, const struct path_spec *spec)
{
    struct slice reserved = find_reserved(spec->path);
    struct buf shown = BUF_EMPTY;
    if (memchr(spec->path.at, '\0', spec->path.len) != NULL) {
        refuse(reader, "the name of this %s contains a NUL byte", role_name(reader->role));
    } else if (reserved.at != NULL && !spec->is_excluded && !spec->is_glob) {
        text_add_name(&shown, reserved);
        refuse(reader,
               "rowbuild gives names such as `%s` to backups and temporary files; rename this %s",
               buf_string(&shown), role_name(reader->role));
    }
    buf_release(&shown);
}

static void judge_path(struct path_reader *reader, const struct path_spec *spec)
{
    const char *role = role_name(reader->role);
    bool is_input = reader->role == PATH_INPUT;
    if (spec->path.len == 0) {
        refuse(reader, "this %s has no name", role);
    } else if (spec->path.at[0] == '/') {
        refuse(reader,
               "a path is relative to the directory, or, as `//path`, to the project; it can't be "
               "absolute");
    } else if (!is_input && spec->from_project && slice_starts_with(spec->path, "../")) {
        refuse(reader, "this %s is outside of the project; name a file inside it", role);
    } else if (climbs(spec->path, is_input && spec->from_project)) {
        refuse(reader,
               "this %s is outside of the directory; name it relative to the project, as `//path`",
               role);
    } else if (spec->from_project &&
               (slice_is(spec->path, ".rowbuild") || slice_starts_with(spec->path, ".rowbuild/"))) {
        refuse(reader, "`.rowbuild` is reserved for rowbuild's state");
    } else if (!is_input && reader->loader->rowfile->contract == CONTRACT_ROWFILE &&
               match_is_glob(glob_text(spec, reader->loader->arena))) {
        refuse(reader, "a %s is one file, not a pattern; name each file", role);
    } else {
        judge_names(reader, spec);
    }
}

static struct path_spec read_path(struct path_reader *reader)
{
    struct loader *loader = reader->loader;
    struct slice text = reader->value->string;
    reader->refused = false;
    struct path_spec spec = {
        .text = arena_slice(loader->arena, text),
        .offset = reader->value->offset,
        .length = reader->value->length,
    };
    size_t begin = string_begin(loader->source, reader->value);
    struct slice rest = text;
    if (reader->role == PATH_INPUT && rest.len > 0 && rest.at[0] == '!') {
        spec.is_excluded = true;
        rest = slice_make(rest.at + 1, rest.len - 1);
    }
    bool in_project = slice_starts_with(rest, "//");
    spec.from_project = in_project || reader->action->scope == SCOPE_PROJECT;
    if (in_project) {
        rest = slice_make(rest.at + 2, rest.len - 2);
    }
    spec.path = normalise_path(loader->arena, rest);
    if (in_project) {
        read_template(reader, &spec, begin + (text.len - rest.len));
    } else if (loader->rowfile->contract == CONTRACT_ROWFILE) {
        warn_of_template(reader, &spec);
    }
    spec.is_glob = reader->role == PATH_INPUT && match_is_glob(glob_text(&spec, loader->arena));
    judge_path(reader, &spec);
    if (spec.is_glob) {
        check_glob(loader, reader->value, glob_text(&spec, loader->arena), "inputs");
    }
    spec.is_refused = reader->refused;
    return spec;
}

static struct path_spec *read_paths(struct path_reader *reader, const struct toml_value *list,
                                    size_t *count)
{
    *count = 0;
    if (list == NULL) {
        return NULL;
    }
    struct path_spec *specs = arena_array(reader->loader->arena, list->array.count, sizeof *specs);
    for (size_t i = 0; i < list->array.count; i++) {
        reader->value = list->array.items[i];
        if (reader->value->type == TOML_STRING && reader->value->string.len > 0) {
            specs[(*count)++] = read_path(reader);
        }
    }
    return specs;
}

static const struct path_spec *read_depfile(struct path_reader *reader,
                                            const struct toml_value *value)
{
    if (value == NULL) {
        return NULL;
    }
    struct path_spec *spec = arena_array(reader->loader->arena, 1, sizeof *spec);
    reader->value = value;
    *spec = read_path(reader);
    return spec;
}

/* The scope must be known before the paths are read, because it decides what paths are relative
 * to. */
static enum scope infer_scope(const struct layers *layers, const struct toml_value *products)
{
    const struct toml_value *said = layers_typed(layers, ID_ACTION_SCOPE, TOML_STRING);
    if (said != NULL) {
        return slice_is(said->string, "group")     ? SCOPE_GROUP
               : slice_is(said->string, "project") ? SCOPE_PROJECT
                                                   : SCOPE_DIRECTORY;
    }
    if (layers_boolean(layers, ID_ACTION_GROUP_SUBMIT_WHOLE)) {
        return SCOPE_GROUP;
    }
    static const char template[] = "{directory}";
    for (size_t i = 0; products != NULL && i < products->array.count; i++) {
        const struct toml_value *item = products->array.items[i];
        if (item->type == TOML_STRING && slice_starts_with(item->string, "//") &&
            memmem(item->string.at, item->string.len, template, strlen(template)) == NULL) {
            return SCOPE_GROUP;
        }
    }
    return SCOPE_DIRECTORY;
}

static void judge_scope(struct loader *loader, const struct action *action,
                        const struct path_spec *spec, enum path_role role)
{
    const struct template *template = &spec->template;
    if (action->scope == SCOPE_PROJECT && (template->uses_directory || template->uses_pointers)) {
        action_error_at(loader, FINDING_WRONG_TEMPLATE, action, spec->offset, spec->length,
                        "an action for the whole project has no directory and no value to put into "
                        "a path; set `scope = \"group\"` or name the file");
    } else if (action->scope == SCOPE_DIRECTORY && (role == PATH_PRODUCT || role == PATH_DEPFILE) &&
               spec->from_project && !template->uses_directory && !template->uses_pointers) {
        action_error_at(loader, FINDING_SHARED_PRODUCT, action, spec->offset, spec->length,
                        "every directory would make this file; put {directory} into its name, or "
                        "set `scope = \"group\"`");
    }
}

static void require_some_input(struct loader *loader, const struct action *action,
                               const struct toml_value *list)
{
    size_t excluded = 0;
    for (size_t i = 0; i < action->input_count; i++) {
        excluded += action->inputs[i].is_excluded;
    }
    if (excluded > 0 && excluded == action->input_count) {
        action_error_at(loader, FINDING_ONLY_EXCLUSIONS, action, list->offset, list->length,
                        "these inputs only exclude; add an input that they exclude from");
    }
}

/* The product that an entry of `temporary` names, or NULL. */
static struct path_spec *find_product(struct loader *loader, struct action *action,
                                      struct slice text)
{
    bool in_project = slice_starts_with(text, "//");
    struct slice path =
        normalise_path(loader->arena, in_project ? slice_make(text.at + 2, text.len - 2) : text);
    for (size_t i = 0; i < action->product_count; i++) {
        struct path_spec *product = &action->products[i];
        if (product->from_project == (in_project || action->scope == SCOPE_PROJECT) &&
            slice_equal(product->path, path)) {
            return product;
        }
    }
    return NULL;
}

static void refuse_temporary(struct loader *loader, const struct action *action,
                             const struct toml_value *item)
{
    struct slice *names = arena_array(loader->arena, action->product_count + 1, sizeof *names);
    struct buf message = BUF_EMPTY;
    for (size_t i = 0; i < action->product_count; i++) {
        names[i] = action->products[i].text;
    }
    buf_add_string(&message, "`temporary` names `");
    text_add_name(&message, item->string);
    buf_add_string(&message, "`, which isn't a product of this action");
    size_t before = message.len;
    add_suggestion(&message, item->string, names, action->product_count);
    if (message.len == before) {
        buf_add_string(&message, "; list it in `products`, too");
    }
    action_error_at(loader, FINDING_TEMPORARY_NOT_MADE, action, item->offset, item->length, "%s",
                    buf_string(&message));
    buf_release(&message);
}

static void mark_temporaries(struct loader *loader, struct action *action,
                             const struct toml_value *list)
{
    for (size_t i = 0; list != NULL && i < list->array.count; i++) {
        const struct toml_value *item = list->array.items[i];
        if (item->type != TOML_STRING || item->string.len == 0) {
            continue; /* reported already */
        }
        struct path_spec *product = find_product(loader, action, item->string);
        if (product != NULL) {
            product->is_temporary = true;
        } else {
            refuse_temporary(loader, action, item);
        }
    }
}

void build_paths(struct loader *loader, struct action *action, const struct layers *layers)
{
    const struct toml_value *products = layers_typed(layers, ID_ACTION_PRODUCTS, TOML_ARRAY);
    const struct toml_value *inputs = layers_typed(layers, ID_ACTION_INPUTS, TOML_ARRAY);
    const struct toml_value *resumable = layers_typed(layers, ID_ACTION_RESUMABLE, TOML_ARRAY);
    action->scope = infer_scope(layers, products);
    struct path_reader reader = {.loader = loader, .action = action, .role = PATH_PRODUCT};
    action->products = read_paths(&reader, products, &action->product_count);
    mark_temporaries(loader, action, layers_typed(layers, ID_ACTION_TEMPORARY, TOML_ARRAY));
    reader.role = PATH_INPUT;
    action->inputs = read_paths(&reader, inputs, &action->input_count);
    reader.role = PATH_RESUMABLE;
    action->resumable_files = read_paths(&reader, resumable, &action->resumable_count);
    action->resumable = resumable != NULL;
    reader.role = PATH_DEPFILE;
    action->depfile = read_depfile(&reader, layers_typed(layers, ID_ACTION_DEPFILE, TOML_STRING));
    if (loader->rowfile->contract == CONTRACT_ROW) {
        drop_doubled_products(action);
    }
    for (size_t i = 0; i < action->product_count; i++) {
        judge_scope(loader, action, &action->products[i], PATH_PRODUCT);
    }
    for (size_t i = 0; i < action->input_count; i++) {
        judge_scope(loader, action, &action->inputs[i], PATH_INPUT);
    }
    for (size_t i = 0; i < action->resumable_count; i++) {
        judge_scope(loader, action, &action->resumable_files[i], PATH_RESUMABLE);
    }
    if (action->depfile != NULL) {
        judge_scope(loader, action, action->depfile, PATH_DEPFILE);
    }
    require_some_input(loader, action, inputs);
    compare_paths(loader, action);
}
