#include "groups.h"

#include "text.h"
#include "where.h"

#include <stdlib.h>
#include <string.h>

#define IN_DIRECTORY " (directory `"

enum { MOST_NAMES = 3 }; /* of further directories in one message */

void groups_release(struct groups *groups)
{
    vec_release(&groups->members);
    vec_release(&groups->ends);
}

bool groups_need_values(const struct group_spec *spec)
{
    return spec->include_count > 0 || spec->where != NULL || spec->sort_by_count > 0;
}

static int report_in_directory(const struct action *action, const struct workspace *workspace,
                               size_t directory, enum finding_code code, size_t offset,
                               const char *problem, struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, workspace->names[directory]);
    diag_error_at(diag, code, &workspace->rowfile->source, offset, 1,
                  "action `%.*s`: %s" IN_DIRECTORY "%s`)", SLICE_ARGS(action->name), problem,
                  buf_string(&name));
    diag_add_directory(diag, workspace->names[directory]);
    buf_release(&name);
    return -1;
}

/* What is the same for several directories. */
struct same {
    struct diag_entry *entry;
    size_t length; /* of the message before the directory */
    size_t more;
    struct buf names;
};

/* The length of a message of report_in_directory before its directory, or 0. */
static size_t before_directory(const char *message)
{
    const char *at = strstr(message, IN_DIRECTORY);
    return at != NULL ? (size_t)(at - message) : 0;
}

