/* Relates actions to each other: names, previous actions, elements of one name. */
#include "intern.h"
#include "load.h"
#include "text.h"

/* Names are numbered in order of first appearance. */
static void number_names(struct loader *loader, struct intern *names)
{
    struct rowfile *rowfile = loader->rowfile;
    for (size_t i = 0; i < rowfile->action_count; i++) {
        rowfile->actions[i].name_id = intern_add(names, rowfile->actions[i].name);
    }
    rowfile->name_count = names->count;
    rowfile->names = arena_array(loader->arena, names->count, sizeof *rowfile->names);
    for (uint32_t i = 0; i < names->count; i++) {
        rowfile->names[i] = arena_slice(loader->arena, intern_name(names, i));
    }
}

static void unknown_previous(struct loader *loader, const struct toml_value *item)
{
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "there is no action `");
    text_add_name(&message, item->string);
    buf_add_char(&message, '`');
    size_t before = message.len;
    add_suggestion(&message, item->string, loader->rowfile->names, loader->rowfile->name_count);
    if (message.len == before) {
        buf_add_string(&message, "; add it or remove it here");
    }
    error_at(loader, FINDING_UNKNOWN_ACTION, item, "%s", buf_string(&message));
    buf_release(&message);
}

static bool has_previous(const struct action *action, uint32_t id)
{
    for (size_t i = 0; i < action->previous_count; i++) {
        if (action->previous[i] == id) {
            return true;
        }
    }
    return false;
}

static void build_previous(struct loader *loader, struct action *action,
                           const struct layers *layers, const struct intern *names)
{
    const struct toml_value *list = layers_typed(layers, ID_ACTION_PREVIOUS_ACTIONS, TOML_ARRAY);
    size_t most = list != NULL ? list->array.count : 0;
    action->previous = arena_array(loader->arena, most, sizeof *action->previous);
    action->previous_offsets = arena_array(loader->arena, most, sizeof *action->previous_offsets);
    for (size_t i = 0; i < most; i++) {
        const struct toml_value *item = list->array.items[i];
        if (item->type != TOML_STRING || item->string.len == 0) {
            continue;
        }
        uint32_t id = intern_find(names, item->string);
        if (id == INTERN_NONE) {
            unknown_previous(loader, item);
        } else if (!has_previous(action, id)) {
            action->previous[action->previous_count] = id;
            action->previous_offsets[action->previous_count++] = item->offset;
        }
    }
}

static bool same_previous(const struct action *a, const struct action *b)
{
    bool same = a->previous_count == b->previous_count;
    for (size_t i = 0; same && i < a->previous_count; i++) {
        same = has_previous(b, a->previous[i]);
    }
    return same;
}

static void must_share(struct loader *loader, const struct action *action, const char *what)
{
    struct buf name = BUF_EMPTY;
    text_add_name(&name, action->name);
    diag_error_at(
        loader->diag, FINDING_ELEMENTS_DIFFER, loader->source, action->name_offset, 1,
        "all elements called `%s` must have the same %s as the first one; make them equal "
        "or give this one another name",
        buf_string(&name), what);
    buf_release(&name);
}

/* In row, some elements of a name may submit whole groups while others don't. Then all of them work
 * on groups. */
static void share_groups(struct loader *loader)
{
    struct rowfile *rowfile = loader->rowfile;
    bool *grouped = arena_array(loader->arena, rowfile->name_count, sizeof *grouped);
    for (size_t i = 0; i < rowfile->action_count; i++) {
        grouped[rowfile->actions[i].name_id] |= rowfile->actions[i].scope == SCOPE_GROUP;
    }
    for (size_t i = 0; i < rowfile->action_count; i++) {
        struct action *action = &rowfile->actions[i];
        if (grouped[action->name_id] && action->scope == SCOPE_DIRECTORY) {
            action->scope = SCOPE_GROUP;
        }
    }
}

/* Later elements use the first one's products and previous actions, so that their order is the
 * same. */
