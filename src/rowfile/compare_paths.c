/* Compares the paths of one action with each other. Each path is looked up by its text, so that an
 * action may have a hundred thousand. */
#include "intern.h"
#include "load.h"
#include "text.h"

#include <stdlib.h>

struct path_table {
    struct intern keys;
    size_t *first; /* by number of the key: the first path that has it */
};

/* Keys include the origin, since the same text names different files in the directory and in the
 * project. */
static uint32_t find_or_add(struct intern *keys, const struct path_spec *spec, size_t len, bool add)
{
    struct buf key = BUF_EMPTY;
    buf_add_char(&key, spec->from_project ? '/' : '.');
    buf_add(&key, spec->path.at, len);
    uint32_t number = add ? intern_add(keys, buf_slice(&key)) : intern_find(keys, buf_slice(&key));
    buf_release(&key);
    return number;
}

static void table_fill(struct path_table *table, const struct path_spec *specs, size_t count)
{
    intern_init(&table->keys);
    table->first = mem_alloc(count * sizeof *table->first + 1);
    for (size_t i = 0; i < count; i++) {
        uint32_t known = table->keys.count;
        if (specs[i].path.len > 0 &&
            find_or_add(&table->keys, &specs[i], specs[i].path.len, true) == known) {
            table->first[known] = i;
        }
    }
}

static void table_release(struct path_table *table)
{
    intern_release(&table->keys);
    free(table->first);
}

/* The first path that equals the beginning of this one, or SIZE_MAX. */
static size_t table_find(struct path_table *table, const struct path_spec *spec, size_t len)
{
    uint32_t number = find_or_add(&table->keys, spec, len, false);
    return number == INTERN_NONE ? SIZE_MAX : table->first[number];
}

static void compare_product(struct loader *loader, const struct action *action,
                            struct path_table *table, size_t index)
{
    const struct path_spec *product = &action->products[index];
    struct slice path = product->path;
    size_t same = path.len > 0 ? table_find(table, product, path.len) : SIZE_MAX;
    size_t outer = SIZE_MAX;
    for (size_t i = 1; i < path.len; i++) {
        size_t found = path.at[i] == '/' ? table_find(table, product, i) : SIZE_MAX;
        outer = found < outer ? found : outer;
    }
    bool twice = same < index && same < outer;
    if (!twice && outer == SIZE_MAX) {
        return;
    }
    struct buf shown = BUF_EMPTY;
    text_add_name(&shown, product->text);
    if (twice) {
        action_error_at(loader, FINDING_SHARED_PRODUCT, action, product->offset, product->length,
                        "the product `%s` is listed twice; remove one", buf_string(&shown));
    } else {
        action_error_at(loader, FINDING_NESTED_PRODUCTS, action, product->offset, product->length,
                        "the product `%s` lies inside the product `%.*s`; list only one of the two",
                        buf_string(&shown), SLICE_ARGS(action->products[outer].text));
    }
    buf_release(&shown);
}

/* The first product that a path lies in, or SIZE_MAX. */
static size_t find_around(struct path_table *products, const struct path_spec *path)
{
    size_t found = SIZE_MAX;
    for (size_t end = 1; end < path->path.len && found == SIZE_MAX; end++) {
        found = path->path.at[end] == '/' ? table_find(products, path, end) : SIZE_MAX;
    }
    return found;
}

static void compare_inputs(struct loader *loader, const struct action *action,
                           struct path_table *products)
{
    for (size_t i = 0; i < action->input_count; i++) {
        struct path_spec *input = &action->inputs[i];
        size_t around = input->is_excluded ? SIZE_MAX : find_around(products, input);
        if (around != SIZE_MAX) {
            struct buf shown = BUF_EMPTY;
            text_add_name(&shown, action->products[around].text);
            action_error_at(loader, FINDING_INPUT_IS_PRODUCT, action, input->offset, input->length,
                            "this input lies inside the product `%s` of the same action; remove "
                            "it, or list the files that the action makes instead of the folder",
                            buf_string(&shown));
            buf_release(&shown);
            input->is_refused = true;
        } else if (!input->is_excluded && !input->is_glob && input->path.len > 0 &&
                   table_find(products, input, input->path.len) != SIZE_MAX) {
            action_error_at(loader, FINDING_INPUT_IS_PRODUCT, action, input->offset, input->length,
                            "an action can't have a file as its input and as its product; remove "
                            "it from one of the two");
            input->is_refused = true;
        }
    }
}

