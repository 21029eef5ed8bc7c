#include "launchers.h"

#include "rowfile.h"
#include "text.h"
#include "user_file.h"

#include <stdlib.h>

static const char DEFAULT_CLUSTER[] = "default";
static const char BUILT_IN[] = "built in";

struct built_in {
    const char *name;
    const char *cluster;
    const char *executable;
    const char *processes;
    const char *threads;
    const char *gpus;
};

static const struct built_in built_ins[] = {
    {"mpi", "default", "srun", "--ntasks=", "--cpus-per-task=", "--tres-per-task=gres/gpu:"},
    {"mpi", "anvil", "srun --mpi=pmi2",
     "--ntasks=", "--cpus-per-task=", "--tres-per-task=gres/gpu:"},
    {"mpi", "none", "mpirun", "-n ", NULL, NULL},
    {"openmp", "default", NULL, NULL, "OMP_NUM_THREADS=", NULL},
    {"process", "default", NULL, NULL, NULL, NULL},
    {"rayon", "default", NULL, NULL, "RAYON_NUM_THREADS=", NULL},
    {"threads", "default", NULL, NULL, NULL, NULL},
};

static struct slice optional(const char *text)
{
    return text != NULL ? slice_of(text) : (struct slice){0};
}

static struct launcher *find(struct launchers *launchers, struct slice name)
{
    for (size_t i = 0; i < launchers->count; i++) {
        if (slice_equal(launchers->items[i].name, name)) {
            return &launchers->items[i];
        }
    }
    return NULL;
}

/* The launcher with this name, added if necessary. Pointers to other launchers become invalid. */
static struct launcher *find_or_add(struct launchers *launchers, struct slice name)
{
    struct launcher *found = find(launchers, name);
    if (found != NULL) {
        return found;
    }
    struct launcher *items =
        arena_array(&launchers->arena, launchers->count + 1, sizeof *launchers->items);
    if (launchers->count > 0) {
        memcpy(items, launchers->items, launchers->count * sizeof *items);
    }
    launchers->items = items;
    found = &items[launchers->count++];
    found->name = arena_slice(&launchers->arena, name);
    return found;
}

/* A variant completely replaces an existing one for the same cluster. */
static void set_variant(struct launchers *launchers, struct launcher *launcher,
                        struct launcher_variant variant)
{
    for (size_t i = 0; i < launcher->variant_count; i++) {
        if (slice_equal(launcher->variants[i].cluster, variant.cluster)) {
            launcher->variants[i] = variant;
            return;
        }
    }
    size_t count = launcher->variant_count;
    struct launcher_variant *variants = arena_array(&launchers->arena, count + 1, sizeof *variants);
    if (count > 0) {
        memcpy(variants, launcher->variants, count * sizeof *variants);
    }
    variants[count] = variant;
    launcher->variants = variants;
    launcher->variant_count++;
}

static void add_built_ins(struct launchers *launchers)
{
    for (size_t i = 0; i < sizeof built_ins / sizeof built_ins[0]; i++) {
        const struct built_in *built_in = &built_ins[i];
        struct launcher *launcher = find_or_add(launchers, slice_of(built_in->name));
        launcher->built_in = true;
        launcher->origin = BUILT_IN;
        set_variant(launchers, launcher,
                    (struct launcher_variant){
                        .cluster = slice_of(built_in->cluster),
                        .executable = optional(built_in->executable),
                        .processes = optional(built_in->processes),
                        .threads_per_process = optional(built_in->threads),
                        .gpus_per_process = optional(built_in->gpus),
                    });
    }
}

static struct launcher_variant read_variant(const struct user_file *file,
                                            const struct toml_entry *cluster)
{
    static const char hint[] = "the text that the number is appended to";
    static const struct user_field fields[] = {
        USER_FIELD("executable", USER_FIELD_TEXT, struct launcher_variant, executable, NULL),
        USER_FIELD("processes", USER_FIELD_TEXT, struct launcher_variant, processes, hint),
        USER_FIELD("threads_per_process", USER_FIELD_TEXT, struct launcher_variant,
                   threads_per_process, hint),
        USER_FIELD("gpus_per_process", USER_FIELD_TEXT, struct launcher_variant, gpus_per_process,
                   hint),
    };
    struct launcher_variant variant = {.cluster = arena_slice(file->arena, cluster->key)};
    user_file_read_fields(file, cluster->value->table, fields, sizeof fields / sizeof fields[0],
                          &variant,
                          "a launcher has executable, processes, threads_per_process and "
                          "gpus_per_process");
    return variant;
}

