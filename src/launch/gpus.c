/* Makes the GPU lists of processes: chooses the part of an inherited list that each process
 * gets. */
#include "launching.h"

#include "text.h"

#include <limits.h>
#include <string.h>

static const char CUDA_LIST[] = "CUDA_VISIBLE_DEVICES";
static const char ROCR_LIST[] = "ROCR_VISIBLE_DEVICES";
static const char HIP_LIST[] = "HIP_VISIBLE_DEVICES";

/* NULL: not set. */
static const char *inherited(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=') {
            return *environment + len + 1;
        }
    }
    return NULL;
}

static struct slice next_entry(const char **list)
{
    *list += strspn(*list, ", ");
    size_t len = strcspn(*list, ", ");
    struct slice entry = slice_make(*list, len);
    *list += len;
    return entry;
}

/* "-1" ends the list, as in CUDA; Slurm writes NoDevFiles if there are no GPUs. */
static bool ends_list(struct slice entry)
{
    return entry.len == 0 || entry.at[0] == '-' || slice_is(entry, "NoDevFiles");
}

static unsigned count_entries(const char *list)
{
    unsigned count = 0;
    while (!ends_list(next_entry(&list))) {
        count++;
    }
    return count;
}

unsigned launch_listed_gpus(char *const *environment, const char **variable)
{
    const char *const names[] = {CUDA_LIST, ROCR_LIST};
    unsigned fewest = UINT_MAX;
    *variable = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *list = inherited(environment, names[i]);
        unsigned count = list != NULL ? count_entries(list) : UINT_MAX;
        if (count < fewest) {
            fewest = count;
            *variable = names[i];
        }
    }
    return fewest;
}

/* ---- One list for AMD's ---- */

static struct slice entry_of(const char *list, unsigned number)
{
    for (unsigned i = 0; i < number; i++) {
        (void)next_entry(&list);
    }
    return next_entry(&list);
}

/* Whether each entry counts in a list of so many GPUs. */
static bool counts_within(const char *list, unsigned count)
{
    for (struct slice entry = next_entry(&list); !ends_list(entry); entry = next_entry(&list)) {
        uint64_t number;
        if (text_read_number(entry, UINT_MAX, &number) && number >= count) {
            return false;
        }
    }
    return true;
}

/* What HIP would see: the entries of `inner`, of which numbers count in `outer`. */
static void compose(const char *outer, const char *inner, struct buf *out)
{
    /* Slurm writes the numbers of the same GPUs into both */
    bool are_equal = strcmp(outer, inner) == 0 || !counts_within(inner, count_entries(outer));
    const char *list = are_equal ? outer : inner;
    for (struct slice entry = next_entry(&list); !ends_list(entry); entry = next_entry(&list)) {
        uint64_t number;
        buf_add_string(out, out->len > 0 ? "," : "");
        buf_add_slice(out, !are_equal && text_read_number(entry, UINT_MAX, &number)
                               ? entry_of(outer, (unsigned)number)
                               : entry);
    }
}

char **launch_unify_gpus(char *const *environment, struct arena *arena)
{
    const char *rocr = inherited(environment, ROCR_LIST);
    const char *hip = inherited(environment, HIP_LIST);
    const char *inner = hip != NULL ? hip : inherited(environment, CUDA_LIST);
    struct variables variables = {.arena = arena};
    for (; *environment != NULL; environment++) {
        vec_push(&variables.entries, *environment);
    }
    if (inner != NULL) {
        struct buf list = BUF_EMPTY;
        if (rocr != NULL) {
            compose(rocr, inner, &list);
        } else {
            buf_add_string(&list, inner);
        }
        variables_unset(&variables, slice_of(HIP_LIST));
        variables_unset(&variables, slice_of(CUDA_LIST));
        variables_set(&variables, slice_of(ROCR_LIST), buf_slice(&list));
        buf_release(&list);
    }
    char **unified = arena_array(arena, variables.entries.count + 1, sizeof *unified);
    for (size_t i = 0; i < variables.entries.count; i++) {
        unified[i] = variables.entries.at[i];
    }
    vec_release(&variables.entries);
    return unified;
}

/* ---- Names ---- */

static void add_entry(struct buf *out, const char *list, unsigned number)
{
    for (unsigned i = 0; list != NULL && i < number; i++) {
        (void)next_entry(&list);
    }
    if (out->len > 0) {
        buf_add_char(out, ',');
    }
    if (list != NULL) {
        buf_add_slice(out, next_entry(&list));
    } else {
        buf_addf(out, "%u", number);
    }
}

const unsigned *launch_gpus_of(const struct launch_request *request, size_t process)
{
    return request->gpus != NULL ? request->gpus + process * request->gpus_per_process : NULL;
}

static const char *name_gpus(const char *list, const unsigned *gpus, unsigned count,
                             struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    for (unsigned i = 0; i < count; i++) {
        add_entry(&text, list, gpus[i]);
    }
    const char *kept = arena_string(arena, buf_slice(&text));
    buf_release(&text);
    return kept;
}

struct launch_gpus launch_name_gpus(const struct launch_context *context, const unsigned *gpus,
                                    unsigned count, struct arena *arena)
{
    struct launch_gpus named = {NULL, NULL};
    const char *cuda = inherited(context->environment, CUDA_LIST);
    const char *rocr = inherited(context->environment, ROCR_LIST);
    if (context->sets_cuda) {
        named.cuda = name_gpus(cuda, gpus, count, arena);
    }
    if (context->sets_rocr) {
        named.rocr = name_gpus(rocr, gpus, count, arena);
    }
    return named;
}
