/* How what a task depends on differs from what its record says. */
#include "exam.h"

#include "convert.h"
#include "file.h"
#include "match.h"
#include "named.h"
#include "names.h"
#include "recorded.h"
#include "skips.h"
#include "stamps.h"

/* Whether the whole value is what it was, though another part of it counts now: the description
 * changed, not the value. `place` is where it stands in the list; its whole follows where only a
 * part of it counts. */
static bool is_same_whole(struct recorded *recorded, const struct component_list *list,
                          size_t place, const struct component *then)
{
    const struct component *now = &list->at[place];
    struct component whole = {
        .kind = COMPONENT_WHOLE, .in_directory = now->in_directory, .name = now->name};
    struct component found;
    bool was_part = recorded_find(recorded, &whole, place + 1, &found);
    bool is_part = place + 1 < list->count && list->at[place + 1].kind == COMPONENT_WHOLE;
    return digest_equal(was_part ? found.digest : then->digest,
                        is_part ? list->at[place + 1].digest : now->digest);
}

static void compare_recipe_or_value(struct exam *exam, struct recorded *recorded,
                                    const struct component_list *list, size_t place)
{
    const struct component *now = &list->at[place];
    struct component then;
    bool is_value = now->kind == COMPONENT_VALUE;
    bool is_recorded = recorded_find(recorded, now, place, &then);
    if (is_recorded && digest_equal(then.digest, now->digest)) {
        return;
    }
    if (!is_recorded || /* members that joined are told by themselves */
        digest_is_unknown(then.digest) ||
        (is_value && is_same_whole(recorded, list, place, &then))) {
        exam->fills_in = true;
    } else {
        exam_tell(exam, (struct reason){.kind = is_value ? REASON_VALUE : REASON_RECIPE,
                                        .name = now->name,
                                        .in_directory = now->in_directory,
                                        .before = then.digest,
                                        .after = now->digest});
    }
}

static bool was_listed(struct recorded *recorded, const struct exam *exam, uint32_t input)
{
    struct component found;
    const struct action *action = graph_action(exam->plan->graph, exam->task);
    if (input == DEPENDENCY_UPSTREAM) {
        return false;
    }
    struct component pattern = {.kind = COMPONENT_PATTERN, .name = action->inputs[input].text};
    return recorded_find(recorded, &pattern, SIZE_MAX, &found);
}

static void tell_file(struct exam *exam, const struct component *now, struct file_id file,
                      bool is_new)
{
    uint32_t producer = graph_maker(exam->plan->graph, file).task.at;
    enum reason_kind kind = producer != GRAPH_NONE ? REASON_UPSTREAM_MADE
                            : is_new               ? REASON_INPUT_NEW
                                                   : REASON_INPUT;
    exam_tell(exam, (struct reason){.kind = kind,
                                    .name = now->name,
                                    .in_directory = now->in_directory,
                                    .task = {producer}});
}

static void tell_input(struct exam *exam, const struct component *now, enum reason_kind kind)
{
    exam_tell(exam,
              (struct reason){.kind = kind, .name = now->name, .in_directory = now->in_directory});
}

/* An input of which the record has no digest: newly listed, or (in records of earlier versions) one
 * that couldn't be looked at. It counts as seen unless it is younger than the success. */
static void compare_unrecorded_file(struct exam *exam, const struct component *now,
                                    struct file_id file, const struct task_row *success)
{
    const struct plan *plan = exam->plan;
    exam->fills_in = true;
    if (plan->files[file.at] == FILE_CURRENT &&
        state_file(plan->state, file.at)->mtime_ns > success->finished_at_ns) {
        tell_file(exam, now, file, false);
    }
}

static bool is_same_content(struct exam *exam, struct digest then, struct digest now,
                            struct file_id file, const struct task_row *success)
{
    struct plan *plan = exam->plan;
    if (plan->files[file.at] != FILE_CURRENT) {
        return false;
    }
    if (digest_equal(then, now)) {
        return true;
    }
    if (plan_is_stamp(then) || plan_is_stamp(now)) {
        bool stands = plan_stamp_stands(plan, file, then, now, success);
        exam->fills_in |= stands;
        return stands;
    }
    return observed_equal(then, state_file(plan->state, file.at));
}

/* Whether a folder is what it was by the rules of its record. */
static bool converts(struct exam *exam, struct recorded *recorded, struct file_id file,
                     struct digest then)
{
    struct plan *plan = exam->plan;
    bool is_folder = plan->files[file.at] == FILE_CURRENT &&
                     (state_file(plan->state, file.at)->flags & FILE_ROW_DIRECTORY) != 0;
    bool is_same = is_folder && convert_folder(plan, recorded, plan_path(plan, file),
                                               plan_view(plan, file), then);
    exam->fills_in |= is_same;
    return is_same;
}

