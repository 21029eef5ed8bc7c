#include "recorded.h"

#include "names.h"

static bool same_name(const struct component *a, const struct component *b)
{
    return a->kind == b->kind && a->in_directory == b->in_directory &&
           slice_equal(a->name, b->name);
}

struct slice recorded_key(const struct component *component, struct buf *key)
{
    buf_clear(key);
    buf_add_char(key, (char)component->kind);
    buf_add_char(key, component->in_directory ? 'd' : 'p');
    buf_add_slice(key, component->name);
    return buf_slice(key);
}

void recorded_release(struct recorded *recorded)
{
    if (recorded->mapped) {
        intern_release(&recorded->map);
    }
    buf_release(&recorded->key);
}

bool recorded_find(struct recorded *recorded, const struct component *wanted, size_t likely,
                   struct component *found)
{
    if (likely < recorded->good->count) {
        *found = components_at(recorded->good, likely);
        if (same_name(found, wanted)) {
            return true;
        }
    }
    if (!recorded->mapped) {
        recorded->mapped = true;
        intern_init(&recorded->map);
        for (size_t i = 0; i < recorded->good->count; i++) {
            struct component component = components_at(recorded->good, i);
            struct slice key = recorded_key(&component, &recorded->key);
            if (intern_find(&recorded->map, key) == INTERN_NONE) {
                intern_add(&recorded->map, key);
            } else { /* keeps numbers and places in step */
                buf_addf(&recorded->key, "\n%zu", i);
                intern_add(&recorded->map, buf_slice(&recorded->key));
            }
        }
    }
    uint32_t place = intern_find(&recorded->map, recorded_key(wanted, &recorded->key));
    if (place == INTERN_NONE) {
        return false;
    }
    *found = components_at(recorded->good, place);
    return true;
}

size_t plan_recorded_place(struct plan *plan, struct task_id task, enum component_kind kind,
                           struct file_id file)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    bool in_directory = false;
    struct slice name = {0};
    for (size_t i = 0; i < good->count; i++) {
        struct component component = components_at(good, i);
        if (component.kind != kind) {
            continue;
        }
        if (name.at == NULL) {
            name = plan_component_name(plan, task, file, &in_directory);
        }
        if (component.in_directory == in_directory && slice_equal(component.name, name)) {
            return i;
        }
    }
    return good->count;
}

struct digest plan_recorded_digest(struct plan *plan, struct task_id task, enum component_kind kind,
                                   struct file_id file)
{
    const struct components *good = &state_task(plan->state, task.at)->good;
    size_t place = plan_recorded_place(plan, task, kind, file);
    return place < good->count ? components_at(good, place).digest : DIGEST_UNKNOWN;
}