static void read_launcher(struct launchers *launchers, const struct user_file *file,
                          const struct toml_entry *entry)
{
    if (entry->value->type != TOML_TABLE) {
        user_file_complain(file, FINDING_WRONG_TYPE, entry->value,
                           "a launcher is a table of clusters; write `[NAME.default]`");
        return;
    }
    struct launcher *launcher = find_or_add(launchers, entry->key);
    launcher->built_in = false;
    launcher->origin = arena_string(file->arena, slice_of(file->source->name));
    for (size_t i = 0; i < entry->value->table->count; i++) {
        const struct toml_entry *cluster = &entry->value->table->entries[i];
        if (cluster->value->type != TOML_TABLE) {
            diag_error_at(file->diag, FINDING_WRONG_TYPE, file->source, cluster->key_offset,
                          cluster->key_length,
                          "this must be a table for a cluster; write `[NAME.default]`");
            continue;
        }
        set_variant(launchers, launcher, read_variant(file, cluster));
    }
    if (launcher_variant_for(launcher, slice_of(DEFAULT_CLUSTER)) == NULL) {
        diag_error_at(file->diag, FINDING_MISSING_KEY, file->source, entry->key_offset,
                      entry->key_length,
                      "this launcher has no default; add `[NAME.default]`, which may be empty");
    }
}

static void read_all(struct launchers *launchers, struct user_file *file)
{
    for (size_t i = 0; file->root != NULL && i < file->root->count; i++) {
        read_launcher(launchers, file, &file->root->entries[i]);
    }
    user_file_close(file);
}

static void read_launchers(struct launchers *launchers, enum user_file_owner owner,
                           struct diag *diag)
{
    struct user_file file;
    if (user_file_open(&file, owner, "launchers.toml", &launchers->arena, diag)) {
        read_all(launchers, &file);
    }
}

static int compare_launchers(const void *a, const void *b)
{
    const struct launcher *left = a;
    const struct launcher *right = b;
    return slice_compare(left->name, right->name);
}

static void begin(struct launchers *launchers)
{
    *launchers = (struct launchers){0};
    arena_init(&launchers->arena);
    add_built_ins(launchers);
}

static void sort(struct launchers *launchers)
{
    qsort(launchers->items, launchers->count, sizeof *launchers->items, compare_launchers);
}

int launchers_load(struct launchers *launchers, struct diag *diag)
{
    size_t errors = diag->errors;
    begin(launchers);
    read_launchers(launchers, USER_FILE_ROW, diag);
    read_launchers(launchers, USER_FILE_ROWBUILD, diag);
    sort(launchers);
    return diag->errors == errors ? 0 : -1;
}

int launchers_load_text(struct launchers *launchers, struct slice text, const char *name,
                        struct diag *diag)
{
    struct user_file file;
    size_t errors = diag->errors;
    begin(launchers);
    user_file_open_text(&file, name, text, &launchers->arena, diag);
    read_all(launchers, &file);
    sort(launchers);
    return diag->errors == errors ? 0 : -1;
}

static void add_key(struct buf *out, const char *key, struct slice text)
{
    if (text.at != NULL) {
        buf_addf(out, "%s = ", key);
        text_add_json(out, text); /* JSON strings are valid basic strings in TOML */
        buf_add_char(out, '\n');
    }
}

void launchers_add_text(const struct launchers *launchers, struct buf *out)
{
    for (size_t i = 0; i < launchers->count; i++) {
        const struct launcher *launcher = &launchers->items[i];
        for (size_t v = 0; v < launcher->variant_count && !launcher->built_in; v++) {
            const struct launcher_variant *variant = &launcher->variants[v];
            buf_add_char(out, '[');
            text_add_json(out, launcher->name);
            buf_add_char(out, '.');
            text_add_json(out, variant->cluster);
            buf_add_string(out, "]\n");
            add_key(out, "executable", variant->executable);
            add_key(out, "processes", variant->processes);
            add_key(out, "threads_per_process", variant->threads_per_process);
            add_key(out, "gpus_per_process", variant->gpus_per_process);
        }
    }
}

void launchers_release(struct launchers *launchers)
{
    arena_release(&launchers->arena);
    *launchers = (struct launchers){0};
}

const struct launcher *launchers_find(const struct launchers *launchers, struct slice name)
{
    for (size_t i = 0; i < launchers->count; i++) {
        if (slice_equal(launchers->items[i].name, name)) {
            return &launchers->items[i];
        }
    }
    return NULL;
}