/* A stamp is as empty as it was: its maker ran on something else. */
static void tell_content(struct exam *exam, const struct component *now, struct digest then,
                         struct file_id file)
{
    bool was_empty =
        plan_is_stamp(then) || digest_equal(then, state_file(exam->plan->state, file.at)->digest);
    if (plan_is_stamp(now->digest) && was_empty) {
        struct task_id maker = {exam->plan->graph->producers[file.at]};
        exam_tell(exam,
                  (struct reason){.kind = REASON_UPSTREAM_RAN, .name = now->name, .task = maker});
    } else {
        tell_file(exam, now, file, false);
    }
}

static void compare_file(struct exam *exam, struct recorded *recorded, const struct component *now,
                         size_t place, const struct dependency *dependency,
                         const struct task_row *success)
{
    struct plan *plan = exam->plan;
    struct file_id file = dependency->file;
    struct component then;
    if (exam_file_is_pending(plan, file)) {
        return;
    }
    bool is_recorded = recorded_find(recorded, now, place, &then);
    if (is_recorded && plan_is_deleted(plan, file) &&
        (digest_is_unknown(then.digest) || digest_is_unknown(now->digest))) {
        return; /* nobody can know what it was */
    }
    if (plan->files[file.at] == FILE_MOVING) {
        tell_input(exam, now, REASON_INPUT_MOVING);
    } else if (!is_recorded && was_listed(recorded, exam, dependency->input)) {
        exam->fills_in = true;
        if (convert_was_ignored(recorded, now->name)) {
            compare_unrecorded_file(exam, now, file, success);
        } else if (!convert_globbed(plan, exam->task, recorded, file)) {
            tell_file(exam, now, file, true);
        }
    } else if (is_recorded && digest_is_unknown(then.digest) && success->success != SUCCESS_RAN) {
        exam->fills_in = true; /* absent when the results were taken as they stood */
    } else if (!is_recorded || digest_is_unknown(then.digest)) {
        compare_unrecorded_file(exam, now, file, success);
    } else if (digest_is_unread(then.digest)) {
        tell_input(exam, now, REASON_INPUT_UNREAD);
    } else if (digest_is_absent(then.digest)) {
        if (plan->files[file.at] != FILE_GONE) {
            tell_file(exam, now, file, true);
        }
    } else if (!is_same_content(exam, then.digest, now->digest, file, success) &&
               !converts(exam, recorded, file, then.digest)) {
        tell_content(exam, now, then.digest, file);
    }
}

/* Whether it is told by itself, as a dependency. */
static bool is_dependency(const struct exam *exam, struct file_id file)
{
    const struct graph *graph = exam->plan->graph;
    bool found = false;
    uint32_t end = graph->dependency_start[exam->task.at + 1];
    for (uint32_t d = graph->dependency_start[exam->task.at]; d < end && !found; d++) {
        found = file.at != GRAPH_NONE && graph->dependencies.at[d].file.at == file.at;
    }
    return found;
}

/* Whether what was recorded of a named file still stands, though its digest is another now. */
static bool named_stands(struct exam *exam, struct recorded *recorded, const struct component *now,
                         struct digest then, const struct file_row *row,
                         const struct task_row *success)
{
    struct plan *plan = exam->plan;
    bool stands = false;
    if (plan_is_stamp(then) || plan_is_stamp(now->digest)) {
        struct file_id file = named_in_graph(plan, exam->task, now);
        stands = file.at != GRAPH_NONE && plan_stamp_stands(plan, file, then, now->digest, success);
        exam->fills_in |= stands;
    } else if (observed_equal(then, row)) {
        return true;
    } else if ((row->flags & FILE_ROW_DIRECTORY) != 0) {
        struct buf path = BUF_EMPTY;
        if (now->in_directory) {
            plan_add_directory(plan->graph, plan->graph->tasks[exam->task.at].directory, &path);
        }
        buf_add_slice(&path, now->name);
        stands = convert_folder(plan, recorded, buf_string(&path),
                                named_view(plan, exam->task, now), then);
        exam->fills_in |= stands;
        buf_release(&path);
    }
    return stands;
}

