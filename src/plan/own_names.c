#include "own_names.h"

#include "names.h"

/* What a text begins with, and how many hashes fit into one (64 KiB, state_put_text). */
static const char MARK[] = "names 1\n";
enum { MARK_LEN = sizeof MARK - 1, MOST_IN_TEXT = (64 * 1024 - MARK_LEN) / sizeof(uint64_t) };

/* A folder product as components name it. */
struct named_product {
    struct file_id file;
    struct slice name;
    bool in_directory;
};

static struct named_product product_of(struct plan *plan, struct task_id task, struct file_id file)
{
    struct named_product product = {.file = file};
    product.name = plan_component_name(plan, task, file, &product.in_directory);
    return product;
}

static bool is_of(const struct component *component, enum component_kind kind,
                  const struct named_product *product)
{
    return component->kind == kind && component->in_directory == product->in_directory &&
           slice_equal(component->name, product->name);
}

static struct digest listed_digest(const struct component_list *list,
                                   const struct named_product *product)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_of(&list->at[i], COMPONENT_PRODUCT, product)) {
            return list->at[i].digest;
        }
    }
    return DIGEST_UNKNOWN;
}

static void push_text(struct plan *plan, const struct named_product *product,
                      const uint64_t *hashes, size_t count, struct component_list *list)
{
    struct buf text = BUF_EMPTY;
    buf_add(&text, MARK, MARK_LEN);
    buf_add(&text, hashes, count * sizeof *hashes);
    struct digest digest = digest_of(buf_slice(&text));
    state_put_text(plan->state, digest, buf_slice(&text));
    vec_push(list, (struct component){.kind = COMPONENT_ENTRIES,
                                      .in_directory = product->in_directory,
                                      .name = product->name,
                                      .digest = digest});
    buf_release(&text);
}

static void push_names_of_now(struct plan *plan, const struct named_product *product,
                              struct component_list *list)
{
    struct folder_names names = {0};
    if (!plan->options.looks_only &&
        folder_names_take(plan->observer, plan_path(plan, product->file),
                          plan_view(plan, product->file), state_file(plan->state, product->file.at),
                          &names)) {
        size_t done = 0;
        do {
            size_t left = names.count - done;
            size_t count = left < MOST_IN_TEXT ? left : MOST_IN_TEXT;
            push_text(plan, product, names.at + done, count, list);
            done += count;
        } while (done < names.count);
    }
    vec_release(&names);
}

static bool push_recorded(const struct components *good, const struct named_product *product,
                          struct component_list *list)
{
    size_t before = list->count;
    for (size_t i = 0; i < good->count; i++) {
        struct component component = components_at(good, i);
        if (is_of(&component, COMPONENT_ENTRIES, product)) {
            vec_push(list, component);
        }
    }
    return list->count > before;
}

static bool is_folder(const struct plan *plan, struct file_id file)
{
    return plan->files[file.at] == FILE_CURRENT && !plan->options.recorded &&
           (state_file(plan->state, file.at)->flags & FILE_ROW_DIRECTORY) != 0;
}

void plan_push_own_names(struct plan *plan, struct task_id task, struct component_list *list)
{
    const struct graph *graph = plan->graph;
    const struct components *good = &state_task(plan->state, task.at)->good;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        struct file_id file = graph->products.at[p];
        if (!is_folder(plan, file)) {
            continue;
        }
        struct named_product product = product_of(plan, task, file);
        struct digest now = listed_digest(list, &product);
        bool is_same = digest_equal(now, plan_recorded_digest(plan, task, COMPONENT_PRODUCT, file));
        if (digest_is_content(now) && !(is_same && push_recorded(good, &product, list))) {
            push_names_of_now(plan, &product, list);
        }
    }
}

bool plan_renew_own_names(struct plan *plan, struct task_id task, struct file_id file,
                          struct component_list *list)
{
    struct named_product product = product_of(plan, task, file);
    size_t kept = 0;
    if (!is_folder(plan, file)) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!is_of(&list->at[i], COMPONENT_ENTRIES, &product)) {
            list->at[kept++] = list->at[i];
        }
    }
    list->count = kept;
    push_names_of_now(plan, &product, list);
    return true;
}

/* Appends the hashes of a text. False: it isn't one of names. */
static bool add_hashes(struct slice text, struct folder_names *names)
{
    if (text.at == NULL || !slice_starts_with(text, MARK) ||
        (text.len - MARK_LEN) % sizeof(uint64_t) != 0) {
        return false;
    }
    for (size_t at = MARK_LEN; at < text.len; at += sizeof(uint64_t)) {
        uint64_t hash;
        memcpy(&hash, text.at + at, sizeof hash);
        vec_push(names, hash);
    }
    return true;
}

bool plan_own_names(struct plan *plan, struct task_id task, struct file_id file,
                    struct folder_names *names)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    struct named_product product = product_of(plan, task, file);
    bool found = false;
    for (size_t i = 0; i < good->count; i++) {
        struct component component = components_at(good, i);
        if (!is_of(&component, COMPONENT_ENTRIES, &product)) {
            continue;
        }
        if (!add_hashes(state_text(plan->state, component.digest), names)) {
            return false;
        }
        found = true;
    }
    return found;
}
