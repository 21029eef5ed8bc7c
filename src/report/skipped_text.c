#include "skipped_text.h"

#include "report_json.h"

#include "text.h"

/* The next directory that the last success left out, from component *at on; false: there is none. */
static bool next_skipped(const struct plan *plan, struct task_id task, size_t *at,
                         struct slice *name)
{
    const struct components *good = &state_task(plan_state(plan), task.at)->good;
    while (*at < good->count) {
        struct component component = components_at(good, (*at)++);
        if (component.kind == COMPONENT_SKIPPED) {
            *name = component.name;
            return true;
        }
    }
    return false;
}

void skipped_add_line(const struct plan *plan, struct task_id task, struct buf *out)
{
    struct slice name;
    size_t count = 0;
    for (size_t at = 0; next_skipped(plan, task, &at, &name); count++) {
        if (count == 0) {
            buf_add_string(out, "  left out when it last ran, since a task failed for them: ");
        }
        text_add_listed(out, name, count);
    }
    buf_add_string(out, count > 0 ? "\n" : "");
}

void skipped_add_json(const struct plan *plan, struct task_id task, struct buf *out)
{
    struct slice name;
    report_json_key(out, "skipped");
    report_json_begin(out, '[');
    for (size_t at = 0; next_skipped(plan, task, &at, &name);) {
        report_json_item(out, name);
    }
    report_json_end(out, ']');
}