static void compare_named(struct exam *exam, struct recorded *recorded, const struct component *now,
                          size_t place, const struct task_row *success)
{
    struct plan *plan = exam->plan;
    struct component then;
    enum file_status status;
    int trouble;
    bool is_recorded = recorded_find(recorded, now, place, &then);
    bool is_known = is_recorded && !digest_is_unknown(then.digest);
    if (is_known && digest_equal(then.digest, now->digest)) {
        return;
    }
    struct file_id product = named_product(plan, exam->task, now);
    if ((product.at != GRAPH_NONE && exam_file_is_pending(plan, product)) ||
        is_dependency(exam, named_in_graph(plan, exam->task, now))) {
        exam->fills_in |= !is_known;
        return;
    }
    const struct file_row *row = plan_named_row(plan, exam->task, now, &status, &trouble);
    struct reason reason = {
        .kind = REASON_INPUT,
        .name = now->name,
        .in_directory = now->in_directory,
        .task = {product.at != GRAPH_NONE ? plan->graph->producers[product.at] : GRAPH_NONE}};
    if (status == FILE_MOVING) {
        reason.kind = REASON_INPUT_MOVING;
    } else if (!is_known) { /* as a newly listed input */
        exam->fills_in = true;
        if (status != FILE_CURRENT || row->mtime_ns <= success->finished_at_ns) {
            return;
        }
    } else if (digest_is_unread(then.digest)) {
        reason.kind = REASON_INPUT_UNREAD;
    } else if (status == FILE_GONE) {
        reason.kind = REASON_INPUT_GONE;
    } else if (digest_is_absent(then.digest)) {
        reason.kind = REASON_INPUT_NEW;
    } else if (named_stands(exam, recorded, now, then.digest, row, success)) {
        return;
    } else if (product.at != GRAPH_NONE) {
        reason.kind = REASON_UPSTREAM_MADE;
    }
    exam_tell(exam, reason);
}

/* Whether it is known what the depfile named, if there is one. */
static void compare_depfile(struct exam *exam, const struct component_list *list)
{
    bool is_known = graph_action(exam->plan->graph, exam->task)->depfile == NULL;
    for (size_t i = list->count; i-- > 0 && !is_known;) {
        is_known = list->at[i].kind == COMPONENT_DEPFILE;
    }
    if (!is_known && !exam_is_over(exam)) {
        struct named_list named = {0};
        if (plan_read_depfiles(exam->plan, exam->task, false, &named) == 0) {
            buf_add_string(&named.wrong, "its depfile is of a later attempt");
        }
        exam_tell(exam, (struct reason){.kind = REASON_DEPFILE, .name = buf_slice(&named.wrong)});
        named_list_release(&named);
    }
}

static void compare_product(struct exam *exam, struct recorded *recorded,
                            const struct component *now, size_t place, struct file_id file)
{
    struct plan *plan = exam->plan;
    struct component then;
    struct reason reason = {.name = now->name, .in_directory = now->in_directory};
    if (plan_is_deleted(plan, file) && recorded_find(recorded, now, place, &then)) {
        return; /* it counts as it was */
    }
    if (plan->files[file.at] != FILE_CURRENT) {
        reason.kind = REASON_PRODUCT_MISSING;
        exam_tell(exam, reason);
    } else if (!recorded_find(recorded, now, place, &then) || digest_is_unknown(then.digest)) {
        exam->fills_in = true; /* newly listed, and there */
    } else if (!observed_equal(then.digest, state_file(plan->state, file.at)) &&
               !converts(exam, recorded, file, then.digest)) {
        reason.kind = REASON_PRODUCT_CHANGED;
        exam_tell(exam, reason);
    }
}

static void compare_upstream_task(struct exam *exam, struct recorded *recorded,
                                  const struct component *now, size_t place, struct task_id before,
                                  int64_t finished_at_ns)
{
    const struct plan *plan = exam->plan;
    const struct task_row *row = state_task(plan->state, before.at);
    struct component then;
    if (exam_is_pending(plan, before)) {
        return;
    }
    if (!recorded_find(recorded, now, place, &then) ||
        digest_is_unknown(then.digest)) { /* it had never run */
        exam->fills_in = true;
        if (row->finished_at_ns <= finished_at_ns) {
            return;
        }
    } else if (digest_equal(then.digest, now->digest)) {
        return;
    }
    exam_tell(exam,
              (struct reason){.kind = REASON_UPSTREAM_RAN, .name = now->name, .task = before});
}