static struct same *find_same(struct same *all, size_t count, const struct diag_entry *entry)
{
    size_t length = before_directory(entry->message);
    for (size_t i = 0; i < count; i++) {
        if (all[i].entry->offset == entry->offset && length > 0 && all[i].length == length &&
            memcmp(all[i].entry->message, entry->message, length) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

/* Makes one error of those since `first` that differ only in their directories. */
static void merge_reports(struct diag *diag, size_t first)
{
    size_t kept = first;
    struct same *all = mem_alloc((diag->entries.count - first + 1) * sizeof *all);
    for (size_t i = first; i < diag->entries.count; i++) {
        const struct diag_entry *entry = &diag->entries.at[i];
        struct same *same = find_same(all, kept - first, entry);
        if (same == NULL) {
            diag->entries.at[kept] = *entry;
            all[kept - first] = (struct same){.entry = &diag->entries.at[kept],
                                              .length = before_directory(entry->message)};
            kept++;
            continue;
        }
        if (same->more++ < MOST_NAMES) { /* "`name`)" */
            const char *name = entry->message + same->length + strlen(IN_DIRECTORY) - 1;
            buf_add_string(&same->names, same->more > 1 ? ", " : "");
            buf_add(&same->names, name, strlen(name) - 1);
        }
        same->entry->last_directory->next = entry->directories;
        same->entry->last_directory = entry->last_directory;
        diag->errors--;
    }
    for (size_t i = 0; i < kept - first; i++) {
        if (all[i].more > 0) {
            struct buf text = BUF_EMPTY;
            buf_add(&text, all[i].entry->message, strlen(all[i].entry->message) - 1);
            text_add_same_in(&text, all[i].more);
            buf_add_slice(&text, buf_slice(&all[i].names));
            buf_add_string(&text, all[i].more > MOST_NAMES ? ", …)" : ")");
            all[i].entry->message = arena_string(&diag->bytes, buf_slice(&text));
            buf_release(&text);
        }
        buf_release(&all[i].names);
    }
    diag->entries.count = kept;
    free(all);
}

/* The value at `pointer`, which the directory must have. */
static int need_value_at(const struct action *action, const struct workspace *workspace,
                         size_t directory, const struct json *value, struct slice pointer,
                         size_t offset, const struct json **found, struct diag *diag)
{
    if (json_at(value, pointer, found)) {
        return 0;
    }
    struct buf problem = BUF_EMPTY;
    buf_addf(&problem, "the value has nothing at `%.*s`", SLICE_ARGS(pointer));
    report_in_directory(action, workspace, directory, FINDING_MISSING_POINTER, offset,
                        buf_string(&problem), diag);
    buf_release(&problem);
    return -1;
}

static bool order_satisfies(int order, enum comparison comparison)
{
    switch (comparison) {
    case COMPARE_LT:
        return order < 0;
    case COMPARE_LE:
        return order <= 0;
    case COMPARE_EQ:
        return order == 0;
    case COMPARE_NE:
        return order != 0;
    case COMPARE_GE:
        return order >= 0;
    case COMPARE_GT:
        return order > 0;
    }
    return false;
}

static int condition_holds(const struct condition *condition, const struct action *action,
                           const struct workspace *workspace, size_t directory,
                           const struct json *value, struct diag *diag)
{
    const struct json *found;
    int order;
    if (need_value_at(action, workspace, directory, value, condition->pointer, condition->offset,
                      &found, diag) != 0) {
        return -1;
    }
    if (!json_compare(found, condition->operand, &order)) {
        struct buf problem = BUF_EMPTY;
        buf_addf(&problem, "`%.*s` is %s, which can't be compared with ",
                 SLICE_ARGS(condition->pointer), json_type_name(json_type_of(found)));
        json_add_text(condition->operand, &problem);
        report_in_directory(action, workspace, directory, FINDING_WRONG_VALUE, condition->offset,
                            buf_string(&problem), diag);
        buf_release(&problem);
        return -1;
    }
    return order_satisfies(order, condition->comparison);
}

static int selector_holds(const struct selector *selector, const struct action *action,
                          const struct workspace *workspace, size_t directory,
                          const struct json *value, struct diag *diag)
{
    for (size_t i = 0; i < selector->count; i++) {
        int holds =
            condition_holds(&selector->conditions[i], action, workspace, directory, value, diag);
        if (holds != 1) {
            return holds;
        }
    }
    return 1;
}

int groups_include(const struct action *action, struct workspace *workspace, size_t directory,
                   struct diag *diag)
{
    const struct group_spec *group = &action->group;
    const struct json *value;
    if (group->include_count == 0 && group->where == NULL) {
        return 1;
    }
    if (workspace_value(workspace, directory, &value, diag) != 0) {
        return -1;
    }
    if (group->where != NULL) {
        struct where_problem problem;
        int matches = where_matches(group->where, value, &problem);
        if (matches < 0) {
            struct buf sentence = BUF_EMPTY;
            where_problem_describe(&problem, &sentence);
            report_in_directory(action, workspace, directory,
                                problem.trouble == WHERE_MISSING ? FINDING_MISSING_POINTER
                                                                 : FINDING_WRONG_VALUE,
                                group->where_offset, buf_string(&sentence), diag);
            buf_release(&sentence);
        }
        return matches;
    }
    for (size_t i = 0; i < group->include_count; i++) {
        int holds = selector_holds(&group->include[i], action, workspace, directory, value, diag);
        if (holds != 0) {
            return holds;
        }
    }
    return 0;
}

int groups_include_all(const struct action *action, struct workspace *workspace,
                       uint32_t *directories, size_t *count, struct diag *diag)
{
    size_t first = diag->entries.count;
    int result = 0;
    *count = 0;
    for (size_t i = 0; i < workspace->count; i++) {
        int included = groups_include(action, workspace, i, diag);
        if (included < 0) {
            result = -1;
        } else if (included > 0) {
            directories[(*count)++] = (uint32_t)i;
        }
    }
    merge_reports(diag, first);
    return result;
}

struct sortable {
    const struct json **keys; /* one for each of sort_by */
    size_t key_count;
    uint32_t directory;
    bool reverse;
};

static int compare_keys(const struct sortable *a, const struct sortable *b)
{
    for (size_t i = 0; i < a->key_count; i++) {
        int order = json_order(a->keys[i], b->keys[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_sortables(const void *left, const void *right)
{
    const struct sortable *a = left;
    const struct sortable *b = right;
    int order = compare_keys(a, b);
    if (order == 0) {
        order = a->directory < b->directory ? -1 : a->directory > b->directory;
        /* Without sort keys, names are what is sorted by, and so reversed too. */
        if (a->key_count > 0) {
            return order;
        }
    }
    return a->reverse ? -order : order;
}

static int find_keys(const struct action *action, struct workspace *workspace, size_t directory,
                     const struct json **keys, struct diag *diag)
{
    const struct json *value;
    if (action->group.sort_by_count == 0) {
        return 0;
    }
    if (workspace_value(workspace, directory, &value, diag) != 0) {
        return -1;
    }
    for (size_t i = 0; i < action->group.sort_by_count; i++) {
        if (need_value_at(action, workspace, directory, value, action->group.sort_by[i],
                          action->offset, &keys[i], diag) != 0) {
            return -1;
        }
    }
    return 0;
}

int groups_form(const struct action *action, struct workspace *workspace,
                const uint32_t *directories, size_t count, struct groups *groups, struct diag *diag)
{
    const struct group_spec *spec = &action->group;
    size_t key_count = spec->sort_by_count;
    struct sortable *sortables = mem_alloc(count * sizeof *sortables);
    const struct json **keys = mem_alloc(count * key_count * sizeof(struct json *));
    size_t first = diag->entries.count;
    int result = 0;
    groups->members.count = 0;
    groups->ends.count = 0;
    for (size_t i = 0; i < count; i++) {
        sortables[i] = (struct sortable){.keys = keys + i * key_count,
                                         .key_count = key_count,
                                         .directory = directories[i],
                                         .reverse = spec->reverse_sort};
        if (find_keys(action, workspace, directories[i], sortables[i].keys, diag) != 0) {
            result = -1;
        }
    }
    if (result != 0) {
        merge_reports(diag, first);
        goto out;
    }
    if (count > 1) {
        qsort(sortables, count, sizeof *sortables, compare_sortables);
    }
    size_t in_group = 0;
    for (size_t i = 0; i < count; i++) {
        bool other_key = i > 0 && spec->split_by_sort_key &&
                         (key_count == 0 || compare_keys(&sortables[i - 1], &sortables[i]) != 0);
        bool is_full = spec->maximum_size > 0 && in_group == spec->maximum_size;
        if (i > 0 && (other_key || is_full)) {
            vec_push(&groups->ends, i);
            in_group = 0;
        }
        vec_push(&groups->members, sortables[i].directory);
        in_group++;
    }
    if (count > 0) {
        vec_push(&groups->ends, count);
    }
out:
    free(keys);
    free(sortables);
    return result;
}

int groups_add_sort_key(const struct action *action, struct workspace *workspace, size_t directory,
                        struct buf *out, struct diag *diag)
{
    size_t count = action->group.sort_by_count;
    const struct json **keys = mem_alloc(count * sizeof(struct json *));
    int result = find_keys(action, workspace, directory, keys, diag);
    if (result == 0) {
        buf_add_char(out, '[');
        for (size_t i = 0; i < count; i++) {
            if (i > 0) {
                buf_add_char(out, ',');
            }
            json_add_canonical(keys[i], out);
        }
        buf_add_char(out, ']');
    }
    free(keys);
    return result;
}
