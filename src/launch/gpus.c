/* Makes the GPU lists of processes: chooses the part of an inherited list that each process
 * gets. */
#include "launching.h"

#include <limits.h>
#include <string.h>

static const char CUDA_LIST[] = "CUDA_VISIBLE_DEVICES";
static const char ROCR_LIST[] = "ROCR_VISIBLE_DEVICES";

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
