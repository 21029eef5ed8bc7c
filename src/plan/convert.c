#include "convert.h"

#include "names.h"

#include <stdlib.h>

/* ---- The rules of a record ---- */

/* The rules by which the digests of a record were made; at == NULL: it names none. */
static struct slice recorded_rules(const struct recorded *recorded)
{
    for (size_t i = recorded->good->count; i-- > 0;) {
        struct component component = components_at(recorded->good, i);
        if (component.kind == COMPONENT_RULES) {
            return component.name;
        }
    }
    return (struct slice){0};
}

/* The names that they leave out: "1/NAME/NAME…". The caller frees. */
static struct glob_set *names_of(struct slice rules)
{
    VEC(struct slice) names = {0};
    struct diag unseen;
    diag_init(&unseen);
    const char *slash = rules.at != NULL ? memchr(rules.at, '/', rules.len) : NULL;
    for (size_t at = slash != NULL ? (size_t)(slash - rules.at) + 1 : rules.len; at < rules.len;) {
        slash = memchr(rules.at + at, '/', rules.len - at);
        size_t end = slash != NULL ? (size_t)(slash - rules.at) : rules.len;
        vec_push(&names, slice_make(rules.at + at, end - at));
        at = end + 1;
    }
    struct glob_set *set =
        names.count > 0 ? glob_set_new(names.at, names.count, true, "ignore", &unseen) : NULL;
    vec_release(&names);
    diag_release(&unseen);
    return set;
}

bool convert_has_other_rules(const struct plan *plan, struct recorded *recorded)
{
    return !slice_equal(recorded_rules(recorded), plan->graph->rules_name);
}

bool convert_folder(struct plan *plan, struct recorded *recorded, const char *path,
                    const struct tree_view *view, struct digest then)
{
    struct slice rules = recorded_rules(recorded);
    if (plan->options.recorded || !digest_is_content(then) ||
        slice_equal(rules, plan->graph->rules_name)) {
        return false;
    }
    bool is_first = rules.at == NULL; /* all of a folder counted */
    struct glob_set *ignored = names_of(rules);
    struct tree_rules then_rules = {
        .ignored = ignored, .takes_reserved = is_first, .takes_folder_times = is_first};
    struct tree_view then_view = {0};
    if (view != NULL && !is_first) {
        then_view = *view;
    }
    then_view.rules = &then_rules;
    struct file_row row = {0};
    enum file_status status = observe_view(plan->observer, path, &then_view, &row);
    glob_set_free(ignored);
    return status == FILE_READ && (row.flags & FILE_ROW_DIRECTORY) != 0 &&
           observed_equal(then, &row);
}

bool convert_was_ignored(struct recorded *recorded, struct slice path)
{
    struct glob_set *ignored = names_of(recorded_rules(recorded));
    bool found = ignored != NULL && glob_set_matches_part(ignored, path);
    glob_set_free(ignored);
    return found;
}

/* ---- What globs match ---- */

/* Whether the folder was recorded itself, and is what it was. */
static bool is_same_product(struct plan *plan, struct task_id task, struct recorded *recorded,
                            struct file_id product)
{
    struct component wanted = {.kind = COMPONENT_FILE};
    struct component then;
    wanted.name = plan_component_name(plan, task, product, &wanted.in_directory);
    return plan->files[product.at] == FILE_CURRENT &&
           recorded_find(recorded, &wanted, SIZE_MAX, &then) &&
           observed_equal(then.digest, state_file(plan->state, product.at));
}

struct files_compared {
    const struct plan *plan;
    struct recorded *recorded;
    uint32_t directory; /* of the task */
    struct slice folder;
    size_t count;
    bool differs;
};

static void compare_entry(void *context, const char *path, struct digest digest)
{
    struct files_compared *compared = context;
    struct component wanted = {.kind = COMPONENT_FILE};
    struct component then;
    struct buf whole = BUF_EMPTY;
    buf_add_slice(&whole, compared->folder);
    buf_addf(&whole, "/%s", path);
    wanted.name = plan_name_below(compared->plan, compared->directory, buf_slice(&whole),
                                  &wanted.in_directory);
    compared->differs |= !recorded_find(compared->recorded, &wanted, SIZE_MAX, &then) ||
                         !digest_equal(then.digest, digest);
    compared->count++;
    buf_release(&whole);
}

/* How many recorded files are in the view. */
static size_t count_recorded(const struct files_compared *compared, const struct tree_view *view)
{
    const struct plan *plan = compared->plan;
    const struct components *good = compared->recorded->good;
    struct buf path = BUF_EMPTY;
    size_t count = 0;
    for (size_t i = 0; i < good->count; i++) {
        struct component then = components_at(good, i);
        if (then.kind != COMPONENT_FILE) {
            continue;
        }
        buf_clear(&path);
        if (then.in_directory) {
            plan_add_directory(plan->graph, compared->directory, &path);
        }
        buf_add_slice(&path, then.name);
        struct slice below = path_below(buf_slice(&path), compared->folder);
        count += below.at != NULL && tree_view_counts(view, below, false);
    }
    buf_release(&path);
    return count;
}

bool convert_globbed(struct plan *plan, struct task_id task, struct recorded *recorded,
                     struct file_id file)
{
    const struct tree_view *view = graph_view(plan->graph, file);
    if (view == NULL || view->globs == NULL || plan->options.recorded) {
        return false;
    }
    if (is_same_product(plan, task, recorded, graph_maker(plan->graph, file).product)) {
        return true;
    }
    struct buf folder = BUF_EMPTY;
    graph_add_path(plan->graph, file, &folder);
    struct files_compared compared = {.plan = plan,
                                      .recorded = recorded,
                                      .directory = plan->graph->tasks[task.at].directory,
                                      .folder = buf_slice(&folder)};
    enum file_status status =
        observe_each(plan->observer, buf_string(&folder), view, compare_entry, &compared);
    bool is_same = (status == FILE_READ || status == FILE_GONE) && !compared.differs &&
                   count_recorded(&compared, view) == compared.count;
    buf_release(&folder);
    return is_same;
}
