#include "slots.h"

struct slot *slots_take(struct slots *slots)
{
    vec_each (struct slot, slot, &slots->all) {
        if (slot->execution == EXECUTION_NONE) {
            return slot;
        }
    }
    vec_push(&slots->all, (struct slot){.execution = EXECUTION_NONE});
    return &slots->all.at[slots->all.count - 1];
}

unsigned slots_number(const struct slots *slots, const struct slot *slot)
{
    return (unsigned)(slot - slots->all.at);
}

struct slot *slots_next(const struct slots *slots, const struct slot *slot)
{
    for (size_t i = slot == NULL ? 0 : slots_number(slots, slot) + 1; i < slots->all.count; i++) {
        if (slots->all.at[i].execution != EXECUTION_NONE) {
            return &slots->all.at[i];
        }
    }
    return NULL;
}

void slot_release(struct slot *slot, struct ledger *ledger)
{
    ledger_return(ledger, &slot->grant);
    for (uint32_t i = 0; i < slot->tasks; i++) {
        launched_release(&slot->launched[i]);
    }
    free(slot->launched);
    free(slot->children.all);
    free(slot->children.is_step);
    free(slot->children.is_stopped);
    free(slot->children.mark);
    free(slot->label);
    free(slot->core_list);
    free(slot->gpu_list);
    buf_release(&slot->command);
    buf_release(&slot->facts);
    *slot = (struct slot){.execution = EXECUTION_NONE};
}

int64_t slots_earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}
