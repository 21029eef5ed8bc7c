#include "cpumask.h"

#include "text.h"

enum { WORDS = CPUMASK_LIMIT / 64 };

void cpumask_set(struct cpumask *mask, unsigned cpu)
{
    if (cpu < CPUMASK_LIMIT) {
        mask->words[cpu / 64] |= UINT64_C(1) << (cpu % 64);
    }
}

bool cpumask_has(const struct cpumask *mask, unsigned cpu)
{
    return cpu < CPUMASK_LIMIT && (mask->words[cpu / 64] >> (cpu % 64) & 1) != 0;
}

void cpumask_add(struct cpumask *mask, const struct cpumask *other)
{
    for (unsigned i = 0; i < WORDS; i++) {
        mask->words[i] |= other->words[i];
    }
}

bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b)
{
    for (unsigned i = 0; i < WORDS; i++) {
        if ((a->words[i] & b->words[i]) != 0) {
            return true;
        }
    }
    return false;
}

bool cpumask_equal(const struct cpumask *a, const struct cpumask *b)
{
    for (unsigned i = 0; i < WORDS; i++) {
        if (a->words[i] != b->words[i]) {
            return false;
        }
    }
    return true;
}

unsigned cpumask_count(const struct cpumask *mask)
{
    unsigned count = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        count += (unsigned)__builtin_popcountll(mask->words[i]);
    }
    return count;
}

void cpumask_format(const struct cpumask *mask, struct buf *out)
{
    const char *separator = "";
    for (unsigned first = 0; first < CPUMASK_LIMIT; first++) {
        if (!cpumask_has(mask, first)) {
            continue;
        }
        unsigned last = first;
        while (cpumask_has(mask, last + 1)) {
            last++;
        }
        if (last == first) {
            buf_addf(out, "%s%u", separator, first);
        } else {
            buf_addf(out, "%s%u-%u", separator, first, last);
        }
        separator = ",";
        first = last;
    }
}

struct cpumask cpumask_parse(struct slice list)
{
    struct cpumask mask = {0};
    uint64_t first;
    while (text_take_number(&list, UINT64_MAX, &first)) {
        uint64_t last = first;
        if (list.len > 0 && list.at[0] == '-') {
            list = slice_make(list.at + 1, list.len - 1);
            if (!text_take_number(&list, UINT64_MAX, &last)) {
                break;
            }
        }
        for (uint64_t cpu = first; cpu <= last && cpu < CPUMASK_LIMIT; cpu++) {
            cpumask_set(&mask, (unsigned)cpu);
        }
        if (list.len == 0 || list.at[0] != ',') {
            break;
        }
        list = slice_make(list.at + 1, list.len - 1);
    }
    return mask;
}
