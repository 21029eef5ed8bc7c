#include "find_gpus.h"

#include "launch.h"
#include "machine.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* More than any machine has. */
static const unsigned MOST_GPUS = 4096;

static bool some_action_asks(const struct rowfile *rowfile)
{
    for (size_t i = 0; i < rowfile->action_count; i++) {
        if (rowfile->actions[i].resources.gpus_per_process > 0) {
            return true;
        }
    }
    return false;
}

static int read_variable(const char *text, unsigned *count, struct diag *diag)
{
    uint64_t number;
    if (!text_read_number(slice_of(text), UINT_MAX, &number)) {
        return diag_error(diag, FINDING_WRONG_ENVIRONMENT,
                          "ROWBUILD_GPUS is `%s`; it must be a number of GPUs", text);
    }
    *count = (unsigned)number;
    return 0;
}

int run_find_gpus(const struct rowfile *rowfile, const struct rowbuild_run_options *options,
                  struct run_gpus *gpus, struct diag *diag)
{
    *gpus = (struct run_gpus){.from = "this machine has", .can_be_told = true};
    const char *variable = getenv("ROWBUILD_GPUS"); /* NOLINT(concurrency-mt-unsafe) */
    const char *list;
    if (!some_action_asks(rowfile)) {
        return 0;
    }
    struct machine_gpus found = machine_count_gpus();
    /* nobody else reads HIP's list */
    gpus->is_amd = found.nvidia == 0 && (found.amd > 0 || getenv("HIP_VISIBLE_DEVICES") != NULL);
    struct arena arena;
    arena_init(&arena);
    unsigned listed =
        launch_listed_gpus(gpus->is_amd ? launch_unify_gpus(environ, &arena) : environ, &list);
    arena_release(&arena);
    bool told = true;
    if (options->gpus_given) {
        gpus->count = options->gpus;
        gpus->from = "--gpus says";
    } else if (variable != NULL && variable[0] != '\0') {
        gpus->from = "ROWBUILD_GPUS says";
        if (read_variable(variable, &gpus->count, diag) != 0) {
            return -1;
        }
    } else {
        gpus->count = found.nvidia > 0 ? found.nvidia : found.amd;
        told = false;
    }
    if (listed < gpus->count || (!told && list != NULL)) {
        gpus->count = listed;
        gpus->from = list[0] == 'C' ? "CUDA_VISIBLE_DEVICES names" : "ROCR_VISIBLE_DEVICES names";
        gpus->can_be_told = false;
    }
    gpus->count = gpus->count < MOST_GPUS ? gpus->count : MOST_GPUS;
    /* Only the vendor's own list is set, unless nobody knows whose they are. */
    bool unknown = found.nvidia == 0 && !gpus->is_amd;
    gpus->sets_cuda = gpus->count > 0 && !gpus->is_amd;
    gpus->sets_rocr =
        gpus->count > 0 && (unknown || gpus->is_amd || getenv("ROCR_VISIBLE_DEVICES") != NULL);
    return 0;
}