/* No path that a run writes or moves may be the value file or contain it. */
static void compare_value_file(struct loader *loader, const struct action *action,
                               const struct path_spec *specs, size_t count, const char *role)
{
    struct slice value_file = loader->rowfile->value_file;
    for (size_t i = 0; i < count && value_file.at != NULL; i++) {
        struct slice path = specs[i].path;
        if (specs[i].from_project || path.len == 0) {
            continue;
        }
        if (slice_equal(path, value_file)) {
            action_error_at(
                loader, FINDING_VALUE_FILE_WRITTEN, action, specs[i].offset, specs[i].length,
                "this %s is the file that holds the directory's value, which an action can't write",
                role);
        } else if (value_file.len > path.len && value_file.at[path.len] == '/' &&
                   memcmp(value_file.at, path.at, path.len) == 0) {
            action_error_at(loader, FINDING_VALUE_FILE_WRITTEN, action, specs[i].offset,
                            specs[i].length,
                            "this %s contains the file that holds the directory's value, which an "
                            "action can't write",
                            role);
        }
    }
}

/* A command that reads what it writes has another input each time. */
static void compare_depfile(struct loader *loader, const struct action *action)
{
    const struct path_spec *depfile = action->depfile;
    for (size_t i = 0; i < action->input_count && depfile != NULL; i++) {
        const struct path_spec *input = &action->inputs[i];
        if (!input->is_glob && !input->is_excluded && depfile->path.len > 0 &&
            input->from_project == depfile->from_project &&
            slice_equal(input->path, depfile->path)) {
            action_error_at(loader, FINDING_DEPFILE_UNUSABLE, action, depfile->offset,
                            depfile->length,
                            "an action can't have a file as its input and as its depfile; remove "
                            "it from `inputs`");
        }
    }
}

void compare_paths(struct loader *loader, const struct action *action)
{
    struct path_table products;
    table_fill(&products, action->products, action->product_count);
    for (size_t i = 0; i < action->product_count; i++) {
        compare_product(loader, action, &products, i);
    }
    compare_inputs(loader, action, &products);
    compare_value_file(loader, action, action->products, action->product_count, "product");
    compare_value_file(loader, action, action->resumable_files, action->resumable_count,
                       "resumable file");
    compare_value_file(loader, action, action->depfile, action->depfile != NULL, "depfile");
    compare_depfile(loader, action);
    table_release(&products);
}

void drop_doubled_products(struct action *action)
{
    struct intern keys;
    size_t kept = 0;
    intern_init(&keys);
    for (size_t i = 0; i < action->product_count; i++) {
        const struct path_spec *product = &action->products[i];
        uint32_t known = keys.count;
        if (find_or_add(&keys, product, product->path.len, true) == known) {
            action->products[kept++] = *product;
        }
    }
    action->product_count = kept;
    intern_release(&keys);
}

bool same_products(const struct action *a, const struct action *b)
{
    bool same = a->product_count == b->product_count;
    bool in_order = same;
    for (size_t i = 0; in_order && i < a->product_count; i++) {
        in_order = a->products[i].from_project == b->products[i].from_project &&
                   slice_equal(a->products[i].path, b->products[i].path);
    }
    if (!same || in_order) {
        return same;
    }
    struct intern keys;
    intern_init(&keys);
    for (size_t i = 0; i < b->product_count; i++) {
        find_or_add(&keys, &b->products[i], b->products[i].path.len, true);
    }
    for (size_t i = 0; same && i < a->product_count; i++) {
        same = find_or_add(&keys, &a->products[i], a->products[i].path.len, false) != INTERN_NONE;
    }
    intern_release(&keys);
    return same;
}