static void unite_elements(struct loader *loader)
{
    struct rowfile *rowfile = loader->rowfile;
    struct action **first = arena_array(loader->arena, rowfile->name_count, sizeof(void *));
    for (size_t i = 0; i < rowfile->action_count; i++) {
        struct action *action = &rowfile->actions[i];
        struct action *model = first[action->name_id];
        if (model == NULL || action->name.len == 0) {
            first[action->name_id] = action;
            continue;
        }
        if (action->scope != model->scope) {
            must_share(loader, action, "scope");
        } else if (!same_products(action, model)) {
            must_share(loader, action, "products");
        } else {
            action->products = model->products;
        }
        if (!same_previous(action, model)) {
            must_share(loader, action, "previous_actions");
        } else {
            action->previous = model->previous;
            action->previous_offsets = model->previous_offsets;
        }
    }
}

enum visit { UNSEEN, ON_PATH, DONE };

struct step { /* an action on the path, and which of its previous actions is next */
    const struct action *action;
    size_t next;
};

struct walk {
    struct loader *loader;
    const struct action **first; /* by name id */
    unsigned char *visits;       /* by name id */
    VEC(struct step) path;
};

/* Reports the cycle: the path from `again` to the last action, and back to `again`. */
static void report_cycle(struct walk *walk, const struct action *again, size_t offset)
{
    struct buf shown = BUF_EMPTY;
    bool inside = false;
    vec_each (struct step, step, &walk->path) {
        inside |= step->action == again;
        if (inside) {
            text_add_name(&shown, step->action->name);
            buf_add_string(&shown, " → ");
        }
    }
    text_add_name(&shown, again->name);
    diag_error_at(walk->loader->diag, FINDING_DEPENDENCY_CYCLE, walk->loader->source, offset, 1,
                  "dependency cycle in previous_actions: %s; remove one of them",
                  buf_string(&shown));
    buf_release(&shown);
}

static void walk_from(struct walk *walk, const struct action *start)
{
    if (walk->visits[start->name_id] != UNSEEN) {
        return;
    }
    vec_push(&walk->path, (struct step){start, 0});
    walk->visits[start->name_id] = ON_PATH;
    while (walk->path.count > 0) {
        struct step *step = &walk->path.at[walk->path.count - 1];
        const struct action *action = step->action;
        if (step->next == action->previous_count) {
            walk->visits[action->name_id] = DONE;
            walk->path.count--;
            continue;
        }
        size_t index = step->next++;
        const struct action *previous = walk->first[action->previous[index]];
        if (walk->visits[previous->name_id] == ON_PATH) {
            report_cycle(walk, previous, action->previous_offsets[index]);
        } else if (walk->visits[previous->name_id] == UNSEEN) {
            walk->visits[previous->name_id] = ON_PATH;
            vec_push(&walk->path, (struct step){previous, 0});
        }
    }
}

static void find_cycles(struct loader *loader)
{
    struct rowfile *rowfile = loader->rowfile;
    struct walk walk = {
        .loader = loader,
        .first = arena_array(loader->arena, rowfile->name_count, sizeof(void *)),
        .visits = arena_array(loader->arena, rowfile->name_count, 1),
    };
    for (size_t i = rowfile->action_count; i > 0; i--) {
        walk.first[rowfile->actions[i - 1].name_id] = &rowfile->actions[i - 1];
    }
    for (size_t i = 0; i < rowfile->name_count; i++) {
        walk_from(&walk, walk.first[i]);
    }
    vec_release(&walk.path);
}

void relate_actions(struct loader *loader, const struct layers *layers_of_actions)
{
    struct intern names;
    intern_init(&names);
    number_names(loader, &names);
    for (size_t i = 0; i < loader->rowfile->action_count; i++) {
        build_previous(loader, &loader->rowfile->actions[i], &layers_of_actions[i], &names);
    }
    if (loader->rowfile->contract == CONTRACT_ROW) {
        share_groups(loader);
    }
    unite_elements(loader);
    find_cycles(loader);
    intern_release(&names);
}