const struct launcher_variant *launcher_variant_for(const struct launcher *launcher,
                                                    struct slice cluster)
{
    const struct launcher_variant *fallback = NULL;
    for (size_t i = 0; i < launcher->variant_count; i++) {
        if (slice_equal(launcher->variants[i].cluster, cluster)) {
            return &launcher->variants[i];
        }
        if (slice_is(launcher->variants[i].cluster, DEFAULT_CLUSTER)) {
            fallback = &launcher->variants[i];
        }
    }
    return fallback;
}

bool launcher_starts_processes(const struct launcher *launcher, struct slice cluster)
{
    const struct launcher_variant *variant = launcher_variant_for(launcher, cluster);
    return (launcher->built_in && slice_is(launcher->name, "process")) ||
           (variant != NULL && variant->processes.at != NULL);
}

static void add_option(struct buf *out, size_t begin, struct slice option, uint64_t number)
{
    if (option.at == NULL || number == 0) {
        return;
    }
    if (out->len > begin) {
        buf_add_char(out, ' ');
    }
    buf_add_slice(out, option);
    buf_addf(out, "%llu", (unsigned long long)number);
}

void launcher_add_prefix(const struct launcher *launcher, struct slice cluster, uint64_t processes,
                         uint64_t threads_per_process, uint64_t gpus_per_process, struct buf *out)
{
    const struct launcher_variant *variant = launcher_variant_for(launcher, cluster);
    if (variant == NULL) {
        return;
    }
    size_t begin = out->len;
    buf_add_slice(out, variant->executable);
    add_option(out, begin, variant->processes, processes);
    add_option(out, begin, variant->threads_per_process, threads_per_process);
    add_option(out, begin, variant->gpus_per_process, gpus_per_process);
    if (out->len > begin) {
        buf_add_char(out, ' ');
    }
}

struct check {
    const struct launchers *launchers;
    const struct rowfile *rowfile;
    struct slice cluster;
    struct diag *diag;
};

static void unknown_launcher(const struct check *check, const struct action *action, size_t index)
{
    VEC(struct slice) names = {0};
    for (size_t i = 0; i < check->launchers->count; i++) {
        vec_push(&names, check->launchers->items[i].name);
    }
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "there is no launcher `");
    text_add_name(&message, action->launchers[index]);
    int nearest = text_nearest(action->launchers[index], names.at, names.count);
    if (nearest >= 0) {
        buf_add_string(&message, "`; did you mean `");
        text_add_name(&message, check->launchers->items[nearest].name);
        buf_add_string(&message, "`?");
    } else {
        buf_add_string(&message, "`; `show launchers` lists all of them");
    }
    diag_error_at(check->diag, FINDING_UNKNOWN_LAUNCHER, &check->rowfile->source,
                  action->launcher_offsets[index], action->launchers[index].len + 2, "%s",
                  buf_string(&message));
    buf_release(&message);
    vec_release(&names);
}

/* Whether every execution has several processes. With per-directory processes that depends on the
 * batch. */
static bool wants_several_processes(const struct action *action)
{
    const struct resource_spec *resources = &action->resources;
    return resources->processes > 1 ||
           (resources->processes_per_directory && action->command.uses_directories &&
            action->group.maximum_size != 1);
}

static void check_action(const struct check *check, const struct action *action)
{
    size_t starting = 0;
    bool unknown = false;
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher = launchers_find(check->launchers, action->launchers[i]);
        if (launcher == NULL) {
            unknown_launcher(check, action, i);
            unknown = true;
        } else if (launcher_starts_processes(launcher, check->cluster) && ++starting == 2) {
            diag_error_at(check->diag, FINDING_LAUNCHER_CONFLICT, &check->rowfile->source,
                          action->launcher_offsets[i], action->launchers[i].len + 2,
                          "two launchers that start processes can't be combined; remove one");
        }
    }
    if (starting == 0 && !unknown && wants_several_processes(action)) {
        size_t offset =
            action->launcher_count > 0 ? action->launcher_offsets[0] : action->name_offset;
        diag_error_at(check->diag, FINDING_LAUNCHER_MISSING, &check->rowfile->source, offset, 1,
                      "this action asks for several processes, and no launcher starts them; add "
                      "`launchers = [\"mpi\"]` or `[\"process\"]`, or use threads_per_process");
    }
}

void launchers_check(const struct launchers *launchers, const struct rowfile *rowfile,
                     struct slice cluster, struct diag *diag)
{
    struct check check = {launchers, rowfile, cluster, diag};
    const char *outer = diag->action;
    for (size_t i = 0; i < rowfile->action_count; i++) {
        struct buf name = BUF_EMPTY;
        buf_add_slice(&name, rowfile->actions[i].name);
        diag->action = buf_string(&name);
        check_action(&check, &rowfile->actions[i]);
        diag->action = outer;
        buf_release(&name);
    }
}