/* Which upstream task the k-th COMPONENT_TASK stands for. */
static struct task_id upstream_task(const struct plan *plan, struct task_id task, size_t k)
{
    const struct graph *graph = plan->graph;
    for (uint32_t e = graph->before_start[task.at];; e++) {
        struct task_id before = graph->before.at[e].task;
        if ((graph->before.at[e].kinds & EDGE_FINGERPRINT) != 0 &&
            !plan_leaves_out(plan, task, graph->tasks[before.at].directory) && k-- == 0) {
            return before;
        }
    }
}

static bool is_of_action(struct slice key, struct slice action)
{
    return key.len >= action.len && memcmp(key.at, action.at, action.len) == 0 &&
           (key.len == action.len || key.at[action.len] == '/');
}

/* Which of the task's previous actions a key of COMPONENT_BEFORE belongs to; its place among them,
 * or SIZE_MAX: it is no longer one. */
static size_t previous_action(const struct graph *graph, const struct action *action,
                              struct slice key)
{
    for (size_t i = 0; i < action->previous_count; i++) {
        if (is_of_action(key, graph->rowfile->names[action->previous[i]])) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* A task that comes before is new. If the action that it is of came before when the record was
 * made, the study has grown; else the description has, which doesn't count. */
static void compare_before(struct exam *exam, const struct recorded *recorded,
                           const struct component *now)
{
    const struct graph *graph = exam->plan->graph;
    const struct action *action = graph_action(graph, exam->task);
    size_t previous = previous_action(graph, action, now->name);
    if (previous != exam->asked_previous) {
        exam->asked_previous = previous;
        exam->previous_is_recorded = false;
        for (size_t i = 0; i < recorded->good->count && !exam->previous_is_recorded; i++) {
            struct component then = components_at(recorded->good, i);
            exam->previous_is_recorded = then.kind == COMPONENT_BEFORE &&
                                         previous_action(graph, action, then.name) == previous;
        }
    }
    if (exam->previous_is_recorded) {
        exam_tell(exam, (struct reason){.kind = REASON_UPSTREAM_JOINED, .name = now->name});
    }
}

static bool glob_matches(const struct path_spec *spec, struct slice path)
{
    struct diag unseen;
    diag_init(&unseen);
    struct glob_set *globs = glob_set_new(&spec->path, 1, false, "inputs", &unseen);
    bool matches = globs != NULL && glob_set_matches(globs, path);
    glob_set_free(globs);
    diag_release(&unseen);
    return matches;
}

static bool is_there(struct plan *plan, struct task_id task, const struct component *recorded)
{
    struct buf path = BUF_EMPTY;
    struct file_stat found;
    if (recorded->in_directory) {
        plan_add_directory(plan->graph, plan->graph->tasks[task.at].directory, &path);
    }
    buf_add_slice(&path, recorded->name);
    bool is_there =
        file_stat(plan->project, buf_string(&path), &found) == 0 && found.kind != FILE_MISSING;
    buf_release(&path);
    return is_there;
}

/* Whether a recorded file that is no longer a dependency was matched by a glob that is still
 * listed, and is missing now. (One that is there is left out now: it is a product, or lies in one.)
 */
static bool listed_glob_lost(struct plan *plan, struct task_id task,
                             const struct component *recorded)
{
    const struct action *action = graph_action(plan->graph, task);
    const uint32_t *directories;
    size_t count = graph_directories(plan->graph, task, &directories);
    struct slice below = recorded->name;
    bool is_below = recorded->in_directory;
    for (size_t i = 0; i < count && !is_below; i++) {
        below = plan_name_below(plan, directories[i], recorded->name, &is_below);
    }
    for (size_t i = 0; i < action->input_count; i++) {
        const struct path_spec *spec = &action->inputs[i];
        bool same_root = spec->from_project ? !recorded->in_directory : is_below;
        if (spec->is_glob && !spec->is_excluded && !spec->has_template && same_root &&
            glob_matches(spec, spec->from_project ? recorded->name : below)) {
            return !graph_glob_ignores(plan->graph, spec->path, recorded->name) &&
                   (plan->options.recorded || !is_there(plan, task, recorded));
        }
    }
    return false;
}

/* A member that took part, as one that was left out, and the other way round. */
static struct component other_standing(const struct component *component)
{
    struct component other = {.kind = component->kind == COMPONENT_MEMBER ? COMPONENT_SKIPPED
                                                                          : COMPONENT_MEMBER,
                              .name = component->name};
    return other;
}

/* A member of which the record says otherwise, or nothing. */
static void tell_member(struct exam *exam, struct recorded *recorded, const struct component *now)
{
    struct component other = other_standing(now);
    struct component found;
    enum reason_kind kind = now->kind == COMPONENT_SKIPPED                      ? REASON_SKIPPED
                            : recorded_find(recorded, &other, SIZE_MAX, &found) ? REASON_RESUMED
                                                                                : REASON_JOINED;
    exam_tell(exam, (struct reason){.kind = kind, .name = now->name});
}

/* Recorded members, tasks before and globbed files that are no longer there. */
static void compare_gone(struct exam *exam, struct recorded *recorded,
                         const struct component_list *list)
{
    struct plan *plan = exam->plan;
    struct intern present;
    struct buf key = BUF_EMPTY;
    intern_init(&present);
    for (size_t i = 0; i < list->count; i++) {
        intern_add(&present, recorded_key(&list->at[i], &key));
    }
    for (size_t i = 0; i < recorded->good->count && !exam_is_over(exam); i++) {
        struct component then = components_at(recorded->good, i);
        if (then.kind == COMPONENT_LINK || then.kind == COMPONENT_TARGET ||
            then.kind == COMPONENT_STAYS || then.kind == COMPONENT_OLD ||
            then.kind == COMPONENT_ENTRIES || then.kind == COMPONENT_ATTEMPT ||
            then.kind == COMPONENT_TEMPORARY || then.kind == COMPONENT_FORMER ||
            intern_find(&present, recorded_key(&then, &key)) != INTERN_NONE) {
            continue;
        }
        exam->fills_in = true;
        if (then.kind == COMPONENT_MEMBER || then.kind == COMPONENT_SKIPPED) {
            struct component other = other_standing(&then);
            if (intern_find(&present, recorded_key(&other, &key)) == INTERN_NONE) {
                exam_tell(exam, (struct reason){.kind = REASON_LEFT, .name = then.name});
            }
        } else if (then.kind == COMPONENT_BEFORE &&
                   previous_action(plan->graph, graph_action(plan->graph, exam->task), then.name) !=
                       SIZE_MAX) {
            exam_tell(exam, (struct reason){.kind = REASON_UPSTREAM_LEFT, .name = then.name});
        } else if (then.kind == COMPONENT_FILE && !digest_is_absent(then.digest) &&
                   listed_glob_lost(plan, exam->task, &then)) {
            exam_tell(exam, (struct reason){.kind = REASON_INPUT_GONE,
                                            .name = then.name,
                                            .in_directory = then.in_directory});
        }
    }
    buf_release(&key);
    intern_release(&present);
}

void exam_compare(struct exam *exam, const struct component_list *list, const struct task_row *row,
                  bool products)
{
    const struct graph *graph = exam->plan->graph;
    struct recorded recorded = {.good = &row->good};
    uint32_t n = exam->task.at;
    const struct dependency *dependencies =
        vec_from(&graph->dependencies, graph->dependency_start[n]);
    const struct file_id *made = vec_from(&graph->products, graph->product_start[n]);
    size_t dependency = 0;
    size_t product = 0;
    size_t upstream = 0;
    struct component then;
    for (size_t i = 0; i < list->count && !exam_is_over(exam); i++) {
        const struct component *now = &list->at[i];
        if (now->kind == COMPONENT_PRODUCT) {
            if (products) {
                compare_product(exam, &recorded, now, i, made[product]);
            }
            product++;
        } else if (products) {
            continue;
        } else if (now->kind == COMPONENT_RECIPE || now->kind == COMPONENT_VALUE) {
            compare_recipe_or_value(exam, &recorded, list, i);
        } else if (now->kind == COMPONENT_FILE) {
            while (plan_skips_file(exam->plan, exam->task, dependencies[dependency].file)) {
                dependency++;
            }
            compare_file(exam, &recorded, now, i, &dependencies[dependency++], row);
        } else if (now->kind == COMPONENT_NAMED) {
            compare_named(exam, &recorded, now, i, row);
        } else if (now->kind == COMPONENT_TASK) {
            compare_upstream_task(exam, &recorded, now, i,
                                  upstream_task(exam->plan, exam->task, upstream++),
                                  row->finished_at_ns);
        } else if (!recorded_find(&recorded, now, i, &then)) {
            exam->fills_in = true;
            if (now->kind == COMPONENT_MEMBER || now->kind == COMPONENT_SKIPPED) {
                tell_member(exam, &recorded, now);
            } else if (now->kind == COMPONENT_BEFORE) {
                compare_before(exam, &recorded, now);
            }
        }
    }
    if (!products) {
        compare_depfile(exam, list);
    }
    if (!products && !exam_is_over(exam) && (exam->fills_in || list->count != row->good.count)) {
        compare_gone(exam, &recorded, list);
    }
    recorded_release(&recorded);
}
